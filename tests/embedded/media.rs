//! Images, controllers and what is attached to them.

use super::{Home, change, code, list, object, objects, text};
use vboxsh::model::{Object, Value};

fn attach(
    machine: &Object,
    controller: &str,
    port: i64,
    kind: &str,
    medium: Value,
) -> Result<Value, vboxsh::model::Error> {
    machine.call("attachDevice", vec![controller.into(), Value::Int(port), Value::Int(0), kind.into(), medium])
}

#[test]
fn an_image_is_made_and_deleted() {
    let home = Home::new();
    let disk = home.disk("a.vdi");
    assert_eq!(text(&disk, "state"), "Created");
    assert_eq!(disk.get("logicalSize").unwrap(), Value::Int(16 << 20));
    assert_eq!(text(&disk, "name"), "a.vdi");
    assert_eq!(disk.get("base").unwrap(), Value::Object(disk.clone()));
    assert_eq!(objects(home.vbox().get("hardDisks").unwrap()), std::slice::from_ref(&disk));
    let path = text(&disk, "location");
    if let Ok(out) = std::process::Command::new("qemu-img").args(["info", &path]).output() {
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(
            said.contains("file format: vdi") && said.contains("16 MiB"),
            "{said}{}",
            String::from_utf8_lossy(&out.stderr)
        );
    }
    let again = vec!["VDI".into(), path.as_str().into(), "ReadWrite".into(), "HardDisk".into()];
    let again = object(home.vbox().call("createMedium", again).unwrap());
    let progress = object(again.call("createBaseStorage", vec![Value::Int(1 << 20), list(&[])]).unwrap());
    progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
    assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0004));
    assert!(!text(&object(progress.get("errorInfo").unwrap()), "text").is_empty());
    assert_eq!(code(disk.call("createBaseStorage", vec![Value::Int(1), list(&[])])), "VBOX_E_INVALID_OBJECT_STATE");
    super::wait(disk.call("deleteStorage", vec![]).unwrap());
    assert_eq!(text(&disk, "state"), "NotCreated");
    assert!(!std::path::Path::new(&path).exists());
    assert_eq!(home.vbox().get("hardDisks").unwrap(), list(&[]));
}

#[test]
fn images_are_opened_and_closed() {
    let home = Home::new();
    let vbox = home.vbox();
    let disk = home.disk("a.vdi");
    let (path, id) = (text(&disk, "location"), text(&disk, "id"));
    let open = |location: &str, kind: &str| {
        vbox.call("openMedium", vec![location.into(), kind.into(), "ReadWrite".into(), false.into()])
    };
    assert_eq!(open(&path, "HardDisk").unwrap(), Value::Object(disk.clone()));
    assert_eq!(open(&id, "HardDisk").unwrap(), Value::Object(disk.clone()));
    disk.call("close", vec![]).unwrap();
    assert_eq!(code(disk.get("state")), "E_ACCESSDENIED");
    assert_eq!(code(open(&id, "HardDisk")), "VBOX_E_OBJECT_NOT_FOUND");
    let opened = object(open(&path, "HardDisk").unwrap());
    assert_eq!(text(&opened, "id"), id);
    assert_eq!(code(open("/does/not/exist.vdi", "HardDisk")), "VBOX_E_OBJECT_NOT_FOUND");
    let iso = home.folder.path().join("x.iso");
    std::fs::write(&iso, [0; 40960]).unwrap();
    let dvd = object(open(iso.to_str().unwrap(), "DVD").unwrap());
    assert_eq!(text(&dvd, "type"), "Readonly");
    assert_eq!(objects(vbox.get("DVDImages").unwrap()), [dvd]);
    let wrong = vec!["nonsense".into(), "/tmp/x".into(), "ReadWrite".into(), "HardDisk".into()];
    assert_eq!(code(vbox.call("createMedium", wrong)), "E_INVALIDARG");
}

