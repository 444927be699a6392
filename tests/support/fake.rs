//! A scripted Main API for tests: objects with attributes, driven by the schema, no server.
//!
//! Attributes that nobody set have the neutral value of their type; methods that nobody scripted
//! give neutral values too. Everything that is done is written down.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use vboxsh::model::{
    ApiError, Connection, EnumValue, Error, Handle, Operation, RawValue, Request, Result, StructValue, Transport, Value,
};
use vboxsh::schema::{Interface, Kind, Schema, Type, embedded};

/// The fake. Its machines are `web-01` (running) and `db-01` (powered off).
pub struct Fake {
    schema: &'static Schema,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: HashMap<u64, FakeObject>,
    log: Vec<String>,
    events: VecDeque<u64>,
}

struct FakeObject {
    interface: &'static Interface,
    attributes: HashMap<String, RawValue>,
}

/// Number of the root in the table of objects.
const ROOT: u64 = 0;

pub const NOT_FOUND: u32 = 0x80bb_0001;
pub const FILE_ERROR: u32 = 0x80bb_0004;

impl Fake {
    pub fn new() -> Arc<Self> {
        Self::with_schema(embedded())
    }

    pub fn with_schema(schema: &'static Schema) -> Arc<Self> {
        let fake = Arc::new(Self { schema, state: Mutex::default() });
        fake.insert(ROOT, "IVirtualBox");
        let host = fake.make("IHost");
        fake.set(host, "processorCount", Value::Int(8));
        let source = fake.make("IEventSource");
        fake.set(ROOT, "host", fake.reference(host));
        fake.set(ROOT, "version", Value::from("7.2.22"));
        fake.set(ROOT, "eventSource", fake.reference(source));
        let properties = fake.make("ISystemProperties");
        fake.set(properties, "defaultMachineFolder", Value::from("/vms"));
        fake.set(ROOT, "systemProperties", fake.reference(properties));
        let machines = ["web-01", "db-01"].map(|name| {
            let machine = fake.make("IMachine");
            fake.set(machine, "name", Value::from(name));
            fake.set(machine, "id", Value::Text(format!("00000000-0000-0000-0000-{machine:012}")));
            fake.set(machine, "memorySize", Value::Int(2048));
            fake.set(machine, "groups", Value::List(vec![Value::from("/a"), Value::from("/b")]));
            fake.reference(machine)
        });
        fake.set(ROOT, "machines", Value::List(machines.to_vec()));
        for (name, state) in [("web-01", "Running"), ("db-01", "PoweredOff")] {
            if let Some(machine) = fake.machine(name) {
                fake.set(machine, "state", fake.enumeration("MachineState", state));
            }
        }
        fake
    }

    /// A connection to it.
    pub fn connect(self: &Arc<Self>) -> Connection {
        Connection::new(Arc::clone(self) as Arc<dyn Transport>)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, number: u64, interface: &str) {
        let interface = self.schema.interface(interface).expect("a known interface");
        self.lock().objects.insert(number, FakeObject { interface, attributes: HashMap::new() });
    }

    /// A new object.
    pub fn make(&self, interface: &str) -> u64 {
        let number = self.lock().objects.len() as u64;
        self.insert(number, interface);
        number
    }

    /// A reference to an object, as calls give it.
    pub fn reference(&self, number: u64) -> RawValue {
        Value::Object((handle(number), self.lock().objects[&number].interface))
    }

    pub fn set(&self, object: u64, attribute: &str, value: RawValue) {
        if let Some(object) = self.lock().objects.get_mut(&object) {
            object.attributes.insert(attribute.to_owned(), value);
        }
    }

    pub fn enumeration(&self, name: &str, value: &str) -> RawValue {
        let enumeration = self.schema.enumeration(name).expect("a known enumeration");
        Value::Enum(EnumValue { enumeration, number: enumeration.number(value).expect("a known value") })
    }

    /// Number of the machine of that name.
    pub fn machine(&self, name: &str) -> Option<u64> {
        let state = self.lock();
        let wanted = Value::from(name);
        let mut found = state.objects.iter().filter(|(_, object)| {
            object.interface.name == "IMachine" && object.attributes.get("name") == Some(&wanted)
        });
        found.next().map(|(number, _)| *number)
    }

