//! Machines that move: another name at `saveSettings`, another folder by `moveTo`.

use super::fault::code;
use super::files::machine_lock::{self, MachineLock};
use super::machines::{file_stem, safe_name};
use super::media::Registry;
use super::progress::{Job, Reporter};
use super::state::{Address, State, View};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// A file with another name beside it: `a.vbox-prev`.
fn previous(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-prev", file.display()))
}

impl State {
    /// A new name or first group takes the settings file with it, and the folder: when that is named as the file is, and
    /// stands in the folders of the group. To be called before the settings are written.
    ///
    /// # Errors
    /// `E_FAIL`, as in VirtualBox: the name is none for a file, or something is there already. Nothing has changed then.
    pub(super) fn rename_files(&mut self, view: View) -> Outcome {
        let failed = |message: String| Fault::new(code::E_FAIL, message).by("IMachine");
        let name = self.machine_name(view);
        let group = self.groups_of(view).first().cloned().unwrap_or_default();
        let machine = self.machine(view)?;
        let old = machine.settings_file.clone();
        let (folder, stem) = (old.parent().unwrap_or(Path::new("")).to_owned(), file_stem(&old));
        if folder.file_name().is_none_or(|folder| *folder != *stem) {
            return Ok(());
        }
        let saved = machine.tree.as_ref().filter(|_| machine.stamp.is_some());
        let new_folder = match saved {
            // It was never saved: the file is not there yet.
            None if safe_name(&name) == stem => return Ok(()),
            None => folder.with_file_name(&name),
            Some(_) if !old.exists() => return Ok(()),
            Some(tree) => {
                let old_group = tree.value("Machine/Groups/Group@name").unwrap_or("/").to_owned();
                if tree.value("Machine@name") == Some(&name) && old_group == group {
                    return Ok(());
                }
                let parts = |group: &str| PathBuf::from(group.trim_matches('/'));
                let base = folder.parent().filter(|above| above.ends_with(parts(&old_group)));
                let base = base.and_then(|above| above.ancestors().nth(parts(&old_group).components().count()));
                base.map_or(folder.clone(), |base| base.join(parts(&group)).join(&name))
            }
        };
        if name.contains(std::path::is_separator) || matches!(name.as_str(), "." | "..") {
            return Err(failed(format!("cannot rename the machine to `{name}`: no file can be named so")));
        }
        let file = new_folder.join(format!("{name}.vbox"));
        if saved.is_none() {
            self.machine_mut(view)?.settings_file = file;
            return Ok(());
        }
        let moved = |from: &Path, to: &Path| {
            std::fs::rename(from, to).map_err(|error| failed(format!("cannot rename `{}`: {error}", from.display())))
        };
        if new_folder != folder {
            if new_folder.exists() {
                let message = format!("cannot rename the machine to `{name}`: `{}` exists", new_folder.display());
                return Err(failed(message));
            }
            let above = new_folder.parent().unwrap_or(Path::new(""));
            std::fs::create_dir_all(above).map_err(|error| Fault::file(above, error))?;
            moved(&folder, &new_folder)?;
        }
        let now = new_folder.join(old.file_name().unwrap_or_default());
        if let Err(fault) = moved(&now, &file) {
            let _ = std::fs::rename(&new_folder, &folder);
            return Err(fault);
        }
        self.move_media(&folder, &new_folder);
        let _ = std::fs::rename(previous(&now), previous(&file));
        self.machine_mut(view)?.settings_file = file;
        Ok(())
    }

    /// `moveTo`: the machine with all files in its folder, to a folder of its name in `folder`. VirtualBox takes every
    /// word as the way to do it, and has one.
    pub(super) fn move_machine(&mut self, view: View, folder: &str) -> Outcome<RawValue> {
        if self.snapshot_of_view(view).is_some() {
            return Err(Fault::new(code::INVALID_VM_STATE, "the machine of a snapshot cannot be moved"));
        }
        self.check_mutable(view, super::table::When::OffOrSaved)?;
        let original = self.machine_of(view);
        let old = self.folder_of(original)?;
        let base = if folder.is_empty() { old } else { self.home.join(folder) };
        if !base.is_dir() {
            let message = format!("`{}` is no folder; it has to be there", base.display());
            return Err(Fault::new(code::IPRT_ERROR, message));
        }
        if self.copies.contains_key(&view) {
            self.save_machine(view)?;
        }
        let machine = self.machine(original)?;
        if machine.busy() || (machine.holder.is_some() && view == original) {
            return Err(Fault::new(
                code::INVALID_VM_STATE,
                "the machine is locked by a session: move that one's machine",
            ));
        }
        let (old_file, before) = (machine.settings_file.clone(), machine.state);
        let old = old_file.parent().unwrap_or(Path::new("")).to_owned();
        let name = safe_name(&self.machine_name(original));
        let new = base.join(&name);
        // The lock is not copied: it moves with the machine in the end.
        let lock = machine_lock::path(&old_file, &self.machine(original)?.id);
        let mut files = list(&old, &new, &lock);
        files.sort();
        let taken = files.iter().map(|from| new.join(from.strip_prefix(&old).unwrap_or(from))).find(|to| to.exists());
        let mut operations = vec![("Preparing to move the machine".to_owned(), 1)];
        operations.extend(files.iter().map(|file| (format!("Copying `{}`", file.display()), weight(file))));
        operations.push(("Saving the settings".to_owned(), 1));
        let job = Job::new("Moving Machine", Address::machine(view), "IMachine").operations(operations);
        let (from, to, moving) = (old.clone(), new.clone(), files.clone());
        self.machine_mut(original)?.state = "SettingUp";
        let work = move |report: &Reporter| {
            if let Some(taken) = taken {
                return Err(Fault::file(&taken, "it is there already; move it away"));
            }
            let mut made = Vec::new();
            let copied = moving.iter().try_for_each(|file| {
                report.next()?;
                let target = to.join(file.strip_prefix(&from).unwrap_or(file));
                made.push(target.clone());
                super::snapshots::copy_file(file, &target)
            });
            copied.inspect_err(|_| {
                made.iter().for_each(|file| drop(std::fs::remove_file(file)));
                remove_empty(&to);
            })
        };
        let close = move |state: &mut Self, result: Outcome| {
            state.machine_mut(original)?.state = before;
            result?;
            state.keep_moved(view, &old, &new, &files)
        };
        Ok(self.start_job(job, work, close))
    }

