//! Machines that go out as appliances and come back: disks byte for byte, settings, manifests, signatures; and what is
//! left of an import that fails.

use super::{Home, change, code, list, object, objects, text, wait, waited};
use std::path::Path;
use vboxsh::model::{Object, Value};

/// A number that the next test file begins with, so that disks differ.
fn pattern(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(next).collect()
}

fn open(disk: &Object, writable: bool) -> Object {
    object(disk.call("openForIO", vec![writable.into(), "".into()]).unwrap())
}

/// Bytes of an open disk; one call gives at most a quarter of a megabyte.
pub fn read_of(io: &Object, at: i64, length: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while (bytes.len() as i64) < length {
        let rest = (length - bytes.len() as i64).min(256 << 10);
        match io.call("read", vec![Value::Int(at + bytes.len() as i64), Value::Int(rest)]).unwrap() {
            Value::Blob(more) if more.is_empty() => break,
            Value::Blob(more) => bytes.extend_from_slice(&more),
            other => panic!("{other:?}"),
        }
    }
    bytes
}

fn read(disk: &Object, at: i64, length: i64) -> Vec<u8> {
    let io = open(disk, false);
    let bytes = read_of(&io, at, length);
    io.call("close", vec![]).unwrap();
    bytes
}

/// A machine with two disks, of which the first has content.
fn machine(home: &Home) -> (Object, Vec<u8>) {
    let machine = home.machine("web");
    let content = pattern(7, 3 << 20);
    let (first, second) = (home.disk("first.vdi"), home.disk("second.vdi"));
    let io = open(&first, true);
    io.call("write", vec![Value::Int(5 << 20), Value::Blob(content.clone())]).unwrap();
    io.call("close", vec![]).unwrap();
    change(&machine, |mutable| {
        mutable.set("memorySize", 777.into()).unwrap();
        mutable.set("description", "two\nlines <b>".into()).unwrap();
        object(mutable.call("getStorageControllerByName", vec!["SATA".into()]).unwrap())
            .set("portCount", 4.into())
            .unwrap();
        for (port, disk) in [(0, &first), (3, &second)] {
            let arguments =
                vec!["SATA".into(), Value::Int(port), Value::Int(0), "HardDisk".into(), Value::Object(disk.clone())];
            mutable.call("attachDevice", arguments).unwrap();
        }
    });
    (machine, content)
}

fn appliance(home: &Home) -> Object {
    object(home.vbox().call("createAppliance", vec![]).unwrap())
}

fn export(home: &Home, machine: &Object, path: &Path, format: &str, options: &[&str]) {
    let appliance = appliance(home);
    let path = path.to_str().unwrap();
    machine.call("exportTo", vec![Value::Object(appliance.clone()), path.into()]).unwrap();
    wait(appliance.call("write", vec![format.into(), list(options), path.into()]).unwrap());
}

/// An appliance that was read and interpreted.
fn interpreted(home: &Home, path: &Path) -> Object {
    let appliance = appliance(home);
    wait(appliance.call("read", vec![path.to_str().unwrap().into()]).unwrap());
    appliance.call("interpret", vec![]).unwrap();
    appliance
}

fn import(home: &Home, path: &Path, options: &[&str]) -> Object {
    let appliance = interpreted(home, path);
    wait(appliance.call("importMachines", vec![list(options)]).unwrap());
    let ids = appliance.get("machines").unwrap().into_list();
    home.connection.find_machine(ids[0].as_text().unwrap()).unwrap()
}

/// The disks of a machine, in their order.
fn disks(machine: &Object) -> Vec<Object> {
    let attachments = machine.get("mediumAttachments").unwrap().into_list().into_iter();
    let media = attachments.filter_map(|value| match value {
        Value::Struct(fields) => fields.get("medium").and_then(|medium| medium.as_object().cloned()),
        other => panic!("{other:?}"),
    });
    media.collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path.to_str().unwrap().to_owned()),
        }
    }
    found.sort();
    found
}

