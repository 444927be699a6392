//! Processors in a machine's settings file: which ones are plugged in, and CPUID leaves.

use super::devices::{leaf_key, leaf_values};
use super::document::{Document, ElementId, ROOT};
use super::value::text;
use super::xml::XmlNode;
use crate::model::RawValue;

/// Where the plugged-in processors stand, the newer place first; and the leaves.
const TREES: [&str; 2] = ["Platform/CPU/CpuTree", "Hardware/CPU/CpuTree"];
const LEAVES: [&str; 2] = ["Platform/x86/CPU/CpuIdTree", "Hardware/CPU/CpuIdTree"];
const REGISTERS: [&str; 4] = ["eax", "ebx", "ecx", "edx"];

fn x86(document: &Document) -> Option<ElementId> {
    document.child(ROOT, "platform", 0).and_then(|platform| document.child(platform, "x86", 0))
}

pub(super) fn read(document: &mut Document, machine: &XmlNode) {
    let number = |node: &XmlNode, name: &str| node.attribute(name).and_then(|number| number.parse::<i64>().ok());
    let plugged = TREES.iter().flat_map(|place| machine.list(place, "Cpu"));
    let plugged: Vec<String> = plugged.filter_map(|cpu| number(cpu, "id")).map(|id| id.to_string()).collect();
    if let Some(root) = document.get_mut(ROOT).filter(|_| !plugged.is_empty()) {
        root.set("processors", text(plugged.join(",")));
    }
    let Some(platform) = x86(document).and_then(|id| document.get_mut(id)) else { return };
    for (at, leaf) in LEAVES.iter().flat_map(|place| machine.list(place, "CpuIdLeaf")).enumerate() {
        let Some(id) = number(leaf, "id") else { continue };
        let values: Vec<_> = REGISTERS.iter().map(|name| number(leaf, name).unwrap_or_default().to_string()).collect();
        platform.properties.insert(leaf_key(id), format!("{at} {id} 0 {}", values.join(" ")));
    }
}

pub(super) fn write(document: &Document, machine: &mut XmlNode) {
    let plugged = document.get(ROOT).map_or("", |root| root.text("processors"));
    let processors = plugged.split(',').filter(|id| !id.is_empty()).map(|id| XmlNode::new("Cpu").with("id", id));
    put(machine, TREES, processors.collect());
    let mut leaves: Vec<_> = x86(document)
        .and_then(|id| document.get(id))
        .into_iter()
        .flat_map(|platform| platform.properties.values())
        .map(|leaf| leaf_values(leaf).iter().filter_map(RawValue::as_int).collect::<Vec<_>>())
        .collect();
    leaves.sort();
    let nodes = leaves.into_iter().filter_map(|leaf| {
        let mut node = XmlNode::new("CpuIdLeaf").with("id", leaf.get(1)?.to_string());
        for (name, value) in REGISTERS.iter().zip(leaf.get(3..)?) {
            node.set_attribute(name, value.to_string());
        }
        Some(node)
    });
    put(machine, LEAVES, nodes.collect());
}

/// Puts a list into its newer place; the older one is left.
fn put(machine: &mut XmlNode, places: [&str; 2], items: Vec<XmlNode>) {
    for (place, items) in places.into_iter().zip([items, Vec::new()]) {
        if !items.is_empty() {
            machine.make(place).children = items;
        } else if machine.at(place).is_some() {
            let (parent, name) = place.rsplit_once('/').unwrap_or(("", place));
            machine.make(parent).children.retain(|child| child.name != name);
        }
    }
}