    /// The copies are there: the settings say so, then the old files go.
    fn keep_moved(&mut self, view: View, old: &Path, new: &Path, files: &[PathBuf]) -> Outcome {
        let original = self.machine_of(view);
        let old_file = self.machine(original)?.settings_file.clone();
        let new_file = new.join(old_file.strip_prefix(old).unwrap_or(&old_file));
        let places: Vec<_> = self.media.iter().map(|(at, medium)| (*at, medium.location.clone())).collect();
        self.machine_mut(original)?.settings_file = new_file.clone();
        self.machine_mut(original)?.stamp = super::registry::stamp(&new_file);
        self.move_media(old, new);
        let id = self.machine(original)?.id.clone();
        self.move_lock(original, &machine_lock::path(&old_file, &id), &machine_lock::path(&new_file, &id));
        let own = Registry::Machine(id.clone());
        if let Err(fault) = self.save_quietly(original) {
            self.move_lock(original, &machine_lock::path(&new_file, &id), &machine_lock::path(&old_file, &id));
            self.machine_mut(original)?.settings_file = old_file;
            for (at, place) in places {
                self.media.get_mut(&at).into_iter().for_each(|medium| medium.location = place.clone());
            }
            files.iter().for_each(|file| drop(std::fs::remove_file(new.join(file.strip_prefix(old).unwrap_or(file)))));
            return Err(fault);
        }
        let moved: Vec<_> = places
            .into_iter()
            .filter(|(at, place)| self.media.get(at).is_some_and(|medium| medium.location != *place))
            .map(|(at, _)| at)
            .collect();
        // Disks of it that another file remembers, and the other way round.
        if moved.iter().any(|at| self.media.get(at).is_some_and(|medium| medium.registry != own)) {
            for at in &moved {
                self.save_medium(*at)?;
            }
        }
        files.iter().for_each(|file| drop(std::fs::remove_file(file)));
        let _ = std::fs::remove_file(previous(&old_file));
        remove_empty(old);
        self.fire_machine("OnMachineDataChanged", &id, vec![("temporary", RawValue::Bool(false))]);
        moved.into_iter().for_each(|medium| self.tell_medium_changed(medium));
        Ok(())
    }

    /// The file of a held lock goes along; to another file system a new one is taken.
    fn move_lock(&mut self, machine: View, old: &Path, new: &Path) {
        let Ok(known) = self.machine_mut(machine) else { return };
        if known.lock.is_none() || std::fs::rename(old, new).is_ok() {
            return;
        }
        let session = known.holder.map(|holder| self.session_name(holder)).unwrap_or_default();
        let holder = machine_lock::Holder { pid: std::process::id(), session };
        if let (Ok(Some(lock)), Ok(known)) = (MachineLock::take(new, &holder), self.machine_mut(machine))
            && let Some(gone) = known.lock.replace(lock)
        {
            gone.release(old);
        }
    }
}

fn weight(file: &Path) -> u32 {
    let size = file.metadata().map_or(0, |facts| facts.len());
    u32::try_from(size >> 20).unwrap_or(u32::MAX >> 8).max(1)
}

/// All files below a folder, but those below `except`, and but the lock.
fn list(folder: &Path, except: &Path, lock: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && path != except {
            files.extend(list(&path, except, lock));
        } else if kind.is_file() && path != lock {
            files.push(path);
        }
    }
    files
}

/// Removes a folder and those below it, as far as they are empty.
fn remove_empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = std::fs::remove_dir(folder);
}
