//! Values as scripts and commands see them.

use super::Object;
use crate::schema::{Enumeration, Interface};
use std::fmt;
use std::sync::Arc;

/// A value of the Main API, or of a script that works with it.
///
/// `O` is what stands for an object: an [`Object`] above the connection, a bare handle below it.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value<O = Object> {
    /// No object, or no value at all.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// Any integer of the API.
    Int(i64),
    /// A number from a script; no member of the API has this type.
    Float(f64),
    /// Text; an empty text stays one.
    Text(String),
    /// An octet array.
    Blob(Vec<u8>),
    /// A value of an enumeration.
    Enum(EnumValue),
    /// A reference to an object.
    Object(O),
    /// A structure that travels by value.
    Struct(Arc<StructValue<O>>),
    /// An array.
    List(Vec<Value<O>>),
    /// A table of names from a script or a command, in its order.
    Map(Vec<(String, Value<O>)>),
}

impl<O> Value<O> {
    /// The text of a text value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer or an enumeration value.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Enum(value) => Some(value.number),
            _ => None,
        }
    }

    /// The truth value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The elements of a list; none for anything else.
    pub fn into_list(self) -> Vec<Self> {
        match self {
            Self::List(values) => values,
            _ => Vec::new(),
        }
    }

    /// Whether this is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Exchanges every object in it.
    pub fn map_objects<P>(self, exchange: &mut impl FnMut(O) -> Value<P>) -> Value<P>
    where
        O: Clone,
    {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
            Self::Enum(value) => Value::Enum(value),
            Self::Object(object) => exchange(object),
            Self::Struct(value) => {
                let value = Arc::unwrap_or_clone(value);
                let fields = value.fields.into_iter().map(|field| field.map_objects(exchange)).collect();
                Value::Struct(Arc::new(StructValue { interface: value.interface, fields }))
            }
            Self::List(values) => Value::List(values.into_iter().map(|value| value.map_objects(exchange)).collect()),
            Self::Map(entries) => {
                Value::Map(entries.into_iter().map(|(name, value)| (name, value.map_objects(exchange))).collect())
            }
        }
    }
}

impl Value {
    /// The objects in it, so that they can be kept for as long as a call with them lasts.
    pub(super) fn objects(&self) -> Vec<Object> {
        match self {
            Self::Object(object) => vec![object.clone()],
            Self::List(values) => values.iter().filter_map(Self::as_object).cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The object of an object value.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<O> From<&str> for Value<O> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<O> From<i64> for Value<O> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<O> From<bool> for Value<O> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// A value of an enumeration. A number that the release has no name for survives.
#[derive(Clone, Copy, Debug)]
pub struct EnumValue {
    /// The enumeration, as the connected release has it.
    pub enumeration: &'static Enumeration,
    /// The number, as the connected release has it.
    pub number: i64,
}

impl EnumValue {
    /// Name of the value, `None` when the release has none for the number.
    pub fn name(&self) -> Option<&'static str> {
        self.enumeration.name_of(self.number)
    }

    /// Whether it carries that name.
    pub fn is(&self, name: &str) -> bool {
        self.enumeration.number(name) == Some(self.number)
    }
}

impl PartialEq for EnumValue {
    fn eq(&self, other: &Self) -> bool {
        self.enumeration.name == other.enumeration.name && self.number == other.number
    }
}

impl Eq for EnumValue {}

/// `Running`, or `MachineState(99)` for a number without a name.
impl fmt::Display for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}({})", self.enumeration.name, self.number),
        }
    }
}

/// A structure that travels by value: its attributes in the order of the API.
#[derive(Clone, Debug)]
pub struct StructValue<O = Object> {
    /// Interface that names the attributes.
    pub interface: &'static Interface,
    /// One value for each attribute of the interface.
    pub fields: Vec<Value<O>>,
}

impl<O> StructValue<O> {
    /// The value of an attribute, by its name or its snake-case name.
    pub fn get(&self, name: &str) -> Option<&Value<O>> {
        let attribute = self.interface.attribute(name)?;
        let at = self.interface.attributes().iter().position(|known| known.name == attribute.name)?;
        self.fields.get(at)
    }

    /// Names and values, in the order of the API.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &Value<O>)> {
        self.interface.attributes().into_iter().map(|attribute| attribute.name).zip(&self.fields)
    }
}

impl<O: PartialEq> PartialEq for StructValue<O> {
    fn eq(&self, other: &Self) -> bool {
        self.interface.name == other.interface.name && self.fields == other.fields
    }
}
