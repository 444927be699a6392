//! Completion of the words behind a command, by the kinds in the command table.

use super::candidate::{Candidate, attribute, members, spelling, values};
use super::chain::{Scope, picker};
use super::completer::{Sources, files};
use super::known::{Named, Things};
use super::tokens::{Token, TokenKind, tokens};
use super::words::{Partial, commands_beginning, offset};
use crate::builtins;
use crate::schema::{Interface, Kind, help};
use crate::shell::{ArgumentKind, Command, Language, quoted, split_before};

/// Where one may connect to.
const TARGETS: &[(&str, &str)] = &[
    ("auto", "the local VirtualBox if there is one, else the embedded host"),
    ("embedded", "the embedded host"),
    ("xpcom", "the local VirtualBox"),
    ("http://", "a web service"),
    ("https://", "a web service over TLS"),
];

/// What may stand at the end of `tail`, the text behind the command's name.
pub(super) fn complete(sources: &Sources<'_>, command: &Command, tail: &str) -> (usize, Vec<Candidate>) {
    let partial = Partial::parse(tail);
    // A command inside a command is completed as if it stood alone.
    if let Some(at) = command.arguments.iter().position(|argument| argument.kind == ArgumentKind::Line) {
        let valued = |name: &str| value_of(command, &format!("--{name}")).is_some();
        let rest = split_before(tail, at, valued).map_or("", |(_, rest)| rest);
        let start = match rest {
            "" => tail.len(),
            rest => offset(tail, rest),
        };
        if !rest.is_empty() || partial.word.is_empty() && positional(command, &partial.before) == at {
            let (inner, found) = super::completer::complete(sources, &tail[start..]);
            return (start + inner, found);
        }
    }
    if partial.quote.is_none() && partial.word.starts_with('-') {
        return match partial.word.split_once('=') {
            Some((flag, value)) => {
                let kind = value_of(command, flag);
                let start = tail.len() - value.len();
                let inner = Partial { word: value.to_owned(), start, ..partial.clone() };
                kind.map_or((tail.len(), Vec::new()), |kind| argument(sources, kind, tail, &inner))
            }
            None => (partial.start, flags(command, &partial)),
        };
    }
    if let Some(kind) = partial.before.last().and_then(|flag| value_of(command, flag)) {
        let machine = machine_before(command, &partial.before);
        return named(sources, kind, machine, &partial).unwrap_or_else(|| argument(sources, kind, tail, &partial));
    }
    let place = positional(command, &partial.before);
    match command.arguments.get(place.min(command.arguments.len().saturating_sub(1))) {
        Some(known) if place < command.arguments.len() || known.arity == crate::shell::Arity::Repeated => {
            let machine = machine_before(command, &partial.before);
            // What may be left out, and can be anything, is left out more often than not: `create-vm db-01 Debian_64`.
            let left_out = known.kind == ArgumentKind::Text && known.arity == crate::shell::Arity::Optional;
            let next = command.arguments.get(place + 1).filter(|_| left_out);
            let kind = next.map_or(&known.kind, |next| &next.kind);
            if let Some(found) = named(sources, kind, machine, &partial) {
                return found;
            }
            argument(sources, kind, tail, &partial)
        }
        _ if partial.word.is_empty() => (partial.start, flags(command, &partial)),
        _ => (tail.len(), Vec::new()),
    }
}

/// The machine that stands before what is typed, for arguments that belong to one.
fn machine_before<'a>(command: &Command, words: &'a [String]) -> Option<&'a str> {
    let at = command.arguments.iter().position(|argument| argument.kind == ArgumentKind::Machine)?;
    let mut arguments = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            if value_of(command, word).is_some() {
                words.next();
            }
        } else {
            arguments.push(word.as_str());
        }
    }
    arguments.get(at).copied()
}

