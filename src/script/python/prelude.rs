//! The part of the engine that is written in Python (`prelude.py`).

use super::bytecode;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

static COMPATIBLE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// What the compatible modules need when a member or a form of a call is an older release's.
pub(super) fn compatible(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    let made = COMPATIBLE.get_or_try_init(py, || {
        let source = include_str!("compatible.py");
        bytecode::module(py, "_vboxsh_compatible", source, "<vboxsh>/compatible.py").map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}

static PRELUDE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// The module; made when first asked for.
pub(super) fn get(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    let made = PRELUDE.get_or_try_init(py, || {
        bytecode::module(py, "_vboxsh", include_str!("prelude.py"), "<vboxsh>").map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}
