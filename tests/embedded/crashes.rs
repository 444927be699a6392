//! What survives when the program is killed while it writes, and when several write at once.

use super::{Home, connect, object, objects, text};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use vboxsh::model::{Connection, Object, Value};

/// Work that changes settings of every kind, from step `args[0]` to `args[1]`; a line is printed for each step done.
const WORK: &str = r#"
let first = parse_int(args[0]);
let last = parse_int(args[1]);
let folder = args[2];
for at in first..last {
    vbox.setExtraData("step", at.to_string());
    let name = `m${at % 3}`;
    let machine = ();
    try { machine = vbox.findMachine(name); } catch {
        machine = vbox.createMachine("", name, PlatformArchitecture.x86, [], "Ubuntu_64", "forceOverwrite=1");
        machine.applyDefaults("");
        machine.getStorageControllerByName("SATA").set("portCount", 30);
        vbox.registerMachine(machine);
    }
    machine.session("Write", |s| {
        s.machine.memorySize = 4 + at;
        s.machine.description = `step ${at}`;
        s.machine.setExtraData("step", at.to_string());
        if at % 5 == 0 {
            let disk = vbox.createMedium("VDI", `${folder}/d${at}.vdi`, AccessMode.ReadWrite, DeviceType.HardDisk);
            disk.createBaseStorage(1048576, [MediumVariant.Standard]).waitForCompletion(-1);
            try { s.machine.attachDevice("SATA", at / 5, 0, DeviceType.HardDisk, disk); } catch {}
        }
    });
    if at % 7 == 0 {
        let extra = ();
        // It may be there from a step that was cut off.
        try { extra = vbox.findMachine(`extra${at}`); } catch {
            extra = vbox.createMachine("", `extra${at}`, PlatformArchitecture.x86, [], "Other", "forceOverwrite=1");
            vbox.registerMachine(extra);
        }
        if at % 2 == 0 {
            let gone = extra.unregister(CleanupMode.DetachAllReturnNone);
            extra.deleteConfig(gone).waitForCompletion(-1);
        }
    }
    print(`done ${at}`);
}
"#;

struct Work {
    child: Child,
    output: BufReader<ChildStdout>,
}

fn start(folder: &Path, script: &Path, arguments: &[String]) -> Work {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vboxsh"))
        .args(["-u", "embedded", "--home"])
        .arg(folder.join("home"))
        .arg(script)
        .args(arguments)
        .env("HOME", folder)
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    Work { child, output }
}

/// The number of the last step that the work has said it did.
fn last_done(work: &mut Work) -> Option<i64> {
    let lines = (&mut work.output).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("done ")?.parse().ok()).last()
}

/// Everything in the home can be read, and every attached disk is there and whole.
fn check_whole(connection: &Connection, context: &str) {
    for machine in objects(connection.root().get("machines").unwrap()) {
        let file = text(&machine, "settingsFilePath");
        assert_eq!(machine.get("accessible").unwrap(), Value::Bool(true), "{context}: {file}");
        assert_eq!(text(&machine, "sessionState"), "Unlocked", "{context}: {file}");
        assert!(["PoweredOff", "Aborted"].contains(&text(&machine, "state").as_str()), "{context}: {file}");
        for attachment in machine.get("mediumAttachments").unwrap().into_list() {
            let Value::Struct(attachment) = attachment else { panic!("{context}: {attachment:?}") };
            for (name, value) in attachment.entries().filter(|(name, _)| *name == "medium") {
                value.as_object().into_iter().for_each(|medium| check_medium(medium, &format!("{context}, {name}")));
            }
        }
    }
    objects(connection.root().get("hardDisks").unwrap()).iter().for_each(|disk| check_medium(disk, context));
}

fn check_medium(medium: &Object, context: &str) {
    let created = medium.call("refreshState", vec![]).unwrap();
    let location = text(medium, "location");
    assert_eq!(created.as_int(), Some(1), "{context}: {location}: {}", text(medium, "lastAccessError"));
}

#[test]
fn a_process_killed_at_any_point_loses_nothing_it_had_saved() {
    killed_at_any_point(36, 3);
}

#[test]
#[ignore = "the same over more than 500 writing operations: half a minute"]
fn a_process_killed_at_any_of_many_points_loses_nothing_it_had_saved() {
    killed_at_any_point(170, 15);
}

