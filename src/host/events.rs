//! Passive event sources: listeners, their queues, and firing. Waiting is done by the caller, outside the state.

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::value::{enumerated, name_of, text};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::collections::{HashMap, VecDeque};

/// A listener with more waiting events than this is unregistered, as VirtualBox does.
const MOST_WAITING: usize = 500;

/// Listeners and event objects.
#[derive(Default)]
pub(super) struct Events {
    listeners: HashMap<ElementId, Listener>,
}

struct Listener {
    source: ElementId,
    types: Vec<&'static str>,
    queue: VecDeque<Event>,
}

/// Something that happened, before anyone fetched it.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Name of the type (`OnMachineRegistered`).
    pub(super) kind: &'static str,
    pub(super) values: Vec<(&'static str, RawValue)>,
}

impl State {
    /// Tells the listeners of `IVirtualBox` that something happened.
    pub(super) fn fire(&mut self, kind: &'static str, values: Vec<(&'static str, RawValue)>) {
        let event = Event { kind, values };
        self.tell_others(&event);
        self.queue(event);
    }

    /// Whether anybody in this process listens.
    pub(super) fn has_listeners(&self) -> bool {
        !self.events.listeners.is_empty()
    }

    /// Gives an event of `IVirtualBox` to the listeners of this process.
    pub(super) fn queue(&mut self, event: Event) {
        if self.events.listeners.is_empty() {
            return;
        }
        let source = self.global_part("IEventSource", "eventSource", 0).element;
        self.deliver(source, &event);
    }

    /// Tells the listeners of an event source that something happened.
    pub(super) fn fire_at(&mut self, source: ElementId, kind: &'static str, values: Vec<(&'static str, RawValue)>) {
        self.deliver(source, &Event { kind, values });
    }

    fn deliver(&mut self, source: ElementId, event: &Event) {
        self.events.listeners.retain(|_, listener| {
            if listener.source == source && listener.wants(event.kind) {
                listener.queue.push_back(event.clone());
            }
            listener.queue.len() <= MOST_WAITING
        });
    }

    /// Fires an event about a machine.
    pub(super) fn fire_machine(&mut self, kind: &'static str, id: &str, mut values: Vec<(&'static str, RawValue)>) {
        values.push(("machineId", text(id)));
        self.fire(kind, values);
    }

    /// Whether `listener` has something to fetch, or is none (any more).
    pub(super) fn has_event(&self, listener: ElementId) -> bool {
        self.events.listeners.get(&listener).is_none_or(|listener| !listener.queue.is_empty())
    }

    pub(super) fn read_event(&self, element: ElementId, name: &str) -> Option<RawValue> {
        let event = self.global.get(element)?;
        match name {
            "source" => Some(Address::global(u32::try_from(event.int("sourceNumber")).ok()?).value("IEventSource")),
            _ => None,
        }
    }

    pub(super) fn call_event(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "createListener" => {
                let listener = self.global.add("IEventListener", ROOT, "listener", 0);
                one(Address::global(listener).value("IEventListener"))
            }
            "registerListener" => {
                if arguments.flag(2) {
                    let message = "an active listener needs a callback, which a caller of the embedded host cannot give; register it as passive";
                    return Err(Fault::new(code::E_NOTIMPL, message));
                }
                let listener = arguments.object(0).ok_or_else(|| Fault::argument("no listener was given"))?;
                let types = arguments.list(1).iter().map(name_of).collect();
                self.events
                    .listeners
                    .insert(listener.element, Listener { source: at.element, types, queue: VecDeque::new() });
                self.hear_others();
                nothing()
            }
            "unregisterListener" => {
                let listener = arguments.object(0).ok_or_else(|| Fault::argument("no listener was given"))?;
                match self.events.listeners.remove(&listener.element) {
                    Some(_) => nothing(),
                    None => Err(not_registered()),
                }
            }
            "getEvent" => {
                let listener = arguments.object(0).ok_or_else(|| Fault::argument("no listener was given"))?;
                let registered = self.events.listeners.get_mut(&listener.element).ok_or_else(not_registered)?;
                match registered.queue.pop_front() {
                    Some(event) => one(self.event_object(at.element, event)),
                    None => one(RawValue::Null),
                }
            }
            "eventProcessed" => match arguments.object(1) {
                Some(_) => nothing(),
                None => Err(Fault::argument("no event was given")),
            },
            "setProcessed" => nothing(),
            "waitProcessed" => one(RawValue::Bool(true)),
            "isVetoed" => one(RawValue::Bool(false)),
            "isApproved" => one(RawValue::Bool(false)),
            "getVetos" | "getApprovals" => one(RawValue::List(Vec::new())),
            "addVeto" | "addApproval" => nothing(),
            _ => Ok(None),
        }
    }

    fn event_object(&mut self, source: ElementId, event: Event) -> RawValue {
        let interface =
            crate::schema::embedded().event_interface(event.kind).map_or("IEvent", |interface| interface.name);
        let id = self.global.add(interface, ROOT, "event", 0);
        if let Some(element) = self.global.get_mut(id) {
            element.set("type", enumerated("VBoxEventType", event.kind));
            element.set("sourceNumber", RawValue::Int(source.into()));
            for (name, value) in event.values {
                element.set(name, value);
            }
        }
        Address::global(id).value("IEvent")
    }

    /// Gives up what nobody refers to any more.
    pub(super) fn release(&mut self, at: Address) {
        let Some(element) = self.global.get(at.element).filter(|_| at.view == super::state::GLOBAL) else { return };
        match element.role {
            "event" => self.global.remove(at.element),
            "listener" if !self.events.listeners.contains_key(&at.element) => self.global.remove(at.element),
            "progress" => self.release_progress(at.element),
            "session" if self.sessions.get(&at.element).is_none_or(|session| session.view.is_none()) => {
                self.sessions.remove(&at.element);
                self.global.remove(at.element);
            }
            _ => {}
        }
    }
}

impl Listener {
    fn wants(&self, kind: &str) -> bool {
        let machine = || {
            crate::schema::embedded().event_interface(kind).is_some_and(|interface| interface.extends("IMachineEvent"))
        };
        self.types.iter().any(|wanted| match *wanted {
            "Any" => true,
            "MachineEvent" => machine(),
            "Vetoable" => kind == "OnExtraDataCanChange",
            "SnapshotEvent" => kind.starts_with("OnSnapshot"),
            wanted => wanted == kind,
        })
    }
}

fn not_registered() -> Fault {
    Fault::not_found("the listener is not registered here (a listener with more than 500 waiting events is dropped)")
}
