//! Shared folders that end with a machine's run.

use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::running::SharedFolder;
use crate::host::state::{Address, State, View};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

/// What they are to their console.
const ROLE: &str = "sharedFolder";

impl State {
    /// `IConsole.sharedFolders`.
    pub(super) fn transient_folders(&mut self, console: Address, original: View) -> Outcome<RawValue> {
        if let Some(running) = self.running(original) {
            // Another process may have shared others, or ended some.
            let folders = running.record.folders.clone();
            for element in self.global.children(console.element, ROLE) {
                let name = self.global.get(element).map_or("", |element| element.text("name"));
                if !folders.iter().any(|folder| folder.name == name) {
                    self.global.remove(element);
                }
            }
            for folder in &folders {
                if self.global.named(console.element, ROLE, &folder.name).is_none() {
                    self.add_folder(console, folder);
                }
            }
        }
        self.parts(console, ROLE, "ISharedFolder")
    }

    fn add_folder(&mut self, console: Address, folder: &SharedFolder) {
        let id = self.global.add("ISharedFolder", console.element, ROLE, 0);
        if let Some(element) = self.global.get_mut(id) {
            element.set("name", text(&folder.name));
            element.set("hostPath", text(&folder.host_path));
            element.set("writable", RawValue::Bool(folder.writable));
            element.set("autoMount", RawValue::Bool(folder.auto_mount));
            element.set("autoMountPoint", text(&folder.mount_point));
        }
    }

    /// `IConsole.createSharedFolder`.
    pub(super) fn share_for_a_run(&mut self, console: Address, original: View, arguments: Arguments<'_>) -> Outcome {
        let folder = SharedFolder {
            name: arguments.text(0).to_owned(),
            host_path: arguments.text(1).to_owned(),
            writable: arguments.flag(2),
            auto_mount: arguments.flag(3),
            mount_point: arguments.text(4).to_owned(),
        };
        self.transient_folders(console, original)?;
        if self.global.named(console.element, ROLE, &folder.name).is_some() {
            let message = format!("a shared folder is named `{}` already", folder.name);
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        if folder.name.is_empty() {
            return Err(Fault::argument("a shared folder needs a name").by("ISharedFolder"));
        }
        let path = Path::new(&folder.host_path);
        if !path.is_absolute() || !path.exists() {
            return Err(Fault::argument(format!("the host has no folder `{}`", folder.host_path)).by("ISharedFolder"));
        }
        self.add_folder(console, &folder);
        if self.running(original).is_some() {
            self.change_record(original, |record| record.folders.push(folder))?;
        }
        self.tell_shared(original, "Session");
        Ok(())
    }

    /// `IConsole.removeSharedFolder`.
    pub(super) fn stop_sharing(&mut self, console: Address, original: View, name: &str) -> Outcome {
        self.transient_folders(console, original)?;
        let Some(element) = self.global.named(console.element, ROLE, name) else {
            return Err(Fault::new(code::FILE_ERROR, format!("no shared folder of this run is named `{name}`")));
        };
        self.global.remove(element);
        if self.running(original).is_some() {
            self.change_record(original, |record| record.folders.retain(|folder| folder.name != name))?;
        }
        self.tell_shared(original, "Session");
        Ok(())
    }

    /// Tells at the console that shared folders changed: of the run (`Session`), or of the settings (`Machine`).
    pub(in crate::host) fn tell_shared(&mut self, original: View, scope: &str) {
        self.fire_at_console(original, "OnSharedFolderChanged", vec![("scope", enumerated("Scope", scope))]);
    }
}
