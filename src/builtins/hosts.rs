//! Several hosts: `hosts` lists those of the configuration, `on` runs a command on some of them at once.

use super::side_by_side::{self, Answer, Job};
use super::wait::seconds;
use crate::model::{ErrorKind, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{
    ArgumentKind, Arity, Asking, Category, Command, ConnectSettings, Effect, Given, HostEntry, Shell, Target, World,
    connect,
};
use std::time::Duration;

/// How long a host may take, in seconds, when nothing is said.
const USUAL: u64 = 30;

pub(super) fn commands(settings: &ConnectSettings) -> Vec<Command> {
    let settings = settings.clone();
    vec![
        Command::new("hosts", Category::Connection, "list the hosts of the configuration file", |shell, _| {
            let row = |(name, entry): (&String, &HostEntry)| {
                let text = |value: Option<&String>| Value::Text(value.cloned().unwrap_or_default());
                vec![Value::from(name.as_str()), Value::from(entry.url.as_str()), text(entry.user.as_ref())]
            };
            Ok(Reply::Table(Table {
                columns: vec![Column::new("name"), Column::new("url"), Column::new("user")],
                rows: shell.config().hosts.iter().map(row).collect(),
                empty: "no hosts; `help configuration` says how to name some".to_owned(),
            }))
        })
        .example("hosts", "names and addresses"),
        Command::new("on", Category::Connection, "run a command on several hosts at once", move |shell, given| {
            on(shell, given, &settings)
        })
        .effect(Effect::Write)
        .argument("hosts", ArgumentKind::Hosts, Arity::Required, "names or addresses, with commas between; `all` for those of the configuration")
        .argument("command", ArgumentKind::Line, Arity::Required, "a command")
        .flag("timeout", Some(ArgumentKind::Seconds), "seconds that each host has; default 30")
        .help(
            "Results come under the host's name as they arrive. A host that fails or takes too long is told apart, and the \
             others go on; the command then fails as a whole. A destructive command needs `--yes` of vboxsh.",
        )
        .example("on embedded list", "one host"),
    ]
}

/// The place that a name of the configuration or an address means, and how to log on there.
pub(super) fn place(
    shell: &Shell,
    name: &str,
    settings: &ConnectSettings,
) -> Result<(Target, ConnectSettings), Failure> {
    let Some(entry) = shell.config().hosts.get(name) else {
        return Target::parse(name).map(|target| (target, settings.clone())).map_err(|error| {
            let names = shell.config().hosts.keys().map(String::as_str);
            let near = crate::schema::suggest(name, names);
            let failure = Failure::from(error);
            match near.first() {
                Some(near) => failure.hinted(format!("did you mean `{near}`?")),
                None => failure,
            }
        });
    };
    Ok((Target::parse(&entry.url)?, settings.with_entry(entry)))
}

fn on(shell: &mut Shell, given: &Given, settings: &ConnectSettings) -> Result<Reply, Failure> {
    let names: Vec<String> = match given.text("hosts") {
        "all" => shell.config().hosts.keys().cloned().collect(),
        names => names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
    };
    if names.is_empty() {
        return Err(Failure::usage("on: there are no hosts", "`help configuration` says how to name some"));
    }
    let places = names.iter().map(|name| place(shell, name, settings)).collect::<Result<Vec<_>, _>>()?;
    let time = match given.option("timeout") {
        Some(word) => seconds(word)?,
        None => Duration::from_secs(shell.config().defaults.timeout.unwrap_or(USUAL)),
    };
    let line = super::loops::unquoted(given.text("command")).to_owned();
    let jobs = names.iter().zip(places).map(|(name, (target, settings))| {
        let ui = shell.ui().beside(name);
        let opener_ui = ui.clone();
        // Nobody could tell whose question it is.
        let opener = Box::new(move |_| connect(&target, &settings, &opener_ui, Asking::Never));
        let host = shell.fork(World::new(ui, Some(opener), shell.world().yes()));
        Job { name: name.clone(), shell: host, line: line.clone(), own_connection: true }
    });
    let (jobs, count) = (jobs.collect(), names.len());
    let (mut failed, mut documents) = (0, Vec::new());
    let json = shell.ui().options().json;
    let left = side_by_side::run(shell, jobs, count, Some(time), &mut |answer| {
        failed += usize::from(answer.failure.is_some());
        if json {
            documents.push(document(&answer, "host"));
        } else {
            tell(shell, &answer);
        }
        Ok(())
    })?;
    failed += left.len();
    for name in left {
        let failure = Failure::new(ErrorKind::TimedOut, format!("{name}: no answer within {} s", time.as_secs_f64()))
            .hinted("`--timeout SECONDS` gives it more time");
        let answer = Answer { name, out: String::new(), talk: String::new(), failure: Some(failure) };
        if json {
            documents.push(document(&answer, "host"));
        } else {
            tell(shell, &answer);
        }
    }
    if json {
        shell.ui().reply(&Reply::Value(Value::List(documents)))?;
    }
    match failed {
        0 => Ok(Reply::Nothing),
        failed => Err(Failure::new(ErrorKind::Failed, format!("{failed} of {count} hosts failed"))
            .hinted("what failed stands above, under each host's name")),
    }
}

/// Shows an answer under its name.
pub(super) fn tell(shell: &Shell, answer: &Answer) {
    let ui = shell.ui();
    ui.note(&format!("-- {}", answer.name));
    if !answer.out.is_empty() {
        ui.print(answer.out.trim_end());
    }
    if !answer.talk.is_empty() {
        ui.note(answer.talk.trim_end());
    }
    if let Some(failure) = &answer.failure {
        ui.fail(failure);
    }
}

/// An answer as a document; `key` says what its name is that of.
pub(super) fn document(answer: &Answer, key: &str) -> Value {
    let result = match serde_json::from_str::<serde_json::Value>(&answer.out) {
        Ok(json) => value(json),
        Err(_) => Value::Text(answer.out.clone()),
    };
    let error = answer.failure.as_ref().map_or(Value::Null, |failure| Value::Text(failure.message.clone()));
    Value::Map(vec![
        (key.to_owned(), Value::Text(answer.name.clone())),
        ("result".to_owned(), result),
        ("error".to_owned(), error),
    ])
}

/// A JSON document as a value.
fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Int)
        }
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => Value::List(values.into_iter().map(value).collect()),
        serde_json::Value::Object(entries) => {
            Value::Map(entries.into_iter().map(|(name, json)| (name, value(json))).collect())
        }
    }
}
