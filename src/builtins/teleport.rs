//! Moving a running machine to another host: `openportal` there, `teleport` here, `closeportal`.

use super::network::port;
use super::on_machine::{change, finish, machine, note, text, with_console};
use crate::model::{Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell, read_password_file};
use std::time::Duration;

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Machines, summary, run).effect(Effect::Write).argument(
            "machine",
            ArgumentKind::Machine,
            Arity::Required,
            "name or id of a machine",
        )
    };
    let secret = |command: Command| {
        command
            .argument(
                "password",
                ArgumentKind::Text,
                Arity::Optional,
                "password of the portal, as vboxshell takes it; others can see it here",
            )
            .flag("password-file", Some(ArgumentKind::File), "file with the password of the portal")
    };
    vec![
        secret(new("openportal", "let a machine wait for another host's running one", open).alias("open-portal").argument(
            "port",
            ArgumentKind::Text,
            Arity::Required,
            "port to wait on",
        ))
        .help("Start the machine afterwards: it waits until the other one is teleported to it. Both need the same settings and disks.")
        .example("openportal web-01 8000", "on every address of this host"),
        new("closeportal", "let a machine start by itself again", close).alias("close-portal").example("closeportal web-01", "after it was opened"),
        secret(new("teleport", "move a running machine to a portal on another host", teleport).argument(
            "target",
            ArgumentKind::Text,
            Arity::Required,
            "HOST:PORT of the portal",
        ))
        .argument("downtime", ArgumentKind::Text, Arity::Optional, "milliseconds that the guest may stand still; default 250")
        .shown("teleport web-01 other-host:8000", "the machine goes on there"),
    ]
}

fn password(given: &Given) -> Result<Value, Failure> {
    match given.option("password-file") {
        Some(file) => Ok(Value::from(read_password_file(std::path::Path::new(file))?.expose())),
        None => Ok(Value::from(given.text("password"))),
    }
}

fn open(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let (port, password) = (port(given.text("port"))?, password(given)?);
    change(&machine, |machine| {
        machine.set("teleporterEnabled", Value::Bool(true))?;
        machine.set("teleporterPort", Value::Int(port))?;
        machine.set("teleporterPassword", password)?;
        Ok(())
    })?;
    note(format!("`{}` waits on port {port} when it is started", text(&machine, "name")))
}

fn close(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    change(&machine, |machine| Ok(machine.set("teleporterEnabled", Value::Bool(false))?))?;
    Ok(Reply::Nothing)
}

fn teleport(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let target = given.text("target");
    let Some((host, port_word)) = target.rsplit_once(':') else {
        return Err(Failure::usage(format!("`{target}` is no target"), "write it as HOST:PORT"));
    };
    let downtime = given.optional("downtime").map_or(Ok(250), |word| super::sizes::count("the downtime", word))?;
    let arguments = vec![Value::from(host), Value::Int(port(port_word)?), password(given)?, Value::Int(downtime)];
    let done = with_console(&machine, |console, _| finish(shell, console.call("teleport", arguments)?));
    // The process that would tell of success may have ended with the machine that left it.
    if let Err(failure) = done
        && !has_left(shell, &machine)?
    {
        return Err(failure.or_hinted(format!(
            "a machine has to wait there: `openportal MACHINE {port_word}`, then `start MACHINE`"
        )));
    }
    note(format!("`{}` is at {host} now", text(&machine, "name")))
}

/// Whether a machine has gone to another place; waits while it is about to.
fn has_left(shell: &Shell, machine: &Object) -> Result<bool, Failure> {
    for _ in 0..50 {
        match text(machine, "state").as_str() {
            "Teleported" => return Ok(true),
            "Teleporting" | "TeleportingPausedVM" | "" => {}
            _ => return Ok(false),
        }
        shell.world().interrupt().sleep(Duration::from_millis(100))?;
    }
    Ok(false)
}
