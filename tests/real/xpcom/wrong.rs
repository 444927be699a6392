//! Whatever is wrong ends in an error: nothing that a script passes takes VirtualBox or this program down.

use super::processes;
use crate::rig::object;
use std::collections::BTreeMap;
use vboxsh::model::{
    Connection, EnumValue, Error, ErrorKind, Handle, Object, Operation, RawValue, Request, SessionGuard, Value,
};
use vboxsh::schema::{Kind, Type};

/// Methods that take no object for an object, which means something then.
const MAY_BE_NULL: [(&str, &str); 5] = [
    ("IMachine", "attachDevice"),
    ("IMachine", "mountMedium"),
    ("IMachine", "setBandwidthGroupForDevice"),
    ("IMedium", "cloneTo"),
    ("IMedium", "resizeAndCloneTo"),
];

fn invoke(
    connection: &Connection,
    target: &Handle,
    operation: Operation,
    arguments: &[RawValue],
) -> Result<Vec<RawValue>, Error> {
    connection.transport().invoke(Request { target, operation, arguments, waits: None })
}

#[test]
fn what_is_wrong_ends_in_an_error() {
    let Some(connection) = super::connection() else { return };
    let (root, schema) = (connection.root(), connection.schema());
    let error = root.call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
    let api = error.api_error().unwrap();
    assert_eq!(
        (api.code, api.interface.as_str(), api.component.as_str()),
        (0x80bb_0001, "IVirtualBox", "VirtualBoxWrap")
    );
    assert!(api.message.contains("tmp-no-such"), "{}", api.message);
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // Null, where VirtualBox would crash.
    assert!(matches!(root.call("registerMachine", vec![Value::Null]), Err(Error::Usage(_))));
    let source = object(root.get("eventSource").unwrap());
    let listener = source.call("createListener", vec![]).unwrap();
    assert!(matches!(source.call("eventProcessed", vec![listener, Value::Null]), Err(Error::Usage(_))));

    // An object of the wrong kind, past the checks of the model.
    let host = object(root.get("host").unwrap());
    let live = connection.find_machine("live-01").unwrap();
    let lock = schema.interface("IMachine").unwrap().method("lockMachine").unwrap();
    let shared = RawValue::Int(1);
    let wrong = RawValue::Object((host.handle().clone(), host.interface()));
    let error = invoke(&connection, live.handle(), Operation::Call(lock), &[wrong, shared]).unwrap_err();
    assert_eq!(error.api_error().unwrap().code, 0x8000_4002, "{error}");
    let name = schema.interface("IMachine").unwrap().attribute("name").unwrap();
    let error = invoke(&connection, host.handle(), Operation::Get(name), &[]).unwrap_err();
    assert_eq!(error.api_error().unwrap().code, 0x8000_4002, "{error}");
    assert!(host.query("IMachine").is_err() && host.query("IHost").is_ok());

    // A number that stands for no value of the enumeration: a code without words, and none of an earlier error.
    let session = connection.new_session().unwrap();
    let lock_type = Value::Int(99);
    let error = live.call("lockMachine", vec![Value::Object(session.clone()), lock_type]).unwrap_err();
    assert!(!error.to_string().contains("tmp-no-such"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Failed);

    // A closed session.
    assert!(matches!(session.get("machine"), Err(Error::Api { .. })));
    let guard = SessionGuard::lock(&live, "Shared").unwrap();
    let console = object(guard.session().get("console").unwrap());
    guard.finish().unwrap();
    // The machine still runs, so this may well answer; it must not crash.
    let _ = console.get("state");
    let guard = SessionGuard::lock(&connection.find_machine("web-01").unwrap(), "Write").unwrap();
    let mutable = guard.machine().clone();
    guard.finish().unwrap();
    assert!(matches!(mutable.get("name"), Err(Error::Api { .. })));

    // A released object, and numbers that never were.
    connection.transport().release(&[live.handle().clone()]);
    for handle in [live.handle().clone(), Handle::Number(0), Handle::Number(u64::MAX), Handle::Text("x".into())] {
        assert!(
            matches!(invoke(&connection, &handle, Operation::Get(name), &[]), Err(Error::Stale { .. })),
            "{handle}"
        );
    }
    assert!(root.get("version").is_ok());
}

/// One object of every interface that attributes lead to, from the root and from a running machine.
fn one_of_each(connection: &Connection, console: &Object) -> BTreeMap<&'static str, Object> {
    let mut found = BTreeMap::new();
    let mut queue = vec![connection.root(), console.clone()];
    while let Some(object) = queue.pop() {
        if found.contains_key(object.interface().name) {
            continue;
        }
        found.insert(object.interface().name, object.clone());
        for attribute in object.interface().attributes() {
            match object.read(attribute) {
                Ok(Value::Object(object)) => queue.push(object),
                Ok(Value::List(values)) => queue.extend(values.first().and_then(Value::as_object).cloned()),
                _ => {}
            }
        }
    }
    found
}

