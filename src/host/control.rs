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

/// How often a wait looks at what other processes did.
const BEAT: Duration = Duration::from_millis(20);

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
                if method.name == "getEvent" {
                    let given = u64::try_from(arguments.int(1)).map_or(Duration::MAX, Duration::from_millis);
                    state = self.wait_for_event(state, arguments, waits.unwrap_or(given).min(given));
                }
                let result = state.call(at, method, arguments);
                self.changed.notify_all();
                result
            }
        }
    }

    fn wait_for_event<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        arguments: Arguments<'_>,
        time: Duration,
    ) -> MutexGuard<'a, State> {
        let Some(listener) = arguments.object(0) else { return state };
        let start = Instant::now();
        loop {
            state.hear_others();
            if state.has_event(listener.element) {
                break;
            }
            let Some(left) = time.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { break };
            let left = left.min(BEAT);
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
