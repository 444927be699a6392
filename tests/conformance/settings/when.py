# In which states of a machine each setting may change: unregistered, locked, registered and unlocked. Each attribute is
# written with the value that it has.

import prelude as t


def every(label, machine, leave_out):
    t.rewrite(label, machine, 3, leave_out)
    for slot in [0, 1]: t.rewrite(f"{label} nic {slot}", machine.getNetworkAdapter(slot), 1, leave_out)
    t.rewrite(f"{label} serial", machine.getSerialPort(0), 0, leave_out)
    t.rewrite(f"{label} parallel", machine.getParallelPort(0), 0, leave_out)

machine = t.create("when", "Windows10_64")
machine.applyDefaults("")
machine.createSharedFolder("share", "/tmp", True, False, "")
machine.USBDeviceFilters.insertDeviceFilter(0, machine.USBDeviceFilters.createDeviceFilter("filter"))
machine.bandwidthControl.createBandwidthGroup("group", BandwidthGroupType.Network, 1000)
every("unregistered", machine, [])
vbox.registerMachine(machine)
machine.lockMachine(session, LockType.Write)
every("locked", session.machine, [])
session.unlockMachine()
# VirtualBox lets some parts change here, and its server dies of it once the machine is locked. So this comes last.
every("registered", machine, ["NATEngine", "bandwidthControl", "screens", "sharedFolders"])
