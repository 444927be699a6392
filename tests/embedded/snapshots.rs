//! Snapshots: the tree that settings files hold, what they are attached to, taking, restoring and deleting them.

use super::{Home, change, code, object, objects, text};
use vboxsh::model::{Object, Value};

/// Adds a tree of snapshots to a settings file: `one` with `two` and `three` below.
fn with_tree(written: &str) -> String {
    let hardware = |memory: u32| format!("<Hardware><Memory RAMSize=\"{memory}\"/><Strange kept=\"yes\"/></Hardware>");
    let leaf = |id: u32, name: &str| {
        format!(
            "<Snapshot uuid=\"{{0000000{id}-0000-4000-8000-000000000000}}\" name=\"{name}\" \
             timeStamp=\"2026-01-0{id}T00:00:00Z\">{}</Snapshot>",
            hardware(100 * id)
        )
    };
    let tree = format!(
        "<Snapshot uuid=\"{{00000001-0000-4000-8000-000000000000}}\" name=\"one\" timeStamp=\"2026-01-01T00:00:00Z\" \
         stateFile=\"Snapshots/one.sav\"><Description>first\nline</Description>{}<Snapshots>{}{}</Snapshots></Snapshot>",
        hardware(100),
        leaf(2, "two"),
        leaf(3, "three")
    );
    let current = " currentSnapshot=\"{00000003-0000-4000-8000-000000000000}\" currentStateModified=\"false\" name=";
    written.replacen(" name=", current, 1).replacen("<Hardware", &format!("{tree}<Hardware"), 1)
}

#[test]
fn a_tree_of_snapshots_is_read_and_kept() {
    let home = Home::new();
    let machine = home.machine("m");
    let file = text(&machine, "settingsFilePath");
    std::fs::write(&file, with_tree(&std::fs::read_to_string(&file).unwrap())).unwrap();
    let connection = home.another();
    let machine = object(connection.root().call("findMachine", vec!["m".into()]).unwrap());
    assert_eq!(machine.get("snapshotCount").unwrap(), Value::Int(3));
    assert_eq!(text(&object(machine.get("currentSnapshot").unwrap()), "name"), "three");
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(false));
    let find = |wanted: &str| machine.call("findSnapshot", vec![wanted.into()]);
    let one = object(find("").unwrap());
    assert_eq!((text(&one, "name"), text(&one, "description")), ("one".to_owned(), "first\nline".to_owned()));
    assert_eq!(one.get("parent").unwrap(), Value::Null);
    assert_eq!(one.get("online").unwrap(), Value::Bool(true));
    assert_eq!(one.get("timeStamp").unwrap(), Value::Int(1_767_225_600_000));
    let below: Vec<_> = objects(one.get("children").unwrap()).iter().map(|child| text(child, "name")).collect();
    assert_eq!(below, ["two", "three"]);
    let two = object(find("{00000002-0000-4000-8000-000000000000}").unwrap());
    assert_eq!(object(two.get("parent").unwrap()), one);
    assert_eq!(code(find("four")), "VBOX_E_OBJECT_NOT_FOUND");
    // Its machine has its own hardware, and never changes.
    let then = object(two.get("machine").unwrap());
    assert_eq!(then.get("memorySize").unwrap(), Value::Int(200));
    assert_eq!((text(&then, "name"), text(&then, "id")), ("m".to_owned(), text(&machine, "id")));
    assert_eq!(code(then.set("memorySize", Value::Int(64))), "VBOX_E_INVALID_VM_STATE");
    // A new name is saved at once, and the rest of the file stays.
    two.set("name", "zwei".into()).unwrap();
    two.set("description", "a\nb".into()).unwrap();
    change(&machine, |machine| machine.set("memorySize", Value::Int(64)).unwrap());
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(true));
    let connection = home.another();
    let machine = object(connection.root().call("findMachine", vec!["m".into()]).unwrap());
    let two = object(machine.call("findSnapshot", vec!["zwei".into()]).unwrap());
    assert_eq!(text(&two, "description"), "a\nb");
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(true));
    assert_eq!(std::fs::read_to_string(&file).unwrap().matches("<Strange kept=\"yes\"/>").count(), 3);
}

/// Waits for a progress and gives its result code.
fn finish(progress: &Object) -> i64 {
    progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
    progress.get("resultCode").unwrap().as_int().unwrap()
}

