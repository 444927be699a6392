//! Objects of any interface (`$unknown`): finding out what they are.
//!
//! The server tells under which interface it first handed an object out, which is often the real one.
//! Where it does not know either, the object is an `IManagedObjectRef`, and `queryInterface` asks it.

use super::{Inner, Session};
use crate::model::{Handle, Operation, RawValue, Result};
use crate::schema::{Interface, Kind, Mapping};
use std::collections::HashMap;

/// What stands for an object of unknown interface.
const ANY: &str = "IManagedObjectRef";

/// Gives the objects that came as `$unknown` the interfaces they have.
pub(super) fn name_objects(
    inner: &Inner,
    session: &Session,
    operation: Operation,
    values: Vec<RawValue>,
) -> Result<Vec<RawValue>> {
    if !gives_any_object(operation) {
        return Ok(values);
    }
    let mut known: HashMap<Handle, &'static Interface> = HashMap::new();
    let mut name = |(handle, interface): (Handle, &'static Interface)| {
        if interface.name != ANY {
            return RawValue::Object((handle, interface));
        }
        let found = *known.entry(handle.clone()).or_insert_with(|| ask(inner, session, &handle).unwrap_or(interface));
        RawValue::Object((handle, found))
    };
    Ok(values.into_iter().map(|value| value.map_objects(&mut name)).collect())
}

fn ask(inner: &Inner, session: &Session, handle: &Handle) -> Option<&'static Interface> {
    if *handle == Handle::Root {
        return session.schema.interface("IVirtualBox");
    }
    let name = inner.interface_name(session, handle).ok()??;
    session.schema.interface(&name).filter(|interface| interface.mapping == Mapping::Managed)
}

fn gives_any_object(operation: Operation) -> bool {
    match operation {
        Operation::Get(attribute) => attribute.kind.kind == Kind::AnyObject,
        Operation::Set(_) => false,
        Operation::Call(method) => method.outputs().any(|output| output.kind.kind == Kind::AnyObject),
    }
}
