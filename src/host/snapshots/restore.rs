//! `restoreSnapshot`: the settings of a snapshot, and new differencing disks on its disks; the current state goes.

use super::SHARED;
use super::differencing::Difference;
use super::take::{Changes, Work};
use crate::host::arguments::Arguments;
use crate::host::attachments::{attached, medium_of, replace_media};
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::media::{Medium, Registry};
use crate::host::progress::Job;
use crate::host::state::{Address, State, View};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// What was before, and goes when the new state is saved.
#[derive(Default)]
pub(super) struct Leftovers {
    /// Disks that no registry has any more.
    pub(super) disks: Vec<(ElementId, Medium)>,
    pub(super) state_file: Option<PathBuf>,
}

impl State {
    pub(in crate::host) fn restore_snapshot(&mut self, view: View, arguments: Arguments<'_>) -> Outcome<RawValue> {
        self.check_snapshots(view, "IMachine.restoreSnapshot")?;
        let element = arguments.object(0).ok_or_else(|| Fault::argument("no snapshot was given"))?.element;
        let snapshot = self.snapshot(element)?;
        if snapshot.machine != self.machine_of(view) {
            return Err(Fault::argument(format!("the snapshot `{}` is of another machine", snapshot.name)));
        }
        let (name, document) = (snapshot.name.clone(), snapshot.document.clone());
        let before = self.machine(view)?.state;
        // Unsaved changes are lost.
        self.delete_implicit(view);
        let saved = self.document(self.machine_of(view))?.clone();
        *self.document_mut(view)? = saved;
        let differences = self.plan_differences(view, &document)?;
        let mut operations = vec![("Restoring the settings of the machine".to_owned(), 1)];
        operations.extend(self.difference_operations(&differences, &document));
        let job = Job::new(format!("Restoring snapshot `{name}`"), Address::machine(view), "IMachine")
            .operations(operations)
            .not_cancelable();
        self.set_machine_state(view, "RestoringSnapshot")?;
        let work = Work { differences: differences.clone(), refused: None };
        let close = move |state: &mut Self, made: Outcome<Vec<u64>>| {
            let result = made.and_then(|sizes| state.keep_restored(view, element, document, &differences, &sizes));
            match result {
                Ok((saved, changes, leftovers)) => {
                    state.set_machine_state(view, if saved { "Saved" } else { "PoweredOff" })?;
                    state.fire_snapshot("OnSnapshotRestored", element)?;
                    state.clear(view, leftovers);
                    state.tell_differences(&changes);
                    Ok(())
                }
                Err(fault) => {
                    differences.iter().for_each(|difference| state.drop_difference(difference));
                    state.set_machine_state(view, before)?;
                    Err(fault)
                }
            }
        };
        Ok(self.start_job(job, move |report| work.run(report), close))
    }

    /// Files are made: puts the settings of the snapshot in place and saves them, or leaves all as it was. Gives whether
    /// the machine has a saved state now.
    fn keep_restored(
        &mut self,
        view: View,
        element: ElementId,
        mut document: Document,
        differences: &[Difference],
        sizes: &[u64],
    ) -> Outcome<(bool, Changes, Leftovers)> {
        let old = self.document(view)?.clone();
        let leftovers = self.leftovers(view, &old)?;
        let changes = self.differences_made(differences, sizes);
        replace_media(&mut document, &changes);
        if let (Some(new), Some(old)) = (document.get_mut(ROOT), old.get(ROOT)) {
            for name in SHARED {
                if let Some(value) = old.value(name) {
                    new.set(name, value.clone());
                }
            }
            new.properties = old.properties.clone();
        }
        let saved = document.get(ROOT).is_some_and(|root| !root.text("stateFilePath").is_empty());
        *self.document_mut(view)? = document;
        let machine = self.machine_mut(view)?;
        let before =
            (machine.current_snapshot, machine.current_state_modified, machine.last_state_change, machine.state);
        (machine.current_snapshot, machine.current_state_modified) = (Some(element), false);
        machine.last_state_change = crate::host::state::now();
        if let Err(fault) = self.save_machine(view).and_then(|()| self.save_registry()) {
            let machine = self.machine_mut(view)?;
            (machine.current_snapshot, machine.current_state_modified, machine.last_state_change, machine.state) =
                before;
            self.media.extend(leftovers.disks);
            *self.document_mut(view)? = old;
            return Err(fault);
        }
        Ok((saved, changes, leftovers))
    }

    /// Takes the differencing disks of the current state that nothing stands on out of the registries.
    fn leftovers(&mut self, view: View, document: &Document) -> Outcome<Leftovers> {
        let disks = attached(document).into_iter().filter_map(|attachment| medium_of(document, attachment));
        let goes = |medium: &ElementId| {
            self.media.get(medium).is_some_and(|known| known.device == "HardDisk" && known.parent.is_some())
                && self.children_of(*medium).is_empty()
        };
        let disks: Vec<_> = disks.filter(goes).collect();
        let file = document.get(ROOT).map_or("", |root| root.text("stateFilePath"));
        let state_file = if file.is_empty() { None } else { Some(self.folder_of(view)?.join(file)) };
        let taken = disks.into_iter().filter_map(|disk| Some((disk, self.media.remove(&disk)?))).collect();
        Ok(Leftovers { disks: taken, state_file })
    }

    /// Deletes the files of what is left over. One that stays harms nobody: nothing refers to it.
    pub(super) fn clear(&mut self, view: View, leftovers: Leftovers) {
        let own = self.machine(view).map(|machine| machine.id.clone()).unwrap_or_default();
        let mut owners: Vec<_> = leftovers.disks.iter().map(|(_, medium)| medium.registry.clone()).collect();
        owners.dedup();
        for owner in owners {
            if let Registry::Machine(owner) = owner
                && owner != own
            {
                let _ = self.save_machine_media(&owner);
            }
        }
        for (element, medium) in leftovers.disks {
            let _ = std::fs::remove_file(&medium.location);
            self.global.remove(element);
            self.fire_medium(&medium.id, medium.device, false);
        }
        if let Some(file) = leftovers.state_file {
            self.delete_state_file(view, &file);
        }
    }

    /// Deletes a file with a saved state, unless a snapshot or the machine still has it.
    pub(in crate::host) fn delete_state_file(&self, view: View, file: &Path) {
        let Ok(folder) = self.folder_of(view) else { return };
        let own =
            self.snapshots_of(view).into_iter().filter_map(|at| self.snapshots.all.get(&at)).map(|at| &at.document);
        let uses = |document: &Document| {
            let known = document.get(ROOT).map_or("", |root| root.text("stateFilePath"));
            !known.is_empty() && folder.join(known) == file
        };
        if !self.document(self.machine_of(view)).into_iter().chain(own).any(uses) {
            let _ = std::fs::remove_file(file);
        }
    }
}
