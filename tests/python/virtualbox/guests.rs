//! The scenarios of pyvbox that want a guest, with the simulated guest of the embedded host. What they start there is a
//! program of it; `cmd.exe` and `C:\Windows` themselves want a Windows, with its Guest Additions, on a real VirtualBox.

use super::{program, script};
use crate::support::program::Program;

/// The program with a machine whose guest is a folder.
fn with_guest() -> Option<Program> {
    let program = program()?;
    let guest = program.home().join("guest");
    for folder in ["bin", "home/me", "Windows"] {
        std::fs::create_dir_all(guest.join(folder)).unwrap();
    }
    std::fs::write(guest.join("bin/sh"), "").unwrap();
    std::fs::write(guest.join("home/me/notes.txt"), b"gr\xfc\xdfe\n").unwrap();
    program.lines(&[&format!("call web-01.setExtraData vboxsh/SimulatedGuest {}", guest.display())]).ok();
    Some(program)
}

const RUNNING: &str = r#"
import threading, virtualbox
from virtualbox import library
box = virtualbox.VirtualBox()
vm = box.find_machine("web-01")
vm.launch_vm_process(None, "headless", "")
seen, came = [], threading.Condition()
def note(what):
    with came:
        seen.append(what)
        came.notify_all()
def wait(done):
    with came:
        assert came.wait_for(done, 30), seen
"#;

/// What is typed arrives letter for letter: quotes, capitals, signs that want shift, ends of lines.
#[test]
fn two_lines_are_typed_into_a_running_machine() {
    let Some(program) = with_guest() else { return };
    let said = script(
        &program,
        &format!(
            "{RUNNING}{}",
            r#"
text = "Q: 'are we there yet?'\nA. \"nearly, 50 % of {it}\"...\n"
session = vm.create_session()
keyboard = session.console.keyboard
names = {"ENTER": "\n", "SPACE": " ", "LSHIFT": ""}
keyboard.register_key_callback(lambda state, key: note(names.get(key, key)) if state else None)
keyboard.put_keys(text, press_delay=0)
wait(lambda: len("".join(seen)) >= len(text))
print("".join(seen) == text, "".join(seen))
del seen[:]
keyboard.put_keys(["DEL"], hold_keys=["CTRL", "ALT"], press_delay=0)
wait(lambda: len(seen) >= 3)
print(seen)
session.unlock_machine()
print(session.state)
session = vm.create_session()
session.console.power_down().wait_for_completion()
"#
        ),
    );
    assert_eq!(
        said,
        "True Q: 'are we there yet?'\nA. \"nearly, 50 % of {it}\"...\n\n['CTRL', 'ALT', 'DEL']\nUnlocked\n"
    );
}

/// A program in the guest: its output as bytes, whatever they are; its input; how it ends.
#[test]
fn a_program_runs_in_the_guest_and_its_output_comes_back() {
    let Some(program) = with_guest() else { return };
    let said = script(
        &program,
        &format!(
            "{RUNNING}{}",
            r#"
session = vm.create_session()
guest = session.console.guest.create_session("me", "secret")
process, out, err = guest.execute("/bin/ls", ["/home/me"])
print(type(process).__name__, out, err, process.status, process.exit_code)
print(guest.execute("/bin/cat", ["/home/me/notes.txt"])[1])
print(guest.execute("/bin/cat", stdin=b"\xff" * 100000)[1] == b"\xff" * 100000)
print(guest.execute("/bin/echo", ["a b", "c"], environment=["A=1"])[1], guest.execute("/bin/env", environment=["A=1"])[1].count(b"A=1"))
process, out, err = guest.execute("/bin/cat", ["/nowhere"])
print(out, b"nowhere" in err, process.exit_code)
try:
    guest.execute("/bin/nothing")
except library.VBoxErrorIprtError as error:
    print("no such program", error.value == 0x80bb0005)
guest.makedirs("/home/me/a/b")
print(guest.directory_exists("/home/me/a/b"), guest.file_exists("/home/me/notes.txt"), guest.path_exists("/home/you"))
import os
os.symlink("notes.txt", "guest/home/me/link")
print(guest.symlink_exists("/home/me/link"), guest.symlink_exists("/home/me/notes.txt"), guest.path_exists("/home/me/link"))
progress = guest.file_copy_to_guest(__file__, "/home/me/copy", [])
progress.wait_for_completion()
print(open("guest/home/me/copy").read() == open(__file__).read(), progress.result_code)
guest.directory_remove_recursive("/home/me/a")
print(guest.directory_exists("/home/me/a"))
guest.close()
session.console.power_down().wait_for_completion()
"#
        ),
    );
    assert_eq!(
        said,
        "IGuestProcess b'notes.txt\\n' b'' TerminatedNormally 0\nb'gr\\xfc\\xdfe\\n'\nTrue\nb'a b c\\n' 1\n\
         b'' True 1\nno such program True\nTrue True False\nTrue False True\nTrue 0\nFalse\n"
    );
}

