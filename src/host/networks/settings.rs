//! Networks in `VirtualBox.xml`: read, and put back so that what this program does not know stays.

use super::dhcp_config::{SetOption, options, put_option};
use super::{nat_rules, role_of};
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::settings::{read_rows, write_rows};
use crate::host::state::{Address, State};
use crate::host::value::text;
use crate::host::xml::XmlNode;
use crate::model::{EnumValue, RawValue};
use crate::schema::embedded;

/// Kinds of networks: interface, list, entry, attribute with the name.
const KINDS: [(&str, &str, &str, &str); 3] = [
    ("IDHCPServer", "Global/NetserviceRegistry/DHCPServers", "DHCPServer", "networkName"),
    ("INATNetwork", "Global/NetserviceRegistry/NATNetworks", "NATNetwork", "networkName"),
    ("ICloudNetwork", "Global/NetserviceRegistry/CloudNetworks", "CloudNetwork", "name"),
];

/// A new home has a DHCP server for the first host-only interface.
pub(in crate::host) fn new_home(state: &mut State) {
    let server = state.add_network("IDHCPServer", "HostInterfaceNetworking-vboxnet0");
    let Some(element) = state.global.get_mut(server.element) else { return };
    for (name, address) in [
        ("IPAddress", "192.168.56.100"),
        ("networkMask", "255.255.255.0"),
        ("lowerIP", "192.168.56.101"),
        ("upperIP", "192.168.56.254"),
    ] {
        element.set(name, text(address));
    }
    element.set("enabled", RawValue::Bool(true));
}

/// Takes up the networks that changed on disk; an entry that is as last seen leaves the network as it is here.
pub(in crate::host) fn read(state: &mut State, seen: &XmlNode, disk: &XmlNode) {
    // Nothing was read before: what stands here is what a new home would have.
    let fresh = seen.children.is_empty();
    for (interface, list, entry, key) in KINDS {
        let (old, new): (Vec<_>, Vec<_>) = (seen.list(list, entry).collect(), disk.list(list, entry).collect());
        if old == new && !fresh {
            continue;
        }
        let known = state.global.children(ROOT, role_of(interface));
        let name = |id: &ElementId| state.global.get(*id).map_or("", |element| element.text("networkName")).to_owned();
        let mut known: Vec<_> = known.iter().map(|id| (name(id), *id)).collect();
        for (position, node) in (0..).zip(&new) {
            let name = node.attribute(key).unwrap_or_default();
            let found = known.iter().position(|(known, _)| known == name).map(|at| known.remove(at).1);
            let at = match found {
                Some(id) => Address::global(id),
                None => state.add_network(interface, name),
            };
            if found.is_none() || !old.contains(node) {
                read_network(state, at, node);
            }
            if let Some(element) = state.global.get_mut(at.element) {
                element.index = position;
            }
        }
        // What was there and is not any more was removed by another process; what was never there is new here.
        for (name, id) in known {
            match state.global.get_mut(id) {
                Some(element) if fresh || old.iter().any(|node| node.attribute(key) == Some(&name)) => {
                    element.role = "removed network";
                }
                Some(element) => element.index = u32::MAX,
                None => {}
            }
        }
    }
}

fn read_network(state: &mut State, at: Address, node: &XmlNode) {
    let Some(element) = state.global.get_mut(at.element) else { return };
    read_rows(element, node);
    match element.interface.name {
        "INATNetwork" => {
            element.properties.clear();
            for (ipv6, list) in [(false, "PortForwarding4"), (true, "PortForwarding6")] {
                for rule in node.list(list, "Forwarding") {
                    let of = |name: &str| rule.attribute(name).unwrap_or_default().to_owned();
                    let port = |name: &str| of(name).parse().unwrap_or_default();
                    let rule = nat_rules::Rule {
                        name: of("name"),
                        tcp: of("proto") == "1",
                        host: of("hostip"),
                        host_port: port("hostport"),
                        guest: of("guestip"),
                        guest_port: port("guestport"),
                    };
                    nat_rules::put_rule(element, ipv6, &rule);
                }
            }
            for mapping in node.list("Mappings", "Loopback4") {
                let place = mapping.attribute("offset").and_then(|place| place.parse().ok());
                if let (Some(address), Some(place)) = (mapping.attribute("address"), place) {
                    nat_rules::put_mapping(element, address, place);
                }
            }
        }
        "IDHCPServer" => read_configs(state, at, node),
        _ => {}
    }
}

