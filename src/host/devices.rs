//! The parts of a machine with behaviour of their own: network, USB, shared folders, bandwidth, named properties,
//! processor features; and the host-wide objects that are nearly empty.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::table::{self, When};
use super::value::{enumerated, text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

pub(super) type Reply = Outcome<Option<Vec<RawValue>>>;

impl State {
    pub(super) fn read_device(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            ("IPlatform", "properties") => self.properties_object("IPlatformProperties").value("IPlatformProperties"),
            ("IPlatform", "x86") => self.part_value(at, "x86", "IPlatformX86")?,
            ("IPlatform", "ARM") => {
                let message = "the machine has the platform x86, so it has no ARM settings";
                return Err(Fault::new(code::PLATFORM_ARCH_NOT_SUPPORTED, message));
            }
            ("INvramStore", "nonVolatileStorageFile") => {
                text(self.machine(at.view)?.settings_file.with_extension("nvram").to_string_lossy())
            }
            ("INvramStore", "uefiVariableStore") => {
                return Err(Fault::not_found("the machine has no file with UEFI variables"));
            }
            ("IRecordingSettings", "screens") => self.parts(at, "screens", "IRecordingScreenSettings")?,
            ("IRecordingSettings", "paused") => return Err(Fault::not_in_virtualbox("IRecordingSettings.paused")),
            ("IRecordingSettings", "progress") => {
                self.check_mutable(at.view, When::Always)?;
                return Err(Fault::new(code::E_FAIL, "no recording was started"));
            }
            ("IRecordingScreenSettings", "id") => RawValue::Int(self.element(at)?.index.into()),
            ("IRecordingScreenSettings", "filename") if self.element(at)?.text("filename").is_empty() => {
                let file = self.machine(at.view)?.settings_file.with_extension("");
                text(format!("{}-screen{}.webm", file.display(), self.element(at)?.index))
            }
            ("IVRDEServer", "VRDEProperties") | ("IAudioAdapter", "propertiesList") => {
                texts(self.element(at)?.properties.keys().cloned())
            }
            ("IUSBDeviceFilters", "deviceFilters") => self.parts(at, "deviceFilters", "IUSBDeviceFilter")?,
            ("IUSBController", "USBStandard") => RawValue::Int(match self.element(at)?.name("type") {
                "OHCI" => 0x0101,
                _ => 0x0200,
            }),
            ("IAudioSettings", "adapter") => self.part_value(at, "adapter", "IAudioAdapter")?,
            ("IBandwidthControl", "numGroups") => {
                let groups = self.document(at.view)?.children(at.element, "bandwidthGroups").len();
                RawValue::Int(i64::try_from(groups).unwrap_or_default())
            }
            ("IVRDEServer", "VRDEExtPack") if self.element(at)?.text("VRDEExtPack").is_empty() => {
                let properties = self.properties_object("ISystemProperties");
                text(self.element(properties)?.text("defaultVRDEExtPack"))
            }
            ("IBandwidthGroup", "reference") => {
                let (document, name) = (self.document(at.view)?, self.element(at)?.text("name"));
                let users = document.iter().filter(|(_, element)| {
                    element.role == "networkAdapter" && element.text("bandwidthGroupName") == name
                });
                RawValue::Int(i64::try_from(users.count()).unwrap_or_default())
            }
            ("INetworkAdapter", "bandwidthGroup") => {
                let (document, name) = (self.document(at.view)?, self.element(at)?.text("bandwidthGroupName"));
                let control = document.child(ROOT, "bandwidthControl", 0).filter(|_| !name.is_empty());
                let group = control.and_then(|control| document.named(control, "bandwidthGroups", name));
                group.map_or(RawValue::Null, |element| Address { view: at.view, element }.value("IBandwidthGroup"))
            }
            ("INetworkAdapter", "NATEngine") => self.part_value(at, "NATEngine", "INATEngine")?,
            ("INetworkAdapter", "hostOnlyNetwork") => {
                return Err(Fault::not_in_virtualbox("INetworkAdapter.hostOnlyNetwork"));
            }
            ("INATEngine", "natMRU" | "IPv6Enabled" | "IPv6Prefix") => {
                return Err(Fault::not_in_virtualbox(format!("INATEngine.{name}")));
            }
            ("INATEngine", "redirects") => {
                let rules = &self.element(at)?.properties;
                texts(rules.iter().map(|(name, rest)| format!("{name},{rest}")))
            }
            ("ISharedFolder", "accessible") => RawValue::Bool(Path::new(self.element(at)?.text("hostPath")).is_dir()),
            ("ISharedFolder", "lastAccessError") => {
                let path = self.element(at)?.text("hostPath").to_owned();
                text(
                    std::fs::read_dir(&path)
                        .err()
                        .map_or(String::new(), |error| format!("cannot open `{path}`: {error}")),
                )
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_device(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        match (owner, name) {
            ("INetworkAdapter", "enabled") if arguments.flag(0) && self.element(at)?.text("MACAddress").is_empty() => {
                self.element_mut(at)?.set("MACAddress", text(super::defaults::new_mac_address()));
                Ok(false)
            }
            ("INetworkAdapter", "MACAddress") => {
                let address = super::nat::mac_address(arguments.text(0))?;
                self.element_mut(at)?.set("MACAddress", text(address));
                Ok(true)
            }
            ("INetworkAdapter", "bandwidthGroup") => {
                let group = arguments.object(0).filter(|group| group.view == at.view);
                let name = group.map_or(Ok(String::new()), |group| Ok(self.element(group)?.text("name").to_owned()))?;
                self.element_mut(at)?.set("bandwidthGroupName", text(name));
                Ok(true)
            }
            ("INetworkAdapter", "adapterType") if arguments.name(0) == "Null" => {
                Err(Fault::new(code::E_FAIL, "`Null` is no type of network adapter"))
            }
            ("ISerialPort", "hostMode") => {
                let needs_path = matches!(arguments.name(0), "HostPipe" | "HostDevice" | "RawFile" | "TCP");
                if needs_path && self.element(at)?.text("path").is_empty() {
                    let message = format!("the mode {} needs a path; set `path` first", arguments.name(0));
                    return Err(Fault::argument(message));
                }
                Ok(false)
            }
            ("IAudioAdapter", "audioDriver")
                if !matches!(arguments.name(0), "Default" | "Null" | "OSS" | "ALSA" | "Pulse") =>
            {
                Err(Fault::new(code::E_FAIL, format!("this computer has no audio driver `{}`", arguments.name(0))))
            }
            ("IAudioAdapter", "audioController") if arguments.name(0) == "VirtioSound" => {
                // VirtualBox takes it and cannot read the settings file afterwards.
                Err(Fault::argument("`VirtioSound` cannot be kept in a settings file; AC97, SB16 and HDA can"))
            }
            ("INetworkAdapter", "attachmentType") => {
                // The two kinds that need a name have one from then on.
                let (attribute, usual) = match arguments.name(0) {
                    "Internal" => ("internalNetwork", "intnet"),
                    "NATNetwork" => ("NATNetwork", "NatNetwork"),
                    _ => return Ok(false),
                };
                let element = self.element_mut(at)?;
                if element.text(attribute).is_empty() {
                    element.set(attribute, text(usual));
                }
                Ok(false)
            }
            ("INetworkAdapter", "hostOnlyNetwork") => Err(Fault::not_in_virtualbox("INetworkAdapter.hostOnlyNetwork")),
            ("IPlatform", "chipsetType") => {
                if !matches!(arguments.name(0), "PIIX3" | "ICH9") {
                    return Err(Fault::argument(format!("`{}` is no chipset of the platform x86", arguments.name(0))));
                }
                self.element_mut(at)?.set("chipsetType", arguments.value(0));
                self.fit_adapters(at.view, arguments.name(0))?;
                Ok(true)
            }
            ("IAudioAdapter", "audioController") => {
                let codec = super::settings::usual_codec(arguments.name(0));
                self.element_mut(at)?.set("audioCodec", enumerated("AudioCodecType", codec));
                Ok(false)
            }
            ("IUSBController", "name") | ("ISharedFolder", "name") => {
                Err(Fault::not_implemented(format!("{owner}.{name} (writing)")))
            }
            _ => Ok(false),
        }
    }

    /// The number of network adapters follows the chipset.
    fn fit_adapters(&mut self, view: u32, chipset: &str) -> Outcome {
        let count = super::defaults::adapter_count(chipset);
        let document = self.document_mut(view)?;
        super::defaults::add_adapters(document, count);
        for id in document.children(ROOT, "networkAdapter").into_iter().skip(count as usize) {
            document.remove(id);
        }
        Ok(())
    }

    pub(super) fn call_device(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        match (owner, name) {
            ("IPlatformX86", "getCPUProperty" | "getHWVirtExProperty" | "setCPUProperty" | "setHWVirtExProperty") => {
                self.processor_property(at, name, arguments)
            }
            ("IGraphicsAdapter", "isFeatureEnabled") => one(RawValue::Bool(
                arguments.name(0) == "Acceleration3D" && self.element(at)?.flag("feature.Acceleration3D"),
            )),
            ("IGraphicsAdapter", "setFeature") => {
                self.check_mutable(at.view, When::Off)?;
                if arguments.name(0) != "Acceleration3D" {
                    return Err(Fault::new(
                        code::NOT_SUPPORTED,
                        format!("`{}` is no feature that can be set", arguments.name(0)),
                    ));
                }
                self.element_mut(at)?.set("feature.Acceleration3D", RawValue::Bool(arguments.flag(1)));
                self.touch(at.view);
                nothing()
            }
            ("IRecordingSettings", "getScreenSettings") => {
                let screen = u32::try_from(arguments.int(0)).ok();
                let found = screen.and_then(|screen| self.document(at.view).ok()?.child(at.element, "screens", screen));
                let missing = || Fault::argument(format!("the machine has no screen {}", arguments.int(0)));
                one(Address { view: at.view, element: found.ok_or_else(missing)? }.value("IRecordingScreenSettings"))
            }
            ("IRecordingScreenSettings", "isFeatureEnabled") => {
                let features = self.element(at)?.value("features").cloned().unwrap_or_default().into_list();
                one(RawValue::Bool(features.contains(&arguments.value(0))))
            }
            ("INetworkAdapter" | "IAudioAdapter" | "IVRDEServer", _) => self.named_property(at, name, arguments),
            ("INATEngine", _) => self.call_nat(at, name, arguments),
            ("IUSBDeviceFilters", _) => self.call_usb_filters(at, name, arguments),
            ("IBandwidthControl", _) => self.call_bandwidth(at, name, arguments),
            ("ICloudProviderManager", _) => Err(Fault::not_found("there are no cloud providers")),
            _ => Ok(None),
        }
    }

    fn processor_property(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let group = if name.contains("HWVirtEx") { "HWVirtEx" } else { "CPUProperty" };
        let wanted = format!("{group}.{}", arguments.name(0));
        let row = table::find(self.element(at)?.interface, &wanted);
        let row =
            row.ok_or_else(|| Fault::argument(format!("`{}` is no property of a processor", arguments.name(0))))?;
        if name.starts_with("get") {
            return one(self.element(at)?.value(row.name).cloned().unwrap_or_default());
        }
        self.check_mutable(at.view, When::Off)?;
        self.element_mut(at)?.set(row.name, arguments.value(1));
        self.touch(at.view);
        nothing()
    }

    /// Properties by name: an empty value deletes.
    fn named_property(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let key = arguments.text(0);
        match name {
            "getProperty" | "getVRDEProperty" => {
                one(text(self.element(at)?.properties.get(key).cloned().unwrap_or_default()))
            }
            "setProperty" | "setVRDEProperty" => {
                self.check_mutable(at.view, When::Always)?;
                if key.is_empty() {
                    return Err(Fault::argument("a property needs a name"));
                }
                let properties = &mut self.element_mut(at)?.properties;
                match arguments.text(1) {
                    "" => drop(properties.remove(key)),
                    value => drop(properties.insert(key.to_owned(), value.to_owned())),
                }
                self.touch(at.view);
                nothing()
            }
            "getProperties" => {
                let wanted: Vec<_> = key.split(',').filter(|name| !name.is_empty()).collect();
                let all = &self.element(at)?.properties;
                let found: Vec<_> =
                    all.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(&name.as_str())).collect();
                Ok(Some(vec![
                    texts(found.iter().map(|(_, value)| (*value).clone())),
                    texts(found.iter().map(|(name, _)| (*name).clone())),
                ]))
            }
            _ => Ok(None),
        }
    }

    fn call_bandwidth(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        const ROLE: &str = "bandwidthGroups";
        let wanted = arguments.text(0);
        let found = self.document(at.view)?.named(at.element, ROLE, wanted);
        let missing = || Fault::not_found(format!("the machine has no bandwidth group named `{wanted}`"));
        match name {
            "getAllBandwidthGroups" => one(self.parts(at, ROLE, "IBandwidthGroup")?),
            "getBandwidthGroup" => {
                one(Address { view: at.view, element: found.ok_or_else(missing)? }.value("IBandwidthGroup"))
            }
            "createBandwidthGroup" => {
                self.check_mutable(at.view, When::OffOrSaved)?;
                if found.is_some() || wanted.is_empty() {
                    return Err(Fault::new(
                        code::OBJECT_IN_USE,
                        format!("a bandwidth group is named `{wanted}` already"),
                    ));
                }
                if arguments.name(1) == "Null" || arguments.int(2) < 0 {
                    return Err(Fault::argument("a bandwidth group needs a type, and a limit that is not negative"));
                }
                let position =
                    u32::try_from(self.document(at.view)?.children(at.element, ROLE).len()).unwrap_or_default();
                let document = self.document_mut(at.view)?;
                let id = document.add("IBandwidthGroup", at.element, ROLE, position);
                if let Some(group) = document.get_mut(id) {
                    group.set("name", text(wanted));
                    group.set("type", arguments.value(1));
                    group.set("maxBytesPerSec", arguments.value(2));
                }
                self.touch(at.view);
                nothing()
            }
            "deleteBandwidthGroup" => {
                self.check_mutable(at.view, When::OffOrSaved)?;
                let id = found.ok_or_else(missing)?;
                self.document_mut(at.view)?.remove(id);
                self.touch(at.view);
                nothing()
            }
            _ => Ok(None),
        }
    }

    pub(super) fn add_usb_controller(&mut self, root: Address, name: &str, kind: &str) -> Outcome<ElementId> {
        let document = self.document(root.view)?;
        let there = document.children(ROOT, "USBControllers");
        if name.is_empty() || document.named(ROOT, "USBControllers", name).is_some() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("a USB controller is named `{name}` already")));
        }
        if !matches!(kind, "OHCI" | "EHCI" | "XHCI") {
            return Err(Fault::argument(format!("`{kind}` is no USB controller: OHCI, EHCI or XHCI")));
        }
        if there.iter().filter_map(|id| document.get(*id)).any(|other| other.name("type") == kind) {
            return Err(Fault::argument(format!("the machine has a controller of the type {kind} already")));
        }
        let position =
            there.iter().filter_map(|id| document.get(*id)).map(|other| other.index + 1).max().unwrap_or_default();
        let document = self.document_mut(root.view)?;
        let id = document.add("IUSBController", ROOT, "USBControllers", position);
        if let Some(element) = document.get_mut(id) {
            element.set("name", text(name));
            element.set("type", enumerated("USBControllerType", kind));
        }
        self.touch(root.view);
        Ok(id)
    }

    pub(super) fn call_part_list(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        let view = at.view;
        let controller = |state: &Self| {
            let found = state.document(view)?.named(ROOT, "USBControllers", wanted);
            found.ok_or_else(|| Fault::not_found(format!("the machine has no USB controller named `{wanted}`")))
        };
        match name {
            "addUSBController" => {
                self.check_mutable(view, When::Off)?;
                let element = self.add_usb_controller(at, wanted, arguments.name(1))?;
                one(Address { view, element }.value("IUSBController"))
            }
            "removeUSBController" => {
                self.check_mutable(view, When::Off)?;
                let id = controller(self)?;
                self.document_mut(view)?.remove(id);
                self.touch(view);
                nothing()
            }
            "getUSBControllerByName" => one(Address { view, element: controller(self)? }.value("IUSBController")),
            "getUSBControllerCountByType" => {
                let document = self.document(view)?;
                let all = document.children(ROOT, "USBControllers");
                let count = all
                    .iter()
                    .filter(|id| document.get(**id).is_some_and(|known| known.name("type") == arguments.name(0)))
                    .count();
                one(RawValue::Int(i64::try_from(count).unwrap_or_default()))
            }
            "createSharedFolder" => {
                self.check_mutable(view, When::OffOrRunning)?;
                self.create_shared_folder(at, arguments)?;
                nothing()
            }
            "removeSharedFolder" => {
                self.check_mutable(view, When::OffOrRunning)?;
                let found = self.document(view)?.named(ROOT, "sharedFolders", wanted);
                let missing = || Fault::not_found(format!("the machine has no shared folder named `{wanted}`"));
                let id = found.ok_or_else(missing)?;
                self.document_mut(view)?.remove(id);
                self.touch(view);
                nothing()
            }
            _ => Ok(None),
        }
    }

    fn create_shared_folder(&mut self, at: Address, arguments: Arguments<'_>) -> Outcome {
        let [name, path, mount_point] = [0, 1, 4].map(|at| arguments.text(at));
        if name.is_empty() || self.document(at.view)?.named(ROOT, "sharedFolders", name).is_some() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("a shared folder is named `{name}` already")));
        }
        super::root::absolute(path).map_err(|fault| Fault::argument(fault.message))?;
        let position = self.document(at.view)?.children(ROOT, "sharedFolders").len();
        let document = self.document_mut(at.view)?;
        let id = document.add("ISharedFolder", ROOT, "sharedFolders", u32::try_from(position).unwrap_or_default());
        if let Some(folder) = document.get_mut(id) {
            folder.set("name", text(name));
            folder.set("hostPath", text(path));
            folder.set("writable", arguments.value(2));
            folder.set("autoMount", arguments.value(3));
            folder.set("autoMountPoint", text(mount_point));
        }
        self.touch(at.view);
        Ok(())
    }
}
