//! The answers that VirtualBox gives to the conformance scripts: compared with the recorded ones, or recorded.

#[path = "../conformance/harness.rs"]
pub mod harness;

use crate::rig;
use harness::{Script, difference, each, normalise, scripts};
use std::process::Command;
use std::time::Duration;

/// How long a script listens for one more event.
const PATIENCE: &str = "400";

#[test]
fn virtualbox_gives_the_recorded_answers() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let write = std::env::var("VBOXSH_GOLDEN").is_ok_and(|value| value == "write");
    let scripts = scripts();
    let wrong = each(&scripts, 3, |script| {
        if write {
            std::fs::write(script.golden(), answers(script)?.0).unwrap();
            return Ok(());
        }
        // Some of what it tells comes in its own time, on a busy computer now and then before or after something else:
        // what differs is asked again.
        ask(script).or_else(|first| {
            eprintln!("{} differs, and is asked again:\n{first}", script.name);
            ask(script).or_else(|_| ask(script))
        })
    });
    assert!(
        wrong.is_empty(),
        "{} of {} scripts failed, or give other answers than recorded (- recorded, + now):\n{}",
        wrong.len(),
        scripts.len(),
        wrong.join("\n")
    );
}

/// # Errors
/// What it answers otherwise than recorded.
fn ask(script: &Script) -> Result<(), String> {
    let recorded = script.recorded()?;
    let (answers, err) = answers(script)?;
    if recorded == answers { Ok(()) } else { Err(format!("{}{err}", difference(&recorded, &answers))) }
}

/// A VirtualBox of its own for one script.
struct Instance(String);

impl Drop for Instance {
    fn drop(&mut self) {
        rig::run(&["remove", &self.0]);
    }
}

/// What a new VirtualBox answers over XPCOM, which has all members; and what went to standard error.
fn answers(script: &Script) -> Result<(String, String), String> {
    let name: String = script.name.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let instance = Instance(format!("golden-{}-{name}", std::process::id()));
    let _ = rig::run(&["remove", &instance.0]);
    rig::script(&["run", &instance.0, "mkdir", "/root/scratch"]);
    let mut command = Command::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/real-virtualbox"));
    command
        .args(["run", &instance.0, "env", &format!("VBOXSH_CONFORMANCE_PATIENCE={PATIENCE}")])
        .arg("VBOXSH_CONFORMANCE_SCRATCH=/root/scratch")
        .arg(concat!("VBOXSH_CONFORMANCE_FIXTURES=", env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
        .arg(format!("PYTHONPATH={}", harness::folder().display()))
        .arg("PYTHONDONTWRITEBYTECODE=1")
        .args([env!("CARGO_BIN_EXE_vboxsh"), "-u", "xpcom", "--no-ext"])
        .arg(&script.path);
    let output = harness::finish(command, Duration::from_secs(180))?;
    Ok((normalise(&output.out, "/root"), output.err))
}
