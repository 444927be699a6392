//! `IMachine`: what is more than a stored value, and its methods.

use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::table::When;
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::RawValue;
use sha2::{Digest, Sha512};
use std::path::{Path, PathBuf};

/// What stands before a password that is kept as a digest.
const HASHED: &str = "#SHA-512##";

/// What works on a machine whose settings cannot be read.
const ALWAYS_READABLE: [&str; 5] = ["parent", "id", "settingsFilePath", "accessible", "accessError"];

/// Work that only a session with a mutable copy of its own begins.
const FOR_THE_HOLDER: [&str; 8] = [
    "takeSnapshot",
    "restoreSnapshot",
    "deleteSnapshot",
    "deleteSnapshotRange",
    "deleteSnapshotAndAllChildren",
    "saveState",
    "moveTo",
    "canShowConsoleWindow",
];

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

    /// Whether the settings of a machine could be read.
    pub(super) fn is_accessible(&self, view: u32) -> bool {
        self.machine(view).is_ok_and(|machine| machine.access_error.is_none())
    }

    /// # Errors
    /// The settings cannot be read, and `what` needs them.
    pub(super) fn check_accessible(&self, view: u32, what: &str) -> Outcome {
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
            "PCIDeviceAssignments" => self.pci_devices(view)?,
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
                Ok(false)
            }
            "groups" => {
                let mut groups: Vec<String> = Vec::new();
                for given in arguments.texts(0) {
                    let group = if given.is_empty() { "/".to_owned() } else { given };
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
                self.element_mut(at)?
                    .set("groups", super::value::texts(if groups.is_empty() { vec!["/".to_owned()] } else { groups }));
                Ok(true)
            }
            "hardwareUUID" => {
                // No id, and the empty one, stand for the machine's own.
                let id = super::machines::parse_id(arguments.text(0)).unwrap_or_default();
                let id = if id.bytes().all(|byte| matches!(byte, b'0' | b'-')) { String::new() } else { id };
                self.element_mut(at)?.set("hardwareUUID", text(id));
                Ok(true)
            }
            // A known type is kept by its own spelling.
            "OSTypeId" => {
                let known = super::os_types::Recommended::of(arguments.text(0)).id();
                let known = known.as_text().filter(|id| !id.is_empty()).unwrap_or(arguments.text(0)).to_owned();
                self.element_mut(at)?.set("OSTypeId", text(known));
                Ok(true)
            }
            "VMProcessPriority" if arguments.name(0) == "Invalid" && self.running(at.view).is_some() => {
                Err(Fault::argument("`Invalid` is no priority of a process").by("IConsole"))
            }
            "CPUProfile" if arguments.text(0).is_empty() => {
                self.element_mut(at)?.set("CPUProfile", text("host"));
                Ok(true)
            }
            "teleporterPassword" => {
                let kept = match arguments.text(0) {
                    given if given.is_empty() || given.starts_with(HASHED) => given.to_owned(),
                    given => format!("{HASHED}{}", hex(&Sha512::digest(given))),
                };
                self.element_mut(at)?.set("teleporterPassword", text(kept));
                Ok(true)
            }
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
            "autostartEnabled" | "autostopType" if self.element(at)?.value(name) != Some(&arguments.value(0)) => {
                let message =
                    "the path of the autostart database is not set: `vbox.systemProperties.autostartDatabasePath`";
                let properties = self.properties_object("ISystemProperties");
                if self.element(properties)?.text("autostartDatabasePath").is_empty() {
                    return Err(Fault::new(code::E_FAIL, message));
                }
                Ok(false)
            }
            "CPUCount" | "CPUHotPlugEnabled" => self.write_processors(at, name, arguments),
            _ => Ok(false),
        }
    }

    /// A path below the machine's folder is kept relative to it.
    fn relative(&self, view: u32, path: &str) -> Outcome<String> {
        let folder = self.folder_of(view)?;
        let path = super::root::normal(&folder.join(path));
        Ok(path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy().into_owned())
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
        if name.contains("Encryption") {
            return self.call_encryption(name, arguments);
        }
        if self.windows.contains_key(&view) && FOR_THE_HOLDER.contains(&name) {
            self.check_mutable(view, When::Always)?;
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
            "exportTo" => one(self.export_machine(view, arguments.object(0))?),
            "moveTo" => one(self.move_machine(view, arguments.text(0))?),
            "setSettingsFilePath" => {
                let message =
                    "no host moves the settings file alone: `moveTo` moves the machine, a new `name` renames it";
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            "adoptSavedState" => self.adopt_saved_state(view, arguments.text(0)),
            "discardSavedState" => self.discard_saved_state(view, arguments.flag(0)),
            "querySavedScreenshotInfo" | "readSavedScreenshotToArray" | "readSavedThumbnailToArray"
                if arguments.int(0) != 0 =>
            {
                Err(Fault::not_in_virtualbox(format!("IMachine.{name} of another screen than the first")))
            }
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
            "getCPUStatus" | "hotPlugCPU" | "hotUnplugCPU" => self.call_processors(at, name, arguments),
            "attachHostPCIDevice" | "detachHostPCIDevice" => self.call_pci(at, name, arguments),
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
            "canShowConsoleWindow" | "showConsoleWindow" => self.console_window(view, name == "showConsoleWindow"),
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
            let made = self.delete_implicit(view);
            let mut document = self.document(original)?.clone();
            if !made {
                // VirtualBox takes attachments back only along with differencing disks that were made for some.
                super::attachments::keep(&mut document, self.document(view)?);
            }
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
            "Default" => enumerated("ParavirtProvider", usual_provider(os_type)),
            "Legacy" if os_type.starts_with("MacOS") => enumerated("ParavirtProvider", "Minimal"),
            "Legacy" => enumerated("ParavirtProvider", "None"),
            other => enumerated("ParavirtProvider", other),
        })
    }

    /// The window of a machine that does not run: a session without one has none to show.
    fn console_window(&self, view: u32, show: bool) -> Outcome<Option<Vec<RawValue>>> {
        // The machine of a snapshot answers as a locked one does.
        if !self.copies.contains_key(&view) && self.snapshot_of_view(view).is_none() {
            let code = if show { code::E_FAIL } else { code::INVALID_VM_STATE };
            return Err(Fault::new(code, "the machine does not run, so it has no window"));
        }
        one(if show { RawValue::Int(0) } else { RawValue::Bool(false) })
    }

    fn read_log(&self, view: u32, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        use std::io::{Read, Seek, SeekFrom};
        let file = match arguments.int(0) {
            0 => "VBox.log".to_owned(),
            older => format!("VBox.log.{older}"),
        };
        let path = self.folder_of(view)?.join("Logs").join(file);
        let unread =
            |cause: String| Fault::new(code::IPRT_ERROR, format!("cannot read the log `{}`: {cause}", path.display()));
        let size = u64::try_from(arguments.int(2)).map_err(|_| Fault::argument("the size must not be negative"))?;
        let offset =
            u64::try_from(arguments.int(1)).map_err(|_| unread("the offset must not be negative".to_owned()))?;
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            // As much as one call of the real thing gives at most.
            file.take(size.min(1 << 20)).read_to_end(&mut bytes)
        });
        read.map_err(|error| unread(error.to_string()))?;
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What helps a guest of that type to run in a virtual machine.
fn usual_provider(os_type: &str) -> &'static str {
    let family = super::os_types::Recommended::of(os_type).value("familyId");
    match family.as_text().unwrap_or_default() {
        "Linux" if matches!(os_type, "Linux22" | "Linux24" | "Linux24_64") => "None",
        "Linux" => "KVM",
        "MacOS" => "Minimal",
        "Windows" if OLD_WINDOWS.contains(&os_type) => "None",
        "Windows" => "HyperV",
        _ => "None",
    }
}

/// Types of Windows that know no hypervisor.
const OLD_WINDOWS: [&str; 14] = [
    "Windows31",
    "Windows95",
    "Windows98",
    "WindowsMe",
    "WindowsNT3x",
    "WindowsNT4",
    "Windows2000",
    "WindowsXP",
    "WindowsXP_64",
    "Windows2003",
    "Windows2003_64",
    "Windows11_arm64",
    "WindowsNT",
    "WindowsNT_64",
];
