//! Whether a line can be run, or goes on in the next one.

use crate::shell::Completeness;
use rhai::{Engine, LexError, ParseErrorType, Position};

/// Judges a source by the error that compiling it gives.
pub(super) fn of(engine: &Engine, source: &str) -> Completeness {
    // Rhai takes an open comment for a closed one.
    if has_open_comment(source) {
        return Completeness::Incomplete;
    }
    let Err(error) = engine.compile(source) else { return Completeness::Complete };
    let more = match error.err_type() {
        ParseErrorType::UnexpectedEOF => true,
        ParseErrorType::BadInput(LexError::UnterminatedString) => is_multiline(source),
        // Between statements typing on puts no semicolon there; at the end of an open block it, or
        // the block's end, may still come.
        ParseErrorType::MissingToken(token, _) if token == ";" => {
            is_at_end(error.position(), source) && matches!(scan(source), Scan::Code { open } if open > 0)
        }
        ParseErrorType::MissingToken(..)
        | ParseErrorType::PropertyExpected
        | ParseErrorType::VariableExpected
        | ParseErrorType::ExprExpected(_)
        | ParseErrorType::MissingSymbol(_)
        | ParseErrorType::FnMissingName
        | ParseErrorType::FnMissingParams(_)
        | ParseErrorType::FnMissingBody(_) => is_at_end(error.position(), source),
        _ => false,
    };
    if more { Completeness::Incomplete } else { Completeness::Complete }
}

/// Only a back-tick string goes over several lines: a quote that is open ends with its line.
fn is_multiline(source: &str) -> bool {
    scan(source) == Scan::Text
}

fn has_open_comment(source: &str) -> bool {
    scan(source) == Scan::Comment
}

/// Whether nothing but blanks stands behind a place.
fn is_at_end(position: Position, source: &str) -> bool {
    let (Some(line), Some(column)) = (position.line(), position.position()) else { return true };
    let mut rest = source.lines().skip(line - 1);
    let here = rest.next().unwrap_or_default();
    let behind: String = here.chars().skip(column.saturating_sub(1)).collect();
    behind.trim().is_empty() && rest.all(|line| line.trim().is_empty())
}

#[derive(PartialEq)]
enum Scan {
    /// Code, with so many brackets open.
    Code {
        open: usize,
    },
    Comment,
    Text,
}

/// What the end of a source stands in.
fn scan(source: &str) -> Scan {
    let mut letters = source.chars().peekable();
    let mut open = 0_usize;
    while let Some(letter) = letters.next() {
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '/' if letters.peek() == Some(&'/') => {
                letters.by_ref().find(|letter| *letter == '\n');
            }
            '/' if letters.peek() == Some(&'*') => {
                letters.next();
                if !skip_comment(&mut letters) {
                    return Scan::Comment;
                }
            }
            '`' if !letters.by_ref().any(|letter| letter == '`') => return Scan::Text,
            '"' => {
                while let Some(letter) = letters.next() {
                    match letter {
                        '\\' => {
                            letters.next();
                        }
                        '"' => break,
                        _ => {}
                    }
                }
            }
            // A character: at most an escape and its end.
            '\'' if letters.next() == Some('\\') => {
                letters.next();
            }
            _ => {}
        }
    }
    Scan::Code { open }
}

/// Skips a comment, and comments in it; false when it does not end.
fn skip_comment(letters: &mut std::iter::Peekable<std::str::Chars>) -> bool {
    let mut depth = 1;
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('*', Some('/')) => {
                letters.next();
                depth -= 1;
                if depth == 0 {
                    return true;
                }
            }
            ('/', Some('*')) => {
                letters.next();
                depth += 1;
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_brackets_blocks_strings_and_comments_go_on() {
        let engine = Engine::new();
        for source in [
            "if true {",
            "fn f(x) {",
            "fn f(a) {\n  a * 2",
            "if x {\n  a;\n  b\n",
            "let a = [1,",
            "print(",
            "vbox.",
            "let x =",
            "1 +",
            "`several\nlines",
            "/* a comment",
            "/* a /* b */",
            "while x",
            "list.map(|m| {",
            "let m = #{ a: 1,",
            "fn",
            "f(1, ",
            "switch x { 1 =>",
        ] {
            assert_eq!(of(&engine, source), Completeness::Incomplete, "{source}");
        }
        for source in [
            "",
            "1 + 1",
            "let x = 1",
            "vbox.machines",
            "let a = ;",
            "a b",
            "}",
            ")",
            "\"open",
            "1 /* done */",
            "`a` // `",
            "\"/*\"",
            "let \"x\" = 2;",
        ] {
            assert_eq!(of(&engine, source), Completeness::Complete, "{source}");
        }
    }
}
