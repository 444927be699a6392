#!/usr/bin/env python3
"""Waits until a guest has an address, and prints it.

    vboxsh wait-address.py [--timeout 120] [--slot 0] [--start] MACHINE
    ssh root@$(vboxsh wait-address.py --start web-01)

The address comes from the Guest Additions in the guest. --start starts the machine headless when it does
not run. It fails when the time is over.
"""

import time

from vboxsh import MachineState, fail, parse_args, session, wait

given = parse_args(
    summary="wait until a guest has an address, and print it",
    arguments=[dict(name="machine", kind="machine", help="whose address")],
    options=[
        dict(name="timeout", kind="seconds", usual=120.0, help="seconds to wait at most; 120 when left out"),
        dict(name="slot", kind="number", usual=0, help="which of the guest's adapters, from 0"),
        dict(name="start", help="start the machine when it does not run"),
    ],
)
machine = given.machine
if given.start and machine.state in (MachineState.PoweredOff, MachineState.Saved, MachineState.Aborted):
    wait(machine.launchVMProcess(session, "headless"))
    session.unlockMachine()
where = "/VirtualBox/GuestInfo/Net/%d/V4/IP" % given.slot
end = time.monotonic() + given.timeout
while not machine.getGuestPropertyValue(where):
    if time.monotonic() >= end:
        fail("%s has no address after %d s" % (machine.name, given.timeout), "are the Guest Additions installed in it?")
    time.sleep(0.25)
print(machine.getGuestPropertyValue(where))
