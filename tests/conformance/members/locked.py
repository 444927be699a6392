"""The mutable copy of a machine with all the devices that its type of guest wants."""

import prelude
from probe import Probe
from vboxsh import LockType

machine = prelude.register("web", "Ubuntu_64")
machine.lockMachine(prelude.session, LockType.Write)
Probe().ask("machine", prelude.session.machine)
Probe().ask("session", prelude.session, 0)
prelude.session.unlockMachine()
