//! What is typed and pointed at in a machine, kept and played again: `record-demo`, `playback-demo`.
//!
//! A file has one event a line: milliseconds since the start, `k` with scan codes, or `m` with mouse movement.

use super::on_machine::{child, machine, note, with_console};
use super::wait::seconds;
use crate::model::{ErrorKind, EventListener, Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};
use std::io::Write;
use std::time::{Duration, Instant};

/// First line of a file.
const HEAD: &str = "vboxsh demo 1";

/// Longest wait between two events that is played, in milliseconds.
const LONGEST: u64 = 600_000;

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, alias: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Guest, summary, run)
            .alias(alias)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a running machine")
            .argument("file", ArgumentKind::File, Arity::Required, "file with the events")
    };
    let running = "start web-01 headless";
    vec![
        new("record-demo", "recordDemo", "keep what is typed and pointed at in a machine", record)
            .argument("duration", ArgumentKind::Seconds, Arity::Optional, "for how many seconds; default 10")
            .help("Events of its keyboard and mouse are kept until the time is over, or Ctrl-C.")
            .prepared(running, "recordDemo web-01 demo.txt 0.2", "for a while"),
        new("playback-demo", "playbackDemo", "play again what `record-demo` kept", play)
            .effect(Effect::Write)
            .argument(
                "duration",
                ArgumentKind::Seconds,
                Arity::Optional,
                "stop after so many seconds; default: at its end",
            )
            .flag("speed", Some(ArgumentKind::Text), "so many times as fast; default 1")
            .prepared(
                &format!("{running}; record-demo web-01 demo.txt 0.1"),
                "playbackDemo web-01 demo.txt",
                "as it was",
            ),
    ]
}

fn record(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let time = if given.optional("duration").is_some() { given.seconds("duration")? } else { Duration::from_secs(10) };
    let file = given.text("file");
    let failed = |error: std::io::Error| {
        Failure::new(ErrorKind::Failed, format!("cannot write `{file}`: {error}"))
            .hinted("give a file in a folder that can be written")
    };
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).map_err(failed)?);
    writeln!(out, "{HEAD}").map_err(failed)?;
    let count = with_console(&machine, |console, _| {
        let keyboard = child(&child(console, "keyboard")?, "eventSource")?;
        let mouse = child(&child(console, "mouse")?, "eventSource")?;
        let both = Value::List(vec![Value::Object(keyboard.clone()), Value::Object(mouse)]);
        let source =
            super::on_machine::made(keyboard.call("createAggregator", vec![both])?, "IEventSource.createAggregator")?;
        let listener = EventListener::open(&source, Vec::new())?;
        let (start, mut count) = (Instant::now(), 0);
        loop {
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(count);
            }
            let event = match listener.next(left) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    shell.world().interrupt().clear();
                    return Ok(count);
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(line) = line(&event)? {
                writeln!(out, "{} {line}", start.elapsed().as_millis()).map_err(failed)?;
                count += 1;
            }
            listener.processed(&event)?;
        }
    })?;
    out.flush().map_err(failed)?;
    note(format!("{file}: {count} events"))
}

/// An event as its line.
fn line(event: &Object) -> Result<Option<String>, Failure> {
    let numbers = |names: &[&str]| -> Result<String, Failure> {
        let values = names.iter().map(|name| Ok(event.get(name)?.as_int().unwrap_or_default().to_string()));
        Ok(values.collect::<Result<Vec<_>, Failure>>()?.join(" "))
    };
    Ok(match event.interface().name {
        "IGuestKeyboardEvent" => {
            let codes: Vec<String> = event
                .get("scancodes")?
                .into_list()
                .iter()
                .filter_map(Value::as_int)
                .map(|code| code.to_string())
                .collect();
            Some(format!("k {}", codes.join(" ")))
        }
        "IGuestMouseEvent" => {
            let absolute = matches!(event.get("mode")?, Value::Enum(mode) if mode.is("Absolute"));
            Some(format!("{} {}", if absolute { "a" } else { "m" }, numbers(&["x", "y", "z", "w", "buttons"])?))
        }
        _ => None,
    })
}

fn play(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let file = given.text("file");
    let text = std::fs::read_to_string(file).map_err(|error| {
        let kind = if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Failed };
        Failure::new(kind, format!("cannot read `{file}`: {error}")).hinted("`record-demo` writes such a file")
    })?;
    let events =
        parse(&text).map_err(|what| Failure::usage(format!("{file}: {what}"), "`record-demo` writes such files"))?;
    let time = if given.optional("duration").is_some() { Some(given.seconds("duration")?) } else { None };
    let speed = given.option("speed").map_or(Ok(Duration::from_secs(1)), seconds)?.as_secs_f64();
    if speed <= 0.0 {
        return Err(Failure::usage("playback-demo: the speed is not greater than 0", "2 is twice as fast"));
    }
    let count = with_console(&machine, |console, _| {
        let (keyboard, mouse) = (child(console, "keyboard")?, child(console, "mouse")?);
        let (start, mut count) = (Instant::now(), 0);
        for (at, kind, numbers) in &events {
            let due = Duration::from_millis(*at).div_f64(speed);
            if time.is_some_and(|time| due > time) {
                break;
            }
            shell.world().interrupt().sleep(due.saturating_sub(start.elapsed()))?;
            let values = numbers.iter().copied().map(Value::Int);
            match kind {
                'k' => drop(keyboard.call("putScancodes", vec![Value::List(values.collect())])?),
                'a' => drop(mouse.call("putMouseEventAbsolute", values.collect())?),
                _ => drop(mouse.call("putMouseEvent", values.collect())?),
            }
            count += 1;
        }
        Ok(count)
    })?;
    note(format!("{count} events"))
}

/// Time, kind and numbers of each event.
type Recorded = (u64, char, Vec<i64>);

fn parse(text: &str) -> Result<Vec<Recorded>, String> {
    let mut lines = text.lines().enumerate();
    if lines.next().is_none_or(|(_, head)| head != HEAD) {
        return Err(format!("line 1: `{HEAD}` is wanted"));
    }
    let mut last = 0;
    let mut events = Vec::new();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let read = || -> Option<Recorded> {
            let at = words.next()?.parse().ok()?;
            let kind = words.next()?.chars().next().filter(|kind| matches!(kind, 'k' | 'm' | 'a'))?;
            let numbers: Vec<i64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
            (kind == 'k' || numbers.len() == 5).then_some((at, kind, numbers))
        };
        let event = read()
            .filter(|(at, ..)| *at >= last && at - last <= LONGEST)
            .ok_or_else(|| format!("line {}: `{line}` is no event", number + 1))?;
        last = event.0;
        events.push(event);
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_mistakes_named() {
        let events = parse("vboxsh demo 1\n0 k 30 158\n15 m 1 -1 0 0 1\n\n20 a 5 5 0 0 0\n").unwrap();
        assert_eq!(events.len(), 3);
        assert_eq!(events[1], (15, 'm', vec![1, -1, 0, 0, 1]));
        for text in [
            "",
            "demo",
            "vboxsh demo 1\nx",
            "vboxsh demo 1\n5 k 1\n4 k 1",
            "vboxsh demo 1\n1 m 1",
            "vboxsh demo 1\n9999999999 k 1",
        ] {
            assert!(parse(text).unwrap_err().starts_with("line "), "{text}");
        }
    }
}
