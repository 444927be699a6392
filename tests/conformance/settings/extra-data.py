# Extra data of a machine and of the whole: keys, values, events, saving.

import prelude as t

m = t.register("extra", "Ubuntu_64")
types = [VBoxEventType.OnExtraDataChanged, VBoxEventType.OnMachineDataChanged]


def every(label, o, types):
    t.attempt(f"{label} keys", lambda: o.getExtraDataKeys())
    t.attempt(f"{label} missing", lambda: o.getExtraData("no/such"))
    t.attempt_with_events(f"{label} set", vbox, types, lambda: o.setExtraData("b/key", "value"))
    t.attempt_with_events(f"{label} the same", vbox, types, lambda: o.setExtraData("b/key", "value"))
    t.attempt_with_events(f"{label} another", vbox, types, lambda: o.setExtraData("b/key", "other"))
    t.attempt(f"{label} get", lambda: o.getExtraData("b/key"))
    t.attempt(f"{label} case", lambda: o.getExtraData("B/KEY"))
    t.attempt(f"{label} second", lambda: o.setExtraData("a/key", "<&\">\n\t"))
    t.attempt(f"{label} second get", lambda: o.getExtraData("a/key"))
    t.attempt(f"{label} keys", lambda: sorted(o.getExtraDataKeys()))
    t.attempt_with_events(f"{label} delete", vbox, types, lambda: o.setExtraData("b/key", ""))
    t.attempt_with_events(f"{label} delete again", vbox, types, lambda: o.setExtraData("b/key", ""))
    t.attempt(f"{label} empty key", lambda: o.setExtraData("", "x"))
    t.attempt(f"{label} get empty key", lambda: o.getExtraData(""))
    t.attempt(f"{label} control letter", lambda: o.setExtraData("a\x01b", "x"))
    t.attempt(f"{label} newline", lambda: o.setExtraData("a\nb", "x"))
    t.attempt(f"{label} umlaut", lambda: o.setExtraData("ä", "ö"))
    t.attempt(f"{label} umlaut get", lambda: o.getExtraData("ä"))
    t.attempt(f"{label} space", lambda: o.setExtraData(" ", "x"))
    t.attempt(f"{label} keys at last", lambda: sorted(o.getExtraDataKeys()))
every("machine", m, types)
every("whole", vbox, types)
m.lockMachine(session, LockType.Write)
every("locked", session.machine, types)
t.attempt("behind the lock", lambda: m.getExtraData("ä"))
t.attempt("modified", lambda: session.machine.settingsModified)
session.unlockMachine()
fresh = t.create("unregistered", "Ubuntu_64")
every("unregistered", fresh, types)