#[test]
fn a_machine_survives_every_form_of_package() {
    for (format, name, options) in [
        ("ovf-0.9", "web.ovf", &[][..]),
        ("ovf-1.0", "web.ova", &["CreateManifest"]),
        ("ovf-2.0", "web.ovf", &["CreateManifest"]),
        ("ovf-2.0", "web.ova", &[]),
    ] {
        let home = Home::new();
        let (machine, content) = machine(&home);
        let path = home.folder.path().join(name);
        export(&home, &machine, &path, format, options);
        let copy = import(&home, &path, &["KeepAllMACs"]);
        assert_eq!(text(&copy, "name"), "web 1", "{format}");
        for name in ["memorySize", "CPUCount", "OSTypeId", "description", "pointingHIDType"] {
            assert_eq!(copy.get(name).unwrap(), machine.get(name).unwrap(), "{format} {name}");
        }
        let adapter = |machine: &Object| {
            object(machine.call("getNetworkAdapter", vec![0.into()]).unwrap()).get("MACAddress").unwrap()
        };
        assert_eq!(adapter(&copy), adapter(&machine));
        let disks = disks(&copy);
        assert_eq!(
            disks.iter().map(|disk| text(disk, "name")).collect::<Vec<_>>(),
            ["web-disk001.vmdk", "web-disk002.vmdk"]
        );
        assert_eq!(disks[0].get("logicalSize").unwrap(), Value::Int(16 << 20));
        let mut wanted = vec![0; 16 << 20];
        wanted[5 << 20..8 << 20].copy_from_slice(&content);
        assert!(read(&disks[0], 0, 16 << 20) == wanted, "{format}: the content differs");
        assert!(read(&disks[1], 0, 16 << 20).iter().all(|byte| *byte == 0));
        let controller = object(copy.call("getMedium", vec!["SATA".into(), 3.into(), 0.into()]).unwrap());
        assert_eq!(text(&controller, "name"), "web-disk002.vmdk");
    }
}

#[test]
fn an_import_may_change_what_it_makes() {
    let home = Home::new();
    let (machine, content) = machine(&home);
    let path = home.folder.path().join("web.ova");
    export(&home, &machine, &path, "ovf-2.0", &["CreateManifest"]);
    let appliance = interpreted(&home, &path);
    let description = objects(appliance.get("virtualSystemDescriptions").unwrap()).remove(0);
    let columns = description.call_outputs("getDescription", vec![]).unwrap();
    let columns: Vec<Vec<Value>> = columns.into_iter().map(Value::into_list).collect();
    let kind = |value: &Value| match value {
        Value::Enum(value) => value.to_string(),
        other => panic!("{other:?}"),
    };
    let kinds: Vec<String> = columns[0].iter().map(kind).collect();
    let enabled = kinds.iter().map(|kind| Value::from(kind != "SoundCard" && kind != "USBController")).collect();
    let change = |(kind, value): (&String, &Value)| match kind.as_str() {
        "Name" => "other".into(),
        "Memory" => (256u64 << 20).to_string().as_str().into(),
        "CPU" => "2".into(),
        _ => value.clone(),
    };
    let chosen = kinds.iter().zip(&columns[3]).map(change).collect();
    let extra = Value::List(columns[4].clone());
    description.call("setFinalValues", vec![Value::List(enabled), Value::List(chosen), extra]).unwrap();
    wait(appliance.call("importMachines", vec![list(&["ImportToVDI"])]).unwrap());
    let made = home.connection.find_machine("other").unwrap();
    assert_eq!((made.get("memorySize").unwrap(), made.get("CPUCount").unwrap()), (256.into(), 2.into()));
    assert_eq!(made.get("USBControllers").unwrap(), list(&[]));
    let sound = object(object(made.get("audioSettings").unwrap()).get("adapter").unwrap());
    assert_eq!(sound.get("enabled").unwrap(), false.into());
    assert!(text(&made, "settingsFilePath").ends_with("other/other.vbox"));
    let disk = disks(&made).remove(0);
    assert_eq!((text(&disk, "name").as_str(), text(&disk, "format").as_str()), ("web-disk001.vdi", "VDI"));
    assert!(read(&disk, 5 << 20, 3 << 20) == content);
    let again = waited(appliance.call("importMachines", vec![list(&[])]).unwrap());
    assert_eq!(again.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x8000_4005));
}

