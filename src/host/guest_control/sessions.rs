//! `IGuestSession` itself: who it is, its environment, its life. What it does in the guest is done by its neighbours.

use super::PROTOCOL;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, name_of, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// What a session is to its guest.
const ROLE: &str = "guestSession";
/// Sessions that a guest can have at once; one is the system's own.
const MOST: usize = 31;

impl State {
    /// `IGuest.sessions`.
    pub(in crate::host) fn guest_sessions(&self, guest: Address) -> RawValue {
        let sessions = self.global.children(guest.element, ROLE).into_iter();
        RawValue::List(sessions.map(|id| Address::global(id).value("IGuestSession")).collect())
    }

    /// `IGuest.createSession`, of a guest with Additions.
    pub(in crate::host) fn create_guest_session(
        &mut self,
        guest: Address,
        arguments: Arguments<'_>,
    ) -> Outcome<RawValue> {
        let there = self.global.children(guest.element, ROLE);
        if there.len() >= MOST {
            let message = format!("the guest has {} sessions, and can have no more", there.len());
            return Err(Fault::new(code::MAXIMUM_REACHED, message));
        }
        let number = (1..).find(|number| self.global.child(guest.element, ROLE, *number).is_none()).unwrap_or(1);
        let id = self.global.add("IGuestSession", guest.element, ROLE, number);
        let user = arguments.text(0);
        let home = if user == "root" { "/root".to_owned() } else { format!("/home/{user}") };
        if let Some(session) = self.global.get_mut(id) {
            session.set("user", text(user));
            session.set("domain", text(arguments.text(2)));
            session.set("name", text(arguments.text(3)));
            session.set("id", RawValue::Int(number.into()));
            session.set("protocolVersion", RawValue::Int(PROTOCOL));
            session.set("pathStyle", enumerated("PathStyle", "UNIX"));
            session.set("status", enumerated("GuestSessionStatus", "Starting"));
            session.set("environmentChanges", texts::<String>([]));
            session.set("userDocuments", text(format!("{home}/Documents")));
            session.set("timeout", RawValue::Int(0));
            session.set("userHome", text(home));
        }
        let session = Address::global(id);
        self.tell_session_registered(guest, session, true);
        self.set_session_status(session, "Started");
        Ok(session.value("IGuestSession"))
    }

    fn tell_session_registered(&mut self, guest: Address, session: Address, registered: bool) {
        let values = vec![("session", session.value("IGuestSession")), ("registered", RawValue::Bool(registered))];
        self.fire_at(guest, "OnGuestSessionRegistered", values);
    }

    fn set_session_status(&mut self, session: Address, status: &'static str) {
        let Some(element) = self.global.get_mut(session.element) else { return };
        element.set("status", enumerated("GuestSessionStatus", status));
        let values = vec![
            ("session", session.value("IGuestSession")),
            ("id", element.value("id").cloned().unwrap_or_default()),
            ("status", enumerated("GuestSessionStatus", status)),
            ("error", RawValue::Null),
        ];
        self.fire_at(session, "OnGuestSessionStateChanged", values);
    }

    /// `IGuest.findSession`: by the whole name.
    ///
    /// # Errors
    /// None has such a name.
    pub(in crate::host) fn find_guest_session(&self, guest: Address, name: &str) -> Outcome<RawValue> {
        let fits = |id: &ElementId| {
            !name.is_empty() && self.global.get(*id).is_some_and(|session| session.text("name") == name)
        };
        let found: Vec<_> = self.global.children(guest.element, ROLE).into_iter().filter(fits).collect();
        if found.is_empty() {
            return Err(Fault::not_found(format!("no guest session is named `{name}`")));
        }
        Ok(RawValue::List(found.into_iter().map(|id| Address::global(id).value("IGuestSession")).collect()))
    }

