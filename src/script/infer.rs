//! The type of an expression, from variables and the schema, without running anything.

use crate::model::Value;
use crate::schema::{Kind, Schema, Type};

/// The names that every script sees, and the interfaces of what they stand for.
pub(super) const OBJECTS: &[(&str, &str)] =
    &[("vbox", "IVirtualBox"), ("session", "ISession"), ("host", "IHost"), ("client", "IVirtualBoxClient")];

/// The type of a chain such as `vbox.machines[0].getNetworkAdapter(0)`; a dot at its end is allowed.
/// `None` when it is not such a chain or its type is not known.
pub(super) fn static_type(
    schema: &'static Schema,
    expression: &str,
    variable: &dyn Fn(&str) -> Option<Value>,
) -> Option<Type> {
    let expression = expression.trim().trim_end_matches(['.', '?']).trim_end();
    let (root, mut rest) = take_name(expression)?;
    let mut known = root_type(schema, root, variable)?;
    while !rest.is_empty() {
        let letters = rest.trim_start();
        let letters = letters.strip_prefix('?').unwrap_or(letters);
        if let Some(inside) = letters.strip_prefix('[') {
            let (key, behind) = take_bracket(inside, ']')?;
            known = index(schema, known, key.trim())?;
            rest = behind;
        } else {
            let (name, behind) = take_name(letters.strip_prefix('.')?.trim_start())?;
            (known, rest) = match behind.trim_start().strip_prefix('(') {
                Some(inside) => {
                    let (arguments, behind) = take_bracket(inside, ')')?;
                    (call(schema, known, name, arguments)?, behind)
                }
                None => (attribute(schema, known, name)?, behind),
            };
        }
        rest = rest.trim_start();
    }
    Some(known)
}

fn root_type(schema: &'static Schema, name: &str, variable: &dyn Fn(&str) -> Option<Value>) -> Option<Type> {
    if let Some(value) = variable(name) {
        return type_of(&value);
    }
    if let Some((_, interface)) = OBJECTS.iter().find(|(object, _)| *object == name) {
        return Some(Type::one(Kind::Interface(interface)));
    }
    if name == "args" {
        return Some(Type::many(Kind::String));
    }
    let enumeration = schema.enumeration(name).or_else(|| schema.enumeration(name.split_once('_')?.0))?;
    Some(Type::one(Kind::Enum(enumeration.name)))
}

/// The type of a value; a list has the type of its first element.
fn type_of(value: &Value) -> Option<Type> {
    Some(Type::one(match value {
        Value::Bool(_) => Kind::Boolean,
        Value::Int(_) => Kind::LongLong,
        Value::Text(_) => Kind::String,
        Value::Blob(_) => return Some(Type::many(Kind::Octet)),
        Value::Enum(value) => Kind::Enum(value.enumeration.name),
        Value::Object(object) => Kind::Interface(object.interface().name),
        Value::Struct(value) => Kind::Interface(value.interface.name),
        Value::List(values) => {
            let first = type_of(values.first()?)?;
            return (!first.array).then_some(Type { array: true, ..first });
        }
        Value::Null | Value::Float(_) | Value::Map(_) => return None,
    }))
}

fn index(schema: &'static Schema, of: Type, key: &str) -> Option<Type> {
    if of.array {
        return Some(Type::one(of.kind));
    }
    let name = key.strip_prefix('"')?.strip_suffix('"')?;
    attribute(schema, of, name)
}

fn attribute(schema: &'static Schema, of: Type, name: &str) -> Option<Type> {
    if of.array {
        return (name == "len").then_some(Type::one(Kind::LongLong));
    }
    match of.kind {
        Kind::Enum(enumeration) => match name {
            "value" => Some(Type::one(Kind::LongLong)),
            "name" | "type" => Some(Type::one(Kind::String)),
            name => schema.enumeration(enumeration)?.number(name).map(|_| of),
        },
        kind => schema.interface_of(kind)?.attribute(name).map(|attribute| attribute.kind),
    }
}

fn call(schema: &'static Schema, of: Type, name: &str, arguments: &str) -> Option<Type> {
    if of.array {
        return match name {
            "filter" | "drain" | "retain" | "extract" | "dedup" | "splice" => Some(of),
            "find" | "pop" | "shift" | "remove" | "get" => Some(Type::one(of.kind)),
            "len" | "index_of" => Some(Type::one(Kind::LongLong)),
            _ => None,
        };
    }
    let interface = schema.interface_of(of.kind)?;
    if matches!(name, "queryInterface" | "query_interface") {
        let wanted = arguments.trim().trim_matches('"');
        return schema.interface(wanted).map(|interface| Type::one(Kind::Interface(interface.name)));
    }
    interface.method(name)?.single_output()
}

/// Cuts a name off the front.
fn take_name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// What stands before the bracket that closes, and what stands behind it. Texts in between may have
/// brackets of their own.
fn take_bracket(text: &str, close: char) -> Option<(&str, &str)> {
    let mut open = vec![close];
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                if open.pop() != Some(letter) {
                    return None;
                }
                if open.is_empty() {
                    return Some((&text[..at], &text[at + 1..]));
                }
            }
            '"' | '`' => {
                while let Some((_, inner)) = letters.next() {
                    match inner {
                        '\\' if letter == '"' => {
                            letters.next();
                        }
                        inner if inner == letter => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;

    fn of(expression: &str) -> Option<String> {
        let variable = |name: &str| (name == "name").then(|| Value::from("x"));
        static_type(embedded(), expression, &variable).map(|kind| kind.to_string())
    }

    #[test]
    fn chains_have_the_types_that_the_schema_states() {
        for (expression, kind) in [
            ("vbox", "IVirtualBox"),
            ("vbox.", "IVirtualBox"),
            ("vbox.machines", "IMachine[]"),
            ("vbox.machines[0].getNetworkAdapter(0).", "INetworkAdapter"),
            ("vbox . machines [ f(1)[2] ] . get_network_adapter ( 0 )", "INetworkAdapter"),
            ("vbox.findMachine(\"a)b\").state", "MachineState"),
            ("vbox.machines.filter(|m| m.name == \"x\")[0].name", "wstring"),
            ("vbox.machines.find(|m| true)?.memory_size", "unsigned long"),
            ("session.console.display", "IDisplay"),
            ("host.processorCount", "unsigned long"),
            ("vbox[\"host\"]", "IHost"),
            ("MachineState", "MachineState"),
            ("MachineState.Running", "MachineState"),
            ("MachineState_Running.name", "wstring"),
            ("vbox.eventSource.queryInterface(\"IMachine\")", "IMachine"),
            ("name", "wstring"),
            ("args", "wstring[]"),
        ] {
            assert_eq!(of(expression).as_deref(), Some(kind), "{expression}");
        }
        for expression in [
            "",
            "nobody",
            "vbox.nothing",
            "vbox.machines.name",
            "1 + 1",
            "vbox.machines[",
            "vbox.findMachine(",
            "f(x)",
            "-vbox",
        ] {
            assert_eq!(of(expression), None, "{expression}");
        }
    }
}
