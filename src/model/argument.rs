//! Conversion of a loosely typed value into the type that a member wants.

use super::{Connection, EnumValue, Object, RawValue, Value};
use crate::schema::{Enumeration, Kind, Type};

/// Why a value does not fit, in words that follow "argument `x`" or "attribute `x`".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    /// What was wanted and what came.
    pub message: String,
    /// What to write instead; empty when there is nothing to suggest.
    pub hint: String,
}

/// Converts `value` into `kind` for a call over `connection`.
///
/// # Errors
/// Says what is wanted and what came, with the nearest names for a misspelt enumeration value.
pub fn convert(value: Value, kind: Type, connection: &Connection) -> Result<RawValue, ArgumentError> {
    if kind.is_blob() {
        return blob(value);
    }
    if !kind.array {
        return single(value, kind.kind, connection);
    }
    match value {
        Value::Null => Ok(RawValue::List(Vec::new())),
        Value::List(values) => {
            let convert_one = |(at, value)| {
                single(value, kind.kind, connection).map_err(|error: ArgumentError| ArgumentError {
                    message: format!("{} (element {at})", error.message),
                    ..error
                })
            };
            values.into_iter().enumerate().map(convert_one).collect::<Result<_, _>>().map(RawValue::List)
        }
        other => Err(ArgumentError { hint: "put it in brackets: `[...]`".to_owned(), ..wanted(kind, &other) }),
    }
}

fn single(value: Value, kind: Kind, connection: &Connection) -> Result<RawValue, ArgumentError> {
    let unfit = |value: &Value| wanted(Type::one(kind), value);
    match kind {
        Kind::String | Kind::Uuid => match value {
            Value::Text(text) => Ok(RawValue::Text(text)),
            Value::Null => Ok(RawValue::Text(String::new())),
            Value::Enum(value) => Ok(RawValue::Text(value.to_string())),
            other => Err(ArgumentError { hint: "text stands in quotes: `\"...\"`".to_owned(), ..unfit(&other) }),
        },
        Kind::Boolean => match value {
            Value::Bool(truth) => Ok(RawValue::Bool(truth)),
            Value::Int(number @ (0 | 1)) => Ok(RawValue::Bool(number == 1)),
            other => Err(ArgumentError { hint: "write `true` or `false`".to_owned(), ..unfit(&other) }),
        },
        Kind::AnyObject | Kind::Interface(_) => object(value, kind, connection),
        Kind::Enum(name) => match connection.schema().enumeration(name) {
            Some(enumeration) => enum_value(&value, enumeration).map(RawValue::Enum),
            None => Err(unfit(&value)),
        },
        _ => integer(&value, kind),
    }
}

fn integer(value: &Value, kind: Kind) -> Result<RawValue, ArgumentError> {
    let unfit = || wanted(Type::one(kind), value);
    let number = match value {
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => *number as i64,
        other => other.as_int().ok_or_else(unfit)?,
    };
    let (least, greatest) = kind.range().ok_or_else(unfit)?;
    if (least..=greatest).contains(&number.into()) {
        return Ok(RawValue::Int(number));
    }
    Err(ArgumentError {
        message: format!("{number} is out of range for {kind} ({least} to {greatest})"),
        hint: String::new(),
    })
}

fn enum_value(value: &Value, enumeration: &'static Enumeration) -> Result<EnumValue, ArgumentError> {
    let number = match value {
        Value::Enum(given) if given.enumeration.name == enumeration.name => Some(given.number),
        Value::Int(number) => Some(*number),
        Value::Text(name) => enumeration.number(name),
        other => return Err(wanted(Type::one(Kind::Enum(enumeration.name)), other)),
    };
    if let Some(number) = number {
        return Ok(EnumValue { enumeration, number });
    }
    let name = value.as_text().unwrap_or_default();
    let near = enumeration.suggest(name);
    let names = if near.is_empty() { enumeration.values.iter().map(|value| value.name).collect() } else { near };
    let more = if names.len() > 8 { ", ..." } else { "" };
    let names = names.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(ArgumentError {
        message: format!("`{name}` is no value of {}", enumeration.name),
        hint: format!("one of {names}{more}"),
    })
}

fn object(value: Value, kind: Kind, connection: &Connection) -> Result<RawValue, ArgumentError> {
    let object: Object = match value {
        Value::Null => return Ok(RawValue::Null),
        Value::Object(object) => object,
        other => {
            let hint = match (&other, kind) {
                (Value::Text(name), Kind::Interface("IMachine")) => {
                    format!("`vbox.findMachine({name:?})` gives the machine")
                }
                _ => String::new(),
            };
            return Err(ArgumentError { hint, ..wanted(Type::one(kind), &other) });
        }
    };
    if !object.connection().is_same(connection) {
        return Err(ArgumentError {
            message: format!("the {} comes from another connection", object.interface().name),
            hint: "fetch it again from `vbox`".to_owned(),
        });
    }
    if let Some(interface) = connection.schema().interface_of(kind) {
        let given = object.interface();
        // An object handed out under a parent interface may well be the child that is wanted.
        let may_be = given.extends(interface.name)
            || interface.extends(given.name)
            || given.parent().is_none() && given.name == "IUnknown";
        if !may_be {
            return Err(wanted(Type::one(kind), &Value::Object(object)));
        }
    }
    Ok(RawValue::Object((object.handle().clone(), object.interface())))
}

fn blob(value: Value) -> Result<RawValue, ArgumentError> {
    match value {
        Value::Blob(bytes) => Ok(RawValue::Blob(bytes)),
        Value::Null => Ok(RawValue::Blob(Vec::new())),
        Value::List(values) => {
            let bytes = values.iter().map(|value| value.as_int().and_then(|number| u8::try_from(number).ok()));
            bytes.collect::<Option<Vec<u8>>>().map(RawValue::Blob).ok_or_else(|| ArgumentError {
                message: "wants bytes, and the list has something that is no number from 0 to 255".to_owned(),
                hint: String::new(),
            })
        }
        other => Err(wanted(Type::many(Kind::Octet), &other)),
    }
}

fn wanted(kind: Type, value: &Value) -> ArgumentError {
    ArgumentError { message: format!("wants {kind}, not {}", name_kind(value)), hint: String::new() }
}

/// What a value is, in a message.
fn name_kind(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => format!("{truth}"),
        Value::Int(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Text(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        Value::Text(_) => "a text".to_owned(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Enum(value) => format!("{}.{value}", value.enumeration.name),
        Value::Object(object) => format!("an {}", object.interface().name),
        Value::Struct(value) => format!("an {}", value.interface.name),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}
