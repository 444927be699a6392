//! Paths of a simulated guest: its root is a folder of this computer, and nothing outside it can be reached.

use crate::host::fault::code;
use crate::host::{Fault, Outcome};
use std::path::{Component, Path, PathBuf};

/// Where a path of the guest lies on this computer. A relative one begins at the root, where its sessions stand.
///
/// # Errors
/// It is empty, or a symbolic link in it leads out of the guest.
pub(super) fn on_host(root: &Path, path: &str) -> Outcome<PathBuf> {
    if path.is_empty() {
        return Err(Fault::argument("the path is empty"));
    }
    let mut found = root.to_owned();
    for part in Path::new(path).components() {
        match part {
            // As on every Unix, nothing is above the root.
            Component::ParentDir if found != root => drop(found.pop()),
            Component::Normal(name) => found.push(name),
            _ => {}
        }
    }
    let beginning = found.ancestors().find_map(|part| part.canonicalize().ok());
    let root = root.canonicalize().map_err(|error| Fault::file(root, error))?;
    if beginning.is_some_and(|beginning| beginning.starts_with(&root)) {
        return Ok(found);
    }
    Err(Fault::new(code::IPRT_ERROR, format!("`{path}` leads out of the simulated guest's folder")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_has_no_way_out_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("tmp")).unwrap();
        assert_eq!(on_host(root, "/tmp/../../x"), Ok(root.join("x")));
        assert_eq!(on_host(root, "/tmp/./a/b"), Ok(root.join("tmp/a/b")));
        assert!(on_host(root, "").is_err());
        assert_eq!(on_host(root, "tmp"), Ok(root.join("tmp")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/", root.join("out")).unwrap();
            std::os::unix::fs::symlink("tmp", root.join("in")).unwrap();
            assert!(on_host(root, "/out").is_err() && on_host(root, "/out/etc/passwd").is_err());
            assert_eq!(on_host(root, "/in/a"), Ok(root.join("in/a")));
        }
    }
}