fn read_configs(state: &mut State, server: Address, node: &XmlNode) {
    for role in ["groupConfigs", "individualConfigs"] {
        for id in state.global.children(server.element, role) {
            state.global.remove(id);
        }
    }
    let global = state.dhcp_global_config(server);
    read_config(&mut state.global, global.element, node.child("Options").unwrap_or(&XmlNode::new("Options")));
    for group in node.list("", "Group") {
        let at = state.add_dhcp_group(server, group.attribute("name").unwrap_or_default());
        read_config(&mut state.global, at.element, group);
        for condition in group.list("", "Condition") {
            let at = state.add_dhcp_condition(at);
            state.global.get_mut(at.element).into_iter().for_each(|element| read_rows(element, condition));
        }
    }
    for config in node.list("", "Config") {
        let of = |name: &str| config.attribute(name).unwrap_or_default();
        let machine = of("vm-name").trim_matches(['{', '}']);
        let slot = of("slot").parse().unwrap_or_default();
        let at =
            state.add_dhcp_individual(server, if machine.is_empty() { of("MACAddress") } else { "" }, machine, slot);
        read_config(&mut state.global, at.element, config);
    }
}

const LISTS: [(&str, &str); 2] = [("forcedOptions", "forcedOptions"), ("suppressedOptions", "suppressedOptions")];

fn read_config(document: &mut Document, id: ElementId, node: &XmlNode) {
    let Some(config) = document.get_mut(id) else { return };
    read_rows(config, node);
    config.properties.clear();
    for (attribute, place) in LISTS {
        let written = node.attribute(place).unwrap_or_default();
        let numbers = written.split_whitespace().filter_map(|number| number.parse::<i64>().ok());
        let options = numbers.filter_map(|number| {
            let enumeration = embedded().enumeration("DHCPOption")?;
            Some(RawValue::Enum(EnumValue { enumeration, number }))
        });
        config.set(attribute, RawValue::List(options.collect()));
    }
    for option in node.list("", "Option") {
        let number = option.attribute("name").and_then(|number| number.parse().ok());
        if let (Some(number), Some(value)) = (number, option.attribute("value")) {
            put_option(config, &SetOption { number, bytes: option.attribute("encoding") == Some("1"), value });
        }
    }
}

/// Puts the networks into the tree of `VirtualBox.xml`.
pub(in crate::host) fn write(state: &State, tree: &mut XmlNode) {
    for (interface, list, entry, key) in KINDS {
        let networks = state.global.children(ROOT, role_of(interface));
        if networks.is_empty() && tree.at(list).is_none() {
            continue;
        }
        let node = tree.make(list);
        let mut old = Vec::new();
        let (entries, others): (Vec<_>, Vec<_>) = node.children.drain(..).partition(|child| child.name == entry);
        old.extend(entries);
        node.children = others;
        for id in networks {
            let Some(element) = state.global.get(id) else { continue };
            let name = element.text("networkName");
            let known = old.iter().position(|node| node.attribute(key) == Some(name));
            let mut network = known.map_or_else(|| XmlNode::new(entry), |at| old.remove(at));
            write_rows(element, &mut network);
            match interface {
                "INATNetwork" => write_nat(element, &mut network),
                "IDHCPServer" => write_configs(&state.global, id, &mut network),
                _ => {}
            }
            node.children.push(network);
        }
        if node.children.is_empty() && node.attributes.is_empty() {
            let (parent, name) = list.rsplit_once('/').unwrap_or_default();
            tree.make(parent).children.retain(|child| child.name != name);
        }
    }
}

