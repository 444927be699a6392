//! A connection that a script opened itself.

use super::call;
use super::object::PyObject;
use crate::model::Connection;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A connection: `vbox`, `host`, `session`; `close()`; also in `with`.
#[pyclass(frozen, name = "Connection", module = "vboxsh")]
pub(super) struct Connected {
    connection: Connection,
}

impl Connected {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

#[pymethods]
impl Connected {
    /// The IVirtualBox.
    #[getter]
    fn vbox(&self) -> PyObject {
        PyObject::new(self.connection.root(), false)
    }

    /// The IHost.
    #[getter]
    fn host(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let value = call::out(py, false, || self.connection.root().get("host"))?;
        super::convert::to_python(py, value, false)
    }

    /// The session that belongs to the connection.
    #[getter]
    fn session(&self, py: Python<'_>) -> PyResult<PyObject> {
        Ok(PyObject::new(call::out(py, false, || self.connection.session())?, false))
    }

    /// A session of its own.
    fn new_session(&self, py: Python<'_>) -> PyResult<PyObject> {
        Ok(PyObject::new(call::out(py, false, || self.connection.new_session())?, false))
    }

    /// One word for how the Main API is reached: `embedded`, `xpcom` or `webservice`.
    #[getter]
    fn backend(&self) -> &'static str {
        self.connection.transport().name()
    }

    /// Takes the connection up anew; objects fetched before are gone.
    fn reconnect(&self, py: Python<'_>) -> PyResult<()> {
        call::out(py, false, || self.connection.reconnect())
    }

    /// Ends it.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.connection.close());
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_raised))]
    fn __exit__(&self, py: Python<'_>, _raised: &Bound<'_, PyTuple>) -> bool {
        self.close(py);
        false
    }

    fn __repr__(&self) -> String {
        format!("<connection to {}>", self.connection.transport().describe())
    }
}
