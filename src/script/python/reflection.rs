//! What the schema says of interfaces and enumerations, as plain Python values: the compatible modules make
//! their classes of it. Facts only; nothing is called.

use super::context;
use crate::schema::{Direction, Mapping, help};
use pyo3::prelude::*;

/// Name, type, whether it can be written, and help line of an attribute.
type AttributeFacts = (&'static str, String, bool, &'static str);
/// Direction (`in`, `out`, `return`), name, type and help line of a parameter.
type ParameterFacts = (&'static str, &'static str, String, &'static str);
/// Name, parameters, names of the documented result codes, and help line of a method.
type MethodFacts = (&'static str, Vec<ParameterFacts>, Vec<&'static str>, &'static str);
/// Parent, id, mapping, own attributes, own methods, and help line of an interface.
type InterfaceFacts =
    (Option<&'static str>, &'static str, &'static str, Vec<AttributeFacts>, Vec<MethodFacts>, &'static str);
/// Id, help line, and the values with name, number and help line of an enumeration.
type EnumerationFacts = (&'static str, &'static str, Vec<(&'static str, i64, &'static str)>);

/// All there is to know of an interface, `None` for one that the release does not have.
#[pyfunction]
#[pyo3(name = "_interface_facts")]
pub(super) fn interface_facts(name: &str) -> Option<InterfaceFacts> {
    let interface = context::schema().interface(name)?;
    let line = |member: &str| help(&format!("{name}.{member}")).unwrap_or_default();
    let attributes = interface.own_attributes().iter();
    let attributes = attributes
        .map(|attribute| (attribute.name, attribute.kind.to_string(), attribute.writable, line(attribute.name)))
        .collect();
    let methods = interface.own_methods().iter().map(|method| {
        let parameters = method.parameters.iter().map(|parameter| {
            let direction = match parameter.direction {
                Direction::In => "in",
                Direction::Out => "out",
                Direction::Return => "return",
            };
            let text = line(&format!("{}({})", method.name, parameter.name));
            (direction, parameter.name, parameter.kind.to_string(), text)
        });
        (method.name, parameters.collect(), method.result_codes.clone(), line(method.name))
    });
    let mapping = match interface.mapping {
        Mapping::Managed => "managed",
        Mapping::Struct => "struct",
        Mapping::Suppressed => "suppress",
        Mapping::Global => "global",
    };
    let parent = interface.parent().map(|parent| parent.name);
    Some((parent, interface.id, mapping, attributes, methods.collect(), help(name).unwrap_or_default()))
}

/// All there is to know of an enumeration, `None` for one that the release does not have.
#[pyfunction]
#[pyo3(name = "_enumeration_facts")]
pub(super) fn enumeration_facts(name: &str) -> Option<EnumerationFacts> {
    let enumeration = context::schema().enumeration(name)?;
    let values = enumeration.values.iter().map(|value| {
        (value.name, value.number, help(&format!("{}.{}", enumeration.name, value.name)).unwrap_or_default())
    });
    Some((enumeration.id, help(enumeration.name).unwrap_or_default(), values.collect()))
}

/// Names of all interfaces and of all enumerations.
#[pyfunction]
#[pyo3(name = "_schema_names")]
pub(super) fn schema_names() -> (Vec<&'static str>, Vec<&'static str>) {
    let schema = context::schema();
    let interfaces = schema.interfaces().iter().map(|interface| interface.name).collect();
    (interfaces, schema.enumerations().iter().map(|enumeration| enumeration.name).collect())
}

/// The help line of an item, `None` where there is none.
#[pyfunction]
#[pyo3(name = "_help_line")]
pub(super) fn help_line(key: &str) -> Option<&'static str> {
    help(key)
}

/// The release of the Main API that the names follow.
#[pyfunction]
#[pyo3(name = "_release")]
pub(super) fn release() -> String {
    context::schema().version().full.to_owned()
}

/// The members that an interface had in older releases, with their places now, the release that moved each, and
/// whether it is a method.
#[pyfunction]
#[pyo3(name = "_moved_members")]
pub(super) fn moved_members(interface: &str) -> Vec<(&'static str, &'static str, &'static str, bool)> {
    let moved = crate::schema::MOVED.iter().filter(|moved| moved.interface == interface);
    moved.map(|moved| (moved.member, moved.place, moved.since, moved.is_method())).collect()
}

/// The present name of an interface or enumeration that older releases called otherwise.
#[pyfunction]
#[pyo3(name = "_renamed")]
pub(super) fn renamed(name: &str) -> Option<&'static str> {
    crate::schema::renamed(name)
}
