//! Arguments that must be objects: without one, VirtualBox itself crashes.
//!
//! Every rule here was seen on a real server.

use crate::model::{Error, Operation, RawValue, Result};
use crate::schema::Kind;

/// Whether all the arguments of a call that must be objects are.
///
/// # Errors
/// A usage error that names the argument.
pub(super) fn check(operation: Operation, arguments: &[RawValue]) -> Result<()> {
    match operation {
        Operation::Get(_) => Ok(()),
        Operation::Set(attribute) => {
            arguments.iter().try_for_each(|value| check_one(operation, attribute.name, attribute.kind.kind, value))
        }
        Operation::Call(method) => method
            .inputs()
            .zip(arguments)
            .try_for_each(|(parameter, value)| check_one(operation, parameter.name, parameter.kind.kind, value)),
    }
}

/// Whether an argument that must be an object is one.
///
/// # Errors
/// A usage error that names the argument.
pub(super) fn check_one(operation: Operation, name: &str, kind: Kind, value: &RawValue) -> Result<()> {
    match value {
        RawValue::Null if kind.is_object() && !may_be_null(operation, name) => Err(Error::usage(
            format!("{operation}: `{name}` must be an object: without one VirtualBox itself may crash"),
            format!("`help {operation}` says what it is"),
        )),
        RawValue::List(values) if kind.is_object() && values.iter().any(RawValue::is_null) => Err(Error::usage(
            format!("{operation}: `{name}` has an empty place among its objects, at which VirtualBox crashes"),
            "leave it out of the list",
        )),
        _ => Ok(()),
    }
}

/// The arguments for which "no object" has a meaning: interface, member, argument. For nearly every other
/// one VBoxSVC takes the object without a look whether it is there, and crashes.
const MAY_BE_NULL: &[(&str, &str, &str)] = &[
    ("IMachine", "attachDevice", "medium"),
    ("IMachine", "mountMedium", "medium"),
    ("IMachine", "setBandwidthGroupForDevice", "bandwidthGroup"),
    ("INetworkAdapter", "bandwidthGroup", "bandwidthGroup"),
    ("IMedium", "cloneTo", "parent"),
    ("IMedium", "resizeAndCloneTo", "parent"),
];

fn may_be_null(operation: Operation, argument: &str) -> bool {
    MAY_BE_NULL.contains(&(operation.owner(), operation.name(), argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    #[test]
    fn what_may_be_nothing_is_in_the_schema() {
        for (interface, member, argument) in MAY_BE_NULL {
            let interface = embedded().interface(interface).unwrap();
            let method =
                interface.method(member).is_some_and(|method| method.inputs().any(|input| input.name == *argument));
            assert!(method || interface.attribute(member).is_some_and(|attribute| attribute.writable), "{member}");
        }
    }
}
