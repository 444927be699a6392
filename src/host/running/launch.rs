//! `IMachine.launchVMProcess`: who may start a machine, and how it starts or fails.

use super::{Record, Running, is_online};
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::files;
use crate::host::guest_properties;
use crate::host::progress::{Job, Reporter};
use crate::host::sessions::Kind;
use crate::host::state::{Address, State, View};
use crate::host::value::enumerated;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::time::Duration;

/// What a machine can be started with, apart from the default (an empty name).
const FRONT_ENDS: [&str; 4] = ["gui", "headless", "sdl", "separate"];

/// Not even a simulated machine runs at once: who asks for it sees it being started.
const STARTS_WITHIN: Duration = Duration::from_millis(60);

impl State {
    /// `IMachine.launchVMProcess`.
    pub(in crate::host) fn launch(&mut self, view: View, arguments: Arguments<'_>) -> Outcome<RawValue> {
        let original = self.machine_of(view);
        self.look_again(original);
        let name = self.machine_name(original);
        let wanted = arguments.text(1);
        if wanted == "emergencystop" {
            return self.emergency_stop(original, &name);
        }
        let front_end = self.front_end(original, wanted)?;
        let session = arguments.object(0).ok_or_else(|| Fault::argument("no session was given"))?.element;
        let state = self.machine(original)?.state;
        if !self.machine(original)?.registered {
            return Err(Fault::new(code::E_UNEXPECTED, format!("the machine `{name}` is not registered")));
        }
        if self.session_is_busy(session)? {
            return Err(Fault::new(code::INVALID_OBJECT_STATE, "the given session is busy"));
        }
        if self.is_locked(original) {
            let message = format!("the machine `{name}` is already locked by a session (or being locked or unlocked)");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        if is_online(state) {
            return Err(super::wrong_state("start the machine", state));
        }
        check_environment(&arguments.texts(2))?;
        let session_name = front_end.to_owned();
        self.take_lock(original, session, &session_name)?;
        self.set_session_state(session, "Spawning");
        let machine = self.machine_mut(original)?;
        machine.spawning = true;
        let id = machine.id.clone();
        self.fire_machine("OnSessionStateChanged", &id, vec![("state", enumerated("SessionState", "Spawning"))]);
        let restores = matches!(state, "Saved" | "AbortedSaved");
        let second = if restores { "Restoring virtual machine" } else { "Starting virtual machine" };
        let job = Job::new("Starting VM", Address::machine(original), "IMachine")
            .operations([
                (format!("Creating process for virtual machine \"{name}\" ({front_end})"), 2),
                (second.to_owned(), 8),
            ])
            .not_cancelable();
        let close = move |state: &mut Self, result: Outcome| {
            state.close_launch(original, session, &session_name, restores, result)
        };
        let work = |report: &Reporter| {
            std::thread::sleep(STARTS_WITHIN);
            report.next()
        };
        Ok(self.start_job(job, work, close))
    }

    /// The front end by its name; the machine's default, else the host's, for none.
    fn front_end(&mut self, original: View, wanted: &str) -> Outcome<&'static str> {
        let own = self.element(Address::machine(original))?.text("defaultFrontend").to_owned();
        let name = match wanted {
            "" if own.is_empty() => {
                let properties = self.properties_object("ISystemProperties");
                self.element(properties)?.text("defaultFrontend").to_owned()
            }
            "" => own,
            wanted => wanted.to_owned(),
        };
        let name = if name.is_empty() { "gui" } else { &name };
        let known = FRONT_ENDS.iter().find(|known| known.eq_ignore_ascii_case(name));
        let unknown = || Fault::argument(format!("`{name}` is no front end; there are {}", FRONT_ENDS.join(", ")));
        known.copied().ok_or_else(unknown)
    }

    fn close_launch(
        &mut self,
        original: View,
        session: ElementId,
        front_end: &str,
        restores: bool,
        result: Outcome,
    ) -> Outcome {
        if let Ok(machine) = self.machine_mut(original) {
            machine.spawning = false;
        }
        let result = result.and_then(|()| self.power_up(original, session, front_end, restores));
        if result.is_err() {
            self.set_session_state(session, "Unlocked");
            if self.running(original).is_some() {
                self.end_run(original, if restores { "AbortedSaved" } else { "PoweredOff" })?;
            } else {
                self.give_lock(original);
                self.tell_session(original, "Unlocked")?;
            }
        }
        result
    }

