//! `IMachine.cloneTo`: a machine, or one of its snapshots, with what hangs on it, as another machine.
//!
//! The disks are copied by [`disks`] on a thread; the settings of the target are made when they are there.

mod disks;

use super::arguments::Arguments;
use super::attachments::{attached, medium_of, replace_media, settle};
use super::document::{Document, ElementId, ROOT};
use super::fault::code;
use super::media::{Medium, Registry};
use super::progress::Job;
use super::snapshots::Snapshot;
use super::state::{Address, State, View};
use super::value::{name_of, text};
use super::xml::XmlNode;
use super::{Fault, Outcome, machines};
use crate::model::RawValue;
use disks::{Copying, Disk};
use std::collections::HashMap;
use std::path::PathBuf;

/// What a clone shall keep.
#[derive(Clone, Copy, Debug, Default)]
struct Keep {
    linked: bool,
    addresses: bool,
    nat_addresses: bool,
    disk_names: bool,
    hardware_id: bool,
}

impl Keep {
    fn of(options: &[RawValue]) -> Outcome<Self> {
        let has = |name: &str| options.iter().any(|option| name_of(option) == name);
        let keep = Self {
            linked: has("Link"),
            addresses: has("KeepAllMACs"),
            nat_addresses: has("KeepNATMACs"),
            disk_names: has("KeepDiskNames"),
            hardware_id: has("KeepHwUUIDs"),
        };
        if keep.addresses && keep.nat_addresses {
            return Err(Fault::argument("`KeepAllMACs` and `KeepNATMACs` do not go together"));
        }
        Ok(keep)
    }
}

/// What is cloned: snapshots, parents first, and the settings that become the current ones.
struct Source {
    snapshots: Vec<ElementId>,
    current: Document,
    /// The snapshot that the current settings hang on, where it is cloned, too.
    current_snapshot: Option<ElementId>,
    modified: bool,
}

/// What becomes of the media, and who is who among the snapshots.
struct Target {
    view: View,
    id: String,
    folder: PathBuf,
    /// Source medium and its clone.
    media: Vec<(ElementId, ElementId)>,
    /// Files besides the disks: from, to.
    files: Vec<(PathBuf, PathBuf)>,
}

impl State {
    pub(super) fn clone_machine(&mut self, view: View, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let target = arguments.object(0).ok_or_else(|| Fault::argument("no target machine was given"))?.view;
        let (mode, keep) = (arguments.name(1), Keep::of(arguments.list(2))?);
        let snapshot = self.snapshots.views.get(&view).copied();
        if keep.linked && snapshot.is_none() {
            return Err(Fault::argument("a linked clone is made of a snapshot: call `cloneTo` of its `machine`"));
        }
        if keep.linked && mode != "MachineState" {
            return Err(Fault::argument(format!("a linked clone is of `MachineState`, not of `{mode}`")));
        }
        if self.copies.contains_key(&view) {
            return Err(Fault::argument("the machine of a session may change meanwhile: clone the machine itself"));
        }
        if self.machine(target)?.registered {
            return Err(Fault::argument("the target of a clone is a machine that is not registered yet"));
        }
        if self.machine(view)?.busy() {
            return Err(Fault::new(code::INVALID_VM_STATE, "the machine is changing its state"));
        }
        let source = self.clone_source(view, snapshot, mode)?;
        let folder = self.folder_of(target)?;
        let mut plan =
            Target { view: target, id: self.machine(target)?.id.clone(), folder, media: Vec::new(), files: Vec::new() };
        let name = self.machine_name(target);
        let copying = self.plan_disks(&source, &mut plan, &name, keep)?;
        self.plan_files(view, &source, &mut plan)?;
        let mut operations = vec![("Preparing the clone".to_owned(), 1)];
        operations.extend(copying.iter().map(|one| (format!("Cloning disk `{}`", one.name()), one.weight())));
        operations.push((format!("Creating the machine clone `{name}`"), 1));
        let job = Job::new("Cloning Machine", Address::machine(view), "IMachine").operations(operations);
        let files = plan.files.clone();
        let made = copying.iter().map(Copying::made).collect::<Vec<_>>();
        let work = move |report: &super::progress::Reporter| disks::run(&copying, &files, report);
        let close = move |state: &mut Self, result: Outcome<Vec<Disk>>| {
            let kept = result.and_then(|disks| state.keep_clone(view, &source, &plan, &disks, keep));
            if kept.is_err() {
                for medium in &made {
                    if let Some(known) = state.media.remove(medium) {
                        let _ = std::fs::remove_file(known.location);
                    }
                    state.global.remove(*medium);
                }
                plan.files.iter().for_each(|(_, to)| drop(std::fs::remove_file(to)));
            }
            kept
        };
        Ok(self.start_job(job, work, close))
    }

