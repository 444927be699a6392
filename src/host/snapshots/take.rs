//! `takeSnapshot`: the settings as they are, and a differencing disk for every hard disk that can have one.

use super::Snapshot;
use super::differencing::Difference;
use crate::host::arguments::Arguments;
use crate::host::attachments::{attached, medium_of, replace_media, settle};
use crate::host::document::{Document, ElementId, ROOT};
use crate::host::fault::code;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, now};
use crate::host::table::When;
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome, machines};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// Disks and the differencing disks that take their places.
pub(super) type Changes = Vec<(ElementId, ElementId)>;

/// What the thread has to do: make the disks.
pub(super) struct Work {
    pub(super) differences: Vec<Difference>,
    /// Why there is nothing to begin with.
    pub(super) refused: Option<Fault>,
}

impl Work {
    /// Makes all files, or none. Gives the size of each disk.
    pub(super) fn run(&self, report: &Reporter) -> Outcome<Vec<u64>> {
        let result = match &self.refused {
            Some(fault) => Err(fault.clone()),
            None => self.make(report),
        };
        if result.is_err() {
            self.undo();
        }
        result
    }

    fn make(&self, report: &Reporter) -> Outcome<Vec<u64>> {
        let mut sizes = Vec::new();
        for difference in &self.differences {
            report.next()?;
            sizes.push(difference.make()?);
        }
        Ok(sizes)
    }

    fn undo(&self) {
        self.differences.iter().for_each(Difference::unmake);
    }
}

/// Copies a file so that an incomplete copy never has its name.
pub(in crate::host) fn copy_file(from: &Path, to: &Path) -> Outcome {
    let folder = to.parent().unwrap_or(Path::new(""));
    let temporary = to.with_extension("part");
    let copied = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(from, &temporary))
        .and_then(|_| std::fs::rename(&temporary, to));
    copied.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        Fault::file(to, error)
    })
}

impl State {
    /// Whether a snapshot may be taken, restored or deleted now through that view.
    pub(super) fn check_snapshots(&self, view: View, method: &str) -> Outcome {
        if !self.copies.contains_key(&view) {
            let message = format!("{method} works on the machine of a session that holds its lock only");
            return Err(Fault::new(code::E_NOTIMPL, message));
        }
        let machine = self.machine(view)?;
        if machine.busy() {
            let message = format!("the machine is changing its state: it is {}", machine.state);
            return Err(Fault::new(code::INVALID_VM_STATE, message));
        }
        self.check_mutable(view, When::OffOrSaved)
    }

    pub(in crate::host) fn set_machine_state(&mut self, view: View, state: &'static str) -> Outcome {
        let machine = self.machine_mut(view)?;
        machine.state = state;
        let id = machine.id.clone();
        self.fire_machine("OnMachineStateChanged", &id, vec![("state", enumerated("MachineState", state))]);
        Ok(())
    }

    /// Makes a differencing disk for every hard disk of a document that can have one.
    pub(super) fn plan_differences(&mut self, view: View, document: &Document) -> Outcome<Vec<Difference>> {
        let mut planned: Vec<Difference> = Vec::new();
        for attachment in attached(document) {
            let Some(medium) = medium_of(document, attachment) else { continue };
            let known = self.medium(medium)?;
            if known.device != "HardDisk" || matches!(known.kind, "Writethrough" | "Shareable" | "Readonly") {
                continue;
            }
            match self.plan_difference(view, medium) {
                Ok(difference) => planned.push(difference),
                Err(fault) => {
                    planned.iter().for_each(|difference| self.drop_difference(difference));
                    return Err(fault);
                }
            }
        }
        Ok(planned)
    }

    /// The operations of a progress that makes differencing disks: one for every hard disk, as VirtualBox counts them.
    pub(super) fn difference_operations(&self, differences: &[Difference], document: &Document) -> Vec<(String, u32)> {
        let one =
            |difference: &Difference| format!("Creating differencing hard disk for `{}`", difference.base_name(self));
        let disks = attached(document).into_iter().filter_map(|attachment| document.get(attachment));
        let disks = disks.filter(|element| element.name("type") == "HardDisk").count();
        let skipped = disks.saturating_sub(differences.len());
        let skipped = std::iter::repeat_n("Skipping a disk that snapshots leave alone".to_owned(), skipped);
        skipped.chain(differences.iter().map(one)).map(|text| (text, 1)).collect()
    }

