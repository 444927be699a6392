//! Errors of the model as Python exceptions, and back. The classes are in the prelude.

use super::{convert, prelude};
use crate::model::{ApiError, Error, Value};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The error itself, which an exception carries along.
#[pyclass(frozen, name = "Cause", module = "vboxsh")]
pub(super) struct Cause(pub(super) Error);

/// An exception for an error. Under the compatible modules it reads as that of VirtualBox's own bindings.
pub(super) fn raise(py: Python<'_>, error: Error, compatible: bool) -> PyErr {
    if matches!(error, Error::Interrupted) {
        return PyKeyboardInterrupt::new_err(());
    }
    let text = error.to_string();
    match exception(py, error, compatible) {
        Ok(exception) => PyErr::from_value(exception),
        // Without its classes there is still the text.
        Err(_) => PyRuntimeError::new_err(text),
    }
}

/// A mistake in a script.
pub(super) fn usage(py: Python<'_>, message: &str, hint: &str) -> PyErr {
    raise(py, Error::usage(message, hint), false)
}

fn exception(py: Python<'_>, error: Error, compatible: bool) -> PyResult<Bound<'_, PyAny>> {
    let class = match &error {
        Error::Api { .. } if compatible => "Exception_",
        Error::Api { .. } => "ApiError",
        Error::Usage(usage)
            if usage.message.contains(" has no attribute `") || usage.message.contains(" has no method `") =>
        {
            "NoSuchMember"
        }
        Error::Usage(_) => "UsageError",
        Error::Connection(_) | Error::LogOn(_) => "ConnectionFailed",
        Error::Stale { .. } => "StaleObject",
        Error::TimedOut { .. } => "TimedOut",
        Error::Interrupted | Error::Refused { .. } => "Refused",
    };
    let fields = PyDict::new(py);
    put(&fields, error.fields())?;
    fields.set_item("next", next(py, error.api_error())?)?;
    let text = error.to_string();
    fields.set_item("cause", Py::new(py, Cause(error))?)?;
    prelude::get(py)?.getattr(class)?.call_method1("make", (text, fields))
}

fn put(to: &Bound<'_, PyDict>, fields: Vec<(&'static str, Value)>) -> PyResult<()> {
    fields.into_iter().try_for_each(|(name, value)| to.set_item(name, convert::to_python(to.py(), value, false)?))
}

/// The error behind an error, as an exception.
fn next<'py>(py: Python<'py>, error: Option<&ApiError>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(behind) = error.and_then(|error| error.next.as_deref()) else { return Ok(None) };
    let fields = PyDict::new(py);
    put(&fields, behind.fields())?;
    fields.set_item("next", next(py, Some(behind))?)?;
    prelude::get(py)?.getattr("ApiError")?.call_method1("make", (behind.to_string(), fields)).map(Some)
}
