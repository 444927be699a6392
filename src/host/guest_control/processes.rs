//! `IGuestProcess`: programs that a session runs in its guest.

use super::programs::{self, Ran};
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::{enumerated, name_of, text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::time::Duration;

/// What a session's process is to it.
const ROLE: &str = "guestProcess";
/// The first process id that a session's programs get.
const FIRST_PID: i64 = 300;

/// The side of a program that callers reach.
#[derive(Debug, Default)]
pub(super) struct Process {
    out: Vec<u8>,
    err: Vec<u8>,
    code: i32,
    copies_input: bool,
}

impl State {
    /// `processCreate`, `processCreateEx`.
    pub(super) fn create_guest_process(&mut self, at: Address, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let (executable, given) = (arguments.text(0), arguments.texts(1));
        if executable.is_empty() && given.is_empty() {
            return Err(Fault::argument("nothing was given to run"));
        }
        let executable = if executable.is_empty() { given[0].clone() } else { executable.to_owned() };
        let environment = self.environment(at, &arguments.texts(3))?;
        let folder = match arguments.text(2) {
            "" => self.element(at)?.text("userHome").to_owned(),
            given => given.to_owned(),
        };
        let original = self.machine_of_console(at.element)?;
        let root = self.root_of_guest(original)?;
        let number = self.next_number(at.element);
        let id = self.global.add("IGuestProcess", at.element, ROLE, number);
        let process = Address::global(id);
        let program = programs::find(&executable);
        if let Some(element) = self.global.get_mut(id) {
            element.set("executablePath", text(&executable));
            element.set("arguments", texts(given.clone()));
            element.set("environment", texts(environment.clone()));
            element.set("name", text(""));
            element.set("exitCode", RawValue::Int(0));
            element.set("PID", RawValue::Int(0));
            element.set("status", enumerated("ProcessStatus", "Starting"));
        }
        self.tell_process_registered(at.element, process, true);
        let Some(program) = program else {
            let fault = Fault::not_found(format!("the guest has no program `{executable}`"));
            self.set_process_status(process, "Error", Some(fault));
            return Ok(process.value("IGuestProcess"));
        };
        let Ran { out, err, code, time, copies_input } =
            programs::run(program, given.get(1..).unwrap_or_default(), &environment, &folder, &root);
        self.open.processes.insert(id, Process { out, err, code, copies_input });
        self.global
            .get_mut(id)
            .into_iter()
            .for_each(|known| known.set("PID", RawValue::Int(FIRST_PID + i64::from(id))));
        self.set_process_status(process, "Started", None);
        let limit = u64::try_from(arguments.int(5)).ok().filter(|limit| *limit != 0).map(Duration::from_millis);
        if copies_input {
            if let Some(limit) = limit {
                self.end_later(process, limit, "TimedOutKilled");
            }
        } else if limit.is_some_and(|limit| limit < time) {
            self.end_later(process, limit.unwrap_or_default(), "TimedOutKilled");
        } else if time.is_zero() {
            self.end_guest_process(process, "TerminatedNormally");
        } else {
            self.end_later(process, time, "TerminatedNormally");
        }
        Ok(process.value("IGuestProcess"))
    }

    /// Ends a process that still runs after a time.
    fn end_later(&mut self, process: Address, time: Duration, status: &'static str) {
        let door = self.door.clone();
        let run = move || {
            std::thread::sleep(time);
            let Some(door) = door.upgrade() else { return };
            door.lock().end_guest_process(process, status);
            door.changed.notify_all();
        };
        if std::thread::Builder::new().name("vboxsh guest".into()).spawn(run).is_err() {
            self.end_guest_process(process, "Error");
        }
    }

    /// A process ends so; one that has ended stays as it is.
    pub(super) fn end_guest_process(&mut self, process: Address, status: &'static str) {
        let ended = self.global.get(process.element).is_none_or(|known| known.name("status") != "Started");
        if ended {
            return;
        }
        if let Some(known) = self.open.processes.get_mut(&process.element) {
            known.copies_input = false;
            let code = if status == "TerminatedNormally" { known.code } else { 0 };
            if let Some(element) = self.global.get_mut(process.element) {
                element.set("exitCode", RawValue::Int(code.into()));
            }
        }
        self.set_process_status(process, status, None);
        self.unregister_process(process);
    }

    /// A process that has ended is no more in its session's list; whoever has it may read what it left.
    fn unregister_process(&mut self, process: Address) {
        let Ok(session) = self.session_of(process.element) else { return };
        self.global.retire(process.element);
        self.tell_process_registered(session, process, false);
    }

    fn tell_process_registered(&mut self, session: u32, process: Address, registered: bool) {
        let pid = self.global.get(process.element).map_or(0, |known| known.int("PID"));
        let object = ("process", process.value("IGuestProcess"));
        let more = vec![("pid", RawValue::Int(pid))];
        self.tell_registered(session, "OnGuestProcessRegistered", object, registered, more);
    }

    fn set_process_status(&mut self, process: Address, status: &'static str, fault: Option<Fault>) {
        let Ok(session) = self.session_of(process.element) else { return };
        let error = fault.map_or(RawValue::Null, |fault| self.error_info(&fault, "IGuestProcess"));
        let Some(element) = self.global.get_mut(process.element) else { return };
        element.set("status", enumerated("ProcessStatus", status));
        let values = vec![
            ("session", Address::global(session).value("IGuestSession")),
            ("process", process.value("IGuestProcess")),
            ("pid", element.value("PID").cloned().unwrap_or_default()),
            ("status", enumerated("ProcessStatus", status)),
            ("error", error),
        ];
        self.fire_at(process, "OnGuestProcessStateChanged", values);
    }

    /// Tells that bytes went in or out.
    fn tell_transfer(
        &mut self,
        process: Address,
        kind: &'static str,
        handle: RawValue,
        count: usize,
        mut more: crate::host::events::EventValues,
    ) {
        let Ok(session) = self.session_of(process.element) else { return };
        let pid = self.global.get(process.element).map_or(0, |known| known.int("PID"));
        let mut values = vec![
            ("session", Address::global(session).value("IGuestSession")),
            ("process", process.value("IGuestProcess")),
            ("pid", RawValue::Int(pid)),
            ("handle", handle),
            ("processed", RawValue::Int(i64::try_from(count).unwrap_or(i64::MAX))),
        ];
        values.append(&mut more);
        self.fire_at(process, kind, values);
    }

    /// `processGet`.
    ///
    /// # Errors
    /// The session runs no process of that id.
    pub(super) fn find_guest_process(&self, at: Address, pid: i64) -> Outcome<RawValue> {
        let own = |id: &u32| self.global.get(*id).is_some_and(|process| process.int("PID") == pid);
        let found = self.global.children(at.element, ROLE).into_iter().find(own).filter(|_| pid != 0);
        let missing = || Fault::new(code::E_INVALIDARG, format!("the session runs no process {pid}"));
        Ok(Address::global(found.ok_or_else(missing)?).value("IGuestProcess"))
    }

    pub(super) fn call_guest_process(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "waitFor" | "waitForArray" => one(self.process_wait_result(at, &wait_flags(name, arguments))?),
            "read" => {
                let wanted = usize::try_from(arguments.int(1)).unwrap_or_default();
                if wanted == 0 {
                    return Err(Fault::argument("the number of bytes to read is 0"));
                }
                let process = self.open.processes.entry(at.element).or_default();
                let taken: Vec<_> = match arguments.int(0) {
                    1 => process.out.drain(..wanted.min(process.out.len())).collect(),
                    2 => process.err.drain(..wanted.min(process.err.len())).collect(),
                    // Nothing comes out there.
                    _ => Vec::new(),
                };
                let values = vec![("data", RawValue::Blob(taken.clone()))];
                self.tell_transfer(at, "OnGuestProcessOutput", arguments.value(0), taken.len(), values);
                one(RawValue::Blob(taken))
            }
            "write" | "writeArray" => {
                let ends = match name {
                    "write" => arguments.int(1) & 1 != 0,
                    _ => arguments.list(1).iter().any(|flag| name_of(flag) == "EndOfFile"),
                };
                let bytes = arguments.blob(2);
                let process = self.open.processes.entry(at.element).or_default();
                // One that has ended, or reads nothing, takes nothing.
                let count = if process.copies_input { bytes.len() } else { 0 };
                process.out.extend(bytes.into_iter().take(count));
                let values = vec![("status", enumerated("ProcessInputStatus", "Written"))];
                self.tell_transfer(at, "OnGuestProcessInputNotify", arguments.value(0), count, values);
                if ends && self.open.processes.get(&at.element).is_some_and(|process| process.copies_input) {
                    self.end_guest_process(at, "TerminatedNormally");
                }
                one(RawValue::Int(i64::try_from(count).unwrap_or(i64::MAX)))
            }
            "terminate" if self.element(at)?.name("status") == "Error" => {
                Err(Fault::new(code::IPRT_ERROR, "the process was never started"))
            }
            "terminate" => {
                self.end_guest_process(at, "TerminatedAbnormally");
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// Whether a wait for a process is over.
    pub(in crate::host) fn process_wait_over(&self, element: u32, name: &str, arguments: Arguments<'_>) -> bool {
        let flags = wait_flags(name, arguments);
        self.process_wait_result(Address::global(element), &flags).map_or(true, |result| name_of(&result) != "Timeout")
    }

    fn process_wait_result(&self, at: Address, flags: &[&str]) -> Outcome<RawValue> {
        let status = self.element(at)?.name("status");
        if flags.is_empty() || flags == ["None"] {
            return Err(Fault::new(code::IPRT_ERROR, "there is nothing to wait for: no flag was given"));
        }
        let wants = |flag: &str| flags.contains(&flag);
        let result = match status {
            "Error" => return Err(Fault::new(code::IPRT_ERROR, "the process could not be started")),
            "TimedOutKilled" | "TimedOutAbnormally" => "Timeout",
            "Started" if wants("Start") => "Start",
            // No Additions so far tell of output that came: whoever waits for it has to read.
            "Started" | "Starting" if ["StdIn", "StdOut", "StdErr"].into_iter().any(wants) => "WaitFlagNotSupported",
            "Started" | "Starting" => "Timeout",
            _ if wants("Terminate") => "Terminate",
            _ if wants("Start") => "Start",
            _ => "WaitFlagNotSupported",
        };
        Ok(enumerated("ProcessWaitResult", result))
    }
}

/// Names of what a caller waits for.
fn wait_flags(name: &str, arguments: Arguments<'_>) -> Vec<&'static str> {
    if name == "waitForArray" {
        return arguments.list(0).iter().map(name_of).collect();
    }
    let bits = arguments.int(0);
    let all = [(1, "Start"), (2, "Terminate"), (4, "StdIn"), (8, "StdOut"), (16, "StdErr")];
    all.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect()
}
