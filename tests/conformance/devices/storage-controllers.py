# Storage controllers: kinds, names, ports, instances.

import prelude as t

m = t.create("storage", "Ubuntu_64")
for bus in t.members(StorageBus):
    c = t.attempt(f"add {bus}", lambda: m.addStorageController(f"c-{bus}", StorageBus[bus]))
    if c is None:
        continue
    t.dump(f"c-{bus}", c)
    t.write_every(f"type of {bus}", c, "controllerType", StorageControllerType)
    t.write_each(f"ports of {bus}", c, "portCount", [0, 1, 2, 3, 4, 16, 30, 31, 255, 256, 257, 1])
    t.write_each(f"instance of {bus}", c, "instance", [0, 1, 7, 8, 4294967295, 0])
    t.write_each(f"cache of {bus}", c, "useHostIOCache", [True, False])
    t.attempt(f"second {bus}", lambda: m.addStorageController(f"d-{bus}", StorageBus[bus]).instance)
t.attempt("all", lambda: m.storageControllers)
t.attempt("same name", lambda: m.addStorageController("c-IDE", StorageBus.SATA))
t.attempt("nameless", lambda: m.addStorageController("", StorageBus.SATA))
t.attempt("get", lambda: m.getStorageControllerByName("c-SATA"))
t.attempt("get nonsense", lambda: m.getStorageControllerByName("nonsense"))
t.attempt("get by case", lambda: m.getStorageControllerByName("C-sata"))
t.attempt("by instance", lambda: m.getStorageControllerByInstance(StorageBus.SATA, 0))
t.attempt("by second instance", lambda: m.getStorageControllerByInstance(StorageBus.SATA, 1))
t.attempt("by no instance", lambda: m.getStorageControllerByInstance(StorageBus.SATA, 17))
t.attempt("by no bus", lambda: m.getStorageControllerByInstance(StorageBus.Null, 0))
c = m.getStorageControllerByName("c-SATA")
t.write_each("rename", c, "name", ["renamed", "c-IDE", "", "c-SATA"])
for name in ["c-SATA", "c-IDE", "nonsense"]:
    t.attempt(f"bootable {name}", lambda: m.setStorageControllerBootable(name, False))
    t.attempt(f"not bootable {name}", lambda: m.setStorageControllerBootable(name, True))
for controller in m.storageControllers: t.attempt(f"bootable {controller.name}", lambda: controller.bootable)
t.attempt("attachments of controller", lambda: m.getMediumAttachmentsOfController("c-SATA"))
t.attempt("attachments of nonsense", lambda: m.getMediumAttachmentsOfController("nonsense"))
t.attempt("remove nonsense", lambda: m.removeStorageController("nonsense"))
t.attempt("remove", lambda: m.removeStorageController("c-SATA"))
t.attempt("remove again", lambda: m.removeStorageController("c-SATA"))
t.attempt("gone", lambda: c.name)
t.attempt("gone bus", lambda: c.bus)
t.attempt("save", lambda: m.saveSettings())
vbox.registerMachine(m)
t.attempt("registered", lambda: m.addStorageController("x", StorageBus.SATA))
t.attempt("registered remove", lambda: m.removeStorageController("c-IDE"))
t.attempt("registered bootable", lambda: m.setStorageControllerBootable("c-IDE", False))
t.write("registered", m.getStorageControllerByName("c-IDE"), "portCount", 2)
