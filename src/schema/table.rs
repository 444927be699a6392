//! The compact table: one text that states a whole release, and its reader.
//!
//! The same form serves the embedded release and the cache of a server's own WSDL. The reader takes
//! foreign bytes (a cache file), so it is bounded and answers nonsense with an error.

use super::interface::Members;
use super::{
    Attribute, Direction, EnumValueDefinition, Enumeration, Interface, Kind, Mapping, Method, Parameter, Type,
};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A table larger than this (in bytes) is not one; 7.2's has 105 kB.
const LARGEST: usize = 8 << 20;

/// Which release a schema describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Full version (`7.2.22`), without what a packager put behind it.
    pub full: &'static str,
    /// API version (`7_2`).
    pub api: &'static str,
    /// Revision of the build the table was taken from.
    pub revision: u32,
}

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the schema table: {problem}")]
pub struct TableError {
    /// Line in the table, from 1; 0 for the table as a whole.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

/// Everything that one release of the Main API offers.
#[derive(Debug, Default)]
pub struct Schema {
    version: Version,
    interfaces: Vec<Interface>,
    enumerations: Vec<Enumeration>,
    result_codes: Vec<(&'static str, u32)>,
    interface_index: HashMap<&'static str, usize>,
    enumeration_index: HashMap<&'static str, usize>,
}

impl Schema {
    /// Reads a table. Members are read later, interface by interface, when asked for.
    ///
    /// # Errors
    /// [`TableError`] for anything that is not a table; members are checked too when `text` is not
    /// the embedded one, because a cache file may be damaged (see [`Schema::check`]).
    pub fn parse(text: &'static str) -> Result<Self, TableError> {
        if text.len() > LARGEST {
            return Err(TableError { line: 0, problem: format!("larger than {LARGEST} bytes") });
        }
        let mut schema = Self::default();
        let mut lines = Lines { rest: text, number: 0 };
        while let Some(line) = lines.next_line() {
            let number = lines.number;
            let wrong = |problem: &str| TableError { line: number, problem: problem.to_owned() };
            match line.split_at_checked(2) {
                Some(("V ", words)) => schema.version = version(words).ok_or_else(|| wrong("not a version"))?,
                Some(("E ", words)) => {
                    let (name, id) = words.split_once(' ').ok_or_else(|| wrong("an enumeration without id"))?;
                    let values = lines.next_line().unwrap_or_default();
                    let values = enum_values(values).ok_or_else(|| wrong("not a list of values"))?;
                    schema.enumeration_index.insert(name, schema.enumerations.len());
                    schema.enumerations.push(Enumeration { name, id, values });
                }
                Some(("R ", words)) => {
                    let code =
                        words.split_once(' ').and_then(|(name, hex)| Some((name, u32::from_str_radix(hex, 16).ok()?)));
                    schema.result_codes.push(code.ok_or_else(|| wrong("not a result code"))?);
                }
                Some(("I ", words)) => {
                    let source = lines.indented();
                    let interface = interface(words, source).ok_or_else(|| wrong("not an interface"))?;
                    schema.interface_index.insert(interface.name, schema.interfaces.len());
                    schema.interfaces.push(interface);
                }
                _ => return Err(wrong("neither version, enumeration, result code nor interface")),
            }
        }
        Ok(schema)
    }

    /// Reads every member of every interface, and so finds what is wrong in a foreign table.
    ///
    /// # Errors
    /// The first member line that states no member.
    pub fn check(&'static self) -> Result<(), TableError> {
        for interface in &self.interfaces {
            for line in interface.source.lines() {
                if self.read_member(interface.name, line).is_none() {
                    return Err(TableError {
                        line: 0,
                        problem: format!("`{line}` is no member of {}", interface.name),
                    });
                }
            }
        }
        Ok(())
    }

    /// Makes the schema last as long as the process: a process meets a handful of releases, and
    /// everything above holds plain references into them.
    pub fn leak(self) -> &'static Self {
        let schema: &'static Self = Box::leak(Box::new(self));
        for interface in &schema.interfaces {
            // Set once, here: the schema has just been made.
            let _ = interface.schema.set(schema);
        }
        schema
    }

    /// The release it describes.
    pub fn version(&self) -> Version {
        self.version
    }

