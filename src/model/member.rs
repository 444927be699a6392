//! Access to members by name: look-up, argument checks, waits in slices, dynamic types.

use super::{Error, Interrupt, Object, Operation, RawValue, Result, Value, convert, presence};
use crate::schema::{Interface, Kind, Method, Parameter, did_you_mean};
use std::time::{Duration, Instant};

/// An attribute is asked for that the interface does not have.
pub(super) fn unknown_attribute(interface: &'static Interface, name: &str) -> Error {
    if let Some(method) = interface.method(name) {
        return Error::usage(format!("{}.{} is a method", interface.name, method.name), format!("call it: `{method}`"));
    }
    unknown_member(interface, "attribute", name)
}

/// A method is called that the interface does not have.
pub(super) fn unknown_method(interface: &'static Interface, name: &str) -> Error {
    if let Some(attribute) = interface.attribute(name) {
        return Error::usage(
            format!("{}.{} is an attribute, not a method", interface.name, attribute.name),
            format!("read it without parentheses: `.{}`", attribute.name),
        );
    }
    unknown_member(interface, "method", name)
}

fn unknown_member(interface: &'static Interface, what: &str, name: &str) -> Error {
    let near = interface.suggest(name);
    if let Some(moved) = crate::schema::moved_to(interface, name) {
        return Error::usage(
            format!("{} has no {what} `{name}`", interface.name),
            format!("it is `{}` since VirtualBox {}", moved.place, moved.since),
        );
    }
    let hint =
        if near.is_empty() { format!("`help {}` lists its members", interface.name) } else { did_you_mean(&near) };
    Error::usage(format!("{} has no {what} `{name}`", interface.name), hint)
}

/// Writes an attribute by name.
pub(super) fn write(object: &Object, name: &str, value: Value) -> Result<()> {
    let interface = object.interface();
    let attribute = interface.attribute(name).ok_or_else(|| unknown_attribute(interface, name))?;
    if !attribute.writable {
        return Err(Error::usage(
            format!("{}.{} cannot be written: it is read-only", interface.name, attribute.name),
            setter_hint(interface, attribute.name),
        ));
    }
    let _held = value.objects();
    let value = convert(value, attribute.kind, object.connection()).map_err(|error| {
        Error::usage(format!("{}.{} {}", interface.name, attribute.name, error.message), error.hint)
    })?;
    let operation = Operation::Set(attribute);
    presence::check(operation, std::iter::once((attribute.name, attribute.kind, &value)))?;
    object.connection().carry(object.handle(), operation, &[value], None)?;
    Ok(())
}

/// A read-only attribute may have a method beside it that changes it.
fn setter_hint(interface: &'static Interface, name: &str) -> String {
    let mut letters = name.chars();
    let capital: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    match interface.method(&format!("set{capital}")) {
        Some(method) => format!("`{method}` changes it"),
        None => format!("`help {}` shows what can be written", interface.name),
    }
}

/// Calls a method with loosely typed arguments.
pub(super) fn call(object: &Object, method: &'static Method, arguments: Vec<Value>) -> Result<Vec<Value>> {
    // Only handles are left of them below, and nobody else may hold them.
    let _held: Vec<_> = arguments.iter().flat_map(Value::objects).collect();
    let converted = complete(object, method, arguments)?;
    let named = method.inputs().zip(&converted).map(|(input, value)| (input.name, input.kind, value));
    presence::check(Operation::Call(method), named)?;
    let outputs = match Wait::of(method) {
        Some(wait) => wait.run(object, method, converted)?,
        None => object.connection().carry(object.handle(), Operation::Call(method), &converted, None)?,
    };
    Ok(outputs.into_iter().map(refine).collect())
}

/// Checks the number and types of arguments, and fills in optional trailing ones.
fn complete(object: &Object, method: &'static Method, arguments: Vec<Value>) -> Result<Vec<RawValue>> {
    let (given, wanted) = (arguments.len(), method.inputs().count());
    let wrong_number = || {
        Error::usage(
            format!(
                "{}.{} wants {wanted} argument{}, not {given}",
                method.owner,
                method.name,
                if wanted == 1 { "" } else { "s" }
            ),
            format!("its signature: `{method}`"),
        )
    };
    if given > wanted {
        return Err(wrong_number());
    }
    let mut arguments = arguments.into_iter();
    let mut converted = Vec::with_capacity(wanted);
    for parameter in method.inputs() {
        converted.push(match arguments.next() {
            Some(value) => convert(value, parameter.kind, object.connection()).map_err(|error| {
                let hint = if error.hint.is_empty() { format!("its signature: `{method}`") } else { error.hint };
                Error::usage(format!("{}.{}: `{}` {}", method.owner, method.name, parameter.name, error.message), hint)
            })?,
            None => default(parameter).ok_or_else(wrong_number)?,
        });
    }
    Ok(converted)
}

