//! Every command fails well: what failed, a hint with the next thing to type, an exit code that tells why, and nothing
//! on standard output. A failure leaves everything as it was.

use crate::support::program::Program;
use std::collections::BTreeMap;
use std::path::Path;
use vboxsh::shell::ConnectSettings;

/// A line, its exit code, a part of the error and a part of the hint.
type Row = (&'static str, i32, &'static str, &'static str);

/// On a home with `web-01`, powered off, and `web-02`.
const ROWS: &[Row] = &[
    // Explore
    ("host x", 2, "`x` is one argument too many", "usage: host"),
    ("info", 2, "MACHINE is missing", "usage: info MACHINE"),
    ("info web-1", 4, "`web-1`", "`list`"),
    ("list nonsense", 2, "not `nonsense`", "usage: list [WHAT]"),
    // Machines
    ("clone web-01", 2, "NAME is missing", "usage: clone"),
    ("clone web-01 web-02", 1, "already", "`info web-02`"),
    ("clone web-01 x --linked", 1, "snapshot", "`snapshot web-01 take base`"),
    ("clone web-01 x --snapshot none", 4, "`web-01` has no snapshots", "`snapshot web-01 take NAME`"),
    ("clone web-01 x --keep nonsense", 2, "`nonsense`", "macs"),
    ("closeportal none", 4, "`none`", "`list`"),
    ("create-vm", 2, "NAME is missing", "usage: create-vm"),
    ("create-vm web-01", 1, "already exists", "`info web-01`"),
    ("create-vm x NoSuchOs", 4, "`NoSuchOs` is no type of guest", "`list os-types`"),
    ("create-vm x y z", 2, "`y` is no architecture", "x86 or ARM"),
    ("create-vm x --memory lots", 2, "`lots` is no size", "20G"),
    ("create-vm x --cpus many", 2, "`many` is no number", "whole number"),
    ("discard web-01", 3, "without consent", "--yes"),
    ("export-vm web-01", 2, "PATH is missing", "usage: export-vm"),
    ("groups none", 4, "`none`", "`list`"),
    ("groups web-01 nonsense", 1, "starts with `/`", "`help IMachine.groups`"),
    ("import-vm", 2, "is missing", "usage: import-vm"),
    ("import-vm no-such.ova", 4, "no-such.ova", "OVF or OVA file"),
    ("move none .", 4, "`none`", "`list`"),
    ("move web-01 /nowhere/at/all", 1, "/nowhere/at/all", "`help IMachine.moveTo`"),
    ("openportal web-01 99999", 2, "`99999` is no port", "65535"),
    ("pause web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("powerbutton web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("powerdown web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("remove-vm none", 4, "`none`", "`list`"),
    ("remove-vm web-01", 3, "web-01.vbox", "--yes"),
    ("rename web-01", 2, "NAME is missing", "usage: rename"),
    ("rename web-01 web-02", 1, "web-02", "`help IMachine"),
    ("reset web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("resume web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("save web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("snapshot web-01 restore none", 4, "`web-01` has no snapshots", "`snapshot web-01 take NAME`"),
    ("snapshot web-01 restorecurrent", 4, "`web-01` has no snapshots", "`snapshot web-01 take NAME`"),
    ("snapshot web-01 nonsense", 2, "not `nonsense`", "usage: snapshot"),
    ("snapshot web-01 take", 2, "NAME is missing", "usage: snapshot"),
    ("start none", 4, "`none`", "`list`"),
    ("start web-01 nonsense", 2, "not `nonsense`", "usage: start"),
    ("teleport web-01 other", 2, "`other` is no target", "HOST:PORT"),
    ("teleport web-01 other:8000", 1, "`web-01` does not run", "`start web-01`"),
    // Settings
    ("apply none.toml", 4, "`none.toml`", "`export-config"),
    ("diff web-01 none", 4, "`none`", "`list`"),
    ("export-config none", 4, "`none`", "`list`"),
    ("getextra none", 4, "`none`", "`list`"),
    ("modify web-01", 2, "nothing to change", "PATH=VALUE"),
    ("modify web-01 memorySize", 2, "`memorySize` is no change", "PATH=VALUE"),
    ("modify web-01 memorySiz=1", 2, "`memorySiz`", "did you mean `memorySize`?"),
    ("modify web-01 memorySize=x", 2, "`x` is no number", "decimal"),
    ("setextra none a b", 4, "`none`", "`list`"),
    ("setvar web-01 memorySiz 1", 2, "`memorySiz`", "did you mean `memorySize`?"),
    ("setvar web-01 id 1", 2, "read-only", "`help IMachine`"),
    // Storage
    ("attach-ctr web-01 C NoBus", 2, "`NoBus`", "`SATA`"),
    ("attach-ctr web-01 SATA SATA", 1, "`SATA` already", "detach"),
    ("attach-hdd web-01 none.vdi", 4, "there is no such file", "`create-hdd SIZE FILE`"),
    ("attach-iso web-01 none.iso", 4, "there is no such file", "path of an image"),
    ("clone-hdd none.vdi b.vdi", 4, "there is no such file", "`list-media`"),
    ("compact-hdd none.vdi", 4, "there is no such file", "`list-media`"),
    ("create-hdd x a.vdi", 2, "`x` is no size", "20G"),
    ("create-hdd a.vdi 10G", 2, "`a.vdi` is no size", "`create-hdd 10G a.vdi`"),
    ("create-hdd 10 demo.txt/a.vdi", 1, "a.vdi", "path is right"),
    ("detach-ctr web-01 none", 4, "`none`", "`SATA`"),
    ("detach-hdd web-01 none.vdi", 4, "`none.vdi`", "`list-media`"),
    ("detach-iso web-01 none.iso", 4, "`none.iso`", "`list-media`"),
    ("list-media nonsense", 2, "not `nonsense`", "usage: list-media"),
    ("mount-iso web-01 none.iso", 4, "there is no such file", "path of an image"),
    ("register-hdd none.vdi", 4, "there is no such file", "`list-media`"),
    ("register-iso none.iso", 4, "there is no such file", "path of an image"),
    ("remove-hdd none.vdi", 4, "`none.vdi`", "`list-media`"),
    ("remove-iso none.iso", 4, "`none.iso`", "`list-media`"),
    ("resize-hdd none.vdi 1G", 4, "there is no such file", "`list-media`"),
    ("unmount-iso web-01 Nope 0:0", 4, "no controller `Nope`", "`SATA`"),
    ("unmount-iso web-01 IDE 7:7", 4, "7", "`info web-01`"),
    ("unmount-iso web-01 IDE x", 2, "`x` is no slot", "`0:1`"),
    ("unregister-hdd none.vdi", 4, "`none.vdi`", "`list-media`"),
    ("unregister-iso none.iso", 4, "`none.iso`", "`list-media`"),
    ("usage none", 4, "`none`", "`list`"),
    // Network
    ("nat web-01 x", 2, "`x` is no number of a network adapter", "`nic MACHINE`"),
    ("nat web-01 0 pf delete none", 4, "no rule is named `none`", "there are none"),
    ("nat web-01 0 dns nonsense", 2, "`nonsense`", "`proxy`"),
    ("nic web-01 99", 1, "99", "`help IMachine.getNetworkAdapter`"),
    ("nic web-01 0 cable maybe", 2, "`maybe` is neither on nor off", "`on` or `off`"),
    ("nic web-01 0 type Nonsense", 2, "`Nonsense`", "`Virtio`"),
    ("nic web-01 0 attachment Bridged", 2, "wants the name", "`attachment Bridged NAME`"),
    ("port-forward web-01 0 99999 1", 2, "`99999` is no port", "65535"),
    // Devices
    ("attach-pci web-01 x", 2, "`x` is no PCI address", "`01:00.0`"),
    ("attach-pci web-01 01:00.0", 1, "PCI", "`help IMachine.attachHostPCIDevice`"),
    ("attach-usb web-01 none", 4, "no USB device `none`", "`list-usb`"),
    ("detach-pci web-01 01:00.0", 4, "PCI", "`lspci web-01`"),
    ("detach-usb web-01 none", 4, "no USB device `none`", "`list-usb`"),
    ("list-usb x", 2, "one argument too many", "usage: list-usb"),
    ("lspci none", 4, "`none`", "`list`"),
    ("plug-cpu web-01 x", 2, "`x` is no number", "whole number"),
    ("plug-cpu web-01 1", 1, "CPUHotPlugEnabled", "`modify web-01 CPUHotPlugEnabled=true CPUCount=2`"),
    ("share-folder web-01 . data nonsense", 2, "`nonsense` is no option", "`writable`"),
    ("unplug-cpu web-01 1", 1, "CPUHotPlugEnabled", "`modify web-01 CPUHotPlugEnabled=true CPUCount=2`"),
    ("unshare-folder web-01 none", 4, "no shared folder `none`", "`info web-01`"),
    // Guest
    ("gcopy web-01 a b", 1, "`web-01` does not run", "`start web-01`"),
    ("gexec web-01 ls", 1, "`web-01` does not run", "`start web-01`"),
    ("gexec web-01", 2, "COMMAND is missing", "usage: gexec"),
    ("gexec web-01 --user root --input nowhere /bin/cat", 4, "nowhere", "standard input"),
    ("ginfo web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("gpipe web-01 ls cat", 1, "`web-01` does not run", "`start web-01`"),
    ("guest web-01 1", 1, "`web-01` does not run", "`start web-01`"),
    ("gueststats web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("ip web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("playback-demo web-01 none.txt", 4, "`none.txt`", "`record-demo`"),
    ("record-demo web-01 a.txt 0.1", 1, "`web-01` does not run", "`start web-01`"),
    ("screenshot web-01", 1, "`web-01` does not run", "`start web-01`"),
    ("type-guest web-01 x", 1, "`web-01` does not run", "`start web-01`"),
    ("type-guest web-01 '&UPP;'", 2, "UPP", "UP"),
    // Watching
    ("events nonsense", 2, "`nonsense`", "`OnMachineStateChanged`"),
    ("find-assert web-01", 4, "`web-01` has no log 0", "`start web-01`"),
    ("find-log web-01 x", 4, "`web-01` has no log 0", "`start web-01`"),
    ("find-log web-01 [", 2, "`[` is no regular expression", "backslash"),
    ("log web-01", 4, "`web-01` has no log 0", "`start web-01`"),
    ("log web-01 x", 2, "`x` is no number", "whole number"),
    ("monitor-guest web-01 0.1", 1, "`web-01` does not run", "`start web-01`"),
    ("monitor-guest-kbd web-01 0.1", 1, "`web-01` does not run", "`start web-01`"),
    ("monitor-guest-mouse web-01 0.1", 1, "`web-01` does not run", "`start web-01`"),
    ("monitor-guest-multi-touch web-01 0.1", 1, "`web-01` does not run", "`start web-01`"),
    ("monitor-vbox x", 2, "`x` is no number of seconds", "usage: monitor-vbox"),
    ("show-log web-01", 4, "`web-01` has no log 0", "`start web-01`"),
    ("stats none", 4, "`none`", "`list`"),
    ("top x", 2, "one argument too many", "usage: top"),
    ("wait web-01 state=Running --timeout 0.1", 124, "not within 0.1 s", "--timeout"),
    ("wait web-01 state=Runing", 2, "`Runing` is no value", "did you mean `Running`?"),
    ("wait web-01", 2, "nothing to wait for", "usage: wait"),
    ("watch", 2, "LINE is missing", "usage: watch"),
    ("watch 1 + 2 --count 1", 6, "unknown operator", "`--count` of watch stands before the line"),
    // Object graph
    ("call vbox.nonsense", 2, "no method `nonsense`", "`help IVirtualBox`"),
    ("call vbox.findMachine none", 4, "`none`", "`list`"),
    ("find nonsensical", 4, "nothing matches `nonsensical`", "--depth"),
    ("get vbox.nonsense", 2, "no attribute `nonsense`", "`help IVirtualBox`"),
    ("get", 2, "PATH is missing", "usage: get"),
    ("set web-01.id x", 2, "read-only", "`help IMachine`"),
    ("tree none", 4, "`none`", "`list`"),
    // Connection
    ("connect gopher://x", 2, "`gopher://x` is no place to connect to", "`help connections`"),
    ("disconnect x", 2, "one argument too many", "usage: disconnect"),
    ("hosts x", 2, "one argument too many", "usage: hosts"),
    ("on nowhere list", 2, "`nowhere` is no place to connect to", "`help connections`"),
    ("on embedded info none", 1, "1 of 1 hosts failed", "above"),
    ("reconnect x", 2, "one argument too many", "usage: reconnect"),
    // Scripting
    ("eval nonsense", 6, "`nonsense`", "`help scripting`"),
    ("explain doctor", 4, "no short script for `doctor`", "--trace"),
    ("foreach //vms/vm[ 'print(1)'", 2, "`//vms/vm[`", "`help foreach`"),
    ("foreachvm", 2, "COMMAND is missing", "usage: foreachvm"),
    ("foreachvm pause", 1, "it failed for 2 of 2 machines", "above"),
    ("goto x", 2, "`x` is no number", "whole number"),
    ("goto 1", 2, "no script runs", "vboxsh -b"),
    ("rhai nonsense", 6, "`nonsense`", "`help scripting`"),
    ("run-script none.vbsh", 4, "`none.vbsh`", "path of a .rhai file"),
    ("sleep x", 2, "`x` is no number of seconds", "usage: sleep"),
    // Shell
    ("announce maybe", 2, "`maybe` is no type of event", "`help VBoxEventType`"),
    ("record nowhere/x.txt", 1, "nowhere/x.txt", "folder"),
    ("replay none.txt", 4, "`none.txt`", "`record FILE`"),
    ("alias none", 4, "`none` is no alias", "`alias none LINE`"),
    ("apropos nonsensical", 4, "nothing is about `nonsensical`", "shorter"),
    ("clear x", 2, "one argument too many", "usage: clear"),
    ("colors maybe", 2, "not `maybe`", "usage: colors"),
    ("doctor x", 2, "one argument too many", "usage: doctor"),
    ("edit none.vbsh", 3, "no terminal", "EDITOR"),
    ("gui", 3, "cannot be started", "install VirtualBox"),
    ("help nonsensical", 4, "no help on `nonsensical`", "`help`"),
    ("history x y", 2, "one argument too many", "usage: history"),
    ("prompt a b", 2, "one argument too many", "usage: prompt"),
    ("quit x", 2, "`x` is no exit code", "0 to 255"),
    ("reload-ext x", 2, "one argument too many", "usage: reload-ext"),
    ("shell exit 3", 1, "status 3", "what it wrote"),
    ("time", 2, "LINE is missing", "usage: time"),
    ("verbose maybe", 2, "not `maybe`", "usage: verbose"),
];

/// On a home where `web-01` runs, without Guest Additions.
const RUNNING: &[Row] = &[
    ("start web-01", 1, "`web-01` runs already", "`powerdown web-01`"),
    ("remove-vm web-01", 1, "runs", "`powerdown web-01`"),
    ("resume web-01", 1, "Running", "`info"),
    ("rename web-01 x", 1, "`web-01` runs", "`powerdown web-01`"),
    ("snapshot web-01 restore none", 4, "`web-01` has no snapshots", "take NAME"),
    ("gexec web-01 --user root ls", 1, "Guest Additions", "`ginfo"),
    ("gcopy web-01 --user root a b", 1, "Guest Additions", "`ginfo"),
    ("gpipe web-01 --user root ls cat", 1, "Guest Additions", "`ginfo"),
    ("gueststats web-01", 1, "Guest Additions", "`ginfo"),
    ("ip web-01 --wait 0.1", 124, "web-01", "`ginfo"),
    ("wait web-01 ip --timeout 0.1", 124, "ip", "--timeout"),
    ("screenshot web-01 nowhere/a.png", 1, "`nowhere/a.png`", "folder"),
    ("screenshot web-01 a.png x 1", 2, "`x` is no number", "whole number"),
    ("playback-demo web-01 demo.txt", 2, "demo.txt: line 1", "`record-demo`"),
    ("attach-hdd web-01 a.vdi IDE 0:0", 1, "the machine runs", "`info"),
    ("teleport web-01 other:8000", 1, "simulated", "`doctor`"),
    ("plug-cpu web-01 1", 1, "CPUHotPlugEnabled", "modify"),
    ("teleport web-01 other:99999", 2, "no port", "65535"),
    ("unmount-iso web-01 SATA 5:0", 4, "5", "`info web-01`"),
];

fn home() -> Program {
    let program = Program::new();
    program.lines(&["create-vm web-01 Debian_64", "create-vm web-02 Debian_64"]).ok();
    program.file("demo.txt", "nothing of the kind\n");
    program.lines(&["create-hdd 10 a.vdi"]).ok();
    program
}

/// Every settings file of the home.
fn settings(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            settings(&path, found);
        } else if [".vbox", ".xml", ".vdi", ".run"].iter().any(|ending| name.ends_with(ending)) {
            found.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
        }
    }
}

fn check(program: &Program, rows: &[Row]) {
    let mut wrong = Vec::new();
    let mut before = BTreeMap::new();
    settings(program.home(), &mut before);
    for (line, code, what, hint) in rows {
        let outcome = program.lines(&[line]);
        let hinted = outcome.err.lines().skip_while(|line| !line.starts_with("hint: ")).collect::<Vec<_>>().join(" ");
        let said = outcome.err.starts_with("error: ") || outcome.err.contains("\nerror: ");
        let good = outcome.code == *code && said && outcome.err.contains(what) && hinted.contains(hint);
        if !good || hinted.is_empty() || !outcome.out.is_empty() {
            wrong.push(format!("{line}: {outcome:?}"));
        }
    }
    let mut after = BTreeMap::new();
    settings(program.home(), &mut after);
    for (name, text) in &after {
        if before.get(name) != Some(text) {
            wrong.push(format!("{name} was changed or made"));
        }
    }
    assert!(wrong.is_empty() && before.len() == after.len(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_failure_says_what_why_and_what_to_type_and_changes_nothing() {
    check(&home(), ROWS);
}

#[test]
fn failures_on_a_running_machine_leave_it_running() {
    let program = home();
    program.lines(&["start web-01 headless"]).ok();
    check(&program, RUNNING);
    assert_eq!(program.lines(&["get web-01.state"]).ok(), "Running\n");
    program.lines(&["powerdown web-01"]).ok();
}

#[cfg(feature = "python")]
#[test]
fn a_failure_of_python_has_a_hint_too() {
    let outcome = home().lines(&["python nonsense"]);
    if outcome.code == 3 && outcome.err.contains("install Python 3") {
        eprintln!("SKIPPED: there is no Python here");
        return;
    }
    let error = outcome.failed(6);
    assert!(error.contains("nonsense") && error.contains("hint: `help scripting`"), "{error}");
}

/// Commands whose examples need what no test machine has, and the test that shows them at work.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    ("attach-usb", "tests/commands/usb.rs"),
    ("detach-usb", "tests/commands/usb.rs"),
    ("edit", "tests/commands/shell.rs"),
    ("export-vm", "tests/commands/machines.rs"),
    ("goto", "tests/commands/shell.rs"),
    ("gui", "tests/commands/shell.rs"),
    ("import-vm", "tests/commands/machines.rs"),
    ("teleport", "tests/real/commands/running.rs"),
];

#[test]
fn every_command_has_a_test_of_success_and_one_of_failure() {
    let commands = vboxsh::builtins::commands(&ConnectSettings::default());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for command in commands.all() {
        let of_it = |line: &str| {
            let word = line.split_whitespace().next().unwrap();
            commands.find(word).is_some_and(|found| found.name == command.name)
        };
        let fails = command.name == "python" || ROWS.iter().any(|(line, ..)| of_it(line));
        assert!(fails, "{} has no test of failure", command.name);
        let runs = command.examples.iter().any(|example| !example.only_shown);
        let elsewhere = SHOWN_ELSEWHERE.iter().find(|(name, _)| *name == command.name).map(|(_, place)| *place);
        match elsewhere {
            Some(place) if place.ends_with(".rs") => {
                let text = std::fs::read_to_string(root.join(place)).unwrap_or_default();
                let spelt =
                    std::iter::once(&command.name).chain(&command.aliases).any(|name| text.contains(name.as_str()));
                assert!(spelt, "{} is not tested in {place}", command.name);
            }
            _ => assert!(runs || elsewhere.is_some(), "{} has no test of success", command.name),
        }
    }
}
