//! NAT of a network adapter: its rules and buffer sizes; addresses of adapters.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::state::{Address, State, nothing};
use crate::host::table::When;
use crate::host::value::{enumerated, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::net::Ipv4Addr;

impl State {
    pub(super) fn read_nat(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "natMRU" | "IPv6Enabled" | "IPv6Prefix" => Err(Fault::not_in_virtualbox(format!("INATEngine.{name}"))),
            "redirects" => {
                let rules = &self.element(at)?.properties;
                Ok(Some(texts(rules.iter().map(|(name, rest)| format!("{name},{rest}")))))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn write_nat(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "natMRU" | "IPv6Enabled" | "IPv6Prefix" => {
                Err(Fault::not_in_virtualbox(format!("INATEngine.{name} (writing)")))
            }
            "hostIP" if !arguments.text(0).is_empty() && arguments.text(0).parse::<Ipv4Addr>().is_err() => {
                Err(Fault::argument(format!("`{}` is no IPv4 address", arguments.text(0))))
            }
            // Three bits are known.
            "aliasMode" => {
                self.element_mut(at)?.set("aliasMode", RawValue::Int(arguments.int(0) & 7));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn call_nat(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        const SETTINGS: [&str; 5] = ["mtu", "sockSnd", "sockRcv", "tcpWndSnd", "tcpWndRcv"];
        match name {
            "getNetworkSettings" => {
                let element = self.element(at)?;
                Ok(Some(SETTINGS.iter().map(|name| RawValue::Int(element.int(name))).collect()))
            }
            "setNetworkSettings" => {
                self.check_mutable(at.view, When::Always)?;
                for (position, name) in SETTINGS.into_iter().enumerate() {
                    // 0 leaves a size as it is; the buffer for reading gets the size of that for sending.
                    if arguments.int(position) != 0 {
                        let position = if name == "sockRcv" { 1 } else { position };
                        self.element_mut(at)?.set(name, arguments.value(position));
                    }
                }
                self.touch(at.view);
                nothing()
            }
            "addRedirect" => {
                self.check_mutable(at.view, When::Always)?;
                let (protocol, host, guest) = (arguments.int(1), arguments.int(3), arguments.int(5));
                let kind = if protocol == 1 { "tcp" } else { "udp" };
                let rule = match arguments.text(0) {
                    "" => format!("{kind}_{host}_{guest}"),
                    given if given.contains(',') => {
                        return Err(Fault::argument("the name of a rule must not have a comma"));
                    }
                    given => given.to_owned(),
                };
                let rest = format!("{protocol},{},{host},{},{guest}", arguments.text(2), arguments.text(4));
                let rules = &mut self.element_mut(at)?.properties;
                if rules.contains_key(&rule) {
                    return Err(Fault::argument(format!("a rule is named `{rule}` already")));
                }
                let taken = rules.values().any(|known| {
                    let part = |at: usize| known.split(',').nth(at).unwrap_or_default();
                    part(0) == protocol.to_string() && part(1) == arguments.text(2) && part(2) == host.to_string()
                });
                if taken {
                    return Err(Fault::argument(format!(
                        "another rule forwards {kind} port {host} of the host already"
                    )));
                }
                rules.insert(rule.clone(), rest.clone());
                self.touch(at.view);
                self.tell_redirect(at, &rule, &rest, false)?;
                nothing()
            }
            "removeRedirect" => {
                self.check_mutable(at.view, When::Always)?;
                let rule = arguments.text(0);
                let rest = self.element_mut(at)?.properties.remove(rule);
                let rest = rest.ok_or_else(|| Fault::argument(format!("no rule is named `{rule}`")))?;
                self.touch(at.view);
                self.tell_redirect(at, rule, &rest, true)?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// A rule of a machine that runs came or went: it holds at once, and who listens at `vbox` hears of it.
    fn tell_redirect(&mut self, at: Address, rule: &str, rest: &str, remove: bool) -> Outcome {
        if self.running(at.view).is_none() {
            return Ok(());
        }
        let id = self.machine(at.view)?.id.clone();
        let adapter = Address { view: at.view, element: self.element(at)?.parent };
        let adapter = self.element(adapter)?;
        if !adapter.flag("enabled") || adapter.name("attachmentType") != "NAT" {
            return Ok(());
        }
        let slot = adapter.index;
        let parts: Vec<_> = rest.split(',').collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let port = |at: usize| RawValue::Int(part(at).parse().unwrap_or_default());
        let protocol = if part(0) == "0" { "UDP" } else { "TCP" };
        let values = vec![
            ("slot", RawValue::Int(slot.into())),
            ("remove", RawValue::Bool(remove)),
            ("name", text(rule)),
            ("proto", enumerated("NATProtocol", protocol)),
            ("hostIP", text(part(1))),
            ("hostPort", port(2)),
            ("guestIP", text(part(3))),
            ("guestPort", port(4)),
        ];
        self.fire_machine("OnNATRedirect", &id, values);
        Ok(())
    }
}

/// Twelve hexadecimal digits of a unicast address, without colons; an empty text makes a new one.
pub(in crate::host) fn mac_address(given: &str) -> Outcome<String> {
    if given.is_empty() {
        return Ok(crate::host::defaults::new_mac_address());
    }
    let digits = given.to_ascii_uppercase();
    let unicast = digits.chars().nth(1).and_then(|digit| digit.to_digit(16)).is_some_and(|digit| digit % 2 == 0);
    if digits.len() == 12 && digits.chars().all(|digit| digit.is_ascii_hexdigit()) && unicast {
        return Ok(digits);
    }
    Err(Fault::argument(format!(
        "`{given}` is no MAC address of one station: 12 hexadecimal digits without colons, the second one even"
    )))
}
