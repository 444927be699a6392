//! Paints a line while it is typed. It adds colours and nothing else: the width stays.

use super::complete_script::is_keyword;
use super::completer::Sources;
use super::tokens::{Token, TokenKind, partner, tokens};
use super::words::{Partial, offset};
use crate::output::{Role, Style};
use crate::schema::Kind;
use crate::shell::{Command, Line, separators};
use std::ops::Range;

/// Longer inputs (in bytes) are painted by their form alone: types are looked up at every key.
const LONGEST_TYPED: usize = 2000;

/// Places of a line and what they are, in order, without overlap.
type Spans = Vec<(Range<usize>, Role)>;

/// The line in its colours; `cursor` is where brackets are matched, `None` for the final look.
pub(super) fn paint(sources: &Sources<'_>, line: &str, cursor: Option<usize>, style: Style) -> String {
    let mut painted = String::with_capacity(line.len() * 2);
    let mut at = 0;
    for (place, role) in spans(sources, line, cursor) {
        // Whatever went wrong above, no sign of the line may be lost or doubled.
        if place.start < at
            || place.end > line.len()
            || !line.is_char_boundary(place.start)
            || !line.is_char_boundary(place.end)
        {
            continue;
        }
        painted.push_str(&line[at..place.start]);
        painted.push_str(&style.paint(role, &line[place.clone()]));
        at = place.end;
    }
    painted.push_str(&line[at..]);
    painted
}

fn spans(sources: &Sources<'_>, line: &str, cursor: Option<usize>) -> Spans {
    let mut found = Spans::new();
    match sources.shell.classify(line) {
        Line::Command { ref command, .. } if !command.takes_source() => {
            let mut start = 0;
            for end in separators(line).into_iter().chain([line.len()]) {
                part(sources, &line[start..end], start, cursor, &mut found);
                if end < line.len() {
                    found.push((end..end + 1, Role::Dim));
                }
                start = (end + 1).min(line.len());
            }
        }
        _ => part(sources, line, 0, cursor, &mut found),
    }
    found
}

/// One command, or one script.
fn part(sources: &Sources<'_>, text: &str, base: usize, cursor: Option<usize>, found: &mut Spans) {
    let first = text.len() - text.trim_start().len();
    let prefix = |found: &mut Spans| found.push((base + first..base + first + 1, Role::Dim));
    match sources.shell.classify(text) {
        Line::Command { command, rest } => {
            let mut word = first;
            if text[first..].starts_with(':') {
                prefix(found);
                word += 1;
            }
            let start = offset(text, rest);
            found.push((base + word..base + start, Role::Command));
            if command.takes_source() {
                script(sources, &text[start..], base + start, cursor, found);
            } else {
                arguments(&command, &text[start..], base + start, found);
            }
        }
        Line::UnknownCommand(name) => {
            prefix(found);
            let start = offset(text, name);
            found.push((base + start..base + start + name.len(), Role::Error));
        }
        Line::Script(source) => {
            if text[first..].starts_with('=') {
                prefix(found);
            }
            let start = offset(text, source);
            script(sources, &text[start..], base + start, cursor, found);
        }
        Line::Explain(source) => {
            let start = offset(text, source);
            let end = start + source.len();
            script(sources, &text[start..end], base + start, cursor, found);
            if let Some(mark) = text[end..].find('?') {
                found.push((base + end + mark..base + end + mark + 1, Role::Keyword));
            }
        }
        Line::Host(_) => prefix(found),
        // A comment line, or nothing.
        Line::Empty => found.push((base + first..base + text.len(), Role::Dim)),
    }
}

