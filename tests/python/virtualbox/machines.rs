//! What pyvbox gives machines and sessions beyond the API.

use super::{program, script};

#[test]
fn sessions_are_locks_that_are_given_back() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox import library
from virtualbox.library import LockType
from virtualbox.library_ext import machine as extended
extended._BETWEEN_TRIES = 0.01
box = virtualbox.VirtualBox()
machine = box.find_machine("web-01")
with machine.create_session() as session:
    print(session.state, machine.session_state, session.machine.name)
print(session.state)
with machine.create_session(LockType.write) as session:
    try:
        machine.create_session(LockType.write)
    except Exception as error:
        print(type(error) is Exception, "cannot be locked" in str(error), type(error.__cause__).__name__)
    session.unlock_machine()
# A lock that has gone by itself, and an error in the body: that is what comes out.
try:
    with machine.create_session() as session:
        session.unlock_machine()
        raise KeyError("mine")
except KeyError as error:
    print("KeyError", error)
try:
    session.unlock_machine()
except library.OleErrorUnexpected as error:
    print(type(error).__name__)
mine = virtualbox.Session()
print(machine.create_session(session=mine) is mine, mine.state)
mine.unlock_machine()
"#,
    );
    assert_eq!(
        said,
        "Locked Locked web-01\nUnlocked\nTrue True VBoxErrorInvalidObjectState\nKeyError 'mine'\nOleErrorUnexpected\nTrue Locked\n"
    );
}

/// In pyvbox 2.1 every start with the usual arguments is a TypeError.
#[test]
fn machines_start_in_both_dialects_and_power_off() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import time, virtualbox
from virtualbox.library import MachineState, SessionState
box = virtualbox.VirtualBox()
machine = box.find_machine("web-01")
def off(session):
    session.console.power_down()
    session.unlock_machine()
    while machine.state >= MachineState.running or machine.session_state != SessionState.unlocked:
        time.sleep(0.01)
for arguments in (("headless", ""), ("headless", []), ("headless", "A=1\nB"), ("headless", ["A=1"]), ("headless",), ()):
    session = virtualbox.Session()
    progress = machine.launch_vm_process(session, *arguments)
    progress.wait_for_completion(5000)
    print(machine.state, machine.state == 5, session.state == 2, progress.result_code)
    off(session)
progress = machine.launch_vm_process(type_p="headless", environment="")
print(progress.completed, machine.state, MachineState.first_online <= machine.state <= MachineState.last_online)
off(machine.create_session())
machine.launch_vm_process(name="headless", environment_changes=[])
with machine.create_session() as session:
    session.console.pause()
    print(machine.state, machine.state == 6)
    session.console.resume()
    print(machine.remove())
print([m.name for m in box.machines])
"#,
    );
    let started = "Running True True 0\n".repeat(6);
    assert_eq!(said, format!("{started}True Running True\nPaused True\n[]\n[]\n"));
}

#[test]
fn clones_are_linked_or_full_and_are_removed_with_their_files() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import os, virtualbox
from virtualbox.library import CloneMode, CloneOptions
box = virtualbox.VirtualBox()
machine = box.find_machine("web-01")
try:
    machine.clone()
except Exception as error:
    print(error)
full = machine.clone(options=[])
again = machine.clone(options=[], mode=CloneMode.machine_state, groups=["/g"])
named = machine.clone(options=[], name="other", uuid="5f2f3a52-4c76-4ab8-9d35-0d0ba4d8c6a7", register=False)
print(full, again, named, named.id_p, sorted(m.name for m in box.machines))
with machine.create_session() as session:
    progress, _ = session.machine.take_snapshot("one", "", True)
    progress.wait_for_completion()
    session.machine.memory_size = 333
    session.machine.save_settings()
linked = machine.clone()
print(linked, linked.memory_size, machine.clone("one").name, machine.clone(machine.find_snapshot("one"), options=[CloneOptions.link]).name)
with machine.create_session() as session:
    session.machine.restore_snapshot().wait_for_completion()
print(machine.memory_size != 333)
folder = os.path.dirname(full.settings_file_path)
open(os.path.join(folder, "stray.txt"), "w").close()
print(full.remove(), os.path.exists(folder))
kept = again.settings_file_path
print(again.remove(delete=False), os.path.exists(kept))
with linked.create_session() as session:
    try:
        session.machine.restore_snapshot()
    except Exception as error:
        print(error)
"#,
    );
    assert_eq!(
        said,
        "the machine web-01 has no snapshot, which a linked clone needs; take one, or clone with options=[]\n\
         web-01 Clone web-01 Clone (1) other 5f2f3a52-4c76-4ab8-9d35-0d0ba4d8c6a7 ['web-01', 'web-01 Clone', 'web-01 Clone (1)']\n\
         web-01 Clone (2) 1024 web-01 Clone (3) web-01 Clone (4)\nTrue\n[] False\n[] True\nthe machine has no snapshots\n"
    );
}
