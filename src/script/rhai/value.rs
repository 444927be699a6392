//! Conversion between the model's values and Rhai's.

use super::error::{LineFailure, ScriptError};
use crate::model::{EnumValue, Object, StructValue, Value};
use crate::schema::Enumeration;
use rhai::{Array, Blob, Dynamic, ImmutableString, Map};
use std::sync::Arc;

/// A structure that travels by value, as scripts hold it.
pub(super) type Structure = Arc<StructValue>;

/// An enumeration itself, as scripts hold it (`MachineState`).
pub(super) type EnumType = &'static Enumeration;

/// A value for a script.
pub(super) fn to_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => truth.into(),
        Value::Int(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Blob(bytes) => Dynamic::from_blob(bytes),
        Value::Enum(value) => Dynamic::from(value),
        Value::Object(object) => Dynamic::from(object),
        Value::Struct(value) => Dynamic::from(value),
        Value::List(values) => Dynamic::from_array(values.into_iter().map(to_dynamic).collect()),
        Value::Map(entries) => {
            Dynamic::from_map(entries.into_iter().map(|(name, value)| (name.into(), to_dynamic(value))).collect())
        }
    }
}

/// A script's value for a call.
///
/// # Errors
/// The name of the type, when it is one that no call takes (a closure, a range, ...).
pub(super) fn from_dynamic(value: Dynamic) -> Result<Value, String> {
    convert(value, &mut |other| Err(other.type_name().to_owned()))
}

/// A script's value for people: what no call takes becomes text.
pub(super) fn from_any(value: Dynamic) -> Value {
    let as_text = &mut |other: Dynamic| Ok(Value::Text(other.to_string()));
    convert(value, as_text).unwrap_or_default()
}

fn convert(value: Dynamic, other: &mut dyn FnMut(Dynamic) -> Result<Value, String>) -> Result<Value, String> {
    let value = value.flatten();
    if value.is_unit() {
        return Ok(Value::Null);
    }
    // One cast for each kind; each gives the value back when it is of another.
    let value = match value.try_cast_result::<Object>() {
        Ok(object) => return Ok(Value::Object(object)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<ImmutableString>() {
        Ok(text) => return Ok(Value::Text(text.into())),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<i64>() {
        Ok(number) => return Ok(Value::Int(number)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<bool>() {
        Ok(truth) => return Ok(Value::Bool(truth)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<EnumValue>() {
        Ok(value) => return Ok(Value::Enum(value)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Array>() {
        Ok(values) => {
            let values = values.into_iter().map(|value| convert(value, other)).collect::<Result<_, _>>()?;
            return Ok(Value::List(values));
        }
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Map>() {
        Ok(entries) => {
            let entries = entries.into_iter().map(|(name, value)| Ok((name.to_string(), convert(value, other)?)));
            return Ok(Value::Map(entries.collect::<Result<_, String>>()?));
        }
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Blob>() {
        Ok(bytes) => return Ok(Value::Blob(bytes)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<f64>() {
        Ok(number) => return Ok(Value::Float(number)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<char>() {
        Ok(letter) => return Ok(Value::Text(letter.to_string())),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Structure>() {
        Ok(value) => return Ok(Value::Struct(value)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<ScriptError>() {
        Ok(error) => return Ok(Value::Map(error.fields())),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<LineFailure>() {
        Ok(error) => return Ok(Value::Map(error.fields())),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<EnumType>() {
        Ok(enumeration) => {
            let values = enumeration.values.iter().map(|value| EnumValue { enumeration, number: value.number });
            return Ok(Value::List(values.map(Value::Enum).collect()));
        }
        Err(value) => value,
    };
    other(value)
}
