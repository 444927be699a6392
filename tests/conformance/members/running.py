"""A machine that runs without a guest: its settings, its console and what that leads to."""

import prelude
from probe import Probe

# What ends the run, takes pictures or lasts until nobody knows when. VirtualBox's process of the machine ends when a
# camera is detached that is none. The debugger has scripts of its own.
LEFT_OUT = """webcamAttach webcamDetach powerDown powerUp powerUpPaused reset teleport takeScreenShot
    takeScreenShotToArray drawToScreen debugger getFacilityStatus enumerateGuestProperties""".split()

machine = prelude.runnable("web")
machine.launchVMProcess(prelude.session, "headless", []).waitForCompletion(-1)
Probe(left_out=LEFT_OUT).ask("machine", prelude.session.machine)
console = prelude.session.console
Probe(left_out=LEFT_OUT).ask("console", console, 1)
console.powerDown().waitForCompletion(-1)
