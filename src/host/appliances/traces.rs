//! What work has made so far, to be taken away again when it fails.

use crate::host::{Fault, Outcome};
use std::path::{Path, PathBuf};

/// Files and folders that were made, in their order.
#[derive(Debug, Default)]
pub(super) struct Traces {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Traces {
    /// A file is going to be made.
    pub(super) fn file(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    /// Makes a folder, and those above it that are missing.
    pub(super) fn folder(&mut self, path: &Path) -> Outcome {
        let missing = path.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let missing: Vec<_> = missing.map(Path::to_owned).collect();
        std::fs::create_dir_all(path).map_err(|error| Fault::file(path, error))?;
        self.folders.extend(missing.into_iter().rev());
        Ok(())
    }

    /// Removes the files, and the folders as far as nothing else is in them.
    pub(super) fn undo(&self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file);
            // A settings file that was saved twice.
            let _ = std::fs::remove_file(format!("{}-prev", file.display()));
        }
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_goes_and_what_was_there_stays() {
        let home = tempfile::tempdir().unwrap();
        let mut traces = Traces::default();
        traces.folder(&home.path().join("a/b")).unwrap();
        traces.file(&home.path().join("a/b/file"));
        std::fs::write(home.path().join("a/b/file"), "x").unwrap();
        traces.folder(&home.path().join("c")).unwrap();
        std::fs::write(home.path().join("c/other"), "x").unwrap();
        traces.undo();
        assert!(!home.path().join("a").exists() && home.path().join("c/other").exists());
    }
}
