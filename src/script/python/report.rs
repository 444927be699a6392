//! An exception that a script did not catch, as a `Failure`: what, where, by way of which functions.

use super::errors::Cause;
use super::{context, prelude};
use crate::model::ErrorKind;
use crate::output::{Failure, Position};
use pyo3::exceptions::{PyKeyboardInterrupt, PyNameError, PySystemExit};
use pyo3::prelude::*;

/// What `prelude.describe` gives: message, file, line, column, text of the line, trace.
type Described = (String, String, usize, usize, String, Vec<String>);

/// The failure for an exception. `source` is what ran, for lines typed at the prompt.
pub(super) fn failure(py: Python<'_>, error: &PyErr, source: &str) -> Failure {
    if let Some(failure) = super::talk::failure_of(py, error) {
        return failure;
    }
    if error.is_instance_of::<PySystemExit>(py) {
        return exit(py, error);
    }
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        return Failure::new(ErrorKind::Interrupted, "interrupted");
    }
    // The exception with its traceback.
    let raised = error.clone_ref(py).into_value(py);
    let described = prelude::get(py)
        .and_then(|prelude| prelude.call_method1("describe", (&raised,)))
        .and_then(|described| described.extract::<Described>());
    let Ok((message, file, line, column, mut text, trace)) = described else { return broken(py, error) };
    if context::world().ui().options().verbose
        && let Ok(whole) = prelude::get(py).and_then(|prelude| prelude.call_method1("traceback_text", (&raised,)))
    {
        context::world().ui().verbose(&whole.to_string());
    }
    let mut failure = match cause(py, error) {
        Some(failure) => failure,
        None => Failure::new(ErrorKind::Script, message).hinted(hint(py, error)),
    };
    failure.trace = trace;
    if line == 0 {
        return failure;
    }
    let prompt = file == "<prompt>";
    if prompt && text.is_empty() {
        source.lines().nth(line - 1).unwrap_or_default().clone_into(&mut text);
    }
    failure.at(Position { file: if prompt { String::new() } else { file }, line, column, source: text })
}

/// The model's own error, when a script did not catch that.
fn cause(py: Python<'_>, error: &PyErr) -> Option<Failure> {
    let cause = error.value(py).getattr("cause").ok()?;
    let cause = cause.cast::<Cause>().ok()?;
    let mut failure = Failure::from(cause.get().0.clone());
    if failure.kind == ErrorKind::Usage {
        failure.kind = ErrorKind::Script;
    }
    Some(failure)
}

fn hint(py: Python<'_>, error: &PyErr) -> String {
    if !error.is_instance_of::<PyNameError>(py) {
        return String::new();
    }
    let name = error.value(py).to_string();
    let Some(name) = name.split('\'').nth(1) else { return String::new() };
    let schema = context::schema();
    if let Some((owner, value)) = name.split_once('_')
        && let Some(enumeration) = schema.enumeration(owner)
    {
        return crate::schema::did_you_mean(&enumeration.suggest(value));
    }
    let names = schema.enumerations().iter().map(|enumeration| enumeration.name);
    crate::schema::did_you_mean(&crate::schema::suggest(name, names.chain(["vbox", "host", "session", "wait"])))
}

/// `sys.exit(code)`: none is 0, a number is itself, anything else is said and counts as 1.
fn exit(py: Python<'_>, error: &PyErr) -> Failure {
    let code = error.value(py).getattr("code").ok().filter(|code| !code.is_none());
    Failure::exit(match code {
        None => 0,
        Some(code) => match code.extract::<i32>() {
            Ok(code) => code.rem_euclid(256),
            Err(_) => {
                let mut text = code.to_string();
                text.push('\n');
                context::world().ui().write_bytes(true, text.as_bytes());
                1
            }
        },
    })
}

/// A failure of the engine itself.
pub(super) fn broken(py: Python<'_>, error: &PyErr) -> Failure {
    let message = error.value(py).to_string();
    let kind = error.get_type(py).name().map(|name| name.to_string()).unwrap_or_default();
    Failure::new(ErrorKind::Failed, format!("Python failed: {kind}: {message}"))
}
