//! Events come as what they are, and waiting for them holds nobody up.

use crate::rig::{self, object};
use std::time::{Duration, Instant};
use vboxsh::model::{Error, EventListener, Value};

#[test]
fn interfaces_are_told_apart() {
    let Some(connection) = super::connection() else { return };
    let machine = rig::machine(&connection, "tmp-backend-interfaces");
    assert!(machine.query("IMedium").is_err());
    let source = object(connection.root().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    // A value that an earlier run left is no change, and fires nothing.
    let value = format!("{:?}", std::time::SystemTime::now());
    connection.root().call("setExtraData", vec!["tmp-backend".into(), value.as_str().into()]).unwrap();
    let start = Instant::now();
    let event = loop {
        // What another test has changed may be told late.
        let event = listener.next(Duration::from_secs(5)).unwrap().unwrap();
        assert!(start.elapsed() < Duration::from_secs(20));
        assert_eq!(event.interface().name, "IExtraDataChangedEvent");
        if event.get("key").unwrap() == Value::from("tmp-backend") {
            break event;
        }
        listener.processed(&event).unwrap();
    };
    assert!(event.query("IEvent").is_ok() && event.query("IMachineEvent").is_err());
    listener.processed(&event).unwrap();
    connection.root().call("setExtraData", vec!["tmp-backend".into(), "".into()]).unwrap();
    assert!(matches!(source.call("eventProcessed", vec![Value::Object(event), Value::Null]), Err(Error::Usage(_))));
}

#[test]
fn a_wait_blocks_nobody_else_and_ends_in_time() {
    let Some(connection) = super::connection() else { return };
    let source = object(connection.root().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                // Other tests may cause such events too.
                let event = listener.next(Duration::from_secs(5)).unwrap().unwrap();
                assert_eq!(event.interface().name, "IExtraDataChangedEvent");
                if event.get("key").unwrap() == Value::from("tmp-backend-wait") {
                    return event;
                }
                listener.processed(&event).unwrap();
            }
        });
        std::thread::sleep(Duration::from_millis(300));
        let value = format!("{:?}", std::time::SystemTime::now());
        connection.root().call("setExtraData", vec!["tmp-backend-wait".into(), value.as_str().into()]).unwrap();
        let event = waiting.join().unwrap();
        assert!(event.query("IEvent").is_ok() && event.query("IMachineEvent").is_err());
        listener.processed(&event).unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(4));
    connection.root().call("setExtraData", vec!["tmp-backend-wait".into(), "".into()]).unwrap();
}
