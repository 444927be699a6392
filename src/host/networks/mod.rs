//! The networks that machines share: DHCP servers with their configurations, NAT networks, cloud networks.
//!
//! They live in `VirtualBox.xml` and are written at every change, as VirtualBox does. No packet is carried here.

mod addresses;
mod cloud_network;
mod dhcp_config;
mod dhcp_group;
mod dhcp_individual;
mod dhcp_lease;
mod dhcp_option;
mod dhcp_server;
mod nat_network;
mod nat_rules;
mod settings;

use super::Outcome;
use super::arguments::Arguments;
use super::document::ROOT;
use super::state::{Address, State};
use crate::model::RawValue;

pub(super) use settings::{new_home, read, write};

/// When VirtualBox writes `VirtualBox.xml` (and tells of it) after an attribute was set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Save {
    /// Also when the value is the old one.
    Always,
    /// When it is another one.
    Changes,
}

/// A call's answer, when this room knows the member.
type Reply = Outcome<Option<Vec<RawValue>>>;

/// Whether an interface is one of this room.
pub(super) fn owns(interface: &str) -> bool {
    interface.starts_with("IDHCP") || matches!(interface, "INATNetwork" | "ICloudNetwork" | "IHostOnlyNetwork")
}

impl State {
    /// Reads an attribute of a network or of a part of one.
    pub(super) fn read_network(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        self.refresh();
        match owner {
            "IDHCPServer" => self.read_dhcp_server(at, name),
            "IDHCPConfig" => self.read_dhcp_config(at, name),
            "IDHCPGroupConfig" => self.read_dhcp_group(at, name),
            "IDHCPIndividualConfig" => self.read_dhcp_individual(at, name),
            "INATNetwork" => self.read_nat_network(at, name),
            _ => Ok(None),
        }
    }

    /// Writes an attribute; true when it was taken.
    pub(super) fn write_network(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        self.change_networks(|state| match owner {
            "IDHCPServer" => state.write_network_row(at, name, arguments.value(0), Save::Always),
            "IDHCPConfig" => state.write_dhcp_config(at, name, arguments),
            "IDHCPGroupConfig" => state.write_network_row(at, name, arguments.value(0), Save::Changes),
            "IDHCPGroupCondition" => state.write_dhcp_condition(at, name, arguments),
            "IDHCPIndividualConfig" => state.write_dhcp_individual(at, name, arguments),
            "INATNetwork" => state.write_nat_network(at, name, arguments),
            "ICloudNetwork" => state.write_cloud_network(at, name, arguments),
            _ => Ok(false),
        })
    }

    /// Calls a method of a network or of a part of one.
    pub(super) fn call_network(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        let call = |state: &mut Self| match owner {
            "IDHCPServer" => state.call_dhcp_server(at, name, arguments),
            "IDHCPConfig" => state.call_dhcp_config(at, name, arguments),
            "IDHCPGroupConfig" => state.call_dhcp_group(at, name, arguments),
            "IDHCPGroupCondition" if name == "remove" => state.remove_dhcp_condition(at),
            "INATNetwork" => state.call_nat_network(at, name, arguments),
            _ => Ok(None),
        };
        let reads = match name {
            "getConfig" => !arguments.flag(3),
            name => name.starts_with("get") || name.starts_with("find"),
        };
        if reads {
            self.refresh();
            return call(self);
        }
        self.change_networks(call)
    }

