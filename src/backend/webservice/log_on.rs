//! The web session: log-on, what the server is, re-log-on after it timed out, log-off.

use super::fault::fault_text;
use super::pool::{NoReply, Pool};
use super::{ConnectOptions, Inner, LOG_OFF, Manner, Patience, SchemaChoice, Session, carry, problem};
use crate::backend::schema_cache;
use crate::model::{ConnectionProblem, Error, Handle, Operation, RawValue, Request, Result};
use crate::schema::embedded;
use crate::soap::{Fault, Reply, decode_reply, encode_request};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// What the root of a session said about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Revival {
    /// The session lives.
    Lives,
    /// It had ended, and there is a new one.
    Renewed,
}

/// An operation that works on no object. All releases have these alike.
pub(super) fn global_operation(name: &str) -> Result<Operation> {
    own_method("IWebsessionManager", name)
}

/// A method that this room calls by itself, as the embedded schema has it: the server's own may not be
/// known yet, and none of these has ever changed.
pub(super) fn own_method(interface: &str, name: &str) -> Result<Operation> {
    let method = embedded().interface(interface).and_then(|interface| interface.method(name));
    method.map(Operation::Call).ok_or_else(|| damaged(interface, name))
}

/// An attribute that this room reads by itself.
pub(super) fn own_attribute(interface: &str, name: &str) -> Result<Operation> {
    let attribute = embedded().interface(interface).and_then(|interface| interface.attribute(name));
    attribute.map(Operation::Get).ok_or_else(|| damaged(interface, name))
}

fn damaged(interface: &str, name: &str) -> Error {
    Error::usage(format!("the embedded schema has no {interface}.{name}"), "this build is damaged")
}

/// The `IVirtualBox` as an argument.
pub(super) fn root_argument() -> Result<RawValue> {
    let interface = embedded().interface("IVirtualBox").ok_or_else(|| damaged("IVirtualBox", "version"))?;
    Ok(RawValue::Object((Handle::Root, interface)))
}

/// Logs on and learns what the server is.
pub(super) fn open(pool: &Pool, options: &ConnectOptions) -> Result<Session> {
    let manner = Manner { patience: Patience { silence: pool.limits().reply, interruptible: true }, repeatable: true };
    let root = log_on(pool, options, manner)?;
    let read = |name| -> Result<String> {
        let request = Request {
            target: &Handle::Root,
            operation: own_attribute("IVirtualBox", name)?,
            arguments: &[],
            waits: None,
        };
        match carry(pool, embedded(), &root, &request, manner)? {
            Reply::Values(values) => Ok(match values.into_iter().next() {
                Some(RawValue::Text(text)) => text,
                Some(RawValue::Int(number)) => number.to_string(),
                _ => String::new(),
            }),
            Reply::Fault(fault) => Err(problem::not_virtualbox(pool.address(), fault_text(&fault)).into()),
        }
    };
    let version = read("version")?;
    let bare = bare_version(&version);
    if !is_version(bare) && options.schema == SchemaChoice::Automatic {
        return Err(problem::version_unknown(pool.address(), &version).into());
    }
    let schema = if options.schema == SchemaChoice::Automatic && bare == embedded().version().full {
        embedded()
    } else {
        let revision = read("revision")?.parse().unwrap_or_default();
        let mut fetch = || fetch_wsdl(pool, manner.patience);
        schema_cache::schema_for(bare, &read("APIVersion")?, revision, &mut fetch)?
    };
    Ok(Session { root, schema, version: version.into() })
}

/// The version without what a packager put behind it. What marks a test release stays: its API differs.
fn bare_version(version: &str) -> &str {
    let version = version.trim();
    match version.split_once(['_', '-', 'r', '~', '+']) {
        Some((_, suffix)) if ["ALPHA", "BETA", "RC"].iter().any(|mark| suffix.starts_with(mark)) => version,
        Some((bare, _)) => bare,
        None => version,
    }
}

