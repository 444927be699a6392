//! The grey text behind the cursor: how an earlier line went on, else what is to be typed next.

use super::call::Call;
use super::complete_command::positional;
use super::completer::Sources;
use super::tokens::{Token, TokenKind, open_brackets, tokens};
use super::words::{Partial, last_part, offset};
use crate::schema::Method;
use crate::shell::{Arity, Command, Language, Line};
use rustyline::Context;
use rustyline::history::SearchDirection;

/// A hint, and whether the right arrow takes it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    text: String,
    taken: bool,
}

impl Hint {
    /// A text below the line, which cannot be taken over.
    pub(super) fn below(text: String) -> Self {
        Self { text, taken: false }
    }
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.taken.then_some(&self.text)
    }
}

/// The hint for a line with the cursor at its end.
pub(super) fn hint(sources: &Sources<'_>, line: &str, context: &Context<'_>) -> Option<Hint> {
    if line.trim().is_empty() {
        return None;
    }
    if line.ends_with('\n') {
        return Some(Hint { text: goes_on(sources, line), taken: false });
    }
    if let Some(text) = from_history(line, context) {
        return Some(Hint { text, taken: true });
    }
    what_follows(sources, line).filter(|text| !text.is_empty()).map(|text| Hint { text, taken: false })
}

/// What a new line of an input shows in place of a prompt: that it goes on, and until when.
fn goes_on(sources: &Sources<'_>, line: &str) -> String {
    let language = sources.shell.language();
    let tokens = tokens(line, language);
    let open = match sources.shell.classify(line) {
        Line::Command { ref command, .. } if !command.takes_source() => None,
        _ => open_brackets(&tokens).last().map(|at| tokens[*at].text),
    };
    match open {
        Some("(") => "... until `)`".to_owned(),
        Some("[") => "... until `]`".to_owned(),
        Some(_) => "... until `}`".to_owned(),
        None if language == Language::Python => "... an empty line ends it".to_owned(),
        None => "...".to_owned(),
    }
}

fn from_history(line: &str, context: &Context<'_>) -> Option<String> {
    let last = context.history_index().min(context.history().len().checked_sub(1)?);
    let found = context.history().starts_with(line, last, SearchDirection::Reverse).ok()??;
    let rest = found.entry.strip_prefix(line)?;
    // An input of several lines would push the screen about at every key.
    (!rest.is_empty() && !rest.contains('\n')).then(|| rest.to_owned())
}

fn what_follows(sources: &Sources<'_>, line: &str) -> Option<String> {
    let (part, _) = last_part(sources.shell, line);
    match sources.shell.classify(part) {
        Line::Command { command, rest } => {
            let tail = &part[offset(part, rest)..];
            if command.takes_source() && !tail.trim().is_empty() {
                signature(sources, tail)
            } else {
                usage(&command, tail)
            }
        }
        Line::Script(source) => signature(sources, &part[offset(part, source)..]),
        _ => None,
    }
}

/// The arguments of a command that are still missing.
fn usage(command: &Command, tail: &str) -> Option<String> {
    let partial = Partial::parse(tail);
    if partial.quote.is_some() || (!tail.is_empty() && !tail.ends_with(char::is_whitespace)) {
        return None;
    }
    let place = positional(command, &partial.before);
    let repeated = command.arguments.last().is_some_and(|last| last.arity == Arity::Repeated);
    let from = if repeated { place.min(command.arguments.len() - 1) } else { place.min(command.arguments.len()) };
    let rest = command.arguments[from..].iter().map(|argument| {
        let name = argument.name.to_uppercase();
        match argument.arity {
            Arity::Required => name,
            Arity::Optional => format!("[{name}]"),
            Arity::Repeated => format!("[{name}...]"),
        }
    });
    let rest = rest.collect::<Vec<_>>().join(" ");
    Some(if tail.is_empty() && !rest.is_empty() { format!(" {rest}") } else { rest })
}

