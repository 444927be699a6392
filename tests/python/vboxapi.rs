//! The module that passes for VirtualBox's own.

use super::{program, script};

#[test]
fn the_manager_offers_what_virtualbox_s_own_does() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import inspect, vboxapi
from vboxapi import VirtualBoxManager
mgr = VirtualBoxManager(None, None)
print(mgr.style, mgr.type, mgr.remote, mgr.mgr is mgr, mgr.getPythonApiRevision())
vb = mgr.getVirtualBox()
print(vb, str(vb) == repr(mgr.vbox), [m.name for m in mgr.getArray(vb, "machines")], [m.name for m in vb.machines])
m = vb.findMachine("web-01")
print(m, m.state, type(m.state).__name__, m.state == mgr.constants.MachineState_PoweredOff)
print(inspect.ismethod(m.lockMachine), m.getName(), vb.getMachines()[0] == m)
print(mgr.constants.MachineState_Running, mgr.constants.all_values("NATAliasMode"), mgr.constants.all_values("Nope"))
print(mgr.getEnumValueName("MachineState", 1), mgr.getEnumValueName("MachineState", 1, True), mgr.getEnumValueName("MachineState", 999))
print(hex(mgr.constants.VBOX_E_OBJECT_NOT_FOUND), hex(mgr.statuses.E_FAIL), mgr.getSdkDir().endswith("sdk"))
try:
    mgr.constants.MachineState_Nope
except AttributeError as error:
    print("no constant")
try:
    VirtualBoxManager("FOO", None)
except Exception as error:
    print(error)
"#,
    );
    assert_eq!(
        said,
        "XPCOM XPCOM False True 3\n\
         <XPCOM component '@virtualbox.org/VirtualBox;1' (implementing IVirtualBox)> True ['web-01'] ['web-01']\n\
         <XPCOM component '<unknown>' (implementing IMachine)> 1 int True\n\
         True web-01 True\n\
         6 {'AliasLog': 1, 'AliasProxyOnly': 2, 'AliasUseSamePorts': 4} {}\n\
         PoweredOff MachineState_PoweredOff MachineState_Unknown_999\n\
         0x80bb0001 0x80004005 True\nno constant\nUnknown sStyle=FOO\n"
    );
}

/// The texts and numbers are those of VirtualBox 7.2.22's own module.
#[test]
fn errors_read_as_those_of_its_bindings() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from vboxapi import VirtualBoxManager
mgr = VirtualBoxManager()
vb = mgr.getVirtualBox()
try:
    vb.findMachine("zz")
except mgr.oXcptClass as error:
    print(str(error).startswith("0x80bb0001 ("), type(error).__name__, error.errno, mgr.xcptGetStatus(error), mgr.xcptGetStatus())
    print(mgr.xcptIsEqual(error, 0x80bb0001), mgr.xcptIsEqual(error, -2135228415), mgr.xcptIsNotEqual(error, 0))
    print(mgr.xcptToString(error).startswith("VBOX_E_OBJECT_NOT_FOUND ("), mgr.xcptGetMessage(error) == error.msg, mgr.errGetMessage() == error.msg)
    print(mgr.xcptIsOurXcptKind(error), mgr.xcptIsOurXcptKind(ValueError()), mgr.xcptIsDeadInterface(error), mgr.xcptIsOurXcptKind())
for wrong in (lambda: vb.nope, lambda: vb.findMachine("a", "b"), lambda: vb.findMachine(3)):
    try:
        wrong()
    except (AttributeError, TypeError) as error:
        print(isinstance(error, AttributeError), isinstance(error, TypeError))
"#,
    );
    assert_eq!(
        said,
        "True Exception -2135228415 -2135228415 -2135228415\nTrue True True\nTrue True True\nTrue False False True\n\
         True True\nFalse True\nFalse True\n"
    );
}

#[test]
fn sessions_listeners_and_metrics_work() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from vboxapi import VirtualBoxManager
mgr = VirtualBoxManager(None, None)
vb = mgr.getVirtualBox()
m = vb.findMachine("web-01")
session = mgr.openMachineSession(m, fPermitSharing=True)
session.machine.memorySize = 512
mgr.setArray(session.machine, "groups", ["/a", "/b"])
session.machine.saveSettings()
print(session, session.state == mgr.constants.SessionState_Locked)
mgr.closeMachineSession(session)
mgr.closeMachineSession(None)
print(m.memorySize, mgr.getArray(m, "groups"), mgr.getSessionObject(vb).state, mgr.mgr.getSessionObject(None).state)
class Listener:
    def __init__(self, args): self.seen = []
    def handleEvent(self, event):
        event = mgr.queryInterface(event, "IExtraDataChangedEvent")
        print("active", event.key, event.value)
