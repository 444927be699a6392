//! Python programs written for the real thing, unchanged: VirtualBox's own `vboxshell.py`, and pyvbox as it is
//! published. The first is taken from the installed package, the second from PyPI.

use crate::rig::{self, Vboxsh};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// `vboxshell.py` of the installed VirtualBox.
fn vboxshell() -> PathBuf {
    let root = String::from_utf8(rig::script(&["root"]).stdout).unwrap();
    PathBuf::from(root.trim()).join("usr/lib/virtualbox/vboxshell.py")
}

/// What a program says to lines on its standard input; colours left out.
fn said(shell: &Vboxsh, target: &str, program: &str, lines: &str) -> String {
    let mut command = shell.command();
    command.args(["-u", target, program]).env("VBOXSH_HOME", shell.home().join("vboxsh"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

const MACHINE: &str = "let m = vbox.createMachine(\"\", \"shell-01\", PlatformArchitecture.x86, [], \"Debian_64\", \"\"); m.saveSettings(); vbox.registerMachine(m)";

/// Commands that work on the real XPCOM bindings, and what must come of them.
const LINES: &str = "list\ninfo shell-01\nhost\nlistMedia\ngetextra shell-01 x\nsetextra shell-01 a b\ngetextra shell-01 a\n\
                     eval print(6 * 7)\nalias\nnic shell-01 0 type\nsnapshot shell-01 take one two\nforeachvm getextra x\nverbose\nremoveVm shell-01\nlist\nquit\n";

fn check_vboxshell(target: &str) {
    let shell = Vboxsh::new();
    let (code, out, err) = {
        let output = shell
            .command()
            .args(["-u", target, "-e", MACHINE])
            .env("VBOXSH_HOME", shell.home().join("vboxsh"))
            .output()
            .unwrap();
        (output.status.code(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(code, Some(0), "{out:?} {err}");
    let said = said(&shell, target, vboxshell().to_str().unwrap(), LINES);
    for part in [
        "Running VirtualBox version 7.2.22",
        "Machine 'shell-01' [",
        "machineState=PoweredOff",
        "Chipset [chipsetType]: PIIX3",
        "shell-01: 'x' = ''",
        "shell-01: setting a to b",
        "shell-01: 'a' = 'b'",
        "42",
        "'l' is an alias for 'list'",
        "removing machine  shell-01",
        "Success!",
    ] {
        assert!(said.contains(part), "{target}: {part}: {said}");
    }
    assert!(!said.contains("Traceback") && !said.contains("has no attribute"), "{said}");
}

#[test]
fn vboxshell_runs_unchanged_on_the_embedded_host() {
    if rig::enabled() {
        check_vboxshell("embedded");
    }
}

#[test]
fn vboxshell_runs_unchanged_over_the_web_service() {
    if rig::enabled() {
        let url = rig::web("python-shell", 18401, &[]);
        check_vboxshell(&url);
        rig::script(&["remove", "python-shell"]);
    }
}

/// Installs a package from PyPI; `None`, and said loudly, where it cannot be had.
fn package(shell: &Vboxsh, name: &str) -> Option<PathBuf> {
    let folder = shell.home().join(name.replace("==", "-"));
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "-q", "--no-deps", "--target"])
        .arg(&folder)
        .arg(name)
        .output();
    if installed.is_ok_and(|output| output.status.success()) {
        return Some(folder);
    }
    eprintln!("SKIPPED: {name} cannot be had from PyPI");
    None
}

const PYVBOX: &str = r#"
import virtualbox
from virtualbox import library
vbox = virtualbox.VirtualBox()
machine = vbox.find_machine("shell-01")
print([m.name for m in vbox.machines], repr(machine.state), machine.memory_size > 0)
session = virtualbox.Session()
machine.lock_machine(session, library.LockType.shared)
session.machine.memory_size = 640
session.machine.save_settings()
print(session.state, machine.memory_size)
session.unlock_machine()
try:
    vbox.find_machine("blah blah X")
except library.VBoxErrorObjectNotFound as error:
    print("not found", str(error).startswith("0x80bb0001 ("))
for name in ("dvd_images", "floppy_images", "hard_disks", "machine_groups", "machines", "progress_operations", "shared_folders"):
    assert isinstance(getattr(vbox, name), list), name
print(vbox.get_machine_states([machine]))
machine.remove()
"#;

/// Both dialects of pyvbox, its wrappers and errors, on our `vboxapi`.
#[test]
fn pyvbox_runs_unchanged() {
    if !rig::enabled() {
        return;
    }
    let url = rig::web("python-pyvbox", 18402, &[]);
    for name in ["pyvbox==1.2.0", "virtualbox==2.1.1"] {
        let shell = Vboxsh::new();
        let Some(folder) = package(&shell, name) else { continue };
        let script = shell.home().join("script.py");
        std::fs::write(&script, PYVBOX).unwrap();
        for target in ["embedded", url.as_str()] {
            let run = |arguments: &[&str]| {
                let mut command = shell.command();
                command.args(["-u", target]).args(arguments).env("VBOXSH_HOME", shell.home().join("vboxsh"));
                let output = command.env("PYTHONPATH", &folder).output().unwrap();
                (
                    output.status.code(),
                    String::from_utf8(output.stdout).unwrap(),
                    String::from_utf8(output.stderr).unwrap(),
                )
            };
            assert_eq!(run(&["-e", MACHINE]).0, Some(0));
            let (code, out, err) = run(&[script.to_str().unwrap()]);
            // 1.2.0 cannot compare enumeration values with `>=` on Python 3: its own `remove` fails.
            assert!(
                code == Some(0) || name.starts_with("pyvbox") && err.contains("'>='"),
                "{name} {target}: {out}{err}"
            );
            let expected = "['shell-01'] MachineState(1) True\nLocked 640\nnot found True\n[MachineState(1)]\n";
            assert_eq!(out, expected, "{name} {target}: {err}");
            if code != Some(0) {
                run(&[
                    "-e",
                    "let m = vbox.findMachine(\"shell-01\"); wait(m.deleteConfig(m.unregister(\"DetachAllReturnNone\")))",
                ]);
            }
        }
    }
    rig::script(&["remove", "python-pyvbox"]);
}
