//! `IDHCPGroupConfig` and `IDHCPGroupCondition`: machines that are served alike because of who they say they are.

use super::addresses::{is_mac_pattern, mac};
use super::{Reply, Save};
use crate::host::arguments::Arguments;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

const CONDITIONS: &str = "conditions";

impl State {
    /// The groups of a server, by name.
    pub(super) fn dhcp_groups(&self, server: Address) -> Vec<Address> {
        let mut groups = self.global.children(server.element, "groupConfigs");
        // The order follows the name that a group was made with, whatever it is called now.
        groups.sort_by_key(|id| self.global.get(*id).map(|group| group.text("firstName").to_owned()));
        groups.into_iter().map(Address::global).collect()
    }

    pub(super) fn dhcp_group(&mut self, server: Address, name: &str, may_add: bool) -> Outcome<Address> {
        if name.is_empty() {
            return Err(Fault::argument("a group needs a name"));
        }
        if let Some(found) = self.global.named(server.element, "groupConfigs", name) {
            return Ok(Address::global(found));
        }
        if !may_add {
            return Err(Fault::not_found(format!("the server has no group named `{name}`")));
        }
        let group = self.add_dhcp_group(server, name);
        self.save_registry()?;
        Ok(group)
    }

    pub(super) fn add_dhcp_group(&mut self, server: Address, name: &str) -> Address {
        let id = self.global.add("IDHCPGroupConfig", server.element, "groupConfigs", 0);
        if let Some(group) = self.global.get_mut(id) {
            group.set("name", text(name));
            group.set("firstName", text(name));
        }
        Address::global(id)
    }

    pub(super) fn read_dhcp_group(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "conditions" => self.parts(at, CONDITIONS, "IDHCPGroupCondition").map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn call_dhcp_group(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "addCondition" => {
                let (kind, value) = (arguments.name(1), arguments.text(2));
                check_condition(kind, value)?;
                let condition = self.add_dhcp_condition(at);
                let element = self.element_mut(condition)?;
                element.set("inclusive", arguments.value(0));
                element.set("type", arguments.value(1));
                element.set("value", text(value));
                self.save_registry()?;
                one(condition.value("IDHCPGroupCondition"))
            }
            "removeAllConditions" => {
                for id in self.global.children(at.element, CONDITIONS) {
                    self.element_mut(Address::global(id))?.role = "removed condition";
                }
                self.save_registry()?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    pub(super) fn add_dhcp_condition(&mut self, group: Address) -> Address {
        let last = self.global.children(group.element, CONDITIONS).last().and_then(|id| self.global.get(*id));
        let index = last.map_or(0, |condition| condition.index + 1);
        Address::global(self.global.add("IDHCPGroupCondition", group.element, CONDITIONS, index))
    }

    pub(super) fn write_dhcp_condition(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let element = self.element(at)?;
        match name {
            "value" => check_condition(element.name("type"), arguments.text(0))?,
            "type" => check_condition(arguments.name(0), element.text("value"))?,
            _ => {}
        }
        self.write_network_row(at, name, arguments.value(0), Save::Changes)
    }

    pub(super) fn remove_dhcp_condition(&mut self, at: Address) -> Reply {
        self.element_mut(at)?.role = "removed condition";
        self.save_registry()?;
        nothing()
    }
}

fn check_condition(kind: &str, value: &str) -> Outcome {
    let (fits, wanted) = match kind {
        "MAC" => (mac(value).is_some(), "a MAC address like 08:00:27:00:00:01"),
        "MACWildcard" => (is_mac_pattern(value), "a pattern of MAC addresses like 08:00:27:*"),
        // VirtualBox 7.2 has its test for the length of a class the wrong way round; so short ones are refused.
        _ => (value.len() > 254, "a class of more than 254 bytes (VirtualBox 7.2 refuses shorter ones)"),
    };
    if fits {
        Ok(())
    } else {
        Err(Fault::argument(format!("`{value}` is no condition of the kind {kind}: {wanted} is expected")))
    }
}
