//! Machine-readable output: one JSON document per command, keys as in the API.
//!
//! On a terminal a document is spread over lines, elsewhere it is one line, so that a file or a pipe
//! of several documents is JSON Lines. Nothing is ever cut. Enumeration values are names, objects are
//! `{"interface", "id", "name"}`, blobs are base64, numbers have no units.

use super::render::short_error;
use super::summary::{self, Facts, Want};
use super::{Failure, Reply, Section, Table, clean, value};
use crate::model::{ApiError, ErrorKind, Object, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

/// A value as JSON. Names and ids of its objects are read now.
pub fn to_json(value: &Value) -> Json {
    one(value, &Facts::read(&value::objects(value, None), Want::Ids))
}

/// The documents that a reply is.
///
/// # Errors
/// An object of it cannot be read.
pub fn documents(reply: &Reply) -> Result<Vec<Json>, Failure> {
    Ok(match reply {
        Reply::Nothing | Reply::Note(_) => Vec::new(),
        Reply::Value(value) => vec![to_json(value)],
        Reply::Detail(value) => vec![detail(value)?],
        Reply::Table(table) => vec![rows(table)],
        Reply::Sections(sections) => vec![nested(sections)],
        // Colours are no part of a text.
        Reply::Text(text) => vec![Json::String(clean::unpainted(text))],
        // One command is one document.
        Reply::Many(replies) => match replies.iter().map(documents).collect::<Result<Vec<_>, _>>()?.concat() {
            several if several.len() > 1 => vec![Json::Array(several)],
            one => one,
        },
    })
}

/// A document as text, without a line end.
pub(super) fn text(document: &Json, spread: bool) -> String {
    // With `{:#}` the text is spread over lines; neither form can fail for a value in memory.
    let text = if spread { format!("{document:#}") } else { document.to_string() };
    clean::json(&text).into_owned()
}

/// A failure as a document.
pub(super) fn failure(failure: &Failure) -> Json {
    let position = failure.position.as_ref().map(|position| {
        json!({
            "file": position.file,
            "line": position.line,
            "column": position.column,
            "source": position.source,
        })
    });
    json!({"error": {
        "kind": kind(failure.kind),
        "message": failure.message,
        "hint": failure.hint,
        "exitCode": failure.exit_code(),
        "api": failure.api.as_ref().map(|error| api_error(error, 0)),
        "position": position,
        "trace": failure.trace,
    }})
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "failed",
        ErrorKind::Usage => "usage",
        ErrorKind::Refused => "refused",
        ErrorKind::NotFound => "notFound",
        ErrorKind::Connection => "connection",
        ErrorKind::Script => "script",
        ErrorKind::TimedOut => "timedOut",
        ErrorKind::Interrupted => "interrupted",
    }
}

fn api_error(error: &ApiError, depth: usize) -> Json {
    // Bounded, as the chain comes from outside.
    let next = error.next.as_deref().filter(|_| depth < 32).map(|next| api_error(next, depth + 1));
    json!({
        "code": error.code,
        "name": error.name(),
        "message": error.message,
        "component": error.component,
        "interface": error.interface,
        "next": next,
    })
}

fn one(value: &Value, facts: &Facts) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        // Infinite numbers are none in JSON.
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::Blob(bytes) => Json::from(STANDARD.encode(bytes)),
        Value::Enum(value) => Json::from(value.to_string()),
        Value::Object(object) => reference(object, facts),
        Value::Struct(value) => {
            Json::Object(value.entries().map(|(name, value)| (name.to_owned(), one(value, facts))).collect())
        }
        Value::List(values) => values.iter().map(|value| one(value, facts)).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(name, value)| (name.clone(), one(value, facts))).collect())
        }
    }
}

fn reference(object: &Object, facts: &Facts) -> Json {
    let id = facts.id(object).map_or_else(|| object.handle().to_string(), str::to_owned);
    json!({"interface": object.interface().name, "id": id, "name": facts.own_name(object)})
}

