# What a new machine is, before and after its defaults are applied, and registered.

import prelude as t

machine = t.attempt("create", lambda: vbox.createMachine("", "fresh", PlatformArchitecture.x86, [], "Ubuntu_64", ""))
t.tree("new", machine, 3)
t.attempt("defaults", lambda: machine.applyDefaults(""))
t.tree("with defaults", machine, 3)
t.attempt("defaults again", lambda: machine.applyDefaults(""))
t.attempt("save", lambda: machine.saveSettings())
t.attempt_with_events("register", vbox, [], lambda: vbox.registerMachine(machine))
t.write("registered", machine, "memorySize", 512)
t.attempt("register again", lambda: vbox.registerMachine(machine))
t.attempt("modified", lambda: machine.settingsModified)
t.attempt("unregister", lambda: machine.unregister(CleanupMode.Full))
t.attempt("unregister again", lambda: machine.unregister(CleanupMode.Full))
