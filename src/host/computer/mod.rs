//! `IHost`: facts of the computer this runs on, read from the system when asked for; and what of it machines may use.

mod drives;
mod network_interfaces;
mod partitions;
mod processors;
mod usb_devices;
mod usb_filters;
mod usb_sources;
mod video_devices;

use super::arguments::Arguments;
use super::fault::code;
use super::state::{Address, State, now, one};
use super::value::{enumerated, text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::fs::read_to_string;
use std::path::Path;

pub(super) use network_interfaces::names as interface_names;
pub(super) use usb_filters::{read_filters, write_filters};
pub(super) use usb_sources::{read_sources, write_sources};

/// A call's answer, when this room knows the member.
type Reply = Outcome<Option<Vec<RawValue>>>;

impl State {
    pub(super) fn read_host(&mut self, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "architecture" => {
                enumerated("PlatformArchitecture", if cfg!(target_arch = "aarch64") { "ARM" } else { "x86" })
            }
            "x86" => self.global_part("IHostX86", "hostX86", 0).value("IHostX86"),
            "processorCount" => RawValue::Int(processors::present()),
            "processorOnlineCount" => RawValue::Int(processors::online()),
            "processorCoreCount" | "processorOnlineCoreCount" => RawValue::Int(processors::cores()),
            "memorySize" => RawValue::Int(memory("MemTotal:") / 1024),
            "memoryAvailable" => RawValue::Int(memory("MemAvailable:") / 1024),
            "operatingSystem" => text(if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS }),
            "OSVersion" => text(line("/proc/sys/kernel/osrelease")),
            "UTCTime" => RawValue::Int(now()),
            "domainName" => text(resolver("domain").pop().unwrap_or_default()),
            "nameServers" => texts(name_servers()),
            "searchStrings" => texts(resolver("search")),
            "networkInterfaces" => self.network_interfaces(),
            "hostDrives" => self.host_drives()?,
            "USBDeviceFilters" => self.host_usb_filters()?,
            // Machines of this host run without a guest, so no drive of the computer is passed to them.
            "DVDDrives" | "floppyDrives" => RawValue::List(Vec::new()),
            "USBDevices" => {
                let devices = self.host_usb_devices().into_iter();
                RawValue::List(devices.map(|id| Address::global(id).value("IHostUSBDevice")).collect())
            }
            "videoInputDevices" => self.video_input_devices(),
            "updateHost" => self.global_part("IHostUpdateAgent", "updateHost", 0).value("IUpdateAgent"),
            "updateExtPack" | "updateGuestAdditions" | "audioDevices" => {
                let message = "the API alone has this attribute: VirtualBox 7.2 does not implement it on Linux";
                return Err(Fault::new(code::E_NOTIMPL, message));
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_host(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        match name {
            "getProcessorSpeed" => one(RawValue::Int(processors::speed(arguments.int(0)))),
            "getProcessorDescription" => one(text(processors::description(arguments.int(0))?)),
            "getProcessorFeature" => one(RawValue::Bool(processors::has_feature(arguments.name(0)))),
            "generateMACAddress" => one(text(super::defaults::new_mac_address())),
            "findHostDVDDrive" | "findHostFloppyDrive" => {
                Err(Fault::not_found(format!("the host offers no drive `{wanted}`")))
            }
            "findUSBDeviceById" | "findUSBDeviceByAddress" => {
                let field = if name == "findUSBDeviceById" { "id" } else { "address" };
                if field == "id" && super::machines::parse_id(wanted).is_none() {
                    return Err(Fault::argument(format!("`{wanted}` is no id")));
                }
                one(self.find_usb_device(field, wanted)?.value("IHostUSBDevice"))
            }
            "isExecutionEngineSupported" => {
                one(RawValue::Bool(processors::has_engine(arguments.name(0), arguments.name(1))))
            }
            "createUSBDeviceFilter" | "insertUSBDeviceFilter" | "removeUSBDeviceFilter" => self.exclusively(|state| {
                state.refresh();
                state.call_host_usb_filters(name, arguments)
            }),
            "addUSBDeviceSource" | "removeUSBDeviceSource" => self.exclusively(|state| {
                state.refresh();
                state.call_usb_sources(name, arguments)
            }),
            name => self.call_network_interfaces(name, arguments),
        }
    }

    pub(super) fn call_host_x86(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "getProcessorCPUIDLeaf" => {
                let [processor, leaf, sub_leaf] = [0, 1, 2].map(|at| arguments.int(at));
                Ok(Some(processors::leaf(processor, leaf, sub_leaf)?.map(RawValue::Int).to_vec()))
            }
            _ => Ok(None),
        }
    }
}

/// The text of a file, without the line break at its end; empty when it cannot be read.
fn line(path: impl AsRef<Path>) -> String {
    read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// Kilobytes from `/proc/meminfo`.
pub(super) fn memory(name: &str) -> i64 {
    let facts = read_to_string("/proc/meminfo").unwrap_or_default();
    let line = facts.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<i64>().ok()).unwrap_or_default()
}

/// Addresses of the name servers of this computer.
pub(super) fn name_servers() -> Vec<String> {
    resolver("nameserver")
}

/// Values from the lines of the resolver's file that begin with a keyword.
fn resolver(keyword: &str) -> Vec<String> {
    let lines = read_to_string("/etc/resolv.conf").unwrap_or_default();
    let values = lines.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(keyword)).then(|| words.map(str::to_owned).collect::<Vec<_>>())
    });
    values.flatten().collect()
}
