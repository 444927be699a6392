//! Port forwarding of a NAT network, and the addresses by which its machines reach loopback addresses of the host.
//!
//! Both live among the properties of the network: `4 NAME` and `6 NAME` for rules, `= ADDRESS` for mappings.

use super::Reply;
use super::addresses::{Ipv4Network, ipv4, mask_of};
use crate::host::arguments::Arguments;
use crate::host::document::Element;
use crate::host::state::{Address, State, nothing};
use crate::host::value::{enumerated, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// A rule: what comes in for a port of the host goes to a port of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) tcp: bool,
    pub(super) host: String,
    pub(super) host_port: u16,
    pub(super) guest: String,
    pub(super) guest_port: u16,
}

impl Rule {
    fn protocol(&self) -> &'static str {
        if self.tcp { "tcp" } else { "udp" }
    }

    /// The name of a rule that was given none.
    fn usual_name(&self) -> String {
        let Self { host, host_port, guest, guest_port, .. } = self;
        format!("{}_[{host}]%{host_port}_[{guest}]%{guest_port}", self.protocol())
    }

    /// As the API lists it.
    fn listed(&self) -> String {
        let Self { name, host, host_port, guest, guest_port, .. } = self;
        format!("{name}:{}:[{host}]:{host_port}:[{guest}]:{guest_port}", self.protocol())
    }

    /// The form among the properties; line breaks tell the parts.
    fn write(&self) -> String {
        [self.protocol(), &self.host, &self.host_port.to_string(), &self.guest, &self.guest_port.to_string()].join("\n")
    }

    fn read(name: &str, written: &str) -> Option<Self> {
        let mut parts = written.split('\n');
        let mut next = || parts.next();
        Some(Self {
            name: name.to_owned(),
            tcp: next()? == "tcp",
            host: next()?.to_owned(),
            host_port: next()?.parse().ok()?,
            guest: next()?.to_owned(),
            guest_port: next()?.parse().ok()?,
        })
    }
}

/// The rules of a family, by name.
pub(super) fn rules(network: &Element, ipv6: bool) -> impl Iterator<Item = Rule> {
    let family = family(ipv6);
    network.properties.iter().filter_map(move |(key, written)| Rule::read(key.strip_prefix(family)?, written))
}

/// Adds a rule, or puts another in its place.
pub(super) fn put_rule(network: &mut Element, ipv6: bool, rule: &Rule) {
    network.properties.insert(format!("{}{}", family(ipv6), rule.name), rule.write());
}

fn family(ipv6: bool) -> &'static str {
    if ipv6 { "6 " } else { "4 " }
}

/// Loopback addresses and the places in the network that they have.
pub(super) fn mappings(network: &Element) -> BTreeMap<String, i64> {
    let entries = network.properties.iter();
    entries.filter_map(|(key, place)| Some((key.strip_prefix("= ")?.to_owned(), place.parse().ok()?))).collect()
}

pub(super) fn put_mapping(network: &mut Element, address: &str, place: i64) {
    network.properties.insert(format!("= {address}"), place.to_string());
}

impl State {
    pub(super) fn nat_rules(&self, at: Address, attribute: &str) -> Outcome<RawValue> {
        let network = self.element(at)?;
        Ok(match attribute {
            "localMappings" => {
                texts(mappings(network).into_iter().map(|(address, place)| format!("{address}={place}")))
            }
            _ => texts(rules(network, attribute.ends_with('6')).map(|rule| rule.listed())),
        })
    }

    pub(super) fn nat_mappings(&self, at: Address) -> Outcome<BTreeMap<String, i64>> {
        Ok(mappings(self.element(at)?))
    }

