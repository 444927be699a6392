//! Machines that run, for every process on the home: they outlive the one that started them.

use super::{Home, code, object, text};
use vboxsh::model::{Connection, Object, Value};

fn start(connection: &Connection, machine: &Object) -> Object {
    let session = connection.new_session().unwrap();
    let arguments = vec![Value::Object(session.clone()), "headless".into(), Value::List(vec![])];
    wait(&object(machine.call("launchVMProcess", arguments).unwrap()));
    session
}

fn wait(progress: &Object) {
    progress.call("waitForCompletion", vec![Value::Int(-1)]).unwrap();
    assert_eq!(progress.get("resultCode").unwrap(), Value::Int(0));
}

fn join(connection: &Connection, machine: &Object) -> Object {
    let session = connection.new_session().unwrap();
    machine.call("lockMachine", vec![Value::Object(session.clone()), "Shared".into()]).unwrap();
    session
}

fn console(session: &Object) -> Object {
    object(session.get("console").unwrap())
}

#[test]
fn another_process_has_the_states_of_all_at_once() {
    let home = Home::new();
    home.machine("m");
    let first = home.another();
    start(&first, &first.find_machine("m").unwrap());
    // It has read nothing of the machine itself.
    let other = home.another();
    let machines = other.root().get("machines").unwrap();
    let states = other.root().call("getMachineStates", vec![machines]).unwrap().into_list();
    let running = vboxsh::schema::embedded().enumeration("MachineState").unwrap().number("Running").unwrap();
    assert_eq!(states[0].as_int(), Some(running));
}

#[test]
fn a_machine_runs_on_without_who_started_it() {
    let home = Home::new();
    home.machine("m");
    let first = home.another();
    let session = start(&first, &first.find_machine("m").unwrap());
    console(&session)
        .call("createSharedFolder", vec!["f".into(), "/".into(), true.into(), false.into(), "".into()])
        .unwrap();
    let machine = home.connection.find_machine("m").unwrap();
    assert_eq!((text(&machine, "state"), text(&machine, "sessionState")), ("Running".into(), "Locked".into()));
    assert_eq!(text(&machine, "sessionName"), "headless");
    first.close();
    assert_eq!(text(&machine, "state"), "Running");
    let fresh = home.another();
    let there = fresh.find_machine("m").unwrap();
    let write = vec![Value::Object(fresh.new_session().unwrap()), "Write".into()];
    assert_eq!(code(there.call("lockMachine", write)), "VBOX_E_INVALID_OBJECT_STATE");
    let joined = join(&fresh, &there);
    assert_eq!(text(&joined, "type"), "Shared");
    let folders = console(&joined).get("sharedFolders").unwrap().into_list();
    assert_eq!(text(&object(folders[0].clone()), "name"), "f");
    let own = join(&home.connection, &machine);
    console(&joined).call("pause", vec![]).unwrap();
    assert_eq!((text(&machine, "state"), text(&console(&own), "state")), ("Paused".into(), "Paused".into()));
    wait(&object(console(&joined).call("powerDown", vec![]).unwrap()));
    assert_eq!((text(&machine, "state"), text(&machine, "sessionState")), ("PoweredOff".into(), "Unlocked".into()));
    assert_eq!(text(&own, "state"), "Unlocked", "its session ended with the machine");
    let files: Vec<_> = std::fs::read_dir(home.folder.path().join("VirtualBox VMs/m")).unwrap().collect();
    assert!(
        files.iter().all(|file| !file.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')),
        "{files:?}"
    );
}

#[test]
fn after_a_start_of_the_computer_nothing_runs() {
    let home = Home::new();
    let machine = home.machine("m");
    drop(start(&home.connection, &machine));
    let folder = home.folder.path().join("VirtualBox VMs/m");
    let run = std::fs::read_dir(&folder).unwrap().flatten().map(|file| file.path());
    let run = run.filter(|path| path.extension().is_some_and(|ending| ending == "run")).last().unwrap();
    let record = std::fs::read_to_string(&run).unwrap();
    assert!(record.contains("no guest runs"), "{record}");
    let boot = record.lines().find(|line| line.contains("\"boot\"")).unwrap();
    std::fs::write(&run, record.replace(boot, "  \"boot\": \"another\",")).unwrap();
    let later = home.another().find_machine("m").unwrap();
    assert_eq!((text(&later, "state"), text(&later, "sessionState")), ("Aborted".into(), "Unlocked".into()));
    assert!(!run.exists());
}

#[test]
fn a_saved_state_and_a_log_say_what_they_are() {
    let home = Home::new();
    let machine = home.machine("m");
    for _ in 0..2 {
        let session = start(&home.connection, &machine);
        let mutable = object(session.get("machine").unwrap());
        wait(&object(mutable.call("saveState", vec![]).unwrap()));
    }
    assert_eq!(text(&machine, "state"), "Saved");
    let saved = std::fs::read_to_string(text(&machine, "stateFilePath")).unwrap();
    assert!(saved.starts_with("vboxsh simulated machine state\n"), "{saved}");
    let log = std::path::PathBuf::from(text(&machine, "logFolder")).join("VBox.log");
    assert!(std::fs::read_to_string(&log).unwrap().contains("This is no log of VirtualBox"));
    assert!(log.with_extension("log.1").exists(), "the log before");
    assert_eq!(text(&home.another().find_machine("m").unwrap(), "state"), "Saved");
}

#[test]
fn a_picture_has_the_size_that_was_asked_for() {
    let home = Home::new();
    let machine = home.machine("m");
    let session = start(&home.connection, &machine);
    let display = object(console(&session).get("display").unwrap());
    let mut arguments = vec![Value::Int(0), Value::Int(31), Value::Int(7), "BGRA".into()];
    let Value::Blob(pixels) = display.call("takeScreenShotToArray", arguments.clone()).unwrap() else { panic!() };
    assert_eq!(pixels, [0_u8, 0, 0, 255].repeat(31 * 7));
    arguments[3] = "PNG".into();
    let Value::Blob(file) = display.call("takeScreenShotToArray", arguments.clone()).unwrap() else { panic!() };
    assert_eq!(&file[16..24], b"\0\0\0\x1f\0\0\0\x07", "the header of a PNG has its size");
    wait(&object(console(&session).call("powerDown", vec![]).unwrap()));
    assert_eq!(code(display.call("takeScreenShotToArray", arguments)), "E_ACCESSDENIED", "it went with its console");
}
