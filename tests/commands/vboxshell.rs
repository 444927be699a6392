//! Every command of vboxshell.py with its own documented example: what vboxshell.py does with it, and what this program
//! does. `docs/vboxshell.md` is made from it.

use crate::support::program::{Outcome, Program};
use std::fmt::Write;
use std::path::Path;
use vboxsh::shell::{Command, ConnectSettings};

const TABLE: &str = include_str!("vboxshell.txt");

const HEAD: &str = "# The commands of vboxshell\n\n\
Each command of `vboxshell.py` with the example of its own help (names and times are ours). *vboxshell 7.2* is what the \
one of VirtualBox 7.2.22 does, over XPCOM, on a machine that really runs where the command wants one; its exit status is \
always 0. *vboxsh* is what a run of the tests saw on the embedded host (the guest's commands with its simulated guest): \
its exit status and what it said. *on VirtualBox* is the test that runs the command on VirtualBox 7.2.22, over the web \
service and over XPCOM: on machines that are [off](../tests/real/commands/off.rs), on one that \
[runs](../tests/real/commands/running.rs), or on one with a Linux [guest](../tests/real/commands/guest.rs) and Guest \
Additions; `-` where a command asks VirtualBox nothing, *refused* where that VirtualBox has no such device. Made by `VBOXSH_DOCS=write cargo test vboxshell`.\n\n\
| command | example | vboxshell 7.2 | vboxsh | on VirtualBox |\n| --- | --- | --- | --- | --- |\n";

/// The tests that run commands on VirtualBox, from the most telling on, and what they are called.
const REAL: [(&str, &str); 3] = [
    ("guest", include_str!("../real/commands/guest.rs")),
    ("runs", include_str!("../real/commands/running.rs")),
    ("off", include_str!("../real/commands/off.rs")),
];

/// What is about the shell alone.
const OF_THE_SHELL: [&str; 10] =
    ["alias", "verbose", "quit", "reloadExt", "sleep", "shell", "gui", "colors", "prompt", "help"];

/// What the VirtualBox of the tests has no device for.
const REFUSED: [&str; 4] = ["attachUsb", "detachUsb", "attachpci", "detachpci"];

/// Where a command runs on VirtualBox: there it stands at the beginning of a line of commands.
fn on_virtualbox(command: &Command) -> Option<&'static str> {
    let runs = |text: &str, name: &str| {
        ["\"", "; ", "foreachvm ", "every ", "--count 1 "]
            .iter()
            .any(|before| [" ", "\"", ";"].iter().any(|after| text.contains(&format!("{before}{name}{after}"))))
    };
    let names = || std::iter::once(&command.name).chain(&command.aliases);
    REAL.into_iter().find(|(_, text)| names().any(|name| runs(text, name))).map(|(place, _)| place)
}

/// A row of the table.
struct Row<'a> {
    name: &'a str,
    line: &'a str,
    theirs: &'a str,
    before: &'a str,
    mark: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            let [name, line, theirs, before, mark] = parts[..] else { panic!("{line}") };
            Row { name, line, theirs, before, mark }
        })
        .collect()
}

fn run(row: &Row<'_>) -> (Outcome, String) {
    let program = Program::new();
    program.lines(&["create-vm web-01 Debian_64"]).ok();
    program.file("script.vbox", "# a comment\nget web-01.state\n");
    program.file("goto.vbox", "goto 3\nnonsense\nget web-01.state\n");
    program.file("notes.txt", "notes\n");
    program.file("os.iso", &"\0".repeat(1 << 20));
    std::fs::create_dir(program.home().join("share")).unwrap();
    if !row.before.is_empty() {
        let before = program.run(&["--yes", "-c", row.before]);
        assert_eq!(before.code, 0, "{}: {before:?}", row.before);
    }
    let outcome = program.run(&["--yes", "-c", row.line]);
    let state = program.lines(&["get web-01.state"]);
    let after = if state.code == 0 { state.out.trim().to_owned() } else { "gone".to_owned() };
    if after == "Running" || after == "Paused" {
        program.lines(&["powerdown web-01"]).ok();
    }
    let home = program.home().to_str().unwrap();
    let said = format!("{}{}", outcome.out, outcome.err).replace(home, "HOME");
    (Outcome { out: said, ..outcome }, after)
}

/// The first line of what was said, ids left out.
fn first_line(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    let words = line.split(' ').map(|word| {
        let dashes = word.bytes().filter(|byte| *byte == b'-').count();
        if word.len() == 36 && dashes == 4 { "ID" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The state in which a command leaves a machine that ran before it; all others leave it running.
fn leaves(name: &str) -> &'static str {
    match name {
        "pause" => "Paused",
        "save" => "Saved",
        "powerdown" => "PoweredOff",
        _ => "Running",
    }
}

#[test]
fn every_command_of_vboxshell_works_as_its_help_says() {
    let mut page = HEAD.to_owned();
    let mut wrong = Vec::new();
    let rows = rows();
    let commands = vboxsh::builtins::commands(&ConnectSettings::default());
    assert_eq!(rows.len(), 82, "vboxshell has 82 commands");
    for row in &rows {
        let (outcome, after) = run(row);
        let ran = row.before.contains("start web-01") && !row.before.contains("powerdown") || row.name == "start";
        if ran && after != leaves(row.name) {
            wrong.push(format!("{} left the machine {after}", row.line));
        }
        let said = first_line(&outcome.out);
        let works = outcome.code == 0;
        let elsewhere = row.mark.ends_with(".rs");
        let command = commands.find(row.name).unwrap();
        let real = match on_virtualbox(command) {
            _ if OF_THE_SHELL.contains(&row.name) => "-",
            Some(_) if REFUSED.contains(&row.name) => "refused",
            Some(place) => place,
            None => {
                wrong.push(format!("{}: no test runs it on VirtualBox", row.name));
                "?"
            }
        };
        // What the machine has no part for must be said as well as anything else.
        let fails_well = outcome.out.contains("error: ") && outcome.out.contains("hint: ");
        if !(works || fails_well && elsewhere) {
            wrong.push(format!("{}: {outcome:?}", row.line));
        }
        let ours = match row.mark {
            "varies" => format!("{}, prints it", outcome.code),
            mark if mark.ends_with(".rs") => {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(mark).exists(), "{mark}");
                let name = mark.rsplit('/').next().unwrap_or_default();
                format!("works in [{name}](../{mark}); here {}: {said}", outcome.code)
            }
            _ if said.is_empty() => outcome.code.to_string(),
            _ => format!("{}: {said}", outcome.code),
        };
        writeln!(page, "| `{}` | `{}` | {} | {ours} | {real} |", row.name, row.line.replace('|', "\\|"), row.theirs)
            .unwrap();
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vboxshell.md");
    if std::env::var("VBOXSH_DOCS").is_ok_and(|value| value == "write") {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if cfg!(feature = "python") {
        assert!(kept == page, "docs/vboxshell.md is stale: `VBOXSH_DOCS=write cargo test vboxshell` makes it anew");
    }
}

#[test]
fn every_command_of_vboxshell_is_a_command_here() {
    let commands = vboxsh::builtins::commands(&ConnectSettings::default());
    for row in rows() {
        assert!(commands.find(row.name).is_some(), "{}", row.name);
    }
}