    /// All interfaces, in the order of the table.
    pub fn interfaces(&'static self) -> &'static [Interface] {
        &self.interfaces
    }

    /// All enumerations, in the order of the table.
    pub fn enumerations(&'static self) -> &'static [Enumeration] {
        &self.enumerations
    }

    /// VirtualBox's own result codes.
    pub fn result_codes(&self) -> &[(&'static str, u32)] {
        &self.result_codes
    }

    /// The interface of that exact name.
    pub fn interface(&'static self, name: &str) -> Option<&'static Interface> {
        self.interface_index.get(name).map(|at| &self.interfaces[*at])
    }

    /// The enumeration of that exact name.
    pub fn enumeration(&'static self, name: &str) -> Option<&'static Enumeration> {
        self.enumeration_index.get(name).map(|at| &self.enumerations[*at])
    }

    /// The interface that a kind names.
    pub fn interface_of(&'static self, kind: Kind) -> Option<&'static Interface> {
        match kind {
            Kind::Interface(name) => self.interface(name),
            _ => None,
        }
    }

    /// The interface of an event, from the name of its type: `OnMachineStateChanged` gives
    /// `IMachineStateChangedEvent`.
    pub fn event_interface(&'static self, type_name: &str) -> Option<&'static Interface> {
        self.interface(&format!("I{}Event", type_name.strip_prefix("On")?))
    }

    fn read_member(&self, owner: &'static str, line: &'static str) -> Option<Member> {
        let line = line.strip_prefix(' ')?;
        match line.split_once('(') {
            Some((name, rest)) => self.method(owner, name, rest).map(Member::Method),
            None => self.attribute(owner, line).map(Member::Attribute),
        }
    }

    fn attribute(&self, owner: &'static str, line: &'static str) -> Option<Attribute> {
        let mut words = line.split(' ');
        let name = words.next()?;
        let (writable, name) = name.strip_prefix('+').map_or((false, name), |name| (true, name));
        let kind = self.kind(words.next()?)?;
        Some(Attribute { name, owner, kind, writable, remote: words.next() != Some("!") })
    }

    fn method(&self, owner: &'static str, name: &'static str, rest: &'static str) -> Option<Method> {
        let (inside, behind) = rest.split_once(')')?;
        let parameters = inside.split(',').filter(|part| !part.is_empty()).map(|part| {
            let (direction, part) = match part.as_bytes().first() {
                Some(b'>') => (Direction::Out, &part[1..]),
                Some(b'=') => (Direction::Return, &part[1..]),
                _ => (Direction::In, part),
            };
            let (kind, name) = part.split_once(' ')?;
            Some(Parameter { name, kind: self.kind(kind)?, direction })
        });
        let parameters: Option<Vec<_>> = parameters.collect();
        let codes = behind.split_once('#').map_or("", |(_, codes)| codes).trim_end_matches(['!', ' ']);
        let result_codes = codes.split(',').filter(|code| !code.is_empty()).collect();
        let remote = !behind.split(' ').any(|word| word == "!");
        Some(Method { name, owner, parameters: parameters?, result_codes, remote })
    }

    fn kind(&self, word: &'static str) -> Option<Type> {
        let (word, array) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        let kind = match word {
            "s" => Kind::String,
            "u" => Kind::Uuid,
            "b" => Kind::Boolean,
            "o" => Kind::Octet,
            "h" => Kind::Short,
            "H" => Kind::UnsignedShort,
            "i" => Kind::Long,
            "I" => Kind::UnsignedLong,
            "l" => Kind::LongLong,
            "L" => Kind::UnsignedLongLong,
            "?" => Kind::AnyObject,
            name if self.enumeration_index.contains_key(name) => Kind::Enum(name),
            name if self.interface_index.contains_key(name) => Kind::Interface(name),
            _ => return None,
        };
        Some(Type { kind, array })
    }
}

enum Member {
    Attribute(Attribute),
    Method(Method),
}

/// Reads the members that an interface declares itself.
pub(super) fn read_members(interface: &'static Interface) -> Members {
    let schema = interface.schema();
    let (mut attributes, mut methods) = (Vec::new(), Vec::new());
    for line in interface.source.lines() {
        match schema.read_member(interface.name, line) {
            Some(Member::Attribute(attribute)) => attributes.push(attribute),
            Some(Member::Method(method)) => methods.push(method),
            // `check` has refused such a table before anyone could ask.
            None => {}
        }
    }
    Members::new(attributes, methods)
}

fn version(words: &'static str) -> Option<Version> {
    let mut words = words.split(' ');
    Some(Version { full: words.next()?, api: words.next()?, revision: words.next()?.parse().ok()? })
}

fn enum_values(line: &'static str) -> Option<Vec<EnumValueDefinition>> {
    let mut next = 0;
    line.strip_prefix(' ')?
        .split(' ')
        .map(|word| {
            let (name, number) = match word.split_once('=') {
                Some((name, number)) => (name, number.parse::<i64>().ok()?),
                None => (word, next),
            };
            // A damaged table may state any number; one too many must not end the program.
            next = number.checked_add(1)?;
            Some(EnumValueDefinition { name, number })
        })
        .collect()
}

fn interface(words: &'static str, source: &'static str) -> Option<Interface> {
    let mut words = words.split(' ');
    let (name, parent_name) = (words.next()?, words.next()?);
    let mapping = match words.next()? {
        "m" => Mapping::Managed,
        "v" => Mapping::Struct,
        "s" => Mapping::Suppressed,
        "g" => Mapping::Global,
        _ => return None,
    };
    let id = words.next()?;
    let (mut reserved_attributes, mut reserved_methods) = (0, 0);
    for word in words {
        let slots = |prefix: &str| word.strip_prefix(prefix)?.parse().ok();
        if let Some(count) = slots("ra") {
            reserved_attributes = count;
        } else if let Some(count) = slots("rm") {
            reserved_methods = count;
        } else {
            return None;
        }
    }
    Some(Interface {
        name,
        parent_name,
        mapping,
        id,
        reserved_attributes,
        reserved_methods,
        source,
        schema: OnceLock::new(),
        members: OnceLock::new(),
    })
}

/// Lines of a text with a look ahead, and the number of the last one.
struct Lines {
    rest: &'static str,
    number: usize,
}

impl Lines {
    fn next_line(&mut self) -> Option<&'static str> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line)
    }

    /// Takes the lines that start with a blank, as one text.
    fn indented(&mut self) -> &'static str {
        let start = self.rest;
        let mut taken = 0;
        while start[taken..].starts_with(' ') {
            taken += start[taken..].find('\n').map_or(start.len() - taken, |end| end + 1);
            self.number += 1;
        }
        self.rest = &start[taken..];
        &start[..taken]
    }
}
