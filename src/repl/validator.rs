//! Whether Enter ends an input, or starts its next line.

use super::tokens::{Token, TokenKind, open_brackets, tokens};
use crate::shell::{Completeness, Language, Line, Shell, split_words};

/// Whether the input is whole. Two empty lines at its end always end it, so that nobody is caught in
/// an input that will never be right.
pub(super) fn is_whole(shell: &Shell, input: &str) -> bool {
    if input.ends_with("\n\n\n") {
        return true;
    }
    match shell.classify(input) {
        Line::Script(source) => script_is_whole(shell, source, input),
        Line::Explain(source) => script_is_whole(shell, source, input),
        Line::Command { command, rest } if command.takes_source() => script_is_whole(shell, rest, input),
        Line::Command { rest, .. } => !ends_with_backslash(input) && split_words(rest).is_some(),
        Line::Host(command) => !ends_with_backslash(input) && split_words(command).is_some(),
        Line::Empty | Line::UnknownCommand(_) => true,
    }
}

fn script_is_whole(shell: &Shell, source: &str, input: &str) -> bool {
    let language = shell.language();
    if ends_with_backslash(source) && language == Language::Rhai {
        return false;
    }
    // `:`-blocks of Python end with an empty line, which the classified source has lost.
    if language == Language::Python && python_block_is_open(source, input) {
        return false;
    }
    match shell.ready_engine() {
        Some(engine) => engine.completeness(source) == Completeness::Complete,
        None => lexically_whole(source, language),
    }
}

/// Whether brackets, texts and comments are closed.
fn lexically_whole(source: &str, language: Language) -> bool {
    let tokens = tokens(source, language);
    let open = |token: &Token<'_>| match token.kind {
        // A plain text that is open cannot be closed by another line; the engine says so.
        TokenKind::Text { closed, lines } => !closed && lines,
        TokenKind::Comment { closed } => !closed,
        _ => false,
    };
    open_brackets(&tokens).is_empty() && !tokens.last().is_some_and(open)
}

fn python_block_is_open(source: &str, input: &str) -> bool {
    let opens = |line: &str| {
        let tokens = tokens(line, Language::Python);
        let code: Vec<_> = tokens.iter().filter(|token| !matches!(token.kind, TokenKind::Comment { .. })).collect();
        code.last().is_some_and(|last| last.is(":"))
    };
    (source.lines().any(opens) || source.trim_start().starts_with('@')) && !input.ends_with('\n')
}

fn ends_with_backslash(input: &str) -> bool {
    let slashes = input.len() - input.trim_end_matches('\\').len();
    slashes % 2 == 1
}

/// The inputs in a text that may have been pasted: each ends where Enter would have ended it.
pub(super) fn inputs(shell: &Shell, text: &str) -> Vec<String> {
    let (mut found, mut input): (Vec<String>, String) = (Vec::new(), String::new());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        input += line;
        let goes_on = lines.peek().is_some_and(|next| continues(next)) && !input.trim().is_empty();
        if lines.peek().is_some() && (goes_on || !is_whole(shell, &input)) {
            input.push('\n');
        } else {
            found.push(std::mem::take(&mut input));
        }
    }
    found.retain(|input| !input.trim().is_empty());
    found
}

/// Whether a line goes on with what stands before it, which would be whole without it.
fn continues(line: &str) -> bool {
    let line = line.trim_start();
    let word = line.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let signs = ["}", ")", "]", ".", "||", "&&"];
    matches!(word, "else" | "catch") || signs.iter().any(|sign| line.starts_with(sign))
}

/// An input of several lines as it is to run: lines that end in a backslash become one with the next.
pub(super) fn joined(shell: &Shell, input: &str) -> String {
    if !input.contains("\\\n") {
        return input.to_owned();
    }
    match shell.classify(input) {
        Line::Command { ref command, .. } if !command.takes_source() => input.replace("\\\n", ""),
        Line::Host(_) => input.replace("\\\n", ""),
        // Python knows this itself; in texts it belongs to the text.
        Line::Script(_) | Line::Command { .. } if shell.language() == Language::Rhai => {
            let mut source = input.to_owned();
            for token in tokens(input, Language::Rhai).iter().rev() {
                if token.is("\\") && input[token.end()..].starts_with('\n') {
                    source.replace_range(token.start..token.end(), " ");
                }
            }
            source
        }
        _ => input.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn pasted_lines_are_inputs_of_their_own() {
        let shell = testing::shell();
        let inputs = |text: &str| super::inputs(&shell, text);
        assert_eq!(inputs("list\nstart a\n"), ["list", "start a"]);
        assert_eq!(inputs("let a = [1,\n2];\nlist"), ["let a = [1,\n2];", "list"]);
        assert_eq!(inputs("if a {\n}\nelse {\n}\nlist"), ["if a {\n}\nelse {\n}", "list"]);
        assert_eq!(inputs("start 'a\nb'"), ["start 'a\nb'"]);
        assert_eq!(inputs("let a = [1,"), ["let a = [1,"]);
        assert!(inputs("\n\n").is_empty());
    }

    #[test]
    fn open_brackets_quotes_and_comments_want_more() {
        let shell = testing::shell();
        for (input, whole) in [
            ("list", true),
            ("", true),
            ("let a = [1,", false),
            ("let a = [1,\n2]", true),
            ("if true {", false),
            ("let s = `a", false),
            ("/* a", false),
            ("let s = \"(\"", true),
            ("let s = \"(", true),
            ("f(1))", true),
            ("start 'web", false),
            ("start 'web\n01'", true),
            ("start web \\", false),
            ("start C:\\\\", true),
            ("!echo 'a", false),
            ("=list(", false),
            (":nothing 'a", true),
            ("eval f(", false),
            ("eval 'a", true),
            ("f(\n\n\n", true),
        ] {
            assert_eq!(is_whole(&shell, input), whole, "{input}");
        }
    }

    #[test]
    fn python_blocks_end_with_an_empty_line() {
        assert!(python_block_is_open("for m in x:", "for m in x:"));
        assert!(python_block_is_open("if a: # b\n  if c:\n    d", "if a:\n  if c:\n    d"));
        assert!(!python_block_is_open("if a:\n  b", "if a:\n  b\n"));
        assert!(!python_block_is_open("{'a': 1}", "{'a': 1}"));
    }

    #[test]
    fn backslashes_join_lines() {
        let shell = testing::shell();
        assert_eq!(joined(&shell, "start \\\nweb"), "start web");
        assert_eq!(joined(&shell, "1 + \\\n2"), "1 +  \n2");
        assert_eq!(joined(&shell, "`a\\\nb`"), "`a\\\nb`");
    }
}