/// Afterwards the session in the guest is over, and the machine is unlocked by this one.
#[test]
fn sessions_in_the_guest_and_on_the_machine_nest() {
    let Some(program) = with_guest() else { return };
    let said = script(
        &program,
        &format!(
            "{RUNNING}{}",
            r#"
with vm.create_session() as session:
    with session.console.guest.create_session("me", "secret", timeout_ms=5000) as guest:
        print(guest.directory_exists("/Windows"), len(session.console.guest.sessions), session.state)
    print(guest.status, len(session.console.guest.sessions))
print(session.state, vm.session_state)
try:
    with vm.create_session() as session:
        with session.console.guest.create_session("me", "secret") as guest:
            1 / 0
except ZeroDivisionError:
    print(guest.status, session.state)
with vm.create_session() as session:
    session.console.power_down().wait_for_completion()
"#
        ),
    );
    assert_eq!(said, "True 1 Locked\nTerminated 0\nUnlocked Locked\nTerminated Unlocked\n");
}

/// One event for each burst of codes; the callback runs beside the script.
#[test]
fn keys_in_the_guest_are_told_by_their_codes() {
    let Some(program) = with_guest() else { return };
    let said = script(
        &program,
        &format!(
            "{RUNNING}{}",
            r#"
session = vm.create_session()
keyboard = session.console.keyboard
def told(a):
    print(a.scancodes)
    note(a.scancodes)
number = keyboard.register_on_guest_keyboard(told)
print(type(number).__name__, number > 1000)
for code in (35, 23, 163, 151):
    keyboard.put_scancode(code)
keyboard.put_keys("h", press_delay=0)
wait(lambda: len(seen) == 5)
virtualbox.events.unregister_callback(number)
keyboard.put_scancode(35)
session.console.power_down().wait_for_completion()
print(len(seen))
"#
        ),
    );
    assert_eq!(said, "int True\n[35]\n[23]\n[163]\n[151]\n[35, 163]\n5\n");
}

/// Three clones run at once, do something each, and go back to the state they had.
#[test]
fn a_pool_lends_clones_and_takes_them_back() {
    let Some(program) = with_guest() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox import library, pool
pool._QUIET_SAMPLES = 1
box = virtualbox.VirtualBox()
machines = pool.MachinePool("web-01")
print(box.find_machine("web-01").current_snapshot.name)
sessions = [machines.acquire("me", "secret") for _ in range(3)]
print([(s.machine.name, str(s.machine.state), str(s.state), s.machine.parent == box) for s in sessions])
for number, session in enumerate(sessions):
    guest = session.console.guest.create_session("me", "secret")
    print(guest.execute("/bin/echo", ["machine", str(number)])[1])
    guest.close()
for session in sessions:
    try:
        machines.release(session)
        machines.release(session)
    except Exception as error:
        print("error", error)
clones = [m for m in box.machines if m.name != "web-01"]
print([(m.name, str(m.state), m.current_snapshot.name, str(m.session_state)) for m in clones])
disks = [m.medium_attachments[0].medium for m in clones if m.medium_attachments and m.medium_attachments[0].medium]
print(all(disk.parent for disk in disks))
again = machines.acquire("me", "secret")
print(again.machine.name, len(box.machines))
machines.release(again)
"#,
    );
    assert_eq!(
        said,
        "initialised\n\
         [('web-01 Pool', 'Running', 'Locked', True), ('web-01 Pool (1)', 'Running', 'Locked', True), ('web-01 Pool (2)', 'Running', 'Locked', True)]\n\
         b'machine 0\\n'\nb'machine 1\\n'\nb'machine 2\\n'\n\
         [('web-01 Pool', 'Saved', 'initialised', 'Unlocked'), ('web-01 Pool (1)', 'Saved', 'initialised', 'Unlocked'), ('web-01 Pool (2)', 'Saved', 'initialised', 'Unlocked')]\n\
         True\nweb-01 Pool 4\n"
    );
}
