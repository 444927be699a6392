//! `IUpdateAgent`: when and where to look for a newer VirtualBox. The settings are kept; this host looks nowhere.

use super::arguments::Arguments;
use super::fault::code;
use super::state::{Address, State};
use super::table::When;
use super::{Fault, Outcome};
use crate::model::RawValue;

/// Seconds; VirtualBox does not look more than once a day.
const DAY: i64 = 86_400;

impl State {
    pub(super) fn read_update_agent(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(match name {
            "eventSource" => Some(self.source_of(at).value("IEventSource")),
            // It never looked.
            "isCheckNeeded" => Some(RawValue::Bool(self.element(at)?.flag("enabled"))),
            _ => None,
        })
    }

    pub(super) fn write_update_agent(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let given = arguments.text(0);
        match name {
            "checkFrequency" if arguments.int(0) < DAY => {
                return Err(Fault::argument(format!("{} seconds are less than a day ({DAY})", arguments.int(0)))
                    .by("IUpdateAgent"));
            }
            "repositoryURL" if !given.is_empty() && !given.starts_with("https://") => {
                return Err(Fault::argument(format!(
                    "`{given}` is no address of updates: it must begin with https://"
                ))
                .by("IUpdateAgent"));
            }
            _ => {}
        }
        let row = super::table::find(self.element(at)?.interface, name).filter(|row| row.when != When::Never);
        let Some(row) = row else { return Ok(false) };
        self.exclusively(|state| {
            state.refresh();
            state.element_mut(at)?.set(row.name, arguments.value(0));
            state.save_registry()
        })?;
        Ok(true)
    }

    pub(super) fn call_update_agent(&mut self, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "download" | "install" | "rollback" => Err(Fault::new(
                code::NOT_SUPPORTED,
                "updates are not installed by this agent; use the system's packages",
            )),
            _ => Ok(None),
        }
    }
}
