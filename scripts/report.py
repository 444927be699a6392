#!/usr/bin/env python3
"""A report of all machines: what they are, and how much of the host they take.

    vboxsh report.py [--format markdown|csv|json] [--output FILE]

Without a file it goes to standard output.
"""

import csv
import io
import json

from vboxsh import note, parse_args, vbox

FIELDS = ["name", "state", "OSTypeId", "CPUCount", "memorySize", "disks", "diskBytes", "snapshotCount", "groups"]


def facts(machine):
    if not machine.accessible:
        return dict(name=machine.id, state="Inaccessible")
    attached = machine.mediumAttachments
    media = [one.medium for one in attached if one.type == "HardDisk" and one.medium is not None]
    size = 0
    for medium in media:
        # A differencing disk takes room beside its parents.
        while medium is not None:
            medium.refreshState()
            size += medium.size
            medium = medium.parent
    return dict(
        name=machine.name,
        state=str(machine.state),
        OSTypeId=machine.OSTypeId,
        CPUCount=machine.CPUCount,
        memorySize=machine.memorySize,
        disks=len(media),
        diskBytes=size,
        snapshotCount=machine.snapshotCount,
        groups=" ".join(machine.groups),
    )


def cells(machine):
    return [str(machine.get(field, "")) for field in FIELDS]


def as_csv(machines):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(map(cells, machines))
    return text.getvalue().rstrip("\n")


def as_markdown(machines):
    lines = ["| %s |" % " | ".join(FIELDS), "| %s |" % " | ".join("---" for _ in FIELDS)]
    for machine in machines:
        lines.append("| %s |" % " | ".join(cell.replace("|", "\\|") for cell in cells(machine)))
    return "\n".join(lines)


def as_json(machines):
    return json.dumps(machines, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


given = parse_args(
    summary="report on all machines",
    options=[
        dict(name="format", choices=["markdown", "csv", "json"], usual="markdown", help="markdown (when left out), csv or json"),
        dict(name="output", kind="file", help="file that it goes to"),
    ],
)
machines = sorted((facts(machine) for machine in vbox.machines), key=lambda machine: machine["name"])
text = {"csv": as_csv, "json": as_json, "markdown": as_markdown}[given.format](machines)
if given.output is None:
    print(text)
else:
    with open(given.output, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    note("%d machines: %s" % (len(machines), given.output))
