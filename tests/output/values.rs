//! Objects, structures and lists at the prompt.

use super::canned::{Canned, enumeration, structure};
use super::{on_terminal, piped};
use std::sync::atomic::Ordering;
use vboxsh::model::{ConnectionProblem, Error, ErrorKind, RawValue, Value};
use vboxsh::output::{Reply, Style, Ui, UiOptions, describe, detail, format_value, label};

#[test]
fn an_object_prints_as_interface_name_and_state() {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 2048);
    canned.add("IProgress", &[("description", "Cloning".into()), ("percent", 40.into()), ("completed", false.into())]);
    canned.add("IVirtualBox", &[("version", "7.2.22".into())]);
    let nat = enumeration("NetworkAttachmentType", "NAT");
    canned.add("INetworkAdapter", &[("slot", 0.into()), ("attachmentType", nat), ("enabled", false.into())]);
    canned.add("IUSBDevice", &[("product", "".into()), ("id", "5f".into())]);
    canned.add("IHost", &[]);
    let expected = [
        "IMachine web-01 (Running)\n",
        "IProgress Cloning (40 %)\n",
        "IVirtualBox 7.2.22\n",
        "INetworkAdapter 0 (NAT, disabled)\n",
        "IUSBDevice 5f\n",
        "IHost\n",
    ];
    for (object, expected) in canned.connect().into_iter().zip(expected) {
        assert_eq!(piped(&Reply::Value(Value::Object(object))).out, expected);
    }
}

#[test]
fn labels_are_short_and_summaries_tell_the_state() {
    let mut canned = Canned::default();
    canned.machine("web-01", "PoweredOff", 512);
    let calls = canned.calls.clone();
    let objects = canned.connect();
    calls.store(0, Ordering::Relaxed);
    assert_eq!(label(&objects[0]), "IMachine web-01");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(describe(&objects[0]), "IMachine web-01 (PoweredOff)");
}

#[test]
fn an_event_tells_what_happened() {
    let mut canned = Canned::default();
    let state = enumeration("MachineState", "Running");
    canned.add("IMachineStateChangedEvent", &[("machineId", "c0ffee".into()), ("state", state)]);
    let objects = canned.connect();
    assert_eq!(describe(&objects[0]), "IMachineStateChangedEvent machineId=\"c0ffee\" state=Running");
    assert_eq!(label(&objects[0]), "IMachineStateChangedEvent");
}

#[test]
fn an_object_whose_name_is_refused_goes_by_its_id() {
    let mut canned = Canned::default();
    let machine = canned.machine("web-01", "Running", 512);
    canned.fail(machine, "name", Error::api("IMachine.name", 0x8007_0005, "not accessible"));
    let objects = canned.connect();
    assert_eq!(label(&objects[0]), "IMachine 00000001-0126-43e0-b05d-326e74abb356");
}

#[test]
fn an_object_of_which_nothing_can_be_read_is_a_failure() {
    let mut canned = Canned::default();
    let machine = canned.machine("web-01", "Running", 512);
    let lost = ConnectionProblem { message: "the server is gone".into(), hint: "`reconnect`".into() };
    for name in vboxsh::schema::embedded().interface("IMachine").unwrap().attributes() {
        canned.fail(machine, name.name, Error::Connection(lost.clone()));
    }
    let objects = canned.connect();
    assert_eq!(label(&objects[0]), "IMachine #0");
    let list = Value::List(vec![Value::Object(objects[0].clone())]);
    let object = || Value::Object(objects[0].clone());
    for reply in [Reply::Value(object()), Reply::Detail(object()), Reply::Value(list)] {
        let failure = Ui::captured(UiOptions::default()).reply(&reply).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (ErrorKind::Connection, "the server is gone"));
    }
}

#[test]
fn objects_in_lists_and_maps_are_labels() {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 512);
    let objects = canned.connect();
    let map = Value::Map(vec![("who".into(), Value::Object(objects[0].clone())), ("n".into(), Value::Int(1))]);
    assert_eq!(format_value(&map, Style::default()), "{who: IMachine web-01, n: 1}");
    let painted = format_value(&map, Style::new(true));
    assert!(painted.contains("\u{1b}[38;5;30mIMachine\u{1b}[0m web-01"), "{painted:?}");
}

