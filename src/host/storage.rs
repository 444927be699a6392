//! Storage controllers of a machine, and what is attached to them.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::properties::{Bus, bus_of};
use super::state::{Address, State, View, nothing, one};
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::{RawValue, StructValue};
use crate::schema::embedded;
use std::sync::Arc;

/// What is attached where.
pub(super) type Slot<'a> = (&'a str, i64, i64);

impl State {
    pub(super) fn read_storage_controller(&self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        let bus = Bus::of(self.element(at)?.name("bus"));
        Ok(Some(RawValue::Int(match name {
            "maxDevicesPerPortCount" => bus.devices,
            "minPortCount" => bus.least_ports,
            "maxPortCount" => bus.most_ports,
            _ => return Ok(None),
        })))
    }

    pub(super) fn write_storage_controller(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        let element = self.element(at)?;
        let bus = element.name("bus");
        match name {
            "name" => {
                let wanted = arguments.text(0);
                let taken = self
                    .document(at.view)?
                    .named(ROOT, "storageControllers", wanted)
                    .is_some_and(|other| other != at.element);
                if taken || wanted.is_empty() {
                    return Err(Fault::new(
                        code::OBJECT_IN_USE,
                        format!("a storage controller is named `{wanted}` already"),
                    ));
                }
                Ok(false)
            }
            "portCount" => {
                let (count, limits) = (arguments.int(0), Bus::of(bus));
                if !(limits.least_ports..=limits.most_ports).contains(&count) {
                    let range = format!("{} to {}", limits.least_ports, limits.most_ports);
                    return Err(Fault::argument(format!("{count} ports: a controller for {bus} has {range}")));
                }
                let used = self.attachments_of(at.view, at.element)?.into_iter();
                let highest =
                    used.filter_map(|id| self.document(at.view).ok()?.get(id).map(|element| element.int("port"))).max();
                if highest.is_some_and(|port| port >= count) {
                    return Err(Fault::new(code::NOT_SUPPORTED, "a device is attached to a port that would go"));
                }
                Ok(false)
            }
            "controllerType" if bus_of(arguments.name(0)) != bus => {
                Err(Fault::argument(format!("`{}` is no controller for the bus {bus}", arguments.name(0))))
            }
            _ => Ok(false),
        }
    }

    fn attachments_of(&self, view: View, controller: ElementId) -> Outcome<Vec<ElementId>> {
        Ok(self.document(view)?.children(controller, "attachment"))
    }

    fn controller(&self, view: View, name: &str) -> Outcome<ElementId> {
        let found = self.document(view)?.named(ROOT, "storageControllers", name);
        found.ok_or_else(|| Fault::not_found(format!("the machine has no storage controller named `{name}`")))
    }

