//! What one process saves, the next one finds; what it does not know, it keeps.

use super::{Home, change, list, object, objects, text};
use std::collections::BTreeMap;
use vboxsh::model::{Object, Value};

/// Every value that can be stored, of a machine and its parts, by path.
fn values(machine: &Object) -> BTreeMap<String, String> {
    fn walk(object: &Object, path: &str, depth: usize, out: &mut BTreeMap<String, String>) {
        for attribute in object.interface().attributes() {
            // They differ between two processes by nature; times are kept in whole seconds.
            if matches!(
                attribute.name,
                "lastStateChange" | "parent" | "properties" | "settingsModified" | "state" | "mediumAttachments"
            ) {
                continue;
            }
            let Ok(value) = object.read(attribute) else { continue };
            let path = format!("{path}.{}", attribute.name);
            match value {
                Value::Object(part) if depth < 4 => walk(&part, &path, depth + 1, out),
                Value::List(list) if list.iter().any(|value| value.as_object().is_some()) => {
                    for (at, part) in list.iter().filter_map(Value::as_object).enumerate() {
                        walk(part, &format!("{path}[{at}]"), depth + 1, out);
                    }
                }
                Value::Enum(value) => drop(out.insert(path, value.to_string())),
                value => drop(out.insert(path, format!("{value:?}"))),
            }
        }
        if object.interface().name == "IMachine" {
            for (method, count) in [("getNetworkAdapter", 8), ("getSerialPort", 4), ("getParallelPort", 2)] {
                for slot in 0..count {
                    let part = super::object(object.call(method, vec![Value::Int(slot)]).unwrap());
                    walk(&part, &format!("{path}.{method}({slot})"), depth + 1, out);
                }
            }
            for position in 1..=4 {
                let device = object.call("getBootOrder", vec![Value::Int(position)]).unwrap();
                out.insert(format!("{path}.boot{position}"), format!("{:?}", device.as_int()));
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(machine, "m", 0, &mut out);
    out
}

/// Gives every writable attribute another value than it has. What is refused is left.
fn change_everything(object: &Object, depth: usize) {
    for attribute in object.interface().attributes() {
        let Ok(value) = object.read(attribute) else { continue };
        match value {
            // Back to the root, or to what is host-wide.
            Value::Object(_) if matches!(attribute.name, "parent" | "properties") => {}
            Value::Object(part) if depth < 4 => change_everything(&part, depth + 1),
            Value::Bool(truth) if attribute.writable => drop(object.set(attribute.name, Value::Bool(!truth))),
            Value::Int(number) if attribute.writable => drop(object.set(attribute.name, Value::Int(number + 1))),
            Value::Text(old)
                if attribute.writable
                    && !matches!(attribute.name, "name" | "OSTypeId" | "hardwareUUID" | "MACAddress") =>
            {
                drop(object.set(attribute.name, Value::Text(format!("{old}x<&\">ä"))));
            }
            Value::Enum(old) if attribute.writable => {
                let next = old.enumeration.values.iter().rev().find(|value| value.number != old.number).unwrap();
                drop(object.set(attribute.name, Value::Int(next.number)));
            }
            _ => {}
        }
    }
}

#[test]
fn every_stored_value_survives() {
    let home = Home::new();
    let machine = home.machine("m");
    change(&machine, |mutable| {
        change_everything(mutable, 0);
        mutable.set("description", "two\nlines <&>".into()).unwrap();
        mutable.set("hardwareUUID", "11111111-2222-3333-4444-555555555555".into()).unwrap();
        for (slot, kind) in ["Bridged", "Internal", "HostOnly", "Generic", "NATNetwork", "Null"].iter().enumerate() {
            let slot = Value::Int(i64::try_from(slot).unwrap() + 1);
            let adapter = object(mutable.call("getNetworkAdapter", vec![slot]).unwrap());
            change_everything(&adapter, 0);
            adapter.set("attachmentType", (*kind).into()).unwrap();
        }
        let nat =
            object(object(mutable.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap()).get("NATEngine").unwrap());
        change_everything(&nat, 0);
        let rule =
            vec!["ssh".into(), "TCP".into(), "127.0.0.1".into(), Value::Int(2222), "10.0.2.15".into(), Value::Int(22)];
        nat.call("addRedirect", rule).unwrap();
        let port = object(mutable.call("getSerialPort", vec![Value::Int(1)]).unwrap());
        port.set("path", "/tmp/pipe".into()).unwrap();
        port.set("hostMode", "HostPipe".into()).unwrap();
        port.set("enabled", true.into()).unwrap();
        mutable.call("setBootOrder", vec![Value::Int(2), "Network".into()]).unwrap();
        mutable
            .call("createSharedFolder", vec!["f".into(), "/tmp".into(), true.into(), true.into(), "/mnt".into()])
            .unwrap();
        mutable.call("setGuestProperty", vec!["/p".into(), "v".into(), "RDONLYGUEST".into()]).unwrap();
        let controller = object(mutable.call("addStorageController", vec!["nvme".into(), "PCIe".into()]).unwrap());
        controller.set("portCount", Value::Int(3)).unwrap();
        mutable.call("setExtraData", vec!["GUI/x".into(), "1 < 2".into()]).unwrap();
    });
    let other = home.another().find_machine("m").unwrap();
    let (saved, read) = (values(&machine), values(&other));
    assert!(saved.len() > 400, "{} values", saved.len());
    let different: Vec<_> = saved
        .iter()
        .filter(|(path, value)| read.get(*path) != Some(value))
        .map(|(path, value)| (path, value, read.get(path)))
        .collect();
    assert_eq!(different, []);
    // The screens of more monitors come with the next start, as in the real thing.
    assert!(read.keys().all(|path| saved.contains_key(path) || path.contains("screens[1]")));
    assert_eq!(other.call("getGuestPropertyValue", vec!["/p".into()]).unwrap(), "v".into());
    assert_eq!(other.call("getExtraData", vec!["GUI/x".into()]).unwrap(), "1 < 2".into());
}

#[test]
fn media_and_attachments_survive() {
    let home = Home::new();
    let machine = home.machine("m");
    let (disk, loose) = (home.disk("d.vdi"), home.disk("loose.vdi"));
    change(&machine, |mutable| {
        let arguments =
            vec!["SATA".into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk.clone())];
        mutable.call("attachDevice", arguments).unwrap();
        let arguments = vec!["IDE".into(), Value::Int(1), Value::Int(0), "DVD".into()];
        mutable.call("attachDeviceWithoutMedium", arguments).unwrap();
    });
    let other = home.another();
    let mut names: Vec<_> =
        objects(other.root().get("hardDisks").unwrap()).iter().map(|disk| text(disk, "name")).collect();
    names.sort();
    assert_eq!(names, ["d.vdi", "loose.vdi"]);
    let machine = other.find_machine("m").unwrap();
    let slot = vec!["SATA".into(), Value::Int(0), Value::Int(0)];
    let found = object(machine.call("getMedium", slot).unwrap());
    assert_eq!(text(&found, "id"), text(&disk, "id"));
    assert_eq!(text(&found, "state"), "Inaccessible", "nobody has looked at it yet");
    assert_eq!(text(&found, "lastAccessError"), "");
    assert_eq!(found.call("refreshState", vec![]).unwrap().as_int(), Some(1));
    assert_eq!(found.get("logicalSize").unwrap(), Value::Int(16 << 20));
    assert_eq!(machine.get("mediumAttachments").unwrap().into_list().len(), 2);
    drop(loose);
}

#[test]
fn unknown_elements_stay() {
    let home = Home::new();
    let machine = home.machine("m");
    let file = text(&machine, "settingsFilePath");
    let written = std::fs::read_to_string(&file).unwrap();
    let strange = "<Strange a=\"1\"><Deep>text</Deep></Strange><Snapshot uuid=\"{00000001-0000-4000-8000-000000000000}\" name=\"s\"><Hardware/></Snapshot></Machine>";
    std::fs::write(&file, written.replace("</Machine>", strange)).unwrap();
    let other = home.another();
    let machine = other.find_machine("m").unwrap();
    change(&machine, |mutable| mutable.set("memorySize", Value::Int(512)).unwrap());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("<Deep>text</Deep>") && written.contains("name=\"s\""), "{written}");
    assert!(written.contains("RAMSize=\"512\""), "{written}");
    assert!(std::path::Path::new(&format!("{file}-prev")).exists(), "the file before is kept");
}

#[test]
fn two_processes_keep_each_others_machines() {
    let home = Home::new();
    home.machine("first");
    let other = home.another();
    let machine = super::create(&other.root(), "second", "Other");
    other.root().call("registerMachine", vec![Value::Object(machine)]).unwrap();
    home.vbox().call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
    for connection in [&home.connection, &other, &home.another()] {
        let mut names: Vec<_> =
            objects(connection.root().get("machines").unwrap()).iter().map(|machine| text(machine, "name")).collect();
        names.sort();
        assert_eq!(names, ["first", "second"]);
    }
    assert_eq!(home.another().root().call("getExtraDataKeys", vec![]).unwrap(), list(&["k"]));
    // A machine that another process changed is read anew when it is locked.
    change(&other.find_machine("first").unwrap(), |mutable| mutable.set("memorySize", Value::Int(555)).unwrap());
    let first = home.connection.find_machine("first").unwrap();
    change(&first, |mutable| mutable.set("CPUCount", Value::Int(3)).unwrap());
    assert_eq!(first.get("memorySize").unwrap(), Value::Int(555));
    first.call("unregister", vec!["UnregisterOnly".into()]).unwrap();
    assert!(other.find_machine("first").is_err());
}

#[test]
fn a_damaged_machine_is_inaccessible_and_can_be_unregistered() {
    let home = Home::new();
    let file = text(&home.machine("broken"), "settingsFilePath");
    std::fs::write(&file, "<VirtualBox><Machine").unwrap();
    let other = home.another();
    let machine = objects(other.root().get("machines").unwrap()).remove(0);
    assert_eq!(machine.get("accessible").unwrap(), Value::Bool(false));
    let why = object(machine.get("accessError").unwrap());
    assert!(text(&why, "text").contains("broken.vbox"));
    assert_eq!(super::code(machine.get("memorySize")), "E_ACCESSDENIED");
    assert!(other.find_machine("broken").is_err(), "it is found by its id only");
    assert_eq!(other.find_machine(&text(&machine, "id")).unwrap(), machine);
    machine.call("unregister", vec!["UnregisterOnly".into()]).unwrap();
    assert_eq!(other.root().get("machines").unwrap(), list(&[]));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "<VirtualBox><Machine", "the damaged file is left alone");
}

