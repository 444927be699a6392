//! Background work and the progress objects that tell of it.
//!
//! [`State::start_job`] runs work on a thread of its own, without the state's lock; its closing step then runs with
//! the state, before the progress counts as completed. Waiting is done by the caller, outside the lock.

#[cfg(test)]
mod tests;

use super::arguments::Arguments;
use super::control::Door;
use super::document::{ElementId, ROOT};
use super::fault::code;
use super::state::{Address, State, gone, nothing};
use super::value::text;
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What a caller may know of a piece of work before it starts.
pub(super) struct Job {
    description: String,
    /// What each operation does, and how much of the whole it is.
    operations: Vec<(String, u32)>,
    cancelable: bool,
    initiator: RawValue,
    interface: &'static str,
}

impl Job {
    /// Work of one operation, started by an object of `interface`; it can be cancelled.
    pub(super) fn new(description: impl Into<String>, initiator: Address, interface: &'static str) -> Self {
        let description = description.into();
        let operations = vec![(description.clone(), 1)];
        Self { description, operations, cancelable: true, initiator: initiator.value(interface), interface }
    }

    /// Work of several operations, in their order: what each does, and its weight.
    pub(super) fn operations<T: Into<String>>(mut self, operations: impl IntoIterator<Item = (T, u32)>) -> Self {
        let given: Vec<_> = operations.into_iter().map(|(text, weight)| (text.into(), weight.max(1))).collect();
        if !given.is_empty() {
            self.operations = given;
        }
        self
    }

    /// Work that cannot be cancelled.
    pub(super) fn not_cancelable(mut self) -> Self {
        self.cancelable = false;
        self
    }
}

/// How far work is: written by its thread, read by callers.
#[derive(Debug)]
struct Course {
    operation: AtomicU32,
    percent: AtomicU32,
    cancelled: AtomicBool,
    /// Milliseconds after the start at which the work is cancelled; 0: never.
    timeout: AtomicU32,
    start: Instant,
}

impl Course {
    fn cancelled(&self) -> bool {
        let limit = self.timeout.load(Ordering::Relaxed);
        if limit != 0 && self.start.elapsed() >= Duration::from_millis(limit.into()) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// How work tells how far it is, and learns that it shall stop.
pub(super) struct Reporter {
    course: Arc<Course>,
    door: Weak<Door>,
    element: ElementId,
    count: u32,
    cancelable: bool,
}

impl Reporter {
    /// The current operation is that far: `done` of `total`, in any unit.
    ///
    /// # Errors
    /// The work was cancelled: undo what was done, and give the error on.
    pub(super) fn done(&self, done: u64, total: u64) -> Outcome {
        // Rounding down: 100 is told only when nothing is left.
        let percent = if total == 0 { 100 } else { (u128::from(done) * 100 / u128::from(total)).min(100) as u32 };
        if self.course.percent.swap(percent, Ordering::Relaxed) != percent {
            self.tell();
        }
        self.check()
    }

    /// The next operation begins.
    ///
    /// # Errors
    /// The work was cancelled.
    pub(super) fn next(&self) -> Outcome {
        let operation = self.course.operation.load(Ordering::Relaxed);
        if operation + 1 < self.count {
            self.course.percent.store(0, Ordering::Relaxed);
            self.course.operation.store(operation + 1, Ordering::Relaxed);
            self.tell();
        }
        self.check()
    }

    /// # Errors
    /// The work was cancelled.
    pub(super) fn check(&self) -> Outcome {
        if self.cancelable && self.course.cancelled() {
            return Err(Fault::new(code::FILE_ERROR, "it was cancelled"));
        }
        Ok(())
    }

    /// Wakes those who wait for what the work makes.
    pub(super) fn wake(&self) {
        if let Some(door) = self.door.upgrade() {
            // Whoever is about to wait has looked before this.
            drop(door.lock());
            door.changed.notify_all();
        }
    }

    /// Fires the event, and wakes those who wait for an operation.
    fn tell(&self) {
        let Some(door) = self.door.upgrade() else { return };
        let mut state = door.lock();
        if let Some(progress) = state.progresses.get(&self.element) {
            let values =
                vec![("progressId", text(&progress.id)), ("percent", RawValue::Int(progress.percent().into()))];
            state.fire_at(Address::global(self.element), "OnProgressPercentageChanged", values);
        }
        drop(state);
        door.changed.notify_all();
    }
}

/// A piece of work.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) id: String,
    description: String,
    operations: Vec<(String, u32)>,
    cancelable: bool,
    initiator: RawValue,
    interface: &'static str,
    course: Arc<Course>,
    pub(super) completed: bool,
    /// Nobody refers to it any more.
    released: bool,
    fault: Option<Fault>,
}

impl Progress {
    fn new(job: Job) -> Self {
        let course = Course {
            operation: AtomicU32::new(0),
            percent: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            timeout: AtomicU32::new(0),
            start: Instant::now(),
        };
        Self {
            id: super::machines::new_id(),
            description: job.description,
            operations: job.operations,
            cancelable: job.cancelable,
            initiator: job.initiator,
            interface: job.interface,
            course: Arc::new(course),
            completed: false,
            released: false,
            fault: None,
        }
    }

