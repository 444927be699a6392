//! Events: what was fired waits here in the queues of passive listeners. Waiting is done by the caller, outside the state.
//!
//! Limits, result codes and order were seen on VirtualBox 7.2.22; `tests/conformance/events` keeps its answers.

mod event;
mod question;
mod source;

use super::document::{ElementId, ROOT};
use super::state::{Address, State};
use super::value::{enumerated, text};
use crate::model::RawValue;
use crate::schema::embedded;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

pub(super) use event::unsaid;

/// A listener that has more waiting events than this is unregistered when one more comes.
const MOST_WAITING: usize = 1000;
/// The same for one that has fetched nothing for [`LONG`].
const MOST_WAITING_LONG: usize = 500;
const LONG: Duration = Duration::from_secs(60);

/// Values of an event by the names of its attributes.
pub(super) type EventValues = Vec<(&'static str, RawValue)>;

/// The id of no machine, in events that may be about one or about everything.
pub(super) const NO_MACHINE: &str = "00000000-0000-0000-0000-000000000000";

/// Something that happened, before it is an object.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Name of the type (`OnMachineRegistered`).
    pub(super) kind: &'static str,
    pub(super) values: EventValues,
}

/// Sources, listeners and fired events.
#[derive(Default)]
pub(super) struct Events {
    /// The event source of an object, once someone asked for it.
    of_owner: HashMap<Address, ElementId>,
    sources: HashMap<ElementId, Source>,
    fired: HashMap<ElementId, Fired>,
    /// Whether the last question was approved of.
    approved: bool,
}

/// An event source that has listeners or stands over other sources.
#[derive(Default)]
struct Source {
    listeners: Vec<Registration>,
    /// Sources that an aggregator stands over.
    below: Vec<ElementId>,
    /// Waitable events, and how many listeners have not yet dealt with them.
    pending: HashMap<ElementId, usize>,
}

/// A listener at a source.
struct Registration {
    listener: ElementId,
    types: Vec<&'static str>,
    active: bool,
    /// The aggregator that what happens is passed on to.
    passes_to: Option<ElementId>,
    queue: VecDeque<ElementId>,
    last_fetch: Instant,
    /// Kinds that this listener has once let time out: it is not asked again.
    deaf: HashSet<&'static str>,
}

/// An event that was fired: what is more than its values.
#[derive(Default)]
struct Fired {
    kind: &'static str,
    source: ElementId,
    /// In how many queues it stands.
    queued: usize,
    /// A caller has it.
    handed: bool,
    /// Someone waits for what listeners say.
    asked: bool,
    processed: bool,
    vetoed: bool,
    vetos: Vec<String>,
    approved: bool,
    approvals: Vec<String>,
}

impl State {
    /// Tells the listeners of `IVirtualBox`, in all processes, that something happened.
    pub(super) fn fire(&mut self, kind: &'static str, values: EventValues) {
        let event = Event { kind, values };
        self.tell_others(&event);
        self.queue(event);
    }

    /// Tells the listeners of `IVirtualBox` in this process that something happened.
    pub(super) fn queue(&mut self, event: Event) {
        self.fire_at(Address::VIRTUAL_BOX, event.kind, event.values);
    }

    /// Whether anybody in this process listens.
    pub(super) fn has_listeners(&self) -> bool {
        self.events.sources.values().any(|source| !source.listeners.is_empty())
    }

    /// Fires an event about a machine, at `IVirtualBox`.
    pub(super) fn fire_machine(&mut self, kind: &'static str, id: &str, mut values: EventValues) {
        values.push(("machineId", text(id)));
        self.fire(kind, values);
    }

    /// Tells the listeners of `owner`, any object that has an event source, that something happened there.
    pub(super) fn fire_at(&mut self, owner: Address, kind: &'static str, values: EventValues) {
        if let Some(event) = self.make_event(owner, kind, values) {
            self.deliver(self.fired_source(event), event);
            self.forget_unneeded(event);
        }
    }

