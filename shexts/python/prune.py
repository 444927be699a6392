"""prune MACHINE: deletes the oldest snapshots of a machine."""

from vboxsh import confirm, format_time, note, register_command, table, wait


def snapshots(machine):
    """All snapshots of a machine, the oldest first."""
    found = []
    waiting = [machine.findSnapshot("")] if machine.snapshotCount else []
    while waiting:
        snapshot = waiting.pop()
        found.append(snapshot)
        waiting.extend(snapshot.children)
    return sorted(found, key=lambda snapshot: snapshot.timeStamp)


def prune(given):
    machine = given.machine
    own = [snapshot for snapshot in snapshots(machine) if snapshot.name.startswith(given.prefix)]
    # A snapshot with several children cannot go: each of them builds on it.
    old = [snapshot for snapshot in own[:max(0, len(own) - given.keep)] if snapshot.childrenCount < 2]
    if not old:
        note("%s has nothing to prune" % machine.name)
        return None
    names = ", ".join(snapshot.name for snapshot in old)
    confirm("delete %d snapshots of %s: %s?" % (len(old), machine.name, names))
    rows = []
    for snapshot in old:
        rows.append([snapshot.name, format_time(snapshot.timeStamp)])
        with machine.session() as s:
            wait(s.machine.deleteSnapshot(snapshot.id))
    return table(["deleted", "taken"], rows)


register_command(
    name="prune",
    summary="delete the oldest snapshots of a machine",
    effect="destroy",
    arguments=[dict(name="machine", kind="machine", help="whose snapshots")],
    options=[
        dict(name="keep", kind="number", usual=5, help="how many stay; 5 when left out"),
        dict(name="prefix", kind="text", usual="", help="only those whose names begin so"),
    ],
    examples=[("prune web-01 --keep 3 --prefix nightly", "all but the three newest nightly ones")],
    run=prune,
)
