//! Calls out of Python: other threads run meanwhile, and Ctrl-C comes through.

use super::errors::raise;
use super::hanging;
use crate::model::Error;
use pyo3::prelude::*;
use std::cell::{Cell, RefCell};

thread_local! {
    /// How many calls deep this thread is out of Python.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What a signal's handler raised meanwhile.
    static RAISED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Whether this thread is in a call out of Python.
pub(super) fn is_inside() -> bool {
    DEPTH.with(Cell::get) > 0
}

/// Keeps what a signal's handler raised, for the end of the call.
pub(super) fn keep(raised: PyErr) {
    RAISED.with(|kept| *kept.borrow_mut() = Some(raised));
}

/// Runs `work` with Python let go. Its error becomes an exception, in the form that scripts for the old
/// modules know when `compatible`.
pub(super) fn out<T: Send>(
    py: Python<'_>,
    compatible: bool,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let result = py.detach(|| {
        let outermost = DEPTH.replace(DEPTH.get() + 1) == 0;
        if outermost {
            hanging::crossed();
        }
        let result = work();
        DEPTH.set(DEPTH.get() - 1);
        if outermost {
            hanging::crossed();
        }
        result
    });
    if let Some(raised) = RAISED.with(|kept| kept.borrow_mut().take()) {
        return Err(raised);
    }
    result.map_err(|error| raise(py, error, compatible))
}
