//! `nat`: the address translation of a network adapter.

use super::network::{adapter, port, slot_number};
use super::on_machine::{change, child, machine, show};
use super::sizes;
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Section, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

const SETTINGS: &[&str] = &["alias", "settings", "dns", "tftp", "pf", "network", "help"];

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("nat", Category::Network, "show and change an adapter's address translation", nat)
            .effect(Effect::Write)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("slot", ArgumentKind::Adapter, Arity::Optional, "number of the network adapter, from 0; default 0")
            .argument("setting", ArgumentKind::Choice(SETTINGS), Arity::Optional, "alias, settings, dns, tftp, pf or network; all are shown when left out")
            .argument("values", ArgumentKind::Text, Arity::Repeated, "new values; left out, the present ones are shown")
            .help(
                "pf: `simple tcp|udp HOSTPORT GUESTPORT`, `no_name tcp|udp HOSTIP HOSTPORT GUESTIP GUESTPORT`, \
                 `ex tcp|udp NAME HOSTIP HOSTPORT GUESTIP GUESTPORT` add a rule, `delete NAME` removes one; an empty address is \
                 written as ''.\n\
                 alias: `default`, or any of `log proxyonly sameports`. dns: any of `passdomain proxy usehostresolver`; what is \
                 not named is off, `none` for nothing. tftp: `prefix|bootfile|server VALUE`. settings: MTU, then the sizes in KB of \
                 the socket buffers for sending and receiving, then of the TCP windows. network: a network such as 10.0.2.0/24.",
            )
            .example("nat web-01 0", "all settings of the first adapter")
            .example("nat web-01 0 pf simple tcp 2222 22", "forward a port")
            .prepared("nat web-01 0 pf ex tcp ssh '' 2222 '' 22", "nat web-01 0 pf delete ssh", "remove a rule by its name")
            .example("nat web-01 0 dns proxy usehostresolver", "how names are resolved")
            .example("nat web-01 0 network 10.1.0.0/24", "the guest's network"),
    ]
}

fn nat(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let slot = slot_number(given.optional("slot").unwrap_or("0"))?;
    let setting = given.text("setting");
    let values: Vec<&str> = given.rest("values").iter().map(String::as_str).collect();
    if values.is_empty() {
        return shown(&child(&adapter(&machine, slot)?, "NATEngine")?, setting);
    }
    change(&machine, |machine| {
        let engine = child(&adapter(machine, slot)?, "NATEngine")?;
        match setting {
            "alias" => alias(&engine, &values),
            "settings" => buffers(&engine, &values),
            "dns" => dns(&engine, &values),
            "tftp" => tftp(&engine, &values),
            "network" => one(&values, "network").and_then(|network| Ok(engine.set("network", Value::from(network))?)),
            "pf" => forward(&engine, &values),
            _ => Err(Failure::usage("nat: there are several settings", "`help nat` shows them")),
        }
    })?;
    Ok(Reply::Nothing)
}

fn one<'a>(values: &[&'a str], what: &str) -> Result<&'a str, Failure> {
    match values {
        [value] => Ok(value),
        _ => Err(Failure::usage(format!("nat {what}: one value is wanted"), "`help nat` says what each setting takes")),
    }
}

fn section(engine: &Object, title: &str, names: &[&str]) -> Section {
    super::info::section(engine, title, names)
}

