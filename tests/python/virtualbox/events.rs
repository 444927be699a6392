//! Callbacks. In pyvbox on Python 3 they end after the first second without an event.

use super::{program, script};

const WAITING: &str = r#"
import threading, time, virtualbox
from virtualbox import events, library
from virtualbox.library import VBoxEventType
box = virtualbox.VirtualBox()
machine = box.find_machine("web-01")
seen = []
came = threading.Condition()
def note(*what):
    with came:
        seen.append(what)
        came.notify_all()
def wait(count=1):
    with came:
        assert came.wait_for(lambda: len(seen) >= count, 30), seen
    taken = sorted(seen[:]); del seen[:]
    return taken
"#;

#[test]
fn callbacks_come_cast_and_outlive_idle_times_and_errors() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{WAITING}{}",
            r#"
def callback(event):
    note(type(event).__name__, event.key, event.value, event.machine_id.startswith("00000000"))
    if event.key == "bad":
        raise ValueError("of the callback")
number = box.register_on_extra_data_changed(callback)
print(isinstance(number, int) and number > 0)
box.set_extra_data("first", "1")
print(wait())
events._WAIT = 50
time.sleep(1.5)
box.set_extra_data("bad", "2")
print(wait())
box.set_extra_data("last", "3")
print(wait())
virtualbox.events.unregister_callback(number)
virtualbox.events.unregister_callback(number)
virtualbox.events.unregister_callback(12345)
box.set_extra_data("after", "4")
time.sleep(0.2)
print(seen)
own = []
def once(event):
    events.unregister_callback(own[0])
    note("once", event.key)
own.append(events.register_callback(once, box.event_source, VBoxEventType.on_extra_data_changed))
box.set_extra_data("x", "1")
print(wait())
box.set_extra_data("y", "1")
time.sleep(0.2)
print(seen)
other = box.event_source.register_callback(lambda event: note(event.name, event.value, event.flags), VBoxEventType.on_guest_property_changed)
with machine.create_session() as session:
    session.machine.set_guest_property("p", "q", "")
print(wait())
"#
        ),
    );
    assert_eq!(
        said,
        "True\n[('IExtraDataChangedEvent', 'first', '1', True)]\n[('IExtraDataChangedEvent', 'bad', '2', True)]\n\
         [('IExtraDataChangedEvent', 'last', '3', True)]\n[]\n[('once', 'x')]\n[]\n[('p', 'q', '')]\n"
    );
}

#[test]
fn types_have_interfaces_and_wrong_ones_are_told() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from virtualbox import library
from virtualbox.events import type_to_interface
from virtualbox.library import VBoxEventType
print(type_to_interface(VBoxEventType.on_machine_state_changed) is library.IMachineStateChangedEvent, library.IMachineStateChangedEvent.id)
print(type_to_interface(VBoxEventType.machine_event).__name__, type_to_interface(VBoxEventType.on_nat_redirect).__name__)
without = []
for value in VBoxEventType:
    try:
        assert type_to_interface(value).__name__.endswith("Event"), value
    except KeyError:
        without.append(str(value))
print(without)
for wrong in (34, "x", library.MachineState.running):
    try:
        type_to_interface(wrong)
    except TypeError as error:
        print(error)
"#,
    );
    assert_eq!(
        said,
        "True OnMachineStateChanged\nIMachineEvent INATRedirectEvent\n\
         ['Invalid', 'Any', 'Vetoable', 'InputEvent', 'LastWildcard', 'End']\n\
         an event type is a VBoxEventType, not int\nan event type is a VBoxEventType, not str\n\
         an event type is a VBoxEventType, not MachineState\n"
    );
}

/// Eleven of IVirtualBox, with the fields that pyvbox's examples read; the veto too.
#[test]
fn every_registration_of_the_box_delivers() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{WAITING}{}",
            r#"
def veto(event):
    if event.key == "blah":
        event.add_veto("blah is mine...")
        note("veto", event.key)
