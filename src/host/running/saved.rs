//! Saved states. The file says what it is: no guest ran, so it holds the record of the run and nothing else.

use super::wrong_state;
use crate::host::files::atomic;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, now};
use crate::host::value::text;
use crate::host::{Fault, Outcome, times};
use crate::model::RawValue;
use std::path::PathBuf;

/// The first line of a saved state of this host.
pub(in crate::host) const MARK: &str = "vboxsh simulated machine state";

impl State {
    /// `IMachine.saveState`.
    pub(in crate::host) fn save_state(&mut self, view: View) -> Outcome<RawValue> {
        let original = self.machine_of(view);
        let state = self.machine(original)?.state;
        if !self.copies.contains_key(&view) || !matches!(state, "Running" | "Paused") {
            return Err(wrong_state("save the state of the machine", state));
        }
        let description = "Saving the execution state of the virtual machine";
        self.walk(original, "Saving")?;
        let job = Job::new(description, Address::machine(original), "IMachine").not_cancelable();
        let close = move |state: &mut Self, result: Outcome| {
            let saved = result.and_then(|()| state.write_saved_state(original));
            match saved {
                Ok(()) => state.end_run(original, "Saved"),
                Err(fault) => state.walk(original, "Paused").and(Err(fault)),
            }
        };
        Ok(self.start_job(job, |report: &Reporter| report.check(), close))
    }

    fn write_saved_state(&mut self, original: View) -> Outcome {
        // Changes of the settings are saved with the state.
        if let Some(view) = self.running(original).and_then(|running| running.view)
            && self.copies.get(&view).is_some_and(|copy| copy.modified)
        {
            // It is told when the state is saved, too.
            self.save_quietly(view)?;
        }
        let file = self.write_state_file(original)?;
        self.set_state_file(original, &file.to_string_lossy())?;
        self.log(original, &format!("State saved to {}.", file.display()));
        Ok(())
    }

    /// Writes a file with the state of a machine that runs, into its snapshot folder.
    pub(in crate::host) fn write_state_file(&self, original: View) -> Outcome<PathBuf> {
        let folder = self.folder_of(original)?.join(self.element(Address::machine(original))?.text("snapshotFolder"));
        std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, error))?;
        let file = folder.join(state_file_name());
        let record = self.record(original)?;
        let content = format!(
            "{MARK}\nNo guest ran in this machine, so there is nothing to restore but that it was on.\nresumes {}\n",
            record.resumes
        );
        atomic::replace(&file, content.as_bytes()).map_err(|error| Fault::file(&file, error))?;
        Ok(file)
    }

    /// Notes the saved state in the settings and every copy of them; empty: none. A file in the machine's folder is
    /// named relative to it, as VirtualBox does.
    pub(in crate::host) fn set_state_file(&mut self, original: View, file: &str) -> Outcome {
        let folder = self.folder_of(original)?;
        let file = PathBuf::from(file);
        let file = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned();
        let copies = self.copies.iter().filter(|(_, copy)| copy.machine == original).map(|(view, _)| *view);
        for view in copies.chain([original]).collect::<Vec<_>>() {
            self.element_mut(Address::machine(view))?.set("stateFilePath", text(file.clone()));
        }
        Ok(())
    }

    /// A restored machine has used its saved state up.
    pub(super) fn consume_saved_state(&mut self, original: View) -> Outcome {
        let file = self.folder_of(original)?.join(self.element(Address::machine(original))?.text("stateFilePath"));
        self.set_state_file(original, "")?;
        self.exclusively(|state| {
            let now_in = state.machine(original)?.state;
            state.write_state(original, now_in)
        })?;
        let _ = std::fs::remove_file(file);
        Ok(())
    }
}

/// As VirtualBox names them: the time, with nanoseconds.
fn state_file_name() -> String {
    let milliseconds = now();
    let time = times::write(milliseconds).replace(':', "-");
    let time = time.trim_end_matches('Z');
    format!("{time}-{:09}Z.sav", milliseconds.rem_euclid(1000) * 1_000_000)
}
