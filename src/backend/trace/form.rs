//! The form of values and errors in a trace: JSON with the names of the API, from which the same
//! values come back.
//!
//! Types are the schema's: an enumeration value is its name, and only its place tells it from a text.

use crate::model::{
    ApiError, ConnectionProblem, EnumValue, Error, Handle, Operation, RawValue, StructValue, UsageError,
};
use crate::schema::{Interface, Kind, Method, Schema, Type};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A blob larger than this (in bytes) is cut in a trace.
pub(in crate::backend) const LARGEST_BLOB: usize = 16 << 20;

/// Values deeper than this are none of the API.
const DEEPEST: usize = 32;

/// The names and types of what a member takes.
pub(in crate::backend) fn inputs(operation: &Operation) -> Vec<(&'static str, Type)> {
    match operation {
        Operation::Get(_) => Vec::new(),
        Operation::Set(attribute) => vec![(attribute.name, attribute.kind)],
        Operation::Call(method) => named(method, true),
    }
}

/// The names and types of what a member gives, the return value first.
pub(in crate::backend) fn outputs(operation: &Operation) -> Vec<(&'static str, Type)> {
    match operation {
        Operation::Get(attribute) => vec![(attribute.name, attribute.kind)],
        Operation::Set(_) => Vec::new(),
        Operation::Call(method) => named(method, false),
    }
}

fn named(method: &'static Method, inputs: bool) -> Vec<(&'static str, Type)> {
    let of = |parameter: &'static crate::schema::Parameter| (parameter.name, parameter.kind);
    if inputs { method.inputs().map(of).collect() } else { method.outputs().map(of).collect() }
}

/// `get`, `set` or `call`.
pub(in crate::backend) fn verb(operation: &Operation) -> &'static str {
    match operation {
        Operation::Get(_) => "get",
        Operation::Set(_) => "set",
        Operation::Call(_) => "call",
    }
}

