//! What is attached to a machine: hard disks direct or by a differencing disk, drives with or without a medium.
//!
//! A hard disk that may not be written is attached indirectly: a differencing disk is made and attached in its place.
//! Until the settings are saved the disk counts as implicit, and goes again when it is detached or the changes are
//! discarded.

use super::document::{Document, ElementId, ROOT};
use super::fault::code;
use super::properties::Bus;
use super::snapshots::uses;
use super::state::{Address, State, View, nothing};
use super::storage::Slot;
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::{RawValue, StructValue};
use crate::schema::embedded;
use std::sync::Arc;

/// Mark of an attachment whose differencing disk was made since the settings were last saved.
pub(super) const IMPLICIT: &str = "implicit";

/// A hard disk that is attached: which, where.
struct Found {
    medium: ElementId,
    same_place: bool,
    /// How many ancestors it has.
    level: usize,
}

/// The medium of an attachment.
pub(super) fn medium_of(document: &Document, attachment: ElementId) -> Option<ElementId> {
    document.get(attachment)?.value("medium").and_then(Address::of).map(|at| at.element)
}

/// All attachments in a document, in the order in which they were made.
pub(super) fn attached(document: &Document) -> Vec<ElementId> {
    document.iter().filter(|(_, element)| element.role == "attachment").map(|(id, _)| id).collect()
}

/// Puts other media in the place of those attached.
pub(super) fn replace_media(document: &mut Document, changes: &[(ElementId, ElementId)]) {
    for attachment in attached(document) {
        let change = medium_of(document, attachment).and_then(|old| changes.iter().find(|(known, _)| *known == old));
        if let (Some((_, new)), Some(element)) = (change, document.get_mut(attachment)) {
            element.set("medium", Address::global(*new).value("IMedium"));
        }
    }
}

/// Puts the attachments of `old` in the place of those of `document`, at the controllers that it has.
pub(super) fn keep(document: &mut Document, old: &Document) {
    for attachment in attached(document) {
        document.remove(attachment);
    }
    for element in attached(old).into_iter().filter_map(|id| old.get(id)) {
        let controller = old.get(element.parent).map_or("", |controller| controller.text("name"));
        if let Some(parent) = document.named(ROOT, "storageControllers", controller) {
            document.adopt(parent, element);
        }
    }
}

/// What is attached counts as saved.
pub(super) fn settle(document: &mut Document) {
    for attachment in attached(document) {
        if let Some(element) = document.get_mut(attachment).filter(|element| element.flag(IMPLICIT)) {
            element.set(IMPLICIT, RawValue::Bool(false));
        }
    }
}

impl State {
    pub(super) fn attachment(&self, view: View, (name, port, device): Slot<'_>) -> Outcome<ElementId> {
        let controller = self.controller(view, name)?;
        let document = self.document(view)?;
        let fits = |id: &ElementId| {
            document.get(*id).is_some_and(|known| known.int("port") == port && known.int("device") == device)
        };
        let found = document.children(controller, "attachment").into_iter().find(fits);
        found
            .ok_or_else(|| Fault::not_found(format!("nothing is attached to port {port}, device {device} of `{name}`")))
    }

