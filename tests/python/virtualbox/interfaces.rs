//! Wrappers of objects: names, arguments, results, null references, members of older releases.

use super::{program, script};

/// All irregular names, and those that a builtin's name stands behind.
#[test]
fn members_have_pyvbox_s_names() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from virtualbox import library
from virtualbox.library_base import pythonic_name
for camel, snake in [
        ("OSTypeId", "os_type_id"), ("IPv6Enabled", "i_pv6_enabled"), ("IPV6Address", "ipv6_address"), ("keyboardLEDs", "keyboard_le_ds"),
        ("advertiseDefaultIPv6RouteEnabled", "advertise_default_i_pv6_route_enabled"), ("CPUIDPortabilityLevel", "cpuid_portability_level"),
        ("enableStaticIPConfigV6", "enable_static_ip_config_v6"), ("accelerate3DEnabled", "accelerate3_d_enabled"), ("recommendedUSBHID", "recommended_usbhid"),
        ("recommendedX2APIC", "recommended_x2_apic"), ("portForwardRules4", "port_forward_rules4"), ("loopbackIp6", "loopback_ip6"),
        ("notifyHiDPIOutputPolicyChange", "notify_hi_dpi_output_policy_change"), ("VBoxValues", "v_box_values"), ("fUnscaledHiDPI", "f_unscaled_hi_dpi"),
        ("id", "id_p"), ("type", "type_p"), ("format", "format_p"), ("filter", "filter_p"), ("file", "file_p"), ("next", "next_p"), ("object", "object_p"),
        ("license", "license_p"), ("help", "help_p"), ("apply", "apply_p"), ("bytes", "bytes_p"), ("dir", "dir_p"), ("global", "global_p"), ("property", "property_p")]:
    assert pythonic_name(camel) == snake, (camel, pythonic_name(camel))
for owner, member in [
        ("IMachine", "id_p"), ("IMachine", "usb_device_filters"), ("IMachine", "cpu_count"), ("IVirtualBox", "dhcp_servers"), ("IProgress", "id_p"),
        ("INetworkAdapter", "nat_engine"), ("IHost", "dvd_drives"), ("INATEngine", "tftp_prefix"), ("IKeyboard", "put_cad"), ("IMedium", "format_p"),
        ("IHostNetworkInterface", "ipv6_network_mask_prefix_length"), ("IMachineDebugger", "inject_nmi"), ("IEvent", "type_p"), ("IExtPackBase", "license_p")]:
    assert hasattr(getattr(library, owner), member), (owner, member)
print(library.IMachine.__uuid__ == library.IMachine.__mro__[1].__uuid__ != "", library.IMachine.__wsmap__, library.IEventListener.__wsmap__)
for name in library.__all__:
    made = getattr(library, name)
    assert made is not None, name
print(issubclass(library.IGuestProcess, library.IProcess), issubclass(library.IMachineStateChangedEvent, library.IMachineEvent))
"#,
    );
    assert_eq!(said, "True managed managed\nTrue True\n");
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import inspect, virtualbox
from virtualbox import library
box = virtualbox.VirtualBox()
machine = box.find_machine(name_or_id="web-01")
print(box.find_machine(nameOrId="web-01").name, box.find_machine(b"web-01").name, inspect.signature(machine.lock_machine))
session = virtualbox.Session()
for wrong in (lambda: box.find_machine(3), lambda: machine.lock_machine(session, 1), lambda: machine.lock_machine(session, library.MachineState.running),
              lambda: box.get_machine_states("web-01"), lambda: machine.lock_machine("x", library.LockType.shared),
              lambda: box.create_medium("VDI"), lambda: box.find_machine("a", "b"), lambda: box.find_machine(name_or_i="a"),
              lambda: setattr(machine, "memory_size", "64"), lambda: setattr(machine, "teleporter_enabled", 1)):
    try:
        wrong()
        print("no error")
    except TypeError as error:
        print(error)
print(len(box.get_machine_states((machine,))), box.get_machine_states([]))
try:
    machine.state = library.MachineState.running
