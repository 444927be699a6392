//! One script of right and wrong calls, on both sides.

use super::{embedded, object, outcome};
use crate::rig;
use vboxsh::model::{Connection, Error, Object, Value};

/// One script of right and wrong calls; gives a line for each.
fn script(connection: &Connection, disk: &str) -> Vec<String> {
    let vbox = connection.root();
    let mut said = Vec::new();
    let mut note = |what: &str, result: Result<Value, Error>| said.push(format!("{what}: {}", outcome(result)));
    let name = "tmp-conform";
    let make = |name: &str, group: &str, os_type: &str, flags: &str| {
        let groups = if group.is_empty() { vec![] } else { vec![Value::from(group)] };
        vbox.call(
            "createMachine",
            vec!["".into(), name.into(), "x86".into(), Value::List(groups), os_type.into(), flags.into()],
        )
    };
    note("no name", make("", "", "Other", ""));
    note("unknown type", make("tmp-x", "", "nonsense", ""));
    note("bad group", make("tmp-x", "nope", "Other", ""));
    note("find nothing", vbox.call("findMachine", vec!["tmp-nope".into()]));
    note("unknown guest type", vbox.call("getGuestOSType", vec!["nonsense".into()]));
    note("no family", vbox.call("getGuestOSSubtypesByFamilyId", vec!["nonsense".into()]));
    note("missing extra data", vbox.call("getExtraData", vec!["tmp-missing".into()]));
    note("bad key", vbox.call("setExtraData", vec!["a\u{7}b".into(), "v".into()]));
    note(
        "bad format",
        vbox.call("createMedium", vec!["nonsense".into(), disk.into(), "ReadWrite".into(), "HardDisk".into()]),
    );
    note(
        "open nothing",
        vbox.call("openMedium", vec!["/tmp/tmp-nope.vdi".into(), "HardDisk".into(), "ReadWrite".into(), false.into()]),
    );
    let folder = || vec!["tmp-x".into(), "/tmp".into(), true.into(), false.into(), "".into()];
    note("host-wide folder", vbox.call("createSharedFolder", folder()));
    note("host-wide folder again", vbox.call("createSharedFolder", folder()));
    note("remove it", vbox.call("removeSharedFolder", vec!["tmp-x".into()]));
    note("remove it again", vbox.call("removeSharedFolder", vec!["tmp-x".into()]));
    for (name, group, flags) in [
        (" a:b/c. ", "/g", ""),
        ("n\"<>|?*", "", ""),
        (".x.", "", ""),
        ("-a ", "/a/b", ""),
        ("x", "bad", ""),
        ("", "", ""),
    ] {
        let arguments = vec![name.into(), group.into(), flags.into(), "/base".into()];
        note("file name", vbox.call("composeMachineFilename", arguments));
    }
    let machine = object(make(name, "", "Ubuntu_64", "forceOverwrite=1").unwrap());
    let setting = |machine: &Object, name: &str, value: Value| machine.set(name, value).map(|()| Value::Null);
    note("memory", setting(&machine, "memorySize", Value::Int(3)));
    note("processors", setting(&machine, "CPUCount", Value::Int(65)));
    note("cap", setting(&machine, "CPUExecutionCap", Value::Int(101)));
    note("empty name", setting(&machine, "name", "".into()));
    note("id as name", setting(&machine, "name", "6a2ae80f-9a2f-4a8a-9b53-6a3a8f0c8c11".into()));
    note("boot position", machine.call("setBootOrder", vec![Value::Int(5), "DVD".into()]));
    note("boot device", machine.call("setBootOrder", vec![Value::Int(1), "USB".into()]));
    note("adapter", machine.call("getNetworkAdapter", vec![Value::Int(8)]));
    note("port", machine.call("getSerialPort", vec![Value::Int(4)]));
    note("controller", machine.call("addStorageController", vec!["SATA".into(), "SATA".into()]));
    note("controller again", machine.call("addStorageController", vec!["SATA".into(), "IDE".into()]));
    note("second SATA", machine.call("addStorageController", vec!["SATA 2".into(), "SATA".into()]));
    note("no bus", machine.call("addStorageController", vec!["Null".into(), "Null".into()]));
    note("unknown controller", machine.call("getStorageControllerByName", vec!["nope".into()]));
    note("remove unknown", machine.call("removeStorageController", vec!["nope".into()]));
    let attach = |machine: &Object, port: i64, kind: &str, medium: Value| {
        machine.call("attachDevice", vec!["SATA".into(), Value::Int(port), Value::Int(0), kind.into(), medium])
    };
    note("attach unregistered", attach(&machine, 0, "DVD", Value::Null));
    note("usb", machine.call("addUSBController", vec!["u".into(), "XHCI".into()]));
    note("usb again", machine.call("addUSBController", vec!["u".into(), "OHCI".into()]));
    note("second usb", machine.call("addUSBController", vec!["v".into(), "XHCI".into()]));
    note("unknown usb", machine.call("removeUSBController", vec!["nope".into()]));
    note("guest property", machine.call("setGuestProperty", vec!["/a".into(), "1".into(), "RDONLYGUEST".into()]));
    note("bad flags", machine.call("setGuestProperty", vec!["/a".into(), "1".into(), "nonsense".into()]));
    note("transient", machine.call("setGuestProperty", vec!["/t".into(), "1".into(), "TRANSIENT".into()]));
    note("missing property", machine.call("getGuestPropertyValue", vec!["/missing".into()]));
    note("snapshot", machine.call("findSnapshot", vec!["nope".into()]));
    note(
        "folder",
        machine.call("createSharedFolder", vec!["f".into(), "/tmp".into(), true.into(), false.into(), "".into()]),
    );
    note(
        "folder again",
        machine.call("createSharedFolder", vec!["f".into(), "/tmp".into(), true.into(), false.into(), "".into()]),
    );
    note("no folder", machine.call("removeSharedFolder", vec!["nope".into()]));
    let session = connection.new_session().unwrap();
    let lock =
        |session: &Object, kind: &str| machine.call("lockMachine", vec![Value::Object(session.clone()), kind.into()]);
    note("lock unregistered", lock(&session, "Write"));
    note("modified", machine.get("settingsModified"));
    machine.call("saveSettings", vec![]).unwrap();
    note("saved", machine.get("settingsModified"));
    note("register", vbox.call("registerMachine", vec![Value::Object(machine.clone())]));
    note("register again", vbox.call("registerMachine", vec![Value::Object(machine.clone())]));
    note("modified of an immutable machine", machine.get("settingsModified"));
    note("save an immutable machine", machine.call("saveSettings", vec![]));
    note("discard in an immutable machine", machine.call("discardSettings", vec![]));
    note("set in an immutable machine", setting(&machine, "memorySize", Value::Int(512)));
    note(
        "property of an immutable machine",
        machine.call("setGuestProperty", vec!["/a".into(), "1".into(), "".into()]),
    );
    note("controller of an immutable machine", machine.call("addStorageController", vec!["x".into(), "IDE".into()]));
    note("machine of an unlocked session", session.get("machine"));
    note("type of an unlocked session", session.get("type"));
    note("console of an unlocked session", session.get("console"));
    note("unlock", session.call("unlockMachine", vec![]));
    note("delete a registered machine", machine.call("deleteConfig", vec![Value::List(vec![])]));
    note("lock", lock(&session, "Write"));
    note("lock again", lock(&session, "Write"));
    let second = connection.new_session().unwrap();
    note("second lock", lock(&second, "Write"));
    note("shared lock", lock(&second, "Shared"));
    note("type", session.get("type"));
    note("shared type", second.get("type"));
    note("name of a locked session", session.set("name", "x".into()).map(|()| Value::Null));
    note("console", session.get("console"));
    note("unregister locked", machine.call("unregister", vec!["Full".into()]));
    let mutable = object(session.get("machine").unwrap());
    let arguments = vec!["VDI".into(), disk.into(), "ReadWrite".into(), "HardDisk".into()];
    let medium = object(vbox.call("createMedium", arguments).unwrap());
    note("state", medium.get("state"));
    note("id", medium.get("id"));
    note("attach without storage", attach(&mutable, 0, "HardDisk", Value::Object(medium.clone())));
    note("no size", medium.call("createBaseStorage", vec![Value::Int(-1), Value::List(vec!["Standard".into()])]));
    note(
        "create",
        medium.call("createBaseStorage", vec![Value::Int(4 << 20), Value::List(vec!["Standard".into()])]).map(wait),
    );
    note("created", medium.get("state"));
    note(
        "create again",
        medium.call("createBaseStorage", vec![Value::Int(4 << 20), Value::List(vec!["Standard".into()])]).map(wait),
    );
    note("size", medium.get("logicalSize"));
    note("variant", medium.get("variant"));
    note("allowed types", medium.get("allowedTypes"));
    note("auto reset", medium.set("autoReset", true.into()).map(|()| Value::Null));
    note("read-only type", medium.set("type", "Readonly".into()).map(|()| Value::Null));
    note("shareable", medium.set("type", "Shareable".into()).map(|()| Value::Null));
    note("attach", attach(&mutable, 0, "HardDisk", Value::Object(medium.clone())));
    note("attach again", attach(&mutable, 0, "HardDisk", Value::Object(medium.clone())));
    note("attach twice", attach(&mutable, 1, "HardDisk", Value::Object(medium.clone())));
    note("port out of range", attach(&mutable, 30, "DVD", Value::Null));
    note("wrong kind", attach(&mutable, 2, "Floppy", Value::Null));
    note("disk without medium", attach(&mutable, 3, "HardDisk", Value::Null));
    note("drive", attach(&mutable, 4, "DVD", Value::Null));
    note("attachment", mutable.get("mediumAttachments"));
    note("empty slot", mutable.call("getMedium", vec!["SATA".into(), Value::Int(9), Value::Int(0)]));
    note("drive's medium", mutable.call("getMedium", vec!["SATA".into(), Value::Int(4), Value::Int(0)]));
    note("delete attached", medium.call("deleteStorage", vec![]).map(wait));
    note("close attached", medium.call("close", vec![]));
    note(
        "ports",
        object(mutable.get("storageControllers").unwrap().into_list().remove(0))
            .set("portCount", Value::Int(31))
            .map(|()| Value::Null),
    );
    note("save", mutable.call("saveSettings", vec![]));
    note("type of an attached medium", medium.set("type", "Writethrough".into()).map(|()| Value::Null));
    note("detach", mutable.call("detachDevice", vec!["SATA".into(), Value::Int(0), Value::Int(0)]));
    note("detach again", mutable.call("detachDevice", vec!["SATA".into(), Value::Int(0), Value::Int(0)]));
    note("save", mutable.call("saveSettings", vec![]));
    let nat = object(object(mutable.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap()).get("NATEngine").unwrap());
    let rule =
        |name: &str, port: i64| vec![name.into(), "TCP".into(), "".into(), Value::Int(port), "".into(), Value::Int(22)];
    note("rule", nat.call("addRedirect", rule("", 2222)));
    note("rule again", nat.call("addRedirect", rule("tcp_2222_22", 2223)));
    note("same port", nat.call("addRedirect", rule("other", 2222)));
    note("rules", nat.get("redirects"));
    note("no rule", nat.call("removeRedirect", vec!["nope".into()]));
    let adapter = object(mutable.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap());
    note("multicast address", adapter.set("MACAddress", "010000000000".into()).map(|()| Value::Null));
    note("short address", adapter.set("MACAddress", "0800".into()).map(|()| Value::Null));
    note("address with colons", adapter.set("MACAddress", "08:00:27:aa:bb:cc".into()).map(|()| Value::Null));
    note("address", adapter.set("MACAddress", "080027aabbcc".into()).map(|()| Value::Null));
    note("address read", adapter.get("MACAddress"));
    note("unlock", session.call("unlockMachine", vec![]));
    note(
        "lost rule",
        object(object(machine.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap()).get("NATEngine").unwrap())
            .get("redirects"),
    );
    note("delete", medium.call("deleteStorage", vec![]).map(wait));
    note("deleted", medium.get("state"));
    note("unregister", machine.call("unregister", vec!["DetachAllReturnHardDisksOnly".into()]));
    note("unregister again", machine.call("unregister", vec!["UnregisterOnly".into()]));
    note("delete files", machine.call("deleteConfig", vec![Value::List(vec![])]).map(wait));
    said
}

/// Waits for a progress; gives its result code.
fn wait(progress: Value) -> Value {
    let progress = object(progress);
    progress.call("waitForCompletion", vec![Value::Int(60_000)]).unwrap();
    Value::Int(progress.get("resultCode").unwrap().as_int().unwrap())
}

#[test]
fn the_same_script_has_the_same_outcome() {
    let Some(real) = rig::connection() else { return };
    // What an interrupted run left behind.
    if let Ok(left) = real.find_machine("tmp-conform") {
        let media = left.call("unregister", vec!["DetachAllReturnHardDisksOnly".into()]).unwrap();
        left.call("deleteConfig", vec![media]).map(wait).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let real = script(&real, "/root/tmp-conform.vdi");
    let ours = script(&embedded(folder.path()), folder.path().join("tmp-conform.vdi").to_str().unwrap());
    let wrong: Vec<_> = real
        .iter()
        .zip(&ours)
        .filter(|(real, ours)| real != ours)
        .map(|(real, ours)| format!("real     {real}\nembedded {ours}"))
        .collect();
    println!("{} outcomes compared", real.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(real.len(), ours.len());
}
