//! Which settings file remembers which medium: reading and writing the media registries.

use super::super::Outcome;
use super::super::document::ElementId;
use super::super::state::{Address, State};
use super::super::xml::XmlNode;
use super::formats::format;
use super::{Medium, Registry, type_name};
use std::path::Path;

impl State {
    /// Writes the settings file that remembers a medium.
    pub(in crate::host) fn save_medium(&mut self, id: ElementId) -> Outcome {
        // A differencing disk stands below its base, wherever that is remembered.
        let base = self.ancestry(id).last().copied().unwrap_or(id);
        let registry = self.medium(base)?.registry.clone();
        self.save_registry_of(&registry)
    }

    /// Writes the media of a settings file.
    pub(super) fn save_registry_of(&mut self, registry: &Registry) -> Outcome {
        match registry {
            Registry::Nowhere => Ok(()),
            Registry::Global => self.save_registry(),
            Registry::Machine(machine) => self.save_machine_media(machine),
        }
    }

    /// Writes only the media part of a machine's file.
    pub(in crate::host) fn save_machine_media(&mut self, id: &str) -> Outcome {
        let Some(view) = self.machines.iter().find(|(_, machine)| machine.id == id).map(|(view, _)| *view) else {
            return Ok(());
        };
        self.exclusively(|state| state.save_machine_media_now(view, id))
    }

    fn save_machine_media_now(&mut self, view: u32, id: &str) -> Outcome {
        self.catch_up(view)?;
        let machine = self.machine(view)?;
        let (Some(mut tree), file) = (machine.tree.clone(), machine.settings_file.clone()) else { return Ok(()) };
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        self.put_media(&mut tree, "Machine/MediaRegistry", &Registry::Machine(id.to_owned()), &folder);
        super::super::registry::write(&file, &tree)?;
        let machine = self.machine_mut(view)?;
        machine.tree = Some(tree);
        machine.stamp = super::super::registry::stamp(&file);
        Ok(())
    }

    /// The folder of a machine was renamed: media in it moved along.
    pub(in crate::host) fn move_media(&mut self, old: &Path, new: &Path) {
        for medium in self.media.values_mut() {
            if let Ok(rest) = medium.location.strip_prefix(old) {
                medium.location = new.join(rest);
            }
        }
    }

    /// Media that a saved machine uses are remembered in its own file, unless another file has them.
    pub(in crate::host) fn adopt_media(&mut self, view: u32) -> Outcome {
        let id = self.machine(view)?.id.clone();
        let document = self.document(view)?;
        let attached = document.iter().filter(|(_, element)| element.role == "attachment");
        let attached: Vec<_> =
            attached.filter_map(|(_, element)| element.value("medium").and_then(Address::of)).collect();
        for at in attached {
            // The whole tree goes, which is remembered in one place.
            let mut tree: Vec<_> = self.ancestry(at.element).last().copied().into_iter().collect();
            while let Some(next) = tree.pop() {
                tree.extend(self.children_of(next));
                if let Some(medium) = self.media.get_mut(&next).filter(|medium| medium.registry == Registry::Global) {
                    medium.registry = Registry::Machine(id.clone());
                }
            }
        }
        Ok(())
    }

    /// Takes up what another process changed in the media registry of `VirtualBox.xml`.
    pub(in crate::host) fn merge_media(&mut self, seen: &XmlNode, disk: &XmlNode) {
        let home = self.home.clone();
        self.merge_registry(seen, disk, "Global/MediaRegistry", &Registry::Global, &home);
    }

