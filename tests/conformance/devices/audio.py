# IAudioSettings and IAudioAdapter.

import prelude as t

m = t.create("audio", "Ubuntu_64")
a = m.audioSettings.adapter
t.dump("new", a)
t.write_each("enabled", a, "enabled", [True, False, True])
t.write_each("in", a, "enabledIn", [True, False])
t.write_each("out", a, "enabledOut", [True, False])
for controller in ["AC97", "SB16", "HDA"]:
    t.write("controller", a, "audioController", AudioControllerType[controller])
    t.attempt(f"codec of {controller}", lambda: a.audioCodec)
    t.write_every(f"codec of {controller}", a, "audioCodec", AudioCodecType)
t.write_every("driver", a, "audioDriver", AudioDriverType)
t.attempt("property of nothing", lambda: a.getProperty("x"))
t.attempt("set property", lambda: a.setProperty("x", "1"))
t.attempt("property", lambda: a.getProperty("x"))
t.attempt("properties", lambda: a.propertiesList)
t.attempt("set another", lambda: a.setProperty("y/z", "2"))
t.attempt("change", lambda: a.setProperty("x", "3"))
t.attempt("properties now", lambda: a.propertiesList)
t.attempt("delete", lambda: a.setProperty("x", ""))
t.attempt("delete again", lambda: a.setProperty("x", ""))
t.attempt("nameless", lambda: a.setProperty("", "1"))
t.attempt("nameless get", lambda: a.getProperty(""))
t.attempt("properties at last", lambda: a.propertiesList)
t.attempt("host device", lambda: m.audioSettings.getHostAudioDevice(AudioDirection.Out))
t.attempt("host device in", lambda: m.audioSettings.getHostAudioDevice(AudioDirection.In))
t.attempt("set host device", lambda: m.audioSettings.setHostAudioDevice(None, AudioDirection.Out))
vbox.registerMachine(m)
t.attempt("registered property", lambda: a.setProperty("x", "1"))
t.write("registered", a, "audioDriver", AudioDriverType.Null)
m.lockMachine(session, LockType.Write)
l = session.machine.audioSettings.adapter
t.attempt("locked property", lambda: l.setProperty("x", "1"))
t.attempt("save", lambda: session.machine.saveSettings())
session.unlockMachine()
t.attempt("saved", lambda: a.propertiesList)
