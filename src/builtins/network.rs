//! Network adapters: `nic`, `port-forward`. Address translation is in `nat.rs`.

use super::on_machine::{change, child, machine, made, note, show, text};
use super::sizes;
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Section, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

const SETTINGS: &[&str] = &["attachment", "cable", "enable", "linespeed", "mac", "promisc", "trace", "type", "help"];

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("nic", Category::Network, "show and change a machine's network adapters", nic)
            .effect(Effect::Write)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("slot", ArgumentKind::Adapter, Arity::Optional, "number of the adapter, from 0; all when left out")
            .argument("setting", ArgumentKind::Choice(SETTINGS), Arity::Optional, "attachment, cable, enable, linespeed, mac, promisc, trace or type")
            .argument("value", ArgumentKind::Text, Arity::Repeated, "the new value; left out, the present one is shown")
            .help(
                "`attachment` takes Null, NAT, Bridged INTERFACE, Internal NAME, HostOnly INTERFACE, NATNetwork NAME, \
                 HostOnlyNetwork NAME, or Generic DRIVER. `cable`, `enable` and `trace` take on or off, `trace on` a file too. \
                 `type` takes a NetworkAdapterType (`help NetworkAdapterType`). Attachment and cable change while the machine runs.",
            )
            .example("nic web-01", "all adapters")
            .example("nic web-01 0 attachment", "what the first one is attached to")
            .example("nic web-01 0 attachment Internal dmz", "attach it to an internal network")
            .example("nic web-01 0 cable off", "pull the cable")
            .example("nic web-01 1 enable on", "a second adapter")
            .example("nic web-01 0 type Virtio", "other hardware"),
        Command::new("port-forward", Category::Network, "forward a port of the host to a machine", port_forward)
            .alias("portForward")
            .effect(Effect::Write)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("slot", ArgumentKind::Adapter, Arity::Required, "number of the network adapter, from 0")
            .argument("host-port", ArgumentKind::Text, Arity::Required, "port of the host")
            .argument("guest-port", ArgumentKind::Text, Arity::Required, "port of the guest")
            .flag("udp", None, "UDP instead of TCP")
            .flag("name", Some(ArgumentKind::Text), "name of the rule")
            .help("The adapter has to be attached to NAT. The rule is one of those that `nat MACHINE SLOT pf` shows.")
            .example("portForward web-01 0 8080 80", "the host's port 8080 leads to port 80"),
    ]
}

/// Number of an adapter.
pub(super) fn slot_number(word: &str) -> Result<i64, Failure> {
    word.parse::<u32>().map(i64::from).map_err(|_| {
        Failure::usage(
            format!("`{word}` is no number of a network adapter"),
            "adapters are counted from 0; `nic MACHINE` shows them",
        )
    })
}

/// The adapter in a slot.
pub(super) fn adapter(machine: &Object, slot: i64) -> Result<Object, Failure> {
    made(machine.call("getNetworkAdapter", vec![Value::Int(slot)])?, "IMachine.getNetworkAdapter")
}

fn nic(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let Some(word) = given.optional("slot") else { return list(&machine) };
    let slot = slot_number(word)?;
    let Some(setting) = given.optional("setting") else {
        return Ok(Reply::Detail(Value::Object(adapter(&machine, slot)?)));
    };
    let values: Vec<&str> = given.rest("value").iter().map(String::as_str).collect();
    if values.is_empty() {
        return show_setting(&adapter(&machine, slot)?, setting);
    }
    change(&machine, |machine| write(&adapter(machine, slot)?, setting, &values))?;
    Ok(Reply::Nothing)
}

fn list(machine: &Object) -> Result<Reply, Failure> {
    let mut rows = Vec::new();
    for slot in 0.. {
        // The first slot that there is not ends the list.
        let Ok(adapter) = adapter(machine, slot) else { break };
        let enabled = adapter.get("enabled")?;
        let facts = ["adapterType", "attachmentType", "MACAddress", "cableConnected"];
        let mut row = vec![Value::Int(slot), enabled];
        for name in facts {
            row.push(adapter.get(name)?);
        }
        row.insert(4, Value::Text(target(&adapter)));
        rows.push(row);
    }
    let columns = ["slot", "enabled", "adapterType", "attachmentType", "network", "MACAddress", "cableConnected"];
    Ok(Reply::Table(Table {
        columns: columns.into_iter().map(Column::new).collect(),
        rows,
        empty: "no network adapters".to_owned(),
    }))
}

/// Attribute that names the network for each kind of attachment.
fn network_attribute(attachment: &str) -> Option<&'static str> {
    Some(match attachment {
        "Bridged" => "bridgedInterface",
        "Internal" => "internalNetwork",
        "HostOnly" => "hostOnlyInterface",
        "NATNetwork" => "NATNetwork",
        "HostOnlyNetwork" => "hostOnlyNetwork",
        "Generic" => "genericDriver",
        "Cloud" => "cloudNetwork",
        _ => return None,
    })
}

/// Name of the network that an adapter is attached to.
fn target(adapter: &Object) -> String {
    network_attribute(&text(adapter, "attachmentType")).map(|name| text(adapter, name)).unwrap_or_default()
}