    /// The way from off or saved to Running. The machine's lock is held by the session, and goes over to the run.
    fn power_up(&mut self, original: View, session: ElementId, front_end: &str, restores: bool) -> Outcome {
        self.load(original)?;
        if restores && let Err(fault) = self.check_saved_state(original) {
            self.tell_session(original, "Locked")?;
            return Err(fault);
        }
        let first = if restores { "Restoring" } else { "Starting" };
        let mut record = Record::new(first, front_end);
        record.properties.clone_from(&self.document(original)?.guest_properties);
        record.resumes = u32::from(restores);
        for (name, count) in [("ResetCounter", 0), ("ResumeCounter", record.resumes)] {
            let property = guest_properties::stamped(&count.to_string(), "TRANSIENT, RDONLYGUEST");
            record.properties.insert(format!("/VirtualBox/VMInfo/{name}"), property);
        }
        let (full, revision) = self.own_version();
        record.properties.extend(self.told_by_guest(original, &full, &revision));
        self.exclusively(|state| {
            let machine = state.machine_mut(original)?;
            let file = files::run_file(&machine.settings_file, &machine.id);
            record.write(&file)?;
            let stamp = crate::host::registry::stamp(&file);
            machine.running = Some(Box::new(Running { record, stamp, ..Running::default() }));
            state.give_lock(original);
            Ok(())
        })?;
        let view = self.running_view(original)?;
        self.join(session, view, Kind::Remote);
        self.tell_session(original, "Locked")?;
        self.tell_state(original, first)?;
        self.start_log(original)?;
        let name = self.machine_name(original);
        if !restores {
            self.empty_forgetful_disks(original)?;
        }
        self.lock_media(original, &name)?;
        self.check_interfaces(original)?;
        let id = self.machine(original)?.id.clone();
        self.engine.power_on(&id, restores)?;
        if restores {
            self.consume_saved_state(original)?;
        }
        let short = full.split('_').next().unwrap_or_default().to_owned();
        self.set_host_property(original, "/VirtualBox/HostInfo/VBoxVer", &short)?;
        self.walk(original, "Running")?;
        self.set_host_property(original, "/VirtualBox/HostInfo/VBoxVerExt", &full)?;
        self.set_host_property(original, "/VirtualBox/HostInfo/VBoxRev", &revision)?;
        self.log(original, if restores { "Restored and running." } else { "Running." });
        Ok(())
    }

    /// Version and revision that this host gives itself.
    fn own_version(&mut self) -> (String, String) {
        let read = |state: &mut Self, name| match state.read_root(name) {
            Ok(Some(RawValue::Text(text))) => text,
            Ok(Some(RawValue::Int(number))) => number.to_string(),
            _ => String::new(),
        };
        (read(self, "version"), read(self, "revision"))
    }

    pub(super) fn tell_session(&mut self, original: View, to: &'static str) -> Outcome {
        let id = self.machine(original)?.id.clone();
        self.fire_machine("OnSessionStateChanged", &id, vec![("state", enumerated("SessionState", to))]);
        Ok(())
    }

    /// Ends a machine at once, as if its process had been killed.
    fn emergency_stop(&mut self, original: View, name: &str) -> Outcome<RawValue> {
        if self.running(original).is_none() {
            let message = format!("the machine `{name}` does not run");
            return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
        }
        let id = self.machine(original)?.id.clone();
        self.engine.power_off(&id)?;
        self.log(original, "Stopped at once on request: aborted.");
        self.end_run(original, "Aborted")?;
        Ok(RawValue::Null)
    }
}

/// `NAME=VALUE` sets, `NAME` takes away.
fn check_environment(changes: &[String]) -> Outcome {
    let wrong = |change: &&String| change.is_empty() || change.starts_with('=');
    match changes.iter().find(wrong) {
        Some(change) => {
            let message = format!("`{change}` is no change of the environment: NAME=VALUE sets, NAME takes away");
            Err(Fault::new(code::IPRT_ERROR, message))
        }
        None => Ok(()),
    }
}