box.register_on_extra_data_can_change(veto)
box.register_on_machine_state_changed(lambda e: note("state", e.machine_id == machine.id_p, str(e.state)))
box.register_on_machine_data_changed(lambda e: note("data", e.machine_id == machine.id_p))
box.register_on_machine_registered(lambda e: note("registered", e.registered))
box.register_on_snapshot_taken(lambda e: note("taken", len(e.snapshot_id)))
box.register_on_snapshot_changed(lambda e: note("changed", len(e.snapshot_id)))
box.register_on_snapshot_deleted(lambda e: note("deleted", len(e.snapshot_id)))
box.register_on_guest_property_changed(lambda e: note("property", e.name, e.value, e.flags))
box.register_on_session_state_changed(lambda e: note("session", str(e.state)))
box.register_on_event_source_changed(lambda e: note("source", e.add))
box.register_on_extra_data_changed(lambda e: note("extra", e.key, e.value))
time.sleep(0.3); del seen[:]
def until(*wanted):
    with came:
        assert came.wait_for(lambda: set(wanted) <= set(x[:2] for x in seen) | set(seen), 30), seen
        taken = sorted(set(seen)); del seen[:]
    return taken
try:
    box.set_extra_data("blah", "winner")
except library.VBoxError as error:
    print(type(error).__name__, "blah is mine" in str(error))
print(wait(), repr(box.get_extra_data("blah")))
box.set_extra_data("other", "1")
print(until(("extra", "other")))
with machine.create_session() as session:
    progress, snapshot = session.machine.take_snapshot("one", "", True)
    progress.wait_for_completion()
    changing = machine.find_snapshot("one")
    session.machine.set_guest_property("a", "b", "")
print([kind for kind in until(("state", True, "PoweredOff"), ("taken", 36), ("session", "Unlocked"), ("property", "a")) if kind[0] in ("taken", "session", "state", "property")])
changing.description = "other"
print([kind for kind in until(("changed", 36)) if kind[0] == "changed"])
with machine.create_session() as session:
    session.machine.delete_snapshot(snapshot).wait_for_completion()
print([kind for kind in until(("deleted", 36)) if kind[0] == "deleted"])
new = box.create_machine("", "new", [], "Debian_64", "")
box.register_machine(new)
new.unregister(library.CleanupMode.unregister_only)
print([kind for kind in until(("registered", False), ("registered", True)) if kind[0] == "registered"])
source = box.event_source
listener = source.create_listener()
source.register_listener(listener, [VBoxEventType.on_nat_redirect], False)
source.unregister_listener(listener)
print([kind for kind in until(("source", False), ("source", True)) if kind[0] == "source"])
"#
        ),
    );
    assert_eq!(
        said,
        "OleErrorAccessdenied True\n[('veto', 'blah')] ''\n[('extra', 'other', '1')]\n\
         [('property', 'a', 'b', ''), ('session', 'Locked'), ('session', 'Unlocked'), ('state', True, 'PoweredOff'), ('state', True, 'Snapshotting'), ('taken', 36)]\n\
         [('changed', 36)]\n[('deleted', 36)]\n[('registered', False), ('registered', True)]\n[('source', False), ('source', True)]\n"
    );
}

