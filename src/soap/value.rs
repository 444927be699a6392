//! Values as elements: one element a value, repeated for arrays, nested for structures.

use super::{CodecError, scan::Scanner, write};
use crate::model::{EnumValue, Handle, RawValue, StructValue, Value};
use crate::schema::{Enumeration, Interface, Kind, Schema, Type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;
use std::sync::Arc;

/// What reading and writing values needs to know.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) schema: &'static Schema,
    /// The reference that stands for [`Handle::Root`].
    pub(super) root: &'a str,
    /// Written the way the server does, whose replies may have what a request may not.
    pub(super) as_server: bool,
}

/// The name and the type of one child element, or of a run of them.
pub(super) type Slot = (&'static str, Type);

/// The server wraps base64 text at this column.
const BASE64_LINE: usize = 64;

impl Context<'_> {
    /// Writes a value as its element, or as as many as the array has.
    pub(super) fn write(self, out: &mut String, (name, kind): Slot, value: &RawValue) -> Result<(), CodecError> {
        if kind.is_blob() {
            return self.write_blob(out, name, value);
        }
        if !kind.array {
            return self.write_single(out, name, kind.kind, value);
        }
        match value {
            Value::List(values) => values.iter().try_for_each(|value| self.write_single(out, name, kind.kind, value)),
            _ => Err(unfit(kind, value)),
        }
    }

    fn write_blob(self, out: &mut String, name: &str, value: &RawValue) -> Result<(), CodecError> {
        let Value::Blob(bytes) = value else { return Err(CodecError::new("is no array of bytes")) };
        write::open(out, name);
        if self.as_server {
            let text = STANDARD.encode(bytes);
            let mut rest = text.as_str();
            while let Some((line, more)) = rest.split_at_checked(BASE64_LINE).filter(|(_, more)| !more.is_empty()) {
                out.push_str(line);
                out.push('\n');
                rest = more;
            }
            out.push_str(rest);
        } else {
            STANDARD.encode_string(bytes, out);
        }
        write::close(out, name);
        Ok(())
    }

    fn write_single(self, out: &mut String, name: &str, kind: Kind, value: &RawValue) -> Result<(), CodecError> {
        write::open(out, name);
        self.write_content(out, kind, value)?;
        write::close(out, name);
        Ok(())
    }

    fn write_content(self, out: &mut String, kind: Kind, value: &RawValue) -> Result<(), CodecError> {
        match (kind, value) {
            (Kind::String | Kind::Uuid, Value::Text(text)) => write::text(out, text)?,
            (Kind::String | Kind::Uuid | Kind::AnyObject | Kind::Interface(_), Value::Null) => {}
            (Kind::Boolean, Value::Bool(truth)) => out.push_str(if *truth { "true" } else { "false" }),
            (Kind::Enum(_), Value::Enum(value)) => match value.name() {
                Some(name) => out.push_str(name),
                None if self.as_server => push_number(out, value.number),
                // A number would be taken for the position in the list of names, not for the value.
                None => {
                    return Err(CodecError::new(format_args!(
                        "is {value}, and the web service carries named values only"
                    )));
                }
            },
            (Kind::Enum(_), Value::Text(name)) if self.as_server => write::text(out, name)?,
            (Kind::AnyObject | Kind::Interface(_), Value::Object((handle, _))) => self.write_handle(out, handle)?,
            (Kind::Interface(_), Value::Struct(value)) => {
                for (attribute, value) in value.interface.attributes().into_iter().zip(&value.fields) {
                    self.write(out, (attribute.name, attribute.kind), value)?;
                }
            }
            (kind, Value::Int(number)) => match kind.range() {
                Some((least, greatest)) if (least..=greatest).contains(&(*number).into()) => push_number(out, *number),
                _ => return Err(unfit(Type::one(kind), value)),
            },
            (kind, value) => return Err(unfit(Type::one(kind), value)),
        }
        Ok(())
    }

    /// Writes the reference of an object.
    pub(super) fn write_handle(self, out: &mut String, handle: &Handle) -> Result<(), CodecError> {
        match handle {
            Handle::Root => out.push_str(self.root),
            Handle::Text(text) => write::text(out, text)?,
            Handle::Number(_) => return Err(CodecError::new("is of another connection")),
        }
        Ok(())
    }

    /// Reads the children of the innermost open element, up to and with its end. Unknown ones are an
    /// error only when `strict`; runs of array elements may be mixed.
    pub(super) fn read_children(
        self,
        scanner: &mut Scanner<'_>,
        slots: &[Slot],
        strict: bool,
    ) -> Result<Vec<RawValue>, CodecError> {
        let mut values: Vec<Option<RawValue>> = vec![None; slots.len()];
        let mut expected = 0;
        while let Some((prefix, name)) = scanner.child()? {
            if strict && !prefix.is_empty() {
                return Err(CodecError::new(format_args!("<{prefix}:{name}> is in a namespace")));
            }
            // Children nearly always stand in order.
            let found = (expected..slots.len()).chain(0..expected).find(|at| slots[*at].0 == name);
            let Some(at) = found else {
                if strict {
                    return Err(CodecError::new(format_args!("<{name}> is unknown")));
                }
                scanner.skip_element()?;
                continue;
            };
            expected = at;
            let kind = slots[at].1;
            let value = self.read_element(scanner, kind).map_err(|error| in_slot(name, &error))?;
            match (&mut values[at], kind.array && !kind.is_blob()) {
                (Some(Value::List(list)), true) => list.push(value),
                (slot, true) => *slot = Some(Value::List(vec![value])),
                (slot @ None, false) => *slot = Some(value),
                (Some(_), false) => return Err(CodecError::new(format_args!("<{name}> stands there twice"))),
            }
        }
        let filled = values.into_iter().zip(slots).map(|(value, slot)| value.map_or_else(|| absent(*slot), Ok));
        filled.collect()
    }

    fn read_element(self, scanner: &mut Scanner<'_>, kind: Type) -> Result<RawValue, CodecError> {
        if kind.is_blob() {
            return decode_base64(&scanner.leaf()?).map(Value::Blob);
        }
        if let Some(interface) = self.schema.interface_of(kind.kind).filter(|interface| interface.is_struct()) {
            return self.read_struct(scanner, interface);
        }
        self.read_text(&scanner.leaf()?, kind.kind)
    }

    fn read_struct(self, scanner: &mut Scanner<'_>, interface: &'static Interface) -> Result<RawValue, CodecError> {
        let attributes = interface.attributes();
        let slots: Vec<Slot> = attributes.iter().map(|attribute| (attribute.name, attribute.kind)).collect();
        let fields = self.read_children(scanner, &slots, false)?;
        Ok(Value::Struct(Arc::new(StructValue { interface, fields })))
    }

    fn read_text(self, text: &str, kind: Kind) -> Result<RawValue, CodecError> {
        let bare = text.trim_ascii();
        let unreadable =
            || CodecError::new(format_args!("`{}` is no {kind}", bare.chars().take(40).collect::<String>()));
        Ok(match kind {
            Kind::String | Kind::Uuid => Value::Text(text.to_owned()),
            Kind::Boolean => match bare {
                "true" | "1" => Value::Bool(true),
                "false" | "0" => Value::Bool(false),
                _ => return Err(unreadable()),
            },
            Kind::Enum(name) => match self.schema.enumeration(name) {
                Some(enumeration) => read_enum(bare, enumeration),
                None => return Err(unreadable()),
            },
            Kind::AnyObject | Kind::Interface(_) if bare.is_empty() => Value::Null,
            Kind::AnyObject | Kind::Interface(_) => {
                // An object of any interface: what every reference can be asked.
                let interface = self.schema.interface_of(kind).or_else(|| self.schema.interface("IManagedObjectRef"));
                let handle = if bare == self.root { Handle::Root } else { Handle::Text(bare.into()) };
                Value::Object((handle, interface.ok_or_else(unreadable)?))
            }
            _ => Value::Int(bare.parse().map_err(|_| unreadable())?),
        })
    }
}

