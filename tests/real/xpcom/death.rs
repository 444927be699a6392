//! VBoxSVC ends, and is got over. Asked for by itself (`VBOXSH_REAL_XPCOM_DEATH=1`), for it takes the
//! server away from all who use it.

use super::processes;
use crate::rig::{self, object};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use vboxsh::model::{Connection, Error, EventListener, SessionGuard, Value};

/// One at a time: they share the server.
static ONE: Mutex<()> = Mutex::new(());

fn connection() -> Option<Connection> {
    let asked = std::env::var("VBOXSH_REAL_XPCOM_DEATH").is_ok_and(|value| value == "1");
    asked.then(super::connection).flatten()
}

fn kill_server() {
    let servers = processes("VBoxSVC");
    assert_eq!(servers.len(), 1);
    assert!(std::process::Command::new("kill").arg("-KILL").args(&servers).status().unwrap().success());
}

/// Everything that goes over is still carried.
fn works(connection: &Connection) {
    let root = connection.root();
    assert!(matches!(object(root.get("host").unwrap()).get("processorCount").unwrap(), Value::Int(1..)));
    let machine = rig::machine(connection, "tmp-xpcom-death");
    let icon: Vec<u8> = (0..70_000_u32).map(|number| number as u8).collect();
    machine.set("icon", Value::Blob(icon.clone())).unwrap();
    assert_eq!(machine.get("icon").unwrap(), Value::Blob(icon));
    machine.set("clipboardMode", "HostToGuest".into()).unwrap();
    assert!(matches!(machine.get("clipboardMode").unwrap(), Value::Enum(value) if value.is("HostToGuest")));
    let error = root.call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
    assert_eq!(error.api_error().unwrap().code, 0x80bb_0001, "{error}");
    let source = object(root.get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    let value = format!("{:?}", std::time::SystemTime::now());
    root.call("setExtraData", vec!["tmp-death".into(), value.as_str().into()]).unwrap();
    let event = listener.next(Duration::from_secs(5)).unwrap().unwrap();
    assert_eq!((event.interface().name, event.get("key").unwrap()), ("IExtraDataChangedEvent", "tmp-death".into()));
    listener.processed(&event).unwrap();
    assert_eq!(object(connection.client().unwrap().get("virtualBox").unwrap()), root);
    let session = connection.new_session().unwrap();
    assert!(matches!(session.get("state").unwrap(), Value::Enum(state) if state.is("Unlocked")));
    let machines = root.get("machines").unwrap().into_list();
    // In an instance without machines there is none to lock.
    if let Some(guard) = machines.into_iter().find_map(|machine| SessionGuard::lock(&object(machine), "Write").ok()) {
        assert!(guard.machine().get("name").is_ok());
        guard.finish().unwrap();
    }
}

#[test]
fn a_server_that_ends_is_told_once_and_comes_back() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(connection) = connection() else { return };
    for round in 0..4 {
        let root = connection.root();
        let host = object(root.get("host").unwrap());
        let session = connection.new_session().unwrap();
        kill_server();
        std::thread::sleep(Duration::from_millis(100 * round));
        let started = Instant::now();
        for _ in 0..3 {
            let error = root.get("version").unwrap_err();
            assert!(matches!(error, Error::Connection(_)), "{error:?}");
            assert!(error.hint().unwrap().contains("reconnect"), "{error}");
        }
        assert!(matches!(host.get("processorCount"), Err(Error::Connection(_))));
        assert!(matches!(session.get("state"), Err(Error::Connection(_))));
        assert!(connection.new_session().is_err());
        assert!(started.elapsed() < Duration::from_secs(3));
        connection.reconnect().unwrap();
        println!("taken up anew after {:?}", started.elapsed());
        assert!(matches!(host.get("processorCount"), Err(Error::Stale { .. })));
        works(&connection);
    }
    // A connection made afterwards goes the same way, and one that is closed leaves no process behind.
    let another = vboxsh::backend::xpcom::connect().unwrap();
    works(&another);
    another.close();
    assert!(another.root().get("version").is_err());
    connection.close();
    assert_eq!(processes("vboxsh"), Vec::<String>::new());
}

#[test]
fn a_server_that_ends_ends_all_who_wait_for_it() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(connection) = connection() else { return };
    for _ in 0..3 {
        let root = connection.root();
        let source = object(root.get("eventSource").unwrap());
        let listener = source.call("createListener", vec![]).unwrap();
        let kinds = Value::List(vec!["OnMachineRegistered".into()]);
        source.call("registerListener", vec![listener.clone(), kinds, Value::Bool(false)]).unwrap();
        let started = std::thread::scope(|scope| {
            let waits = scope.spawn(|| source.call("getEvent", vec![listener.clone(), Value::Int(60_000)]));
            let calls: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        loop {
                            if let Err(error) = root.call("findMachine", vec!["tmp-no-such".into()])
                                && error.api_error().is_none()
                            {
                                return error;
                            }
                        }
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(200));
            kill_server();
            let started = Instant::now();
            for call in calls {
                let error = call.join().unwrap();
                assert!(matches!(error, Error::Connection(_)), "{error:?}");
            }
            assert!(waits.join().unwrap().is_err());
            started
        });
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        connection.reconnect().unwrap();
        works(&connection);
    }
}

#[test]
fn a_server_that_ends_is_told_by_an_event() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(connection) = connection() else { return };
    let client = connection.client().unwrap();
    let source = object(client.get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnVBoxSVCAvailabilityChanged".into()]).unwrap();
    assert!(listener.next(Duration::from_millis(50)).unwrap().is_none());
    kill_server();
    // VirtualBox itself looks every quarter of a minute.
    let event = listener.next(Duration::from_secs(40)).unwrap().expect("no event");
    assert_eq!(event.interface().name, "IVBoxSVCAvailabilityChangedEvent");
    assert_eq!(event.get("available").unwrap(), Value::Bool(false));
    listener.processed(&event).unwrap();
    assert!(matches!(connection.root().get("version"), Err(Error::Connection(_))));
    connection.reconnect().unwrap();
    works(&connection);
}
