//! Settings by name: `setvar`, `modify`, `getextra`, `setextra`.

use super::on_machine::{change, machine, show};
use crate::model::{Connection, Error, Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{
    ArgumentKind, Arity, Category, Command, Effect, Given, Path, Shell, Step, call_by_words, find_listed, follow,
    parse_literal, place_of,
};

pub(super) fn commands() -> Vec<Command> {
    let on_machine = |command: Command| {
        command.argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
    };
    let scope = |command: Command| {
        command.argument("scope", ArgumentKind::Machine, Arity::Required, "name or id of a machine, or `global`")
    };
    vec![
        on_machine(Command::new("setvar", Category::Settings, "change one setting of a machine", setvar))
            .effect(Effect::Write)
            .argument(
                "setting",
                ArgumentKind::Member,
                Arity::Required,
                "path from the machine, such as `firmwareSettings.ACPIEnabled`",
            )
            .argument("value", ArgumentKind::Text, Arity::Required, "the new value")
            .help("As `set MACHINE.SETTING VALUE`; `modify` changes several at once.")
            .example("setvar web-01 firmwareSettings.ACPIEnabled True", "as vboxshell writes it"),
        on_machine(Command::new(
            "modify",
            Category::Settings,
            "change several settings of a machine in one lock",
            modify,
        ))
        .effect(Effect::Write)
        .argument(
            "changes",
            ArgumentKind::Member,
            Arity::Repeated,
            "`PATH=VALUE`, or `METHOD(ARGUMENTS)`; paths start at the machine",
        )
        .help("All is saved, or nothing when one of the changes is refused.")
        .example("modify web-01 memorySize=2048 CPUCount=2 networkAdapter[0].cableConnected=false", "three settings")
        .example("modify web-01 'description=two words' 'setBootOrder(1, DVD)'", "a text, and a method"),
        scope(Command::new("getextra", Category::Settings, "show extra data of a machine or of VirtualBox", getextra))
            .argument("key", ArgumentKind::ExtraDataKey, Arity::Optional, "a key; all of them when left out")
            .prepared("setextra web-01 note keep", "getextra web-01", "all keys of a machine")
            .example("getextra global GUI/LastWindowPosition", "one key; nothing when it is not set"),
        scope(Command::new(
            "setextra",
            Category::Settings,
            "change extra data of a machine or of VirtualBox",
            setextra,
        ))
        .effect(Effect::Write)
        .argument("key", ArgumentKind::ExtraDataKey, Arity::Required, "key, in VirtualBox's or in your own words")
        .argument("value", ArgumentKind::Text, Arity::Optional, "the value; left out or empty, the key is removed")
        .example("setextra web-01 note 'keep until May'", "of a machine"),
    ]
}

/// Writes the attribute that `path` leads to from a machine.
pub(super) fn write(machine: &Object, path: &str, word: &str) -> Result<(), Error> {
    // A path starts with a name; this one goes on from the machine.
    let steps = Path::parse(&format!("machine.{path}"))?.steps;
    let place = place_of(machine.clone(), &steps)?;
    let value = match place.object.interface().attribute(&place.attribute) {
        Some(attribute) if attribute.writable => {
            parse_literal(word, attribute.kind, machine.connection()).map_err(|error| match error {
                Error::Usage(wrong) => Error::usage(format!("{path}: {}", wrong.message), wrong.hint),
                other => other,
            })?
        }
        _ => Value::Null,
    };
    place.object.set(&place.attribute, value)
}

fn setvar(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    change(&machine, |machine| Ok(write(machine, given.text("setting"), given.text("value"))?))?;
    Ok(Reply::Nothing)
}

fn modify(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let changes = given.rest("changes");
    if changes.is_empty() {
        return Err(Failure::usage("modify: nothing to change", "write each change as `PATH=VALUE`"));
    }
    let machine = machine(shell, given)?;
    change(&machine, |machine| {
        for word in changes {
            apply(machine, word)?;
        }
        Ok(())
    })?;
    Ok(Reply::Nothing)
}

/// `PATH=VALUE`, or `PATH.METHOD(ARGUMENTS)`.
fn apply(machine: &Object, word: &str) -> Result<(), Failure> {
    let called = word.ends_with(')') && word.find('(').is_some_and(|open| !word[..open].contains('='));
    if called {
        let steps = Path::parse(&format!("machine.{word}"))?.steps;
        if let [before @ .., Step::Member(name), Step::Call(words)] = steps.as_slice() {
            call_by_words(&follow(Value::Object(machine.clone()), before)?, name, words)?;
            return Ok(());
        }
    }
    let Some((path, value)) = word.split_once('=') else {
        return Err(Failure::usage(
            format!("modify: `{word}` is no change"),
            "write it as `PATH=VALUE` or `METHOD(ARGUMENTS)`",
        ));
    };
    Ok(write(machine, path.trim(), value)?)
}

/// The machine whose extra data is meant; `IVirtualBox` for `global`.
fn holder(connection: &Connection, scope: &str) -> Result<Object, Failure> {
    if scope == "global" { Ok(connection.root()) } else { Ok(find_listed(connection, scope)?) }
}

fn getextra(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let holder = holder(&shell.world().connection()?, given.text("scope"))?;
    let read = |key: &str| holder.call("getExtraData", vec![Value::from(key)]);
    if let Some(key) = given.optional("key").filter(|key| !key.is_empty()) {
        let value = read(key)?;
        return Ok(if value.as_text() == Some("") { Reply::Nothing } else { Reply::Value(value) });
    }
    let mut rows = Vec::new();
    for key in holder.call("getExtraDataKeys", Vec::new())?.into_list() {
        let value = read(&show(&key))?;
        rows.push(vec![key, value]);
    }
    Ok(Reply::Table(Table {
        columns: vec![Column::new("key"), Column::new("value")],
        rows,
        empty: "no extra data".to_owned(),
    }))
}

fn setextra(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let holder = holder(&shell.world().connection()?, given.text("scope"))?;
    let write = |holder: &Object| {
        holder.call("setExtraData", vec![Value::from(given.text("key")), Value::from(given.text("value"))])
    };
    if holder.interface().extends("IMachine") {
        change(&holder, |machine| Ok(write(machine)?))?;
    } else {
        write(&holder)?;
    }
    Ok(Reply::Nothing)
}
