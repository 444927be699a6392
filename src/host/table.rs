//! The attributes that only store a value, declared once in `tables/*.txt` and read when first asked for.
//!
//! The columns are explained at the top of `tables/machine.txt`. No behaviour here.

use super::{Fault, Outcome, value};
use crate::model::RawValue;
use crate::schema::{Interface, Kind, Type, embedded};
use std::collections::HashMap;
use std::sync::OnceLock;

const TEXTS: [&str; 4] = [
    include_str!("tables/machine.txt"),
    include_str!("tables/global.txt"),
    include_str!("tables/networks.txt"),
    include_str!("tables/computer.txt"),
];

/// In which states of a machine a setting may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Never by a caller.
    Never,
    /// Powered off.
    Off,
    /// Powered off or saved.
    OffOrSaved,
    /// Powered off or running.
    OffOrRunning,
    /// In all three.
    Always,
}

/// One stored value.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) when: When,
    /// What a new object has.
    pub(super) default: RawValue,
    /// What a settings file means that does not mention it.
    pub(super) absent: RawValue,
    /// Places in the settings file, the newest first; none: it is not kept there.
    pub(super) places: Vec<&'static str>,
    /// Least and greatest number.
    pub(super) range: Option<(i64, i64)>,
    pub(super) always: bool,
    uuid: bool,
    hexadecimal: bool,
    /// An enumeration that is written as its number.
    number: bool,
    spellings: Vec<(&'static str, &'static str)>,
}

impl Row {
    /// Whether a number is in the range.
    pub(super) fn check_range(&self, value: &RawValue) -> Outcome {
        match (self.range, value.as_int()) {
            (Some((least, greatest)), Some(number)) if !(least..=greatest).contains(&number) => {
                let name = self.name;
                let message = format!("{number} is no valid {name}: it must be in the range {least} to {greatest}");
                Err(Fault::argument(message))
            }
            _ => Ok(()),
        }
    }

    /// Where a tree has the value: releases keep some values in one place, some in another. The first where it has none.
    pub(super) fn place_in(&self, tree: &super::xml::XmlNode) -> Option<&'static str> {
        let there = self.places.iter().find(|place| tree.value(place).is_some());
        there.or(self.places.first()).copied()
    }

    /// Reads the form of the settings file. What it cannot read is `None`.
    pub(super) fn read(&self, written: &str) -> Option<RawValue> {
        let known = self.spellings.iter().find(|(_, xml)| *xml == written).map_or(written, |(name, _)| *name);
        let known = match (self.number, self.kind.kind) {
            (true, Kind::Enum(name)) => {
                let number: i64 = written.parse().ok()?;
                embedded().enumeration(name)?.values.iter().find(|value| value.number == number)?.name
            }
            _ => known,
        };
        let known = if self.uuid { known.trim_matches(['{', '}']) } else { known };
        value::parse(self.kind, known)
    }

    /// The form of the settings file; `None` when the file need not mention it.
    pub(super) fn write(&self, stored: &RawValue) -> Option<String> {
        if *stored == self.absent && !self.always {
            return None;
        }
        if let (true, RawValue::Enum(value)) = (self.number, stored) {
            return Some(value.number.to_string());
        }
        if let (true, RawValue::Int(number)) = (self.hexadecimal, stored) {
            return Some(format!("0x{number:x}"));
        }
        let written = value::write(stored)?;
        let spelt = self.spellings.iter().find(|(name, _)| *name == written);
        let written = spelt.map_or(written, |(_, xml)| (*xml).to_owned());
        Some(if self.uuid && !written.is_empty() { format!("{{{written}}}") } else { written })
    }
}

