//! The leases that a DHCP server process of VirtualBox wrote down; read, never written.

use super::addresses::mac;
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome};
use std::path::Path;

/// A lease of an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) address: String,
    pub(super) state: String,
    /// Seconds since 1970.
    pub(super) issued: i64,
    pub(super) expires: i64,
}

/// The lease of a station in that network, from the file in `home`. `flags` is reserved and must be 0.
pub(super) fn find(home: &Path, network: &str, station: &str, flags: i64) -> Outcome<Lease> {
    let wanted = mac(station).ok_or_else(|| Fault::argument(format!("`{station}` is no MAC address")))?;
    if flags != 0 {
        return Err(Fault::argument(format!("the second argument is reserved and must be 0, it is {flags}")));
    }
    let file = home.join(format!("{network}-Dhcpd.leases"));
    let source = std::fs::read_to_string(&file).map_err(|error| Fault::file(&file, error))?;
    let tree = XmlNode::parse(&source).map_err(|why| Fault::file(&file, why))?;
    let found = lease(&tree, wanted, super::super::state::now() / 1000);
    found.ok_or_else(|| Fault::not_found(format!("the station {station} has no lease in the network `{network}`")))
}

fn lease(leases: &XmlNode, station: [u8; 6], now: i64) -> Option<Lease> {
    let fits = |lease: &&XmlNode| lease.attribute("mac").and_then(mac) == Some(station);
    let found = leases.children.iter().filter(|node| node.name == "Lease").find(fits)?;
    let time = |name: &str| found.value(&format!("Time@{name}")).and_then(|seconds| seconds.parse::<i64>().ok());
    let issued = time("issued").unwrap_or_default();
    let expires = issued.saturating_add(time("expiration").unwrap_or_default());
    let written = found.attribute("state").unwrap_or_default();
    let state = if written == "acked" && expires < now { "expired" } else { written };
    let address = found.value("Address@value").unwrap_or_default().to_owned();
    Some(Lease { address, state: state.to_owned(), issued, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_expire() {
        let source = "<Leases version=\"1.0\"><Lease mac=\"08:00:27:11:22:33\" network=\"0.0.0.0\" state=\"acked\">\
            <Address value=\"10.1.2.15\"/><Time issued=\"1000\" expiration=\"600\"/></Lease></Leases>";
        let tree = XmlNode::parse(source).unwrap();
        let station = mac("080027112233").unwrap();
        let state = |now: i64| lease(&tree, station, now).unwrap().state;
        assert_eq!((state(1500), state(1700)), ("acked".into(), "expired".into()));
        let found = lease(&tree, station, 0).unwrap();
        assert_eq!((found.address.as_str(), found.issued, found.expires), ("10.1.2.15", 1000, 1600));
        assert_eq!(lease(&tree, [0; 6], 0), None);
    }

    #[test]
    fn a_missing_or_broken_file_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let code = |network: &str| find(home.path(), network, "080027112233", 0).unwrap_err().code;
        assert_eq!(code("none"), crate::host::fault::code::FILE_ERROR);
        std::fs::write(home.path().join("broken-Dhcpd.leases"), "junk").unwrap();
        assert_eq!(code("broken"), crate::host::fault::code::FILE_ERROR);
    }
}