#[test]
fn a_damaged_package_leaves_nothing_behind() {
    let home = Home::new();
    let (machine, _) = machine(&home);
    let path = home.folder.path().join("web.ova");
    export(&home, &machine, &path, "ovf-2.0", &["CreateManifest"]);
    let (good, before) = (std::fs::read(&path).unwrap(), files(home.folder.path()));
    let machines = home.vbox().get("machines").unwrap();
    let media = home.vbox().get("hardDisks").unwrap();
    // Somewhere in the first disk.
    let mut bytes = good.clone();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let appliance = interpreted(&home, &path);
    let progress = waited(appliance.call("importMachines", vec![list(&[])]).unwrap());
    assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0004));
    let said = text(&object(progress.get("errorInfo").unwrap()), "text");
    assert!(said.contains("web-disk001.vmdk") && said.contains("SHA256"), "{said}");
    assert_eq!(files(home.folder.path()), before);
    assert_eq!((home.vbox().get("machines").unwrap(), home.vbox().get("hardDisks").unwrap()), (machines, media));
    // Cut off in the middle of the disk.
    std::fs::write(&path, &good[..good.len() / 2]).unwrap();
    let cut = self::appliance(&home);
    let progress = waited(cut.call("read", vec![path.to_str().unwrap().into()]).unwrap());
    if progress.get("resultCode").unwrap() == Value::Int(0) {
        cut.call("interpret", vec![]).unwrap();
        let progress = waited(cut.call("importMachines", vec![list(&[])]).unwrap());
        assert_ne!(progress.get("resultCode").unwrap(), Value::Int(0));
    }
    assert_eq!(files(home.folder.path()), before);
}

#[test]
fn a_cancelled_import_or_export_leaves_nothing_behind() {
    let home = Home::new();
    let (machine, _) = machine(&home);
    let path = home.folder.path().join("web.ova");
    let before = files(home.folder.path());
    let appliance = appliance(&home);
    let place = path.to_str().unwrap();
    machine.call("exportTo", vec![Value::Object(appliance.clone()), place.into()]).unwrap();
    let progress = object(appliance.call("write", vec!["ovf-2.0".into(), list(&[]), place.into()]).unwrap());
    progress.call("cancel", vec![]).unwrap();
    let progress = waited(Value::Object(progress));
    // It may have been quicker than we.
    if progress.get("resultCode").unwrap() != Value::Int(0) {
        assert_eq!(files(home.folder.path()), before);
        export(&home, &machine, &path, "ovf-2.0", &[]);
    }
    let before = files(home.folder.path());
    let appliance = interpreted(&home, &path);
    let progress = object(appliance.call("importMachines", vec![list(&[])]).unwrap());
    progress.call("cancel", vec![]).unwrap();
    let progress = waited(Value::Object(progress));
    if progress.get("resultCode").unwrap() != Value::Int(0) {
        assert_eq!(files(home.folder.path()), before);
        assert!(home.connection.find_machine("web 1").is_err());
    }
}

#[test]
fn nothing_is_written_over() {
    let home = Home::new();
    let (machine, _) = machine(&home);
    for (name, there) in [("web.ova", "web.ova"), ("web.ovf", "web-disk002.vmdk")] {
        let folder = home.folder.path().join(format!("in the way of {name}"));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(there), "precious").unwrap();
        let appliance = appliance(&home);
        let path = folder.join(name);
        let place = path.to_str().unwrap();
        machine.call("exportTo", vec![Value::Object(appliance.clone()), place.into()]).unwrap();
        let progress = waited(appliance.call("write", vec!["ovf-1.0".into(), list(&[]), place.into()]).unwrap());
        assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0005));
        assert_eq!(files(&folder).len(), 1);
        assert_eq!(std::fs::read_to_string(folder.join(there)).unwrap(), "precious");
    }
}

/// The OVF of a product that is not VirtualBox, with one disk.
const FOREIGN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References><File ovf:id="file1" ovf:href="disk.vmdk.gz" ovf:compression="gzip"/></References>
  <DiskSection><Info>disks</Info><Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d"
    ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
  <VirtualSystem ovf:id="foreign"><Info>a machine</Info>
    <OperatingSystemSection ovf:id="94"><Info>os</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>hardware</Info>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
      <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>2</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:Connection>VM Network</rasd:Connection><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>PCNet32</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"#;

