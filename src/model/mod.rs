//! Values, object references and errors of the Main API, and the rules every language and every
//! backend share: argument checks, conversions, lifetimes, waiting.
//!
//! It drives a [`Transport`] and knows none.

mod api_error;
mod argument;
mod calendar;
mod connection;
mod error;
mod error_fields;
mod event;
mod interrupt;
mod member;
mod object;
mod presence;
mod progress;
mod references;
mod secret;
mod session;
mod transport;
mod value;

pub use api_error::ApiError;
pub use argument::{ArgumentError, convert};
pub use calendar::date;
pub use connection::Connection;
pub use error::{ConnectionProblem, Error, ErrorKind, Result, UsageError};
pub use event::{EventListener, EventTypes};
pub use interrupt::Interrupt;
pub use object::Object;
pub use progress::{ProgressReport, wait_for_progress};
pub use secret::Secret;
pub use session::{SessionGuard, with_session};
pub use transport::{Handle, Operation, RawValue, Request, Transport};
pub use value::{EnumValue, StructValue, Value};
