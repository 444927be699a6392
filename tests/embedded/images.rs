//! Images hold real content: bytes written, copied, merged, grown and compacted, checked with qemu-img.

use super::{Home, code, list, object, objects, text, wait, waited};
use std::path::Path;
use std::process::Command;
use vboxsh::model::{Object, Value};

const SIZE: i64 = 6 << 20;

fn new(home: &Home, format: &str, name: &str) -> Object {
    let path = home.folder.path().join(name);
    let arguments = vec![format.into(), path.to_str().unwrap().into(), "ReadWrite".into(), "HardDisk".into()];
    object(home.vbox().call("createMedium", arguments).unwrap())
}

fn base(home: &Home, format: &str, name: &str, variant: &[&str]) -> Object {
    let medium = new(home, format, name);
    wait(medium.call("createBaseStorage", vec![Value::Int(SIZE), list(variant)]).unwrap());
    medium
}

fn diff(home: &Home, parent: &Object, format: &str, name: &str) -> Object {
    let medium = new(home, format, name);
    wait(parent.call("createDiffStorage", vec![Value::Object(medium.clone()), list(&[])]).unwrap());
    medium
}

fn clone(source: &Object, target: &Object, variant: &[&str], parent: Value) {
    wait(source.call("cloneTo", vec![Value::Object(target.clone()), list(variant), parent]).unwrap());
}

fn pattern(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 3) as u8 ^ seed | 1).collect()
}

/// Writes through the API, and into the model of the disk.
fn write(medium: &Object, model: &mut [u8], at: usize, bytes: &[u8]) {
    let io = object(medium.call("openForIO", vec![true.into(), "".into()]).unwrap());
    let written = io.call("write", vec![Value::Int(at as i64), Value::Blob(bytes.to_vec())]).unwrap();
    assert_eq!(written, Value::Int(bytes.len() as i64));
    io.call("close", vec![]).unwrap();
    model[at..at + bytes.len()].copy_from_slice(bytes);
}

fn content(medium: &Object) -> Vec<u8> {
    let io = object(medium.call("openForIO", vec![false.into(), "".into()]).unwrap());
    let bytes = crate::embedded::appliances::read_of(&io, 0, 64 << 20);
    io.call("close", vec![]).unwrap();
    bytes
}

fn refreshed(medium: &Object) -> String {
    medium.call("refreshState", vec![]).unwrap();
    text(medium, "state")
}

fn path(medium: &Object) -> String {
    text(medium, "location")
}

/// Runs qemu-img; `None` where it is not installed, which is said.
fn qemu(arguments: &[&str]) -> Option<String> {
    match Command::new("qemu-img").args(arguments).output() {
        Ok(output) => {
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "qemu-img {arguments:?}: {said}");
            Some(said)
        }
        Err(_) => {
            eprintln!("SKIPPED: qemu-img is not installed (qemu-utils): images are not compared with another program");
            None
        }
    }
}

/// qemu-img agrees about the whole content of an image that stands alone.
fn compared(medium: &Object, model: &[u8], folder: &Path) {
    let raw = folder.join("expected.raw");
    std::fs::write(&raw, model).unwrap();
    let place = path(medium);
    let image = match text(medium, "format").as_str() {
        // It takes the size from the geometry unless it is told to believe the footer.
        "VHD" => format!("driver=vpc,force_size_calc=current_size,file.filename={place}"),
        "RAW" => format!("driver=raw,file.filename={place}"),
        "VDI" => format!("driver=vdi,file.filename={place}"),
        _ => format!("driver=vmdk,file.filename={place}"),
    };
    let expected = format!("driver=raw,file.filename={}", raw.display());
    if let Some(said) = qemu(&["compare", "--image-opts", &image, &expected]) {
        assert!(said.contains("identical"), "{place}: {said}");
    }
    if text(medium, "format") == "VDI" {
        qemu(&["check", "-f", "vdi", &place]);
    }
}

/// Formats and kinds that hold a disk.
const KINDS: &[(&str, &[&str], &str)] = &[
    ("VDI", &[], "vdi"),
    ("VDI", &["Fixed"], "vdi"),
    ("VMDK", &[], "vmdk"),
    ("VMDK", &["Fixed"], "vmdk"),
    ("VMDK", &["VmdkSplit2G"], "vmdk"),
    ("VMDK", &["Fixed", "VmdkESX"], "vmdk"),
    ("VHD", &[], "vhd"),
    ("VHD", &["Fixed"], "vhd"),
    ("RAW", &["Fixed"], "img"),
];

