"""An appliance that nothing was read into, and an installation that nothing was said of."""

import prelude
from probe import Probe

Probe(left_out=["createVFSExplorer", "read", "write", "interpret"]).ask("appliance", prelude.vbox.createAppliance(), 0)
Probe().ask("installation", prelude.vbox.createUnattendedInstaller(), 0)
