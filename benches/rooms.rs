//! What start-up and the schema cost.

#![allow(clippy::unwrap_used, reason = "a benchmark stops when anything fails")]

use divan::{Bencher, black_box};
use vboxsh::schema::{self, Schema};

fn main() {
    divan::main();
}

const TABLE: &str = include_str!("../src/schema/main-api-7.2.txt");

/// The index of interfaces and enumerations, without members.
#[divan::bench]
fn schema_index(bencher: Bencher) {
    bencher.bench(|| Schema::parse(black_box(TABLE)).map(|schema| schema.version()));
}

#[divan::bench]
fn member_look_up(bencher: Bencher) {
    let machine = schema::embedded().interface("IMachine").unwrap();
    bencher.bench(|| machine.attribute(black_box("memorySize")));
}

#[divan::bench]
fn help_look_up(bencher: Bencher) {
    bencher.bench(|| schema::help(black_box("IMouseCapabilityChangedEvent.needsHostCursor")));
}

/// The whole program: start, embedded host with ten machines, list, end.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn list_ten_machines_whole_process(bencher: Bencher) {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_vboxsh"))
            .args(arguments)
            .env("HOME", home.path())
            .env("VBOXSH_HOME", home.path().join("vboxsh"))
            .env("VBOXSH_CONNECT", "embedded")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&[
        "-e",
        "for i in 0..10 { let m = vbox.createMachine(\"\", `m${i}`, \"x86\", [], \"\", \"\"); m.saveSettings(); vbox.registerMachine(m); }",
    ]);
    bencher.bench_local(|| run(&["-c", "list"]));
}
