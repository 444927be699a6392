# Serial and parallel ports.

import prelude as t

m = t.create("ports", "Ubuntu_64")
for slot in [0, 1, 2, 3, 4, 4294967295]:
    t.attempt(f"serial {slot}", lambda: m.getSerialPort(slot))
    t.attempt(f"parallel {slot}", lambda: m.getParallelPort(slot))
for slot in range(0, 4): t.dump(f"serial {slot}", m.getSerialPort(slot))
for slot in range(0, 2): t.dump(f"parallel {slot}", m.getParallelPort(slot))
s = m.getSerialPort(1)
t.write_every("mode without a path", s, "hostMode", PortMode)
t.write_each("path", s, "path", ["", "/tmp/a", "relative", "with space", "x:1234", ""])
s.path = "/tmp/pipe"
t.write_every("mode with a path", s, "hostMode", PortMode)
t.write("path of a pipe", s, "path", "")
s.hostMode = PortMode.Disconnected
t.write("path of nothing", s, "path", "")
t.write_every("uart", s, "uartType", UartType)
t.write_each("server", s, "server", [True, False])
t.write_each("enabled", s, "enabled", [True, True, False])
t.write_each("address", s, "IOAddress", [0, 0x3f8, 0xffff, 0x10000, 4294967295, 0x2f8])
t.write_each("interrupt", s, "IRQ", [0, 1, 15, 16, 255, 256, 4294967295, 3])
p = m.getParallelPort(0)
t.write_each("parallel enabled", p, "enabled", [True, False])
t.write_each("parallel base", p, "IOBase", [0, 0x378, 0xffff, 0x10000, 4294967295, 0x378])
t.write_each("parallel interrupt", p, "IRQ", [0, 15, 16, 255, 256, 4294967295, 7])
t.write_each("parallel path", p, "path", ["/dev/parport0", "nonsense", ""])
t.write("parallel enabled without a path", p, "enabled", True)
t.attempt("save", lambda: m.saveSettings())
vbox.registerMachine(m)
t.write("registered", s, "path", "/tmp/x")
t.write("registered", p, "path", "/tmp/x")
