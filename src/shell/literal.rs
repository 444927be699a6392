//! Values as typed in a command line, read by the type that is wanted.

use super::path::Path;
use crate::model::{Connection, Error, Result, Value};
use crate::schema::{Kind, Type};

/// Reads `word` as a value of `kind`. Objects are given by path (`web-01`, `vbox.hardDisks[0]`) or as
/// `null`; arrays in brackets or separated by commas; blobs as `@FILE`, or as hexadecimal digits.
///
/// # Errors
/// The word does not fit, a path leads nowhere, or a file cannot be read. What fits the type but not
/// its range is left to the call, which says so with the signature.
pub fn parse_literal(word: &str, kind: Type, connection: &Connection) -> Result<Value> {
    if kind.is_blob() {
        return blob(word);
    }
    if kind.array {
        let inside = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
        let words = inside.split(',').map(str::trim).filter(|word| !word.is_empty());
        return words.map(|word| single(unquote(word), kind.kind, connection)).collect::<Result<_>>().map(Value::List);
    }
    single(word, kind.kind, connection)
}

fn unquote(word: &str) -> &str {
    let inside = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(word)
}

fn single(word: &str, kind: Kind, connection: &Connection) -> Result<Value> {
    match kind {
        Kind::String | Kind::Uuid => Ok(Value::from(word)),
        Kind::Boolean => match word.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err(Error::usage(format!("`{word}` is no truth value"), "write `true` or `false`")),
        },
        Kind::Enum(_) => Ok(word.parse::<i64>().map_or_else(|_| Value::from(word), Value::Int)),
        Kind::AnyObject | Kind::Interface(_) => match word {
            "" | "null" | "none" => Ok(Value::Null),
            path => Path::parse(path)?.follow(connection),
        },
        _ => integer(word).map(Value::Int).ok_or_else(|| {
            Error::usage(format!("`{word}` is no number"), "write a decimal number, or `0x` and hexadecimal digits")
        }),
    }
}

fn integer(word: &str) -> Option<i64> {
    match word.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

/// A file larger than this (in bytes) is not read as an argument.
const LARGEST_BLOB: u64 = 64 << 20;

fn blob(word: &str) -> Result<Value> {
    let Some(file) = word.strip_prefix('@') else {
        let digits: Vec<u8> = word.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2));
        let bytes: Option<Vec<u8>> = bytes.collect();
        return bytes.map(Value::Blob).ok_or_else(|| {
            Error::usage(format!("`{word}` is no bytes"), "write `@FILE`, or hexadecimal digits in pairs")
        });
    };
    let read = || {
        let size = std::fs::metadata(file)?.len();
        if size > LARGEST_BLOB {
            Err(std::io::Error::other(format!("it has {size} bytes")))
        } else {
            std::fs::read(file)
        }
    };
    read()
        .map(Value::Blob)
        .map_err(|error| Error::usage(format!("cannot read `{file}`: {error}"), "give a file that exists and is small"))
}
