//! Errors of the model as Python exceptions, and back. The classes are in the prelude.

use super::prelude;
use crate::model::{ApiError, Error, ErrorKind};
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
    let (operation, message) = match &error {
        Error::Api { operation, error } => (operation.clone(), error.message.clone()),
        other => (String::new(), other.to_string()),
    };
    match error.api_error() {
        Some(api) => put_api(&fields, api)?,
        None => {
            put_api(&fields, &ApiError::default())?;
            fields.set_item("name", "")?;
        }
    }
    fields.set_item("message", message)?;
    fields.set_item("operation", operation)?;
    fields.set_item("hint", error.hint().unwrap_or_default())?;
    fields.set_item("kind", kind_name(error.kind()))?;
    let text = error.to_string();
    fields.set_item("cause", Py::new(py, Cause(error))?)?;
    prelude::get(py)?.getattr(class)?.call_method1("make", (text, fields))
}

fn put_api(fields: &Bound<'_, PyDict>, error: &ApiError) -> PyResult<()> {
    fields.set_item("code", error.code)?;
    fields.set_item("name", error.name())?;
    fields.set_item("message", &error.message)?;
    fields.set_item("component", &error.component)?;
    fields.set_item("interface", &error.interface)?;
    let next = match &error.next {
        Some(next) => {
            let fields = PyDict::new(fields.py());
            put_api(&fields, next)?;
            Some(prelude::get(fields.py())?.getattr("ApiError")?.call_method1("make", (next.to_string(), fields))?)
        }
        None => None,
    };
    fields.set_item("next", next)
}

/// Name of a class of errors, as scripts see it.
fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "failed",
        ErrorKind::Usage => "usage",
        ErrorKind::Refused => "refused",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Connection => "connection",
        ErrorKind::Script => "script",
        ErrorKind::TimedOut => "timed_out",
        ErrorKind::Interrupted => "interrupted",
    }
}