/// Values under their names; what has no name counts on.
pub(in crate::backend) fn write_named(names: &[(&'static str, Type)], values: &[RawValue]) -> Map<String, Json> {
    let name = |at: usize| names.get(at).map_or_else(|| format!("#{at}"), |(name, _)| (*name).to_owned());
    let mut written = Map::new();
    for (at, value) in values.iter().enumerate() {
        // An input and an output never share a list; two outputs of one name would be told apart by place.
        let key = if written.contains_key(&name(at)) { format!("#{at}") } else { name(at) };
        written.insert(key, write_value(value));
    }
    written
}

/// The values of [`write_named`], in their order.
pub(in crate::backend) fn read_named(
    names: &[(&'static str, Type)],
    values: &Map<String, Json>,
    schema: &'static Schema,
) -> Option<Vec<RawValue>> {
    let kind = |at: usize| names.get(at).map(|(_, kind)| *kind);
    values.values().enumerate().map(|(at, value)| read_value(value, kind(at), schema, 0)).collect()
}

pub(in crate::backend) fn write_handle(handle: &Handle) -> String {
    match handle {
        Handle::Root => "vbox".to_owned(),
        Handle::Number(number) => format!("#{number}"),
        Handle::Text(text) if &**text == "vbox" || text.starts_with(['#', '=']) => format!("={text}"),
        Handle::Text(text) => text.to_string(),
    }
}

pub(in crate::backend) fn read_handle(text: &str) -> Handle {
    match (text, text.strip_prefix('#').and_then(|number| number.parse().ok())) {
        ("vbox", _) => Handle::Root,
        (_, Some(number)) => Handle::Number(number),
        _ => Handle::Text(text.strip_prefix('=').unwrap_or(text).into()),
    }
}

pub(in crate::backend) fn write_value(value: &RawValue) -> Json {
    match value {
        RawValue::Null => Json::Null,
        RawValue::Bool(truth) => json!(truth),
        RawValue::Int(number) => json!(number),
        RawValue::Float(number) => json!(number),
        RawValue::Text(text) => json!(text),
        RawValue::Blob(bytes) => {
            let kept = &bytes[..bytes.len().min(LARGEST_BLOB)];
            json!({ "bytes": bytes.len(), "base64": STANDARD.encode(kept) })
        }
        RawValue::Enum(value) => match value.name() {
            Some(name) => json!(name),
            None => json!(value.number),
        },
        RawValue::Object((handle, interface)) => json!({ "object": write_handle(handle), "interface": interface.name }),
        RawValue::Struct(value) => {
            let fields: Map<String, Json> =
                value.entries().map(|(name, field)| (name.to_owned(), write_value(field))).collect();
            json!({ "struct": value.interface.name, "fields": fields })
        }
        RawValue::List(values) => values.iter().map(write_value).collect(),
        RawValue::Map(entries) => {
            let entries: Vec<Json> = entries.iter().map(|(name, value)| json!([name, write_value(value)])).collect();
            json!({ "map": entries })
        }
    }
}

/// The value that was written; `None` when no value of the API has that form.
pub(in crate::backend) fn read_value(
    json: &Json,
    kind: Option<Type>,
    schema: &'static Schema,
    depth: usize,
) -> Option<RawValue> {
    if depth > DEEPEST {
        return None;
    }
    Some(match json {
        Json::Null => RawValue::Null,
        Json::Bool(truth) => RawValue::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), enumeration(kind, schema)) {
            (Some(number), Some(enumeration)) => RawValue::Enum(EnumValue { enumeration, number }),
            (Some(number), None) => RawValue::Int(number),
            (None, _) => RawValue::Float(number.as_f64()?),
        },
        Json::String(text) => match enumeration(kind, schema) {
            Some(enumeration) => {
                let value = enumeration.values.iter().find(|value| value.name == text)?;
                RawValue::Enum(EnumValue { enumeration, number: value.number })
            }
            // A masked blob.
            None if kind.is_some_and(Type::is_blob) => RawValue::Blob(text.as_bytes().to_vec()),
            None => RawValue::Text(text.clone()),
        },
        Json::Array(values) => {
            let one = kind.map(|kind| Type::one(kind.kind));
            RawValue::List(values.iter().map(|value| read_value(value, one, schema, depth + 1)).collect::<Option<_>>()?)
        }
        Json::Object(entries) => read_entries(entries, schema, depth)?,
    })
}

fn read_entries(entries: &Map<String, Json>, schema: &'static Schema, depth: usize) -> Option<RawValue> {
    let text = |name: &str| entries.get(name).and_then(Json::as_str);
    if let Some(handle) = text("object") {
        return Some(RawValue::Object((read_handle(handle), schema.interface(text("interface")?)?)));
    }
    if let Some(base64) = text("base64") {
        return Some(RawValue::Blob(STANDARD.decode(base64).ok()?));
    }
    if let Some(name) = text("struct") {
        let interface: &'static Interface = schema.interface(name)?;
        let fields = entries.get("fields")?.as_object()?;
        let read = |attribute: &&'static crate::schema::Attribute| {
            read_value(fields.get(attribute.name).unwrap_or(&Json::Null), Some(attribute.kind), schema, depth + 1)
        };
        let fields = interface.attributes().iter().map(read).collect::<Option<_>>()?;
        return Some(RawValue::Struct(Arc::new(StructValue { interface, fields })));
    }
    let pairs = entries.get("map")?.as_array()?;
    let pair =
        |pair: &Json| Some((pair.get(0)?.as_str()?.to_owned(), read_value(pair.get(1)?, None, schema, depth + 1)?));
    Some(RawValue::Map(pairs.iter().map(pair).collect::<Option<_>>()?))
}

fn enumeration(kind: Option<Type>, schema: &'static Schema) -> Option<&'static crate::schema::Enumeration> {
    match kind?.kind {
        Kind::Enum(name) => schema.enumeration(name),
        _ => None,
    }
}

/// An error with the words that people know; `text` takes secrets out of foreign messages.
pub(in crate::backend) fn write_error(error: &Error, text: &dyn Fn(&str) -> String) -> Json {
    match error {
        Error::Api { operation, error } => {
            json!({ "kind": "api", "operation": operation, "error": write_api(error, text) })
        }
        Error::Usage(UsageError { message, hint }) => {
            json!({ "kind": "usage", "message": text(message), "hint": text(hint) })
        }
        Error::Connection(ConnectionProblem { message, hint }) => {
            json!({ "kind": "connection", "message": text(message), "hint": text(hint) })
        }
        Error::LogOn(ConnectionProblem { message, hint }) => {
            json!({ "kind": "log-on", "message": text(message), "hint": text(hint) })
        }
        Error::Stale { what, hint } => json!({ "kind": "stale", "message": text(what), "hint": text(hint) }),
        Error::TimedOut { what, seconds } => json!({ "kind": "timed out", "message": text(what), "seconds": seconds }),
        Error::Interrupted => json!({ "kind": "interrupted" }),
        Error::Refused { what, hint } => json!({ "kind": "refused", "message": text(what), "hint": text(hint) }),
    }
}

fn write_api(error: &ApiError, text: &dyn Fn(&str) -> String) -> Json {
    // From the last to the first: the chain comes from outside and is read with a bound.
    let chain: Vec<&ApiError> = error.chain().collect();
    chain.into_iter().rev().fold(Json::Null, |next, error| {
        let mut written = json!({
            "code": format!("0x{:08x}", error.code),
            "name": error.name(),
            "message": text(&error.message),
            "component": error.component,
            "interface": error.interface,
        });
        if !next.is_null() {
            written["next"] = next;
        }
        written
    })
}

pub(in crate::backend) fn read_error(json: &Json) -> Option<Error> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let (message, hint) = (text("message"), text("hint"));
    Some(match json.get("kind")?.as_str()? {
        "api" => Error::Api { operation: text("operation"), error: Box::new(read_api(json.get("error")?, 0)?) },
        "usage" => UsageError { message, hint }.into(),
        "connection" => ConnectionProblem { message, hint }.into(),
        "log-on" => Error::LogOn(ConnectionProblem { message, hint }),
        "stale" => Error::Stale { what: message, hint },
        "timed out" => Error::TimedOut { what: message, seconds: json.get("seconds")?.as_f64()? },
        "interrupted" => Error::Interrupted,
        "refused" => Error::Refused { what: message, hint },
        _ => return None,
    })
}

fn read_api(json: &Json, depth: usize) -> Option<ApiError> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let code = u32::from_str_radix(json.get("code")?.as_str()?.strip_prefix("0x")?, 16).ok()?;
    let next = json.get("next").filter(|_| depth < DEEPEST).and_then(|next| read_api(next, depth + 1)).map(Box::new);
    Some(ApiError { code, message: text("message"), component: text("component"), interface: text("interface"), next })
}
