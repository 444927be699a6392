//! What a name means on an interface, found once: Python's attribute names are shared texts, so a name is
//! told by its address and a look-up copies nothing.

use super::methods::{self, MethodFunction};
use crate::schema::{Attribute, Interface};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A member of an interface, as Python code reaches for it.
pub(super) enum Slot {
    /// An attribute.
    Attribute(&'static Attribute),
    /// A method.
    Method(Py<MethodFunction>),
    /// No member has that name.
    Neither,
}

impl Slot {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Attribute(attribute) => Self::Attribute(attribute),
            Self::Method(method) => Self::Method(method.clone_ref(py)),
            Self::Neither => Self::Neither,
        }
    }
}

/// The names are kept, so that no other text comes to stand at their addresses.
type Known = HashMap<(usize, usize), (Py<PyString>, Slot)>;

fn known() -> &'static Mutex<Known> {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// What `name` means on `interface`.
pub(super) fn find(interface: &'static Interface, name: &Bound<'_, PyString>) -> PyResult<Slot> {
    let py = name.py();
    let key = (std::ptr::from_ref(interface).addr(), name.as_ptr().addr());
    if let Some((_, slot)) = known().lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(slot.clone_ref(py));
    }
    let text = name.to_cow()?;
    let slot = match (interface.attribute(&text), interface.method(&text)) {
        (Some(attribute), _) => Slot::Attribute(attribute),
        (None, Some(method)) => Slot::Method(methods::function(py, method)?),
        (None, None) => Slot::Neither,
    };
    // Texts that are made at run time (`getattr(x, "a" + "b")`) would be kept in vain.
    let shared = PyString::intern(py, &text);
    if shared.as_ptr() == name.as_ptr() {
        let kept = (shared.unbind(), slot.clone_ref(py));
        known().lock().unwrap_or_else(PoisonError::into_inner).insert(key, kept);
    }
    Ok(slot)
}