    fn clone_source(&self, view: View, snapshot: Option<ElementId>, mode: &str) -> Outcome<Source> {
        let machine = self.machine(view)?;
        let original = self.machine_of(view);
        let own = Source {
            snapshots: Vec::new(),
            current: self.document(view)?.clone(),
            current_snapshot: None,
            modified: false,
        };
        let first = match (mode, snapshot) {
            ("AllStates", _) => machine.first_snapshot,
            ("MachineAndChildStates", Some(snapshot)) => Some(snapshot),
            _ => None,
        };
        let Some(first) = first else { return Ok(own) };
        let mut snapshots = Vec::new();
        let mut open = vec![first];
        while let Some(element) = open.pop() {
            snapshots.push(element);
            open.extend(self.snapshot(element)?.children.iter().rev());
        }
        let current = machine.current_snapshot.filter(|current| snapshots.contains(current));
        let document = if current.is_some() { self.document(original)?.clone() } else { own.current };
        let modified = machine.current_state_modified || current.is_none();
        Ok(Source { snapshots, current: document, current_snapshot: current.or(Some(first)), modified })
    }

    /// Makes a medium for every disk of the clone, and says how its file is made.
    fn plan_disks(&mut self, source: &Source, plan: &mut Target, name: &str, keep: Keep) -> Outcome<Vec<Copying>> {
        let mut documents = Vec::new();
        for snapshot in &source.snapshots {
            documents.push(self.snapshot(*snapshot)?.document.clone());
        }
        documents.push(source.current.clone());
        let disks_of = |document: &Document| -> Vec<ElementId> {
            attached(document).into_iter().filter_map(|attachment| medium_of(document, attachment)).collect()
        };
        // Where a chain is cut: below the first state nothing is needed but its content.
        let roots = match source.snapshots.first() {
            Some(first) if self.snapshot(*first)?.parent.is_none() => Vec::new(),
            _ => disks_of(&documents[0]),
        };
        let mut known: HashMap<ElementId, ElementId> = HashMap::new();
        let (mut copying, mut number) = (Vec::new(), 0);
        for document in &documents {
            for disk in disks_of(document) {
                let medium = self.medium(disk)?;
                if medium.device != "HardDisk" || known.contains_key(&disk) {
                    continue;
                }
                if keep.linked {
                    if medium.kind == "Normal" {
                        copying.push(self.plan_link(plan, disk)?);
                        known.insert(disk, copying[copying.len() - 1].made());
                    }
                    continue;
                }
                // From the disk towards its base, as far as nothing is there yet.
                let mut line = vec![disk];
                while let Some(parent) = self.medium(line[line.len() - 1])?.parent {
                    if line.len() > 1000 || roots.contains(&line[line.len() - 1]) {
                        break;
                    }
                    line.push(parent);
                    if known.contains_key(&parent) {
                        break;
                    }
                }
                let mut parent = known.get(&line[line.len() - 1]).copied();
                if parent.is_some() {
                    line.pop();
                }
                for one in line.into_iter().rev() {
                    if parent.is_none() {
                        number += 1;
                    }
                    let base = format!("{name}-disk{number}");
                    let made = self.plan_copy(plan, one, parent, &base, keep.disk_names)?;
                    known.insert(one, made.made());
                    parent = Some(made.made());
                    copying.push(made);
                }
            }
        }
        plan.media = known.into_iter().collect();
        Ok(copying)
    }

