//! The XPCOM backend on a real VirtualBox. The tests here run inside the chroot, beside VirtualBox
//! (`VBOXSH_REAL_XPCOM=1`); `xpcom_outside` puts them there.

use crate::rig;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use vboxsh::backend::xpcom;
use vboxsh::model::{
    Connection, Error, ErrorKind, EventListener, Handle, Object, Operation, RawValue, Request, SessionGuard, Value,
    wait_for_progress,
};

fn connection() -> Option<Connection> {
    rig::over_xpcom().then(|| xpcom::connect().unwrap())
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

fn finish(progress: Value) {
    let progress = object(progress);
    wait_for_progress(&progress, None, &mut |_| {}, &mut |_| false).unwrap();
}

#[test]
fn texts_numbers_enums_and_blobs_come_back() {
    let Some(connection) = connection() else { return };
    let machine = machine(&connection, "tmp-xpcom-values");
    for text in ["", " a ", "a\r\nb\tc", "<&>\"'", "ä漢\u{1f600}", "\u{1}\u{1f}\u{7f}", "]]>", "\u{85}\u{2028}\u{feff}"]
    {
        machine.set("description", text.into()).unwrap();
        assert_eq!(machine.get("description").unwrap(), Value::from(text), "{text:?}");
    }
    let error = machine.set("description", "a\0b".into()).unwrap_err();
    assert!(error.to_string().contains("zero character"), "{error}");
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
fn structures_and_what_the_web_service_lacks_are_objects() {
    let Some(connection) = connection() else { return };
    let root = connection.root();
    let kind = object(root.call("getGuestOSType", vec!["Debian_64".into()]).unwrap());
    assert_eq!(kind.get("id").unwrap(), Value::from("Debian_64"));
    assert!(matches!(kind.get("recommendedRAM").unwrap(), Value::Int(megabytes) if megabytes > 0));
    let manager = object(root.get("extensionPackManager").unwrap());
    assert!(matches!(manager.get("installedExtPacks").unwrap(), Value::List(_)));
    let storage = connection.find_machine("storage-01").unwrap();
    let attachments = storage.get("mediumAttachments").unwrap().into_list();
    assert!(attachments.len() > 5);
    for attachment in attachments {
        assert!(matches!(object(attachment).get("port").unwrap(), Value::Int(_)));
    }
}

#[test]
fn one_object_has_one_handle() {
    let Some(connection) = connection() else { return };
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
    let Some(connection) = connection() else { return };
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

#[test]
fn many_threads_at_once_get_their_own_answers() {
    let Some(connection) = connection() else { return };
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

#[test]
fn connections_come_and_go() {
    let Some(first) = connection() else { return };
    let second = xpcom::connect().unwrap();
    drop(first);
    assert!(second.root().get("version").is_ok());
    let old = second.find_machine("web-01").unwrap();
    second.reconnect().unwrap();
    assert!(matches!(old.get("name"), Err(Error::Stale { .. })));
    assert!(second.find_machine("web-01").unwrap().get("name").is_ok());
    second.close();
    let error = second.root().get("version").unwrap_err();
    assert!(error.hint().unwrap().contains("reconnect"), "{error}");
    second.reconnect().unwrap();
    assert!(second.root().get("version").is_ok());
    drop(second);
    for _ in 0..5 {
        assert!(xpcom::connect().unwrap().root().get("version").is_ok());
    }
}

#[test]
fn a_wait_blocks_nobody_else_and_ends_in_time() {
    let Some(connection) = connection() else { return };
    let source = object(connection.root().get("eventSource").unwrap());
    let listener = EventListener::open(&source, vec!["OnExtraDataChanged".into()]).unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                // Other tests may cause such events too.
                let event = listener.next(Duration::from_secs(5)).unwrap().unwrap();
                assert_eq!(event.interface().name, "IExtraDataChangedEvent");
                if event.get("key").unwrap() == Value::from("tmp-xpcom") {
                    return event;
                }
                listener.processed(&event).unwrap();
            }
        });
        std::thread::sleep(Duration::from_millis(300));
        let value = format!("{:?}", std::time::SystemTime::now());
        connection.root().call("setExtraData", vec!["tmp-xpcom".into(), value.as_str().into()]).unwrap();
        let event = waiting.join().unwrap();
        assert!(event.query("IEvent").is_ok() && event.query("IMachineEvent").is_err());
        listener.processed(&event).unwrap();
    });
    assert!(started.elapsed() < Duration::from_secs(4));
    connection.root().call("setExtraData", vec!["tmp-xpcom".into(), "".into()]).unwrap();
}

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
        let new = machine(connection, name);
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
    let Some(connection) = connection() else { return };
    let running = Running::new(&connection, "tmp-xpcom-running");
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
    running.machine.call("setGuestPropertyValue", vec!["/tmp/xpcom".into(), "ä".into()]).unwrap();
    assert_eq!(running.machine.call("getGuestPropertyValue", vec!["/tmp/xpcom".into()]).unwrap(), "ä".into());

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