except AttributeError:
    print("read-only")
machine.of_my_own = 5
print(machine.of_my_own)
"#,
    );
    assert_eq!(
        said,
        "web-01 web-01 (session, lock_type)\nname_or_id wants str, not int\nlock_type wants LockType, not int\n\
         lock_type wants LockType, not MachineState\nmachines wants a list of IMachine, not str\n\
         session wants ISession, not str\nIVirtualBox.createMedium: the argument access_mode is missing\n\
         IVirtualBox.findMachine takes 1 arguments, not 2\n\
         IVirtualBox.findMachine has no argument name_or_i, or it is given twice; did you mean `name_or_id`?\n\
         the value of memory_size wants int, not str\nthe value of teleporter_enabled wants bool, not int\n\
         1 []\nread-only\n5\n"
    );
}

#[test]
fn results_are_wrapped_and_several_come_with_the_returned_first() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox
from virtualbox import library
box = virtualbox.VirtualBox()
machine = box.find_machine("web-01")
session = machine.create_session()
session.machine.set_guest_property("a", "b", "")
print(session.machine.get_guest_property("a")[0], len(session.machine.get_guest_property("a")))
progress, snapshot_id = session.machine.take_snapshot("one", "", True)
progress.wait_for_completion()
print(type(progress).__name__, progress.result_code, str(progress), machine.find_snapshot(snapshot_id).name)
# Setters of arrays: a list is a list, a text is an error.
session.machine.groups = ["/a", "/b"]
try:
    session.machine.groups = "/c"
except TypeError as error:
    print(error)
session.machine.save_settings()
session.unlock_machine()
print(machine.groups, machine.find_snapshot("").machine.name, session.state)
print(repr(machine).startswith("<virtualbox.library_ext.machine.IMachine object at 0x"), str(machine), [type(x).__name__ for x in box.machines])
print(machine == box.find_machine("web-01"), machine != box, len({machine, box.machines[0]}), machine == None)

# The private surface that scripts use.
print(machine._call("getExtraData", in_p=["x"]) == "", machine._get_attr("name"), machine._i.name)
class Mine(library.IMachine):
    def __init__(self, other):
        self._i = other._i
    def shout(self):
        return self.name.upper()
print(Mine(machine).shout(), isinstance(Mine(machine), library.IMachine))
"#,
    );
    assert_eq!(
        said,
        "b 3\nIProgress 0 (2/2) Taking a snapshot of the virtual machine 100% (0 s remaining) one\n\
         the value of groups wants a list of wstring, not str\n['/a', '/b'] web-01 Unlocked\n\
         True web-01 ['IMachine']\nTrue True 1 False\nTrue web-01 web-01\nWEB-01 True\n"
    );
}

/// In pyvbox a null reference is true on Python 3, and a member of it costs seconds or ends in a recursion.
#[test]
fn null_references_are_false_and_say_what_they_are() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import time, virtualbox
from virtualbox import library
machine = virtualbox.VirtualBox().find_machine("web-01")
none = machine.current_snapshot
print(type(none).__name__, bool(none), none == None, none is None, hash(none) == hash(None), bool(machine), library.IMedium() == None)
start = time.time()
for null in (none, library.IMachine(), library.IConsole()):
    try:
        null.name
    except AttributeError as error:
        print(error, isinstance(error, library.VBoxError))
    try:
        null.take_snapshot()
    except library.VBoxError as error:
        print(error)
print(str(library.IMachine()).startswith("<virtualbox."), hasattr(machine, "nothing_of_the_kind"))
try:
    machine.memory_siz
except AttributeError as error:
    print(error)
assert time.time() - start < 60
"#,
    );
    assert_eq!(
        said,
        "ISnapshot False True False True True True\n\
         name of a null ISnapshot: there is no such object now True\n\
         take_snapshot of a null ISnapshot: there is no such object now\n\
         name of a null IMachine: there is no such object now True\n\
         takeSnapshot of a null IMachine: there is no such object now\n\
         name of a null IConsole: there is no such object now True\n\
         takeSnapshot of a null IConsole: there is no such object now\n\
         True False\nIMachine has no member memory_siz; did you mean `memory_size`?\n"
    );
}

