"""Networks of VirtualBox's own, new ones."""

import prelude
from probe import Probe

Probe(left_out=["eventSource"]).ask("NAT", prelude.vbox.createNATNetwork("nat"), 0)
Probe(left_out=["eventSource"]).ask("DHCP", prelude.vbox.createDHCPServer("dhcp"), 1)
