//! Names of operations on the wire.

use crate::model::Operation;
use crate::schema::Schema;

/// Appends the name of an operation: the declaring interface, `_`, and the method, or `get` or `set`
/// with the attribute, its first letter a capital.
pub(super) fn push_name(out: &mut String, operation: Operation) {
    out.push_str(operation.owner());
    let (verb, name) = match operation {
        Operation::Get(attribute) => ("_get", attribute.name),
        Operation::Set(attribute) => ("_set", attribute.name),
        Operation::Call(method) => {
            out.push('_');
            out.push_str(method.name);
            return;
        }
    };
    out.push_str(verb);
    let mut letters = name.chars();
    out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
    out.push_str(letters.as_str());
}

/// The name of an operation on the wire: `IMachine_getName`, `IVirtualBox_findMachine`.
pub fn operation_name(operation: Operation) -> String {
    let mut name = String::with_capacity(48);
    push_name(&mut name, operation);
    name
}

/// The operation of a name on the wire. Classified by what the schema has, never by a `get` or `set`
/// in front: methods are named so too (`setSettingsFilePath`).
pub(super) fn find_operation(schema: &'static Schema, name: &str) -> Option<Operation> {
    let (interface, member) = name.split_once('_')?;
    let interface = schema.interface(interface)?;
    if let Some(method) = interface.own_methods().iter().find(|method| method.name == member) {
        return Some(Operation::Call(method));
    }
    let attribute = |rest: &str| {
        let fits = |known: &str| {
            let (mut known, mut rest) = (known.chars(), rest.chars());
            known.next().map(|first| first.to_ascii_uppercase()) == rest.next() && known.as_str() == rest.as_str()
        };
        interface.own_attributes().iter().find(|attribute| fits(attribute.name))
    };
    match (member.strip_prefix("get"), member.strip_prefix("set")) {
        (Some(rest), _) => attribute(rest).map(Operation::Get),
        (_, Some(rest)) => attribute(rest).filter(|attribute| attribute.writable).map(Operation::Set),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    #[test]
    fn a_method_named_like_a_setter_is_a_method() {
        let operation = find_operation(embedded(), "IMachine_setSettingsFilePath").unwrap();
        assert!(matches!(operation, Operation::Call(_)));
        assert!(find_operation(embedded(), "IMachine_setSettingsModified").is_none());
        assert!(find_operation(embedded(), "IMachine_getNoSuch").is_none());
    }

    #[test]
    fn every_operation_is_found_by_its_own_name() {
        let mut count = 0;
        for interface in embedded().interfaces() {
            let gets = interface.own_attributes().iter().map(Operation::Get);
            let sets = interface.own_attributes().iter().filter(|attribute| attribute.writable).map(Operation::Set);
            let calls = interface.own_methods().iter().map(Operation::Call);
            for operation in gets.chain(sets).chain(calls) {
                let name = operation_name(operation);
                let found = find_operation(embedded(), &name).unwrap_or_else(|| panic!("{name}"));
                assert_eq!(operation_name(found), name);
                count += 1;
            }
        }
        assert!(count > 1900, "{count}");
    }
}
