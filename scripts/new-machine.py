#!/usr/bin/env python3
"""Makes a machine with a new disk and a NAT adapter.

    vboxsh new-machine.py NAME [OSTYPE [MEMORY-MB [DISK-GB]]]
    vboxsh new-machine.py web-02 Debian_64 2048 20

It stands in the default machine folder. When a step fails, what was made until then is removed.
"""

import os

from vboxsh import (
    AccessMode, CleanupMode, DeviceType, MediumVariant, NetworkAttachmentType, StorageBus, fail, parse_args, vbox, wait)


def remove(machine):
    """Removes a machine and its disks."""
    media = machine.unregister(CleanupMode.Full)
    wait(machine.deleteConfig(media))


def create(name, system, memory, gigabytes):
    kind = vbox.getGuestOSType(system)
    machine = vbox.createMachine("", name, kind.platformArchitecture, [], system)
    machine.applyDefaults("")
    machine.memorySize = memory
    adapter = machine.getNetworkAdapter(0)
    adapter.enabled = True
    adapter.attachmentType = NetworkAttachmentType.NAT
    vbox.registerMachine(machine)
    try:
        # Beside the settings file, under the machine's name.
        place = os.path.join(os.path.dirname(machine.settingsFilePath), name + ".vdi")
        disk = vbox.createMedium("VDI", place, AccessMode.ReadWrite, DeviceType.HardDisk)
        wait(disk.createBaseStorage(gigabytes * 1024 ** 3, [MediumVariant.Standard]))
        try:
            with machine.session("Write") as s:
                attach(s.machine, disk)
        except BaseException:
            wait(disk.deleteStorage())
            raise
    except BaseException:
        remove(machine)
        raise
    return machine


def attach(machine, disk):
    fitting = [known for known in machine.storageControllers if known.bus not in (StorageBus.IDE, StorageBus.Floppy)]
    controller = fitting[-1] if fitting else machine.addStorageController("SATA", StorageBus.SATA)
    machine.attachDevice(controller.name, 0, 0, DeviceType.HardDisk, disk)


given = parse_args(
    summary="make a machine with a new disk and a NAT adapter",
    arguments=[
        dict(name="name", help="name of the new machine"),
        dict(name="ostype", kind="os-type", usual="Debian_64", help="id of the guest's system; Debian_64 when left out"),
        dict(name="memory-mb", kind="number", usual=2048, help="its memory in megabytes; 2048 when left out"),
        dict(name="disk-gb", kind="number", usual=20, help="size of its disk in gigabytes; 20 when left out"),
    ],
)
if given.memory_mb <= 0 or given.disk_gb <= 0:
    fail("memory and disk are greater than 0")
machine = create(given.name, given.ostype, given.memory_mb, given.disk_gb)
print("%s (%s, %s MB): %s" % (machine.name, machine.OSTypeId, machine.memorySize, machine.settingsFilePath))