    fn operation(&self) -> usize {
        self.course.operation.load(Ordering::Relaxed) as usize
    }

    /// How far the whole is, in percent.
    fn percent(&self) -> u32 {
        let weight =
            |operations: &[(String, u32)]| operations.iter().map(|(_, weight)| u64::from(*weight)).sum::<u64>();
        let (before, current) = self.operations.split_at(self.operation());
        let part = current.first().map_or(0, |(_, weight)| u64::from(*weight));
        let done = weight(before) * 100 + part * u64::from(self.course.percent.load(Ordering::Relaxed));
        u32::try_from(done / weight(&self.operations).max(1)).unwrap_or(100)
    }

    /// Seconds; -1 when unknown.
    fn time_remaining(&self) -> i64 {
        let (percent, passed) = (f64::from(self.percent()), self.course.start.elapsed().as_secs_f64());
        if self.completed {
            0
        } else if percent < 1.0 {
            -1
        } else {
            (passed / percent * (100.0 - percent)) as i64
        }
    }

    fn complete(&mut self, result: Outcome) {
        if result.is_ok() {
            let last = u32::try_from(self.operations.len() - 1).unwrap_or_default();
            self.course.operation.store(last, Ordering::Relaxed);
            self.course.percent.store(100, Ordering::Relaxed);
        }
        (self.completed, self.fault) = (true, result.err());
    }
}

impl State {
    /// Starts work in the background and gives the `IProgress` that tells of it.
    ///
    /// `work` runs on a thread of its own without the state, which callers may change meanwhile: mark what it uses
    /// (the state of a medium, a machine's state) before, and unmark it in `close`. `close` runs with the state when
    /// `work` has ended, however it ended; what it gives is the result of the progress. Only then is the progress
    /// completed. Work that fails or is cancelled has to leave nothing behind: make files under a temporary name and
    /// rename them in the end.
    ///
    /// ```ignore
    /// let job = Job::new("Copying", at, "IMedium").operations([("Copying `a`", 9), ("Tidying up", 1)]);
    /// let work = move |report: &Reporter| { report.done(1, 2)?; report.next()?; Ok(42) };
    /// state.start_job(job, work, |state, result| result.map(|number| state.keep(number)))
    /// ```
    pub(super) fn start_job<T: Send + 'static>(
        &mut self,
        job: Job,
        work: impl FnOnce(&Reporter) -> Outcome<T> + Send + 'static,
        close: impl FnOnce(&mut Self, Outcome<T>) -> Outcome + Send + 'static,
    ) -> RawValue {
        let element = self.add_progress(job);
        let progress = &self.progresses[&element];
        let reporter = Reporter {
            course: Arc::clone(&progress.course),
            door: self.door.clone(),
            element,
            count: u32::try_from(progress.operations.len()).unwrap_or(u32::MAX),
            cancelable: progress.cancelable,
        };
        let door = self.door.clone();
        let run = move || {
            // A panic must not leave a progress that never ends.
            let result = catch_unwind(AssertUnwindSafe(|| work(&reporter)));
            let result = result.unwrap_or_else(|_| Err(Fault::new(code::E_UNEXPECTED, "the work broke off: a defect")));
            let Some(door) = door.upgrade() else { return };
            let mut state = door.lock();
            let result = close(&mut state, result);
            state.complete(element, result);
            drop(state);
            door.changed.notify_all();
        };
        if let Err(error) = std::thread::Builder::new().name("vboxsh job".into()).spawn(run) {
            self.complete(element, Err(Fault::new(code::E_FAIL, format!("cannot start a thread: {error}"))));
        }
        Address::global(element).value("IProgress")
    }

