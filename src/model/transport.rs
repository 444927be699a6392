//! What a backend has to offer, and the form in which calls reach it.

use super::{Error, Result, Value};
use crate::schema::{Attribute, Interface, Method, Schema};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A reference to an object, as its backend names it. Opaque to everyone else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Handle {
    /// The one `IVirtualBox`. It stays valid over a new log-on.
    Root,
    /// A number.
    Number(u64),
    /// A text.
    Text(Arc<str>),
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("vbox"),
            Self::Number(number) => write!(f, "#{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// A value whose objects are bare handles, each with the interface under which it was handed out.
pub type RawValue = Value<(Handle, &'static Interface)>;

/// What is done to an object.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// Read an attribute.
    Get(&'static Attribute),
    /// Write an attribute.
    Set(&'static Attribute),
    /// Call a method.
    Call(&'static Method),
}

impl Operation {
    /// Interface that declares the member.
    pub fn owner(&self) -> &'static str {
        match self {
            Self::Get(attribute) | Self::Set(attribute) => attribute.owner,
            Self::Call(method) => method.owner,
        }
    }

    /// Name of the member.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get(attribute) | Self::Set(attribute) => attribute.name,
            Self::Call(method) => method.name,
        }
    }
}

/// `IMachine.name`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.owner(), self.name())
    }
}

/// One call. Arguments are complete and of the types the schema states.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Object to work on.
    pub target: &'a Handle,
    /// What to do.
    pub operation: Operation,
    /// The new value of an attribute, or the inputs of a method.
    pub arguments: &'a [RawValue],
    /// How long the call itself may wait, for the few that do (`getEvent`, `waitForCompletion`).
    pub waits: Option<Duration>,
}

/// A way to reach a Main API. Implementations live in the `backend` room.
pub trait Transport: Send + Sync {
    /// What it is and where, for people: `web service http://127.0.0.1:18083, VirtualBox 7.2.22`.
    fn describe(&self) -> String;

    /// One word: `webservice`, `xpcom` or `embedded`.
    fn name(&self) -> &'static str;

    /// The Main API that the other side has.
    fn schema(&self) -> &'static Schema;

    /// A new `ISession`.
    ///
    /// # Errors
    /// As [`Transport::invoke`].
    fn open_session(&self) -> Result<Handle>;

    /// The `IVirtualBoxClient` through which the way goes.
    ///
    /// # Errors
    /// There is none: only XPCOM has one.
    fn client(&self) -> Result<Handle> {
        Err(Error::Refused {
            what: format!("there is no IVirtualBoxClient over {}: only XPCOM has one", self.name()),
            hint: "`connect xpcom` reaches the VirtualBox of this computer; `vbox` and `session` are there everywhere"
                .to_owned(),
        })
    }

    /// Carries one call. Gives the return value first, then the outs in order; a getter gives one
    /// value, a setter none.
    ///
    /// # Errors
    /// What the other side answered, or why it could not be asked. A call whose fate is unknown is
    /// never sent twice.
    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>>;

    /// The object as `interface`, `None` when it does not have it.
    ///
    /// # Errors
    /// As [`Transport::invoke`].
    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>>;

    /// Gives references up. Called off the calling path; failures do not matter to anyone.
    fn release(&self, handles: &[Handle]);

    /// Takes up the connection anew, with a new log-on.
    ///
    /// # Errors
    /// Why there is no connection.
    fn reconnect(&self) -> Result<()>;

    /// Ends it: logs off, closes. Later calls fail.
    fn close(&self);

    /// How many calls it carries at once with profit.
    fn parallelism(&self) -> usize {
        1
    }

    /// Whether a released reference may still come back in a reply that is under way, so that
    /// releases must not overlap with calls.
    fn releases_need_quiet(&self) -> bool {
        false
    }
}

impl Error {
    /// The object on the other side is unknown to it.
    pub fn stale(what: impl fmt::Display) -> Self {
        Self::Stale {
            what: what.to_string(),
            hint: "it was released, its session ended, or the server started anew; fetch it again from `vbox`".into(),
        }
    }
}