    /// The same for the media registry at `path` of a file in `folder`.
    pub(in crate::host) fn merge_registry(
        &mut self,
        seen: &XmlNode,
        disk: &XmlNode,
        path: &str,
        registry: &Registry,
        folder: &Path,
    ) {
        let (old, new) = (ids(seen, path), ids(disk, path));
        for medium in self.media.values_mut().filter(|medium| medium.registry == *registry) {
            if old.contains(&medium.id) && !new.contains(&medium.id) {
                (medium.registry, medium.parent) = (Registry::Nowhere, None);
            }
        }
        // Only what is new there: what this process just forgot must not come back.
        for (list, item, device) in LISTS {
            let nodes: Vec<_> = disk.list(&format!("{path}/{list}"), item).cloned().collect();
            for node in nodes {
                self.merge_medium_node(&node, &old, registry, folder, device, None, 0);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn merge_medium_node(
        &mut self,
        node: &XmlNode,
        old: &[String],
        registry: &Registry,
        folder: &Path,
        device: &'static str,
        parent: Option<ElementId>,
        depth: u32,
    ) {
        let Some(id) = node_id(node) else { return };
        if !old.contains(&id) {
            return self.load_medium(node, registry, folder, device, parent, depth);
        }
        let Some(at) = self.medium_by_id(&id) else { return };
        // It may stand elsewhere in the tree now.
        if let Some(medium) = self.media.get_mut(&at) {
            medium.parent = parent;
        }
        if depth < 300 {
            for child in node.children.iter().filter(|child| child.name == "HardDisk") {
                self.merge_medium_node(child, old, registry, folder, device, Some(at), depth + 1);
            }
        }
    }

    /// Reads a media registry.
    pub(in crate::host) fn load_media(&mut self, tree: &XmlNode, path: &str, registry: Registry, folder: &Path) {
        for (list, item, device) in LISTS {
            let nodes: Vec<_> = tree.list(&format!("{path}/{list}"), item).cloned().collect();
            for node in nodes {
                self.load_medium(&node, &registry, folder, device, None, 0);
            }
        }
    }

    fn load_medium(
        &mut self,
        node: &XmlNode,
        registry: &Registry,
        folder: &Path,
        device: &'static str,
        parent: Option<ElementId>,
        depth: u32,
    ) {
        let (Some(id), Some(location)) = (node_id(node), node.attribute("location")) else { return };
        let at = match self.medium_by_id(&id) {
            Some(at) => {
                // It may have come from another registry, or be elsewhere in the tree.
                if let Some(medium) = self.media.get_mut(&at).filter(|medium| medium.registry == Registry::Nowhere) {
                    (medium.registry, medium.parent) = (registry.clone(), parent);
                }
                at
            }
            None => {
                let written = node.attribute("format").unwrap_or(if device == "HardDisk" { "VDI" } else { "RAW" });
                let kind =
                    node.attribute("type").map_or(if device == "DVD" { "Readonly" } else { "Normal" }, type_name);
                let kind = if device == "Floppy" { "Writethrough" } else { kind };
                let properties = node.list("", "Property");
                let properties = properties
                    .filter_map(|item| Some((item.attribute("name")?.to_owned(), item.attribute("value")?.to_owned())));
                let medium = Medium {
                    id,
                    location: folder.join(location),
                    format: format(written).map_or(written, |known| known.id).to_owned(),
                    device,
                    kind,
                    // Not looked at yet, which is no error.
                    state: "Inaccessible",
                    description: node.value("Description#").unwrap_or_default().to_owned(),
                    parent,
                    registry: registry.clone(),
                    auto_reset: node.attribute("autoReset") == Some("true"),
                    properties: properties.collect(),
                    ..Medium::default()
                };
                self.add_medium(medium)
            }
        };
        if depth < 300 {
            for child in node.children.iter().filter(|child| child.name == "HardDisk") {
                self.load_medium(child, registry, folder, device, Some(at), depth + 1);
            }
        }
    }

    /// Puts the media that `registry` remembers into its tree.
    pub(in crate::host) fn put_media(&self, tree: &mut XmlNode, path: &str, registry: &Registry, folder: &Path) {
        let of = |device: &str| -> Vec<ElementId> {
            let wanted = self.media.iter().filter(|(_, medium)| {
                medium.registry == *registry && medium.device == device && medium.parent.is_none()
            });
            wanted.map(|(at, _)| *at).collect()
        };
        if LISTS.iter().all(|(.., device)| of(device).is_empty()) && tree.at(path).is_none() {
            return;
        }
        for (list, item, device) in LISTS {
            let media = of(device);
            let node = tree.make(&format!("{path}/{list}"));
            let mut old: Vec<_> = std::mem::take(&mut node.children);
            node.children = media.into_iter().map(|at| self.medium_node(at, item, &mut old, folder)).collect();
        }
        let node = tree.make(path);
        node.children.retain(|list| !list.children.is_empty());
    }

    /// Whether the list of media of a registry in a file is as this process knows it.
    pub(in crate::host) fn shows_media(&self, tree: &XmlNode, path: &str, registry: &Registry, folder: &Path) -> bool {
        let mut wanted = XmlNode::default();
        if let Some(there) = tree.at(path) {
            *wanted.make(path) = there.clone();
        }
        self.put_media(&mut wanted, path, registry, folder);
        wanted.at(path) == tree.at(path)
    }

    fn medium_node(&self, at: ElementId, item: &str, old: &mut Vec<XmlNode>, folder: &Path) -> XmlNode {
        let medium = &self.media[&at];
        let id = format!("{{{}}}", medium.id);
        let there =
            old.iter().position(|node| node.attribute("uuid").is_some_and(|known| known.eq_ignore_ascii_case(&id)));
        let mut node = there.map_or_else(|| XmlNode::new(item).with("uuid", &id), |at| old.remove(at));
        let location = medium.location.strip_prefix(folder).unwrap_or(&medium.location);
        node.set_attribute("location", location.to_string_lossy());
        if medium.device == "HardDisk" {
            node.set_attribute("format", &medium.format);
            node.set_value("@autoReset", medium.auto_reset.then(|| "true".to_owned()));
            if medium.parent.is_none() {
                node.set_attribute("type", medium.kind);
            }
        }
        if medium.device != "HardDisk" && !medium.format.eq_ignore_ascii_case("RAW") {
            node.set_attribute("format", &medium.format);
        }
        node.set_value("Description#", (!medium.description.is_empty()).then(|| medium.description.clone()));
        super::super::registry::put_items(&mut node, "", "Property", &medium.properties);
        let (mut children, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut node.children).into_iter().partition(|child| child.name == "HardDisk");
        node.children = others;
        for child in self.children_of(at) {
            let child = self.medium_node(child, "HardDisk", &mut children, folder);
            node.children.push(child);
        }
        node
    }
}

fn node_id(node: &XmlNode) -> Option<String> {
    node.attribute("uuid").and_then(super::super::machines::parse_id)
}

/// Ids of the media in a registry.
fn ids(tree: &XmlNode, path: &str) -> Vec<String> {
    fn collect(node: &XmlNode, found: &mut Vec<String>, depth: u32) {
        found.extend(node_id(node));
        if depth < 300 {
            node.children
                .iter()
                .filter(|child| child.name == "HardDisk")
                .for_each(|child| collect(child, found, depth + 1));
        }
    }
    let mut found = Vec::new();
    for (list, item, _) in LISTS {
        tree.list(&format!("{path}/{list}"), item).for_each(|node| collect(node, &mut found, 0));
    }
    found
}

/// Lists of a media registry: element, item, kind of medium.
const LISTS: [(&str, &str, &str); 3] =
    [("HardDisks", "HardDisk", "HardDisk"), ("DVDImages", "Image", "DVD"), ("FloppyImages", "Image", "Floppy")];
