//! Merging differencing images into their parents or children.

use super::super::document::ElementId;
use super::super::fault::code;
use super::super::images::{self, Chain, Format, ImageError, work};
use super::super::progress::{Job, Reporter};
use super::super::state::{Address, State};
use super::super::{Fault, Outcome};
use super::create::delete_files;
use super::{Files, image_fault, telling};
use crate::model::RawValue;
use std::path::PathBuf;
use uuid::Uuid;

/// A merge that has been checked, with its media locked. See [`State::begin_merge`].
#[derive(Clone, Debug)]
pub(in crate::host) struct Merge {
    /// All media from the base to the end of the merge, as files.
    chain: Files,
    /// Where in the chain the lower and the upper end of the merge are.
    low: usize,
    high: usize,
    /// Away from the base: the target is the upper end.
    forward: bool,
    /// Those that go: the source, and what is between it and the target.
    going: Vec<ElementId>,
    source: ElementId,
    target: ElementId,
    /// The parents below both, locked for reading.
    below: Vec<ElementId>,
    /// Children of the source that go to the target (towards the base), as files with their ids.
    children: Vec<(ElementId, PathBuf, Format, Uuid)>,
}

impl Merge {
    /// Merges, and deletes the files of what is merged. May run on a thread without the state. Until the content is
    /// complete a failure, or a cancellation, changes nothing that any medium of the chain reads.
    ///
    /// # Errors
    /// A file cannot be read or written; `report` gave one.
    pub(in crate::host) fn run(&self, report: &mut work::Report<'_>) -> Outcome {
        let (path, format) = self.chain.get(if self.forward { self.high } else { self.low })?;
        let failed = |error: ImageError| image_fault(&path, &error);
        if self.forward {
            let mut target = images::open(&path, format, true).map_err(failed)?;
            let mut middle = self.chain.part(self.low, self.high)?;
            let mut under = (self.low > 0).then(|| self.chain.part(0, self.low)).transpose()?;
            work::merge_up(&mut middle, under.as_mut(), target.as_mut(), report).map_err(failed)?;
            let id = target.facts().id;
            adopt(target.as_mut(), id, self.low.checked_sub(1).map(|at| self.chain.get(at)).transpose()?)
                .map_err(failed)?;
        } else {
            let mut upper = self.chain.part(self.low + 1, self.high + 1)?;
            let wanted = upper.size();
            let mut target = images::open(&path, format, true).map_err(failed)?;
            if target.facts().size < wanted {
                target.resize(wanted).map_err(failed)?;
            }
            let under = (self.low > 0).then(|| self.chain.part(0, self.low)).transpose()?;
            let mut lower = Chain::new(vec![target]);
            if let Some(under) = under {
                lower = under.with(lower);
            }
            work::merge_down(&mut upper, &mut lower, report).map_err(failed)?;
            drop(lower);
            for (_, child, kind, id) in &self.children {
                let failed = |error: ImageError| image_fault(child, &error);
                let mut image = images::open(child, *kind, true).map_err(failed)?;
                adopt(image.as_mut(), *id, Some((path.clone(), format))).map_err(failed)?;
            }
        }
        let range = if self.forward { self.low..self.high } else { self.low + 1..self.high + 1 };
        for at in range {
            let (path, format) = self.chain.get(at)?;
            // An image that cannot be opened any more has its main file at least.
            delete_files(&images::open(&path, format, false).map_or_else(|_| vec![path], |image| image.files()))?;
        }
        Ok(())
    }
}

/// Writes into an image who its parent is now; none: it is a base.
fn adopt(image: &mut dyn images::Image, id: Uuid, parent: Option<(PathBuf, Format)>) -> images::Result {
    let known = match &parent {
        Some((path, format)) => {
            let parent = images::open(path, *format, false)?;
            Some((parent.facts().id, parent.modification()))
        }
        None => None,
    };
    image.set_ids(id, known.map(|(id, _)| id))?;
    if let (Some((path, _)), Some((_, modification))) = (&parent, known) {
        image.set_parent_path(path)?;
        image.set_parent_modification(modification)?;
    }
    image.flush()
}

