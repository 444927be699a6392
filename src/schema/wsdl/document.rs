//! The XML of a WSDL, taken apart: enumerations, structures, and the elements that calls and replies
//! consist of, with the notes that VirtualBox's generator leaves in comments.
//!
//! It knows no schema and fills nothing in. Only the types are read; what follows them in a WSDL
//! repeats them.

use super::WsdlError;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;

/// Bounds; 7.2 has 3850 elements, at most 241 values in an enumeration, and a depth of 7.
const MOST_ITEMS: usize = 200_000;
const DEEPEST: usize = 64;
const LONGEST_NAME: usize = 200;

/// Type of a field on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// Text, and everything that travels as text: ids, object references, base64.
    Text,
    /// A simple type, by its letter in the table.
    Letter(&'static str),
    /// An enumeration or a structure.
    Named(String),
}

/// One child of an element.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) wire: Wire,
    pub(super) array: bool,
}

/// An enumeration; numbers only where a comment states them.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) name: String,
    pub(super) values: Vec<(String, Option<i64>)>,
}

/// What a comment says a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    ReadOnly,
    Writable,
    Method,
}

/// The types of a WSDL.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) enumerations: Vec<Values>,
    pub(super) structures: Vec<(String, Vec<Field>)>,
    /// Interfaces that a comment names, in order; those without members have nothing else.
    pub(super) interfaces: Vec<String>,
    /// Members that a comment names: interface, name, what it is; in order.
    pub(super) notes: Vec<(String, String, Note)>,
    /// Names of elements, in order.
    pub(super) order: Vec<String>,
    /// Children of an element.
    pub(super) elements: HashMap<String, Vec<Field>>,
}

/// What is being read: a thing that stands directly in the schema.
enum Open {
    Values(Values),
    Structure(String, Vec<Field>),
    Element(String, Vec<Field>),
}

/// Reads the types of a WSDL.
pub(super) fn read(wsdl: &str) -> Result<Document, WsdlError> {
    let mut reader = Reader::from_str(wsdl);
    let mut state = State::default();
    loop {
        let event =
            reader.read_event().map_err(|error| WsdlError(format!("{error} at byte {}", reader.error_position())))?;
        match event {
            Event::Start(tag) => {
                state.start(&tag)?;
                state.depth += 1;
                if state.depth > DEEPEST {
                    return Err(WsdlError(format!("deeper than {DEEPEST} elements")));
                }
            }
            Event::Empty(tag) => {
                state.start(&tag)?;
                state.close(state.depth);
            }
            Event::End(tag) => {
                state.depth = state.depth.saturating_sub(1);
                state.close(state.depth);
                if state.in_types && tag.local_name().as_ref() == "types" {
                    return Ok(state.document);
                }
            }
            Event::Comment(text) => state.comment(&text)?,
            Event::Eof if state.in_types => return Err(WsdlError("it ends before its types do".into())),
            Event::Eof => return Err(WsdlError("it has no types".into())),
            _ => {}
        }
    }
}

#[derive(Default)]
struct State {
    document: Document,
    depth: usize,
    in_types: bool,
    items: usize,
    /// The open thing, and the depth of its own tag.
    open: Option<(Open, usize)>,
    /// Numbers from the last comment about an enumeration.
    numbers: (String, HashMap<String, i64>),
}