#[test]
fn devices_are_attached_and_detached() {
    let home = Home::new();
    let machine = home.machine("m");
    let other = home.machine("other");
    let disk = home.disk("a.vdi");
    let unregistered = home.create("u", "Other");
    unregistered.call("addStorageController", vec!["SATA".into(), "SATA".into()]).unwrap();
    let medium = || Value::Object(disk.clone());
    assert_eq!(code(attach(&unregistered, "SATA", 0, "HardDisk", medium())), "VBOX_E_INVALID_OBJECT_STATE");
    assert_eq!(code(attach(&machine, "SATA", 0, "HardDisk", medium())), "VBOX_E_INVALID_VM_STATE");
    change(&machine, |mutable| {
        assert_eq!(code(attach(mutable, "nope", 0, "HardDisk", medium())), "VBOX_E_OBJECT_NOT_FOUND");
        assert_eq!(code(attach(mutable, "SATA", 9, "HardDisk", medium())), "E_INVALIDARG");
        assert_eq!(code(attach(mutable, "SATA", 0, "Network", Value::Null)), "E_INVALIDARG");
        assert_eq!(code(attach(mutable, "SATA", 0, "DVD", medium())), "E_INVALIDARG");
        attach(mutable, "SATA", 0, "HardDisk", medium()).unwrap();
        assert_eq!(code(attach(mutable, "SATA", 0, "HardDisk", medium())), "VBOX_E_OBJECT_IN_USE");
        attach(mutable, "IDE", 1, "DVD", Value::Null).unwrap();
    });
    assert_eq!(disk.get("machineIds").unwrap(), Value::List(vec![machine.get("id").unwrap()]));
    change(&other, |mutable| {
        attach(mutable, "SATA", 0, "HardDisk", medium()).unwrap();
        mutable.call("detachDevice", vec!["SATA".into(), Value::Int(0), Value::Int(0)]).unwrap();
    });
    assert_eq!(code(disk.call("deleteStorage", vec![])), "VBOX_E_OBJECT_IN_USE");
    assert_eq!(code(disk.call("close", vec![])), "VBOX_E_OBJECT_IN_USE");
    let slot = |controller: &str, port| vec![controller.into(), Value::Int(port), Value::Int(0)];
    assert_eq!(machine.call("getMedium", slot("SATA", 0)).unwrap(), medium());
    assert_eq!(machine.call("getMedium", slot("IDE", 1)).unwrap(), Value::Null);
    assert_eq!(code(machine.call("getMedium", slot("IDE", 0))), "VBOX_E_OBJECT_NOT_FOUND");
    let all = machine.get("mediumAttachments").unwrap().into_list();
    let Value::Struct(first) = &all[0] else { panic!("{all:?}") };
    assert_eq!((all.len(), first.get("controller").unwrap()), (2, &"SATA".into()));
    change(&machine, |mutable| {
        mutable.call("detachDevice", slot("SATA", 0)).unwrap();
        assert_eq!(code(mutable.call("detachDevice", slot("SATA", 0))), "VBOX_E_OBJECT_NOT_FOUND");
    });
    disk.call("deleteStorage", vec![]).unwrap();
}

#[test]
fn controllers_have_their_limits() {
    let home = Home::new();
    let machine = home.create("m", "Other");
    let add = |name: &str, bus: &str| machine.call("addStorageController", vec![name.into(), bus.into()]);
    let sata = object(add("s", "SATA").unwrap());
    assert_eq!(text(&sata, "controllerType"), "IntelAhci");
    assert_eq!(sata.get("maxPortCount").unwrap(), Value::Int(30));
    assert_eq!(code(add("s", "IDE")), "VBOX_E_OBJECT_IN_USE");
    assert_eq!(code(add("n", "Null")), "E_INVALIDARG");
    assert_eq!(code(sata.set("portCount", Value::Int(31))), "E_INVALIDARG");
    assert_eq!(code(sata.set("controllerType", "PIIX4".into())), "E_INVALIDARG");
    sata.set("portCount", Value::Int(4)).unwrap();
    assert_eq!(code(machine.call("removeStorageController", vec!["nope".into()])), "VBOX_E_OBJECT_NOT_FOUND");
    machine.call("removeStorageController", vec!["s".into()]).unwrap();
    assert_eq!(machine.get("storageControllers").unwrap(), list(&[]));
}