/// Candidates out of what the connection has, or out of the schema.
fn named(
    sources: &Sources<'_>,
    kind: &ArgumentKind,
    machine: Option<&str>,
    partial: &Partial,
) -> Option<(usize, Vec<Candidate>)> {
    let things = match kind {
        ArgumentKind::Snapshot => Things::Snapshots(machine?.to_owned()),
        ArgumentKind::Controller => Things::Controllers(machine?.to_owned()),
        ArgumentKind::Slot => Things::Slots(machine?.to_owned(), partial.before.last()?.clone()),
        ArgumentKind::Adapter => Things::Adapters(machine?.to_owned()),
        ArgumentKind::ExtraDataKey => Things::ExtraData(machine.filter(|name| *name != "global").map(str::to_owned)),
        ArgumentKind::Medium(device) => Things::Media(device),
        ArgumentKind::OsType => Things::OsTypes,
        ArgumentKind::Enum(name) => {
            let known = sources.schema().enumeration(name)?;
            let with_blank = |one: Candidate| {
                let replacement = format!("{} ", one.replacement);
                one.inserting(replacement)
            };
            return Some((partial.start, values(known, &partial.word, "").into_iter().map(with_blank).collect()));
        }
        ArgumentKind::Hosts => {
            let done = partial.word.rfind(',').map_or(0, |comma| comma + 1);
            let word = &partial.word[done..];
            let names = sources.shell.config().hosts.iter().map(|(name, entry)| (name.as_str(), entry.url.as_str()));
            let all = names.chain([("all", "every host of the configuration")]);
            let fitting = all.filter(|(name, _)| name.starts_with(word));
            return Some((partial.start + done, fitting.map(|(name, text)| Candidate::plain(name, text)).collect()));
        }
        ArgumentKind::Member => {
            let before = format!("machine.{}", partial.word);
            let (start, found) = path_of_machine(sources, &before);
            return Some((partial.start + start.saturating_sub("machine.".len()), found));
        }
        _ => return None,
    };
    let names = sources.names(&things);
    let fitting: Vec<Candidate> = names
        .into_iter()
        .filter(|(name, _)| name.starts_with(&partial.word))
        .map(|(name, about)| Candidate::plain(&name, &about).inserting(format!("{} ", quoted(&name))))
        .collect();
    // A medium may also be a file that is not known yet.
    (!fitting.is_empty() || !matches!(kind, ArgumentKind::Medium(_))).then_some((partial.start, fitting))
}

/// Completes a path that goes on from a machine.
fn path_of_machine(sources: &Sources<'_>, text: &str) -> (usize, Vec<Candidate>) {
    let Some(dot) = text.rfind('.') else { return (text.len(), Vec::new()) };
    let (before, member) = (&text[..dot], &text[dot + 1..]);
    let mut interface = sources.schema().interface("IMachine");
    for step in before.split('.').skip(1) {
        let name = step.split(['[', '(']).next().unwrap_or_default();
        interface = interface.and_then(|interface| {
            let kind = match interface.attribute(name) {
                Some(attribute) => attribute.kind.kind,
                None => picker(interface, name)?.single_output()?.kind,
            };
            sources.schema().interface_of(kind)
        });
    }
    (dot + 1, interface.map(|interface| steps(interface, member)).unwrap_or_default())
}

/// How many of the words are arguments, and neither options nor their values.
pub(super) fn positional(command: &Command, words: &[String]) -> usize {
    let mut count = 0;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.starts_with("--") {
            if value_of(command, word).is_some() {
                words.next();
            }
        } else {
            count += 1;
        }
    }
    count
}

/// What the value of an option is, if it wants one in the next word.
fn value_of<'a>(command: &'a Command, word: &str) -> Option<&'a ArgumentKind> {
    let name = word.strip_prefix("--")?;
    command.flags.iter().find(|flag| flag.name == name)?.value.as_ref()
}

fn flags(command: &Command, partial: &Partial) -> Vec<Candidate> {
    let given = |name: &str| partial.before.iter().any(|word| word.strip_prefix("--") == Some(name));
    let own = command
        .flags
        .iter()
        .filter(|flag| !given(&flag.name))
        .map(|flag| (format!("--{}", flag.name), flag.help.as_str()));
    let all = own.chain([("--help".to_owned(), "the help of this command")]);
    all.filter(|(name, _)| name.starts_with(&partial.word))
        .map(|(name, help)| Candidate::plain(&name, help).inserting(format!("{name} ")))
        .collect()
}

