//! Differencing disks that come and go with attachments and snapshots: `{id}.vdi` in the snapshot folder.

use crate::host::attachments::{attached, medium_of};
use crate::host::document::ElementId;
use crate::host::images::{self, Format, Parent, Plan, Variant};
use crate::host::media::{Medium, Registry};
use crate::host::state::{Address, State, View};
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A differencing disk that is to be made: what a thread without the state needs for it.
#[derive(Clone, Debug)]
pub(in crate::host) struct Difference {
    pub(in crate::host) medium: ElementId,
    pub(in crate::host) parent: ElementId,
    id: Uuid,
    path: PathBuf,
    format: Format,
    parent_id: Uuid,
    parent_path: PathBuf,
    parent_format: Format,
}

impl Difference {
    /// Makes the file; gives the number of bytes that a guest sees.
    pub(in crate::host) fn make(&self) -> Outcome<u64> {
        let fault = |error: images::ImageError| Fault::file(&self.path, error);
        let unreadable = |error: images::ImageError| Fault::file(&self.parent_path, error);
        let folder = self.path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| Fault::file(folder, error))?;
        let parent = images::open(&self.parent_path, self.parent_format, false).map_err(unreadable)?;
        let facts = parent.facts().clone();
        let plan = Plan {
            format: self.format,
            size: facts.size,
            variant: Variant(Variant::DIFF),
            id: self.id,
            parent: Some(Parent {
                id: self.parent_id,
                path: self.parent_path.clone(),
                modification: parent.modification(),
            }),
        };
        let mut image = images::create(&self.path, &plan, &mut |_, _| Ok(())).map_err(fault)?;
        image.flush().map_err(fault)?;
        Ok(facts.size)
    }

    /// Removes the file, where it was made.
    pub(in crate::host) fn unmake(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    /// What it is called after: the base of its tree.
    pub(in crate::host) fn base_name(&self, state: &State) -> String {
        let base = state.base_of(self.parent);
        let location = state.medium(base).map(|medium| medium.location.clone()).unwrap_or_default();
        location.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl State {
    /// The base of a medium's tree.
    pub(in crate::host) fn base_of(&self, medium: ElementId) -> ElementId {
        let up = |at: &ElementId| self.media.get(at).and_then(|medium| medium.parent);
        std::iter::successors(Some(medium), up).take(1000).last().unwrap_or(medium)
    }

    /// The folder that a machine's snapshots and differencing disks go to.
    pub(in crate::host) fn snapshot_folder(&self, view: View) -> Outcome<PathBuf> {
        let keeper = self.keeper_of(Address::machine(view), "snapshotFolder");
        Ok(self.folder_of(view)?.join(self.element(keeper)?.text("snapshotFolder")))
    }

    /// Makes a medium for a differencing disk to `parent`. Its file is to be made: see [`Difference::make`].
    pub(in crate::host) fn plan_difference(&mut self, view: View, parent: ElementId) -> Outcome<Difference> {
        let folder = self.snapshot_folder(view)?;
        let above = self.medium(parent)?.clone();
        let unknown =
            || Fault::not_implemented(format!("a differencing disk to a medium of the format {}", above.format));
        let parent_format = Format::named(&above.format).ok_or_else(unknown)?;
        // Formats without differencing images take the usual one.
        let format = if matches!(parent_format, Format::Vmdk | Format::Vhd) { parent_format } else { Format::Vdi };
        let extension = format.name().to_ascii_lowercase();
        let id = Uuid::new_v4();
        let path = folder.join(format!("{{{id}}}.{extension}"));
        let immutable = self.medium(self.base_of(parent))?.kind == "Immutable";
        let medium = Medium {
            id: id.to_string(),
            location: path.clone(),
            format: format.name().to_owned(),
            device: "HardDisk",
            kind: "Normal",
            state: "Creating",
            parent: Some(parent),
            registry: above.registry.clone(),
            logical_size: above.logical_size,
            auto_reset: immutable,
            ..Medium::default()
        };
        let medium = self.add_medium(medium);
        // Files of some other programs keep no id of their own.
        let parent_id = Uuid::parse_str(&above.id).unwrap_or_default();
        Ok(Difference { medium, parent, id, path, format, parent_id, parent_path: above.location, parent_format })
    }

    /// The file of a planned disk is there.
    pub(in crate::host) fn difference_made(&mut self, difference: &Difference, size: u64) -> Outcome {
        let length = difference.path.metadata().map_or(0, |facts| facts.len());
        let medium = self.medium_mut(difference.medium)?;
        (medium.state, medium.logical_size) = ("Created", size);
        medium.size = length;
        Ok(())
    }

    /// Takes a planned disk back, with its file.
    pub(in crate::host) fn drop_difference(&mut self, difference: &Difference) {
        difference.unmake();
        self.media.remove(&difference.medium);
        self.global.remove(difference.medium);
    }

    /// Makes a differencing disk at once.
    pub(in crate::host) fn make_differencing(&mut self, view: View, parent: ElementId) -> Outcome<ElementId> {
        let difference = self.plan_difference(view, parent)?;
        match difference.make().and_then(|size| self.difference_made(&difference, size)) {
            Ok(()) => {
                self.tell_medium(difference.medium, true);
                Ok(difference.medium)
            }
            Err(fault) => {
                self.drop_difference(&difference);
                Err(fault)
            }
        }
    }

    /// Deletes a differencing disk that nothing stands on: its file, and the medium.
    pub(in crate::host) fn delete_differencing(&mut self, medium: ElementId) -> Outcome {
        let path = self.medium(medium)?.location.clone();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Fault::file(&path, error)),
            _ => {}
        }
        self.tell_medium(medium, false);
        // Whoever holds it sees that it has no storage any more.
        let known = self.medium_mut(medium)?;
        (known.registry, known.state, known.variant, known.parent) = (Registry::Nowhere, "NotCreated", 0, None);
        known.id.clear();
        Ok(())
    }

    /// Fires that a medium is known, or no more.
    pub(in crate::host) fn tell_medium(&mut self, medium: ElementId, registered: bool) {
        let Ok(known) = self.medium(medium) else { return };
        let (id, device) = (known.id.clone(), known.device);
        self.fire_medium(&id, device, registered);
    }

    /// Disks on those of another machine (a linked clone's) are remembered in that one's file. It is written first: a
    /// machine never names a disk that no file knows.
    pub(in crate::host) fn save_foreign_media(&mut self, view: View) -> Outcome {
        let own = Registry::Machine(self.machine(view)?.id.clone());
        let document = self.document(view)?;
        let disks = attached(document).into_iter().filter_map(|attachment| medium_of(document, attachment));
        let mut seen: Vec<String> = Vec::new();
        for disk in disks.collect::<Vec<_>>() {
            let Ok(base) = self.medium(self.base_of(disk)) else { continue };
            let Registry::Machine(owner) = base.registry.clone() else { continue };
            if base.registry == own || base.parent.is_some() || seen.contains(&owner) {
                continue;
            }
            let id = format!("{{{}}}", self.medium(disk)?.id);
            let known =
                self.machines.values().find(|machine| machine.id == owner).and_then(|machine| machine.tree.as_ref());
            if known.and_then(|tree| tree.at("Machine/MediaRegistry")).is_none_or(|node| !names(node, &id)) {
                self.save_machine_media(&owner)?;
                seen.push(owner);
            }
        }
        Ok(())
    }
}

/// Whether a media registry has that id.
fn names(node: &XmlNode, id: &str) -> bool {
    node.attribute("uuid").is_some_and(|known| known.eq_ignore_ascii_case(id))
        || node.children.iter().any(|child| names(child, id))
}