fn shown(engine: &Object, setting: &str) -> Result<Reply, Failure> {
    let dns = || section(engine, "dns", &["DNSPassDomain", "DNSProxy", "DNSUseHostResolver"]);
    let tftp = || section(engine, "tftp", &["enableTFTP", "TFTPPrefix", "TFTPBootFile", "TFTPNextServer"]);
    let alias = || -> Result<Section, Failure> {
        let bits = engine.get("aliasMode")?.as_int().unwrap_or_default();
        let names: Vec<Value> =
            MODES.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| Value::from(*name)).collect();
        let value = if names.is_empty() { Value::from("default") } else { Value::List(names) };
        Ok(Section { title: String::new(), entries: vec![("aliasMode".to_owned(), value)] })
    };
    let settings = || -> Result<Section, Failure> {
        let values = engine.call_outputs("getNetworkSettings", Vec::new())?;
        let names = ["mtu", "sockSnd", "sockRcv", "TcpWndSnd", "TcpWndRcv"].map(str::to_owned);
        Ok(Section { title: "settings".to_owned(), entries: names.into_iter().zip(values).collect() })
    };
    Ok(match setting {
        "pf" => rules(engine)?,
        "dns" => Reply::Sections(vec![dns()]),
        "tftp" => Reply::Sections(vec![tftp()]),
        "alias" => Reply::Sections(vec![alias()?]),
        "settings" => Reply::Sections(vec![settings()?]),
        "network" => Reply::Value(engine.get("network")?),
        _ => {
            let mut first = section(engine, "", &["network", "hostIP", "localhostReachable"]);
            first.entries.extend(alias()?.entries);
            let mut rules = Section { title: "pf".to_owned(), entries: Vec::new() };
            for rule in engine.get("redirects")?.into_list() {
                let rule = show(&rule);
                let (name, rest) = rule.split_once(',').unwrap_or((&rule, ""));
                rules.entries.push((name.to_owned(), Value::Text(words(rest))));
            }
            let mut sections = vec![first, dns(), tftp(), settings()?, rules];
            sections.retain(|section| !section.entries.is_empty());
            Reply::Sections(sections)
        }
    })
}

/// `1,,2222,,22` as `tcp host 2222 guest 22`.
fn words(rule: &str) -> String {
    let parts: Vec<&str> = rule.split(',').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let address = |ip: &str, port: &str| if ip.is_empty() { port.to_owned() } else { format!("{ip}:{port}") };
    let protocol = if part(0) == "0" { "udp" } else { "tcp" };
    format!("{protocol} host {} guest {}", address(part(1), part(2)), address(part(3), part(4)))
}

fn rules(engine: &Object) -> Result<Reply, Failure> {
    let mut rows = Vec::new();
    for rule in engine.get("redirects")?.into_list() {
        let rule = show(&rule);
        let parts: Vec<&str> = rule.split(',').collect();
        let part = |at: usize| Value::from(parts.get(at).copied().unwrap_or_default());
        let number = |at: usize| Value::Int(parts.get(at).and_then(|port| port.parse().ok()).unwrap_or_default());
        let protocol = if parts.get(1) == Some(&"0") { "UDP" } else { "TCP" };
        rows.push(vec![part(0), Value::from(protocol), part(2), number(3), part(4), number(5)]);
    }
    let names = ["name", "proto", "hostIP", "hostPort", "guestIP", "guestPort"];
    Ok(Reply::Table(Table {
        columns: names.into_iter().map(Column::new).collect(),
        rows,
        empty: "no ports are forwarded".to_owned(),
    }))
}

/// Bits of `INATEngine.aliasMode`.
const MODES: [(&str, i64); 3] = [("log", 1), ("proxyonly", 2), ("sameports", 4)];

fn alias(engine: &Object, values: &[&str]) -> Result<(), Failure> {
    let mut bits = 0;
    for value in values {
        match MODES.iter().find(|(name, _)| name == value) {
            Some((_, bit)) => bits |= bit,
            None if *value == "default" => {}
            None => {
                return Err(Failure::usage(
                    format!("nat alias: `{value}` is no mode"),
                    "`default`, or any of `log`, `proxyonly`, `sameports`",
                ));
            }
        }
    }
    Ok(engine.set("aliasMode", Value::Int(bits))?)
}

