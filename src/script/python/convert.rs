//! Conversion between the model's values and Python's.

use super::object::PyObject;
use super::structure::Structure;
use super::{context, enumeration};
use crate::model::{EnumValue, Value};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Lists and tables nested deeper than this are not followed: they may hold themselves.
const DEEPEST: usize = 32;

/// A value for a script. Under the compatible modules enumeration values are plain numbers, as scripts for
/// VirtualBox's own bindings have them.
pub(super) fn to_python(py: Python<'_>, value: Value, compatible: bool) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Bool(truth) => PyBool::new(py, truth).to_owned().into_any().unbind(),
        Value::Int(number) => number.into_pyobject(py)?.into_any().unbind(),
        Value::Float(number) => PyFloat::new(py, number).into_any().unbind(),
        Value::Text(text) => PyString::new(py, &text).into_any().unbind(),
        Value::Blob(bytes) => PyBytes::new(py, &bytes).into_any().unbind(),
        Value::Enum(value) if compatible => value.number.into_pyobject(py)?.into_any().unbind(),
        Value::Enum(value) => enumeration::value(py, value)?,
        Value::Object(object) => Py::new(py, PyObject::new(object, compatible))?.into_any(),
        Value::Struct(value) => Py::new(py, Structure::new(value, compatible))?.into_any(),
        Value::List(values) => {
            let list = PyList::empty(py);
            for value in values {
                list.append(to_python(py, value, compatible)?)?;
            }
            list.into_any().unbind()
        }
        Value::Map(entries) => {
            let dict = PyDict::new(py);
            for (name, value) in entries {
                dict.set_item(name, to_python(py, value, compatible)?)?;
            }
            dict.into_any().unbind()
        }
    })
}

/// What a call gives: nothing, its one value, or a tuple.
pub(super) fn outputs(py: Python<'_>, mut values: Vec<Value>, compatible: bool) -> PyResult<Py<PyAny>> {
    match values.len() {
        0 => Ok(py.None()),
        1 => to_python(py, values.remove(0), compatible),
        _ => {
            let values: Vec<_> =
                values.into_iter().map(|value| to_python(py, value, compatible)).collect::<PyResult<_>>()?;
            Ok(PyTuple::new(py, values)?.into_any().unbind())
        }
    }
}

/// A script's value for a call.
///
/// # Errors
/// It is of a type that no call takes, or a number that none takes.
pub(super) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(value) = plain(value)? {
        return Ok(value);
    }
    let kind = value.get_type().name()?;
    if value.is_callable() || value.hasattr("__dict__")? && value.try_iter().is_err() {
        return Err(PyTypeError::new_err(format!("a value of type {kind} means nothing to the Main API")));
    }
    // Tuples, sets, generators: anything that gives elements one by one.
    match value.try_iter() {
        Ok(elements) => elements.map(|element| from_python(&element?)).collect::<PyResult<_>>().map(Value::List),
        Err(_) => Err(PyTypeError::new_err(format!("a value of type {kind} means nothing to the Main API"))),
    }
}

/// The value of the usual types; `None` for all others.
fn plain(value: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    if value.is_none() {
        return Ok(Some(Value::Null));
    }
    if let Ok(object) = value.cast::<PyObject>() {
        return Ok(Some(Value::Object(object.get().object(value.py())?)));
    }
    if let Ok(structure) = value.cast::<Structure>() {
        return Ok(Some(Value::Struct(structure.get().value())));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Some(Value::Text(text.to_cow()?.into_owned())));
    }
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(Some(Value::Bool(truth.is_true())));
    }
    if let Ok(number) = value.cast::<PyInt>() {
        let given = number
            .extract::<i64>()
            .map_err(|_| PyOverflowError::new_err("the number is too large for the Main API"))?;
        return Ok(Some(enum_value(value, given)?.map_or(Value::Int(given), Value::Enum)));
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Some(Value::Float(number.extract()?)));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(Value::Blob(bytes.as_bytes().to_vec())));
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Ok(Some(Value::Blob(bytes.to_vec())));
    }
    if let Ok(list) = value.cast::<PyList>() {
        return list
            .iter()
            .map(|element| from_python(&element))
            .collect::<PyResult<_>>()
            .map(|values| Some(Value::List(values)));
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        let entries = dict.iter().map(|(name, value)| Ok((name.str()?.to_cow()?.into_owned(), from_python(&value)?)));
        return entries.collect::<PyResult<_>>().map(|entries| Some(Value::Map(entries)));
    }
    if value.get_type().name()? == "memoryview" {
        return Ok(Some(Value::Blob(value.call_method0("tobytes")?.extract()?)));
    }
    Ok(None)
}

/// The enumeration value in a number that is one.
fn enum_value(value: &Bound<'_, PyAny>, number: i64) -> PyResult<Option<EnumValue>> {
    let py = value.py();
    if value.get_type().is(py.get_type::<PyInt>()) || !enumeration::is_value(value)? {
        return Ok(None);
    }
    let name: String = value.get_type().name()?.extract()?;
    Ok(context::schema().enumeration(&name).map(|enumeration| EnumValue { enumeration, number }))
}

/// A script's value for people: what means nothing outside Python becomes text.
pub(super) fn for_people(value: &Bound<'_, PyAny>) -> Value {
    shown(value, 0).unwrap_or_else(|_| Value::Text(described(value)))
}

/// A script's value for the other language; `None` when it means nothing there.
pub(super) fn for_others(value: &Bound<'_, PyAny>) -> Option<Value> {
    let ours = value.is_none()
        || value.cast::<PyObject>().is_ok()
        || value.cast::<PyString>().is_ok()
        || value.cast::<PyInt>().is_ok()
        || value.cast::<PyFloat>().is_ok()
        || value.cast::<PyBytes>().is_ok()
        || value.cast::<PyList>().is_ok()
        || value.cast::<PyDict>().is_ok()
        || value.cast::<PyTuple>().is_ok()
        || value.cast::<Structure>().is_ok();
    ours.then(|| shown(value, 0).ok()).flatten()
}

fn shown(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth > DEEPEST {
        return Ok(Value::from("..."));
    }
    if let Ok(list) = value.cast::<PyList>() {
        return list.iter().map(|element| shown(&element, depth + 1)).collect::<PyResult<_>>().map(Value::List);
    }
    if let Ok(tuple) = value.cast::<PyTuple>() {
        return tuple.iter().map(|element| shown(&element, depth + 1)).collect::<PyResult<_>>().map(Value::List);
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        let entries =
            dict.iter().map(|(name, value)| Ok((name.str()?.to_cow()?.into_owned(), shown(&value, depth + 1)?)));
        return entries.collect::<PyResult<_>>().map(Value::Map);
    }
    match plain(value) {
        Ok(Some(value)) => Ok(value),
        _ => Ok(Value::Text(described(value))),
    }
}

fn described(value: &Bound<'_, PyAny>) -> String {
    let text = value.repr().and_then(|text| Ok(text.to_cow()?.into_owned()));
    text.unwrap_or_else(|_| "(a value that cannot be shown)".to_owned())
}
