//! `IDHCPConfig`: lease times and options, of whatever scope. Options live among the properties of the element.

use super::dhcp_option;
use super::{Reply, Save};
use crate::host::arguments::Arguments;
use crate::host::document::Element;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing};
use crate::host::value::{enumerated, name_of, repeated, text};
use crate::host::{Fault, Outcome};
use crate::model::{EnumValue, RawValue};
use crate::schema::embedded;

/// The one option that no configuration can lose: the mask of the server's network.
const SUBNET_MASK: i64 = 1;

/// An option that is set.
pub(super) struct SetOption<'a> {
    pub(super) number: i64,
    /// Written in hexadecimal.
    pub(super) bytes: bool,
    pub(super) value: &'a str,
}

/// The options of a configuration, by number.
pub(super) fn options(config: &Element) -> impl Iterator<Item = SetOption<'_>> {
    config.properties.iter().filter_map(|(key, written)| {
        let (bytes, value) = written.split_once(' ')?;
        Some(SetOption { number: key.parse().ok()?, bytes: bytes == "1", value })
    })
}

/// Sets an option.
pub(super) fn put_option(config: &mut Element, option: &SetOption<'_>) {
    let written = format!("{} {}", u8::from(option.bytes), option.value);
    config.properties.insert(format!("{:03}", option.number), written);
}

impl State {
    pub(super) fn read_dhcp_config(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(match name {
            "scope" => Some(enumerated(
                "DHCPConfigScope",
                match self.element(at)?.interface.name {
                    "IDHCPGlobalConfig" => "Global",
                    "IDHCPGroupConfig" => "Group",
                    _ if self.element(at)?.text("machineId").is_empty() => "MAC",
                    _ => "MachineNIC",
                },
            )),
            _ => None,
        })
    }

    pub(super) fn write_dhcp_config(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let mut value = arguments.value(0);
        if let ("forcedOptions" | "suppressedOptions", RawValue::List(options)) = (name, &mut value) {
            if name == "suppressedOptions" {
                options.sort_by_key(RawValue::as_int);
                options.dedup();
            }
            if let Some(option) = repeated(options) {
                return Err(Fault::argument(format!("the option {} is there twice", name_of(option))));
            }
        }
        let save = if matches!(value, RawValue::List(_)) { Save::Changes } else { Save::Always };
        self.write_network_row(at, name, value, save)
    }

    pub(super) fn call_dhcp_config(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let number = arguments.int(0);
        let key = format!("{number:03}");
        let is_global = self.element(at)?.interface.name == "IDHCPGlobalConfig";
        let server = Address::global(self.element(at)?.parent);
        let is_mask = number == SUBNET_MASK && is_global;
        let missing = || Fault::not_found(format!("the DHCP option {number} is not set"));
        match name {
            "setOption" => {
                let (bytes, value) = (arguments.name(1) == "Hex", arguments.text(2));
                if is_mask && bytes {
                    return Err(Fault::new(code::E_FAIL, "the netmask is written as an address, such as 255.255.0.0"));
                }
                dhcp_option::check(number, bytes, value).map_err(|why| {
                    Fault::argument(format!("`{value}` is no value of the DHCP option {number}: {why}"))
                })?;
                if is_mask {
                    self.element_mut(server)?.set("networkMask", text(value));
                } else {
                    put_option(self.element_mut(at)?, &SetOption { number, bytes, value });
                }
                self.save_registry()?;
                nothing()
            }
            "removeOption" if is_mask => {
                Err(Fault::new(code::E_FAIL, "the option SubnetMask is the mask of the server and cannot be removed"))
            }
            "removeOption" => {
                self.element_mut(at)?.properties.remove(&key).ok_or_else(missing)?;
                self.save_registry()?;
                nothing()
            }
            "removeAllOptions" => {
                self.element_mut(at)?.properties.clear();
                self.save_registry()?;
                nothing()
            }
            "getOption" => {
                let all = self.all_options(at, is_global.then_some(server))?;
                let (_, bytes, value) = all.into_iter().find(|option| option.0 == number).ok_or_else(missing)?;
                Ok(Some(vec![text(value), encoding(bytes)]))
            }
            "getAllOptions" => {
                let all = self.all_options(at, is_global.then_some(server))?;
                let option = |number: i64| match embedded().enumeration("DHCPOption") {
                    Some(enumeration) => RawValue::Enum(EnumValue { enumeration, number }),
                    None => RawValue::Int(number),
                };
                Ok(Some(vec![
                    RawValue::List(all.iter().map(|(_, _, value)| text(value)).collect()),
                    RawValue::List(all.iter().map(|(number, _, _)| option(*number)).collect()),
                    RawValue::List(all.iter().map(|(_, bytes, _)| encoding(*bytes)).collect()),
                ]))
            }
            "remove" if is_global => {
                Err(Fault::new(code::E_ACCESSDENIED, "the configuration for everyone cannot be removed"))
            }
            "remove" => {
                self.element_mut(at)?.role = "removed configuration";
                self.save_registry()?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// Number, encoding and value of every option; the server's mask is the first of its global configuration.
    fn all_options(&self, at: Address, server: Option<Address>) -> Outcome<Vec<(i64, bool, String)>> {
        let mut all = Vec::new();
        if let Some(server) = server {
            all.push((SUBNET_MASK, false, self.element(server)?.text("networkMask").to_owned()));
        }
        all.extend(options(self.element(at)?).map(|option| (option.number, option.bytes, option.value.to_owned())));
        Ok(all)
    }
}

fn encoding(bytes: bool) -> RawValue {
    enumerated("DHCPOptionEncoding", if bytes { "Hex" } else { "Normal" })
}