listener = mgr.createListener(Listener, {})
source = vb.eventSource
source.registerListener(listener, [mgr.constants.VBoxEventType_OnExtraDataChanged], True)
vb.setExtraData("k", "v")
print(mgr.waitForEvents(1000), mgr.waitForEvents(0))
source.unregisterListener(listener)
passive = source.createListener()
source.registerListener(passive, [mgr.constants.VBoxEventType_OnExtraDataChanged], False)
vb.setExtraData("k", "w")
event = source.getEvent(passive, 1000)
print(event.type == mgr.constants.VBoxEventType_OnExtraDataChanged, mgr.queryInterface(event, "IExtraDataChangedEvent").value)
source.eventProcessed(passive, event)
try:
    mgr.waitForEvents(1.5)
except TypeError as error:
    print(error)
print(mgr.initPerThread() or True, mgr.interruptWaitEvents())
mgr.deinit()
"#,
    );
    assert_eq!(
        said,
        "<XPCOM component '@virtualbox.org/Session;1' (implementing ISession)> True\n512 ['/a', '/b'] 1 1\n\
         active k v\n0 1\nTrue w\nThe timeout argument is not an integer\nTrue True\n"
    );
}

/// One table of places; each place is walked by a test of the schema, and here from Python.
#[test]
fn older_members_and_calls_are_forwarded() {
    let Some(program) = program() else { return };
    let source = r#"
from vboxapi import VirtualBoxManager
mgr = VirtualBoxManager(None, None)
vb = mgr.getVirtualBox()
m = vb.createMachine("", "old", [], "Debian_64", "")
m.saveSettings()
vb.registerMachine(m)
session = mgr.openMachineSession(m)
m = session.machine
m.VRAMSize = 33
m.monitorCount = 2
m.graphicsAdapter.graphicsControllerType = mgr.constants.GraphicsControllerType_VMSVGA
m.accelerate3DEnabled = True
m.chipsetType = mgr.constants.ChipsetType_ICH9
m.firmwareType = mgr.constants.FirmwareType_EFI
m.BIOSSettings.IOAPICEnabled = True
m.RTCUseUTC = True
m.HPETEnabled = True
m.setCPUProperty(mgr.constants.CPUPropertyTypeX86_PAE, True)
m.setHWVirtExProperty(mgr.constants.HWVirtExPropertyType_Enabled, True)
m.audioAdapter.enabled = False
print(m.VRAMSize, m.graphicsAdapter.VRAMSize, m.monitorCount, m.accelerate3DEnabled, m.chipsetType == m.platform.chipsetType)
print(m.firmwareType == m.firmwareSettings.firmwareType, m.RTCUseUTC, m.HPETEnabled, m.hpetEnabled, m.BIOSSettings.IOAPICEnabled)
print(m.getCPUProperty(mgr.constants.CPUPropertyTypeX86_PAE), m.getHWVirtExProperty(mgr.constants.HWVirtExPropertyType_Enabled))
print(m.audioAdapter.enabled, m.sessionType == m.sessionName, vb.getMachine("old").name)
session.unlockMachine()
p = vb.systemProperties
print(p.serialPortCount == p.platform.serialPortCount, p.getMaxNetworkAdapters(1) > 0, hasattr(p, "nope"))
"#;
    let said = script(&program, source);
    assert_eq!(said, "33 33 2 True True\nTrue True True True True\nTrue True\nFalse True old\nTrue True False\n");
    let path = program.file("noted.py", "import vboxapi\nmgr = vboxapi.VirtualBoxManager()\nfor _ in (1, 2): mgr.getVirtualBox().findMachine('web-01').chipsetType\n");
    let noted = program.run(&["-v", &path]);
    assert_eq!(noted.err.matches("IMachine.chipsetType is platform.chipsetType").count(), 1, "{noted:?}");
    let strict = program.eval("vbox.findMachine(\"web-01\").chipsetType").failed(6);
    assert!(strict.contains("it is `platform.chipsetType` since VirtualBox 7.1"), "{strict}");
}

#[test]
fn older_forms_of_calls_are_understood() {
    let Some(program) = program() else { return };
    let said = script(&program, FORMS);
    assert_eq!(
        said,
        "['A=1', 'B'] []\n('x', ['x'], '', ['A=1'], [], 0)\n('x', ['x'], '/', ['A=1'], [], 0)\n\
         ('', []) x86\nx86 True\n(1, [5], True, 0) (1, 'x', True, 0) (1, [5], False, 0)\n\
         (7, 0) (7, 0) (7, 0, 1, 2, 3, 4)\n('trunk', 'type') ('trunk', 'type') () ()\n\
         x86 {'is_ipv6': True}\n"
    );
}

