//! `IEvent` and `IVetoEvent`: an event in the hands of a listener.

use super::is_waitable;
use crate::host::Outcome;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::state::{Address, State, gone, nothing, one};
use crate::host::value::texts;
use crate::model::RawValue;

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
