//! A machine's settings file: between the tree of the file and the document of the machine.
//!
//! What is written goes into the tree that was read, so that elements unknown here stay as they are.

use super::Outcome;
use super::document::{Document, Element, ElementId, GuestProperty, ROOT};
use super::media::Registry;
use super::os_types::{USUAL_ADAPTER, adapter_type};
use super::registry::put_items;
use super::state::{Address, State, View};
use super::table;
use super::value::{enumerated, texts, write};
use super::xml::XmlNode;
use crate::model::RawValue;

/// A kind of parts that come in numbers: interface, role, place of the list, name of an item, what tells them apart.
type List = (&'static str, &'static str, &'static str, &'static str, &'static str);

const LISTS: &[List] = &[
    ("INetworkAdapter", "networkAdapter", "Hardware/Network", "Adapter", "slot"),
    ("ISerialPort", "serialPort", "Hardware/UART", "Port", "slot"),
    ("IParallelPort", "parallelPort", "Hardware/LPT", "Port", "slot"),
    ("IStorageController", "storageControllers", "Hardware/StorageControllers", "StorageController", "name"),
    ("IUSBController", "USBControllers", "Hardware/USB/Controllers", "Controller", "name"),
    ("IUSBDeviceFilter", "deviceFilters", "Hardware/USB/DeviceFilters", "DeviceFilter", "name"),
    ("ISharedFolder", "sharedFolders", "Hardware/SharedFolders", "SharedFolder", "name"),
    ("IBandwidthGroup", "bandwidthGroups", "Hardware/IO/BandwidthGroups", "BandwidthGroup", "name"),
    ("IRecordingScreenSettings", "screens", "Recording", "Screen", "id"),
    ("IPCIDeviceAttachment", "PCIDevices", "Hardware/HostPci/Devices", "Device", "name"),
];

pub(super) fn read_rows(element: &mut Element, node: &XmlNode) {
    for row in table::rows(element.interface) {
        if row.places.is_empty() {
            continue;
        }
        let written = row.places.iter().find_map(|place| node.value(place));
        match written.and_then(|written| row.read(written)) {
            Some(value) => element.take_up(row, value),
            // What should always be there stays as it is; a value that this release does not know reads as absent.
            None if row.always => {}
            None if row.absent == row.default => {}
            None => element.take_up(row, row.absent.clone()),
        }
    }
}

pub(super) fn write_rows(element: &Element, node: &mut XmlNode) {
    write_rows_of(element, node, everywhere);
}

/// Writes the values whose places are wanted.
fn write_rows_of(element: &Element, node: &mut XmlNode, wanted: Places) {
    for row in table::rows(element.interface) {
        let Some(value) = element.value(row.name) else { continue };
        for (at, place) in row.places.iter().enumerate().filter(|(_, place)| wanted(place)) {
            node.set_value(place, if at == 0 { row.write(value) } else { None });
        }
    }
}

/// Which places in the file are wanted.
type Places = fn(&str) -> bool;

/// All places: the element of a machine.
pub(super) fn everywhere(_: &str) -> bool {
    true
}

/// Places that the element of a snapshot has: the hardware. The rest is with the machine.
pub(super) fn of_snapshot(place: &str) -> bool {
    place == "@stateFile" || !["@", "Description", "Teleporter"].iter().any(|start| place.starts_with(start))
}

/// Id of an attached image that no registry has.
pub(super) const UNKNOWN_IMAGE: &str = "unknownImage";

impl State {
    /// The document of a machine, from its file.
    pub(super) fn read_settings(&mut self, file: &XmlNode) -> Document {
        let empty = XmlNode::new("Machine");
        let node = file.child("Machine").unwrap_or(&empty);
        let mut document = self.read_hardware(node, node.attribute("OSType").unwrap_or_default());
        let groups: Vec<_> = node.list("Groups", "Group").filter_map(|group| group.attribute("name")).collect();
        let properties = named_values(node, "ExtraData", "ExtraDataItem");
        if let Some(root) = document.get_mut(ROOT) {
            root.set("groups", texts(if groups.is_empty() { vec!["/"] } else { groups }));
            root.properties = properties;
        }
        document
    }

    /// What the element of a machine or a snapshot says of the hardware.
    pub(super) fn read_hardware(&mut self, node: &XmlNode, os_type: &str) -> Document {
        let mut document = super::defaults::blank_machine();
        let single: Vec<_> = document.iter().map(|(id, element)| (id, element.role)).collect();
        for (id, role) in single {
            if !LISTS.iter().any(|list| list.1 == role) && role != "NATEngine" {
                document.get_mut(id).into_iter().for_each(|element| read_rows(element, node));
            }
        }
        let chipset = document
            .child(ROOT, "platform", 0)
            .and_then(|id| document.get(id))
            .map_or("", |element| element.name("chipsetType"));
        super::defaults::add_adapters(&mut document, super::defaults::adapter_count(chipset));
        super::defaults::add_screens(&mut document);
        // A slot that the file does not mention has what the type of guest likes.
        let usual = adapter_type(os_type);
        if usual != USUAL_ADAPTER {
            let usual = enumerated("NetworkAdapterType", usual);
            // As many slots as the chipset has that it likes; more than these have what every adapter has.
            let chipset = super::os_types::Recommended::of(os_type).name("recommendedChipset");
            let slots = super::defaults::adapter_count(chipset) as usize;
            for adapter in document.children(ROOT, "networkAdapter").into_iter().take(slots) {
                document.get_mut(adapter).into_iter().for_each(|element| element.set("adapterType", usual.clone()));
            }
        }
        // Positions of a boot order that is written and not named there are empty.
        if node.at("Hardware/Boot").is_some() {
            for name in ["bootOrder.1", "bootOrder.2", "bootOrder.3", "bootOrder.4"] {
                let row = document.get(ROOT).and_then(|root| table::find(root.interface, name));
                if row.is_some_and(|row| row.places.iter().all(|place| node.value(place).is_none())) {
                    document
                        .get_mut(ROOT)
                        .into_iter()
                        .for_each(|root| root.set(name, enumerated("DeviceType", "Null")));
                }
            }
        }
        for list in LISTS {
            self.read_list(&mut document, node, list);
        }
        read_codec(&mut document, node);
        super::settings_processors::read(&mut document, node);
        if let Some(server) = document.child(ROOT, "VRDEServer", 0).and_then(|id| document.get_mut(id)) {
            server.properties = named_values(node, "Hardware/RemoteDisplay/VRDEProperties", "Property");
        }
        for property in node.list("Hardware/GuestProperties", "GuestProperty") {
            let of = |name: &str| property.attribute(name).unwrap_or_default();
            let read = GuestProperty {
                value: of("value").to_owned(),
                timestamp: of("timestamp").parse().unwrap_or_default(),
                flags: super::guest_properties::normal_flags(of("flags")).unwrap_or_default(),
            };
            document.guest_properties.insert(of("name").to_owned(), read);
        }
        document
    }

    fn read_list(&self, document: &mut Document, machine: &XmlNode, list: &List) {
        let (interface, role, path, item, key) = *list;
        let slots = key != "name";
        // Older releases have the controllers outside of the hardware.
        let path = if role == "storageControllers" && machine.at(path).is_none() { "StorageControllers" } else { path };
        let parent = match role {
            "deviceFilters" => document.child(ROOT, "USBDeviceFilters", 0).unwrap_or(ROOT),
            "bandwidthGroups" => document.child(ROOT, "bandwidthControl", 0).unwrap_or(ROOT),
            "screens" => document.child(ROOT, "recordingSettings", 0).unwrap_or(ROOT),
            _ => ROOT,
        };
        for (at, node) in (0..).zip(machine.list(path, item)) {
            let slot = node.attribute(key).and_then(|slot| slot.parse().ok());
            let id = match (slots, slot) {
                (true, Some(slot)) => document.child(parent, role, slot),
                (true, None) => None,
                (false, _) => Some(document.add(interface, parent, role, at)),
            };
            let Some(id) = id else { continue };
            document.get_mut(id).into_iter().for_each(|element| read_rows(element, node));
            match role {
                "networkAdapter" => super::settings_network::read(document, id, node),
                "storageControllers" => self.read_controller(document, id, node),
                "screens" => read_features(document, id, node),
                _ => {}
            }
        }
    }

    fn read_controller(&self, document: &mut Document, controller: ElementId, node: &XmlNode) {
        if let Some(element) = document.get_mut(controller) {
            let bus = super::properties::bus_of(element.name("controllerType"));
            element.set("bus", enumerated("StorageBus", bus));
        }
        for (at, device) in (0..).zip(node.list("", "AttachedDevice")) {
            let id = document.add("IMediumAttachment", controller, "attachment", at);
            let Some(element) = document.get_mut(id) else { continue };
            read_rows(element, device);
            let kind = device.attribute("type").unwrap_or("HardDisk");
            element.set("type", enumerated("DeviceType", kind));
            let medium = device.value("Image@uuid").and_then(super::machines::parse_id);
            match medium.as_ref().and_then(|id| self.medium_by_id(id)) {
                Some(medium) => element.set("medium", Address::global(medium).value("IMedium")),
                // No registry has it; it is written back as it is.
                None => element.set(UNKNOWN_IMAGE, super::value::text(medium.unwrap_or_default())),
            }
        }
    }

    /// Puts the guest properties of a machine into the tree of its file.
    pub(super) fn put_guest_properties(&mut self, original: View) -> Outcome {
        let document = self.document(original)?.clone();
        if let Some(tree) = self.machine_mut(original)?.tree.as_mut() {
            write_guest_properties(&document, tree.make("Machine"));
        }
        Ok(())
    }

    /// Puts the settings that `view` shows into the tree of its file.
    pub(super) fn write_settings(&self, view: View, file: &mut XmlNode) -> Outcome {
        let machine = self.machine(view)?;
        let document = self.document(view)?;
        file.set_attribute("xmlns", "http://www.virtualbox.org/");
        let node = file.make("Machine");
        node.set_attribute("uuid", format!("{{{}}}", machine.id));
        let os_type = document.get(ROOT).map_or("", |root| root.text("OSTypeId"));
        self.write_hardware(document, node, os_type, everywhere)?;
        node.set_attribute("lastStateChange", super::times::write(machine.last_state_change));
        let root = self.element(Address::machine(view))?;
        let groups = match root.value("groups") {
            Some(RawValue::List(groups)) => groups.iter().filter_map(write).collect(),
            _ => vec!["/".to_owned()],
        };
        node.children.retain(|child| child.name != "Groups");
        if groups != ["/"] {
            let list = node.make("Groups");
            list.children.extend(groups.into_iter().map(|group| XmlNode::new("Group").with("name", group)));
        }
        put_items(node, "ExtraData", "ExtraDataItem", &root.properties);
        self.put_snapshots(self.machine_of(view), node);
        let folder = machine.settings_file.parent().unwrap_or(std::path::Path::new("")).to_owned();
        self.put_media(file, "Machine/MediaRegistry", &Registry::Machine(machine.id.clone()), &folder);
        Ok(())
    }

    /// Puts the hardware of a machine or a snapshot into its element.
    pub(super) fn write_hardware(
        &self,
        document: &Document,
        node: &mut XmlNode,
        os_type: &str,
        wanted: Places,
    ) -> Outcome {
        let platform = document.child(ROOT, "platform", 0).and_then(|id| document.get(id));
        let architecture = platform.map_or("x86", |platform| platform.name("architecture"));
        let foreign = if architecture == "x86" { "ARM" } else { "x86" };
        for (_, element) in document.iter().filter(|(_, element)| element.role != foreign) {
            // What was taken out of its list has no place any more.
            let listed = element.role == "retired"
                || LISTS.iter().any(|list| list.1 == element.role)
                || matches!(element.role, "NATEngine" | "attachment");
            if !listed {
                write_rows_of(element, node, wanted);
            }
        }
        // The architecture decides where a reader looks for the rest.
        node.set_value("Platform@architecture", Some(architecture.to_owned()));
        for list in LISTS {
            self.write_list(document, node, list, os_type)?;
        }
        write_codec(document, node);
        super::settings_processors::write(document, node);
        let screens = node.list("Recording", "Screen").count();
        node.set_value("Recording@screens", (screens > 0).then(|| screens.to_string()));
        if let Some(server) = document.child(ROOT, "VRDEServer", 0).and_then(|id| document.get(id)) {
            put_items(node, "Hardware/RemoteDisplay/VRDEProperties", "Property", &server.properties);
        }
        write_guest_properties(document, node);
        Ok(())
    }

    fn write_list(&self, document: &Document, machine: &mut XmlNode, list: &List, os_type: &str) -> Outcome {
        let (_, role, path, item, key) = *list;
        let slots = key != "name";
        let parent = match role {
            "deviceFilters" => document.child(ROOT, "USBDeviceFilters", 0).unwrap_or(ROOT),
            "bandwidthGroups" => document.child(ROOT, "bandwidthControl", 0).unwrap_or(ROOT),
            "screens" => document.child(ROOT, "recordingSettings", 0).unwrap_or(ROOT),
            _ => ROOT,
        };
        let mut old = Vec::new();
        // Older places give way to the new one.
        for place in
            [path, "StorageControllers"].into_iter().filter(|place| *place == path || role == "storageControllers")
        {
            if let Some(node) = machine.at(place).is_some().then(|| machine.make(place)) {
                let (items, others) =
                    std::mem::take(&mut node.children).into_iter().partition(|child| child.name == item);
                node.children = others;
                old.extend::<Vec<_>>(items);
            }
        }
        let usual_adapter = adapter_type(os_type);
        for id in document.children(parent, role) {
            let Some(element) = document.get(id) else { continue };
            let wanted = if slots { element.index.to_string() } else { element.text("name").to_owned() };
            let there = old.iter().position(|node| node.attribute(key) == Some(&wanted));
            let mut node = there.map_or_else(|| XmlNode::new(item).with(key, &wanted), |at| old.remove(at));
            write_rows(element, &mut node);
            match role {
                "networkAdapter" => super::settings_network::write(document, id, &mut node),
                "storageControllers" => self.write_controller(document, id, &mut node)?,
                "screens" => write_features(element, &mut node),
                "bandwidthGroups" => node.set_attribute("type", element.name("type")),
                _ => {}
            }
            // An unused slot is not written.
            let absent_means_same = role != "networkAdapter" || usual_adapter == USUAL_ADAPTER;
            // A slot that is not mentioned does not reach the host either.
            let usual = |(name, value): &(String, String)| name == "localhost-reachable" && value == "false";
            let plain_nat = |child: &XmlNode| {
                child.name == "NAT" && child.attributes.iter().all(usual) && child.children.is_empty()
            };
            let no_content =
                node.children.iter().all(|child| child.name == "DisabledModes" && child.children.iter().all(plain_nat));
            let unused = slots && absent_means_same && node.attributes.len() <= 1 && no_content;
            let plain_port = matches!(role, "serialPort" | "parallelPort")
                && !element.flag("enabled")
                && element.text("path").is_empty();
            if !unused && !plain_port {
                machine.make(path).children.push(node);
            }
        }
        Ok(())
    }

    fn write_controller(&self, document: &Document, controller: ElementId, node: &mut XmlNode) -> Outcome {
        node.children.retain(|child| child.name != "AttachedDevice");
        for id in document.children(controller, "attachment") {
            let Some(element) = document.get(id) else { continue };
            let kind = element.name("type");
            let mut device = XmlNode::new("AttachedDevice").with("type", kind);
            write_rows(element, &mut device);
            let medium = element.value("medium").and_then(Address::of).and_then(|at| self.media.get(&at.element));
            let id = medium.map_or(element.text(UNKNOWN_IMAGE), |medium| medium.id.as_str());
            if !id.is_empty() {
                device.children.push(XmlNode::new("Image").with("uuid", format!("{{{id}}}")));
            }
            node.children.push(device);
        }
        Ok(())
    }
}

/// Reads the folders that all machines share, in place of those known.
pub(super) fn read_shared_folders(document: &mut Document, tree: &XmlNode) {
    for old in document.children(ROOT, "sharedFolders") {
        document.remove(old);
    }
    for (at, node) in (0..).zip(tree.list(super::registry::SHARED_FOLDERS, "SharedFolder")) {
        let id = document.add("ISharedFolder", ROOT, "sharedFolders", at);
        document.get_mut(id).into_iter().for_each(|element| read_rows(element, node));
    }
}

/// Puts the folders that all machines share into `VirtualBox.xml`.
pub(super) fn write_shared_folders(document: &Document, tree: &mut XmlNode) {
    let folders = document.children(ROOT, "sharedFolders");
    if folders.is_empty() && tree.at(super::registry::SHARED_FOLDERS).is_none() {
        return;
    }
    let list = tree.make(super::registry::SHARED_FOLDERS);
    list.children.retain(|child| child.name != "SharedFolder");
    for element in folders.into_iter().filter_map(|id| document.get(id)) {
        let mut node = XmlNode::new("SharedFolder");
        write_rows(element, &mut node);
        list.children.push(node);
    }
}

pub(super) fn named_values(node: &XmlNode, path: &str, item: &str) -> std::collections::BTreeMap<String, String> {
    let items = node.list(path, item);
    items.filter_map(|item| Some((item.attribute("name")?.to_owned(), item.attribute("value")?.to_owned()))).collect()
}

/// What VirtualBox takes on this system when it may choose the driver of the sound card.
const USUAL_DRIVER: &str = if cfg!(target_os = "macos") {
    "CoreAudio"
} else if cfg!(windows) {
    "WAS"
} else {
    "ALSA"
};

/// The codec that a machine has when the file names none follows from the controller.
pub(super) fn usual_codec(controller: &str) -> &'static str {
    match controller {
        "HDA" => "STAC9221",
        "SB16" => "SB16",
        "VirtioSound" => "Null",
        _ => "STAC9700",
    }
}

