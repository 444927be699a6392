#!/usr/bin/env python3
"""Takes a snapshot of machines, and deletes the oldest of those that it took before.

    vboxsh nightly-snapshots.py [--keep 7] [--prefix nightly] [--dry-run] [MACHINE...]

For a timer's nightly run. Without names it goes over all machines; snapshots that it did not take, told
by their names, are left alone. It goes on after a failure, and fails at the end if one failed.
"""

from vboxsh import Error, MachineState, fail, format_time, host, note, parse_args, vbox, wait


def snapshots(machine):
    """All snapshots of a machine."""
    waiting = [machine.findSnapshot("")] if machine.snapshotCount else []
    while waiting:
        snapshot = waiting.pop()
        yield snapshot
        waiting.extend(snapshot.children)


def thin_out(machine, prefix, keep, dry_run):
    """Deletes all but the newest."""
    own = [snapshot for snapshot in snapshots(machine) if snapshot.name.startswith(prefix + " ")]
    own.sort(key=lambda snapshot: snapshot.timeStamp)
    for snapshot in own[:max(0, len(own) - keep)]:
        print("%s: delete %s" % (machine.name, snapshot.name))
        if not dry_run:
            with machine.session() as s:
                wait(s.machine.deleteSnapshot(snapshot.id))


def take(machine, prefix, keep, dry_run):
    name = "%s %s" % (prefix, format_time(host.UTCTime))
    print("%s: take %s" % (machine.name, name))
    if dry_run:
        # The one that would be there now.
        keep -= 1
    else:
        # A machine that runs goes on meanwhile.
        pause = machine.state != MachineState.Running
        with machine.session() as s:
            progress, _ = s.machine.takeSnapshot(name, "", pause)
            wait(progress)
    thin_out(machine, prefix, keep, dry_run)


given = parse_args(
    summary="take a snapshot of machines, and delete the oldest ones",
    arguments=[dict(name="machine", kind="machine", repeated=True, help="only these; all when left out")],
    options=[
        dict(name="keep", kind="number", usual=7, help="how many stay; 7 when left out"),
        dict(name="prefix", kind="text", usual="nightly", help="what the names begin with; nightly when left out"),
        dict(name="dry-run", help="say only what would be done"),
    ],
)
if given.keep < 1:
    fail("--keep is 1 or more")
failed = 0
machines = given.machine or vbox.machines
for machine in machines:
    if not machine.accessible:
        continue
    try:
        take(machine, given.prefix, given.keep, given.dry_run)
    except Error as error:
        note("%s: %s" % (machine.name, error.message))
        failed += 1
if failed:
    fail("it failed for %d of %d machines" % (failed, len(machines)))