impl State {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), WsdlError> {
        self.items += 1;
        if self.items > MOST_ITEMS {
            return Err(WsdlError(format!("more than {MOST_ITEMS} elements")));
        }
        let local = tag.local_name();
        let kind: &str = local.as_ref();
        if self.depth == 0 && kind != "definitions" {
            return Err(WsdlError(format!("it starts with `{}`, not with definitions", shorten(kind))));
        }
        if !self.in_types {
            self.in_types = kind == "types";
            return Ok(());
        }
        match (&mut self.open, kind) {
            (None, "element") => self.open(tag, |name| Open::Element(name, Vec::new())),
            (None, "simpleType") => self.open(tag, |name| Open::Values(Values { name, values: Vec::new() })),
            (None, "complexType") => self.open(tag, |name| Open::Structure(name, Vec::new())),
            (Some((Open::Element(_, fields) | Open::Structure(_, fields), _)), "element") => {
                fields.push(field(tag)?);
                Ok(())
            }
            (Some((Open::Values(open), _)), "enumeration") => {
                let value = identifier(attribute(tag, "value")?)?;
                let known = if self.numbers.0 == open.name { self.numbers.1.get(&value).copied() } else { None };
                if open.values.iter().all(|(name, _)| *name != value) {
                    open.values.push((value, known));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>, make: impl FnOnce(String) -> Open) -> Result<(), WsdlError> {
        self.open = Some((make(identifier(attribute(tag, "name")?)?), self.depth));
        Ok(())
    }

    /// The tag at that depth has ended.
    fn close(&mut self, depth: usize) {
        if self.open.as_ref().is_none_or(|(_, own)| *own != depth) {
            return;
        }
        let document = &mut self.document;
        match self.open.take() {
            Some((Open::Values(values), _)) => document.enumerations.push(values),
            Some((Open::Structure(name, fields), _)) => document.structures.push((name, fields)),
            Some((Open::Element(name, fields), _)) => {
                let before = document.elements.insert(name.clone(), fields);
                document.order.extend(before.is_none().then_some(name));
            }
            None => {}
        }
    }

    /// Comments are notes of VirtualBox's generator; others are passed over.
    fn comment(&mut self, text: &str) -> Result<(), WsdlError> {
        if !self.in_types {
            return Ok(());
        }
        self.items += 1;
        let text = text.trim();
        if let Some(words) = text.strip_prefix("enum: ") {
            self.numbers = numbers(words);
        } else if let Some(name) = text.strip_prefix("Interface ") {
            if let Ok(name) = identifier(name.trim().to_owned()) {
                self.document.interfaces.push(name);
            }
        } else {
            let kinds = [
                ("readonly attribute ", Note::ReadOnly),
                ("read/write attribute ", Note::Writable),
                ("method ", Note::Method),
            ];
            let note =
                kinds.into_iter().find_map(|(start, note)| Some((text.strip_prefix(start)?.split_once("::")?, note)));
            if let Some(((interface, member), note)) = note {
                let (interface, member) = (identifier(interface.to_owned())?, identifier(member.to_owned())?);
                self.document.notes.push((interface, member, note));
            }
        }
        Ok(())
    }
}

/// `MachineState - Null: 0 - PoweredOff: 1 -`, spread over lines.
fn numbers(words: &str) -> (String, HashMap<String, i64>) {
    let mut words = words.split_whitespace();
    let name = words.next().unwrap_or_default().to_owned();
    let mut numbers = HashMap::new();
    let mut value = None;
    for word in words {
        match (word.strip_suffix(':'), value.take()) {
            (Some(name), _) => value = Some(name),
            (None, Some(name)) => {
                // Every number of the API has 32 bits; what is larger is no number of one.
                if let Some(number) =
                    word.parse().ok().filter(|number: &i64| number.unsigned_abs() <= u64::from(u32::MAX))
                {
                    numbers.insert(name.to_owned(), number);
                }
            }
            _ => {}
        }
    }
    (name, numbers)
}

fn field(tag: &BytesStart<'_>) -> Result<Field, WsdlError> {
    let name = identifier(attribute(tag, "name")?)?;
    let stated = attribute(tag, "type")?;
    let local = stated.rsplit(':').next().unwrap_or_default();
    let wire = match local {
        "boolean" => Wire::Letter("b"),
        "unsignedByte" => Wire::Letter("o"),
        "short" => Wire::Letter("h"),
        "unsignedShort" => Wire::Letter("H"),
        "int" => Wire::Letter("i"),
        "unsignedInt" => Wire::Letter("I"),
        "long" => Wire::Letter("l"),
        "unsignedLong" => Wire::Letter("L"),
        // The names of the API start with a capital, those of XML Schema do not; a simple type that no
        // release uses (a `double`) reads as text.
        simple if simple.bytes().next().is_none_or(|first| first.is_ascii_lowercase()) => Wire::Text,
        named => Wire::Named(identifier(named.to_owned())?),
    };
    let most = optional_attribute(tag, "maxOccurs")?;
    Ok(Field { name, wire, array: most.is_some_and(|most| most != "1" && most != "0") })
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<String, WsdlError> {
    let local = tag.local_name();
    optional_attribute(tag, name)?
        .ok_or_else(|| WsdlError(format!("an element `{}` without `{name}`", shorten(local.as_ref()))))
}

fn optional_attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, WsdlError> {
    let value = tag.try_get_attribute(name).map_err(|error| WsdlError(error.to_string()))?;
    Ok(value.map(|value| value.value.into_owned()))
}

/// A name goes into a line of the table, so it may hold nothing that means something there.
fn identifier(name: String) -> Result<String, WsdlError> {
    let good = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good { Ok(name) } else { Err(WsdlError(format!("`{}` is no name", shorten(&name)))) }
}

/// The start of a foreign text, for a message.
fn shorten(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}
