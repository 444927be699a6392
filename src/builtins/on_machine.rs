//! What the commands on machines share: finding one, its lock, its console, waiting, and asking before a loss.
//!
//! No command stands here.

use crate::model::{ErrorKind, Object, SessionGuard, Value, with_session};
use crate::output::{Failure, Reply};
pub(super) use crate::shell::quoted;
use crate::shell::{Given, Shell, find_listed, wait};

/// The machine that the argument `machine` names.
pub(super) fn machine(shell: &Shell, given: &Given) -> Result<Object, Failure> {
    let connection = shell.world().connection()?;
    Ok(find_listed(&connection, given.text("machine"))?)
}

/// Changes a machine's settings: locks it (sharing the lock of one that runs), saves, unlocks.
pub(super) fn change<T>(machine: &Object, work: impl FnOnce(&Object) -> Result<T, Failure>) -> Result<T, Failure> {
    with_session(machine, "Shared", |session| work(session.machine()))
}

/// Runs `work` with the console of a running machine and with its session.
pub(super) fn with_console<T>(
    machine: &Object,
    work: impl FnOnce(&Object, &SessionGuard) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let state = machine.get("state")?;
    if !is_online(&state) {
        let name = text(machine, "name");
        return Err(Failure::new(ErrorKind::Failed, format!("`{name}` does not run: its state is {}", show(&state)))
            .hinted(format!("`start {}` starts it", quoted(&name))));
    }
    let session = SessionGuard::lock(machine, "Shared")?;
    let console = child(session.session(), "console")?;
    work(&console, &session)
}

/// The object in an attribute.
pub(super) fn child(object: &Object, name: &str) -> Result<Object, Failure> {
    match object.get(name)? {
        Value::Object(child) => Ok(child),
        _ => Err(Failure::new(ErrorKind::Failed, format!("{}.{name} is null: there is none", object.interface().name))),
    }
}

/// The objects in an array attribute.
pub(super) fn children(object: &Object, name: &str) -> Result<Vec<Object>, Failure> {
    Ok(objects(object.get(name)?))
}

/// The objects of a list.
pub(super) fn objects(list: Value) -> Vec<Object> {
    list.into_list().iter().filter_map(Value::as_object).cloned().collect()
}

/// An object that a call gives.
pub(super) fn made(value: Value, what: &str) -> Result<Object, Failure> {
    match value {
        Value::Object(object) => Ok(object),
        Value::List(mut values) if !values.is_empty() => made(values.remove(0), what),
        _ => Err(Failure::new(ErrorKind::Failed, format!("{what} gave nothing"))),
    }
}

/// Waits for the progress that a call gave, with a bar.
pub(super) fn finish(shell: &Shell, progress: Value) -> Result<(), Failure> {
    let progress = match progress {
        Value::List(values) => values.into_iter().next().unwrap_or_default(),
        value => value,
    };
    if let Value::Object(progress) = progress {
        wait(shell.world(), &progress, None)?;
    }
    Ok(())
}

/// Asks before something is lost. Off a terminal only `--yes` is consent.
pub(super) fn consent(shell: &Shell, question: &str) -> Result<(), Failure> {
    Ok(crate::shell::consent(shell.world(), question)?)
}

/// A text attribute; empty when it cannot be read.
pub(super) fn text(object: &Object, name: &str) -> String {
    object.get(name).map(|value| show(&value)).unwrap_or_default()
}

/// A plain value as text; empty for others.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Enum(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

/// States that mean that a guest is there.
pub(super) fn is_online(state: &Value) -> bool {
    matches!(state, Value::Enum(state) if state.enumeration.name == "MachineState"
        && state.enumeration.number("FirstOnline") <= Some(state.number)
        && Some(state.number) <= state.enumeration.number("LastOnline"))
}

/// Reads attributes of many objects at once; what cannot be read is null.
pub(super) fn read_rows(objects: &[Object], names: &[&str]) -> Vec<Vec<Value>> {
    let Some(first) = objects.first() else { return Vec::new() };
    let mut reads = Vec::new();
    for object in objects {
        reads.extend(names.iter().filter_map(|name| Some((object.clone(), object.interface().attribute(name)?))));
    }
    let mut values = first.connection().read_all(&reads).into_iter();
    let row = |object: &Object| {
        let known = |name: &&str| object.interface().attribute(name).is_some();
        names
            .iter()
            .map(|name| if known(name) { values.next().and_then(Result::ok).unwrap_or_default() } else { Value::Null })
            .collect()
    };
    objects.iter().map(row).collect()
}

/// A sentence of talk.
#[allow(clippy::unnecessary_wraps)] // Commands end with it.
pub(super) fn note(text: impl Into<String>) -> Result<Reply, Failure> {
    Ok(Reply::Note(text.into()))
}