    /// A progress object for work that has been done.
    #[allow(dead_code, reason = "for work that is done at once")]
    pub(super) fn finished(&mut self, description: impl Into<String>, result: Outcome) -> RawValue {
        let element = self.add_progress(Job::new(description, Address::VIRTUAL_BOX, "IVirtualBox"));
        self.complete(element, result);
        Address::global(element).value("IProgress")
    }

    /// A progress object for work that failed, or ended, before it could start.
    pub(super) fn finished_job(&mut self, job: Job, result: Outcome) -> RawValue {
        let element = self.add_progress(job);
        self.complete(element, result);
        Address::global(element).value("IProgress")
    }

    fn add_progress(&mut self, job: Job) -> ElementId {
        let element = self.global.add("IProgress", ROOT, "progress", 0);
        self.progresses.insert(element, Progress::new(job));
        element
    }

    fn complete(&mut self, element: ElementId, result: Outcome) {
        let Some(progress) = self.progresses.get_mut(&element) else { return };
        progress.complete(result);
        let (id, released) = (progress.id.clone(), progress.released);
        let values = vec![("progressId", text(&id)), ("midlDoesNotLikeEmptyInterfaces", RawValue::Bool(false))];
        self.fire_at(Address::global(element), "OnProgressTaskCompleted", values);
        if released {
            self.release(Address::global(element));
        }
    }

    /// Work has come so far that it cannot be cancelled any more.
    pub(super) fn forbid_cancelling(&mut self, element: ElementId) -> Outcome {
        self.progresses.get_mut(&element).ok_or_else(gone)?.cancelable = false;
        Ok(())
    }

    /// Whether work is still running in the background.
    pub(super) fn has_jobs(&self) -> bool {
        self.progresses.values().any(|progress| !progress.completed)
    }

    /// Gives a progress up, as far as its work is done.
    pub(super) fn release_progress(&mut self, element: ElementId) {
        match self.progresses.get_mut(&element) {
            Some(progress) if !progress.completed => progress.released = true,
            _ => {
                self.events.forget_owner(Address::global(element));
                self.progresses.remove(&element);
                self.global.remove(element);
            }
        }
    }

    /// Whether a wait for that operation of a progress is over; a wait for the whole has none.
    pub(super) fn progress_passed(&self, element: ElementId, operation: Option<i64>) -> bool {
        self.progresses.get(&element).is_none_or(|progress| {
            let count = i64::try_from(progress.operations.len()).unwrap_or(i64::MAX);
            let current = i64::try_from(progress.operation()).unwrap_or(i64::MAX);
            progress.completed || operation.is_some_and(|wanted| wanted < current || wanted >= count)
        })
    }

    /// Work that is running, as the API lists it.
    pub(super) fn progress_operations(&self) -> RawValue {
        let mut running: Vec<_> =
            self.progresses.iter().filter(|(_, progress)| !progress.completed).map(|(element, _)| *element).collect();
        running.sort_unstable();
        RawValue::List(running.into_iter().map(|element| Address::global(element).value("IProgress")).collect())
    }

    /// Only work that is still running is found by its id.
    pub(super) fn find_progress(&self, wanted: &str) -> Outcome<RawValue> {
        let id = wanted.trim_matches(['{', '}']);
        let mut running = self.progresses.iter().filter(|(_, progress)| !progress.completed);
        let found = running.find(|(_, progress)| progress.id.eq_ignore_ascii_case(id));
        let missing = || Fault::argument(format!("no running progress has the id `{wanted}`"));
        found.map(|(element, _)| Address::global(*element).value("IProgress")).ok_or_else(missing)
    }

