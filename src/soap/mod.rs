//! The wire form of the web service: requests, replies and faults, written and read as the schema
//! says, both directions.
//!
//! It works on texts only: no sockets, no HTTP, no knowledge of what a call means. Readers take
//! foreign bytes: they are bounded and answer nonsense with an error, never with a panic.

mod fault;
mod names;
mod reply;
mod request;
mod scan;
mod value;
mod write;

pub use fault::{Fault, encode_fault};
pub use names::operation_name;
pub use reply::{Reply, decode_reply, encode_reply};
pub use request::{IncomingCall, decode_request, encode_request};

use std::fmt;

/// Namespace of every operation element.
pub const NAMESPACE: &str = "http://www.virtualbox.org/";

/// A reply or request larger than this (in bytes) is not read.
pub const LARGEST: usize = 64 << 20;

/// The largest octet array that a request may carry, in bytes: the server's own limit.
pub const LARGEST_BLOB: usize = 1 << 20;

/// A text that is not what the schema says it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(pub(crate) String);

impl CodecError {
    fn new(message: impl fmt::Display) -> Self {
        Self(message.to_string())
    }
}
