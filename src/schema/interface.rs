//! An interface: its place in the inheritance, and its members by name.

use super::{Attribute, Method, Schema, naming, snake_case, table};
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// How the web service maps an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// Objects travel as references.
    Managed,
    /// Values travel whole, attribute by attribute; there is no reference and no operation.
    Struct,
    /// Not reachable.
    Suppressed,
    /// Reachable without a reference (the log-on interface).
    Global,
}

/// An interface of the Main API.
///
/// Its members are read from the table when the first of them is asked for: a run touches a few
/// interfaces of many.
pub struct Interface {
    /// Name as in the API (`IMachine`).
    pub name: &'static str,
    /// Parent's name; `$unknown` and `$errorinfo` mean none.
    pub parent_name: &'static str,
    /// How the web service maps it.
    pub mapping: Mapping,
    /// Interface id, as in the API.
    pub id: &'static str,
    /// Reserved attribute slots behind its own attributes in the vtable.
    pub reserved_attributes: u16,
    /// Reserved method slots behind its own methods in the vtable.
    pub reserved_methods: u16,
    pub(super) source: &'static str,
    pub(super) schema: OnceLock<&'static Schema>,
    pub(super) members: OnceLock<Members>,
}

/// The members that an interface declares itself.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) attributes: Vec<Attribute>,
    pub(super) methods: Vec<Method>,
    attribute_index: HashMap<&'static str, usize>,
    method_index: HashMap<&'static str, usize>,
}

impl Members {
    pub(super) fn new(attributes: Vec<Attribute>, methods: Vec<Method>) -> Self {
        let attribute_index = index(attributes.iter().map(|attribute| attribute.name));
        let method_index = index(methods.iter().map(|method| method.name));
        Self { attributes, methods, attribute_index, method_index }
    }
}

/// Every spelling of every name; spellings live as long as the schema, which lives as long as the process.
fn index(names: impl Iterator<Item = &'static str>) -> HashMap<&'static str, usize> {
    let mut map = HashMap::new();
    for (at, name) in names.enumerate() {
        map.insert(name, at);
        let snake = snake_case(name).into_owned();
        if let Some(suffixed) = naming::suffixed(&snake) {
            map.entry(&*suffixed.leak()).or_insert(at);
        }
        if snake != name {
            map.entry(&*snake.leak()).or_insert(at);
        }
    }
    map
}

impl Interface {
    fn members(&'static self) -> &'static Members {
        self.members.get_or_init(|| table::read_members(self))
    }

    /// The interface it extends.
    pub fn parent(&self) -> Option<&'static Self> {
        self.schema.get()?.interface(self.parent_name)
    }

    /// The schema it belongs to.
    pub fn schema(&self) -> &'static Schema {
        self.schema.get().copied().unwrap_or_else(super::embedded)
    }

    /// Itself, its parent, and so on.
    pub fn lineage(&'static self) -> impl Iterator<Item = &'static Self> {
        // A table whose parents run in a circle must not hang a look-up; the real depth is at most 4.
        std::iter::successors(Some(self), |interface| interface.parent()).take(16)
    }

    /// Whether it is `name` or extends it, at any distance.
    pub fn extends(&'static self, name: &str) -> bool {
        self.lineage().any(|interface| interface.name == name)
    }

    /// Attributes that it declares itself, in the order of the API.
    pub fn own_attributes(&'static self) -> &'static [Attribute] {
        &self.members().attributes
    }

    /// Methods that it declares itself, in the order of the API.
    pub fn own_methods(&'static self) -> &'static [Method] {
        &self.members().methods
    }

    /// All attributes, those of the furthest parent first.
    pub fn attributes(&'static self) -> Vec<&'static Attribute> {
        self.eldest_first().flat_map(|interface| interface.own_attributes()).collect()
    }

    /// All methods, those of the furthest parent first.
    pub fn methods(&'static self) -> Vec<&'static Method> {
        self.eldest_first().flat_map(|interface| interface.own_methods()).collect()
    }

    fn eldest_first(&'static self) -> impl Iterator<Item = &'static Self> {
        self.lineage().collect::<Vec<_>>().into_iter().rev()
    }

    /// The attribute of that name (as in the API, or in snake case), its own or inherited.
    pub fn attribute(&'static self, name: &str) -> Option<&'static Attribute> {
        self.lineage().find_map(|interface| {
            let members = interface.members();
            members.attribute_index.get(name).map(|at| &members.attributes[*at])
        })
    }

    /// The method of that name (as in the API, or in snake case), its own or inherited.
    pub fn method(&'static self, name: &str) -> Option<&'static Method> {
        self.lineage().find_map(|interface| {
            let members = interface.members();
            members.method_index.get(name).map(|at| &members.methods[*at])
        })
    }

    /// The member names nearest to a misspelt one.
    pub fn suggest(&'static self, name: &str) -> Vec<&'static str> {
        let attributes = self.attributes().into_iter().map(|attribute| attribute.name);
        let methods = self.methods().into_iter().map(|method| method.name);
        naming::suggest(name, attributes.chain(methods))
    }

    /// Whether its values travel whole over the web service.
    pub fn is_struct(&self) -> bool {
        self.mapping == Mapping::Struct
    }
}

/// Its name: its members lead to the schema, and the schema back to it.
impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Interface {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
