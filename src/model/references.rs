//! Which references are held, and giving them up when nobody does.
//!
//! A release is not counted on the other side: one kills the object for everyone (web service). So
//! a handle has one [`Reference`] here however often it was handed out, a dropped handle rests a
//! while in case the next reply names it again, and what is given up is given up in batches by a
//! thread of its own.

use super::{Handle, Transport};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

/// How long a dropped handle rests before it is given up.
const REST: Duration = Duration::from_secs(3);
/// More resting handles than this are given up at once, the oldest first.
const MOST_RESTING: usize = 512;
/// How long a moment without calls is looked for before one is forced.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are given up in one go; calls wait for so many at most.
const BATCH: usize = 64;

/// One object on the other side, held for as long as anything here refers to it.
pub(super) struct Reference {
    pub(super) handle: Handle,
    references: Weak<References>,
}

impl Drop for Reference {
    fn drop(&mut self) {
        if self.handle == Handle::Root {
            return;
        }
        if let Some(references) = self.references.upgrade() {
            references.rest(&self.handle);
        }
    }
}

/// The references of one connection.
pub(super) struct References {
    state: Mutex<State>,
    changed: Condvar,
    /// Calls hold it for reading, a batch of releases for writing.
    pub(super) quiet: RwLock<()>,
}

#[derive(Default)]
struct State {
    live: HashMap<Handle, Weak<Reference>>,
    resting: VecDeque<(Handle, Instant)>,
    ended: bool,
    releaser_runs: bool,
}

