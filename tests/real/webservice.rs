//! The web-service backend on a real server: every kind of call, fault and reference.
//!
//! Asks the server of the suite, or the one that `VBOXSH_REAL_URL` names. Makes things of its own
//! only, and removes them.

use std::time::{Duration, Instant};
use vboxsh::backend::webservice::{ConnectOptions, SchemaChoice, connect};
use vboxsh::model::{Connection, Error, EventListener, Handle, Object, Value};

fn connection() -> Option<Connection> {
    let url = crate::rig::url().map(str::to_owned)?;
    Some(connect(ConnectOptions { schema: SchemaChoice::Automatic, ..ConnectOptions::new(url) }).unwrap())
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

fn machine(connection: &Connection, name: &str) -> Object {
    let arguments = vec!["".into(), name.into(), "x86".into(), Value::List(vec![]), "Other".into()];
    object(connection.root().call("createMachine", arguments).unwrap())
}

#[test]
fn every_attribute_of_the_root_and_what_hangs_on_it_is_read() {
    let Some(connection) = connection() else { return };
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
    let Some(connection) = connection() else { return };
    let machine = machine(&connection, "tmp-webservice-values");
    for text in ["", " a ", "a\r\nb\tc", "<&>\"'", "ä漢\u{1f600}", "\u{1}\u{1f}\u{7f}", "]]>", "\u{85}\u{2028}\u{feff}"]
    {
        machine.set("description", text.into()).unwrap();
        assert_eq!(machine.get("description").unwrap(), Value::from(text), "{text:?}");
    }
    machine.set("memorySize", Value::Int(333)).unwrap();
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(333));
    let icon: Vec<u8> = (0..70_000_u32).map(|number| (number * 7) as u8).collect();
    machine.set("icon", Value::Blob(icon.clone())).unwrap();
    assert_eq!(machine.get("icon").unwrap(), Value::Blob(icon));
    machine.set("clipboardMode", "HostToGuest".into()).unwrap();
    assert!(matches!(machine.get("clipboardMode").unwrap(), Value::Enum(value) if value.is("HostToGuest")));
    machine.call("setGuestPropertyValue", vec!["/a".into(), "b".into()]).unwrap();
    let outputs = machine.call_outputs("getGuestProperty", vec!["/a".into()]).unwrap();
    assert_eq!(outputs.len(), 3);
    assert_eq!(outputs[0], Value::from("b"));
    let names = machine.call_outputs("enumerateGuestProperties", vec!["/*".into()]).unwrap();
    assert_eq!((names.len(), &names[0]), (4, &Value::List(vec!["/a".into()])));
}

#[test]
fn failures_tell_all() {
    let Some(connection) = connection() else { return };
    let error = connection.root().call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
    let api = error.api_error().unwrap();
    assert_eq!(
        (api.code, api.interface.as_str(), api.component.as_str()),
        (0x80bb_0001, "IVirtualBox", "VirtualBoxWrap")
    );
    assert!(api.message.contains("tmp-no-such"), "{}", api.message);
    for _ in 0..120 {
        connection.root().call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
    }
    let dead = Handle::Text("0000000000000001-0000000000000001".into());
    let name = connection.schema().interface("IMachine").unwrap().attribute("name").unwrap();
    let request = vboxsh::model::Request {
        target: &dead,
        operation: vboxsh::model::Operation::Get(name),
        arguments: &[],
        waits: None,
    };
    assert!(matches!(connection.transport().invoke(request), Err(Error::Stale { .. })));
    assert!(connection.root().get("version").is_ok());
}

#[test]
fn interfaces_are_told_apart() {
    let Some(connection) = connection() else { return };
    let machine = machine(&connection, "tmp-webservice-interfaces");
    assert!(machine.query("IMedium").is_err());
    let source = object(connection.root().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    connection.root().call("setExtraData", vec!["tmp-webservice".into(), "1".into()]).unwrap();
    let start = Instant::now();
    let event = listener.next(Duration::from_secs(5)).unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(event.interface().name, "IExtraDataChangedEvent");
    assert_eq!(event.get("key").unwrap(), Value::from("tmp-webservice"));
    assert!(event.query("IEvent").is_ok() && event.query("IMachineEvent").is_err());
    listener.processed(&event).unwrap();
    connection.root().call("setExtraData", vec!["tmp-webservice".into(), "".into()]).unwrap();
    assert!(matches!(source.call("eventProcessed", vec![Value::Object(event), Value::Null]), Err(Error::Usage(_))));
}

#[test]
fn many_threads_at_once_get_their_own_answers() {
    let Some(connection) = connection() else { return };
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
fn references_are_given_up_and_new_ones_work() {
    let Some(connection) = connection() else { return };
    let handles: Vec<Handle> = match connection.root().get("machines").unwrap() {
        Value::List(machines) => {
            machines.iter().filter_map(|value| value.as_object().map(|machine| machine.handle().clone())).collect()
        }
        other => panic!("{other:?}"),
    };
    if handles.is_empty() {
        return;
    }
    connection.transport().release(&handles);
    let name = connection.schema().interface("IMachine").unwrap().attribute("name").unwrap();
    let request = vboxsh::model::Request {
        target: &handles[0],
        operation: vboxsh::model::Operation::Get(name),
        arguments: &[],
        waits: None,
    };
    assert!(matches!(connection.transport().invoke(request), Err(Error::Stale { .. })));
    let Value::List(machines) = connection.root().get("machines").unwrap() else { panic!() };
    assert!(machines[0].as_object().unwrap().get("accessible").is_ok());
}

#[test]
fn objects_of_unknown_interface_are_asked_what_they_are() {
    let Some(connection) = connection() else { return };
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
