//! `deleteSnapshot`: its disks are merged with those that stand on them, and the tree closes over it.
//!
//! The direction is VirtualBox's: a base takes the disk on it in, another disk goes into the one on it. A forward merge
//! changes no byte that anyone sees, so breaking off in the middle of one leaves every disk as it was.

use super::restore::Leftovers;
use crate::host::arguments::Arguments;
use crate::host::attachments::{attached, medium_of, replace_media};
use crate::host::document::{ElementId, ROOT};
use crate::host::fault::code;
use crate::host::images::{self, Chain, Format, Image, ImageError, work};
use crate::host::media::Medium;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View};
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::PathBuf;
use uuid::Uuid;

/// An image file, as a thread without the state needs it.
#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    format: Format,
}

/// What becomes of one disk of the snapshot.
#[derive(Clone, Debug)]
enum Step {
    /// Nothing: it is only detached.
    Keep,
    /// It goes: nothing stands on it.
    Delete(ElementId),
    /// `source` goes into `target`, which is its child or its parent.
    Merge(Merge),
}

#[derive(Clone, Debug)]
struct Merge {
    source: ElementId,
    target: ElementId,
    /// The target stands on the source.
    forward: bool,
    source_file: File,
    target_file: File,
    /// What stays below the upper one of the two: its ancestors, the base first.
    under: Vec<File>,
    names: (String, String),
}

impl Step {
    fn operation(&self) -> (String, u32) {
        match self {
            Self::Keep => ("Leaving a disk that differencing disks of others need, or that has none".to_owned(), 1),
            Self::Delete(_) => ("Deleting a differencing disk".to_owned(), 1),
            Self::Merge(merge) => {
                let size = merge.source_file.path.metadata().map_or(0, |facts| facts.len()) >> 20;
                let text = format!("Merging medium `{}` to `{}`", merge.names.0, merge.names.1);
                (text, u32::try_from(size).unwrap_or(1).max(1))
            }
        }
    }

    fn run(&self, report: &Reporter) -> Outcome {
        let Self::Merge(merge) = self else { return Ok(()) };
        merge.run(report).map_err(|error| Fault::file(&merge.target_file.path, error))
    }
}

/// An id that may be one of a snapshot. Zeros, which find the first one, are none here.
fn snapshot_id(given: &str) -> Outcome<String> {
    let id = crate::host::machines::parse_id(given).filter(|id| !Uuid::parse_str(id).is_ok_and(|id| id.is_nil()));
    id.ok_or_else(|| Fault::argument(format!("`{given}` is no id of a snapshot")))
}

fn open(file: &File, writable: bool) -> Result<Box<dyn Image>, ImageError> {
    images::open(&file.path, file.format, writable)
}

fn chain(files: &[File]) -> Result<Option<Chain>, ImageError> {
    if files.is_empty() {
        return Ok(None);
    }
    Ok(Some(Chain::new(files.iter().map(|file| open(file, false)).collect::<Result<_, _>>()?)))
}

impl Merge {
    fn run(&self, report: &Reporter) -> Result<(), ImageError> {
        let mut tell = |done: u64, total: u64| report.done(done, total).map_err(|_| ImageError::Cancelled);
        let mut target = open(&self.target_file, true)?;
        let mut source = open(&self.source_file, false)?;
        let size = source.facts().size.max(target.facts().size);
        if target.facts().size < size {
            target.resize(size)?;
        }
        if self.forward {
            let mut under = chain(&self.under)?;
            let mut source = Chain::new(vec![source]);
            return work::merge_up(&mut source, under.as_mut(), target.as_mut(), &mut tell);
        }
        // The target of a backward merge may be a difference itself.
        let mut below = self.under.iter().map(|file| open(file, false)).collect::<Result<Vec<_>, _>>()?;
        source.flush().ok();
        below.push(target);
        work::merge_down(&mut Chain::new(vec![source]), &mut Chain::new(below), &mut tell)
    }
}