impl References {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), changed: Condvar::new(), quiet: RwLock::new(()) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reference for a handle: the one that is held, or a new one.
    pub(super) fn adopt(self: &Arc<Self>, handle: Handle) -> Arc<Reference> {
        let mut state = self.lock();
        if let Some(reference) = state.live.get(&handle).and_then(Weak::upgrade) {
            return reference;
        }
        state.resting.retain(|(resting, _)| *resting != handle);
        let reference = Arc::new(Reference { handle: handle.clone(), references: Arc::downgrade(self) });
        state.live.insert(handle, Arc::downgrade(&reference));
        reference
    }

    /// The last holder of a handle is gone.
    fn rest(&self, handle: &Handle) {
        let mut state = self.lock();
        // Another thread may have adopted the handle anew between the drop and this lock.
        if state.ended || state.live.get(handle).is_some_and(|held| held.strong_count() > 0) {
            return;
        }
        state.live.remove(handle);
        state.resting.push_back((handle.clone(), Instant::now()));
        self.changed.notify_one();
    }

    /// How many references are held, and how many rest.
    pub(super) fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.live.len(), state.resting.len())
    }

    /// Forgets everything: the other side has.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.live.clear();
        state.resting.clear();
    }

    /// Ends the releaser.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Starts the thread that gives handles up, once.
    pub(super) fn start_releaser(self: &Arc<Self>, transport: &Arc<dyn Transport>) {
        let mut state = self.lock();
        if state.releaser_runs || state.ended {
            return;
        }
        state.releaser_runs = true;
        let (references, transport) = (Arc::clone(self), Arc::downgrade(transport));
        let started = std::thread::Builder::new().name("releaser".into()).spawn(move || references.give_up(&transport));
        // Without the thread the references live until log-off.
        state.releaser_runs = started.is_ok();
    }

    fn give_up(&self, transport: &Weak<dyn Transport>) {
        while self.wait_for_batch() {
            let Some(transport) = transport.upgrade() else { return };
            let quiet = transport.releases_need_quiet().then(|| self.quiet_moment());
            // Taken only now: until here a reply may have named one of them again.
            let batch = self.take_batch();
            if !batch.is_empty() {
                transport.release(&batch);
            }
            drop(quiet);
        }
    }

    /// Waits until no call is under way. A waiting writer holds up new calls, and the call that it waits
    /// for may itself wait for one of those (a vetoable change for the listener's `eventProcessed`): so
    /// the moment is looked for, and only forced when none comes for long.
    fn quiet_moment(&self) -> RwLockWriteGuard<'_, ()> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE && !self.lock().ended {
            match self.quiet.try_write() {
                Ok(quiet) => return quiet,
                Err(TryLockError::Poisoned(error)) => return error.into_inner(),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
        self.quiet.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until there is something to give up; false at the end.
    fn wait_for_batch(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.ended {
                return false;
            }
            let oldest = state.resting.front().map(|(_, since)| since.elapsed());
            let sleep = match oldest {
                Some(age) if age >= REST || state.resting.len() > MOST_RESTING => return true,
                Some(age) => REST - age,
                None => Duration::from_secs(3600),
            };
            state = self.changed.wait_timeout(state, sleep).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn take_batch(&self) -> Vec<Handle> {
        let mut state = self.lock();
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let due = state.resting.len() > MOST_RESTING;
            match state.resting.front() {
                Some((_, since)) if due || since.elapsed() >= REST => {
                    batch.extend(state.resting.pop_front().map(|(handle, _)| handle));
                }
                _ => break,
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Connection, Error, Operation, RawValue, Request, Result, Value};
    use crate::schema::{Interface, Schema, embedded};

    /// Gives more machines than may rest; a call with them takes long enough for all to be given up.
    #[derive(Default)]
    struct ManyMachines(Mutex<Vec<Handle>>);

    impl Transport for ManyMachines {
        fn describe(&self) -> String {
            "many machines".to_owned()
        }

        fn name(&self) -> &'static str {
            "many"
        }

        fn schema(&self) -> &'static Schema {
            embedded()
        }

        fn open_session(&self) -> Result<Handle> {
            Ok(Handle::Number(1))
        }

        fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
            if matches!(request.operation, Operation::Get(_)) {
                let machine = embedded().interface("IMachine").unwrap();
                let machines = (10..10 + 2 * MOST_RESTING as u64).map(Handle::Number);
                return Ok(vec![RawValue::List(machines.map(|handle| RawValue::Object((handle, machine))).collect())]);
            }
            let RawValue::List(given) = &request.arguments[0] else { panic!("no list") };
            std::thread::sleep(Duration::from_millis(100));
            let released = self.0.lock().unwrap().len();
            match released {
                0 => Ok(vec![RawValue::List(vec![RawValue::Null; given.len()])]),
                _ => Err(Error::usage(format!("{released} arguments were given up"), String::new())),
            }
        }

        fn query_interface(&self, _: &Handle, _: &'static Interface) -> Result<Option<Handle>> {
            Ok(None)
        }

        fn release(&self, handles: &[Handle]) {
            self.0.lock().unwrap().extend_from_slice(handles);
        }

        fn reconnect(&self) -> Result<()> {
            Ok(())
        }

        fn close(&self) {}
    }

    /// A script may hand a list on without keeping it.
    #[test]
    fn arguments_are_held_for_as_long_as_the_call_lasts() {
        let transport = Arc::new(ManyMachines::default());
        let connection = Connection::new(Arc::clone(&transport) as Arc<dyn Transport>);
        let machines = connection.root().get("machines").unwrap();
        let states = connection.root().call("getMachineStates", vec![machines]).unwrap();
        assert!(matches!(states, Value::List(states) if states.len() == 2 * MOST_RESTING));
    }

    /// While one call lasts, a release must not hold up the next call.
    #[test]
    fn waiting_for_a_quiet_moment_lets_calls_through() {
        let references = References::new();
        let long_call = references.quiet.read().unwrap();
        std::thread::scope(|scope| {
            let releaser = scope.spawn(|| drop(references.quiet_moment()));
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(5));
                assert!(references.quiet.try_read().is_ok());
            }
            assert!(!releaser.is_finished());
            drop(long_call);
            releaser.join().unwrap();
        });
    }
}
