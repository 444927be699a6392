//! Objects of the Main API as Python objects.

#![allow(unsafe_code)]

use super::convert::{from_python, to_python};
use super::errors::{raise, usage};
use super::events::EventIterator;
use super::lock::Lock;
use super::slots::{self, Slot};
use super::{call, context, methods, prelude};
use crate::model::{Object, Value};
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// What an object stands for.
enum Held {
    /// One object.
    Object(Object),
    /// The `IVirtualBox` of the connection that the shell has when a member is asked for.
    Vbox,
    /// Its `IHost`.
    Host,
    /// Its session.
    Session,
    /// Its `IVirtualBoxClient`.
    Client,
}

// An object. (A doc comment would stand in the way of `__doc__`.)
#[pyclass(frozen, name = "Object", module = "vboxsh", weakref)]
pub(super) struct PyObject {
    held: Held,
    /// Whether it goes by the rules of the compatible modules.
    compatible: bool,
}

impl PyObject {
    pub(super) fn new(object: Object, compatible: bool) -> Self {
        Self { held: Held::Object(object), compatible }
    }

    /// The object of a name that every script sees: `vbox`, `host`, `session` or `client`. No connection is opened.
    pub(super) fn global(name: &str) -> Option<Self> {
        let held = match name {
            "vbox" => Held::Vbox,
            "host" => Held::Host,
            "session" => Held::Session,
            "client" => Held::Client,
            _ => return None,
        };
        Some(Self { held, compatible: false })
    }

    /// The object itself. For the names that every script sees the connection is opened now.
    pub(super) fn object(&self, py: Python<'_>) -> PyResult<Object> {
        if let Held::Object(object) = &self.held {
            return Ok(object.clone());
        }
        let world = context::world();
        call::out(py, self.compatible, || match self.held {
            Held::Session => world.connection()?.session(),
            Held::Client => world.connection()?.client(),
            Held::Host => match world.root()?.get("host")? {
                Value::Object(host) => Ok(host),
                _ => world.root(),
            },
            _ => world.root(),
        })
    }

    pub(super) fn is_compatible(&self) -> bool {
        self.compatible
    }

    /// The same object under the rules of the compatible modules.
    pub(super) fn as_compatible(&self, py: Python<'_>) -> PyResult<Self> {
        Ok(Self::new(self.object(py)?, true))
    }

    /// What Python itself finds: helpers and special names.
    fn generic<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: both are valid for the call; the result is a new reference or null with an error set.
        unsafe {
            let found = pyo3::ffi::PyObject_GenericGetAttr(slf.as_ptr(), name.as_ptr());
            Bound::from_owned_ptr_or_err(slf.py(), found)
        }
    }

    fn source(slf: &Bound<'_, Self>) -> PyResult<Object> {
        let (py, compatible) = (slf.py(), slf.get().compatible);
        let object = slf.get().object(py)?;
        if object.interface().extends("IEventSource") {
            return Ok(object);
        }
        match call::out(py, compatible, || object.get("eventSource"))? {
            Value::Object(source) => Ok(source),
            _ => Err(usage(py, "the object has no event source now", "")),
        }
    }
}