    pub(super) fn attach(
        &mut self,
        view: View,
        slot: Slot<'_>,
        kind: &'static str,
        medium: Option<Address>,
    ) -> Outcome {
        let (name, port, device) = slot;
        super::storage::check_named(name)?;
        if !self.machine(view)?.registered {
            let message = "cannot attach storage devices to an unregistered machine; save and register it first";
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        self.check_mutable(view, When::OffOrRunning)?;
        let controller = self.controller(view, name)?;
        let element = self.element(Address { view, element: controller })?;
        let (bus, ports) = (element.name("bus"), element.int("portCount"));
        let limits = Bus::of(bus);
        if !(0..ports).contains(&port) || !(0..limits.devices).contains(&device) {
            let message = format!(
                "`{name}` has no port {port}, device {device}: it has {ports} ports with {} devices each",
                limits.devices
            );
            return Err(Fault::argument(message).by("IStorageController"));
        }
        if self.running(view).is_some() && !matches!(bus, "SATA" | "USB") {
            let message = format!("the machine runs, and `{name}`, a controller for {bus}, takes no devices then");
            return Err(Fault::new(code::INVALID_VM_STATE, message));
        }
        if self.attachment(view, slot).is_ok() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("port {port}, device {device} of `{name}` is taken")));
        }
        if medium.is_none() && kind == "HardDisk" {
            return Err(Fault::argument("a hard disk needs a medium"));
        }
        if !matches!(kind, "HardDisk" | "DVD" | "Floppy") {
            return Err(Fault::argument(format!("a {kind} cannot be attached to a storage controller")));
        }
        let (mut chosen, mut implicit) = (medium.map(|at| at.element), false);
        if let Some(medium) = chosen {
            self.check_attachable(view, medium, kind)?;
            if kind == "HardDisk" && self.is_read_only(medium)? {
                let (disk, made) = self.indirect(view, slot, medium)?;
                (chosen, implicit) = (Some(disk), made);
            }
        }
        let count = u32::try_from(self.attachments_of(view, controller)?.len()).unwrap_or_default();
        let document = self.document_mut(view)?;
        let id = document.add("IMediumAttachment", controller, "attachment", count);
        if let Some(element) = document.get_mut(id) {
            element.set("port", RawValue::Int(port));
            element.set("device", RawValue::Int(device));
            element.set("type", enumerated("DeviceType", kind));
            element.set("medium", chosen.map_or(RawValue::Null, |medium| Address::global(medium).value("IMedium")));
            if implicit {
                element.set(IMPLICIT, RawValue::Bool(true));
            }
            if bus == "USB" {
                element.set("hotPluggable", RawValue::Bool(true));
            }
        }
        self.touch(view);
        self.tell_device(view, id, false)
    }

    /// Fires that something was attached, or is about to be detached.
    fn tell_device(&mut self, view: View, attachment: ElementId, removed: bool) -> Outcome {
        let value = self.attachment_value(view, attachment)?;
        let values =
            vec![("storageDevice", value), ("removed", RawValue::Bool(removed)), ("silent", RawValue::Bool(false))];
        self.fire("OnStorageDeviceChanged", values);
        Ok(())
    }

    /// Which disk is attached when `medium` is asked for and may not be written, and whether it was made for this.
    fn indirect(&mut self, view: View, slot: Slot<'_>, medium: ElementId) -> Outcome<(ElementId, bool)> {
        let mut parent = medium;
        let saved = Address::machine(self.machine_of(view)).view;
        // What was attached at the last save may just have moved to another place.
        if self.medium(medium)?.parent.is_none() {
            let now = self.document(view)?;
            let own = self.descendant(self.document(saved)?, slot, medium, |disk| !uses(now, disk));
            if let Some(found) = own {
                return Ok((found.medium, false));
            }
            // The nearest snapshot that has it says which state of it is meant.
            let mut snapshot = self.machine(view)?.current_snapshot;
            while let Some(known) = snapshot.and_then(|element| self.snapshots.all.get(&element)) {
                if let Some(found) = self.descendant(&known.document, slot, medium, |_| true) {
                    parent = found.medium;
                    break;
                }
                snapshot = known.parent;
            }
        }
        let before = self.machine(view)?.state;
        self.set_machine_state(view, "SettingUp")?;
        let disk = self.make_differencing(view, parent);
        self.set_machine_state(view, before)?;
        Ok((disk?, true))
    }

    /// The disk in a document that descends from `base`: in that very place, else the one with most ancestors.
    fn descendant(
        &self,
        document: &Document,
        (name, port, device): Slot<'_>,
        base: ElementId,
        wanted: impl Fn(ElementId) -> bool,
    ) -> Option<Found> {
        let mut best: Option<Found> = None;
        for id in attached(document) {
            let Some(medium) = medium_of(document, id).filter(|medium| wanted(*medium)) else { continue };
            let Some(level) = self.level_below(medium, base) else { continue };
            let Some(element) = document.get(id) else { continue };
            let controller = document.get(element.parent).map_or("", |controller| controller.text("name"));
            let same_place = controller == name && element.int("port") == port && element.int("device") == device;
            let found = Found { medium, same_place, level };
            if best.as_ref().is_none_or(|best| !best.same_place && (same_place || level > best.level)) {
                best = Some(found);
            }
        }
        best
    }

    /// How many steps a medium is away from the base of its tree, where that is `base`.
    fn level_below(&self, medium: ElementId, base: ElementId) -> Option<usize> {
        let up = |at: &ElementId| self.media.get(at).and_then(|known| known.parent);
        let line: Vec<_> = std::iter::successors(Some(medium), up).take(1000).collect();
        (line.last() == Some(&base)).then(|| line.len() - 1)
    }

    pub(super) fn check_attachable(&mut self, view: View, medium: ElementId, kind: &str) -> Outcome {
        let known = self.medium(medium)?;
        let place = known.location.display().to_string();
        let removable = known.kind == "Readonly";
        if !removable && uses(self.document(view)?, medium) {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("`{place}` is attached to this machine already")));
        }
        self.check_kind(medium, kind)
    }

    /// Whether a medium has storage, and is of that kind. VirtualBox takes a hard disk for a DVD.
    fn check_kind(&self, medium: ElementId, kind: &str) -> Outcome {
        let known = self.medium(medium)?;
        let place = known.location.display();
        if known.state == "NotCreated" {
            let message = format!("`{place}` has no storage yet; `createBaseStorage` makes it");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message).by("IMedium"));
        }
        if known.device != kind {
            return Err(Fault::argument(format!("`{place}` is a {}, not a {kind}", known.device)));
        }
        Ok(())
    }

    pub(super) fn detach(&mut self, view: View, slot: Slot<'_>) -> Outcome {
        self.check_mutable(view, When::OffOrRunning)?;
        super::storage::check_named(slot.0)?;
        let id = self.attachment(view, slot)?;
        if self.running(view).is_some() && !self.element(Address { view, element: id })?.flag("hotPluggable") {
            let controller = self.element(Address { view, element: id })?.parent;
            let plugs = matches!(self.element(Address { view, element: controller })?.name("bus"), "SATA" | "USB");
            let code = if plugs { code::NOT_SUPPORTED } else { code::INVALID_VM_STATE };
            return Err(Fault::new(code, "the machine runs, and the device cannot be unplugged from it"));
        }
        self.check_settled(view, id)?;
        self.tell_device(view, id, true)?;
        self.document_mut(view)?.remove(id);
        self.touch(view);
        Ok(())
    }

    /// # Errors
    /// A disk was made for an attachment, and the settings were not saved since: as in VirtualBox, only
    /// `discardSettings` takes both away.
    pub(super) fn check_settled(&self, view: View, id: ElementId) -> Outcome {
        let document = self.document(view)?;
        let Some(medium) = medium_of(document, id) else { return Ok(()) };
        if !document.get(id).is_some_and(|element| element.flag(IMPLICIT)) {
            return Ok(());
        }
        let message = format!(
            "`{}` was made for this attachment, which is not saved yet: `saveSettings` first, or `discardSettings`",
            self.medium(medium)?.location.display()
        );
        Err(Fault::new(code::OBJECT_IN_USE, message).by("IMedium"))
    }

    /// Deletes the disks that were made for attachments since the settings were last saved. Gives whether there are any.
    pub(super) fn delete_implicit(&mut self, view: View) -> bool {
        let Ok(document) = self.document(view) else { return false };
        let made =
            attached(document).into_iter().filter(|id| document.get(*id).is_some_and(|known| known.flag(IMPLICIT)));
        let made: Vec<_> = made.filter_map(|id| medium_of(document, id)).collect();
        let any = !made.is_empty();
        for medium in made {
            // The file is empty; one that stays harms nobody.
            let _ = self.delete_differencing(medium);
        }
        any
    }

    pub(super) fn mount(&mut self, view: View, slot: Slot<'_>, medium: Option<Address>) -> Outcome {
        self.check_mutable(view, When::OffOrRunning)?;
        let id = self.attachment(view, slot)?;
        let at = Address { view, element: id };
        let kind = self.element(at)?.name("type");
        let old = self.element(at)?.value("medium").and_then(Address::of);
        self.element_mut(at)?.set(super::settings::UNKNOWN_IMAGE, text(""));
        if old == medium {
            return Ok(());
        }
        if kind == "HardDisk" && medium.is_some() {
            let message = "a hard disk cannot be exchanged: it is no removable medium; detach it";
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if let Some(medium) = medium {
            self.check_kind(medium.element, kind)?;
        }
        self.element_mut(at)?.set("medium", medium.map_or(RawValue::Null, |at| at.value("IMedium")));
        self.touch(view);
        Ok(())
    }

    /// Sets a flag of an attachment; `kind` is the only one that can have it, where there is one.
    pub(super) fn change_attachment(
        &mut self,
        view: View,
        slot: Slot<'_>,
        (name, kind): (&'static str, &str),
        value: bool,
        when: When,
    ) -> Outcome<Option<Vec<RawValue>>> {
        self.check_mutable(view, when)?;
        let element = self.attachment(view, slot)?;
        let known = self.element(Address { view, element })?;
        if !kind.is_empty() && known.name("type") != kind {
            return Err(Fault::argument(format!("`{name}` is for a {kind}, and there is a {}", known.name("type"))));
        }
        let bus = self.element(Address { view, element: known.parent })?.name("bus");
        if name == "hotPluggable" && !matches!(bus, "SATA" | "USB") {
            let message = format!("a controller for {bus} does not take devices while the machine runs");
            return Err(Fault::new(code::NOT_SUPPORTED, message));
        }
        self.element_mut(Address { view, element })?.set(name, RawValue::Bool(value));
        self.touch(view);
        nothing()
    }

    /// `setBandwidthGroupForDevice` and, without a group, `setNoBandwidthGroupForDevice`.
    pub(super) fn set_bandwidth_group(&mut self, view: View, slot: Slot<'_>, group: Option<Address>) -> Outcome {
        self.check_mutable(view, When::OffOrSaved)?;
        let element = self.attachment(view, slot)?;
        let name = match group {
            Some(group) => self.element(group)?.text("name").to_owned(),
            None => String::new(),
        };
        self.element_mut(Address { view, element })?.set("bandwidthGroupName", text(name));
        self.touch(view);
        Ok(())
    }

    /// All attachments of a machine, in the order in which they were made.
    pub(super) fn attachments(&self, view: View) -> Outcome<Vec<ElementId>> {
        Ok(attached(self.document(view)?))
    }

    /// An attachment as the value that callers see.
    pub(super) fn attachment_value(&self, view: View, id: ElementId) -> Outcome<RawValue> {
        let at = Address { view, element: id };
        let element = self.element(at)?;
        let controller = self.element(Address { view, element: element.parent })?;
        let Some(interface) = embedded().interface("IMediumAttachment") else { return Ok(RawValue::Null) };
        let field = |name: &'static str| match name {
            "machine" => Address::machine(view).value("IMachine"),
            "controller" => text(controller.text("name")),
            "bandwidthGroup" => {
                let document = self.document(view).ok();
                let name = element.text("bandwidthGroupName");
                let groups = document.and_then(|document| document.child(ROOT, "bandwidthControl", 0));
                let group = document.and_then(|document| document.named(groups?, "bandwidthGroups", name));
                group.map_or(RawValue::Null, |element| Address { view, element }.value("IBandwidthGroup"))
            }
            name => element.value(name).cloned().unwrap_or_default(),
        };
        let fields = interface.attributes().into_iter().map(|attribute| field(attribute.name)).collect();
        Ok(RawValue::Struct(Arc::new(StructValue { interface, fields })))
    }
}
