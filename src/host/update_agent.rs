//! `IUpdateAgent`: when and where to look for a newer VirtualBox. The settings are kept; this host looks nowhere.

use super::arguments::Arguments;
use super::fault::code;
use super::progress::{Job, Reporter};
use super::state::{Address, State, one};
use super::table::When;
use super::{Fault, Outcome};
use crate::model::RawValue;

/// Seconds; VirtualBox does not look more than once a day.
const DAY: i64 = 86_400;
/// What VirtualBox's runtime says of a server that is not there.
const NOT_FOUND: i64 = -78;

impl State {
    pub(super) fn read_update_agent(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(match name {
            "eventSource" => Some(self.source_of(at).value("IEventSource")),
            "isCheckNeeded" => {
                let agent = self.element(at)?;
                let last = super::times::read(agent.text("lastCheckDate"));
                let due = last == 0 || super::state::now() - last >= agent.int("checkFrequency") * 1000;
                Some(RawValue::Bool(agent.flag("enabled") && due))
            }
            "midlDoesNotLikeEmptyInterfaces" => {
                return Err(Fault::new(code::E_FAIL, "the attribute has no value").by(""));
            }
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
        self.tell_agent_changed(at);
        Ok(true)
    }

    pub(super) fn call_update_agent(&mut self, at: Address, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "checkFor" => one(self.check_for_update(at)?),
            "download" | "install" | "rollback" => Err(Fault::new(
                code::NOT_SUPPORTED,
                "updates are not installed by this agent; use the system's packages",
            )),
            _ => Ok(None),
        }
    }

    /// Notes that it looked, and that no server of updates was there: this host asks none.
    fn check_for_update(&mut self, at: Address) -> Outcome<RawValue> {
        let close = move |state: &mut Self, result: Outcome| {
            let date = super::times::precise(super::state::now());
            state.exclusively(|state| {
                state.refresh();
                let agent = state.element_mut(at)?;
                let count = agent.int("checkCount");
                agent.set("checkCount", RawValue::Int(count + 1));
                agent.set("lastCheckDate", super::value::text(date));
                state.save_registry()
            })?;
            state.tell_agent_changed(at);
            let agent = ("agent", at.value("IUpdateAgent"));
            if let Err(fault) = &result {
                let values =
                    vec![agent, ("msg", super::value::text(&fault.message)), ("rcError", RawValue::Int(NOT_FOUND))];
                state.fire("OnUpdateAgentError", values);
            }
            result
        };
        let job = Job::new("Looking for a newer release", at, "IUpdateAgent");
        let unreached = Fault::new(code::IPRT_ERROR, "the embedded host asks no server of updates: none was reached");
        Ok(self.start_job(job, move |_: &Reporter| Err(unreached), close))
    }

    fn tell_agent_changed(&mut self, at: Address) {
        let agent = ("agent", at.value("IUpdateAgent"));
        self.fire("OnUpdateAgentSettingsChanged", vec![agent, ("attributeHint", super::value::text(""))]);
    }
}
