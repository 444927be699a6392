#!/usr/bin/env python3
"""Stops all running machines gracefully.

    vboxsh stop-all.py [--timeout 60] [--then save|poweroff] [MACHINE...]

It presses the power button of each, and waits until they are off. --then says what happens to those that
still run when the time is over; without it they run on, and the script fails.
"""

import time

from vboxsh import MachineState, fail, note, parse_args, vbox, wait


def is_online(machine):
    return machine.accessible and MachineState.FirstOnline <= machine.state <= MachineState.LastOnline


given = parse_args(
    summary="stop all running machines gracefully",
    arguments=[dict(name="machine", kind="machine", repeated=True, help="only these; all when left out")],
    options=[
        dict(name="timeout", kind="seconds", usual=60.0, help="seconds that they have together; 60 when left out"),
        dict(name="then", choices=["save", "poweroff"], help="what happens to those that still run then"),
    ],
)
running = [machine for machine in given.machine or vbox.machines if is_online(machine)]
for machine in running:
    print("%s: power button" % machine.name)
    with machine.session() as s:
        s.console.powerButton()
end = time.monotonic() + given.timeout
while time.monotonic() < end and any(map(is_online, running)):
    time.sleep(0.25)
left = [machine for machine in running if is_online(machine)]
for machine in left:
    if given.then == "save":
        print("%s: save" % machine.name)
        with machine.session() as s:
            wait(s.machine.saveState())
    elif given.then == "poweroff":
        print("%s: power off" % machine.name)
        with machine.session() as s:
            wait(s.console.powerDown())
    else:
        note("%s still runs" % machine.name)
if left and not given.then:
    fail(
        "%d of %d machines still run after %d s" % (len(left), len(running), given.timeout),
        "`--then save` or `--then poweroff` ends them")
