//! `IVirtualBoxClient`: what a program sees of its own side of the connection. And the interfaces of sessions and
//! progresses that the API keeps for itself, as far as callers reach them (`queryInterface`).

use super::arguments::Arguments;
use super::document::ElementId;
use super::fault::code;
use super::state::{Address, State, nothing};
use super::{Fault, Outcome};
use crate::model::RawValue;

impl State {
    /// The one client of this connection.
    pub(super) fn client(&mut self) -> Address {
        self.global_part("IVirtualBoxClient", "client", 0)
    }

    pub(super) fn read_client(&mut self, at: Address, name: &str) -> Option<RawValue> {
        match name {
            "virtualBox" => Some(Address::VIRTUAL_BOX.value("IVirtualBox")),
            // Each read makes one, as each client of VirtualBox has its own.
            "session" => Some(Address::global(self.new_session()).value("ISession")),
            "eventSource" => Some(self.source_of(at).value("IEventSource")),
            _ => None,
        }
    }

    pub(super) fn call_client(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        if name != "checkMachineError" {
            return Ok(None);
        }
        let machine = arguments.object(0).ok_or_else(|| Fault::argument("no machine was given"))?;
        self.look_again(machine.view);
        match self.machine(machine.view)?.access_error.clone() {
            Some(fault) => Err(fault),
            None => nothing(),
        }
    }

    /// `IInternalSessionControl`: what others may know of a session without holding a running machine's.
    pub(super) fn read_session_control(&self, session: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "PID" => Ok(Some(RawValue::Int(std::process::id().into()))),
            "remoteConsole" => {
                let message = "the console is in the process that runs the machine, and not in this session";
                Err(Fault::new(code::INVALID_OBJECT_STATE, message).by("ISession"))
            }
            "nominalState" if self.sessions.get(&session).is_none_or(|session| session.view.is_none()) => {
                Err(Fault::new(code::INVALID_VM_STATE, "the session is not locked").by(""))
            }
            "nominalState" => {
                Err(Fault::new(code::INVALID_OBJECT_STATE, "the session does not run the machine").by(""))
            }
            _ => Ok(None),
        }
    }

    /// `IInternalProgressControl`: only whoever does the work may say how far it is.
    pub(super) fn call_progress_control(
        &mut self,
        element: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "notifyPointOfNoReturn" => {
                self.forbid_cancelling(element)?;
                nothing()
            }
            "setCurrentOperationProgress" if arguments.int(0) > 100 => {
                Err(Fault::argument(format!("{} percent are more than all", arguments.int(0))).by(""))
            }
            "setCurrentOperationProgress"
            | "setNextOperation"
            | "waitForOtherProgressCompletion"
            | "notifyComplete" => {
                Err(Fault::new(code::E_FAIL, "the work is not the caller's to report of, or has ended").by(""))
            }
            _ => Ok(None),
        }
    }
}

/// The interface that objects of `interface` have besides it and those it extends.
pub(super) fn beside(interface: &str) -> Option<&'static str> {
    match interface {
        "ISession" => Some("IInternalSessionControl"),
        "IProgress" => Some("IInternalProgressControl"),
        _ => None,
    }
}