/// What a missing trailing argument means; numbers, truth values and enums have to be given.
fn default(parameter: &Parameter) -> Option<RawValue> {
    Some(match parameter.kind {
        kind if kind.is_blob() => RawValue::Blob(Vec::new()),
        kind if kind.array => RawValue::List(Vec::new()),
        kind => match kind.kind {
            Kind::String | Kind::Uuid => RawValue::Text(String::new()),
            Kind::AnyObject | Kind::Interface(_) => RawValue::Null,
            _ => return None,
        },
    })
}

/// An object handed out as `IEvent` becomes the interface that its type names.
fn refine(value: Value) -> Value {
    match value {
        Value::Object(object) if object.interface().name == "IEvent" => Value::Object(event(&object)),
        Value::List(values) => Value::List(values.into_iter().map(refine).collect()),
        other => other,
    }
}

fn event(object: &Object) -> Object {
    let interface = match object.get("type") {
        Ok(Value::Enum(kind)) => kind.name().and_then(|name| object.connection().schema().event_interface(name)),
        _ => None,
    };
    interface.map_or_else(|| object.clone(), |interface| object.known_as(interface))
}

/// A method that may block: which argument is its time-out, and how a slice tells that it is over.
struct Wait {
    timeout: usize,
    over: fn(&Object, &[RawValue], &[Value]) -> Result<bool>,
}

impl Wait {
    fn of(method: &Method) -> Option<Self> {
        let over: fn(&Object, &[RawValue], &[Value]) -> Result<bool> = match (method.owner, method.name) {
            ("IEventSource", "getEvent") => |_, _, outputs| Ok(outputs.first().is_some_and(|event| !event.is_null())),
            ("IProgress", "waitForCompletion") => {
                |progress, _, _| Ok(progress.get("completed")?.as_bool() == Some(true))
            }
            ("IProgress", "waitForOperationCompletion") => |progress, arguments, _| {
                let wanted = arguments.first().and_then(RawValue::as_int).unwrap_or_default();
                let done = progress.get("completed")?.as_bool() == Some(true);
                Ok(done || progress.get("operation")?.as_int().is_some_and(|operation| operation > wanted))
            },
            ("IGuestSession" | "IProcess", "waitFor" | "waitForArray") => {
                |_, _, outputs| Ok(!matches!(outputs.first(), Some(Value::Enum(result)) if result.is("Timeout")))
            }
            _ => return None,
        };
        let timeout = method.inputs().position(|parameter| parameter.name.starts_with("timeout"))?;
        Some(Self { timeout, over })
    }

    /// Waits in slices, so that Ctrl-C acts soon. Guest waits count 0 as "for ever", all others -1.
    fn run(&self, object: &Object, method: &'static Method, mut arguments: Vec<RawValue>) -> Result<Vec<Value>> {
        let given = arguments.get(self.timeout).and_then(RawValue::as_int).unwrap_or(-1);
        let for_ever = given < 0 || (given == 0 && method.name.starts_with("waitFor") && method.owner != "IProgress");
        let end = if for_ever { None } else { Instant::now().checked_add(Duration::from_millis(given.unsigned_abs())) };
        let interrupt = Interrupt::global();
        loop {
            interrupt.check()?;
            let left = end.map_or(Interrupt::SLICE, |end| end.saturating_duration_since(Instant::now()));
            let slice = left.min(Interrupt::SLICE);
            let last = end.is_some() && left <= Interrupt::SLICE;
            // Never 0 where 0 means for ever.
            let milliseconds = i64::try_from(slice.as_millis()).unwrap_or(100).max(i64::from(given != 0));
            if let Some(timeout) = arguments.get_mut(self.timeout) {
                *timeout = RawValue::Int(milliseconds);
            }
            let outputs =
                object.connection().carry(object.handle(), Operation::Call(method), &arguments, Some(slice))?;
            if last || (self.over)(object, &arguments, &outputs)? {
                return Ok(outputs);
            }
        }
    }
}

/// The name of an interface id (with or without braces), or the id itself when none has it.
pub(super) fn interface_name(object: &Object, id: &str) -> String {
    let bare = id.trim_matches(['{', '}']).to_ascii_lowercase();
    let known = object.connection().schema().interfaces().iter().find(|interface| interface.id == bare);
    known.map_or_else(|| id.to_owned(), |interface| interface.name.to_owned())
}
