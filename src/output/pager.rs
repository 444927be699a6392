//! Long output, a screenful at a time: by the user's pager, by `less`, else in a plain way of its own.

use super::{terminal, text};
use crate::model::Interrupt;
use std::io::Write;
use std::process::{Command, Stdio};

/// Rows that a text takes on a terminal of so many columns.
pub(super) fn rows(shown: &str, columns: usize) -> usize {
    shown.lines().map(|line| text::width(line).max(1).div_ceil(columns.max(1))).sum()
}

/// The words of the pager; empty for its own plain way, `None` for no pager at all.
fn command(pager: Option<&str>, has_less: bool) -> Option<Vec<String>> {
    match pager.map(str::trim) {
        Some("" | "cat") => None,
        Some(words) => Some(shlex::split(words).unwrap_or_default()),
        // It ends by itself when all fits, keeps colours, and leaves the text on the screen.
        None if has_less => Some(["less", "-FRX"].map(str::to_owned).to_vec()),
        None => Some(Vec::new()),
    }
}

fn has_less() -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("less").is_file()))
}

/// Whether the user wants pages at all.
pub(super) fn is_wanted() -> bool {
    command(std::env::var("PAGER").ok().as_deref(), false).is_some()
}

/// Shows a text that is longer than the screen. Gives it back when it has to be written without pages.
pub(super) fn show(shown: &str, columns: usize, height: usize) -> Result<(), ()> {
    let words = command(std::env::var("PAGER").ok().as_deref(), has_less()).ok_or(())?;
    if let Some((program, arguments)) = words.split_first() {
        let _lent = Interrupt::global().lend();
        let mut pager = Command::new(program);
        pager.args(arguments).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            pager.env("LESS", "FRX");
        }
        // One that is not there, or cannot show this, leaves it to the plain way.
        if let Ok(mut child) = pager.spawn() {
            if let Some(mut input) = child.stdin.take() {
                // Who has seen enough ends it early.
                let _ = input.write_all(shown.as_bytes());
            }
            if child.wait().is_ok_and(|status| status.code() != Some(127)) {
                return Ok(());
            }
        }
    }
    plain(shown, columns, height);
    Ok(())
}

/// A screenful, and a question after it.
fn plain(shown: &str, columns: usize, height: usize) {
    let (mut out, mut talk) = (std::io::stdout().lock(), std::io::stderr().lock());
    let mut left = height.saturating_sub(1).max(1);
    for line in shown.lines() {
        let takes = rows(line, columns).max(1);
        if takes > left {
            let _ = write!(talk, "--more-- (space: go on, Enter: one line, q: enough)").and_then(|()| talk.flush());
            let key = terminal::key();
            let _ = write!(talk, "\r\x1b[K").and_then(|()| talk.flush());
            match key {
                None | Some(b'q' | b'Q' | 3 | 4 | 27) => return,
                Some(b'\r' | b'\n') => left = takes,
                Some(_) => left = height.saturating_sub(1).max(takes),
            }
        }
        left = left.saturating_sub(takes);
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_chooses_the_pager() {
        let words = |pager, less| command(pager, less).map(|words| words.join(" "));
        assert_eq!(words(Some("most -s"), true).as_deref(), Some("most -s"));
        assert_eq!(words(None, true).as_deref(), Some("less -FRX"));
        assert_eq!(words(None, false).as_deref(), Some(""), "its own");
        assert_eq!((words(Some(""), true), words(Some("cat"), true)), (None, None));
    }

    #[test]
    fn long_lines_take_several_rows() {
        assert_eq!(rows("a\n\nbbbb", 3), 4);
        assert_eq!(rows("", 80), 0);
        assert_eq!(rows("\u{1b}[1mab\u{1b}[0m", 2), 1);
    }
}
