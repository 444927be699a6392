//! `VBox.log` of a machine: started anew with each run, the older ones kept beside it.

use crate::host::state::{Address, State, View, now};
use crate::host::{Fault, Outcome, times};
use std::io::Write as _;
use std::path::PathBuf;

impl State {
    fn log_file(&self, original: View) -> Outcome<PathBuf> {
        Ok(self.folder_of(original)?.join("Logs").join("VBox.log"))
    }

    /// Begins a new log. As many older ones are kept as the system properties say.
    pub(super) fn start_log(&mut self, original: View) -> Outcome {
        let file = self.log_file(original)?;
        let folder = file.parent().map(ToOwned::to_owned).unwrap_or_default();
        std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, error))?;
        let properties = self.properties_object("ISystemProperties");
        let kept = self.element(properties)?.int("logHistoryCount").clamp(0, 100);
        let numbered = |number: i64| folder.join(format!("VBox.log.{number}"));
        if kept == 0 {
            let _ = std::fs::remove_file(&file);
        }
        for number in (1..kept).rev() {
            let _ = std::fs::rename(numbered(number), numbered(number + 1));
        }
        if kept > 0 {
            let _ = std::fs::rename(&file, numbered(1));
        }
        let machine = self.machine(original)?;
        let (id, started) = (machine.id.clone(), times::write(now()));
        let root = self.element(Address::machine(original))?;
        let (os_type, memory, processors) = (root.text("OSTypeId"), root.int("memorySize"), root.int("CPUCount"));
        let record = self.record(original)?;
        let content = format!(
            "vboxsh {}, engine {}.\nThis is no log of VirtualBox, and no guest runs.\nStarted {started} by process {} with the front end `{}`\nMachine `{}` {id}\nType of guest {os_type}, {memory} MB, {processors} processors\n",
            env!("CARGO_PKG_VERSION"),
            crate::host::ENGINE,
            record.pid,
            record.front_end,
            self.machine_name(original),
        );
        std::fs::write(&file, content).map_err(|error| Fault::file(&file, error))
    }

    /// Adds a line. A log that cannot be written is no reason to stop a machine.
    pub(super) fn log(&self, original: View, line: &str) {
        let Ok(file) = self.log_file(original) else { return };
        if let Ok(mut file) = std::fs::OpenOptions::new().append(true).open(file) {
            let _ = writeln!(file, "{} {line}", times::write(now()));
        }
    }
}
