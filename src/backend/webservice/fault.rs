//! What a fault means to the one who made the call.

use super::log_on::{Revival, own_attribute, own_method};
use super::{Inner, Session, problem};
use crate::model::{ApiError, Error, Handle, Operation, RawValue, Request, Result};
use crate::schema::Kind;
use crate::soap::{Fault, Reply};

/// Errors behind errors are followed this far.
const DEEPEST: usize = 16;

const E_NOINTERFACE: u32 = 0x8000_4002;
const E_ABORT: u32 = 0x8000_4004;
const E_FAIL: u32 = 0x8000_4005;
const E_INVALIDARG: u32 = 0x8007_0057;

/// The words of a fault, for a message.
pub(super) fn fault_text(fault: &Fault) -> String {
    match fault {
        Fault::Runtime { text, .. } | Fault::InvalidObject { text, .. } | Fault::Request { text } => bare_text(text),
        Fault::Bare => "a fault without words".to_owned(),
    }
}

/// The server's text without the code that it puts before and behind it.
pub(super) fn bare_text(text: &str) -> String {
    let rest = text.strip_prefix("VirtualBox error: ").unwrap_or(text);
    let rest = match rest.strip_prefix("apirc=") {
        Some(behind) => behind.split_once(' ').map_or("", |(_, rest)| rest),
        None => rest,
    };
    let trimmed = rest.trim();
    match trimmed.rsplit_once("(0x") {
        Some((before, code)) if code.len() == 9 && code.ends_with(')') => before.trim_end().to_owned(),
        _ => trimmed.to_owned(),
    }
}

impl Inner {
    /// Turns a fault into the error it stands for; or, when the session had ended and the call did not
    /// run, makes the call again with the new one.
    pub(super) fn answer_fault(&self, fault: Fault, session: &Session, request: &Request<'_>) -> Result<Vec<RawValue>> {
        let operation = request.operation;
        match fault {
            Fault::Runtime { code, info, text } => Err(self.runtime_error(session, operation, code, info, &text)),
            Fault::InvalidObject { id, .. } => self.answer_invalid(&id, session, request),
            Fault::Request { text } if text.contains("not implemented") => Err(Error::Refused {
                what: format!("this server has no {operation}"),
                hint: "`VBOXSH_SCHEMA=wsdl vboxsh` reads what the server really offers".to_owned(),
            }),
            Fault::Request { text } => Err(Error::api(operation, E_INVALIDARG, bare_text(&text))),
            Fault::Bare => Err(Error::api(operation, E_FAIL, "the server gave no reason")),
        }
    }

    /// The error that a call ended in, with all that the server tells about it.
    fn runtime_error(
        &self,
        session: &Session,
        operation: Operation,
        code: u32,
        info: Option<String>,
        text: &str,
    ) -> Error {
        if code == E_ABORT && info.is_none() && !self.root_answers(session) {
            return problem::server_died(self.pool.address()).into();
        }
        let mut chain = Vec::new();
        let mut litter = Vec::new();
        let mut next = info.map(|info| Handle::Text(info.into()));
        while let Some(handle) = next.take().filter(|_| chain.len() < DEEPEST) {
            let (error, behind) = self.error_info(session, &handle);
            litter.push(handle);
            chain.extend(error);
            next = behind;
        }
        litter.extend(next);
        self.litter(litter);
        let error = chain
            .into_iter()
            .rev()
            .fold(None, |next: Option<Box<ApiError>>, error| Some(Box::new(ApiError { next, ..error })));
        let mut error = error.unwrap_or_default();
        // The fault's own code is what the call gave; the info's may be of something deeper.
        error.code = code;
        if error.message.is_empty() {
            error.message = bare_text(text);
        }
        Error::Api { operation: operation.to_string(), error }
    }

    /// Whether VBoxSVC still does what it is asked.
    fn root_answers(&self, session: &Session) -> bool {
        !matches!(self.ask_root(session, self.own_manner()), Ok(Reply::Fault(Fault::Runtime { code: E_ABORT, .. })))
    }

    /// One error info, and the reference of the one behind it.
    fn error_info(&self, session: &Session, info: &Handle) -> (Option<ApiError>, Option<Handle>) {
        let read = |name| {
            let operation = own_attribute("IVirtualBoxErrorInfo", name).ok()?;
            let request = Request { target: info, operation, arguments: &[], waits: None };
            match self.carry(session, &request, self.own_manner()) {
                Ok(Reply::Values(values)) => values.into_iter().next(),
                _ => None,
            }
        };
        let text = |name| match read(name) {
            Some(RawValue::Text(text)) => Some(text),
            _ => None,
        };
        // Without the first there will be no other.
        let Some(message) = text("text") else { return (None, None) };
        let code = read("resultCode").and_then(|value| value.as_int()).unwrap_or_default();
        let id = text("interfaceID").unwrap_or_default();
        let error = ApiError {
            // The code travels as a signed 32-bit number; only the bits count.
            code: code as u32,
            message,
            component: text("component").unwrap_or_default(),
            interface: interface_name(session, &id),
            next: None,
        };
        let behind = match read("next") {
            Some(RawValue::Object((handle, _))) => Some(handle),
            _ => None,
        };
        (Some(error), behind)
    }

