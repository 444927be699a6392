//! One VirtualBox asked twice: whatever the web service says, XPCOM says as well, attribute by attribute,
//! and what a look gives; and XPCOM says more. `VBOXSH_REAL_COMPARE` names the web service.
//!
//! Both graphs are walked in step: two objects belong together when the same way leads to them.

use crate::crawl::{looks, unreached};
use crate::rig::{self, object};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use vboxsh::model::{Connection, Error, EventListener, Object, SessionGuard, StructValue, Value};
use vboxsh::schema::{Interface, Mapping};

/// Objects of one interface that are compared whole, and whose looks are.
const MOST_OF_A_KIND: usize = 60;
const MOST_ASKED: usize = 3;

/// What may differ, and why.
const VOLATILE: [(&str, &str); 19] = [
    ("IHost.memoryAvailable", "the computer lives"),
    ("IHost.UTCTime", "a clock"),
    ("IHost.getProcessorSpeed()", "the computer lives"),
    ("IHost.generateMACAddress()", "a new one each time"),
    ("IMedium.lastAccessError", "asked anew with each refreshState"),
    ("IMedium.refreshState()", "a disk that grows"),
    ("IMachineDebugger.uptime", "a clock"),
    ("IMachineDebugger.virtualTimeRate", "the machine runs"),
    ("IMachineDebugger.getStats()", "the machine runs"),
    ("IMachineDebugger.info()", "the machine runs"),
    ("IMachineDebugger.getRegister()", "the machine runs"),
    ("IMachineDebugger.getRegisters()", "the machine runs"),
    ("IMachineDebugger.dumpGuestStack()", "the machine runs"),
    ("IGuest.internalGetStatistics()", "the machine runs"),
    ("IVirtualBox.getTrackedObjectIds()", "each connection has objects of its own"),
    ("IProgress.id", "each call makes its own"),
    ("IGuest.getFacilityStatus()", "a clock"),
    ("IPlatformProperties.getStorageBusForControllerType()", "VirtualBox's words for `Null` hold a number of chance"),
    ("IDisplay.takeScreenShotToArray()", "the cursor blinks"),
];

