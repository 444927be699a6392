//! What a merge of disks has still to do after the settings are saved, kept in a file: a process that is killed in
//! between leaves it, and whoever reads the machine next finishes the work.
//!
//! A line is `parent CHILD PARENT` (ids: that disk stands on that one) or `gone FILE`. A line that does not agree with
//! the settings is of work that never came to be, and counts for nothing.

use crate::host::document::ElementId;
use crate::host::files::{atomic, merge_file};
use crate::host::state::{State, View};
use crate::host::{Fault, Outcome};
use std::path::{Path, PathBuf};

impl State {
    fn merge_file(&self, view: View) -> Outcome<PathBuf> {
        let machine = self.machine(view)?;
        Ok(merge_file(&machine.settings_file, &machine.id))
    }

    /// Notes what is to be done once the settings are saved.
    pub(super) fn note_merge(&self, view: View, heirs: &[ElementId], gone: &[&Path]) -> Outcome {
        let mut lines = String::new();
        for heir in heirs {
            let child = self.medium(*heir)?;
            let parent =
                child.parent.and_then(|parent| self.media.get(&parent)).map_or("-", |parent| parent.id.as_str());
            lines += &format!("parent {} {parent}\n", child.id);
        }
        for file in gone {
            lines += &format!("gone {}\n", file.display());
        }
        let file = self.merge_file(view)?;
        atomic::replace(&file, lines.as_bytes()).map_err(|error| Fault::file(&file, error))
    }

    /// All is done.
    pub(super) fn forget_merge(&self, view: View) {
        if let Ok(file) = self.merge_file(view) {
            let _ = std::fs::remove_file(file);
        }
    }

    /// Finishes what a killed process left. Cheap when there is nothing.
    pub(in crate::host) fn finish_merge(&mut self, view: View) {
        let Ok(file) = self.merge_file(view) else { return };
        let Ok(lines) = std::fs::read_to_string(&file) else { return };
        for line in lines.lines() {
            if let Some(path) = line.strip_prefix("gone ") {
                if !self.media.values().any(|medium| medium.location == Path::new(path)) {
                    let _ = std::fs::remove_file(path);
                }
            } else if let Some((child, parent)) = line.strip_prefix("parent ").and_then(|pair| pair.split_once(' ')) {
                let Some(heir) = self.medium_by_id(child) else { continue };
                let above = self.media.get(&heir).and_then(|medium| medium.parent);
                let known = above.and_then(|above| self.media.get(&above)).map_or("-", |above| above.id.as_str());
                if known == parent {
                    // Its own state tells when this fails.
                    let _ = self.write_parent(heir);
                }
            }
        }
        let _ = std::fs::remove_file(file);
    }
}
