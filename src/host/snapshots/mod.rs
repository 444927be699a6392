//! The snapshots of machines: their tree, `ISnapshot`, and the immutable machine of each.
//!
//! A snapshot belongs to a machine as a whole, so a mutable copy and its original show the same tree. Its machine is a
//! view of its own, whose document never changes.

mod delete;
mod differencing;
mod recovery;
mod restore;
mod settings;
mod take;

pub(super) use take::copy_file;

use super::arguments::Arguments;
use super::document::{Document, ElementId, ROOT};
use super::fault::code;
use super::state::{Address, State, View, gone};
use super::value::text;
use super::xml::XmlNode;
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::collections::{BTreeMap, HashMap};

/// A snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// The machine that it is of.
    pub(super) machine: View,
    /// Its own immutable machine.
    pub(super) view: View,
    pub(super) parent: Option<ElementId>,
    pub(super) children: Vec<ElementId>,
    pub(super) document: Document,
    /// Its element of the settings file, without the snapshots below it.
    pub(super) node: XmlNode,
}

/// All snapshots of all machines.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshots {
    pub(super) all: BTreeMap<ElementId, Snapshot>,
    /// Whose machine a view is.
    pub(super) views: HashMap<View, ElementId>,
}

/// What the machine of a snapshot shares with the machine that the snapshot is of, as VirtualBox has it.
pub(super) const SHARED: [&str; 12] = [
    "name",
    "description",
    "OSTypeId",
    "groups",
    "icon",
    "snapshotFolder",
    "teleporterEnabled",
    "teleporterPort",
    "teleporterAddress",
    "teleporterPassword",
    "VMProcessPriority",
    "VMExecutionEngine",
];

impl State {
    /// Where a value of an object is kept: for some of a snapshot's machine, with the machine itself.
    pub(super) fn keeper_of(&self, at: Address, name: &str) -> Address {
        match self.snapshot_of_view(at.view) {
            Some(snapshot) if at.element == ROOT && SHARED.contains(&name) => Address::machine(snapshot.machine),
            _ => at,
        }
    }

    pub(super) fn snapshot_of_view(&self, view: View) -> Option<&Snapshot> {
        self.snapshots.views.get(&view).and_then(|element| self.snapshots.all.get(element))
    }

    pub(super) fn snapshot(&self, element: ElementId) -> Outcome<&Snapshot> {
        self.snapshots.all.get(&element).ok_or_else(gone)
    }

    fn snapshot_mut(&mut self, element: ElementId) -> Outcome<&mut Snapshot> {
        self.snapshots.all.get_mut(&element).ok_or_else(gone)
    }

    /// The snapshots of a machine, parents before children.
    pub(super) fn snapshots_of(&self, view: View) -> Vec<ElementId> {
        let mut found = Vec::new();
        let mut open: Vec<_> = self.machine(view).ok().and_then(|machine| machine.first_snapshot).into_iter().collect();
        while let Some(element) = open.pop() {
            let Some(snapshot) = self.snapshots.all.get(&element) else { continue };
            found.push(element);
            open.extend(snapshot.children.iter().rev());
        }
        found
    }

    /// A snapshot as a value; null for none.
    pub(super) fn snapshot_value(&self, element: Option<ElementId>) -> RawValue {
        element.map_or(RawValue::Null, |element| Address::global(element).value("ISnapshot"))
    }

    /// Whether a medium may not be written, so that attaching it makes a differencing disk.
    pub(super) fn is_read_only(&self, medium: ElementId) -> Outcome<bool> {
        let known = self.medium(medium)?;
        Ok(match known.kind {
            "Writethrough" | "Shareable" | "Readonly" => false,
            "Immutable" | "MultiAttach" => true,
            _ => {
                // A stream is written once.
                known.variant & super::images::Variant::STREAM != 0
                    || !self.children_of(medium).is_empty()
                    || self.snapshots.all.values().any(|known| uses(&known.document, medium))
            }
        })
    }

    /// Where a machine uses a medium: its own id for the current state, then the ids of snapshots.
    pub(super) fn snapshot_ids(&self, medium: ElementId, machine: &str) -> Outcome<Vec<String>> {
        let id = super::machines::parse_id(machine).unwrap_or_default();
        let Some((view, _)) = self.machines.iter().find(|(_, known)| known.id == id) else { return Ok(Vec::new()) };
        let (view, mut found) = (*view, Vec::new());
        let copies = self.copies.values().filter(|copy| copy.machine == view).map(|copy| &copy.document);
        if self.document(view).into_iter().chain(copies).any(|document| uses(document, medium)) {
            found.push(id);
        }
        let all = self.snapshots_of(view).into_iter().filter_map(|element| self.snapshots.all.get(&element));
        found.extend(all.filter(|known| uses(&known.document, medium)).map(|known| known.id.clone()));
        Ok(found)
    }

