//! `IMachineDebugger`: what can be said of a machine that executes nothing.

use crate::host::fault::code;
use crate::host::state::{State, View, nothing, now, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

impl State {
    pub(super) fn read_debugger(&mut self, original: View, name: &str) -> Outcome<Option<RawValue>> {
        let setting = |default| self.run_setting(original, &format!("IMachineDebugger.{name}"), default);
        Ok(Some(match name {
            "singleStep" => return Err(Fault::not_in_virtualbox("IMachineDebugger.singleStep")),
            "executeAllInIEM" | "recompiledIEMExecution" | "logEnabled" => RawValue::Bool(setting(0) != 0),
            "HWVirtExNestedPagingEnabled" | "HWVirtExVPIDEnabled" | "HWVirtExUXEnabled" | "PAEEnabled" => {
                RawValue::Bool(false)
            }
            "virtualTimeRate" => RawValue::Int(setting(100)),
            // Nothing is executed, so there is nothing that does it.
            "executionEngine" => enumerated("VMExecutionEngine", "NotSet"),
            "OSName" | "OSVersion" => return Err(no_guest()),
            "uptime" => {
                RawValue::Int(self.running(original).map_or(0, |running| (now() - running.record.started).max(0)))
            }
            // There is no log of an engine whose groups and flags could be chosen.
            _ if name.starts_with("log") => text(""),
            _ => return Ok(None),
        }))
    }

    pub(super) fn check_debugger(&self, original: View, name: &str, value: i64) -> Outcome {
        match name {
            "singleStep" => Err(Fault::not_in_virtualbox("IMachineDebugger.singleStep")),
            "virtualTimeRate" if !(2..=20_000).contains(&value) => {
                Err(Fault::argument(format!("{value} % is no rate of time: it must be in the range 2 to 20000")))
            }
            "virtualTimeRate" | "logEnabled" => Ok(()),
            _ => self.check_powered(original),
        }
    }

    pub(super) fn call_debugger(&mut self, original: View, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        self.check_powered(original)?;
        match name {
            "detectOS" | "info" => Err(no_guest()),
            "queryOSKernelLog" | "getRegister" | "setRegister" | "getRegisters" | "setRegisters" | "dumpGuestStack"
            | "injectNMI" | "unloadPlugIn" | "dumpGuestCore" => {
                Err(Fault::new(code::E_FAIL, format!("`{name}` needs a guest that runs, and this one is simulated")))
            }
            "dumpHostProcessCore"
            | "readPhysicalMemory"
            | "writePhysicalMemory"
            | "readVirtualMemory"
            | "writeVirtualMemory" => Err(Fault::not_in_virtualbox(format!("IMachineDebugger.{name}"))),
            "loadPlugIn" => Err(Fault::not_found("there are no plug-ins for the debugger")),
            "getStats" => {
                one(text("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<Statistics></Statistics>\n"))
            }
            "resetStats" | "dumpStats" | "modifyLogGroups" | "modifyLogFlags" | "modifyLogDestinations" => nothing(),
            _ => Ok(None),
        }
    }
}

fn no_guest() -> Fault {
    Fault::new(code::VM_ERROR, "the guest is simulated: there is no system in it to look at")
}
