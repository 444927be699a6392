//! A simulated guest with Additions, whose file system is a folder: sessions, files, directories, processes, copies.

use super::{Home, code, list, object, objects, text, wait};
use std::path::PathBuf;
use vboxsh::model::{Object, Value};

struct Guest {
    home: Home,
    guest: Object,
    root: PathBuf,
}

/// A machine that runs, with the folder `guest` as its guest's file system.
fn guest() -> Guest {
    let home = Home::new();
    let root = home.folder.path().join("guest");
    for folder in ["tmp", "home/user"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    std::fs::write(root.join("home/user/hello.txt"), "hello\n").unwrap();
    let machine = home.machine("guest");
    let key = ["vboxsh/SimulatedGuest", root.to_str().unwrap()].map(Value::from);
    super::change(&machine, |mutable| drop(mutable.call("setExtraData", key.into()).unwrap()));
    let session = home.connection.new_session().unwrap();
    let launch = vec![Value::Object(session.clone()), "headless".into(), list(&[])];
    wait(machine.call("launchVMProcess", launch).unwrap());
    let console = object(session.get("console").unwrap());
    let guest = object(console.get("guest").unwrap());
    Guest { home, guest, root }
}

fn session(guest: &Guest) -> Object {
    let arguments = ["user", "", "", "mine"].map(Value::from);
    object(guest.guest.call("createSession", arguments.into()).unwrap())
}

#[test]
fn a_folder_gives_a_machine_a_guest_with_additions() {
    let guest = guest();
    assert_eq!(text(&guest.guest, "additionsRunLevel"), "Userland");
    assert_eq!(guest.guest.get("facilities").unwrap().into_list().len(), 4);
    let machine = guest.home.connection.find_machine("guest").unwrap();
    let version = machine.call("getGuestPropertyValue", vec!["/VirtualBox/GuestAdd/Version".into()]).unwrap();
    assert!(version.as_text().is_some_and(|version| version.starts_with("7.")), "{version:?}");
    let session = session(&guest);
    let waited = session.call("waitForArray", vec![list(&["Start"]), 1000.into()]).unwrap();
    assert!(matches!(waited, Value::Enum(result) if result.name() == Some("Start")));
    assert_eq!((text(&session, "status"), text(&session, "name")), ("Started".to_owned(), "mine".to_owned()));
    assert_eq!(objects(guest.guest.call("findSession", vec!["mine".into()]).unwrap()), std::slice::from_ref(&session));
    assert_eq!(code(guest.guest.call("findSession", vec!["m*".into()])), "VBOX_E_OBJECT_NOT_FOUND");
    session.call("close", vec![]).unwrap();
    session.call("close", vec![]).unwrap();
    assert_eq!(text(&session, "status"), "Terminated");
    assert!(objects(guest.guest.get("sessions").unwrap()).is_empty());
    assert!(session.call("fileExists", vec!["/tmp".into(), false.into()]).is_err());
    assert_eq!(code(guest.guest.call("shutdown", vec![list(&["PowerOff", "Reboot"])])), "E_INVALIDARG");
    guest.guest.call("shutdown", vec![list(&["PowerOff"])]).unwrap();
    let start = std::time::Instant::now();
    while text(&machine, "state") != "PoweredOff" {
        assert!(start.elapsed().as_secs() < 20, "it does not power off");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(session.get("status").is_err());
}

#[test]
fn files_are_read_and_written_in_the_folder() {
    let guest = guest();
    let session = session(&guest);
    let open = ["/tmp/new.txt".into(), "ReadWrite".into(), "CreateNew".into(), 0o644.into()];
    let file = object(session.call("fileOpen", open.to_vec()).unwrap());
    assert!(session.call("fileOpen", open.to_vec()).is_err());
    let write = |bytes: &[u8]| file.call("write", vec![Value::Blob(bytes.to_vec()), 0.into()]).unwrap();
    assert_eq!(write(b"some text"), Value::Int(9));
    assert_eq!(file.call("seek", vec![5.into(), "Begin".into()]).unwrap(), Value::Int(5));
    assert_eq!(file.call("read", vec![100.into(), 0.into()]).unwrap(), Value::Blob(b"text".to_vec()));
    file.call("setSize", vec![4.into()]).unwrap();
    assert_eq!(file.call("querySize", vec![]).unwrap(), Value::Int(4));
    assert_eq!(objects(session.get("files").unwrap()), std::slice::from_ref(&file));
    file.call("close", vec![]).unwrap();
    assert!(file.call("read", vec![1.into(), 0.into()]).is_err());
    assert_eq!(std::fs::read(guest.root.join("tmp/new.txt")).unwrap(), b"some");

    let rename = ["/tmp/new.txt".into(), "/home/user/hello.txt".into()];
    assert!(session.call("fsObjRename", [rename.to_vec(), vec![list(&["NoReplace"])]].concat()).is_err());
    session.call("fsObjRename", [rename.to_vec(), vec![list(&["Replace"])]].concat()).unwrap();
    assert_eq!(
        session.call("fileQuerySize", vec!["/home/user/hello.txt".into(), false.into()]).unwrap(),
        Value::Int(4)
    );
    session.call("fsObjRemove", vec!["/home/user/hello.txt".into()]).unwrap();
    assert_eq!(
        session.call("fileExists", vec!["/home/user/hello.txt".into(), false.into()]).unwrap(),
        Value::Bool(false)
    );
}

#[test]
fn nothing_outside_the_folder_is_reached() {
    let guest = guest();
    let session = session(&guest);
    std::fs::write(guest.root.parent().unwrap().join("secret"), "x").unwrap();
    let exists = |path: &str| session.call("fsObjExists", vec![path.into(), true.into()]).unwrap();
    assert_eq!(exists("/../secret"), Value::Bool(false));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc", guest.root.join("out")).unwrap();
        assert_eq!(exists("/out/passwd"), Value::Bool(false));
        assert!(session.call("directoryOpen", vec!["/out".into(), "".into(), list(&[])]).is_err());
    }
}

#[test]
fn directories_are_listed() {
    let guest = guest();
    let session = session(&guest);
    let directory = session.call("directoryOpen", vec!["/home/user".into(), "".into(), list(&[])]).unwrap();
    let directory = object(directory);
    let names: Vec<_> =
        std::iter::from_fn(|| directory.call("read", vec![]).ok()).map(|found| text(&object(found), "name")).collect();
    assert_eq!(names, [".", "..", "hello.txt"]);
    assert_eq!(code(directory.call("read", vec![])), "VBOX_E_OBJECT_NOT_FOUND");
    directory.call("rewind", vec![]).unwrap();
    assert_eq!(objects(directory.call("list", vec![2.into()]).unwrap()).len(), 2);
    session.call("directoryCreate", vec!["/tmp/a/b".into(), 0o700.into(), list(&["Parents"])]).unwrap();
    assert!(guest.root.join("tmp/a/b").is_dir());
    wait(session.call("directoryRemoveRecursive", vec!["/tmp/a".into(), list(&["ContentAndDir"])]).unwrap());
    assert!(!guest.root.join("tmp/a").exists());
}

#[test]
fn programs_of_the_guest_run_and_those_of_this_computer_do_not() {
    let guest = guest();
    let session = session(&guest);
    let run = |path: &str, arguments: &[&str], time: i64| {
        let flags = list(&["WaitForStdOut"]);
        let call = vec![path.into(), list(arguments), "".into(), list(&[]), flags, time.into()];
        object(session.call("processCreate", call).unwrap())
    };
    let wait_for = |process: &Object, flag: &str| match process
        .call("waitForArray", vec![list(&[flag]), 10_000.into()])
        .unwrap()
    {
        Value::Enum(result) => result.name().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let cat = || run("/bin/cat", &["cat"], 0);
    let echo = run("/bin/echo", &["echo", "hi"], 0);
    // As VirtualBox: output is not waited for.
    assert_eq!(wait_for(&cat(), "StdOut"), "WaitFlagNotSupported");
    assert_eq!(echo.call("read", vec![1.into(), 100.into(), 0.into()]).unwrap(), Value::Blob(b"hi\n".to_vec()));
    assert_eq!(wait_for(&echo, "Terminate"), "Terminate");
    assert_eq!(text(&echo, "status"), "TerminatedNormally");
    let none = run("/usr/bin/env-of-this-computer", &["x"], 0);
    let waited = none.call("waitForArray", vec![list(&["Start"]), 10_000.into()]);
    assert_eq!((code(waited), text(&none, "status")), ("VBOX_E_IPRT_ERROR".to_owned(), "Error".to_owned()));
    assert_eq!(run("/bin/false", &["false"], 0).get("exitCode").unwrap(), Value::Int(1));
    let slow = run("/bin/sleep", &["sleep", "100"], 50);
    assert_eq!(
        (wait_for(&slow, "Terminate"), text(&slow, "status")),
        ("Timeout".to_owned(), "TimedOutKilled".to_owned())
    );
    let cat = cat();
    assert_eq!(text(&cat, "status"), "Started");
    cat.call("writeArray", vec![0.into(), list(&["EndOfFile"]), Value::Blob(b"in".to_vec()), 0.into()]).unwrap();
    assert_eq!(cat.call("read", vec![1.into(), 100.into(), 0.into()]).unwrap(), Value::Blob(b"in".to_vec()));
    assert_eq!(text(&cat, "status"), "TerminatedNormally");
}

#[test]
fn files_are_copied_both_ways() {
    let guest = guest();
    let session = session(&guest);
    let here = guest.home.folder.path().join("here.txt");
    let copy = ["/home/user/hello.txt".into(), here.to_str().unwrap().into(), list(&[])];
    wait(session.call("fileCopyFromGuest", copy.to_vec()).unwrap());
    assert_eq!(std::fs::read(&here).unwrap(), b"hello\n");
    let copy = [here.to_str().unwrap().into(), "/tmp/there.txt".into(), list(&[])];
    wait(session.call("fileCopyToGuest", copy.to_vec()).unwrap());
    assert_eq!(std::fs::read(guest.root.join("tmp/there.txt")).unwrap(), b"hello\n");
    let folder = guest.home.folder.path().join("folder");
    let copy = ["/home/user".into(), folder.to_str().unwrap().into(), list(&["Recursive"])];
    wait(session.call("directoryCopyFromGuest", copy.to_vec()).unwrap());
    assert_eq!(std::fs::read(folder.join("hello.txt")).unwrap(), b"hello\n");
    let none = ["/home/none".into(), here.to_str().unwrap().into(), list(&[])];
    let progress = super::waited(session.call("fileCopyFromGuest", none.to_vec()).unwrap());
    assert_ne!(progress.get("resultCode").unwrap(), Value::Int(0));
}
