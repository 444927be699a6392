//! How a script speaks to its user: its arguments, tables, talk, questions, and failing on purpose.

use super::errors::raise;
use super::{context, convert, prelude};
use crate::model::{Error, ErrorKind, Value};
use crate::output::{Failure, Reply, Table};
use crate::script::tables;
use crate::shell::{Registered, command_manual, consent};
use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A table, for `show`, or for a command of an extension to give back.
#[pyclass(frozen, name = "Table", module = "vboxsh")]
pub(super) struct PyTable(Table);

#[pymethods]
impl PyTable {
    fn __len__(&self) -> usize {
        self.0.rows.len()
    }
}

/// Adds the functions to the module.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTable>()?;
    module.add_function(wrap_pyfunction!(table, module)?)?;
    module.add_function(wrap_pyfunction!(show, module)?)?;
    module.add_function(wrap_pyfunction!(note, module)?)?;
    module.add_function(wrap_pyfunction!(format_time, module)?)?;
    module.add_function(wrap_pyfunction!(confirm, module)?)?;
    module.add_function(wrap_pyfunction!(fail, module)?)?;
    module.add_function(wrap_pyfunction!(parse_args, module)?)?;
    module.add_function(wrap_pyfunction!(read_form, module)?)
}

/// A table of rows, each a list or a dict by the columns' keys; `empty` is what to say without rows.
#[pyfunction]
#[pyo3(signature = (columns, rows, empty = ""))]
fn table(columns: &Bound<'_, PyAny>, rows: &Bound<'_, PyAny>, empty: &str) -> PyResult<PyTable> {
    let py = columns.py();
    let (columns, rows) = (convert::from_python(columns)?, convert::from_python(rows)?);
    tables::table(columns, rows, empty).map(PyTable).map_err(|error| raise(py, error, false))
}

/// Shows a value as the prompt does; with `--json` as JSON.
#[pyfunction]
fn show(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let reply = reply(value)?;
    prelude::get(py)?.call_method0("flush")?;
    let world = context::world();
    py.detach(|| world.ui().reply(&reply)).map_err(|failure| failed(py, &failure))
}

/// What a value is to the shell.
pub(super) fn reply(value: &Bound<'_, PyAny>) -> PyResult<Reply> {
    if let Ok(table) = value.cast::<PyTable>() {
        return Ok(Reply::Table(table.get().0.clone()));
    }
    Ok(match convert::for_people(value) {
        Value::Null => Reply::Nothing,
        value => Reply::Value(value),
    })
}

/// A time of the API as a date.
#[pyfunction]
fn format_time(milliseconds: i64) -> String {
    crate::output::format_time(milliseconds).unwrap_or_default()
}

/// Says something beside the data: to standard error, and not with `--quiet`.
#[pyfunction]
fn note(py: Python<'_>, text: &str) -> PyResult<()> {
    prelude::get(py)?.call_method0("flush")?;
    context::world().ui().note(text);
    Ok(())
}

/// Asks before something is lost; ends the script unless the answer is yes.
#[pyfunction]
fn confirm(py: Python<'_>, question: &str) -> PyResult<()> {
    prelude::get(py)?.call_method0("flush")?;
    let world = context::world();
    py.detach(|| consent(&world, question)).map_err(|error| failed(py, &error.into()))
}

/// Ends the script with a failure, exit code 1.
#[pyfunction]
#[pyo3(signature = (message, hint = ""))]
fn fail(py: Python<'_>, message: &str, hint: &str) -> PyResult<()> {
    Err(failed(py, &Failure::new(ErrorKind::Failed, message).hinted(hint)))
}

/// An exception that ends a script with a failure of its own. An ordinary Python knows it as `SystemExit`.
pub(super) fn failed(py: Python<'_>, failure: &Failure) -> PyErr {
    if !context::is_hosted() {
        context::world().ui().fail(failure);
        return PySystemExit::new_err(failure.exit_code());
    }
    let made = || {
        let held = Py::new(py, HeldFailure(failure.clone()))?;
        let hint = failure.hint.as_deref().unwrap_or_default();
        let fields = (&failure.message, hint, failure.kind.name(), failure.exit_code(), held);
        prelude::get(py)?.getattr("Failed")?.call1(fields)
    };
    made().map_or_else(|error| error, PyErr::from_value)
}

/// A failure on its way through Python.
#[pyclass(frozen, name = "Failure", module = "vboxsh")]
struct HeldFailure(Failure);

/// The failure that an exception of [`failed`] stands for.
pub(super) fn failure_of(py: Python<'_>, error: &PyErr) -> Option<Failure> {
    if !error.is_instance_of::<PySystemExit>(py) {
        return None;
    }
    let held = error.value(py).getattr("failure").ok()?;
    held.cast::<HeldFailure>().ok().map(|held| held.get().0.clone())
}

/// The arguments of a script, by the form that commands have; the script ends when they are wrong.
#[pyfunction]
#[pyo3(signature = (form = None, **fields))]
fn parse_args(
    py: Python<'_>,
    form: Option<&Bound<'_, PyAny>>,
    fields: Option<&Bound<'_, PyDict>>,
) -> PyResult<Py<PyAny>> {
    let mut words: Vec<String> = py.import("sys")?.getattr("argv")?.extract()?;
    let script = if words.is_empty() { String::new() } else { words.remove(0) };
    let name = std::path::Path::new(&script).file_name().map_or("script".into(), |name| name.to_string_lossy());
    let form = merged(py, form, fields)?;
    let registered = Registered::read(&convert::from_python(&form)?, &name).map_err(|error| raise(py, error, false))?;
    if words.iter().any(|word| word == "--help") {
        prelude::get(py)?.call_method0("flush")?;
        context::world().ui().print(&command_manual(&registered.command));
        return Err(PySystemExit::new_err(0));
    }
    let world = context::world();
    let values = py.detach(|| registered.of_script(words, &world));
    given(py, values.map_err(|failure| failed(py, &failure))?)
}

/// Arguments as Python has them: by key, and as attributes.
pub(super) fn given(py: Python<'_>, values: Value) -> PyResult<Py<PyAny>> {
    let values = convert::to_python(py, values, false)?;
    Ok(prelude::get(py)?.getattr("Given")?.call1((values,))?.unbind())
}

/// A form, and what is said of it by keyword.
fn merged<'py>(
    py: Python<'py>,
    form: Option<&Bound<'py, PyAny>>,
    fields: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let all = PyDict::new(py);
    if let Some(form) = form {
        all.update(form.cast::<pyo3::types::PyMapping>()?)?;
    }
    if let Some(fields) = fields {
        all.update(fields.as_mapping())?;
    }
    Ok(all.into_any())
}

/// A form of `register_command` that has been checked.
#[pyclass(frozen, name = "Form", module = "vboxsh")]
pub(super) struct Form(pub(super) Registered);

#[pymethods]
impl Form {
    #[getter]
    fn name(&self) -> &str {
        &self.0.command.name
    }
}

/// Checks a form of `register_command`.
#[pyfunction]
#[pyo3(name = "_read_form")]
fn read_form(py: Python<'_>, form: &Bound<'_, PyAny>) -> PyResult<Form> {
    let read = Registered::read(&convert::from_python(form)?, "");
    read.map(Form).map_err(|error: Error| raise(py, error, false))
}
