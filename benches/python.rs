//! What Python costs: its first result beside `python3 -c pass`, and an attribute read beside Rhai's, on the embedded
//! host and on a real VirtualBox over the web service and over XPCOM.
//!
//! `VBOXSH_REAL_URL=http://127.0.0.1:PORT VBOXSH_REAL_ID=ID cargo bench --bench python`: both are one instance of
//! `scripts/real-virtualbox` that has a machine; without them the embedded host is asked alone. The languages take
//! turns, so that a busy computer slows both.
//!
//! Budgets: a first result within `python3 -c pass` and 15 ms; a read on the embedded host within 3 µs; over the web
//! service and XPCOM within 5 % of Rhai's.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output, and stops when anything fails"
)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

const MACHINE: &str =
    "let m = vbox.createMachine(\"\", \"bench\", \"x86\", [], \"\", \"\"); m.saveSettings(); vbox.registerMachine(m);";

/// Times a loop of reads and the same loop without them, and prints nanoseconds for one read.
fn read_in(language: &str, reads: u32) -> String {
    if language == "python" {
        format!(
            "import time\nm = vbox.machines[0]\nm.memorySize\nclock = time.perf_counter\ndef run(n):\n    a = clock()\n    \
             for _ in range(n): m.memorySize\n    b = clock()\n    for _ in range(n): m\n    c = clock()\n    \
             return ((b - a) - (c - b)) / n * 1e9\nprint(int(run({reads})))"
        )
    } else {
        format!(
            "let m = vbox.machines[0]; m.memorySize; let a = timestamp(); for i in 0..{reads} {{ m.memorySize; }} \
             let reads = a.elapsed; let b = timestamp(); for i in 0..{reads} {{ m; }} \
             ((reads - b.elapsed) / {reads}.0 * 1000000000.0).to_int()"
        )
    }
}

fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians of both languages, in microseconds.
fn compare(rounds: usize, reads: u32, command: impl Fn(&[&str]) -> Command) -> [f64; 2] {
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (language, found) in ["rhai", "python"].into_iter().zip(&mut found) {
            let time: f64 = output(command(&["--lang", language, "-e", &read_in(language, reads)])).parse().unwrap();
            found.push(time / 1000.0);
        }
    }
    found.map(median)
}

fn report(what: &str, [rhai, python]: [f64; 2]) {
    println!(
        "attribute read, {what}: Rhai {rhai:.2} us, Python {python:.2} us ({:+.1} %)",
        (python / rhai - 1.0) * 100.0
    );
}

/// The program's first result in Python, and what the same Python takes for nothing, in milliseconds.
fn first_result(run: impl Fn(&[&str]) -> Command) -> [f64; 2] {
    // What is called `python3` in the path may be a script that looks for one.
    let python = output(run(&["--lang", "python", "-e", "import sys; print(sys.executable)"]));
    let time = |mut command: Command| {
        let start = Instant::now();
        assert!(command.output().unwrap().status.success());
        start.elapsed().as_secs_f64() * 1000.0
    };
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..40 {
        let mut empty = Command::new(&python);
        empty.args(["-c", "pass"]);
        found[0].push(time(empty));
        found[1].push(time(run(&["--lang", "python", "-e", "1"])));
    }
    found.map(median)
}

fn main() {
    let program = env!("CARGO_BIN_EXE_vboxsh");
    let home = tempfile::tempdir().unwrap();
    let run = |target: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(["--no-ext", "-u", target]).args(arguments).env("HOME", home.path());
        command.env("VBOXSH_HOME", home.path().join("vboxsh")).env("VBOX_USER_HOME", home.path());
        command
    };
    output(run("embedded", &["-e", MACHINE]));
    let [empty, ours] = first_result(|arguments| run("embedded", arguments));
    println!("first result: {ours:.1} ms; `python3 -c pass`: {empty:.1} ms ({:+.1} ms, budget 15)", ours - empty);
    report("embedded host (budget 3 us)", compare(7, 200_000, |arguments| run("embedded", arguments)));
    if let Ok(url) = std::env::var("VBOXSH_REAL_URL") {
        report("web service (budget +5 %)", compare(21, 400, |arguments| run(&url, arguments)));
    }
    if let Ok(id) = std::env::var("VBOXSH_REAL_ID") {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/real-virtualbox");
        let in_chroot = |arguments: &[&str]| {
            let mut command = Command::new(&script);
            command.args(["run", &id, program, "--no-ext", "-u", "xpcom"]).args(arguments);
            command
        };
        report("XPCOM (budget +5 %)", compare(21, 4000, in_chroot));
    }
}
