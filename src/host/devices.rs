//! The parts of a machine with behaviour of their own, by interface; and the host-wide objects that are nearly empty.

mod audio;
mod bandwidth;
mod displays;
mod encryption;
mod firmware;
mod nat;
mod network;
mod pci;
mod platform;
mod processors;
mod recording;
mod shared_folders;
mod uefi_variables;
mod usb;
mod usb_filters;

use super::arguments::Arguments;
use super::state::{Address, State, nothing, one};
use super::table::When;
use super::value::{text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;

pub(super) use platform::{leaf_key, leaf_values};
pub(super) use uefi_variables::Variable;

pub(super) type Reply = Outcome<Option<Vec<RawValue>>>;

/// Attributes that VirtualBox declares as writable and never lets anyone write.
const NEVER_WRITTEN: [(&str, &str); 2] = [("IPlatform", "architecture"), ("IMachine", "pageFusionEnabled")];

/// Attributes whose present value may be written at any time: VirtualBox looks at the value before the state.
const LENIENT: [(&str, &str); 2] = [("IPlatform", "RTCUseUTC"), ("IMachine", "teleporterEnabled")];

impl State {
    /// What is decided before the state of the machine is looked at: whether the value can be one at all, and whether
    /// the attribute has it already.
    pub(super) fn write_first(&self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if NEVER_WRITTEN.contains(&(owner, name)) {
            return Err(Fault::not_in_virtualbox(format!("{owner}.{name} (writing)")));
        }
        let value = arguments.value(0);
        match (owner, name) {
            ("IMachine", "groups" | "hardwareVersion" | "hardwareUUID") => {
                super::mutable::check_value(name, arguments)?
            }
            ("IMachine", "memoryBalloonSize") => self.check_balloon_size(at, arguments.int(0))?,
            ("IMachine", "CPUCount" | "CPUExecutionCap" | "memorySize" | "teleporterPort")
            | ("IGraphicsAdapter", "monitorCount") => {
                super::table::find(self.element(at)?.interface, name).map_or(Ok(()), |row| row.check_range(&value))?;
            }
            ("IRecordingSettings", "paused") => return Err(Fault::not_in_virtualbox(format!("{owner}.{name}"))),
            _ => {}
        }
        Ok(LENIENT.contains(&(owner, name)) && self.element(at)?.value(name) == Some(&value))
    }

    pub(super) fn read_device(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        match owner {
            "IPlatform" => self.read_platform(at, owner, name),
            "INvramStore" | "IUefiVariableStore" => self.read_firmware(at, owner, name),
            "IRecordingSettings" | "IRecordingScreenSettings" => self.read_recording(at, owner, name),
            "IVRDEServer" => self.read_remote_display(at, name),
            "IAudioSettings" | "IAudioAdapter" => self.read_audio(at, owner, name),
            "IUSBController" => self.read_usb_controller(at, name),
            "IBandwidthControl" | "IBandwidthGroup" => self.read_bandwidth(at, owner, name),
            "INetworkAdapter" => self.read_adapter(at, name),
            "INATEngine" => self.read_nat(at, name),
            "ISharedFolder" => self.read_shared_folder(at, name),
            "IUSBDeviceFilters" if name == "deviceFilters" => {
                Ok(Some(self.parts(at, "deviceFilters", "IUSBDeviceFilter")?))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn write_device(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        match owner {
            "IPlatform" => self.write_platform(at, name, arguments),
            "IUefiVariableStore" => self.write_firmware(at, name, arguments),
            "IRecordingSettings" | "IRecordingScreenSettings" => self.write_recording(at, owner, name, arguments),
            "IVRDEServer" => self.write_remote_display(at, name, arguments),
            "IAudioAdapter" => self.write_audio(at, name, arguments),
            "IUSBController" => self.write_usb_controller(at, name, arguments),
            "IUSBDeviceFilter" => self.write_usb_filter(at, name, arguments),
            "IBandwidthGroup" => self.write_bandwidth(name, arguments),
            "INetworkAdapter" => self.write_adapter(at, name, arguments),
            "INATEngine" => self.write_nat(at, name, arguments),
            "ISharedFolder" => self.write_shared_folder(name, arguments),
            "ISerialPort" => self.write_serial_port(at, name, arguments),
            "IGraphicsAdapter" if name == "VRAMSize" && arguments.int(0) < 2 => {
                match self.element(at)?.name("graphicsControllerType") {
                    kind @ ("VBoxSVGA" | "VMSVGA") => Err(Fault::argument(format!("{kind} needs at least 2 MB"))),
                    _ => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }

    fn write_serial_port(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let needs_path = |mode: &str| matches!(mode, "HostPipe" | "HostDevice" | "RawFile" | "TCP");
        let element = self.element(at)?;
        let mode = element.name("hostMode");
        let bad = match name {
            "hostMode" if needs_path(arguments.name(0)) => element.text("path").is_empty().then(|| arguments.name(0)),
            "path" if needs_path(mode) => arguments.text(0).is_empty().then_some(mode),
            _ => None,
        };
        match bad {
            Some(mode) => Err(Fault::argument(format!("the mode {mode} needs a path; set `path` first"))),
            None => Ok(false),
        }
    }

    pub(super) fn call_device(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        match (owner, name) {
            ("IPlatformX86" | "IPlatformARM", _) => self.call_platform(at, name, arguments),
            ("INvramStore" | "IUefiVariableStore", _) => self.call_firmware(at, name, arguments),
            ("IGraphicsAdapter", _) => self.call_graphics(at, name, arguments),
            ("IRecordingSettings" | "IRecordingScreenSettings", _) => self.call_recording(at, owner, name, arguments),
            ("IAudioSettings", _) => self.call_audio(name),
            ("INetworkAdapter" | "IAudioAdapter" | "IVRDEServer", _) => self.named_property(at, name, arguments),
            ("INATEngine", _) => self.call_nat(at, name, arguments),
            ("IUSBDeviceFilters", _) => self.call_usb_filters(at, name, arguments),
            ("IBandwidthControl", _) => self.call_bandwidth(at, name, arguments),
            ("ICloudProviderManager", _) => Err(Fault::not_found("there are no cloud providers")),
            _ => Ok(None),
        }
    }

    /// Properties by name: an empty value deletes.
    fn named_property(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let key = arguments.text(0);
        match name {
            "getProperty" | "getVRDEProperty" => {
                let known = self.element(at)?.properties.get(key).cloned();
                let usual = if name == "getVRDEProperty" { displays::usual_property(key) } else { "" };
                one(text(known.unwrap_or_else(|| usual.to_owned())))
            }
            "setProperty" | "setVRDEProperty" => {
                let is_audio = self.element(at)?.interface.name == "IAudioAdapter";
                self.check_mutable(at.view, if is_audio { When::OffOrSaved } else { When::Always })?;
                let instead =
                    if name == "setVRDEProperty" { self.check_display_property(key, arguments.text(1))? } else { None };
                let properties = &mut self.element_mut(at)?.properties;
                match instead.unwrap_or(arguments.text(1)) {
                    "" => drop(properties.remove(key)),
                    value => drop(properties.insert(key.to_owned(), value.to_owned())),
                }
                self.touch(at.view);
                nothing()
            }
            // Which ones are asked for makes no difference.
            "getProperties" => {
                let all = &self.element(at)?.properties;
                Ok(Some(vec![texts(all.values().cloned()), texts(all.keys().cloned())]))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn call_part_list(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "createSharedFolder" | "removeSharedFolder" => self.call_shared_folders(at, name, arguments),
            _ => self.call_usb_controllers(at, name, arguments),
        }
    }
}