    /// Puts an event in the queue of every listener.
    pub fn fire(&self, type_name: &str, attributes: &[(&str, RawValue)]) {
        let interface = self.schema.event_interface(type_name).expect("a known event");
        let event = self.make(interface.name);
        self.set(event, "type", self.enumeration("VBoxEventType", type_name));
        for (name, value) in attributes {
            self.set(event, name, value.clone());
        }
        self.lock().events.push_back(event);
    }

    /// What was done, oldest first: calls with their arguments, and writes.
    pub fn log(&self) -> Vec<String> {
        self.lock().log.clone()
    }

    /// How often something was done whose line starts so.
    pub fn count(&self, start: &str) -> usize {
        self.lock().log.iter().filter(|line| line.starts_with(start)).count()
    }

    fn neutral(&self, kind: Type) -> RawValue {
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
                let enumeration = self.schema.enumeration(name).expect("a known enumeration");
                Value::Enum(EnumValue { enumeration, number: enumeration.values[0].number })
            }
            _ => Value::Int(0),
        }
    }

    fn progress(&self, description: &str, result: u32, cancelable: bool) -> u64 {
        let progress = self.make("IProgress");
        self.set(progress, "description", Value::from(description));
        self.set(progress, "cancelable", Value::Bool(cancelable));
        self.set(progress, "resultCode", Value::Int(i64::from(result as i32)));
        progress
    }

    fn call(&self, target: u64, operation: Operation, arguments: &[RawValue]) -> Result<Vec<RawValue>> {
        let name = operation.to_string();
        match name.as_str() {
            "IVirtualBox.findMachine" => {
                let wanted = arguments[0].as_text().unwrap_or_default();
                match self.machine(wanted) {
                    Some(machine) => Ok(vec![self.reference(machine)]),
                    None => Err(not_found(&name, wanted)),
                }
            }
            "IVirtualBox.getGuestOSType" => {
                let interface = self.schema.interface("IGuestOSType").expect("IGuestOSType");
                let fields = interface.attributes().into_iter().map(|attribute| match attribute.name {
                    "id" => arguments[0].clone(),
                    "is64Bit" => Value::Bool(true),
                    _ => self.neutral(attribute.kind),
                });
                Ok(vec![Value::Struct(Arc::new(StructValue { interface, fields: fields.collect() }))])
            }
            "IMachine.lockMachine" => {
                if let RawValue::Object((Handle::Number(session), _)) = &arguments[0] {
                    let machine = self.make("IMachine");
                    let name = self.lock().objects[&target].attributes.get("name").cloned().unwrap_or_default();
                    self.set(machine, "name", Value::Text(format!("{} (mutable)", name.as_text().unwrap_or_default())));
                    self.set(machine, "settingsModified", Value::Bool(true));
                    self.set(*session, "machine", self.reference(machine));
                    let console = self.make("IConsole");
                    let display = self.make("IDisplay");
                    self.set(console, "display", self.reference(display));
                    self.set(*session, "console", self.reference(console));
                }
                Ok(Vec::new())
            }
            "IMachine.launchVMProcess" => Ok(vec![self.reference(self.progress("Starting", 0, true))]),
            "IMachine.deleteConfig" => {
                let progress = self.progress("Deleting", FILE_ERROR, false);
                let (info, behind) = (self.make("IVirtualBoxErrorInfo"), self.make("IVirtualBoxErrorInfo"));
                self.set(info, "text", Value::from("the disk is in the way"));
                self.set(info, "component", Value::from("MachineWrap"));
                self.set(info, "next", self.reference(behind));
                self.set(behind, "resultCode", Value::Int(i64::from(NOT_FOUND as i32)));
                self.set(behind, "text", Value::from("the deeper cause"));
                self.set(progress, "errorInfo", self.reference(info));
                Ok(vec![self.reference(progress)])
            }
            "IMachine.cloneTo" => {
                let progress = self.progress("Cloning for ever", 0, true);
                self.set(progress, "timeRemaining", Value::Int(i64::MAX));
                Ok(vec![self.reference(progress)])
            }
            "IProgress.waitForCompletion" => {
                let endless = self.lock().objects[&target].attributes.contains_key("timeRemaining");
                if endless {
                    let slice = arguments[0].as_int().unwrap_or_default();
                    std::thread::sleep(Duration::from_millis(slice.clamp(0, 100).unsigned_abs()));
                    return Ok(Vec::new());
                }
                let percent =
                    self.lock().objects[&target].attributes.get("percent").and_then(Value::as_int).unwrap_or(0) + 50;
                self.set(target, "percent", Value::Int(percent));
                self.set(target, "completed", Value::Bool(percent >= 100));
                Ok(Vec::new())
            }
            "IEventSource.createListener" => Ok(vec![self.reference(self.make("IEventListener"))]),
            "IEventSource.getEvent" => {
                let event = self.lock().events.pop_front();
                if event.is_none() {
                    let time = arguments[1].as_int().unwrap_or_default();
                    std::thread::sleep(Duration::from_millis(time.clamp(0, 200).unsigned_abs()));
                }
                let interface = self.schema.interface("IEvent").expect("IEvent");
                Ok(vec![event.map_or(Value::Null, |event| Value::Object((handle(event), interface)))])
            }
            "IDisplay.takeScreenShotToArray" => Ok(vec![Value::Blob(b"\x89PNG picture".to_vec())]),
            "IDisplay.getScreenResolution" => Ok(vec![
                Value::Int(1024),
                Value::Int(768),
                Value::Int(32),
                Value::Int(-1),
                Value::Int(0),
                self.enumeration("GuestMonitorStatus", "Enabled"),
            ]),
            _ => {
                let Operation::Call(method) = operation else { return Ok(Vec::new()) };
                Ok(method.outputs().map(|output| self.neutral(output.kind)).collect())
            }
        }
    }
}

