//! Enumerations as pyvbox has them, and the faults that they do not have.

use super::{program, script};

#[test]
fn values_print_as_labels_and_compare_as_numbers() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import copy, pickle
from virtualbox.library import MachineState, SessionState, LockType, VBoxEventType, AdditionsFacilityType, FileStatus
from virtualbox import library, library_base
paused = MachineState.paused
print(int(paused), str(paused), repr(paused), "%d" % paused, "{}".format(paused), MachineState(6), MachineState["paused"], paused["running"])
print(paused == 6, 6 == paused, paused == "6", SessionState.locked == LockType(2), paused != 6, paused is MachineState.paused)
print(copy.copy(paused) == paused, pickle.loads(pickle.dumps(paused)) == paused, bool(MachineState.null), isinstance(paused, library_base.Enum))
print(MachineState._enums[1][:2], "halted" in paused.__doc__, "paused(6)" in MachineState.__doc__, len(MachineState.__uuid__))
# Both spellings, whatever the interpreter's builtins are.
print(VBoxEventType.any_p, VBoxEventType.any, AdditionsFacilityType.all_p, FileStatus.open_p, library.VFSType.file, library.VFSType.file_p)
print([str(value) for value in (library.DHCPOption.subnet_mask, library.USBConnectionSpeed.super_p, library.CloneOptions.keep_all_ma_cs)])
for wrong in (999, "Running", None, True):
    try:
        MachineState(wrong)
    except ValueError as error:
        print("ValueError", repr(wrong) in str(error))
"#,
    );
    assert_eq!(
        said,
        "6 Paused MachineState(6) 6 Paused Paused Paused Running\nTrue True True True False False\nTrue True True True\n\
         ('PoweredOff', 1) True True 36\nAny Any All Open File File\n['SubnetMask', 'Super', 'KeepAllMACs']\n\
         ValueError True\nValueError True\nValueError True\nValueError True\n"
    );
}

/// Each of these fails in pyvbox, on Python 3 or everywhere.
#[test]
fn pyvbox_s_faults_with_enumerations_are_gone() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
from virtualbox.library import MachineState
running, paused = MachineState.running, MachineState.paused
print("two names of a number:", running, MachineState.first_online, MachineState.last_transient)
print("all comparisons:", running <= paused, running >= paused, running < paused, running > 3, running >= MachineState.first_online)
print("foreign types:", running == None, running == "Paused", running != object(), running in [None, "x", running])
print("keys:", {running: 1}[MachineState.running], len({running, paused, MachineState(5)}))
print("in a row:", [str(value) for value in MachineState][:3])
try:
    MachineState["nope"]
except KeyError as error:
    print("KeyError", error)
try:
    MachineState.pausd
except AttributeError as error:
    print(error)
unknown = MachineState._received(99)
print("a newer server's:", unknown, int(unknown), unknown == 99, unknown == running)
"#,
    );
    assert_eq!(
        said,
        "two names of a number: Running Running Snapshotting\nall comparisons: True False True True True\n\
         foreign types: False False True True\nkeys: 1 2\nin a row: ['Null', 'PoweredOff', 'Saved']\n\
         KeyError \"MachineState has no value 'nope'\"\nMachineState has no value 'pausd'; did you mean `paused`?\n\
         a newer server's: MachineState(99) 99 True False\n"
    );
}

/// Scripts compare states with numbers. Those of VirtualBox 7 are others from 5 on.
#[test]
fn numbers_are_those_that_scripts_were_written_with() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import virtualbox, vboxsh
from virtualbox.library import MachineState, AudioDriverType
machine = virtualbox.VirtualBox().find_machine("web-01")
print(machine.state == 1, int(MachineState.running), vboxsh.MachineState.Running.value, MachineState.running._wire)
for value in MachineState:
    assert MachineState._received(value._wire) == value, value
    assert int(vboxsh.MachineState[str(value)]) == value._wire, value
print(MachineState._received(5), MachineState._received(5) == MachineState.aborted, MachineState.aborted_saved < MachineState.first_online)
session = machine.create_session()
session.machine.audio_adapter.audio_driver = AudioDriverType.null
session.machine.save_settings()
print(machine.audio_adapter.audio_driver, int(AudioDriverType.pulse), session.machine._i.audioSettings.adapter.audioDriver)
session.unlock_machine()
"#,
    );
    assert_eq!(said, "True 5 6 6\nAbortedSaved True True\nNull 7 1\n");
}
