//! Passive event listeners that unregister themselves.

use super::{Error, Interrupt, Object, Result, Value};
use std::time::{Duration, Instant};

/// Types of events, by name (`OnMachineStateChanged`, or a wildcard such as `Any`).
pub type EventTypes = Vec<Value>;

/// A passive listener on one event source. Dropping it unregisters it.
pub struct EventListener {
    source: Object,
    listener: Object,
}

impl EventListener {
    /// Registers a listener for `types`; none means all.
    ///
    /// # Errors
    /// An unknown type, or what the call gives.
    pub fn open(source: &Object, types: EventTypes) -> Result<Self> {
        let Value::Object(listener) = source.call("createListener", Vec::new())? else {
            return Err(Error::api("IEventSource.createListener", 0x8000_FFFF, "it gave no listener"));
        };
        let types = if types.is_empty() { vec![Value::from("Any")] } else { types };
        source
            .call("registerListener", vec![Value::Object(listener.clone()), Value::List(types), Value::Bool(false)])?;
        Ok(Self { source: source.clone(), listener })
    }

    /// The next event, `None` when none comes within `time`.
    ///
    /// # Errors
    /// [`Error::Interrupted`], or what the call gives.
    pub fn next(&self, time: Duration) -> Result<Option<Object>> {
        let end = Instant::now().checked_add(time);
        loop {
            Interrupt::global().check()?;
            let left = end.map_or(Interrupt::SLICE, |end| end.saturating_duration_since(Instant::now()));
            let slice = i64::try_from(left.min(Interrupt::SLICE).as_millis()).unwrap_or(100);
            let event = self.source.call("getEvent", vec![Value::Object(self.listener.clone()), Value::Int(slice)])?;
            match event {
                Value::Object(event) => return Ok(Some(event)),
                _ if left <= Interrupt::SLICE && end.is_some() => return Ok(None),
                _ => {}
            }
        }
    }

    /// Says that an event has been dealt with; vetoable ones wait for it, for a few seconds. A source
    /// that has waited long enough answers `VBOX_E_OBJECT_NOT_FOUND` (seen on 7.2.22): that is none
    /// of the listener's concern.
    ///
    /// # Errors
    /// What the call gives.
    pub fn processed(&self, event: &Object) -> Result<()> {
        let arguments = vec![Value::Object(self.listener.clone()), Value::Object(event.clone())];
        match self.source.call("eventProcessed", arguments) {
            Err(error) if error.kind() == super::ErrorKind::NotFound => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

impl Drop for EventListener {
    fn drop(&mut self) {
        // The connection may be gone; then so is the listener.
        let _ = self.source.call("unregisterListener", vec![Value::Object(self.listener.clone())]);
    }
}