    pub(super) fn read_guest_session(&self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        let parts = |role: &str, interface: &str| {
            let children = self.global.children(at.element, role).into_iter();
            RawValue::List(children.map(|id| Address::global(id).value(interface)).collect())
        };
        Ok(Some(match name {
            "processes" => parts("guestProcess", "IGuestProcess"),
            "directories" => parts("guestDirectory", "IGuestDirectory"),
            "files" => parts("guestFile", "IGuestFile"),
            "userHome" | "userDocuments" => {
                self.check_started(at)?;
                return Ok(None);
            }
            "mountPoints" => {
                self.check_started(at)?;
                texts(["/"])
            }
            "currentDirectory" => return Err(Fault::not_in_virtualbox("IGuestSession.currentDirectory")),
            "environmentBase" => texts(self.base_environment(at)?),
            _ => return Ok(None),
        }))
    }

    fn base_environment(&self, at: Address) -> Outcome<Vec<String>> {
        let session = self.element(at)?;
        let (user, home) = (session.text("user"), session.text("userHome"));
        Ok(vec![
            format!("HOME={home}"),
            format!("LOGNAME={user}"),
            "PATH=/bin:/sbin:/usr/bin:/usr/sbin".to_owned(),
            "SHELL=/bin/sh".to_owned(),
            format!("USER={user}"),
        ])
    }

    /// What programs of a session find in their environment: `NAME=VALUE`.
    pub(super) fn environment(&self, at: Address, changes: &[String]) -> Outcome<Vec<String>> {
        let mut all = self.base_environment(at)?;
        let kept = self.element(at)?.value("environmentChanges").cloned();
        let kept = kept.map(|kept| Arguments(&[kept]).texts(0)).unwrap_or_default();
        for change in kept.iter().chain(changes) {
            let name = change.split('=').next().unwrap_or_default();
            all.retain(|known| known.split('=').next() != Some(name));
            if change.contains('=') {
                all.push(change.clone());
            }
        }
        Ok(all)
    }

    pub(super) fn write_guest_session(&mut self, at: Address, name: &'static str, arguments: Arguments<'_>) -> Outcome {
        match name {
            "environmentChanges" => {
                let changes = arguments.texts(0);
                changes.iter().try_for_each(|change| check_name(change.split('=').next().unwrap_or_default()))?;
                self.element_mut(at)?.set("environmentChanges", texts(changes));
                Ok(())
            }
            "timeout" => {
                self.element_mut(at)?.set("timeout", arguments.value(0));
                Ok(())
            }
            _ => Err(Fault::not_in_virtualbox(format!("IGuestSession.{name}"))),
        }
    }

    /// # Errors
    /// The session has ended.
    fn check_started(&self, at: Address) -> Outcome {
        match self.element(at)?.name("status") {
            "Started" => Ok(()),
            status => Err(Fault::new(code::E_FAIL, format!("the guest session does nothing: it is {status}"))),
        }
    }

