//! Recording a scripted transport, and answering from the record.

use super::*;
use crate::backend::replay::Replay;
use crate::model::{ApiError, Connection, ConnectionProblem, EnumValue, Error, StructValue, Value};
use crate::schema::{Type, embedded};
use std::collections::VecDeque;

/// What a transport is to answer, call by call.
type Answers = VecDeque<Result<Vec<RawValue>>>;

/// Answers from a list and ignores what it is asked.
struct Scripted(Mutex<Answers>);

impl Transport for Scripted {
    fn describe(&self) -> String {
        "a script".to_owned()
    }

    fn name(&self) -> &'static str {
        "scripted"
    }

    fn schema(&self) -> &'static Schema {
        embedded()
    }

    fn open_session(&self) -> Result<Handle> {
        Ok(Handle::Number(77))
    }

    fn invoke(&self, _request: Request<'_>) -> Result<Vec<RawValue>> {
        self.0.lock().unwrap().pop_front().expect("an answer")
    }

    fn query_interface(&self, target: &Handle, _interface: &'static Interface) -> Result<Option<Handle>> {
        Ok((*target != Handle::Root).then(|| target.clone()))
    }

    fn release(&self, _handles: &[Handle]) {}

    fn reconnect(&self) -> Result<()> {
        Err(ConnectionProblem { message: "gone".into(), hint: "start it".into() }.into())
    }

    fn close(&self) {}
}

/// A writer whose text can be read.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn traced(answers: impl IntoIterator<Item = Result<Vec<RawValue>>>) -> (Traced, Sink) {
    let sink = Sink::default();
    let inner = Arc::new(Scripted(Mutex::new(answers.into_iter().collect())));
    (Traced::to_writer(inner, Box::new(sink.clone())).unwrap(), sink)
}

fn interface(name: &str) -> &'static Interface {
    embedded().interface(name).unwrap()
}

fn get(owner: &str, name: &str) -> Operation {
    Operation::Get(interface(owner).attribute(name).unwrap())
}

fn call(owner: &str, name: &str) -> Operation {
    Operation::Call(interface(owner).method(name).unwrap())
}

fn ask(
    transport: &dyn Transport,
    target: &Handle,
    operation: Operation,
    arguments: &[RawValue],
) -> Result<Vec<RawValue>> {
    transport.invoke(Request { target, operation, arguments, waits: None })
}

fn object(handle: Handle, name: &str) -> RawValue {
    RawValue::Object((handle, interface(name)))
}

fn value(enumeration: &str, number: i64) -> RawValue {
    RawValue::Enum(EnumValue { enumeration: embedded().enumeration(enumeration).unwrap(), number })
}

/// Results are equal when both are equal values, or errors that say the same.
fn same(one: &Result<Vec<RawValue>>, other: &Result<Vec<RawValue>>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => {
            one.to_string() == other.to_string() && one.hint() == other.hint() && one.kind() == other.kind()
        }
        _ => false,
    }
}

fn text(text: &str) -> RawValue {
    RawValue::Text(text.to_owned())
}

