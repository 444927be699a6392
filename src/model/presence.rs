//! Objects that must be there: for nearly every object argument VBoxSVC takes what it is given without a
//! look, and crashes on null. Every backend is spared that here, before anything is sent.

use super::{Error, Operation, RawValue, Result};
use crate::schema::Type;

/// The arguments for which "no object" has a meaning: interface, member, argument. All others were seen
/// to end a real VBoxSVC (7.2.22), or are of the same kind as those.
const MAY_BE_NULL: &[(&str, &str, &str)] = &[
    ("IMachine", "attachDevice", "medium"),
    ("IMachine", "mountMedium", "medium"),
    ("IMachine", "setBandwidthGroupForDevice", "bandwidthGroup"),
    ("INetworkAdapter", "bandwidthGroup", "bandwidthGroup"),
    ("IMedium", "cloneTo", "parent"),
    ("IMedium", "resizeAndCloneTo", "parent"),
];

/// Checks the objects among the arguments of a call, or the new value of an attribute.
///
/// # Errors
/// A usage error that names the argument.
pub(super) fn check<'a>(
    operation: Operation,
    arguments: impl Iterator<Item = (&'a str, Type, &'a RawValue)> + Clone,
) -> Result<()> {
    if opens_no_file(operation, arguments.clone()) {
        return Err(Error::usage(
            format!("{operation}: no settings file was given: without one VirtualBox itself crashes"),
            "give the path of a `.vbox` file",
        ));
    }
    for (name, _, value) in arguments.clone().filter(|(_, kind, _)| kind.kind.is_object()) {
        match value {
            RawValue::Null if !may_be_null(operation, name) && !stops_in_emergency(operation, arguments.clone()) => {
                return Err(Error::usage(
                    format!("{operation}: `{name}` must be an object: without one VirtualBox itself may crash"),
                    format!("`help {operation}` says what it is"),
                ));
            }
            RawValue::List(values) if values.iter().any(RawValue::is_null) => {
                return Err(Error::usage(
                    format!("{operation}: `{name}` has an empty place among its objects, at which VirtualBox crashes"),
                    "leave it out of the list",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `openMachine` of no file ends VBoxSVC, too.
fn opens_no_file<'a>(operation: Operation, mut arguments: impl Iterator<Item = (&'a str, Type, &'a RawValue)>) -> bool {
    (operation.owner(), operation.name()) == ("IVirtualBox", "openMachine")
        && arguments.next().is_some_and(|(_, _, file)| file.is_null() || file.as_text() == Some(""))
}

fn may_be_null(operation: Operation, argument: &str) -> bool {
    MAY_BE_NULL.contains(&(operation.owner(), operation.name(), argument))
}

/// `launchVMProcess` with the front-end `emergencystop` wants no session, and stops the machine at once
/// (seen on 7.2.22).
fn stops_in_emergency<'a>(
    operation: Operation,
    mut arguments: impl Iterator<Item = (&'a str, Type, &'a RawValue)>,
) -> bool {
    (operation.owner(), operation.name()) == ("IMachine", "launchVMProcess")
        && arguments.any(|(name, _, value)| name == "name" && value.as_text() == Some("emergencystop"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    fn checked(interface: &str, name: &str, arguments: &[RawValue]) -> Result<()> {
        let method = embedded().interface(interface).unwrap().method(name).unwrap();
        let named = method.inputs().zip(arguments).map(|(input, value)| (input.name, input.kind, value));
        check(Operation::Call(method), named)
    }

    fn set(interface: &str, name: &str) -> Result<()> {
        let attribute = embedded().interface(interface).unwrap().attribute(name).unwrap();
        check(Operation::Set(attribute), [(attribute.name, attribute.kind, &RawValue::Null)].into_iter())
    }

    /// Each of these was seen to end a real VBoxSVC.
    #[test]
    fn an_object_that_is_not_there_is_refused_unless_it_has_a_meaning() {
        let none = || [RawValue::Null, RawValue::Int(0)].to_vec();
        for (interface, name, arguments) in [
            ("IVirtualBox", "registerMachine", none()),
            ("IVirtualBox", "removeNATNetwork", none()),
            ("IVirtualBox", "removeCloudNetwork", none()),
            ("IEventSource", "fireEvent", none()),
            ("IEventSource", "eventProcessed", none()),
            ("IMachine", "lockMachine", vec![RawValue::Null, RawValue::from("Shared")]),
            ("IUSBDeviceFilters", "insertDeviceFilter", vec![RawValue::Int(0), RawValue::Null]),
            ("IMachine", "launchVMProcess", vec![RawValue::Null, RawValue::from("headless")]),
        ] {
            let error = checked(interface, name, &arguments).unwrap_err();
            assert!(error.to_string().contains("must be an object"), "{interface}.{name}: {error}");
        }
        assert!(set("IUnattended", "machine").is_err());
        assert!(checked("IVirtualBox", "openMachine", &[RawValue::from(""), RawValue::from("")]).is_err());
        assert!(checked("IVirtualBox", "openMachine", &[RawValue::from("/x.vbox"), RawValue::from("")]).is_ok());
        let eject = [RawValue::from("IDE"), RawValue::Int(0), RawValue::Int(0), RawValue::Null, RawValue::Bool(false)];
        assert!(checked("IMachine", "mountMedium", &eject).is_ok());
        assert!(checked("IMachine", "launchVMProcess", &[RawValue::Null, RawValue::from("emergencystop")]).is_ok());
        assert!(set("INetworkAdapter", "bandwidthGroup").is_ok());
    }

    #[test]
    fn empty_places_among_objects_are_refused() {
        assert!(checked("IEventSource", "createAggregator", &[RawValue::List(vec![RawValue::Null])]).is_err());
        assert!(checked("IEventSource", "createAggregator", &[RawValue::List(vec![])]).is_ok());
    }

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