#[test]
fn a_foreign_package_becomes_a_machine() {
    let home = Home::new();
    let (machine, content) = machine(&home);
    let folder = home.folder.path();
    export(&home, &machine, &folder.join("web.ovf"), "ovf-1.0", &[]);
    let packed = {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&std::fs::read(folder.join("web-disk001.vmdk")).unwrap()).unwrap();
        encoder.finish().unwrap()
    };
    std::fs::write(folder.join("disk.vmdk.gz"), packed).unwrap();
    std::fs::write(folder.join("foreign.ovf"), FOREIGN).unwrap();
    let made = import(&home, &folder.join("foreign.ovf"), &[]);
    assert_eq!((text(&made, "name").as_str(), text(&made, "OSTypeId").as_str()), ("foreign", "Ubuntu_64"));
    assert_eq!((made.get("memorySize").unwrap(), made.get("CPUCount").unwrap()), (512.into(), 2.into()));
    let adapter = object(made.call("getNetworkAdapter", vec![0.into()]).unwrap());
    assert_eq!(text(&adapter, "adapterType"), "Am79C970A");
    assert_eq!(text(&adapter, "attachmentType"), "Bridged");
    let disk = object(made.call("getMedium", vec!["SCSI".into(), 2.into(), 0.into()]).unwrap());
    assert_eq!(text(&disk, "name"), "disk.vmdk");
    assert!(read(&disk, 5 << 20, 3 << 20) == content);
}

#[test]
fn a_signed_package_shows_who_signed_it() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/appliances");
    let appliance = interpreted(&home, &folder.join("signed.ovf"));
    let certificate = object(appliance.get("certificate").unwrap());
    for (name, value) in [
        ("versionNumber", "V3"),
        ("serialNumber", "0x0102030405"),
        ("friendlyName", "vboxsh tests"),
        ("signatureAlgorithmOID", "1.2.840.113549.1.1.11"),
        ("publicKeyAlgorithmOID", "1.2.840.113549.1.1.1"),
        ("publicKeyAlgorithm", "rsaEncryption"),
        ("validityPeriodNotBefore", "2020-01-01T00:00:00.000000000Z"),
        ("validityPeriodNotAfter", "2120-01-01T00:00:00.000000000Z"),
    ] {
        assert_eq!(text(&certificate, name), value, "{name}");
    }
    let subject = ["C=DE", "O=vboxsh tests", "CN=appliance.example", "Email=tests@example.org"];
    assert_eq!(certificate.get("subjectName").unwrap(), list(&subject));
    assert_eq!(certificate.get("keyUsage").unwrap(), Value::Int(33));
    for (name, value) in [("selfSigned", true), ("trusted", false), ("expired", false), ("certificateAuthority", true)]
    {
        assert_eq!(certificate.get(name).unwrap(), value.into(), "{name}");
    }
    assert_eq!(certificate.call("isCurrentlyExpired", vec![]).unwrap(), false.into());
    assert_eq!(appliance.call("getWarnings", vec![]).unwrap().into_list().len(), 1);
    // With another manifest the signature does not hold.
    for name in ["signed.ovf", "signed.cert"] {
        std::fs::copy(folder.join(name), home.folder.path().join(name)).unwrap();
    }
    let digest = format!("SHA256 (signed.ovf) = {}\n", "0".repeat(64));
    std::fs::write(home.folder.path().join("signed.mf"), digest).unwrap();
    let other = self::appliance(&home);
    let path = home.folder.path().join("signed.ovf");
    let progress = waited(other.call("read", vec![path.to_str().unwrap().into()]).unwrap());
    assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0005));
    assert_eq!(other.get("certificate").unwrap(), Value::Null);
    assert_eq!(code(other.call("interpret", vec![])), "E_FAIL");
}

