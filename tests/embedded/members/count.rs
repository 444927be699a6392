//! Asks for every attribute, writes every writable one, calls every method, and keeps what is there.
//!
//! A member counts as not implemented when it fails with E_NOTIMPL and names itself. Arguments are empty: what is
//! there says that they are wrong, or does something to a home that is thrown away.

use super::filled::{Filled, fill};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;
use vboxsh::model::{Error, Object, Value};
use vboxsh::schema::{Interface, Kind, Method, Type, embedded};

/// Objects of one interface that are asked.
const MOST: usize = 3;

/// What there is of an interface.
#[derive(Debug, Default)]
pub struct Row {
    pub attributes: usize,
    pub readable: usize,
    pub writable: usize,
    pub written: usize,
    pub methods: usize,
    pub called: usize,
    /// Objects of it were found.
    pub reached: bool,
    /// Members that are missing, as the table names them.
    pub missing: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Counted {
    pub rows: BTreeMap<&'static str, Row>,
    /// What is there: `IMachine.name`, `IMachine.name (writing)`, `IMachine.saveSettings()`.
    pub there: BTreeSet<String>,
    /// Types of the events that are fired.
    pub fired: BTreeSet<&'static str>,
}

impl Counted {
    pub fn has(&self, member: &str) -> bool {
        self.there.contains(member)
    }

    fn sum(&self, field: impl Fn(&Row) -> usize) -> usize {
        self.rows.values().map(field).sum()
    }

    /// Declared and implemented: attributes read, attributes written, methods.
    pub fn totals(&self) -> [(usize, usize); 3] {
        [
            (self.sum(|row| row.attributes), self.sum(|row| row.readable)),
            (self.sum(|row| row.writable), self.sum(|row| row.written)),
            (self.sum(|row| row.methods), self.sum(|row| row.called)),
        ]
    }

    pub fn summary(&self) -> String {
        let [read, written, called] =
            self.totals().map(|(declared, there)| format!("{there} of {declared} ({:.1} %)", percent(there, declared)));
        format!("attributes read {read}, written {written}; methods {called}")
    }
}

pub fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// Objects found, some for each interface.
type Found = BTreeMap<&'static str, Vec<Object>>;

/// The count, made once for the process.
pub fn count() -> &'static Counted {
    static COUNTED: OnceLock<Counted> = OnceLock::new();
    COUNTED.get_or_init(ask)
}

fn ask() -> Counted {
    let mut counted = Counted::default();
    let filled = fill();
    let (found, structures) = crawl(&filled);
    for interface in non_events() {
        read_and_write(interface, &found, structures.contains(interface.name), &mut counted);
    }
    drop(found);
    call_all(filled, &mut counted);
    counted.fired = fired();
    finish(&mut counted);
    counted
}

/// The interfaces that are no events.
fn non_events() -> impl Iterator<Item = &'static Interface> {
    embedded().interfaces().iter().filter(|interface| !interface.extends("IEvent"))
}

/// Whether the host has the member, by what a call of it gave; `None` where it could not be said.
fn is_there<T>(result: &Result<T, Error>, member: &str) -> Option<bool> {
    match result {
        Ok(_) => Some(true),
        Err(Error::Api { error, .. }) if error.name() == "E_NOTIMPL" => {
            Some(!error.message.contains(&format!("does not have `{member}` yet")))
        }
        // Gone meanwhile: nobody was asked.
        Err(Error::Api { error, .. }) if error.message.contains("not usable any more") => None,
        Err(Error::Api { error, .. }) if error.name() == "E_NOINTERFACE" => None,
        Err(Error::Api { .. }) => Some(true),
        Err(_) => None,
    }
}

/// Everything that attributes lead to, a few of each kind; and the structures seen.
// Objects are told apart by their handle, which stays the same.
#[allow(clippy::mutable_key_type)]
fn crawl(filled: &Filled) -> (Found, HashSet<&'static str>) {
    let mut found = Found::new();
    let mut structures = HashSet::new();
    let mut seen = HashSet::new();
    let mut queue = filled.roots.clone();
    while let Some(object) = queue.pop() {
        let name = object.interface().name;
        if !seen.insert((object.clone(), name)) {
            continue;
        }
        let of_kind = found.entry(name).or_default();
        // Machines differ: one is mutable, one runs, one has snapshots, one is for ARM.
        if of_kind.len() >= MOST && !matches!(name, "IMachine" | "IPlatform" | "INvramStore") {
            continue;
        }
        of_kind.push(object.clone());
        for attribute in object.interface().attributes() {
            if let Ok(value) = object.read(attribute) {
                follow(value, &mut queue, &mut structures);
            }
        }
        if name == "IMachine" {
            for method in ["getNetworkAdapter", "getSerialPort", "getParallelPort"] {
                follow(object.call(method, vec![0.into()]).unwrap_or_default(), &mut queue, &mut structures);
            }
        }
        let list = match name {
            "IBandwidthControl" => "getAllBandwidthGroups",
            "IEventSource" => "createListener",
            _ => continue,
        };
        follow(object.call(list, vec![]).unwrap_or_default(), &mut queue, &mut structures);
    }
    (found, structures)
}

fn follow(value: Value, queue: &mut Vec<Object>, structures: &mut HashSet<&'static str>) {
    match value {
        Value::Object(object) => queue.push(object),
        Value::List(values) => values.into_iter().for_each(|value| follow(value, queue, structures)),
        Value::Struct(value) => {
            structures.insert(value.interface.name);
            value.fields.iter().cloned().for_each(|value| follow(value, queue, structures));
        }
        _ => {}
    }
}

