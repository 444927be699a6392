//! `IAppliance`: machines that come or go as OVF, their descriptions, and the explorer of folders.

mod certificate;
mod cim;
mod description;
mod descriptor;
mod descriptor_items;
mod envelope;
mod explorer;
mod export;
mod import;
mod import_settings;
mod interpret;
mod items;
mod manifest;
mod package;
mod read;
mod signature;
mod traces;
mod write;

use super::Fault;
use super::Outcome;
use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, gone, nothing, one};
use super::value::{repeated, text, texts};
use crate::model::RawValue;
use envelope::Envelope;
use manifest::Manifest;
use package::Package;
use std::sync::Arc;

/// A call's answer, when this room knows the member.
type Reply = Outcome<Option<Vec<RawValue>>>;

/// Whether an interface is one of this room.
pub(super) fn owns(interface: &str) -> bool {
    matches!(interface, "IAppliance" | "IVirtualSystemDescription" | "IVFSExplorer" | "ICertificate")
}

const DESCRIPTIONS: &str = "virtualSystemDescriptions";

/// What is known of an appliance beside its descriptions.
#[derive(Debug, Default)]
pub(super) struct Appliance {
    /// What was read.
    contents: Option<(Package, Manifest, Arc<Envelope>)>,
    /// What is to be said of the signature, and of what cannot be as the descriptor says.
    remarks: Vec<String>,
    warnings: Vec<String>,
    /// Who signed it.
    certificate: Option<super::document::ElementId>,
    /// Ids of the machines that it became.
    machines: Vec<String>,
    /// It was imported, and not interpreted since.
    imported: bool,
    /// Work on it is going on.
    busy: bool,
}

impl Appliance {
    fn read(&self) -> Outcome<&(Package, Manifest, Arc<Envelope>)> {
        let nothing = || Fault::new(code::E_FAIL, "the appliance is empty: no OVF file was read");
        self.contents.as_ref().ok_or_else(nothing)
    }

    fn contents(&self) -> Outcome<(Package, Manifest)> {
        self.read().map(|(package, manifest, _)| (package.clone(), manifest.clone()))
    }

    fn envelope(&self) -> Outcome<Arc<Envelope>> {
        self.read().map(|(.., envelope)| Arc::clone(envelope))
    }
}

impl State {
    pub(super) fn create_appliance(&mut self) -> RawValue {
        let id = self.global.add("IAppliance", ROOT, "appliance", 0);
        self.appliances.insert(id, Appliance::default());
        Address::global(id).value("IAppliance")
    }

    fn appliance(&self, at: Address) -> Outcome<&Appliance> {
        self.appliances.get(&at.element).ok_or_else(gone)
    }

    fn appliance_mut(&mut self, at: Address) -> Outcome<&mut Appliance> {
        self.appliances.get_mut(&at.element).ok_or_else(gone)
    }

    /// Nothing goes on with the appliance.
    fn check_idle(&self, at: Address) -> Outcome {
        if self.appliance(at)?.busy {
            return Err(Fault::new(code::E_ACCESSDENIED, "the appliance is busy: wait for the progress of its work"));
        }
        Ok(())
    }

    pub(super) fn read_appliance(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            ("IAppliance", "virtualSystemDescriptions") => self.parts(at, DESCRIPTIONS, "IVirtualSystemDescription")?,
            ("IAppliance", "disks") => match &self.appliance(at)?.contents {
                Some((.., envelope)) => texts(envelope.disks.values().map(envelope::Disk::line)),
                None => texts::<String>([]),
            },
            ("IAppliance", "machines") => texts(self.appliance(at)?.machines.clone()),
            ("IAppliance", "certificate") => match self.appliance(at)?.certificate {
                Some(id) => Address::global(id).value("ICertificate"),
                None => RawValue::Null,
            },
            ("ICertificate", name) => return self.read_certificate(at, name),
            ("IVirtualSystemDescription", "count") => {
                let count = self.document(at.view)?.children(at.element, description::ENTRIES).len();
                RawValue::Int(i64::try_from(count).unwrap_or_default())
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_appliance(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        if owner == "IAppliance" && matches!(name, "read" | "interpret" | "importMachines" | "write") {
            self.check_idle(at)?;
        }
        match (owner, name) {
            ("IVirtualSystemDescription", _) => self.call_description(at, name, arguments),
            ("ICertificate", _) => self.call_certificate(at, name),
            ("IVFSExplorer", _) => self.call_explorer(at, name, arguments),
            (_, "read") => one(self.read_package(at, arguments.text(0))?),
            (_, "interpret") => {
                let envelope = self.appliance(at)?.envelope()?;
                let warnings = self.describe_systems(at.element, &envelope)?;
                let appliance = self.appliance_mut(at)?;
                // Those of an earlier time stay, as in VirtualBox.
                appliance.warnings.extend(warnings);
                appliance.imported = false;
                nothing()
            }
            (_, "importMachines") if repeated(arguments.list(0)).is_some() => {
                Err(Fault::argument("an option is there twice").by(""))
            }
            (_, "importMachines") => one(self.import_machines(at, arguments.list(0))?),
            (_, "write") => one(self.write_package(at, arguments.text(0), arguments.list(1), arguments.text(2))?),
            (_, "createVFSExplorer") => one(self.create_explorer(arguments.text(0))),
            (_, "getWarnings") => {
                let appliance = self.appliance(at)?;
                one(texts(appliance.remarks.iter().chain(&appliance.warnings).cloned()))
            }
            (_, "getPasswordIds") => one(texts::<String>([])),
            (_, "getMediumIdsForPasswordId") => {
                Err(Fault::new(code::E_FAIL, format!("no medium needs the password `{}`", arguments.text(0))))
            }
            (_, "addPasswords") => self.add_passwords(at, arguments),
            (_, "createVirtualSystemDescriptions") => {
                let there = self.global.children(at.element, DESCRIPTIONS).len();
                let first = u32::try_from(there).unwrap_or_default();
                // A thousand machines in one appliance are more than any has.
                let wanted = u32::try_from(arguments.int(0)).unwrap_or_default().min(1000);
                if wanted == 0 {
                    return Err(Fault::new(code::E_FAIL, "no description was asked for: their number is 0"));
                }
                for index in first..first + wanted {
                    self.global.add("IVirtualSystemDescription", at.element, DESCRIPTIONS, index);
                }
                one(RawValue::Int(wanted.into()))
            }
            _ => Ok(None),
        }
    }

    fn add_passwords(&mut self, at: Address, arguments: Arguments<'_>) -> Reply {
        let (ids, passwords) = (arguments.texts(0), arguments.texts(1));
        let known = &mut self.element_mut(at)?.properties;
        for (position, id) in ids.iter().enumerate() {
            if known.contains_key(id) {
                return Err(Fault::new(code::OBJECT_IN_USE, format!("a password has the id `{id}` already")));
            }
            let password = passwords.get(position);
            let password =
                password.ok_or_else(|| Fault::argument(format!("there is no password for the id `{id}`")))?;
            known.insert(id.clone(), password.clone());
        }
        nothing()
    }

    /// The text of a stored path.
    fn path_of(&self, at: Address) -> Outcome<String> {
        Ok(self.element(at)?.text("path").to_owned())
    }

    fn set_path(&mut self, at: Address, path: &str) -> Outcome {
        self.element_mut(at)?.set("path", text(path));
        Ok(())
    }
}
