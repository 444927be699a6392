//! `IMachine`: what is more than a stored value, and its methods.

use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// What works on a machine whose settings cannot be read.
const ALWAYS_READABLE: [&str; 6] = ["parent", "id", "name", "settingsFilePath", "accessible", "accessError"];

/// Attributes that are objects of the machine: attribute, interface.
const PARTS: [(&str, &str); 10] = [
    ("graphicsAdapter", "IGraphicsAdapter"),
    ("platform", "IPlatform"),
    ("firmwareSettings", "IFirmwareSettings"),
    ("trustedPlatformModule", "ITrustedPlatformModule"),
    ("nonVolatileStore", "INvramStore"),
    ("recordingSettings", "IRecordingSettings"),
    ("VRDEServer", "IVRDEServer"),
    ("USBDeviceFilters", "IUSBDeviceFilters"),
    ("bandwidthControl", "IBandwidthControl"),
    ("guestDebugControl", "IGuestDebugControl"),
];

impl State {
    /// Folder of the settings file.
    pub(super) fn folder_of(&self, view: u32) -> Outcome<PathBuf> {
        Ok(self.machine(view)?.settings_file.parent().unwrap_or(Path::new("")).to_owned())
    }

    fn check_accessible(&self, view: u32, what: &str) -> Outcome {
        match &self.machine(view)?.access_error {
            Some(fault) if !ALWAYS_READABLE.contains(&what) => {
                let message = format!("the machine is not accessible: {}; it can only be unregistered", fault.message);
                Err(Fault::new(code::E_ACCESSDENIED, message))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn read_machine(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        let view = at.view;
        self.check_accessible(view, name)?;
        if let Some((role, interface)) = PARTS.iter().find(|(role, _)| *role == name) {
            let part = self.document(view)?.child(ROOT, role, 0);
            return Ok(part.map(|element| Address { view, element }.value(interface)));
        }
        let machine = self.machine(view)?;
        Ok(Some(match name {
            "parent" => Address::VIRTUAL_BOX.value("IVirtualBox"),
            "accessError" => match machine.access_error.clone() {
                Some(fault) => self.error_info(&fault, "IMachine"),
                None => RawValue::Null,
            },
            "id" => text(&machine.id),
            "currentSnapshot" => self.snapshot_value(machine.current_snapshot),
            "snapshotCount" => RawValue::Int(i64::try_from(self.snapshots_of(view).len()).unwrap_or(i64::MAX)),
            "currentStateModified" => RawValue::Bool(machine.current_state_modified),
            "hardwareUUID" => match self.element(at)?.text("hardwareUUID") {
                "" => text(&machine.id),
                own => text(own),
            },
            "settingsFilePath" => text(machine.settings_file.to_string_lossy()),
            "settingsModified" => match self.copies.get(&view) {
                Some(copy) => RawValue::Bool(copy.modified),
                None if machine.registered => {
                    self.check_mutable(view, When::Always)?;
                    RawValue::Bool(false)
                }
                None => RawValue::Bool(machine.modified),
            },
            "sessionState" => {
                let locked = if self.is_locked(view) { "Locked" } else { "Unlocked" };
                enumerated("SessionState", if machine.spawning { "Spawning" } else { locked })
            }
            "sessionName" => text(self.held_by(view)?.unwrap_or_default().session),
            "sessionPID" => RawValue::Int(self.held_by(view)?.map_or(u32::MAX, |holder| holder.pid).into()),
            "state" => self.machine_state(view)?,
            "lastStateChange" => RawValue::Int(machine.last_state_change),
            "logFolder" => text(self.folder_of(view)?.join("Logs").to_string_lossy()),
            "snapshotFolder" => {
                let folder = self.folder_of(view)?;
                text(folder.join(self.element(self.keeper_of(at, name))?.text("snapshotFolder")).to_string_lossy())
            }
            "stateFilePath" => match self.element(at)?.text("stateFilePath") {
                "" => text(""),
                file => text(self.folder_of(view)?.join(file).to_string_lossy()),
            },
            "audioSettings" => self.part_value(at, "audioSettings", "IAudioSettings")?,
            "mediumAttachments" => {
                let all = self.attachments(view)?;
                RawValue::List(all.into_iter().map(|id| self.attachment_value(view, id)).collect::<Outcome<_>>()?)
            }
            "storageControllers" => self.parts(at, "storageControllers", "IStorageController")?,
            "USBControllers" => self.parts(at, "USBControllers", "IUSBController")?,
            "sharedFolders" => self.parts(at, "sharedFolders", "ISharedFolder")?,
            "settingsAuxFilePath" => return Err(Fault::not_in_virtualbox("IMachine.settingsAuxFilePath")),
            "groups" => super::value::texts(self.groups_of(self.keeper_of(at, name).view)),
            _ => return Ok(None),
        }))
    }

    /// The one part of an object in that role.
    pub(super) fn part_value(&self, at: Address, role: &str, interface: &str) -> Outcome<RawValue> {
        let part = self.document(at.view)?.child(at.element, role, 0);
        Ok(part.map_or(RawValue::Null, |element| Address { view: at.view, element }.value(interface)))
    }

    pub(super) fn write_machine(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "name" => {
                let wanted = arguments.text(0);
                if wanted.is_empty() {
                    return Err(Fault::argument("a machine needs a name"));
                }
                if super::machines::parse_id(wanted).is_some() {
                    return Err(Fault::argument(format!("`{wanted}` looks like an id; a machine needs another name")));
                }
                let own = self.machine_of(at.view);
                if self.find_machine(wanted).is_some_and(|other| other != own) {
                    return Err(Fault::argument(format!("a registered machine is named `{wanted}` already")));
                }
                Ok(false)
            }
            "groups" => {
                let groups = arguments.texts(0);
                for group in &groups {
                    super::machines::check_group(group)?;
                }
                self.element_mut(at)?
                    .set("groups", super::value::texts(if groups.is_empty() { vec!["/".to_owned()] } else { groups }));
                Ok(true)
            }
            "hardwareUUID" => match super::machines::parse_id(arguments.text(0)) {
                Some(id) => {
                    self.element_mut(at)?.set("hardwareUUID", text(id));
                    Ok(true)
                }
                None => Err(Fault::argument(format!("`{}` is no UUID", arguments.text(0)))),
            },
            "snapshotFolder" => {
                if self.machine(at.view)?.first_snapshot.is_some() {
                    let message = "the snapshot folder is fixed while the machine has snapshots; delete them first";
                    return Err(Fault::new(code::E_FAIL, message));
                }
                let folder = match arguments.text(0) {
                    "" => "Snapshots".to_owned(),
                    given => self.relative(at.view, given)?,
                };
                self.element_mut(at)?.set("snapshotFolder", text(folder));
                Ok(true)
            }
            "autostartEnabled" | "autostopType" => {
                let message =
                    "the path of the autostart database is not set: `vbox.systemProperties.autostartDatabasePath`";
                let properties = self.properties_object("ISystemProperties");
                if self.element(properties)?.text("autostartDatabasePath").is_empty() {
                    return Err(Fault::new(code::E_FAIL, message));
                }
                Ok(false)
            }
            "memoryBalloonSize" => {
                let memory = self.element(at)?.int("memorySize");
                if arguments.int(0) > memory * 9 / 10 {
                    return Err(Fault::argument(format!(
                        "{} MB: the balloon may have at most {} MB",
                        arguments.int(0),
                        memory * 9 / 10
                    )));
                }
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// A path below the machine's folder is kept relative to it.
    fn relative(&self, view: u32, path: &str) -> Outcome<String> {
        let folder = self.folder_of(view)?;
        let path = Path::new(path);
        Ok(path.strip_prefix(&folder).unwrap_or(path).to_string_lossy().into_owned())
    }

    pub(super) fn call_machine(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let view = at.view;
        if name != "unregister" {
            self.check_accessible(view, name)?;
        }
        if name.contains("GuestPropert") {
            return self.call_guest_property(view, name, arguments);
        }
        match name {
            "lockMachine" => {
                self.lock_machine(view, arguments)?;
                nothing()
            }
            "launchVMProcess" => one(self.launch(view, arguments)?),
            "hotPlugCPU" | "hotUnplugCPU" if !self.element(at)?.flag("CPUHotPlugEnabled") => {
                Err(Fault::argument("processors cannot be plugged: set `CPUHotPlugEnabled` while the machine is off"))
            }
            "saveState" => one(self.save_state(view)?),
            "canShowConsoleWindow" if self.running(view).is_some() => one(RawValue::Bool(self.events.take_approval())),
            "showConsoleWindow" if self.running(view).is_some() => {
                let original = self.machine_of(view);
                self.fire_at_console(original, "OnShowWindow", vec![("winId", RawValue::Int(0))]);
                one(RawValue::Int(0))
            }
            "saveSettings" => {
                self.check_mutable(view, When::Always)?;
                self.save_machine(view)?;
                nothing()
            }
            "discardSettings" => {
                self.check_mutable(view, When::Always)?;
                self.discard_settings(view)?;
                nothing()
            }
            "takeSnapshot" => self.take_snapshot(view, arguments),
            "restoreSnapshot" => one(self.restore_snapshot(view, arguments)?),
            "deleteSnapshot" => one(self.delete_snapshot(view, arguments)?),
            "deleteSnapshotRange" | "deleteSnapshotAndAllChildren" => {
                one(self.delete_snapshots(view, name, arguments)?)
            }
            "cloneTo" => one(self.clone_machine(view, arguments)?),
            "moveTo" => one(self.move_machine(view, arguments.text(0), arguments.text(1))?),
            "setSettingsFilePath" => {
                let message =
                    "no host moves the settings file alone: `moveTo` moves the machine, a new `name` renames it";
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            "adoptSavedState" => self.adopt_saved_state(view, arguments.text(0)),
            "discardSavedState" => self.discard_saved_state(view, arguments.flag(0)),
            "querySavedGuestScreenInfo"
            | "querySavedScreenshotInfo"
            | "readSavedScreenshotToArray"
            | "readSavedThumbnailToArray" => self.read_saved_screen(view, name, arguments),
            "unregister" => one(self.unregister(view, arguments.name(0))?),
            "deleteConfig" => one(self.delete_config(view, arguments)?),
            "applyDefaults" => {
                self.check_mutable(view, When::Off)?;
                self.apply_defaults(view)?;
                nothing()
            }
            "getExtraDataKeys" => {
                one(super::value::texts(self.element(self.keeper_of(at, "name"))?.properties.keys().cloned()))
            }
            "getExtraData" => {
                let keeper = self.keeper_of(at, "name");
                one(text(self.element(keeper)?.properties.get(arguments.text(0)).cloned().unwrap_or_default()))
            }
            "setExtraData" => {
                if self.snapshot_of_view(view).is_some() {
                    return Err(Fault::new(
                        code::INVALID_VM_STATE,
                        "the machine of a snapshot has no extra data of its own",
                    ));
                }
                self.set_extra_data(at, arguments.text(0), arguments.text(1))?;
                nothing()
            }
            "getBootOrder" => {
                let name = boot_position(arguments.int(0))?;
                one(self.element(at)?.value(name).cloned().unwrap_or_default())
            }
            "setBootOrder" => {
                let name = boot_position(arguments.int(0))?;
                self.check_mutable(view, When::Off)?;
                if arguments.name(1) == "USB" {
                    return Err(Fault::new(code::E_NOTIMPL, "booting from USB does not exist in this API"));
                }
                self.element_mut(at)?.set(name, arguments.value(1));
                self.touch(view);
                nothing()
            }
            "getNetworkAdapter" => self.slot(at, "networkAdapter", "INetworkAdapter", arguments.int(0)),
            "getSerialPort" => self.slot(at, "serialPort", "ISerialPort", arguments.int(0)),
            "getParallelPort" => self.slot(at, "parallelPort", "IParallelPort", arguments.int(0)),
            "findSnapshot" => one(self.snapshot_value(Some(self.find_snapshot(view, arguments.text(0))?))),
            "getCPUStatus" => one(RawValue::Bool(arguments.int(0) < self.element(at)?.int("CPUCount"))),
            "getEffectiveParavirtProvider" => one(self.effective_provider(at)?),
            "queryLogFilename" => {
                let file = match arguments.int(0) {
                    0 => "VBox.log".to_owned(),
                    older => format!("VBox.log.{older}"),
                };
                let path = self.folder_of(view)?.join("Logs").join(file);
                one(text(if path.exists() { path.to_string_lossy().into_owned() } else { String::new() }))
            }
            "readLog" => self.read_log(view, arguments),
            "canShowConsoleWindow" | "showConsoleWindow" => {
                Err(Fault::new(code::INVALID_VM_STATE, "the machine does not run, so it has no window"))
            }
            "createSharedFolder"
            | "removeSharedFolder"
            | "addUSBController"
            | "removeUSBController"
            | "getUSBControllerByName"
            | "getUSBControllerCountByType" => self.call_part_list(at, name, arguments),
            _ => self.call_storage(at, name, arguments),
        }
    }

    fn slot(&self, at: Address, role: &str, interface: &str, slot: i64) -> Outcome<Option<Vec<RawValue>>> {
        let document = self.document(at.view)?;
        let found = u32::try_from(slot).ok().and_then(|slot| document.child(ROOT, role, slot));
        let count = document.children(ROOT, role).len();
        let missing = || {
            Fault::argument(format!(
                "slot {slot} is out of range: the machine has {count} (0 to {})",
                count.saturating_sub(1)
            ))
        };
        one(Address { view: at.view, element: found.ok_or_else(missing)? }.value(interface))
    }

    fn discard_settings(&mut self, view: u32) -> Outcome {
        let original = self.machine_of(view);
        if self.copies.contains_key(&view) {
            self.delete_implicit(view);
            let document = self.document(original)?.clone();
            if let Some(copy) = self.copies.get_mut(&view) {
                // It counts as modified until it is saved, as in VirtualBox.
                copy.document = document;
            }
            return Ok(());
        }
        let machine = self.machine_mut(view)?;
        if machine.settings_file.exists() {
            machine.document = None;
            machine.modified = false;
            self.load(view)?;
        }
        Ok(())
    }

    fn effective_provider(&self, at: Address) -> Outcome<RawValue> {
        let root = self.element(at)?;
        let os_type = root.text("OSTypeId");
        Ok(match root.name("paravirtProvider") {
            "Default" if os_type.starts_with("Windows") => enumerated("ParavirtProvider", "HyperV"),
            "Default" if os_type.starts_with("MacOS") => enumerated("ParavirtProvider", "Minimal"),
            "Default" => enumerated("ParavirtProvider", "KVM"),
            "Legacy" => enumerated("ParavirtProvider", "None"),
            other => enumerated("ParavirtProvider", other),
        })
    }

    fn read_log(&self, view: u32, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        use std::io::{Read, Seek, SeekFrom};
        let file = match arguments.int(0) {
            0 => "VBox.log".to_owned(),
            older => format!("VBox.log.{older}"),
        };
        let path = self.folder_of(view)?.join("Logs").join(file);
        let (Ok(offset), Ok(size)) = (u64::try_from(arguments.int(1)), u64::try_from(arguments.int(2))) else {
            return Err(Fault::argument("offset and size must not be negative"));
        };
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            // As much as one call of the real thing gives at most.
            file.take(size.min(1 << 20)).read_to_end(&mut bytes)
        });
        read.map_err(|error| Fault::file(&path, error))?;
        one(RawValue::Blob(bytes))
    }
}

fn boot_position(position: i64) -> Outcome<&'static str> {
    match position {
        1 => Ok("bootOrder.1"),
        2 => Ok("bootOrder.2"),
        3 => Ok("bootOrder.3"),
        4 => Ok("bootOrder.4"),
        other => Err(Fault::argument(format!("{other} is no boot position: they go from 1 to 4"))),
    }
}
