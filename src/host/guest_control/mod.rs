//! Guest control of a simulated guest with Additions: sessions, files, directories and processes.
//!
//! A machine has such a guest when its extra data name a folder ([`KEY`]): the folder is what the guest has as `/`.
//! Without it the guest has no Additions, and `IGuest.createSession` is refused as VirtualBox does. Sessions belong to
//! the process that made them. Programs of this computer are never run: see `programs`. Result codes and events are
//! those that VirtualBox 7.2.22 gave with a Linux guest.

mod copying;
mod directories;
mod file_system;
mod files;
mod objects;
mod paths;
mod processes;
mod programs;
mod sessions;

use super::arguments::Arguments;
use super::document::{ElementId, GuestProperty};
use super::events::EventValues;
use super::state::{Address, State, View, gone};
use super::value::{enumerated, text};
use super::{Fault, Outcome};
use crate::model::{RawValue, StructValue};
use crate::schema::embedded;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Extra data of a machine: the folder of this computer that is the file system of its simulated guest.
pub(super) const KEY: &str = "vboxsh/SimulatedGuest";

/// Version of the guest control protocol that Additions of today speak.
const PROTOCOL: i64 = 2;

/// What callers have open in simulated guests, by the object that stands for it.
#[derive(Default)]
pub(super) struct Open {
    files: HashMap<ElementId, std::fs::File>,
    processes: HashMap<ElementId, processes::Process>,
}

/// What this process answers for in a guest.
const INTERFACES: [&str; 12] = [
    "IGuestSession",
    "IProcess",
    "IGuestProcess",
    "IFile",
    "IGuestFile",
    "IDirectory",
    "IGuestDirectory",
    "IFsObjInfo",
    "IGuestFsObjInfo",
    "IFsInfo",
    "IGuestFsInfo",
    "IAdditionsFacility",
];

/// Whether members of that interface are answered here.
pub(super) fn owns(interface: &str) -> bool {
    INTERFACES.contains(&interface)
}

impl State {
    /// The folder that a machine's simulated guest has as `/`; `None` for one without Additions.
    pub(super) fn guest_root(&self, original: View) -> Option<PathBuf> {
        self.running(original)?;
        self.guest_folder(original)
    }

    /// The same of a machine that need not run.
    fn guest_folder(&self, original: View) -> Option<PathBuf> {
        let document = self.document(original).ok()?;
        let folder = document.get(super::document::ROOT)?.properties.get(KEY)?;
        let folder = self.folder_of(original).ok()?.join(folder);
        folder.is_dir().then_some(folder)
    }

    /// What Additions tell of their guest as soon as they run: guest properties with their flags; nothing where none run.
    pub(super) fn told_by_guest(&self, original: View, version: &str, revision: &str) -> Vec<(String, GuestProperty)> {
        if self.guest_folder(original).is_none() {
            return Vec::new();
        }
        const PASSING: &str = "TRANSIENT, TRANSRESET";
        let short = version.split('_').next().unwrap_or_default();
        let all = [
            ("GuestAdd/Version", short, ""),
            ("GuestAdd/VersionExt", version, ""),
            ("GuestAdd/Revision", revision, ""),
            ("GuestInfo/OS/Product", "Linux", ""),
            ("GuestInfo/OS/Release", "simulated", ""),
            ("GuestInfo/OS/Version", "", ""),
            ("GuestInfo/OS/ServicePack", "", ""),
            ("GuestInfo/OS/LoggedInUsers", "0", PASSING),
            ("GuestInfo/OS/LoggedInUsersList", "", PASSING),
            ("GuestInfo/OS/NoLoggedInUsers", "true", PASSING),
            ("GuestInfo/Net/Count", "0", PASSING),
        ];
        let property = |(name, value, flags): (&str, &str, &str)| {
            (format!("/VirtualBox/{name}"), super::guest_properties::stamped(value, flags))
        };
        all.into_iter().map(property).collect()
    }