fn write_nat(network: &crate::host::document::Element, node: &mut XmlNode) {
    for (ipv6, list) in [(false, "PortForwarding4"), (true, "PortForwarding6")] {
        let mut rules = XmlNode::new(list);
        for rule in nat_rules::rules(network, ipv6) {
            let port = |port: u16| if port == 0 { String::new() } else { port.to_string() };
            let mut entry =
                XmlNode::new("Forwarding").with("name", &rule.name).with("proto", if rule.tcp { "1" } else { "0" });
            let (host_port, guest_port) = (port(rule.host_port), port(rule.guest_port));
            for (name, value) in
                [("hostip", &rule.host), ("hostport", &host_port), ("guestip", &rule.guest), ("guestport", &guest_port)]
            {
                if !value.is_empty() {
                    entry.set_attribute(name, value);
                }
            }
            rules.children.push(entry);
        }
        put(node, rules);
    }
    let loopback6 = node.value("Mappings@loopback6").map(str::to_owned);
    let mut mappings = XmlNode::new("Mappings");
    if let Some(place) = loopback6 {
        mappings.set_attribute("loopback6", place);
    }
    for (address, place) in nat_rules::mappings(network) {
        let entry = XmlNode::new("Loopback4").with("address", address).with("offset", place.to_string());
        mappings.children.push(entry);
    }
    put(node, mappings);
}

/// Puts a child in place of the one of its name; one with nothing in it is left out.
fn put(node: &mut XmlNode, child: XmlNode) {
    node.children.retain(|other| other.name != child.name);
    if !child.children.is_empty() || !child.attributes.is_empty() {
        node.children.push(child);
    }
}

fn write_configs(document: &Document, server: ElementId, node: &mut XmlNode) {
    node.children.retain(|child| !matches!(child.name.as_str(), "Options" | "Group" | "Config"));
    if let Some(global) = document.child(server, "globalConfig", 0) {
        let written = write_config(document, global, XmlNode::new("Options"));
        put(node, written);
    }
    for id in document.children(server, "groupConfigs") {
        let mut group = write_config(document, id, XmlNode::new("Group"));
        for condition in document.children(id, "conditions").into_iter().filter_map(|id| document.get(id)) {
            let mut entry = XmlNode::new("Condition");
            write_rows(condition, &mut entry);
            group.children.push(entry);
        }
        node.children.push(group);
    }
    for id in document.children(server, "individualConfigs") {
        let Some(config) = document.get(id) else { continue };
        let entry = match config.text("machineId") {
            "" => XmlNode::new("Config").with("MACAddress", config.text("MACAddress")),
            machine => XmlNode::new("Config").with("MACAddress", "00:00:00:00:00:00").with("vm-name", machine),
        };
        let entry = entry.with("slot", config.int("slot").to_string());
        node.children.push(write_config(document, id, entry));
    }
}

fn write_config(document: &Document, id: ElementId, mut node: XmlNode) -> XmlNode {
    let Some(config) = document.get(id) else { return node };
    write_rows(config, &mut node);
    for (attribute, place) in LISTS {
        let list = config.value(attribute).cloned().unwrap_or_default().into_list();
        let numbers: Vec<_> = list.iter().filter_map(RawValue::as_int).map(|number| number.to_string()).collect();
        node.set_value(&format!("@{place}"), (!numbers.is_empty()).then(|| numbers.join(" ")));
    }
    for option in options(config) {
        let entry = XmlNode::new("Option").with("name", option.number.to_string()).with("value", option.value);
        node.children.push(if option.bytes { entry.with("encoding", "1") } else { entry });
    }
    node
}
