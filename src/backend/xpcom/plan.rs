//! How a member is called: the slot that the typelib has for it, and what each of its arguments is.

use super::runtime::Runtime;
use super::typelib::{Access, Shape, Slot, SlotParameter};
use crate::model::{Error, Operation, Result};
use crate::schema::{Attribute, Direction, Enumeration, Interface, Kind, Type};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What one value is on the machine's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An integer of so many bytes, with a sign or without.
    Number { size: usize, signed: bool },
    /// Four bytes, 0 or 1.
    Bool,
    /// A pointer to UTF-16 with a zero behind it.
    Text,
    /// An interface pointer.
    Object,
}

impl Form {
    /// How many bytes it takes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Number { size, .. } => size,
            Self::Bool => 4,
            Self::Text | Self::Object => size_of::<usize>(),
        }
    }

    fn of(kind: Kind) -> Self {
        let number = |size, signed| Self::Number { size, signed };
        match kind {
            Kind::String | Kind::Uuid => Self::Text,
            Kind::Boolean => Self::Bool,
            Kind::Octet => number(1, false),
            Kind::Short => number(2, true),
            Kind::UnsignedShort => number(2, false),
            Kind::Long => number(4, true),
            Kind::UnsignedLong | Kind::Enum(_) => number(4, false),
            Kind::LongLong => number(8, true),
            Kind::UnsignedLongLong => number(8, false),
            Kind::AnyObject | Kind::Interface(_) => Self::Object,
        }
    }

    fn of_shape(shape: &Shape) -> Option<Self> {
        let number = |size, signed| Some(Self::Number { size, signed });
        match shape {
            Shape::U8 => number(1, false),
            Shape::I16 => number(2, true),
            Shape::U16 => number(2, false),
            Shape::I32 => number(4, true),
            Shape::U32 => number(4, false),
            Shape::I64 => number(8, true),
            Shape::U64 => number(8, false),
            Shape::Bool => Some(Self::Bool),
            Shape::Text => Some(Self::Text),
            Shape::Object(_) => Some(Self::Object),
            Shape::Array(..) | Shape::Other(_) => None,
        }
    }
}

/// A parameter, as it is called and as scripts see it.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) direction: Direction,
    pub(super) form: Form,
    /// Interface under which an object is handed out.
    pub(super) interface: Option<&'static Interface>,
    /// Enumeration that a number belongs to.
    pub(super) enumeration: Option<&'static Enumeration>,
}

/// How a member is called.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) operation: Operation,
    pub(super) owner: &'static Interface,
    pub(super) slot: usize,
    pub(super) parameters: Vec<Parameter>,
}

/// The plans that were made.
#[derive(Debug, Default)]
pub(super) struct Plans(RwLock<HashMap<(usize, Access), Arc<Plan>>>);

/// Which member it is: members live as long as the process, so their addresses tell them apart.
fn key(operation: Operation) -> (usize, Access) {
    match operation {
        Operation::Get(attribute) => (std::ptr::from_ref(attribute) as usize, Access::Get),
        Operation::Set(attribute) => (std::ptr::from_ref(attribute) as usize, Access::Set),
        Operation::Call(method) => (std::ptr::from_ref(method) as usize, Access::Call),
    }
}

