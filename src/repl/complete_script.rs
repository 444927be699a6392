//! Completion of script source, by static types.

use super::call::{Call, callee};
use super::candidate::{Candidate, members, values};
use super::completer::{Sources, files};
use super::known::Named;
use super::tokens::{Token, TokenKind, tokens};
use crate::schema::{Kind, help};
use crate::shell::Language;

/// Keywords of Rhai.
const RHAI: &[&str] = &[
    "let",
    "const",
    "if",
    "else",
    "switch",
    "while",
    "loop",
    "do",
    "until",
    "for",
    "in",
    "continue",
    "break",
    "return",
    "throw",
    "try",
    "catch",
    "fn",
    "private",
    "import",
    "export",
    "as",
    "true",
    "false",
    "this",
    "is_shared",
    "call",
    "curry",
    "eval",
    "print",
    "debug",
    "type_of",
    "is_def_var",
    "is_def_fn",
    "Fn",
];

/// Keywords of Python.
const PYTHON: &[&str] = &[
    "and",
    "as",
    "assert",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "False",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "None",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "True",
    "try",
    "while",
    "with",
    "yield",
    "print",
    "len",
    "range",
    "sorted",
    "enumerate",
    "isinstance",
    "getattr",
    "list",
    "dict",
    "str",
    "int",
];

/// What every script finds in its scope.
const GLOBALS: &[(&str, &str)] = &[
    ("vbox", "the IVirtualBox: machines, media, the host"),
    ("host", "the IHost: the computer VirtualBox runs on"),
    ("session", "the ISession of this shell"),
    ("client", "the IVirtualBoxClient of a local VirtualBox"),
    ("_", "the last value"),
];

/// Methods of Rhai's lists, with what they do.
const LISTS: &[(&str, &str)] = &[
    ("len()", "number of elements"),
    ("is_empty()", "whether there are none"),
    ("filter(", "the elements for which a closure gives true"),
    ("map(", "what a closure makes of each element"),
    ("find(", "the first element for which a closure gives true"),
    ("some(", "whether a closure gives true for any element"),
    ("all(", "whether a closure gives true for each element"),
    ("reduce(", "one value out of all elements"),
    ("sort(", "orders the elements, by a closure"),
    ("contains(", "whether a value is among the elements"),
    ("index_of(", "where a value stands"),
];

/// Whether a word is a keyword of the language.
pub(super) fn is_keyword(word: &str, language: Language) -> bool {
    keywords(language).contains(&word)
}

fn keywords(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rhai => RHAI,
        Language::Python => PYTHON,
    }
}

/// What may stand at the end of `source`, and where what it replaces starts.
pub(super) fn complete(sources: &Sources<'_>, source: &str) -> (usize, Vec<Candidate>) {
    let language = sources.shell.language();
    let found = tokens(source, language);
    let nothing = (source.len(), Vec::new());
    let Some((last, before)) = found.split_last() else { return (source.len(), names(sources, "")) };
    match last.kind {
        TokenKind::Text { closed: false, .. } => return in_quotes(sources, last, before, &found),
        TokenKind::Comment { closed } if !closed || last.end() == source.len() => return nothing,
        _ => {}
    }
    let typing = last.kind == TokenKind::Word && last.end() == source.len();
    let (partial, before) = if typing { (last.text, before) } else { ("", found.as_slice()) };
    let start = source.len() - partial.len();
    if let Some((dot, chain)) = before.split_last()
        && dot.is_dot()
    {
        return (start, behind_dot(sources, chain, &found, partial));
    }
    if !typing && matches!(last.kind, TokenKind::Number | TokenKind::Text { .. }) {
        return nothing;
    }
    if !typing && last.kind == TokenKind::Word && !is_keyword(last.text, language) {
        return nothing;
    }
    (start, operand(sources, before, partial))
}