#[derive(Default)]
struct Walk {
    queue: VecDeque<(String, Object, Object)>,
    seen: HashSet<(Object, &'static str)>,
    counts: BTreeMap<&'static str, usize>,
    compared: BTreeSet<(&'static str, &'static str)>,
    met: BTreeSet<&'static str>,
    /// Attributes that only XPCOM offers.
    more: BTreeSet<(&'static str, &'static str)>,
    reads: usize,
    looks: usize,
    types: usize,
    volatile: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Walk {
    fn count(&mut self, interface: &'static Interface) -> usize {
        self.met.insert(interface.name);
        let count = self.counts.entry(interface.name).or_default();
        *count += 1;
        *count
    }

    fn add(&mut self, way: String, local: &Object, remote: &Object) {
        // The web service does not say what an object of any interface is.
        let remote = match remote.interface().name {
            "IManagedObjectRef" => &remote.query(local.interface().name).unwrap_or_else(|_| remote.clone()),
            _ => remote,
        };
        if local.interface().name != remote.interface().name {
            self.differ(&way, local.interface().name, remote.interface().name);
        } else if self.seen.insert((local.clone(), local.interface().name)) {
            self.queue.push_back((way, local.clone(), remote.clone()));
        }
    }

    fn differ(&mut self, way: &str, local: impl std::fmt::Debug, remote: impl std::fmt::Debug) {
        let short = |text: String| text.chars().take(300).collect::<String>();
        let (local, remote) = (short(format!("{local:?}")), short(format!("{remote:?}")));
        self.differences.push(format!("{way}: XPCOM {local}, web service {remote}"));
    }

    fn run(&mut self) {
        while let Some((way, local, remote)) = self.queue.pop_front() {
            let count = self.count(local.interface());
            if count > MOST_OF_A_KIND {
                continue;
            }
            for attribute in local.interface().attributes() {
                if attribute.name == "supportedGuestOSTypes" {
                    // Seconds each time.
                    self.types += 1;
                    if self.types > 2 {
                        continue;
                    }
                }
                let name = format!("{}.{}", attribute.owner, attribute.name);
                if !attribute.remote {
                    if local.read(attribute).is_ok() {
                        self.more.insert((attribute.owner, attribute.name));
                    }
                    continue;
                }
                self.reads += 1;
                self.compared.insert((attribute.owner, attribute.name));
                let way = format!("{way}.{}", attribute.name);
                self.results(&way, &name, local.read(attribute), remote.read(attribute));
            }
            let calls = if count <= MOST_ASKED { looks::all(&local) } else { looks::leading(&local) };
            for (method, arguments) in calls.into_iter().filter(|(method, _)| method.remote) {
                self.looks += 1;
                let name = format!("{}.{}()", method.owner, method.name);
                let way = format!("{way}.{}({arguments:?})", method.name);
                let given = local.call_method(method, arguments.clone()).map(Value::List);
                self.results(&way, &name, given, remote.call_method(method, arguments).map(Value::List));
            }
        }
    }

    fn results(&mut self, way: &str, name: &str, local: Result<Value, Error>, remote: Result<Value, Error>) {
        if let Some((volatile, _)) = VOLATILE.iter().find(|(volatile, _)| *volatile == name) {
            *self.volatile.entry(volatile).or_default() += 1;
            if local.is_ok() == remote.is_ok() {
                return;
            }
        }
        match (local, remote) {
            (Ok(local), Ok(remote)) => self.values(way, &local, &remote),
            (Err(Error::Api { error: local, .. }), Err(Error::Api { error: remote, .. })) => {
                // A code without words gets some over XPCOM.
                if local.code != remote.code || !remote.message.is_empty() && local.message != remote.message {
                    self.differ(way, (local.name(), &local.message), (remote.name(), &remote.message));
                }
            }
            (local, remote) => self.differ(way, local, remote),
        }
    }

    fn values(&mut self, way: &str, local: &Value, remote: &Value) {
        match (local, remote) {
            (Value::Object(local), Value::Object(remote)) => self.add(way.to_owned(), local, remote),
            (Value::Object(local), Value::Struct(remote)) => self.structure(way, local, remote),
            (Value::List(locals), Value::List(remotes)) if locals.len() == remotes.len() => {
                for (at, (local, remote)) in locals.iter().zip(remotes).enumerate() {
                    self.values(&format!("{way}[{at}]"), local, remote);
                }
            }
            (local, remote) if local == remote => {}
            (local, remote) => self.differ(way, local, remote),
        }
    }

    /// What is a structure over the web service is an object over XPCOM.
    fn structure(&mut self, way: &str, local: &Object, remote: &StructValue) {
        self.count(remote.interface);
        if local.interface().name != remote.interface.name {
            return self.differ(way, local.interface().name, remote.interface.name);
        }
        for (attribute, value) in remote.interface.attributes().into_iter().zip(&remote.fields) {
            if attribute.remote {
                self.reads += 1;
                self.compared.insert((attribute.owner, attribute.name));
                let name = format!("{}.{}", attribute.owner, attribute.name);
                self.results(&format!("{way}.{}", attribute.name), &name, local.read(attribute), Ok(value.clone()));
            }
        }
    }
}

/// The events of a source on both ways, in their order.
struct Events {
    local: EventListener,
    remote: EventListener,
}

impl Events {
    fn open(local: &Object, remote: &Object) -> Self {
        let open = |source| EventListener::open(&object(Object::get(source, "eventSource").unwrap()), vec![]).unwrap();
        Self { local: open(local), remote: open(remote) }
    }

    /// Compares what has come, attribute by attribute.
    fn compare(&self, walk: &mut Walk) -> usize {
        // That the other listener has come is told to the first one alone.
        let next = |listener: &EventListener| loop {
            match listener.next(std::time::Duration::from_millis(500)).unwrap() {
                Some(event) if event.interface().name == "IEventSourceChangedEvent" => {
                    listener.processed(&event).unwrap();
                }
                other => return other,
            }
        };
        let mut count = 0;
        loop {
            let (local, remote) = (next(&self.local), next(&self.remote));
            let (Some(local), Some(remote)) = (&local, &remote) else {
                if local.is_some() != remote.is_some() {
                    walk.differ("event", local.map(|event| event.interface()), remote.map(|event| event.interface()));
                }
                return count;
            };
            count += 1;
            let kind = local.interface();
            walk.met.insert(kind.name);
            if kind.name != remote.interface().name {
                walk.differ(&format!("event {count}"), kind.name, remote.interface().name);
                continue;
            }
            for attribute in kind.attributes().into_iter().filter(|attribute| attribute.remote) {
                walk.compared.insert((attribute.owner, attribute.name));
                walk.reads += 1;
                let way = format!("{}.{}", kind.name, attribute.name);
                match (local.read(attribute), remote.read(attribute)) {
                    // Each listener waits for itself.
                    _ if attribute.name == "source" => {}
                    (Ok(Value::Object(local)), Ok(Value::Object(remote))) => walk.add(way, &local, &remote),
                    (local, remote) => walk.results(&way, &way, local, remote),
                }
            }
            self.local.processed(local).unwrap();
            self.remote.processed(remote).unwrap();
        }
    }
}

/// Things that make events, on a machine of its own.
fn deeds(connection: &Connection) {
    let name = "tmp-compare";
    if let Ok(old) = connection.find_machine(name) {
        let media = old.call("unregister", vec!["Full".into()]).unwrap();
        rig::finish(old.call("deleteConfig", vec![media]).unwrap());
    }
    let machine = rig::machine(connection, name);
    machine.call("saveSettings", vec![]).unwrap();
    connection.root().call("registerMachine", vec![Value::Object(machine)]).unwrap();
    let machine = connection.find_machine(name).unwrap();
    let guard = SessionGuard::lock(&machine, "Write").unwrap();
    let mutable = guard.machine();
    mutable.set("description", "ä < b".into()).unwrap();
    mutable.call("addStorageController", vec!["SATA".into(), "SATA".into()]).unwrap();
    mutable.call("setGuestPropertyValue", vec!["/compare/ä".into(), "value".into()]).unwrap();
    mutable.call("saveSettings", vec![]).unwrap();
    let outs = mutable.call_outputs("takeSnapshot", vec!["one".into(), "two".into(), Value::Bool(true)]).unwrap();
    rig::finish(outs[0].clone());
    mutable.call("setExtraData", vec!["compare/key".into(), "value".into()]).unwrap();
    guard.finish().unwrap();
    let media = machine.call("unregister", vec!["Full".into()]).unwrap();
    rig::finish(machine.call("deleteConfig", vec![media]).unwrap());
}

/// Objects that only a call makes: the same calls on either way. The medium is told by its id.
fn made(connection: &Connection, console: &Object, medium: &Value) -> Vec<(&'static str, Object)> {
    let root = connection.root();
    let disks = root.get("hardDisks").unwrap().into_list().into_iter().map(object);
    let disk = { disks }.find(|disk| disk.get("id").unwrap() == *medium).unwrap();
    let io = object(disk.call("openForIO", vec![false.into(), "".into()]).unwrap());
    let variant = Value::List(vec!["VmdkStreamOptimized".into()]);
    let outs = io.call_outputs("convertToStream", vec!["VMDK".into(), variant, Value::Int(1 << 20)]).unwrap();
    let (progress, stream) = (object(outs[0].clone()), object(outs[1].clone()));
    let read = || stream.call("read", vec![Value::Int(65536), Value::Int(1000)]);
    while matches!(read(), Ok(Value::Blob(bytes)) if !bytes.is_empty()) {}
    rig::finish(outs[0].clone());
    let appliance = root.call("createAppliance", vec![]).unwrap();
    let machine = connection.find_machine("web-01").unwrap();
    let description = machine.call("exportTo", vec![appliance, "/root/not-written.ova".into()]).unwrap();
    let source = object(root.get("eventSource").unwrap());
    let display = object(console.get("display").unwrap());
    let mut screen = vec![Value::Int(0), "Enabled".into(), true.into(), true.into()];
    screen.extend([0, 0, 640, 480, 32].map(Value::Int));
    vec![
        ("IMediumIO", io),
        ("IDataStream", stream),
        ("IProgress", progress),
        ("IVirtualSystemDescription", object(description)),
        ("IEventListener", object(source.call("createListener", vec![]).unwrap())),
        ("IGuestScreenInfo", object(display.call("createGuestScreenInfo", screen).unwrap())),
        ("IToken", object(disk.call("lockRead", vec![]).unwrap())),
    ]
}

/// A hard disk that nobody uses.
fn free_disk(connection: &Connection) -> Value {
    let disks = connection.root().get("hardDisks").unwrap().into_list().into_iter().map(object);
    let is_free = |disk: &Object| {
        let state = disk.call("refreshState", vec![]).unwrap();
        matches!(state, Value::Enum(state) if state.is("Created")) && disk.get("format").unwrap() == "VDI".into()
    };
    { disks }.find(is_free).unwrap().get("id").unwrap()
}

/// What the web service has not at all: how many attributes of each interface are read.
fn suppressed(local: &Connection) -> BTreeMap<&'static str, usize> {
    let manager = object(local.root().get("extensionPackManager").unwrap());
    let mut found = BTreeMap::new();
    let mut objects = vec![local.client().unwrap(), manager.clone()];
    objects.extend(manager.get("installedExtPacks").unwrap().into_list().into_iter().map(object));
    // A pack that is none tells why, in an object of its own.
    let file = manager.call("openExtPackFile", vec!["/no/such.vbox-extpack".into()]).unwrap();
    objects.push(object(file));
    for object in objects {
        let name = object.interface().name;
        assert!(matches!(object.interface().mapping, Mapping::Suppressed), "{name}");
        for attribute in object.interface().attributes() {
            match object.read(attribute) {
                Ok(_) => *found.entry(name).or_default() += 1,
                Err(Error::Api { .. }) => {}
                Err(error) => panic!("{attribute}: {error}"),
            }
        }
    }
    found
}

#[test]
fn every_value_of_the_web_service_comes_over_xpcom_as_well() {
    let Some(local) = super::connection() else { return };
    let Ok(url) = std::env::var("VBOXSH_REAL_COMPARE") else { return };
    let remote = rig::connect(&url);
    let mut walk = Walk::default();
    let events = Events::open(&local.root(), &remote.root());
    deeds(&local);
    let seen = events.compare(&mut walk);
    drop(events);
    assert!(seen > 10, "{seen} events");

    let lock =
        |connection: &Connection| SessionGuard::lock(&connection.find_machine("live-01").unwrap(), "Shared").unwrap();
    let (local_guard, remote_guard) = (lock(&local), lock(&remote));
    walk.add("session".to_owned(), local_guard.session(), remote_guard.session());
    walk.add("vbox".to_owned(), &local.root(), &remote.root());
    walk.run();
    let disk = free_disk(&local);
    let console = |guard: &SessionGuard| object(guard.session().get("console").unwrap());
    let locals = made(&local, &console(&local_guard), &disk);
    let remotes = made(&remote, &console(&remote_guard), &disk);
    for ((name, local), (_, remote)) in locals.iter().zip(&remotes) {
        walk.add((*name).to_owned(), local, remote);
    }
    walk.run();
    for (name, object) in locals.iter().chain(&remotes) {
        match *name {
            "IMediumIO" => drop(object.call("close", vec![]).unwrap()),
            "IToken" => drop(object.call("abandon", vec![]).unwrap()),
            _ => {}
        }
    }
    local_guard.finish().unwrap();
    remote_guard.finish().unwrap();

    let suppressed = suppressed(&local);
    println!("over XPCOM alone: {suppressed:?}");
    assert!(suppressed["IVirtualBoxClient"] >= 3 && suppressed["IExtPackManager"] >= 1, "{suppressed:?}");
    println!(
        "compared {} attributes of {} interfaces: {} reads, {} looks, {seen} events; XPCOM alone offers {:?}",
        walk.compared.len(),
        walk.met.len(),
        walk.reads,
        walk.looks,
        walk.more,
    );
    for (name, why) in VOLATILE {
        println!("not compared: {name}, {why} ({} times)", walk.volatile.get(name).copied().unwrap_or_default());
    }
    assert!(walk.differences.is_empty(), "{} differences: {:#?}", walk.differences.len(), walk.differences);
    // Everything that the web service's crawl reads, but events that nothing here provokes.
    let schema = local.schema();
    let met = |interface: &Interface| {
        walk.met.iter().any(|name| schema.interface(name).is_some_and(|known| known.extends(interface.name)))
    };
    let offered = |interface: &&Interface| matches!(interface.mapping, Mapping::Managed | Mapping::Struct);
    let left_out: Vec<_> = schema
        .interfaces()
        .iter()
        .filter(offered)
        .filter(|interface| !interface.extends("IEvent") && !met(interface) && !unreached::is_known(interface.name))
        .map(|interface| interface.name)
        .collect();
    assert!(left_out.is_empty(), "not compared: {left_out:?}");
}
