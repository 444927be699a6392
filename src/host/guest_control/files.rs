//! `IGuestFile`: files of a guest that a session has open.

use super::file_system::refused;
use super::paths::on_host;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::events::EventValues;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Result, Seek, SeekFrom, Write};
use std::path::Path;

/// What a session's file is to it.
const ROLE: &str = "guestFile";
/// Most bytes that one read gives.
const MOST: u64 = 1 << 24;

impl State {
    /// `fileOpen`, `fileOpenEx`.
    pub(super) fn open_guest_file(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<RawValue> {
        let root = self.root_of_guest(original)?;
        let mode = arguments.int(if name == "fileOpen" { 3 } else { 4 });
        let (path, access, action) = (arguments.text(0).to_owned(), arguments.name(1), arguments.name(2));
        if access.starts_with("Append") {
            return Err(Fault::new(code::E_NOTIMPL, "VirtualBox does not implement the access modes that append"));
        }
        let file = open(&on_host(&root, &path)?, access, action, mode);
        let mut file = file.map_err(|error| refused("cannot open", &path, &error))?;
        let offset = file.stream_position().map_or(0, whole);
        let number = self.next_number(at.element);
        let id = self.global.add("IGuestFile", at.element, ROLE, number);
        if let Some(element) = self.global.get_mut(id) {
            element.set("id", RawValue::Int(number.into()));
            element.set("filename", text(&path));
            // As VirtualBox, which never asks.
            element.set("initialSize", RawValue::Int(0));
            element.set("offset", RawValue::Int(offset));
            element.set("creationMode", RawValue::Int(mode));
            element.set("accessMode", enumerated("FileAccessMode", access));
            element.set("openAction", enumerated("FileOpenAction", action));
            element.set("status", enumerated("FileStatus", "Open"));
        }
        self.open.files.insert(id, file);
        let value = Address::global(id).value("IGuestFile");
        self.tell_registered(at.element, "OnGuestFileRegistered", ("file", value.clone()), true, Vec::new());
        Ok(value)
    }

    /// The lowest number that no object of a session has.
    pub(super) fn next_number(&self, session: ElementId) -> u32 {
        let taken = |number: &u32| {
            self.global
                .iter()
                .any(|(_, known)| known.parent == session && known.index == *number && known.role != "retired")
        };
        (1..).find(|number| !taken(number)).unwrap_or(1)
    }

    fn tell_file(&mut self, at: Address, kind: &'static str, mut more: EventValues) {
        let Ok(session) = self.session_of(at.element) else { return };
        let mut values =
            vec![("session", Address::global(session).value("IGuestSession")), ("file", at.value("IGuestFile"))];
        values.append(&mut more);
        self.fire_at(at, kind, values);
    }

    pub(super) fn call_guest_file(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        if name == "setACL" {
            return Err(Fault::not_in_virtualbox("IFile.setACL"));
        }
        let path = self.element(at)?.text("filename").to_owned();
        let file = self.open.files.get_mut(&at.element).ok_or_else(closed)?;
        let failed = |error: std::io::Error| refused(&format!("`{name}`:"), &path, &error);
        match name {
            "close" => {
                self.open.files.remove(&at.element);
                self.element_mut(at)?.set("status", enumerated("FileStatus", "Closed"));
                let status = ("status", enumerated("FileStatus", "Closed"));
                self.tell_file(at, "OnGuestFileStateChanged", vec![status, ("error", RawValue::Null)]);
                let session = self.session_of(at.element)?;
                self.global.retire(at.element);
                let value = ("file", at.value("IGuestFile"));
                self.tell_registered(session, "OnGuestFileRegistered", value, false, Vec::new());
                nothing()
            }
            "querySize" => one(RawValue::Int(whole(file.metadata().map_err(failed)?.len()))),
            "queryInfo" => {
                let facts = file.metadata().map_err(failed)?;
                one(self.object_info(at.element, &path, &facts))
            }
            "setSize" => {
                let size = u64::try_from(arguments.int(0)).map_err(|_| Fault::argument("a size is not negative"))?;
                file.set_len(size).map_err(failed)?;
                self.tell_file(at, "OnGuestFileSizeChanged", vec![("newSize", arguments.value(0))]);
                nothing()
            }
            "seek" => {
                let offset = arguments.int(0);
                let place = match arguments.name(1) {
                    "Current" => SeekFrom::Current(offset),
                    "End" => SeekFrom::End(offset),
                    _ => SeekFrom::Start(u64::try_from(offset).map_err(|_| {
                        Fault::new(code::IPRT_ERROR, format!("{offset}: nothing stands before the file's begin"))
                    })?),
                };
                let offset = RawValue::Int(whole(file.seek(place).map_err(failed)?));
                self.element_mut(at)?.set("offset", offset.clone());
                let values = vec![("offset", offset.clone()), ("processed", RawValue::Int(0))];
                self.tell_file(at, "OnGuestFileOffsetChanged", values);
                one(offset)
            }
            "read" | "readAt" => {
                let (place, size) = if name == "read" { (None, 0) } else { (Some(arguments.int(0)), 1) };
                let wanted = u64::try_from(arguments.int(size)).unwrap_or_default();
                if wanted == 0 {
                    return Err(Fault::argument("the number of bytes to read is 0"));
                }
                let begin = move_to(file, place).map_err(failed)?;
                let mut bytes = Vec::new();
                file.take(wanted.min(MOST)).read_to_end(&mut bytes).map_err(failed)?;
                let count = whole(bytes.len() as u64);
                self.element_mut(at)?.set("offset", RawValue::Int(begin + count));
                let values = vec![
                    ("offset", RawValue::Int(begin + count)),
                    ("processed", RawValue::Int(count)),
                    ("data", RawValue::Blob(bytes.clone())),
                ];
                self.tell_file(at, "OnGuestFileRead", values);
                one(RawValue::Blob(bytes))
            }
            "write" | "writeAt" => {
                let (place, data) = if name == "write" { (None, 0) } else { (Some(arguments.int(0)), 1) };
                let bytes = arguments.blob(data);
                if bytes.is_empty() {
                    return Err(Fault::argument("there are no bytes to write"));
                }
                move_to(file, place).map_err(failed)?;
                file.write_all(&bytes).map_err(failed)?;
                let (end, count) = (whole(file.stream_position().map_err(failed)?), whole(bytes.len() as u64));
                self.element_mut(at)?.set("offset", RawValue::Int(end));
                let values = vec![("offset", RawValue::Int(end)), ("processed", RawValue::Int(count))];
                self.tell_file(at, "OnGuestFileWrite", values);
                one(RawValue::Int(count))
            }
            _ => Ok(None),
        }
    }
}

fn move_to(file: &mut File, place: Option<i64>) -> Result<i64> {
    if let Some(place) = place {
        let place = u64::try_from(place).map_err(|_| std::io::Error::from(ErrorKind::InvalidInput))?;
        file.seek(SeekFrom::Start(place))?;
    }
    file.stream_position().map(whole)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn closed() -> Fault {
    Fault::new(code::E_UNEXPECTED, "the guest file is closed")
}

/// Makes a file that must not be there.
fn create(path: &Path, mode: i64) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let mode = u32::try_from(mode).unwrap_or_default() & 0o7777;
        options.mode(if mode == 0 { 0o600 } else { mode });
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path).map(drop)
}

fn open(path: &Path, access: &str, action: &str, mode: i64) -> Result<File> {
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    match action {
        "CreateNew" => create(path, mode)?,
        "OpenOrCreate" | "CreateOrReplace" | "AppendOrCreate" => match create(path, mode) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        },
        _ => {}
    }
    if (access, action) == ("ReadOnly", "OpenExistingTruncated") {
        return Err(ErrorKind::InvalidInput.into());
    }
    if matches!(action, "CreateOrReplace" | "OpenExistingTruncated") {
        OpenOptions::new().write(true).truncate(true).open(path)?;
    }
    let mut options = OpenOptions::new();
    match access {
        "ReadOnly" => options.read(true),
        "WriteOnly" => options.write(true),
        _ => options.read(true).write(true),
    };
    let mut file = options.open(path)?;
    if action == "AppendOrCreate" {
        file.seek(SeekFrom::End(0))?;
    }
    Ok(file)
}