    /// The planned disks have their files.
    pub(super) fn differences_made(&mut self, differences: &[Difference], sizes: &[u64]) -> Changes {
        let mut changes = Vec::new();
        for (difference, size) in differences.iter().zip(sizes) {
            if self.difference_made(difference, *size).is_ok() {
                changes.push((difference.parent, difference.medium));
            }
        }
        changes
    }

    /// Fires that disks came into being, and their parents changed.
    pub(super) fn tell_differences(&mut self, changes: &[(ElementId, ElementId)]) {
        for (_, disk) in changes {
            self.tell_medium(*disk, true);
        }
        for (parent, _) in changes {
            self.tell_medium_changed(*parent);
        }
    }

    pub(in crate::host) fn tell_medium_changed(&mut self, medium: ElementId) {
        self.fire("OnMediumConfigChanged", vec![("medium", Address::global(medium).value("IMedium"))]);
    }

    pub(in crate::host) fn take_snapshot(
        &mut self,
        view: View,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let online = self.copies.contains_key(&view) && self.running(view).is_some();
        if online {
            self.check_online(view, arguments.flag(2))?;
        } else {
            self.check_snapshots(view, "IMachine.takeSnapshot")?;
        }
        if !online && !arguments.flag(2) {
            let message = "without a pause only of a machine that runs: pass `true` for `pause`";
            return Err(Fault::new(code::INVALID_VM_STATE, message));
        }
        let machine = self.machine(view)?;
        let (before, parent) = (machine.state, machine.current_snapshot);
        let depth =
            std::iter::successors(parent, |at| self.snapshots.all.get(at).and_then(|known| known.parent)).count();
        if depth >= 250 {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "a machine has at most 250 snapshots in a row"));
        }
        let mut document = self.document(view)?.clone();
        settle(&mut document);
        let snapshot = Snapshot {
            id: machines::new_id(),
            name: arguments.text(0).to_owned(),
            description: arguments.text(1).to_owned(),
            time: now(),
            machine: self.machine_of(view),
            parent,
            document,
            ..Snapshot::default()
        };
        let id = snapshot.id.clone();
        let mut snapshot = snapshot;
        let state_file = if online { Some(self.keep_state(view, &mut snapshot.document)?) } else { None };
        let differences = self.plan_differences(view, &snapshot.document)?;
        let mut operations = vec![("Setting up the snapshot".to_owned(), 1)];
        operations.extend(self.difference_operations(&differences, &snapshot.document));
        operations.push(("Saving the settings".to_owned(), 1));
        let job = Job::new("Taking a snapshot of the virtual machine", Address::machine(view), "IMachine")
            .operations(operations)
            .not_cancelable();
        match (online, arguments.flag(2)) {
            (false, _) => self.set_machine_state(view, "Snapshotting")?,
            (true, true) => self.walk(view, "OnlineSnapshotting")?,
            (true, false) => {
                self.walk(view, "LiveSnapshotting")?;
                self.walk(view, "OnlineSnapshotting")?;
            }
        }
        let work = Work { differences: differences.clone(), refused: self.unreadable(&differences) };
        let close = move |state: &mut Self, made: Outcome<Vec<u64>>| {
            let result = made.and_then(|sizes| state.keep_snapshot(view, snapshot, &differences, &sizes));
            let told = match online {
                true => state.go_on(view, before, usize::from(before == "Running")),
                false => state.set_machine_state(view, before),
            };
            if let (Err(_), Some(file)) = (&result, &state_file) {
                let _ = std::fs::remove_file(file);
            }
            match result {
                Ok((element, changes)) => {
                    told?;
                    state.fire_snapshot("OnSnapshotTaken", element)?;
                    state.tell_differences(&changes);
                    Ok(())
                }
                Err(fault) => {
                    differences.iter().for_each(|difference| state.drop_difference(difference));
                    Err(fault)
                }
            }
        };
        let progress = self.start_job(job, move |report| work.run(report), close);
        Ok(Some(vec![progress, text(id)]))
    }

    /// Why no differencing disks can be made: one of the disks is known to be unreadable.
    fn unreadable(&self, differences: &[Difference]) -> Option<Fault> {
        let parents = differences.iter().filter_map(|difference| self.media.get(&difference.parent));
        let mut broken = parents.filter(|medium| medium.unreadable());
        broken.next().map(super::unreadable)
    }

    /// Whether a snapshot of a machine that runs may be taken or deleted now.
    pub(super) fn check_online(&self, view: View, pause: bool) -> Outcome {
        match self.machine(view)?.state {
            "Running" => Ok(()),
            "Paused" if pause => Ok(()),
            state => {
                let message = format!("a snapshot cannot be taken or deleted now: the state of the machine is {state}");
                let message = if pause { message } else { message + "; without a pause it must be Running" };
                Err(Fault::new(code::INVALID_VM_STATE, message))
            }
        }
    }

    /// Writes the state of a machine that runs for the snapshot of these settings.
    fn keep_state(&self, view: View, document: &mut Document) -> Outcome<PathBuf> {
        let file = self.write_state_file(self.machine_of(view))?;
        let named = self.below(view, &file)?;
        document.get_mut(ROOT).into_iter().for_each(|root| root.set("stateFilePath", text(named.as_str())));
        Ok(file)
    }

    /// A machine goes on after work on its snapshots, for which it was halted that many times.
    pub(super) fn go_on(&mut self, view: View, before: &'static str, halts: usize) -> Outcome {
        let original = self.machine_of(view);
        self.mark_media_anew(original);
        for _ in 0..halts {
            self.count_resume(original)?;
        }
        self.walk(original, before)
    }

    /// A path as it stands in the settings file of a machine.
    pub(in crate::host) fn below(&self, view: View, path: &Path) -> Outcome<String> {
        let folder = self.folder_of(view)?;
        Ok(path.strip_prefix(&folder).unwrap_or(path).to_string_lossy().into_owned())
    }

    /// Files are made: takes the snapshot into the tree and the settings file, or leaves all as it was.
    fn keep_snapshot(
        &mut self,
        view: View,
        mut snapshot: Snapshot,
        differences: &[Difference],
        sizes: &[u64],
    ) -> Outcome<(ElementId, Changes)> {
        let original = self.machine_of(view);
        let old = self.document(view)?.clone();
        let changes = self.differences_made(differences, sizes);
        let document = self.document_mut(view)?;
        replace_media(document, &changes);
        settle(document);
        let tree = self.machine(view)?.tree.clone().unwrap_or_default();
        let os_type = self.element(Address::machine(original))?.text("OSTypeId").to_owned();
        let empty = Default::default();
        snapshot.node = self.new_snapshot_node(&snapshot, tree.child("Machine").unwrap_or(&empty), &os_type);
        let parent = snapshot.parent;
        let element = self.add_snapshot(snapshot);
        let machine = self.machine_mut(view)?;
        // A machine that runs goes on.
        let modified = std::mem::replace(&mut machine.current_state_modified, machine.running.is_some());
        machine.current_snapshot = Some(element);
        if let Err(fault) = self.save_machine(view) {
            self.unhang_snapshot(element)?;
            self.drop_snapshot(element);
            let machine = self.machine_mut(view)?;
            (machine.current_snapshot, machine.current_state_modified) = (parent, modified);
            *self.document_mut(view)? = old;
            return Err(fault);
        }
        let id = self.machine(view)?.id.clone();
        self.fire_machine("OnMachineDataChanged", &id, vec![("temporary", RawValue::Bool(false))]);
        Ok((element, changes))
    }

    /// Takes a snapshot out of the tree, but keeps its object; those below it hang on its parent then.
    pub(super) fn unhang_snapshot(&mut self, element: ElementId) -> Outcome {
        let snapshot = self.snapshot(element)?;
        let (parent, children, machine) = (snapshot.parent, snapshot.children.clone(), snapshot.machine);
        for child in &children {
            if let Some(child) = self.snapshots.all.get_mut(child) {
                child.parent = parent;
            }
        }
        match parent.and_then(|parent| self.snapshots.all.get_mut(&parent)) {
            Some(parent) => {
                parent.children.retain(|child| *child != element);
                parent.children.extend(children);
            }
            None => self.machine_mut(machine)?.first_snapshot = children.first().copied(),
        }
        // Its document no longer counts for what is attached.
        if let Some(snapshot) = self.snapshots.all.remove(&element) {
            self.snapshots.views.remove(&snapshot.view);
        }
        Ok(())
    }
}