/// All attributes; those that could not be read are null, and `_errors` says why.
fn detail(value: &Value) -> Result<Json, Failure> {
    let Value::Object(object) = value else { return Ok(to_json(value)) };
    let results = summary::detail(object);
    if let Some((_, Err(error))) = results.first()
        && results.iter().all(|(_, result)| result.is_err())
    {
        return Err(error.clone().into());
    }
    let read = results.iter().filter_map(|(_, result)| result.as_ref().ok());
    let inner: Vec<Object> = read.flat_map(|value| value::objects(value, None)).collect();
    let facts = Facts::read(&inner, Want::Ids);
    let mut document = Map::new();
    let mut errors = Map::new();
    for (name, result) in results {
        let value = match result {
            Ok(value) => one(&value, &facts),
            Err(error) => {
                errors.insert(name.clone(), Json::String(short_error(&error)));
                Json::Null
            }
        };
        document.insert(name, value);
    }
    if !errors.is_empty() {
        document.insert("_errors".to_owned(), Json::Object(errors));
    }
    Ok(Json::Object(document))
}

fn rows(table: &Table) -> Json {
    let objects: Vec<Object> = table.rows.iter().flatten().flat_map(|value| value::objects(value, None)).collect();
    let facts = Facts::read(&objects, Want::Ids);
    let nothing = Value::Null;
    let row = |row: &Vec<Value>| {
        let values = row.iter().chain(std::iter::repeat(&nothing));
        let named = table.columns.iter().zip(values);
        Json::Object(named.map(|(column, value)| (column.key.clone(), one(value, &facts))).collect())
    };
    table.rows.iter().map(row).collect()
}

fn nested(sections: &[Section]) -> Json {
    let entries = || sections.iter().flat_map(|section| &section.entries);
    let objects: Vec<Object> = entries().flat_map(|(_, value)| value::objects(value, None)).collect();
    let facts = Facts::read(&objects, Want::Ids);
    let mut document = Map::new();
    for section in sections {
        let entries = section.entries.iter().map(|(name, value)| (name.clone(), one(value, &facts)));
        if section.title.is_empty() {
            document.extend(entries);
        } else if let Some(Json::Object(known)) = document.get_mut(&section.title) {
            known.extend(entries);
        } else {
            document.insert(section.title.clone(), Json::Object(entries.collect()));
        }
    }
    Json::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EnumValue;
    use crate::output::{Column, Style};
    use crate::schema::embedded;

    #[test]
    fn plain_values_keep_their_types() {
        let enumeration = embedded().enumeration("MachineState").unwrap();
        let value = Value::List(vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MAX),
            Value::Float(0.5),
            Value::Float(f64::NAN),
            Value::from("a"),
            Value::Blob(vec![1, 2, 255]),
            Value::Enum(EnumValue { enumeration, number: 6 }),
            Value::Map(vec![("b".into(), Value::Int(1)), ("a".into(), Value::Int(2))]),
        ]);
        let expected = r#"[null,true,9223372036854775807,0.5,null,"a","AQL/","Running",{"b":1,"a":2}]"#;
        assert_eq!(text(&to_json(&value), false), expected);
    }

    #[test]
    fn a_terminal_gets_lines_and_others_one() {
        let document = json!({"a": [1]});
        assert_eq!(text(&document, true), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(text(&document, false), r#"{"a":[1]}"#);
    }

    #[test]
    fn no_raw_control_character_leaves() {
        assert_eq!(text(&json!("\u{1b}\u{9b}\u{7f}\n"), false), r#""\u001b\u009b\u007f\n""#);
    }

    #[test]
    fn tables_are_arrays_and_sections_objects() {
        let table = Table {
            columns: vec![Column::new("name").titled("MACHINE"), Column::number("memorySize")],
            rows: vec![vec![Value::from("web-01"), Value::Int(2048)], vec![Value::from("short")]],
            empty: String::new(),
        };
        let documents = documents(&Reply::Table(table)).unwrap();
        assert_eq!(documents, [json!([{"name": "web-01", "memorySize": 2048}, {"name": "short", "memorySize": null}])]);
        let section = |title: &str| Section { title: title.into(), entries: vec![("a".into(), Value::Int(1))] };
        let documents = super::documents(&Reply::Sections(vec![section(""), section("host")])).unwrap();
        assert_eq!(documents, [json!({"a": 1, "host": {"a": 1}})]);
    }

    #[test]
    fn talk_and_colours_are_no_documents() {
        let painted = Style::new(true).paint(crate::output::Role::Heading, "Usage");
        let replies = vec![Reply::Note("done".into()), Reply::Nothing, Reply::Text(painted), Reply::Value(Value::Null)];
        assert_eq!(documents(&Reply::Many(replies)).unwrap(), [json!(["Usage", null])], "one command, one document");
    }
}
