//! `IEventSource`: registering listeners, fetching events, aggregators.

use super::{Registration, Source, is_waitable};
use crate::host::arguments::Arguments;
use crate::host::document::{ElementId, ROOT};
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::name_of;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::time::Instant;

impl State {
    pub(in crate::host) fn call_event_source(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let source = at.element;
        match name {
            "createListener" => {
                let listener = self.global.add("IEventListener", ROOT, "listener", 0);
                one(Address::global(listener).value("IEventListener"))
            }
            "createAggregator" => {
                let below = arguments.list(0).iter().filter_map(Address::of).map(|source| source.element).collect();
                let aggregator = self.global.add("IEventSource", ROOT, "aggregator", 0);
                self.events.sources.insert(aggregator, Source { below, ..Source::default() });
                one(Address::global(aggregator).value("IEventSource"))
            }
            "registerListener" => {
                let types = arguments.list(1).iter().map(name_of).collect();
                self.register_listener(source, listener_of(arguments)?, types, arguments.flag(2))?;
                self.hear_others();
                nothing()
            }
            "unregisterListener" => {
                self.unregister_listener(source, listener_of(arguments)?)?;
                nothing()
            }
            "getEvent" => one(self.next_event(source, listener_of(arguments)?)?),
            "eventProcessed" => {
                let listener = listener_of(arguments)?;
                let event = event_of(arguments, 1)?;
                self.events.registration(source, listener).ok_or_else(never_registered)?;
                let waitable = self.events.fired.get(&event).is_some_and(|event| is_waitable(event.kind));
                if waitable && !self.dealt_with(source, event) {
                    return Err(Fault::not_found(
                        "nothing waits for that event any more: it was dealt with, or came too late",
                    ));
                }
                nothing()
            }
            "fireEvent" => {
                // The wait for listeners is done after this, outside the state.
                let event = event_of(arguments, 0)?;
                self.deliver(source, event);
                one(RawValue::Bool(self.is_processed(event)))
            }
            _ => Ok(None),
        }
    }

    fn register_listener(
        &mut self,
        at: ElementId,
        listener: ElementId,
        types: Vec<&'static str>,
        active: bool,
    ) -> Outcome {
        let source = self.events.sources.entry(at).or_default();
        if source.listeners.iter().any(|known| known.listener == listener) {
            return Err(Fault::argument("the listener is registered with this source already"));
        }
        let below = source.below.clone();
        source.listeners.push(Registration::new(listener, types.clone(), active, None));
        for subordinate in below {
            // A listener of an aggregator stands at every source below under its own number; who else
            // registers it there has a place of their own.
            let proxy = self.global.add("IEventListener", at, "proxy", listener);
            let source = self.events.sources.entry(subordinate).or_default();
            source.listeners.push(Registration::new(proxy, types.clone(), true, Some(at)));
            self.fire_source_changed(subordinate, proxy, true);
        }
        self.fire_source_changed(at, listener, true);
        Ok(())
    }

    fn unregister_listener(&mut self, at: ElementId, listener: ElementId) -> Outcome {
        if !self.drop_listener(at, listener) {
            return Err(never_registered());
        }
        let below = self.events.sources.get(&at).map(|source| source.below.clone()).unwrap_or_default();
        let proxies: Vec<_> = self.global.children(at, "proxy");
        let own = |id: &ElementId| self.global.get(*id).is_some_and(|proxy| proxy.index == listener);
        for proxy in proxies.into_iter().filter(own).collect::<Vec<_>>() {
            for subordinate in &below {
                if self.drop_listener(*subordinate, proxy) {
                    self.fire_source_changed(*subordinate, proxy, false);
                }
            }
            self.global.remove(proxy);
        }
        self.fire_source_changed(at, listener, false);
        Ok(())
    }

    /// Listeners of a source hear of each other.
    fn fire_source_changed(&mut self, at: ElementId, listener: ElementId, add: bool) {
        let owner = self.events.of_owner.iter().find(|(_, source)| **source == at).map(|(owner, _)| *owner);
        let Some(owner) = owner else { return };
        let values =
            vec![("listener", Address::global(listener).value("IEventListener")), ("add", RawValue::Bool(add))];
        self.fire_at(owner, "OnEventSourceChanged", values);
    }

    fn next_event(&mut self, at: ElementId, listener: ElementId) -> Outcome<RawValue> {
        let registration = self.events.registration_mut(at, listener).ok_or_else(never_registered)?;
        if registration.active {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "only a passive listener can fetch events"));
        }
        registration.last_fetch = Instant::now();
        let Some(event) = registration.queue.pop_front() else { return Ok(RawValue::Null) };
        self.taken_from_queue(event);
        if let Some(fired) = self.events.fired.get_mut(&event) {
            fired.handed = true;
        }
        Ok(Address::global(event).value("IEvent"))
    }

    /// Whether waiting for an event of `listener` is over: there is one, or it cannot fetch any (any more).
    pub(in crate::host) fn has_event(&self, source: ElementId, listener: ElementId) -> bool {
        let registration = self.events.registration(source, listener);
        registration.is_none_or(|registration| registration.active || !registration.queue.is_empty())
    }
}

fn listener_of(arguments: Arguments<'_>) -> Outcome<ElementId> {
    let listener = arguments.object(0).ok_or_else(|| Fault::argument("no listener was given"))?;
    Ok(listener.element)
}

fn event_of(arguments: Arguments<'_>, at: usize) -> Outcome<ElementId> {
    let event = arguments.object(at).ok_or_else(|| Fault::argument("no event was given"))?;
    Ok(event.element)
}

fn never_registered() -> Fault {
    Fault::not_found(
        "the listener is not registered with this source (one that lets more than 1000 events wait, or 500 for a minute, is dropped)",
    )
}
