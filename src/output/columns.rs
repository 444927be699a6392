//! Which attributes of which interface are worth a column, and in which units people read them.

use super::summary;
use crate::model::{Value, date};
use crate::schema::{Attribute, Interface, Kind};

/// Columns by interface; names that a release does not have are passed over.
const COLUMNS: &[(&str, &[&str])] = &[
    ("IMachine", &["name", "state", "OSTypeId", "memorySize", "CPUCount", "id"]),
    ("IMedium", &["name", "format", "size", "state", "type", "location"]),
    ("ISnapshot", &["name", "online", "timeStamp", "childrenCount", "id", "description"]),
    ("INetworkAdapter", &["slot", "enabled", "attachmentType", "adapterType", "MACAddress", "cableConnected"]),
    ("IStorageController", &["name", "bus", "controllerType", "portCount", "bootable", "useHostIOCache"]),
    ("IGuestOSType", &["id", "description", "familyId", "platformArchitecture", "recommendedRAM", "recommendedHDD"]),
    ("IMediumAttachment", &["controller", "port", "device", "type", "medium"]),
    ("ISharedFolder", &["name", "hostPath", "accessible", "writable", "autoMount", "autoMountPoint"]),
    ("IProgress", &["description", "percent", "completed", "canceled", "id"]),
    ("IHostUSBDevice", &["product", "manufacturer", "vendorId", "productId", "state", "id"]),
    ("IUSBDevice", &["product", "manufacturer", "vendorId", "productId", "speed", "id"]),
    ("IUSBDeviceFilter", &["name", "active", "vendorId", "productId", "manufacturer", "product"]),
    ("IUSBController", &["name", "type", "USBStandard"]),
    ("IHostNetworkInterface", &["name", "interfaceType", "status", "IPAddress", "networkMask", "hardwareAddress"]),
    ("IHostOnlyNetwork", &["networkName", "enabled", "networkMask", "lowerIP", "upperIP"]),
    ("IDHCPServer", &["networkName", "enabled", "IPAddress", "networkMask", "lowerIP", "upperIP"]),
    ("INATNetwork", &["networkName", "enabled", "network", "gateway", "IPv6Enabled", "needDhcpServer"]),
    ("IMediumFormat", &["id", "name", "capabilities"]),
    ("IExtPackBase", &["name", "version", "revision", "usable", "description"]),
    ("IBandwidthGroup", &["name", "type", "maxBytesPerSec", "reference"]),
    ("IGuestSession", &["id", "name", "user", "status", "protocolVersion"]),
    ("IProcess", &["PID", "name", "status", "exitCode", "executablePath"]),
    ("IHostDrive", &["drivePath", "model", "size", "partitioningType"]),
    ("IPerformanceMetric", &["metricName", "unit", "minimumValue", "maximumValue", "description"]),
    ("ISerialPort", &["slot", "enabled", "hostMode", "path", "IOAddress", "IRQ"]),
    ("IParallelPort", &["slot", "enabled", "path", "IOBase", "IRQ"]),
    ("ICloudMachine", &["name", "state", "OSTypeId", "id"]),
];
/// So many columns at most where nobody has chosen them.
const MOST: usize = 6;