fn buffers(engine: &Object, values: &[&str]) -> Result<(), Failure> {
    let names = ["the MTU", "the sending buffer", "the receiving buffer", "the sending window", "the receiving window"];
    let mut numbers: Vec<i64> = engine
        .call_outputs("getNetworkSettings", Vec::new())?
        .iter()
        .map(|value| value.as_int().unwrap_or_default())
        .collect();
    if values.len() > numbers.len() {
        return Err(Failure::usage("nat settings: at most five numbers are wanted", "`help nat` says which"));
    }
    for (at, value) in values.iter().enumerate() {
        let number = sizes::count(names[at], value)?;
        let (least, greatest) = if at == 0 { (0, 16_000) } else { (8, 1024) };
        if number != 0 && !(least..=greatest).contains(&number) {
            return Err(Failure::usage(
                format!("nat settings: {} is from {least} to {greatest}, not {number}", names[at]),
                "0 stands for the default",
            ));
        }
        numbers[at] = number;
    }
    engine.call("setNetworkSettings", numbers.into_iter().map(Value::Int).collect())?;
    Ok(())
}

fn dns(engine: &Object, values: &[&str]) -> Result<(), Failure> {
    let known = [("passdomain", "DNSPassDomain"), ("proxy", "DNSProxy"), ("usehostresolver", "DNSUseHostResolver")];
    if let Some(strange) =
        values.iter().find(|value| **value != "none" && !known.iter().any(|(name, _)| name == *value))
    {
        return Err(Failure::usage(
            format!("nat dns: `{strange}` is nothing to switch on"),
            "any of `passdomain`, `proxy`, `usehostresolver`, or `none`",
        ));
    }
    for (name, attribute) in known {
        engine.set(attribute, Value::Bool(values.contains(&name)))?;
    }
    Ok(())
}

fn tftp(engine: &Object, values: &[&str]) -> Result<(), Failure> {
    let [name, value] = values else {
        return Err(Failure::usage(
            "nat tftp: a name and a value are wanted",
            "`prefix FOLDER`, `bootfile FILE` or `server ADDRESS`",
        ));
    };
    let attribute = match *name {
        "prefix" => "TFTPPrefix",
        "bootfile" => "TFTPBootFile",
        "server" => "TFTPNextServer",
        other => {
            return Err(Failure::usage(format!("nat tftp: there is no `{other}`"), "`prefix`, `bootfile` or `server`"));
        }
    };
    Ok(engine.set(attribute, Value::from(*value))?)
}

fn forward(engine: &Object, values: &[&str]) -> Result<(), Failure> {
    let usage = || {
        Failure::usage(
            "nat pf: the words do not fit",
            "`simple tcp|udp HOSTPORT GUESTPORT`, `no_name tcp|udp HOSTIP HOSTPORT GUESTIP GUESTPORT`, `ex tcp|udp NAME HOSTIP HOSTPORT GUESTIP GUESTPORT` or `delete NAME`",
        )
    };
    let (protocol, name, host, host_port, guest, guest_port) = match values {
        ["delete", name] => {
            let known: Vec<String> = engine.get("redirects")?.into_list().iter().map(show).collect();
            let names: Vec<&str> = known.iter().filter_map(|rule| rule.split(',').next()).collect();
            if !names.contains(name) {
                let hint = if names.is_empty() {
                    "there are none".to_owned()
                } else {
                    format!("there are {}", names.join(", "))
                };
                return Err(Failure::new(ErrorKind::NotFound, format!("no rule is named `{name}`")).hinted(hint));
            }
            engine.call("removeRedirect", vec![Value::from(*name)])?;
            return Ok(());
        }
        ["simple", protocol, host_port, guest_port] => (*protocol, "", "", *host_port, "", *guest_port),
        ["no_name", protocol, host, host_port, guest, guest_port] => {
            (*protocol, "", *host, *host_port, *guest, *guest_port)
        }
        ["ex", protocol, name, host, host_port, guest, guest_port] => {
            (*protocol, *name, *host, *host_port, *guest, *guest_port)
        }
        _ => return Err(usage()),
    };
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "tcp" => "TCP",
        "udp" => "UDP",
        other => return Err(Failure::usage(format!("nat pf: `{other}` is no protocol"), "`tcp` or `udp`")),
    };
    engine.call(
        "addRedirect",
        vec![
            Value::from(name),
            Value::from(protocol),
            Value::from(host),
            Value::Int(port(host_port)?),
            Value::from(guest),
            Value::Int(port(guest_port)?),
        ],
    )?;
    Ok(())
}
