//! Sessions, write locks, shared locks, mutable copies.

use super::{Home, code, object, text};
use vboxsh::model::{Object, Value};

fn lock(machine: &Object, session: &Object, kind: &str) -> Result<Value, vboxsh::model::Error> {
    machine.call("lockMachine", vec![Value::Object(session.clone()), kind.into()])
}

#[test]
fn the_original_shows_changes_only_when_they_are_saved() {
    let home = Home::new();
    let machine = home.machine("m");
    assert_eq!(code(machine.set("memorySize", Value::Int(512))), "VBOX_E_INVALID_VM_STATE");
    let session = home.connection.new_session().unwrap();
    assert_eq!(code(session.get("machine")), "E_UNEXPECTED");
    assert_eq!(code(session.call("unlockMachine", vec![])), "E_UNEXPECTED");
    lock(&machine, &session, "Write").unwrap();
    assert_eq!(text(&session, "state"), "Locked");
    assert_eq!(text(&session, "type"), "WriteLock");
    assert_eq!(text(&machine, "sessionState"), "Locked");
    assert_eq!(session.get("console").unwrap(), Value::Null);
    let mutable = object(session.get("machine").unwrap());
    assert_ne!(mutable, machine);
    mutable.set("memorySize", Value::Int(512)).unwrap();
    assert_eq!(mutable.get("settingsModified").unwrap(), Value::Bool(true));
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(2048));
    mutable.call("discardSettings", vec![]).unwrap();
    assert_eq!(mutable.get("memorySize").unwrap(), Value::Int(2048));
    mutable.set("memorySize", Value::Int(600)).unwrap();
    mutable.call("saveSettings", vec![]).unwrap();
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(600));
    mutable.set("memorySize", Value::Int(700)).unwrap();
    session.call("unlockMachine", vec![]).unwrap();
    assert_eq!(text(&session, "state"), "Unlocked");
    assert_eq!(text(&machine, "sessionState"), "Unlocked");
    assert_eq!(machine.get("memorySize").unwrap(), Value::Int(600), "what was not saved is lost");
    assert_eq!(code(mutable.get("memorySize")), "E_ACCESSDENIED", "the mutable copy ended with the session");
}

#[test]
fn one_writes_and_others_share() {
    let home = Home::new();
    let machine = home.machine("m");
    let [first, second, third] = [0; 3].map(|_| home.connection.new_session().unwrap());
    lock(&machine, &first, "Shared").unwrap();
    assert_eq!(text(&first, "type"), "WriteLock", "a free machine is locked for writing");
    assert_eq!(code(lock(&machine, &second, "Write")), "VBOX_E_INVALID_OBJECT_STATE");
    assert_eq!(code(lock(&machine, &first, "Shared")), "VBOX_E_INVALID_OBJECT_STATE", "the session is busy");
    lock(&machine, &second, "Shared").unwrap();
    lock(&machine, &third, "Shared").unwrap();
    assert_eq!(text(&second, "type"), "Shared");
    object(second.get("machine").unwrap()).set("description", "from the second".into()).unwrap();
    assert_eq!(text(&object(first.get("machine").unwrap()), "description"), "from the second");
    third.call("unlockMachine", vec![]).unwrap();
    assert_eq!(text(&machine, "sessionState"), "Locked");
    first.call("unlockMachine", vec![]).unwrap();
    assert_eq!(text(&second, "state"), "Unlocked", "shared sessions end with the one that holds the lock");
    lock(&machine, &second, "Write").unwrap();
}

#[test]
fn only_registered_machines_are_locked() {
    let home = Home::new();
    let machine = home.create("m", "Other");
    let session = home.connection.new_session().unwrap();
    assert_eq!(code(lock(&machine, &session, "Write")), "E_UNEXPECTED");
    machine.set("memorySize", Value::Int(512)).unwrap();
}

#[test]
fn closing_the_connection_ends_its_sessions() {
    let home = Home::new();
    home.machine("m");
    let session = home.connection.new_session().unwrap();
    lock(&home.connection.find_machine("m").unwrap(), &session, "Write").unwrap();
    home.connection.reconnect().unwrap();
    assert_eq!(text(&home.connection.find_machine("m").unwrap(), "sessionState"), "Unlocked");
    home.connection.close();
    assert!(home.vbox().get("version").is_err());
}
