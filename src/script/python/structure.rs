//! Structures that travel by value, as Python objects with attributes.

use super::convert::to_python;
use crate::model::{StructValue, Value};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// A structure: a copy, which can be read.
#[pyclass(frozen, name = "Structure", module = "vboxsh")]
pub(super) struct Structure {
    value: Arc<StructValue>,
    compatible: bool,
}

impl Structure {
    pub(super) fn new(value: Arc<StructValue>, compatible: bool) -> Self {
        Self { value, compatible }
    }

    pub(super) fn value(&self) -> Arc<StructValue> {
        Arc::clone(&self.value)
    }
}

#[pymethods]
impl Structure {
    fn __getattr__(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        if let Some(value) = self.value.get(name) {
            return to_python(py, value.clone(), self.compatible);
        }
        let interface = self.value.interface;
        let near = crate::schema::did_you_mean(&interface.suggest(name));
        Err(PyAttributeError::new_err(format!("{} has no attribute `{name}`; {near}", interface.name)))
    }

    fn __dir__(&self) -> Vec<&'static str> {
        self.value.interface.attributes().into_iter().map(|attribute| attribute.name).collect()
    }

    #[getter(__interface__)]
    fn interface(&self) -> &'static str {
        self.value.interface.name
    }

    fn __repr__(&self) -> String {
        let shown = |value: &Value| match value {
            Value::Text(text) => format!("{text:?}"),
            Value::Enum(value) => value.to_string(),
            Value::Null => "None".to_owned(),
            Value::Bool(truth) => if *truth { "True" } else { "False" }.to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Object(object) => object.interface().name.to_owned(),
            _ => "...".to_owned(),
        };
        let fields: Vec<_> = self.value.entries().map(|(name, value)| format!("{name}={}", shown(value))).collect();
        format!("{}({})", self.value.interface.name, fields.join(", "))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().value == self.value)
    }

    fn __hash__(&self) -> usize {
        Arc::as_ptr(&self.value).addr()
    }
}
