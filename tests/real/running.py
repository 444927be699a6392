"""A machine that really runs, with everything that only a running one has, while a listener in a thread of
its own sees what happens. Ends in an error wherever something is not as it should be.

    vboxsh running.py NAME PICTURE.png     on a VirtualBox without its kernel driver, too
"""
import sys
import threading
import time

from vboxsh import BitmapFormat, CleanupMode, Error, MachineState, PlatformArchitecture, SessionState, session, vbox, wait

name, picture = sys.argv[1:3]
seen = []


def check(truth, what):
    if not truth:
        raise AssertionError(f"not as it should be: {what}; seen: {seen}")
    print("-", what)


def until(what, condition):
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    check(condition(), what)


def settle(state):
    until(f"{name} is {state}", lambda: machine.state == state and machine.sessionState == SessionState.Unlocked)


def start():
    wait(machine.launchVMProcess(session, "headless", []), 120)
    check(machine.state == MachineState.Running, "it runs")


def listen(stop):
    source = vbox.eventSource
    listener = source.createListener()
    source.registerListener(listener, ["OnMachineStateChanged", "OnSnapshotTaken", "OnSnapshotRestored"], False)
    while not stop.is_set():
        event = source.getEvent(listener, 200)
        if event is not None:
            seen.append(str(event.state) if hasattr(event, "state") else str(event.type))
            source.eventProcessed(listener, event)
    source.unregisterListener(listener)


def live():
    start()
    console = session.console
    until("there is a screen", lambda: console.display.getScreenResolution(0)[0] > 0)
    width, height = console.display.getScreenResolution(0)[:2]
    shot = console.display.takeScreenShotToArray(0, width, height, BitmapFormat.PNG)
    check(bytes(shot[:8]) == b"\x89PNG\r\n\x1a\n", f"a picture of {width} x {height} points")
    with open(picture, "wb") as file:
        file.write(shot)
    check(console.keyboard.putScancodes([0x1E, 0x9E]) == 2, "two codes went to the keyboard")
    console.mouse.putMouseEvent(5, -7, 0, 0, 0)
    check(console.debugger.getRegister(0, "rsp").startswith("0x"), "the debugger reads a register")
    machine.setGuestPropertyValue("/tmp/running", "ä")
    check(machine.getGuestPropertyValue("/tmp/running") == "ä", "a guest property came back")
    progress, _ = session.machine.takeSnapshot("live", "taken while it ran", True)
    wait(progress, 120)
    check(machine.snapshotCount == 1 and machine.currentSnapshot.online, "a snapshot while it runs")
    wait(session.machine.saveState(), 120)
    settle(MachineState.Saved)
    start()
    wait(session.console.powerDown(), 120)
    settle(MachineState.PoweredOff)
    with machine.session() as held:
        wait(held.machine.restoreSnapshot(held.machine.currentSnapshot), 120)
    settle(MachineState.Saved)
    start()
    wait(session.console.powerDown(), 120)
    settle(MachineState.PoweredOff)
    expected = {"Starting", "Running", "OnSnapshotTaken", "Saving", "Restoring", "OnSnapshotRestored", "PoweredOff"}
    until("the listener has seen all of it", lambda: expected <= set(seen))


machine = vbox.createMachine("", name, PlatformArchitecture.x86, [], "Other")
machine.memorySize = 16
machine.setExtraData("VBoxInternal/HM/FallbackToIEM", "1")
vbox.registerMachine(machine)
stop = threading.Event()
thread = threading.Thread(target=listen, args=(stop,))
thread.start()
try:
    live()
except BaseException:
    try:
        wait(session.console.powerDown(), 60)
        time.sleep(1)
    except Error:
        pass
    raise
finally:
    stop.set()
    thread.join()
    wait(machine.deleteConfig(machine.unregister(CleanupMode.Full)))
print("all as it should be")
