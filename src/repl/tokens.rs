//! Cuts script source into tokens, for painting, completion and checks.
//!
//! It is forgiving: any text gives tokens, each with its place. The engines have real parsers; this
//! one has to work on half a line, for two languages, and without an engine.

use crate::shell::Language;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Name or keyword.
    Word,
    /// Number.
    Number,
    /// Text in quotes; whether its closing quote is there, and whether it may go on in the next line.
    Text {
        /// The closing quote is there.
        closed: bool,
        /// Its form may hold line ends.
        lines: bool,
    },
    /// Comment; whether it has its end.
    Comment {
        /// It has its end.
        closed: bool,
    },
    /// Anything else: operators and brackets.
    Sign,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: TokenKind,
    /// As it was typed.
    pub(super) text: &'a str,
    /// First byte in the source.
    pub(super) start: usize,
}

impl Token<'_> {
    /// First byte behind it.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is that operator or bracket.
    pub(super) fn is(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    /// Whether it is that word.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text == word
    }

    /// Whether it stands between a value and its member.
    pub(super) fn is_dot(&self) -> bool {
        self.is(".") || self.is("?.")
    }
}

/// Operators of more than one sign; the longer ones first.
const LONG_SIGNS: &[&str] =
    &["..=", "**=", "//=", "==", "!=", "<=", ">=", "=>", "->", "?.", "::", "..", "&&", "||", "+=", "-=", "*=", "/="];

/// The tokens of a source, blanks left out.
pub(super) fn tokens(source: &str, language: Language) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = source[at..].chars().next() {
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let rest = &source[at..];
        let (kind, length) = token(rest, letter, language);
        found.push(Token { kind, text: &rest[..length], start: at });
        at += length;
    }
    found
}

fn token(rest: &str, letter: char, language: Language) -> (TokenKind, usize) {
    if let Some((closed, length)) = comment(rest, language) {
        return (TokenKind::Comment { closed }, length);
    }
    if letter.is_ascii_digit() {
        return (TokenKind::Number, number(rest));
    }
    if letter.is_alphabetic() || letter == '_' {
        let length = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
        // Python's prefixed strings: `f"..."`, `rb'...'`.
        let prefixed = language == Language::Python && length <= 2 && rest[length..].starts_with(['"', '\'']);
        if !prefixed {
            return (TokenKind::Word, length);
        }
        let (closed, lines, quoted) = text(&rest[length..], language);
        return (TokenKind::Text { closed, lines }, length + quoted);
    }
    if letter == '"' || letter == '\'' || (letter == '`' && language == Language::Rhai) {
        let (closed, lines, length) = text(rest, language);
        return (TokenKind::Text { closed, lines }, length);
    }
    // A range `1..2` is met here only behind its number, so the long form is the right one.
    let long = LONG_SIGNS.iter().find(|sign| rest.starts_with(**sign));
    // `||` opens a closure without parameters as often as it means "or"; either way it is no bracket.
    (TokenKind::Sign, long.map_or(letter.len_utf8(), |sign| sign.len()))
}

fn comment(rest: &str, language: Language) -> Option<(bool, usize)> {
    let line = if language == Language::Python { "#" } else { "//" };
    if rest.starts_with(line) {
        return Some((true, rest.find('\n').unwrap_or(rest.len())));
    }
    if language == Language::Python || !rest.starts_with("/*") {
        return None;
    }
    // Rhai's block comments nest.
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 {
        let close = rest[at..].find("*/");
        let open = rest[at..].find("/*");
        match (close, open) {
            (Some(close), Some(open)) if open < close => (depth, at) = (depth + 1, at + open + 2),
            (Some(close), _) => (depth, at) = (depth - 1, at + close + 2),
            (None, _) => return Some((false, rest.len())),
        }
    }
    Some((true, at))
}

fn number(rest: &str) -> usize {
    let digits =
        |text: &str| text.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')).unwrap_or(text.len());
    let whole = digits(rest);
    match rest[whole..].strip_prefix('.') {
        // `1.5` but neither `1..2` nor `1.max(2)`.
        Some(behind) if behind.starts_with(|letter: char| letter.is_ascii_digit()) => whole + 1 + digits(behind),
        _ => whole,
    }
}

