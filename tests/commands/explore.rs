//! `list`, `info`, `host`, `doctor`.

use crate::support::program::Program;

#[test]
fn an_empty_host_lists_nothing_and_says_so() {
    let outcome = Program::new().lines(&["list"]);
    assert_eq!(outcome.out, "");
    assert!(outcome.err.contains("no machines"), "{outcome:?}");
    assert_eq!(outcome.code, 0);
}

#[test]
fn machines_are_listed_by_name_in_the_next_run_too() {
    let program = Program::new();
    program.machine("web-01");
    program.machine("Db-01");
    program.machine("Zürich 東京 ☃");
    let out = program.lines(&["list"]).ok();
    let names: Vec<&str> = out.lines().skip(1).map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(names, ["Db-01", "web-01", "Zürich 東京 ☃"], "{out}");
    assert!(out.contains("PoweredOff"), "{out}");
    assert_eq!(program.lines(&["-q", "list running"]).code, 2);
    assert_eq!(program.lines(&["list running"]).ok(), "");
}

#[test]
fn every_kind_of_list_works() {
    let program = Program::new();
    for kind in [
        "groups",
        "disks",
        "dvds",
        "floppies",
        "os-types",
        "nat-networks",
        "dhcp-servers",
        "host-interfaces",
        "progress",
    ] {
        program.lines(&[&format!("list {kind}")]).ok();
    }
    let err = program.lines(&["list nonsense"]).failed(2);
    assert!(err.contains("one of machines, running"), "{err}");
}

#[test]
fn info_shows_a_machine_on_one_page() {
    let program = Program::new();
    program.machine("web-01");
    let out = program.lines(&["info web-01"]).ok();
    for part in ["web-01", "PoweredOff", "Debian_64", "memorySize", "adapter 0", "NAT"] {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
    let json: serde_json::Value = serde_json::from_str(&program.run(&["--json", "-c", "info web-01"]).ok()).unwrap();
    assert_eq!(json["name"], "web-01", "{json}");
    assert_eq!(json["System"]["memorySize"], 1024, "{json}");
}

#[test]
fn host_shows_this_computer() {
    let out = Program::new().lines(&["host"]).ok();
    for part in ["processorCount", "memorySize", "operatingSystem"] {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
}

#[test]
fn doctor_says_what_was_found_and_what_to_do() {
    let out = Program::new().lines(&["doctor"]).ok();
    for part in ["embedded", "XPCOM library", "vboxwebsrv", "python3", "TERM", "Advice"] {
        assert!(out.contains(part), "{part} is missing:\n{out}");
    }
}