/// Adapts arguments without a running guest: what the table makes of them.
const FORMS: &str = r#"
import vboxapi, vboxsh, sys
vb = vboxapi.VirtualBoxManager().getVirtualBox()
vb.findMachine("web-01").chipsetType
c = vboxsh._compatible_forms()
form = lambda name, *given: c.arguments(name, (None,) + given)[1][1:]
print(form("IMachine.launchVMProcess", None, "headless", "A=1\nB\n")[2], form("IMachine.launchVMProcess", None, "headless", "")[2])
print(form("IGuestSession.processCreate", "x", ["x"], ["A=1"], [], 0))
print(form("IGuestSession.processCreate", "x", ["x"], "/", ["A=1"], [], 0))
print(form("IGuestSession.processCreateEx", "x", [], [], [], 0, 1, [])[2:4], form("IVirtualBox.createMachine", "", "n", [], "o", "")[2])
print(form("IVirtualBox.checkFirmwarePresent", 1, "")[0], form("IDisplay.setVideoModeHint", 0, True, False, 0, 0, 8, 8, 32)[8])
print(form("IMouse.putEventMultiTouch", 1, [5], 0), form("IMouse.putEventMultiTouchString", 1, "x", 0), form("IMouse.putEventMultiTouch", 1, [5], False, 0))
print(form("IPlatformX86.getCPUIDLeaf", 7), form("IPlatformX86.removeCPUIDLeaf", 7), form("IPlatformX86.setCPUIDLeaf", 7, 1, 2, 3, 4))
print(form("IDHCPServer.start", "net", "trunk", "type"), form("IDHCPServer.start", "trunk", "type"), form("INATNetwork.start", "x"), form("INATNetwork.start"))
print(c.older_arguments("IVirtualBox.createMachine", (), {"name": "n"})[1]["platform"], c.older_arguments("INATNetwork.removePortForwardRule", (), {"i_sipv6": True})[1])
"#;

/// Every entry of the table, in both modules; the strict graph says where each went.
#[test]
fn every_member_that_moved_is_found_in_both_modules() {
    let Some(program) = program() else { return };
    let outcome = program.run(&["-v", &program.file("table.py", TABLE)]);
    assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.err);
    let noted: Vec<_> = outcome.out.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    assert!(noted.len() > 60, "{}", outcome.out);
    for note in noted {
        let lines = outcome.err.lines().filter(|line| line.ends_with(note)).count();
        assert_eq!(lines, 1, "{note}: {}", outcome.err);
    }
}

const TABLE: &str = r#"
import vboxapi, vboxsh, virtualbox
from virtualbox import classes
from virtualbox.library_base import pythonic_name
mgr = vboxapi.VirtualBoxManager()
vb = mgr.getVirtualBox()
machine = vb.findMachine("web-01")
session = mgr.getSessionObject()
machine.lockMachine(session, mgr.constants.LockType_Write)
session.machine.graphicsAdapter.graphicsControllerType = mgr.constants.GraphicsControllerType_VMSVGA
session.machine.saveSettings()
session.unlockMachine()
machine.launchVMProcess(session, "headless", []).waitForCompletion(-1)
vboxsh.vbox.findMachine("web-01").lockMachine(vboxsh.session, "Shared")

def objects(box, session):
    return {"IConsole": session.console, "IHost": box.host, "IMachine": session.machine, "IMouse": session.console.mouse,
            "IGraphicsAdapter": session.machine.graphicsAdapter, "ISystemProperties": box.systemProperties,
            "ISerialPort": session.machine.getSerialPort(0), "IUnattended": box.createUnattendedInstaller()}
compatible, strict = objects(vb, session), objects(vboxsh.vbox, vboxsh.session)
rest = {"IMouseCapabilityChangedEvent"}

def outcome(work):
    try:
        value = work()
    except vboxsh.Error as error:
        return hex(error.code & 0xffffffff)
    except virtualbox.library.VBoxError as error:
        return hex(error.value)
    if isinstance(value, (list, tuple)):
        return [outcome(lambda: one) for one in value]
    if isinstance(value, virtualbox.library.Enum):
        return value._wire
    if isinstance(value, vboxsh.EnumValue):
        return int(value)
    if isinstance(value, (vboxsh.Object, virtualbox.library.Interface)):
        return getattr(value, "_i", value).__interface__
    return value

