//! Networks and settings of the host that one side made are the same on the other, and survive a change by it.

#![allow(clippy::unwrap_used)]

use crate::rig;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ID: &str = "network-files";
const PROGRAM: &str = env!("CARGO_BIN_EXE_vboxsh");

fn script(name: &str) -> String {
    format!("{}/tests/real/networks/{name}.rhai", env!("CARGO_MANIFEST_DIR"))
}

/// What was printed. A bare result code and one that an object reported are the same here.
fn printed(output: Output) -> Vec<String> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| match line.split_once(": ! ") {
        Some((label, code)) => format!("{label}: ! {}", code.split(' ').next().unwrap_or_default()),
        None => line.to_owned(),
    });
    lines.collect()
}

fn virtualbox(name: &str) -> Vec<String> {
    printed(rig::script(&["run", ID, PROGRAM, "-u", "xpcom", "--no-ext", &script(name)]))
}

fn embedded(user: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(PROGRAM);
    command.args(["-u", "embedded", "--no-ext", "--home"]).arg(user.join("home")).args(arguments).env("HOME", user);
    printed(command.output().unwrap())
}

/// `VirtualBox.xml` of the instance, which must not run.
fn settings_file() -> PathBuf {
    let output = rig::script(&["home", ID]);
    Path::new(String::from_utf8(output.stdout).unwrap().trim()).join("VirtualBox.xml")
}

#[test]
fn networks_of_one_side_open_in_the_other() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let _ = rig::run(&["remove", ID]);
    virtualbox("make");
    let told = virtualbox("tell");
    assert!(told.len() > 150, "{told:?}");
    rig::script(&["stop", ID]);
    let user = tempfile::tempdir().unwrap();
    let own = user.path().join("home/VirtualBox.xml");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::copy(settings_file(), &own).unwrap();
    assert_eq!(embedded(user.path(), &[&script("tell")]), told, "VirtualBox made it, the embedded host opens it");

    embedded(user.path(), &["-e", "vbox.setExtraData(\"one\", \"change\")"]);
    std::fs::copy(&own, settings_file()).unwrap();
    assert_eq!(virtualbox("tell"), told, "the embedded host changed it, VirtualBox opens it");
    rig::script(&["stop", ID]);

    let other = tempfile::tempdir().unwrap();
    embedded(other.path(), &[&script("make")]);
    let told = embedded(other.path(), &[&script("tell")]);
    std::fs::copy(other.path().join("home/VirtualBox.xml"), settings_file()).unwrap();
    assert_eq!(virtualbox("tell"), told, "the embedded host made it, VirtualBox opens it");
    rig::run(&["remove", ID]);
}
