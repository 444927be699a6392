//! The one door to the host: calls come in here, one at a time, and waits are done here.

use super::arguments::Arguments;
use super::registry;
use super::state::{Address, State, gone};
use super::{Fault, Outcome};
use crate::model::{Handle, Operation, RawValue};
use crate::schema::Interface;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The component that errors name.
pub(super) const COMPONENT: &str = "EmbeddedHost";

/// How often a wait looks at what other processes did.
const BEAT: Duration = Duration::from_millis(20);

/// The embedded Main API on one home folder.
pub struct Host {
    door: Arc<Door>,
    home: PathBuf,
}

/// The state behind its lock. Callers come in by it, and work in the background when it ends.
pub(super) struct Door {
    state: Mutex<State>,
    /// Something happened: an event was fired, a listener went away, work went on.
    pub(super) changed: Condvar,
}

impl Door {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the lock up until something has happened, or that time is over.
    fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        // A day at a time: a longer wait does not fit every clock.
        let time = time.min(Duration::from_secs(86_400));
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Host {
    /// Opens the home folder `home`, which is made when something is first saved. New machines go to
    /// `machine_folder` unless the home says otherwise.
    ///
    /// # Errors
    /// `VirtualBox.xml` is there and cannot be read.
    pub fn open(home: &Path, machine_folder: &Path) -> Outcome<Self> {
        Self::open_on(home, machine_folder, Path::new("/"))
    }

    /// The same on a computer whose `sys` and `dev` stand below the folder `computer`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(home: &Path, machine_folder: &Path, computer: &Path) -> Outcome<Self> {
        let mut state = registry::open(home, machine_folder, computer)?;
        let door = Arc::new_cyclic(|door| {
            state.door = door.clone();
            Door { state: Mutex::new(state), changed: Condvar::new() }
        });
        Ok(Self { door, home: home.to_owned() })
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The component that errors name.
    pub fn component(&self) -> &'static str {
        COMPONENT
    }

    /// The way that background work takes.
    #[cfg(test)]
    pub(super) fn door(&self) -> &Door {
        &self.door
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.door.lock()
    }

    /// A new `ISession`.
    pub fn open_session(&self) -> Handle {
        Address::global(self.lock().new_session()).handle()
    }

    /// The `IVirtualBoxClient`.
    pub fn client(&self) -> Handle {
        self.lock().client().handle()
    }

