//! Makes text from outside harmless: no control character of a server, a guest or a file reaches a
//! terminal, where it could move the cursor, hide text or type answers.
//!
//! Values and cells are cleaned strictly, when they are formatted. The door ([`super::Ui`]) cleans
//! once more, and there lets line ends and this program's own colours pass.

use super::style;
use std::borrow::Cow;
use std::fmt::Write;

/// One line: every control character as an escape (`\n`, `\u{1b}`).
pub fn line(text: &str) -> Cow<'_, str> {
    clean(text, is_unsafe)
}

/// Several lines: line ends and tabs stay, a carriage return before a line end goes.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    let unsafe_here = |letter| is_unsafe(letter) && !matches!(letter, '\n' | '\t');
    match text.contains("\r\n") {
        true => Cow::Owned(clean(&text.replace("\r\n", "\n"), unsafe_here).into_owned()),
        false => clean(text, unsafe_here),
    }
}

/// Several lines that this program may have painted: its own colours stay when `paints`, and go
/// without a trace otherwise.
pub(super) fn painted(text: &str, paints: bool) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return lines(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        out += &lines(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find('m').map_or(0, |end| end + 1);
        if style::is_own_sequence(&rest[..end]) {
            out += if paints { &rest[..end] } else { "" };
            rest = &rest[end..];
        } else {
            out += "\\u{1b}";
            rest = &rest[1..];
        }
    }
    out += &lines(rest);
    Cow::Owned(out)
}

/// A text without the colours that this program painted it in; all else stays as it is.
pub(super) fn unpainted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let end = rest[at..].find('m').map_or(at, |end| at + end + 1);
        let is_own = style::is_own_sequence(&rest[at..end]);
        out += &rest[..at];
        out += if is_own { "" } else { "\u{1b}" };
        rest = if is_own { &rest[end..] } else { &rest[at + 1..] };
    }
    out + rest
}

/// JSON as text: what its grammar allows raw in a string, and a terminal obeys, becomes `\uXXXX`.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let is_raw = |letter: char| is_unsafe(letter) && letter != '\n';
    if !text.contains(is_raw) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_raw(letter) {
            // All of them lie below U+10000, so that one unit is enough. Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

fn clean(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            letter if !is_unsafe(letter) => out.push(letter),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
        }
    }
    Cow::Owned(out)
}

/// C0, DEL and C1 controls, line separators, and what turns the direction of writing around (text
/// that reads as something else than it is).
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Role, Style};

    #[test]
    fn a_line_keeps_no_control_character() {
        assert_eq!(line("a\nb\tc\r\u{1b}[2J\u{9b}1m\u{7f}\u{202e}"), "a\\nb\\tc\\r\\u{1b}[2J\\u{9b}1m\\u{7f}\\u{202e}");
        assert!(matches!(line("plain ü 漢"), Cow::Borrowed(_)));
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        assert!(!line(&all).chars().any(char::is_control));
    }

    #[test]
    fn lines_keep_line_ends_and_tabs() {
        assert_eq!(lines("a\r\nb\n\tc\rd"), "a\nb\n\tc\\rd");
    }

    #[test]
    fn own_colours_pass_and_others_do_not() {
        let own = Style::new(true).paint(Role::Error, "no");
        assert_eq!(painted(&own, true), own);
        assert_eq!(painted(&own, false), "no");
        assert_eq!(painted("\u{1b}[8mhidden\u{1b}[0m", true), "\\u{1b}[8mhidden\u{1b}[0m");
        assert_eq!(painted("\u{1b}]0;title\u{7}", true), "\\u{1b}]0;title\\u{7}");
        assert_eq!(painted("\u{1b}", true), "\\u{1b}");
    }

    #[test]
    fn json_text_has_no_raw_controls_and_means_the_same() {
        let text = serde_json::to_string("a\u{9b}b\u{7f}\u{202e}\u{1b}\n").unwrap();
        let cleaned = json(&text);
        assert_eq!(cleaned, r#""a\u009bb\u007f\u202e\u001b\n""#);
        assert_eq!(serde_json::from_str::<String>(&cleaned).unwrap(), "a\u{9b}b\u{7f}\u{202e}\u{1b}\n");
    }
}
