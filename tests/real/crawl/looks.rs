//! Calls that only look: which methods they are, and arguments for them.
//!
//! Methods are taken by the verb their name begins with; what they take is made up from its type, from
//! what the object says of itself, and from the names that the fixture gives.

use vboxsh::model::{Object, Value};
use vboxsh::schema::{Kind, Method, Parameter};

pub type Call = (&'static Method, Vec<Value>);

/// Verbs of methods that change nothing.
const VERBS: [&str; 13] = [
    "get",
    "find",
    "query",
    "enumerate",
    "is",
    "check",
    "compose",
    "describe",
    "entryList",
    "exists",
    "info",
    "asLong",
    "canShow",
];

/// Methods with such a verb that are no mere looks, or that wait.
const LEFT_OUT: [(&str, &str); 2] = [("IEventSource", "getEvent"), ("IUpdateAgent", "checkFor")];

/// Combinations of arguments that one method is called with at most.
const MOST_COMBINATIONS: usize = 64;

/// Everything that can be asked of an object.
pub fn all(object: &Object) -> Vec<Call> {
    let mut calls = leading(object);
    for method in object.interface().methods() {
        let is_look = VERBS.iter().any(|verb| {
            method
                .name
                .strip_prefix(verb)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_uppercase()))
        });
        let over_web = object.connection().transport().name() == "webservice";
        if is_look && (method.remote || !over_web) && !LEFT_OUT.contains(&(method.owner, method.name)) {
            calls.extend(combinations(object, method).into_iter().map(|arguments| (method, arguments)));
        }
    }
    calls.extend(named(object, further(object)));
    calls
}

/// What leads to objects that no attribute leads to.
pub fn leading(object: &Object) -> Vec<Call> {
    let numbered = |method, count: i64| (0..count).map(move |slot| (method, vec![Value::Int(slot)]));
    let calls = match object.interface().name {
        "IMachine" => numbered("getNetworkAdapter", 8)
            .chain(numbered("getSerialPort", 4))
            .chain(numbered("getParallelPort", 2))
            .chain([("findSnapshot", vec!["".into()])])
            .collect(),
        _ => Vec::new(),
    };
    named(object, calls)
}

/// Looks whose names do not say that they are.
fn further(object: &Object) -> Vec<(&'static str, Vec<Value>)> {
    let int = Value::Int;
    match object.interface().name {
        "IVirtualBox" => vec![("createAppliance", vec![]), ("createUnattendedInstaller", vec![])],
        "IAppliance" => vec![("createVFSExplorer", vec!["file:///tmp".into()])],
        "IHost" => vec![("generateMACAddress", vec![])],
        "IGuest" => vec![("internalGetStatistics", vec![])],
        "IMedium" => vec![("refreshState", vec![])],
        "IMachine" => ["PNG", "BGR0", "RGBA"]
            .into_iter()
            .flat_map(|format| {
                [
                    ("readSavedThumbnailToArray", vec![int(0), format.into()]),
                    ("readSavedScreenshotToArray", vec![int(0), format.into()]),
                ]
            })
            .chain([("readLog", vec![int(0), int(0), int(4096)])])
            .collect(),
        "IMachineDebugger" => vec![
            ("readPhysicalMemory", vec![int(0x7c00), int(512)]),
            ("readVirtualMemory", vec![int(0), int(0x7c00), int(16)]),
            ("dumpGuestStack", vec![int(0)]),
            ("detectOS", vec![]),
        ],
        "IDisplay" => ["PNG", "BGR0", "BGRA", "RGBA", "JPEG"]
            .into_iter()
            .map(|format| ("takeScreenShotToArray", vec![int(0), int(64), int(40), format.into()]))
            .collect(),
        _ => Vec::new(),
    }
}

