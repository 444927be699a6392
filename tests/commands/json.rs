//! `--json`: every reading command gives JSON on standard output and nothing else, with keys as the API names them.

use crate::support::program::Program;
use serde_json::Value;
use vboxsh::schema::embedded;
use vboxsh::shell::{Command, ConnectSettings, Effect};

/// Keys that are no names of the API: what the program itself tells.
const OWN: &[&str] = &[
    // list, info, groups, usage, snapshot
    "current",
    "machines",
    "session",
    "snapshots",
    "adapter",
    // alias, history, apropos, hosts, on, find, diff, doctor, time
    "word",
    "line",
    "number",
    "help",
    "url",
    "user",
    "host",
    "result",
    "error",
    "path",
    "value",
    "key",
    "setting",
    "what",
    "found",
    "advice",
    "group",
    // stats, top
    "interface",
    "_errors",
    "metric",
    "unit",
    "average",
    "minimum",
    "maximum",
    "last",
    // nat
    "hostPort",
    "guestPort",
    "proto",
    "mtu",
    "sockSnd",
    "sockRcv",
    "TcpWndSnd",
    "TcpWndRcv",
];

/// Whether a key is spelt as names of the API are: letters and digits, no blanks, dashes or underscores.
fn is_api_like(key: &str) -> bool {
    // `networkAdapter[0]` is a step of a path.
    let name = key.split_once('[').map_or(key, |(name, _)| name);
    !name.is_empty() && name.chars().all(char::is_alphanumeric)
}

fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                found.push(key.clone());
                keys(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

/// Names of attributes, fields and parameters of the API.
fn names() -> std::collections::HashSet<&'static str> {
    let mut names = std::collections::HashSet::new();
    for interface in embedded().interfaces() {
        names.extend(interface.attributes().into_iter().map(|attribute| attribute.name));
        names.extend(interface.methods().into_iter().flat_map(|method| method.parameters.iter().map(|one| one.name)));
    }
    names
}

fn reads(command: &Command) -> bool {
    // These show one thing of another kind: text of the help, or the output of another command.
    // So do these: `doctor` is about the computer, not about the API.
    let passes_on =
        ["doctor", "help", "explain", "python", "rhai", "watch", "time", "edit", "clear", "shell", "gui", "quit"];
    command.effect == Effect::Read && !passes_on.contains(&command.name.as_str())
}

#[test]
fn every_reading_command_gives_json_with_names_of_the_api() {
    let (known, mut wrong, mut checked) = (names(), Vec::new(), 0);
    for command in vboxsh::builtins::commands(&ConnectSettings::default()).all().filter(|command| reads(command)) {
        for example in command.examples.iter().filter(|example| !example.only_shown && !example.line.starts_with("--"))
        {
            let program = Program::new();
            program.lines(&["create-vm web-01 Debian_64"]).ok();
            let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
            std::os::unix::fs::symlink(scripts, program.home().join("scripts")).unwrap();
            if !example.before.is_empty() {
                program.run(&["--yes", "-c", &example.before]);
            }
            let outcome = program.run(&["--json", "--yes", "-c", &example.line]);
            let documents: Result<Vec<Value>, _> =
                serde_json::Deserializer::from_str(&outcome.out).into_iter().collect();
            checked += 1;
            let Ok(documents) = documents else {
                wrong.push(format!("{}: no JSON: {outcome:?}", example.line));
                continue;
            };
            let mut found = Vec::new();
            documents.iter().for_each(|document| keys(document, &mut found));
            found.sort();
            found.dedup();
            let free =
                ["tree", "stats", "top", "find", "diff", "host", "info", "ginfo"].contains(&command.name.as_str());
            let strange: Vec<&String> = found
                .iter()
                .filter(|key| {
                    !(known.contains(key.as_str()) || OWN.contains(&key.as_str()) || free && is_api_like(key))
                })
                .collect();
            if !strange.is_empty() {
                wrong.push(format!("{}: {strange:?}", example.line));
            }
            program.run(&["-q", "-c", "powerdown web-01"]);
        }
    }
    assert!(wrong.is_empty() && checked > 30, "{checked} checked, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn names_in_any_script_come_through_in_any_locale() {
    let program = Program::new();
    let name = "Zürich 東京 ☃";
    program.lines(&[&format!("create-vm '{name}' Debian_64")]).ok();
    for locale in ["C", "C.UTF-8", "POSIX", "tr_TR.UTF-8"] {
        let run = |arguments: &[&str]| {
            let output = program.command().env("LC_ALL", locale).env("LANG", locale).args(arguments).output().unwrap();
            assert!(output.status.success(), "{locale}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(run(&["-c", "list"]).contains(name), "{locale}");
        assert_eq!(run(&["-c", &format!("get \"{name}\".name")]), format!("{name}\n"), "{locale}");
        run(&["-c", &format!("start '{name}' headless; powerdown '{name}'")]);
        assert!(run(&["--json", "-c", "list"]).contains("Zürich"), "{locale}");
    }
}

/// Commands whose first part ends while they still print.
#[test]
fn a_reader_that_leaves_ends_any_command_quietly() {
    let program = Program::new();
    program.lines(&["create-vm web-01 Debian_64"]).ok();
    for line in
        ["list os-types", "help IMachine", "tree web-01", "apropos machine", "info web-01; info web-01; list os-types"]
    {
        let line = format!("{} -c '{line}' | head -n 1", env!("CARGO_BIN_EXE_vboxsh"));
        let mut command = program.command();
        let home = program.home().join("vboxsh");
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &line]).env_clear().current_dir(program.home());
        for (name, value) in command.args(["x"]).get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        let output = shell.env("VBOXSH_HOME", home).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line}");
        assert_eq!(output.stdout.iter().filter(|byte| **byte == b'\n').count(), 1, "{line}");
    }
}

#[test]
fn what_is_destroyed_wants_consent_off_a_terminal() {
    let lines = [
        ("create-vm web-01 Debian_64 --disk 10M", "remove-vm web-01"),
        ("create-hdd 10 disk.vdi", "remove-hdd disk.vdi"),
        ("register-iso os.iso", "remove-iso os.iso"),
        ("create-vm web-01 Debian_64; start web-01 headless; save web-01", "discard web-01"),
        ("create-vm web-01 Debian_64; snapshot web-01 take base", "snapshot web-01 restore base"),
        ("create-vm web-01 Debian_64; snapshot web-01 take base", "snapshot web-01 delete base"),
        ("create-hdd 10 disk.vhd", "resize-hdd disk.vhd 5M"),
    ];
    let mut named = Vec::new();
    for (before, line) in lines {
        let program = Program::new();
        program.file("os.iso", &"\0".repeat(1 << 20));
        program.lines(&[before]).ok();
        let error = program.lines(&[line]).failed(3);
        assert!(error.contains("without consent") && error.contains("--yes"), "{line}: {error}");
        named.push(line.split("; ").last().unwrap().split(' ').next().unwrap());
    }
    for command in vboxsh::builtins::commands(&ConnectSettings::default()).all() {
        if command.effect == Effect::Destroy {
            assert!(named.contains(&command.name.as_str()), "{} destroys and is not tested", command.name);
        }
    }
}