#[test]
fn a_damaged_home_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("home")).unwrap();
    std::fs::write(folder.path().join("home/VirtualBox.xml"), "<nonsense").unwrap();
    let opened = vboxsh::backend::embedded::connect(Some(folder.path().join("home")));
    let error = opened.err().expect("it is damaged");
    assert!(error.to_string().contains("VirtualBox.xml"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn system_properties_are_kept_and_restored() {
    let home = Home::new();
    let properties =
        |connection: &vboxsh::model::Connection| object(connection.root().get("systemProperties").unwrap());
    let own = properties(&home.connection);
    let usual = text(&own, "defaultMachineFolder");
    own.set("defaultMachineFolder", "/somewhere/else".into()).unwrap();
    assert_eq!(super::code(own.set("defaultMachineFolder", "relative".into())), "E_INVALIDARG");
    own.set("logHistoryCount", Value::Int(7)).unwrap();
    let other = properties(&home.another());
    assert_eq!(text(&other, "defaultMachineFolder"), "/somewhere/else");
    assert_eq!(other.get("logHistoryCount").unwrap(), Value::Int(7));
    own.set("defaultMachineFolder", "".into()).unwrap();
    assert_eq!(text(&own, "defaultMachineFolder"), usual);
}

#[test]
#[ignore = "a measurement: run it with --release --nocapture"]
fn how_long_a_start_and_a_read_take() {
    let home = Home::new();
    for at in 0..10 {
        home.machine(&format!("m{at}"));
    }
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let other = home.another();
        let machines = objects(other.root().get("machines").unwrap());
        let names: Vec<_> = machines.iter().map(|machine| (text(machine, "name"), text(machine, "state"))).collect();
        println!("start, names and states of {}: {:?}", names.len(), start.elapsed());
        let start = std::time::Instant::now();
        for _ in 0..100_000 {
            machines[0].get("memorySize").unwrap();
        }
        println!("one read: {:?}", start.elapsed() / 100_000);
    }
}
