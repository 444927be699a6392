//! `snapshot`: a machine's snapshots as a tree, and what is done to them.

use super::on_machine::{change, child, children, consent, finish, machine, made, note, show, text};
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

const ACTIONS: &[&str] =
    &["list", "take", "restore", "restorecurrent", "delete", "merge", "rename", "describe", "diff", "help"];

pub(super) fn commands() -> Vec<Command> {
    let taken = "snapshot web-01 take base";
    vec![
        Command::new("snapshot", Category::Machines, "list, take, restore and delete a machine's snapshots", snapshot)
            .effect(Effect::Write)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("action", ArgumentKind::Choice(ACTIONS), Arity::Optional, "list (default), take, restore, restorecurrent, delete, rename or describe")
            .argument("snapshot", ArgumentKind::Snapshot, Arity::Optional, "name or id of a snapshot; for `take` the name of the new one")
            .argument("text", ArgumentKind::Text, Arity::Optional, "take, describe: a description; rename: the new name")
            .flag("pause", None, "take: pause a running machine meanwhile")
            .help(
                "`take` keeps the present state under a name, `restore` goes back to a snapshot (the present state is lost), \
                 `restorecurrent` to the one the present state came from. `delete` (or `merge`) gives a snapshot up: what it \
                 holds is merged into what comes after it, and the present state stays as it is.",
            )
            .prepared(taken, "snapshot web-01", "the tree; `*` marks where the present state came from")
            .example("snapshot web-01 take base 'before the upgrade'", "keep the present state")
            .prepared(taken, "snapshot web-01 restore base", "the present state is lost")
            .prepared(taken, "snapshot web-01 restorecurrent", "back to the latest one")
            .prepared(taken, "snapshot web-01 delete base", "the present state stays")
            .prepared(taken, "snapshot web-01 rename base clean", "another name")
            .prepared(taken, "snapshot web-01 describe base 'fresh system'", "another description"),
    ]
}

fn snapshot(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    if given.text("machine") == "help" {
        let command = shell.commands().find("snapshot").cloned();
        return Ok(command.map_or(Reply::Nothing, |command| Reply::Text(crate::shell::command_manual(&command))));
    }
    let machine = machine(shell, given)?;
    let named = || match given.optional("snapshot") {
        Some(name) => find(&machine, name),
        None => {
            let action = given.text("action");
            Err(Failure::usage(format!("snapshot {action}: SNAPSHOT is missing"), format!("usage: {}", given.usage())))
        }
    };
    match given.optional("action").unwrap_or("list") {
        "take" => take(shell, &machine, given),
        "restore" => restore(shell, &machine, &named()?),
        "restorecurrent" => match machine.get("currentSnapshot")? {
            Value::Object(current) => restore(shell, &machine, &current),
            _ => Err(none(&machine)),
        },
        "delete" | "merge" => delete(shell, &machine, &named()?),
        "rename" | "describe" => {
            let snapshot = named()?;
            let attribute = if given.text("action") == "rename" { "name" } else { "description" };
            let Some(text) = given.optional("text") else {
                return Err(Failure::usage("the new text is missing", format!("usage: {}", given.usage())));
            };
            snapshot.set(attribute, Value::from(text))?;
            Ok(Reply::Nothing)
        }
        "diff" => super::compare::machine_and_snapshot(&machine, &named()?),
        "help" => Ok(Reply::Text(given.usage().to_owned())),
        _ => list(shell, &machine),
    }
}

fn none(machine: &Object) -> Failure {
    let name = text(machine, "name");
    Failure::new(ErrorKind::NotFound, format!("`{name}` has no snapshots"))
        .hinted(format!("`snapshot {} take NAME` makes one", super::on_machine::quoted(&name)))
}

/// The snapshot of that name or id. Names need not be unique: two of one name are told apart by their ids.
pub(super) fn find(machine: &Object, name: &str) -> Result<Object, Failure> {
    let all = tree(machine)?;
    let named: Vec<&Object> =
        all.iter().map(|(snapshot, _)| snapshot).filter(|snapshot| text(snapshot, "name") == name).collect();
    if named.len() > 1 {
        let ids: Vec<_> = named.iter().map(|snapshot| text(snapshot, "id")).collect();
        return Err(Failure::usage(
            format!("{} snapshots are named `{name}`", named.len()),
            format!("give an id: {}", ids.join(", ")),
        ));
    }
    if let Some(snapshot) = named.first() {
        return Ok((*snapshot).clone());
    }
    if all.is_empty() {
        return Err(none(machine));
    }
    let names: Vec<String> = all.iter().map(|(snapshot, _)| text(snapshot, "name")).collect();
    let found = machine.call("findSnapshot", vec![Value::from(name)]).map_err(Failure::from);
    found.and_then(|found| made(found, "IMachine.findSnapshot")).map_err(|failure| {
        let near = crate::schema::suggest(name, names.iter().map(String::as_str));
        match near.first() {
            Some(near) => failure.hinted(format!("did you mean `{near}`?")),
            None => failure.hinted(format!("there are {}", names.join(", "))),
        }
    })
}

