//! `for event in source.events(...)`: a passive listener as an iterator.

use super::convert::from_python;
use super::object::PyObject;
use super::{call, errors};
use crate::model::{EventListener, Object};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The events of one source. It unregisters itself when it is closed or dropped.
#[pyclass(frozen, name = "Events", module = "vboxsh")]
pub(super) struct EventIterator {
    state: Mutex<State>,
    end: Option<Instant>,
    compatible: bool,
}

struct State {
    listener: Option<EventListener>,
    /// The event that the loop is at; to be acknowledged before the next.
    current: Option<Object>,
}

impl State {
    /// Acknowledges the last event: who changes something that may be vetoed waits for it.
    fn settle(&mut self) {
        if let (Some(event), Some(listener)) = (self.current.take(), &self.listener) {
            // Nobody else waits for the answer.
            let _ = listener.processed(&event);
        }
    }
}

impl EventIterator {
    pub(super) fn open(
        py: Python<'_>,
        source: Object,
        types: &Bound<'_, PyTuple>,
        seconds: Option<f64>,
        compatible: bool,
    ) -> PyResult<Self> {
        let types = types.iter().map(|kind| from_python(&kind)).collect::<PyResult<Vec<_>>>()?;
        // One list of types is as good as the types themselves.
        let types = types.into_iter().flat_map(|kind| match kind {
            crate::model::Value::List(kinds) => kinds,
            kind => vec![kind],
        });
        let types = types.collect();
        let time = seconds.map(Duration::try_from_secs_f64).transpose().map_err(|_| {
            errors::usage(py, &format!("{} is no number of seconds", seconds.unwrap_or_default()), "give 0 or more")
        })?;
        let listener = call::out(py, compatible, || EventListener::open(&source, types))?;
        let end = time.and_then(|time| Instant::now().checked_add(time));
        let state = State { listener: Some(listener), current: None };
        Ok(Self { state: Mutex::new(state), end, compatible })
    }
}

#[pymethods]
impl EventIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyObject>> {
        let left = self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let event = call::out(py, self.compatible, || {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let current = state.current.take();
            let Some(listener) = &state.listener else { return Ok(None) };
            if let Some(event) = current {
                listener.processed(&event)?;
            }
            let event = listener.next(left)?;
            state.current.clone_from(&event);
            Ok(event)
        })?;
        if event.is_none() {
            self.close(py);
        }
        Ok(event.map(|event| PyObject::new(event, self.compatible)))
    }

    /// Unregisters the listener.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.settle();
            state.listener = None;
        });
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> bool {
        self.close(py);
        false
    }
}

impl Drop for EventIterator {
    fn drop(&mut self) {
        // A loop that was left early: what it was at is dealt with.
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner).settle();
    }
}
