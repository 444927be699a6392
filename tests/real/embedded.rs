//! The embedded host beside the real thing: the same calls give the same values and result codes, and each side opens
//! the settings files of the other.

#![allow(clippy::unwrap_used)]

use crate::rig;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vboxsh::backend::embedded::EmbeddedTransport;
use vboxsh::model::{Connection, Error, Object, Value, with_session};

/// Types of guests that differ in what they recommend.
const TYPES: [&str; 10] = [
    "Other",
    "Ubuntu_64",
    "Windows11_64",
    "WindowsXP",
    "Windows31",
    "WindowsNT3x",
    "MacOS_64",
    "FreeBSD_64",
    "Debian",
    "OS2Warp3",
];

fn embedded(folder: &Path) -> Connection {
    let transport = EmbeddedTransport::open(&folder.join("home"), &folder.join("VirtualBox VMs")).unwrap();
    Connection::new(Arc::new(transport))
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}

fn text(object: &Object, name: &str) -> String {
    object.get(name).unwrap().as_text().unwrap().to_owned()
}

fn create(connection: &Connection, name: &str, os_type: &str) -> Object {
    let arguments =
        vec!["".into(), name.into(), "x86".into(), Value::List(vec![]), os_type.into(), "forceOverwrite=1".into()];
    object(connection.root().call("createMachine", arguments).unwrap())
}

/// What a call gave, in words that both sides share: a value, or the name of the result code.
fn outcome(result: Result<Value, Error>) -> String {
    match result {
        Ok(value) => show(&value),
        Err(Error::Api { error, .. }) => format!("failed: {}", error.name()),
        Err(error) => format!("failed: {error}"),
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::Object(object) => object.interface().name.to_owned(),
        Value::Enum(value) => value.to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Struct(value) => {
            let fields: Vec<_> = value.entries().map(|(name, value)| format!("{name}={}", show(value))).collect();
            format!("{}({})", value.interface.name, fields.join(", "))
        }
        other => format!("{other:?}"),
    }
}

type Values = BTreeMap<String, String>;

/// Every attribute of a machine and its parts, by path.
fn values(machine: &Object) -> Values {
    let folder = text(machine, "settingsFilePath");
    let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut out = Values::new();
    walk(machine, "machine", 0, &mut out);
    let calls =
        [("getNetworkAdapter", 0..8), ("getSerialPort", 0..4), ("getParallelPort", 0..2), ("getBootOrder", 1..5)];
    for (method, range) in calls {
        for slot in range {
            let path = format!("machine.{method}({slot})");
            match machine.call(method, vec![Value::Int(slot)]) {
                Ok(Value::Object(part)) => walk(&part, &path, 1, &mut out),
                other => drop(out.insert(path, outcome(other))),
            }
        }
    }
    if let Ok(Value::Object(platform)) = machine.get("platform")
        && let Ok(Value::Object(x86)) = platform.get("x86")
    {
        for (method, kind) in
            [("getCPUProperty", "CPUPropertyTypeX86"), ("getHWVirtExProperty", "HWVirtExPropertyType")]
        {
            for property in &machine.connection().schema().enumeration(kind).unwrap().values {
                out.insert(
                    format!("machine.{method}({})", property.name),
                    outcome(x86.call(method, vec![property.name.into()])),
                );
            }
        }
    }
    for value in out.values_mut() {
        *value = value.replace(&folder, "FOLDER");
    }
    out
}

fn walk(object: &Object, path: &str, depth: usize, out: &mut Values) {
    for attribute in object.interface().attributes().into_iter().filter(|attribute| attribute.remote) {
        let path = format!("{path}.{}", attribute.name);
        match object.read(attribute) {
            // The root, what is host-wide, and what belongs to a medium are compared elsewhere.
            Ok(Value::Object(_)) if matches!(attribute.name, "parent" | "properties" | "currentSnapshot") => {}
            Ok(Value::Object(part)) if depth < 4 => walk(&part, &path, depth + 1, out),
            Ok(Value::List(parts)) if parts.iter().any(|part| part.as_object().is_some()) => {
                for (at, part) in parts.iter().filter_map(Value::as_object).enumerate() {
                    walk(part, &format!("{path}[{at}]"), depth + 1, out);
                }
            }
            other => drop(out.insert(path, outcome(other))),
        }
    }
}

