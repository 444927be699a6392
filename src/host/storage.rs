//! Storage controllers of a machine, and what is attached to them.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::properties::{Bus, bus_of};
use super::state::{Address, State, View, nothing, one};
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;

/// What is attached where.
pub(super) type Slot<'a> = (&'a str, i64, i64);

/// VirtualBox refuses an empty name before it looks for the controller.
pub(super) fn check_named(name: &str) -> Outcome {
    if name.is_empty() { Err(Fault::argument("it must be named: the name is empty").by("")) } else { Ok(()) }
}

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
                if taken {
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
                // VirtualBox lets ports go that are in use: what is attached there stays.
                Ok(false)
            }
            "controllerType" if bus_of(arguments.name(0)) != bus => {
                Err(Fault::argument(format!("`{}` is no controller for the bus {bus}", arguments.name(0))))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn attachments_of(&self, view: View, controller: ElementId) -> Outcome<Vec<ElementId>> {
        Ok(self.document(view)?.children(controller, "attachment"))
    }

    pub(super) fn controller(&self, view: View, name: &str) -> Outcome<ElementId> {
        let found = self.document(view)?.named(ROOT, "storageControllers", name);
        found.ok_or_else(|| Fault::not_found(format!("the machine has no storage controller named `{name}`")))
    }

    pub(super) fn add_storage_controller(&mut self, root: Address, name: &str, bus: &str) -> Outcome<ElementId> {
        Bus::check(bus)?;
        let limits = Bus::of(bus);
        let document = self.document(root.view)?;
        if name.is_empty() {
            return Err(Fault::argument("a storage controller needs a name").by("IStorageController"));
        }
        if document.named(ROOT, "storageControllers", name).is_some() {
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
            let message = format!("the machine has as many controllers for {bus} as it can have");
            return Err(Fault::argument(message).by("IStorageController"));
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
        self.tell_controller(root.view, name)?;
        Ok(id)
    }

    fn tell_controller(&mut self, view: View, name: &str) -> Outcome {
        let machine = self.machine(view)?;
        // An unregistered machine tells nobody.
        if machine.registered {
            let values = vec![("machinId", text(&machine.id)), ("controllerName", text(name))];
            self.fire("OnStorageControllerChanged", values);
        }
        Ok(())
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
                Bus::check(arguments.name(1))?;
                self.check_mutable(view, When::Off)?;
                one(object(self.add_storage_controller(at, arguments.text(0), arguments.name(1))?))
            }
            "getStorageControllerByName" => {
                check_named(slot.0)?;
                one(object(self.controller(view, slot.0)?))
            }
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
                check_named(slot.0)?;
                let id = self.controller(view, slot.0)?;
                let attachments = self.attachments_of(view, id)?;
                attachments.iter().try_for_each(|attachment| self.check_settled(view, *attachment))?;
                for attachment in attachments {
                    self.document_mut(view)?.remove(attachment);
                }
                self.document_mut(view)?.retire(id);
                self.touch(view);
                nothing()
            }
            "setStorageControllerBootable" => {
                self.check_mutable(view, When::Off)?;
                check_named(slot.0)?;
                let element = self.controller(view, slot.0)?;
                self.element_mut(Address { view, element })?.set("bootable", arguments.value(1));
                self.touch(view);
                nothing()
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
                self.detach(view, slot)?;
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
                // An unknown controller has none, and is no error.
                let all = match self.controller(view, slot.0) {
                    Ok(controller) => self.attachments_of(view, controller)?,
                    Err(_) => Vec::new(),
                };
                one(RawValue::List(all.into_iter().map(|id| self.attachment_value(view, id)).collect::<Outcome<_>>()?))
            }
            "setBandwidthGroupForDevice" | "setNoBandwidthGroupForDevice" => {
                self.set_bandwidth_group(view, slot, arguments.object(3))?;
                nothing()
            }
            "passthroughDevice" => {
                // Its slot is looked for before the state is looked at.
                self.check_mutable(view, When::OffOrRunning)?;
                check_named(slot.0)?;
                self.attachment(view, slot)?;
                self.change_attachment(view, slot, ("passthrough", "DVD"), arguments.flag(3), When::Off)
            }
            "temporaryEjectDevice" => {
                self.change_attachment(view, slot, ("temporaryEject", "DVD"), arguments.flag(3), When::Always)
            }
            "nonRotationalDevice" => {
                self.change_attachment(view, slot, ("nonRotational", "HardDisk"), arguments.flag(3), When::Off)
            }
            "setAutoDiscardForDevice" => {
                self.change_attachment(view, slot, ("discard", "HardDisk"), arguments.flag(3), When::Off)
            }
            "setHotPluggableForDevice" => {
                self.change_attachment(view, slot, ("hotPluggable", ""), arguments.flag(3), When::Off)
            }
            _ => Ok(None),
        }
    }
}
