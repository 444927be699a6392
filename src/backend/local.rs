//! The VirtualBox of this computer: where it is installed, and whether it can be reached without its
//! web service.

use crate::model::{Error, Result, Transport};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether this program can talk to a local VirtualBox by itself.
pub const SUPPORTED: bool = cfg!(all(feature = "xpcom", unix, target_pointer_width = "64"));

/// Names of the library that gives access to a local VirtualBox.
const LIBRARIES: [&str; 2] = ["VBoxXPCOMC.so", "VBoxXPCOMC.dylib"];

/// Folders that packages install VirtualBox in: Debian and the like, Oracle's Linux packages, others,
/// macOS, Solaris.
const FOLDERS: [&str; 6] = [
    "/usr/lib/virtualbox",
    "/opt/VirtualBox",
    "/opt/virtualbox",
    "/usr/lib64/virtualbox",
    "/Applications/VirtualBox.app/Contents/MacOS",
    "/opt/VirtualBox/amd64",
];

/// The library by which a local VirtualBox is reached, where it is installed: in the folder that
/// `VBOX_APP_HOME` or `VBOX_PROGRAM_PATH` names, else in a standard one.
pub fn library() -> Option<PathBuf> {
    let told = ["VBOX_APP_HOME", "VBOX_PROGRAM_PATH"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    told.filter(|folder| folder.is_absolute())
        .chain(FOLDERS.into_iter().map(PathBuf::from))
        .find_map(|folder| in_folder(&folder))
}

fn in_folder(folder: &Path) -> Option<PathBuf> {
    LIBRARIES.iter().map(|name| folder.join(name)).find(|file| file.is_file())
}

/// The folders that are looked at, for a message.
pub fn folders() -> impl Iterator<Item = &'static str> {
    FOLDERS.into_iter()
}

/// Reaches the local VirtualBox.
///
/// # Errors
/// None is installed, it is none that this program can talk to, or it does not start.
#[cfg(all(feature = "xpcom", unix, target_pointer_width = "64"))]
pub fn transport() -> Result<Arc<dyn Transport>> {
    super::xpcom::transport()
}

/// Says that a local VirtualBox cannot be reached without its web service.
///
/// # Errors
/// Always.
#[cfg(not(all(feature = "xpcom", unix, target_pointer_width = "64")))]
pub fn transport() -> Result<Arc<dyn Transport>> {
    Err(unsupported())
}

/// States that the running program is vboxsh: where the library of a process has lost its VirtualBox,
/// the program is started once more to go on.
pub fn program_is(program: PathBuf) {
    #[cfg(all(feature = "xpcom", unix, target_pointer_width = "64"))]
    super::xpcom::program_is(program);
    #[cfg(not(all(feature = "xpcom", unix, target_pointer_width = "64")))]
    drop(program);
}

/// Held by a program for as long as it lives: what it drops first when it ends.
#[derive(Debug)]
pub struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        #[cfg(all(feature = "xpcom", unix, target_pointer_width = "64"))]
        super::xpcom::leave();
    }
}

/// Serves the vboxsh that started this one, and ends.
///
/// # Errors
/// Never: it does not return.
#[cfg(all(feature = "xpcom", unix, target_pointer_width = "64"))]
pub fn serve() -> Result<()> {
    super::xpcom::serve()
}

/// Says that there is nothing to serve.
///
/// # Errors
/// Always.
#[cfg(not(all(feature = "xpcom", unix, target_pointer_width = "64")))]
pub fn serve() -> Result<()> {
    Err(unsupported())
}

/// Why there is no way to a local VirtualBox but its web service.
pub fn unsupported() -> Error {
    let what = match cfg!(feature = "xpcom") {
        true => "VirtualBox has no XPCOM on this kind of system",
        false => "this vboxsh was built without XPCOM",
    };
    Error::Refused {
        what: what.to_owned(),
        hint: "start the web service of the local VirtualBox (`vboxwebsrv`) and connect to `http://localhost:18083`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_found_by_its_name_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(in_folder(folder.path()), None);
        std::fs::write(folder.path().join("VBoxXPCOMC.so"), "").unwrap();
        assert_eq!(in_folder(folder.path()), Some(folder.path().join("VBoxXPCOMC.so")));
    }

    #[test]
    fn without_xpcom_the_web_service_is_named() {
        assert!(unsupported().hint().unwrap().contains("vboxwebsrv"));
    }
}
