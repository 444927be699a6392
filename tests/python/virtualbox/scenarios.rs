//! The scenarios that pyvbox's readers start with, and what comes of them.

use super::{evaluate, program, script};

/// `?` on the package, classes, an enumeration and one of its values, and on members.
#[test]
fn the_prompt_explains_packages_classes_and_values() {
    let Some(program) = program() else { return };
    let ask = |what: &str| {
        let lines = format!(
            "import virtualbox\nfrom virtualbox import library\nm = virtualbox.VirtualBox().find_machine('web-01')\n{what}?\n"
        );
        program.with_input(&["--lang", "python"], &lines).ok()
    };
    for (what, parts) in [
        ("virtualbox", &["The VirtualBox Main API", "snake case"][..]),
        ("virtualbox.VirtualBox", &["VirtualBox(interface=None, manager=None)", "The VirtualBox server"]),
        ("library.IMachine", &["IMachine(interface=None)", "A virtual machine"]),
        (
            "library.MachineState",
            &["MachineState(value)", "running(5)", "teleporting_paused_vm(14)", "last_transient(22)"],
        ),
        ("library.MachineState.teleported", &["Teleported: MachineState(3)", "teleported to another host"]),
        (
            "m.lock_machine",
            &[
                "lock_machine(session, lock_type)",
                "in lock_type of type LockType",
                "raises VBoxErrorInvalidObjectState",
            ],
        ),
        ("m.name", &["m.name = 'web-01'", "Get or set str value for 'name'"]),
        ("m.launch_vm_process", &["type_p='gui'", "Starts the machine"]),
    ] {
        let said = ask(what);
        for part in parts {
            assert!(said.contains(part), "{what}: {part}: {said}");
        }
    }
}

#[test]
fn machines_are_listed_and_values_echo() {
    let Some(program) = program() else { return };
    let said = evaluate(
        &program,
        &[
            "import virtualbox",
            "vbox = virtualbox.VirtualBox()",
            "print('VM(s):\\n + ' + '\\n + '.join([vm.name for vm in vbox.machines]))",
            "', '.join([m.name for m in vbox.machines])",
            "virtualbox.Session().state",
            "vbox.find_machine('web-01').state",
            "str(vbox)[:30]",
        ],
    )
    .ok();
    assert_eq!(said, "VM(s):\n + web-01\nweb-01\nSessionState(1)\nMachineState(1)\n<virtualbox.library_ext.vbox.I\n");
}

/// Start, screen shot, state of the session, power off: the first example of all.
#[test]
fn a_started_machine_is_photographed_and_typed_at() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox.library import BitmapFormat, MachineState, SessionState
vbox = virtualbox.VirtualBox()
session = virtualbox.Session()
vm = vbox.find_machine("web-01")
progress = vm.launch_vm_process(session, "gui", "")
progress.wait_for_completion()
h, w, _, _, _, _ = session.console.display.get_screen_resolution(0)
png = session.console.display.take_screen_shot_to_array(0, h, w, BitmapFormat.png)
with open("shot.png", "wb") as file:
    file.write(png)
print(png[:8], (h, w) > (0, 0), open("shot.png", "rb").read() == png)
print(session.state, repr(session.state), session.state >= 2, session.state >= SessionState.locked)
session.console.keyboard.put_keys("Q: 'are we there?'\nA. \"no\"...", press_delay=0)
session.console.keyboard.put_keys(["ENTER"], press_delay=0)
session.console.mouse.put_mouse_event_absolute(1, 1, 0, 0, 0)
try:
    session.console.display.get_screen_resolution()
except TypeError as error:
    print(error)
seen = []
number = session.console.keyboard.register_on_guest_keyboard(lambda a: seen.append(a.scancodes))
print(isinstance(number, int))
session.console.power_down().wait_for_completion()
print(vm.state)
"#,
    );
    assert_eq!(
        said,
        "b'\\x89PNG\\r\\n\\x1a\\n' True True\nLocked SessionState(2) True True\n\
         IDisplay.getScreenResolution: the argument screen_id is missing\nTrue\nPoweredOff\n"
    );
}

/// What scripts that people publish do, in one go.
#[test]
fn what_public_scripts_do_runs_unmodified() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import os, virtualbox
from virtualbox import library
from virtualbox.library import VBoxErrorObjectNotFound, LockType, NATProtocol, NetworkAttachmentType, StorageBus, DeviceType, AccessMode, MediumVariant
box = virtualbox.VirtualBox()
try:
    box.find_machine("built")
except VBoxErrorObjectNotFound:
    machine = box.create_machine("", "built", [], "Ubuntu_64", "")
    machine.memory_size = 1024
    machine.cpu_count = 2
    machine.add_storage_controller("SATA", StorageBus.sata)
    machine.save_settings()
    box.register_machine(machine)
disk = box.create_medium("VDI", os.path.abspath("disk.vdi"), AccessMode.read_write, DeviceType.hard_disk)
progress = disk.create_base_storage(16 * 1024 * 1024, [MediumVariant.standard])
progress.wait_for_completion(-1)
session = virtualbox.Session()
machine.lock_machine(session, LockType.write)
session.machine.attach_device("SATA", 0, 0, DeviceType.hard_disk, disk)
adapter = session.machine.get_network_adapter(0)
adapter.attachment_type = NetworkAttachmentType.nat
adapter.nat_engine.add_redirect("ssh", NATProtocol.tcp, "", 2222, "", 22)
session.machine.save_settings()
session.unlock_machine()
print(machine.get_network_adapter(0).nat_engine.redirects, machine.medium_attachments[0].medium.name, machine.medium_attachments[0].controller)
progress = machine.launch_vm_process(None, "headless", "")
progress.wait_for_completion()
session = machine.create_session()
session.console.pause()
print(machine.state, machine.state == library.MachineState.paused, library.MachineState.first_online <= machine.state)
session.console.resume()
progress = session.machine.save_state()
while not progress.completed:
    progress.percent
print(progress.result_code, machine.state)
session = virtualbox.Session()
machine.launch_vm_process(session, "headless", []).wait_for_completion()
session.console.power_button()
session.console.power_down().wait_for_completion()
with machine.create_session() as session:
    progress, _ = session.machine.take_snapshot("clean", "for tests", True)
    progress.wait_for_completion()
    print(session.machine.find_snapshot("clean").name, machine.current_snapshot.description)
    session.machine.delete_snapshot(machine.current_snapshot.id_p).wait_for_completion()
print(bool(machine.current_snapshot), box.get_machine_states([machine]))
machine.remove()
print([m.name for m in box.machines], os.path.exists("disk.vdi"))
"#,
    );
    assert_eq!(
        said,
        "['ssh,1,,2222,,22'] disk.vdi SATA\nPaused True True\n0 Saved\nclean for tests\nFalse [MachineState(1)]\n['web-01'] False\n"
    );
}
