//! A failure on its way to the user: what failed, the cause, the next thing to type.

use crate::model::{ApiError, Error, ErrorKind};
use std::fmt;

/// Where in a script something went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// File, empty for a line typed at the prompt.
    pub file: String,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Column, from 1; 0 when unknown.
    pub column: usize,
    /// Text of the line, empty when it is not at hand.
    pub source: String,
}

/// A failure of a command, a script or the program.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Class; decides the exit code.
    pub kind: ErrorKind,
    /// What failed and why.
    pub message: String,
    /// The next thing to type.
    pub hint: Option<String>,
    /// Where, when a script failed.
    pub position: Option<Position>,
    /// The functions that led there, innermost first (`in function `f` (line 4)`).
    pub trace: Vec<String>,
    /// What VirtualBox reported, when it did.
    pub api: Option<ApiError>,
    /// Exit code that a script asked for by `exit(n)`; then this is no failure of anything.
    pub exit: Option<i32>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: ErrorKind, message: impl fmt::Display) -> Self {
        Self {
            kind,
            message: message.to_string(),
            hint: None,
            position: None,
            trace: Vec::new(),
            api: None,
            exit: None,
        }
    }

    /// Wrong words.
    pub fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Usage, message).hinted(hint)
    }

    /// A script ends the program by its own will.
    pub fn exit(code: i32) -> Self {
        Self { exit: Some(code), ..Self::new(ErrorKind::Script, format!("exit with {code}")) }
    }

    /// Adds the next thing to type; an empty hint is none.
    #[must_use]
    pub fn hinted(mut self, hint: impl fmt::Display) -> Self {
        let hint = hint.to_string();
        self.hint = (!hint.is_empty()).then_some(hint).or(self.hint);
        self
    }

    /// With what to type next, unless that is known already.
    #[must_use]
    pub fn or_hinted(self, hint: impl fmt::Display) -> Self {
        if self.hint.is_some() { self } else { self.hinted(hint) }
    }

    /// Adds where it happened.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Exit code of the program (DESIGN: 0 done, 1 failed, 2 usage, 3 refused, 4 not found,
    /// 5 connection, 6 script, 124 timed out, 130 interrupted).
    pub fn exit_code(&self) -> i32 {
        if let Some(code) = self.exit {
            return code;
        }
        match self.kind {
            ErrorKind::Failed => 1,
            ErrorKind::Usage => 2,
            ErrorKind::Refused => 3,
            ErrorKind::NotFound => 4,
            ErrorKind::Connection => 5,
            ErrorKind::Script => 6,
            ErrorKind::TimedOut => 124,
            ErrorKind::Interrupted => 130,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            hint: error.hint(),
            position: None,
            trace: Vec::new(),
            api: error.api_error().cloned(),
            exit: None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