#[test]
fn what_is_written_is_read_by_qemu_img() {
    let home = Home::new();
    for (number, (format, variant, extension)) in KINDS.iter().enumerate() {
        let disk = base(&home, format, &format!("{number}.{extension}"), variant);
        let mut model = vec![0; SIZE as usize];
        write(&disk, &mut model, 0, &pattern(1, 700));
        write(&disk, &mut model, (3 << 20) - 300, &pattern(2, 90_000));
        write(&disk, &mut model, SIZE as usize - 512, &pattern(3, 512));
        assert!(content(&disk) == model, "{format} {variant:?}");
        compared(&disk, &model, home.folder.path());
        assert_eq!(text(&disk, "state"), "Created");
    }
}

#[test]
fn copies_have_the_content_whatever_the_format() {
    let home = Home::new();
    let source = base(&home, "VDI", "source.vdi", &[]);
    let mut model = vec![0; SIZE as usize];
    write(&source, &mut model, 100_000, &pattern(1, 900_000));
    let child = diff(&home, &source, "VDI", "child.vdi");
    write(&child, &mut model, 500_000, &pattern(9, 1000));
    for (number, (format, variant, extension)) in
        KINDS.iter().chain(&[("VMDK", &["VmdkStreamOptimized"][..], "vmdk")]).enumerate()
    {
        let target = new(&home, format, &format!("to-{number}.{extension}"));
        clone(&child, &target, variant, Value::Null);
        assert!(content(&target) == model, "{format} {variant:?}");
        compared(&target, &model, home.folder.path());
    }
    // Onto an image that has something else.
    let existing = base(&home, "VHD", "existing.vhd", &[]);
    write(&existing, &mut vec![0; SIZE as usize], 2 << 20, &pattern(7, 300_000));
    clone(&child, &existing, &[], Value::Null);
    assert!(content(&existing) == model);
    // With a parent it holds the difference alone.
    let with_parent = new(&home, "VDI", "with-parent.vdi");
    clone(&child, &with_parent, &[], Value::Object(source.clone()));
    assert_eq!(with_parent.get("parent").unwrap(), Value::Object(source.clone()));
    assert!(content(&with_parent) == model);
    let long = |medium: &Object| std::fs::metadata(path(medium)).unwrap().len();
    assert!(long(&with_parent) <= long(&child));
    // Another size.
    let larger = new(&home, "VDI", "larger.vdi");
    let arguments = vec![Value::Object(larger.clone()), Value::Int(9 << 20), list(&[]), Value::Null];
    wait(child.call("resizeAndCloneTo", arguments).unwrap());
    model.resize(9 << 20, 0);
    assert!(content(&larger) == model);
}

#[test]
fn merges_keep_the_content_in_both_directions() {
    for (format, extension) in [("VDI", "vdi"), ("VMDK", "vmdk"), ("VHD", "vhd")] {
        for forward in [false, true] {
            let home = Home::new();
            let name = |stem: &str| format!("{stem}.{extension}");
            let bottom = base(&home, format, &name("base"), &[]);
            let mut model = vec![0; SIZE as usize];
            write(&bottom, &mut model, 0, &pattern(1, 2_500_000));
            let middle = diff(&home, &bottom, format, &name("middle"));
            write(&middle, &mut model, 1_000_000, &pattern(2, 3_000_000));
            let top = diff(&home, &middle, format, &name("top"));
            write(&top, &mut model, 2_000_000, &pattern(3, 700));
            write(&top, &mut model, 3_000_000, &[0; 200_000]);
            assert!(content(&top) == model);
            let (source, target) = if forward { (&bottom, &top) } else { (&top, &bottom) };
            wait(source.call("mergeTo", vec![Value::Object(target.clone())]).unwrap());
            assert!(content(target) == model, "{format} forward: {forward}");
            compared(target, &model, home.folder.path());
            assert_eq!(target.get("parent").unwrap(), Value::Null);
            assert_eq!(code(middle.get("state")), "E_ACCESSDENIED");
            assert_eq!(code(source.get("state")), "E_ACCESSDENIED");
            let left = std::fs::read_dir(home.folder.path()).unwrap().flatten();
            let left: Vec<_> =
                left.filter(|file| file.path().extension().is_some_and(|ending| ending == extension)).collect();
            assert_eq!(left.len(), 1, "{left:?}");
            assert_eq!(objects(home.vbox().get("hardDisks").unwrap()), std::slice::from_ref(target));
            // Another process sees the same.
            let seen = home.another();
            let place = vec![path(target).as_str().into(), "HardDisk".into(), "ReadWrite".into(), false.into()];
            let again = object(seen.root().call("openMedium", place).unwrap());
            again.call("refreshState", vec![]).unwrap();
            assert_eq!((text(&again, "state"), text(&again, "lastAccessError")), ("Created".into(), String::new()));
            assert!(content(&again) == model);
        }
    }
}

