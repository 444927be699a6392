//! Making, finding, changing and removing machines.

use super::{Home, change, code, list, object, objects, text};
use vboxsh::model::Value;

#[test]
fn a_machine_is_made_registered_and_found() {
    let home = Home::new();
    let vbox = home.vbox();
    let machine = home.create("web", "Ubuntu_64");
    let file = text(&machine, "settingsFilePath");
    assert!(file.ends_with("VirtualBox VMs/web/web.vbox"), "{file}");
    assert!(!std::path::Path::new(&file).exists(), "nothing is written before it is saved");
    assert_eq!(machine.get("settingsModified").unwrap(), Value::Bool(true));
    assert_eq!(vbox.get("machines").unwrap(), Value::List(vec![]));
    machine.set("memorySize", Value::Int(777)).unwrap();
    machine.call("saveSettings", vec![]).unwrap();
    assert!(std::path::Path::new(&file).exists());
    assert_eq!(machine.get("settingsModified").unwrap(), Value::Bool(false));
    vbox.call("registerMachine", vec![Value::Object(machine.clone())]).unwrap();
    assert_eq!(objects(vbox.get("machines").unwrap()), std::slice::from_ref(&machine));
    let id = text(&machine, "id");
    for wanted in ["web", id.as_str(), &format!("{{{}}}", id.to_uppercase())] {
        assert_eq!(home.connection.find_machine(wanted).unwrap(), machine, "{wanted}");
    }
    assert_eq!(code(home.connection.find_machine("nope")), "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(777));
}

#[test]
fn what_create_machine_refuses() {
    let home = Home::new();
    let vbox = home.vbox();
    let create = |name: &str, groups: &[&str], os_type: &str, flags: &str| {
        vbox.call(
            "createMachine",
            vec!["".into(), name.into(), "x86".into(), list(groups), os_type.into(), flags.into()],
        )
    };
    assert_eq!(code(create("", &[], "Other", "")), "E_INVALIDARG");
    // The real thing takes any type, too.
    assert_eq!(text(&object(create("x", &[], "nonsense", "").unwrap()), "OSTypeId"), "nonsense");
    assert!(
        text(&object(create(" a:b.", &[], "Other", "").unwrap()), "settingsFilePath").ends_with("/_a_b_/_a_b_.vbox")
    );
    assert_eq!(code(create("x", &["no-slash"], "Other", "")), "E_INVALIDARG");
    assert_eq!(code(create("x", &[], "Other", "UUID=rubbish")), "E_INVALIDARG");
    let zeros = object(create("zeros", &[], "Other", "UUID=00000000-0000-0000-0000-000000000000").unwrap());
    assert_ne!(text(&zeros, "id"), "00000000-0000-0000-0000-000000000000");
    let own = object(create("own", &["/a/b"], "Other", "UUID=6a2ae80f-9a2f-4a8a-9b53-6a3a8f0c8c11").unwrap());
    assert_eq!(text(&own, "id"), "6a2ae80f-9a2f-4a8a-9b53-6a3a8f0c8c11");
    assert!(text(&own, "settingsFilePath").ends_with("VirtualBox VMs/a/b/own/own.vbox"));
    own.call("saveSettings", vec![]).unwrap();
    assert_eq!(code(create("own", &["/a/b"], "Other", "")), "VBOX_E_FILE_ERROR");
    create("own", &["/a/b"], "Other", "forceOverwrite=1").unwrap();
}

#[test]
fn defaults_follow_the_type_of_guest() {
    let home = Home::new();
    let machine = home.create("win", "Windows11_64");
    let part = |name: &str| object(machine.get(name).unwrap());
    assert_eq!(text(&part("firmwareSettings"), "firmwareType"), "EFI");
    assert_eq!(text(&part("trustedPlatformModule"), "type"), "v2_0");
    machine.call("applyDefaults", vec![]).unwrap();
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(4096));
    assert_eq!(machine.get("CPUCount").unwrap(), Value::Int(2));
    assert_eq!(part("graphicsAdapter").get("VRAMSize").unwrap(), Value::Int(128));
    let controllers = objects(machine.get("storageControllers").unwrap());
    assert_eq!(controllers.len(), 1);
    assert_eq!(text(&controllers[0], "bus"), "SATA");
    assert_eq!(controllers[0].get("portCount").unwrap(), Value::Int(2));
    assert_eq!(text(&objects(machine.get("USBControllers").unwrap())[0], "type"), "XHCI");
    let adapter = object(machine.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap());
    assert_eq!(text(&adapter, "adapterType"), "I82540EM");
    assert_eq!(text(&adapter, "attachmentType"), "NAT");
    assert!(text(&adapter, "MACAddress").starts_with("080027"));
    assert_eq!(code(machine.call("applyDefaults", vec![])), "VBOX_E_OBJECT_IN_USE");
}

