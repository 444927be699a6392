//! Shared folders of a machine.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing};
use crate::host::table::When;
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Component, Path};

/// What they are to the machine.
const ROLE: &str = "sharedFolders";

impl State {
    pub(super) fn read_shared_folder(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        let path = self.element(at)?.text("hostPath");
        Ok(Some(match name {
            "accessible" => RawValue::Bool(Path::new(path).is_dir()),
            "lastAccessError" => {
                let error = std::fs::read_dir(path).err();
                text(error.map_or(String::new(), |error| format!("cannot open `{path}`: {error}")))
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_shared_folder(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "symlinkPolicy" if arguments.name(0) == "None" => {
                Err(Fault::argument("`None` is what a folder has that was never given a policy; name another one"))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn call_shared_folders(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        self.check_mutable(at.view, When::OffOrRunning)?;
        if name == "createSharedFolder" {
            self.create_shared_folder(at, arguments)?;
            return nothing();
        }
        let wanted = arguments.text(0);
        let found = self.document(at.view)?.named(ROOT, ROLE, wanted);
        let missing = || Fault::not_found(format!("the machine has no shared folder named `{wanted}`"));
        let id = found.ok_or_else(missing)?;
        self.document_mut(at.view)?.retire(id);
        self.touch(at.view);
        nothing()
    }

    fn create_shared_folder(&mut self, at: Address, arguments: Arguments<'_>) -> Outcome {
        let [name, path, mount_point] = [0, 1, 4].map(|at| arguments.text(at));
        if self.document(at.view)?.named(ROOT, ROLE, name).is_some() {
            return Err(Fault::new(code::OBJECT_IN_USE, format!("a shared folder is named `{name}` already")));
        }
        check(name, path).map_err(|fault| fault.by("ISharedFolder"))?;
        let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let position = self.document(at.view)?.children(ROOT, ROLE).len();
        let document = self.document_mut(at.view)?;
        let id = document.add("ISharedFolder", ROOT, ROLE, u32::try_from(position).unwrap_or_default());
        if let Some(folder) = document.get_mut(id) {
            folder.set("name", text(name));
            folder.set("hostPath", text(path));
            folder.set("writable", arguments.value(2));
            folder.set("autoMount", arguments.value(3));
            folder.set("autoMountPoint", text(mount_point));
        }
        self.touch(at.view);
        Ok(())
    }
}

/// A folder that exists, by a path without detours.
fn check(name: &str, path: &str) -> Outcome {
    if name.is_empty() {
        return Err(Fault::argument("a shared folder needs a name"));
    }
    let detour = Path::new(path).components().any(|part| matches!(part, Component::ParentDir | Component::CurDir));
    if !Path::new(path).is_absolute() || detour {
        return Err(Fault::argument(format!("`{path}` is no full path without `.` and `..`")));
    }
    if !Path::new(path).is_dir() {
        return Err(Fault::argument(format!("`{path}` is no folder of this computer")));
    }
    Ok(())
}
