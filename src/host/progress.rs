//! Progress objects. Work of this host is done when the call returns, so they are complete when handed out.

use super::document::{ElementId, ROOT};
use super::fault::code;
use super::state::{Address, State, nothing};
use super::value::text;
use super::{Fault, Outcome};
use crate::model::RawValue;

/// A finished piece of work.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) id: String,
    description: String,
    fault: Option<Fault>,
}

impl State {
    /// A progress object for work that has been done.
    pub(super) fn finished(&mut self, description: impl Into<String>, result: Outcome) -> RawValue {
        let id = self.global.add("IProgress", ROOT, "progress", 0);
        let progress = Progress { id: super::machines::new_id(), description: description.into(), fault: result.err() };
        self.progresses.insert(id, progress);
        Address::global(id).value("IProgress")
    }

    pub(super) fn find_progress(&self, wanted: &str) -> Outcome<RawValue> {
        let wanted = wanted.trim_matches(['{', '}']);
        let found = self.progresses.iter().find(|(_, progress)| progress.id.eq_ignore_ascii_case(wanted));
        let missing = || Fault::argument(format!("no progress has the id `{wanted}`"));
        found.map(|(element, _)| Address::global(*element).value("IProgress")).ok_or_else(missing)
    }

    pub(super) fn read_progress(&mut self, element: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let progress = self.progresses.get(&element).ok_or_else(super::state::gone)?;
        Ok(Some(match name {
            "id" => text(&progress.id),
            "description" | "operationDescription" => text(&progress.description),
            "initiator" => Address::VIRTUAL_BOX.value("IVirtualBox"),
            "percent" | "operationPercent" => RawValue::Int(100),
            "completed" => RawValue::Bool(true),
            "operationCount" | "operationWeight" => RawValue::Int(1),
            "resultCode" => {
                let failed = progress.fault.as_ref().map_or(0, |fault| fault.code);
                RawValue::Int(failed.cast_signed().into())
            }
            "errorInfo" => match progress.fault.clone() {
                Some(fault) => self.error_info(&fault, "IProgress"),
                None => RawValue::Null,
            },
            "eventSource" => self.source_of(Address::global(element)).value("IEventSource"),
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_progress(&mut self, element: ElementId, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "waitForCompletion" | "waitForOperationCompletion" => nothing(),
            "cancel" => {
                let what = self.progresses.get(&element).map_or("", |progress| &progress.description);
                Err(Fault::new(code::INVALID_OBJECT_STATE, format!("`{what}` cannot be cancelled: it is complete")))
            }
            _ => Ok(None),
        }
    }

    /// An error as an object.
    pub(super) fn error_info(&mut self, fault: &Fault, interface: &str) -> RawValue {
        let id = self.global.add("IVirtualBoxErrorInfo", ROOT, "error", 0);
        if let Some(element) = self.global.get_mut(id) {
            element.set("resultCode", RawValue::Int(fault.code.cast_signed().into()));
            element.set("text", text(&fault.message));
            element.set("component", text(super::control::COMPONENT));
            let known = crate::schema::embedded().interface(interface).map_or("", |interface| interface.id);
            element.set("interfaceID", text(known));
        }
        Address::global(id).value("IVirtualBoxErrorInfo")
    }
}
