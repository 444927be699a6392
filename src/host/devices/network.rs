//! `INetworkAdapter`: what it is attached to, its address and its bandwidth group.

use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State};
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// The attribute that names what an adapter is attached to, by the kind of attachment that cannot do without.
const NAMES: [(&str, &str); 4] = [
    ("Bridged", "bridgedInterface"),
    ("Internal", "internalNetwork"),
    ("HostOnly", "hostOnlyInterface"),
    ("NATNetwork", "NATNetwork"),
];

impl State {
    pub(super) fn read_adapter(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "bandwidthGroup" => self.bandwidth_group(at.view, self.element(at)?.text("bandwidthGroupName"))?,
            "NATEngine" => self.part_value(at, "NATEngine", "INATEngine")?,
            "hostOnlyNetwork" => return Err(Fault::not_in_virtualbox("INetworkAdapter.hostOnlyNetwork")),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_adapter(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "enabled" if arguments.flag(0) && self.element(at)?.text("MACAddress").is_empty() => {
                self.element_mut(at)?.set("MACAddress", text(crate::host::defaults::new_mac_address()));
                Ok(false)
            }
            "MACAddress" => {
                let address = super::nat::mac_address(arguments.text(0))?;
                self.element_mut(at)?.set("MACAddress", text(address));
                Ok(true)
            }
            "bandwidthGroup" => {
                let group = arguments.object(0).filter(|group| group.view == at.view);
                let name = group.map_or(Ok(String::new()), |group| Ok(self.element(group)?.text("name").to_owned()))?;
                self.element_mut(at)?.set("bandwidthGroupName", text(name));
                Ok(true)
            }
            "adapterType" if arguments.name(0) == "Null" => {
                Err(Fault::new(code::E_FAIL, "`Null` is no type of network adapter"))
            }
            "attachmentType" => {
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
            "hostOnlyNetwork" => Err(Fault::not_in_virtualbox("INetworkAdapter.hostOnlyNetwork")),
            _ if arguments.text(0).is_empty() => {
                let element = self.element(at)?;
                let needed = NAMES.iter().find(|(kind, _)| *kind == element.name("attachmentType"));
                match needed {
                    Some((kind, attribute)) if *attribute == name && !element.text(name).is_empty() => {
                        Err(Fault::new(code::E_FAIL, format!("an adapter attached to `{kind}` needs a name there")))
                    }
                    _ => Ok(false),
                }
            }
            _ => Ok(false),
        }
    }
}
