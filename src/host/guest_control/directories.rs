//! `IGuestDirectory`: directories of a guest that a session has open for reading their entries.

use super::file_system::refused;
use super::paths::on_host;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

/// What a session's directory is to it.
const ROLE: &str = "guestDirectory";

impl State {
    /// `directoryOpen`.
    pub(super) fn open_guest_directory(
        &mut self,
        at: Address,
        original: View,
        arguments: Arguments<'_>,
    ) -> Outcome<RawValue> {
        let path = arguments.text(0);
        if !arguments.text(1).is_empty() {
            return Err(Fault::argument("VirtualBox does not implement filters of directories: leave it empty"));
        }
        let host_path = on_host(&self.root_of_guest(original)?, path)?;
        std::fs::read_dir(&host_path).map_err(|error| refused("cannot open the directory", path, &error))?;
        let number = self.next_number(at.element);
        let id = self.global.add("IGuestDirectory", at.element, ROLE, number);
        if let Some(directory) = self.global.get_mut(id) {
            directory.set("id", RawValue::Int(number.into()));
            directory.set("directoryName", text(path));
            directory.set("filter", text(""));
            directory.set("status", enumerated("DirectoryStatus", "Open"));
            directory.set("position", RawValue::Int(0));
        }
        let value = Address::global(id).value("IGuestDirectory");
        self.tell_registered(at.element, "OnGuestDirectoryRegistered", ("directory", value.clone()), true, Vec::new());
        Ok(value)
    }

    fn tell_directory(&mut self, at: Address, status: &'static str) {
        let Ok(session) = self.session_of(at.element) else { return };
        let values = vec![
            ("session", Address::global(session).value("IGuestSession")),
            ("directory", at.value("IGuestDirectory")),
            ("status", enumerated("DirectoryStatus", status)),
            ("error", RawValue::Null),
        ];
        self.fire_at(at, "OnGuestDirectoryStateChanged", values);
    }

    pub(super) fn call_guest_directory(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let directory = self.element(at)?;
        if directory.name("status") == "Close" || directory.name("status") == "Down" {
            return Err(Fault::new(code::E_UNEXPECTED, "the guest directory is closed"));
        }
        let path = directory.text("directoryName").to_owned();
        match name {
            "close" => {
                self.element_mut(at)?.set("status", enumerated("DirectoryStatus", "Close"));
                self.tell_directory(at, "Close");
                let session = self.session_of(at.element)?;
                self.global.retire(at.element);
                let value = ("directory", at.value("IGuestDirectory"));
                self.tell_registered(session, "OnGuestDirectoryRegistered", value, false, Vec::new());
                nothing()
            }
            "rewind" => {
                self.element_mut(at)?.set("position", RawValue::Int(0));
                self.tell_directory(at, "Rewind");
                nothing()
            }
            "read" | "list" => {
                let folder = on_host(&self.root_of_guest(original)?, &path)?;
                let names = entries(&folder).map_err(|error| refused("cannot read", &path, &error))?;
                let position = usize::try_from(self.element(at)?.int("position")).unwrap_or_default();
                let most = match name {
                    "read" => 1,
                    _ => usize::try_from(arguments.int(0)).ok().filter(|most| *most != 0).unwrap_or(usize::MAX),
                };
                let wanted: Vec<_> = names.into_iter().skip(position).take(most).collect();
                if wanted.is_empty() && name == "read" {
                    return Err(Fault::not_found(format!("the directory `{path}` has no more entries")));
                }
                let passed = i64::try_from(position + wanted.len()).unwrap_or(i64::MAX);
                self.element_mut(at)?.set("position", RawValue::Int(passed));
                let mut found = Vec::new();
                for entry in wanted {
                    let facts = folder.join(&entry).symlink_metadata();
                    let facts = facts.map_err(|error| refused("cannot read the entry", &entry, &error))?;
                    found.push(self.object_info(at.element, &entry, &facts));
                }
                match name {
                    "read" => Ok(Some(found)),
                    _ => one(RawValue::List(found)),
                }
            }
            _ => Ok(None),
        }
    }
}

/// Names in a directory, the two that every directory has first.
fn entries(folder: &Path) -> std::io::Result<Vec<String>> {
    let found = std::fs::read_dir(folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = found.collect();
    names.sort();
    let usual = [".", ".."].map(str::to_owned).into_iter();
    Ok(usual.chain(names).collect())
}
