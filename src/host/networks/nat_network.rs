//! `INATNetwork`: its addresses and switches. Starting it prepares its DHCP server, as VirtualBox does; no process
//! is started.

use super::addresses::{Ipv4Network, ipv6_prefix, usual_ipv6_prefix};
use super::{Reply, Save};
use crate::host::arguments::Arguments;
use crate::host::document::Element;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// What a new network uses.
const USUAL_NETWORK: &str = "10.0.2.0/24";
/// Members that VirtualBox itself does not have.
const MISSING: [&str; 4] = ["localhostReachable", "forwardBroadcast", "natMTU", "natMRU"];
/// The options that tell a machine its router and its name servers.
const ROUTERS: i64 = 3;
const NAME_SERVERS: i64 = 6;

/// The addresses of a network; nothing for one that a foreign file left without.
pub(super) fn addresses(network: &Element) -> Option<Ipv4Network> {
    Ipv4Network::parse(network.text("network")).ok()
}

fn gateway(network: &Element) -> String {
    addresses(network).map_or(String::new(), |addresses| addresses.host(1).to_string())
}

impl State {
    pub(super) fn read_nat_network(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "gateway" => text(gateway(self.element(at)?)),
            "eventSource" => self.source_of(at).value("IEventSource"),
            "portForwardRules4" | "portForwardRules6" | "localMappings" => self.nat_rules(at, name)?,
            name if MISSING.contains(&name) => return Err(missing()),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_nat_network(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let given = arguments.text(0);
        let element = self.element(at)?;
        let mut value = arguments.value(0);
        match name {
            "networkName" if given.is_empty() => return Err(Fault::argument("a NAT network needs a name")),
            "network" => {
                let wrong = |why: &str| Fault::new(code::E_FAIL, format!("`{given}` is no network: {why}"));
                let new = Ipv4Network::parse(given).map_err(wrong)?;
                value = text(new.to_string());
                if let Some(old) = addresses(element).filter(|old| *old != new) {
                    self.move_nat_rules(at, old, new)?;
                }
            }
            "IPv6Prefix" if given.is_empty() && element.flag("IPv6Enabled") => {
                return Err(Fault::new(code::E_FAIL, "the IPv6 prefix cannot be empty while IPv6 is enabled"));
            }
            "IPv6Prefix" if !given.is_empty() => {
                let wrong = |why: &str| Fault::argument(format!("`{given}` is no IPv6 prefix: {why}"));
                value = text(ipv6_prefix(given).map_err(wrong)?);
            }
            "IPv6Enabled" if arguments.flag(0) && element.text("IPv6Prefix").is_empty() => {
                let prefix = addresses(element).map(usual_ipv6_prefix).unwrap_or_default();
                self.element_mut(at)?.set("IPv6Prefix", text(prefix));
                // VirtualBox writes the prefix first, then the switch.
                self.fire_nat_settings();
            }
            "loopbackIp6" if arguments.int(0) < 0 => {
                return Err(Fault::argument("the place of the loopback address must not be negative"));
            }
            name if MISSING.contains(&name) => return Err(missing()),
            _ => {}
        }
        self.write_network_row(at, name, value, Save::Changes)
    }

    pub(super) fn call_nat_network(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "start" => {
                let network = self.element(at)?;
                if network.flag("enabled") {
                    if network.flag("needDhcpServer") {
                        self.prepare_dhcp_server(at)?;
                    }
                    self.fire_nat_started(at, true)?;
                }
                nothing()
            }
            "stop" => {
                self.fire_nat_started(at, false)?;
                nothing()
            }
            _ => self.call_nat_rules(at, name, arguments),
        }
    }