fn audio_adapter(document: &Document) -> Option<ElementId> {
    document.child(ROOT, "audioSettings", 0).and_then(|id| document.child(id, "adapter", 0))
}

fn read_codec(document: &mut Document, machine: &XmlNode) {
    let Some(adapter) = audio_adapter(document).and_then(|id| document.get_mut(id)) else { return };
    if machine.value("Hardware/AudioAdapter@codec").is_none() {
        let codec = usual_codec(adapter.name("audioController"));
        adapter.set("audioCodec", enumerated("AudioCodecType", codec));
    }
    // The driver that VirtualBox took by itself is written beside the mark that it may choose.
    if machine.value("Hardware/AudioAdapter@useDefault") == Some("true") {
        adapter.set("audioDriver", enumerated("AudioDriverType", "Default"));
    }
    adapter.properties = named_values(machine, "Hardware/AudioAdapter", "Property");
}

fn write_codec(document: &Document, machine: &mut XmlNode) {
    let Some(adapter) = audio_adapter(document).and_then(|id| document.get(id)) else { return };
    let codec = adapter.name("audioCodec");
    let unusual = codec != usual_codec(adapter.name("audioController"));
    machine.set_value("Hardware/AudioAdapter@codec", unusual.then(|| codec.to_owned()));
    let default = adapter.name("audioDriver") == "Default";
    machine.set_value("Hardware/AudioAdapter@useDefault", default.then(|| "true".to_owned()));
    if default {
        machine.set_value("Hardware/AudioAdapter@driver", Some(USUAL_DRIVER.to_owned()));
    }
    if !adapter.properties.is_empty() || machine.at("Hardware/AudioAdapter").is_some() {
        put_items(machine, "Hardware/AudioAdapter", "Property", &adapter.properties);
    }
}