#[test]
fn a_merge_into_the_middle_takes_the_children_along() {
    let home = Home::new();
    let bottom = base(&home, "VDI", "base.vdi", &[]);
    let mut model = vec![0; SIZE as usize];
    write(&bottom, &mut model, 0, &pattern(1, 100_000));
    let middle = diff(&home, &bottom, "VDI", "middle.vdi");
    write(&middle, &mut model, 50_000, &pattern(2, 100_000));
    let (mut left_model, mut right_model) = (model.clone(), model.clone());
    let left = diff(&home, &middle, "VDI", "left.vdi");
    write(&left, &mut left_model, 4_000_000, &pattern(3, 1000));
    let right = diff(&home, &middle, "VDI", "right.vdi");
    write(&right, &mut right_model, 60_000, &pattern(4, 1000));
    wait(middle.call("mergeTo", vec![Value::Object(bottom.clone())]).unwrap());
    assert_eq!(objects(bottom.get("children").unwrap()), [left.clone(), right.clone()]);
    for (child, model) in [(&left, &left_model), (&right, &right_model)] {
        assert!(content(child) == *model);
        child.call("refreshState", vec![]).unwrap();
        assert_eq!((text(child, "state"), text(child, "lastAccessError")), ("Created".into(), String::new()));
    }
}

#[test]
fn growing_and_compacting_keep_the_content() {
    let home = Home::new();
    for (format, extension) in [("VDI", "vdi"), ("VHD", "vhd")] {
        let disk = base(&home, format, &format!("a.{extension}"), &[]);
        let mut model = vec![0; SIZE as usize];
        write(&disk, &mut model, 0, &pattern(1, 5_000_000));
        wait(disk.call("resize", vec![Value::Int(900 << 20)]).unwrap());
        disk.call("refreshState", vec![]).unwrap();
        assert_eq!(disk.get("logicalSize").unwrap(), Value::Int(900 << 20));
        write(&disk, &mut model, 1 << 20, &vec![0; 4 << 20]);
        let long = || std::fs::metadata(path(&disk)).unwrap().len();
        let before = long();
        wait(disk.call("compact", vec![]).unwrap());
        assert!(long() < before, "{format}: {} < {before}", long());
        let mut all = content(&disk);
        assert!(all.split_off(SIZE as usize).iter().all(|byte| *byte == 0));
        assert!(all == model, "{format}");
        model.resize(900 << 20, 0);
        compared(&disk, &model, home.folder.path());
    }
    let flat = base(&home, "VMDK", "flat.vmdk", &["Fixed"]);
    let mut model = vec![0; SIZE as usize];
    write(&flat, &mut model, 1000, &pattern(1, 5000));
    wait(flat.call("resize", vec![Value::Int(7 << 20)]).unwrap());
    wait(flat.call("moveTo", vec![home.folder.path().join("sub/moved.vmdk").to_str().unwrap().into()]).unwrap());
    model.resize(7 << 20, 0);
    assert!(content(&flat) == model);
    compared(&flat, &model, home.folder.path());
    assert!(home.folder.path().join("sub/moved-flat.vmdk").exists());
}

