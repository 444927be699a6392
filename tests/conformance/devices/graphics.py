# IGraphicsAdapter and IVRDEServer.

import prelude as t

m = t.create("graphics", "Ubuntu_64")
g = m.graphicsAdapter
t.write_every("controller", g, "graphicsControllerType", GraphicsControllerType)
t.write_each("memory", g, "VRAMSize", [0, 1, 16, 256, 257, 4294967295, 16])
t.write_each("monitors", g, "monitorCount", [0, 1, 2, 8, 64, 65, 4294967295, 1])
for name in t.members(GraphicsFeature):
    t.attempt(f"feature {name}", lambda: g.isFeatureEnabled(GraphicsFeature[name]))
    t.attempt(f"feature {name} on", lambda: g.setFeature(GraphicsFeature[name], True))
    t.attempt(f"feature {name} then", lambda: g.isFeatureEnabled(GraphicsFeature[name]))
    t.attempt(f"feature {name} off", lambda: g.setFeature(GraphicsFeature[name], False))
v = m.VRDEServer
t.dump("vrde", v, ["VRDEProperties"])
t.write_each("enabled", v, "enabled", [True, False])
t.write_every("auth", v, "authType", AuthType)
t.write_each("time-out", v, "authTimeout", [0, 1, 4294967295, 5000])
t.write_each("multi", v, "allowMultiConnection", [True, False])
t.write_each("reuse", v, "reuseSingleConnection", [True, False])
t.write_each("pack", v, "VRDEExtPack", ["nonsense", "VNC", "", "VNC"])
t.write_each("library", v, "authLibrary", ["", "null", "/tmp/x.so", "VBoxAuth"])
t.attempt("property of nothing", lambda: v.getVRDEProperty("Own"))
t.attempt("set", lambda: v.setVRDEProperty("Own", "1"))
t.attempt("get", lambda: v.getVRDEProperty("Own"))
t.attempt("ports", lambda: v.setVRDEProperty("TCP/Ports", "5000,5010-5012"))
t.attempt("ports are", lambda: v.getVRDEProperty("TCP/Ports"))
for ports in ["nonsense", "0", "65535", "65536", "5000-", "5000 - 5001", "5010-5000", "", " 5000 , 5001 "]:
    t.attempt(f"ports {ports}", lambda: v.setVRDEProperty("TCP/Ports", ports))
    t.attempt(f"ports {ports} are", lambda: v.getVRDEProperty("TCP/Ports"))
t.attempt("case", lambda: v.getVRDEProperty("tcp/ports"))
t.attempt("delete", lambda: v.setVRDEProperty("Own", ""))
t.attempt("nameless", lambda: v.setVRDEProperty("", "1"))
t.attempt("nameless get", lambda: v.getVRDEProperty(""))
t.attempt("save", lambda: m.saveSettings())
vbox.registerMachine(m)
t.attempt("registered", lambda: v.setVRDEProperty("Own", "1"))
t.attempt("registered feature", lambda: g.setFeature(GraphicsFeature.Acceleration3D, True))
t.write("registered", g, "VRAMSize", 20)
t.write("registered", v, "enabled", True)
