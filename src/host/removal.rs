//! Machines that go: `unregister` with what it hands back, `deleteConfig` with the files.

use super::arguments::Arguments;
use super::attachments::{attached, medium_of};
use super::document::{Document, ElementId};
use super::fault::code;
use super::media::Registry;
use super::progress::{Job, Reporter};
use super::state::{Address, State, View};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

impl State {
    pub(super) fn unregister(&mut self, view: View, mode: &str) -> Outcome<RawValue> {
        if let Some(snapshot) = self.snapshot_of_view(view) {
            let message =
                format!("this is the machine of the snapshot `{}`; unregister the machine itself", snapshot.name);
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let original = self.machine_of(view);
        let name = self.machine_name(original);
        let machine = self.machine(original)?;
        if !machine.registered {
            return Ok(RawValue::List(Vec::new()));
        }
        if self.is_locked(original) {
            let message = format!("cannot unregister the machine `{name}` while it is locked; end its session first");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let id = machine.id.clone();
        let accessible = machine.access_error.is_none();
        let media = match mode {
            // The file keeps what the object lets go, as in VirtualBox.
            "UnregisterOnly" => self.let_go(original).map(|()| Vec::new())?,
            mode => self.detach_all(original, mode)?,
        };
        if mode != "UnregisterOnly" && accessible {
            self.save_quietly(original)?;
        }
        let machine = self.machine_mut(original)?;
        machine.registered = false;
        machine.modified = true;
        self.save_registry()?;
        if !accessible {
            // Nothing can be done with it any more.
            self.machines.remove(&original);
        }
        self.fire_machine("OnMachineRegistered", &id, vec![("registered", RawValue::Bool(false))]);
        Ok(RawValue::List(media.into_iter().map(|medium| Address::global(medium).value("IMedium")).collect()))
    }

    /// Detaches everything from a machine that is going, its snapshots with it; gives the media that the mode names:
    /// those of the current state, then those of the snapshots, the youngest first.
    fn detach_all(&mut self, view: View, mode: &str) -> Outcome<Vec<ElementId>> {
        let folder = self.folder_of(view)?;
        let mut documents = vec![self.document(view)?.clone()];
        let mut snapshots = self.snapshots_of(view);
        snapshots.reverse();
        for element in &snapshots {
            documents.push(self.snapshot(*element)?.document.clone());
        }
        let mut media: Vec<ElementId> = Vec::new();
        for medium in documents.iter().flat_map(attachments_of) {
            let Ok(known) = self.medium(medium) else { continue };
            let wanted = match mode {
                "Full" => true,
                "DetachAllReturnNone" => false,
                // Removable media only as far as they lie with the machine.
                "DetachAllReturnHardDisksAndVMRemovable" if known.device != "HardDisk" => {
                    known.location.starts_with(&folder)
                }
                _ => known.device == "HardDisk",
            };
            if wanted && !media.contains(&medium) {
                media.push(medium);
            }
        }
        self.let_go(view)?;
        // Its own file will not remember them any more.
        let own = Registry::Machine(self.machine(view)?.id.clone());
        for medium in self.media.values_mut().filter(|medium| medium.registry == own) {
            medium.registry = Registry::Global;
        }
        Ok(media)
    }

    /// Takes all media and snapshots from a machine; nothing is saved or deleted.
    fn let_go(&mut self, view: View) -> Outcome {
        let snapshots = self.snapshots_of(view);
        let document = self.document_mut(view)?;
        for attachment in attached(document) {
            document.remove(attachment);
        }
        for element in snapshots {
            self.drop_snapshot(element);
        }
        let machine = self.machine_mut(view)?;
        (machine.first_snapshot, machine.current_snapshot, machine.current_state_modified) = (None, None, false);
        Ok(())
    }

    pub(super) fn delete_config(&mut self, view: View, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let machine = self.machine(view)?;
        if machine.registered {
            let message = "the settings of a registered machine cannot be deleted: `unregister` it first";
            return Err(Fault::new(code::INVALID_VM_STATE, message));
        }
        if machine.busy() {
            return Err(Fault::new(code::INVALID_VM_STATE, "the machine is changing its state"));
        }
        let (before, file) = (machine.state, machine.settings_file.clone());
        let mut media: Vec<_> = arguments.list(0).iter().filter_map(Address::of).map(|at| at.element).collect();
        media.dedup();
        // A disk goes before the one that it stands on; else in the order given.
        let level = |state: &Self, medium: ElementId| {
            std::iter::successors(Some(medium), |at| state.media.get(at).and_then(|known| known.parent))
                .take(1000)
                .count()
        };
        let place = |medium: &ElementId| media.iter().position(|known| known == medium);
        let parent = |medium: &ElementId| self.media.get(medium).and_then(|known| known.parent);
        if media
            .iter()
            .enumerate()
            .any(|(at, medium)| parent(medium).and_then(|up| place(&up)).is_some_and(|up| up < at))
        {
            media.sort_by_key(|medium| std::cmp::Reverse(level(self, *medium)));
        }
        let mut files = Vec::new();
        for medium in &media {
            // One that is still used elsewhere stays, silently, as in VirtualBox.
            if let Ok(known) = self.medium(*medium).cloned()
                && self.users_of(*medium).is_empty()
                && self.children_of(*medium).iter().all(|child| media.contains(child))
            {
                files.push((*medium, known.location));
            }
        }
        let mut operations = vec![("Preparing to delete the files".to_owned(), 1)];
        operations.extend(files.iter().map(|(_, path)| (format!("Deleting `{}`", path.display()), 1)));
        operations.push((format!("Deleting `{}`", file.display()), 1));
        operations.push(("Cleaning up the folder of the machine".to_owned(), 1));
        let name = self.machine_name(view);
        let job = Job::new(format!("Deleting the files of the machine `{name}`"), Address::machine(view), "IMachine")
            .operations(operations);
        self.set_machine_state(view, "SettingUp")?;
        let state_file = self.element(Address::machine(view))?.text("stateFilePath").to_owned();
        let snapshot_folder = self.snapshot_folder(view)?;
        let removed = files.clone();
        let work = move |report: &Reporter| {
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            for (_, path) in &removed {
                report.next()?;
                remove(path)?;
            }
            report.next()?;
            if !state_file.is_empty() {
                remove(&folder.join(&state_file))?;
            }
            remove(&file)?;
            remove(&PathBuf::from(format!("{}-prev", file.display())))?;
            remove(&file.with_extension("nvram"))?;
            report.next()?;
            for log in ["VBox.log", "VBox.log.1", "VBox.log.2", "VBox.log.3"] {
                remove(&folder.join("Logs").join(log))?;
            }
            for part in [folder.join("Logs"), snapshot_folder, folder] {
                // Only empty folders go.
                let _ = std::fs::remove_dir(part);
            }
            Ok(())
        };
        let close = move |state: &mut Self, result: Outcome| {
            // Whatever stopped it: a file that is gone is no medium.
            for (medium, path) in files {
                if !path.exists() {
                    state.tell_medium(medium, false);
                    state.media.remove(&medium);
                    state.global.remove(medium);
                }
            }
            state.save_registry()?;
            let machine = state.machine_mut(view)?;
            machine.modified = true;
            state.set_machine_state(view, before)?;
            result
        };
        Ok(self.start_job(job, work, close))
    }
}

fn attachments_of(document: &Document) -> Vec<ElementId> {
    attached(document).into_iter().filter_map(|attachment| medium_of(document, attachment)).collect()
}

fn remove(path: &Path) -> Outcome {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::file(path, error)),
        _ => Ok(()),
    }
}