/// All snapshots with their depth, parents first.
pub(super) fn tree(machine: &Object) -> Result<Vec<(Object, usize)>, Failure> {
    let mut found = Vec::new();
    if machine.get("snapshotCount")?.as_int() == Some(0) {
        return Ok(found);
    }
    // The empty name is the root of the tree.
    let root = made(machine.call("findSnapshot", vec![Value::from("")])?, "IMachine.findSnapshot")?;
    let mut waiting = vec![(root, 0)];
    while let Some((snapshot, depth)) = waiting.pop() {
        let mut below = children(&snapshot, "children")?;
        below.reverse();
        waiting.extend(below.into_iter().map(|child| (child, depth + 1)));
        found.push((snapshot, depth));
        if found.len() > 100_000 {
            break;
        }
    }
    Ok(found)
}

fn list(shell: &Shell, machine: &Object) -> Result<Reply, Failure> {
    let json = shell.ui().options().json;
    let current = match machine.get("currentSnapshot")? {
        Value::Object(current) => text(&current, "id"),
        _ => String::new(),
    };
    let mut rows = Vec::new();
    for (snapshot, depth) in tree(machine)? {
        let id = text(&snapshot, "id");
        let name = text(&snapshot, "name");
        let shown =
            if json { name } else { format!("{}{name}{}", "  ".repeat(depth), if id == current { " *" } else { "" }) };
        let parent = match snapshot.get("parent") {
            Ok(Value::Object(parent)) => Value::Text(text(&parent, "id")),
            _ => Value::Null,
        };
        let mut row = vec![
            Value::Text(shown),
            snapshot.get("timeStamp")?,
            snapshot.get("online")?,
            snapshot.get("description")?,
            Value::Text(id.clone()),
        ];
        if json {
            row.extend([parent, Value::Bool(id == current)]);
        }
        rows.push(row);
    }
    let mut names = vec!["name", "timeStamp", "online", "description", "id"];
    if json {
        names.extend(["parent", "current"]);
    }
    Ok(Reply::Table(Table {
        columns: names.into_iter().map(Column::new).collect(),
        rows,
        empty: "no snapshots".to_owned(),
    }))
}

fn take(shell: &Shell, machine: &Object, given: &Given) -> Result<Reply, Failure> {
    let Some(name) = given.optional("snapshot") else {
        return Err(Failure::usage("snapshot take: the NAME is missing", format!("usage: {}", given.usage())));
    };
    // Only a machine that runs can go on meanwhile.
    let pause = given.flag("pause") || text(machine, "state") != "Running";
    let arguments = vec![Value::from(name), Value::from(given.text("text")), Value::Bool(pause)];
    // Taking saves by itself; a lock is needed for the mutable machine only.
    let id = change(machine, |machine| {
        let outputs = machine.call_outputs("takeSnapshot", arguments)?;
        let id = outputs.get(1).map(show).unwrap_or_default();
        finish(shell, outputs.into_iter().next().unwrap_or_default())?;
        Ok(id)
    })?;
    note(format!("snapshot `{name}` is taken, id {id}"))
}

fn restore(shell: &Shell, machine: &Object, snapshot: &Object) -> Result<Reply, Failure> {
    let (name, what) = (text(machine, "name"), text(snapshot, "name"));
    consent(shell, &format!("go back to the snapshot `{what}`? the present state of `{name}` is lost"))?;
    change(machine, |machine| finish(shell, machine.call("restoreSnapshot", vec![Value::Object(snapshot.clone())])?))?;
    note(format!("`{name}` is as in `{what}`"))
}

fn delete(shell: &Shell, machine: &Object, snapshot: &Object) -> Result<Reply, Failure> {
    let what = text(snapshot, "name");
    consent(shell, &format!("delete the snapshot `{what}` of `{}`?", text(machine, "name")))?;
    let id = snapshot.get("id")?;
    change(machine, |machine| finish(shell, machine.call("deleteSnapshot", vec![id])?))?;
    note(format!("snapshot `{what}` is deleted"))
}

/// The machine as a snapshot keeps it.
pub(super) fn machine_of(snapshot: &Object) -> Result<Object, Failure> {
    child(snapshot, "machine")
}
