//! `IVFSExplorer`: looks at folders of this computer, and removes files. Its list is as old as the last `update`.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::state::{Address, State, one};
use crate::host::value::{enumerated, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// What is known of an entry: name, type, size, mode.
const FIELDS: [&str; 4] = ["name", "kind", "size", "mode"];
const ENTRIES: &str = "explorerEntries";

impl State {
    pub(super) fn create_explorer(&mut self, uri: &str) -> RawValue {
        let id = self.global.add("IVFSExplorer", ROOT, "explorer", 0);
        if let Some(explorer) = self.global.get_mut(id) {
            explorer.set("path", text(uri.strip_prefix("file://").unwrap_or(uri)));
            explorer.set("type", enumerated("VFSType", "File"));
        }
        Address::global(id).value("IVFSExplorer")
    }

    pub(super) fn call_explorer(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "update" => {
                let result = self.list_folder(at);
                one(self.finished("Reading the folder", result))
            }
            "cd" => {
                self.set_path(at, arguments.text(0))?;
                let result = self.list_folder(at);
                one(self.finished("Reading the folder", result))
            }
            "cdUp" => {
                let path = PathBuf::from(self.path_of(at)?);
                let above = match path.parent() {
                    Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
                    Some(parent) => parent.to_owned(),
                    None => path,
                };
                self.set_path(at, &above.to_string_lossy())?;
                let result = self.list_folder(at);
                one(self.finished("Reading the folder above", result))
            }
            "entryList" => {
                let entries = self.global.children(at.element, ENTRIES);
                let column = |name: &&str| {
                    let values = entries.iter().filter_map(|id| self.global.get(*id)?.value(name).cloned());
                    RawValue::List(values.collect())
                };
                Ok(Some(FIELDS.iter().map(column).collect()))
            }
            "exists" => {
                let entries = self.global.children(at.element, ENTRIES);
                let there = |name: &String| {
                    entries.iter().any(|id| self.global.get(*id).is_some_and(|entry| entry.text("name") == name))
                };
                one(texts(arguments.texts(0).into_iter().filter(there)))
            }
            "remove" => {
                let folder = PathBuf::from(self.path_of(at)?);
                let result = arguments.texts(0).iter().try_for_each(|name| {
                    let path = folder.join(name);
                    std::fs::remove_file(&path).map_err(|error| Fault::file(&path, error))
                });
                one(self.finished("Removing files", result))
            }
            _ => Ok(None),
        }
    }

    /// Takes the list anew; a folder that cannot be read leaves the old one.
    fn list_folder(&mut self, at: Address) -> Outcome {
        let path = PathBuf::from(self.path_of(at)?);
        let entries = std::fs::read_dir(&path).map_err(|error| Fault::file(&path, error))?;
        for id in self.global.children(at.element, ENTRIES) {
            self.global.remove(id);
        }
        for (position, entry) in (0..).zip(entries.flatten()) {
            let Ok(facts) = std::fs::symlink_metadata(entry.path()) else { continue };
            let id = self.global.add("IVFSExplorer", at.element, ENTRIES, position);
            if let Some(element) = self.global.get_mut(id) {
                element.set("name", text(entry.file_name().to_string_lossy()));
                element.set("kind", RawValue::Int(kind(&facts)));
                element.set("size", RawValue::Int(i64::try_from(facts.len()).unwrap_or(i64::MAX)));
                element.set("mode", RawValue::Int(mode(&entry.path(), &facts)));
            }
        }
        Ok(())
    }
}

/// The number of the type in `FsObjType`.
fn kind(facts: &Metadata) -> i64 {
    let kind = facts.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        for (is, number) in
            [(kind.is_fifo(), 2), (kind.is_char_device(), 3), (kind.is_block_device(), 5), (kind.is_socket(), 8)]
        {
            if is {
                return number;
            }
        }
    }
    match () {
        () if kind.is_dir() => 4,
        () if kind.is_symlink() => 7,
        () if kind.is_file() => 6,
        () => 1,
    }
}

/// The permissions.
#[cfg(unix)]
fn mode(_: &Path, facts: &Metadata) -> i64 {
    i64::from(std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Path, facts: &Metadata) -> i64 {
    if facts.permissions().readonly() { 0o444 } else { 0o666 }
}
