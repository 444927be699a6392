//! The part of the engine that is written in Python (`prelude.py`).

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

static PRELUDE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// The module; made when first asked for.
pub(super) fn get(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    let made = PRELUDE.get_or_try_init(py, || {
        let source = std::ffi::CString::new(include_str!("prelude.py"))?;
        PyModule::from_code(py, &source, c"<vboxsh>", c"_vboxsh").map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}
