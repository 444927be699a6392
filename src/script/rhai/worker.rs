//! A thread with a large stack that owns one value and runs jobs on it.
//!
//! Scripts recurse, and the caller's thread may be the main one with a small stack; one lasting
//! thread also suits backends that register each thread that calls.

use crate::model::Interrupt;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Address space for the stack; only what a script really uses becomes memory. Frames of a build
/// without optimisation are several times as large.
const STACK: usize = if cfg!(debug_assertions) { 1 << 30 } else { 256 << 20 };

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

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
            let mut value = make();
            while let Ok(job) = receiver.recv() {
                job(&mut value);
            }
        };
        let thread = Builder::new().name(name.to_owned()).stack_size(STACK).spawn(body)?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Runs a job and waits for it; `None` when it, or an earlier one, panicked.
    pub(super) fn run<R: Send + 'static>(&self, job: impl FnOnce(&mut T) -> R + Send + 'static) -> Option<R> {
        self.start_job(job)?.recv().ok()
    }

    /// Starts a job; its result comes by the channel, which ends without one when the job panics.
    pub(super) fn start_job<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> Option<Receiver<R>> {
        let (reply, result) = sync_channel(1);
        // What stops the caller stops the job.
        let interrupt = Interrupt::of_thread();
        let job = Box::new(move |value: &mut T| {
            // Only a panic in this very job keeps the other side from waiting.
            let _ = reply.send(interrupt.instead(|| job(value)));
        });
        self.sender.as_ref()?.send(job).ok()?;
        Some(result)
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

    #[test]
    fn jobs_share_the_value_and_a_panic_is_noticed() {
        let worker = Worker::start("test", || 1).unwrap();
        assert_eq!(worker.run(|value| std::mem::replace(value, 2)), Some(1));
        assert_eq!(worker.run(|value| *value), Some(2));
        assert_eq!(worker.run(|_| -> i32 { panic!("on purpose") }), None);
        assert_eq!(worker.run(|value| *value), None);
    }
}