/// Ids of the processes of this VirtualBox that have that name.
fn processes(name: &str) -> Vec<String> {
    let own = format!("VBOX_IPC_SOCKETID={}", std::env::var("VBOX_IPC_SOCKETID").unwrap());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let ours = read("environ").split(|byte| *byte == 0).any(|variable| variable == own.as_bytes());
        if ours && read("comm").trim_ascii() == name.as_bytes() {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

/// Asked for by itself (`VBOXSH_REAL_XPCOM_DEATH=1`): it takes the server away from all who use it.
#[test]
fn a_server_that_ends_is_told_once_and_comes_back() {
    let asked = std::env::var("VBOXSH_REAL_XPCOM_DEATH").is_ok_and(|value| value == "1");
    let Some(connection) = connection().filter(|_| asked) else { return };
    for round in 0..3 {
        let root = connection.root();
        let host = object(root.get("host").unwrap());
        let session = connection.new_session().unwrap();
        let servers = processes("VBoxSVC");
        assert_eq!(servers.len(), 1);
        assert!(std::process::Command::new("kill").arg("-KILL").args(&servers).status().unwrap().success());
        std::thread::sleep(Duration::from_millis(300 * round));
        let started = Instant::now();
        for _ in 0..3 {
            let error = root.get("version").unwrap_err();
            assert!(matches!(error, Error::Connection(_)), "{error:?}");
            assert!(error.hint().unwrap().contains("reconnect"), "{error}");
        }
        assert!(matches!(host.get("processorCount"), Err(Error::Connection(_))));
        assert!(matches!(session.get("state"), Err(Error::Connection(_))));
        assert!(connection.new_session().is_err());
        assert!(started.elapsed() < Duration::from_secs(2));
        connection.reconnect().unwrap();
        println!("taken up anew after {:?}", started.elapsed());
        assert!(matches!(host.get("processorCount"), Err(Error::Stale { .. })));
        assert!(matches!(object(root.get("host").unwrap()).get("processorCount").unwrap(), Value::Int(1..)));
    }
}

/// Kilobytes of memory that a process has resident.
fn resident(process: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Asked for by itself (`VBOXSH_REAL_XPCOM_CALLS=200000`): it takes a minute.
#[test]
fn memory_stays_flat_over_many_calls() {
    let Some(count) = std::env::var("VBOXSH_REAL_XPCOM_CALLS").ok().and_then(|count| count.parse::<usize>().ok())
    else {
        return;
    };
    let Some(connection) = connection() else { return };
    let root = connection.root();
    let web = connection.find_machine("web-01").unwrap();
    let storage = connection.find_machine("storage-01").unwrap();
    let new = machine(&connection, "tmp-xpcom-memory");
    let server = processes("VBoxSVC").remove(0);
    let source = object(root.get("eventSource").unwrap());
    let texts = |count: usize| Value::List((0..count).map(|at| format!("/g{at}").as_str().into()).collect());
    let mut calls = 0;
    let mut sizes = Vec::new();
    let started = Instant::now();
    while calls < count {
        for round in 0..20 {
            let _ = root.get("version").unwrap();
            let _ = root.get("machines").unwrap();
            let _ = web.get("description").unwrap();
            let _ = storage.get("mediumAttachments").unwrap();
            let _ = web.call("getNetworkAdapter", vec![Value::Int(round % 8)]).unwrap();
            let _ = root.call("findMachine", vec!["web-01".into()]).unwrap();
            let _ = root.call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
            let _ = web.call_outputs("enumerateGuestProperties", vec!["*".into()]).unwrap();
            new.set("description", "a text of some length, so that a leak of it would be seen".into()).unwrap();
            new.set("icon", Value::Blob(vec![7; 2000])).unwrap();
            let _ = new.get("icon").unwrap();
            new.set("groups", texts(5)).unwrap();
            let _ = new.get("groups").unwrap();
            let _ = connection.new_session().unwrap();
            let _ = source.call("createListener", vec![]).unwrap();
            let _ = object(root.get("host").unwrap()).get("processorOnlineCount").unwrap();
            let _ = root.call("createAppliance", vec![]).unwrap();
            calls += 18;
        }
        if calls / (count / 10) != (calls - 360) / (count / 10) {
            sizes.push((resident("self"), resident(&server)));
            println!(
                "{calls} calls, {:?}: {} kB here, {} kB VBoxSVC, references {:?}",
                started.elapsed(),
                resident("self"),
                resident(&server),
                connection.reference_counts()
            );
        }
    }
    // Caches fill in the first part.
    let half = sizes[sizes.len() / 2];
    let last = sizes[sizes.len() - 1];
    assert!(last.0 - half.0 < 1500, "this process grows: {sizes:?}");
    assert!(last.1 - half.1 < 6000, "VBoxSVC grows: {sizes:?}");
}