fn argument(sources: &Sources<'_>, kind: &ArgumentKind, tail: &str, partial: &Partial) -> (usize, Vec<Candidate>) {
    let words = |words: &[&str]| {
        let fitting = words.iter().filter(|word| word.starts_with(&partial.word));
        (partial.start, fitting.map(|word| Candidate::plain(word, "").inserting(format!("{word} "))).collect())
    };
    match kind {
        ArgumentKind::Machine => {
            let names = sources.machine_names();
            // `o'b`: a quote that belongs to the name, and opens nothing.
            let typed = &tail[partial.start..];
            let beginning =
                |begin: &str| names.iter().filter(|(name, _)| name.starts_with(begin)).cloned().collect::<Vec<_>>();
            let fitting =
                Some(beginning(&partial.word)).filter(|found| !found.is_empty()).unwrap_or_else(|| beginning(typed));
            (
                partial.start,
                fitting
                    .into_iter()
                    .map(|(name, about)| Candidate::plain(&name, &about).inserting(format!("{} ", quoted(&name))))
                    .collect(),
            )
        }
        ArgumentKind::Choice(choices) => words(choices),
        ArgumentKind::Target => {
            let hosts = sources.shell.config().hosts.iter().map(|(name, entry)| (name.as_str(), entry.url.as_str()));
            let all = hosts.chain(TARGETS.iter().copied()).filter(|(name, _)| name.starts_with(&partial.word));
            let one = |(name, about): (&str, &str)| {
                let end = if name.ends_with('/') { "" } else { " " };
                Candidate::plain(name, about).inserting(format!("{name}{end}"))
            };
            (partial.start, all.map(one).collect())
        }
        ArgumentKind::OneOf(choices) => words(&choices.iter().map(String::as_str).collect::<Vec<_>>()),
        ArgumentKind::File => files(tail),
        ArgumentKind::GraphPath => path(sources, &tail[partial.start..], partial.start),
        ArgumentKind::Topic => (partial.start, topics(sources, &partial.word)),
        _ => (tail.len(), Vec::new()),
    }
}

/// Completes a path: its first word by machines, the rest by static types.
fn path(sources: &Sources<'_>, text: &str, base: usize) -> (usize, Vec<Candidate>) {
    let scope = sources.scope(true);
    let found = path_tokens(text);
    let (partial, before) = match found.split_last() {
        Some((last, before)) if last.kind == TokenKind::Word && last.end() == text.len() => (last.text, before),
        _ => ("", found.as_slice()),
    };
    if let Some((dot, chain)) = before.split_last()
        && dot.is(".")
    {
        let Some(interface) = element_interface(&scope, chain) else { return (base + text.len(), Vec::new()) };
        return (base + text.len() - partial.len(), steps(interface, partial));
    }
    if text.contains(['.', '[', '(']) && !text.starts_with(['"', '\'']) {
        return (base + text.len(), Vec::new());
    }
    (base, roots(sources, text.trim_start_matches(['"', '\''])))
}

/// The interface that a step goes on from; on a list it is that of the elements.
fn element_interface(scope: &Scope<'_>, chain: &[Token<'_>]) -> Option<&'static Interface> {
    scope.schema.interface_of(scope.type_at_end(chain, chain)?.kind)
}

/// The tokens of a path. A machine's name is one of them, whatever stands in it.
fn path_tokens(text: &str) -> Vec<Token<'_>> {
    if text.starts_with(['"', '\'']) {
        let mut found = tokens(text, Language::Rhai);
        if let Some(first) = found.first_mut() {
            first.kind = TokenKind::Word;
        }
        return found;
    }
    let end = text.find(['.', '[', '(']).unwrap_or(text.len());
    let (root, rest) = text.split_at(end);
    let mut found = vec![Token { kind: TokenKind::Word, text: root, start: 0 }];
    found.extend(tokens(rest, Language::Rhai).into_iter().map(|token| Token { start: token.start + end, ..token }));
    found
}

