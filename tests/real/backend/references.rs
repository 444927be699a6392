//! Failures tell all, and references end where they should.

use vboxsh::model::{Error, Handle, Value};

#[test]
fn failures_tell_all() {
    let Some(connection) = super::connection() else { return };
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
fn references_are_given_up_and_new_ones_work() {
    let Some(connection) = super::connection() else { return };
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