/// What an element that is not there means. An empty array is absent; numbers never are.
fn absent((name, kind): Slot) -> Result<RawValue, CodecError> {
    Ok(match kind {
        kind if kind.is_blob() => Value::Blob(Vec::new()),
        kind if kind.array => Value::List(Vec::new()),
        kind => match kind.kind {
            Kind::String | Kind::Uuid => Value::Text(String::new()),
            Kind::AnyObject | Kind::Interface(_) => Value::Null,
            _ => return Err(CodecError::new(format_args!("<{name}> is missing"))),
        },
    })
}

/// A name the release does not know stays a text; a bare number, which the server writes for a value
/// without name, stays that number.
fn read_enum(text: &str, enumeration: &'static Enumeration) -> RawValue {
    let known = enumeration.values.iter().find(|value| value.name == text).map(|value| value.number);
    match known.or_else(|| text.parse().ok()) {
        Some(number) => Value::Enum(EnumValue { enumeration, number }),
        None => Value::Text(text.to_owned()),
    }
}

fn decode_base64(text: &str) -> Result<Vec<u8>, CodecError> {
    let wrong = |error| CodecError::new(format_args!("is no base64 text: {error}"));
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return STANDARD.decode(text).map_err(wrong);
    }
    let bare: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(bare).map_err(wrong)
}

fn push_number(out: &mut String, number: i64) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{number}");
}

fn unfit(kind: Type, value: &RawValue) -> CodecError {
    let what = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Int(_) => "a number out of range or place",
        Value::Float(_) => "a fraction",
        Value::Text(_) => "a text",
        Value::Blob(_) => "bytes",
        Value::Enum(_) => "an enumeration value",
        Value::Object(_) => "an object",
        Value::Struct(_) => "a structure",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    };
    CodecError::new(format_args!("wants {kind}, not {what}"))
}

fn in_slot(name: &str, error: &CodecError) -> CodecError {
    CodecError::new(format_args!("<{name}>: {error}"))
}