fn roots(sources: &Sources<'_>, partial: &str) -> Vec<Candidate> {
    let fixed = [("vbox", "the IVirtualBox"), ("host", "the host computer"), ("session", "the session of this shell")];
    let fixed = fixed.into_iter().filter(|(name, _)| name.starts_with(partial));
    let machine = |(name, about): Named| {
        // Dots, brackets and blanks would start a step of the path.
        let plain = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
        let replacement =
            if plain { name.clone() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) };
        Candidate::plain(&name, &format!("machine, {about}")).inserting(replacement)
    };
    let machines = sources.machine_names().into_iter().filter(|(name, _)| name.starts_with(partial)).map(machine);
    fixed.map(|(name, help)| Candidate::plain(name, help)).chain(machines).collect()
}

/// Members of an interface, and the short form `networkAdapter[` of its getters with one key.
fn steps(interface: &'static Interface, partial: &str) -> Vec<Candidate> {
    let short = |method: &&'static crate::schema::Method| {
        let bare = method.name.strip_prefix("get")?;
        let mut letters = bare.chars();
        let name: String = letters.next()?.to_lowercase().chain(letters).collect();
        let keyed = picker(interface, &name).is_some_and(|picked| picked.name == method.name);
        let object = method.single_output().is_some_and(|kind| kind.kind.is_object() || kind.kind == Kind::String);
        let listed = method.inputs().any(|parameter| parameter.kind.array);
        if !keyed || !object || listed || interface.attribute(&name).is_some() {
            return None;
        }
        let name = spelling(&name, partial)?;
        let text = help(&format!("{}.{}", method.owner, method.name)).unwrap_or_default();
        Some(Candidate {
            name: format!("{name}[{}]", method.inputs().next()?.name),
            replacement: format!("{name}["),
            description: text.to_owned(),
        })
    };
    let mut found: Vec<Candidate> = interface.methods().iter().filter_map(short).collect();
    found.extend(members(interface, partial));
    found
}

/// Commands, interfaces and their members, enums and their values.
fn topics(sources: &Sources<'_>, partial: &str) -> Vec<Candidate> {
    let schema = sources.schema();
    if let Some((owner, member)) = partial.split_once('.') {
        if let Some(interface) = schema.interface(owner) {
            let attributes =
                interface.attributes().into_iter().map(|one| (one.name, attribute(one, String::new()).description));
            let text = |one: &crate::schema::Method| {
                help(&format!("{}.{}", one.owner, one.name)).unwrap_or_default().to_owned()
            };
            let methods = interface.methods().into_iter().map(|one| (one.name, text(one)));
            let fitting =
                attributes.chain(methods).filter_map(|(name, text)| spelling(name, member).map(|_| (name, text)));
            return fitting.map(|(name, text)| Candidate::plain(&format!("{owner}.{name}"), &text)).collect();
        }
        return schema.enumeration(owner).map(|known| values(known, member, &format!("{owner}."))).unwrap_or_default();
    }
    let commands = commands_beginning(sources.shell.commands(), partial)
        .into_iter()
        .map(|(name, text)| Candidate::plain(name, text));
    if partial.is_empty() {
        return commands.chain(builtins::topics().map(|(name, text)| Candidate::plain(name, text))).collect();
    }
    let interfaces = schema.interfaces().iter().map(|interface| interface.name);
    let enumerations = schema.enumerations().iter().map(|enumeration| enumeration.name);
    let codes = schema.result_codes().iter().map(|(name, _)| *name);
    let facts = interfaces.chain(enumerations).chain(codes).filter(|name| name.starts_with(partial));
    let topics = builtins::topics()
        .filter(|(name, _)| name.starts_with(partial))
        .map(|(name, text)| Candidate::plain(name, text));
    commands.chain(topics).chain(facts.map(|name| Candidate::plain(name, help(name).unwrap_or_default()))).collect()
}
