//! What a machine costs when there are 10 and when there are 1,000: made, listed, found, opened. The cost of one should
//! stay the same. `scripts/thousand-machines` asks a real VirtualBox with the same script.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and stops when anything fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Microseconds for one machine, by what was done.
type Costs = BTreeMap<String, u64>;

fn program(home: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vboxsh"));
    command.env("HOME", home).env("VBOXSH_HOME", home.join("vboxsh")).env("VBOXSH_CONNECT", "embedded");
    command
}

fn costs(count: u32, home: &Path) -> Costs {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/machines.rhai");
    let output = program(home).arg(script).args([&count.to_string(), "m"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(what, cost)| (what.to_owned(), cost.parse().unwrap()))
        .collect()
}

fn main() {
    let [few, many] = [0; 2].map(|_| tempfile::tempdir().unwrap());
    let (ten, thousand) = (costs(10, few.path()), costs(1000, many.path()));
    println!("{:<18} {:>12} {:>12}   microseconds for one machine", "", "of 10", "of 1000");
    for (what, cost) in &ten {
        println!("{what:<18} {cost:>12} {:>12}", thousand[what]);
    }
    for (count, home) in [(10, few.path()), (1000, many.path())] {
        let best = (0..5).map(|_| {
            let start = Instant::now();
            assert!(program(home).args(["-c", "list"]).output().unwrap().status.success());
            start.elapsed()
        });
        println!("`vboxsh -c list`, {count} machines, whole process: {:?}", best.min().unwrap());
    }
}
