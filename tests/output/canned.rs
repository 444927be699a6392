//! A transport whose objects have the attributes that a test gives them, and no methods.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vboxsh::model::{
    Connection, EnumValue, Error, Handle, Object, Operation, RawValue, Request, Result, StructValue, Transport, Value,
};
use vboxsh::schema::{Interface, Schema, embedded};

/// Attributes of one object, by name.
type Attributes = HashMap<&'static str, Result<RawValue>>;

/// Objects to come.
#[derive(Default)]
pub(super) struct Canned {
    objects: Vec<(&'static Interface, Attributes)>,
    /// How many calls were carried; shared with the test.
    pub(super) calls: Arc<AtomicUsize>,
}

impl Canned {
    /// One more object; gives its place.
    pub(super) fn add(&mut self, interface: &str, attributes: &[(&'static str, RawValue)]) -> usize {
        let answers = attributes.iter().map(|(name, value)| (*name, Ok(value.clone()))).collect();
        self.objects.push((embedded().interface(interface).unwrap(), answers));
        self.objects.len() - 1
    }

    /// Makes an attribute fail.
    pub(super) fn fail(&mut self, object: usize, attribute: &'static str, error: Error) {
        self.objects[object].1.insert(attribute, Err(error));
    }

    /// A machine as it is most often needed.
    pub(super) fn machine(&mut self, name: &str, state: &str, memory: i64) -> usize {
        let id = format!("{:08x}-0126-43e0-b05d-326e74abb356", self.objects.len() + 1);
        let attributes = [
            ("name", RawValue::from(name)),
            ("id", RawValue::Text(id)),
            ("state", enumeration("MachineState", state)),
            ("OSTypeId", RawValue::from("Debian_64")),
            ("memorySize", RawValue::Int(memory)),
            ("CPUCount", RawValue::Int(2)),
        ];
        self.add("IMachine", &attributes)
    }

    /// A reference to an object, as an attribute of another.
    pub(super) fn reference(&self, object: usize) -> RawValue {
        RawValue::Object((Handle::Number(object as u64), self.objects[object].0))
    }

    /// The objects over one connection, in their order.
    pub(super) fn connect(mut self) -> Vec<Object> {
        // Objects come out of a connection as answers only: a root that holds them all.
        let all = (0..self.objects.len()).map(|at| self.reference(at)).collect();
        let root = Attributes::from([("machines", Ok(RawValue::List(all)))]);
        self.objects.push((embedded().interface("IVirtualBox").unwrap(), root));
        let connection = Connection::new(Arc::new(self));
        let objects = connection.root().get("machines").unwrap().into_list();
        objects.iter().map(|value| value.as_object().unwrap().clone()).collect()
    }
}

/// A value of an enumeration, by name.
pub(super) fn enumeration(name: &str, value: &str) -> RawValue {
    let enumeration = embedded().enumeration(name).unwrap();
    RawValue::Enum(EnumValue { enumeration, number: enumeration.number(value).unwrap() })
}

/// A structure; attributes that are not given are null.
pub(super) fn structure<O: Clone>(interface: &str, given: &[(&str, Value<O>)]) -> Value<O> {
    let interface = embedded().interface(interface).unwrap();
    let field = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let fields = interface.attributes().iter().map(|attribute| field(attribute.name).unwrap_or_default()).collect();
    Value::Struct(Arc::new(StructValue { interface, fields }))
}

impl Transport for Canned {
    fn describe(&self) -> String {
        "canned answers".to_owned()
    }

    fn name(&self) -> &'static str {
        "canned"
    }

    fn schema(&self) -> &'static Schema {
        embedded()
    }

    fn open_session(&self) -> Result<Handle> {
        Err(Error::api("session", 0x8000_4001, "no session"))
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Operation::Get(attribute) = request.operation else { panic!("{} is no read", request.operation) };
        let object = match request.target {
            Handle::Number(number) => *number as usize,
            _ => self.objects.len() - 1,
        };
        let answer = self.objects[object].1.get(attribute.name).cloned();
        answer.unwrap_or_else(|| Err(Error::api(request.operation, 0x8000_4001, "not there"))).map(|value| vec![value])
    }

    fn query_interface(&self, _: &Handle, _: &'static Interface) -> Result<Option<Handle>> {
        Ok(None)
    }

    fn release(&self, _: &[Handle]) {}

    fn reconnect(&self) -> Result<()> {
        Ok(())
    }

    fn close(&self) {}

    fn parallelism(&self) -> usize {
        4
    }
}
