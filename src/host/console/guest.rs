//! `IGuest`: of a machine without Guest Additions, or with the simulated guest that `guest_control` knows.

use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome, guest_control};
use crate::model::RawValue;

impl State {
    pub(super) fn read_guest(&mut self, at: Address, original: View, name: &str) -> Outcome<Option<RawValue>> {
        let additions = self.guest_root(original).is_some();
        Ok(Some(match name {
            "OSTypeId" => {
                let view = self.console_view(original)?;
                text(self.element(Address { view, element: ROOT })?.text("OSTypeId"))
            }
            "additionsRunLevel" => enumerated("AdditionsRunLevelType", if additions { "Userland" } else { "None" }),
            "additionsVersion" => text(if additions { crate::schema::embedded().version().full } else { "" }),
            "additionsRevision" => RawValue::Int(0),
            "sessions" => self.guest_sessions(at),
            "facilities" if additions => self.guest_facilities(original),
            "dnDSource" => self.console_part(at.element, "dnDSource", "IGuestDnDSource").value("IGuestDnDSource"),
            "dnDTarget" => self.console_part(at.element, "dnDTarget", "IGuestDnDTarget").value("IGuestDnDTarget"),
            "facilities" => RawValue::List(Vec::new()),
            "memoryBalloonSize" => {
                let view = self.console_view(original)?;
                let own = self.element(Address { view, element: ROOT })?.int("memoryBalloonSize");
                RawValue::Int(self.run_setting(original, "IGuest.memoryBalloonSize", own))
            }
            "statisticsUpdateInterval" => {
                RawValue::Int(self.run_setting(original, "IGuest.statisticsUpdateInterval", 0))
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn check_balloon(&mut self, original: View, size: i64) -> Outcome {
        self.check_powered(original)?;
        let view = self.console_view(original)?;
        let memory = self.element(Address { view, element: ROOT })?.int("memorySize");
        if size > memory * 9 / 10 {
            return Err(Fault::argument(format!("{size} MB: the balloon may have at most {} MB", memory * 9 / 10))
                .by("IMachine"));
        }
        Ok(())
    }

    pub(super) fn call_guest(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let additions = self.guest_root(original).is_some();
        let without = |what: &str| format!("{what}: no Guest Additions run in the machine");
        match name {
            "internalGetStatistics" => self.guest_statistics(original, additions).map(Some),
            "getFacilityStatus" if additions => {
                let started = self.running(original).map_or(0, |running| running.record.started);
                let status = guest_control::facility_status(arguments.name(0));
                let time = if status == "Unknown" { 0 } else { started };
                Ok(Some(vec![enumerated("AdditionsFacilityStatus", status), RawValue::Int(time)]))
            }
            "getFacilityStatus" => Ok(Some(vec![enumerated("AdditionsFacilityStatus", "Unknown"), RawValue::Int(0)])),
            "getAdditionsStatus" => match arguments.name(0) {
                "System" | "Userland" if additions => one(RawValue::Bool(true)),
                "System" | "Userland" | "Desktop" => one(RawValue::Bool(false)),
                other => Err(Fault::new(code::NOT_SUPPORTED, format!("`{other}` is no level to ask for"))),
            },
            // Kept for a guest that would fetch them; this one does not.
            "setCredentials" => self.check_powered(original).and_then(|()| nothing()),
            "createSession" if arguments.text(0).is_empty() => Err(Fault::argument("a guest session needs a user")),
            "createSession" if additions => one(self.create_guest_session(at, arguments)?),
            "createSession" => Err(Fault::new(code::GSTCTL_GUEST_ERROR, without("a guest session cannot be started"))),
            "findSession" => one(self.find_guest_session(at, arguments.text(0))?),
            "shutdown" if additions => {
                let flags: Vec<_> = arguments.list(0).iter().map(crate::host::value::name_of).collect();
                match (flags.contains(&"PowerOff"), flags.contains(&"Reboot")) {
                    (true, false) => self.power_down(original).map(drop)?,
                    (false, true) => self.reset(original)?,
                    (true, true) => return Err(Fault::argument("PowerOff and Reboot exclude each other")),
                    (false, false) => {
                        let message = "the flags say neither PowerOff nor Reboot: nothing was done";
                        return Err(Fault::new(code::IPRT_ERROR, message));
                    }
                }
                nothing()
            }
            "shutdown" => Err(Fault::new(code::IPRT_ERROR, without("the guest cannot be shut down"))),
            "updateGuestAdditions" => Err(Fault::new(code::IPRT_ERROR, without("there is nothing to update"))),
            _ => Ok(None),
        }
    }

    /// Shares of the processor, then KiB of memory: none of a guest that was not told to report, and those of a guest
    /// that does nothing of the simulated one.
    fn guest_statistics(&mut self, original: View, additions: bool) -> Outcome<Vec<RawValue>> {
        let mut values = [0; 13];
        if additions && self.run_setting(original, "IGuest.statisticsUpdateInterval", 0) > 0 {
            let view = self.console_view(original)?;
            let memory = self.element(Address { view, element: ROOT })?.int("memorySize") * 1024;
            // cpuIdle, memTotal, memFree.
            (values[2], values[3], values[4]) = (100, memory, memory);
        }
        Ok(values.map(RawValue::Int).to_vec())
    }
}
