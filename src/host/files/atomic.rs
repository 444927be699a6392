//! Replacing a file so that a crash at any point leaves the old one or the new one, whole.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Puts `bytes` in place of `file`, or makes it. Only the owner may read a new file; an old one keeps its permissions.
pub(in crate::host) fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let temporary = temporary(&file);
    let written = write(&temporary, &file, bytes).and_then(|()| std::fs::rename(&temporary, &file));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written?;
    sync_folder(file.parent());
    Ok(())
}

/// Keeps what is in `file` under the name `previous`, in place of what has that name; cheaper than a copy, because `file`
/// is going to be replaced and not written to.
pub(in crate::host) fn keep(file: &Path, previous: &Path) -> std::io::Result<()> {
    let temporary = temporary(previous);
    // Where there are no hard links it is copied.
    let linked = std::fs::hard_link(file, &temporary).or_else(|_| std::fs::copy(file, &temporary).map(drop));
    let kept = linked.and_then(|()| std::fs::rename(&temporary, previous));
    // Two names of one file: the rename did nothing.
    let _ = std::fs::remove_file(&temporary);
    kept
}

/// A name beside `file` that no other process writes to.
fn temporary(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn write(temporary: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut out = private().create(true).truncate(true).open(temporary)?;
    if let Ok(facts) = file.metadata() {
        out.set_permissions(facts.permissions())?;
    }
    out.write_all(bytes)?;
    out.sync_all()
}

/// Options to make a file that only its owner may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A rename is on disk when its folder is. Where folders cannot be opened (Windows) there is nothing to do.
pub(in crate::host) fn sync_folder(folder: Option<&Path>) {
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let _ = folder.map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        replace(&file, b"one").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
            replace(&file, b"two").unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        }
        replace(&file, b"three").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        assert!(replace(&folder.path().join("none/f"), b"").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("f"), folder.path().join("l"));
        std::fs::write(&file, "one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
    }
}
