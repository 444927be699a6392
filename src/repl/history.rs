//! The history file: where it is, who may read it, what goes in.

use super::secrets::holds_secret;
use crate::schema::Schema;
use crate::shell::Commands;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Lines that are kept.
pub(super) const LONGEST: usize = 5000;

/// Longer lines (in bytes) are pasted text, not something to type again.
const LONGEST_LINE: usize = 4096;

/// The history file: in `home`, else in `VBOXSH_HOME`, else in the user's data folder. `None` when
/// the user has none.
pub(super) fn path(home: Option<&Path>) -> Option<PathBuf> {
    let told = home
        .map(Path::to_owned)
        .or_else(|| std::env::var_os("VBOXSH_HOME").filter(|home| !home.is_empty()).map(PathBuf::from));
    let folder = told.or_else(|| Some(directories::ProjectDirs::from("", "", "vboxsh")?.data_dir().to_owned()))?;
    Some(folder.join("history"))
}

/// Makes sure that the file is there and that nobody else can read it, from its first byte on.
///
/// # Errors
/// The folder or the file cannot be made.
pub(super) fn prepare(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    options.open(path)?;
    Ok(())
}

/// Whether a line may be kept.
pub(super) fn keeps(line: &str, commands: &Commands, schema: &'static Schema) -> bool {
    let blank = line.trim().is_empty() || line.starts_with(char::is_whitespace);
    !blank && line.len() <= LONGEST_LINE && !holds_secret(line, commands, schema)
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn the_file_is_its_owners_alone_from_the_start() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/history");
        prepare(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        prepare(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "an open one is closed to others");
    }

    #[test]
    fn a_told_home_wins() {
        assert_eq!(path(Some(Path::new("/tmp/x"))), Some(PathBuf::from("/tmp/x/history")));
    }

    #[test]
    fn blank_and_indented_lines_are_not_kept() {
        let commands = testing::commands();
        let keeps = |line: &str| keeps(line, &commands, crate::schema::embedded());
        assert!(keeps("list"));
        assert!(!keeps(" list"));
        assert!(!keeps(""));
        assert!(!keeps(&"x".repeat(5000)));
        assert!(!keeps("connect --password a"));
    }
}