    /// The server that gives the machines of the network their addresses.
    fn prepare_dhcp_server(&mut self, at: Address) -> Outcome {
        let network = self.element(at)?;
        let name = network.text("networkName").to_owned();
        let router = gateway(network);
        let missing = || Fault::new(code::E_FAIL, format!("the NAT network `{name}` has no addresses"));
        let addresses = addresses(network).ok_or_else(missing)?;
        let server = match self.named_network("IDHCPServer", &name) {
            Some(server) => server,
            None => {
                let server = self.add_dhcp_server(&name)?;
                self.element_mut(server)?.set("enabled", RawValue::Bool(true));
                self.save_registry()?;
                let last = std::net::Ipv4Addr::from(addresses.broadcast() - 1);
                let range = [addresses.host(2), addresses.mask(), addresses.host(3), last];
                let range = range.map(|address| address.to_string());
                self.set_dhcp_range(server, range.each_ref().map(String::as_str))?;
                server
            }
        };
        let mappings = self.nat_mappings(at)?;
        let servers = crate::host::computer::name_servers();
        let reachable = servers.into_iter().filter_map(|server| match mappings.get(&server) {
            Some(offset) => Some(addresses.host(u32::try_from(*offset).ok()?).to_string()),
            None => {
                Some(server).filter(|server| server.parse::<std::net::Ipv4Addr>().is_ok_and(|it| !it.is_loopback()))
            }
        });
        let reachable: Vec<_> = reachable.collect();
        let config = self.dhcp_global_config(server);
        for (number, value) in [(ROUTERS, router), (NAME_SERVERS, reachable.join(" "))] {
            if !value.is_empty() {
                let option = super::dhcp_config::SetOption { number, bytes: false, value: &value };
                super::dhcp_config::put_option(self.element_mut(config)?, &option);
                self.save_registry()?;
            }
        }
        let server = self.element(server)?;
        if super::addresses::ipv4(server.text("IPAddress")).is_none_or(|address| address.is_unspecified()) {
            return Err(Fault::new(code::E_FAIL, format!("the DHCP server of `{name}` has no address")));
        }
        Ok(())
    }

    pub(super) fn create_nat_network(&mut self, name: &str) -> Reply {
        if name.is_empty() {
            return Err(Fault::new(code::E_FAIL, "a NAT network needs a name"));
        }
        // There may be two of one name; the first is the one that is found.
        let network = self.add_network("INATNetwork", name);
        let element = self.element_mut(network)?;
        element.set("network", text(USUAL_NETWORK));
        let addresses = addresses(element);
        element.set("IPv6Prefix", text(addresses.map(usual_ipv6_prefix).unwrap_or_default()));
        super::nat_rules::put_mapping(element, "127.0.0.1", 2);
        self.save_registry()?;
        self.fire_nat_created(name, true);
        one(network.value("INATNetwork"))
    }

    pub(super) fn find_nat_network(&mut self, name: &str) -> Reply {
        self.refresh();
        let missing = || Fault::argument(format!("no NAT network is named `{name}`; `vbox.NATNetworks` lists them"));
        one(self.named_network("INATNetwork", name).ok_or_else(missing)?.value("INATNetwork"))
    }

    pub(super) fn fire_nat_created(&mut self, name: &str, created: bool) {
        let values = vec![("networkName", text(name)), ("creationEvent", RawValue::Bool(created))];
        self.fire("OnNATNetworkCreationDeletion", values);
    }

    fn fire_nat_started(&mut self, at: Address, started: bool) -> Outcome {
        let name = text(self.element(at)?.text("networkName"));
        self.fire("OnNATNetworkStartStop", vec![("networkName", name), ("startEvent", RawValue::Bool(started))]);
        Ok(())
    }

    /// VirtualBox tells of every NAT network whenever it writes `VirtualBox.xml`.
    pub(in crate::host) fn fire_nat_settings(&mut self) {
        for id in self.global.children(crate::host::document::ROOT, "NATNetworks") {
            let Some(network) = self.global.get(id) else { continue };
            let flag = |name: &str| RawValue::Bool(network.flag(name));
            let values = vec![
                ("networkName", text(network.text("networkName"))),
                ("enabled", flag("enabled")),
                ("network", text(network.text("network"))),
                ("gateway", text(gateway(network))),
                ("advertiseDefaultIPv6RouteEnabled", flag("advertiseDefaultIPv6RouteEnabled")),
                ("needDhcpServer", flag("needDhcpServer")),
            ];
            self.fire("OnNATNetworkSetting", values.clone());
            self.fire_at(Address::global(id), "OnNATNetworkSetting", values);
        }
    }
}

fn missing() -> Fault {
    Fault::new(code::E_NOTIMPL, "NAT networks have this setting in the API alone: VirtualBox 7.2 does not implement it")
}
