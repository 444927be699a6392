//! Reads every attribute that can be reached, from `vbox` and from the session of a running machine,
//! and decodes every reply.

use crate::rig;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use vboxsh::model::{Connection, Error, EventListener, Object, SessionGuard, StructValue, Value};
use vboxsh::schema::{Interface, Mapping};

/// Objects of one interface that are read whole; of more only the first so many.
const MOST_OF_A_KIND: usize = 400;

#[derive(Default)]
pub struct Crawl {
    queue: VecDeque<Object>,
    seen: HashSet<(Object, &'static str)>,
    pub objects: BTreeMap<&'static str, usize>,
    pub attributes: BTreeSet<(&'static str, &'static str)>,
    pub refused: BTreeMap<String, usize>,
    pub reads: usize,
    pub failures: Vec<String>,
}

impl Crawl {
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                if self.seen.insert((object.clone(), object.interface().name)) {
                    self.queue.push_back(object.clone());
                }
            }
            Value::Struct(fields) => self.add_struct(fields),
            Value::List(values) => values.iter().for_each(|value| self.add(value)),
            _ => {}
        }
    }

    fn add_struct(&mut self, fields: &StructValue) {
        *self.objects.entry(fields.interface.name).or_default() += 1;
        for (name, value) in fields.entries() {
            let owner = fields.interface.attribute(name).map_or("", |attribute| attribute.owner);
            self.attributes.insert((owner, name));
            self.add(value);
        }
    }

    pub fn run(&mut self) {
        while let Some(object) = self.queue.pop_front() {
            let count = self.objects.entry(object.interface().name).or_default();
            *count += 1;
            if *count > MOST_OF_A_KIND {
                continue;
            }
            self.read(&object);
            for (method, arguments) in further(&object) {
                match object.call(method, arguments) {
                    Ok(value) => self.add(&value),
                    Err(Error::Api { .. }) => {}
                    Err(error) => self.failures.push(format!("{}.{method}: {error}", object.interface().name)),
                }
            }
        }
    }

    fn read(&mut self, object: &Object) {
        let attributes: Vec<_> = object.interface().attributes().into_iter().filter(|attribute| attribute.remote || rig::over_xpcom()).collect();
        let reads: Vec<_> = attributes.iter().map(|attribute| (object.clone(), *attribute)).collect();
        for (attribute, result) in attributes.iter().zip(object.connection().read_all(&reads)) {
            self.reads += 1;
            self.attributes.insert((attribute.owner, attribute.name));
            match result {
                Ok(value) => self.add(&value),
                Err(Error::Api { error, .. }) => *self.refused.entry(format!("{}.{}: {}", attribute.owner, attribute.name, error.name())).or_default() += 1,
                Err(error) => self.failures.push(format!("{}.{}: {error}", attribute.owner, attribute.name)),
            }
        }
    }

    pub fn report(&self, connection: &Connection) {
        let reachable: Vec<&Interface> = connection
            .schema()
            .interfaces()
            .iter()
            .filter(|interface| matches!(interface.mapping, Mapping::Managed | Mapping::Struct))
            .collect();
        let reached = |interface: &Interface| self.objects.keys().any(|name| connection.schema().interface(name).is_some_and(|known| known.extends(interface.name)));
        let missing: Vec<_> = reachable.iter().filter(|interface| !reached(interface)).map(|interface| interface.name).collect();
        println!(
            "crawl: {} interfaces, {} objects, {} attributes, {} reads, {} of them refused by VirtualBox",
            self.objects.len(),
            self.objects.values().sum::<usize>(),
            self.attributes.len(),
            self.reads,
            self.refused.values().sum::<usize>(),
        );
        println!("refused: {:#?}", self.refused);
        println!("no fixture reached {} interfaces: {}", missing.len(), missing.join(" "));
    }
}

/// Methods that only look, and lead to objects that no attribute leads to.
fn further(object: &Object) -> Vec<(&'static str, Vec<Value>)> {
    let number = |number: i64| vec![Value::Int(number)];
    let text = |text: &str| vec![Value::from(text)];
    let numbered = |method, count: i64| (0..count).map(move |slot| (method, vec![Value::Int(slot)]));
    match object.interface().name {
        "IVirtualBox" => vec![("getPlatformProperties", text("x86")), ("getPlatformProperties", text("ARM")), ("createAppliance", vec![]), ("createUnattendedInstaller", vec![])],
        "IMachine" | "ISessionMachine" => numbered("getNetworkAdapter", 8)
            .chain(numbered("getSerialPort", 4))
            .chain(numbered("getParallelPort", 2))
            .chain([("findSnapshot", text(""))])
            .collect(),
        "IAppliance" => vec![("createVFSExplorer", text("file:///tmp"))],
        "IHost" => vec![("generateMACAddress", vec![]), ("getProcessorDescription", number(0)), ("getProcessorFeature", text("PAE"))],
        "IMedium" => vec![("getProperties", text(""))],
        "IDHCPServer" => vec![("getConfig", vec![Value::from("Global"), Value::from(""), Value::Int(0), Value::Bool(false)])],
        _ => Vec::new(),
    }
}

#[test]
fn every_attribute_that_can_be_reached_is_read_and_decoded() {
    let Some(connection) = rig::connection() else { return };
    let mut crawl = Crawl::default();
    let vbox = connection.root();
    crawl.add(&Value::Object(vbox.clone()));

    // The session of the running machine leads to the console and all that hangs on it.
    let running = connection.find_machine("live-01").unwrap();
    let guard = SessionGuard::lock(&running, "Shared").unwrap();
    crawl.add(&Value::Object(guard.session().clone()));

    // Events are objects too: this one is made here.
    let source = vbox.get("eventSource").unwrap();
    let listener = EventListener::open(source.as_object().unwrap(), Vec::new()).unwrap();
    vbox.call("setExtraData", vec![Value::from("vboxsh/crawl"), Value::from("1")]).unwrap();
    vbox.call("setExtraData", vec![Value::from("vboxsh/crawl"), Value::from("")]).unwrap();
    let mut kinds = BTreeSet::new();
    for _ in 0..8 {
        let Some(event) = listener.next(std::time::Duration::from_millis(500)).unwrap() else { break };
        kinds.insert(event.interface().name);
        crawl.add(&Value::Object(event.clone()));
        listener.processed(&event).unwrap();
    }
    assert!(kinds.contains("IExtraDataChangedEvent"), "{kinds:?}");

    drop(listener);
    crawl.run();
    crawl.report(&connection);
    guard.finish().unwrap();
    assert!(crawl.failures.is_empty(), "{:#?}", crawl.failures);
    assert!(crawl.objects.len() >= 60 && crawl.attributes.len() >= 600, "too little was reached");
}