/// A value of the type that is as good as any.
fn any_value(connection: &Connection, kind: Type) -> RawValue {
    if kind.array {
        return if kind.is_blob() { RawValue::Blob(Vec::new()) } else { RawValue::List(Vec::new()) };
    }
    match kind.kind {
        Kind::String | Kind::Uuid => RawValue::Text(String::new()),
        Kind::Boolean => RawValue::Bool(false),
        Kind::Interface(_) | Kind::AnyObject => RawValue::Null,
        Kind::Enum(name) => {
            let enumeration = connection.schema().enumeration(name).unwrap();
            RawValue::Enum(EnumValue { enumeration, number: enumeration.values[0].number })
        }
        _ => RawValue::Int(0),
    }
}

/// A value that the type does not take.
fn wrong_value(kind: Type) -> Value {
    match (kind.array, kind.kind) {
        (true, _) => Value::Bool(true),
        (false, Kind::String | Kind::Uuid) => Value::List(vec![Value::Null]),
        (false, _) => Value::Text("no such thing".to_owned()),
    }
}

#[test]
fn no_object_takes_a_wrong_argument() {
    let Some(connection) = super::connection() else { return };
    let server = processes("VBoxSVC");
    let guard = SessionGuard::lock(&connection.find_machine("live-01").unwrap(), "Shared").unwrap();
    let console = object(guard.session().get("console").unwrap());
    let objects = one_of_each(&connection, &console);
    assert!(objects.len() > 45, "{}", objects.len());
    let host = object(connection.root().get("host").unwrap());
    let host = RawValue::Object((host.handle().clone(), host.interface()));
    let plain = |kind| any_value(&connection, kind).map_objects(&mut |_| Value::Null);
    let (mut nulls, mut strangers, mut types) = (0, 0, 0);
    for object in objects.values() {
        for method in object.interface().methods() {
            let inputs: Vec<_> = method.inputs().collect();
            for (at, parameter) in inputs.iter().enumerate() {
                // A type that does not fit never leaves.
                let mut arguments: Vec<Value> = inputs.iter().map(|parameter| plain(parameter.kind)).collect();
                arguments[at] = wrong_value(parameter.kind);
                let error = object.call_method(method, arguments).unwrap_err();
                assert!(matches!(error, Error::Usage(_)), "{method}: {error:?}");
                types += 1;
                if parameter.kind.array {
                    continue;
                }
                // An object of another interface is found out before anything is sent.
                if matches!(parameter.kind.kind, Kind::Interface(name) if name != "IHost") {
                    let mut arguments: Vec<_> =
                        inputs.iter().map(|parameter| any_value(&connection, parameter.kind)).collect();
                    arguments[at] = host.clone();
                    match invoke(&connection, object.handle(), Operation::Call(method), &arguments) {
                        Err(Error::Api { error, .. }) => assert_eq!(error.code, 0x8000_4002, "{method}: {error}"),
                        Err(Error::Refused { .. }) => {}
                        other => panic!("{method}: {other:?}"),
                    }
                    strangers += 1;
                    // No object, where there must be one. What may be null is not tried: it would happen.
                    if !MAY_BE_NULL.contains(&(method.owner, method.name)) {
                        let arguments = inputs.iter().map(|parameter| plain(parameter.kind)).collect();
                        let error = object.call_method(method, arguments).unwrap_err();
                        assert!(matches!(error, Error::Usage(_) | Error::Refused { .. }), "{method}: {error:?}");
                        nulls += 1;
                    }
                }
            }
        }
        for attribute in object.interface().attributes().into_iter().filter(|attribute| attribute.writable) {
            let error = object.set(attribute.name, wrong_value(attribute.kind)).unwrap_err();
            assert!(matches!(error, Error::Usage(_)), "{attribute}: {error:?}");
            types += 1;
        }
    }
    println!("{} interfaces: {nulls} nulls, {strangers} strangers, {types} wrong types", objects.len());
    assert!(nulls > 15 && strangers > 20 && types > 500, "{nulls} {strangers} {types}");

    // What was given up is known no more, whatever it was.
    let handles: Vec<_> = objects.values().map(|object| object.handle().clone()).collect();
    connection.transport().release(&handles);
    for object in objects.values().filter(|object| **object != connection.root()) {
        let attributes = object.interface().attributes();
        if let Some(attribute) = attributes.first() {
            let result = invoke(&connection, object.handle(), Operation::Get(attribute), &[]);
            assert!(matches!(result, Err(Error::Stale { .. } | Error::Refused { .. })), "{attribute}: {result:?}");
        }
    }
    assert!(connection.root().get("version").is_ok());
    assert_eq!(processes("VBoxSVC"), server);
}
