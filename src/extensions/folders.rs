//! Where extension files are, and whether they can be trusted: whoever can write one of them can run
//! anything as the user.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The homes of VirtualBox: the one that is named, or the usual ones, and that of the embedded host.
fn homes(host: Option<&Path>) -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let named = std::env::var_os("VBOX_USER_HOME").filter(|named| !named.is_empty()).map(PathBuf::from);
    let usual = if cfg!(target_os = "macos") { "Library/VirtualBox" } else { ".config/VirtualBox" };
    let own = named.unwrap_or_else(|| home.join(usual));
    let named = std::env::var_os("VBOXSH_HOME").filter(|named| !named.is_empty()).map(PathBuf::from);
    [own, home.join(".VirtualBox")].into_iter().chain(host.map(Path::to_owned).or(named)).collect()
}

/// The files in the order in which they load, and what to warn of.
pub(super) fn files(host: Option<&Path>) -> (Vec<PathBuf>, Vec<String>) {
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    for home in homes(host) {
        let mut found: Vec<PathBuf> = Vec::new();
        found.extend(Some(home.join("shellext.py")).filter(|file| file.is_file()));
        let folder = home.join("shexts");
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        found.extend(entries.into_iter().filter(|file| file.is_file() && is_extension(file)));
        for file in found {
            let parent = file.parent().unwrap_or(&home).to_owned();
            let open = [&parent, &file].into_iter().find(|path| !trusted(path));
            match open {
                Some(path) => warnings.push(format!(
                    "the extension {0} is not loaded: others can write {1}; `chmod go-w {1}` helps",
                    file.display(),
                    path.display()
                )),
                None if files.contains(&file) => {}
                None => files.push(file),
            }
        }
    }
    (files, warnings)
}

/// `.py`, `.rhai`, or no ending. Files of editors (`x.py~`, `.x.py.swp`) are none.
fn is_extension(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let ending = file.extension().map(|ending| ending.to_string_lossy());
    !name.starts_with('.') && !name.ends_with('~') && ending.is_none_or(|ending| ending == "py" || ending == "rhai")
}

#[cfg(unix)]
fn trusted(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = |path: &Path| path.metadata().ok().as_ref().map(Metadata::uid);
    let user = std::env::var_os("HOME").and_then(|home| owner(Path::new(&home)));
    path.metadata().is_ok_and(|found| found.mode() & 0o022 == 0 && (found.uid() == 0 || Some(found.uid()) == user))
}

#[cfg(not(unix))]
fn trusted(path: &Path) -> bool {
    path.metadata().as_ref().is_ok_and(Metadata::is_file) || path.is_dir()
}
