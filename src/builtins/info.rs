//! `info`: one machine on one page; `info/facts.rs` has the devices as data, for `--json`.

mod facts;

use crate::model::{Object, Value};
use crate::output::{Failure, Reply, Section};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell, find_listed, settings_name};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("info", Category::Explore, "show a machine: settings, devices, media, snapshots, session", info)
            .alias("i")
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .help("Everything about it, attribute by attribute, is in `get --detail MACHINE`.")
            .example("info web-01", "one machine on one page"),
    ]
}

fn info(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = find_listed(&connection, given.text("machine"))?;
    if machine.get("accessible")?.as_bool() == Some(false) {
        return Ok(Reply::Sections(vec![inaccessible(&machine)]));
    }
    let mut sections = vec![
        section(
            &machine,
            "",
            &["name", "id", "state", "lastStateChange", "OSTypeId", "groups", "description", "settingsFilePath"],
        ),
        section(
            &machine,
            "System",
            &["CPUCount", "CPUExecutionCap", "memorySize", "pointingHIDType", "keyboardHIDType"],
        ),
    ];
    if let Some(Section { entries, .. }) = sections.get_mut(1) {
        for (child, names) in [
            ("platform", &["architecture", "chipsetType"][..]),
            ("firmwareSettings", &["firmwareType"]),
            ("graphicsAdapter", &["graphicsControllerType", "VRAMSize", "monitorCount"]),
        ] {
            if let Ok(Value::Object(child)) = machine.get(child) {
                entries.extend(section(&child, "", names).entries);
            }
        }
    }
    sections.push(session(&machine));
    if shell.ui().options().json {
        sections.push(facts::devices(&machine)?);
    } else {
        sections.extend([storage(&machine)?, network(&machine), shared_folders(&machine), snapshots(&machine)]);
    }
    sections.retain(|section| !section.entries.is_empty());
    Ok(Reply::Sections(sections))
}

/// Attributes of one object under a heading, read at once. What cannot be read is left out.
pub(super) fn section(object: &Object, title: &str, names: &[&str]) -> Section {
    let attributes: Vec<_> = names.iter().filter_map(|name| object.interface().attribute(name)).collect();
    let reads: Vec<_> = attributes.iter().map(|attribute| (object.clone(), *attribute)).collect();
    let values = object.connection().read_all(&reads);
    let entries =
        attributes.iter().zip(values).filter_map(|(attribute, value)| Some((attribute.name.to_owned(), value.ok()?)));
    Section { title: title.to_owned(), entries: entries.filter(|(_, value)| !is_empty(value)).collect() }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(values) => values.is_empty(),
        _ => false,
    }
}

fn inaccessible(machine: &Object) -> Section {
    let mut section = section(machine, "", &["id", "accessible", "settingsFilePath"]);
    let name = settings_name(&read(machine, "settingsFilePath")).to_owned();
    section.entries.insert(0, ("name".to_owned(), Value::Text(name)));
    if let Ok(Value::Object(error)) = machine.get("accessError") {
        section.entries.push(("accessError".to_owned(), error.get("text").unwrap_or_default()));
    }
    section
}

fn session(machine: &Object) -> Section {
    let mut section = section(machine, "Session", &["sessionState", "sessionName", "sessionPID"]);
    if matches!(section.entries.first(), Some((_, Value::Enum(state))) if state.is("Unlocked")) {
        section.entries.truncate(1);
    } else if machine.connection().transport().name() == "embedded" {
        section.entries.push(("engine".to_owned(), Value::from("simulated: no guest runs in it")));
    }
    section
}