/// Options, quoted words and numbers behind a command.
fn arguments(command: &Command, text: &str, base: usize, found: &mut Spans) {
    let mut at = 0;
    while at < text.len() {
        let start = at + (text[at..].len() - text[at..].trim_start().len());
        if start >= text.len() {
            break;
        }
        // A word ends where parsing one more sign starts another.
        let ends = |end: &usize| {
            let partial = Partial::parse(&text[start..*end]);
            !partial.before.is_empty()
        };
        let behind = text[start..].char_indices().map(|(place, letter)| start + place + letter.len_utf8()).find(ends);
        let end =
            behind.map_or(text.len(), |behind| text[..behind].char_indices().last().map_or(behind, |(place, _)| place));
        let word = &text[start..end];
        let typing = end == text.len();
        if let Some(role) = role_of_word(command, word, typing) {
            found.push((base + start..base + end, role));
        }
        at = end.max(start + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
}

fn role_of_word(command: &Command, word: &str, typing: bool) -> Option<Role> {
    if let Some(option) = word.strip_prefix("--") {
        let name = option.split('=').next().unwrap_or_default();
        let known = name.is_empty() || name == "help" || command.flags.iter().any(|flag| flag.name == name);
        let begun = typing && command.flags.iter().any(|flag| flag.name.starts_with(name));
        return Some(if known || begun { Role::Key } else { Role::Error });
    }
    if word.starts_with(['"', '\'']) {
        return Some(Role::Text);
    }
    word.parse::<f64>().is_ok().then_some(Role::Number)
}

fn script(sources: &Sources<'_>, text: &str, base: usize, cursor: Option<usize>, found: &mut Spans) {
    let language = sources.shell.language();
    let all = tokens(text, language);
    let matching = cursor.and_then(|cursor| cursor.checked_sub(base)).and_then(|cursor| matching(&all, cursor));
    for (at, token) in all.iter().enumerate() {
        let role = match token.kind {
            TokenKind::Number => Some(Role::Number),
            TokenKind::Text { .. } => Some(Role::Text),
            TokenKind::Comment { .. } => Some(Role::Dim),
            TokenKind::Sign if matching == Some(at) => Some(Role::Prompt),
            TokenKind::Sign => None,
            TokenKind::Word => {
                let typing = token.end() == text.len();
                let dotted = at.checked_sub(1).is_some_and(|before| all[before].is_dot());
                if dotted { member(sources, &all, at, typing, text.len()) } else { word(sources, token) }
            }
        };
        found.extend(role.map(|role| (base + token.start..base + token.end(), role)));
    }
}

/// The bracket that belongs to the one at, or just before, the cursor.
fn matching(all: &[Token<'_>], cursor: usize) -> Option<usize> {
    let bracket =
        |token: &Token<'_>| matches!(token.text, "(" | ")" | "[" | "]" | "{" | "}") && token.kind == TokenKind::Sign;
    let at = |place: usize| all.iter().position(|token| token.start == place && bracket(token));
    let under = at(cursor).or_else(|| at(cursor.checked_sub(1)?))?;
    partner(all, under)
}

fn word(sources: &Sources<'_>, token: &Token<'_>) -> Option<Role> {
    if matches!(token.text, "true" | "false" | "True" | "False" | "None") {
        return Some(Role::Constant);
    }
    if is_keyword(token.text, sources.shell.language()) {
        return Some(Role::Keyword);
    }
    let schema = sources.schema();
    let flat = token.text.split_once('_').and_then(|(name, value)| schema.enumeration(name)?.number(value));
    match schema.enumeration(token.text) {
        Some(_) => Some(Role::Type),
        None => flat.map(|_| Role::Constant),
    }
}

/// A name behind a dot: known, unknown, or of something whose type nobody knows.
fn member(sources: &Sources<'_>, all: &[Token<'_>], at: usize, typing: bool, length: usize) -> Option<Role> {
    if length > LONGEST_TYPED {
        return None;
    }
    let scope = sources.scope(false);
    let (name, chain) = (all[at].text, &all[..at - 1]);
    let kind = scope.type_at_end(chain, all).filter(|kind| !kind.array)?;
    match kind.kind {
        Kind::Interface(interface) => {
            let interface = scope.schema.interface(interface)?;
            if interface.attribute(name).is_some() || interface.method(name).is_some() {
                return Some(Role::Key);
            }
            // Half a name is no wrong name. Languages add methods of their own to objects.
            let begun = typing && !super::candidate::members(interface, name).is_empty();
            let called = all.get(at + 1).is_some_and(|next| next.is("("));
            (!begun && !called).then_some(Role::Error)
        }
        Kind::Enum(enumeration) if chain.last().is_some_and(|token| token.is_word(enumeration)) => {
            let enumeration = scope.schema.enumeration(enumeration)?;
            let begun = typing && !super::candidate::values(enumeration, name, "").is_empty();
            match enumeration.number(name) {
                Some(_) => Some(Role::Constant),
                None => (!begun).then_some(Role::Error),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::Known;
    use super::super::testing;
    use super::*;

    fn roles(line: &str, cursor: Option<usize>) -> Vec<(String, Role)> {
        let (shell, machines) = (testing::shell(), Known::default());
        let found = spans(&Sources { shell: &shell, machines: &machines }, line, cursor);
        found.into_iter().map(|(place, role)| (line[place].to_owned(), role)).collect()
    }

    fn role(line: &str, word: &str) -> Option<Role> {
        roles(line, None).into_iter().find(|(text, _)| text == word).map(|(_, role)| role)
    }

    #[test]
    fn commands_and_their_words_have_roles() {
        let line = "start --wait 5 'web 01' ; list --nothing x";
        for (word, expected) in [
            ("start", Some(Role::Command)),
            ("--wait", Some(Role::Key)),
            ("5", Some(Role::Number)),
            ("'web 01'", Some(Role::Text)),
            (";", Some(Role::Dim)),
            ("list", Some(Role::Command)),
            ("--nothing", Some(Role::Error)),
            ("x", None),
        ] {
            assert_eq!(role(line, word), expected, "{word}");
        }
        assert_eq!(role("list --al", "--al"), Some(Role::Key), "half an option is no wrong one");
        assert_eq!(role(":nothing", "nothing"), Some(Role::Error));
        assert_eq!(role("eval vbox.machines", "machines"), Some(Role::Key));
    }

    #[test]
    fn known_members_differ_from_unknown_ones() {
        assert_eq!(role("vbox.machines", "machines"), Some(Role::Key));
        assert_eq!(role("vbox.machinez.x", "machinez"), Some(Role::Error));
        assert_eq!(role("vbox.machi", "machi"), None, "it may become one");
        assert_eq!(role("x.machines", "machines"), None, "nobody knows");
        assert_eq!(role("MachineState.Running", "MachineState"), Some(Role::Type));
        assert_eq!(role("MachineState.Running", "Running"), Some(Role::Constant));
        assert_eq!(role("MachineState.Sunny == 1", "Sunny"), Some(Role::Error));
        assert_eq!(role("let a = \"x\"; // b", "let"), Some(Role::Keyword));
        assert_eq!(role("let a = \"x\"; // b", "// b"), Some(Role::Dim));
        assert_eq!(role("vbox.machines?", "?"), Some(Role::Keyword));
    }

    #[test]
    fn the_partner_of_a_bracket_is_marked() {
        let marked = |cursor| {
            roles("f(a[0])", Some(cursor)).into_iter().find(|(_, role)| *role == Role::Prompt).map(|(text, _)| text)
        };
        assert_eq!(marked(1).as_deref(), Some(")"));
        assert_eq!(marked(7).as_deref(), Some("("));
        assert_eq!(marked(6).as_deref(), Some("("));
        assert_eq!(marked(0), None);
    }

    #[test]
    fn paint_changes_neither_text_nor_width() {
        let (shell, machines) = (testing::painting(), Known::default());
        let sources = Sources { shell: &shell, machines: &machines };
        let style = shell.ui().style();
        for line in [
            "start 'é 日本' --x",
            "vbox.machines[0].é(\"日",
            "=a;b",
            "list;list ;; é",
            "# é",
            ":é",
            "!é",
            "x?",
            "a\n b",
            "start é\\",
            "",
            " ",
            "eval",
            "get '",
        ] {
            for cursor in [None, Some(0), Some(line.len())] {
                let painted = paint(&sources, line, cursor, style);
                assert_eq!(crate::output::width(&painted), crate::output::width(line), "{line}");
                assert_eq!(paint(&sources, line, cursor, Style::new(false)), line);
            }
        }
        assert_ne!(paint(&sources, "list", None, style), "list");
    }
}
