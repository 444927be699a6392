//! The crawl itself: a queue of objects, who reads them, and what was found.

use super::looks;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use vboxsh::model::{Connection, Error, Object, Result, StructValue, Value};
use vboxsh::schema::{Interface, Mapping, Method};

/// Objects of one interface that are read whole; of more only the first so many.
const MOST_OF_A_KIND: usize = 120;
/// Switched-off devices (network adapters, ports) that are read whole: all others are like them.
const MOST_SWITCHED_OFF: usize = 10;
/// Objects of one interface whose methods are called.
const MOST_ASKED: usize = 4;

#[derive(Default)]
struct State {
    queue: VecDeque<Object>,
    busy: usize,
    seen: HashSet<(Object, &'static str)>,
    objects: BTreeMap<&'static str, usize>,
    switched_off: BTreeMap<&'static str, usize>,
    asked: BTreeMap<&'static str, usize>,
    attributes: BTreeSet<(&'static str, &'static str)>,
    methods: BTreeSet<(&'static str, &'static str)>,
    refused_reads: BTreeMap<String, usize>,
    refused_calls: BTreeMap<String, usize>,
    could_not: Vec<String>,
    reads: usize,
    calls: usize,
    times: BTreeMap<String, (usize, Duration, Duration)>,
    failures: Vec<String>,
}

pub struct Crawl {
    pub connection: Connection,
    state: Mutex<State>,
    changed: Condvar,
}

impl Crawl {
    pub fn new(connection: &Connection) -> Self {
        Self { connection: connection.clone(), state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn failed(&self, what: String) {
        self.lock().failures.push(what);
    }

    pub fn failures(&self) -> Vec<String> {
        self.lock().failures.clone()
    }

    /// Something that this VirtualBox does not do; it is printed.
    pub fn could_not(&self, what: &str, error: &Error) {
        let text =
            error.api_error().map_or_else(|| error.to_string(), |error| format!("{}: {}", error.name(), error.message));
        self.lock().could_not.push(format!("{what}: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")));
    }

    /// Queues the objects in a value and counts what is in it.
    pub fn add(&self, value: &Value) {
        self.lock().add(value);
    }

    /// Reads until nothing is queued, as many objects at once as the transport carries with profit.
    pub fn run(&self) {
        let workers = self.connection.transport().parallelism().max(1);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(object) = self.next() {
                        self.visit(&object);
                        self.lock().busy -= 1;
                        self.changed.notify_all();
                    }
                });
            }
        });
    }

    fn next(&self) -> Option<Object> {
        let mut state = self.lock();
        loop {
            if let Some(object) = state.queue.pop_front() {
                state.busy += 1;
                return Some(object);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn visit(&self, object: &Object) {
        let name = object.interface().name;
        let count = self.lock().count(name);
        if count > MOST_OF_A_KIND || self.is_as_others(object) || self.is_of_others(object) {
            return;
        }
        self.read(object);
        let asked = {
            let mut state = self.lock();
            let asked = state.asked.entry(name).or_default();
            *asked += 1;
            *asked
        };
        // The first of a kind are asked everything, the others what leads on to other objects.
        let calls = if asked <= MOST_ASKED { looks::all(object) } else { looks::leading(object) };
        for (method, arguments) in calls {
            let _ = self.look(object, method, arguments);
        }
        if asked <= MOST_ASKED {
            self.query_children(object);
        }
    }

    /// A device that is switched off has nothing that the first few of its kind had not.
    fn is_as_others(&self, object: &Object) -> bool {
        let name = object.interface().name;
        if !matches!(name, "INetworkAdapter" | "ISerialPort" | "IParallelPort") {
            return false;
        }
        let off = matches!(object.get("enabled"), Ok(Value::Bool(false)));
        let mut state = self.lock();
        let count = state.switched_off.entry(name).or_default();
        *count += usize::from(off);
        off && *count > MOST_SWITCHED_OFF
    }

    /// A machine that another test works with. Not only for peace: 7.2.22's server crashes when
    /// `IStorageController.maxDevicesPerPortCount` is read of a controller that was removed meanwhile.
    fn is_of_others(&self, object: &Object) -> bool {
        let name = || object.get("name").ok().and_then(|name| name.as_text().map(str::to_owned)).unwrap_or_default();
        object.interface().name == "IMachine" && {
            let name = name();
            name.starts_with("tmp-") && !name.ends_with(&format!("-{}", std::process::id()))
        }
    }

    /// Reads all attributes of an object now: one that will not live until the queue is read.
    pub fn take(&self, object: &Object) {
        {
            let mut state = self.lock();
            state.seen.insert((object.clone(), object.interface().name));
            state.count(object.interface().name);
        }
        self.read(object);
    }

    fn read(&self, object: &Object) {
        let over_web = self.connection.transport().name() == "webservice";
        for attribute in object.interface().attributes().into_iter().filter(|attribute| attribute.remote || !over_web) {
            if attribute.name == "supportedGuestOSTypes" && self.has_read_types() {
                continue;
            }
            let begin = Instant::now();
            let result = object.read(attribute);
            let name = format!("{}.{}", attribute.owner, attribute.name);
            let mut state = self.lock();
            state.time(&name, begin);
            state.reads += 1;
            state.attributes.insert((attribute.owner, attribute.name));
            match result {
                Ok(value) => {
                    state.check(&name, &value);
                    state.add(&value);
                }
                Err(Error::Api { error, .. }) => {
                    *state.refused_reads.entry(format!("{name}: {}", error.name())).or_default() += 1
                }
                Err(error) if is_told_over_xpcom(&error) => {}
                Err(error) => state.failures.push(format!("{name}: {error}")),
            }
        }
    }

    /// Hundreds of structures, seconds each time, and the same for every machine of an architecture.
    fn has_read_types(&self) -> bool {
        let mut state = self.lock();
        let count = state.asked.entry("supportedGuestOSTypes").or_default();
        *count += 1;
        *count > 2
    }

    /// Calls a method and takes up what it gives.
    pub fn look(&self, object: &Object, method: &'static Method, arguments: Vec<Value>) -> Result<Vec<Value>> {
        let result = self.tell(object, method, arguments);
        if let Ok(outputs) = &result {
            outputs.iter().for_each(|value| self.add(value));
        }
        result
    }

    /// Calls a method; the objects it gives are not read.
    pub fn tell(&self, object: &Object, method: &'static Method, arguments: Vec<Value>) -> Result<Vec<Value>> {
        let begin = Instant::now();
        let result = object.call_method(method, arguments);
        let name = format!("{}.{}()", method.owner, method.name);
        let mut state = self.lock();
        state.time(&name, begin);
        state.calls += 1;
        match &result {
            Ok(outputs) => {
                state.methods.insert((method.owner, method.name));
                outputs.iter().for_each(|value| state.check(&name, value));
                if outputs.len() != method.outputs().count() {
                    state.failures.push(format!("{name} gives {} values: {outputs:?}", outputs.len()));
                }
            }
            Err(Error::Api { error, .. }) => {
                *state.refused_calls.entry(format!("{name}: {}", error.name())).or_default() += 1
            }
            Err(error) if is_told_over_xpcom(error) => {}
            Err(error) => state.failures.push(format!("{name}: {error}")),
        }
        result
    }

    /// An object handed out as a parent interface may be more.
    fn query_children(&self, object: &Object) {
        let parent = object.interface();
        if parent.extends("IEvent") {
            return;
        }
        for child in self
            .connection
            .schema()
            .interfaces()
            .iter()
            .filter(|child| child.parent_name == parent.name && is_offered(child))
        {
            match object.query(child.name) {
                Ok(child) => self.add(&Value::Object(child)),
                // Refused: a web service cannot always tell.
                Err(Error::Api { .. } | Error::Refused { .. }) => {}
                Err(error) if is_told_over_xpcom(&error) => {}
                Err(error) => self.failed(format!("{}.query({}): {error}", parent.name, child.name)),
            }
        }
    }

    /// An event: is it what its type names, and can it be read? At once, for who made it may go.
    pub fn event(&self, event: &Object) {
        let interface = event.interface();
        let of_type = match event.get("type") {
            Ok(Value::Enum(kind)) => kind.name().and_then(|name| self.connection.schema().event_interface(name)),
            // Its machine has ended since the listener looked at it.
            Err(Error::Api { .. }) if interface.name != "IEvent" => return,
            Err(error) if is_told_over_xpcom(&error) => return,
            // The process that made it ended while it was asked (0x800706be, seen over the web service).
            Err(error) if error.api_error().is_some_and(|error| error.code == 0x8007_06be) => return,
            _ => None,
        };
        if of_type != Some(interface) || interface.name == "IEvent" {
            self.failed(format!("an {} has the type {:?}", interface.name, event.get("type")));
        }
        let known = {
            let mut state = self.lock();
            state.seen.insert((event.clone(), interface.name));
            state.count(interface.name)
        };
        if known <= 25 {
            self.read(event);
            for (method, arguments) in looks::all(event) {
                let _ = self.look(event, method, arguments);
            }
        }
    }

    /// Whether an object of the interface, or of one that extends it, was met.
    pub fn reached(&self, interface: &Interface) -> bool {
        let schema = self.connection.schema();
        self.lock().objects.keys().any(|name| schema.interface(name).is_some_and(|known| known.extends(interface.name)))
    }

    pub fn report(&self) {
        let state = self.lock();
        let sum = |counts: &BTreeMap<String, usize>| counts.values().sum::<usize>();
        println!("refused reads: {:#?}", state.refused_reads);
        println!("refused calls: {:#?}", state.refused_calls);
        println!("could not: {:#?}", state.could_not);
        let kinds = |event: bool| {
            let schema = self.connection.schema();
            let of_kind = |name: &str| schema.interface(name).is_some_and(|known| known.extends("IEvent")) == event;
            state
                .objects
                .iter()
                .filter(|(name, _)| of_kind(name))
                .map(|(name, count)| format!("{name} {count}"))
                .collect::<Vec<_>>()
        };
        println!("met {} kinds of events: {}", kinds(true).len(), kinds(true).join(", "));
        println!("met {} other interfaces: {}", kinds(false).len(), kinds(false).join(", "));
        let mut slowest: Vec<_> = state.times.iter().collect();
        slowest.sort_by_key(|(_, (_, _, longest))| std::cmp::Reverse(*longest));
        let total: Duration = state.times.values().map(|(_, total, _)| *total).sum();
        println!("all reads and calls, one after the other: {total:.1?}");
        println!("slowest single ones:");
        for (name, (count, total, longest)) in slowest.iter().take(10) {
            println!("  {longest:>9.1?}  {name} ({count} of them, {total:.1?})");
        }
        slowest.sort_by_key(|(_, (_, total, _))| std::cmp::Reverse(*total));
        println!("slowest in sum:");
        for (name, (count, total, longest)) in slowest.iter().take(10) {
            println!("  {total:>9.1?}  {name} ({count} of them, longest {longest:.1?})");
        }
        println!(
            "crawl: {} interfaces, {} objects, {} attributes, {} methods, {} reads, {} of them refused by VirtualBox, {} calls, {} of them refused",
            state.objects.len(),
            state.objects.values().sum::<usize>(),
            state.attributes.len(),
            state.methods.len(),
            state.reads,
            sum(&state.refused_reads),
            state.calls,
            sum(&state.refused_calls),
        );
    }
}

/// Whether objects of the interface can be met at all.
pub fn is_offered(interface: &Interface) -> bool {
    matches!(interface.mapping, Mapping::Managed | Mapping::Struct)
}

impl State {
    fn count(&mut self, name: &'static str) -> usize {
        let count = self.objects.entry(name).or_default();
        *count += 1;
        *count
    }

    fn time(&mut self, name: &str, begin: Instant) {
        let time = begin.elapsed();
        let (count, total, longest) = self.times.entry(name.to_owned()).or_default();
        *count += 1;
        *total += time;
        *longest = time.max(*longest);
    }

    fn check(&mut self, name: &str, value: &Value) {
        if let Some(wrong) = nameless(value) {
            self.failures.push(format!("{name}: {wrong} has no name"));
        }
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Object(object) if self.seen.insert((object.clone(), object.interface().name)) => {
                self.queue.push_back(object.clone());
            }
            Value::Struct(fields) => self.add_struct(fields),
            Value::List(values) => values.iter().for_each(|value| self.add(value)),
            _ => {}
        }
    }

    fn add_struct(&mut self, fields: &StructValue) {
        self.count(fields.interface.name);
        for (name, value) in fields.entries() {
            let owner = fields.interface.attribute(name).map_or("", |attribute| attribute.owner);
            self.attributes.insert((owner, name));
            self.add(value);
        }
    }
}

/// An enumeration value that the release has no name for: it was decoded wrong.
fn nameless(value: &Value) -> Option<String> {
    match value {
        Value::Enum(value) if value.name().is_none() => Some(value.to_string()),
        Value::List(values) => values.iter().find_map(nameless),
        Value::Struct(fields) => fields.fields.iter().find_map(nameless),
        _ => None,
    }
}

/// What XPCOM tells in words of its own: a member that takes raw addresses, and an object whose process
/// has ended meanwhile, such as an event of a machine that was powered down.
fn is_told_over_xpcom(error: &Error) -> bool {
    let words = error.to_string();
    let ended = error.hint().is_some_and(|hint| hint.contains("process that it lived in has ended"));
    crate::rig::over_xpcom() && (words.contains("raw addresses") || ended)
}