impl State {
    pub(in crate::host) fn delete_snapshot(&mut self, view: View, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let online = self.copies.contains_key(&view) && self.running(view).is_some();
        if online {
            self.check_online(view, true)?;
        } else {
            self.check_snapshots(view, "IMachine.deleteSnapshot")?;
        }
        let id = snapshot_id(arguments.text(0))?;
        let element = self.find_snapshot(view, &id)?;
        let snapshot = self.snapshot(element)?;
        let name = snapshot.name.clone();
        if snapshot.children.len() > 1 {
            let message = format!(
                "the snapshot `{name}` has {} snapshots below it; one with more than one cannot be deleted",
                snapshot.children.len()
            );
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if self.machine(view)?.current_snapshot == Some(element) && !snapshot.children.is_empty() {
            let message = format!("the snapshot `{name}` is the current one, and has another below it");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        // The current state hangs on the disks of the current snapshot: it has to be known first.
        if self.machine(view)?.current_snapshot == Some(element) && self.copies.get(&view).is_some_and(|at| at.modified)
        {
            self.save_machine(view)?;
        }
        let before = self.machine(view)?.state;
        // What keeps a disk from being merged ends the work, not the call.
        let (steps, refused) = match self.plan_deletion(element) {
            Ok(steps) => (steps, None),
            Err(fault) => (Vec::new(), Some(Fault { code: code::E_FAIL, ..fault })),
        };
        let mut operations = vec![("Preparing to delete the snapshot".to_owned(), 1)];
        operations.extend(steps.iter().map(Step::operation));
        operations.push(("Saving the settings".to_owned(), 1));
        let job = Job::new(format!("Deleting snapshot `{name}`"), Address::machine(view), "IMachine")
            .operations(operations)
            .not_cancelable();
        match (online, before) {
            (false, _) => self.set_machine_state(view, "DeletingSnapshot")?,
            (true, "Paused") => self.walk(view, "DeletingSnapshotPaused")?,
            (true, _) => self.walk(view, "DeletingSnapshotOnline")?,
        }
        if online {
            // What the machine keeps others from is merged now, by nobody but this.
            self.free_media(view);
        }
        let merges = steps.iter().filter(|step| matches!(step, Step::Merge(_))).count();
        let used = steps.clone();
        let locked = self.lock_steps(&steps);
        let work = move |report: &Reporter| {
            if let Some(fault) = refused {
                return Err(fault);
            }
            for step in &used {
                report.next()?;
                step.run(report)?;
            }
            report.next()
        };
        let close = move |state: &mut Self, result: Outcome| {
            for (medium, before) in locked {
                if let Ok(medium) = state.medium_mut(medium) {
                    (medium.state, medium.writer) = (before, false);
                }
            }
            let result = result.and_then(|()| state.close_snapshot(view, element, &steps));
            if online {
                // Before and after each disk the machine is halted for a moment.
                let halts = if before == "Running" { 2 * merges } else { 0 };
                state.go_on(view, before, halts)?;
            } else {
                state.set_machine_state(view, before)?;
            }
            let (id, leftovers, changed) = result?;
            let machine = state.machine(view)?.id.clone();
            state.fire_machine("OnSnapshotDeleted", &machine, vec![("snapshotId", crate::host::value::text(id))]);
            state.clear(view, leftovers);
            state.forget_merge(view);
            for medium in changed {
                state.tell_medium_changed(medium);
                // Merged while the machine runs, the base counts as changed, too.
                let base = state.base_of(medium);
                if online && base != medium {
                    state.tell_medium_changed(base);
                }
            }
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }

    /// Of more than one snapshot VirtualBox deletes none.
    pub(in crate::host) fn delete_snapshots(
        &mut self,
        view: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<RawValue> {
        self.check_snapshots(view, &format!("IMachine.{name}"))?;
        snapshot_id(arguments.text(0))?;
        if name == "deleteSnapshotRange" {
            snapshot_id(arguments.text(1))?;
            if arguments.text(0) == arguments.text(1) {
                return self.delete_snapshot(view, arguments);
            }
        }
        Err(Fault::new(code::E_NOTIMPL, "only single snapshots can be deleted: `deleteSnapshot`"))
    }

    /// What becomes of each disk of a snapshot.
    fn plan_deletion(&mut self, element: ElementId) -> Outcome<Vec<Step>> {
        let document = self.snapshot(element)?.document.clone();
        let disks = attached(&document).into_iter().filter_map(|attachment| medium_of(&document, attachment));
        let disks: Vec<_> =
            disks.filter(|disk| self.media.get(disk).is_some_and(|known| known.device == "HardDisk")).collect();
        disks.into_iter().map(|disk| self.plan_disk(element, disk)).collect()
    }

    fn plan_disk(&mut self, element: ElementId, disk: ElementId) -> Outcome<Step> {
        let known = self.medium(disk)?.clone();
        let elsewhere = self
            .snapshots
            .all
            .iter()
            .any(|(other, snapshot)| *other != element && super::uses(&snapshot.document, disk));
        if known.kind != "Normal" || elsewhere {
            return Ok(Step::Keep);
        }
        let children = self.children_of(disk);
        let child = match children.as_slice() {
            [] if known.parent.is_none() => return Ok(Step::Keep),
            [] if self.users_of_now(disk) => return Ok(Step::Keep),
            [] => return Ok(Step::Delete(disk)),
            [child] => *child,
            _ => {
                let message = format!(
                    "`{}` has {} differencing disks; with more than one it cannot be merged",
                    known.location.display(),
                    children.len()
                );
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            }
        };
        let machine = self.machine(self.snapshot(element)?.machine)?.id.clone();
        if self.users_of(child).iter().any(|user| *user != machine) {
            if known.parent.is_none() {
                // Another machine stands on it: a linked clone.
                return Ok(Step::Keep);
            }
            let message = format!("`{}` is the parent of a disk of another machine", known.location.display());
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let above = self.medium(child)?.clone();
        if let Some(broken) = [&known, &above].into_iter().find(|medium| medium.unreadable()) {
            return Err(super::unreadable(broken));
        }
        let size = |medium: &Medium| medium.location.metadata().map_or(0, |facts| facts.len());
        let forward = known.parent.is_some() && size(&above) >= size(&known);
        let (source, target) = if forward { (disk, child) } else { (child, disk) };
        let mut under = Vec::new();
        let mut at = known.parent;
        while let Some(parent) = at.filter(|_| under.len() < 1000) {
            under.insert(0, self.image_file(parent)?);
            at = self.medium(parent)?.parent;
        }
        let name = |medium: &Medium| medium.location.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let names = if forward { (name(&known), name(&above)) } else { (name(&above), name(&known)) };
        let (source_file, target_file) = (self.image_file(source)?, self.image_file(target)?);
        Ok(Step::Merge(Merge { source, target, forward, source_file, target_file, under, names }))
    }

    /// Whether a current state has the disk attached.
    pub(in crate::host) fn users_of_now(&self, disk: ElementId) -> bool {
        let machines = self.machines.values().filter_map(|machine| machine.document.as_ref());
        machines.chain(self.copies.values().map(|copy| &copy.document)).any(|document| super::uses(document, disk))
    }

    fn image_file(&self, medium: ElementId) -> Outcome<File> {
        let known = self.medium(medium)?;
        let unknown = || Fault::not_implemented(format!("merging media of the format {}", known.format));
        Ok(File { path: known.location.clone(), format: Format::named(&known.format).ok_or_else(unknown)? })
    }

    /// Nobody else changes the disks meanwhile. Gives the states from before.
    fn lock_steps(&mut self, steps: &[Step]) -> Vec<(ElementId, &'static str)> {
        let mut before = Vec::new();
        for step in steps {
            if let Step::Merge(merge) = step {
                for medium in [merge.source, merge.target] {
                    let Some(known) = self.media.get_mut(&medium) else { continue };
                    before.push((medium, known.state));
                    known.writer = medium == merge.target;
                    if medium == merge.source {
                        known.state = "Deleting";
                    }
                }
            }
        }
        before
    }

    /// The contents are merged: closes the tree over the snapshot and saves. Gives the id of the snapshot, what is left
    /// over, and which media changed. When the settings cannot be saved all is as it was.
    fn close_snapshot(
        &mut self,
        view: View,
        element: ElementId,
        steps: &[Step],
    ) -> Outcome<(String, Leftovers, Vec<ElementId>)> {
        let original = self.machine_of(view);
        let (media, snapshots) = (self.media.clone(), self.snapshots.clone());
        let documents = [view, original].map(|view| self.document(view).cloned());
        let machine = self.machine(view)?;
        let pointers = (machine.first_snapshot, machine.current_snapshot, machine.current_state_modified);
        self.close_tree(view, element, steps).inspect_err(|_| {
            if self.snapshots.all.contains_key(&element) || self.global.get(element).is_some() {
                self.forget_merge(view);
                (self.media, self.snapshots) = (media, snapshots);
                for (view, document) in [view, original].into_iter().zip(documents) {
                    if let (Ok(now), Ok(document)) = (self.document_mut(view), document) {
                        *now = document;
                    }
                }
                if let Ok(machine) = self.machine_mut(view) {
                    (machine.first_snapshot, machine.current_snapshot, machine.current_state_modified) = pointers;
                }
            }
        })
    }

    fn close_tree(
        &mut self,
        view: View,
        element: ElementId,
        steps: &[Step],
    ) -> Outcome<(String, Leftovers, Vec<ElementId>)> {
        let mut leftovers = Leftovers::default();
        let (mut changes, mut renamed) = (Vec::new(), Vec::new());
        let (mut changed, mut parents) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Keep => {}
                Step::Delete(disk) => {
                    changed.extend(self.medium(*disk)?.parent);
                    leftovers.disks.extend(self.media.remove(disk).map(|medium| (*disk, medium)));
                }
                Step::Merge(merge) => {
                    let parent = self.medium(merge.source)?.parent;
                    let heirs: Vec<_> = self.children_of(merge.source);
                    let new_parent = if merge.forward { parent } else { Some(merge.target) };
                    for heir in heirs {
                        self.medium_mut(heir)?.parent = new_parent;
                        parents.push(heir);
                    }
                    if !merge.forward {
                        changes.push((merge.source, merge.target));
                        let id = |at: ElementId| self.medium(at).map(|known| format!("{{{}}}", known.id));
                        renamed.push((id(merge.source)?, id(merge.target)?));
                    }
                    changed.push(merge.target);
                    leftovers.disks.extend(self.media.remove(&merge.source).map(|medium| (merge.source, medium)));
                }
            }
        }
        // The disks that went are those of the current state, of snapshots below, or of the mutable copy.
        let original = self.machine_of(view);
        replace_media(self.document_mut(original)?, &changes);
        replace_media(self.document_mut(view)?, &changes);
        for other in self.snapshots_of(view) {
            if let Some(snapshot) = self.snapshots.all.get_mut(&other) {
                replace_media(&mut snapshot.document, &changes);
                rename_images(&mut snapshot.node, &renamed);
            }
        }
        let snapshot = self.snapshot(element)?;
        let (id, parent) = (snapshot.id.clone(), snapshot.parent);
        let file = snapshot.document.get(ROOT).map_or("", |root| root.text("stateFilePath")).to_owned();
        if !file.is_empty() {
            leftovers.state_file = Some(self.folder_of(view)?.join(file));
        }
        self.unhang_snapshot(element)?;
        let machine = self.machine_mut(view)?;
        if machine.current_snapshot == Some(element) {
            machine.current_snapshot = parent.or(machine.first_snapshot);
            machine.current_state_modified = machine.current_snapshot.is_some();
        }
        let gone: Vec<_> = leftovers.disks.iter().map(|(_, medium)| medium.location.as_path()).collect();
        self.note_merge(view, &parents, &gone)?;
        // The saved settings; those that a session changed stay unsaved.
        self.save_quietly(original)?;
        self.drop_snapshot(element);
        for heir in parents {
            self.write_parent(heir)?;
        }
        Ok((id, leftovers, changed))
    }

    /// Writes into the file of a differencing disk which disk it stands on now.
    pub(super) fn write_parent(&self, medium: ElementId) -> Outcome {
        let known = self.medium(medium)?;
        let file = self.image_file(medium)?;
        let fault = |error: ImageError| Fault::file(&file.path, error);
        let id = Uuid::parse_str(&known.id).unwrap_or_default();
        let parent = match known.parent {
            Some(parent) => {
                let above = self.image_file(parent)?;
                let image = open(&above, false).map_err(fault)?;
                Some((image.facts().id, image.modification(), above.path))
            }
            None => None,
        };
        let mut image = open(&file, true).map_err(fault)?;
        image.set_ids(id, parent.as_ref().map(|(id, ..)| *id)).map_err(fault)?;
        if let Some((_, modification, path)) = parent {
            image.set_parent_modification(modification).map_err(fault)?;
            image.set_parent_path(&path).map_err(fault)?;
        }
        image.flush().map_err(fault)
    }
}

/// Puts other ids in the place of those of the images in an element of the settings file.
fn rename_images(node: &mut XmlNode, renamed: &[(String, String)]) {
    if node.name == "Image" {
        let new = renamed.iter().find(|(old, _)| node.attribute("uuid").is_some_and(|id| id.eq_ignore_ascii_case(old)));
        if let Some((_, new)) = new {
            node.set_attribute("uuid", new);
        }
    }
    node.children.iter_mut().for_each(|child| rename_images(child, renamed));
}
