//! `IEvent` and `IVetoEvent`: an event in the hands of a listener.

use super::is_waitable;
use crate::host::Outcome;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::state::{Address, State, gone, nothing, one};
use crate::host::value::{text, texts};
use crate::model::{EnumValue, RawValue};
use crate::schema::{Kind, Type, embedded};

impl State {
    pub(in crate::host) fn read_event(&self, element: ElementId, name: &str) -> Option<RawValue> {
        let fired = self.events.fired.get(&element)?;
        match name {
            "source" => Some(Address::global(fired.source).value("IEventSource")),
            "waitable" => Some(RawValue::Bool(is_waitable(fired.kind))),
            _ => None,
        }
    }

    pub(in crate::host) fn call_event(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        if name == "reuse" && self.events.fired.contains_key(&at.element) {
            let event = self.element_mut(at)?;
            let generation = event.int("generation") + 1;
            event.set("generation", RawValue::Int(generation));
            return nothing();
        }
        let event = self.events.fired.get_mut(&at.element).ok_or_else(gone)?;
        let reason = arguments.text(0);
        match name {
            "setProcessed" => {
                event.processed = true;
                nothing()
            }
            // The wait itself is done before, outside the state.
            "waitProcessed" => one(RawValue::Bool(event.processed || !is_waitable(event.kind))),
            "addVeto" => {
                event.vetoed = true;
                event.vetos.extend(Some(reason.to_owned()).filter(|reason| !reason.is_empty()));
                nothing()
            }
            "isVetoed" => one(RawValue::Bool(event.vetoed)),
            "getVetos" => one(texts(event.vetos.iter().cloned())),
            "addApproval" => {
                event.approved = true;
                event.approvals.extend(Some(reason.to_owned()).filter(|reason| !reason.is_empty()));
                nothing()
            }
            "isApproved" => one(RawValue::Bool(event.approved)),
            "getApprovals" => one(texts(event.approvals.iter().cloned())),
            _ => Ok(None),
        }
    }

    /// Whether an event needs no more waiting for.
    pub(in crate::host) fn is_processed(&self, event: ElementId) -> bool {
        self.events.fired.get(&event).is_none_or(|event| event.processed || !is_waitable(event.kind))
    }
}

/// What an attribute of an event reads as when whoever fired it said nothing of it: empty, 0, false, nothing.
pub(in crate::host) fn unsaid(kind: Type) -> RawValue {
    if kind.is_blob() {
        return RawValue::Blob(Vec::new());
    }
    if kind.array {
        return RawValue::List(Vec::new());
    }
    match kind.kind {
        Kind::String | Kind::Uuid => text(""),
        Kind::Boolean => RawValue::Bool(false),
        Kind::AnyObject | Kind::Interface(_) => RawValue::Null,
        Kind::Enum(name) => embedded().enumeration(name).map_or(RawValue::Null, |enumeration| {
            let number = enumeration.values.first().map_or(0, |value| value.number);
            RawValue::Enum(EnumValue { enumeration, number })
        }),
        _ => RawValue::Int(0),
    }
}
