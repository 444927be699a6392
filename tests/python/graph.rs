//! Objects, enumerations and calls.

use super::{evaluate, program, script};

#[test]
fn attributes_are_read_and_written_under_both_spellings() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
m = vbox.find_machine("web-01")
with m.session() as s:
    s.machine.memorySize = 777
    s.machine.cpu_count = 2
print(m.memorySize, m.memory_size, m.CPUCount, m.currentSnapshot, m.description == "")
with m.session("Write") as s:
    try:
        s.machine.memorySize = 900
        raise ValueError("stop")
    except ValueError:
        pass
try:
    with m.session() as s:
        s.machine.memorySize = 1000
        1 / 0
except ZeroDivisionError:
    print(m.memorySize, m.sessionState)
"#,
    );
    assert_eq!(said, "777 777 2 None True\n900 Unlocked\n");
}

#[test]
fn objects_compare_hash_and_show_what_they_are() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import inspect
a, b = vbox.findMachine("web-01"), vbox.machines[0]
print(a == b, a != b, hash(a) == hash(b), len({a, b}), bool(a), a == None, a.parent == vbox, a == vbox)
print(hasattr(a, "name"), hasattr(a, "nope"), "lockMachine" in dir(a), "memorySize" in dir(a))
print(repr(a).startswith("<IMachine("), a.__interface__, a.queryInterface("IMachine") == a)
print(inspect.ismethod(a.lockMachine), a.lockMachine.__name__, inspect.signature(a.lockMachine))
print("memorySize" in a.__doc__, "lockType" in a.lockMachine.__doc__)
"#,
    );
    assert_eq!(
        said,
        "True False True 1 True False True False\nTrue False True True\nTrue IMachine True\n\
         True lockMachine (session, lockType)\nTrue True\n"
    );
}

#[test]
fn arguments_go_by_place_and_by_either_name() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
m = vbox.findMachine("web-01")
vbox.setExtraData("GUI/a", value="1")
vbox.setExtraData(value="2", key="GUI/b")
print(vbox.getExtraData("GUI/a"), vbox.get_extra_data(key="GUI/b"), m.getGuestProperty("x"))
print(vbox.findMachine(name_or_id="web-01") == vbox.findMachine(nameOrId="web-01"))
for call in (lambda: m.setExtraData(valu="1"), lambda: m.setExtraData("k", key="k"), lambda: m.lockMachine(lockType=1),
             lambda: m.setExtraData("a", "b", "c"), lambda: m.setExtraData(lambda: 1, "x"), lambda: vbox.findMachine(3)):
    try:
        call()
        print("no error")
    except TypeError as error:
        print(error)
"#,
    );
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "1 2 ('', 0, '')");
    assert_eq!(lines[1], "True");
    assert_eq!(lines[2], "IMachine.setExtraData: there is no argument `valu`");
    assert_eq!(lines[3], "IMachine.setExtraData: `key` is given twice");
    assert_eq!(lines[4], "IMachine.lockMachine: `session` must be an object: without one VirtualBox itself may crash");
    assert_eq!(lines[5], "IMachine.setExtraData wants 2 arguments, not 3");
    assert!(lines[6].contains("function"), "{}", lines[6]);
    assert!(lines[7].starts_with("IVirtualBox.findMachine: `nameOrId` wants wstring"), "{}", lines[7]);
}

#[test]
fn enumeration_values_are_numbers_with_names() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import copy, json, pickle
s = vbox.findMachine("web-01").state
print(s, repr(s), s.name, s.value, "%d" % s, f"{s} {s:d} {s:>12}", json.dumps([s]))
print(s == 1, s == "PoweredOff", s == MachineState.PoweredOff, s == MachineState_PoweredOff, s == SessionState(1), s != "Running")
print(MachineState["Running"], MachineState("Running") == MachineState.running, MachineState(99), repr(MachineState(99)))
print({s: "x"}[MachineState.PoweredOff], s < MachineState.Running, isinstance(s, MachineState), isinstance(s, int))
print(s in MachineState, "Running" in MachineState, len(MachineState) > 20, [v.name for v in MachineState][:2])
print(pickle.loads(pickle.dumps(s)) == s, copy.deepcopy(s) == s, NATAliasMode.AliasLog | NATAliasMode.AliasProxyOnly)
from vboxsh import MachineState as M, LockType_Write
print(M.Running == MachineState.Running, LockType_Write)
try:
    MachineState.Runing
except AttributeError as error:
    print(error)
"#,
    );
    assert_eq!(
        said,
        "PoweredOff MachineState.PoweredOff PoweredOff 1 1 PoweredOff 1   PoweredOff [1]\n\
         True True True True False True\n\
         Running True MachineState(99) MachineState(99)\n\
         x True True True\n\
         True True True ['Null', 'PoweredOff']\n\
         True True 3\n\
         True Write\n\
         MachineState has no value `Runing`; did you mean `Running`?\n"
    );
}

#[test]
fn events_come_one_by_one_while_other_threads_call() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import threading
ready = threading.Event()
def listen():
    with vbox.events("OnExtraDataChanged", seconds=20) as events:
        ready.set()
        for event in events:
            print(event.type, event.key, event.value, event.__interface__)
            if event.key == "last":
                break
thread = threading.Thread(target=listen)
thread.start()
ready.wait()
vbox.setExtraData("first", "1")
vbox.setExtraData("last", "2")
thread.join()
print(list(vbox.events("OnSnapshotTaken", seconds=0.05)))
"#,
    );
    assert_eq!(
        said,
        "OnExtraDataChanged first 1 IExtraDataChangedEvent\nOnExtraDataChanged last 2 IExtraDataChangedEvent\n[]\n"
    );
}

#[test]
fn further_connections_stand_beside_the_shell_s_own() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import vboxsh, os
with vboxsh.connect("embedded", home=os.path.join(os.environ["HOME"], "other")) as other:
    print(other.backend, len(other.vbox.machines), len(vbox.machines), other.vbox == vbox)
    try:
        other.vbox.getMachineStates(vbox.machines)
    except TypeError as error:
        print(error)
"#,
    );
    assert!(said.starts_with("embedded 0 1 False\n"), "{said}");
    assert!(said.contains("comes from another connection"), "{said}");
}

#[test]
fn values_are_shown_as_in_the_other_language() {
    let Some(program) = program() else { return };
    let sources =
        ["vbox.machines", "(1, 'a', None, True, 2.5)", "{'a': [MachineState.Running]}", "b'ab'", "2**70", "None"];
    let python = evaluate(&program, &sources).ok();
    let rhai: String = [
        sources[0],
        "[1, \"a\", (), true, 2.5]",
        "#{a: [MachineState.Running]}",
        "blob(2, 0)",
        "\"1180591620717411303424\"",
    ]
    .map(|source| program.eval(source).ok())
    .concat();
    let comparable = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("blob") && !line.contains("bytes"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(comparable(&python)[..4], comparable(&rhai)[..4], "{python}\n{rhai}");
    assert!(python.contains("1180591620717411303424"), "{python}");
}
