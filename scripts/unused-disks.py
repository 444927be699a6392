#!/usr/bin/env python3
"""Finds hard disks that no machine and no snapshot uses.

    vboxsh unused-disks.py [--delete]

--delete removes them with their files; it asks first, or needs `vboxsh --yes`. A disk with differencing
disks counts as used when one of those is.
"""

from vboxsh import MediumState, confirm, note, parse_args, show, table, vbox, wait


def family(disk):
    """A disk with everything that hangs on it, the ends first."""
    return [one for child in disk.children for one in family(child)] + [disk]


given = parse_args(
    summary="find hard disks that nothing uses",
    options=[dict(name="delete", help="remove them, with their files")],
)
families = [family(disk) for disk in vbox.hardDisks]
disks = [one for all in families if not any(one.machineIds for one in all) for one in all]
for disk in disks:
    disk.refreshState()
size = sum(disk.size for disk in disks)
show(table(
    ["location", "size", "state"],
    [[disk.location, disk.size, disk.state] for disk in disks],
    "every disk is in use"))
if given.delete and disks:
    confirm("delete them all (%d bytes)?" % size)
    for disk in disks:
        if disk.state == MediumState.Inaccessible:
            # There is no file any more: VirtualBox forgets it.
            disk.close()
        else:
            wait(disk.deleteStorage())
    note("deleted: %d" % len(disks))
