//! What is done to a machine while it runs: halting, resetting, cutting its power; and the end of a run.

use super::{not_running, wrong_state};
use crate::host::files;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, now};
use crate::host::times;
use crate::host::{Outcome, registry};
use crate::model::RawValue;
use std::time::Duration;

/// Not even a simulated machine is off at once: who asks for it, and then gives the session back, still has it.
const GOES_OFF_WITHIN: Duration = Duration::from_millis(30);

impl State {
    /// `IConsole.pause`.
    pub(in crate::host) fn pause(&mut self, original: View) -> Outcome {
        match self.machine(original)?.state {
            "Running" | "LiveSnapshotting" | "Teleporting" => {}
            state => return Err(wrong_state("pause the machine", state)),
        }
        let id = self.machine(original)?.id.clone();
        self.engine.halt(&id, true)?;
        self.log(original, "Paused.");
        self.walk(original, "Paused")
    }

    /// `IConsole.resume`.
    pub(in crate::host) fn resume(&mut self, original: View) -> Outcome {
        match self.machine(original)?.state {
            "Paused" | "TeleportingPausedVM" => {}
            state => return Err(wrong_state("resume the machine, which is not paused", state)),
        }
        let id = self.machine(original)?.id.clone();
        self.engine.halt(&id, false)?;
        self.count_resume(original)?;
        self.log(original, "Resumed.");
        self.walk(original, "Running")
    }

    /// Once more a machine goes on after it was halted.
    pub(in crate::host) fn count_resume(&mut self, original: View) -> Outcome {
        self.change_record(original, |record| record.resumes += 1)?;
        let count = self.record(original)?.resumes.to_string();
        self.set_host_property(original, "/VirtualBox/VMInfo/ResumeCounter", &count)
    }

    /// `IConsole.reset`.
    pub(in crate::host) fn reset(&mut self, original: View) -> Outcome {
        match self.machine(original)?.state {
            "Running" | "Teleporting" | "LiveSnapshotting" => {}
            state => return Err(wrong_state("reset the machine", state)),
        }
        self.change_record(original, |record| record.resets += 1)?;
        let count = self.record(original)?.resets.to_string();
        self.set_host_property(original, "/VirtualBox/VMInfo/ResetCounter", &count)?;
        self.log(original, "Reset.");
        self.fire_at_console(original, "OnMousePointerShapeChanged", Vec::new());
        if self.guest_root(original).is_some() {
            // The guest starts anew, and its Additions say so.
            self.fire_at_console(original, "OnAdditionsStateChanged", Vec::new());
        }
        Ok(())
    }

    /// A button is pressed; a guest that does nothing does not notice.
    pub(in crate::host) fn press_button(&mut self, original: View, name: &str) {
        self.log(original, &format!("{name}: nobody noticed."));
    }

    /// `IConsole.powerDown`.
    pub(in crate::host) fn power_down(&mut self, original: View) -> Outcome<RawValue> {
        let running = self.running(original).is_some();
        match self.machine(original)?.state {
            "Running" | "Paused" | "Stuck" if running => {}
            state => return Err(wrong_state("power the machine down", state)),
        }
        self.walk(original, "Stopping")?;
        let job = Job::new("Stopping the virtual machine", Address::machine(original), "IConsole").not_cancelable();
        let close = move |state: &mut Self, result: Outcome| {
            result?;
            if state.running(original).is_none() {
                return Err(not_running());
            }
            let id = state.machine(original)?.id.clone();
            state.engine.power_off(&id)?;
            state.log(original, "Powered off.");
            state.end_run(original, "PoweredOff")
        };
        let work = |report: &Reporter| {
            std::thread::sleep(GOES_OFF_WITHIN);
            report.check()
        };
        Ok(self.start_job(job, work, close))
    }

    /// The end of a run: the record goes, guest properties that stay are saved, sessions end, media are free.
    pub(in crate::host) fn end_run(&mut self, original: View, to: &'static str) -> Outcome {
        self.exclusively(|state| {
            let lasting: Vec<_> = state
                .record(original)?
                .properties
                .iter()
                .filter(|(_, property)| !property.flags.split(", ").any(|flag| flag.starts_with("TRANS")))
                .map(|(name, property)| (name.clone(), property.clone()))
                .collect();
            state.document_mut(original)?.guest_properties = lasting.into_iter().collect();
            state.put_guest_properties(original)?;
            state.write_state(original, to)?;
            let machine = state.machine(original)?;
            let file = files::run_file(&machine.settings_file, &machine.id);
            let _ = std::fs::remove_file(file);
            files::presence::changed();
            Ok(())
        })?;
        self.tell_state(original, to)?;
        if to == "Saved" {
            let id = self.machine(original)?.id.clone();
            self.fire_machine("OnMachineDataChanged", &id, Vec::new());
        }
        self.forget_running(original);
        self.tell_session(original, "Unlocked")
    }

    /// Writes what the settings file says of a machine's state, and nothing else.
    pub(in crate::host) fn write_state(&mut self, original: View, to: &'static str) -> Outcome {
        let changed = now();
        let saved = self.element(Address::machine(original))?.text("stateFilePath").to_owned();
        let machine = self.machine_mut(original)?;
        (machine.state, machine.last_state_change) = (to, changed);
        if let Some(tree) = machine.tree.as_mut() {
            let aborted = matches!(to, "Aborted" | "AbortedSaved").then(|| "true".to_owned());
            tree.set_value("Machine@aborted", aborted);
            tree.set_value("Machine@lastStateChange", Some(times::write(changed)));
            tree.set_value("Machine@stateFile", Some(saved).filter(|saved| !saved.is_empty()));
            registry::write(&machine.settings_file, tree)?;
            machine.stamp = registry::stamp(&machine.settings_file);
        }
        Ok(())
    }
}
