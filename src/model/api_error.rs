//! An error that VirtualBox itself reported.

use crate::schema::name_of_code;
use std::fmt;

/// What a failed call left: the code, the text and where it came from, and the errors behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// Result code, unsigned (`0x80bb0001`).
    pub code: u32,
    /// Text of the error, without the code. Empty when VirtualBox gave none.
    pub message: String,
    /// Component that failed (`VirtualBoxWrap`, `MachineWrap`, ...).
    pub component: String,
    /// Interface that failed: its name when the id is a known one, else the id.
    pub interface: String,
    /// The error behind this one.
    pub next: Option<Box<ApiError>>,
}

impl ApiError {
    /// Name of the code, or the code itself in hexadecimal when no release has a name for it.
    pub fn name(&self) -> String {
        name_of_code(self.code).map_or_else(|| format!("0x{:08x}", self.code), str::to_owned)
    }

    /// This error and all behind it.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        // Bounded: the chain comes from outside.
        std::iter::successors(Some(self), |error| error.next.as_deref()).take(32)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.message.is_empty() { "no text was given" } else { self.message.trim_end() };
        write!(f, "{text} ({}", self.name())?;
        if name_of_code(self.code).is_some() {
            write!(f, ", 0x{:08x}", self.code)?;
        }
        for origin in [&self.component, &self.interface] {
            if !origin.is_empty() {
                write!(f, ", {origin}")?;
            }
        }
        f.write_str(")")?;
        match &self.next {
            Some(next) => write!(f, "\n  because: {next}"),
            None => Ok(()),
        }
    }
}