    fn add_clone(
        &mut self,
        plan: &Target,
        like: &Medium,
        id: String,
        path: PathBuf,
        parent: Option<ElementId>,
    ) -> ElementId {
        let medium = Medium {
            id,
            location: path,
            format: disks::target_format(&like.format).name().to_owned(),
            device: "HardDisk",
            kind: if matches!(like.kind, "Writethrough" | "Shareable") { like.kind } else { "Normal" },
            state: "Creating",
            parent,
            description: like.description.clone(),
            logical_size: like.logical_size,
            registry: Registry::Machine(plan.id.clone()),
            ..Medium::default()
        };
        self.add_medium(medium)
    }

    /// A disk of its own: with `parent` only what the source itself has, else all that it reads.
    fn plan_copy(
        &mut self,
        plan: &Target,
        source: ElementId,
        parent: Option<ElementId>,
        base: &str,
        keep_name: bool,
    ) -> Outcome<Copying> {
        let like = self.medium(source)?.clone();
        let extension = disks::target_format(&like.format).name().to_ascii_lowercase();
        let old = like.location.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let id = machines::new_id();
        let name = match parent {
            _ if keep_name => old,
            None => format!("{base}.{extension}"),
            Some(_) => format!("{{{id}}}.{extension}"),
        };
        let folder =
            if parent.is_some() || name.starts_with('{') { plan.folder.join("Snapshots") } else { plan.folder.clone() };
        let made = self.add_clone(plan, &like, id, folder.join(name), parent);
        Copying::new(self, source, made)
    }

    /// An empty differencing disk to a disk of the snapshot.
    fn plan_link(&mut self, plan: &Target, source: ElementId) -> Outcome<Copying> {
        let like = self.medium(source)?.clone();
        let immutable = self.medium(self.base_of(source))?.kind == "Immutable";
        let extension = disks::target_format(&like.format).name().to_ascii_lowercase();
        let id = machines::new_id();
        let path = plan.folder.join("Snapshots").join(format!("{{{id}}}.{extension}"));
        let made = self.add_clone(plan, &like, id, path, Some(source));
        let medium = self.medium_mut(made)?;
        (medium.registry, medium.auto_reset) = (like.registry, immutable);
        medium.description = String::new();
        Copying::link(self, source, made)
    }

    /// Saved states, and what firmware keeps.
    fn plan_files(&mut self, view: View, source: &Source, plan: &mut Target) -> Outcome {
        let own = self.folder_of(view)?;
        let folder = plan.folder.join("Snapshots");
        let mut documents: Vec<&Document> = Vec::new();
        for snapshot in &source.snapshots {
            documents.push(&self.snapshot(*snapshot)?.document);
        }
        documents.push(&source.current);
        for document in documents {
            let file = document.get(ROOT).map_or("", |root| root.text("stateFilePath"));
            let from = own.join(file);
            if let Some(name) = from.file_name().filter(|_| !file.is_empty()) {
                plan.files.push((from.clone(), folder.join(name)));
            }
        }
        let settings = |view: View| self.machine(view).map(|machine| machine.settings_file.clone());
        let (from, to) = (settings(view)?.with_extension("nvram"), settings(plan.view)?.with_extension("nvram"));
        if from.exists() {
            plan.files.push((from, to));
        }
        plan.files.sort();
        plan.files.dedup();
        Ok(())
    }