impl State {
    /// Checks that `source` can be merged into `target`, which is an ancestor or a descendant of it, and locks all
    /// media; [`Merge::run`] then does it, without the state, and [`State::end_merge`] must be called in the end,
    /// however it went. With `attached`, media that go may be attached: whoever asks puts the target in their place.
    ///
    /// # Errors
    /// The media are not in one line, a medium that goes has other children or is attached, one is immutable or locked.
    pub(in crate::host) fn begin_merge(
        &mut self,
        source: ElementId,
        target: ElementId,
        attached: bool,
    ) -> Outcome<Merge> {
        if source == target {
            return Err(Fault::argument("a medium cannot be merged into itself"));
        }
        let (up, down) = (self.ancestry(source), self.ancestry(target));
        let forward = down.contains(&source);
        if !forward && !up.contains(&target) {
            let places = [self.medium(source)?.place(), self.medium(target)?.place()];
            let message = format!("`{}` is neither an ancestor nor a descendant of `{}`", places[0], places[1]);
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let mut line = if forward { down } else { up };
        line.reverse();
        let find = |wanted| line.iter().position(|at| *at == wanted).unwrap_or_default();
        let (low, high) = if forward { (find(source), find(target)) } else { (find(target), find(source)) };
        for id in [source, target] {
            let medium = self.medium(id)?;
            if medium.kind == "Immutable" {
                let message = format!("`{}` is immutable and cannot take part in a merge", medium.place());
                return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
            }
        }
        for id in &line[low..high] {
            let count = self.children_of(*id).len();
            if count > 1 {
                let message = format!(
                    "`{}` has {count} differencing disks; only one line can be merged",
                    self.medium(*id)?.place()
                );
                let code = if *id == source { code::INVALID_OBJECT_STATE } else { code::OBJECT_IN_USE };
                return Err(Fault::new(code, message));
            }
        }
        let going: Vec<_> = if forward { line[low..high].to_vec() } else { line[low + 1..=high].to_vec() };
        for id in going.iter().filter(|_| !attached) {
            if let Some(user) = self.users_of(*id).first() {
                let message =
                    format!("`{}` is attached to the machine {user}; detach it first", self.medium(*id)?.place());
                return Err(Fault::new(code::OBJECT_IN_USE, message));
            }
        }
        let mut children = Vec::new();
        for child in self.children_of(source).into_iter().filter(|_| !forward) {
            let medium = self.medium(child)?;
            if let (Some(format), Ok(id)) = (medium.image_format(), Uuid::parse_str(&medium.id)) {
                children.push((child, medium.location.clone(), format, id));
            }
        }
        let chain = self.chain_files(line[high])?;
        let below = line[..low].to_vec();
        self.lock_read(&below)?;
        let locked = self.lock_write(target).and_then(|()| {
            for (done, id) in going.iter().enumerate() {
                let medium = self.medium_mut(*id)?;
                if medium.writer || medium.readers > 0 || !matches!(medium.state, "Created" | "Inaccessible") {
                    let fault = medium.locked_or_unmade();
                    going[..done].iter().for_each(|id| self.set_state(*id, "Created"));
                    self.unlock_write(target);
                    return Err(fault);
                }
                medium.state = "Deleting";
            }
            Ok(())
        });
        match locked {
            Ok(()) => Ok(Merge { chain, low, high, forward, going, source, target, below, children }),
            Err(fault) => {
                self.unlock_read(&below);
                Err(fault)
            }
        }
    }

    fn set_state(&mut self, id: ElementId, state: &'static str) {
        if let Ok(medium) = self.medium_mut(id) {
            medium.state = state;
        }
    }

    /// Takes up that a merge has been done: those that went are no more, the tree is as it is now, the registries are
    /// saved and the events fired. After a failure all is as it was.
    ///
    /// # Errors
    /// The one of `result`; a registry cannot be saved.
    pub(in crate::host) fn end_merge(&mut self, merge: &Merge, result: Outcome) -> Outcome {
        self.unlock_read(&merge.below);
        self.unlock_write(merge.target);
        if let Err(fault) = result {
            merge.going.iter().for_each(|id| self.set_state(*id, "Created"));
            return Err(fault);
        }
        let source = self.medium(merge.source)?;
        let (parent, kind, registry) = (source.parent, source.kind, source.registry.clone());
        if merge.forward {
            let target = self.medium_mut(merge.target)?;
            target.parent = parent;
            if parent.is_none() {
                (target.kind, target.auto_reset, target.registry) = (kind, false, registry.clone());
            }
        } else {
            for (child, ..) in &merge.children {
                self.medium_mut(*child)?.parent = Some(merge.target);
            }
        }
        // VirtualBox tells of the upper ones first.
        let going: Vec<_> = merge.going.iter().rev().copied().collect();
        let changed = if merge.forward { parent } else { Some(merge.target) };
        let mut gone = Vec::new();
        let mut registries = vec![registry, self.medium(merge.target)?.registry.clone()];
        for id in &going {
            let medium = self.medium(*id)?;
            gone.push((medium.id.clone(), medium.device));
            registries.push(medium.registry.clone());
            self.drop_medium(*id);
        }
        self.note_facts(merge.target)?;
        registries.dedup();
        for registry in registries {
            self.save_registry_of(&registry)?;
        }
        if let Some(changed) = changed {
            self.fire_medium_changed(changed);
        }
        for (id, device) in gone {
            self.fire_medium(&id, device, false);
        }
        Ok(())
    }

    pub(super) fn merge_medium(&mut self, id: ElementId, target: Option<Address>) -> Outcome<RawValue> {
        let target = target.ok_or_else(|| Fault::argument("no target was given"))?.element;
        let merge = self.begin_merge(id, target, false)?;
        let names = [id, target].map(|at| self.medium(at).map(|medium| medium.place()).unwrap_or_default());
        let job = Job::new(format!("Merging `{}` into `{}`", names[0], names[1]), Address::VIRTUAL_BOX, "IMedium")
            .operations([("Merging the content", 9), ("Deleting what was merged", 1)]);
        let running = merge.clone();
        let work = move |report: &Reporter| {
            running.run(&mut telling(report))?;
            let _ = report.next();
            Ok(())
        };
        Ok(self.start_job(job, work, move |state: &mut Self, result| state.end_merge(&merge, result)))
    }
}
