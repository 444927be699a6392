"""What belongs to no machine: the root, the properties of the system, types of guests, the host."""

import prelude
from probe import Probe

prelude.register("web", "Ubuntu_64")
Probe().ask("properties", prelude.vbox.systemProperties, 1)
Probe(left_out=["hardDisks", "DVDImages"]).ask("vbox", prelude.vbox, 0, write=False)
Probe().ask("type", prelude.vbox.getGuestOSType("Ubuntu_64"), 0)