fn show_setting(adapter: &Object, setting: &str) -> Result<Reply, Failure> {
    let attribute = match setting {
        "attachment" => {
            let kind = adapter.get("attachmentType")?;
            let network = target(adapter);
            let value = if network.is_empty() { kind } else { Value::Text(format!("{} {network}", show(&kind))) };
            return Ok(Reply::Value(value));
        }
        "trace" => {
            let entries = ["traceEnabled", "traceFile"].map(|name| Ok((name.to_owned(), adapter.get(name)?)));
            let entries = entries.into_iter().collect::<Result<_, Failure>>()?;
            return Ok(Reply::Sections(vec![Section { title: String::new(), entries }]));
        }
        "cable" => "cableConnected",
        "enable" => "enabled",
        "linespeed" => "lineSpeed",
        "mac" => "MACAddress",
        "promisc" => "promiscModePolicy",
        "type" => "adapterType",
        _ => return Err(Failure::usage("nic: there are many settings", "`help nic` shows them")),
    };
    Ok(Reply::Value(adapter.get(attribute)?))
}

/// `on` or `off`.
pub(super) fn switch(word: &str) -> Result<Value, Failure> {
    match word.to_ascii_lowercase().as_str() {
        "on" | "yes" | "true" | "1" => Ok(Value::Bool(true)),
        "off" | "no" | "false" | "0" => Ok(Value::Bool(false)),
        _ => Err(Failure::usage(format!("`{word}` is neither on nor off"), "write `on` or `off`")),
    }
}

/// The value of an enumeration that a word means, whatever its capitals.
pub(super) fn enum_word(object: &Object, attribute: &str, word: &str) -> Value {
    let known = object.interface().attribute(attribute).map(|attribute| attribute.kind.kind);
    if let Some(crate::schema::Kind::Enum(name)) = known
        && let Some(enumeration) = object.connection().schema().enumeration(name)
        && let Some(value) = enumeration.values.iter().find(|value| value.name.eq_ignore_ascii_case(word))
    {
        return Value::from(value.name);
    }
    Value::from(word)
}

fn write(adapter: &Object, setting: &str, values: &[&str]) -> Result<(), Failure> {
    let (first, second) = (values.first().copied().unwrap_or_default(), values.get(1).copied());
    let most = if matches!(setting, "attachment" | "trace") { 2 } else { 1 };
    if let Some(surplus) = values.get(most) {
        return Err(Failure::usage(
            format!("nic: `{surplus}` is one word too many"),
            "`help nic` says what each setting takes",
        ));
    }
    match setting {
        "attachment" => {
            let kind = match enum_word(adapter, "attachmentType", first) {
                Value::Text(kind) => kind,
                _ => first.to_owned(),
            };
            match (network_attribute(&kind), second) {
                (Some(attribute), Some(network)) => adapter.set(attribute, Value::from(network))?,
                (Some(_), None) => {
                    return Err(Failure::usage(
                        format!("nic: {kind} wants the name of a network or interface"),
                        format!("write `attachment {kind} NAME`"),
                    ));
                }
                (None, Some(surplus)) => {
                    return Err(Failure::usage(
                        format!("nic: {kind} takes no name, and `{surplus}` is one"),
                        "leave it out",
                    ));
                }
                (None, None) => {}
            }
            adapter.set("attachmentType", Value::from(kind.as_str()))?;
        }
        "trace" => {
            if let Some(file) = second {
                adapter.set("traceFile", Value::from(file))?;
            }
            adapter.set("traceEnabled", switch(first)?)?;
        }
        "cable" => adapter.set("cableConnected", switch(first)?)?,
        "enable" => adapter.set("enabled", switch(first)?)?,
        "linespeed" => adapter.set("lineSpeed", Value::Int(sizes::count("linespeed", first)?))?,
        "mac" => adapter.set("MACAddress", Value::Text(first.replace([':', '-'], "")))?,
        "promisc" => adapter.set("promiscModePolicy", enum_word(adapter, "promiscModePolicy", first))?,
        "type" => adapter.set("adapterType", enum_word(adapter, "adapterType", first))?,
        _ => return Err(Failure::usage("nic: there are many settings", "`help nic` shows them")),
    }
    Ok(())
}

/// A port.
pub(super) fn port(word: &str) -> Result<i64, Failure> {
    word.parse::<u16>()
        .map(i64::from)
        .map_err(|_| Failure::usage(format!("`{word}` is no port"), "a port is a number from 0 to 65535"))
}

fn port_forward(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let slot = slot_number(given.text("slot"))?;
    let (host, guest) = (port(given.text("host-port"))?, port(given.text("guest-port"))?);
    let protocol = if given.flag("udp") { "UDP" } else { "TCP" };
    change(&machine, |machine| {
        let adapter = adapter(machine, slot)?;
        let attachment = text(&adapter, "attachmentType");
        if attachment != "NAT" {
            let name = super::on_machine::quoted(&text(machine, "name"));
            return Err(Failure::new(
                ErrorKind::Failed,
                format!("adapter {slot} is attached to {attachment}: only NAT forwards ports"),
            )
            .hinted(format!("`nic {name} {slot} attachment NAT` attaches it")));
        }
        let engine = child(&adapter, "NATEngine")?;
        engine.call(
            "addRedirect",
            vec![
                Value::from(given.option("name").unwrap_or_default()),
                Value::from(protocol),
                Value::from(""),
                Value::Int(host),
                Value::from(""),
                Value::Int(guest),
            ],
        )?;
        Ok(())
    })?;
    note(format!("port {host} of the host leads to port {guest} of `{}`", text(&machine, "name")))
}
