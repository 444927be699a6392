//! Addresses of networks, read as leniently as VirtualBox reads them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Four decimal numbers; zeros in front and blanks around are allowed.
pub(super) fn ipv4(written: &str) -> Option<Ipv4Addr> {
    let mut parts = written.trim_matches([' ', '\t']).split('.');
    let mut octet = || {
        let part = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()))?;
        part.parse::<u8>().ok()
    };
    let address = [octet()?, octet()?, octet()?, octet()?];
    parts.next().is_none().then(|| Ipv4Addr::from(address))
}

/// The number of bits of a contiguous mask.
pub(super) fn prefix_of(mask: Ipv4Addr) -> Option<u32> {
    let bits = mask.to_bits();
    (bits.count_ones() == bits.leading_ones()).then(|| bits.leading_ones())
}

/// The mask of a number of bits.
pub(super) fn mask_of(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or_default()
}

/// An IPv4 network: address, and length of the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ipv4Network {
    pub(super) address: u32,
    pub(super) prefix: u32,
}

impl Ipv4Network {
    /// Reads `10.0.2.0/24` or `10.0.2.0/255.255.255.0`; the cause of a failure otherwise.
    pub(super) fn parse(written: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it must be like 10.0.2.0/24";
        let written = written.trim_matches([' ', '\t']);
        let (address, prefix) = written.split_once('/').unwrap_or((written, "32"));
        if address.ends_with([' ', '\t']) {
            return Err(FORM);
        }
        let address = ipv4(address).ok_or(FORM)?.to_bits();
        let digits = !prefix.is_empty() && prefix.bytes().all(|digit| digit.is_ascii_digit());
        let prefix = if digits { prefix.parse().ok() } else { ipv4(prefix).and_then(prefix_of) };
        match prefix.filter(|prefix| *prefix <= 32).ok_or(FORM)? {
            0 => Err("the length of its prefix must not be 0"),
            31 | 32 => Err("it has no room for a gateway and a machine"),
            prefix if address & !mask_of(prefix) != 0 => Err("the address has bits outside of the prefix"),
            prefix => Ok(Self { address, prefix }),
        }
    }

    /// The address at that place in the network.
    pub(super) fn host(self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(self.address | offset)
    }

    /// The address for all.
    pub(super) fn broadcast(self) -> u32 {
        self.address | !mask_of(self.prefix)
    }

    pub(super) fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from(mask_of(self.prefix))
    }

    pub(super) fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask_of(self.prefix) == self.address
    }
}

impl std::fmt::Display for Ipv4Network {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", Ipv4Addr::from(self.address), self.prefix)
    }
}

/// A prefix of 64 bits for machines; the cause of a failure otherwise.
pub(super) fn ipv6_prefix(written: &str) -> Result<String, &'static str> {
    let (address, length) = written.split_once('/').unwrap_or((written, "64"));
    let address: Ipv6Addr = address.parse().map_err(|_| "it must be like fd17:625c:f037:2::/64")?;
    if length != "64" {
        return Err("the length of the prefix must be 64");
    }
    let first = address.segments()[0];
    if first & 0xe000 != 0x2000 && first & 0xfe00 != 0xfc00 {
        return Err("its addresses are not global or unique local ones");
    }
    if address.to_bits() & u128::from(u64::MAX) != 0 {
        return Err("it has bits outside of the prefix");
    }
    Ok(format!("{address}/64"))
}

/// The prefix that goes with an IPv4 network when nothing else is set.
pub(super) fn usual_ipv6_prefix(network: Ipv4Network) -> String {
    let part = (network.address >> 8) & 0xffff;
    format!("{}/64", Ipv6Addr::new(0xfd17, 0x625c, 0xf037, part as u16, 0, 0, 0, 0))
}

/// Six numbers apart by colons, or twelve digits; blanks around and anything after the sixth number is ignored.
pub(super) fn mac(written: &str) -> Option<[u8; 6]> {
    let written = written.trim_matches([' ', '\t']);
    let digits: Vec<&str> = if written.contains(':') {
        written.split(':').take(6).collect()
    } else if written.len() == 12 && written.is_ascii() {
        (0..6).map(|at| &written[2 * at..2 * at + 2]).collect()
    } else {
        return None;
    };
    let octet = |part: &&str| {
        let plain = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_hexdigit());
        plain.then(|| u8::from_str_radix(part, 16).ok()).flatten()
    };
    digits.iter().map(octet).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

/// `08:00:27:00:00:0a`.
pub(super) fn mac_text(address: [u8; 6]) -> String {
    address.map(|octet| format!("{octet:02x}")).join(":")
}

/// Whether a pattern for MAC addresses is well formed: two digits or `?` each, apart by colons, `*` for the rest of
/// what it stands in.
pub(super) fn is_mac_pattern(pattern: &str) -> bool {
    let parts: Vec<_> = pattern.split(':').collect();
    let digit = |letter: u8| letter.is_ascii_hexdigit() || letter == b'?';
    parts.len() <= 6
        && parts.iter().all(|part| match part.as_bytes() {
            b"*" => true,
            [first, second] => digit(*first) && (digit(*second) || *second == b'*'),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_as_virtualbox_reads_them() {
        assert_eq!(Ipv4Network::parse(" 10.00.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        let network = Ipv4Network::parse("192.168.10.0/255.255.255.0").unwrap();
        assert_eq!(
            (network.to_string(), network.host(1).to_string()),
            ("192.168.10.0/24".into(), "192.168.10.1".into())
        );
        for wrong in ["", "/24", "10.0.0.0", "10.0.0.0/33", "10.5.6.7/24", "1.2.3/24", "10.0.0.0 /8", "10.0.0.0/24x"] {
            assert!(Ipv4Network::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn stations_have_one_form() {
        for written in ["8:0:27:0:0:a", "08002700000A", " 08:00:27:00:00:0a:02", "008:00:27:00:00:0A"] {
            assert_eq!(mac(written).map(mac_text).as_deref(), Some("08:00:27:00:00:0a"), "{written:?}");
        }
        for wrong in
            ["", "xx", "08-00-27-00-00-01", "08:00:27:00:00", "08:00:27:00:00:g1", "+8:00:27:00:00:01", "éééééé"]
        {
            assert_eq!(mac(wrong), None, "{wrong:?}");
        }
        assert!(["*", "08:*", "08:0?:*", "08:00:27:*:*"].into_iter().all(is_mac_pattern));
        assert!(!["", "08::", "8:0:27:*", "?", "080027*", "08:00:27:1g:*"].into_iter().any(is_mac_pattern));
    }

    #[test]
    fn ipv6_prefixes_are_for_machines() {
        assert_eq!(ipv6_prefix("FD00::").as_deref(), Ok("fd00::/64"));
        for wrong in ["", "fe80::/64", "2001:db8::/48", "fd00::1/64", "::1/64", "ff00::/64"] {
            assert!(ipv6_prefix(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(usual_ipv6_prefix(Ipv4Network::parse("10.9.0.0/24").unwrap()), "fd17:625c:f037:900::/64");
    }
}
