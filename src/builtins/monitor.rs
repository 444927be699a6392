//! Events as they come: `events`, `monitor-vbox`, `monitor-guest` and its kin.

use super::on_machine::{child, machine, show, text, with_console};
use super::wait::seconds;
use crate::model::{ErrorKind, EventListener, Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What every event has, and says nothing.
const COMMON: &[&str] = &["type", "source", "waitable", "generation", "midlDoesNotLikeEmptyInterfaces"];

/// How long vboxshell monitors when nothing is said, in seconds.
const USUAL: Duration = Duration::from_secs(5);

pub(super) fn commands() -> Vec<Command> {
    let guest = |name: &str, alias: &str, summary: &str, source: &'static str| {
        Command::new(name, Category::Watch, summary, move |shell, given| monitor_guest(shell, given, source))
            .alias(alias)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a running machine")
            .argument("duration", ArgumentKind::Seconds, Arity::Optional, "for how many seconds; default 5")
            .prepared("start web-01 headless", &format!("{alias} web-01 0.2"), "for a while")
    };
    vec![
        Command::new("events", Category::Watch, "show events as they come", events)
            .argument(
                "types",
                ArgumentKind::Enum("VBoxEventType"),
                Arity::Repeated,
                "types, such as OnMachineStateChanged or MachineEvent; all when left out",
            )
            .flag("machine", Some(ArgumentKind::Machine), "only those about this machine")
            .flag("for", Some(ArgumentKind::Seconds), "end after so many seconds")
            .flag("count", Some(ArgumentKind::Text), "end after so many events")
            .help("One line an event; with `--json` one JSON document a line. Ctrl-C ends it.")
            .example("events --for 0.2", "all that happens")
            .example("events OnMachineStateChanged --machine web-01 --for 0.2", "the states of one machine"),
        Command::new("monitor-vbox", Category::Watch, "show the events of VirtualBox for a while", |shell, given| {
            let time = if given.optional("duration").is_some() { given.seconds("duration")? } else { USUAL };
            let source = child(&shell.world().root()?, "eventSource")?;
            listen(shell, &source, Vec::new(), &Limits { time: Some(time), ..Limits::default() })
        })
        .alias("monitorVBox")
        .argument("duration", ArgumentKind::Seconds, Arity::Optional, "for how many seconds; default 5")
        .example("monitorVBox 0.2", "for a while"),
        guest("monitor-guest", "monitorGuest", "show the events of a running machine for a while", ""),
        guest(
            "monitor-guest-kbd",
            "monitorGuestKbd",
            "show the events of a running machine's keyboard for a while",
            "keyboard",
        ),
        guest(
            "monitor-guest-mouse",
            "monitorGuestMouse",
            "show the events of a running machine's mouse for a while",
            "mouse",
        ),
        guest(
            "monitor-guest-multi-touch",
            "monitorGuestMultiTouch",
            "show the touch events of a running machine for a while",
            "touch",
        ),
    ]
}

/// When to stop, and what to leave out.
#[derive(Default)]
struct Limits {
    time: Option<Duration>,
    count: Option<i64>,
    /// Id of the only machine that is of interest.
    machine: Option<String>,
}

fn events(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let types: Vec<Value> = given.rest("types").iter().map(|name| Value::from(name.as_str())).collect();
    let machine = match given.option("machine") {
        Some(name) => Some(text(&crate::shell::find_listed(&connection, name)?, "id")),
        None => None,
    };
    let limits = Limits {
        time: given.option("for").map(seconds).transpose()?,
        count: given.option("count").map(|word| super::sizes::count("--count", word)).transpose()?,
        machine,
    };
    let source = child(&connection.root(), "eventSource")?;
    listen(shell, &source, types, &limits)
}

fn monitor_guest(shell: &Shell, given: &Given, device: &str) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let time = if given.optional("duration").is_some() { given.seconds("duration")? } else { USUAL };
    let limits = Limits { time: Some(time), ..Limits::default() };
    with_console(&machine, |console, _| {
        let (source, types) = match device {
            "" => (child(console, "eventSource")?, Vec::new()),
            "touch" => {
                let mouse = child(console, "mouse")?;
                (child(&mouse, "eventSource")?, vec![Value::from("OnGuestMultiTouch")])
            }
            "mouse" => (child(&child(console, "mouse")?, "eventSource")?, vec![Value::from("OnGuestMouse")]),
            device => (child(&child(console, device)?, "eventSource")?, Vec::new()),
        };
        listen(shell, &source, types, &limits)
    })
}

fn listen(shell: &Shell, source: &Object, types: Vec<Value>, limits: &Limits) -> Result<Reply, Failure> {
    let listener = EventListener::open(source, types)?;
    let start = Instant::now();
    let (mut seen, mut names) = (0, HashMap::new());
    loop {
        if limits.count.is_some_and(|count| seen >= count) {
            return Ok(Reply::Nothing);
        }
        let left = limits.time.map(|time| time.saturating_sub(start.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Reply::Nothing);
        }
        let event = match listener.next(left.unwrap_or(Duration::from_secs(3600))) {
            Ok(event) => event,
            // Ctrl-C is how a monitor without an end is ended.
            Err(error) if error.kind() == ErrorKind::Interrupted && limits.time.is_none() && limits.count.is_none() => {
                shell.world().interrupt().clear();
                return Ok(Reply::Nothing);
            }
            Err(error) => return Err(error.into()),
        };
        let Some(event) = event else { continue };
        let facts = facts(&event);
        listener.processed(&event)?;
        let about = facts.iter().find(|(name, _)| name == "machineId").map(|(_, id)| show(id));
        if limits.machine.is_some() && about != limits.machine {
            continue;
        }
        seen += 1;
        let reply =
            if shell.ui().options().json { Value::Map(facts) } else { Value::Text(line(&event, facts, &mut names)) };
        shell.ui().reply(&Reply::Value(reply))?;
    }
}

/// An event as `events` shows it. `names` keeps the names of machines from call to call.
pub fn event_line(event: &Object, names: &mut HashMap<String, String>) -> String {
    crate::output::clean_line(&line(event, facts(event), names)).into_owned()
}

/// The type of an event and what it tells.
fn facts(event: &Object) -> Vec<(String, Value)> {
    let mut facts = vec![("type".to_owned(), event.get("type").unwrap_or_default())];
    for attribute in event.interface().attributes() {
        if !COMMON.contains(&attribute.name)
            && let Ok(value) = event.read(attribute)
        {
            facts.push((attribute.name.to_owned(), value));
        }
    }
    facts
}

/// `OnMachineStateChanged machine=web-01 state=Running`.
fn line(event: &Object, facts: Vec<(String, Value)>, names: &mut HashMap<String, String>) -> String {
    let words = facts.into_iter().map(|(name, value)| match (name.as_str(), &value) {
        ("type", value) => show(value),
        ("machineId", Value::Text(id)) => {
            let named = names.entry(id.clone()).or_insert_with(|| {
                event.connection().find_machine(id).map_or_else(|_| id.clone(), |machine| text(&machine, "name"))
            });
            format!("machine={}", super::on_machine::quoted(named))
        }
        (name, Value::Text(text)) => format!("{name}={}", super::on_machine::quoted(text)),
        (name, Value::Object(object)) => format!("{name}={}", object.interface().name),
        (name, Value::List(values)) => {
            let values: Vec<String> = values.iter().map(show).collect();
            format!("{name}={}", values.join(","))
        }
        (name, value) => format!("{name}={}", show(value)),
    });
    words.collect::<Vec<_>>().join(" ")
}