/// Lines for every path where two machines differ. `except` are endings of paths.
fn differences(real: &Values, ours: &Values, except: &[&str]) -> Vec<String> {
    let paths: std::collections::BTreeSet<_> = real.keys().chain(ours.keys()).collect();
    let differ = paths
        .into_iter()
        .filter(|path| real.get(*path) != ours.get(*path) && !except.iter().any(|end| path.ends_with(end)));
    differ.map(|path| format!("{path}: real {:?}, embedded {:?}", real.get(path), ours.get(path))).collect()
}

/// Made anew for each machine, or facts of the program and not of the machine.
const OWN: [&str; 5] = [".id", ".hardwareUUID", ".MACAddress", ".lastStateChange", ".sessionPID"];

#[test]
fn new_machines_are_alike() {
    let Some(real) = rig::connection() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = embedded(folder.path());
    let mut wrong = Vec::new();
    let mut compared = 0;
    for os_type in TYPES {
        for defaults in [false, true] {
            let name = format!("tmp-alike-{os_type}-{defaults}");
            let machines = [&real, &ours].map(|connection| create(connection, &name, os_type));
            if defaults {
                machines.iter().for_each(|machine| drop(machine.call("applyDefaults", vec![]).unwrap()));
            }
            let [real, ours] = machines.map(|machine| values(&machine));
            compared += real.len();
            let mut differ = differences(&real, &ours, &OWN);
            // Variables of UEFI are not kept yet.
            differ.retain(|line| !line.contains("uefiVariableStore"));
            wrong.extend(differ.into_iter().map(|line| format!("{os_type}, defaults {defaults}: {line}")));
        }
    }
    println!("{compared} values compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_and_types_of_guests_are_alike() {
    let Some(real) = rig::connection() else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = embedded(folder.path());
    let both = [&real, &ours];
    let mut wrong = Vec::new();
    let mut compare = |what: String, results: [Result<Value, Error>; 2]| {
        let [real, ours] = results.map(outcome);
        if real != ours {
            wrong.push(format!("{what}: real {real}, embedded {ours}"));
        }
    };
    for name in ["guestOSTypes", "guestOSFamilies", "versionNormalized", "APIVersion", "APIRevision"] {
        compare(name.into(), both.map(|connection| connection.root().get(name)));
    }
    let properties = both.map(|connection| object(connection.root().get("systemProperties").unwrap()));
    for attribute in properties[0].interface().attributes() {
        // Settings of this instance.
        if !matches!(attribute.name, "defaultMachineFolder" | "webServiceAuthLibrary" | "loggingLevel") {
            compare(attribute.name.into(), [&properties[0], &properties[1]].map(|known| known.get(attribute.name)));
        }
    }
    for platform in ["x86", "ARM"] {
        let known = both
            .map(|connection| object(connection.root().call("getPlatformProperties", vec![platform.into()]).unwrap()));
        for attribute in known[0].interface().attributes() {
            compare(
                format!("{platform} {}", attribute.name),
                [&known[0], &known[1]].map(|known| known.get(attribute.name)),
            );
        }
        if platform == "x86" {
            for (method, arguments) in limits() {
                let what = format!("{method}({})", arguments.iter().map(show).collect::<Vec<_>>().join(", "));
                compare(what, [&known[0], &known[1]].map(|known| known.call(method, arguments.clone())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn limits() -> Vec<(&'static str, Vec<Value>)> {
    let schema = vboxsh::schema::embedded();
    let names =
        |name: &str| schema.enumeration(name).unwrap().values.iter().map(|value| value.name).collect::<Vec<_>>();
    let mut calls = Vec::new();
    for bus in names("StorageBus") {
        let methods = [
            "getMaxDevicesPerPortForStorageBus",
            "getMinPortCountForStorageBus",
            "getMaxPortCountForStorageBus",
            "getDeviceTypesForStorageBus",
            "getStorageControllerTypesForBus",
        ];
        calls.extend(methods.map(|method| (method, vec![Value::from(bus)])));
        calls
            .extend(["PIIX3", "ICH9"].map(|chipset| ("getMaxInstancesOfStorageBus", vec![chipset.into(), bus.into()])));
    }
    for controller in names("StorageControllerType").into_iter().filter(|name| *name != "Null") {
        calls.push(("getStorageBusForControllerType", vec![controller.into()]));
        calls.push(("getStorageControllerHotplugCapable", vec![controller.into()]));
    }
    for graphics in names("GraphicsControllerType") {
        calls.extend(
            [true, false].map(|accelerated| ("getSupportedVRAMRange", vec![graphics.into(), accelerated.into()])),
        );
        calls.push(("getSupportedGfxFeaturesForType", vec![graphics.into()]));
    }
    for chipset in ["PIIX3", "ICH9"] {
        calls.push(("getMaxNetworkAdapters", vec![chipset.into()]));
        calls.extend(
            names("NetworkAttachmentType")
                .into_iter()
                .map(|kind| ("getMaxNetworkAdaptersOfType", vec![chipset.into(), kind.into()])),
        );
        calls.extend(
            ["OHCI", "EHCI", "XHCI"]
                .map(|kind| ("getMaxInstancesOfUSBControllerType", vec![chipset.into(), kind.into()])),
        );
    }
    calls.extend(names("FirmwareType").into_iter().map(|firmware| ("getMinGuestRAM", vec![firmware.into()])));
    calls
}

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

/// A folder that the real thing sees under the same name.
fn shared_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn the_real_thing_opens_what_we_write() {
    let Some(real) = rig::connection() else { return };
    let folder = shared_folder();
    let ours = embedded(folder.path());
    let machine = create(&ours, "tmp-written", "Windows11_64");
    machine.call("applyDefaults", vec![]).unwrap();
    ours.root().call("registerMachine", vec![Value::Object(machine.clone())]).unwrap();
    with_session::<_, Error>(&machine, "Write", |session| {
        change(session.machine(), 0);
        let adapter = |slot: i64| object(session.machine().call("getNetworkAdapter", vec![Value::Int(slot)]).unwrap());
        for (slot, kind) in (1..).zip(["Bridged", "Internal", "HostOnly", "Generic", "NATNetwork", "Null"]) {
            change(&adapter(slot), 0);
            adapter(slot).set("attachmentType", kind.into()).unwrap();
        }
        let nat = object(adapter(0).get("NATEngine").unwrap());
        change(&nat, 0);
        nat.call(
            "addRedirect",
            vec!["ssh".into(), "TCP".into(), "127.0.0.1".into(), Value::Int(2222), "".into(), Value::Int(22)],
        )
        .unwrap();
        session.machine().call("setBootOrder", vec![Value::Int(1), "Network".into()]).unwrap();
        session
            .machine()
            .call("createSharedFolder", vec!["f".into(), "/tmp".into(), true.into(), true.into(), "/mnt".into()])
            .unwrap();
        let disk = vec![
            "VDI".into(),
            folder.path().join("d.vdi").to_str().unwrap().into(),
            "ReadWrite".into(),
            "HardDisk".into(),
        ];
        let disk = object(ours.root().call("createMedium", disk).unwrap());
        disk.call("createBaseStorage", vec![Value::Int(8 << 20), Value::List(vec![])]).unwrap();
        let controller =
            text(&object(session.machine().get("storageControllers").unwrap().into_list().remove(0)), "name");
        let arguments =
            vec![controller.as_str().into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk)];
        session.machine().call("attachDevice", arguments).unwrap();
        Ok(())
    })
    .unwrap();
    with_session::<_, Error>(&machine, "Write", |session| {
        session.machine().call("setExtraData", vec!["a/b".into(), "1 < 2".into()]).map(drop)
    })
    .unwrap();
    let opened = object(
        real.root().call("openMachine", vec![text(&machine, "settingsFilePath").as_str().into(), "".into()]).unwrap(),
    );
    let again = embedded(folder.path()).find_machine("tmp-written").unwrap();
    let [there, here] = [&opened, &again].map(values);
    // An unregistered machine is mutable, so it and its recording tell more.
    // The real thing lists the properties that its extension pack knows.
    let except =
        [".lastStateChange", ".sessionPID", ".settingsModified", ".recordingSettings.progress", ".VRDEProperties"];
    let differ = differences(&there, &here, &except);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(there.len() > 300);
    let attached = opened.get("mediumAttachments").unwrap().into_list();
    let Value::Struct(attached) = &attached[0] else { panic!("{attached:?}") };
    let medium = attached.get("medium").and_then(Value::as_object).unwrap();
    assert_eq!(medium.call("refreshState", vec![]).unwrap().as_int(), Some(1), "{:?}", medium.get("lastAccessError"));
    assert_eq!(medium.get("logicalSize").unwrap(), Value::Int(8 << 20));
    assert_eq!(opened.call("getExtraData", vec!["a/b".into()]).unwrap(), "1 < 2".into());
    // Nothing of ours stays in its list.
    let [controller, port, device] = ["controller", "port", "device"].map(|name| attached.get(name).unwrap().clone());
    opened.call("detachDevice", vec![controller, port, device]).unwrap();
    opened.call("saveSettings", vec![]).unwrap();
    medium.call("close", vec![]).unwrap();
}

/// Gives every writable attribute another value than it has, where that is allowed.
fn change(object: &Object, depth: usize) {
    for attribute in object.interface().attributes() {
        let Ok(value) = object.read(attribute) else { continue };
        let new = match value {
            Value::Object(_) if matches!(attribute.name, "parent" | "properties" | "recordingSettings") => continue,
            Value::Object(part) if depth < 4 => {
                change(&part, depth + 1);
                continue;
            }
            _ if !attribute.writable => continue,
            // They have rules of their own, or are kept in no file.
            _ if matches!(
                attribute.name,
                "name"
                    | "OSTypeId"
                    | "MACAddress"
                    | "hardwareUUID"
                    | "hardwareVersion"
                    | "icon"
                    | "attachmentType"
                    | "architecture"
            ) =>
            {
                continue;
            }
            _ if matches!(
                attribute.name,
                "teleporterPassword"
                    | "debugProvider"
                    | "debugIoProvider"
                    | "CPUProfile"
                    | "pageFusionEnabled"
                    | "audioDriver"
                    | "audioCodec"
                    | "VRDEExtPack"
                    | "TFTPNextServer"
                    | "snapshotFolder"
                    | "cloudNetwork"
                    | "hostIP"
                    | "network"
            ) =>
            {
                continue;
            }
            Value::Bool(truth) => Value::Bool(!truth),
            Value::Int(number) => Value::Int(number + 1),
            Value::Text(old) => Value::Text(format!("{old}x<&\">ä")),
            Value::Enum(old) => match attribute.name {
                "iommuType" => "None".into(),
                "chipsetType" => "PIIX3".into(),
                "graphicsControllerType" => "VMSVGA".into(),
                "type" => "v1_2".into(),
                _ => Value::Int(
                    old.enumeration
                        .values
                        .iter()
                        .find(|value| value.number > old.number)
                        .map_or(old.number, |value| value.number),
                ),
            },
            _ => continue,
        };
        drop(object.set(attribute.name, new));
    }
}

#[test]
fn we_open_what_the_real_thing_writes() {
    let Some(real) = rig::connection() else { return };
    let id = std::env::var("VBOXSH_REAL_ID").unwrap_or_else(|_| "suite".to_owned());
    let home = rig::run(&["home", &id]);
    let home = PathBuf::from(String::from_utf8_lossy(&home.stdout).trim().to_owned());
    let root = home.parent().and_then(Path::parent).unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let ours = embedded(folder.path());
    let mut wrong = Vec::new();
    let mut opened = 0;
    for machine in real.root().get("machines").unwrap().into_list().into_iter().map(object) {
        let name = text(&machine, "settingsFilePath");
        let accessible = machine.get("accessible").unwrap() == Value::Bool(true);
        let off = machine.get("state").is_ok_and(|state| matches!(state, Value::Enum(state) if state.is("PoweredOff")));
        let Some(inside) = name.strip_prefix("/root/").filter(|_| accessible && off) else { continue };
        let file = root.join(inside);
        if !file.exists() || text(&machine, "name").starts_with("tmp-") {
            continue;
        }
        let x86 = object(machine.get("platform").unwrap()).get("architecture").is_ok_and(|value| show(&value) == "x86");
        if !x86 || machine.get("snapshotCount").unwrap() != Value::Int(0) {
            continue;
        }
        let here = match ours.root().call("openMachine", vec![file.to_str().unwrap().into(), "".into()]) {
            Ok(here) => object(here),
            // It uses media that the other home keeps: VirtualBox would not open it elsewhere either.
            Err(error) if error.to_string().contains("no known medium") => continue,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        let [there, here] = [&machine, &here].map(values);
        opened += 1;
        let except = [
            ".lastStateChange",
            ".sessionPID",
            ".settingsModified",
            ".accessible",
            ".lastAccessError",
            ".mediumAttachments",
        ];
        let mut differ = differences(&there, &here, &except);
        // Not kept yet: UEFI variables, PCI devices. An unregistered machine is mutable, so its recording tells more. The
        // real thing lists the properties that its extension pack knows.
        // It does not write that NAT must not reach the host, and reads its own file as if it should.
        let known = [
            "localhostReachable",
            "uefiVariableStore",
            "PCIDeviceAssignments",
            "recordingSettings.progress",
            "VRDEProperties",
        ];
        differ.retain(|line| !known.iter().any(|known| line.contains(known)));
        wrong.extend(differ.into_iter().map(|line| format!("{name}: {line}")));
    }
    println!("{opened} machines opened");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