    /// The event source of an object.
    pub(super) fn source_of(&mut self, owner: Address) -> Address {
        let known = self.events.of_owner.get(&owner).filter(|source| self.global.get(**source).is_some());
        if let Some(source) = known {
            return Address::global(*source);
        }
        let parent = if owner.view == super::state::GLOBAL { owner.element } else { ROOT };
        let source = self.global.add("IEventSource", parent, "eventSource", 0);
        self.events.of_owner.insert(owner, source);
        Address::global(source)
    }

    /// An event object, unless nobody listens at that object for its kind.
    fn make_event(&mut self, owner: Address, kind: &'static str, values: EventValues) -> Option<ElementId> {
        let source = *self.events.of_owner.get(&owner)?;
        if !self.events.sources.get(&source)?.listeners.iter().any(|listener| listener.wants(kind)) {
            return None;
        }
        let interface = embedded().event_interface(kind).map_or("IEvent", |interface| interface.name);
        let id = self.global.add(interface, ROOT, "event", 0);
        if let Some(element) = self.global.get_mut(id) {
            element.set("type", enumerated("VBoxEventType", kind));
            for (name, value) in values {
                element.set(name, value);
            }
        }
        self.events.fired.insert(id, Fired { kind, source, ..Fired::default() });
        Some(id)
    }

    fn fired_source(&self, event: ElementId) -> ElementId {
        self.events.fired.get(&event).map_or(ROOT, |fired| fired.source)
    }

    /// Puts an event into the queues of the listeners of a source, and those of the aggregators over it.
    fn deliver(&mut self, at: ElementId, event: ElementId) {
        let Events { sources, fired, .. } = &mut self.events;
        let (Some(source), Some(fired)) = (sources.get_mut(&at), fired.get_mut(&event)) else { return };
        let mut passed_on = Vec::new();
        let mut dropped = Vec::new();
        let mut asked = 0;
        for listener in source.listeners.iter_mut().filter(|listener| listener.wants(fired.kind)) {
            asked += 1;
            if let Some(aggregator) = listener.passes_to {
                passed_on.push(aggregator);
            } else if !listener.active && listener.queue.back() != Some(&event) {
                if listener.overflows() {
                    dropped.push(listener.listener);
                } else {
                    listener.queue.push_back(event);
                    fired.queued += 1;
                }
            }
        }
        if asked == 0 {
            fired.processed = true;
        } else if is_waitable(fired.kind) {
            source.pending.insert(event, asked);
        }
        for aggregator in passed_on {
            self.deliver(aggregator, event);
        }
        for listener in dropped {
            self.drop_listener(at, listener);
        }
    }

    /// Takes a listener from a source; its queue counts as dealt with. False when it was not registered.
    fn drop_listener(&mut self, at: ElementId, listener: ElementId) -> bool {
        let Some(source) = self.events.sources.get_mut(&at) else { return false };
        let Some(place) = source.listeners.iter().position(|known| known.listener == listener) else { return false };
        for event in source.listeners.remove(place).queue {
            self.dealt_with(at, event);
            self.taken_from_queue(event);
            self.forget_unneeded(event);
        }
        true
    }

    /// One more listener has dealt with an event; false when nothing is known of it there.
    fn dealt_with(&mut self, at: ElementId, event: ElementId) -> bool {
        let Events { sources, fired, .. } = &mut self.events;
        let Some(source) = sources.get_mut(&at) else { return false };
        let Some(left) = source.pending.get_mut(&event) else { return false };
        *left = left.saturating_sub(1);
        if *left == 0 {
            source.pending.remove(&event);
            if let Some(fired) = fired.get_mut(&event) {
                fired.processed = true;
            }
        }
        true
    }

    fn taken_from_queue(&mut self, event: ElementId) {
        if let Some(fired) = self.events.fired.get_mut(&event) {
            fired.queued = fired.queued.saturating_sub(1);
        }
    }

