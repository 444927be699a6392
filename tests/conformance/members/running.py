"""A machine that runs without a guest: its settings, its console and what that leads to."""

import prelude
from probe import Probe

machine = prelude.register("web", "Ubuntu_64")
machine.launchVMProcess(prelude.session, "headless", []).waitForCompletion(-1)
# VirtualBox's process of the machine ends when a camera is detached that is none.
left_out = ["webcamAttach", "webcamDetach"]
Probe(left_out=left_out).ask("machine", prelude.session.machine)
console = prelude.session.console
Probe(left_out=left_out).ask("console", console, 1)
console.powerDown().waitForCompletion(-1)