#[test]
fn zeros_hide_what_a_parent_has_after_compaction() {
    let home = Home::new();
    for (format, extension) in [("VDI", "vdi"), ("VHD", "vhd")] {
        let bottom = base(&home, format, &format!("base.{extension}"), &[]);
        let mut model = vec![0; SIZE as usize];
        write(&bottom, &mut model, 0, &pattern(1, 3 << 20));
        let top = diff(&home, &bottom, format, &format!("top.{extension}"));
        write(&top, &mut model, 0, &vec![0; 2 << 20]);
        wait(top.call("compact", vec![]).unwrap());
        assert!(content(&top) == model, "{format}");
        wait(top.call("reset", vec![]).unwrap());
        assert!(content(&top) == content(&bottom), "{format}");
    }
}

#[test]
fn cancelled_work_leaves_nothing() {
    let home = Home::new();
    let source = base(&home, "VDI", "source.vdi", &[]);
    wait(source.call("resize", vec![Value::Int(8 << 40)]).unwrap());
    let target = new(&home, "VDI", "target.vdi");
    let arguments = vec![Value::Object(target.clone()), list(&[]), Value::Null];
    let progress = object(source.call("cloneTo", arguments).unwrap());
    assert_eq!(text(&source, "state"), "LockedRead");
    assert_eq!(text(&target, "state"), "Creating");
    assert_eq!(code(source.call("deleteStorage", vec![])), "VBOX_E_INVALID_OBJECT_STATE");
    assert_eq!(objects(home.vbox().get("progressOperations").unwrap()), std::slice::from_ref(&progress));
    progress.call("cancel", vec![]).unwrap();
    let progress = waited(Value::Object(progress));
    assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0004));
    assert_eq!((text(&source, "state"), text(&target, "state")), ("Created".into(), "NotCreated".into()));
    assert!(!Path::new(&path(&target)).exists());
}

#[test]
fn disks_are_read_and_written_under_a_lock() {
    let home = Home::new();
    let disk = base(&home, "VDI", "a.vdi", &[]);
    let io = object(disk.call("openForIO", vec![true.into(), "".into()]).unwrap());
    assert_eq!(text(&disk, "state"), "LockedWrite");
    assert_eq!(io.get("medium").unwrap(), Value::Object(disk.clone()));
    let beyond = vec![Value::Int(SIZE + 1), Value::Int(1)];
    assert_eq!(io.call("read", beyond).unwrap(), Value::Blob(Vec::new()));
    assert_eq!(io.call("read", vec![Value::Int(SIZE - 2), Value::Int(10)]).unwrap(), Value::Blob(vec![0, 0]));
    io.call("close", vec![]).unwrap();
    assert_eq!(text(&disk, "state"), "Created");
    io.call("close", vec![]).unwrap();
    assert_eq!(code(io.call("read", vec![Value::Int(0), Value::Int(1)])), "VBOX_E_FILE_ERROR");
    let io = object(disk.call("openForIO", vec![false.into(), "".into()]).unwrap());
    assert_eq!(text(&disk, "state"), "LockedRead");
    assert_eq!(code(io.call("write", vec![Value::Int(0), Value::Blob(vec![1])])), "E_ACCESSDENIED");
    drop(io);
}

#[test]
fn broken_images_are_inaccessible_and_stay_as_they_are() {
    let home = Home::new();
    let disk = base(&home, "VDI", "a.vdi", &[]);
    let file = path(&disk);
    let whole = std::fs::read(&file).unwrap();
    for (at, byte) in [(64, 0xff), (70, 9), (76, 77), (392, 1), (370, 0xff)] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(refreshed(&disk), "Inaccessible", "{at}");
        assert!(!text(&disk, "lastAccessError").is_empty());
        let target = new(&home, "VDI", "copy.vdi");
        let arguments = vec![Value::Object(target), list(&[]), Value::Null];
        assert_eq!(code(disk.call("cloneTo", arguments)), "E_FAIL", "{at}");
        assert!(std::fs::read(&file).unwrap() == bytes, "{at}");
        assert!(!home.folder.path().join("copy.vdi").exists());
    }
    std::fs::write(&file, &whole[..600]).unwrap();
    assert_eq!(refreshed(&disk), "Inaccessible");
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(refreshed(&disk), "Created");
    assert_eq!(text(&disk, "lastAccessError"), "");
}
