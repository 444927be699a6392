//! `IVirtualBox`: what is host-wide, and finding things.

use super::arguments::Arguments;
use super::document::ROOT;
use super::events::{EventValues, NO_MACHINE};
use super::fault::code;
use super::state::{Address, GLOBAL, State, nothing, one};
use super::table::When;
use super::value::{enumerated, text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

/// The release whose API this is, marked as not being VirtualBox.
const VERSION_SUFFIX: &str = "_vboxsh";

impl State {
    pub(super) fn read_root(&mut self, name: &str) -> Outcome<Option<RawValue>> {
        let version = crate::schema::embedded().version();
        Ok(Some(match name {
            "version" => text(format!("{}{VERSION_SUFFIX}", version.full)),
            "versionNormalized" => text(version.full),
            "revision" => RawValue::Int(version.revision.into()),
            "packageType" => text("EMBEDDED"),
            "APIVersion" => text(version.api),
            "APIRevision" => RawValue::Int(api_revision(version.full)),
            "homeFolder" => text(self.home.to_string_lossy()),
            "settingsFilePath" => text(self.home.join("VirtualBox.xml").to_string_lossy()),
            "host" => self.global_part("IHost", "host", 0).value("IHost"),
            "systemProperties" => {
                self.global_part("ISystemProperties", "systemProperties", 0).value("ISystemProperties")
            }
            "machines" => {
                self.refresh();
                let views: Vec<_> = self.machines.keys().copied().collect();
                views.into_iter().for_each(|view| self.refresh_machine(view));
                let registered = self.machines.iter().filter(|(_, machine)| machine.registered);
                RawValue::List(registered.map(|(view, _)| Address::machine(*view).value("IMachine")).collect())
            }
            "machineGroups" => {
                let accessible = self.registered().into_iter().filter(|view| self.is_accessible(*view));
                let mut groups: Vec<String> =
                    accessible.collect::<Vec<_>>().into_iter().flat_map(|view| self.groups_of(view)).collect();
                groups.sort();
                groups.dedup();
                texts(groups)
            }
            "hardDisks" => self.media_list("HardDisk"),
            "DVDImages" => self.media_list("DVD"),
            "floppyImages" => self.media_list("Floppy"),
            "guestOSTypes" => super::os_types::all(),
            "guestOSFamilies" => texts(super::os_types::families()),
            "sharedFolders" => self.parts(Address::VIRTUAL_BOX, "sharedFolders", "ISharedFolder")?,
            "performanceCollector" => {
                self.global_part("IPerformanceCollector", "performanceCollector", 0).value("IPerformanceCollector")
            }
            "progressOperations" => self.progress_operations(),
            "eventSource" => self.source_of(Address::VIRTUAL_BOX).value("IEventSource"),
            "extensionPackManager" => {
                self.global_part("IExtPackManager", "extensionPackManager", 0).value("IExtPackManager")
            }
            "cloudProviderManager" => {
                self.global_part("ICloudProviderManager", "cloudProviderManager", 0).value("ICloudProviderManager")
            }
            "internalNetworks" => texts(self.network_names("internalNetwork")),
            "genericNetworkDrivers" => texts(self.network_names("genericDriver")),
            name => return self.read_root_network(name),
        }))
    }

    /// The different values of an attribute of the network adapters of all machines.
    fn network_names(&mut self, attribute: &str) -> Vec<String> {
        let mut names = Vec::new();
        for view in self.registered() {
            let Ok(document) = self.document(view) else { continue };
            let adapters = document.children(ROOT, "networkAdapter");
            names.extend(
                adapters
                    .into_iter()
                    .filter_map(|id| document.get(id))
                    .map(|adapter| adapter.text(attribute).to_owned()),
            );
        }
        names.retain(|name| !name.is_empty());
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn call_root(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "composeMachineFilename" => {
                let [name, group, flags, base] = [0, 1, 2, 3].map(|at| arguments.text(at));
                let file = self.compose_file_name(name, group, flags, base)?;
                one(text(file.to_string_lossy()))
            }
            "getPlatformProperties" => one(self.platform_properties(arguments.name(0))?),
            "createMachine" => one(self.create_machine(arguments)?),
            "openMachine" => one(self.open_machine(arguments)?),
            "registerMachine" => {
                self.register_machine(arguments)?;
                nothing()
            }
            "findMachine" => {
                let wanted = arguments.text(0);
                let missing = || Fault::not_found(format!("no registered machine is named `{wanted}` or has that id"));
                let found = self.find_machine(wanted).ok_or_else(missing)?;
                one(Address::machine(found).value("IMachine"))
            }
            "getMachinesByGroups" => {
                let mut wanted = arguments.texts(0);
                for group in wanted.iter().filter(|group| !group.is_empty()) {
                    super::machines::check_group(group)?;
                }
                // No group is the topmost one, as where groups are written.
                if wanted.is_empty() || wanted.iter().any(String::is_empty) {
                    wanted.push("/".to_owned());
                }
                let mut found = self.registered();
                found.retain(|view| self.is_accessible(*view));
                found.retain(|view| self.groups_of(*view).iter().any(|group| wanted.contains(group)));
                one(RawValue::List(found.into_iter().map(|view| Address::machine(view).value("IMachine")).collect()))
            }
            "getMachineStates" => {
                let mut states = Vec::new();
                for at in arguments.list(0).iter().filter_map(Address::of) {
                    // Another process may run it meanwhile.
                    self.make_ready(at.view)?;
                    let known = self.is_accessible(at.view);
                    states.push(if known { self.machine_state(at.view)? } else { enumerated("MachineState", "Null") });
                }
                one(RawValue::List(states))
            }
            "createMedium" => one(self.create_medium(arguments)?),
            "openMedium" => one(self.open_medium(arguments)?),
            "getGuestOSType" => {
                let wanted = arguments.text(0);
                let missing = || {
                    Fault::not_found(format!(
                        "`{wanted}` is no guest operating system type; `vbox.guestOSTypes` lists them"
                    ))
                };
                one(super::os_types::find(wanted).ok_or_else(missing)?)
            }
            "getGuestOSSubtypesByFamilyId" => one(texts(super::os_types::subtypes(arguments.text(0))?)),
            "getGuestOSDescsBySubtype" => one(texts(super::os_types::descriptions(arguments.text(0))?)),
            "getExtraDataKeys" => one(texts(self.element(Address::VIRTUAL_BOX)?.properties.keys().cloned())),
            "getExtraData" => {
                let properties = &self.element(Address::VIRTUAL_BOX)?.properties;
                one(text(properties.get(arguments.text(0)).cloned().unwrap_or_default()))
            }
            "setExtraData" => {
                self.set_extra_data(Address::VIRTUAL_BOX, arguments.text(0), arguments.text(1))?;
                nothing()
            }
            "findProgressById" => one(self.find_progress(arguments.text(0))?),
            "createSharedFolder" | "removeSharedFolder" => {
                if name == "createSharedFolder" {
                    check_folder(arguments.text(0), arguments.text(1)).map_err(|fault| fault.by("ISharedFolder"))?;
                }
                let done = self.call_part_list(Address::VIRTUAL_BOX, name, arguments)?;
                self.save_registry()?;
                Ok(done)
            }
            "checkFirmwarePresent" => firmware(arguments.name(0), arguments.name(1), arguments.text(2)),
            "createAppliance" => one(self.create_appliance()),
            // It opens secrets in settings files; there are none.
            "setSettingsSecret" => nothing(),
            "createUnattendedInstaller" => one(self.create_unattended()),
            "getTrackedObject" | "getTrackedObjectIds" => {
                let message = "objects are tracked by VirtualBox on Windows alone";
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            name => self.call_root_network(name, arguments),
        }
    }

    /// Whether setting extra data to that value changes anything; an error when it may not be set.
    pub(super) fn changes_extra_data(&self, at: Address, key: &str, value: &str) -> Outcome<bool> {
        if key.chars().any(char::is_control) {
            return Err(Fault::argument(format!(
                "`{}` is no key of extra data: it must be printable",
                key.escape_debug()
            ))
            .by(""));
        }
        self.check_mutable(at.view, When::Always)?;
        Ok(self.element(at)?.properties.get(key).map_or("", String::as_str) != value)
    }

    /// What events about extra data say.
    pub(super) fn extra_data_event(&self, at: Address, key: &str, value: &str) -> Outcome<EventValues> {
        let id = if at.view == GLOBAL { NO_MACHINE } else { &self.machine(at.view)?.id };
        Ok(vec![("machineId", text(id)), ("key", text(key)), ("value", text(value))])
    }

    /// Sets or (with an empty value) deletes extra data of a machine or of everything, and saves it at once.
    pub(super) fn set_extra_data(&mut self, at: Address, key: &str, value: &str) -> Outcome {
        self.exclusively(|state| state.set_extra_data_now(at, key, value))
    }

    fn set_extra_data_now(&mut self, at: Address, key: &str, value: &str) -> Outcome {
        match at.view {
            GLOBAL => self.refresh(),
            view => self.catch_up(view)?,
        }
        if !self.changes_extra_data(at, key, value)? {
            return Ok(());
        }
        let values = self.extra_data_event(at, key, value)?;
        let element = self.element_mut(at)?;
        let change = |properties: &mut std::collections::BTreeMap<String, String>| match value {
            "" => drop(properties.remove(key)),
            _ => drop(properties.insert(key.to_owned(), value.to_owned())),
        };
        change(&mut element.properties);
        if at.view == GLOBAL {
            self.save_registry()?;
        } else {
            // It belongs to the machine as a whole: the saved settings and every mutable copy have it.
            let original = self.machine_of(at.view);
            change(&mut self.element_mut(Address::machine(original))?.properties);
            let copies: Vec<_> =
                self.copies.iter().filter(|(_, copy)| copy.machine == original).map(|(view, _)| *view).collect();
            for view in copies {
                change(&mut self.element_mut(Address::machine(view))?.properties);
            }
            if self.copies.contains_key(&at.view) {
                // It saves all that the session has changed, as VirtualBox does.
                self.save_machine(at.view)?;
            } else if self.machine(original)?.registered {
                self.write_extra_data(original)?;
            } else {
                self.touch(original);
            }
        }
        self.fire("OnExtraDataChanged", values);
        Ok(())
    }
}

/// Which firmware VirtualBox 7.2 comes with: whether it is there, where to get it (nowhere), and its file.
fn firmware(architecture: &str, firmware: &str, version: &str) -> Outcome<Option<Vec<RawValue>>> {
    let file = match (architecture, firmware) {
        ("None", _) => return Err(Fault::argument("a platform is needed: x86 or ARM")),
        _ if !version.is_empty() => None,
        ("x86", "BIOS") => Some(""),
        ("x86", "EFI32") => Some("VBoxEFI-x86.fd"),
        ("x86", "EFI64") => Some("VBoxEFI-amd64.fd"),
        ("x86", "EFIDUAL") => Some("VBoxEFIDual.fd"),
        ("ARM", "EFI32") => Some("VBoxEFI-arm32.fd"),
        ("ARM", "EFI64") => Some("VBoxEFI-arm64.fd"),
        _ => None,
    };
    Ok(Some(vec![RawValue::Bool(file.is_some()), text(""), text(file.unwrap_or_default())]))
}

/// A folder that all machines share: it must have a name and be there.
fn check_folder(name: &str, path: &str) -> Outcome {
    if name.is_empty() || path.is_empty() {
        return Err(Fault::argument("a shared folder needs a name and a path"));
    }
    absolute(path).map_err(|fault| Fault::argument(fault.message))?;
    let wrong = |error| Fault::argument(format!("`{path}` cannot be shared: {error}"));
    std::fs::metadata(path).map(|_| ()).map_err(wrong)
}

/// `7.2.22` as one number: a byte for major and minor, then the build, as the real one packs it.
fn api_revision(version: &str) -> i64 {
    let mut numbers = version.split('.').map(|part| part.parse::<i64>().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    next() << 56 | next() << 48 | next() << 40 | 1
}

/// Whether a path may be used as it is.
pub(super) fn absolute(path: &str) -> Outcome<&Path> {
    let path = Path::new(path);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Fault::new(code::FILE_ERROR, format!("`{}` is no absolute path", path.display())))
}

/// A path without `.` and `..`, as text: nothing is looked up.
pub(super) fn normal(path: &Path) -> std::path::PathBuf {
    use std::path::Component;
    let mut out = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            other => out.push(other),
        }
    }
    out
}