    /// The files are there: gives the target its settings and saves them.
    fn keep_clone(&mut self, view: View, source: &Source, plan: &Target, disks: &[Disk], keep: Keep) -> Outcome {
        for disk in disks {
            let medium = self.medium_mut(disk.medium)?;
            (medium.id, medium.state) = (disk.id.to_string(), "Created");
            medium.logical_size = disk.size;
        }
        let original = self.machine_of(view);
        let name = self.machine_name(plan.view);
        let hardware = match self.element(Address::machine(view))?.text("hardwareUUID") {
            "" => self.machine(view)?.id.clone(),
            own => own.to_owned(),
        };
        let adapt = |document: &mut Document| {
            settle(document);
            replace_media(document, &plan.media);
            new_addresses(document, keep);
            if let Some(root) = document.get_mut(ROOT) {
                root.set("hardwareUUID", text(if keep.hardware_id { &hardware } else { "" }));
                let file = PathBuf::from(root.text("stateFilePath"));
                if let Some(file) = file.file_name() {
                    root.set("stateFilePath", text(format!("Snapshots/{}", file.to_string_lossy())));
                }
            }
        };
        let mut document = source.current.clone();
        adapt(&mut document);
        // What a snapshot's machine shares with the machine comes from there.
        let shared = self.document(original)?.get(ROOT).cloned();
        if let (Some(root), Some(shared)) = (document.get_mut(ROOT), shared) {
            for name in super::snapshots::SHARED {
                if let Some(value) = shared.value(name) {
                    root.set(name, value.clone());
                }
            }
            root.set("name", text(&name));
            root.set("snapshotFolder", text("Snapshots"));
            root.properties = shared.properties;
        }
        let saved = document.get(ROOT).is_some_and(|root| !root.text("stateFilePath").is_empty());
        let os_type = document.get(ROOT).map_or("", |root| root.text("OSTypeId")).to_owned();
        let mut tree = self.machine(original)?.tree.clone().unwrap_or_else(|| XmlNode::new("VirtualBox"));
        let from = tree.child("Machine").cloned().unwrap_or_default();
        self.drop_snapshots(plan.view);
        let mut known = HashMap::new();
        for element in &source.snapshots {
            let old = self.snapshot(*element)?.clone();
            // It keeps its id, as in VirtualBox.
            let mut snapshot = Snapshot {
                machine: plan.view,
                parent: old.parent.and_then(|parent| known.get(&parent).copied()),
                children: Vec::new(),
                ..old
            };
            adapt(&mut snapshot.document);
            snapshot.node = self.new_snapshot_node(&snapshot, &snapshot.node, &os_type);
            known.insert(*element, self.add_snapshot(snapshot));
        }
        if let Some(machine) = tree.children.iter_mut().find(|child| child.name == "Machine") {
            // Its own: ids of snapshots and media of the source do not belong there.
            machine.children.retain(|child| !matches!(child.name.as_str(), "MediaRegistry" | "Snapshot"));
            machine.set_value("@currentSnapshot", None);
        }
        drop(from);
        let machine = self.machine_mut(plan.view)?;
        machine.current_snapshot = source.current_snapshot.and_then(|current| known.get(&current).copied());
        machine.current_state_modified = machine.current_snapshot.is_some() && source.modified;
        machine.state = if saved { "Saved" } else { "PoweredOff" };
        machine.last_state_change = super::state::now();
        (machine.document, machine.tree) = (Some(document), Some(tree));
        self.save_machine(plan.view)?;
        for disk in disks {
            self.tell_medium(disk.medium, true);
            let known = self.medium(disk.medium)?;
            if let (true, Some(parent)) = (keep.linked, known.parent) {
                self.tell_medium_changed(parent);
            }
        }
        Ok(())
    }
}

/// Gives adapters new addresses, unless they keep theirs.
fn new_addresses(document: &mut Document, keep: Keep) {
    for adapter in document.children(ROOT, "networkAdapter") {
        let Some(element) = document.get_mut(adapter) else { continue };
        let nat = element.name("attachmentType") == "NAT";
        if element.text("MACAddress").is_empty() || keep.addresses || (keep.nat_addresses && nat) {
            continue;
        }
        element.set("MACAddress", text(super::defaults::new_mac_address()));
    }
}