#[test]
fn a_replay_answers_as_the_recorded_connection_did() {
    let machine = Handle::Text("c96e0df6ac88c200-0000000000000001".into());
    let attachment = interface("IMediumAttachment");
    let fields: Vec<RawValue> = attachment
        .attributes()
        .iter()
        .map(|attribute| match attribute.kind {
            Type { kind: crate::schema::Kind::Boolean, .. } => RawValue::Bool(true),
            Type { kind: crate::schema::Kind::Enum(name), .. } => value(name, 3),
            Type { kind: crate::schema::Kind::Long, .. } => RawValue::Int(-1),
            Type { kind: crate::schema::Kind::Interface(name), .. } => object(Handle::Number(5), name),
            _ => text("\u{1}\"é\n"),
        })
        .collect();
    let error = ApiError {
        code: 0x80bb_0001,
        message: "no such machine".into(),
        component: "VirtualBoxWrap".into(),
        interface: "IVirtualBox".into(),
        next: Some(Box::new(ApiError { code: 0x8000_4005, ..ApiError::default() })),
    };
    type Step = (Handle, Operation, Vec<RawValue>, Result<Vec<RawValue>>);
    let find = || call("IVirtualBox", "findMachine");
    let steps: Vec<Step> = vec![
        (Handle::Root, find(), vec![text("web-01")], Ok(vec![object(machine.clone(), "IMachine")])),
        (
            Handle::Root,
            find(),
            vec![text("none")],
            Err(Error::Api { operation: "IVirtualBox.findMachine".into(), error: Box::new(error) }),
        ),
        (machine.clone(), get("IMachine", "state"), vec![], Ok(vec![value("MachineState", 1)])),
        (machine.clone(), get("IMachine", "state"), vec![], Ok(vec![value("MachineState", 6)])),
        (machine.clone(), get("IMachine", "state"), vec![], Ok(vec![value("MachineState", 1234)])),
        (machine.clone(), get("IMachine", "icon"), vec![], Ok(vec![RawValue::Blob((0..=255).collect())])),
        (
            machine.clone(),
            get("IMachine", "snapshotCount"),
            vec![],
            Err(Error::Stale { what: "it".into(), hint: "fetch it".into() }),
        ),
        (machine.clone(), get("IMachine", "groups"), vec![], Ok(vec![RawValue::List(vec![text("/"), text("")])])),
        (machine.clone(), get("IMachine", "parent"), vec![], Ok(vec![RawValue::Null])),
        (
            machine.clone(),
            get("IMachine", "mediumAttachments"),
            vec![],
            Ok(vec![RawValue::List(vec![RawValue::Struct(Arc::new(StructValue { interface: attachment, fields }))])]),
        ),
        (
            machine.clone(),
            Operation::Set(interface("IMachine").attribute("name").unwrap()),
            vec![text("new")],
            Ok(vec![]),
        ),
        (
            machine.clone(),
            Operation::Set(interface("IMachine").attribute("name").unwrap()),
            vec![text("")],
            Err(Error::usage("no", "yes")),
        ),
        (
            machine.clone(),
            call("IMachine", "getGuestProperty"),
            vec![text("/a")],
            Ok(vec![text("v"), RawValue::Int(i64::MAX), text("")]),
        ),
        (Handle::Number(9), get("IProgress", "percent"), vec![], Ok(vec![RawValue::Int(100)])),
        (Handle::Text("#9".into()), get("IProgress", "percent"), vec![], Ok(vec![RawValue::Int(7)])),
        (Handle::Text("vbox".into()), get("IProgress", "percent"), vec![], Err(Error::Interrupted)),
        (
            Handle::Number(9),
            get("IProgress", "completed"),
            vec![],
            Err(Error::TimedOut { what: "it".into(), seconds: 1.5 }),
        ),
        (
            Handle::Number(9),
            get("IProgress", "canceled"),
            vec![],
            Err(Error::Refused { what: "w".into(), hint: "h".into() }),
        ),
    ];
    let (traced, sink) = traced(steps.iter().map(|step| step.3.clone()));
    for (target, operation, arguments, answer) in &steps {
        assert!(same(&ask(&traced, target, *operation, arguments), answer));
    }
    assert_eq!(traced.open_session().unwrap(), Handle::Number(77));
    assert_eq!(traced.query_interface(&machine, interface("IMachine")).unwrap(), Some(machine.clone()));
    assert_eq!(traced.query_interface(&Handle::Root, interface("IMachine")).unwrap(), None);
    assert!(traced.reconnect().is_err());
    traced.release(std::slice::from_ref(&machine));
    traced.close();
    assert_eq!(traced.failure(), None);

    let trace = sink.text();
    assert_eq!(trace.lines().count(), 1 + steps.len() + 6);
    let replay = Replay::from_text(&trace).unwrap();
    assert!(std::ptr::eq(replay.schema(), embedded()));
    assert_eq!(replay.describe(), "trace of a script");
    for (target, operation, arguments, answer) in &steps {
        let replayed = ask(&replay, target, *operation, arguments);
        assert!(same(&replayed, answer), "{operation} of {target}: {replayed:?}, not {answer:?}");
        if let (Err(Error::Api { error: one, .. }), Err(Error::Api { error: other, .. })) = (&replayed, answer) {
            assert_eq!(one, other);
        }
    }
    // The last answer stays.
    let again = ask(&replay, &machine, get("IMachine", "state"), &[]);
    assert!(same(&again, &Ok(vec![value("MachineState", 1234)])));
    assert_eq!(replay.open_session().unwrap(), Handle::Number(77));
    assert_eq!(replay.query_interface(&machine, interface("IMachine")).unwrap(), Some(machine.clone()));
    assert_eq!(replay.query_interface(&Handle::Root, interface("IMachine")).unwrap(), None);
    assert_eq!(replay.reconnect().unwrap_err().to_string(), "gone");
    // What was not recorded is no guess.
    let error = ask(&replay, &Handle::Root, find(), &[text("db-01")]).unwrap_err();
    assert!(error.to_string().contains("findMachine of vbox with {\"nameOrId\":\"db-01\"}"), "{error}");
}

