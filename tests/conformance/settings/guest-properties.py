# Guest properties of a machine that does not run: values, flags, patterns, time stamps, events.

import prelude as t

m = t.register("properties", "Ubuntu_64")
t.attempt("get nothing", lambda: m.getGuestProperty("/a"))
t.attempt("value of nothing", lambda: m.getGuestPropertyValue("/a"))
t.attempt("time of nothing", lambda: m.getGuestPropertyTimestamp("/a"))
t.attempt("delete nothing", lambda: m.deleteGuestProperty("/a"))
t.attempt_with_events("set unlocked", vbox, [VBoxEventType.OnGuestPropertyChanged], lambda: m.setGuestProperty("/a", "1", ""))
t.attempt("after", lambda: m.getGuestProperty("/a"))
m.lockMachine(session, LockType.Write)
l = session.machine
types = [VBoxEventType.OnGuestPropertyChanged]
t.attempt_with_events("set", vbox, types, lambda: l.setGuestProperty("/a", "1", ""))
t.attempt_with_events("set the same", vbox, types, lambda: l.setGuestProperty("/a", "1", ""))
t.attempt_with_events("set another", vbox, types, lambda: l.setGuestPropertyValue("/a", "2"))
t.attempt_with_events("set empty", vbox, types, lambda: l.setGuestPropertyValue("/a", ""))
t.attempt_with_events("delete again", vbox, types, lambda: l.deleteGuestProperty("/a"))
for flags in ["TRANSIENT", "TRANSRESET", "RDONLYGUEST", "RDONLYHOST", "READONLY", "rdonlyguest", " RDONLYGUEST , RDONLYHOST ", "RDONLYGUEST,RDONLYGUEST", "NONSENSE", ",", "TRANSIENT, RDONLYGUEST"]:
    t.attempt_with_events(f"flags {flags}", vbox, types, lambda: l.setGuestProperty(f"/flags/{flags}", "x", flags))
    t.attempt(f"flags {flags} are", lambda: l.getGuestProperty(f"/flags/{flags}"))
    t.attempt(f"flags {flags} change", lambda: l.setGuestPropertyValue(f"/flags/{flags}", "y"))
    t.attempt(f"flags {flags} change flags", lambda: l.setGuestProperty(f"/flags/{flags}", "y", ""))
    t.attempt(f"flags {flags} delete", lambda: l.deleteGuestProperty(f"/flags/{flags}"))
for name in ["", "a", "with space", "a*", "a?", "a|b", "ä/ö", "/VirtualBox/HostInfo/x", "/VirtualBox/GuestAdd/x"]:
    t.attempt(f"name {name}", lambda: l.setGuestProperty(name, "x", ""))
    t.attempt(f"name {name} is", lambda: l.getGuestProperty(name))
    t.attempt(f"name {name} time", lambda: l.getGuestPropertyTimestamp(name) > 0)
    t.attempt(f"name {name} delete", lambda: l.deleteGuestProperty(name))
long = "x" * 64
for name in [long[:62], long[:63], long[:64], long + "x"]:
    t.attempt(f"name of {len(name)} letters", lambda: l.setGuestProperty(name, "x", ""))
value = "v" * 2048
for length in [127, 128, 129, 1022, 1023, 1024, 1025]:
    t.attempt(f"value of {length} letters", lambda: l.setGuestProperty("/long", value[:length], ""))
l.setGuestProperty("/b/one", "1", "")
l.setGuestProperty("/b/two", "2", "RDONLYGUEST")
l.setGuestProperty("/c", "3", "")
for pattern in ["", "*", "/b/*", "/b/*|/c", "/b/one", "/B/one", "nothing", "/?/one", "/b/* | /c", "|", "*one*", "/b/*|"]:
    def matching():
        names, values, _times, flags = l.enumerateGuestProperties(pattern)
        return [[n for n in names if len(n) < 20], [v for v in values if len(v) < 20], flags]
    t.attempt(f"pattern {pattern}", matching)
t.attempt("save", lambda: l.saveSettings())
session.unlockMachine()
t.attempt("kept", lambda: m.getGuestPropertyValue("/b/two"))
t.attempt("kept flags", lambda: m.getGuestProperty("/b/two"))
t.attempt("enumerate unlocked", lambda: m.enumerateGuestProperties("/b/*"))
