//! The module `vboxsh`: what scripts import, inside the shell and in an ordinary Python.
//!
//! `vbox`, `host`, `session`: the connection's roots, which open it on first use. `connect(target, ...)`: a
//! further connection. `wait(progress, seconds=None)`. Enumerations by name, and their values by flat names.
//! `Error` and its children. `help(topic)`. `use_installed(name, ...)`: leaves a module of that name to the
//! installed packages.

use super::connected::Connected;
use super::errors::usage;
use super::handed::{Handed, set_hosted};
use super::object::PyObject;
use super::sources::SOURCES;
use super::{attach, bytecode, call, context, convert, enumeration, prelude, reflection};
use crate::model::Interrupt;
use crate::shell::{ConnectSettings, Credentials, Target, wait as wait_for};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The classes of exceptions, by their names in the module.
const ERRORS: &[&str] = &[
    "Error",
    "ApiError",
    "UsageError",
    "NoSuchMember",
    "ConnectionFailed",
    "StaleObject",
    "TimedOut",
    "Refused",
    "Failed",
    "EnumValue",
];

/// What runs the whole program inside an interpreter; gives its exit code.
pub type Program = fn(Vec<OsString>) -> i32;

/// Fills the module that an interpreter has loaded. `program` is what `vboxsh` itself does.
///
/// # Errors
/// What Python says.
pub fn fill(module: &Bound<'_, PyModule>, program: Program) -> PyResult<()> {
    set_hosted(|handed: Handed| attach::engine(handed));
    let run = move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<i32> {
        let py = arguments.py();
        let mut words: Vec<OsString> = vec!["vboxsh".into()];
        words.extend(arguments.get_item(0)?.extract::<Vec<OsString>>()?);
        Ok(py.detach(|| program(words)))
    };
    module.add("_program", PyCFunction::new_closure(module.py(), None, None, run)?)?;
    add_members(module)
}

/// Makes the module known to a Python that this library has started.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let module = PyModule::new(py, "vboxsh")?;
    add_members(&module)?;
    py.import("sys")?.getattr("modules")?.set_item("vboxsh", module)
}

fn add_members(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    Interrupt::also_ask(super::signals::interrupted);
    module.add(
        "__doc__",
        "The VirtualBox Main API: `vbox`, `host`, `session`, enumerations by name, `connect(target)`.",
    )?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<PyObject>()?;
    module.add_class::<Connected>()?;
    for name in ["vbox", "host", "session", "client"] {
        module.add(name, PyObject::global(name))?;
    }
    let prelude = prelude::get(py)?;
    for name in ERRORS {
        module.add(*name, prelude.getattr(*name)?)?;
    }
    module.add_function(wrap_pyfunction!(connect, module)?)?;
    module.add_function(wrap_pyfunction!(wait, module)?)?;
    module.add_function(wrap_pyfunction!(help, module)?)?;
    module.add_function(wrap_pyfunction!(snake_case, module)?)?;
    module.add_function(wrap_pyfunction!(nearest, module)?)?;
    module.add_function(wrap_pyfunction!(result_codes, module)?)?;
    module.add_function(wrap_pyfunction!(enumerations, module)?)?;
    module.add_function(wrap_pyfunction!(compatible, module)?)?;
    module.add_function(wrap_pyfunction!(moved, module)?)?;
    module.add_function(wrap_pyfunction!(note, module)?)?;
    module.add_function(wrap_pyfunction!(run_line, module)?)?;
    module.add_function(wrap_pyfunction!(compatible_forms, module)?)?;
    module.add_function(wrap_pyfunction!(new_session, module)?)?;
    module.add_function(wrap_pyfunction!(backend, module)?)?;
    module.add_function(wrap_pyfunction!(virtualbox_folder, module)?)?;
    super::talk::add(module)?;
    for name in ["register_command", "run_command"] {
        module.add(name, prelude.getattr(name)?)?;
    }
    module.add_function(wrap_pyfunction!(world_number, module)?)?;
    module.add_function(wrap_pyfunction!(connection_number, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::interface_facts, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::enumeration_facts, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::schema_names, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::help_line, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::release, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::moved_members, module)?)?;
    module.add_function(wrap_pyfunction!(reflection::renamed, module)?)?;
    module.add("__getattr__", wrap_pyfunction!(member, module)?)?;
    let sources = PyDict::new(py);
    for (name, source) in SOURCES {
        sources.set_item(name, source)?;
    }
    let finder = prelude.call_method1("Finder", (sources, wrap_pyfunction!(module_code, module)?))?;
    // The connection is in statics, which nobody drops. What is registered first runs last.
    py.import("atexit")?.call_method1("register", (wrap_pyfunction!(close, module)?,))?;
    module.add("use_installed", finder.getattr("give_up")?)?;
    py.import("sys")?.getattr("meta_path")?.call_method1("insert", (0, finder))?;
    Ok(())
}