#[test]
fn lines_read_well() {
    let (traced, sink) = traced([Ok(vec![object(Handle::Number(3), "IMachine")])]);
    ask(&traced, &Handle::Root, call("IVirtualBox", "findMachine"), &[text("web-01")]).unwrap();
    let trace = sink.text();
    let lines: Vec<Json> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["schema"], json!({ "version": "7.2.22", "api": "7_2", "revision": 175245 }));
    assert_eq!((&lines[0]["connection"], &lines[0]["backend"]), (&json!("a script"), &json!("scripted")));
    assert!(lines[0]["program"].as_str().is_some_and(|program| program.starts_with("vboxsh ")));
    assert!(lines[1]["took_ms"].is_number() && lines[1]["at_ms"].is_number());
    assert!(trace.contains(r##""target":"vbox","member":"IVirtualBox.findMachine","arguments":{"nameOrId":"web-01"},"results":{"machine":{"object":"#3","interface":"IMachine"}}}"##), "{trace}");
}

#[test]
fn no_secret_reaches_the_file() {
    const SECRET: &str = "swordfish";
    let secret = || text(SECRET);
    let told = Error::api("IConsole.addEncryptionPassword", 0x80bb_000d, "`swordfish` does not fit");
    let (traced, sink) = traced([
        Ok(vec![RawValue::Null]),
        Err(told),
        Ok(vec![]),
        Ok(vec![]),
        Ok(vec![secret()]),
        Ok(vec![secret()]),
        Ok(vec![]),
        Ok(vec![text("public value")]),
        Ok(vec![RawValue::Null]),
    ]);
    let target = Handle::Number(1);
    let session = [text("ops"), secret(), text(""), text("name")];
    let _ = ask(&traced, &target, call("IGuest", "createSession"), &session);
    let error = ask(
        &traced,
        &target,
        call("IConsole", "addEncryptionPassword"),
        &[text("disk-1"), secret(), RawValue::Bool(true)],
    )
    .unwrap_err();
    assert!(error.to_string().contains(SECRET), "the caller gets the error as it is");
    let _ = ask(&traced, &Handle::Root, call("IVirtualBox", "setSettingsSecret"), &[secret()]);
    let _ = ask(&traced, &target, call("IVRDEServer", "setVRDEProperty"), &[text("VNCPassword"), secret()]);
    let _ = ask(&traced, &target, call("IVirtualBox", "getExtraData"), &[text("app/password")]);
    let _ = ask(&traced, &target, get("IUnattended", "userPassword"), &[]);
    let _ = ask(
        &traced,
        &target,
        Operation::Set(interface("IMachine").attribute("teleporterPassword").unwrap()),
        &[secret()],
    );
    let _ = ask(&traced, &target, call("IVirtualBox", "getExtraData"), &[text("GUI/Colour")]);
    let logon = [text("ops"), secret()];
    let _ = ask(&traced, &Handle::Root, call("IWebsessionManager", "logon"), &logon);
    let trace = sink.text();
    assert!(!trace.contains(SECRET), "{trace}");
    assert!(trace.contains("disk-1") && trace.contains("public value") && trace.contains("VNCPassword"), "{trace}");
    assert_eq!(trace.lines().count(), 10);
    // A replay finds masked calls, whatever the secret was.
    let replay = Replay::from_text(&trace).unwrap();
    assert!(
        ask(&replay, &target, call("IGuest", "createSession"), &[text("ops"), text("another"), text(""), text("name")])
            .is_ok()
    );
    assert!(same(&ask(&replay, &target, get("IUnattended", "userPassword"), &[]), &Ok(vec![text(mask::MASK)])));
}

#[test]
fn waits_are_found_whatever_their_slices() {
    let request = |time: i64| [object(Handle::Number(2), "IEventListener"), RawValue::Int(time)];
    let operation = call("IEventSource", "getEvent");
    let (traced, sink) = traced([Ok(vec![RawValue::Null]), Ok(vec![object(Handle::Number(4), "IEvent")])]);
    let waiting = |transport: &dyn Transport, time| {
        let arguments = request(time);
        transport.invoke(Request {
            target: &Handle::Number(1),
            operation,
            arguments: &arguments,
            waits: Some(Duration::from_millis(100)),
        })
    };
    waiting(&traced, 100).unwrap();
    waiting(&traced, 40).unwrap();
    let replay = Replay::from_text(&sink.text()).unwrap();
    assert_eq!(waiting(&replay, 99).unwrap(), [RawValue::Null]);
    assert_eq!(waiting(&replay, 98).unwrap(), [object(Handle::Number(4), "IEvent")]);
}

/// Above the transport nothing tells a replay from the real thing.
#[test]
fn a_connection_works_on_a_replay() {
    let (traced, sink) = traced([Ok(vec![object(Handle::Number(3), "IMachine")]), Ok(vec![text("web-01")])]);
    let visit = |transport: Arc<dyn Transport>| {
        let vbox = Connection::new(transport).root();
        let machine = vbox.call("find_machine", vec![Value::from("web-01")]).unwrap();
        machine.as_object().unwrap().get("name").unwrap()
    };
    assert_eq!(visit(Arc::new(traced)), Value::from("web-01"));
    assert_eq!(visit(Arc::new(Replay::from_text(&sink.text()).unwrap())), Value::from("web-01"));
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = || Arc::new(Scripted(Mutex::default()));
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    let new = folder.path().join("new");
    Traced::to_file(inner(), &new).unwrap().close();
    assert_eq!(mode(&new), 0o600);
    let old = folder.path().join("old");
    std::fs::write(&old, "something\nlonger\n".repeat(100)).unwrap();
    std::fs::set_permissions(&old, PermissionsExt::from_mode(0o644)).unwrap();
    Traced::to_file(inner(), &old).unwrap().close();
    assert_eq!(mode(&old), 0o600);
    assert_eq!(std::fs::read_to_string(&old).unwrap().lines().count(), 2);
    assert!(Replay::from_file(&old).is_ok());
    assert!(Traced::to_file(inner(), &folder.path().join("no/such/folder")).is_err());
    assert!(Replay::from_file(&folder.path().join("none")).is_err());
}

/// A writer that fails after some lines.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("disk full"));
        }
        self.0 -= 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_breaks_no_call() {
    let inner = || Arc::new(Scripted(Mutex::new([Ok(vec![text("a")]), Ok(vec![text("b")])].into())));
    let traced = Traced::to_writer(inner(), Box::new(Full(1))).unwrap();
    assert_eq!(traced.failure(), None);
    assert_eq!(ask(&traced, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap(), [text("a")]);
    assert_eq!(ask(&traced, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap(), [text("b")]);
    assert!(traced.failure().is_some_and(|failure| failure.contains("disk full")));
    assert!(Traced::to_writer(inner(), Box::new(Full(0))).is_err());
}

#[test]
fn what_is_no_trace_is_refused() {
    let (traced, sink) = traced([Ok(vec![text("7.2.22")])]);
    ask(&traced, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap();
    let trace = sink.text();
    for (text, reason) in [
        (String::new(), "line 1"),
        ("{}\n".to_owned(), "first line"),
        (trace.replacen("\"trace\":1", "\"trace\":99", 1), "form 99"),
        (trace.replacen("7.2.22", "0.0.1", 1), "not at hand"),
        (trace.replacen('\n', "\nnonsense\n", 1), "line 2"),
    ] {
        let error = Replay::from_text(&text).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(reason), "{error} / {reason}");
    }
    // The last line may be cut, and an answer may be damaged.
    assert!(Replay::from_text(&trace[..trace.len() - 9]).is_ok());
    let damaged =
        Replay::from_text(&trace.replace(r#"{"version":"7.2.22"}}"#, r#"{"version":{"struct":"INothing"}}}"#)).unwrap();
    let error = ask(&damaged, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
