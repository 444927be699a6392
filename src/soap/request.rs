//! Requests: one operation with its arguments.

use super::names::{find_operation, push_name};
use super::scan::Scanner;
use super::value::{Context, Slot};
use super::{CodecError, write};
use crate::model::{Handle, Operation, RawValue, Request, UsageError};
use crate::schema::{Kind, Mapping, Schema, Type};

/// Names and types of what a caller gives.
fn inputs(operation: Operation) -> Vec<Slot> {
    match operation {
        Operation::Get(_) => Vec::new(),
        // The value's element is named like the attribute.
        Operation::Set(attribute) => vec![(attribute.name, attribute.kind)],
        Operation::Call(method) => method.inputs().map(|parameter| (parameter.name, parameter.kind)).collect(),
    }
}

/// Whether the operation works on no object.
fn is_global(schema: &'static Schema, operation: Operation) -> bool {
    schema.interface(operation.owner()).is_some_and(|interface| interface.mapping == Mapping::Global)
}

/// Appends the message for a call. `root` is the reference that stands for [`Handle::Root`].
///
/// # Errors
/// An argument that no message can carry; it names the member and the argument.
pub fn encode_request(
    out: &mut String,
    schema: &'static Schema,
    root: &str,
    request: &Request<'_>,
) -> Result<(), UsageError> {
    let operation = request.operation;
    let context = Context { schema, root, as_server: false };
    out.push_str(write::OPEN_REQUEST);
    out.push_str("<v:");
    let name = out.len();
    push_name(out, operation);
    let name = name..out.len();
    out.push('>');
    if !is_global(schema, operation) {
        write::open(out, "_this");
        context.write_handle(out, request.target).map_err(|error| UsageError {
            message: format!("{operation}: the object {error}"),
            hint: "fetch it again from `vbox`".to_owned(),
        })?;
        write::close(out, "_this");
    }
    let slots = inputs(operation);
    if slots.len() != request.arguments.len() {
        return Err(UsageError {
            message: format!("{operation} wants {} arguments, not {}", slots.len(), request.arguments.len()),
            hint: format!("`help {operation}` shows its signature"),
        });
    }
    for (slot, value) in slots.into_iter().zip(request.arguments) {
        context.write(out, slot, value).map_err(|error| UsageError {
            message: format!("{operation}: `{}` {error}", slot.0),
            hint: format!("`help {operation}` shows its signature"),
        })?;
    }
    out.push_str("</v:");
    out.extend_from_within(name);
    out.push('>');
    out.push_str(write::CLOSE_REQUEST);
    Ok(())
}

/// A request, as the side that answers it sees it.
#[derive(Clone, Debug)]
pub struct IncomingCall {
    /// The object; `None` for an operation that works on none.
    pub target: Option<Handle>,
    /// What is asked.
    pub operation: Operation,
    /// Arguments in the order of the API.
    pub arguments: Vec<RawValue>,
}

/// Reads a request. Stricter than the real server, which takes a misspelt argument for a missing one.
///
/// # Errors
/// Not a request, an unknown operation, or arguments that are not what the schema says.
pub fn decode_request(schema: &'static Schema, root: &str, body: &str) -> Result<IncomingCall, CodecError> {
    let context = Context { schema, root, as_server: true };
    let mut scanner = Scanner::new(body)?;
    let (_, name) = super::reply::enter_body(&mut scanner)?;
    let operation = find_operation(schema, name).ok_or_else(|| {
        CodecError::new(format_args!("`{}` is no operation", name.chars().take(80).collect::<String>()))
    })?;
    let mut slots = inputs(operation);
    let global = is_global(schema, operation);
    if !global {
        slots.insert(0, ("_this", Type::one(Kind::String)));
    }
    let mut arguments = context.read_children(&mut scanner, &slots, true)?;
    let target = (!global).then(|| match arguments.remove(0) {
        RawValue::Text(text) if text == root => Handle::Root,
        RawValue::Text(text) => Handle::Text(text.as_str().into()),
        _ => Handle::Text("".into()),
    });
    super::reply::finish(&mut scanner)?;
    Ok(IncomingCall { target, operation, arguments })
}