/// The columns of a table of objects (or structures) of an interface.
pub(super) fn of(interface: &'static Interface) -> Vec<&'static Attribute> {
    if let Some((_, names)) = COLUMNS.iter().find(|(name, _)| interface.extends(name)) {
        return names.iter().filter_map(|name| interface.attribute(name)).collect();
    }
    let mut columns: Vec<&Attribute> = Vec::new();
    let naming = summary::naming(interface).into_iter();
    let description = interface.attribute("description");
    let others = interface.attributes().into_iter().filter(|attribute| {
        let is_plain = !attribute.kind.array && !attribute.kind.kind.is_object();
        is_plain && !attribute.name.to_ascii_lowercase().contains("password") && attribute.name != "description"
    });
    for attribute in naming.take(2).chain(summary::states(interface)).chain(others).chain(description) {
        let is_new = columns.iter().all(|known| known.name != attribute.name);
        if is_new && attribute.name != "midlDoesNotLikeEmptyInterfaces" && columns.len() < MOST {
            columns.push(attribute);
        }
    }
    columns
}

/// A number in the unit that people read it in (`20.0 GiB`), where the API states one.
pub(super) fn gloss(attribute: &Attribute, value: &Value) -> Option<String> {
    let Value::Int(number) = value else { return None };
    let number = *number;
    match (attribute.owner, attribute.name) {
        ("IMedium", "size" | "logicalSize") | ("IHostDrive" | "IHostDrivePartition", "size") => {
            Some(format_bytes(number))
        }
        ("IGuestOSType", "recommendedHDD") | ("ISystemProperties", "infoVDSize") => Some(format_bytes(number)),
        ("IGuestOSType", "recommendedRAM" | "recommendedVRAM") => Some(format!("{number} MB")),
        ("IUSBDevice", "vendorId" | "productId" | "revision") => Some(format!("0x{number:04x}")),
        ("IProgress" | "IVirtualBoxErrorInfo", "resultCode") if number != 0 => {
            // The code travels as a signed 32-bit number; only the bits count.
            let code = number as u32;
            Some(crate::schema::name_of_code(code).map_or_else(|| format!("0x{code:08x}"), str::to_owned))
        }
        (_, name) => gloss_by_name(name, value),
    }
}

/// As [`gloss`], for the names that mean the same wherever they stand.
pub(super) fn gloss_by_name(name: &str, value: &Value) -> Option<String> {
    match (name, value) {
        ("memorySize" | "memoryAvailable" | "memoryBalloonSize" | "VRAMSize", Value::Int(number)) => {
            Some(format!("{number} MB"))
        }
        ("size" | "logicalSize" | "freeSpace", Value::Int(number)) => Some(format_bytes(*number)),
        ("timeStamp" | "lastStateChange" | "UTCTime", Value::Int(number)) => format_time(*number),
        _ => None,
    }
}

/// Whether numbers of an attribute lean to the left although they are numbers: they are names.
pub(super) fn is_name(attribute: &Attribute) -> bool {
    attribute.kind.kind == Kind::UnsignedShort && attribute.owner == "IUSBDevice"
}

/// A number of bytes for people: `20.0 GiB`.
pub fn format_bytes(number: i64) -> String {
    let mut amount = number as f64;
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = 0;
    while amount.abs() >= 1024.0 && unit + 1 < units.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{number} bytes") } else { format!("{amount:.1} {}", units[unit]) }
}

/// Milliseconds since 1970 as `2026-08-22 17:04:05Z`; `None` for a time that is none.
pub fn format_time(milliseconds: i64) -> Option<String> {
    if milliseconds <= 0 {
        return None;
    }
    let seconds = milliseconds / 1000;
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    (year < 10_000).then(|| format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    fn names(interface: &str) -> Vec<&'static str> {
        of(embedded().interface(interface).unwrap()).iter().map(|attribute| attribute.name).collect()
    }

    #[test]
    fn every_chosen_column_exists() {
        for (interface, columns) in COLUMNS {
            assert_eq!(names(interface), *columns);
        }
    }

    #[test]
    fn other_interfaces_get_columns_from_the_schema() {
        assert_eq!(names("IVRDEServer")[0], "enabled");
        assert_eq!(names("IHostVideoInputDevice"), ["name", "path", "alias"]);
        for interface in embedded().interfaces() {
            assert!(of(interface).len() <= MOST, "{}", interface.name);
        }
    }

    #[test]
    fn numbers_get_units() {
        let gloss = |interface: &str, name: &str, number| {
            super::gloss(embedded().interface(interface).unwrap().attribute(name).unwrap(), &Value::Int(number))
        };
        assert_eq!(gloss("IMedium", "size", 21_474_836_480).as_deref(), Some("20.0 GiB"));
        assert_eq!(gloss("IMedium", "size", 512).as_deref(), Some("512 bytes"));
        assert_eq!(gloss("IMachine", "memorySize", 2048).as_deref(), Some("2048 MB"));
        assert_eq!(gloss("IHostUSBDevice", "vendorId", 0x1d6b).as_deref(), Some("0x1d6b"));
        assert_eq!(gloss("IMachine", "CPUCount", 2), None);
        assert_eq!(gloss("IProgress", "resultCode", -2_135_228_415).as_deref(), Some("VBOX_E_OBJECT_NOT_FOUND"));
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(format_time(951_827_696_000).as_deref(), Some("2000-02-29 12:34:56Z"));
        assert_eq!(format_time(1_767_225_599_999).as_deref(), Some("2025-12-31 23:59:59Z"));
        assert_eq!(format_time(4_107_542_400_000).as_deref(), Some("2100-03-01 00:00:00Z"));
        assert_eq!(format_time(0), None);
        assert_eq!(format_time(i64::MAX), None);
    }
}
