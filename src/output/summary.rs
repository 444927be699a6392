//! Objects for people: what to call one, a line for one, its attributes for another.
//!
//! Which attribute names an object and which tells its state follows from the schema of the
//! connected release. Everything is read in one go, in parallel.

use super::{clean, value};
use crate::model::{Error, Object, Value};
use crate::schema::{Attribute, Interface, Kind};
use std::collections::HashMap;

/// Attributes that name an object, the best first.
const NAMING: &[&str] = &[
    "name",
    "networkName",
    "metricName",
    "product",
    "friendlyName",
    "filename",
    "directoryName",
    "drivePath",
    "path",
    "id",
    "uuid",
    "slot",
    "number",
    "screenId",
    "PID",
    "text",
    "host",
];
/// Interfaces that something else names better.
const NAMING_OF: &[(&str, &[&str])] = &[
    ("IVirtualBox", &["version"]),
    ("IProgress", &["description", "id"]),
    ("IVirtualBoxErrorInfo", &["text", "component"]),
    ("ISession", &[]),
    ("IGuest", &[]),
];
/// Attributes that tell a state, the best first.
const STATE: &[&str] = &["state", "status", "enabled"];
/// Interfaces that something else tells the state of.
const STATE_OF: &[(&str, &[&str])] = &[
    ("IProgress", &["completed", "percent"]),
    ("INetworkAdapter", &["attachmentType", "enabled"]),
    ("IMediumFormat", &[]),
];
/// A second name is read because the first may be empty or refused.
const NAMES: usize = 2;

/// A short label of an object: its interface and its name or id, read now.
pub fn label(object: &Object) -> String {
    Facts::read(std::slice::from_ref(object), Want::Names).label(object)
}

/// The summary of an object: interface, name or id, state.
pub fn describe(object: &Object) -> String {
    Facts::read(std::slice::from_ref(object), Want::States).summary(object)
}

/// All attributes of an object with their values, read in parallel; failed reads give their error
/// text. Left out are those that the connection cannot carry, those that hold passwords, and a few
/// that take seconds (`guestOSTypes`).
pub fn detail(object: &Object) -> Vec<(String, Result<Value, Error>)> {
    let attributes = readable(object);
    let reads: Vec<_> = attributes.iter().map(|attribute| (object.clone(), *attribute)).collect();
    let values = object.connection().read_all(&reads);
    attributes.into_iter().map(|attribute| attribute.name.to_owned()).zip(values).collect()
}

/// The attributes that [`detail`] reads.
pub(super) fn readable(object: &Object) -> Vec<&'static Attribute> {
    let over_web = object.connection().transport().name() == "webservice";
    let wanted = |attribute: &&Attribute| {
        let name = attribute.name;
        let is_secret = name.to_ascii_lowercase().contains("password");
        // The lists of guest system types take two seconds; the last one stands where MIDL cannot do without.
        let is_nonsense = matches!(name, "guestOSTypes" | "supportedGuestOSTypes" | "midlDoesNotLikeEmptyInterfaces");
        (attribute.remote || !over_web) && !is_secret && !is_nonsense
    };
    object.interface().attributes().into_iter().filter(wanted).collect()
}