/// An enumeration, or one of its values by its flat name.
#[pyfunction]
#[pyo3(name = "__getattr__")]
fn member(py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
    enumeration::global(py, context::schema(), name)?
        .ok_or_else(|| PyAttributeError::new_err(format!("module 'vboxsh' has no attribute '{name}'")))
}

/// Opens a connection: `auto`, `embedded`, `xpcom`, or `http[s]://[user@]host[:port]`. `password_file` names a
/// file that only its owner can read.
#[pyfunction]
#[pyo3(signature = (target = "auto", *, home = None, user = "", password = None, password_file = None, ca_file = None, fingerprint = None, insecure = false))]
#[expect(clippy::too_many_arguments, reason = "all but one are options, which Python gives by name")]
fn connect(
    py: Python<'_>,
    target: &str,
    home: Option<std::path::PathBuf>,
    user: &str,
    password: Option<String>,
    password_file: Option<std::path::PathBuf>,
    ca_file: Option<std::path::PathBuf>,
    fingerprint: Option<String>,
    insecure: bool,
) -> PyResult<Connected> {
    let settings = ConnectSettings {
        home,
        credentials: Credentials {
            user: user.to_owned(),
            password_file,
            password: password.map(crate::model::Secret::new),
        },
        ca_file,
        fingerprint,
        insecure,
        trace: None,
    };
    let connection = call::out(py, false, || context::connect(&Target::parse(target)?, &settings))?;
    Ok(Connected::new(connection))
}

/// Waits for an IProgress, with a bar on a terminal, and raises its failure.
#[pyfunction]
#[pyo3(signature = (progress, seconds = None))]
fn wait(py: Python<'_>, progress: &Bound<'_, PyAny>, seconds: Option<f64>) -> PyResult<()> {
    let Some(progress) = progress.cast::<PyObject>().ok() else {
        return Err(usage(py, "`wait` wants an IProgress", "methods that take long give one"));
    };
    let object = progress.get().object(py)?;
    if !object.interface().extends("IProgress") {
        let what = format!("`wait` wants an IProgress, not an {}", object.interface().name);
        return Err(usage(py, &what, "methods that take long give one"));
    }
    let time = seconds.map(Duration::try_from_secs_f64).transpose();
    let time = time.map_err(|_| usage(py, "a time is a number of seconds, 0 or more", ""))?;
    let world = context::world();
    call::out(py, progress.get().is_compatible(), || wait_for(&world, &object, time))
}

/// Prints what is known of a topic: a name such as "IMachine.lockMachine", an object, a method, an
/// enumeration; anything else is explained by Python itself.
#[pyfunction]
#[pyo3(signature = (*topic))]
fn help(py: Python<'_>, topic: &Bound<'_, PyTuple>) -> PyResult<()> {
    let name = match topic.get_item(0) {
        Ok(topic) => topic_of(&topic)?,
        Err(_) => None,
    };
    match name.and_then(|name| crate::schema::manual(context::schema(), &name)) {
        Some(page) => {
            prelude::get(py)?.call_method0("flush")?;
            context::world().ui().print(&page);
            Ok(())
        }
        None => py.import("pydoc")?.getattr("help")?.call1(topic).map(drop),
    }
}

fn topic_of(topic: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if let Ok(text) = topic.extract::<String>() {
        return Ok(Some(text));
    }
    if let Ok(object) = topic.cast::<PyObject>() {
        return Ok(Some(object.get().object(topic.py())?.interface().name.to_owned()));
    }
    if enumeration::is_value(topic)? {
        return Ok(Some(format!("{}.{}", topic.get_type().name()?, topic.str()?)));
    }
    let kind = prelude::get(topic.py())?.getattr("EnumType")?;
    if topic.is_instance(&kind)? {
        return topic.getattr("__name__")?.extract().map(Some);
    }
    let function =
        topic.getattr("__func__").ok().filter(|function| function.cast::<super::methods::MethodFunction>().is_ok());
    function.map(|function| function.getattr("__qualname__")?.extract()).transpose()
}

/// The snake-case spelling of a name of the API.
#[pyfunction]
fn snake_case(name: &str) -> String {
    crate::schema::snake_case(name).into_owned()
}

/// Which of some names may have been meant, as a question; empty for none.
#[pyfunction]
fn nearest(name: &str, names: Vec<String>) -> String {
    crate::schema::did_you_mean(&crate::schema::suggest(name, names.iter().map(String::as_str)))
}

/// Result codes by name.
#[pyfunction]
#[pyo3(name = "_result_codes")]
fn result_codes(py: Python<'_>) -> PyResult<Py<PyDict>> {
    let codes = PyDict::new(py);
    for (name, number) in context::schema().result_codes().iter().chain(crate::schema::standard_codes()) {
        codes.set_item(name, number)?;
    }
    Ok(codes.unbind())
}

/// All enumerations of the connected release: names, and their values' names and numbers.
#[pyfunction]
#[pyo3(name = "_enumerations")]
fn enumerations(py: Python<'_>) -> PyResult<Py<PyDict>> {
    let all = PyDict::new(py);
    for enumeration in context::schema().enumerations() {
        let values = PyDict::new(py);
        for value in &enumeration.values {
            values.set_item(value.name, value.number)?;
        }
        all.set_item(enumeration.name, values)?;
    }
    Ok(all.unbind())
}

