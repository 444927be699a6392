"""macs [MACHINE...]: the network adapters that are on, with their addresses; --twice shows addresses that two have."""

from collections import Counter

from vboxsh import register_command, table, vbox


def adapters(machine):
    platform = machine.platform
    for slot in range(platform.properties.getMaxNetworkAdapters(platform.chipsetType)):
        adapter = machine.getNetworkAdapter(slot)
        if adapter.enabled:
            yield [machine.name, slot, adapter.MACAddress, adapter.attachmentType]


def macs(given):
    machines = [machine for machine in given.machine or vbox.machines if machine.accessible]
    rows = [row for machine in machines for row in adapters(machine)]
    if given.twice:
        count = Counter(row[2] for row in rows)
        rows = [row for row in rows if count[row[2]] > 1]
    return table(["machine", "slot", "MACAddress", "attachmentType"], rows, "no such network adapter")


register_command(
    name="macs",
    summary="show network adapters and their hardware addresses",
    effect="read",
    arguments=[dict(name="machine", kind="machine", repeated=True, help="only of these machines")],
    options=[dict(name="twice", help="only addresses that more than one adapter has")],
    examples=[("macs", "of all machines"), ("macs --twice", "what clones have in common")],
    run=macs,
)
