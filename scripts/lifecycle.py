#!/usr/bin/env python3
"""The life of a machine: make it, attach a new disk, start it headless, wait until it runs, take a
screenshot, power it off, delete everything. It cleans up after an error too.

    vboxsh lifecycle.py [--driverless] [NAME [PICTURE.png]]

--driverless lets the machine run where VirtualBox has no kernel driver (it interprets the guest's
code, and is slow). NAME is tmp-lifecycle, PICTURE NAME.png in the current folder, when left out.
"""

import os
import time

from vboxsh import (
    AccessMode, BitmapFormat, CleanupMode, DeviceType, MachineState, MediumVariant, PlatformArchitecture, SessionState,
    StorageBus, fail, parse_args, session, vbox, wait)


def step(text):
    print("- " + text)


def make(name, driverless):
    step("making " + name)
    machine = vbox.createMachine("", name, PlatformArchitecture.x86, [], "Other")
    machine.memorySize = 64
    machine.addStorageController("IDE", StorageBus.IDE)
    if driverless:
        machine.setExtraData("VBoxInternal/HM/FallbackToIEM", "1")
    vbox.registerMachine(machine)
    return machine


def attach_disk(machine, name):
    step("attaching a new disk")
    place = os.path.join(os.path.dirname(machine.settingsFilePath), name + ".vdi")
    disk = vbox.createMedium("VDI", place, AccessMode.ReadWrite, DeviceType.HardDisk)
    wait(disk.createBaseStorage(16 * 1024 * 1024, [MediumVariant.Standard]))
    try:
        with machine.session("Write") as s:
            s.machine.attachDevice("IDE", 0, 0, DeviceType.HardDisk, disk)
    except BaseException:
        wait(disk.deleteStorage())
        raise


def wait_for(what, truth, seconds):
    """Waits, for so many seconds at most, until something is true."""
    end = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > end:
            fail("%s: not within %d s" % (what, seconds))
        time.sleep(0.1)


def run(machine, picture):
    step("starting it headless")
    wait(machine.launchVMProcess(session, "headless"), 120)
    try:
        wait_for("it does not run", lambda: machine.state == MachineState.Running, 60)
        step("it runs")
        display = session.console.display
        # There is no picture before the guest's first.
        wait_for("there is no picture", lambda: all(display.getScreenResolution(0)[:2]), 60)
        width, height = display.getScreenResolution(0)[:2]
        with open(picture, "wb") as file:
            file.write(display.takeScreenShotToArray(0, width, height, BitmapFormat.PNG))
        step("screenshot of %d x %d: %s" % (width, height, picture))
    finally:
        step("powering it off")
        wait(session.console.powerDown(), 120)
        # The session ends a moment after the machine.
        wait_for("the session does not end", lambda: machine.sessionState == SessionState.Unlocked, 30)


def remove(machine):
    step("deleting it")
    media = machine.unregister(CleanupMode.Full)
    wait(machine.deleteConfig(media))


given = parse_args(
    summary="make a machine, run it, take its picture, delete it",
    arguments=[
        dict(name="name", usual="tmp-lifecycle", help="name of the machine; tmp-lifecycle when left out"),
        dict(name="picture", kind="file", optional=True, help="where the screenshot goes; NAME.png when left out"),
    ],
    options=[dict(name="driverless", help="let it run without VirtualBox's kernel driver")],
)
picture = given.picture or given.name + ".png"

machine = make(given.name, given.driverless)
try:
    attach_disk(machine, given.name)
    run(machine, picture)
finally:
    remove(machine)
print(given.name + " has lived")