#[test]
fn members_of_both_dialects_go_where_they_went() {
    let Some(program) = program() else { return };
    let source = r#"
import virtualbox
from virtualbox import library
from virtualbox.library import *
box = virtualbox.VirtualBox()
# The arguments of 5.1 and 6.1, by place and by name.
machine = box.create_machine("", "old", [], "Debian_64", "")
box.register_machine(machine)
named = box.create_machine(settings_file="", name="named", groups=[], os_type_id="Debian_64", flags="")
named.save_settings()
print(named.name, box.open_machine(named.settings_file_path).name)
with machine.create_session() as session:
    m = session.machine
    m.graphics_controller_type = GraphicsControllerType.vmsvga
    m.vram_size, m.monitor_count, m.accelerate3_d_enabled = 32, 2, True
    m.chipset_type, m.firmware_type = ChipsetType.ich9, FirmwareType.efi
    m.bios_settings.boot_menu_mode = library.BIOSBootMenuMode.menu_only
    m.rtc_use_utc = m.hpet_enabled = True
    m.set_cpu_property(library.CPUPropertyType.pae, True)
    m.set_hw_virt_ex_property(HWVirtExPropertyType.enabled, True)
    m.set_cpuid_leaf(0x80000002, 1, 2, 3, 4)
    print(m.get_cpuid_leaf(0x80000002), m.get_cpuid_leaf(0x80000002, 0))
    m.remove_cpuid_leaf(0x80000002)
    m.audio_adapter.enabled = False
    m.create_shared_folder("a", "/tmp", True, True)
    m.create_shared_folder("b", "/tmp", True, True, "/mnt")
    m.video_capture_enabled = False
    print(m.vram_size, m.monitor_count, m.accelerate3_d_enabled, m.chipset_type, m.firmware_type, m.bios_settings.boot_menu_mode)
    print(m.rtc_use_utc, m.hpet_enabled, m.get_cpu_property(library.CPUPropertyType.pae), m.get_hw_virt_ex_property(HWVirtExPropertyType.enabled))
    print(m.audio_adapter.enabled, m.video_capture_enabled, [(f.name, f.auto_mount_point) for f in m.shared_folders])
    m.save_settings()
properties = box.system_properties
print(properties.serial_port_count, properties.get_max_network_adapters(ChipsetType.piix3), properties.max_boot_position)
print(str(properties.get_storage_bus_for_storage_controller_type(StorageControllerType.intel_ahci)))
print(isinstance(machine.bios_settings, library.IBIOSSettings), library.CPUPropertyType is library.CPUPropertyTypeX86)
print(machine.launchVMProcess.__name__, machine.memorySize == machine.memory_size, machine.id == machine.id_p)
disk = box.create_hard_disk("VDI", "/nowhere/a.vdi")
print(type(disk).__name__, disk.device_type)
"#;
    let path = program.file("old.py", source);
    let outcome = program.run(&["-v", &path]);
    assert_eq!(
        (outcome.code, &*outcome.out),
        (
            0,
            "named named\n(1, 2, 3, 4) (1, 2, 3, 4)\n32 2 True ICH9 EFI MenuOnly\nTrue True True True\n\
             False False [('a', ''), ('b', '/mnt')]\n4 8 4\nSATA\nTrue True\nlaunch_vm_process True True\nIMedium HardDisk\n"
        ),
        "{}",
        outcome.err
    );
    // Each use is noted once.
    for noted in [
        "IMachine.VRAMSize is graphicsAdapter.VRAMSize",
        "IVirtualBox.createMachine without a platform",
        "IVirtualBox.createHardDisk",
    ] {
        assert_eq!(outcome.err.matches(noted).count(), 1, "{noted}: {}", outcome.err);
    }
}