/// Text of a value inside a line that is put together from several.
fn text(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        Value::Enum(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

fn read(object: &Object, name: &str) -> String {
    object.get(name).map(text).unwrap_or_default()
}

fn storage(machine: &Object) -> Result<Section, Failure> {
    let mut entries = Vec::new();
    for controller in machine.get("storageControllers")?.into_list() {
        let Value::Object(controller) = controller else { continue };
        let name = read(&controller, "name");
        entries.push((
            name.clone(),
            Value::Text(format!(
                "{} on {}, {}",
                read(&controller, "controllerType"),
                read(&controller, "bus"),
                match read(&controller, "portCount").as_str() {
                    "1" => "1 port".to_owned(),
                    count => format!("{count} ports"),
                }
            )),
        ));
        for attachment in
            machine.call("getMediumAttachmentsOfController", vec![Value::from(name.as_str())])?.into_list()
        {
            let field = |field: &str| match &attachment {
                Value::Struct(fields) => fields.get(field).cloned().unwrap_or_default(),
                Value::Object(object) => object.get(field).unwrap_or_default(),
                _ => Value::Null,
            };
            let medium = match field("medium") {
                Value::Object(medium) => format!("{} ({})", read(&medium, "location"), read(&medium, "state")),
                _ => "empty".to_owned(),
            };
            let place = format!("{name} {}:{}", text(field("port")), text(field("device")));
            entries.push((place, Value::Text(format!("{} {medium}", text(field("type"))))));
        }
    }
    Ok(Section { title: "Storage".to_owned(), entries })
}

fn network(machine: &Object) -> Section {
    let mut entries = Vec::new();
    // No chipset has more than 36 adapters; the first number that is too large fails.
    for slot in 0..36 {
        let Ok(Value::Object(adapter)) = machine.call("getNetworkAdapter", vec![Value::Int(slot)]) else { break };
        if adapter.get("enabled").ok().and_then(|enabled| enabled.as_bool()) != Some(true) {
            continue;
        }
        let attached = match read(&adapter, "attachmentType").as_str() {
            "Bridged" => format!("Bridged to {}", read(&adapter, "bridgedInterface")),
            "Internal" => format!("Internal network {}", read(&adapter, "internalNetwork")),
            "HostOnly" => format!("HostOnly {}", read(&adapter, "hostOnlyInterface")),
            "NATNetwork" => format!("NATNetwork {}", read(&adapter, "NATNetwork")),
            other => other.to_owned(),
        };
        let cable = if read(&adapter, "cableConnected") == "false" { ", cable not connected" } else { "" };
        let line = format!("{} {} {attached}{cable}", read(&adapter, "adapterType"), read(&adapter, "MACAddress"));
        entries.push((format!("adapter {slot}"), Value::Text(line)));
        if let Ok(Value::Object(nat)) = adapter.get("NATEngine") {
            for rule in nat.get("redirects").map(Value::into_list).unwrap_or_default() {
                entries.push((format!("adapter {slot} redirect"), rule));
            }
        }
    }
    Section { title: "Network".to_owned(), entries }
}

fn shared_folders(machine: &Object) -> Section {
    let mut entries = Vec::new();
    for folder in machine.get("sharedFolders").map(Value::into_list).unwrap_or_default() {
        let Value::Object(folder) = folder else { continue };
        let writable = if read(&folder, "writable") == "true" { "writable" } else { "read-only" };
        entries.push((read(&folder, "name"), Value::Text(format!("{} ({writable})", read(&folder, "hostPath")))));
    }
    Section { title: "Shared folders".to_owned(), entries }
}

fn snapshots(machine: &Object) -> Section {
    let mut entries = Vec::new();
    let current = match machine.get("currentSnapshot") {
        Ok(Value::Object(current)) => Some(current),
        _ => None,
    };
    // An empty name finds the first snapshot.
    let first = match current {
        Some(_) => machine.call("findSnapshot", vec![Value::from("")]).ok(),
        None => None,
    };
    let mut open = vec![(first, 0)];
    while let Some((snapshot, depth)) = open.pop() {
        let Some(Value::Object(snapshot)) = snapshot else { continue };
        let marker = if current.as_ref() == Some(&snapshot) { " (current)" } else { "" };
        let name = format!("{}{}{marker}", "  ".repeat(depth), read(&snapshot, "name"));
        entries.push((name, snapshot.get("id").unwrap_or_default()));
        let children = snapshot.get("children").map(Value::into_list).unwrap_or_default();
        open.extend(children.into_iter().rev().map(|child| (Some(child), depth + 1)));
    }
    Section { title: "Snapshots".to_owned(), entries }
}