fn take(machine: &Object, name: &str) -> Object {
    let outs = machine.call_outputs("takeSnapshot", vec![name.into(), "".into(), true.into()]).unwrap();
    let progress = objects(Value::List(outs.into_iter().filter(|out| matches!(out, Value::Object(_))).collect()));
    assert_eq!(finish(&progress[0]), 0);
    object(machine.get("currentSnapshot").unwrap())
}

fn restore(machine: &Object, name: &str) {
    let snapshot = machine.call("findSnapshot", vec![name.into()]).unwrap();
    assert_eq!(finish(&object(machine.call("restoreSnapshot", vec![snapshot]).unwrap())), 0);
}

fn delete(machine: &Object, name: &str) -> Result<i64, vboxsh::model::Error> {
    let snapshot = object(machine.call("findSnapshot", vec![name.into()]).unwrap());
    let progress = machine.call("deleteSnapshot", vec![text(&snapshot, "id").as_str().into()])?;
    Ok(finish(&object(progress)))
}

fn disk_of(machine: &Object) -> Object {
    object(machine.call("getMedium", vec!["SATA".into(), Value::Int(0), Value::Int(0)]).unwrap())
}

/// Locks a machine, with a disk at the SATA controller that `applyDefaults` made.
fn with_disk(home: &Home, machine: &Object, work: impl FnOnce(&Object)) {
    let disk = home.disk("base.vdi");
    change(machine, |machine| {
        let arguments = vec!["SATA".into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk)];
        machine.call("attachDevice", arguments).unwrap();
        machine.call("saveSettings", vec![]).unwrap();
        work(machine);
    });
}

const BLOCK: usize = 1 << 20;

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Fills a block of a VDI image, as VirtualBox would.
fn fill(disk: &Object, block: usize, byte: u8) {
    let path = text(disk, "location");
    let mut bytes = std::fs::read(&path).unwrap();
    let (map, data) = (number(&bytes, 0x154), number(&bytes, 0x158));
    let entry = map + block * 4;
    let mut place = number(&bytes, entry);
    if place >= 0xffff_fffe {
        place = number(&bytes, 0x184);
        bytes[entry..entry + 4].copy_from_slice(&u32::try_from(place).unwrap().to_le_bytes());
        bytes[0x184..0x188].copy_from_slice(&u32::try_from(place + 1).unwrap().to_le_bytes());
        bytes.resize(data + (place + 1) * BLOCK, 0);
    }
    bytes[data + place * BLOCK..data + (place + 1) * BLOCK].fill(byte);
    std::fs::write(&path, bytes).unwrap();
}

/// What a guest would read at the start of the first blocks.
fn content(disk: &Object) -> Vec<u8> {
    let chain = std::iter::successors(Some(disk.clone()), |disk| match disk.get("parent").unwrap() {
        Value::Object(parent) => Some(parent),
        _ => None,
    });
    let images: Vec<_> = chain.map(|disk| std::fs::read(text(&disk, "location")).unwrap()).collect();
    // Each names the one below it.
    for pair in images.windows(2) {
        assert_eq!(pair[0][0x1a8..0x1b8], pair[1][0x188..0x198], "the parent of an image");
    }
    assert!(images.last().unwrap()[0x1a8..0x1b8].iter().all(|byte| *byte == 0), "the base has no parent");
    let read = |block: usize| {
        images.iter().find_map(|bytes| {
            let place = number(bytes, number(bytes, 0x154) + block * 4);
            (place < 0xffff_fffe).then(|| bytes[number(bytes, 0x158) + place * BLOCK + 7])
        })
    };
    (0..4).map(|block| read(block).unwrap_or_default()).collect()
}

