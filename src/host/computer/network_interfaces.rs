//! `IHostNetworkInterface`: the network interfaces of this computer. They are read anew for every list.

use super::{Reply, line};
use crate::host::Fault;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, one};
use crate::host::value::{enumerated, text};
use crate::model::RawValue;
use std::fs::read_to_string;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What the system says of an interface.
#[derive(Clone, Debug)]
struct Facts {
    name: String,
    hardware: String,
    up: bool,
    wireless: bool,
    ipv4: Option<(Ipv4Addr, Ipv4Addr)>,
    /// Address and length of its prefix.
    ipv6: Option<(Ipv6Addr, u32)>,
}

/// The Ethernet interfaces: the one that the default route takes first, then in the order of the system.
fn interfaces() -> Vec<Facts> {
    let table = read_to_string("/proc/net/dev").unwrap_or_default();
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned());
    let mut names: Vec<String> = names.collect();
    let default = default_interface();
    names.sort_by_key(|name| Some(name) != default.as_ref());
    let ipv6 = read_to_string("/proc/net/if_inet6").unwrap_or_default();
    names.into_iter().filter_map(|name| facts(name, &ipv6)).collect()
}

/// Their names.
pub(in crate::host) fn names() -> Vec<String> {
    interfaces().into_iter().map(|facts| facts.name).collect()
}

fn facts(name: String, ipv6: &str) -> Option<Facts> {
    let fact = |file: &str| line(format!("/sys/class/net/{name}/{file}"));
    // 1 is Ethernet.
    if fact("type") != "1" {
        return None;
    }
    let flags = u32::from_str_radix(fact("flags").trim_start_matches("0x"), 16).unwrap_or_default();
    Some(Facts {
        hardware: fact("address"),
        up: flags & 1 != 0,
        wireless: std::path::Path::new(&format!("/sys/class/net/{name}/wireless")).exists(),
        ipv4: ipv4(&name),
        ipv6: last_ipv6(ipv6, &name),
        name,
    })
}

/// The interface of the default route.
fn default_interface() -> Option<String> {
    let routes = read_to_string("/proc/net/route").ok()?;
    let mut found = routes.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let default = found.find(|columns| columns.get(1) == Some(&"00000000") && columns.get(7) == Some(&"00000000"))?;
    Some((*default.first()?).to_owned())
}

/// Its first address, and the mask.
#[cfg(unix)]
fn ipv4(name: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let mut all = nix::ifaddrs::getifaddrs().ok()?;
    all.find_map(|found| {
        let (address, mask) = (*found.address?.as_sockaddr_in()?, *found.netmask?.as_sockaddr_in()?);
        (found.interface_name == name).then(|| (address.ip(), mask.ip()))
    })
}

#[cfg(not(unix))]
fn ipv4(_: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    None
}

/// The last address that the system lists for the interface.
fn last_ipv6(table: &str, name: &str) -> Option<(Ipv6Addr, u32)> {
    let mut columns = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = columns.rfind(|columns| columns.last() == Some(&name))?;
    let address = u128::from_str_radix(line.first()?, 16).ok()?;
    Some((Ipv6Addr::from(address), u32::from_str_radix(line.get(2)?, 16).ok()?))
}

/// The id that VirtualBox gives an interface: of the network name space, the name, and the hardware address.
fn id(facts: &Facts) -> String {
    let name = facts.name.bytes().fold(0_u32, |hash, letter| hash.wrapping_mul(65_599).wrapping_add(letter.into()));
    let node: String = facts.hardware.split(':').collect();
    let (low, high) = (name & 0xffff, (name >> 16 & 0x0fff) | 0x4000);
    format!("{:08x}-{low:04x}-{high:04x}-8000-{node:0>12}", name_space())
}

#[cfg(unix)]
fn name_space() -> u32 {
    let facts = std::fs::metadata("/proc/self/ns/net");
    facts.map_or(0, |facts| std::os::unix::fs::MetadataExt::ino(&facts) as u32)
}

#[cfg(not(unix))]
fn name_space() -> u32 {
    0
}

impl State {
    pub(super) fn network_interfaces(&mut self) -> RawValue {
        let found = (0..).zip(interfaces());
        let listed = found.map(|(position, facts)| {
            let at = self.interface_object(&facts, position);
            at.value("IHostNetworkInterface")
        });
        RawValue::List(listed.collect())
    }

