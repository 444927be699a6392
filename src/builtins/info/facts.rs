//! The devices of a machine as data: what `--json info` gives where the page for people has lines put
//! together from several values. Keys are API names; nothing is lost when names come twice.

use crate::model::{Object, Value};
use crate::output::{Failure, Section};

/// `storageControllers`, `networkAdapters`, `sharedFolders` and `snapshots`.
pub(super) fn devices(machine: &Object) -> Result<Section, Failure> {
    let mut entries =
        vec![("storageControllers".to_owned(), storage(machine)?), ("networkAdapters".to_owned(), network(machine))];
    entries.push((
        "sharedFolders".to_owned(),
        each(machine, "sharedFolders", |folder| fields(folder, &["name", "hostPath", "writable", "autoMount"])),
    ));
    entries.push(("snapshots".to_owned(), Value::List(snapshots(machine))));
    Ok(Section { title: String::new(), entries })
}

/// Attributes of an object, or fields of a structure. What cannot be read is null.
fn fields(value: &Value, names: &[&str]) -> Vec<(String, Value)> {
    let read = |name: &str| match value {
        Value::Struct(fields) => fields.get(name).cloned().unwrap_or_default(),
        Value::Object(object) => object.get(name).unwrap_or_default(),
        _ => Value::Null,
    };
    names.iter().map(|name| ((*name).to_owned(), read(name))).collect()
}

fn each(object: &Object, attribute: &str, map: impl Fn(&Value) -> Vec<(String, Value)>) -> Value {
    let values = object.get(attribute).map(Value::into_list).unwrap_or_default();
    Value::List(values.iter().map(|value| Value::Map(map(value))).collect())
}

fn storage(machine: &Object) -> Result<Value, Failure> {
    let mut controllers = Vec::new();
    for controller in machine.get("storageControllers")?.into_list() {
        let mut facts = fields(&controller, &["name", "bus", "controllerType", "portCount"]);
        let name = facts.first().map(|(_, name)| name.clone()).unwrap_or_default();
        let attachments = machine.call("getMediumAttachmentsOfController", vec![name])?.into_list();
        let attachment = |attachment: &Value| {
            let mut facts = fields(attachment, &["port", "device", "type", "medium"]);
            if let Some((_, medium @ Value::Object(_))) = facts.last_mut() {
                *medium = Value::Map(fields(medium, &["id", "location", "format", "state"]));
            }
            Value::Map(facts)
        };
        facts.push(("mediumAttachments".to_owned(), Value::List(attachments.iter().map(attachment).collect())));
        controllers.push(Value::Map(facts));
    }
    Ok(Value::List(controllers))
}

fn network(machine: &Object) -> Value {
    const NAMES: &[&str] = &[
        "slot",
        "adapterType",
        "MACAddress",
        "attachmentType",
        "bridgedInterface",
        "internalNetwork",
        "hostOnlyInterface",
        "NATNetwork",
        "genericDriver",
        "cableConnected",
    ];
    let mut adapters = Vec::new();
    // No chipset has more than 36 adapters; the first number that is too large fails.
    for slot in 0..36 {
        let Ok(adapter @ Value::Object(_)) = machine.call("getNetworkAdapter", vec![Value::Int(slot)]) else { break };
        let Value::Object(object) = &adapter else { break };
        if object.get("enabled").ok().and_then(|enabled| enabled.as_bool()) != Some(true) {
            continue;
        }
        let mut facts = fields(&adapter, NAMES);
        let redirects = match object.get("NATEngine") {
            Ok(Value::Object(nat)) => nat.get("redirects").unwrap_or_default(),
            _ => Value::Null,
        };
        facts.push(("redirects".to_owned(), redirects));
        adapters.push(Value::Map(facts));
    }
    Value::List(adapters)
}

/// All snapshots, each before its children, whose `parent` is its id.
fn snapshots(machine: &Object) -> Vec<Value> {
    let Ok(Value::Object(current)) = machine.get("currentSnapshot") else { return Vec::new() };
    // An empty name finds the first snapshot.
    let first = machine.call("findSnapshot", vec![Value::from("")]).unwrap_or_default();
    let (mut open, mut found) = (vec![(first, Value::Null)], Vec::new());
    while let Some((snapshot, parent)) = open.pop() {
        let Value::Object(object) = &snapshot else { continue };
        let mut facts = fields(&snapshot, &["name", "id", "description", "timeStamp", "online"]);
        facts.push(("parent".to_owned(), parent));
        facts.push(("current".to_owned(), Value::Bool(*object == current)));
        let children = object.get("children").map(Value::into_list).unwrap_or_default();
        let id = object.get("id").unwrap_or_default();
        open.extend(children.into_iter().rev().map(|child| (child, id.clone())));
        found.push(Value::Map(facts));
    }
    found
}
