//! `get`, `set` and `call`: any attribute and any method, by path.

use crate::model::Value;
use crate::output::{Failure, Reply};
use crate::shell::{
    ArgumentKind, Arity, Category, Command, Effect, Given, Path, Shell, Step, call_by_words, find_listed, follow,
    parse_literal, place_of, wait, with_lock_if_needed,
};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("get", Category::Graph, "read an attribute, or what any path leads to", get)
            .argument("path", ArgumentKind::GraphPath, Arity::Repeated, "path such as `web-01.memorySize`; `help paths` says how they work")
            .flag("detail", None, "show an object with all its attributes")
            .example("get vbox.version", "the version of the Main API that answers")
            .example("get web-01.networkAdapter[0].MACAddress", "one attribute of the first network adapter")
            .example("get --detail web-01", "a machine with all its attributes"),
        Command::new("set", Category::Graph, "write an attribute", set)
            .effect(Effect::Write)
            .argument("path", ArgumentKind::GraphPath, Arity::Required, "path that ends in an attribute")
            .argument("value", ArgumentKind::Text, Arity::Required, "new value: text, number, true or false, the name of an enum value, `a,b` for a list, `@FILE` for bytes, `null` or a path for an object")
            .help(
                "A machine that is not locked is locked for the change, which is saved, and unlocked again. A machine that \
                 another process has locked is shared with it where VirtualBox allows that.",
            )
            .example("set web-01.memorySize 2048", "memory in MB")
            .example("set web-01.description 'two words'", "a text with a blank")
            .example("set web-01.networkAdapter[0].cableConnected false", "an attribute further down"),
        Command::new("call", Category::Graph, "call a method", call)
            .effect(Effect::Write)
            .argument("path", ArgumentKind::GraphPath, Arity::Required, "path that ends in a method, with or without arguments in parentheses")
            .argument("arguments", ArgumentKind::Text, Arity::Repeated, "the arguments, when they do not stand in parentheses")
            .help("A machine that has to be locked for the call is locked, saved and unlocked as `set` does it. A method that gives a progress is waited for.")
            .flag("no-wait", None, "give the progress back instead of waiting for it")
            .example("call web-01.setExtraData note 'moved to rack 4'", "two arguments")
            .example("call vbox.composeMachineFilename(web-02,/,,)", "arguments in parentheses; empty ones are empty texts"),
    ]
}

fn get(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let paths = given.rest("path");
    if paths.is_empty() {
        return Err(Failure::usage(
            "get: PATH is missing",
            format!("usage: {}; `help paths` says how they work", given.usage()),
        ));
    }
    let connection = shell.world().connection()?;
    let mut replies = Vec::new();
    for path in paths {
        let value = value_of_path(shell, path, &connection)?;
        replies.push(match value {
            // A document that says null, not no document.
            Value::Null if shell.ui().options().json => Reply::Value(Value::Null),
            Value::Null => Reply::Note(format!("`{path}` is null")),
            value if given.flag("detail") => Reply::Detail(value),
            value => Reply::Value(value),
        });
    }
    Ok(if replies.len() == 1 { replies.remove(0) } else { Reply::Many(replies) })
}

/// A path, or one that starts at a variable of the prompt.
fn value_of_path(shell: &Shell, text: &str, connection: &crate::model::Connection) -> Result<Value, Failure> {
    let path = path_of(text, connection)?;
    if let Some(name) = changing_call(&path.steps) {
        return Err(Failure::usage(
            format!("get: `{name}` may change something, and `get` only reads"),
            format!("`call {text}` calls it"),
        ));
    }
    let variable = shell.ready_engine().and_then(|engine| engine.variable(&path.root));
    Ok(match variable {
        Some(value) if !path.quoted => follow(value, &path.steps)?,
        _ => path.follow(connection)?,
    })
}

/// Reads a path. What is none may be the bare name of a machine, as in `info`: `a.b [c]`.
fn path_of(text: &str, connection: &crate::model::Connection) -> crate::model::Result<Path> {
    Path::parse(text).or_else(|error| match find_listed(connection, text) {
        Ok(_) => Ok(Path { root: text.to_owned(), quoted: true, steps: Vec::new() }),
        Err(_) => Err(error),
    })
}

/// How the names of methods begin that only read.
const READS: &[&str] =
    &["get", "find", "query", "is", "has", "compose", "enumerate", "check", "supports", "validate", "decode"];

/// The first method that a path calls and that may do more than read.
fn changing_call(steps: &[Step]) -> Option<&str> {
    steps.windows(2).find_map(|pair| match pair {
        [Step::Member(name), Step::Call(_)] if !reads(name) => Some(name.as_str()),
        _ => None,
    })
}

fn reads(name: &str) -> bool {
    let begins = |word: &&&str| {
        name.strip_prefix(**word).is_some_and(|rest| rest.starts_with(|next: char| next.is_uppercase() || next == '_'))
    };
    READS.iter().any(|word| begins(&word))
}

fn set(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let path = Path::parse(given.text("path"))?;
    let word = given.text("value");
    with_lock_if_needed(&connection, &path, |start, steps| {
        let place = place_of(start, steps)?;
        let value = match place.object.interface().attribute(&place.attribute) {
            Some(attribute) if attribute.writable => parse_literal(word, attribute.kind, &connection)
                .map_err(|error| about(&format!("{}.{}", attribute.owner, attribute.name), error))?,
            // Unknown or read-only: setting says so.
            _ => Value::Null,
        };
        place.object.set(&place.attribute, value)
    })?;
    Ok(Reply::Nothing)
}

/// Says which member a wrong word was meant for.
fn about(member: &str, error: crate::model::Error) -> crate::model::Error {
    match error {
        crate::model::Error::Usage(wrong) => {
            crate::model::Error::usage(format!("{member}: {}", wrong.message), wrong.hint)
        }
        other => other,
    }
}

fn call(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let path = Path::parse(given.text("path"))?;
    let words = given.rest("arguments");
    let (value, _) = with_lock_if_needed(&connection, &path, |start, steps| {
        let start = Value::Object(start);
        match steps.split_last() {
            Some((Step::Member(name), before)) => call_by_words(&follow(start, before)?, name, words),
            Some((Step::Call(_), _)) if words.is_empty() => follow(start, steps),
            _ => Err(crate::model::Error::usage(
                "the path does not end in a method",
                "write it as `MACHINE.method ARGUMENT...`; `help paths` says more",
            )),
        }
    })?;
    match value {
        Value::Null => Ok(Reply::Nothing),
        Value::Object(progress) if progress.interface().name == "IProgress" && !given.flag("no-wait") => {
            wait(shell.world(), &progress, None)?;
            Ok(Reply::Nothing)
        }
        value => Ok(Reply::Value(value)),
    }
}