    /// The object of an interface; it stays the same while the interface keeps its name.
    fn interface_object(&mut self, facts: &Facts, position: u32) -> Address {
        const ROLE: &str = "networkInterface";
        let root = crate::host::document::ROOT;
        let known = self.global.named(root, ROLE, &facts.name);
        let element = known.unwrap_or_else(|| self.global.add("IHostNetworkInterface", root, ROLE, position));
        let own = facts.name.starts_with("vboxnet");
        let (address, mask) = facts.ipv4.unwrap_or((Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED));
        if let Some(element) = self.global.get_mut(element) {
            element.set("name", text(&facts.name));
            element.set("shortName", text(&facts.name));
            element.set("id", text(id(facts)));
            element.set("networkName", text(format!("HostInterfaceNetworking-{}", facts.name)));
            element.set("hardwareAddress", text(&facts.hardware));
            element.set("DHCPEnabled", RawValue::Bool(false));
            element.set("IPAddress", text(address.to_string()));
            element.set("networkMask", text(mask.to_string()));
            element.set("IPV6Supported", RawValue::Bool(true));
            element.set("IPV6Address", text(facts.ipv6.map_or(String::new(), |(address, _)| address.to_string())));
            let prefix = facts.ipv6.map_or(0, |(_, prefix)| prefix);
            element.set("IPV6NetworkMaskPrefixLength", RawValue::Int(prefix.into()));
            element.set("mediumType", enumerated("HostNetworkInterfaceMediumType", "Ethernet"));
            element.set("status", enumerated("HostNetworkInterfaceStatus", if facts.up { "Up" } else { "Down" }));
            let kind = if own { "HostOnly" } else { "Bridged" };
            element.set("interfaceType", enumerated("HostNetworkInterfaceType", kind));
            element.set("wireless", RawValue::Bool(facts.wireless));
        }
        Address::global(element)
    }

    pub(super) fn call_network_interfaces(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        let by = |state: &mut Self, key: &str, wanted: &str| {
            let mut listed = state.network_interfaces().into_list().into_iter();
            listed.find(|value| {
                let element = Address::of(value).and_then(|at| state.global.get(at.element));
                element.is_some_and(|element| match element.name(key) {
                    "" => element.text(key) == wanted,
                    name => name == wanted,
                })
            })
        };
        match name {
            "findHostNetworkInterfaceByName" | "findHostNetworkInterfaceById" => {
                let key = if name.ends_with("Name") { "name" } else { "id" };
                let missing = || Fault::argument(format!("the computer has no network interface `{wanted}`"));
                one(by(self, key, wanted).ok_or_else(missing)?)
            }
            "findHostNetworkInterfacesOfType" => {
                let kind = arguments.name(0);
                let mut listed = self.network_interfaces().into_list();
                listed.retain(|value| {
                    let element = Address::of(value).and_then(|at| self.global.get(at.element));
                    element.is_some_and(|element| element.name("interfaceType") == kind)
                });
                one(RawValue::List(listed))
            }
            "createHostOnlyNetworkInterface" => {
                let failure = Fault::new(
                    code::E_FAIL,
                    "host-only interfaces need VirtualBox's network driver, which the embedded host does not have; use an internal network",
                );
                let progress = self.finished("Creating a host-only network interface", Err(failure));
                Ok(Some(vec![progress, RawValue::Null]))
            }
            "removeHostOnlyNetworkInterface" => match by(self, "id", wanted) {
                Some(_) => Err(no_driver()),
                None => Err(Fault::not_found(format!("the computer has no host-only interface with the id {wanted}"))),
            },
            _ => Ok(None),
        }
    }

    /// The methods of an interface: this program does not change the computer.
    pub(in crate::host) fn call_network_interface(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "enableStaticIPConfigV6"
                if !(0..=128).contains(&arguments.int(1))
                    || arguments.text(0).parse::<std::net::Ipv6Addr>().is_err() =>
            {
                let message = format!("`{}/{}` is no IPv6 address", arguments.text(0), arguments.int(1));
                Err(Fault::argument(message).by("IVirtualBox"))
            }
            "enableStaticIPConfig" | "enableStaticIPConfigV6" => Err(no_driver()),
            "enableDynamicIPConfig" => {
                let message = "Linux has no such service for VirtualBox: ask the computer's network manager for an address by DHCP";
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            "DHCPRediscover" => {
                // VirtualBox 7.2 ends its server here.
                let message =
                    "Linux has no such service for VirtualBox: ask the computer's network manager to look again";
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            _ => Ok(None),
        }
    }
}

fn no_driver() -> Fault {
    Fault::new(code::E_FAIL, "the embedded host does not set up the computer's network; use the system's own tools")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_virtualbox() {
        let facts = Facts {
            name: "eth0".into(),
            hardware: "02:fc:00:00:00:01".into(),
            up: true,
            wireless: false,
            ipv4: None,
            ipv6: None,
        };
        assert!(id(&facts).ends_with("-7b97-44b7-8000-02fc00000001"), "{}", id(&facts));
    }

    #[test]
    fn the_last_ipv6_address_counts() {
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n\
            fd000000000000000000000000000002 04 40 00 82     eth0\n\
            20010db8000000000001000000000005 04 3c 20 80     eth0\n";
        let (address, prefix) = last_ipv6(table, "eth0").unwrap();
        assert_eq!((address.to_string().as_str(), prefix), ("2001:db8::1:0:0:5", 60));
        assert_eq!(last_ipv6(table, "eth1"), None);
    }
}
