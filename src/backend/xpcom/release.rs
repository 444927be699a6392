//! The Main API of the installed release, from its typelib and the embedded schema.
//!
//! Slots and ids are always the typelib's, and a member that the typelib does not have, or has with
//! other arguments, is refused when it is called. What is left are the numbers of enumerations, which
//! differ between releases: another release gets a schema of its own with the numbers of its typelib.
//! Members and enumerations that the embedded schema does not name stay unknown.

use super::loader::Loaded;
use super::typelib::{Typelib, TypelibError};
use crate::schema::{Schema, embedded, embedded_table};
use std::fmt::Write;

/// The schema of the installed release.
///
/// # Errors
/// The typelib is damaged.
pub(super) fn schema(typelib: &Typelib, loaded: &Loaded) -> Result<&'static Schema, TypelibError> {
    let version = loaded.version_text();
    if embedded().version().full == version {
        return Ok(embedded());
    }
    let table = table(typelib, &version)?;
    let schema = Schema::parse(table.leak()).map_err(|error| TypelibError::new(error.to_string()))?;
    Ok(schema.leak())
}

/// The embedded table with the enumerations of a typelib.
pub(super) fn table(typelib: &Typelib, version: &str) -> Result<String, TypelibError> {
    let mut table = String::with_capacity(embedded_table().len());
    let api = version.rsplit_once('.').map_or(version, |(api, _)| api).replace('.', "_");
    let mut lines = embedded_table().lines();
    while let Some(line) = lines.next() {
        if line.starts_with("V ") {
            let _ = writeln!(table, "V {version} {api} 0");
            continue;
        }
        let _ = writeln!(table, "{line}");
        let Some(name) = line.strip_prefix("E ").and_then(|rest| rest.split(' ').next()) else { continue };
        let values = lines.next().unwrap_or_default();
        let _ = match self::values(typelib, name)? {
            Some(values) => writeln!(table, "{values}"),
            None => writeln!(table, "{values}"),
        };
    }
    Ok(table)
}

/// The line of the values of an enumeration; `None` when the typelib does not have it.
fn values(typelib: &Typelib, name: &str) -> Result<Option<String>, TypelibError> {
    let Some(described) = typelib.interface(name)?.filter(|described| !described.constants.is_empty()) else {
        return Ok(None);
    };
    let (mut line, mut next) = (String::new(), 0);
    for (constant, number) in &described.constants {
        let value = constant.strip_prefix(name).and_then(|rest| rest.strip_prefix('_')).unwrap_or(constant);
        let _ = match *number == next {
            true => write!(line, " {value}"),
            false => write!(line, " {value}={number}"),
        };
        next = number.wrapping_add(1);
    }
    Ok(Some(line))
}
