//! Everything that can go wrong between a script and a Main API, with what to do about it.

use super::ApiError;
use std::fmt;

/// Result of anything that reaches for the Main API.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, typed by who has to act on it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// VirtualBox ran the call and refused it.
    #[error("{operation}: {error}")]
    Api {
        /// What was called (`IVirtualBox.findMachine`).
        operation: String,
        /// What VirtualBox said.
        error: Box<ApiError>,
    },
    /// The call was wrong and never left.
    #[error("{0}")]
    Usage(#[from] UsageError),
    /// There is no way to the server, or the way broke.
    #[error("{0}")]
    Connection(#[from] ConnectionProblem),
    /// The server refuses the user or the password.
    #[error("{0}")]
    LogOn(ConnectionProblem),
    /// The object is gone: released, from an earlier log-on, or of a closed session.
    #[error("{what} is no longer valid")]
    Stale {
        /// The object, as a person would name it.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A wait ran out of time.
    #[error("{what}: not within {} s", (seconds * 10.0).round() / 10.0)]
    TimedOut {
        /// What was waited for.
        what: String,
        /// For how long, in seconds.
        seconds: f64,
    },
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
    /// A part that is needed is missing, or consent is.
    #[error("{what}")]
    Refused {
        /// What was refused and why.
        what: String,
        /// What to do.
        hint: String,
    },
}

/// A call that was refused before anything was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong, with the signature where there is one.
    pub message: String,
    /// What to type instead; empty when there is nothing to suggest.
    pub hint: String,
}

/// Why there is no connection, each kind with its own cure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectionProblem {
    /// What happened, with the address.
    pub message: String,
    /// The cure.
    pub hint: String,
}

/// Classes of failures; each has an exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The operation failed.
    Failed,
    /// Wrong words.
    Usage,
    /// Consent or a needed part is missing.
    Refused,
    /// No such object.
    NotFound,
    /// Connection or log-on.
    Connection,
    /// A script has an error of its own.
    Script,
    /// A wait ran out of time.
    TimedOut,
    /// The user stopped it.
    Interrupted,
}

impl Error {
    /// A usage error with a hint (`""` for none).
    pub fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        UsageError { message: message.to_string(), hint: hint.to_string() }.into()
    }

    /// An error as VirtualBox reports it, made here.
    pub fn api(operation: impl fmt::Display, code: u32, message: impl fmt::Display) -> Self {
        let error = ApiError { code, message: message.to_string(), ..ApiError::default() };
        Self::Api { operation: operation.to_string(), error: error.into() }
    }

    /// Which class it is of.
    pub fn kind(&self) -> ErrorKind {
        match self {
            // VBOX_E_OBJECT_NOT_FOUND
            Self::Api { error, .. } if error.code == 0x80bb_0001 => ErrorKind::NotFound,
            Self::Api { .. } | Self::Stale { .. } => ErrorKind::Failed,
            Self::Usage(_) => ErrorKind::Usage,
            Self::Connection(_) | Self::LogOn(_) => ErrorKind::Connection,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Refused { .. } => ErrorKind::Refused,
        }
    }

    /// What to type next, when there is something to say.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage(UsageError { hint, .. })
            | Self::Connection(ConnectionProblem { hint, .. })
            | Self::LogOn(ConnectionProblem { hint, .. })
            | Self::Stale { hint, .. }
            | Self::Refused { hint, .. } => hint.clone(),
            Self::Api { operation, error } => super::error::api_hint(operation, error.code),
            Self::TimedOut { .. } => "give more time, or look at the object's state".to_owned(),
            Self::Interrupted => String::new(),
        };
        (!hint.is_empty()).then_some(hint)
    }

    /// The error that VirtualBox reported, when it was one.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What usually helps after a result code.
fn api_hint(operation: &str, code: u32) -> String {
    // What failed in the course of an operation has words in place of a member's name.
    let is_member = operation.starts_with('I') && operation.contains('.') && !operation.contains(' ');
    let member = || if is_member { format!("`help {operation}` says what it needs") } else { String::new() };
    match code {
        0x80bb_0001 if operation.contains("findMachine") => "`list` shows the machines there are".to_owned(),
        0x80bb_0001 if operation == "path" => "`get` the list itself to see what is in it; `help paths` says how paths work".to_owned(),
        0x80bb_0001 => member(),
        0x80bb_0002 | 0x80bb_0007 => "`info MACHINE` shows its state and who holds it; settings change inside \
                                      a session (`help sessions`)"
            .to_owned(),
        0x80bb_000b => "lock the machine first; `help sessions` says how".to_owned(),
        // Its text names the file.
        0x80bb_0004 | 0x80bb_0005 | 0x8000_4005 if is_member => member(),
        0x80bb_0004 | 0x80bb_0005 => "see whether the path is right, and may be read and written".to_owned(),
        0x80bb_0009 => "this Main API cannot do that, or not here; `doctor` shows which one answers".to_owned(),
        0x80bb_000c => "something still uses it; detach or unlock that first".to_owned(),
        0x8000_ffff if operation.starts_with("ISession.") => "`help sessions` says how a session locks a machine".to_owned(),
        0x8000_4001 => "this Main API does not offer it; `doctor` shows which one answers".to_owned(),
        0x8007_0057 | 0x8000_4003 => member(),
        0x8007_0005 => {
            "the object is not ready (a machine whose settings cannot be read says why in `accessError`), or another holds \
             it; `info MACHINE` shows the session"
                .to_owned()
        },
        _ => String::new(),
    }
}
