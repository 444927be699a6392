//! Replies: what an operation gives back, or the fault that it ended in.

use super::fault::{Fault, read_fault};
use super::names::push_name;
use super::scan::{Event, Scanner};
use super::value::{Context, Slot};
use super::{CodecError, operation_name, write};
use crate::model::{Operation, RawValue};
use crate::schema::{Direction, Schema};

/// The server's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The call ran: the return value first, then the outs in order.
    Values(Vec<RawValue>),
    /// It did not, or it failed.
    Fault(Fault),
}

/// Names and types of what comes back, the return value first.
fn outputs(operation: Operation) -> Vec<Slot> {
    match operation {
        Operation::Get(attribute) => vec![("returnval", attribute.kind)],
        Operation::Set(_) => Vec::new(),
        Operation::Call(method) => method
            .outputs()
            .map(|parameter| match parameter.direction {
                Direction::Return => ("returnval", parameter.kind),
                _ => (parameter.name, parameter.kind),
            })
            .collect(),
    }
}

/// Reads the answer to `operation`. `root` is the reference that stands for
/// [`Handle::Root`](crate::model::Handle::Root).
///
/// # Errors
/// Not a SOAP message, or not an answer to this operation.
pub fn decode_reply(
    schema: &'static Schema,
    root: &str,
    operation: Operation,
    body: &str,
) -> Result<Reply, CodecError> {
    let mut scanner = Scanner::new(body)?;
    let (_, name) = enter_body(&mut scanner)?;
    if name == "Fault" {
        let fault = read_fault(&mut scanner)?;
        finish(&mut scanner)?;
        return Ok(Reply::Fault(fault));
    }
    let wanted = operation_name(operation);
    if name.strip_suffix("Response") != Some(wanted.as_str()) {
        return Err(CodecError::new(format_args!(
            "<{}> is no answer to {wanted}",
            name.chars().take(80).collect::<String>()
        )));
    }
    let context = Context { schema, root, as_server: false };
    let values = context.read_children(&mut scanner, &outputs(operation), false)?;
    finish(&mut scanner)?;
    Ok(Reply::Values(values))
}

/// Appends the answer to `operation` as the server writes it.
///
/// # Errors
/// Values that are not what the operation gives.
pub fn encode_reply(
    out: &mut String,
    schema: &'static Schema,
    root: &str,
    operation: Operation,
    values: &[RawValue],
) -> Result<(), CodecError> {
    let context = Context { schema, root, as_server: true };
    let slots = outputs(operation);
    if slots.len() != values.len() {
        return Err(CodecError::new(format_args!("{operation} gives {} values, not {}", slots.len(), values.len())));
    }
    out.push_str(write::OPEN_REPLY);
    out.push_str("<vbox:");
    push_name(out, operation);
    out.push_str("Response>");
    // On the wire the outs stand first, the return value last.
    let is_return = |slot: &Slot| slot.0 == "returnval";
    let pairs = || slots.iter().copied().zip(values);
    for (slot, value) in pairs().filter(|(slot, _)| !is_return(slot)).chain(pairs().filter(|(slot, _)| is_return(slot)))
    {
        context.write(out, slot, value)?;
    }
    out.push_str("</vbox:");
    push_name(out, operation);
    out.push_str("Response>");
    out.push_str(write::CLOSE_REPLY);
    Ok(())
}

/// Moves to the first element of a message's body and gives its prefix and name.
pub(super) fn enter_body<'a>(scanner: &mut Scanner<'a>) -> Result<(&'a str, &'a str), CodecError> {
    let no_message = || CodecError::new("it is no SOAP message");
    match scanner.child()? {
        Some((_, "Envelope")) => {}
        _ => return Err(no_message()),
    }
    loop {
        match scanner.child()? {
            Some((_, "Body")) => break,
            Some(_) => scanner.skip_element()?,
            None => return Err(no_message()),
        }
    }
    scanner.child()?.ok_or_else(no_message)
}

/// Reads the rest of a message: a cut one is none.
pub(super) fn finish(scanner: &mut Scanner<'_>) -> Result<(), CodecError> {
    while scanner.next()? != Event::End {}
    Ok(())
}
