# The boot order: positions and devices.

import prelude as t

m = t.create("boot", "Ubuntu_64")
for position in [0, 1, 2, 3, 4, 5, 4294967295]:
    t.attempt(f"at {position}", lambda: m.getBootOrder(position))
for device in t.members(DeviceType):
    t.attempt(f"set 1 {device}", lambda: m.setBootOrder(1, DeviceType[device]))
    t.attempt(f"after 1 {device}", lambda: m.getBootOrder(1))
for position in [0, 5]:
    t.attempt(f"set {position}", lambda: m.setBootOrder(position, DeviceType.DVD))
t.attempt("the same twice", lambda: (m.setBootOrder(1, DeviceType.DVD), m.setBootOrder(2, DeviceType.DVD))[1])
t.attempt("then", lambda: [m.getBootOrder(1), m.getBootOrder(2), m.getBootOrder(3), m.getBootOrder(4)])
vbox.registerMachine(m)
t.attempt("registered", lambda: m.setBootOrder(1, DeviceType.Null))
t.attempt("registered get", lambda: m.getBootOrder(1))
