//! `IDHCPIndividualConfig`: the configuration of one station, told by MAC address or by a machine's adapter.

use super::Save;
use super::addresses::{ipv4, mac, mac_text};
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State};
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// The slot of a configuration that is for a MAC address.
const NO_SLOT: i64 = 0xffff_ffff;
/// The id of no machine.
const NO_MACHINE: &str = "00000000-0000-0000-0000-000000000000";
/// VirtualBox takes no slot above.
const LAST_SLOT: i64 = 32;

impl State {
    /// The individual configurations of a server, in VirtualBox's order: by MAC address, or id and slot, as text.
    pub(super) fn dhcp_individuals(&self, server: Address) -> Vec<Address> {
        let mut configs = self.global.children(server.element, "individualConfigs");
        configs.sort_by_key(|id| self.dhcp_key(*id));
        configs.into_iter().map(Address::global).collect()
    }

    fn dhcp_key(&self, id: u32) -> String {
        let Some(config) = self.global.get(id) else { return String::new() };
        match config.text("machineId") {
            "" => config.text("MACAddress").to_owned(),
            machine => format!("{machine}/{}", config.int("slot")),
        }
    }

    fn dhcp_individual(&self, server: Address, key: &str) -> Option<Address> {
        let configs = self.global.children(server.element, "individualConfigs");
        configs.into_iter().find(|id| self.dhcp_key(*id) == key).map(Address::global)
    }

    pub(super) fn dhcp_mac_config(&mut self, server: Address, given: &str, may_add: bool) -> Outcome<Address> {
        let address =
            mac(given).map(mac_text).ok_or_else(|| Fault::argument(format!("`{given}` is no MAC address")))?;
        if let Some(found) = self.dhcp_individual(server, &address) {
            return Ok(found);
        }
        if !may_add {
            return Err(Fault::not_found(format!("the server has no configuration for the MAC address {address}")));
        }
        let config = self.add_dhcp_individual(server, &address, "", NO_SLOT);
        self.save_registry()?;
        Ok(config)
    }

    pub(super) fn dhcp_machine_config(
        &mut self,
        server: Address,
        given: &str,
        slot: i64,
        may_add: bool,
    ) -> Outcome<Address> {
        // The id of a machine need not be known; its name must be.
        let id = match given.parse::<uuid::Uuid>().ok().filter(|id| !id.is_nil()) {
            Some(id) => id.to_string(),
            None => {
                let missing = || Fault::not_found(format!("no registered machine is named `{given}`"));
                let view = self.find_machine(given).ok_or_else(|| missing().by("IVirtualBox"))?;
                self.machine(view)?.id.clone()
            }
        };
        if !(0..=LAST_SLOT).contains(&slot) {
            return Err(Fault::argument(format!(
                "{slot} is no slot of a network adapter: it must be 0 to {LAST_SLOT}"
            )));
        }
        if let Some(found) = self.dhcp_individual(server, &format!("{id}/{slot}")) {
            return Ok(found);
        }
        if !may_add {
            return Err(Fault::not_found(format!("the server has no configuration for adapter {slot} of `{given}`")));
        }
        let config = self.add_dhcp_individual(server, "", &id, slot);
        self.save_registry()?;
        Ok(config)
    }

    pub(super) fn add_dhcp_individual(&mut self, server: Address, mac: &str, machine: &str, slot: i64) -> Address {
        let id = self.global.add("IDHCPIndividualConfig", server.element, "individualConfigs", 0);
        if let Some(config) = self.global.get_mut(id) {
            config.set("MACAddress", text(mac));
            config.set("machineId", text(machine));
            config.set("slot", RawValue::Int(slot));
        }
        Address::global(id)
    }

    pub(super) fn read_dhcp_individual(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(match name {
            "MACAddress" => Some(text(self.dhcp_station(at)?)),
            "machineId" if self.element(at)?.text("machineId").is_empty() => Some(text(NO_MACHINE)),
            _ => None,
        })
    }

    /// The MAC address that a configuration is for; that of an adapter is asked of its machine.
    pub(super) fn dhcp_station(&mut self, at: Address) -> Outcome<String> {
        let config = self.element(at)?;
        let (machine, slot) = (config.text("machineId").to_owned(), config.int("slot"));
        if machine.is_empty() {
            return Ok(config.text("MACAddress").to_owned());
        }
        let missing = || Fault::not_found(format!("no registered machine has the id {machine}"));
        let view = self.find_machine(&machine).ok_or_else(missing)?;
        self.load(view)?;
        let document = self.document(view)?;
        let slot_number = u32::try_from(slot).unwrap_or(u32::MAX);
        let adapter = document.child(crate::host::document::ROOT, "networkAdapter", slot_number);
        let adapter = adapter.and_then(|id| document.get(id));
        let adapter = adapter.ok_or_else(|| Fault::argument(format!("the machine has no network adapter {slot}")))?;
        let unset =
            || Fault::new(code::E_FAIL, format!("network adapter {slot} of the machine has no MAC address yet"));
        mac(adapter.text("MACAddress")).map(mac_text).ok_or_else(unset)
    }

    pub(super) fn write_dhcp_individual(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let given = arguments.text(0);
        if name == "fixedAddress" && !given.is_empty() && ipv4(given).is_none() {
            return Err(Fault::argument(format!("`{given}` is no IPv4 address")));
        }
        self.write_network_row(at, name, arguments.value(0), Save::Always)
    }
}
