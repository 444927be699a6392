//! A server that is killed, started anew, or ends sessions: told clearly, and got over.

use crate::rig::{self, Vboxsh};
use std::time::Duration;
use vboxsh::backend::webservice::{ConnectOptions, connect};
use vboxsh::model::{Error, Value};

fn machine(connection: &vboxsh::model::Connection, name: &str) -> vboxsh::model::Object {
    let arguments = ["", name, "x86"].map(Value::from).to_vec();
    match connection.root().call("createMachine", [arguments, vec![Value::List(Vec::new()), Value::from("")]].concat())
    {
        Ok(Value::Object(machine)) => machine,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_killed_server_is_told_and_a_new_one_is_taken_up() {
    if !rig::enabled() {
        return;
    }
    let url = rig::web("killed", 18191, &[]);
    let connection = rig::connect(&url);
    let vbox = connection.root();
    assert!(vbox.get("version").is_ok());
    let kept = machine(&connection, "tmp-kept");

    rig::script(&["stop", "killed"]);
    let error = vbox.get("version").unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");
    assert!(error.hint().is_some_and(|hint| !hint.is_empty()), "{error}");
    let error = vbox.call("setExtraData", vec![Value::from("a"), Value::from("b")]).unwrap_err();
    assert!(matches!(error, Error::Connection(_)), "{error:?}");

    rig::web("killed", 18191, &[]);
    connection.reconnect().unwrap();
    assert!(vbox.get("version").is_ok());
    let error = kept.get("name").unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error:?}");
    connection.close();
    rig::script(&["stop", "killed"]);
}

#[test]
fn a_session_that_timed_out_is_logged_on_again_and_lost_objects_say_so() {
    if !rig::enabled() {
        return;
    }
    let url = rig::web("expiring", 18192, &[("VBOXSH_WEB_TIMEOUT", "6")]);
    let connection = connect(ConnectOptions { ping: Duration::from_secs(3600), ..ConnectOptions::new(&url) }).unwrap();
    let machine = machine(&connection, "tmp-expired");
    assert_eq!(machine.get("name").unwrap(), Value::from("tmp-expired"));
    std::thread::sleep(Duration::from_secs(14));
    // The root is found again without a word; what hung on the old session is gone, and says so.
    let error = machine.get("name").unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error:?}");
    assert!(error.hint().is_some(), "{error}");
    assert!(connection.root().get("version").is_ok());

    // Kept alive, a session lasts longer than the server's limit.
    let kept = connect(ConnectOptions { ping: Duration::from_secs(2), ..ConnectOptions::new(&url) }).unwrap();
    let lasting = self::machine(&kept, "tmp-lasting");
    std::thread::sleep(Duration::from_secs(14));
    assert_eq!(lasting.get("name").unwrap(), Value::from("tmp-lasting"));
    drop((machine, lasting));
    rig::script(&["stop", "expiring"]);
}

#[test]
fn a_refused_log_on_is_told_with_its_cure() {
    if !rig::enabled() {
        return;
    }
    let port = 18193_u16;
    if std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        rig::script(&["web", "guarded", &port.to_string(), "simple:ops:geheim"]);
    }
    let url = format!("http://ops@127.0.0.1:{port}");
    let shell = Vboxsh::new();
    let (code, _, err) = shell.run(&url, &["-c", "get vbox.version"]);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("log-on") || err.contains("logon") || err.contains("log on"), "{err}");
    assert!(err.contains("websrvauthlibrary"), "{err}");

    let output =
        shell.command().env("VBOXSH_PASSWORD", "geheim").args(["-u", &url, "-c", "get vbox.version"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let file = shell.home().join("password");
    std::fs::write(&file, "geheim\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let (code, out, err) = shell.run(&url, &["--password-file", file.to_str().unwrap(), "-e", "vbox.version"]);
    assert!(code == 0 && out.starts_with("7.2."), "{err}");
    rig::script(&["stop", "guarded"]);
}

#[test]
fn a_trace_keeps_every_call_and_no_secret() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    let trace = shell.home().join("trace.jsonl");
    let output = shell
        .command()
        .env("VBOXSH_PASSWORD", "geheim-1")
        .args([
            "-u",
            url,
            "--trace",
            trace.to_str().unwrap(),
            "-e",
            "vbox.findMachine(\"web-01\").name",
            "-e",
            "vbox.setSettingsSecret(\"geheim-2\")",
        ])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "web-01\n", "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&trace).unwrap();
    assert!(text.contains("findMachine") && text.contains("setSettingsSecret"), "{text}");
    assert!(!text.contains("geheim"), "{text}");
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}
