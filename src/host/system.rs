//! `IHost`: facts of the computer this runs on, read from the system when asked for.

use super::arguments::Arguments;
use super::state::{Address, State, now, one};
use super::value::{enumerated, text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::fs::read_to_string;

impl State {
    pub(super) fn read_host(&mut self, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "architecture" => {
                enumerated("PlatformArchitecture", if cfg!(target_arch = "aarch64") { "ARM" } else { "x86" })
            }
            "x86" => self.global_part("IHostX86", "hostX86", 0).value("IHostX86"),
            "processorCount" | "processorOnlineCount" => RawValue::Int(processors()),
            "processorCoreCount" | "processorOnlineCoreCount" => RawValue::Int(cores()),
            "memorySize" => RawValue::Int(memory("MemTotal:")),
            "memoryAvailable" => RawValue::Int(memory("MemAvailable:")),
            "operatingSystem" => text(if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS }),
            "OSVersion" => text(line("/proc/sys/kernel/osrelease")),
            "UTCTime" => RawValue::Int(now()),
            "domainName" => match line("/proc/sys/kernel/domainname") {
                unset if unset == "(none)" => text(""),
                domain => text(domain),
            },
            "nameServers" => texts(resolver("nameserver")),
            "searchStrings" => texts(resolver("search")),
            "networkInterfaces" => self.network_interfaces(),
            "updateHost" => self.global_part("IHostUpdateAgent", "updateHost", 0).value("IUpdateAgent"),
            "updateExtPack" | "updateGuestAdditions" | "audioDevices" => {
                return Err(Fault::not_implemented(format!("IHost.{name}")));
            }
            _ => return Ok(None),
        }))
    }

    fn network_interfaces(&mut self) -> RawValue {
        let Ok(entries) = std::fs::read_dir("/sys/class/net") else { return RawValue::List(Vec::new()) };
        let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.retain(|name| name != "lo");
        names.sort();
        let mut interfaces = Vec::new();
        for (position, name) in (0..).zip(names) {
            let at = self.global_part("IHostNetworkInterface", "networkInterface", position);
            let fact = |file: &str| line(&format!("/sys/class/net/{name}/{file}"));
            let hardware = fact("address");
            if let Some(element) = self.global.get_mut(at.element) {
                element.set("name", text(&name));
                element.set("shortName", text(&name));
                element.set("id", text(interface_id(&name, &hardware)));
                element.set("networkName", text(format!("HostInterfaceNetworking-{name}")));
                element.set("hardwareAddress", text(hardware));
                element.set("IPV6Supported", RawValue::Bool(true));
                element.set("mediumType", enumerated("HostNetworkInterfaceMediumType", "Ethernet"));
                let up = if fact("operstate") == "up" { "Up" } else { "Down" };
                element.set("status", enumerated("HostNetworkInterfaceStatus", up));
                let kind = if name.starts_with("vboxnet") { "HostOnly" } else { "Bridged" };
                element.set("interfaceType", enumerated("HostNetworkInterfaceType", kind));
                let wireless = std::path::Path::new(&format!("/sys/class/net/{name}/wireless")).exists();
                element.set("wireless", RawValue::Bool(wireless));
            }
            interfaces.push(at.value("IHostNetworkInterface"));
        }
        RawValue::List(interfaces)
    }

    pub(super) fn call_host(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        let wanted = arguments.text(0);
        match name {
            "getProcessorSpeed" => {
                let speed = processor_fact(arguments.int(0), "cpu MHz").and_then(|speed| speed.parse::<f64>().ok());
                one(RawValue::Int(speed.unwrap_or_default() as i64))
            }
            "getProcessorDescription" => one(text(processor_fact(arguments.int(0), "model name").unwrap_or_default())),
            "getProcessorFeature" => one(RawValue::Bool(processor_feature(arguments.name(0)))),
            "generateMACAddress" => one(text(super::defaults::new_mac_address())),
            "findHostNetworkInterfaceByName" | "findHostNetworkInterfaceById" => {
                let key = if name.ends_with("Name") { "name" } else { "id" };
                let mut interfaces = self.network_interfaces().into_list().into_iter();
                let fits = |value: &RawValue| {
                    let element = Address::of(value).and_then(|at| self.global.get(at.element));
                    element.is_some_and(|element| element.text(key) == wanted)
                };
                let missing = || Fault::not_found(format!("the computer has no network interface `{wanted}`"));
                one(interfaces.find(fits).ok_or_else(missing)?)
            }
            "findHostNetworkInterfacesOfType" => {
                let interfaces = self.network_interfaces().into_list().into_iter();
                let fits = |value: &RawValue| {
                    let element = Address::of(value).and_then(|at| self.global.get(at.element));
                    element.is_some_and(|element| element.name("interfaceType") == arguments.name(0))
                };
                one(RawValue::List(interfaces.filter(fits).collect()))
            }
            "findHostDVDDrive" | "findHostFloppyDrive" => {
                Err(Fault::not_found(format!("the host offers no drive `{wanted}`")))
            }
            "findUSBDeviceById" | "findUSBDeviceByAddress" => {
                Err(Fault::not_found(format!("the host offers no USB device `{wanted}`")))
            }
            "isExecutionEngineSupported" => one(RawValue::Bool(false)),
            _ => Ok(None),
        }
    }
}