    /// Does `work` on the networks as they are on disk, while no other process changes them.
    fn change_networks<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        self.exclusively(|state| {
            state.refresh();
            work(state)
        })
    }

    /// Members of `IVirtualBox` about networks.
    pub(super) fn call_root_network(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        match name {
            "createDHCPServer" => self.change_networks(|state| state.create_dhcp_server(wanted)),
            "findDHCPServerByNetworkName" => self.find_dhcp_server(wanted),
            "removeDHCPServer" => self.change_networks(|state| state.remove_network(arguments, "IDHCPServer")),
            "createNATNetwork" => self.change_networks(|state| state.create_nat_network(wanted)),
            "findNATNetworkByName" => self.find_nat_network(wanted),
            "removeNATNetwork" => self.change_networks(|state| state.remove_network(arguments, "INATNetwork")),
            "createCloudNetwork" => self.change_networks(|state| state.create_cloud_network(wanted)),
            "findCloudNetworkByName" => self.find_cloud_network(wanted),
            "removeCloudNetwork" => self.change_networks(|state| state.remove_network(arguments, "ICloudNetwork")),
            "createHostOnlyNetwork"
            | "findHostOnlyNetworkByName"
            | "findHostOnlyNetworkById"
            | "removeHostOnlyNetwork" => Err(no_host_only_networks()),
            _ => Ok(None),
        }
    }

    /// Lists of networks on `IVirtualBox`.
    pub(super) fn read_root_network(&mut self, name: &str) -> Outcome<Option<RawValue>> {
        let interface = match name {
            "DHCPServers" => "IDHCPServer",
            "NATNetworks" => "INATNetwork",
            "cloudNetworks" => "ICloudNetwork",
            "hostOnlyNetworks" => return Err(no_host_only_networks()),
            _ => return Ok(None),
        };
        self.refresh();
        self.parts(Address::VIRTUAL_BOX, role_of(interface), interface).map(Some)
    }

    /// Takes a network out of the list. Who holds a reference can still read it, as with VirtualBox.
    fn remove_network(&mut self, arguments: Arguments<'_>, interface: &'static str) -> Reply {
        let at = arguments.object(0).ok_or_else(|| super::Fault::argument("no network was given"))?;
        let element = self.element_mut(at)?;
        element.role = "removed network";
        let name = element.text("networkName").to_owned();
        self.save_registry()?;
        if interface == "INATNetwork" {
            self.fire_nat_created(&name, false);
        }
        super::state::nothing()
    }

    /// Stores a value that needs no check (any more), and saves it.
    fn write_network_row(&mut self, at: Address, name: &str, value: RawValue, save: Save) -> Outcome<bool> {
        let element = self.element_mut(at)?;
        let row = super::table::find(element.interface, name);
        let Some(row) = row.filter(|row| row.when != super::table::When::Never) else { return Ok(false) };
        if save == Save::Always || element.value(row.name) != Some(&value) {
            element.set(row.name, value);
            self.save_registry()?;
        }
        Ok(true)
    }

    /// Adds a network at the end of its list.
    fn add_network(&mut self, interface: &'static str, name: &str) -> Address {
        let role = role_of(interface);
        let last = self.global.children(ROOT, role).last().and_then(|id| self.global.get(*id));
        let index = last.map_or(0, |element| element.index + 1);
        let element = self.global.add(interface, ROOT, role, index);
        if let Some(known) = self.global.get_mut(element) {
            known.set("networkName", super::value::text(name));
        }
        Address::global(element)
    }

    /// The first network of that name in its list.
    fn named_network(&self, interface: &str, name: &str) -> Option<Address> {
        let list = self.global.children(ROOT, role_of(interface));
        let fits = |id: &u32| self.global.get(*id).is_some_and(|element| element.text("networkName") == name);
        list.into_iter().find(fits).map(Address::global)
    }
}

/// What a network of that kind is to `IVirtualBox`.
fn role_of(interface: &str) -> &'static str {
    match interface {
        "IDHCPServer" => "DHCPServers",
        "INATNetwork" => "NATNetworks",
        _ => "cloudNetworks",
    }
}

/// Networks of this kind come with the virtual network driver of macOS; VirtualBox has them nowhere else.
fn no_host_only_networks() -> super::Fault {
    let message = "host-only networks are there on macOS only; elsewhere use a host-only interface (`host.createHostOnlyNetworkInterface`)";
    super::Fault::new(super::fault::code::E_NOTIMPL, message)
}
