//! `IDHCPServer`: addresses of a server, and its configurations by scope. No server process is started.

use super::Reply;
use super::addresses::{ipv4, mask_of, prefix_of};
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::net::Ipv4Addr;

impl State {
    pub(super) fn read_dhcp_server(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "globalConfig" => self.dhcp_global_config(at).value("IDHCPGlobalConfig"),
            "groupConfigs" => {
                let groups = self.dhcp_groups(at);
                RawValue::List(groups.into_iter().map(|group| group.value("IDHCPGroupConfig")).collect())
            }
            "individualConfigs" => {
                let configs = self.dhcp_individuals(at);
                RawValue::List(configs.into_iter().map(|config| config.value("IDHCPIndividualConfig")).collect())
            }
            "eventSource" => {
                let message =
                    "a DHCP server has no events of its own, in VirtualBox neither; listen to `vbox.eventSource`";
                return Err(Fault::new(code::E_NOTIMPL, message));
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_dhcp_server(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "setConfiguration" => {
                self.set_dhcp_range(at, [0, 1, 2, 3].map(|at| arguments.text(at)))?;
                nothing()
            }
            "start" | "stop" => nothing(),
            "restart" => Err(Fault::new(code::E_FAIL, "the DHCP server is not running: no machine uses its network")),
            "findLeaseByMAC" => {
                let network = self.element(at)?.text("networkName").to_owned();
                let lease = super::dhcp_lease::find(&self.home, &network, arguments.text(0), arguments.int(1))?;
                let times = [lease.issued, lease.expires].map(RawValue::Int);
                Ok(Some([text(lease.address), text(lease.state)].into_iter().chain(times).collect()))
            }
            "getConfig" => {
                let (scope, key) = (arguments.name(0), arguments.text(1));
                let config = self.dhcp_config(at, scope, key, arguments.int(2), arguments.flag(3))?;
                one(config.value("IDHCPConfig"))
            }
            _ => Ok(None),
        }
    }

    /// Sets the server's address, the mask, and the ends of the range of addresses that it gives.
    pub(super) fn set_dhcp_range(&mut self, at: Address, [server, mask, lower, upper]: [&str; 4]) -> Outcome {
        check_range(server, mask, lower, upper).map_err(|why| {
            Fault::argument(format!("{server} {mask} with the range {lower} to {upper} is no setting: {why}"))
        })?;
        let values = [("IPAddress", server), ("networkMask", mask), ("lowerIP", lower), ("upperIP", upper)];
        for (name, value) in values {
            self.element_mut(at)?.set(name, text(value));
        }
        // VirtualBox writes twice here.
        self.fire_nat_settings();
        self.save_registry()?;
        Ok(())
    }

    fn dhcp_config(&mut self, at: Address, scope: &str, name: &str, slot: i64, may_add: bool) -> Outcome<Address> {
        if slot != 0 && scope != "MachineNIC" {
            return Err(Fault::argument(format!("the scope {scope} has no slots: the slot must be 0, it is {slot}")));
        }
        match scope {
            "Global" if name.is_empty() => Ok(self.dhcp_global_config(at)),
            "Global" => {
                Err(Fault::argument(format!("the scope Global has one configuration and no name like `{name}`")))
            }
            "Group" => self.dhcp_group(at, name, may_add),
            "MachineNIC" => self.dhcp_machine_config(at, name, slot, may_add),
            _ => self.dhcp_mac_config(at, name, may_add),
        }
    }

    /// The configuration for everyone.
    pub(super) fn dhcp_global_config(&mut self, server: Address) -> Address {
        let found = self.global.child(server.element, "globalConfig", 0);
        let add = || self.global.add("IDHCPGlobalConfig", server.element, "globalConfig", 0);
        Address::global(found.unwrap_or_else(add))
    }

    pub(super) fn create_dhcp_server(&mut self, name: &str) -> Reply {
        if name.is_empty() {
            return Err(Fault::argument("a DHCP server needs the name of its network"));
        }
        if self.named_network("IDHCPServer", name).is_some() {
            return Err(Fault::argument(format!("the network `{name}` has a DHCP server already")));
        }
        one(self.add_dhcp_server(name)?.value("IDHCPServer"))
    }

    pub(super) fn add_dhcp_server(&mut self, name: &str) -> Outcome<Address> {
        let server = self.add_network("IDHCPServer", name);
        // VirtualBox writes twice here.
        self.fire_nat_settings();
        self.save_registry()?;
        Ok(server)
    }

    pub(super) fn find_dhcp_server(&mut self, name: &str) -> Reply {
        self.refresh();
        let missing =
            || Fault::argument(format!("no DHCP server serves the network `{name}`; `vbox.DHCPServers` lists them"));
        one(self.named_network("IDHCPServer", name).ok_or_else(missing)?.value("IDHCPServer"))
    }
}

/// Checks a server's addresses; the cause of a failure otherwise.
fn check_range(server: &str, mask: &str, lower: &str, upper: &str) -> Result<(), String> {
    let address = |what: &str, written: &str| ipv4(written).ok_or_else(|| format!("`{written}` is no {what}"));
    let server = address("address of a server", server)?;
    let mask = ipv4(mask).and_then(prefix_of).map(mask_of).ok_or_else(|| format!("`{mask}` is no network mask"))?;
    let (lower, upper) = (address("lower end of a range", lower)?, address("upper end of a range", upper)?);
    let network = server.to_bits() & mask;
    let is_host = |address: Ipv4Addr| {
        let bits = address.to_bits();
        bits & mask == network && bits & !mask != 0 && bits & !mask != !mask && !address.is_multicast()
    };
    for address in [server, lower, upper] {
        if !is_host(address) {
            return Err(format!("{address} is no address of a station in that network"));
        }
    }
    if lower > upper { Err(format!("{lower} comes after {upper}")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::check_range;

    #[test]
    fn ranges_lie_in_the_network_of_the_server() {
        for (server, mask, lower, upper) in [
            ("10.0.0.5", "255.255.255.0", "10.0.0.2", "10.0.0.2"),
            (" 10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.20"),
            ("127.0.0.1", "255.255.255.0", "127.0.0.2", "127.0.0.3"),
            ("10.1.2.1", "0.0.0.0", "10.1.2.10", "10.1.2.20"),
            ("10.0.0.1", "255.255.255.252", "10.0.0.2", "10.0.0.2"),
        ] {
            assert_eq!(check_range(server, mask, lower, upper), Ok(()));
        }
        for (server, mask, lower, upper) in [
            ("10.0.0.0", "255.255.255.0", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.255", "255.255.255.0", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.5", "255.255.255.0", "10.0.0.1", "10.0.0.255"),
            ("10.0.0.5", "255.255.255.0", "10.0.0.3", "10.0.0.2"),
            ("10.0.9.1", "255.255.255.0", "10.0.0.3", "10.0.0.4"),
            ("10.0.0.5", "255.0.255.0", "10.0.0.1", "10.0.0.2"),
            ("224.0.0.1", "255.255.255.0", "224.0.0.2", "224.0.0.3"),
            ("0.0.0.0", "0.0.0.0", "1.2.3.4", "1.2.3.5"),
            ("255.255.255.255", "0.0.0.0", "1.2.3.4", "1.2.3.5"),
        ] {
            assert!(check_range(server, mask, lower, upper).is_err(), "{server} {mask} {lower} {upper}");
        }
    }
}
