//! The shape of a failure for people: what failed, the cause, where, the next thing to type.

use super::{Failure, Position, Role, Style, clean, text};
use crate::model::{ApiError, ErrorKind};

/// A failure as lines, without a line end behind the last; `None` for one that is no failure: a
/// script's own `exit`.
///
/// Texts of VirtualBox are kept in its words; its code and its origin follow on a line of their own.
/// `fit` is the width that words keep to, on a terminal.
pub(super) fn lines(failure: &Failure, columns: usize, fit: Option<usize>, style: Style) -> Option<String> {
    if failure.exit.is_some() {
        return None;
    }
    let (what, causes) = parts(failure);
    let mut lines = Vec::new();
    let hung = |line: String| match fit {
        Some(columns) => text::hang(&line, columns).join("\n"),
        None => line,
    };
    let head = if failure.kind == ErrorKind::Interrupted { Role::Warning } else { Role::Error };
    lines.push(match (failure.kind, what.as_str()) {
        (ErrorKind::Interrupted, "interrupted") => style.paint(head, "interrupted"),
        (_, what) => hung(format!("{} {}", style.paint(head, "error:"), clean::line(what))),
    });
    for cause in causes {
        let dim = if cause.is_origin {
            style.paint(Role::Dim, &clean::line(&cause.text))
        } else {
            clean::line(&cause.text).into_owned()
        };
        lines.push(hung(format!("  {dim}")));
    }
    if let Some(position) = &failure.position {
        lines.extend(place(position, columns, style));
    }
    lines.extend(failure.trace.iter().map(|step| format!("  {}", style.paint(Role::Dim, &clean::line(step)))));
    if let Some(hint) = &failure.hint {
        let mut hint = clean::lines(hint).lines().map(str::to_owned).collect::<Vec<_>>().into_iter();
        lines.push(hung(format!("{} {}", style.paint(Role::Hint, "hint:"), hint.next().unwrap_or_default())));
        lines.extend(hint.map(|line| hung(format!("  {line}"))));
    }
    Some(lines.join("\n"))
}

struct Cause {
    text: String,
    /// Code and component: less important than words.
    is_origin: bool,
}

impl Cause {
    fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_origin: false }
    }
}

/// What failed, and the lines of the cause.
fn parts(failure: &Failure) -> (String, Vec<Cause>) {
    let Some(api) = &failure.api else {
        let mut told = failure.message.trim_end().lines().map(str::trim_end);
        let what = told.next().unwrap_or_default().to_owned();
        return (what, told.map(|line| Cause::words(line.trim_start())).collect());
    };
    let mut causes = Vec::new();
    let what = match failure.message.strip_suffix(&api.to_string()) {
        // `IVirtualBox.findMachine: ` and the error in full: its first line belongs to what failed.
        Some(operation) => {
            let mut told = words(api).into_iter();
            let what = format!("{operation}{}", told.next().unwrap_or_default());
            causes.extend(told.map(Cause::words));
            what
        }
        None => {
            let mut told = failure.message.trim_end().lines();
            let what = told.next().unwrap_or_default().to_owned();
            causes.extend(told.map(|line| Cause::words(line.trim())));
            let known = |line: &String| what.contains(line.as_str()) || causes.iter().any(|cause| cause.text == *line);
            let new: Vec<String> = words(api).into_iter().filter(|line| !known(line)).collect();
            causes.extend(new.into_iter().map(Cause::words));
            what
        }
    };
    causes.push(origin(api));
    for error in api.chain().skip(1) {
        let mut told = words(error).into_iter();
        causes.push(Cause::words(format!("because: {}", told.next().unwrap_or_default())));
        causes.extend(told.map(Cause::words));
        causes.push(origin(error));
    }
    (what, causes)
}

/// The words of an error, line by line.
fn words(error: &ApiError) -> Vec<String> {
    let lines = error.message.lines().map(str::trim).filter(|line| !line.is_empty());
    let words: Vec<String> = lines.map(str::to_owned).collect();
    if words.is_empty() { vec!["no text was given".to_owned()] } else { words }
}

/// `VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), VirtualBoxWrap, IVirtualBox`.
fn origin(error: &ApiError) -> Cause {
    let (name, code) = (error.name(), format!("0x{:08x}", error.code));
    let mut text = if name == code { code } else { format!("{name} ({code})") };
    for part in [&error.component, &error.interface] {
        if !part.is_empty() {
            text = format!("{text}, {part}");
        }
    }
    Cause { text, is_origin: true }
}