/// The objects that are of that interface or extend it. The root is asked last: it is every object's parent.
fn of<'a>(found: &'a Found, interface: &'static Interface) -> Vec<&'a Object> {
    let fits = |name: &str| embedded().interface(name).is_some_and(|known| known.extends(interface.name));
    found.iter().filter(|(name, _)| fits(name)).flat_map(|(_, objects)| objects).collect()
}

fn read_and_write(interface: &'static Interface, found: &Found, structure: bool, counted: &mut Counted) {
    let objects = of(found, interface);
    let row = counted.rows.entry(interface.name).or_default();
    row.reached = structure || !objects.is_empty();
    row.attributes = interface.own_attributes().len();
    row.methods = interface.own_methods().len();
    for attribute in interface.own_attributes() {
        let member = format!("{}.{}", interface.name, attribute.name);
        let values: Vec<_> = objects.iter().map(|object| (object.read(attribute), *object)).collect();
        if structure || values.iter().any(|(value, _)| is_there(value, &member) == Some(true)) {
            counted.there.insert(member.clone());
            row.readable += 1;
        }
        if !attribute.writable {
            continue;
        }
        row.writable += 1;
        let write = format!("{member} (writing)");
        let written = |(value, object): &(Result<Value, Error>, &Object)| {
            let value = value.as_ref().ok().cloned().unwrap_or_else(|| empty(attribute.kind));
            let result = object.set(attribute.name, value);
            is_there(&result, &write) == Some(true) && is_there(&result, &member) == Some(true)
        };
        if values.iter().any(written) {
            counted.there.insert(write);
            row.written += 1;
        }
    }
}

/// An argument that says nothing.
fn empty(kind: Type) -> Value {
    if kind.is_blob() {
        return Value::Blob(Vec::new());
    }
    if kind.array {
        return Value::List(Vec::new());
    }
    match kind.kind {
        Kind::String | Kind::Uuid => Value::from(""),
        Kind::Boolean => Value::Bool(false),
        Kind::AnyObject | Kind::Interface(_) => Value::Null,
        Kind::Enum(name) => {
            let first = embedded().enumeration(name).and_then(|known| known.values.first());
            Value::Int(first.map_or(0, |value| value.number))
        }
        _ => Value::Int(0),
    }
}

/// Whether a call ends the life of what it is called on, or of much else.
fn is_destructive(method: &Method) -> bool {
    let name = method.name;
    ["remove", "delete", "close", "unregister", "unlock", "detach", "discard", "abandon", "power", "reset", "release"]
        .iter()
        .any(|start| name.starts_with(start))
        || matches!(name, "cleanup" | "uninitialize" | "uninit" | "logoff" | "cancel" | "stop" | "restoreSnapshot")
}

/// Calls every method, those that destroy last; on a new home whenever nothing is left to ask.
fn call_all(mut filled: Filled, counted: &mut Counted) {
    let mut found = crawl(&filled).0;
    for destructive in [false, true] {
        for interface in non_events() {
            let methods = interface.own_methods().iter();
            let methods: Vec<_> = methods.filter(|method| is_destructive(method) == destructive).collect();
            if methods.is_empty() || of(&found, interface).is_empty() {
                continue;
            }
            for method in methods {
                let mut known = call(method, &found, interface);
                if known.is_none() {
                    filled = fill();
                    found = crawl(&filled).0;
                    known = call(method, &found, interface);
                }
                if known == Some(true) {
                    counted.there.insert(format!("{}.{}()", interface.name, method.name));
                    counted.rows.entry(interface.name).or_default().called += 1;
                }
            }
        }
    }
}

/// `None`: no object was left that could say.
fn call(method: &'static Method, found: &Found, interface: &'static Interface) -> Option<bool> {
    let member = format!("{}.{}", method.owner, method.name);
    let mut known = None;
    for object in of(found, interface) {
        let mut arguments: Vec<_> = method.inputs().map(|parameter| argument(parameter.kind, found)).collect();
        if method.name == "openMachine" {
            // No file at all is refused before it comes to the host.
            arguments[0] = Value::from("/nowhere.vbox");
        }
        let result = object.call_method(method, arguments);
        match is_there(&result, &member) {
            Some(true) => return Some(true),
            Some(false) => known = Some(false),
            None => {}
        }
    }
    known
}

/// Some object where one is wanted, else nothing.
fn argument(kind: Type, found: &Found) -> Value {
    match kind.kind {
        Kind::Interface(name) if !kind.array => {
            let objects = embedded().interface(name).map(|interface| of(found, interface)).unwrap_or_default();
            objects.first().map_or(Value::Null, |object| Value::Object((*object).clone()))
        }
        _ => empty(kind),
    }
}

/// Types of events that the source text of the host fires.
fn fired() -> BTreeSet<&'static str> {
    let mut text = String::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|ending| ending == "rs") => {
                    text += &std::fs::read_to_string(path).unwrap();
                }
                false => {}
            }
        }
    }
    let types = &embedded().enumeration("VBoxEventType").unwrap().values;
    types.iter().map(|value| value.name).filter(|name| text.contains(&format!("\"{name}\""))).collect()
}

/// Fills in what is missing.
fn finish(counted: &mut Counted) {
    for (name, row) in &mut counted.rows {
        let interface = embedded().interface(name).unwrap();
        for attribute in interface.own_attributes() {
            let member = format!("{name}.{}", attribute.name);
            if !counted.there.contains(&member) {
                row.missing.push(attribute.name.to_owned());
            } else if attribute.writable && !counted.there.contains(&format!("{member} (writing)")) {
                row.missing.push(format!("{} (writing)", attribute.name));
            }
        }
        let called = |method: &&Method| counted.there.contains(&format!("{name}.{}()", method.name));
        let methods = interface.own_methods().iter().filter(|method| !called(method));
        row.missing.extend(methods.map(|method| format!("{}()", method.name)));
    }
}