    /// `IMachine.findSnapshot`: by id or name; nothing given is the first one.
    pub(super) fn find_snapshot(&self, view: View, wanted: &str) -> Outcome<ElementId> {
        let Some(first) = self.machine(view)?.first_snapshot else {
            let code = if wanted.is_empty() || super::machines::parse_id(wanted).is_some() {
                code::E_FAIL
            } else {
                code::OBJECT_NOT_FOUND
            };
            return Err(Fault::new(code, "the machine has no snapshots"));
        };
        let id = super::machines::parse_id(wanted);
        if wanted.is_empty() || id.as_ref().is_some_and(|id| uuid::Uuid::parse_str(id).is_ok_and(|id| id.is_nil())) {
            return Ok(first);
        }
        let all = self.snapshots_of(view);
        let fits = |element: &&ElementId| {
            self.snapshots.all.get(element).is_some_and(|known| match &id {
                Some(id) => known.id == *id,
                None => known.name == wanted,
            })
        };
        // VirtualBox tells an id that is not there from a name by the code.
        let code = if id.is_some() { code::E_FAIL } else { code::OBJECT_NOT_FOUND };
        let missing = || Fault::new(code, format!("the machine has no snapshot named `{wanted}` or with that id"));
        all.iter().find(fits).copied().ok_or_else(missing)
    }

    pub(super) fn read_snapshot(&self, element: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let snapshot = self.snapshot(element)?;
        Ok(Some(match name {
            "id" => text(&snapshot.id),
            "name" => text(&snapshot.name),
            "description" => text(&snapshot.description),
            "timeStamp" => RawValue::Int(snapshot.time),
            "online" => {
                let state = snapshot.document.get(ROOT).map_or("", |root| root.text("stateFilePath"));
                RawValue::Bool(!state.is_empty())
            }
            "machine" => Address::machine(snapshot.view).value("IMachine"),
            "parent" => self.snapshot_value(snapshot.parent),
            "children" => {
                RawValue::List(snapshot.children.iter().map(|child| self.snapshot_value(Some(*child))).collect())
            }
            "childrenCount" => RawValue::Int(i64::try_from(snapshot.children.len()).unwrap_or(i64::MAX)),
            _ => return Ok(None),
        }))
    }

    /// Writing a name or a description saves it.
    pub(super) fn write_snapshot(&mut self, element: ElementId, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if !matches!(name, "name" | "description") {
            return Ok(false);
        }
        let wanted = arguments.text(0).to_owned();
        let changed = self.exclusively(|state| {
            let machine = state.snapshot(element)?.machine;
            state.catch_up(machine)?;
            state.load(machine)?;
            let snapshot = state.snapshot_mut(element)?;
            let field = if name == "name" { &mut snapshot.name } else { &mut snapshot.description };
            if *field == wanted {
                return Ok(false);
            }
            let old = std::mem::replace(field, wanted);
            state.save_quietly(machine).inspect_err(|_| {
                if let Ok(snapshot) = state.snapshot_mut(element) {
                    *(if name == "name" { &mut snapshot.name } else { &mut snapshot.description }) = old;
                }
            })?;
            Ok(true)
        })?;
        if changed {
            self.fire_snapshot("OnSnapshotChanged", element)?;
        }
        Ok(true)
    }

    pub(super) fn fire_snapshot(&mut self, kind: &'static str, element: ElementId) -> Outcome {
        let snapshot = self.snapshot(element)?;
        let (machine, id) = (self.machine(snapshot.machine)?.id.clone(), snapshot.id.clone());
        self.fire_machine(kind, &machine, vec![("snapshotId", text(id))]);
        Ok(())
    }

    /// Adds a snapshot below its parent, with a machine of its own, and gives its object.
    pub(super) fn add_snapshot(&mut self, mut snapshot: Snapshot) -> ElementId {
        let element = self.global.add("ISnapshot", ROOT, "snapshot", 0);
        snapshot.view = self.next_view;
        self.next_view += 1;
        self.snapshots.views.insert(snapshot.view, element);
        let (parent, machine) = (snapshot.parent, snapshot.machine);
        self.snapshots.all.insert(element, snapshot);
        match parent.and_then(|parent| self.snapshots.all.get_mut(&parent)) {
            Some(parent) => parent.children.push(element),
            None => {
                if let Ok(machine) = self.machine_mut(machine) {
                    machine.first_snapshot = Some(element);
                }
            }
        }
        element
    }

    /// Ends a snapshot's object and its machine. The tree is the caller's business.
    pub(super) fn drop_snapshot(&mut self, element: ElementId) {
        if let Some(snapshot) = self.snapshots.all.remove(&element) {
            self.snapshots.views.remove(&snapshot.view);
        }
        self.global.remove(element);
    }

    /// Ends the snapshots of a machine that is no more.
    pub(super) fn drop_snapshots(&mut self, machine: View) {
        let own: Vec<_> = self.snapshots.all.iter().filter(|(_, known)| known.machine == machine).collect();
        let own: Vec<_> = own.into_iter().map(|(element, _)| *element).collect();
        own.into_iter().for_each(|element| self.drop_snapshot(element));
    }
}

/// A medium that was not accessible when it was looked at last.
fn unreadable(medium: &super::media::Medium) -> Fault {
    let message = format!("the medium `{}` is not accessible; `refreshState` looks anew", medium.location.display());
    Fault::new(code::E_FAIL, message)
}

/// Whether a medium is attached in a document.
pub(super) fn uses(document: &Document, medium: ElementId) -> bool {
    let mut attached = document.iter().filter(|(_, element)| element.role == "attachment");
    attached.any(|(_, element)| element.value("medium").and_then(Address::of) == Some(Address::global(medium)))
}
