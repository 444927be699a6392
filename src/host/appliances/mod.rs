//! `IAppliance`: descriptions of machines that come or go as OVF, and the explorer of folders. Reading and writing OVF
//! is not there yet.

mod description;
mod explorer;

use super::Fault;
use super::Outcome;
use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::value::{text, texts};
use crate::model::RawValue;

/// A call's answer, when this room knows the member.
type Reply = Outcome<Option<Vec<RawValue>>>;

/// Whether an interface is one of this room.
pub(super) fn owns(interface: &str) -> bool {
    matches!(interface, "IAppliance" | "IVirtualSystemDescription" | "IVFSExplorer")
}

const DESCRIPTIONS: &str = "virtualSystemDescriptions";

impl State {
    pub(super) fn create_appliance(&mut self) -> RawValue {
        Address::global(self.global.add("IAppliance", ROOT, "appliance", 0)).value("IAppliance")
    }

    pub(super) fn read_appliance(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            ("IAppliance", "virtualSystemDescriptions") => self.parts(at, DESCRIPTIONS, "IVirtualSystemDescription")?,
            // What reading an OVF file would bring.
            ("IAppliance", "disks" | "machines") => texts::<String>([]),
            ("IAppliance", "certificate") => RawValue::Null,
            ("IVirtualSystemDescription", "count") => {
                let count = self.document(at.view)?.children(at.element, description::ENTRIES).len();
                RawValue::Int(i64::try_from(count).unwrap_or_default())
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_appliance(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        match (owner, name) {
            ("IVirtualSystemDescription", _) => self.call_description(at, name, arguments),
            ("IVFSExplorer", _) => self.call_explorer(at, name, arguments),
            (_, "interpret" | "importMachines") => {
                Err(Fault::new(code::E_FAIL, "the appliance is empty: no OVF file was read"))
            }
            (_, "createVFSExplorer") => one(self.create_explorer(arguments.text(0))),
            (_, "getWarnings") => one(texts::<String>([])),
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
