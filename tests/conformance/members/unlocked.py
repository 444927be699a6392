"""A registered machine that nobody has locked: what may be read, and what is wrong before the lack of a lock is."""

import prelude
from probe import Probe

machine = prelude.register("web", "Ubuntu_64")
# VirtualBox lets the screens of a recording be changed without a lock.
Probe(left_out=["screens"]).ask("machine", machine)