/// What a recording's sound is like, by attribute and as it is written.
const SOUND: [(&str, &str); 3] =
    [("audioHz", "audioHz"), ("audioBits", "audioBits"), ("audioChannels", "audioChannels")];

fn read_features(document: &mut Document, screen: ElementId, node: &XmlNode) {
    let written = node.attribute("featuresEnabled").unwrap_or_default();
    let features = [("video", "Video"), ("audio", "Audio")].into_iter().filter(|(word, _)| written.contains(word));
    let features = features.map(|(_, name)| enumerated("RecordingFeature", name)).collect();
    if let Some(element) = document.get_mut(screen) {
        element.set("features", RawValue::List(features));
        // One of them alone means that the others are 0.
        if SOUND.iter().any(|(_, written)| node.attribute(written).is_some()) {
            for (name, written) in SOUND {
                let number = node.attribute(written).and_then(|number| number.parse().ok()).unwrap_or_default();
                element.set(name, RawValue::Int(number));
            }
        }
    }
}

fn write_features(screen: &Element, node: &mut XmlNode) {
    let written = screen.value("features").and_then(write).unwrap_or_default();
    node.set_attribute("featuresEnabled", written.to_ascii_lowercase());
    if SOUND.iter().any(|(_, written)| node.attribute(written).is_some()) {
        // VirtualBox does not write its usual number of channels either, and reads a wrong video codec where it stands.
        for (name, written) in SOUND.iter().filter(|(name, _)| *name != "audioChannels" || screen.int(name) != 2) {
            node.set_attribute(written, screen.int(name).to_string());
        }
    }
}

fn write_guest_properties(document: &Document, machine: &mut XmlNode) {
    let there = machine.at("Hardware/GuestProperties").is_some();
    if document.guest_properties.is_empty() && !there {
        return;
    }
    let node = machine.make("Hardware/GuestProperties");
    node.children = document
        .guest_properties
        .iter()
        .map(|(name, property)| {
            XmlNode::new("GuestProperty")
                .with("name", name)
                .with("value", &property.value)
                .with("timestamp", property.timestamp.to_string())
                .with("flags", &property.flags)
        })
        .collect();
}
