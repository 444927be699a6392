//! One home, two hosts: what the embedded host makes reads in VirtualBox as it does here, and the other way round; and
//! a home of VirtualBox that was changed here goes back without loss.
//!
//! Both run in the chroot, on the same folder, one after the other.

use crate::conformance::harness::{difference, finish, normalise};
use crate::rig;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A VirtualBox whose home both hosts open.
struct Home(String);

impl Drop for Home {
    fn drop(&mut self) {
        rig::run(&["remove", &self.0]);
    }
}

impl Home {
    fn new(name: &str) -> Self {
        let home = Self(format!("interchange-{}-{name}", std::process::id()));
        let _ = rig::run(&["remove", &home.0]);
        rig::script(&["run", &home.0, "mkdir", "/root/scratch"]);
        home
    }

    /// Runs a script of `tests/real/interchange` on the embedded host or on VirtualBox; gives what it printed.
    fn run(&self, host: &str, script: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(root.join("scripts/real-virtualbox"));
        command
            .args(["run", &self.0, "env", "VBOXSH_CONFORMANCE_PATIENCE=100"])
            .arg("VBOXSH_CONFORMANCE_SCRATCH=/root/scratch")
            .args([env!("CARGO_BIN_EXE_vboxsh"), "--no-ext", "-u", host]);
        if host == "embedded" {
            command.args(["--home", "/root/.config/VirtualBox"]);
        }
        command.arg(root.join("tests/real/interchange").join(script));
        match finish(command, Duration::from_secs(180)) {
            Ok(printed) => normalise(&printed.out, "/root"),
            Err(error) => panic!("{script} on {host}: {error}"),
        }
    }

    /// Ends VirtualBox: the other host is to have the home for itself.
    fn leave(&self) {
        rig::script(&["stop", &self.0]);
    }

    /// What each host reads in the home.
    fn both(&self) -> [String; 2] {
        let ours = self.run("embedded", "crawl.rhai");
        let real = self.run("xpcom", "crawl.rhai");
        self.leave();
        [real, ours].map(|lines| comparable(&lines))
    }
}

/// What stands in the answers and is no matter of the home: who reports an error.
fn comparable(answers: &str) -> String {
    let mut out = String::new();
    for line in answers.lines() {
        // VirtualBox loses the codec itself when it reads what it wrote about the sound of a recording.
        if line.contains(".videoCodec: ") {
            continue;
        }
        let mut parts = line.split("! ");
        out += parts.next().unwrap_or_default();
        for part in parts {
            out += &format!("! {}", part.split(' ').next().unwrap_or_default());
        }
        out.push('\n');
    }
    out
}

#[test]
fn virtualbox_reads_a_home_of_ours_as_we_do() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let home = Home::new("ours");
    home.run("embedded", "make.rhai");
    let [real, ours] = home.both();
    assert!(real.lines().count() > 8000, "only {} lines", real.lines().count());
    assert!(real == ours, "- VirtualBox, + embedded:\n{}", difference(&real, &ours));
}

#[test]
fn we_read_a_home_of_virtualbox_as_it_does_and_give_it_back_whole() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let home = Home::new("real");
    home.run("xpcom", "make.rhai");
    home.leave();
    let [before, ours] = home.both();
    assert!(before.lines().count() > 8000, "only {} lines", before.lines().count());
    assert!(before == ours, "- VirtualBox, + embedded:\n{}", difference(&before, &ours));
    home.run("embedded", "change.rhai");
    let [after, ours] = home.both();
    assert!(after == ours, "after a change: - VirtualBox, + embedded:\n{}", difference(&after, &ours));
    let changed = difference(&before, &after);
    let of_the_change = |line: &str| {
        line.contains("own/changed") || line.contains(".memorySize: ") || line.contains(".currentStateModified: ")
    };
    let other: Vec<_> = changed.lines().filter(|line| !of_the_change(line)).collect();
    assert!(other.is_empty() && changed.contains("999"), "lost or changed by one change:\n{}", other.join("\n"));
}
