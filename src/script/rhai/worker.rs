//! A thread with a large stack that owns one value and runs jobs on it.
//!
//! Scripts recurse, and the caller's thread may be the main one with a small stack; one lasting
//! thread also suits backends that register each thread that calls. A job may wait for something that needs
//! further jobs done: it does them meanwhile ([`serve_until`]).

use crate::model::Interrupt;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Address space for the stack; only what a script really uses becomes memory. Frames of a build
/// without optimisation are several times as large.
const STACK: usize = if cfg!(debug_assertions) { 1 << 30 } else { 256 << 20 };

type Job<T> = Box<dyn FnOnce(&T) + Send>;

/// Does the next job of the thread; false when there will be none.
type Serve = Rc<dyn Fn() -> bool>;

thread_local! {
    static SERVE: RefCell<Option<Serve>> = const { RefCell::new(None) };
}

/// On a worker's thread, inside a job: does further jobs until one has brought `result`. What sends the result has to
/// give the worker a job afterwards, and be it an empty one ([`Worker::wake`]). `None` when nobody will send it.
pub(super) fn serve_until<R>(result: &Receiver<R>) -> Option<R> {
    let Some(serve) = SERVE.with_borrow(Clone::clone) else { return result.recv().ok() };
    loop {
        match result.try_recv() {
            Ok(result) => return Some(result),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if serve() => {}
            Err(TryRecvError::Empty) => return None,
        }
    }
}

/// The thread. Dropping it waits for the thread's end.
pub(super) struct Worker<T> {
    sender: Option<Sender<Job<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: 'static> Worker<T> {
    /// Starts the thread and makes its value there.
    pub(super) fn start(name: &str, make: impl FnOnce() -> T + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = channel::<Job<T>>();
        let body = move || {
            let value = make();
            let serve: Serve = Rc::new(move || receiver.recv().map(|job| job(&value)).is_ok());
            SERVE.set(Some(Rc::clone(&serve)));
            while serve() {}
            SERVE.set(None);
        };
        let thread = Builder::new().name(name.to_owned()).stack_size(STACK).spawn(body)?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Runs a job and waits for it; `None` when it, or an earlier one, panicked.
    pub(super) fn run<R: Send + 'static>(&self, job: impl FnOnce(&T) -> R + Send + 'static) -> Option<R> {
        self.start_job(job)?.recv().ok()
    }

    /// Starts a job; its result comes by the channel, which ends without one when the job panics.
    pub(super) fn start_job<R: Send + 'static>(
        &self,
        job: impl FnOnce(&T) -> R + Send + 'static,
    ) -> Option<Receiver<R>> {
        let (reply, result) = sync_channel(1);
        // What stops the caller stops the job.
        let interrupt = Interrupt::of_thread();
        let job = Box::new(move |value: &T| {
            // Only a panic in this very job keeps the other side from waiting.
            let _ = reply.send(interrupt.instead(|| job(value)));
        });
        self.sender.as_ref()?.send(job).ok()?;
        Some(result)
    }

    /// Has a job that waits look at what it waits for.
    pub(super) fn wake(&self) {
        // A worker that broke down waits for nothing.
        let _ = self.sender.as_ref().map(|sender| sender.send(Box::new(|_| ())));
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn jobs_share_the_value_and_a_panic_is_noticed() {
        let worker = Worker::start("test", || Cell::new(1)).unwrap();
        assert_eq!(worker.run(|value| value.replace(2)), Some(1));
        assert_eq!(worker.run(Cell::get), Some(2));
        assert_eq!(worker.run(|_| -> i32 { panic!("on purpose") }), None);
        assert_eq!(worker.run(Cell::get), None);
    }

    #[test]
    fn a_job_that_waits_does_what_comes_meanwhile() {
        let worker = Worker::start("test", || Cell::new(1)).unwrap();
        let (answer, result) = sync_channel(1);
        let waiting = worker.start_job(move |value| (serve_until(&result), value.get())).unwrap();
        assert_eq!(worker.run(|value| value.replace(2)), Some(1));
        worker.wake();
        answer.send(7).unwrap();
        worker.wake();
        assert_eq!(waiting.recv(), Ok((Some(7), 2)));
        let (answer, result) = sync_channel::<i32>(1);
        let waiting = worker.start_job(move |_| serve_until(&result)).unwrap();
        drop(answer);
        worker.wake();
        assert_eq!(waiting.recv(), Ok(None));
    }
}
