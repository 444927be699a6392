//! Sources of USB devices on other computers (USB/IP), kept in `VirtualBox.xml`. Nothing connects to them here.

use super::Reply;
use crate::host::Fault;
use crate::host::arguments::Arguments;
use crate::host::document::{Document, ROOT};
use crate::host::fault::code;
use crate::host::settings::{read_rows, write_rows};
use crate::host::state::{State, nothing};
use crate::host::value::text;
use crate::host::xml::XmlNode;

const ROLE: &str = "USBDeviceSources";
const PLACE: &str = "Global/USBDeviceSources";

impl State {
    pub(super) fn call_usb_sources(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        let (backend, address) = (arguments.text(0), arguments.text(2));
        let id = arguments.text(if name == "addUSBDeviceSource" { 1 } else { 0 });
        let known = self.global.named(ROOT, ROLE, id);
        if name == "removeUSBDeviceSource" {
            let missing = || Fault::not_found(format!("the host has no source of USB devices named `{id}`"));
            self.global.remove(known.ok_or_else(missing)?);
        } else {
            if backend != "USBIP" {
                return Err(Fault::not_found(format!(
                    "`{backend}` is no kind of source of USB devices: there is USBIP"
                )));
            }
            if known.is_some() {
                return Err(Fault::new(
                    code::OBJECT_IN_USE,
                    format!("a source of USB devices is named `{id}` already"),
                ));
            }
            if !is_address(address) {
                let message = format!("`{address}` is no address of a USB/IP server: it must be like 192.0.2.1:3240");
                return Err(Fault::new(code::E_FAIL, message));
            }
            let position = u32::try_from(self.global.children(ROOT, ROLE).len()).unwrap_or_default();
            let source = self.global.add("IUSBProxyBackend", ROOT, ROLE, position);
            if let Some(source) = self.global.get_mut(source) {
                source.set("name", text(id));
                source.set("type", text(backend));
                source.set("address", text(address));
            }
        }
        self.save_registry()?;
        nothing()
    }
}

/// An IPv4 address, with or without a port.
fn is_address(given: &str) -> bool {
    let (host, port) = given.split_once(':').unwrap_or((given, "3240"));
    host.parse::<std::net::Ipv4Addr>().is_ok() && port.parse::<u16>().is_ok()
}

/// Takes up the sources that `VirtualBox.xml` has.
pub(in crate::host) fn read_sources(document: &mut Document, seen: &XmlNode, tree: &XmlNode) {
    if seen.at(PLACE) == tree.at(PLACE) {
        return;
    }
    for id in document.children(ROOT, ROLE) {
        document.remove(id);
    }
    for (position, node) in (0..).zip(tree.list(PLACE, "USBDeviceSource")) {
        let id = document.add("IUSBProxyBackend", ROOT, ROLE, position);
        document.get_mut(id).into_iter().for_each(|source| read_rows(source, node));
    }
}

/// Puts the sources into the tree of `VirtualBox.xml`.
pub(in crate::host) fn write_sources(document: &Document, tree: &mut XmlNode) {
    let sources = document.children(ROOT, ROLE);
    if sources.is_empty() && tree.at(PLACE).is_none() {
        return;
    }
    let list = tree.make(PLACE);
    let mut old: Vec<_> = list.children.iter().filter(|child| child.name == "USBDeviceSource").cloned().collect();
    list.children.retain(|child| child.name != "USBDeviceSource");
    for source in sources.into_iter().filter_map(|id| document.get(id)) {
        let same = old.iter().position(|node| node.attribute("name") == Some(source.text("name")));
        let mut node = same.map_or_else(|| XmlNode::new("USBDeviceSource"), |at| old.remove(at));
        write_rows(source, &mut node);
        list.children.push(node);
    }
}