    pub(super) fn add_storage_controller(&mut self, root: Address, name: &str, bus: &str) -> Outcome<ElementId> {
        let limits = Bus::of(bus);
        if limits.default_controller.is_empty() {
            return Err(Fault::argument(format!("`{bus}` is no storage bus")));
        }
        let document = self.document(root.view)?;
        if name.is_empty() || document.named(ROOT, "storageControllers", name).is_some() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("a storage controller is named `{name}` already")));
        }
        let there = document.children(ROOT, "storageControllers");
        let same = there.iter().filter_map(|id| document.get(*id)).filter(|other| other.name("bus") == bus);
        let used: Vec<_> = same.map(|other| other.int("instance")).collect();
        let chipset = document
            .child(ROOT, "platform", 0)
            .and_then(|id| document.get(id))
            .map_or("", |platform| platform.name("chipsetType"));
        if i64::try_from(used.len()).unwrap_or(i64::MAX) >= super::properties::instances(chipset, bus) {
            return Err(Fault::new(
                code::E_INVALIDARG,
                format!("the machine has as many controllers for {bus} as it can have"),
            ));
        }
        let instance = (0..).find(|number| !used.contains(number)).unwrap_or_default();
        let position =
            there.iter().filter_map(|id| document.get(*id)).map(|other| other.index + 1).max().unwrap_or_default();
        let document = self.document_mut(root.view)?;
        let id = document.add("IStorageController", ROOT, "storageControllers", position);
        if let Some(element) = document.get_mut(id) {
            element.set("name", text(name));
            element.set("bus", enumerated("StorageBus", bus));
            element.set("instance", RawValue::Int(instance));
            element.set("controllerType", enumerated("StorageControllerType", limits.default_controller));
            element.set("portCount", RawValue::Int(limits.default_ports));
            element.set("useHostIOCache", RawValue::Bool(matches!(bus, "IDE" | "Floppy")));
        }
        self.touch(root.view);
        Ok(id)
    }

    pub(super) fn call_storage(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let view = at.view;
        let object = |id: ElementId| Address { view, element: id }.value("IStorageController");
        let slot = (arguments.text(0), arguments.int(1), arguments.int(2));
        match name {
            "addStorageController" => {
                self.check_mutable(view, When::Off)?;
                one(object(self.add_storage_controller(at, arguments.text(0), arguments.name(1))?))
            }
            "getStorageControllerByName" => one(object(self.controller(view, slot.0)?)),
            "getStorageControllerByInstance" => {
                let (bus, instance) = (arguments.name(0), arguments.int(1));
                let document = self.document(view)?;
                let fits = |id: &ElementId| {
                    document.get(*id).is_some_and(|known| known.name("bus") == bus && known.int("instance") == instance)
                };
                let found = document.children(ROOT, "storageControllers").into_iter().find(fits);
                one(object(
                    found.ok_or_else(|| {
                        Fault::not_found(format!("the machine has no controller {instance} for {bus}"))
                    })?,
                ))
            }
            "removeStorageController" => {
                self.check_mutable(view, When::Off)?;
                let id = self.controller(view, slot.0)?;
                self.document_mut(view)?.remove(id);
                self.touch(view);
                nothing()
            }
            "setStorageControllerBootable" => {
                let element = self.controller(view, slot.0)?;
                self.change_controller(Address { view, element }, "bootable", arguments.flag(1))
            }
            "attachDevice" => {
                self.attach(view, slot, arguments.name(3), arguments.object(4))?;
                nothing()
            }
            "attachDeviceWithoutMedium" => {
                self.attach(view, slot, arguments.name(3), None)?;
                nothing()
            }
            "detachDevice" => {
                self.check_mutable(view, When::OffOrRunning)?;
                let id = self.attachment(view, slot)?;
                if self.running(view).is_some() && !self.element(Address { view, element: id })?.flag("hotPluggable") {
                    let message = "the machine runs, and the device cannot be unplugged from it";
                    return Err(Fault::new(code::INVALID_VM_STATE, message));
                }
                self.document_mut(view)?.remove(id);
                self.touch(view);
                nothing()
            }
            "mountMedium" | "unmountMedium" => {
                let medium = if name == "mountMedium" { arguments.object(3) } else { None };
                self.mount(view, slot, medium)?;
                nothing()
            }
            "getMedium" => {
                let id = self.attachment(view, slot)?;
                let element = self.element(Address { view, element: id })?;
                one(element.value("medium").cloned().unwrap_or_default())
            }
            "getMediumAttachment" => {
                let id = self.attachment(view, slot)?;
                one(self.attachment_value(view, id)?)
            }
            "getMediumAttachmentsOfController" => {
                let controller = self.controller(view, slot.0)?;
                let all = self.attachments_of(view, controller)?;
                one(RawValue::List(all.into_iter().map(|id| self.attachment_value(view, id)).collect::<Outcome<_>>()?))
            }
            "passthroughDevice" => {
                self.change_attachment(view, slot, "passthrough", arguments.flag(3), When::OffOrRunning)
            }
            "temporaryEjectDevice" => {
                self.change_attachment(view, slot, "temporaryEject", arguments.flag(3), When::Always)
            }
            "nonRotationalDevice" => self.change_attachment(view, slot, "nonRotational", arguments.flag(3), When::Off),
            "setAutoDiscardForDevice" => self.change_attachment(view, slot, "discard", arguments.flag(3), When::Off),
            "setHotPluggableForDevice" => {
                self.change_attachment(view, slot, "hotPluggable", arguments.flag(3), When::Off)
            }
            _ => Ok(None),
        }
    }

    fn change_controller(&mut self, at: Address, name: &'static str, value: bool) -> Outcome<Option<Vec<RawValue>>> {
        self.check_mutable(at.view, When::Off)?;
        self.element_mut(at)?.set(name, RawValue::Bool(value));
        self.touch(at.view);
        nothing()
    }

    fn change_attachment(
        &mut self,
        view: View,
        slot: Slot<'_>,
        name: &'static str,
        value: bool,
        when: When,
    ) -> Outcome<Option<Vec<RawValue>>> {
        self.check_mutable(view, when)?;
        let element = self.attachment(view, slot).map_err(|fault| Fault::argument(fault.message))?;
        self.element_mut(Address { view, element })?.set(name, RawValue::Bool(value));
        self.touch(view);
        nothing()
    }

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

    fn attach(&mut self, view: View, slot: Slot<'_>, kind: &'static str, medium: Option<Address>) -> Outcome {
        let (name, port, device) = slot;
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
            return Err(Fault::argument(message));
        }
        if !matches!(kind, "HardDisk" | "DVD" | "Floppy") {
            return Err(Fault::argument(format!("a {kind} cannot be attached to a storage controller")));
        }
        if self.attachment(view, slot).is_ok() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("port {port}, device {device} of `{name}` is taken")));
        }
        if medium.is_none() && kind == "HardDisk" {
            return Err(Fault::argument("a hard disk needs a medium"));
        }
        if let Some(medium) = medium {
            self.check_attachable(view, medium.element, kind)?;
        }
        let count = u32::try_from(self.attachments_of(view, controller)?.len()).unwrap_or_default();
        let document = self.document_mut(view)?;
        let id = document.add("IMediumAttachment", controller, "attachment", count);
        if let Some(element) = document.get_mut(id) {
            element.set("port", RawValue::Int(port));
            element.set("device", RawValue::Int(device));
            element.set("type", enumerated("DeviceType", kind));
            element.set("medium", medium.map_or(RawValue::Null, |at| at.value("IMedium")));
        }
        self.touch(view);
        Ok(())
    }

    fn check_attachable(&mut self, view: View, medium: ElementId, kind: &str) -> Outcome {
        let known = self.medium(medium)?;
        let place = known.location.display().to_string();
        if known.device != kind {
            return Err(Fault::argument(format!("`{place}` is a {}, not a {kind}", known.device)));
        }
        if known.state == "NotCreated" {
            return Err(Fault::new(
                code::INVALID_OBJECT_STATE,
                format!("`{place}` has no storage yet; `createBaseStorage` makes it"),
            ));
        }
        if kind != "HardDisk" {
            return Ok(());
        }
        if matches!(known.kind, "Immutable" | "MultiAttach") {
            return Err(Fault::not_implemented(format!(
                "IMachine.attachDevice of a medium of the type {}",
                known.kind
            )));
        }
        // Several machines may have a medium; only one can run with it.
        let here = self.document(view)?.iter().any(|(_, element)| {
            element.role == "attachment"
                && element.value("medium").and_then(Address::of) == Some(Address::global(medium))
        });
        if here {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("`{place}` is attached to this machine already")));
        }
        let children = self.element(Address::global(medium)).is_ok()
            && self.read_medium(medium, "children")?.is_some_and(|list| list != RawValue::List(Vec::new()));
        if children {
            return Err(Fault::not_implemented("IMachine.attachDevice of a medium that has differencing disks"));
        }
        Ok(())
    }

    fn mount(&mut self, view: View, slot: Slot<'_>, medium: Option<Address>) -> Outcome {
        self.check_mutable(view, When::OffOrRunning)?;
        let id = self.attachment(view, slot)?;
        let at = Address { view, element: id };
        let kind = self.element(at)?.name("type");
        if kind == "HardDisk" {
            let message = "a hard disk cannot be exchanged: it is no removable medium; detach it";
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if let Some(medium) = medium {
            self.check_attachable(view, medium.element, kind)?;
        }
        self.element_mut(at)?.set("medium", medium.map_or(RawValue::Null, |at| at.value("IMedium")));
        self.touch(view);
        Ok(())
    }

    /// All attachments of a machine, in the order of its controllers.
    pub(super) fn attachments(&self, view: View) -> Outcome<Vec<ElementId>> {
        let document = self.document(view)?;
        let controllers = document.children(ROOT, "storageControllers");
        Ok(controllers.into_iter().flat_map(|controller| document.children(controller, "attachment")).collect())
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
            name => element.value(name).cloned().unwrap_or_default(),
        };
        let fields = interface.attributes().into_iter().map(|attribute| field(attribute.name)).collect();
        Ok(RawValue::Struct(Arc::new(StructValue { interface, fields })))
    }

    /// Detaches everything from a machine that is going; gives the media that the mode names.
    pub(super) fn detach_all(&mut self, view: View, mode: &str) -> Outcome<Vec<ElementId>> {
        let mut media = Vec::new();
        for id in self.attachments(view)? {
            let element = self.element(Address { view, element: id })?;
            let medium = element.value("medium").and_then(Address::of);
            let returned = match mode {
                "Full" => true,
                "DetachAllReturnNone" => false,
                _ => element.name("type") == "HardDisk",
            };
            media.extend(medium.map(|at| at.element).filter(|_| returned));
            self.document_mut(view)?.remove(id);
        }
        // Its own file will not remember them any more.
        let own = super::media::Registry::Machine(self.machine(view)?.id.clone());
        for medium in self.media.values_mut().filter(|medium| medium.registry == own) {
            medium.registry = super::media::Registry::Global;
        }
        Ok(media)
    }
}
