//! Network adapters in a machine's settings file: what they are attached to, NAT and its rules.

use super::document::{Document, ElementId};
use super::settings::{named_values, read_rows, write_rows};
use super::value::{enumerated, text};
use super::xml::XmlNode;
use crate::model::RawValue;

/// How each kind of attachment of a network adapter is written, with the attribute that names what it is attached to.
const ATTACHMENTS: &[(&str, &str, &str, &str)] = &[
    ("Bridged", "BridgedInterface", "name", "bridgedInterface"),
    ("Internal", "InternalNetwork", "name", "internalNetwork"),
    ("HostOnly", "HostOnlyInterface", "name", "hostOnlyInterface"),
    ("HostOnlyNetwork", "HostOnlyNetwork", "name", "hostOnlyNetwork"),
    ("Generic", "GenericInterface", "driver", "genericDriver"),
    ("NATNetwork", "NATNetwork", "name", "NATNetwork"),
    ("Cloud", "CloudNetwork", "name", "cloudNetwork"),
];

/// Reads an adapter from its element.
pub(super) fn read(document: &mut Document, id: ElementId, node: &XmlNode) {
    let engine = document.child(id, "NATEngine", 0);
    let Some(adapter) = document.get_mut(id) else { return };
    let mut attachment = if node.child("NAT").is_some() { "NAT" } else { "Null" };
    for (kind, element, key, attribute) in ATTACHMENTS {
        let active = node.child(element);
        let named = active.or_else(|| node.at("DisabledModes")?.child(element));
        if let Some(name) = named.and_then(|named| named.attribute(key)) {
            adapter.set(attribute, text(name));
        }
        if active.is_some() {
            attachment = kind;
        }
    }
    adapter.set("attachmentType", enumerated("NetworkAttachmentType", attachment));
    adapter.properties = named_values(node, "GenericInterface", "Property");
    let Some(engine) = engine.and_then(|engine| document.get_mut(engine)) else { return };
    let Some(nat) = node.child("NAT").or_else(|| node.at("DisabledModes/NAT")) else {
        // An adapter that does not mention NAT has its old default.
        engine.set("localhostReachable", RawValue::Bool(true));
        return;
    };
    read_rows(engine, nat);
    let mode = |name: &str, bit: i64| if nat.value(name) == Some("true") { bit } else { 0 };
    engine.set(
        "aliasMode",
        RawValue::Int(mode("Alias@logging", 1) | mode("Alias@proxy-only", 2) | mode("Alias@use-same-ports", 4)),
    );
    for rule in nat.list("", "Forwarding") {
        let of = |name: &str| rule.attribute(name).unwrap_or_default();
        let rest = format!("{},{},{},{},{}", of("proto"), of("hostip"), of("hostport"), of("guestip"), of("guestport"));
        engine.properties.insert(of("name").to_owned(), rest);
    }
}

/// Puts an adapter into its element.
pub(super) fn write(document: &Document, id: ElementId, node: &mut XmlNode) {
    let Some(adapter) = document.get(id) else { return };
    let attachment = adapter.name("attachmentType");
    let mut disabled = Vec::new();
    let mut active = Vec::new();
    for (kind, element, key, attribute) in ATTACHMENTS {
        node.children.retain(|child| child.name != *element);
        let mut written = XmlNode::new(element).with(key, adapter.text(attribute));
        if *kind == attachment {
            let properties = adapter.properties.iter().filter(|_| *kind == "Generic");
            written.children.extend(
                properties.map(|(name, value)| XmlNode::new("Property").with("name", name).with("value", value)),
            );
            active.push(written);
        } else if !adapter.text(attribute).is_empty() {
            disabled.push(written);
        }
    }
    node.children.retain(|child| !matches!(child.name.as_str(), "NAT" | "DisabledModes"));
    if let Some(engine) = document.child(id, "NATEngine", 0).and_then(|id| document.get(id)) {
        let mut nat = XmlNode::new("NAT");
        write_rows(engine, &mut nat);
        let mode = engine.int("aliasMode");
        for (bit, place) in [(1, "Alias@logging"), (2, "Alias@proxy-only"), (4, "Alias@use-same-ports")] {
            nat.set_value(place, (mode & bit != 0).then(|| "true".to_owned()));
        }
        for (name, rest) in &engine.properties {
            let mut rule = XmlNode::new("Forwarding").with("name", name);
            for (key, value) in ["proto", "hostip", "hostport", "guestip", "guestport"].iter().zip(rest.split(',')) {
                if !value.is_empty() {
                    rule.set_attribute(key, value);
                }
            }
            nat.children.push(rule);
        }
        if attachment == "NAT" {
            active.push(nat);
        } else if !nat.attributes.is_empty() || !nat.children.is_empty() {
            disabled.push(nat);
        }
    }
    if !disabled.is_empty() {
        node.make("DisabledModes").children = disabled;
    }
    node.children.extend(active);
}