/// Every step is three writing operations at least.
fn killed_at_any_point(steps: i64, least_kills: u64) {
    let home = Home::new();
    let folder = home.folder.path();
    let script = folder.join("work.rhai");
    std::fs::write(&script, WORK).unwrap();
    home.connection.close();
    let (mut next, mut kills) = (0, 0);
    while next < steps {
        let mut work = start(folder, &script, &[next.to_string(), steps.to_string(), folder.display().to_string()]);
        // Points spread over all of a step's work, the same in every run.
        std::thread::sleep(Duration::from_micros(90_000 + (kills * 48_271) % 160_000));
        let _ = work.child.kill();
        let ended = work.child.wait().unwrap();
        kills += 1;
        let mut said = String::new();
        std::io::Read::read_to_string(&mut work.child.stderr.take().unwrap(), &mut said).unwrap();
        assert!(said.is_empty() && ended.code().is_none_or(|code| code == 0), "round {kills}: {said}");
        let done = last_done(&mut work).unwrap_or(next - 1);
        let connection = connect(folder);
        let context = format!("after kill {kills}, step {done}");
        check_whole(&connection, &context);
        if done >= 0 {
            let step = connection.root().call("getExtraData", vec!["step".into()]).unwrap();
            let step: i64 = step.as_text().unwrap().parse().unwrap();
            assert!(step == done || step == done + 1, "{context}: {step}");
            for at in (0..=done).rev().take(3) {
                let machine = connection.find_machine(&format!("m{}", at % 3)).unwrap();
                let memory = machine.get("memorySize").unwrap().as_int().unwrap();
                assert!(memory == 4 + at || memory == 4 + done + 1, "{context}: {memory} MB of step {at}");
            }
            let missing =
                (0..=done).filter(|at| at % 14 == 7 && connection.find_machine(&format!("extra{at}")).is_err());
            assert_eq!(missing.collect::<Vec<_>>(), Vec::<i64>::new(), "{context}");
            next = done + 1;
        }
        connection.close();
    }
    assert!(kills >= least_kills, "{kills} kills only");
    let left: Vec<_> = walk(folder).into_iter().filter(|file| file.ends_with(".lock")).collect();
    assert!(left.iter().all(|file| file.ends_with(".vboxsh/lock")), "{left:?}");
}

fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path.display().to_string()) }
    }
    found
}

/// One of several: counts up in a machine that all share, and keeps things of its own.
const SHARED_WORK: &str = r#"
let me = args[0];
let folder = args[1];
let own = vbox.createMachine("", `own${me}`, PlatformArchitecture.x86, [], "Ubuntu_64", "");
own.applyDefaults("");
own.getStorageControllerByName("SATA").set("portCount", 30);
vbox.registerMachine(own);
let common = vbox.findMachine("shared");
for at in 0..12 {
    vbox.setExtraData(`k${me}.${at}`, `v${at}`);
    let disk = vbox.createMedium("VDI", `${folder}/d${me}.${at}.vdi`, AccessMode.ReadWrite, DeviceType.HardDisk);
    disk.createBaseStorage(1048576, [MediumVariant.Standard]).waitForCompletion(-1);
    own.session("Write", |s| s.machine.attachDevice("SATA", at, 0, DeviceType.HardDisk, disk));
    let counted = false;
    while !counted {
        try {
            common.session("Write", |s| {
                s.machine.memorySize += 1;
                s.machine.setExtraData(`k${me}.${at}`, `v${at}`);
            });
            counted = true;
        } catch (error) {
            if error.name != "VBOX_E_INVALID_OBJECT_STATE" { throw error; }
            sleep(0.001);
        }
    }
}
print("done 12");
"#;

fn several_at_once(count: usize) {
    let home = Home::new();
    let folder = home.folder.path();
    let shared = home.machine("shared");
    let memory = shared.get("memorySize").unwrap().as_int().unwrap();
    let script = folder.join("work.rhai");
    std::fs::write(&script, SHARED_WORK).unwrap();
    let works: Vec<_> =
        (0..count).map(|at| start(folder, &script, &[at.to_string(), folder.display().to_string()])).collect();
    for (at, work) in works.into_iter().enumerate() {
        let ended = work.child.wait_with_output().unwrap();
        assert!(ended.status.success(), "process {at}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    let other = home.another();
    check_whole(&other, "at the end");
    let machine = other.find_machine("shared").unwrap();
    let added = i64::try_from(count).unwrap() * 12;
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(memory + added), "no change was lost");
    assert_eq!(shared.get("memorySize").unwrap(), Value::Int(memory + added), "and we see it");
    for at in 0..count {
        for step in 0..12 {
            let key = vec![Value::Text(format!("k{at}.{step}"))];
            let expected = Value::Text(format!("v{step}"));
            assert_eq!(other.root().call("getExtraData", key.clone()).unwrap(), expected, "{key:?}");
            assert_eq!(machine.call("getExtraData", key.clone()).unwrap(), expected, "{key:?} of the machine");
        }
        let own = other.find_machine(&format!("own{at}")).unwrap();
        assert_eq!(own.get("mediumAttachments").unwrap().into_list().len(), 12, "own{at}");
        let disk = object(own.call("getMedium", vec!["SATA".into(), Value::Int(11), Value::Int(0)]).unwrap());
        assert_eq!(text(&disk, "name"), format!("d{at}.11.vdi"));
    }
}

#[test]
fn two_processes_that_write_at_once_lose_nothing() {
    several_at_once(2);
}

#[test]
fn four_processes_that_write_at_once_lose_nothing() {
    several_at_once(4);
}
