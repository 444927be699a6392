//! Making and reading plain values: defaults by type, text forms as they stand in tables and settings files.

use crate::model::{EnumValue, RawValue};
use crate::schema::{Kind, Type, embedded};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A text value.
pub(super) fn text(text: impl Into<String>) -> RawValue {
    RawValue::Text(text.into())
}

/// A value of an enumeration, by name. A name that the schema lacks gives number 0.
pub(super) fn enumerated(enumeration: &str, name: &str) -> RawValue {
    match embedded().enumeration(enumeration) {
        Some(enumeration) => {
            RawValue::Enum(EnumValue { enumeration, number: enumeration.number(name).unwrap_or_default() })
        }
        None => RawValue::Null,
    }
}

/// A list of texts.
pub(super) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> RawValue {
    RawValue::List(values.into_iter().map(text).collect())
}

/// A value of a list that is there twice.
pub(super) fn repeated(values: &[RawValue]) -> Option<&RawValue> {
    values.iter().enumerate().find(|(at, value)| values[..*at].contains(value)).map(|(_, value)| value)
}

/// The name of an enumeration value; empty for anything else.
pub(super) fn name_of(value: &RawValue) -> &'static str {
    match value {
        RawValue::Enum(value) => value.name().unwrap_or_default(),
        _ => "",
    }
}

/// Reads the text form of a value; an array's elements are apart by commas.
pub(super) fn parse(kind: Type, written: &str) -> Option<RawValue> {
    if kind.is_blob() {
        let packed: String = written.split_whitespace().collect();
        return BASE64.decode(packed).ok().map(RawValue::Blob);
    }
    if kind.array {
        let parts = written.split(',').filter(|part| !part.is_empty());
        return parts.map(|part| parse(Type::one(kind.kind), part)).collect::<Option<_>>().map(RawValue::List);
    }
    Some(match kind.kind {
        Kind::String | Kind::Uuid => text(written),
        Kind::Boolean => RawValue::Bool(match written {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" => false,
            _ => return None,
        }),
        Kind::AnyObject | Kind::Interface(_) if written.is_empty() => RawValue::Null,
        Kind::AnyObject | Kind::Interface(_) => return None,
        Kind::Enum(name) => {
            let enumeration = embedded().enumeration(name)?;
            RawValue::Enum(EnumValue { enumeration, number: enumeration.number(written)? })
        }
        _ => RawValue::Int(match written.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok()?,
            None => written.parse().ok()?,
        }),
    })
}

/// The text form of a value; `None` for what has none.
pub(super) fn write(value: &RawValue) -> Option<String> {
    Some(match value {
        RawValue::Bool(truth) => truth.to_string(),
        RawValue::Int(number) => number.to_string(),
        RawValue::Text(text) => text.clone(),
        RawValue::Enum(value) => value.to_string(),
        RawValue::Blob(bytes) => BASE64.encode(bytes),
        RawValue::List(values) => values.iter().map(write).collect::<Option<Vec<_>>>()?.join(","),
        _ => return None,
    })
}
