//! Snapshots in a machine's settings file: `<Snapshot>` elements, one in another.

use super::Snapshot;
use crate::host::document::ElementId;
use crate::host::machines::parse_id;
use crate::host::state::{State, View};
use crate::host::xml::XmlNode;
use crate::host::{settings, times};
use std::collections::HashMap;

/// Element that holds the snapshots below a snapshot.
const BELOW: &str = "Snapshots";

impl State {
    /// Takes up the snapshots that stand in the element of a machine. A snapshot that was there before keeps its
    /// object and its machine.
    pub(in crate::host) fn read_snapshots(&mut self, view: View, machine: &XmlNode) {
        let old = self.snapshots_of(view);
        let known: HashMap<_, _> =
            old.iter().filter_map(|at| Some((self.snapshots.all.get(at)?.id.clone(), *at))).collect();
        let mut seen = Vec::new();
        let mut open: Vec<(&XmlNode, Option<ElementId>)> =
            machine.children.iter().filter(|child| child.name == "Snapshot").take(1).map(|node| (node, None)).collect();
        if let Ok(machine) = self.machine_mut(view) {
            machine.first_snapshot = None;
        }
        let os_type = machine.attribute("OSType").unwrap_or_default().to_owned();
        while let Some((node, parent)) = open.pop() {
            let Some(id) = node.attribute("uuid").and_then(parse_id) else { continue };
            let mut own = node.clone();
            own.children.retain(|child| child.name != BELOW);
            let document = self.read_hardware(&own, &os_type);
            let snapshot = Snapshot {
                name: node.attribute("name").unwrap_or_default().to_owned(),
                description: node.value("Description#").unwrap_or_default().to_owned(),
                time: node.attribute("timeStamp").map(times::read).unwrap_or_default(),
                machine: view,
                parent,
                document,
                node: own,
                id: id.clone(),
                ..Snapshot::default()
            };
            let element = match known.get(&id).filter(|element| !seen.contains(*element)) {
                Some(element) => self.renew_snapshot(*element, snapshot),
                None => self.add_snapshot(snapshot),
            };
            seen.push(element);
            let below = node.list("", BELOW).flat_map(|list| list.list("", "Snapshot"));
            let below: Vec<_> = below.map(|node| (node, Some(element))).collect();
            open.extend(below.into_iter().rev());
        }
        for gone in old.into_iter().filter(|element| !seen.contains(element)) {
            self.drop_snapshot(gone);
        }
        let current = machine.attribute("currentSnapshot").and_then(parse_id);
        let modified = machine.attribute("currentStateModified").is_none_or(|value| matches!(value, "true" | "1"));
        let all = self.snapshots_of(view);
        let found = all.iter().find(|at| self.snapshots.all.get(at).map(|known| &known.id) == current.as_ref());
        let current = found.or(all.first()).copied();
        if let Ok(machine) = self.machine_mut(view) {
            machine.current_snapshot = current;
            machine.current_state_modified = current.is_some() && modified;
        }
    }

    fn renew_snapshot(&mut self, element: ElementId, mut snapshot: Snapshot) -> ElementId {
        if let Some(old) = self.snapshots.all.get(&element) {
            snapshot.view = old.view;
        }
        let (parent, machine) = (snapshot.parent, snapshot.machine);
        self.snapshots.all.insert(element, snapshot);
        match parent.and_then(|parent| self.snapshots.all.get_mut(&parent)) {
            Some(parent) => parent.children.push(element),
            None => self.machine_mut(machine).into_iter().for_each(|machine| machine.first_snapshot = Some(element)),
        }
        element
    }

    /// Puts the snapshots of a machine into its element.
    pub(in crate::host) fn put_snapshots(&self, view: View, machine: &mut XmlNode) {
        let Ok(known) = self.machine(view) else { return };
        let id_of = |element: ElementId| self.snapshots.all.get(&element).map(|known| format!("{{{}}}", known.id));
        machine.set_value("@currentSnapshot", known.current_snapshot.and_then(id_of));
        let unmodified = known.current_snapshot.is_some() && !known.current_state_modified;
        machine.set_value("@currentStateModified", unmodified.then(|| "false".to_owned()));
        let os_type = machine.attribute("OSType").unwrap_or_default().to_owned();
        let node = known.first_snapshot.and_then(|first| self.snapshot_node(first, &os_type, 0));
        // In front of the hardware, as VirtualBox has it.
        machine.children.retain(|child| child.name != "Snapshot");
        if let Some(node) = node {
            let hardware =
                machine.children.iter().position(|child| matches!(child.name.as_str(), "Platform" | "Hardware"));
            machine.children.insert(hardware.unwrap_or(machine.children.len()), node);
        }
    }

    fn snapshot_node(&self, element: ElementId, os_type: &str, depth: u32) -> Option<XmlNode> {
        let snapshot = self.snapshots.all.get(&element)?;
        let mut node = snapshot.node.clone();
        // Anew, in the form of the version that the whole file is written in; what is unknown stays.
        self.write_hardware(&snapshot.document, &mut node, os_type, settings::of_snapshot).ok()?;
        node.set_attribute("name", &snapshot.name);
        node.set_value("Description#", (!snapshot.description.is_empty()).then(|| snapshot.description.clone()));
        if let Some(at) = node.children.iter().position(|child| child.name == "Description") {
            let description = node.children.remove(at);
            node.children.insert(0, description);
        }
        let below: Vec<_> = snapshot.children.iter().filter(|_| depth < 250).collect();
        let below: Vec<_> =
            below.into_iter().filter_map(|child| self.snapshot_node(*child, os_type, depth + 1)).collect();
        if !below.is_empty() {
            node.make(BELOW).children.extend(below);
        }
        Some(node)
    }

    /// The element of a snapshot that was just taken: what the machine's own element says of the hardware.
    pub(in crate::host) fn new_snapshot_node(&self, snapshot: &Snapshot, machine: &XmlNode, os_type: &str) -> XmlNode {
        const KEPT: [&str; 7] =
            ["Platform", "Hardware", "StorageControllers", "Debugging", "Autostart", "Recording", "VideoCapture"];
        let mut node = XmlNode::new("Snapshot")
            .with("uuid", format!("{{{}}}", snapshot.id))
            .with("name", &snapshot.name)
            .with("timeStamp", times::write(snapshot.time));
        node.children = machine.children.iter().filter(|child| KEPT.contains(&child.name.as_str())).cloned().collect();
        let _ = self.write_hardware(&snapshot.document, &mut node, os_type, settings::of_snapshot);
        node
    }
}
