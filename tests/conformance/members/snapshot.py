"""A snapshot and its machine, which nothing changes, and the machine that it was taken of."""

import prelude
from probe import Probe
from vboxsh import LockType

machine = prelude.register("web", "Ubuntu_64")
machine.lockMachine(prelude.session, LockType.Write)
progress, _ = prelude.session.machine.takeSnapshot("first", "", True)
progress.waitForCompletion(-1)
snapshot = machine.findSnapshot("first")
Probe().ask("snapshot", snapshot, 0)
Probe(left_out=["screens"]).ask("its machine", snapshot.machine, 1)
Probe().ask("machine", prelude.session.machine, 0, write=False)
prelude.session.unlockMachine()
