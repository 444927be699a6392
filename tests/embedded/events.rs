//! Passive listeners on the event source of `vbox`.

use super::{Home, change, code, object, text};
use std::time::{Duration, Instant};
use vboxsh::model::{EventListener, Value};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn what_happens_is_told() {
    let home = Home::new();
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec![]).unwrap();
    let machine = home.machine("m");
    change(&machine, |mutable| mutable.set("memorySize", Value::Int(512)).unwrap());
    machine.call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
    home.disk("d.vdi");
    let mut seen = Vec::new();
    while let Some(event) = listener.next(SHORT).unwrap() {
        let name = event.interface().name.to_owned();
        if event.interface().extends("IMachineEvent") {
            assert_eq!(text(&event, "machineId"), text(&machine, "id"), "{name}");
        }
        assert_eq!(event.get("source").unwrap(), Value::Object(source.clone()));
        listener.processed(&event).unwrap();
        seen.push(name);
    }
    let wanted = [
        "IMachineRegisteredEvent",
        "ISessionStateChangedEvent",
        "IMachineDataChangedEvent",
        "ISessionStateChangedEvent",
        "IExtraDataChangedEvent",
        "IMediumRegisteredEvent",
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn listeners_choose_and_wait() {
    let home = Home::new();
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    let machines = EventListener::open(&source, vec!["MachineEvent".into()]).unwrap();
    let start = Instant::now();
    assert!(listener.next(Duration::from_millis(60)).unwrap().is_none());
    assert!(start.elapsed() >= Duration::from_millis(55), "it waits");
    home.machine("m");
    home.vbox().call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
    let event = listener.next(SHORT).unwrap().unwrap();
    assert_eq!(
        (text(&event, "key"), text(&event, "value"), text(&event, "machineId")),
        ("k".into(), "v".into(), String::new())
    );
    assert!(listener.next(SHORT).unwrap().is_none());
    assert_eq!(machines.next(SHORT).unwrap().unwrap().interface().name, "IMachineRegisteredEvent");
    assert!(machines.next(SHORT).unwrap().is_none(), "extra data is no event of a machine");
}

#[test]
fn a_wait_ends_when_something_happens() {
    let home = Home::new();
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    let vbox = home.vbox();
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            vbox.call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
        });
        assert!(listener.next(Duration::from_secs(10)).unwrap().is_some());
    });
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_listener_that_never_fetches_is_dropped() {
    let home = Home::new();
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = object(source.call("createListener", vec![]).unwrap());
    let types = Value::List(vec!["Any".into()]);
    source.call("registerListener", vec![Value::Object(listener.clone()), types, false.into()]).unwrap();
    let machine = home.create("m", "Other");
    for round in 0..501 {
        machine.call("setExtraData", vec!["k".into(), format!("{round}").as_str().into()]).unwrap();
    }
    let fetched = source.call("getEvent", vec![Value::Object(listener.clone()), Value::Int(0)]);
    assert_eq!(code(fetched), "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(code(source.call("unregisterListener", vec![Value::Object(listener)])), "VBOX_E_OBJECT_NOT_FOUND");
}
