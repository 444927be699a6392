//! Log files of machines: `log`, and vboxshell's `show-log`, `find-log`, `find-assert`.

use super::on_machine::{machine, quoted, text};
use super::sizes;
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell};
use regex_lite::{Regex, RegexBuilder};
use std::time::Duration;

/// Bytes asked for at once; the API gives at most so many.
const PIECE: i64 = 256 << 10;

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Watch, summary, run).argument(
            "machine",
            ArgumentKind::Machine,
            Arity::Required,
            "name or id of a machine",
        )
    };
    let number = |command: Command| {
        command.argument(
            "number",
            ArgumentKind::Text,
            Arity::Optional,
            "which one: 0 the present (default), 1 the one before, and so on",
        )
    };
    let ran = "start web-01 headless; powerdown web-01";
    vec![
        number(new("log", "show a machine's log", log))
            .flag("grep", Some(ArgumentKind::Text), "only lines that match this regular expression")
            .flag("errors", None, "only lines that tell of errors and warnings")
            .flag("tail", Some(ArgumentKind::Text), "only the last so many lines")
            .flag("follow", None, "go on with what is written, until Ctrl-C")
            .prepared(ran, "log web-01 --tail 5", "how it ended")
            .prepared(ran, "log web-01 --grep 'version|state'", "what matches"),
        number(new("show-log", "show a machine's whole log", |shell, given| {
            let machine = machine(shell, given)?;
            let text = whole(&machine, number_of(given)?)?;
            Ok(Reply::Value(Value::Text(text.trim_end().to_owned())))
        }))
        .alias("showLog")
        .prepared(ran, "showLog web-01", "the present one"),
        number(
            new("find-log", "show the lines of a machine's log that match", |shell, given| {
                let machine = machine(shell, given)?;
                let pattern = pattern(given.text("pattern"))?;
                found(&whole(&machine, number_of(given)?)?, |line| pattern.is_match(line))
            })
            .argument(
                "pattern",
                ArgumentKind::Text,
                Arity::Required,
                "a regular expression; capitals do not count",
            ),
        )
        .alias("findLog")
        .prepared(ran, "findLog web-01 'vbox|state'", "either word"),
        number(new("find-assert", "show failed assertions in a machine's log", |shell, given| {
            let machine = machine(shell, given)?;
            let text = whole(&machine, number_of(given)?)?;
            Ok(match assertions(&text).as_str() {
                "" => Reply::Note("no assertion failed".to_owned()),
                found => Reply::Value(Value::from(found)),
            })
        }))
        .alias("findAssert")
        .prepared(ran, "findAssert web-01", "with the lines around them"),
    ]
}

fn number_of(given: &Given) -> Result<i64, Failure> {
    given.optional("number").map_or(Ok(0), |word| sizes::count("the number of the log", word))
}

fn pattern(text: &str) -> Result<Regex, Failure> {
    RegexBuilder::new(text).case_insensitive(true).build().map_err(|error| {
        Failure::usage(
            format!("`{text}` is no regular expression: {error}"),
            "a backslash makes a sign an ordinary one",
        )
    })
}

/// The bytes of a log from `offset` on, as far as they are written.
fn read(machine: &Object, number: i64, offset: &mut i64) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    loop {
        let piece = machine.call("readLog", vec![Value::Int(number), Value::Int(*offset), Value::Int(PIECE)])?;
        let Value::Blob(piece) = piece else { return Ok(all) };
        if piece.is_empty() {
            return Ok(all);
        }
        *offset += piece.len() as i64;
        all.extend(piece);
        crate::model::Interrupt::global().check()?;
    }
}

fn whole(machine: &Object, number: i64) -> Result<String, Failure> {
    let name = text(machine, "name");
    let file = machine.call("queryLogFilename", vec![Value::Int(number)])?;
    if file.as_text() == Some("") {
        return Err(Failure::new(ErrorKind::NotFound, format!("`{name}` has no log {number}"))
            .hinted(format!("a log is written when the machine runs: `start {}`", quoted(&name))));
    }
    let mut offset = 0;
    let bytes = read(machine, number, &mut offset)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn found(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Reply, Failure> {
    let lines: Vec<&str> = text.lines().filter(|line| wanted(line)).collect();
    if lines.is_empty() {
        return Ok(Reply::Note("no line matches".to_owned()));
    }
    Ok(Reply::Value(Value::Text(lines.join("\n"))))
}

/// A failed assertion begins with a banner, and its text follows in the next lines.
fn assertions(text: &str) -> String {
    let mut lines = Vec::new();
    let mut left = 0;
    for line in text.lines() {
        if line.contains("Assertion Failed") || line.contains("!!Assertion") || line.contains("AssertMsg") {
            left = 10;
        }
        if left > 0 {
            lines.push(line);
            left -= 1;
        }
    }
    lines.join("\n")
}

fn log(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let number = number_of(given)?;
    let grep = given.option("grep").map(pattern).transpose()?;
    let errors = pattern("error|warning|fail|assert|fatal|VERR_|guru|rc=-|aborted")?;
    let tail = given.option("tail").map(|word| sizes::count("--tail", word)).transpose()?;
    let wanted = |line: &str| {
        grep.as_ref().is_none_or(|grep| grep.is_match(line)) && (!given.flag("errors") || errors.is_match(line))
    };
    let text = whole(&machine, number)?;
    let lines: Vec<&str> = text.lines().filter(|line| wanted(line)).collect();
    let skipped = tail.map_or(0, |tail| lines.len().saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX)));
    if !lines[skipped..].is_empty() {
        shell.ui().reply(&Reply::Value(Value::Text(lines[skipped..].join("\n"))))?;
    } else if !given.flag("follow") {
        return Ok(Reply::Note("no line matches".to_owned()));
    }
    if !given.flag("follow") {
        return Ok(Reply::Nothing);
    }
    let _unpaged = shell.ui().unpaged();
    let (mut offset, mut rest) = (text.len() as i64, Vec::new());
    loop {
        let more = read(&machine, number, &mut offset).and_then(|bytes| {
            shell.world().interrupt().sleep(Duration::from_millis(300))?;
            Ok(bytes)
        });
        match more {
            Ok(bytes) => rest.extend(bytes),
            Err(failure) if failure.kind == ErrorKind::Interrupted => {
                shell.world().interrupt().clear();
                return Ok(Reply::Nothing);
            }
            Err(failure) => return Err(failure),
        }
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if wanted(line.trim_end()) {
                shell.ui().reply(&Reply::Value(Value::Text(line.trim_end().to_owned())))?;
            }
        }
    }
}
