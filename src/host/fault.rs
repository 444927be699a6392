//! Failures of the embedded Main API: a result code and a text. Who was called is added by the caller.

use std::fmt;

/// Result of anything in this room.
pub type Outcome<T = ()> = Result<T, Fault>;

/// A call that was refused: what a Main API would report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// Result code.
    pub code: u32,
    /// What failed, and why.
    pub message: String,
    /// The interface of the object that refused, when it is not the one that was called.
    pub interface: Option<&'static str>,
}

/// Result codes by their names in the API.
pub(super) mod code {
    pub(in crate::host) const OBJECT_NOT_FOUND: u32 = 0x80bb_0001;
    pub(in crate::host) const INVALID_VM_STATE: u32 = 0x80bb_0002;
    pub(in crate::host) const VM_ERROR: u32 = 0x80bb_0003;
    pub(in crate::host) const FILE_ERROR: u32 = 0x80bb_0004;
    pub(in crate::host) const IPRT_ERROR: u32 = 0x80bb_0005;
    pub(in crate::host) const PDM_ERROR: u32 = 0x80bb_0006;
    pub(in crate::host) const INVALID_OBJECT_STATE: u32 = 0x80bb_0007;
    pub(in crate::host) const NOT_SUPPORTED: u32 = 0x80bb_0009;
    pub(in crate::host) const OBJECT_IN_USE: u32 = 0x80bb_000c;
    pub(in crate::host) const TIMEOUT: u32 = 0x80bb_0010;
    pub(in crate::host) const MAXIMUM_REACHED: u32 = 0x80bb_000e;
    pub(in crate::host) const GSTCTL_GUEST_ERROR: u32 = 0x80bb_000f;
    pub(in crate::host) const DND_ERROR: u32 = 0x80bb_0011;
    pub(in crate::host) const PLATFORM_ARCH_NOT_SUPPORTED: u32 = 0x80bb_0012;
    pub(in crate::host) const E_NOTIMPL: u32 = 0x8000_4001;
    pub(in crate::host) const E_FAIL: u32 = 0x8000_4005;
    pub(in crate::host) const E_UNEXPECTED: u32 = 0x8000_ffff;
    pub(in crate::host) const E_ACCESSDENIED: u32 = 0x8007_0005;
    pub(in crate::host) const E_INVALIDARG: u32 = 0x8007_0057;
}

impl Fault {
    /// A fault of that code.
    pub fn new(code: u32, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string(), interface: None }
    }

    /// The same, reported by an object of that interface unless another one is named already.
    pub(super) fn by(mut self, interface: &'static str) -> Self {
        self.interface.get_or_insert(interface);
        self
    }

    /// Nothing has that name or id.
    pub(super) fn not_found(message: impl fmt::Display) -> Self {
        Self::new(code::OBJECT_NOT_FOUND, message)
    }

    /// An argument is outside what is valid.
    pub(super) fn argument(message: impl fmt::Display) -> Self {
        Self::new(code::E_INVALIDARG, message)
    }

    /// The embedded host does not have a member yet.
    pub(super) fn not_implemented(member: impl fmt::Display) -> Self {
        Self::new(code::E_NOTIMPL, format!("the embedded host does not have `{member}` yet"))
    }

    /// VirtualBox itself declares a member and refuses it as not implemented.
    pub(super) fn not_in_virtualbox(member: impl fmt::Display) -> Self {
        Self::new(code::E_NOTIMPL, format!("VirtualBox declares `{member}` and does not implement it"))
    }

    /// A file could not be read or written.
    pub(super) fn file(path: &std::path::Path, cause: impl fmt::Display) -> Self {
        Self::new(code::FILE_ERROR, format!("cannot use the file `{}`: {cause}", path.display()))
    }
}