    pub(super) fn call_nat_rules(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "addPortForwardRule" => {
                let port = |at: usize| u16::try_from(arguments.int(at)).unwrap_or_default();
                let mut rule = Rule {
                    name: arguments.text(1).to_owned(),
                    tcp: arguments.name(2) == "TCP",
                    host: arguments.text(3).to_owned(),
                    host_port: port(4),
                    guest: arguments.text(5).to_owned(),
                    guest_port: port(6),
                };
                if rule.name.is_empty() {
                    rule.name = rule.usual_name();
                }
                if [&rule.host, &rule.guest].into_iter().any(|address| address.contains('\n')) {
                    return Err(Fault::argument("an address has no line break"));
                }
                self.add_nat_rule(at, arguments.flag(0), &rule)?;
                self.fire_nat_rule(at, true, arguments.flag(0), &Rule { name: arguments.text(1).to_owned(), ..rule })?;
                nothing()
            }
            "removePortForwardRule" => {
                let (ipv6, name) = (arguments.flag(0), arguments.text(1));
                let missing = || Fault::argument(format!("the network has no rule named `{name}`"));
                let rule = rules(self.element(at)?, ipv6).find(|rule| rule.name == name).ok_or_else(missing)?;
                self.element_mut(at)?.properties.remove(&format!("{}{name}", family(ipv6)));
                self.save_registry()?;
                self.fire_nat_rule(at, false, ipv6, &rule)?;
                nothing()
            }
            "addLocalMapping" => self.add_nat_mapping(at, arguments.text(0), arguments.int(1)),
            _ => Ok(None),
        }
    }

    fn add_nat_rule(&mut self, at: Address, ipv6: bool, rule: &Rule) -> Outcome {
        for known in rules(self.element(at)?, ipv6) {
            if known.name == rule.name {
                return Err(Fault::argument(format!("a rule of the network is named `{}` already", rule.name)));
            }
            if (known.tcp, &known.host, known.host_port) == (rule.tcp, &rule.host, rule.host_port) {
                let message =
                    format!("the rule `{}` has the {} port {} already", known.name, rule.protocol(), rule.host_port);
                return Err(Fault::argument(message));
            }
        }
        put_rule(self.element_mut(at)?, ipv6, rule);
        self.save_registry()
    }

    fn fire_nat_rule(&mut self, at: Address, created: bool, ipv6: bool, rule: &Rule) -> Outcome {
        let network = text(self.element(at)?.text("networkName"));
        let values = vec![
            ("networkName", network),
            ("create", RawValue::Bool(created)),
            ("ipv6", RawValue::Bool(ipv6)),
            ("name", text(&rule.name)),
            ("proto", enumerated("NATProtocol", if rule.tcp { "TCP" } else { "UDP" })),
            ("hostIp", text(&rule.host)),
            ("hostPort", RawValue::Int(rule.host_port.into())),
            ("guestIp", text(&rule.guest)),
            ("guestPort", RawValue::Int(rule.guest_port.into())),
        ];
        self.fire("OnNATNetworkPortForward", values.clone());
        self.fire_at(at, "OnNATNetworkPortForward", values);
        Ok(())
    }

    fn add_nat_mapping(&mut self, at: Address, address: &str, place: i64) -> Reply {
        let network = self.element(at)?;
        if !ipv4(address).is_some_and(|address| address.is_loopback()) {
            return Err(Fault::argument(format!("`{address}` is no loopback address of IPv4")));
        }
        let room = super::nat_network::addresses(network).map_or(0, |network| !mask_of(network.prefix));
        if !(0..=i64::from(room)).contains(&place) {
            return Err(Fault::argument(format!("the network has no place {place}")));
        }
        let known = mappings(network);
        if place != 0 && known.values().any(|taken| *taken == place) {
            return Err(Fault::argument(format!("place {place} of the network is taken")));
        }
        // Place 0 leaves a known address where it is.
        if place != 0 || !known.contains_key(address) {
            put_mapping(self.element_mut(at)?, address, place);
        }
        self.save_registry()?;
        nothing()
    }

    /// Rules for machines go with them into other addresses.
    pub(super) fn move_nat_rules(&mut self, at: Address, old: Ipv4Network, new: Ipv4Network) -> Outcome {
        let network = self.element_mut(at)?;
        for mut rule in rules(network, false).collect::<Vec<_>>() {
            if let Some(guest) = ipv4(&rule.guest).filter(|guest| old.contains(*guest)) {
                let place = guest.to_bits() - old.address;
                rule.guest = Ipv4Addr::from(new.address.wrapping_add(place)).to_string();
                put_rule(network, false, &rule);
            }
        }
        Ok(())
    }
}
