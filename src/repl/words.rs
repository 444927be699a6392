//! The words of a half-typed command.

use crate::shell::{Commands, Line, Shell, separators};

/// The word that is being typed, and those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    /// Finished words, without quotes.
    pub(super) before: Vec<String>,
    /// The last one, without quotes; empty behind a blank.
    pub(super) word: String,
    /// Where it starts in the text, its quote included.
    pub(super) start: usize,
    /// Its opening quote while that is not closed.
    pub(super) quote: Option<char>,
}

impl Partial {
    /// Cuts a text as the host's shells do.
    pub(super) fn parse(text: &str) -> Self {
        let mut before = Vec::new();
        let (mut word, mut start, mut quote, mut escaped, mut inside) = (String::new(), 0, None, false, false);
        for (at, letter) in text.char_indices() {
            if !inside && !letter.is_whitespace() {
                (inside, start) = (true, at);
            }
            match (quote, letter) {
                _ if escaped => {
                    word.push(letter);
                    escaped = false;
                }
                (None | Some('"'), '\\') => escaped = true,
                (Some(open), letter) if letter == open => quote = None,
                (None, '"' | '\'') => quote = Some(letter),
                (None, letter) if letter.is_whitespace() => {
                    if inside {
                        before.push(std::mem::take(&mut word));
                    }
                    inside = false;
                }
                _ => word.push(letter),
            }
        }
        if !inside {
            start = text.len();
        }
        Self { before, word, start, quote }
    }
}

/// Where `inner` starts in `outer`, of which it is a part.
pub(super) fn offset(outer: &str, inner: &str) -> usize {
    (inner.as_ptr() as usize).saturating_sub(outer.as_ptr() as usize).min(outer.len())
}

/// The part of a line that a cursor at its end stands in, and where it starts: commands are
/// separated by semicolons, script is one whole.
pub(super) fn last_part<'a>(shell: &Shell, line: &'a str) -> (&'a str, usize) {
    match shell.classify(line) {
        Line::Command { command, .. } if command.takes_source() => (line, 0),
        Line::Command { .. } | Line::UnknownCommand(_) => {
            let start = separators(line).last().map_or(0, |at| at + 1);
            (&line[start..], start)
        }
        _ => (line, 0),
    }
}

/// Names and aliases that begin so, with what each command does.
pub(super) fn commands_beginning<'a>(commands: &'a Commands, partial: &str) -> Vec<(&'a str, &'a str)> {
    let summary = |word: &'a str| commands.find(word).map_or("", |command| command.summary.as_str());
    let named: Vec<&str> =
        commands.all().map(|command| command.name.as_str()).filter(|name| name.starts_with(partial)).collect();
    // Other spellings only when nothing else begins so: each command once is enough to look at.
    let words =
        if named.is_empty() { commands.words().filter(|word| word.starts_with(partial)).collect() } else { named };
    words.into_iter().map(|word| (word, summary(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_known_by_its_start_and_its_quote() {
        let parse = Partial::parse;
        assert_eq!(
            parse(" a 'b c' d"),
            Partial { before: vec!["a".into(), "b c".into()], word: "d".into(), start: 9, quote: None }
        );
        assert_eq!(
            parse("a \"b c"),
            Partial { before: vec!["a".into()], word: "b c".into(), start: 2, quote: Some('"') }
        );
        assert_eq!(parse("a "), Partial { before: vec!["a".into()], word: String::new(), start: 2, quote: None });
        assert_eq!(parse("a\\ b"), Partial { before: vec![], word: "a b".into(), start: 0, quote: None });
    }

    #[test]
    fn semicolons_in_quotes_separate_nothing() {}
}
