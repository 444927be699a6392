//! `IHostUSBDevice`: the USB devices of this computer, from `/sys/bus/usb/devices`. Nothing is done to them: a simulated
//! machine that is given one only says so.

use super::line;
use crate::host::document::{ElementId, ROOT};
use crate::host::state::{Address, State};
use crate::host::value::{enumerated, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use sha2::{Digest, Sha256};
use std::path::Path;

/// What a device is to the host.
const ROLE: &str = "hostUSBDevice";
/// The class of hubs, which machines are not given.
const HUB: &str = "09";

impl State {
    /// `IHost.USBDevices`: those that are plugged in now.
    pub(in crate::host) fn host_usb_devices(&mut self) -> Vec<ElementId> {
        let folder = self.computer.join("sys/bus/usb/devices");
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        // Interfaces have a colon in their names, and roots of buses are hubs.
        names.retain(|name| !name.contains(':') && line(folder.join(name).join("bDeviceClass")) != HUB);
        names.retain(|name| !line(folder.join(name).join("idVendor")).is_empty());
        names.sort();
        (0..).zip(&names).map(|(position, name)| self.usb_device(position, &folder.join(name), name)).collect()
    }

    fn usb_device(&mut self, position: u32, folder: &Path, name: &str) -> ElementId {
        let fact = |file: &str| line(folder.join(file));
        let number = |file: &str, radix| i64::from_str_radix(&fact(file), radix).unwrap_or_default();
        let node = format!("dev/bus/usb/{:03}/{:03}", number("busnum", 10), number("devnum", 10));
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let address = format!("sysfs:{}//device:/{node}", real.display());
        let (vendor, product) = (fact("manufacturer"), fact("product"));
        let state = match std::fs::OpenOptions::new().read(true).write(true).open(self.computer.join(&node)) {
            Err(_) => "Unavailable",
            Ok(_) if is_driven(folder, name) => "Busy",
            Ok(_) => "Available",
        };
        let known = self.global.children(ROOT, ROLE);
        let id = id_of(&address);
        let same = known.into_iter().find(|known| self.global.get(*known).is_some_and(|known| known.text("id") == id));
        let element = same.unwrap_or_else(|| self.global.add("IHostUSBDevice", ROOT, ROLE, position));
        let captured = self.holds_usb_device(&id);
        if let Some(device) = self.global.get_mut(element) {
            // The port is the last number of the way through the hubs.
            let path = name.split_once('-').map_or("", |(_, ports)| ports);
            let port = path.rsplit('.').next().and_then(|port| port.parse().ok()).unwrap_or_default();
            device.set("vendorId", RawValue::Int(number("idVendor", 16)));
            device.set("productId", RawValue::Int(number("idProduct", 16)));
            device.set("revision", RawValue::Int(number("bcdDevice", 16)));
            device.set("serialNumber", text(fact("serial")));
            device.set("deviceInfo", texts([vendor.clone(), product.clone()]));
            device.set("manufacturer", text(vendor));
            device.set("product", text(product));
            device.set("id", text(id));
            device.set("address", text(address));
            device.set("port", RawValue::Int(port));
            device.set("portPath", text(path));
            let version = fact("version");
            let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default();
            device.set("version", RawValue::Int(major));
            device.set("speed", enumerated("USBConnectionSpeed", speed(&fact("speed"))));
            device.set("remote", RawValue::Bool(false));
            device.set("backend", text("host"));
            device.set("state", enumerated("USBDeviceState", if captured { "Captured" } else { state }));
        }
        element
    }

    /// The device of that id, or of that address.
    ///
    /// # Errors
    /// No such device is plugged in.
    pub(in crate::host) fn find_usb_device(&mut self, field: &str, wanted: &str) -> Outcome<Address> {
        let wanted =
            if field == "id" { wanted.trim_matches(['{', '}']).to_ascii_lowercase() } else { wanted.to_owned() };
        let fits =
            |state: &Self, id: &ElementId| state.global.get(*id).is_some_and(|known| known.text(field) == wanted);
        let found = self.host_usb_devices().into_iter().find(|id| fits(self, id));
        found.map(Address::global).ok_or_else(|| Fault::not_found(format!("the host offers no USB device `{wanted}`")))
    }
}

/// Whether a driver of this computer uses a part of the device.
fn is_driven(folder: &Path, name: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let own = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&format!("{name}:"));
    entries.filter(own).any(|entry| entry.path().join("driver").exists())
}

/// Megabits per second as the API names them.
fn speed(megabits: &str) -> &'static str {
    match megabits {
        "1.5" => "Low",
        "12" => "Full",
        "480" => "High",
        "5000" => "Super",
        "10000" | "20000" => "SuperPlus",
        _ => "Null",
    }
}

/// An id that a device keeps as long as it is plugged in there, in every process.
fn id_of(address: &str) -> String {
    let hash = Sha256::digest(address);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
