//! Calls that this room makes by itself: for the root, a session, and what an error says.

use super::call::{self, Failure, Given};
use super::raw::{Pointer, failed};
use super::runtime::{Client, Runtime};
use crate::model::{ApiError, Operation};
use crate::schema::name_of_code;
use std::sync::Arc;

/// Errors behind errors are followed this far.
const DEEPEST: usize = 16;

const E_UNEXPECTED: u32 = 0x8000_ffff;

/// Reads an attribute of the object behind a pointer that is of that interface.
pub(super) fn get(runtime: &Runtime, target: &Pointer, interface: &str, attribute: &str) -> Result<Given, u32> {
    let attribute =
        runtime.schema.interface(interface).and_then(|interface| interface.attribute(attribute)).ok_or(E_UNEXPECTED)?;
    let plan = runtime.plan(Operation::Get(attribute)).map_err(|_| E_UNEXPECTED)?;
    let none = |_: &_, _: &_| Err(crate::model::Error::stale("the object"));
    match call::call(&runtime.api, target, &plan, &[], &none) {
        Ok(values) => values.into_iter().next().ok_or(E_UNEXPECTED),
        Err(Failure::Code(code)) => Err(code),
        Err(Failure::Unsent(_)) => Err(E_UNEXPECTED),
    }
}

fn object(given: Given) -> Result<Arc<Pointer>, u32> {
    match given {
        Given::Object((pointer, _)) => Ok(pointer),
        _ => Err(E_UNEXPECTED),
    }
}

/// The `IVirtualBox` of a client.
pub(super) fn root(runtime: &Runtime, client: &Pointer) -> Result<Arc<Pointer>, u32> {
    object(get(runtime, client, "IVirtualBoxClient", "virtualBox")?)
}

/// A new `ISession`.
pub(super) fn session(runtime: &Runtime, client: &Client) -> Result<Arc<Pointer>, u32> {
    object(get(runtime, &client.client, "IVirtualBoxClient", "session")?)
}

/// Whether the server still does what it is asked.
pub(super) fn server_answers(runtime: &Runtime, client: &Client) -> bool {
    get(runtime, &client.root, "IVirtualBox", "APIRevision").is_ok()
}

/// What the call of this thread that has just failed has left to say.
pub(super) fn error(runtime: &Runtime, code: u32) -> ApiError {
    let mut chain = Vec::new();
    let mut next = exception(runtime);
    while let Some(info) = next.take().filter(|_| chain.len() < DEEPEST) {
        chain.push(one_error(runtime, &info));
        next = get(runtime, &info, "IVirtualBoxErrorInfo", "next").and_then(object).ok();
    }
    let error = chain
        .into_iter()
        .rev()
        .fold(None, |next: Option<Box<ApiError>>, error| Some(Box::new(ApiError { next, ..error })));
    // The code of the call; that of the info may be of something deeper.
    ApiError { code, ..error.map(|error| *error).unwrap_or_default() }
}

fn exception(runtime: &Runtime) -> Option<Arc<Pointer>> {
    let api = runtime.api;
    let mut address = std::ptr::null_mut();
    // SAFETY: the place takes a pointer; this thread takes part.
    let code = unsafe { (api.get_exception)(&raw mut address) };
    if failed(code) {
        return None;
    }
    // SAFETY: a success has stored a pointer with a reference counted for us, or null.
    let exception = unsafe { Pointer::adopt(address, false) }?;
    // SAFETY: takes nothing; this thread takes part.
    unsafe { (api.clear_exception)() };
    let id = runtime.typelib.id("IVirtualBoxErrorInfo")?;
    exception.query(id).ok().map(Arc::new)
}

fn one_error(runtime: &Runtime, info: &Pointer) -> ApiError {
    let text = |name| match get(runtime, info, "IVirtualBoxErrorInfo", name) {
        Ok(Given::Text(text)) => text,
        _ => String::new(),
    };
    let code = get(runtime, info, "IVirtualBoxErrorInfo", "resultCode")
        .ok()
        .and_then(|code| code.as_int())
        .unwrap_or_default();
    // The code is a signed number there; only the bits count.
    ApiError {
        code: code as u32,
        message: text("text"),
        component: text("component"),
        interface: interface_name(runtime, &text("interfaceID")),
        next: None,
    }
}

/// The name of an interface id (with or without braces), or the id itself when none has it.
fn interface_name(runtime: &Runtime, id: &str) -> String {
    let bare = id.trim_matches(['{', '}']).to_ascii_lowercase();
    let known = runtime.schema.interfaces().iter().find(|interface| interface.id == bare);
    known.map_or_else(|| id.to_owned(), |interface| interface.name.to_owned())
}

/// Words for a code that came without any.
pub(super) fn words(code: u32) -> &'static str {
    match code {
        0x8000_4002 => {
            "the object has not the interface that the call is of, or an argument has not the one that is wanted"
        }
        0x8000_4003 => "an argument that must be an object is none",
        0x8007_0057 => "an argument is not valid; a number may stand for no value of its enumeration",
        0x8000_4001 => "it is not implemented",
        0x8000_ffff => "the object is in no state for it",
        _ if name_of_code(code).is_some() => "",
        _ => "VirtualBox gave a code without words",
    }
}