    /// Removes an event that stands in no queue and that nobody has.
    fn forget_unneeded(&mut self, event: ElementId) {
        let unneeded = |fired: &Fired| fired.queued == 0 && !fired.handed && !fired.asked;
        if self.events.fired.get(&event).is_some_and(unneeded) {
            self.events.fired.remove(&event);
            for source in self.events.sources.values_mut() {
                source.pending.remove(&event);
            }
            self.global.remove(event);
        }
    }

    /// Gives up what nobody refers to any more.
    pub(super) fn release(&mut self, at: Address) {
        let Some(element) = self.global.get(at.element).filter(|_| at.view == super::state::GLOBAL) else { return };
        match element.role {
            "event" => {
                if let Some(fired) = self.events.fired.get_mut(&at.element) {
                    fired.handed = false;
                }
                self.forget_unneeded(at.element);
            }
            "aggregator" if !self.events.sources.get(&at.element).is_some_and(Source::is_used) => {
                self.events.sources.remove(&at.element);
                self.global.remove(at.element);
            }
            "listener" if !self.events.has_listener(at.element) => self.global.remove(at.element),
            "error" => self.global.remove(at.element),
            "progress" => self.release_progress(at.element),
            "token" => drop(self.give_token_up(at.element)),
            "dataStream" => self.leave_stream(at.element),
            "mediumIO" => {
                self.close_disk(at.element);
                self.global.remove(at.element);
            }
            "session" if self.sessions.get(&at.element).is_none_or(|session| session.view.is_none()) => {
                self.sessions.remove(&at.element);
                self.global.remove(at.element);
            }
            _ => {}
        }
    }
}

impl Events {
    /// Whether the question that was asked before this call was approved of.
    pub(super) fn take_approval(&mut self) -> bool {
        std::mem::take(&mut self.approved)
    }

    fn has_listener(&self, listener: ElementId) -> bool {
        self.sources.values().any(|source| source.listeners.iter().any(|known| known.listener == listener))
    }

    /// Forgets the event source of an object that is gone.
    pub(super) fn forget_owner(&mut self, owner: Address) {
        if let Some(source) = self.of_owner.remove(&owner) {
            self.sources.remove(&source);
        }
    }

    fn registration(&self, source: ElementId, listener: ElementId) -> Option<&Registration> {
        self.sources.get(&source)?.listeners.iter().find(|known| known.listener == listener)
    }

    fn registration_mut(&mut self, source: ElementId, listener: ElementId) -> Option<&mut Registration> {
        self.sources.get_mut(&source)?.listeners.iter_mut().find(|known| known.listener == listener)
    }
}

impl Source {
    fn is_used(&self) -> bool {
        !self.listeners.is_empty()
    }
}

impl Registration {
    fn new(listener: ElementId, types: Vec<&'static str>, active: bool, passes_to: Option<ElementId>) -> Self {
        let (queue, deaf) = (VecDeque::new(), HashSet::new());
        Self { listener, types, active, passes_to, queue, last_fetch: Instant::now(), deaf }
    }

    fn overflows(&self) -> bool {
        let waiting = self.queue.len();
        waiting > MOST_WAITING || waiting > MOST_WAITING_LONG && self.last_fetch.elapsed() > LONG
    }

    fn wants(&self, kind: &'static str) -> bool {
        let extends = |parent| embedded().event_interface(kind).is_some_and(|interface| interface.extends(parent));
        !self.deaf.contains(kind)
            && self.types.iter().any(|wanted| match *wanted {
                "Any" => true,
                // VirtualBox leaves this one out, though it is about a machine.
                "MachineEvent" => extends("IMachineEvent") && kind != "OnNATRedirect",
                "Vetoable" => extends("IVetoEvent"),
                "SnapshotEvent" => extends("ISnapshotEvent"),
                "InputEvent" => matches!(kind, "OnGuestKeyboard" | "OnGuestMouse" | "OnGuestMultiTouch"),
                wanted => wanted == kind,
            })
    }
}

/// Whether whoever fires events of that kind may wait for the listeners.
fn is_waitable(kind: &str) -> bool {
    matches!(kind, "OnExtraDataCanChange" | "OnCanShowWindow" | "OnShowWindow" | "OnEventSourceChanged")
}