#[test]
fn disks_are_merged_wherever_a_snapshot_is_deleted() {
    let home = Home::new();
    let machine = home.machine("m");
    let then = |machine: &Object, name: &str| {
        let snapshot = object(machine.call("findSnapshot", vec![name.into()]).unwrap());
        content(&disk_of(&object(snapshot.get("machine").unwrap())))
    };
    with_disk(&home, &machine, |machine| {
        fill(&disk_of(machine), 0, 1);
        take(machine, "one");
        fill(&disk_of(machine), 0, 2);
        fill(&disk_of(machine), 1, 2);
        take(machine, "two");
        fill(&disk_of(machine), 2, 3);
        take(machine, "three");
        fill(&disk_of(machine), 1, 4);
        assert_eq!(content(&disk_of(machine)), [2, 4, 3, 0]);
        assert_eq!(then(machine, "three"), [2, 2, 3, 0]);
        // In the middle; the disk above is the smaller one.
        assert_eq!(delete(machine, "two").unwrap(), 0);
        assert_eq!(then(machine, "one"), [1, 0, 0, 0]);
        assert_eq!(then(machine, "three"), [2, 2, 3, 0]);
        assert_eq!(content(&disk_of(machine)), [2, 4, 3, 0]);
        assert_eq!(text(&object(machine.get("currentSnapshot").unwrap()), "name"), "three");
        // A fork, and a leaf.
        restore(machine, "one");
        assert_eq!(content(&disk_of(machine)), [1, 0, 0, 0]);
        fill(&disk_of(machine), 3, 9);
        take(machine, "four");
        assert_eq!(code(delete(machine, "one")), "VBOX_E_INVALID_OBJECT_STATE");
        assert_eq!(delete(machine, "three").unwrap(), 0);
        assert_eq!(content(&disk_of(machine)), [1, 0, 0, 9]);
        // The root, then the last one, which is the current one.
        assert_eq!(delete(machine, "one").unwrap(), 0);
        assert_eq!(then(machine, "four"), [1, 0, 0, 9]);
        fill(&disk_of(machine), 0, 7);
        assert_eq!(delete(machine, "four").unwrap(), 0);
        assert_eq!(content(&disk_of(machine)), [7, 0, 0, 9]);
        assert_eq!(text(&disk_of(machine), "name"), "base.vdi");
        assert_eq!(machine.get("currentSnapshot").unwrap(), Value::Null);
        assert_eq!(machine.get("snapshotCount").unwrap(), Value::Int(0));
    });
    let folder = home.folder.path().join("VirtualBox VMs/m/Snapshots");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "no disk is left over");
    let other = home.another();
    let machine = other.find_machine("m").unwrap();
    assert_eq!(text(&disk_of(&machine), "name"), "base.vdi");
    assert_eq!(objects(other.root().get("hardDisks").unwrap()).len(), 1);
}

#[test]
fn implicit_disks_go_with_the_changes_they_were_made_for() {
    let home = Home::new();
    let machine = home.machine("m");
    let folder = home.folder.path().join("VirtualBox VMs/m/Snapshots");
    let files = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    let disk = home.disk("immutable.vdi");
    disk.set("type", "Immutable".into()).unwrap();
    let slot = |port: i64| vec![Value::from("SATA"), Value::Int(port), Value::Int(0)];
    let attach = |machine: &Object, port: i64| {
        let mut arguments = slot(port);
        arguments.extend(["HardDisk".into(), Value::Object(disk.clone())]);
        machine.call("attachDevice", arguments).unwrap();
        object(machine.call("getMedium", slot(port)).unwrap())
    };
    change(&machine, |machine| {
        let controller = object(machine.call("getStorageControllerByName", vec!["SATA".into()]).unwrap());
        controller.set("portCount", Value::Int(3)).unwrap();
        machine.call("saveSettings", vec![]).unwrap();
        let made = attach(machine, 0);
        assert_eq!(object(made.get("parent").unwrap()), disk);
        assert_eq!(made.get("autoReset").unwrap(), Value::Bool(true));
        assert_eq!(files(), 1);
        assert_eq!(code(machine.call("detachDevice", slot(0))), "VBOX_E_OBJECT_IN_USE", "as in VirtualBox");
        assert_eq!(files(), 1);
        machine.call("discardSettings", vec![]).unwrap();
        assert_eq!(files(), 0);
        assert_eq!(text(&made, "state"), "NotCreated");
        // What was saved stays; at another place it is the same disk again.
        let kept = attach(machine, 0);
        machine.call("saveSettings", vec![]).unwrap();
        machine.call("detachDevice", slot(0)).unwrap();
        assert_eq!(kept.get("machineIds").unwrap().into_list().len(), 1, "detached when it is saved");
        assert_eq!(attach(machine, 1), kept);
        machine.call("saveSettings", vec![]).unwrap();
        machine.call("detachDevice", slot(1)).unwrap();
        machine.call("saveSettings", vec![]).unwrap();
        assert_eq!(kept.get("machineIds").unwrap().into_list().len(), 0);
        assert_eq!(files(), 1);
        assert_ne!(attach(machine, 1), kept);
        machine.call("discardSettings", vec![]).unwrap();
    });
    let session = home.connection.new_session().unwrap();
    machine.call("lockMachine", vec![Value::Object(session.clone()), "Write".into()]).unwrap();
    attach(&object(session.get("machine").unwrap()), 2);
    assert_eq!(files(), 2);
    session.call("unlockMachine", vec![]).unwrap();
    assert_eq!(files(), 1, "an unlocked session loses what was not saved");
}

