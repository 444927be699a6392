//! Whatever is wrong ends in an error: nothing that a script passes takes VirtualBox or this program down.

use crate::rig::object;
use vboxsh::model::{Connection, Error, ErrorKind, Handle, Operation, RawValue, Request, SessionGuard, Value};

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
