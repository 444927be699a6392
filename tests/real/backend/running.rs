//! A machine that really runs: everything that only a running one has.

use crate::rig::{self, finish, object};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use vboxsh::model::{Connection, EventListener, Object, Value};

/// Registers a machine that runs without VirtualBox's kernel driver, and removes it at the end.
struct Running {
    connection: Connection,
    machine: Object,
    session: Object,
}

impl Running {
    fn new(connection: &Connection, name: &str) -> Self {
        if let Ok(old) = connection.find_machine(name) {
            remove(&old);
        }
        let new = rig::machine(connection, name);
        new.set("memorySize", Value::Int(16)).unwrap();
        new.call("setExtraData", vec!["VBoxInternal/HM/FallbackToIEM".into(), "1".into()]).unwrap();
        new.call("saveSettings", vec![]).unwrap();
        connection.root().call("registerMachine", vec![Value::Object(new.clone())]).unwrap();
        Self {
            connection: connection.clone(),
            machine: connection.find_machine(name).unwrap(),
            session: connection.new_session().unwrap(),
        }
    }

    fn start(&self) -> Object {
        let session = Value::Object(self.session.clone());
        finish(self.machine.call("launchVMProcess", vec![session, "headless".into(), Value::List(vec![])]).unwrap());
        object(self.session.get("console").unwrap())
    }

    fn state(&self) -> String {
        format!(
            "{:?}",
            self.machine
                .get("state")
                .map(|state| match state {
                    Value::Enum(state) => state.to_string(),
                    other => format!("{other:?}"),
                })
                .unwrap()
        )
    }

    fn closed(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        while !matches!(self.machine.get("sessionState").unwrap(), Value::Enum(state) if state.is("Unlocked")) {
            assert!(Instant::now() < end, "the session does not close");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn remove(machine: &Object) {
    let media = machine.call("unregister", vec!["Full".into()]).unwrap();
    finish(machine.call("deleteConfig", vec![media]).unwrap());
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Ok(Value::Object(console)) = self.session.get("console") {
                let _ = console.call("powerDown", vec![]);
                std::thread::sleep(Duration::from_secs(1));
            }
            return;
        }
        self.closed();
        remove(&self.machine);
        assert!(self.connection.root().get("version").is_ok());
    }
}

#[test]
fn a_machine_really_runs_and_its_events_are_seen() {
    let Some(connection) = super::connection() else { return };
    let running = Running::new(&connection, "tmp-backend-running");
    let done = Arc::new(AtomicBool::new(false));
    let listening = {
        // A connection of its own, in a thread of its own.
        let done = Arc::clone(&done);
        let source = object(connection.root().get("eventSource").unwrap());
        let listener =
            EventListener::open(&source, vec!["OnMachineStateChanged".into(), "OnSnapshotTaken".into()]).unwrap();
        std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !done.load(Ordering::SeqCst) {
                let Some(event) = listener.next(Duration::from_millis(200)).unwrap() else { continue };
                let state = event
                    .get("state")
                    .map_or_else(|_| event.interface().name.to_owned(), |state| format!("{:?}", state.as_int()));
                seen.push(state);
                listener.processed(&event).unwrap();
            }
            seen
        })
    };
    let console = running.start();
    assert_eq!(running.state(), "\"Running\"");

    let display = object(console.get("display").unwrap());
    let end = Instant::now() + Duration::from_secs(10);
    let (width, height) = loop {
        let outs = display.call_outputs("getScreenResolution", vec![Value::Int(0)]).unwrap();
        let (width, height) = (outs[0].as_int().unwrap(), outs[1].as_int().unwrap());
        if width > 0 && height > 0 || Instant::now() > end {
            break (width, height);
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let shot = display
        .call("takeScreenShotToArray", vec![Value::Int(0), Value::Int(width), Value::Int(height), "PNG".into()])
        .unwrap();
    assert!(
        matches!(&shot, Value::Blob(bytes) if bytes.starts_with(b"\x89PNG\r\n\x1a\n")),
        "no PNG of {width}x{height}"
    );

    let keyboard = object(console.get("keyboard").unwrap());
    let codes = [0x1e, 0x9e].map(Value::Int).to_vec();
    assert_eq!(keyboard.call("putScancodes", vec![Value::List(codes)]).unwrap(), Value::Int(2));
    let mouse = object(console.get("mouse").unwrap());
    let moved = [5, -7, 0, 0, 0].map(Value::Int).to_vec();
    mouse.call("putMouseEvent", moved).unwrap();
    let debugger = object(console.get("debugger").unwrap());
    let register = debugger.call("getRegister", vec![Value::Int(0), "rsp".into()]).unwrap();
    assert!(matches!(&register, Value::Text(value) if value.starts_with("0x")), "{register:?}");
    running.machine.call("setGuestPropertyValue", vec!["/tmp/backend".into(), "ä".into()]).unwrap();
    assert_eq!(running.machine.call("getGuestPropertyValue", vec!["/tmp/backend".into()]).unwrap(), "ä".into());

    let mutable = object(running.session.get("machine").unwrap());
    let outs = mutable.call_outputs("takeSnapshot", vec!["live".into(), "".into(), Value::Bool(true)]).unwrap();
    finish(outs[0].clone());
    assert_eq!(running.machine.get("snapshotCount").unwrap(), Value::Int(1));

    finish(mutable.call("saveState", vec![]).unwrap());
    running.closed();
    assert_eq!(running.state(), "\"Saved\"");
    // What lived in the process of the machine is gone, which is told and harms nothing.
    assert!(display.get("guestScreenLayout").is_err());

    let console = running.start();
    assert_eq!(running.state(), "\"Running\"");
    console.call("pause", vec![]).unwrap();
    console.call("resume", vec![]).unwrap();
    finish(console.call("powerDown", vec![]).unwrap());
    running.closed();
    assert_eq!(running.state(), "\"PoweredOff\"");

    std::thread::sleep(Duration::from_millis(500));
    done.store(true, Ordering::SeqCst);
    let seen = listening.join().unwrap();
    assert!(seen.iter().any(|event| event == "ISnapshotTakenEvent"), "{seen:?}");
    assert!(seen.len() >= 8, "{seen:?}");
    drop((console, display, keyboard, mouse, debugger, mutable));
}