#[pymethods]
impl PyObject {
    fn __getattribute__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        let me = slf.get();
        let object = match &me.held {
            Held::Object(object) => object,
            // Special names are Python's own; for those no connection is opened.
            _ if name.to_cow()?.starts_with("__") => return Self::generic(slf, name).map(Bound::unbind),
            _ => &me.object(py)?,
        };
        match slots::find(object.interface(), name)? {
            Slot::Attribute(attribute) => {
                let value = call::out(py, me.compatible, || object.read(attribute))?;
                to_python(py, value, me.compatible)
            }
            Slot::Method(method) => methods::bind(method.bind(py), slf.as_any()),
            Slot::Neither => Self::generic(slf, name).map(Bound::unbind),
        }
    }

    /// Asked when the name was found nowhere.
    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        let (py, me) = (slf.py(), slf.get());
        if me.compatible && !name.starts_with("__") {
            let found = prelude::compatible(py)?.call_method1("missing", (slf, name))?;
            if !found.is(py.NotImplemented()) {
                return Ok(found.unbind());
            }
        }
        if !name.starts_with("__") {
            // Nothing is sent: there is no such member.
            if let Err(error) = me.object(py)?.get(name) {
                return Err(raise(py, error, me.compatible));
            }
        }
        Err(PyAttributeError::new_err(format!("no attribute `{name}`")))
    }

    fn __setattr__(slf: &Bound<'_, Self>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, me) = (slf.py(), slf.get());
        let object = me.object(py)?;
        if me.compatible && object.interface().attribute(name).is_none() {
            let done = prelude::compatible(py)?.call_method1("missing_set", (slf, name, value))?;
            if done.extract()? {
                return Ok(());
            }
        }
        let mut value = from_python(value)?;
        if let Some(attribute) = object.interface().attribute(name).filter(|_| me.compatible) {
            methods::loosen(&mut value, attribute.kind);
        }
        call::out(py, me.compatible, || object.set(name, value))
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<()> {
        let interface = slf.get().object(slf.py())?.interface().name;
        Err(PyAttributeError::new_err(format!("{interface}.{name} cannot be deleted")))
    }

    fn __dir__(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        let interface = slf.get().object(slf.py())?.interface();
        let mut names: Vec<String> =
            interface.attributes().into_iter().map(|attribute| attribute.name.to_owned()).collect();
        names.extend(interface.methods().into_iter().map(|method| method.name.to_owned()));
        names.extend(["queryInterface".to_owned()]);
        if interface.extends("IMachine") {
            names.push("session".to_owned());
        }
        if interface.extends("IEventSource") || interface.attribute("eventSource").is_some() {
            names.push("events".to_owned());
        }
        Ok(names)
    }

    /// The object as another interface.
    #[pyo3(name = "queryInterface")]
    fn query_interface(slf: &Bound<'_, Self>, interface: &str) -> PyResult<Self> {
        let (py, compatible) = (slf.py(), slf.get().compatible);
        let object = slf.get().object(py)?;
        call::out(py, compatible, || object.query(interface)).map(|object| Self::new(object, compatible))
    }

    /// The object as another interface.
    #[pyo3(name = "query_interface")]
    fn query_interface_snake(slf: &Bound<'_, Self>, interface: &str) -> PyResult<Self> {
        Self::query_interface(slf, interface)
    }

    /// `with machine.session() as s:` locks the machine, gives the session, saves and unlocks; after an
    /// exception nothing is saved.
    #[pyo3(signature = (lock_type = None))]
    fn session(slf: &Bound<'_, Self>, lock_type: Option<&Bound<'_, PyAny>>) -> PyResult<Lock> {
        let (py, me) = (slf.py(), slf.get());
        let object = me.object(py)?;
        if !object.interface().extends("IMachine") {
            let what = format!("`session` locks an IMachine, not an {}", object.interface().name);
            return Err(usage(py, &what, "`with vbox.findMachine(\"NAME\").session() as s:`"));
        }
        let lock_type = lock_type.map(|name| Ok::<_, PyErr>(name.str()?.to_cow()?.into_owned())).transpose()?;
        Ok(Lock::new(object, lock_type, me.compatible))
    }

    /// The events of an object's source, or of the source itself, one by one: `for event in
    /// vbox.events("OnMachineStateChanged", seconds=10):`. Without types all; without a time for ever.
    #[pyo3(signature = (*types, seconds = None))]
    fn events(slf: &Bound<'_, Self>, types: &Bound<'_, PyTuple>, seconds: Option<f64>) -> PyResult<EventIterator> {
        let source = Self::source(slf)?;
        EventIterator::open(slf.py(), source, types, seconds, slf.get().compatible)
    }

    #[getter(__interface__)]
    fn interface(slf: &Bound<'_, Self>) -> PyResult<&'static str> {
        Ok(slf.get().object(slf.py())?.interface().name)
    }

    #[getter(__doc__)]
    fn doc(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        let interface = match &slf.get().held {
            Held::Object(object) => object.interface().name,
            Held::Vbox => "IVirtualBox",
            Held::Host => "IHost",
            Held::Session => "ISession",
            Held::Client => "IVirtualBoxClient",
        };
        Ok(crate::schema::manual(context::schema(), interface))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        match &slf.get().held {
            Held::Object(object) if slf.get().compatible => {
                let interface = object.interface().name;
                let name = match interface {
                    "IVirtualBox" => "@virtualbox.org/VirtualBox;1",
                    "ISession" => "@virtualbox.org/Session;1",
                    _ => "<unknown>",
                };
                Ok(format!("<XPCOM component '{name}' (implementing {interface})>"))
            }
            Held::Object(object) => Ok(format!("<{object:?}>")),
            Held::Vbox => Ok("<vbox: the IVirtualBox of the connection>".to_owned()),
            Held::Host => Ok("<host: the IHost of the connection>".to_owned()),
            Held::Session => Ok("<session: the ISession of the connection>".to_owned()),
            Held::Client => Ok("<client: the IVirtualBoxClient of the connection>".to_owned()),
        }
    }

    fn __eq__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        match other.cast::<Self>() {
            Ok(other) => Ok(slf.get().object(slf.py())? == other.get().object(slf.py())?),
            Err(_) => Ok(false),
        }
    }

    fn __hash__(slf: &Bound<'_, Self>) -> PyResult<u64> {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        slf.get().object(slf.py())?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __reduce__(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let error = prelude::get(py)?
            .getattr("UsageError")?
            .call1(("an object of the Main API cannot be copied or pickled",))?;
        Err(PyErr::from_value(error))
    }
}