fn handle(number: u64) -> Handle {
    if number == ROOT { Handle::Root } else { Handle::Number(number) }
}

fn not_found(operation: &str, name: &str) -> Error {
    Error::Api {
        operation: operation.to_owned(),
        error: Box::new(ApiError {
            code: NOT_FOUND,
            message: format!("no machine named '{name}'"),
            component: "VirtualBoxWrap".to_owned(),
            interface: "IVirtualBox".to_owned(),
            next: None,
        }),
    }
}

/// A value as the log shows it.
fn show(value: &RawValue) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Enum(value) => value.to_string(),
        Value::Object((_, interface)) => interface.name.to_owned(),
        Value::Struct(value) => value.interface.name.to_owned(),
        Value::List(values) => format!("[{}]", values.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Map(_) => "a map".to_owned(),
    }
}

impl Transport for Fake {
    fn describe(&self) -> String {
        "a fake for tests".to_owned()
    }

    fn name(&self) -> &'static str {
        "embedded"
    }

    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn open_session(&self) -> Result<Handle> {
        Ok(handle(self.make("ISession")))
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let target = match request.target {
            Handle::Root => ROOT,
            Handle::Number(number) => *number,
            Handle::Text(_) => return Err(Error::stale("an object")),
        };
        match request.operation {
            Operation::Get(attribute) => {
                let kept =
                    self.lock().objects.get(&target).and_then(|object| object.attributes.get(attribute.name).cloned());
                Ok(vec![kept.unwrap_or_else(|| self.neutral(attribute.kind))])
            }
            Operation::Set(attribute) => {
                let value = request.arguments[0].clone();
                self.lock().log.push(format!("{} = {}", request.operation, show(&value)));
                self.set(target, attribute.name, value);
                Ok(Vec::new())
            }
            Operation::Call(_) => {
                let arguments = request.arguments.iter().map(show).collect::<Vec<_>>().join(", ");
                self.lock().log.push(format!("{}({arguments})", request.operation));
                self.call(target, request.operation, request.arguments)
            }
        }
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let number = match target {
            Handle::Number(number) => *number,
            _ => ROOT,
        };
        let has = self.lock().objects.get(&number).is_some_and(|object| object.interface.extends(interface.name));
        Ok(has.then(|| target.clone()))
    }

    fn release(&self, _handles: &[Handle]) {}

    fn reconnect(&self) -> Result<()> {
        Ok(())
    }

    fn close(&self) {}
}
