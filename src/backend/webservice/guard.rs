//! What must not be sent: calls that the web service does not have, and calls that end it.
//!
//! Every rule here was seen on a real server; each has a test.

use crate::model::{Error, Operation, RawValue, Request, Result};
use crate::schema::{Mapping, Schema};
use crate::soap::LARGEST_BLOB;

/// What only this room itself may call: a reference released by hand is dead for all who hold it, and
/// the web session is not a script's business.
pub(super) fn check_caller(request: &Request<'_>) -> Result<()> {
    let operation = request.operation;
    match (operation.owner(), operation.name()) {
        ("IManagedObjectRef", "release") | ("IWebsessionManager", _) => Err(Error::Refused {
            what: format!("{operation} is the shell's own business"),
            hint: "references are released when nothing holds them any more; `reconnect` logs on anew".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether a call may be sent.
///
/// # Errors
/// [`Error::Refused`] for a member that the web service does not offer, a usage error for arguments
/// that it cannot take.
pub(super) fn check(request: &Request<'_>, schema: &'static Schema) -> Result<()> {
    let operation = request.operation;
    let remote = match operation {
        Operation::Get(attribute) | Operation::Set(attribute) => attribute.remote,
        Operation::Call(method) => method.remote,
    };
    let mapping = schema.interface(operation.owner()).map(|interface| interface.mapping);
    if !remote || !matches!(mapping, None | Some(Mapping::Managed | Mapping::Global)) {
        return Err(Error::Refused {
            what: format!("the web service does not offer {operation}"),
            hint: "XPCOM does, on the machine that VirtualBox runs on: `vboxsh --connect xpcom`".to_owned(),
        });
    }
    match operation {
        Operation::Get(_) => Ok(()),
        Operation::Set(attribute) => {
            request.arguments.iter().try_for_each(|value| check_argument(operation, attribute.name, value))
        }
        Operation::Call(method) => method
            .inputs()
            .zip(request.arguments)
            .try_for_each(|(parameter, value)| check_argument(operation, parameter.name, value)),
    }
}

fn check_argument(operation: Operation, name: &str, value: &RawValue) -> Result<()> {
    match value {
        RawValue::Blob(bytes) if bytes.len() > LARGEST_BLOB => Err(Error::usage(
            format!("{operation}: `{name}` has {} bytes, and the web service takes {LARGEST_BLOB}", bytes.len()),
            "pass it in pieces, or connect by XPCOM on the machine itself: `vboxsh --connect xpcom`",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Handle;
    use crate::schema::embedded;

    fn method(interface: &str, name: &str) -> Operation {
        Operation::Call(embedded().interface(interface).unwrap().method(name).unwrap())
    }

    fn attribute(interface: &str, name: &str) -> Operation {
        Operation::Get(embedded().interface(interface).unwrap().attribute(name).unwrap())
    }

    fn checked(operation: Operation, arguments: &[RawValue]) -> Result<()> {
        check(&Request { target: &Handle::Root, operation, arguments, waits: None }, embedded())
    }

    #[test]
    fn what_the_web_service_lacks_is_refused_by_name() {
        for operation in [
            attribute("IVirtualBox", "extensionPackManager"),
            method("IDisplay", "takeScreenShot"),
            method("IExtPackManager", "cleanup"),
            attribute("IMediumAttachment", "port"),
        ] {
            let error = checked(operation, &[]).unwrap_err();
            assert!(matches!(error, Error::Refused { .. }), "{operation}");
            assert!(error.to_string().contains(&operation.to_string()));
            assert!(error.hint().unwrap().contains("XPCOM"));
        }
        assert!(checked(attribute("IVirtualBox", "version"), &[]).is_ok());
    }

    #[test]
    fn a_large_blob_is_refused() {
        let operation = Operation::Set(embedded().interface("IMachine").unwrap().attribute("icon").unwrap());
        assert!(checked(operation, &[RawValue::Blob(vec![0; LARGEST_BLOB])]).is_ok());
        assert!(checked(operation, &[RawValue::Blob(vec![0; LARGEST_BLOB + 1])]).is_err());
    }

    #[test]
    fn log_on_and_release_are_not_for_scripts() {
        for operation in [method("IManagedObjectRef", "release"), method("IWebsessionManager", "logoff")] {
            let request = Request { target: &Handle::Root, operation, arguments: &[], waits: None };
            assert!(check_caller(&request).is_err());
        }
    }
}
