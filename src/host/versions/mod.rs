//! Settings files of all versions that VirtualBox 7.2 reads, and the version that it writes.
//!
//! The rest of the host knows the newest layout alone: [`raise()`] brings what was read into it, [`lower()`] chooses the
//! version to be written, as VirtualBox does, and brings a copy into that one's layout and [`order()`]. What is unknown
//! stays where it is. All of it was seen on VirtualBox 7.2.22 (`tests/conformance/settings`).

mod global;
mod lower;
mod order;
mod raise;

pub(super) use lower::{lower, written};
pub(super) use order::order;
pub(super) use raise::raise;

use super::xml::XmlNode;

/// A version of the settings format, `1.19`.
pub(super) type Version = (u32, u32);

/// From here on the platform stands apart from the hardware.
const PLATFORM: Version = (1, 20);

/// The oldest that is read.
const OLDEST: Version = (1, 3);

/// Reads `1.19-linux`; the drafts of a version (`1.3pre`) count as it.
pub(super) fn parse(written: &str) -> Option<Version> {
    let number = written.split('-').next()?;
    let (major, minor) = number.split_once('.')?;
    Some((major.parse().ok()?, minor.trim_end_matches("pre").parse().ok()?))
}

/// The version of a file, as its root says.
///
/// # Errors
/// There is none that this program reads.
pub(super) fn of(file: &XmlNode) -> Result<Version, String> {
    let written = file.attribute("version").unwrap_or_default();
    match parse(written) {
        Some(version) if version >= OLDEST => Ok(version),
        Some(_) => Err(format!("the settings version `{written}` is too old: the oldest that is read is 1.3")),
        None => Err(format!("`{written}` is no settings version")),
    }
}

/// The machine and its snapshots: everything that has hardware.
fn each_hardware(machine: &mut XmlNode, work: &mut impl FnMut(&mut XmlNode)) {
    work(machine);
    for child in &mut machine.children {
        match child.name.as_str() {
            "Snapshot" => each_hardware(child, work),
            "Snapshots" => {
                let snapshots = child.children.iter_mut().filter(|child| child.name == "Snapshot");
                snapshots.for_each(|snapshot| each_hardware(snapshot, work));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(parse("1.19-linux"), Some((1, 19)));
        assert_eq!(parse("1.3pre-windows"), Some((1, 3)));
        assert_eq!(parse("2.0"), Some((2, 0)));
        for wrong in ["", "1", "1.", "1.x-linux", "x.1", "1.-3", "99999999999.1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_newest_layout_survives_the_way_down_and_up() {
        let source = "<VirtualBox version='1.19-linux'><Machine uuid='{1}' name='m'><Hardware><CPU count='2' strange='1'><CpuTree/>\
            <PAE enabled='true'/><LongMode enabled='false'/><Odd/></CPU><Memory RAMSize='8'/><RTC localOrUTC='UTC'/><HPET enabled='true'/>\
            <BIOS><IOAPIC enabled='true'/></BIOS><Network/><UART><Port slot='0' IOBase='0x3f8'/></UART></Hardware>\
            <Snapshot uuid='{2}'><Hardware><CPU count='3'><PAE enabled='true'/><LongMode enabled='true'/></CPU><Memory RAMSize='8'/>\
            <BIOS><ACPI enabled='true'/></BIOS><Network/></Hardware></Snapshot></Machine></VirtualBox>";
        let mut first = XmlNode::parse(source).unwrap();
        raise(&mut first).unwrap();
        assert_eq!(first.value("Machine/Platform/CPU@strange"), Some("1"));
        assert!(
            first.at("Machine/Platform/CPU/CpuTree").is_some() && first.at("Machine/Platform/x86/CPU/Odd").is_some()
        );
        assert_eq!(first.value("Machine/Snapshot/Platform/CPU@count"), Some("3"));
        assert_eq!(first.value("Machine/Hardware/UART/Port@IOAddress"), Some("0x3f8"));
        let mut low = first.clone();
        lower(&mut low);
        assert_eq!(low.attribute("version"), Some("1.19-linux"));
        assert_eq!(low.value("Machine/Hardware/CPU@strange"), Some("1"));
        assert!(low.at("Machine/Hardware/CPU/Odd").is_some() && low.at("Machine/Platform").is_none());
        let mut again = low.clone();
        raise(&mut again).unwrap();
        order(&mut again);
        order(&mut first);
        assert_eq!(again, first);
    }

    #[test]
    fn what_an_old_version_cannot_say_is_written_in_a_newer_one() {
        let source = "<VirtualBox version='1.19-linux'><Machine uuid='{1}' name='m'><Hardware><Memory RAMSize='8'/><Network><Adapter slot='0'><NAT%/></Adapter>\
            </Network></Hardware></Machine></VirtualBox>";
        for (extra, version) in
            [("", "1.19-linux"), (" forward-broadcast='true'", "1.20-linux"), (" enable-tftp='true'", "1.21-linux")]
        {
            let mut tree = XmlNode::parse(&source.replace('%', extra)).unwrap();
            raise(&mut tree).unwrap();
            lower(&mut tree);
            assert_eq!(tree.attribute("version"), Some(version), "{extra}");
            assert_eq!(tree.at("Machine/Platform").is_some(), version != "1.19-linux", "{extra}");
        }
    }
}