#[test]
fn a_mixed_list_prints_line_by_line() {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 512);
    canned.add("ISnapshot", &[("name", "before".into()), ("id", "5".into())]);
    let mut values: Vec<Value> = canned.connect().into_iter().map(Value::Object).collect();
    values.push(Value::from("text"));
    let shown = piped(&Reply::Value(Value::List(values))).out;
    assert_eq!(shown, "IMachine web-01 (Running)\nISnapshot before\n\"text\"\n");
}

#[test]
fn nothing_prints_nothing() {
    assert_eq!(piped(&Reply::Nothing).out, "");
    assert_eq!(piped(&Reply::Value(Value::Null)).out, "");
    assert_eq!(piped(&Reply::Value(Value::List(Vec::new()))).out, "[]\n");
}

#[test]
fn a_long_list_is_cut_on_a_terminal_only() {
    let reply = Reply::Value(Value::List((0..1000).map(Value::Int).collect()));
    let shown = on_terminal(80, &reply);
    assert!(shown.ends_with("198, 199, ... 800 more]\n"), "{shown}");
    assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
    let piped = piped(&reply).out;
    assert!(piped.ends_with("998, 999]\n") && !piped.contains("more"), "{piped}");
}

#[test]
fn a_detail_shows_every_attribute_and_goes_on_after_errors() {
    let mut canned = Canned::default();
    let machine = canned.machine("web-01", "Running", 2048);
    let disk = canned.add("IMedium", &[("name", "web-01.vdi".into()), ("id", "1".into())]);
    let attributes = [
        ("name", RawValue::from("SATA")),
        ("portCount", RawValue::Int(2)),
        ("bus", enumeration("StorageBus", "SATA")),
        ("bootable", RawValue::Bool(true)),
        ("maxDevicesPerPortCount", RawValue::Int(1)),
    ];
    canned.add("IStorageController", &attributes);
    let attachments =
        [structure("IMediumAttachment", &[("controller", "SATA".into()), ("medium", canned.reference(disk))])];
    let snapshot = [
        ("name", RawValue::from("before")),
        ("id", "5".into()),
        ("description", "two\nlines \u{1b}[2J".into()),
        ("timeStamp", RawValue::Int(951_827_696_000)),
        ("machine", canned.reference(machine)),
        ("parent", RawValue::Null),
        ("children", RawValue::List(attachments.to_vec())),
        ("online", RawValue::Bool(false)),
    ];
    canned.add("ISnapshot", &snapshot);
    let objects = canned.connect();
    let shown = piped(&Reply::Detail(Value::Object(objects[2].clone()))).out;
    assert_eq!(
        shown,
        "IStorageController SATA
  name                    SATA
  maxDevicesPerPortCount  1
  minPortCount            (E_NOTIMPL: not there)
  maxPortCount            (E_NOTIMPL: not there)
  instance                (E_NOTIMPL: not there)
  portCount               2
  bus                     SATA
  controllerType          (E_NOTIMPL: not there)
  useHostIOCache          (E_NOTIMPL: not there)
  bootable                true
"
    );
    let shown = piped(&Reply::Detail(Value::Object(objects[3].clone()))).out;
    assert!(shown.starts_with("ISnapshot before\n"), "{shown}");
    assert!(shown.contains("\n  description    two\n                 lines \\u{1b}[2J\n"), "{shown}");
    assert!(shown.contains("\n  timeStamp      951827696000 (2000-02-29 12:34:56Z)\n"), "{shown}");
    assert!(shown.contains("\n  machine        IMachine web-01\n  parent         -\n"), "{shown}");
    let rows = "  children       CONTROLLER  PORT  DEVICE  TYPE  MEDIUM
                 SATA        -     -       -     web-01.vdi
";
    assert!(shown.contains(rows), "{shown}");
}

#[test]
fn a_detail_reads_no_password() {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 512);
    let objects = canned.connect();
    let names: Vec<String> = detail(&objects[0]).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"teleporterPort".to_owned()) && !names.contains(&"teleporterPassword".to_owned()));
}
