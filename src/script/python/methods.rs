//! Methods of the Main API as Python functions. Reached for on an object they become bound methods of
//! Python's own kind, as `inspect` and other code expect.

use super::convert::{from_python, outputs};
use super::errors::usage;
use super::object::PyObject;
use super::{call, prelude};
use crate::model::Value;
use crate::schema::{Kind, Method, Parameter, Type, snake_case};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

// A method, not bound to an object. (A doc comment would stand in the way of `__doc__`.)
#[pyclass(frozen, name = "function", module = "vboxsh")]
pub(super) struct MethodFunction {
    method: &'static Method,
}

/// Methods whose calls older releases had in other forms; the compatible modules understand those.
const OLDER_FORMS: &[(&str, &str)] = &[
    ("IDHCPServer", "start"),
    ("IDisplay", "setVideoModeHint"),
    ("IEventSource", "eventProcessed"),
    ("IEventSource", "registerListener"),
    ("IEventSource", "unregisterListener"),
    ("IGuestSession", "processCreate"),
    ("IGuestSession", "processCreateEx"),
    ("IMachine", "launchVMProcess"),
    ("IMouse", "putEventMultiTouch"),
    ("IMouse", "putEventMultiTouchString"),
    ("INATNetwork", "start"),
    ("IPlatformX86", "getCPUIDLeaf"),
    ("IPlatformX86", "removeCPUIDLeaf"),
    ("IPlatformX86", "setCPUIDLeaf"),
    ("IVirtualBox", "checkFirmwarePresent"),
    ("IVirtualBox", "createMachine"),
];

/// The function of a method; there is one for each.
pub(super) fn function(py: Python<'_>, method: &'static Method) -> PyResult<Py<MethodFunction>> {
    static MADE: OnceLock<Mutex<HashMap<usize, Py<MethodFunction>>>> = OnceLock::new();
    let key = std::ptr::from_ref(method).addr();
    let made = MADE.get_or_init(Mutex::default);
    if let Some(function) = made.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(function.clone_ref(py));
    }
    let function = Py::new(py, MethodFunction { method })?;
    made.lock().unwrap_or_else(PoisonError::into_inner).insert(key, function.clone_ref(py));
    Ok(function)
}

/// A function bound to an object.
pub(super) fn bind(function: &Bound<'_, MethodFunction>, object: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    static BOUND: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let bound = BOUND.get_or_try_init(py, || Ok::<_, PyErr>(prelude::get(py)?.getattr("BoundMethod")?.unbind()))?;
    bound.call1(py, (function, object))
}

/// Whether a parameter may be left out. The model fills it in.
fn is_optional(parameter: &Parameter) -> bool {
    parameter.kind.array
        || matches!(parameter.kind.kind, Kind::String | Kind::Uuid | Kind::AnyObject | Kind::Interface(_))
}

/// Bindings for XPCOM take a text with a number for a number, a fraction for its whole part, and a number for a
/// truth. Scripts rely on that (`vboxshell.py` gives ports as they were typed).
pub(super) fn loosen(value: &mut Value, kind: Type) {
    if kind.array {
        return;
    }
    let taken = match (&*value, kind.kind) {
        (Value::Int(number), Kind::Boolean) => Value::Bool(*number != 0),
        (Value::Text(text), kind) if kind.range().is_some() => match text.trim().parse() {
            Ok(number) => Value::Int(number),
            Err(_) => return,
        },
        (Value::Float(number), kind) if kind.range().is_some() && number.is_finite() =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked behind this")]
            Value::Int(number.trunc() as i64)
        }
        _ => return,
    };
    *value = taken;
}

/// The arguments of a call in the order of the API.
fn arguments(
    method: &'static Method,
    given: &Bound<'_, PyTuple>,
    named: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<Value>> {
    let mut values = given.iter().skip(1).map(|value| from_python(&value)).collect::<PyResult<Vec<Value>>>()?;
    let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(values) };
    let py = given.py();
    let signature = || format!("its signature: `{method}`");
    let wrong = |what: String| usage(py, &format!("{}.{}: {what}", method.owner, method.name), &signature());
    let inputs: Vec<&Parameter> = method.inputs().collect();
    let mut by_name: HashMap<usize, Value> = HashMap::new();
    for (name, value) in named.iter() {
        let name: String = name.extract()?;
        let bare = name.strip_suffix("_p").unwrap_or(&name);
        let spelt = |input: &&Parameter| input.name == name || snake_case(input.name) == bare;
        let Some(at) = inputs.iter().position(spelt) else {
            return Err(wrong(format!("there is no argument `{name}`")));
        };
        if at < values.len() || by_name.insert(at, from_python(&value)?).is_some() {
            return Err(wrong(format!("`{name}` is given twice")));
        }
    }
    let last = by_name.keys().max().map_or(0, |last| last + 1);
    for (at, input) in inputs.iter().enumerate().take(last).skip(values.len()) {
        match by_name.remove(&at) {
            Some(value) => values.push(value),
            None if is_optional(input) => values.push(Value::Null),
            None => return Err(wrong(format!("`{}` is missing", input.name))),
        }
    }
    Ok(values)
}

#[pymethods]
impl MethodFunction {
    #[pyo3(signature = (*given, **named))]
    fn __call__(&self, given: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        let py = given.py();
        let method = self.method;
        let first = given.get_item(0).ok();
        let Some(target) = first.as_ref().and_then(|first| first.cast::<PyObject>().ok()) else {
            return Err(usage(
                py,
                &format!("`{}` is a method of {}", method.name, method.owner),
                "call it on an object",
            ));
        };
        let target = target.get();
        let adapted = match target.is_compatible() && OLDER_FORMS.contains(&(method.owner, method.name)) {
            true => {
                let call = prelude::compatible(py)?.call_method1("arguments", (self.qualified_name(), given))?;
                let (done, result): (bool, Bound<'_, PyAny>) = call.extract()?;
                if done {
                    return Ok(result.unbind());
                }
                Some(result.cast_into::<PyTuple>()?)
            }
            false => None,
        };
        let mut values = arguments(method, adapted.as_ref().unwrap_or(given), named)?;
        if target.is_compatible() {
            for (value, input) in values.iter_mut().zip(method.inputs()) {
                loosen(value, input.kind);
            }
        }
        let object = target.object(py)?;
        let values = call::out(py, target.is_compatible(), || object.call_method(method, values))?;
        outputs(py, values, target.is_compatible())
    }

    #[getter(__name__)]
    fn name(&self) -> &'static str {
        self.method.name
    }

    #[getter(__qualname__)]
    fn qualified_name(&self) -> String {
        format!("{}.{}", self.method.owner, self.method.name)
    }

    #[getter(__doc__)]
    fn doc(&self) -> Option<String> {
        crate::schema::manual(super::context::schema(), &self.qualified_name())
    }

    #[getter(__signature__)]
    fn signature(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inputs: Vec<(&str, bool)> = self.method.inputs().map(|input| (input.name, is_optional(input))).collect();
        Ok(prelude::get(py)?.call_method1("make_signature", (inputs,))?.unbind())
    }

    fn __repr__(&self) -> String {
        format!("<method {}.{}>", self.method.owner, self.method)
    }
}