fn line(path: &str) -> String {
    read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn processors() -> i64 {
    std::thread::available_parallelism().map_or(1, |count| i64::try_from(count.get()).unwrap_or(1))
}

/// Different pairs of package and core; all processors where the system does not tell.
fn cores() -> i64 {
    let facts = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut cores: Vec<(String, String)> = Vec::new();
    for processor in facts.split("\n\n") {
        if let (Some(package), Some(core)) = (field(processor, "physical id"), field(processor, "core id")) {
            cores.push((package, core));
        }
    }
    cores.sort();
    cores.dedup();
    if cores.is_empty() { processors() } else { i64::try_from(cores.len()).unwrap_or(1) }
}

fn field(facts: &str, name: &str) -> Option<String> {
    let (_, value) = facts.lines().filter_map(|line| line.split_once(':')).find(|(known, _)| known.trim() == name)?;
    Some(value.trim().to_owned())
}

fn processor_fact(processor: i64, name: &str) -> Option<String> {
    let facts = read_to_string("/proc/cpuinfo").ok()?;
    let processor = facts.split("\n\n").nth(usize::try_from(processor).ok()?)?.to_owned();
    field(&processor, name)
}

fn processor_feature(feature: &str) -> bool {
    let flags = processor_fact(0, "flags").unwrap_or_default();
    let has = |wanted: &str| flags.split(' ').any(|flag| flag == wanted);
    match feature {
        "HWVirtEx" => has("vmx") || has("svm"),
        "PAE" => has("pae"),
        "LongMode" => has("lm"),
        "NestedPaging" => has("ept") || has("npt"),
        _ => false,
    }
}

/// Megabytes from `/proc/meminfo`.
fn memory(name: &str) -> i64 {
    let facts = read_to_string("/proc/meminfo").unwrap_or_default();
    let line = facts.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<i64>().ok()).unwrap_or_default() / 1024
}

/// Addresses of the name servers of this computer.
pub(super) fn name_servers() -> Vec<String> {
    resolver("nameserver")
}

fn resolver(keyword: &str) -> Vec<String> {
    let lines = read_to_string("/etc/resolv.conf").unwrap_or_default();
    let values = lines.lines().filter_map(|line| line.trim().strip_prefix(keyword));
    values.flat_map(|rest| rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// An id that stays the same: made of the name and the hardware address.
fn interface_id(name: &str, hardware: &str) -> String {
    let mut bytes = [0_u8; 16];
    for (at, letter) in name.bytes().enumerate() {
        bytes[at % 10] = bytes[at % 10].wrapping_mul(31).wrapping_add(letter);
    }
    for (at, part) in hardware.split(':').take(6).enumerate() {
        bytes[10 + at] = u8::from_str_radix(part, 16).unwrap_or_default();
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