#[test]
fn values_out_of_range_are_refused() {
    let home = Home::new();
    let machine = home.create("m", "Other");
    for (name, value) in [("memorySize", 3), ("CPUCount", 0), ("CPUCount", 65), ("CPUExecutionCap", 101)] {
        assert_eq!(code(machine.set(name, Value::Int(value))), "E_INVALIDARG", "{name} = {value}");
    }
    assert_eq!(code(machine.set("name", "".into())), "E_INVALIDARG");
    assert_eq!(code(machine.set("name", "6a2ae80f-9a2f-4a8a-9b53-6a3a8f0c8c11".into())), "E_INVALIDARG");
    assert_eq!(code(machine.call("setBootOrder", vec![Value::Int(5), "DVD".into()])), "E_INVALIDARG");
    assert_eq!(code(machine.call("setBootOrder", vec![Value::Int(1), "USB".into()])), "E_NOTIMPL");
    machine.call("setBootOrder", vec![Value::Int(1), "Network".into()]).unwrap();
    assert_eq!(machine.call("getBootOrder", vec![Value::Int(1)]).unwrap().as_int(), Some(4));
}

#[test]
fn machines_are_unregistered_and_their_files_deleted() {
    let home = Home::new();
    let vbox = home.vbox();
    let machine = home.machine("gone");
    let disk = home.disk("gone.vdi");
    change(&machine, |mutable| {
        let arguments =
            vec!["SATA".into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk.clone())];
        mutable.call("attachDevice", arguments).unwrap();
    });
    let image = text(&disk, "location");
    let file = text(&machine, "settingsFilePath");
    let session = home.connection.new_session().unwrap();
    machine.call("lockMachine", vec![Value::Object(session.clone()), "Write".into()]).unwrap();
    assert_eq!(code(machine.call("unregister", vec!["Full".into()])), "VBOX_E_INVALID_OBJECT_STATE");
    session.call("unlockMachine", vec![]).unwrap();
    let media = objects(machine.call("unregister", vec!["DetachAllReturnHardDisksOnly".into()]).unwrap());
    assert_eq!(media, std::slice::from_ref(&disk));
    assert_eq!(vbox.get("machines").unwrap(), Value::List(vec![]));
    let media = Value::List(media.into_iter().map(Value::Object).collect());
    let progress = object(machine.call("deleteConfig", vec![media]).unwrap());
    progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
    assert_eq!(progress.get("resultCode").unwrap(), Value::Int(0));
    let found = vbox.call("findProgressById", vec![progress.get("id").unwrap()]);
    assert_eq!(code(found), "E_INVALIDARG", "only running work is found");
    assert!(!std::path::Path::new(&image).exists());
    assert!(!std::path::Path::new(&file).exists());
    assert!(!std::path::Path::new(&file).parent().unwrap().exists());
}

