//! What goes between this process and its helper: JSON behind its length, in the form of a trace.

use crate::backend::trace::form;
use crate::model::RawValue;
use crate::schema::{Schema, Type};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value as Json, json};
use std::io::{self, Read, Write};

/// More (in bytes) no call or answer is.
const LONGEST: usize = 1 << 30;

/// Writes one message.
pub(super) fn write(to: &mut impl Write, message: &Json) -> io::Result<()> {
    let text = message.to_string();
    let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= LONGEST);
    let length = length.ok_or_else(|| io::Error::other("a message is too long"))?;
    // In one piece: two would be two wake-ups at the other end.
    let mut whole = Vec::with_capacity(4 + text.len());
    whole.extend(length.to_le_bytes());
    whole.extend(text.into_bytes());
    to.write_all(&whole)
}

/// Reads one message; none at the end.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Json>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::other("a message is too long"));
    }
    let mut text = Vec::new();
    from.take(length as u64).read_to_end(&mut text)?;
    if text.len() < length {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(Some).map_err(io::Error::other)
}

/// Values in their order; unlike in a trace, large ones stay whole.
pub(super) fn write_values(values: &[RawValue]) -> Json {
    let write = |value: &RawValue| match value {
        RawValue::Blob(bytes) => json!({ "bytes": bytes.len(), "base64": STANDARD.encode(bytes) }),
        other => form::write_value(other),
    };
    values.iter().map(write).collect()
}

/// The values of [`write_values`]; `None` when they are none.
pub(super) fn read_values(
    json: Option<&Json>,
    types: &[(&'static str, Type)],
    schema: &'static Schema,
) -> Option<Vec<RawValue>> {
    let values = json?.as_array()?.iter().enumerate();
    values.map(|(at, value)| form::read_value(value, types.get(at).map(|(_, kind)| *kind), schema, 0)).collect()
}