#[test]
fn broken_packages_are_refused_without_a_panic() {
    let home = Home::new();
    let (machine, _) = machine(&home);
    let path = home.folder.path().join("web.ova");
    export(&home, &machine, &path, "ovf-2.0", &["CreateManifest"]);
    let good = std::fs::read(&path).unwrap();
    let noise = pattern(3, 600);
    for round in 0..200usize {
        let mut bytes = good.clone();
        // Mostly the descriptor at the start.
        for pair in noise[round..round + 6].chunks(2) {
            let reach = if round.is_multiple_of(4) { bytes.len() } else { 12_000.min(bytes.len()) };
            let at = (usize::from(pair[0]) << 8 | usize::from(pair[1])).wrapping_mul(round + 1) % reach;
            bytes[at] = pair[1];
        }
        bytes.truncate(if round.is_multiple_of(5) { bytes.len() / (round + 1) } else { bytes.len() });
        std::fs::write(&path, &bytes).unwrap();
        let appliance = appliance(&home);
        let progress = waited(appliance.call("read", vec![path.to_str().unwrap().into()]).unwrap());
        if progress.get("resultCode").unwrap() == Value::Int(0) {
            let _ = appliance.call("interpret", vec![]);
        }
    }
}

#[test]
fn a_disk_can_be_read_as_a_stream() {
    let home = Home::new();
    let (_, content) = machine(&home);
    let path = home.folder.path().join("first.vdi");
    let arguments = vec![path.to_str().unwrap().into(), "HardDisk".into(), "ReadOnly".into(), false.into()];
    let disk = object(home.vbox().call("openMedium", arguments).unwrap());
    let io = open(&disk, false);
    let mut sizes = Vec::new();
    for (format, variant) in [("RAW", &[][..]), ("VMDK", &["VmdkStreamOptimized"])] {
        let made = io.call_outputs("convertToStream", vec![format.into(), list(variant), Value::Int(65_536)]).unwrap();
        let made: Vec<Object> = made.into_iter().map(object).collect();
        assert_eq!(made[1].get("readSize").unwrap(), Value::Int(65_536));
        let mut bytes: Vec<u8> = Vec::new();
        loop {
            match made[1].call("read", vec![Value::Int(100_000), Value::Int(20_000)]).unwrap() {
                Value::Blob(part) if part.is_empty() => break,
                Value::Blob(part) => bytes.extend(part.iter()),
                other => panic!("{other:?}"),
            }
        }
        wait(Value::Object(made[0].clone()));
        assert_eq!(made[1].get("readSize").unwrap(), Value::Int(0));
        if format == "RAW" {
            assert!(bytes.len() == 16 << 20 && bytes[5 << 20..8 << 20] == content);
        } else {
            let copy = home.folder.path().join("stream.vmdk");
            std::fs::write(&copy, &bytes).unwrap();
            let arguments = vec![copy.to_str().unwrap().into(), "HardDisk".into(), "ReadOnly".into(), false.into()];
            let copy = object(home.vbox().call("openMedium", arguments).unwrap());
            assert!(read(&copy, 5 << 20, 3 << 20) == content);
        }
        sizes.push(bytes.len());
    }
    assert!(sizes[1] < sizes[0]);
    let made = io.call_outputs("convertToStream", vec!["VDI".into(), list(&[]), Value::Int(65_536)]).unwrap();
    let made: Vec<Object> = made.into_iter().map(object).collect();
    let progress = waited(Value::Object(made[0].clone()));
    assert_eq!(progress.get("resultCode").unwrap().as_int().map(|code| code as u32), Some(0x80bb_0004));
    assert_eq!(code(made[1].call("read", vec![Value::Int(1), Value::Int(1)])), "VBOX_E_TIMEOUT");
    assert_eq!(code(io.call("convertToStream", vec!["nope".into(), list(&[]), Value::Int(0)])), "VBOX_E_NOT_SUPPORTED");
}

#[test]
fn a_stream_that_nobody_reads_keeps_nobody_waiting() {
    let home = Home::new();
    let io = open(&home.disk("a.vdi"), false);
    let made = io.call_outputs("convertToStream", vec!["RAW".into(), list(&[]), Value::Int(4096)]).unwrap();
    let made: Vec<Object> = made.into_iter().map(object).collect();
    assert_eq!(made[0].get("completed").unwrap(), false.into());
    // What is left of it ends with the connection, which waits for work that goes on.
    drop((made, io));
    drop(home);
}
