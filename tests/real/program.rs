//! The program itself against the real web service: what a person types, what comes back.

use crate::rig::{self, Vboxsh};

#[test]
fn the_rig_starts_and_is_filled() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    let (code, out, err) = shell.run(url, &["-e", "vbox.version"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("7.2."), "{out}");
    let (code, out, err) = shell.run(url, &["-c", "list"]);
    assert_eq!(code, 0, "{err}");
    for name in ["web-01", "live-01", "Zürich 東京 ☃"] {
        assert!(out.contains(name), "{name} is missing:\n{out}");
    }
}

#[test]
fn json_is_one_document_with_the_names_of_the_api() {
    let Some(url) = rig::url() else { return };
    let (code, out, err) = Vboxsh::new().run(url, &["--json", "-c", "list"]);
    assert_eq!(code, 0, "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let machines = document.as_array().unwrap();
    let live = machines.iter().find(|machine| machine["name"] == "live-01").unwrap();
    assert_eq!(live["state"], "Running");
    assert_eq!(live["id"].as_str().unwrap().len(), 36);
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    for (arguments, code, words) in [
        (&["-e", "vbox.findMachine(\"no-such\")"][..], 4, &["no-such", "VBOX_E_OBJECT_NOT_FOUND", "hint:"][..]),
        (&["-c", "info no-such"], 4, &["no-such", "hint:"]),
        (&["-e", "vbox.findMachin(\"x\")"], 6, &["findMachin", "did you mean", "findMachine"]),
        (&["-e", "let x = ;"], 6, &["line 1"]),
        (&["-e", "exit(17)"], 17, &[]),
        (&["-c", "get"], 2, &["PATH is missing"]),
        (&["-c", "set web-01.id x"], 2, &["read-only"]),
    ] {
        let (found, out, err) = shell.run(url, arguments);
        assert_eq!(found, code, "{arguments:?}\n{out}{err}");
        for word in words {
            assert!(err.contains(word), "{arguments:?}: {word:?} is missing in\n{err}");
        }
    }
    let (code, _, err) = shell.run("http://127.0.0.1:9", &["-c", "list"]);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("refuses connections") && err.contains("vboxwebsrv"), "{err}");
}

#[test]
fn a_setting_is_changed_under_a_lock_and_saved() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    let (_, before, _) = shell.run(url, &["-c", "get web-01.networkAdapter[0].cableConnected"]);
    for value in ["false", "true", before.trim()] {
        let (code, _, err) = shell.run(url, &["-c", &format!("set web-01.networkAdapter[0].cableConnected {value}")]);
        assert_eq!(code, 0, "{err}");
        let (_, now, _) =
            shell.run(url, &["-c", "get web-01.networkAdapter[0].cableConnected; get web-01.sessionState"]);
        assert_eq!(now, format!("{value}\nUnlocked\n"));
    }
}

#[test]
fn a_script_creates_runs_pictures_and_deletes_a_machine() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    let script = format!("{}/scripts/lifecycle.rhai", env!("CARGO_MANIFEST_DIR"));
    let picture = shell.home().join("screen.png");
    let name = format!("tmp-lifecycle-{}", std::process::id());
    let (code, out, err) = shell.run(url, &[&script, &name, picture.to_str().unwrap(), "--driverless"]);
    assert_eq!(code, 0, "{out}\n{err}");
    let bytes = std::fs::read(&picture).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 100, "{} bytes", bytes.len());
    let (code, ..) = shell.run(url, &["-c", &format!("info {name}")]);
    assert_eq!(code, 4, "the machine is still there");
}

#[test]
fn wrong_steps_of_a_script_name_line_error_and_hint() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    for (source, code, words) in [
        (
            "let m = vbox.findMachine(\"web-01\");\nm.memorySize = 512;\n",
            1,
            &[":2:", "VBOX_E_INVALID_VM_STATE", "0x80bb0002", "IMachine", "hint:"][..],
        ),
        (
            "let m = vbox.findMachine(\"web-01\");\nm.session(|s| s.machine.attachDevice(\"No such\", 0, 0, DeviceType.HardDisk, ()));\n",
            4,
            &[":2:", "VBOX_E_OBJECT_NOT_FOUND", "No such", "hint:"],
        ),
        (
            "let m = vbox.findMachine(\"web-01\");\nm.lockMachine(session, LockType.Writ);\n",
            6,
            &[":2:", "Writ`", "Write"],
        ),
        (
            "let m = vbox.findMachine(\"web-01\");\n\nm.lockMachine(session);\n",
            6,
            &[":3:", "lockMachine", "lockMachine(session: ISession, lockType: LockType)"],
        ),
        ("vbox.createMachine(\"\", \"\", \"x86\", [], \"\", \"\");\n", 1, &[":1:", "E_INVALIDARG", "hint:"]),
        (
            "let p = vbox.findMachine(\"web-01\").launchVMProcess(session, \"nonsense\", []);\nwait(p);\n",
            1,
            &["E_INVALIDARG"],
        ),
        ("vbox.registerMachine(());\n", 6, &[":1:", "must be an object"]),
        ("import \"no-such-module\" as n;\n", 6, &[":1:", "no-such-module"]),
    ] {
        let file = shell.home().join("wrong.rhai");
        std::fs::write(&file, source).unwrap();
        let (found, out, err) = shell.run(url, &[file.to_str().unwrap()]);
        assert_eq!(found, code, "{source}\n{out}{err}");
        for word in words {
            assert!(err.contains(word), "{source}\n{word:?} is missing in\n{err}");
        }
    }
    let (_, state, _) = shell.run(url, &["-c", "get web-01.sessionState"]);
    assert_eq!(state, "Unlocked\n", "a wrong step left the machine locked");
}

#[test]
fn a_machine_that_cannot_be_read_goes_by_the_name_that_list_shows() {
    let Some(url) = rig::url() else { return };
    let shell = Vboxsh::new();
    let (code, page, err) = shell.run(url, &["-c", "info broken-01; get broken-01.accessible"]);
    assert_eq!(code, 0, "{err}");
    assert!(page.contains("accessError") && page.ends_with("false\n"), "{page}");
}

#[test]
fn json_of_a_machine_loses_nothing_to_names_that_come_twice() {
    let Some(url) = rig::url() else { return };
    let json = |line: &str| -> serde_json::Value {
        let (code, out, err) = Vboxsh::new().run(url, &["--json", "-c", line]);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    };
    let web = json("info web-01");
    assert_eq!(web["networkAdapters"][0]["redirects"].as_array().unwrap().len(), 4, "{web}");
    let history = json("info history-01");
    let snapshots = history["snapshots"].as_array().unwrap();
    assert_eq!(snapshots.iter().filter(|snapshot| snapshot["name"] == "experiment/2").count(), 2, "{history}");
    assert_eq!(snapshots.iter().filter(|snapshot| snapshot["current"] == true).count(), 1, "{history}");
}