    /// The guest's facilities, as Additions for Linux without a desktop report them.
    pub(super) fn guest_facilities(&self, original: View) -> RawValue {
        let Some(interface) = embedded().interface("IAdditionsFacility") else { return RawValue::Null };
        let started = self.running(original).map_or(0, |running| running.record.started);
        let facility = |(kind, class, name, _): (&str, &str, &str, bool)| {
            let fields = interface.attributes().into_iter().map(|attribute| match attribute.name {
                "classType" => enumerated("AdditionsFacilityClass", class),
                "lastUpdated" => RawValue::Int(started),
                "name" => text(name),
                "status" => enumerated("AdditionsFacilityStatus", facility_status(kind)),
                _ => enumerated("AdditionsFacilityType", kind),
            });
            RawValue::Struct(Arc::new(StructValue { interface, fields: fields.collect() }))
        };
        RawValue::List(FACILITIES.into_iter().map(facility).collect())
    }

    pub(super) fn read_guest_control(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        self.machine_of_console(at.element)?;
        if name == "eventSource" {
            return Ok(Some(self.source_of(at).value("IEventSource")));
        }
        if name == "midlDoesNotLikeEmptyInterfaces" {
            return Err(Fault::new(super::fault::code::E_FAIL, "the attribute has no value").by(""));
        }
        match owner {
            "IGuestSession" => self.read_guest_session(at, name),
            _ => Ok(None),
        }
    }

    pub(super) fn write_guest_control(&mut self, at: Address, name: &'static str, arguments: Arguments<'_>) -> Outcome {
        self.machine_of_console(at.element)?;
        self.write_guest_session(at, name, arguments)
    }

    pub(super) fn call_guest_control(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let original = self.machine_of_console(at.element)?;
        match owner {
            "IGuestSession" => self.call_guest_session(at, original, name, arguments),
            "IProcess" => self.call_guest_process(at, name, arguments),
            "IFile" => self.call_guest_file(at, name, arguments),
            "IDirectory" => self.call_guest_directory(at, original, name, arguments),
            _ => Ok(None),
        }
    }

    /// Takes away all that callers have open below an object that goes.
    pub(super) fn forget_open(&mut self, element: ElementId) {
        let below: Vec<_> = self.global.iter().filter(|(_, known)| known.parent == element).map(|(id, _)| id).collect();
        for id in below.into_iter().filter(|id| *id != element) {
            self.forget_open(id);
        }
        self.open.files.remove(&element);
        self.open.processes.remove(&element);
        self.events.forget_owner(Address::global(element));
    }

    /// The session that an object of a guest belongs to.
    fn session_of(&self, element: ElementId) -> Outcome<ElementId> {
        Ok(self.global.get(element).ok_or_else(gone)?.parent)
    }

    /// Tells the listeners of a session that one of its objects came or went.
    fn tell_registered(
        &mut self,
        session: ElementId,
        kind: &'static str,
        object: (&'static str, RawValue),
        registered: bool,
        mut more: EventValues,
    ) {
        let session = Address::global(session);
        let mut values =
            vec![("session", session.value("IGuestSession")), object, ("registered", RawValue::Bool(registered))];
        values.append(&mut more);
        self.fire_at(session, kind, values);
    }
}

/// Types, classes and names of the facilities, and whether they are there in a guest without a desktop.
const FACILITIES: [(&str, &str, &str, bool); 4] = [
    ("VBoxGuestDriver", "Driver", "VirtualBox Base Driver", true),
    ("VBoxService", "Service", "VirtualBox System Service", true),
    ("Seamless", "Feature", "Seamless Mode", false),
    ("Graphics", "Feature", "Graphics Mode", false),
];

/// What a facility of a simulated guest has as its status.
pub(super) fn facility_status(kind: &str) -> &'static str {
    match FACILITIES.iter().find(|(known, ..)| *known == kind) {
        Some((.., true)) => "Active",
        Some(_) => "Inactive",
        None => "Unknown",
    }
}
