//! What is read and written comes as it was sent, to whoever asked.

use crate::rig::{self, object};
use vboxsh::model::{Error, Value};

#[test]
fn every_attribute_of_the_root_and_what_hangs_on_it_is_read() {
    let Some(connection) = super::connection() else { return };
    let mut reads = 0;
    let mut objects = vec![connection.root()];
    for name in [
        "host",
        "systemProperties",
        "performanceCollector",
        "eventSource",
        "machines",
        "hardDisks",
        "DHCPServers",
        "NATNetworks",
    ] {
        match connection.root().get(name).unwrap() {
            Value::Object(object) => objects.push(object),
            Value::List(values) => objects.extend(values.iter().filter_map(|value| value.as_object().cloned()).take(3)),
            other => panic!("{other:?}"),
        }
    }
    for object in &objects {
        for attribute in object.interface().attributes() {
            match object.read(attribute) {
                Ok(_) | Err(Error::Api { .. }) => reads += 1,
                Err(Error::Refused { .. }) if !attribute.remote => {}
                Err(error) => panic!("{attribute}: {error:?}"),
            }
        }
    }
    assert!(reads > 300, "{reads}");
    let (held, _) = connection.reference_counts();
    assert!(held >= objects.len(), "{held}");
}

#[test]
fn texts_numbers_enums_and_blobs_come_back() {
    let Some(connection) = super::connection() else { return };
    let machine = rig::machine(&connection, "tmp-backend-values");
    for text in ["", " a ", "a\r\nb\tc", "<&>\"'", "ä漢\u{1f600}", "\u{1}\u{1f}\u{7f}", "]]>", "\u{85}\u{2028}\u{feff}"]
    {
        machine.set("description", text.into()).unwrap();
        assert_eq!(machine.get("description").unwrap(), Value::from(text), "{text:?}");
    }
    machine.set("memorySize", Value::Int(333)).unwrap();
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(333));
    for length in [0_u32, 1, 7, 8, 9, 70_000] {
        let icon: Vec<u8> = (0..length).map(|number| (number * 7) as u8).collect();
        machine.set("icon", Value::Blob(icon.clone())).unwrap();
        assert_eq!(machine.get("icon").unwrap(), Value::Blob(icon));
    }
    machine.set("clipboardMode", "HostToGuest".into()).unwrap();
    assert!(matches!(machine.get("clipboardMode").unwrap(), Value::Enum(value) if value.is("HostToGuest")));
    machine.call("setGuestPropertyValue", vec!["/a".into(), "b".into()]).unwrap();
    let outputs = machine.call_outputs("getGuestProperty", vec!["/a".into()]).unwrap();
    assert_eq!((outputs.len(), &outputs[0]), (3, &Value::from("b")));
    assert!(outputs[1].as_int().unwrap() > 1 << 60, "a time in nanoseconds takes all 64 bits");
    let names = machine.call_outputs("enumerateGuestProperties", vec!["/*".into()]).unwrap();
    assert_eq!((names.len(), &names[0]), (4, &Value::List(vec!["/a".into()])));
    machine.set("groups", Value::List(vec!["/tmp-a".into(), "/tmp-b/c".into()])).unwrap();
    assert_eq!(machine.get("groups").unwrap(), Value::List(vec!["/tmp-a".into(), "/tmp-b/c".into()]));
}

#[test]
fn one_object_has_one_handle() {
    let Some(connection) = super::connection() else { return };
    let root = connection.root();
    let (first, second) = (root.get("machines").unwrap(), root.get("machines").unwrap());
    assert_eq!(first, second);
    let live = connection.find_machine("live-01").unwrap();
    assert!(first.into_list().iter().any(|machine| machine.as_object() == Some(&live)));
    assert_eq!(object(live.get("parent").unwrap()), root);
    assert_ne!(live, connection.find_machine("web-01").unwrap());
    let collector = object(root.get("performanceCollector").unwrap());
    let host = root.get("host").unwrap();
    let metrics = collector
        .call("getMetrics", vec![Value::List(vec!["CPU/Load/User".into()]), Value::List(vec![host.clone()])])
        .unwrap();
    let metrics = metrics.into_list();
    if let Some(metric) = metrics.first() {
        assert_eq!(object(metric.clone()).get("object").unwrap(), host);
    }
}

#[test]
fn objects_of_unknown_interface_are_asked_what_they_are() {
    let Some(connection) = super::connection() else { return };
    let collector = object(connection.root().get("performanceCollector").unwrap());
    let host = connection.root().get("host").unwrap();
    let metrics =
        collector.call("getMetrics", vec![Value::List(vec!["CPU/Load/User".into()]), Value::List(vec![host])]).unwrap();
    let Value::List(metrics) = metrics else { panic!() };
    let Some(metric) = metrics.first().and_then(Value::as_object) else { return };
    let of = object(metric.get("object").unwrap());
    assert!(of.query("IHost").is_ok(), "{}", of.interface().name);
    assert!(of.query("IMachine").is_err());
}

#[test]
fn many_reads_at_once_get_their_own_answers() {
    let Some(connection) = super::connection() else { return };
    let root = connection.root();
    let reads: Vec<_> = ["version", "APIVersion", "homeFolder", "revision"]
        .iter()
        .cycle()
        .take(400)
        .map(|name| (root.clone(), root.interface().attribute(name).unwrap()))
        .collect();
    let first: Vec<_> = reads[..4].iter().map(|(root, attribute)| root.read(attribute).unwrap()).collect();
    for (at, value) in connection.read_all(&reads).into_iter().enumerate() {
        assert_eq!(value.unwrap(), first[at % 4]);
    }
}

#[test]
fn many_threads_get_their_own_answers() {
    let Some(connection) = super::connection() else { return };
    let root = connection.root();
    let names = ["version", "APIVersion", "homeFolder", "revision"];
    let expected: Vec<_> = names.iter().map(|name| root.get(name).unwrap()).collect();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for at in 0..300 {
                    assert_eq!(root.get(names[at % 4]).unwrap(), expected[at % 4]);
                    let error = root.call("findMachine", vec![format!("tmp-none-{at}").as_str().into()]).unwrap_err();
                    assert!(error.to_string().contains(&format!("tmp-none-{at}'")), "{error}");
                }
            });
        }
    });
}