#[test]
fn a_new_name_takes_the_folder_along() {
    let home = Home::new();
    let machine = home.machine("old");
    change(&machine, |mutable| mutable.set("name", "new".into()).unwrap());
    let file = text(&machine, "settingsFilePath");
    assert!(file.ends_with("VirtualBox VMs/new/new.vbox"), "{file}");
    assert!(std::path::Path::new(&file).exists());
    assert!(!home.folder.path().join("VirtualBox VMs/old").exists());
    assert_eq!(home.connection.find_machine("new").unwrap(), machine);
    assert_eq!(text(&home.another().find_machine("new").unwrap(), "name"), "new");
}

#[test]
fn groups_and_states() {
    let home = Home::new();
    let vbox = home.vbox();
    let one = home.machine("one");
    let two = home.machine("two");
    change(&two, |mutable| mutable.set("groups", list(&["/servers", "/all"])).unwrap());
    assert_eq!(vbox.get("machineGroups").unwrap(), list(&["/", "/all", "/servers"]));
    let found = vbox.call("getMachinesByGroups", vec![list(&["/all"])]).unwrap();
    assert_eq!(objects(found), std::slice::from_ref(&two));
    let states =
        vbox.call("getMachineStates", vec![Value::List(vec![Value::Object(one), Value::Object(two)])]).unwrap();
    let states: Vec<_> = states.into_list().iter().filter_map(Value::as_int).collect();
    assert_eq!(states, [1, 1]);
}

#[test]
fn guest_properties_and_extra_data() {
    let home = Home::new();
    let machine = home.machine("m");
    assert_eq!(
        code(machine.call("setGuestProperty", vec!["/a".into(), "1".into(), "".into()])),
        "VBOX_E_INVALID_VM_STATE"
    );
    change(&machine, |mutable| {
        let set = |name: &str, value: &str, flags: &str| {
            mutable.call("setGuestProperty", vec![name.into(), value.into(), flags.into()])
        };
        set("/a/one", "1", "RDONLYGUEST").unwrap();
        set("/a/two", "2", "").unwrap();
        set("/b", "3", "").unwrap();
        set("/b", "", "").unwrap();
        let kept = mutable.call_outputs("enumerateGuestProperties", vec!["/b".into()]).unwrap();
        assert_eq!(kept[0], list(&[]), "an empty value deletes it while the machine is off; seen on 7.2.22");
        assert_eq!(code(set("/c", "x", "nonsense")), "E_INVALIDARG");
        assert_eq!(code(set("/c", "x", "TRANSIENT")), "E_INVALIDARG");
    });
    let outputs = machine.call_outputs("enumerateGuestProperties", vec!["/a/*|/b".into()]).unwrap();
    assert_eq!(outputs[0], list(&["/a/one", "/a/two"]));
    assert_eq!(outputs[3], list(&["RDONLYGUEST", ""]));
    let outputs = machine.call_outputs("getGuestProperty", vec!["/a/one".into()]).unwrap();
    assert_eq!((&outputs[0], &outputs[2]), (&"1".into(), &"RDONLYGUEST".into()));
    assert_eq!(machine.call("getGuestPropertyValue", vec!["/missing".into()]).unwrap(), "".into());
    change(&machine, |mutable| {
        mutable.call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
        assert_eq!(machine.call("getExtraData", vec!["k".into()]).unwrap(), "v".into(), "it does not wait for saving");
        assert_eq!(machine.call("getExtraDataKeys", vec![]).unwrap(), list(&["k"]));
        mutable.call("setExtraData", vec!["k".into(), "".into()]).unwrap();
        assert_eq!(machine.call("getExtraDataKeys", vec![]).unwrap(), list(&[]));
        let refused = mutable.call("setExtraData", vec!["a\u{1}".into(), "v".into()]).unwrap_err();
        assert_eq!(refused.api_error().unwrap().name(), "E_INVALIDARG");
    });
    let refused = machine.call("setExtraData", vec!["k".into(), "v".into()]);
    assert_eq!(code(refused), "VBOX_E_INVALID_VM_STATE", "seen on 7.2.22");
}
