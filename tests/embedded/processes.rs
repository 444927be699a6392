//! Several processes on one home: locks, events and changes of one are seen by the others; one that dies frees what
//! it held. The other process is this program itself.

use super::{Home, change, code, object, text};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use vboxsh::model::{Connection, Object, Value};

/// The program on the same home, given lines of Rhai; it answers each with what the line prints.
struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    fn new(home: &Home) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vboxsh"))
            .args(["-u", "embedded", "--home"])
            .arg(home.folder.path().join("home"))
            .env("HOME", home.folder.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    /// Runs a line, and gives what it prints.
    fn run(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}; print(\"--\")").unwrap();
        let mut said = String::new();
        loop {
            let before = said.len();
            assert_ne!(self.output.read_line(&mut said).unwrap(), 0, "it ended after {said}");
            if said[before..].trim_end() == "--" {
                said.truncate(before);
                return said.trim_end().to_owned();
            }
        }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn lock(connection: &Connection, machine: &Object, kind: &str) -> Result<Object, vboxsh::model::Error> {
    let session = connection.new_session().unwrap();
    machine.call("lockMachine", vec![Value::Object(session.clone()), kind.into()])?;
    Ok(session)
}

#[test]
fn a_lock_of_another_process_is_seen_and_respected() {
    let home = Home::new();
    let machine = home.machine("m");
    let mut other = Other::new(&home);
    other.run("session.name = \"theirs\"; vbox.findMachine(\"m\").lockMachine(session, LockType.Write)");
    assert_eq!(text(&machine, "sessionState"), "Locked");
    assert_eq!(text(&machine, "sessionName"), "theirs");
    assert_eq!(machine.get("sessionPID").unwrap(), Value::Int(other.child.id().into()));
    assert_eq!(code(lock(&home.connection, &machine, "Write")), "VBOX_E_INVALID_OBJECT_STATE");
    assert_eq!(code(machine.call("unregister", vec!["UnregisterOnly".into()])), "VBOX_E_INVALID_OBJECT_STATE");
    other.run("session.machine.memorySize = 321; session.machine.saveSettings()");
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(321));
    other.run("session.unlockMachine()");
    assert_eq!(text(&machine, "sessionState"), "Unlocked");
    assert_eq!(machine.get("sessionPID").unwrap(), Value::Int(u32::MAX.into()));
    lock(&home.connection, &machine, "Write").unwrap();
    assert_eq!(other.run("print(vbox.findMachine(\"m\").sessionState)"), "Locked");
}

#[test]
fn a_lock_of_another_process_is_shared_to_look_at_what_is_saved() {
    let home = Home::new();
    let machine = home.machine("m");
    let mut other = Other::new(&home);
    other.run("vbox.findMachine(\"m\").lockMachine(session, LockType.Write); session.machine.memorySize = 100");
    let session = lock(&home.connection, &machine, "Shared").unwrap();
    assert_eq!((text(&session, "state"), text(&session, "type")), ("Locked".into(), "Shared".into()));
    assert_eq!(session.get("console").unwrap(), Value::Null);
    let shown = object(session.get("machine").unwrap());
    assert_ne!(shown, machine);
    assert_eq!(shown.get("memorySize").unwrap(), Value::Int(2048), "unsaved changes stay with the holder");
    other.run("session.machine.saveSettings()");
    assert_eq!(shown.get("memorySize").unwrap(), Value::Int(100));
    let adapter = object(shown.call("getNetworkAdapter", vec![Value::Int(0)]).unwrap());
    for refused in [
        shown.set("memorySize", Value::Int(5)).map(|()| Value::Null),
        adapter.set("enabled", false.into()).map(|()| Value::Null),
        shown.call("saveSettings", vec![]),
        shown.call("takeSnapshot", vec!["s".into(), "".into(), true.into()]),
        shown.call("setExtraData", vec!["a".into(), "b".into()]),
    ] {
        let message = refused.as_ref().unwrap_err().to_string();
        assert!(message.contains(&other.child.id().to_string()), "{message}");
        assert_eq!(code(refused), "VBOX_E_INVALID_OBJECT_STATE");
    }
    let second = lock(&home.connection, &machine, "Shared").unwrap();
    second.call("unlockMachine", vec![]).unwrap();
    assert_eq!(code(lock(&home.connection, &machine, "Write")), "VBOX_E_INVALID_OBJECT_STATE");
    other.run("session.unlockMachine()");
    assert_eq!(text(&session, "state"), "Unlocked");
    assert_eq!(code(shown.get("memorySize")), "E_ACCESSDENIED");
    assert_eq!(code(adapter.get("enabled")), "E_ACCESSDENIED");
    other.run("vbox.findMachine(\"m\").lockMachine(session, LockType.Write)");
    lock(&home.connection, &machine, "Shared").unwrap();
    other.kill();
    assert_eq!(text(&machine, "sessionState"), "Unlocked");
    lock(&home.connection, &machine, "Write").unwrap();
}