    /// A reference is unknown, of the object or of an argument; or it has not the interface.
    fn answer_invalid(&self, id: &str, session: &Session, request: &Request<'_>) -> Result<Vec<RawValue>> {
        if id.is_empty() && gives_one_structure(session, request.operation) {
            // That is how the server says that there is no such structure.
            return Ok(vec![RawValue::Null]);
        }
        match self.revive(&session.root)? {
            Revival::Lives => Err(self.invalid(id, session, request)),
            Revival::Renewed if only_root(request) => {
                // It did not run: its object was unknown.
                let session = self.session();
                match self.carry(&session, request, self.manner(request))? {
                    Reply::Values(values) => super::unknown::name_objects(self, &session, request.operation, values),
                    Reply::Fault(Fault::Runtime { code, info, text }) => {
                        Err(self.runtime_error(&session, request.operation, code, info, &text))
                    }
                    Reply::Fault(fault) => Err(Error::api(request.operation, E_FAIL, fault_text(&fault))),
                }
            }
            Revival::Renewed => Err(session_timed_out(request)),
        }
    }

    /// The session lives: is the reference dead, or the interface missing?
    fn invalid(&self, id: &str, session: &Session, request: &Request<'_>) -> Error {
        let operation = request.operation;
        let place = |handle: &Handle| matches!(handle, Handle::Text(text) if **text == *id);
        let is_target = place(request.target);
        let argument =
            argument_names(operation).into_iter().zip(request.arguments).find(|(_, value)| mentions(value, &place));
        let what = match argument {
            Some((name, _)) if !is_target => format!("`{name}` of {operation}"),
            _ => format!("the object of {operation}"),
        };
        match self.interface_name(session, &Handle::Text(id.into())) {
            Ok(Some(name)) => {
                let wanted = match (&what, is_target) {
                    (_, true) => operation.owner().to_owned(),
                    _ => "the interface that the call wants".to_owned(),
                };
                Error::api(operation, E_NOINTERFACE, format!("{what} was handed out as {name} and has not {wanted}"))
            }
            _ => Error::stale(what),
        }
    }

    /// The interface under which an object was first handed out; `None` when the reference is dead.
    pub(super) fn interface_name(&self, session: &Session, handle: &Handle) -> Result<Option<String>> {
        let operation = own_method("IManagedObjectRef", "getInterfaceName")?;
        let request = Request { target: handle, operation, arguments: &[], waits: None };
        match self.carry(session, &request, self.own_manner())? {
            Reply::Values(values) => Ok(match values.into_iter().next() {
                Some(RawValue::Text(name)) if !name.is_empty() => Some(name),
                _ => None,
            }),
            Reply::Fault(_) => Ok(None),
        }
    }
}

/// An object from before a log-on that came behind the user's back.
pub(super) fn session_timed_out(request: &Request<'_>) -> Error {
    Error::Stale {
        what: format!("the object of {}", request.operation),
        hint: "the web session had timed out, and a new one was opened: fetch the object again from `vbox` \
               (`vboxwebsrv --timeout 0` on the server turns the time-out off)"
            .to_owned(),
    }
}

/// Whether a call works on nothing but the root, which a new session has as well.
fn only_root(request: &Request<'_>) -> bool {
    let other = |handle: &Handle| *handle != Handle::Root;
    !other(request.target) && !request.arguments.iter().any(|value| mentions(value, &other))
}

/// Whether a value has an object of that kind in it.
fn mentions(value: &RawValue, kind: &dyn Fn(&Handle) -> bool) -> bool {
    match value {
        RawValue::Object((handle, _)) => kind(handle),
        RawValue::List(values) => values.iter().any(|value| mentions(value, kind)),
        _ => false,
    }
}

fn argument_names(operation: Operation) -> Vec<&'static str> {
    match operation {
        Operation::Get(_) => Vec::new(),
        Operation::Set(attribute) => vec![attribute.name],
        Operation::Call(method) => method.inputs().map(|parameter| parameter.name).collect(),
    }
}

fn gives_one_structure(session: &Session, operation: Operation) -> bool {
    let kind = match operation {
        Operation::Get(attribute) => Some(attribute.kind),
        Operation::Set(_) => None,
        Operation::Call(method) => method.single_output(),
    };
    kind.is_some_and(|kind| {
        !kind.array
            && matches!(kind.kind, Kind::Interface(_))
            && session.schema.interface_of(kind.kind).is_some_and(|interface| interface.is_struct())
    })
}

/// The name of an interface id (with or without braces), or the id itself when none has it.
fn interface_name(session: &Session, id: &str) -> String {
    let bare = id.trim_matches(['{', '}']).to_ascii_lowercase();
    let known = session.schema.interfaces().iter().find(|interface| interface.id == bare);
    known.map_or_else(|| id.to_owned(), |interface| interface.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_decoration_goes() {
        assert_eq!(
            bare_text("VirtualBox error: apirc=0x80bb0001 Could not find 'nope' (0x80bb0001)"),
            "Could not find 'nope'"
        );
        assert_eq!(bare_text("VirtualBox error: apirc=0x80070057"), "");
        assert_eq!(bare_text("Validation constraint violation"), "Validation constraint violation");
    }
}
