//! Bandwidth groups of a machine, and who is in them.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::storage::check_named;
use crate::host::table::When;
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// What the groups are to the bandwidth control.
const ROLE: &str = "bandwidthGroups";

impl State {
    pub(super) fn read_bandwidth(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        let count = match (owner, name) {
            ("IBandwidthControl", "numGroups") => self.document(at.view)?.children(at.element, ROLE).len(),
            ("IBandwidthGroup", "reference") => self.users(at.view, self.element(at)?.text("name"))?,
            _ => return Ok(None),
        };
        Ok(Some(RawValue::Int(i64::try_from(count).unwrap_or_default())))
    }

    /// How many adapters and attached devices are in a group.
    fn users(&self, view: View, group: &str) -> Outcome<usize> {
        let document = self.document(view)?;
        let users = document.iter().filter(|(_, element)| {
            matches!(element.role, "networkAdapter" | "attachment") && element.text("bandwidthGroupName") == group
        });
        Ok(users.count())
    }

    /// The group of that name.
    pub(in crate::host) fn bandwidth_group(&self, view: View, name: &str) -> Outcome<RawValue> {
        let document = self.document(view)?;
        let control = document.child(ROOT, "bandwidthControl", 0).filter(|_| !name.is_empty());
        let group = control.and_then(|control| document.named(control, ROLE, name));
        Ok(group.map_or(RawValue::Null, |element| Address { view, element }.value("IBandwidthGroup")))
    }

    pub(super) fn write_bandwidth(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "maxBytesPerSec" if arguments.int(0) < 0 => Err(Fault::argument("a limit must not be negative")),
            _ => Ok(false),
        }
    }

    pub(super) fn call_bandwidth(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        let found = self.document(at.view)?.named(at.element, ROLE, wanted);
        let missing = || Fault::not_found(format!("the machine has no bandwidth group named `{wanted}`"));
        match name {
            "getAllBandwidthGroups" => one(self.parts(at, ROLE, "IBandwidthGroup")?),
            "getBandwidthGroup" if wanted.is_empty() => Err(Fault::argument("a bandwidth group has a name")),
            "getBandwidthGroup" => {
                one(Address { view: at.view, element: found.ok_or_else(missing)? }.value("IBandwidthGroup"))
            }
            "createBandwidthGroup" => {
                if wanted.is_empty() || arguments.int(2) < 0 {
                    return Err(Fault::argument("a bandwidth group needs a name, and a limit that is not negative"));
                }
                self.check_mutable(at.view, When::OffOrSaved)?;
                if found.is_some() {
                    let message = format!("a bandwidth group is named `{wanted}` already");
                    return Err(Fault::new(code::OBJECT_IN_USE, message));
                }
                if arguments.name(1) == "Null" {
                    let fault = Fault::argument("a bandwidth group needs a type: Disk or Network");
                    return Err(fault.by("IBandwidthGroup"));
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
                check_named(wanted)?;
                let id = found.ok_or_else(missing)?;
                let users = self.users(at.view, wanted)?;
                if users > 0 {
                    let message = format!("the bandwidth group `{wanted}` has {users} members");
                    return Err(Fault::new(code::OBJECT_IN_USE, message));
                }
                self.document_mut(at.view)?.retire(id);
                self.touch(at.view);
                nothing()
            }
            _ => Ok(None),
        }
    }
}
