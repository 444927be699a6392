//! `with machine.session() as s:`, a lock that is always given back.

use super::call;
use super::object::PyObject;
use crate::model::{Object, SessionGuard};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

/// A shared lock works on a machine that runs and, there being no other lock, on one that does not.
const USUAL: &str = "Shared";

/// A lock, taken when the block is entered.
#[pyclass(frozen, name = "Lock", module = "vboxsh")]
pub(super) struct Lock {
    machine: Object,
    kind: String,
    compatible: bool,
    held: Mutex<Option<SessionGuard>>,
}

impl Lock {
    pub(super) fn new(machine: Object, kind: Option<String>, compatible: bool) -> Self {
        Self { machine, kind: kind.unwrap_or_else(|| USUAL.to_owned()), compatible, held: Mutex::default() }
    }

    fn take(&self) -> Option<SessionGuard> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl Lock {
    fn __enter__(&self, py: Python<'_>) -> PyResult<PyObject> {
        let guard = call::out(py, self.compatible, || SessionGuard::lock(&self.machine, &self.kind))?;
        let session = guard.session().clone();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
        Ok(PyObject::new(session, self.compatible))
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let failed = !kind.is_none();
        if let Some(guard) = self.take() {
            call::out(py, self.compatible, || {
                if failed {
                    drop(guard);
                    return Ok(());
                }
                guard.finish()
            })?;
        }
        Ok(false)
    }
}