def walk(obj, steps):
    for step in steps:
        obj = getattr(obj, step)
    return obj

seen = 0
for interface in vboxsh._schema_names()[0]:
    for member, place, since, is_method in vboxsh._moved_members(interface):
        seen += 1
        if interface in rest:
            assert hasattr(getattr(virtualbox.library, interface), pythonic_name(member)), member
            continue
        old, new = compatible[interface], strict[interface]
        steps = place.split("(")[0].split(".")
        feature = place.split("(")[1].rstrip(")") if "(" in place else None
        wrapped = getattr(virtualbox.library, interface)(old)
        if is_method:
            assert getattr(old, member).__name__ == steps[-1], member
            try:
                getattr(wrapped, pythonic_name(member))(no_such_argument=1)
                raise SystemExit("%s took anything" % member)
            except TypeError as error:
                assert "." + steps[-1] in str(error) or "." + vboxsh.snake_case(steps[-1]) in str(error), (member, error)
        else:
            if feature:
                expected = outcome(lambda: walk(new, steps[:-1]).isFeatureEnabled(vboxsh.GraphicsFeature[feature]))
            else:
                expected = outcome(lambda: walk(new, steps))
            assert outcome(lambda: getattr(old, member)) == expected, (member, expected)
            assert outcome(lambda: getattr(wrapped, pythonic_name(member))) == expected, (member, expected)
        # The strict graph has it under neither spelling, and says where it went.
        for spelling in (member, vboxsh.snake_case(member)):
            try:
                getattr(new, spelling)
                raise SystemExit("%s.%s is there" % (interface, spelling))
            except AttributeError as error:
                assert steps[-1] in error.hint and since in error.hint, (member, error.hint)
        print("note: older form: %s.%s is %s" % (interface, member, place))
assert seen > 60, seen

# Members that can be written are written where they went.
mgr.closeMachineSession(vboxsh.session)
session.console.powerDown().waitForCompletion(-1)
import time
while machine.sessionState != mgr.constants.SessionState_Unlocked:
    time.sleep(0.01)
machine.lockMachine(session, mgr.constants.LockType_Write)
old = session.machine
for member, value in [("VRAMSize", 21), ("monitorCount", 3), ("accelerate3DEnabled", True), ("accelerate3DEnabled", False), ("RTCUseUTC", True),
                      ("HPETEnabled", True), ("chipsetType", 2), ("firmwareType", 2), ("videoCaptureEnabled", False)]:
    setattr(old, member, value)
    assert getattr(old, member) == value, member
    wrapped = virtualbox.library.IMachine(old)
    read = getattr(wrapped, pythonic_name(member))
    setattr(wrapped, pythonic_name(member), read)
    assert getattr(old, member) == value, member
# Names of enumerations and interfaces, numbers as bindings for XPCOM take them.
for name in ("BIOSBootMenuMode", "CPUPropertyType", "DhcpOpt", "DhcpOptEncoding", "DirectoryCopyFlags", "FileOpenExFlags", "FsObjMoveFlags",
             "RecordingVideoRateControlMode", "RecordingVideoScalingMethod"):
    new = vboxsh._renamed(name)
    assert mgr.constants.all_values(name) == mgr.constants.all_values(new) != {}, name
    assert getattr(virtualbox.library, name) is getattr(virtualbox.library, new), name
assert mgr.constants.CPUPropertyType_PAE == mgr.constants.CPUPropertyTypeX86_PAE
assert mgr.queryInterface(old.BIOSSettings, "IBIOSSettings").__interface__ == "IFirmwareSettings"
assert old.getBootOrder("1") == old.getBootOrder(1) == old.getBootOrder(1.0)
old.memorySize, old.teleporterEnabled = "77", 0
assert (old.memorySize, old.teleporterEnabled) == (77, False)
for wrong in (lambda: old.getBootOrder("one"), lambda: vboxsh.vbox.findMachine("web-01").getBootOrder("1")):
    try:
        wrong()
        raise SystemExit("a text was taken for a number")
    except TypeError:
        pass
assert old.accelerate2DVideoEnabled is False and virtualbox.library.IMachine(old).accelerate2_d_video_enabled is False
old.accelerate2DVideoEnabled = False
try:
    old.accelerate2DVideoEnabled = True
    raise SystemExit("what is no more was turned on")
except AttributeError:
    pass
assert vb.getMachine("web-01") == machine and vb.createHardDisk("VDI", "/nowhere/x.vdi").deviceType == mgr.constants.DeviceType_HardDisk
session.unlockMachine()
"#;
