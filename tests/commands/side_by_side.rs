//! The same on several at once: `on`, and `foreachvm --at-once`.

use crate::support::program::Program;
#[cfg(feature = "webservice")]
use std::time::{Duration, Instant};

/// A configuration with three hosts that answer, and more lines.
fn hosts(program: &Program, more: &str) -> String {
    let homes: String =
        ["one", "two", "three"].map(|name| format!("[hosts.{name}]\nurl = \"embedded\"\nhome = \"{name}\"\n")).concat();
    program.file("config.toml", &format!("{homes}{more}"))
}

#[cfg(feature = "webservice")]
#[test]
fn hosts_that_are_down_or_silent_hold_nobody_up() {
    let program = Program::new();
    // A port that nobody listens on, and one where somebody listens and says nothing.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let more = format!(
        "[hosts.down]\nurl = \"http://{closed}\"\n[hosts.silent]\nurl = \"http://{}\"\n",
        silent.local_addr().unwrap()
    );
    let config = hosts(&program, &more);
    let start = Instant::now();
    let output = program
        .command()
        .env("VBOXSH_CONFIG", &config)
        .args(["-c", "on all --timeout 8 get vbox.APIVersion"])
        .output()
        .unwrap();
    // Far below the time that a silent server is given elsewhere, and with room for a busy computer.
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(out.lines().filter(|line| *line == "7_2").count(), 3, "{out}{err}");
    for part in ["-- one", "-- two", "-- three", "-- down", "silent: no answer within 8 s", "2 of 5 hosts failed"] {
        assert!(err.contains(part), "{part} is missing in {err}");
    }
    assert_eq!(output.status.code(), Some(1), "{err}");
}

#[test]
fn each_host_has_its_own_machines_and_documents_name_them() {
    let program = Program::new();
    let config = hosts(&program, "");
    let run = |arguments: &[&str]| {
        let output = program.command().env("VBOXSH_CONFIG", &config).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, _, err) = run(&["-c", "on two create-vm web-01 Debian_64"]);
    assert_eq!(code, Some(0), "{err}");
    let (_, out, err) = run(&["--json", "-c", "on one,two get vbox.machines.name"]);
    let mut answers: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    answers.sort_by_key(|answer| answer["host"].to_string());
    assert_eq!(answers[0]["host"], "one");
    assert_eq!(answers[1]["result"][0], "web-01", "{out}");
}

#[test]
fn machines_are_worked_on_several_at_a_time() {
    let program = Program::new();
    for name in ["web-01", "db-01", "two words"] {
        program.machine(name);
    }
    let outcome = program.lines(&["foreachvm --at-once 3 set {}.memorySize 777"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.err.contains("-- two words"), "{outcome:?}");
    assert_eq!(program.eval("vbox.machines.map(|m| m.memorySize)").ok().matches("777").count(), 3);
    let outcome = program.lines(&["foreachvm --at-once 2 start nowhere"]);
    assert_eq!(outcome.code, 2, "a wrong line is wrong for all: {outcome:?}");
    let outcome = program.lines(&["foreachvm --at-once 2 snapshot delete none"]);
    assert!(outcome.code == 1 && outcome.err.contains("it failed for 3 of 3 machines"), "{outcome:?}");
}