    pub(super) fn call_guest_session(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "waitFor" | "waitForArray" => return one(self.session_wait_result(at, &wait_flags(name, arguments))?),
            "fsObjRemoveArray" => return Err(Fault::not_in_virtualbox("IGuestSession.fsObjRemoveArray").by("")),
            "directoryCopy" | "fileCopy" | "fileCreateTemp" | "fsObjMove" | "fsObjMoveArray" | "fsObjCopyArray"
            | "fsObjSetACL" | "symlinkCreate" | "symlinkExists" | "symlinkRead" => {
                return Err(Fault::not_in_virtualbox(format!("IGuestSession.{name}")));
            }
            // As often as one likes.
            "close" if self.element(at)?.name("status") != "Started" => return nothing(),
            "environmentScheduleSet" => return self.schedule(at, arguments.text(0), Some(arguments.text(1))),
            "environmentScheduleUnset" => return self.schedule(at, arguments.text(0), None),
            _ => self.check_started(at)?,
        }
        match name {
            "close" => {
                self.close_guest_session(at)?;
                nothing()
            }
            "environmentGetBaseVariable" | "environmentDoesBaseVariableExist" => {
                let wanted = arguments.text(0);
                check_name(wanted)?;
                let all = self.base_environment(at)?;
                let found = all.iter().find_map(|known| known.strip_prefix(wanted)?.strip_prefix('='));
                one(match name {
                    "environmentGetBaseVariable" => text(found.unwrap_or_default()),
                    _ => RawValue::Bool(found.is_some()),
                })
            }
            "processCreate" | "processCreateEx" => one(self.create_guest_process(at, arguments)?),
            "processGet" => one(self.find_guest_process(at, arguments.int(0))?),
            "fileOpen" | "fileOpenEx" => one(self.open_guest_file(at, original, name, arguments)?),
            "directoryOpen" => one(self.open_guest_directory(at, original, arguments)?),
            _ if name.contains("Copy") || name.starts_with("copy") => {
                self.copy_with_guest(at, original, name, arguments)
            }
            _ => self.call_guest_file_system(at, original, name, arguments),
        }
    }

    /// A session ends: what it has open is closed, its processes end.
    fn close_guest_session(&mut self, at: Address) -> Outcome {
        let guest = Address::global(self.session_of(at.element)?);
        for id in self.global.children(at.element, "guestProcess") {
            self.end_guest_process(Address::global(id), "Down");
        }
        for (role, status, enumeration) in
            [("guestFile", "Down", "FileStatus"), ("guestDirectory", "Down", "DirectoryStatus")]
        {
            for id in self.global.children(at.element, role) {
                self.forget_open(id);
                if let Some(part) = self.global.get_mut(id) {
                    part.set("status", enumerated(enumeration, status));
                }
                self.global.retire(id);
                let part = Address::global(id);
                if role == "guestFile" {
                    let value = ("file", part.value("IGuestFile"));
                    self.tell_registered(at.element, "OnGuestFileRegistered", value, false, Vec::new());
                } else {
                    let value = ("directory", part.value("IGuestDirectory"));
                    self.tell_registered(at.element, "OnGuestDirectoryRegistered", value, false, Vec::new());
                }
            }
        }
        self.set_session_status(at, "Terminated");
        self.global.retire(at.element);
        self.tell_session_registered(guest, at, false);
        Ok(())
    }

    fn schedule(&mut self, at: Address, name: &str, value: Option<&str>) -> Outcome<Option<Vec<RawValue>>> {
        check_name(name)?;
        let kept = self.element(at)?.value("environmentChanges").cloned();
        let mut changes = kept.map(|kept| Arguments(&[kept]).texts(0)).unwrap_or_default();
        let change = value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}"));
        match changes.iter_mut().find(|known| known.split('=').next() == Some(name)) {
            Some(known) => *known = change,
            None => changes.push(change),
        }
        self.element_mut(at)?.set("environmentChanges", texts(changes));
        nothing()
    }

    /// Whether a wait for a session is over.
    pub(in crate::host) fn session_wait_over(&self, element: ElementId, name: &str, arguments: Arguments<'_>) -> bool {
        let flags = wait_flags(name, arguments);
        self.session_wait_result(Address::global(element), &flags).map_or(true, |result| name_of(&result) != "Timeout")
    }

    fn session_wait_result(&self, at: Address, flags: &[&str]) -> Outcome<RawValue> {
        let status = self.element(at)?.name("status");
        if flags.is_empty() || flags == ["None"] {
            return Err(Fault::new(code::IPRT_ERROR, "there is nothing to wait for: no flag was given"));
        }
        let result = match status {
            _ if flags.contains(&"Terminate") && status != "Started" => "Terminate",
            _ if flags.contains(&"Start") => "Start",
            "Started" => "Timeout",
            _ => "Terminate",
        };
        Ok(enumerated("GuestSessionWaitResult", result))
    }
}

/// Names of what a caller waits for.
fn wait_flags(name: &str, arguments: Arguments<'_>) -> Vec<&'static str> {
    if name == "waitForArray" {
        return arguments.list(0).iter().map(name_of).collect();
    }
    let bits = arguments.int(0);
    [(1, "Start"), (2, "Terminate"), (4, "Status")]
        .iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, name)| *name)
        .collect()
}

fn check_name(name: &str) -> Outcome {
    if name.is_empty() || name.contains('=') {
        return Err(Fault::argument(format!("`{name}` is no name of a variable")));
    }
    Ok(())
}
