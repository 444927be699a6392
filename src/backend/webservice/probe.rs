//! Whether an object has an interface: the web service has no such question, so a cheap read of that
//! interface is tried.

use super::log_on::Revival;
use super::{Inner, problem};
use crate::model::{Error, Handle, Operation, Request, Result};
use crate::schema::{Attribute, Interface, Kind, Mapping};
use crate::soap::{Fault, Reply};

impl Inner {
    /// Whether the object has the interface.
    pub(super) fn probe(&self, target: &Handle, interface: &'static Interface) -> Result<bool> {
        if *target == Handle::Root {
            return Ok(interface.name == "IVirtualBox");
        }
        if interface.mapping != Mapping::Managed {
            return Ok(false);
        }
        let session = self.session();
        if interface.name == "IManagedObjectRef" {
            return Ok(self.interface_name(&session, target)?.is_some());
        }
        let Some(operation) = probe_of(interface) else {
            return Err(Error::Refused {
                what: format!(
                    "the web service cannot tell whether an object is an {}: it has nothing to read",
                    interface.name
                ),
                hint: "connect by XPCOM on the machine itself: `vboxsh --connect xpcom`".to_owned(),
            });
        };
        let request = Request { target, operation, arguments: &[], waits: None };
        match self.carry(&session, &request, self.own_manner())? {
            Reply::Values(_) => Ok(true),
            Reply::Fault(Fault::InvalidObject { .. }) => match self.revive(&session.root)? {
                Revival::Renewed => Err(super::fault::session_timed_out(&request)),
                Revival::Lives => match self.interface_name(&session, target)? {
                    Some(_) => Ok(false),
                    None => Err(Error::stale("the object")),
                },
            },
            // The object has the interface, and its state forbids the read.
            Reply::Fault(Fault::Runtime { info, .. }) => {
                self.litter(info.map(|info| Handle::Text(info.into())));
                Ok(true)
            }
            Reply::Fault(fault) => {
                Err(problem::unreadable(self.pool.address(), operation, super::fault::fault_text(&fault)).into())
            }
        }
    }
}

/// The cheapest read that only objects of the interface have.
fn probe_of(interface: &'static Interface) -> Option<Operation> {
    let cost = |attribute: &&Attribute| match (attribute.kind.array, attribute.kind.kind) {
        (false, Kind::String | Kind::Uuid) => 1,
        // It may hand out an object, which may not be released: someone else may hold it.
        (false, Kind::AnyObject | Kind::Interface(_)) => 3,
        (false, _) => 0,
        (true, _) => 2,
    };
    let attribute = interface.own_attributes().iter().filter(|attribute| attribute.remote).min_by_key(cost);
    attribute.map(Operation::Get).or_else(|| {
        let mut methods = interface.own_methods().iter();
        let harmless = |name: &str| ["get", "is", "has", "query"].iter().any(|verb| name.starts_with(verb));
        let method = methods.find(|method| method.remote && method.inputs().next().is_none() && harmless(method.name));
        method.map(Operation::Call)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    #[test]
    fn most_interfaces_have_a_read_of_their_own() {
        let managed = embedded().interfaces().iter().filter(|interface| interface.mapping == Mapping::Managed);
        let without: Vec<_> =
            managed.filter(|interface| probe_of(interface).is_none()).map(|interface| interface.name).collect();
        assert_eq!(without, WITHOUT, "interfaces that nothing tells");
        let machine = probe_of(embedded().interface("IMachineStateChangedEvent").unwrap()).unwrap();
        assert_eq!(machine.to_string(), "IMachineStateChangedEvent.state");
    }

    /// Objects of these are declared as what they are wherever the API hands them out.
    const WITHOUT: &[&str] = &[
        "IDHCPGlobalConfig",
        "IPlatformARM",
        "IHostX86",
        "IDnDSource",
        "IDnDTarget",
        "IToken",
        "IEventSource",
        "IEventListener",
    ];
}