impl Runtime {
    /// How a member is called.
    ///
    /// # Errors
    /// The installed VirtualBox does not have it, or not like that.
    pub(super) fn plan(&self, operation: Operation) -> Result<Arc<Plan>> {
        let key = key(operation);
        if let Some(plan) = self.plans.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(self.make(operation)?);
        self.plans.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    fn make(&self, operation: Operation) -> Result<Plan> {
        let lacking = || Error::Refused {
            what: format!("VirtualBox {} has no {operation} over XPCOM", self.version),
            hint: format!("`help {}` lists what there is", operation.owner()),
        };
        let owner = self.schema.interface(operation.owner()).ok_or_else(lacking)?;
        let damaged = |error| super::problem::no_typelib(&self.folder, error);
        let described = self.typelib.interface(owner.name).map_err(damaged)?.ok_or_else(lacking)?;
        let (access, name) = slot_name(operation);
        let slot = described.slot(access, &name).ok_or_else(lacking)?;
        let wanted = wanted(operation);
        if slot.hidden || slot.parameters.iter().any(|parameter| matches!(parameter.shape, Shape::Other(_))) {
            return Err(Error::Refused {
                what: format!("{operation} works with raw addresses, which no script has"),
                hint: "VirtualBox's own processes use it among themselves".to_owned(),
            });
        }
        if !fits(slot, &wanted) {
            return Err(Error::Refused {
                what: format!(
                    "{operation} of VirtualBox {} takes other arguments than this vboxsh knows",
                    self.version
                ),
                hint: "a newer vboxsh may know them".to_owned(),
            });
        }
        let parameters =
            wanted.into_iter().map(|(name, kind, direction)| self.parameter(name, kind, direction)).collect();
        Ok(Plan { operation, owner, slot: slot.number, parameters })
    }

    fn parameter(&self, name: &'static str, kind: Type, direction: Direction) -> Parameter {
        let interface = match kind.kind {
            // What stands for an object of which nothing is known.
            Kind::AnyObject => self.schema.interface("IManagedObjectRef"),
            other => self.schema.interface_of(other),
        };
        let enumeration = match kind.kind {
            Kind::Enum(name) => self.schema.enumeration(name),
            _ => None,
        };
        Parameter { name, kind, direction, form: Form::of(kind.kind), interface, enumeration }
    }
}

/// What the typelib calls a member. Attributes with arrays are pairs of methods there.
pub(super) fn slot_name(operation: Operation) -> (Access, String) {
    let method = |verb: &str, attribute: &Attribute| {
        let (first, rest) = attribute.name.split_at(1);
        (Access::Call, format!("{verb}{}{rest}", first.to_ascii_uppercase()))
    };
    match operation {
        Operation::Get(attribute) if attribute.kind.array => method("get", attribute),
        Operation::Set(attribute) if attribute.kind.array => method("set", attribute),
        Operation::Get(attribute) => (Access::Get, attribute.name.to_owned()),
        Operation::Set(attribute) => (Access::Set, attribute.name.to_owned()),
        Operation::Call(method) => (Access::Call, method.name.to_owned()),
    }
}

type Wanted = Vec<(&'static str, Type, Direction)>;

/// The parameters that the schema states.
pub(super) fn wanted(operation: Operation) -> Wanted {
    match operation {
        Operation::Get(attribute) => vec![(attribute.name, attribute.kind, Direction::Return)],
        Operation::Set(attribute) => vec![(attribute.name, attribute.kind, Direction::In)],
        Operation::Call(method) => {
            method.parameters.iter().map(|parameter| (parameter.name, parameter.kind, parameter.direction)).collect()
        }
    }
}

/// Whether a slot takes what the schema states: a call with other arguments would end in a crash.
pub(super) fn fits(slot: &Slot, wanted: &[(&'static str, Type, Direction)]) -> bool {
    let mut given = slot.parameters.iter().enumerate();
    let fits = wanted.iter().all(|(_, kind, direction)| {
        let out = *direction != Direction::In;
        let form = Form::of(kind.kind);
        let Some((at, first)) = given.next() else { return false };
        if !kind.array {
            return first.out == out && Form::of_shape(&first.shape) == Some(form);
        }
        // The length stands before the array.
        let Some((_, SlotParameter { out: array_out, shape: Shape::Array(element, size), .. })) = given.next() else {
            return false;
        };
        first.shape == Shape::U32
            && first.out == out
            && *array_out == out
            && usize::from(*size) == at
            && Form::of_shape(element) == Some(form)
    });
    fits && given.next().is_none() && slot.parameters.len() <= super::raw::MOST_WORDS
}
