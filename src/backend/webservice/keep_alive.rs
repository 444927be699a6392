//! The thread that keeps an idle web session alive.
//!
//! It holds no session by itself: when the transport goes, or closes, it ends.

use super::{Inner, Manner, Patience};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Ends the thread when dropped.
pub(super) struct KeepAlive(Arc<(Mutex<bool>, Condvar)>);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}

impl KeepAlive {
    /// Starts it for `inner`, in the place of an earlier one.
    pub(super) fn start(inner: &Arc<Inner>) {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (weak, signal) = (Arc::downgrade(inner), Arc::clone(&stop));
        let interval = inner.options.ping.max(Duration::from_millis(10));
        let started =
            std::thread::Builder::new().name("keep alive".into()).spawn(move || run(&weak, &signal, interval));
        // Without the thread a session that lies idle times out, and the next call logs on anew.
        let keeper = started.is_ok().then_some(Self(stop));
        *inner.keep_alive.lock().unwrap_or_else(PoisonError::into_inner) = keeper;
    }
}

fn run(inner: &Weak<Inner>, (stop, changed): &(Mutex<bool>, Condvar), interval: Duration) {
    let mut sleep = interval;
    loop {
        let stopped = stop.lock().unwrap_or_else(PoisonError::into_inner);
        let (stopped, _) =
            changed.wait_timeout_while(stopped, sleep, |stopped| !*stopped).unwrap_or_else(PoisonError::into_inner);
        if *stopped {
            return;
        }
        drop(stopped);
        let Some(inner) = inner.upgrade() else { return };
        let unused = inner.unused_for();
        if unused >= interval {
            let silence = inner.pool.limits().wait;
            let manner = Manner { patience: Patience { silence, interruptible: false }, repeatable: true };
            // A lost session shows at the next call, which can tell its user.
            let _ = inner.ask_root(&inner.session(), manner);
            inner.sweep();
        }
        inner.pool.prune();
        sleep = interval.saturating_sub(inner.unused_for()).max(interval / 10).max(Duration::from_millis(10));
    }
}
