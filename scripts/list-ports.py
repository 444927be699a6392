#!/usr/bin/env python3
"""Lists the port forwards of all machines: NAT adapters, one line for each rule.

    vboxsh list-ports.py [MACHINE...]

Without names it goes over all machines. Nothing is changed.
"""

from vboxsh import NATProtocol, note, parse_args, show, table, vbox


def forwards(machine):
    platform = machine.platform
    for slot in range(platform.properties.getMaxNetworkAdapters(platform.chipsetType)):
        adapter = machine.getNetworkAdapter(slot)
        if not adapter.enabled or adapter.attachmentType != "NAT":
            continue
        for rule in adapter.NATEngine.redirects:
            name, protocol, host, host_port, guest, guest_port = rule.split(",")
            protocol = NATProtocol(int(protocol))
            yield [machine.name, slot, name, protocol, "%s:%s" % (host, host_port), "%s:%s" % (guest, guest_port)]


given = parse_args(
    summary="list the port forwards of machines",
    arguments=[dict(name="machine", kind="machine", repeated=True, help="only of these; of all when left out")],
)
rows = []
for machine in given.machine or vbox.machines:
    if machine.accessible:
        rows.extend(forwards(machine))
    else:
        note("%s: its settings cannot be read" % machine.id)
show(table(["machine", "slot", "rule", "protocol", "host", "guest"], rows, "no port forwards"))