/// What is left of the signature of the call that is being typed, the present parameter first.
fn signature(sources: &Sources<'_>, source: &str) -> Option<String> {
    let scope = sources.scope(false);
    let found = tokens(source, sources.shell.language());
    if let Some(method) = named(&scope, &found).filter(|_| !source.ends_with(char::is_whitespace)) {
        return method.to_string().strip_prefix(method.name).map(str::to_owned);
    }
    let call = Call::at_end(&scope, &found)?;
    let typing = !call.fresh;
    let rest = call.method.inputs().skip(call.index).map(|parameter| format!("{}: {}", parameter.name, parameter.kind));
    let rest = rest.collect::<Vec<_>>().join(", ");
    // Behind a half-typed argument two blanks keep it apart from what is its name and type.
    Some(format!("{}{rest})", if typing { "  " } else { "" }))
}

/// The method whose name is typed to its end, without parentheses yet.
fn named(scope: &super::chain::Scope<'_>, found: &[Token<'_>]) -> Option<&'static Method> {
    let [chain @ .., dot, name] = found else { return None };
    if !dot.is_dot() || name.kind != TokenKind::Word {
        return None;
    }
    let interface = scope.interface_at_end(chain, found)?;
    interface.method(name.text).filter(|method| interface.attribute(name.text).is_none() && method.name == name.text)
}

#[cfg(test)]
mod tests {
    use super::super::known::Known;
    use super::super::testing;
    use super::*;
    use rustyline::history::{History, MemHistory};

    fn at(line: &str, earlier: &[&str]) -> Option<(String, bool)> {
        let (shell, machines) = (testing::shell(), Known::default());
        let mut history = MemHistory::new();
        for line in earlier {
            history.add(line).unwrap();
        }
        let hint = hint(&Sources { shell: &shell, machines: &machines }, line, &Context::new(&history))?;
        Some((hint.text, hint.taken))
    }

    fn follows(line: &str) -> String {
        at(line, &[]).map(|(text, _)| text).unwrap_or_default()
    }

    #[test]
    fn an_earlier_line_is_offered_and_can_be_taken() {
        assert_eq!(at("sta", &["start a", "start b", "list"]), Some(("rt b".to_owned(), true)));
        assert_eq!(at("start b", &["start b"]).map(|(_, taken)| taken), None);
        assert_eq!(at("", &["list"]), None);
        assert_eq!(at("if", &["if true {\n}"]), None, "not an input of several lines");
    }

    #[test]
    fn a_new_line_of_an_input_says_until_when_it_goes_on() {
        assert_eq!(at("if true {\n", &["if true {\n1 }"]), Some(("... until `}`".to_owned(), false)));
        assert_eq!(follows("let a = [f(1),\n"), "... until `]`");
        assert_eq!(follows("let a = [f(\n"), "... until `)`");
        assert_eq!(follows("start 'web\n"), "...");
        assert_eq!(follows("\n"), "");
    }

    #[test]
    fn commands_say_what_is_missing() {
        assert_eq!(follows("start"), " MACHINE [MODE]");
        assert_eq!(follows("start "), "MACHINE [MODE]");
        assert_eq!(follows("start web-01 "), "[MODE]");
        assert_eq!(follows("start --wait 5 "), "MACHINE [MODE]");
        assert_eq!(follows("start web-01 gui "), "");
        assert_eq!(follows("start we"), "");
        assert_eq!(follows("list; get a "), "[PATH...]");
    }

    #[test]
    fn calls_show_the_rest_of_their_signature() {
        assert_eq!(follows("vbox.findMachine"), "(nameOrId: wstring) -> IMachine");
        assert_eq!(follows("vbox.findMachine("), "nameOrId: wstring)");
        assert_eq!(follows("vbox.findMachine(\"a\""), "  nameOrId: wstring)");
        assert_eq!(follows("vbox.machines[0].lockMachine(session, "), "lockType: LockType)");
        assert_eq!(follows("eval vbox.findMachine("), "nameOrId: wstring)");
        assert_eq!(follows("vbox.machines"), "");
        assert_eq!(follows("f("), "");
    }
}
