//! `IMachineDebugger`: what can be said of a machine that executes nothing.

use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, nothing, now, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::time::{Duration, Instant};

/// The number that stands for all processors.
const ALL: i64 = 0x7fff_ffff;
/// Milliseconds over which the load is measured.
const LOAD_INTERVAL: i64 = 1000;

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

    pub(super) fn call_debugger(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
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
            "getCPULoad" => {
                let (processor, count) = (arguments.int(0), self.processor_count(original)?);
                if processor < ALL && processor >= count {
                    let message = format!("there is no processor {processor}: the machine has {count}");
                    return Err(Fault::new(code::VM_ERROR, message));
                }
                // Nothing is executed: the processors are halted all the time.
                Ok(Some([LOAD_INTERVAL, 0, 100, 0].map(RawValue::Int).to_vec()))
            }
            "takeGuestSample" => self.take_sample(at, original, arguments),
            "getUVMAndVMMFunctionTable" => {
                Err(Fault::new(code::E_FAIL, "the machine is simulated: it has no tables of functions to share"))
            }
            "resetStats" | "dumpStats" | "modifyLogGroups" | "modifyLogFlags" | "modifyLogDestinations" => nothing(),
            _ => Ok(None),
        }
    }

    fn processor_count(&mut self, original: View) -> Outcome<i64> {
        let view = self.console_view(original)?;
        Ok(self.element(Address { view, element: ROOT })?.int("CPUCount"))
    }

    /// Watches the guest for a while, and writes what it executed: nothing.
    fn take_sample(&mut self, at: Address, original: View, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        const BUSY: &str = "sampling";
        if self.element(at)?.flag(BUSY) {
            return Err(Fault::new(code::INVALID_VM_STATE, "a sample of this guest is being taken already"));
        }
        let path = std::path::PathBuf::from(arguments.text(0));
        let time = Duration::from_micros(u64::try_from(arguments.int(2)).unwrap_or_default());
        let processors = (0..self.processor_count(original)?).map(|number| format!("vCPU {number}: nothing ran\n"));
        let report: String = processors.collect();
        self.element_mut(at)?.set(BUSY, RawValue::Bool(true));
        let work = move |reporter: &Reporter| {
            let start = Instant::now();
            while start.elapsed() < time {
                reporter.done(
                    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
                    u64::try_from(time.as_micros()).unwrap_or(u64::MAX),
                )?;
                std::thread::sleep((time - start.elapsed().min(time)).min(Duration::from_millis(20)));
            }
            let failed = |cause| {
                Fault::new(code::IPRT_ERROR, format!("cannot write the sample to `{}`: {cause}", path.display()))
            };
            std::fs::write(&path, report).map_err(failed)
        };
        let close = move |state: &mut Self, result: Outcome| {
            if let Ok(debugger) = state.element_mut(at) {
                debugger.set(BUSY, RawValue::Bool(false));
            }
            result
        };
        one(self.start_job(Job::new("Sampling the guest", at, "IMachineDebugger"), work, close))
    }
}

fn no_guest() -> Fault {
    Fault::new(code::VM_ERROR, "the guest is simulated: there is no system in it to look at")
}
