//! Starting and stopping machines: `start`, `pause`, `resume`, `save`, `reset`, `powerdown`, `powerbutton`.
//!
//! Each command does one thing to a machine, and nothing beside it.

use super::on_machine::{consent, finish, is_online, machine, made, note, quoted, show, text, with_console};
use crate::model::{ErrorKind, Object, SessionGuard, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell, wait};

fn command(
    name: &str,
    summary: &str,
    run: impl Fn(&mut Shell, &Given) -> Result<Reply, Failure> + Send + Sync + 'static,
) -> Command {
    Command::new(name, Category::Machines, summary, run).effect(Effect::Write).argument(
        "machine",
        ArgumentKind::Machine,
        Arity::Required,
        "name or id of a machine",
    )
}

pub(super) fn commands() -> Vec<Command> {
    vec![
        command("start", "start a machine", start)
            .alias("s")
            .argument(
                "frontend",
                ArgumentKind::Choice(&["gui", "headless", "sdl", "separate"]),
                Arity::Optional,
                "gui, headless, sdl or separate; left out: the machine's own default, or headless where there is no desktop",
            )
            .flag("env", Some(ArgumentKind::Text), "`NAME=VALUE,...`: variables for the process of the machine")
            .help("Waits until the machine runs. A machine with a saved state goes on from there.")
            .example("start web-01 headless", "without a window"),
        command("pause", "halt a running machine's guest", |shell, given| on_console(shell, given, "pause"))
            .prepared("start web-01 headless", "pause web-01", "until `resume`"),
        command("resume", "let a paused machine's guest go on", |shell, given| on_console(shell, given, "resume"))
            .prepared("start web-01 headless; pause web-01", "resume web-01", "after `pause`"),
        command("reset", "reset a running machine, as its reset button does", |shell, given| {
            on_console(shell, given, "reset")
        })
        .help("The guest is not asked: what it has not written to its disks is lost.")
        .prepared("start web-01 headless", "reset web-01", "the hard way to reboot"),
        command("powerbutton", "press a running machine's power button", |shell, given| {
            on_console(shell, given, "powerButton")
        })
        .help("The guest sees an ACPI event and may shut down, or not. `powerdown` does not ask it; `wait VM state=PoweredOff` waits.")
        .prepared("start web-01 headless", "powerbutton web-01", "ask the guest to shut down"),
        command("powerdown", "switch a running machine off, as if its plug were pulled", powerdown)
            .help("The guest is not asked: what it has not written to its disks is lost. `powerbutton` asks it.")
            .prepared("start web-01 headless", "powerdown web-01", "at once"),
        command("save", "save a running machine's state to disk and end it", save)
            .help("`start` takes it up where it was.")
            .prepared("start web-01 headless", "save web-01", "until the next `start`"),
        command("discard", "throw a saved state away", discard)
            .effect(Effect::Destroy)
            .help("The machine is then powered off, as if its plug had been pulled.")
            .prepared("start web-01 headless; save web-01", "discard web-01", "the next start boots"),
    ]
}

fn start(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let name = text(&machine, "name");
    let state = machine.get("state")?;
    if is_online(&state) {
        return Err(Failure::new(ErrorKind::Failed, format!("`{name}` runs already: its state is {}", show(&state)))
            .hinted(if show(&state) == "Paused" {
                format!("`resume {}` lets it go on", quoted(&name))
            } else {
                format!("`powerdown {}` switches it off", quoted(&name))
            }));
    }
    let frontend = match given.optional("frontend") {
        Some(frontend) => frontend,
        None if wants_headless(&machine) => {
            shell.ui().note("there is no desktop here: starting it headless");
            "headless"
        }
        None => "",
    };
    let changes = given.option("env").unwrap_or_default().split(',').filter(|change| !change.is_empty());
    let changes = Value::List(changes.map(Value::from).collect());
    let session = machine.connection().new_session()?;
    let progress =
        machine.call("launchVMProcess", vec![Value::Object(session.clone()), Value::from(frontend), changes])?;
    let progress = made(progress, "IMachine.launchVMProcess")?;
    let waited = wait(shell.world(), &progress, None);
    // The session joined the machine's; the machine runs on without it.
    if matches!(session.get("state"), Ok(Value::Enum(state)) if state.is("Locked")) {
        session.call("unlockMachine", Vec::new())?;
    }
    waited.map_err(Failure::from).map_err(|failure| match (failure.kind, &failure.hint) {
        (ErrorKind::Failed, None) => failure.hinted(format!("`log {} --errors` may say more", quoted(&name))),
        _ => failure,
    })?;
    note(format!("`{name}` runs"))
}

/// Nothing says which front-end to take, and a window would have no place.
fn wants_headless(machine: &Object) -> bool {
    let set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if set("DISPLAY") || set("WAYLAND_DISPLAY") || cfg!(any(windows, target_os = "macos")) {
        return false;
    }
    let usual = match machine.connection().root().get("systemProperties") {
        Ok(Value::Object(properties)) => text(&properties, "defaultFrontend"),
        _ => String::new(),
    };
    text(machine, "defaultFrontend").is_empty() && usual.is_empty()
}

fn on_console(shell: &Shell, given: &Given, method: &str) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    with_console(&machine, |console, _| Ok(console.call(method, Vec::new())?))?;
    Ok(Reply::Nothing)
}

fn powerdown(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    with_console(&machine, |console, _| finish(shell, console.call("powerDown", Vec::new())?))?;
    note(format!("`{}` is off", text(&machine, "name")))
}

fn save(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    with_console(&machine, |_, session| finish(shell, session.machine().call("saveState", Vec::new())?))?;
    note(format!("the state of `{}` is saved", text(&machine, "name")))
}

fn discard(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let name = text(&machine, "name");
    consent(shell, &format!("throw the saved state of `{name}` away?"))?;
    let session = SessionGuard::lock(&machine, "Write")?;
    session.machine().call("discardSavedState", vec![Value::Bool(true)])?;
    session.finish()?;
    note(format!("`{name}` has no saved state any more"))
}