    /// Carries one call: the return value first, then the outs. `waits` is how long it may wait.
    ///
    /// # Errors
    /// What the Main API would report.
    pub fn invoke(
        &self,
        target: &Handle,
        operation: Operation,
        arguments: &[RawValue],
        waits: Option<Duration>,
    ) -> Outcome<Vec<RawValue>> {
        let at = Address::from_handle(target).ok_or_else(gone)?;
        let arguments = Arguments(arguments);
        let mut state = self.lock();
        match operation {
            Operation::Get(attribute) => state.get(at, attribute).map(|value| vec![value]),
            Operation::Set(attribute) => {
                let result = state.set(at, attribute, arguments).map(|()| Vec::new());
                self.door.changed.notify_all();
                result
            }
            Operation::Call(method) => {
                match (method.owner, method.name) {
                    ("IEventSource", "getEvent") => {
                        let listener = arguments.object(0).map(|listener| listener.element);
                        state = self.wait_until(state, shorter(waits, arguments.int(1)), |state| {
                            listener.is_none_or(|listener| state.has_event(at.element, listener))
                        });
                    }
                    ("IDataStream", "read") => {
                        state = self.wait_until(state, shorter(waits, arguments.int(1)), |state| {
                            state.stream_ready(at.element)
                        });
                    }
                    ("IEvent", "waitProcessed") => {
                        state = self.wait_until(state, shorter(waits, arguments.int(0)), |state| {
                            state.is_processed(at.element)
                        });
                    }
                    // A session does not end in the middle of work on its machine.
                    ("ISession", "unlockMachine") => {
                        state = self.wait_until(state, Duration::MAX, |state| !state.session_busy(at.element));
                    }
                    ("IProgress", "waitForCompletion") => {
                        state = self.wait_until(state, shorter(waits, arguments.int(0)), |state| {
                            state.progress_passed(at.element, None)
                        });
                    }
                    ("IProgress", "waitForOperationCompletion") => {
                        state = self.wait_until(state, shorter(waits, arguments.int(1)), |state| {
                            state.progress_passed(at.element, Some(arguments.int(0)))
                        });
                    }
                    ("IGuestSession", "waitFor" | "waitForArray") => {
                        state = self.wait_until(state, shorter(waits, endless(arguments.int(1))), |state| {
                            state.session_wait_over(at.element, method.name, arguments)
                        });
                    }
                    ("IProcess", "waitFor" | "waitForArray") => {
                        state = self.wait_until(state, shorter(waits, endless(arguments.int(1))), |state| {
                            state.process_wait_over(at.element, method.name, arguments)
                        });
                    }
                    _ => {
                        if let Some(question) = state.question(at, method, arguments)? {
                            self.door.changed.notify_all();
                            state = self.wait_until(state, question.time, |state| state.is_processed(question.event));
                            let answer = state.answer(&question);
                            state.heed(method, &answer)?;
                        }
                    }
                }
                let mut result = state.call(at, method, arguments);
                self.door.changed.notify_all();
                if let ("IEventSource", "fireEvent", Ok(values), Some(event)) =
                    (method.owner, method.name, &mut result, arguments.object(0))
                {
                    let time = shorter(waits, arguments.int(1));
                    let state = self.wait_until(state, time, |state| state.is_processed(event.element));
                    *values = vec![RawValue::Bool(state.is_processed(event.element))];
                }
                result
            }
        }
    }

    /// Waits, with the lock given up, until `happened`, at most that long.
    fn wait_until<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        time: Duration,
        happened: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let start = Instant::now();
        loop {
            state.hear_others();
            if happened(&state) {
                break;
            }
            let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { break };
            let left = if state.has_listeners() { left.min(BEAT) } else { left };
            state = self.door.wait(state, left);
        }
        state
    }

    /// Whether the object has that interface.
    ///
    /// # Errors
    /// The object is gone.
    pub fn has_interface(&self, target: &Handle, interface: &'static Interface) -> Outcome<bool> {
        let at = Address::from_handle(target).ok_or_else(gone)?;
        let mut state = self.lock();
        state.load(at.view)?;
        let own = state.element(at)?.interface;
        Ok(own.extends(interface.name) || super::client::beside(own.name) == Some(interface.name))
    }

    /// Gives references up.
    pub fn release(&self, handles: &[Handle]) {
        let mut state = self.lock();
        for at in handles.iter().filter_map(Address::from_handle) {
            state.release(at);
        }
    }

    /// Ends everything that callers hold: work in the background goes on to its end, sessions are closed without
    /// saving.
    pub fn end_sessions(&self) {
        self.lock().leave_streams();
        let state = self.wait_until(self.lock(), Duration::MAX, |state| !state.has_jobs());
        drop(state);
        self.lock().end_sessions();
        self.door.changed.notify_all();
    }
}

/// The shorter of what the caller and the argument of a call (milliseconds, negative: for ever) allow.
fn shorter(waits: Option<Duration>, given: i64) -> Duration {
    let given = u64::try_from(given).map_or(Duration::MAX, Duration::from_millis);
    waits.map_or(given, |waits| waits.min(given))
}

/// Waits in a guest have no end when they are given none.
fn endless(time: i64) -> i64 {
    if time == 0 { -1 } else { time }
}

impl From<Fault> for crate::model::ApiError {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, message: fault.message, component: COMPONENT.to_owned(), ..Self::default() }
    }
}