/// Where a member of an interface went, `None` when nothing is known of it.
#[pyfunction]
#[pyo3(name = "_moved")]
fn moved(interface: &str, member: &str) -> Option<&'static str> {
    let interface = context::schema().interface(interface)?;
    crate::schema::moved_to(interface, member).map(|moved| moved.place)
}

/// Says something to those who want more talk, once.
#[pyfunction]
#[pyo3(name = "_note")]
fn note(text: String) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let world = context::world();
    if world.ui().options().verbose && SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
        world.ui().verbose(&text);
    }
}

/// Ends the connection at the end of the program: work under way is done, the server knows that we leave.
#[pyfunction]
#[pyo3(name = "_close")]
fn close(py: Python<'_>) {
    if let Some(connection) = context::world().current() {
        py.detach(|| connection.close());
    }
}

/// The code of a module that comes along.
#[pyfunction]
fn module_code<'py>(py: Python<'py>, name: &str, source: &str, file: &str) -> PyResult<Bound<'py, PyAny>> {
    bytecode::code(py, name, source, file)
}

/// The module that knows the forms of older releases.
#[pyfunction]
#[pyo3(name = "_compatible_forms")]
fn compatible_forms(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    prelude::compatible(py).cloned()
}

/// Runs a line of the shell, inside a command of an extension.
#[pyfunction]
#[pyo3(name = "_run_line")]
fn run_line(py: Python<'_>, line: &str) -> PyResult<()> {
    prelude::get(py)?.call_method0("flush")?;
    let line = line.to_owned();
    // The shell lives on this thread: it does not leave it.
    super::lines::run(&line).map_err(|failure| super::talk::failed(py, &failure))
}

/// Which shell's world this thread works for.
#[pyfunction]
#[pyo3(name = "_world_number")]
fn world_number() -> usize {
    std::sync::Arc::as_ptr(&context::world()) as usize
}

/// Which connection the shell has; 0 for none.
#[pyfunction]
#[pyo3(name = "_connection_number")]
fn connection_number() -> usize {
    context::world().current().map_or(0, |connection| std::ptr::from_ref(connection.transport()).cast::<()>() as usize)
}

/// A new session of the connection that an object comes from, under the rules of that object.
#[pyfunction]
#[pyo3(name = "_new_session")]
fn new_session(py: Python<'_>, object: &Bound<'_, PyObject>) -> PyResult<PyObject> {
    let compatible = object.get().is_compatible();
    let object = object.get().object(py)?;
    let session = call::out(py, compatible, || object.connection().new_session())?;
    Ok(PyObject::new(session, compatible))
}

/// How the shell's own connection reaches its Main API; opens it.
#[pyfunction]
#[pyo3(name = "_backend")]
fn backend(py: Python<'_>) -> PyResult<&'static str> {
    let world = context::world();
    call::out(py, false, || Ok(world.connection()?.transport().name()))
}

/// The folder of the VirtualBox that is installed here.
#[pyfunction]
#[pyo3(name = "_virtualbox_folder")]
fn virtualbox_folder() -> Option<std::path::PathBuf> {
    crate::shell::virtualbox_folder()
}

/// An object under the rules of the compatible modules.
#[pyfunction]
#[pyo3(name = "_compatible")]
fn compatible(object: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    match object.cast::<PyObject>() {
        Ok(found) => Ok(Py::new(object.py(), found.get().as_compatible(object.py())?)?.into_any()),
        Err(_) => Ok(object.clone().unbind()),
    }
}

/// What a name of a script's scope stands for; `None` when the shell knows none.
#[pyfunction]
pub(super) fn find_global(py: Python<'_>, name: &str) -> PyResult<Option<Py<PyAny>>> {
    enumeration::global(py, context::schema(), name)
}

/// The names that every script sees.
pub(super) fn script_names(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let names = PyDict::new(py);
    for name in ["vbox", "host", "session", "client"] {
        names.set_item(name, PyObject::global(name))?;
    }
    names.set_item("wait", wrap_pyfunction!(wait, py)?)?;
    Ok(names)
}

/// Puts the shell's own output and help in the place of Python's.
pub(super) fn take_over(py: Python<'_>) -> PyResult<()> {
    let write = |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
        let (to_error, bytes): (bool, Vec<u8>) = arguments.extract()?;
        let world = context::world();
        arguments.py().detach(|| world.ui().write_bytes(to_error, &bytes));
        Ok(())
    };
    let write = PyCFunction::new_closure(py, None, None, write)?;
    prelude::get(py)?.call_method1("make_streams", (write,))?;
    py.import("builtins")?.setattr("help", wrap_pyfunction!(help, py)?)
}

/// Converts for people, for the engine.
pub(super) fn shown(value: &Bound<'_, PyAny>) -> crate::model::Value {
    convert::for_people(value)
}
