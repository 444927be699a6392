//! The one door to the host: calls come in here, one at a time, and waits are done here.

use super::arguments::Arguments;
use super::registry;
use super::state::{Address, State, gone};
use super::{Fault, Outcome};
use crate::model::{Handle, Operation, RawValue};
use crate::schema::Interface;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The component that errors name.
pub(super) const COMPONENT: &str = "EmbeddedHost";

/// The embedded Main API on one home folder.
pub struct Host {
    state: Mutex<State>,
    /// Something happened: an event was fired, a listener went away.
    changed: Condvar,
    home: PathBuf,
}

impl Host {
    /// Opens the home folder `home`, which is made when something is first saved. New machines go to
    /// `machine_folder` unless the home says otherwise.
    ///
    /// # Errors
    /// `VirtualBox.xml` is there and cannot be read.
    pub fn open(home: &Path, machine_folder: &Path) -> Outcome<Self> {
        let state = registry::open(home, machine_folder)?;
        Ok(Self { state: Mutex::new(state), changed: Condvar::new(), home: home.to_owned() })
    }

    /// The home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The component that errors name.
    pub fn component(&self) -> &'static str {
        COMPONENT
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new `ISession`.
    pub fn open_session(&self) -> Handle {
        Address::global(self.lock().new_session()).handle()
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
                self.changed.notify_all();
                result
            }
            Operation::Call(method) => {
                let given = |at| u64::try_from(arguments.int(at)).map_or(Duration::MAX, Duration::from_millis);
                let most = |given: Duration| waits.unwrap_or(given).min(given);
                match (method.owner, method.name) {
                    ("IEventSource", "getEvent") => {
                        if let Some(listener) = arguments.object(0) {
                            let ready = |state: &State| state.has_event(at.element, listener.element);
                            state = self.wait_until(state, most(given(1)), ready);
                        }
                    }
                    ("IEvent", "waitProcessed") => {
                        state = self.wait_until(state, most(given(0)), |state| state.is_processed(at.element));
                    }
                    _ => {
                        if let Some(question) = state.question(at, method, arguments)? {
                            self.changed.notify_all();
                            let ready = |state: &State| state.is_processed(question.event);
                            state = self.wait_until(state, question.time, ready);
                            let answer = state.answer(&question);
                            state.heed(method, &answer)?;
                        }
                    }
                }
                let mut result = state.call(at, method, arguments);
                self.changed.notify_all();
                if let ("IEventSource", "fireEvent", Ok(values), Some(event)) =
                    (method.owner, method.name, &mut result, arguments.object(0))
                {
                    let ready = |state: &State| state.is_processed(event.element);
                    let state = self.wait_until(state, given(1), ready);
                    *values = vec![RawValue::Bool(state.is_processed(event.element))];
                }
                result
            }
        }
    }

    /// Waits until `ready`, for `time` at most. The state is free in the meantime.
    fn wait_until<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        time: Duration,
        ready: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let start = Instant::now();
        while !ready(&state) {
            let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { break };
            // A day at a time: a longer wait does not fit every clock.
            let left = left.min(Duration::from_secs(86_400));
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
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
        Ok(state.element(at)?.interface.extends(interface.name))
    }

    /// Gives references up.
    pub fn release(&self, handles: &[Handle]) {
        let mut state = self.lock();
        for at in handles.iter().filter_map(Address::from_handle) {
            state.release(at);
        }
    }

    /// Ends everything that callers hold: sessions are closed without saving.
    pub fn end_sessions(&self) {
        self.lock().end_sessions();
        self.changed.notify_all();
    }
}

impl From<Fault> for crate::model::ApiError {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, message: fault.message, component: COMPONENT.to_owned(), ..Self::default() }
    }
}