/// The stored values of an interface, in the order of its table; none for one without a table.
pub(super) fn rows(interface: &'static Interface) -> &'static [Row] {
    /// Lines of a section, and what they say once they are read.
    type Section = (&'static str, OnceLock<Vec<Row>>);
    static SECTIONS: OnceLock<HashMap<&'static str, Section>> = OnceLock::new();
    let sections = SECTIONS.get_or_init(|| {
        let mut sections = HashMap::new();
        for text in TEXTS {
            for section in text.split("\nI ").skip(1) {
                let (name, lines) = section.split_once('\n').unwrap_or((section, ""));
                sections.insert(name.trim(), (lines, OnceLock::new()));
            }
        }
        sections
    });
    // A derived interface stores what its parent stores (`IHostUpdateAgent`).
    let found = interface.lineage().find_map(|interface| sections.get(interface.name));
    found.map_or(&[], |(lines, rows)| {
        rows.get_or_init(|| lines.lines().filter_map(|line| row(interface, line)).collect())
    })
}

/// The stored value of that name.
pub(super) fn find(interface: &'static Interface, name: &str) -> Option<&'static Row> {
    rows(interface).iter().find(|row| row.name == name)
}

fn row(interface: &'static Interface, line: &'static str) -> Option<Row> {
    let mut columns = line.split_whitespace();
    let name = columns.next().filter(|name| !name.starts_with('#'))?;
    let when = match columns.next()? {
        "-" => When::Never,
        "M" => When::Off,
        "MS" => When::OffOrSaved,
        "MR" => When::OffOrRunning,
        "MSR" => When::Always,
        _ => return None,
    };
    let literal = |written: &str| if written == "-" { String::new() } else { written.replace('~', " ") };
    let default = literal(columns.next()?);
    let places =
        columns.next().filter(|places| *places != "-").map_or(Vec::new(), |places| places.split(';').collect());
    let mut absent = default.clone();
    let (mut always, mut uuid, mut hexadecimal, mut number) = (false, false, false, false);
    let (mut range, mut kind, mut spellings) = (None, interface.attribute(name).map(|known| known.kind), Vec::new());
    for option in columns {
        match option.split_once('=') {
            None if option == "always" => always = true,
            None if option == "uuid" => uuid = true,
            None if option == "hex" => hexadecimal = true,
            None if option == "number" => number = true,
            Some(("absent", written)) => absent = literal(written),
            Some(("range", written)) => {
                let (least, greatest) = written.split_once("..")?;
                range = Some((least.parse().ok()?, greatest.parse().ok()?));
            }
            Some(("type", "b")) => kind = Some(Type::one(Kind::Boolean)),
            Some(("type", "s")) => kind = Some(Type::one(Kind::String)),
            Some(("type", "I")) => kind = Some(Type::one(Kind::UnsignedLong)),
            Some(("type", name)) => kind = Some(Type::one(Kind::Enum(embedded().enumeration(name)?.name))),
            Some(("map", pairs)) => spellings = pairs.split(',').filter_map(|pair| pair.split_once(':')).collect(),
            _ => return None,
        }
    }
    let kind = kind?;
    let default = value::parse(kind, &default)?;
    let absent = value::parse(kind, &absent)?;
    Some(Row { name, kind, when, default, absent, places, range, always, uuid, hexadecimal, number, spellings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_is_understood() {
        for text in TEXTS {
            for section in text.split("\nI ").skip(1) {
                let (name, lines) = section.split_once('\n').unwrap();
                let interface = embedded().interface(name.trim()).unwrap_or_else(|| panic!("no interface {name}"));
                for line in lines.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
                    let row = row(interface, line).unwrap_or_else(|| panic!("{name}: {line}"));
                    let known = interface.attribute(row.name).is_some();
                    assert!(known || line.contains("type="), "{name} has no {}", row.name);
                    let writable = interface.attribute(row.name).is_none_or(|attribute| attribute.writable);
                    assert!(
                        writable || row.when == When::Never || row.name == "VRDEProperties",
                        "{name}.{} is read-only",
                        row.name
                    );
                }
            }
        }
    }

    #[test]
    fn values_survive_the_settings_file() {
        let adapter = embedded().interface("INetworkAdapter").unwrap();
        let row = find(adapter, "adapterType").unwrap();
        let stored = row.read("82540EM").unwrap();
        assert_eq!(value::write(&stored).as_deref(), Some("I82540EM"));
        assert_eq!(row.write(&stored).as_deref(), Some("82540EM"));
        let port = find(embedded().interface("ISerialPort").unwrap(), "IOAddress").unwrap();
        assert_eq!(port.write(&port.read("0x3f8").unwrap()).as_deref(), Some("0x3f8"));
    }
}
