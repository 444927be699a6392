//! Enumerations as Python classes, made when first asked for. The class itself is in the prelude.

use super::prelude;
use crate::model::EnumValue;
use crate::schema::{Enumeration, Schema, help};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

type Made<K> = OnceLock<Mutex<HashMap<K, Py<PyAny>>>>;

static CLASSES: Made<usize> = OnceLock::new();
static VALUES: Made<(usize, i64)> = OnceLock::new();

fn kept<K: Eq + std::hash::Hash>(made: &Made<K>, key: &K, py: Python<'_>) -> Option<Py<PyAny>> {
    let made = made.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    made.get(key).map(|value| value.clone_ref(py))
}

fn keep<K: Eq + std::hash::Hash>(made: &Made<K>, key: K, value: Py<PyAny>) {
    made.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
}

fn key(enumeration: &'static Enumeration) -> usize {
    std::ptr::from_ref(enumeration).addr()
}

/// The class of an enumeration.
pub(super) fn class(py: Python<'_>, enumeration: &'static Enumeration) -> PyResult<Py<PyAny>> {
    if let Some(class) = kept(&CLASSES, &key(enumeration), py) {
        return Ok(class);
    }
    let names = PyDict::new(py);
    for value in &enumeration.values {
        names.set_item(value.name, value.number)?;
    }
    let class =
        prelude::get(py)?.call_method1("make_enumeration", (enumeration.name, names, help(enumeration.name)))?.unbind();
    keep(&CLASSES, key(enumeration), class.clone_ref(py));
    Ok(class)
}

/// A value of an enumeration.
pub(super) fn value(py: Python<'_>, value: EnumValue) -> PyResult<Py<PyAny>> {
    let place = (key(value.enumeration), value.number);
    if let Some(value) = kept(&VALUES, &place, py) {
        return Ok(value);
    }
    let made = class(py, value.enumeration)?.call1(py, (value.number,))?;
    keep(&VALUES, place, made.clone_ref(py));
    Ok(made)
}

/// Whether a number is a value of an enumeration.
pub(super) fn is_value(number: &Bound<'_, PyAny>) -> PyResult<bool> {
    number.is_instance(&prelude::get(number.py())?.getattr("EnumValue")?)
}

/// What a name of a script's scope stands for: an enumeration (`MachineState`), or a value by its flat name
/// (`MachineState_Running`).
pub(super) fn global(py: Python<'_>, schema: &'static Schema, name: &str) -> PyResult<Option<Py<PyAny>>> {
    if !name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        return Ok(None);
    }
    if let Some(enumeration) = schema.enumeration(name) {
        return class(py, enumeration).map(Some);
    }
    let flat = name.split_once('_').and_then(|(owner, value)| {
        let enumeration = schema.enumeration(owner)?;
        Some(EnumValue { enumeration, number: enumeration.number(value)? })
    });
    flat.map(|flat| value(py, flat)).transpose()
}