/// The attributes that name objects of an interface, the best first.
pub(super) fn naming(interface: &'static Interface) -> Vec<&'static Attribute> {
    chosen(interface, NAMING_OF, NAMING)
}

/// The attributes that tell the state of objects of an interface, the best first.
pub(super) fn states(interface: &'static Interface) -> Vec<&'static Attribute> {
    chosen(interface, STATE_OF, STATE)
}

fn chosen(interface: &'static Interface, special: &[(&str, &[&str])], general: &[&str]) -> Vec<&'static Attribute> {
    let of_interface = special.iter().find(|(name, _)| interface.extends(name));
    let names = of_interface.map_or(general, |(_, names)| names);
    let is_plain = |attribute: &&Attribute| !attribute.kind.array && !attribute.kind.kind.is_object();
    names.iter().filter_map(|name| interface.attribute(name)).filter(is_plain).collect()
}

/// What to read of objects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Names only.
    Names,
    /// Names and states; of an event all that it tells.
    States,
    /// Names and ids.
    Ids,
}

/// What was read of one object.
#[derive(Default)]
struct Fact {
    name: Option<String>,
    id: Option<String>,
    state: Option<String>,
    /// Set when not one read came through.
    failed: Option<Error>,
}

/// What was read of some objects, so that they can be shown without reading again.
#[derive(Default)]
pub(super) struct Facts(HashMap<(Object, &'static str), Fact>);

impl Facts {
    /// Reads what is wanted of all objects in one go.
    // An object is hashed and compared by its handle and its connection, which never change.
    #[expect(clippy::mutable_key_type)]
    pub(super) fn read(objects: &[Object], want: Want) -> Self {
        let mut facts: HashMap<_, _> = HashMap::new();
        let mut reads = Vec::new();
        let mut owners = Vec::new();
        for object in objects {
            let key = (object.clone(), object.interface().name);
            if facts.insert(key.clone(), Fact::default()).is_some() {
                continue;
            }
            for attribute in wanted(object.interface(), want) {
                reads.push((object.clone(), attribute));
                owners.push(key.clone());
            }
        }
        let Some(first) = objects.first() else { return Self::default() };
        let results = first.connection().read_all(&reads);
        let mut by_object: HashMap<_, Vec<(&'static Attribute, Result<Value, Error>)>> = HashMap::new();
        for ((key, (_, attribute)), result) in owners.into_iter().zip(reads).zip(results) {
            by_object.entry(key).or_default().push((attribute, result));
        }
        for (key, results) in by_object {
            let fact = fact(key.0.interface(), results);
            facts.insert(key, fact);
        }
        Self(facts)
    }

    fn of(&self, object: &Object) -> Option<&Fact> {
        self.0.get(&(object.clone(), object.interface().name))
    }

    /// `web-01`; the interface's name for an object that nothing names.
    pub(super) fn name(&self, object: &Object) -> String {
        let fact = self.of(object);
        let name = fact.and_then(|fact| fact.name.as_deref().or(fact.id.as_deref()));
        name.map_or_else(|| object.interface().name.to_owned(), |name| clean::line(name).into_owned())
    }

    /// `IMachine web-01`.
    pub(super) fn label(&self, object: &Object) -> String {
        let interface = object.interface().name;
        let fact = self.of(object);
        match fact.and_then(|fact| fact.name.as_deref().or(fact.id.as_deref())) {
            Some(name) => format!("{interface} {}", clean::line(name)),
            None if fact.is_some_and(|fact| fact.failed.is_some()) => {
                format!("{interface} {}", clean::line(&object.handle().to_string()))
            }
            None => interface.to_owned(),
        }
    }

    /// `IMachine web-01 (Running)`; for an event what it tells.
    pub(super) fn summary(&self, object: &Object) -> String {
        let label = self.label(object);
        match self.of(object).and_then(|fact| fact.state.as_deref()) {
            Some(told) if object.interface().extends("IEvent") => format!("{} {told}", object.interface().name),
            Some(state) => format!("{label} ({state})"),
            None => label,
        }
    }

    /// Its name, when something other than its id names it.
    pub(super) fn own_name(&self, object: &Object) -> Option<&str> {
        self.of(object)?.name.as_deref()
    }

    /// Its id, when it has one.
    pub(super) fn id(&self, object: &Object) -> Option<&str> {
        self.of(object)?.id.as_deref()
    }

    /// Why nothing could be read of an object.
    pub(super) fn failure(&self, object: &Object) -> Option<&Error> {
        self.of(object)?.failed.as_ref()
    }
}

fn wanted(interface: &'static Interface, want: Want) -> Vec<&'static Attribute> {
    if interface.extends("IEvent") {
        return if want == Want::States { told(interface) } else { Vec::new() };
    }
    let mut wanted: Vec<_> = naming(interface).into_iter().take(NAMES).collect();
    match want {
        Want::Names => {}
        Want::States => wanted.extend(states(interface).into_iter().take(2)),
        Want::Ids => wanted.extend(interface.attribute("id")),
    }
    wanted.dedup_by_key(|attribute| attribute.name);
    wanted
}

/// What an event tells beyond that it is one.
fn told(interface: &'static Interface) -> Vec<&'static Attribute> {
    let of_its_own = |attribute: &&Attribute| {
        let is_plain = !matches!(attribute.kind.kind, Kind::Interface(_) | Kind::AnyObject);
        !matches!(attribute.owner, "IEvent" | "IReusableEvent")
            && attribute.name != "midlDoesNotLikeEmptyInterfaces"
            && is_plain
    };
    interface.attributes().into_iter().filter(of_its_own).collect()
}

fn fact(interface: &'static Interface, results: Vec<(&'static Attribute, Result<Value, Error>)>) -> Fact {
    let mut fact = Fact::default();
    if results.iter().all(|(_, result)| result.is_err()) {
        fact.failed = results.into_iter().find_map(|(_, result)| result.err());
        return fact;
    }
    let values: Vec<_> =
        results.into_iter().filter_map(|(attribute, result)| Some((attribute, result.ok()?))).collect();
    if interface.extends("IEvent") {
        let told = values.iter().map(|(attribute, told)| format!("{}={}", attribute.name, value::flat(told)));
        fact.state = Some(told.collect::<Vec<_>>().join(" ")).filter(|told| !told.is_empty());
        return fact;
    }
    let value_of = |attribute: &Attribute| {
        let known = values.iter().find(|(known, _)| known.name == attribute.name);
        known.and_then(|(_, value)| value::bare(value)).filter(|text| !text.is_empty())
    };
    fact.name = naming(interface).into_iter().filter(|attribute| attribute.name != "id").find_map(value_of);
    fact.id = interface.attribute("id").and_then(value_of);
    fact.state = state(&states(interface), &values);
    fact
}

/// `Running`, `NAT, disabled`, `40 %`.
fn state(states: &[&'static Attribute], values: &[(&'static Attribute, Value)]) -> Option<String> {
    let mut parts = Vec::new();
    for attribute in states {
        let Some((_, value)) = values.iter().find(|(known, _)| known.name == attribute.name) else { continue };
        match (attribute.name, value) {
            ("enabled", Value::Bool(false)) => parts.push("disabled".to_owned()),
            ("enabled", Value::Bool(true)) if parts.is_empty() => parts.push("enabled".to_owned()),
            ("completed", Value::Bool(true)) => return Some("completed".to_owned()),
            ("percent", Value::Int(percent)) => parts.push(format!("{percent} %")),
            (_, Value::Enum(state)) => parts.push(state.to_string()),
            _ => {}
        }
        // A state and a status side by side say the same.
        if !parts.is_empty() && attribute.name != "attachmentType" {
            break;
        }
    }
    Some(parts.join(", ")).filter(|state| !state.is_empty())
}