fn behind_dot(sources: &Sources<'_>, chain: &[Token<'_>], all: &[Token<'_>], partial: &str) -> Vec<Candidate> {
    let scope = sources.scope(false);
    let Some(kind) = scope.type_at_end(chain, all) else { return of_the_engine(sources, chain, partial) };
    if kind.array && sources.shell.language() == Language::Python {
        return of_the_engine(sources, chain, partial);
    }
    if kind.array {
        let lists = LISTS.iter().filter(|(name, _)| name.starts_with(partial));
        return lists.map(|(name, text)| Candidate::plain(name, text)).collect();
    }
    match kind.kind {
        Kind::Interface(name) => {
            scope.schema.interface(name).map(|interface| members(interface, partial)).unwrap_or_default()
        }
        // `MachineState.`, but not `machine.state.`.
        Kind::Enum(name) if chain.last().is_some_and(|token| token.is_word(name)) => {
            scope.schema.enumeration(name).map(|known| values(known, partial, "")).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Members that the engine knows of what a dotted name stands for.
fn of_the_engine(sources: &Sources<'_>, chain: &[Token<'_>], partial: &str) -> Vec<Candidate> {
    let mut path = Vec::new();
    for (at, token) in chain.iter().rev().enumerate() {
        match (at % 2, token.kind) {
            (0, TokenKind::Word) => path.push(token.text),
            // Behind a call or an index nothing is known.
            (0, _) => return Vec::new(),
            _ if token.is_dot() => {}
            _ => break,
        }
    }
    path.reverse();
    let found = sources.shell.ready_engine().map(|engine| engine.members(&path.join("."), partial));
    found.unwrap_or_default().iter().map(|(name, text)| Candidate::plain(name, text)).collect()
}

/// A value is to come: one of the enumeration that a call wants, else any name.
fn operand(sources: &Sources<'_>, before: &[Token<'_>], partial: &str) -> Vec<Candidate> {
    let scope = sources.scope(false);
    let wanted = Call::at_end(&scope, before).filter(|call| call.fresh).and_then(|call| call.parameter());
    if let Some(Kind::Enum(name)) = wanted.map(|parameter| parameter.kind.kind)
        && let Some(enumeration) = scope.schema.enumeration(name)
    {
        let fitting: Vec<_> = values(enumeration, "", &format!("{name}."))
            .into_iter()
            .filter(|one| one.name.starts_with(partial))
            .collect();
        if !fitting.is_empty() {
            return fitting;
        }
    }
    names(sources, partial)
}

/// Names that may start an expression: globals, the user's own, keywords, enumerations.
pub(super) fn names(sources: &Sources<'_>, partial: &str) -> Vec<Candidate> {
    let fits = |name: &str| name.starts_with(partial);
    let mut found: Vec<Candidate> =
        GLOBALS.iter().filter(|(name, _)| fits(name)).map(|(name, text)| Candidate::plain(name, text)).collect();
    if let Some(engine) = sources.shell.ready_engine() {
        // Names with an underscore are somebody's own affair, unless they are asked for.
        let own = engine
            .names()
            .into_iter()
            .filter(|name| fits(name) && (partial.starts_with('_') || !name.starts_with('_')));
        for name in own {
            let text = engine.static_type(&name).map(|kind| kind.to_string()).unwrap_or_default();
            if !found.iter().any(|one| one.name == name) {
                found.push(Candidate::plain(&name, &text));
            }
        }
    }
    if partial.is_empty() {
        return found;
    }
    found.extend(
        keywords(sources.shell.language()).iter().filter(|word| fits(word)).map(|word| Candidate::plain(word, "")),
    );
    let schema = sources.schema();
    if let Some((name, value)) = partial.split_once('_')
        && let Some(enumeration) = schema.enumeration(name)
    {
        found.extend(values(enumeration, value, &format!("{name}_")));
    }
    let enumerations = schema.enumerations().iter().filter(|one| fits(one.name));
    found.extend(
        enumerations.map(|one| {
            Candidate::plain(one.name, help(one.name).unwrap_or_default()).inserting(format!("{}.", one.name))
        }),
    );
    found
}

/// In an open text: what the place wants that the text is for.
fn in_quotes(
    sources: &Sources<'_>,
    text: &Token<'_>,
    before: &[Token<'_>],
    all: &[Token<'_>],
) -> (usize, Vec<Candidate>) {
    let Some(quote) = text.text.chars().find(|letter| matches!(letter, '"' | '\'' | '`')) else {
        return (text.end(), Vec::new());
    };
    let prefix = text.text.find(quote).unwrap_or(0) + 1;
    let partial = &text.text[prefix..];
    let start = text.start + prefix;
    let closing = |one: Candidate| {
        let replacement = format!("{}{quote}", one.replacement);
        one.inserting(replacement)
    };
    let scope = sources.scope(false);
    // `machine.state == "` and `adapter.attachmentType = "`
    let compared = before.split_last().filter(|(sign, _)| sign.is("==") || sign.is("!=") || sign.is("="));
    let compared = compared.and_then(|(_, chain)| scope.type_at_end(chain, all)).map(|kind| kind.kind);
    let call = Call::at_end(&scope, before).filter(|call| call.fresh);
    let parameter = call.and_then(|call| call.parameter());
    if let Some(Kind::Enum(name)) = compared.or(parameter.map(|parameter| parameter.kind.kind)) {
        let found = scope.schema.enumeration(name).map(|known| values(known, partial, "")).unwrap_or_default();
        return (start, found.into_iter().map(closing).collect());
    }
    if callee(before).is_some_and(|name| name == "queryInterface" || name == "query_interface") {
        let known = scope.schema.interfaces().iter().filter(|interface| interface.name.starts_with(partial));
        return (
            start,
            known.map(|one| closing(Candidate::plain(one.name, help(one.name).unwrap_or_default()))).collect(),
        );
    }
    let Some((call, parameter)) = call.zip(parameter) else { return (text.end(), Vec::new()) };
    if call.method.name == "findMachine" {
        // As they have to stand between the quotes.
        let escaped = |name: &str| name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
        let names = sources.machine_names().into_iter().filter(|(name, _)| escaped(name).starts_with(partial));
        let machine = |(name, about): Named| {
            closing(Candidate::plain(&name, &format!("machine, {about}")).inserting(escaped(&name)))
        };
        return (start, names.map(machine).collect());
    }
    let wanted = parameter.name.to_lowercase();
    if parameter.kind.kind == Kind::String && ["path", "file", "location"].iter().any(|part| wanted.contains(part)) {
        let (inner, found) = files(&text.text[prefix - 1..]);
        return (start + inner - 1, found);
    }
    (text.end(), Vec::new())
}
