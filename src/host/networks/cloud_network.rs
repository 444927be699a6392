//! `ICloudNetwork`: a name, and where in a cloud it is.

use super::{Reply, Save};
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, one};
use crate::host::{Fault, Outcome};

impl State {
    pub(super) fn write_cloud_network(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if name == "networkName" && arguments.text(0).is_empty() {
            return Err(Fault::argument("a cloud network needs a name"));
        }
        self.write_network_row(at, name, arguments.value(0), Save::Changes)
    }

    pub(super) fn create_cloud_network(&mut self, name: &str) -> Reply {
        if name.is_empty() {
            return Err(Fault::new(code::E_FAIL, "a cloud network needs a name"));
        }
        let network = self.add_network("ICloudNetwork", name);
        self.save_registry()?;
        one(network.value("ICloudNetwork"))
    }

    pub(super) fn find_cloud_network(&mut self, name: &str) -> Reply {
        self.refresh();
        let missing =
            || Fault::not_found(format!("no cloud network is named `{name}`; `vbox.cloudNetworks` lists them"));
        one(self.named_network("ICloudNetwork", name).ok_or_else(missing)?.value("ICloudNetwork"))
    }
}