/// Where it happened, with the source line and a caret under the column.
fn place(position: &Position, columns: usize, style: Style) -> Vec<String> {
    let dim = |text: &str| style.paint(Role::Dim, text);
    let file = clean::line(&position.file);
    let place = match (file.is_empty(), position.line, position.column) {
        (true, 0, _) => None,
        (true, line, 0) => Some(format!("line {line}")),
        (true, line, column) => Some(format!("line {line}, column {column}")),
        (false, 0, _) => Some(file.into_owned()),
        (false, line, 0) => Some(format!("{file}:{line}")),
        (false, line, column) => Some(format!("{file}:{line}:{column}")),
    };
    let mut lines: Vec<String> = place.map(|place| format!("  {} {place}", dim("at"))).into_iter().collect();
    if position.source.trim().is_empty() || position.line == 0 {
        return lines;
    }
    let number = position.line.to_string();
    let gutter = " ".repeat(number.len());
    // A tab is one column for a script engine, and one blank here, so that the caret stands right.
    let source = position.source.trim_end().replace('\t', " ");
    let room = columns.saturating_sub(number.len() + 5).max(20);
    let (source, before) = window(&source, position.column, room);
    lines.push(format!("  {} {source}", dim(&format!("{number} |"))));
    if let Some(before) = before {
        lines.push(format!(
            "  {} {}{}",
            dim(&format!("{gutter} |")),
            " ".repeat(before),
            style.paint(Role::Error, "^")
        ));
    }
    lines
}

/// The part of a line around a column (from 1; 0 for none) that fits, and how many columns stand before it.
fn window(source: &str, column: usize, room: usize) -> (String, Option<usize>) {
    let letters: Vec<char> = source.chars().collect();
    // An error at the end of input stands behind the last letter.
    let at = column.checked_sub(1).map(|at| at.min(letters.len()));
    let start = match at {
        Some(at) if text::width(source) > room => at.saturating_sub(room * 2 / 3),
        _ => 0,
    };
    let piece = |letters: &[char]| clean::line(&letters.iter().collect::<String>()).into_owned();
    let lead = if start > 0 { "…" } else { "" };
    let before = at.map(|at| text::width(&format!("{lead}{}", piece(&letters[start..at]))));
    (text::truncate(&format!("{lead}{}", piece(&letters[start..])), room), before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Error;

    fn plain(failure: &Failure) -> String {
        lines(failure, 80, None, Style::default()).unwrap()
    }

    #[test]
    fn an_api_error_has_words_origin_and_hint() {
        let inner = ApiError { code: 0x8000_4005, message: "no such file\nreally".into(), ..ApiError::default() };
        let api = ApiError {
            code: 0x80bb_0001,
            message: "Could not find a machine named 'web01'".into(),
            component: "VirtualBoxWrap".into(),
            interface: "IVirtualBox".into(),
            next: Some(Box::new(inner)),
        };
        let failure = Failure::from(Error::Api { operation: "IVirtualBox.findMachine".into(), error: Box::new(api) });
        assert_eq!(
            plain(&failure),
            "error: IVirtualBox.findMachine: Could not find a machine named 'web01'\n  \
             VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), VirtualBoxWrap, IVirtualBox\n  \
             because: no such file\n  really\n  E_FAIL (0x80004005)\n\
             hint: `list` shows the machines there are"
        );
    }

    #[test]
    fn a_command_may_say_itself_what_failed() {
        let api = ApiError { code: 0x80bb_0002, message: "it is not running".into(), ..ApiError::default() };
        let failure = Failure { api: Some(api), ..Failure::new(ErrorKind::Failed, "cannot pause `web-01`") };
        let expected = "error: cannot pause `web-01`\n  it is not running\n  VBOX_E_INVALID_VM_STATE (0x80bb0002)";
        assert_eq!(plain(&failure), expected);
    }

    #[test]
    fn a_position_shows_the_line_and_a_caret() {
        let position =
            Position { file: "nightly.rhai".into(), line: 12, column: 9, source: "\tlet m = vbox.x;".into() };
        let mut failure = Failure::new(ErrorKind::Script, "unknown name `x`").at(position).hinted("look");
        failure.trace = vec!["in function `f` (line 4)".into()];
        assert_eq!(
            plain(&failure),
            "error: unknown name `x`\n  at nightly.rhai:12:9\n  12 |  let m = vbox.x;\n     |         ^\n  \
             in function `f` (line 4)\nhint: look"
        );
    }

    #[test]
    fn a_caret_counts_columns_and_stays_in_sight() {
        assert_eq!(window("漢字 x", 4, 40), ("漢字 x".to_owned(), Some(5)));
        assert_eq!(window("short", 99, 40), ("short".to_owned(), Some(5)));
        let long = format!("{}!{}", "x".repeat(100), "y".repeat(100));
        let (source, before) = window(&long, 101, 30);
        assert_eq!(text::width(&source), 30);
        assert_eq!(source.chars().nth(before.unwrap()), Some('!'));
    }

    #[test]
    fn hostile_text_stays_text() {
        let position = Position { file: "\u{1b}c".into(), line: 1, column: 1, source: "\u{1b}[2J".into() };
        let mut failure = Failure::new(ErrorKind::Failed, "bad\u{1b}[2J\n\u{9b}x").at(position).hinted("\u{7}");
        failure.trace = vec!["\u{1b}".into()];
        let text = plain(&failure);
        assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    }

    #[test]
    fn an_exit_is_no_failure_and_ctrl_c_no_error() {
        assert_eq!(lines(&Failure::exit(3), 80, None, Style::default()), None);
        assert_eq!(plain(&Failure::from(Error::Interrupted)), "interrupted");
    }
}