/// Whether the text that starts here is closed, whether it may hold line ends, and its length.
fn text(rest: &str, language: Language) -> (bool, bool, usize) {
    let quote = &rest[..1];
    let triple = quote.repeat(3);
    if language == Language::Python && rest.starts_with(&triple) {
        return match rest[3..].find(&triple) {
            Some(end) => (true, true, end + 6),
            None => (false, true, rest.len()),
        };
    }
    let lines = quote == "`";
    let (mut escaped, mut depth) = (false, 0_usize);
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if !lines => escaped = true,
            // `${ ... }` in a template holds source, quotes among it.
            '$' if lines && letters.peek().is_some_and(|(_, next)| *next == '{') => depth += 1,
            '}' if lines && depth > 0 => depth -= 1,
            '\n' if !lines => return (false, false, at),
            _ if depth == 0 && quote.starts_with(letter) => return (true, lines, at + 1),
            _ => {}
        }
    }
    (false, lines, rest.len())
}

/// The place of the bracket that belongs to the one at `at`.
pub(super) fn partner(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let weight = |token: &Token<'_>| match token.text {
        _ if token.kind != TokenKind::Sign => 0,
        "(" | "[" | "{" => 1,
        ")" | "]" | "}" => -1,
        _ => 0,
    };
    let own = weight(tokens.get(at)?);
    let mut depth = 0;
    let places: Box<dyn Iterator<Item = usize>> = match own {
        1 => Box::new(at..tokens.len()),
        -1 => Box::new((0..=at).rev()),
        _ => return None,
    };
    for place in places {
        depth += weight(&tokens[place]);
        if depth == 0 {
            let pair = if own == 1 { (at, place) } else { (place, at) };
            let fits = matches!((tokens[pair.0].text, tokens[pair.1].text), ("(", ")") | ("[", "]") | ("{", "}"));
            return fits.then_some(place);
        }
    }
    None
}

/// Places of brackets that are open at the end.
pub(super) fn open_brackets(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            _ if token.kind != TokenKind::Sign => {}
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source, Language::Rhai).iter().map(|token| token.text).collect()
    }

    #[test]
    fn source_falls_into_words_numbers_texts_and_signs() {
        assert_eq!(
            texts(r#"vbox.findMachine("a.b (c")[1]"#),
            ["vbox", ".", "findMachine", "(", r#""a.b (c""#, ")", "[", "1", "]"]
        );
        assert_eq!(texts("1..5 1.5 a?.b 0xff // rest ("), ["1", "..", "5", "1.5", "a", "?.", "b", "0xff", "// rest ("]);
        assert_eq!(texts("`a ${ m[`x`] } b` + 'c'"), ["`a ${ m[`x`] } b`", "+", "'c'"]);
    }

    #[test]
    fn open_texts_and_comments_are_known_as_open() {
        let last = |source: &str, language| tokens(source, language).last().map(|token| token.kind);
        assert_eq!(last("\"ab", Language::Rhai), Some(TokenKind::Text { closed: false, lines: false }));
        assert_eq!(last("`ab\n", Language::Rhai), Some(TokenKind::Text { closed: false, lines: true }));
        assert_eq!(last("/* a /* b */", Language::Rhai), Some(TokenKind::Comment { closed: false }));
        assert_eq!(last("'''a\n", Language::Python), Some(TokenKind::Text { closed: false, lines: true }));
        assert_eq!(last("f\"a{b}\"", Language::Python), Some(TokenKind::Text { closed: true, lines: false }));
        assert_eq!(last("# a", Language::Python), Some(TokenKind::Comment { closed: true }));
    }

    #[test]
    fn brackets_find_their_partner() {
        let found = tokens("f(a[0], \"(\")", Language::Rhai);
        let open = found.iter().position(|token| token.is("(")).unwrap();
        assert_eq!(partner(&found, open), Some(found.len() - 1));
        assert_eq!(partner(&found, found.len() - 1), Some(open));
        assert_eq!(partner(&tokens("(a]", Language::Rhai), 0), None);
        assert_eq!(open_brackets(&tokens("f({ [1]", Language::Rhai)), [1, 2]);
    }

    #[test]
    fn any_text_gives_tokens_that_cover_it() {
        for source in ["", "é\"ü", "``", "${", "'", "\\", "1.", "\"\\", "/*/", "日本(語"] {
            for language in [Language::Rhai, Language::Python] {
                let covered: String = tokens(source, language).iter().map(|token| token.text).collect();
                assert_eq!(covered, source.split_whitespace().collect::<String>(), "{source}");
            }
        }
    }
}
