//! Lines from a pipe or a file: run one after the other, as if typed, without prompt and banner.

use super::interactive::show;
use super::validator;
use crate::model::{ErrorKind, Interrupt};
use crate::output::Failure;
use crate::shell::Shell;
use std::io::{self, BufRead};

/// Exit code after Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Runs all lines of standard input. A failing line does not end that; the exit code is that of the
/// last line that failed, 0 when none did. `quit` and a script's `exit` end it with their code.
pub(super) fn run(shell: Shell) -> i32 {
    // Not locked for the whole time: a command may read standard input too.
    run_from(shell, &mut || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        Ok((read > 0).then_some(line))
    })
}

fn run_from(mut shell: Shell, next: &mut dyn FnMut() -> io::Result<Option<String>>) -> i32 {
    let mut code = 0;
    let mut input = String::new();
    loop {
        let (line, end) = match next() {
            Ok(Some(line)) => (line, false),
            Ok(None) => (String::new(), true),
            Err(error) => {
                let failure = Failure::new(ErrorKind::Failed, format!("cannot read standard input: {error}"));
                shell.ui().fail(&failure.hinted("it has to be text in UTF-8"));
                return failure_code();
            }
        };
        input.push_str(&line);
        let typed = input.strip_suffix('\n').unwrap_or(&input);
        let typed = typed.strip_suffix('\r').unwrap_or(typed);
        // At the end half an input runs too: its error says what is missing.
        if !end && !validator::is_whole(&shell, typed) {
            continue;
        }
        let whole = validator::joined(&shell, typed);
        input.clear();
        if !whole.trim().is_empty() {
            let shown = show(&mut shell, &whole);
            if Interrupt::global().is_raised() {
                return INTERRUPTED;
            }
            code = shown.failed.unwrap_or(code);
            if let Some(asked) = shown.leave {
                return asked;
            }
        }
        if end {
            return code;
        }
    }
}

fn failure_code() -> i32 {
    Failure::new(ErrorKind::Failed, "").exit_code()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn code_of(lines: &[&str]) -> i32 {
        let mut lines = lines.iter().map(|line| format!("{line}\n"));
        run_from(testing::shell(), &mut || Ok(lines.next()))
    }

    #[test]
    fn the_last_failure_decides_and_ends_nothing() {
        assert_eq!(code_of(&["list", "", "# a comment"]), 0);
        assert_eq!(code_of(&["start", "list"]), 2, "a usage error, and on");
        assert_eq!(code_of(&[":nothing", "list 'a"]), 2);
    }
}