#[test]
fn a_holder_that_is_killed_leaves_an_aborted_machine_and_no_lock() {
    let home = Home::new();
    let machine = home.machine("m");
    let source = object(home.vbox().get("eventSource").unwrap());
    let listener = object(source.call("createListener", vec![]).unwrap());
    source
        .call("registerListener", vec![Value::Object(listener.clone()), super::list(&["MachineEvent"]), false.into()])
        .unwrap();
    let mut other = Other::new(&home);
    other.run("vbox.findMachine(\"m\").lockMachine(session, LockType.Write); session.machine.memorySize = 99");
    let kinds = |wanted: usize| {
        let start = Instant::now();
        let mut found = Vec::new();
        while found.len() < wanted && start.elapsed() < Duration::from_secs(20) {
            let event = source.call("getEvent", vec![Value::Object(listener.clone()), Value::Int(1000)]).unwrap();
            if let Value::Object(event) = event {
                found.push((text(&event, "type"), text(&event, "machineId")));
            }
        }
        found
    };
    let id = text(&machine, "id");
    assert_eq!(kinds(1), [("OnSessionStateChanged".to_owned(), id.clone())]);
    other.kill();
    let expected = ["OnMachineStateChanged", "OnSessionStateChanged"].map(|kind| (kind.to_owned(), id.clone()));
    assert_eq!(kinds(2), expected);
    assert_eq!(text(&machine, "state"), "Aborted");
    assert_eq!(text(&machine, "sessionState"), "Unlocked");
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(2048), "what was not saved is lost");
    assert_eq!(text(&home.another().find_machine("m").unwrap(), "state"), "Aborted");
    change(&machine, |mutable| mutable.set("memorySize", Value::Int(100)).unwrap());
    assert_eq!(text(&machine, "state"), "Aborted");
}

#[test]
fn events_cross_processes_once_and_in_order() {
    let home = Home::new();
    home.machine("m");
    let mut other = Other::new(&home);
    other.run("let l = vbox.eventSource.createListener(); vbox.eventSource.registerListener(l, [VBoxEventType.OnExtraDataChanged], false)");
    for value in 0..20 {
        home.vbox().call("setExtraData", vec!["k".into(), Value::Text(format!("v{value}"))]).unwrap();
    }
    let said = other.run(
        "let n = 0; loop { let e = vbox.eventSource.getEvent(l, if n < 20 { 5000 } else { 100 }); if e == () { break; } print(e.value); n += 1; }",
    );
    let expected: Vec<_> = (0..20).map(|value| format!("v{value}")).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn references_stay_good_when_another_process_changes_the_machine() {
    let home = Home::new();
    let machine = home.machine("m");
    let controllers = super::objects(machine.get("storageControllers").unwrap());
    let adapter = object(machine.call("getNetworkAdapter", vec![Value::Int(3)]).unwrap());
    let last = controllers.last().unwrap();
    let name = text(last, "name");
    let other = home.another();
    change(&other.find_machine("m").unwrap(), |mutable| {
        let first = text(&controllers[0], "name");
        mutable.call("removeStorageController", vec![Value::Text(first)]).unwrap();
        let adapter = object(mutable.call("getNetworkAdapter", vec![Value::Int(3)]).unwrap());
        adapter.set("enabled", true.into()).unwrap();
    });
    assert_eq!(adapter.get("enabled").unwrap(), Value::Bool(true));
    assert_eq!(text(last, "name"), name);
    assert_eq!(code(controllers[0].get("name")), "E_ACCESSDENIED", "it was removed");
}

#[test]
fn a_machine_that_another_process_renames_is_followed() {
    let home = Home::new();
    let machine = home.machine("before");
    let other = home.another();
    change(&other.find_machine("before").unwrap(), |mutable| mutable.set("name", "after".into()).unwrap());
    assert_eq!(home.connection.find_machine("after").unwrap(), machine);
    assert!(home.connection.find_machine("before").is_err());
    assert_eq!(text(&machine, "name"), "after");
    assert!(text(&machine, "settingsFilePath").ends_with("after/after.vbox"));
    change(&machine, |mutable| mutable.set("memorySize", Value::Int(77)).unwrap());
    assert_eq!(other.find_machine("after").unwrap().get("memorySize").unwrap(), Value::Int(77));
    let left = std::fs::read_dir(home.folder.path().join("VirtualBox VMs")).unwrap().count();
    assert_eq!(left, 1, "nothing of the old name is left");
}

#[cfg(target_os = "linux")]
#[test]
fn a_home_that_a_virtualbox_server_has_open_is_refused() {
    use std::os::unix::process::CommandExt;
    use vboxsh::backend::embedded::EmbeddedTransport;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let open = || EmbeddedTransport::open(&home, folder.path());
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("VBoxSVC.log"), "").unwrap();
    open().unwrap();
    // It is known by its name and by the log that it keeps open.
    let server = folder.path().join("VBoxSVC");
    std::fs::copy("/bin/sleep", &server).unwrap();
    let log = std::fs::File::open(home.join("VBoxSVC.log")).unwrap();
    let mut child = Command::new(server).arg0("sleep").arg("100").stdin(log).spawn().unwrap();
    // The system gives a process its name a moment after it was started.
    let named = || std::fs::read(format!("/proc/{}/comm", child.id())).is_ok_and(|name| name.starts_with(b"VBoxSVC"));
    while !named() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let refused = open().err().map(|error| error.to_string());
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = refused.expect("a server works on it");
    assert!(refused.contains(&child.id().to_string()) && refused.contains("VirtualBox"), "{refused}");
    open().unwrap();
}