/// Snapshots without end: a tree of disks that grows and is merged.
const WORK: &str = r#"
fn done(progress) { progress.waitForCompletion(-1); if progress.resultCode != 0 { throw progress.errorInfo.text; } }
let machine = vbox.findMachine("m");
for at in 0..1000 {
    machine.session("Write", |s| {
        let m = s.machine;
        done(m.takeSnapshot(`s${at}`, "", true)[0]);
        if m.snapshotCount > 3 {
            let first = m.findSnapshot("");
            done(m.deleteSnapshot(first.children[0].id));
            if at % 3 == 0 { done(m.restoreSnapshot(first)); done(m.takeSnapshot(`b${at}`, "", true)[0]); done(m.deleteSnapshot(first.children[0].id)); }
        }
    });
    print(at);
}
"#;

#[test]
fn a_process_killed_among_snapshots_leaves_whole_chains() {
    use std::io::BufRead as _;
    let home = Home::new();
    let machine = home.machine("m");
    with_disk(&home, &machine, |machine| {
        fill(&disk_of(machine), 0, 1);
        take(machine, "kept");
        fill(&disk_of(machine), 1, 2);
    });
    drop(machine);
    home.connection.close();
    let folder = home.folder.path();
    let script = folder.join("work.rhai");
    std::fs::write(&script, WORK).unwrap();
    for round in 0..6_u64 {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_vboxsh"))
            .args(["-u", "embedded", "--home"])
            .arg(folder.join("home"))
            .arg(&script)
            .env("HOME", folder)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.next().is_some_and(|line| line.is_ok()), "round {round} did nothing: {}", {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut text).unwrap();
            text
        });
        std::thread::sleep(std::time::Duration::from_millis(17 * round * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let connection = home.another();
        let machine = connection.find_machine("m").unwrap();
        assert_eq!(content(&disk_of(&machine))[0], 1, "round {round}");
        let mut open = vec![object(machine.call("findSnapshot", vec!["".into()]).unwrap())];
        assert_eq!(text(&open[0], "name"), "kept");
        while let Some(snapshot) = open.pop() {
            let disk = disk_of(&object(snapshot.get("machine").unwrap()));
            assert_eq!(content(&disk)[0], 1, "round {round}");
            assert_eq!(disk.call("refreshState", vec![]).unwrap().as_int(), Some(1), "round {round}");
            open.extend(objects(snapshot.get("children").unwrap()));
        }
        connection.close();
    }
}

#[test]
fn a_linked_clone_read_before_its_source_has_its_disks() {
    let home = Home::new();
    let machine = home.machine("source");
    with_disk(&home, &machine, |machine| drop(take(machine, "one")));
    let snapshot = object(machine.call("findSnapshot", vec!["one".into()]).unwrap());
    // Ids decide what is read first: one of many comes before the source.
    let names: Vec<String> = (0..8).map(|at| format!("clone{at}")).collect();
    for name in &names {
        let target = home.create(name, "Other");
        let of = object(snapshot.get("machine").unwrap());
        let options = Value::List(vec!["Link".into()]);
        let arguments = vec![Value::Object(target.clone()), "MachineState".into(), options];
        assert_eq!(finish(&object(of.call("cloneTo", arguments).unwrap())), 0);
        home.vbox().call("registerMachine", vec![Value::Object(target)]).unwrap();
    }
    let other = home.another();
    for name in &names {
        let clone = other.find_machine(name).unwrap();
        assert_eq!(text(&object(disk_of(&clone).get("base").unwrap()), "name"), "base.vdi", "{name}");
        change(&clone, |clone| clone.set("memorySize", Value::Int(64)).unwrap());
    }
    let third = home.another();
    for name in &names {
        assert_eq!(text(&disk_of(&third.find_machine(name).unwrap()), "state"), "Inaccessible", "not looked at yet");
    }
}
