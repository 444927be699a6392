//! Passive listeners on the event source of `vbox`.

use super::{Home, change, code, list, object, text};
use std::time::{Duration, Instant};
use vboxsh::model::{EventListener, Object, Value};

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn what_happens_is_told() {
    let home = Home::new();
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec![]).unwrap();
    let machine = home.machine("m");
    change(&machine, |mutable| mutable.set("memorySize", Value::Int(512)).unwrap());
    home.disk("d.vdi");
    let mut seen = Vec::new();
    while let Some(event) = listener.next(SHORT).unwrap() {
        let name = event.interface().name.to_owned();
        if event.interface().extends("IEventSourceChangedEvent") {
            assert_eq!(event.get("add").unwrap(), true.into(), "a source tells of its listeners");
        }
        if event.interface().extends("IMachineEvent") {
            assert_eq!(text(&event, "machineId"), text(&machine, "id"), "{name}");
        }
        assert_eq!(event.get("source").unwrap(), Value::Object(source.clone()));
        listener.processed(&event).unwrap();
        seen.push(name);
    }
    let wanted = [
        "IEventSourceChangedEvent",
        "IMachineRegisteredEvent",
        "ISessionStateChangedEvent",
        "IMachineDataChangedEvent",
        "ISessionStateChangedEvent",
        "IMediumConfigChangedEvent",
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
        ("k".into(), "v".into(), "00000000-0000-0000-0000-000000000000".to_owned())
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
    let types = Value::List(vec!["OnExtraDataChanged".into()]);
    source.call("registerListener", vec![Value::Object(listener.clone()), types, false.into()]).unwrap();
    let machine = home.create("m", "Other");
    for round in 0..1002 {
        machine.call("setExtraData", vec!["k".into(), format!("{round}").as_str().into()]).unwrap();
    }
    let fetched = source.call("getEvent", vec![Value::Object(listener.clone()), Value::Int(0)]);
    assert_eq!(code(fetched), "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(code(source.call("unregisterListener", vec![Value::Object(listener)])), "VBOX_E_OBJECT_NOT_FOUND");
}

fn register(source: &Object, types: &[&str]) -> Object {
    let listener = object(source.call("createListener", vec![]).unwrap());
    let types = list(types);
    source.call("registerListener", vec![Value::Object(listener.clone()), types, false.into()]).unwrap();
    listener
}

fn fetch(source: &Object, listener: &Object) -> Option<Object> {
    match source.call("getEvent", vec![Value::Object(listener.clone()), Value::Int(0)]).unwrap() {
        Value::Object(event) => Some(event),
        _ => None,
    }
}

#[test]
fn a_veto_leaves_extra_data_as_it_was() {
    let home = Home::new();
    let vbox = home.vbox();
    let source = object(vbox.get("eventSource").unwrap());
    vbox.call("setExtraData", vec!["k".into(), "old".into()]).unwrap();
    let listener = register(&source, &["Vetoable"]);
    std::thread::scope(|scope| {
        let change = scope.spawn(|| vbox.call("setExtraData", vec!["k".into(), "new".into()]));
        let get = vec![Value::Object(listener.clone()), Value::Int(2000)];
        let event = object(source.call("getEvent", get).unwrap());
        assert_eq!((text(&event, "key"), text(&event, "value")), ("k".into(), "new".into()));
        assert_eq!(event.get("waitable").unwrap(), true.into());
        let veto = event.query("IVetoEvent").unwrap();
        veto.call("addVeto", vec!["not today".into()]).unwrap();
        assert_eq!(veto.call("getVetos", vec![]).unwrap(), list(&["not today"]));
        let processed = vec![Value::Object(listener.clone()), Value::Object(event)];
        source.call("eventProcessed", processed.clone()).unwrap();
        assert_eq!(code(source.call("eventProcessed", processed)), "VBOX_E_OBJECT_NOT_FOUND");
        assert_eq!(code(change.join().unwrap()), "E_ACCESSDENIED");
    });
    assert_eq!(vbox.call("getExtraData", vec!["k".into()]).unwrap(), "old".into());
    // A listener that goes away has nothing to say against it.
    source.call("unregisterListener", vec![Value::Object(listener)]).unwrap();
    vbox.call("setExtraData", vec!["k".into(), "new".into()]).unwrap();
}

#[test]
fn one_listener_hears_several_sources_each_for_itself() {
    let home = Home::new();
    let vbox = home.vbox();
    let source = object(vbox.get("eventSource").unwrap());
    let aggregator =
        object(source.call("createAggregator", vec![Value::List(vec![Value::Object(source.clone())])]).unwrap());
    let listener = register(&source, &["OnExtraDataChanged"]);
    let again = vec![Value::Object(listener.clone()), list(&["Any"]), false.into()];
    assert_eq!(code(source.call("registerListener", again)), "E_INVALIDARG");
    let types = list(&["OnExtraDataChanged"]);
    aggregator.call("registerListener", vec![Value::Object(listener.clone()), types, false.into()]).unwrap();
    vbox.call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
    let (one, other) = (fetch(&source, &listener).unwrap(), fetch(&aggregator, &listener).unwrap());
    assert_eq!(one, other, "it is one event");
    assert_eq!(other.get("source").unwrap(), Value::Object(source.clone()));
    assert!(fetch(&source, &listener).is_none() && fetch(&aggregator, &listener).is_none());
    aggregator.call("unregisterListener", vec![Value::Object(listener.clone())]).unwrap();
    vbox.call("setExtraData", vec!["k".into(), "w".into()]).unwrap();
    assert!(fetch(&source, &listener).is_some());
    let gone = aggregator.call("getEvent", vec![Value::Object(listener), Value::Int(0)]);
    assert_eq!(code(gone), "VBOX_E_OBJECT_NOT_FOUND");
}