    pub(super) fn read_progress(&mut self, element: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let progress = self.progresses.get(&element).ok_or_else(gone)?;
        let operation = progress.operations.get(progress.operation());
        if !progress.completed && matches!(name, "resultCode" | "errorInfo") {
            return Err(Fault::new(
                code::E_FAIL,
                format!("`{}` is still running, and has no result yet", progress.description),
            ));
        }
        Ok(Some(match name {
            "id" => text(&progress.id),
            "description" => text(&progress.description),
            "initiator" => progress.initiator.clone(),
            "cancelable" => RawValue::Bool(progress.cancelable),
            "percent" => RawValue::Int(progress.percent().into()),
            "timeRemaining" => RawValue::Int(progress.time_remaining()),
            "completed" => RawValue::Bool(progress.completed),
            "canceled" => RawValue::Bool(progress.course.cancelled.load(Ordering::Relaxed)),
            "resultCode" => {
                let failed = progress.fault.as_ref().map_or(0, |fault| fault.code);
                RawValue::Int(failed.cast_signed().into())
            }
            "errorInfo" => match progress.fault.clone() {
                Some(fault) => {
                    let interface = progress.interface;
                    self.error_info(&fault, interface)
                }
                None => RawValue::Null,
            },
            "operationCount" => RawValue::Int(i64::try_from(progress.operations.len()).unwrap_or(i64::MAX)),
            "operation" => RawValue::Int(i64::try_from(progress.operation()).unwrap_or(i64::MAX)),
            "operationDescription" => text(operation.map_or("", |(description, _)| description)),
            "operationPercent" => RawValue::Int(progress.course.percent.load(Ordering::Relaxed).into()),
            "operationWeight" => RawValue::Int(operation.map_or(1, |(_, weight)| *weight).into()),
            "timeout" => RawValue::Int(progress.course.timeout.load(Ordering::Relaxed).into()),
            "eventSource" => self.source_of(Address::global(element)).value("IEventSource"),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_progress(&mut self, element: ElementId, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if name != "timeout" {
            return Ok(false);
        }
        let progress = self.progresses.get(&element).ok_or_else(gone)?;
        if !progress.cancelable {
            return Err(not_cancelable(progress));
        }
        progress.course.timeout.store(u32::try_from(arguments.int(0)).unwrap_or_default(), Ordering::Relaxed);
        Ok(true)
    }

    /// Waits have been waited when the call comes here.
    pub(super) fn call_progress(
        &mut self,
        element: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let progress = self.progresses.get(&element).ok_or_else(gone)?;
        let count = progress.operations.len();
        match name {
            "waitForCompletion" => nothing(),
            "waitForOperationCompletion" => match usize::try_from(arguments.int(0)) {
                Ok(operation) if operation < count => nothing(),
                _ => Err(Fault::argument(format!("`{}` has {count} operations, counted from 0", progress.description))),
            },
            "cancel" if !progress.cancelable => Err(not_cancelable(progress)),
            // Also of completed work, which stays as it is.
            "cancel" => {
                progress.course.cancelled.store(true, Ordering::Relaxed);
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// An error as an object.
    pub(super) fn error_info(&mut self, fault: &Fault, interface: &str) -> RawValue {
        let id = self.global.add("IVirtualBoxErrorInfo", ROOT, "error", 0);
        if let Some(element) = self.global.get_mut(id) {
            element.set("resultCode", RawValue::Int(fault.code.cast_signed().into()));
            element.set("text", text(&fault.message));
            element.set("component", text(super::control::COMPONENT));
            let known = crate::schema::embedded().interface(interface).map_or("", |interface| interface.id);
            element.set("interfaceID", text(known));
            element.set("resultDetail", RawValue::Int(0));
            element.set("next", RawValue::Null);
        }
        Address::global(id).value("IVirtualBoxErrorInfo")
    }
}

fn not_cancelable(progress: &Progress) -> Fault {
    Fault::new(code::INVALID_OBJECT_STATE, format!("`{}` cannot be cancelled", progress.description))
}