fn named(object: &Object, calls: Vec<(&'static str, Vec<Value>)>) -> Vec<Call> {
    let of =
        |name: &str| object.interface().method(name).unwrap_or_else(|| panic!("{}.{name}", object.interface().name));
    calls.into_iter().map(|(name, arguments)| (of(name), arguments)).collect()
}

/// Every combination of the values that each parameter may take; none where something cannot be made up.
fn combinations(object: &Object, method: &'static Method) -> Vec<Vec<Value>> {
    let mut all = vec![Vec::new()];
    for parameter in method.inputs() {
        let values = candidates(object, method, parameter);
        all = all
            .into_iter()
            .flat_map(|begin: Vec<Value>| {
                values.iter().map(move |value| begin.iter().cloned().chain([value.clone()]).collect::<Vec<_>>())
            })
            .take(MOST_COMBINATIONS)
            .collect();
    }
    all
}

fn candidates(object: &Object, method: &Method, parameter: &Parameter) -> Vec<Value> {
    if parameter.kind.array {
        return match (parameter.kind.kind, parameter.name) {
            (Kind::Enum(name), _) => vec![Value::List(values_of(object, name))],
            (_, "groups") => vec![Value::List(vec!["/".into()]), Value::List(vec!["/test".into(), "/prod".into()])],
            (_, "names") => vec![Value::List(vec!["web-01.ova".into(), "no such".into()])],
            _ => vec![Value::List(Vec::new())],
        };
    }
    match parameter.kind.kind {
        Kind::Enum(name) => values_of(object, name),
        Kind::Boolean => vec![Value::Bool(false)],
        Kind::String | Kind::Uuid => texts(object, method, parameter.name).into_iter().map(Value::Text).collect(),
        Kind::Interface(_) | Kind::AnyObject => Vec::new(),
        _ if parameter.name.to_ascii_lowercase().contains("size") => vec![Value::Int(64)],
        _ => vec![Value::Int(0)],
    }
}

fn values_of(object: &Object, name: &str) -> Vec<Value> {
    let values = object.connection().schema().enumeration(name).map(|enumeration| &enumeration.values);
    // The DHCP options are many, and each is looked up slowly.
    let most = if name == "DHCPOption" { 16 } else { usize::MAX };
    values.into_iter().flatten().take(most).map(|value| Value::from(value.name)).collect()
}

/// Texts for a parameter: what the object says there is, and what the fixture made.
fn texts(object: &Object, method: &Method, parameter: &str) -> Vec<String> {
    let list = |attribute: &str| -> Vec<String> {
        let values = object.get(attribute).map(Value::into_list).unwrap_or_default();
        values.iter().filter_map(|value| value.as_text().map(str::to_owned)).collect()
    };
    let names_of = |attribute: &str| -> Vec<String> {
        let objects = object.get(attribute).map(Value::into_list).unwrap_or_default();
        let name = |object: &Object| object.get("name").ok().and_then(|name| name.as_text().map(str::to_owned));
        objects.iter().filter_map(Value::as_object).filter_map(name).collect()
    };
    let given = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match (method.owner, method.name, parameter) {
        (
            "IMachine",
            "getMedium" | "getMediumAttachment" | "getMediumAttachmentsOfController" | "getStorageControllerByName",
            _,
        ) => names_of("storageControllers"),
        ("IMachine", "getUSBControllerByName", _) => names_of("USBControllers"),
        ("IMachine" | "IVirtualBox", "getExtraData", _) => {
            given(&["", "vboxsh/fixture", "vboxsh/mehrzeilig", "no such key"])
        }
        ("IMachine", "enumerateGuestProperties", _) => given(&["", "*", "/vboxsh/*"]),
        ("IMachine", name, _) if name.starts_with("getGuestProperty") => given(&["/vboxsh/role", "no such property"]),
        ("IMachine", "findSnapshot", _) => given(&["", "while running", "no such snapshot"]),
        ("IBandwidthControl", _, _) => given(&["disk-limit", "net-limit", "no such group"]),
        ("IAudioAdapter", "getProperty", _) => list("propertiesList"),
        ("IVRDEServer", "getVRDEProperty", _) => {
            [list("VRDEProperties"), given(&["TCP/Ports", "VNCPassword"])].concat()
        }
        ("ICloudProvider", "getPropertyDescription", _) => list("supportedPropertyNames"),
        ("ICloudProvider", "getProfileByName", _) => list("profileNames"),
        ("IMedium", "getProperty", _) => given(&["", "AllocationType", "TargetAddress", "no such property"]),
        ("INetworkAdapter", "getProperty", _) => given(&["", "no such property"]),
        ("IUefiVariableStore", "queryVariableByName", _) => variables(object),
        ("IVirtualBox", "findMachine", _) => given(&["web-01", "Zürich 東京 ☃", "no such machine"]),
        ("IVirtualBox", "findDHCPServerByNetworkName", _) => given(&["backbone"]),
        ("IVirtualBox", "findNATNetworkByName", _) => given(&["prod-nat", "büro-netz"]),
        ("IVirtualBox", "findCloudNetworkByName", _) => given(&["cloud-net"]),
        ("IVirtualBox", "findHostOnlyNetworkByName", _) => given(&["hostonly-net"]),
        ("IVirtualBox", "getGuestOSType", _) => given(&["Debian_64", "Windows11_64", "no such type"]),
        ("IVirtualBox", "getGuestOSSubtypesByFamilyId", _) => list("guestOSFamilies"),
        ("IVirtualBox", "getGuestOSDescsBySubtype", _) => given(&["Debian", "Ubuntu", "no such subtype"]),
        ("IVirtualBox", "getTrackedObjectIds", _) => given(&["", "IMachine", "IProgress", "ISession", "IMedium"]),
        ("IVirtualBox", "composeMachineFilename", "name") => given(&["tmp-crawl a/b"]),
        ("IHost", "findHostNetworkInterfaceByName", _) => names_of("networkInterfaces"),
        ("ISystemProperties", "getCPUProfiles", _) => given(&["*", "Intel*"]),
        ("IDnDBase", "isFormatSupported", _) => given(&["text/plain"]),
        ("IMachineDebugger", "info", "name") => given(&["help", "pic", "cpumguest", "no such info"]),
        ("IMachineDebugger", "getRegister", _) => given(&["eip", "cs", "no such register"]),
        ("IMachineDebugger", "getStats", _) => given(&["/TM/*"]),
        ("IDHCPServer", "getConfig", _) => given(&["", "printers", "08:00:27:0b:00:01"]),
        ("IGuest", "findSession", _) => given(&["", "*", "tmp-crawl"]),
        ("IForm", "getFieldGroup", _) => given(&[""]),
        _ => given(&[""]),
    }
}

fn variables(store: &Object) -> Vec<String> {
    let outputs = store.call_outputs("queryVariables", Vec::new()).unwrap_or_default();
    let names = outputs.into_iter().next().map(Value::into_list).unwrap_or_default();
    names.iter().filter_map(|name| name.as_text().map(str::to_owned)).take(8).collect()
}