fn is_version(version: &str) -> bool {
    let digits = version.split(['_', '-']).next().unwrap_or_default();
    let mut parts = digits.split('.');
    let numbers = parts.clone().count();
    numbers >= 2 && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The reference of the `IVirtualBox` of a new web session.
fn log_on(pool: &Pool, options: &ConnectOptions, manner: Manner) -> Result<Arc<str>> {
    let operation = global_operation("logon")?;
    let address = pool.address();
    let arguments = [RawValue::Text(options.user.clone()), RawValue::Text(options.password.expose().to_owned())];
    let mut body = String::with_capacity(512);
    let request = Request { target: &Handle::Root, operation, arguments: &arguments, waits: None };
    encode_request(&mut body, embedded(), "", &request)?;
    let response = pool.post(&body, manner.patience, true).map_err(|no_reply| match no_reply {
        NoReply::Unconnected(Error::Connection(found)) => Error::from(tell_scheme(pool, found)),
        NoReply::Unconnected(error) => error,
        NoReply::Broken(failure) => {
            if pool.speaks_the_other() {
                return scheme_problem(pool).into();
            }
            match (&failure.cause, failure.silent) {
                (super::http::Cause::Garbage(what), _) => problem::not_virtualbox(address, what).into(),
                _ => problem::broken(address, "log-on", &failure, true),
            }
        }
    })?;
    let stranger = || {
        let server = if response.server.is_empty() { "of unknown make" } else { &response.server };
        Error::from(problem::not_virtualbox(
            address,
            format_args!("HTTP status {} from a server {server}", response.status),
        ))
    };
    let text = String::from_utf8_lossy(&response.body);
    match decode_reply(embedded(), "", operation, &text) {
        Ok(Reply::Values(values)) => match values.into_iter().next() {
            Some(RawValue::Object((Handle::Text(root), _))) => Ok(root),
            _ => Err(Error::LogOn(problem::log_on_refused(address, &options.user))),
        },
        Ok(Reply::Fault(Fault::Bare)) => Err(Error::LogOn(problem::log_on_refused(address, &options.user))),
        Ok(Reply::Fault(Fault::Runtime { code, text, .. })) => {
            Err(Error::api("log-on", code, super::fault::bare_text(&text)))
        }
        Ok(Reply::Fault(fault)) => Err(problem::not_virtualbox(address, fault_text(&fault)).into()),
        Err(_) => Err(stranger()),
    }
}

/// After a failed handshake: whether the server speaks without TLS.
fn tell_scheme(pool: &Pool, found: ConnectionProblem) -> ConnectionProblem {
    if pool.address().tls && pool.speaks_the_other() { scheme_problem(pool) } else { found }
}

fn scheme_problem(pool: &Pool) -> ConnectionProblem {
    let address = pool.address();
    if address.tls { problem::speaks_plain(address) } else { problem::speaks_tls(address) }
}

fn fetch_wsdl(pool: &Pool, patience: Patience) -> Result<String> {
    let response = pool.get_wsdl(patience).map_err(|no_reply| match no_reply {
        NoReply::Unconnected(error) => error,
        NoReply::Broken(failure) => problem::broken(pool.address(), "reading the WSDL", &failure, true),
    })?;
    let text = String::from_utf8_lossy(&response.body).into_owned();
    match response.status {
        200 => Ok(text),
        status => {
            Err(problem::not_virtualbox(pool.address(), format_args!("HTTP status {status} for its WSDL")).into())
        }
    }
}

impl Inner {
    /// Finds out whether the session that `root` stands for lives, and logs on anew when it does not.
    /// One thread does it; the others wait and find it done.
    pub(super) fn revive(&self, root: &Arc<str>) -> Result<Revival> {
        let _one = self.revival.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_open()?;
        let session = self.session();
        if session.root != *root {
            return Ok(Revival::Renewed);
        }
        match self.ask_root(&session, self.own_manner())? {
            Reply::Values(_) => Ok(Revival::Lives),
            Reply::Fault(Fault::InvalidObject { .. }) => {
                self.set_session(open(&self.pool, &self.options)?);
                self.litter.lock().unwrap_or_else(PoisonError::into_inner).clear();
                Ok(Revival::Renewed)
            }
            Reply::Fault(_) => Err(problem::server_died(self.pool.address()).into()),
        }
    }

    /// A small question to the root, which also counts as use of the session.
    pub(super) fn ask_root(&self, session: &Session, manner: Manner) -> Result<Reply> {
        let operation = own_attribute("IVirtualBox", "APIRevision")?;
        self.carry(session, &Request { target: &Handle::Root, operation, arguments: &[], waits: None }, manner)
    }

    /// Ends the session on the server, as far as that is quickly done.
    pub(super) fn log_off(&self) {
        let patience = Patience { silence: LOG_OFF, interruptible: false };
        if let (Ok(operation), Ok(root)) = (global_operation("logoff"), root_argument()) {
            let request = Request { target: &Handle::Root, operation, arguments: &[root], waits: None };
            // The server forgets the session by itself some time.
            let _ = self.carry(&self.session(), &request, Manner { patience, repeatable: true });
        }
    }

    /// Logs off and closes, once.
    pub(super) fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        *self.keep_alive.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.log_off();
        self.pool.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packagers_suffix_is_no_other_version() {
        assert_eq!(bare_version("7.2.22_Debian"), "7.2.22");
        assert_eq!(bare_version("7.2.22r175245"), "7.2.22");
        assert_eq!(bare_version("7.2.22"), "7.2.22");
        assert_eq!(bare_version("7.3.0_BETA1"), "7.3.0_BETA1");
        assert!(is_version("7.2.22") && is_version("7.3.0_BETA1") && !is_version("nginx") && !is_version(""));
    }
}