/// Thirteen of the console, and those of mouse and keyboard, each with the fields that pyvbox's examples read. Two of
/// them cannot be registered with pyvbox at all. A parallel port does not change while a machine runs, here and on
/// VirtualBox: its event never comes.
#[test]
fn every_registration_of_the_console_and_its_parts_delivers() {
    let Some(program) = program() else { return };
    std::fs::create_dir(program.home().join("guest")).unwrap();
    let mut bytes = vec![0; 200 * 2048];
    bytes[32768..32775].copy_from_slice(b"\x01CD001\x01");
    std::fs::write(program.home().join("image.iso"), bytes).unwrap();
    let image = program.home().join("image.iso");
    program
        .lines(&[
            &format!("call web-01.setExtraData vboxsh/SimulatedGuest {}", program.home().join("guest").display()),
            "attach-ctr web-01 IDE IDE PIIX4",
            "call web-01.attachDeviceWithoutMedium IDE 1 0 DVD",
            "modify web-01 serialPort[0].enabled=true serialPort[0].path=/tmp/one serialPort[0].hostMode=HostDevice \
             parallelPort[0].enabled=true parallelPort[0].path=/dev/one",
        ])
        .ok();
    let said = script(
        &program,
        &format!(
            "{WAITING}IMAGE = {image:?}\n{}",
            r#"
from virtualbox.library import AccessMode, DeviceType
machine.launch_vm_process(type_p="headless")
session = machine.create_session()
console, inner = session.console, session.machine
console.register_on_network_adapter_changed(lambda e: note("network", e.network_adapter.enabled))
console.register_on_serial_port_changed(lambda e: note("serial", e.serial_port.path))
console.register_on_parallel_port_changed(lambda e: note("parallel", e.parallel_port.path))
console.register_on_medium_changed(lambda e: note("medium", e.medium_attachment.controller, e.medium_attachment.port))
console.register_on_clipboard_mode_changed(lambda e: note("clipboard", str(e.clipboard_mode)))
console.register_on_drag_and_drop_mode_changed(lambda e: note("drag", str(e.dnd_mode)))
console.register_on_vrde_server_changed(lambda e: note("vrde", type(e).__name__))
console.register_on_shared_folder_changed(lambda e: note("folder", str(e.scope)))
console.register_on_additions_state_changed(lambda e: note("additions", str(console.guest.additions_run_level)))
console.register_on_state_changed(lambda e: note("state", str(e.state)))
console.register_on_event_source_changed(lambda e: note("source", e.add))
console.mouse.register_on_guest_mouse(lambda e: note("mouse", str(e.mode), e.x, e.y, e.z, e.w, e.buttons))
console.keyboard.register_on_guest_keyboard(lambda e: note("keys", list(e.scancodes)))
# Spellings that scripts have copied from documentation.
for number in (console.register_vdre_server_changed(lambda e: None), console.mouse.set_guest_mouse(lambda e: None),
               console.keyboard.set_on_guest_keyboard(lambda e: None)):
    events.unregister_callback(number)
time.sleep(0.3); del seen[:]
def until(*wanted):
    with came:
        assert came.wait_for(lambda: set(map(str, wanted)) <= set(map(str, seen)), 30), (wanted, seen)
        del seen[:]
    print(*wanted)
inner.get_network_adapter(0).cable_connected = False
until(("network", True))
inner.get_serial_port(0).path = "/tmp/two"
until(("serial", "/tmp/two"))
inner.mount_medium("IDE", 1, 0, box.open_medium(IMAGE, DeviceType.dvd, AccessMode.read_only, False), False)
until(("medium", "IDE", 1))
inner.clipboard_mode = library.ClipboardMode.bidirectional
until(("clipboard", "Bidirectional"))
inner.dn_d_mode = library.DnDMode.host_to_guest
until(("drag", "HostToGuest"))
inner.vrde_server.enabled = True
until(("vrde", "IVRDEServerChangedEvent"))
console.create_shared_folder("a", "/tmp", True, False)
until(("folder", "Session"))
console.reset()
until(("additions", "Userland"))
console.mouse.put_mouse_event(1, 2, 0, 0, 1)
console.mouse.put_mouse_event_absolute(30, 40, 0, 0, 0)
until(("mouse", "Relative", 1, 2, 0, 0, 1), ("mouse", "Absolute", 30, 40, 0, 0, 0))
console.keyboard.put_scancodes([35, 163])
until(("keys", [35, 163]))
source = console.event_source
listener = source.create_listener()
source.register_listener(listener, [VBoxEventType.on_nat_redirect], False)
source.unregister_listener(listener)
until(("source", True), ("source", False))
console.pause()
until(("state", "Paused"))
console.power_down().wait_for_completion()
"#
        ),
    );
    assert_eq!(
        said,
        "('network', True)\n('serial', '/tmp/two')\n('medium', 'IDE', 1)\n\
         ('clipboard', 'Bidirectional')\n('drag', 'HostToGuest')\n('vrde', 'IVRDEServerChangedEvent')\n('folder', 'Session')\n\
         ('additions', 'Userland')\n('mouse', 'Relative', 1, 2, 0, 0, 1) ('mouse', 'Absolute', 30, 40, 0, 0, 0)\n\
         ('keys', [35, 163])\n('source', True) ('source', False)\n('state', 'Paused')\n"
    );
}

/// Who asks whether the window of a machine may be shown gets a veto: it is not brought to the front.
#[test]
fn a_veto_keeps_the_window_of_a_machine_back() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        &format!(
            "{WAITING}{}",
            r#"
machine.launch_vm_process(type_p="headless")
session = machine.create_session()
console = session.console
def shown():
    """What a front end does to bring a window to the front."""
    if not session.machine.can_show_console_window():
        return "stays where it is"
    session.machine.show_console_window()
    return "comes to the front"
def veto(event):
    note("asked", type(event).__name__)
    event.add_veto("not now")
number = console.register_on_can_show_window(veto)
console.register_on_show_window(lambda event: note("shown", event.win_id))
print(shown(), wait())
events.unregister_callback(number)
approved = console.register_on_can_show_window(lambda event: event.add_approval("now"))
print(shown(), wait())
console.power_down().wait_for_completion()
"#
        ),
    );
    assert_eq!(said, "stays where it is [('asked', 'ICanShowWindowEvent')]\ncomes to the front [('shown', 0)]\n");
}
