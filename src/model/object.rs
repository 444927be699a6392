//! A reference to an object of the Main API.

use super::references::Reference;
use super::{Connection, Error, Handle, Operation, Result, Value, member};
use crate::schema::{Attribute, Interface, Method};
use std::fmt;
use std::sync::Arc;

/// An object: where it lives and what it is known as. Cloning gives another hold on the same one;
/// the last hold gives the reference up.
#[derive(Clone)]
pub struct Object {
    connection: Connection,
    reference: Arc<Reference>,
    interface: &'static Interface,
}

impl Object {
    pub(super) fn new(connection: Connection, reference: Arc<Reference>, interface: &'static Interface) -> Self {
        Self { connection, reference, interface }
    }

    /// What it is known as.
    pub fn interface(&self) -> &'static Interface {
        self.interface
    }

    /// The connection it came from.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How its backend names it.
    pub fn handle(&self) -> &Handle {
        &self.reference.handle
    }

    pub(super) fn reference(&self) -> &Arc<Reference> {
        &self.reference
    }

    /// Reads an attribute by name.
    ///
    /// # Errors
    /// An unknown name, with the nearest ones; else what the call gives.
    pub fn get(&self, name: &str) -> Result<Value> {
        match self.interface.attribute(name) {
            Some(attribute) => self.read(attribute),
            None => Err(member::unknown_attribute(self.interface, name)),
        }
    }

    /// Reads an attribute.
    ///
    /// # Errors
    /// What the other side answers.
    pub fn read(&self, attribute: &'static Attribute) -> Result<Value> {
        let values = self.connection.carry(self.handle(), Operation::Get(attribute), &[], None)?;
        Ok(values.into_iter().next().unwrap_or_default())
    }

    /// Writes an attribute by name.
    ///
    /// # Errors
    /// An unknown name, a read-only attribute, a value of the wrong type; else what the call gives.
    pub fn set(&self, name: &str, value: Value) -> Result<()> {
        member::write(self, name, value)
    }

    /// Calls a method by name. Gives null, its one value, or a list of its values.
    ///
    /// # Errors
    /// As [`Object::call_outputs`].
    pub fn call(&self, name: &str, arguments: Vec<Value>) -> Result<Value> {
        let mut outputs = self.call_outputs(name, arguments)?;
        Ok(match outputs.len() {
            0 => Value::Null,
            1 => outputs.remove(0),
            _ => Value::List(outputs),
        })
    }

    /// Calls a method by name and gives all its values, the return value first.
    ///
    /// # Errors
    /// An unknown name, wrong number or types of arguments (with the signature); else what the
    /// call gives.
    pub fn call_outputs(&self, name: &str, arguments: Vec<Value>) -> Result<Vec<Value>> {
        match self.interface.method(name) {
            Some(method) => self.call_method(method, arguments),
            None => Err(member::unknown_method(self.interface, name)),
        }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// Wrong number or types of arguments (with the signature); else what the call gives.
    pub fn call_method(&self, method: &'static Method, arguments: Vec<Value>) -> Result<Vec<Value>> {
        member::call(self, method, arguments)
    }

    /// The same object as another interface.
    ///
    /// # Errors
    /// An unknown interface, or one that the object does not have.
    pub fn query(&self, interface: &str) -> Result<Self> {
        let schema = self.connection.schema();
        let Some(wanted) = schema.interface(interface) else {
            let near = crate::schema::suggest(interface, schema.interfaces().iter().map(|known| known.name));
            return Err(Error::usage(
                format!("there is no interface `{interface}`"),
                crate::schema::did_you_mean(&near),
            ));
        };
        if self.interface.extends(wanted.name) {
            return Ok(self.known_as(wanted));
        }
        match self.connection.transport().query_interface(self.handle(), wanted)? {
            Some(handle) => Ok(self.connection.object(handle, wanted)),
            None => Err(Error::api(
                format!("queryInterface({interface})"),
                0x8000_4002,
                format!("this {} is no {interface}", self.interface.name),
            )),
        }
    }

    /// The same reference under an interface that it is known to have.
    pub(super) fn known_as(&self, interface: &'static Interface) -> Self {
        Self { interface, ..self.clone() }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.reference.handle == other.reference.handle && self.connection.is_same(&other.connection)
    }
}

impl Eq for Object {}

impl std::hash::Hash for Object {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.reference.handle.hash(state);
    }
}

/// `IMachine(c96e0df6ac88c200-0000000000000001)`: nothing is read.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.interface.name, self.handle())
    }
}
