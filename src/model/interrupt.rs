//! The one flag that Ctrl-C raises and every wait looks at.

use super::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether the user asked to stop. Cloning gives another view of the same flag.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Longest time that a wait may go without a look at the flag.
    pub const SLICE: Duration = Duration::from_millis(100);

    /// The flag of this process, which the signal handler raises.
    pub fn global() -> &'static Self {
        static GLOBAL: std::sync::OnceLock<Interrupt> = std::sync::OnceLock::new();
        GLOBAL.get_or_init(Self::default)
    }

    /// The flag itself, for a signal handler.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Asks everything that waits to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Forgets a request, before new work starts.
    pub fn clear(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Fails when a stop was asked for.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn check(&self) -> Result<()> {
        if self.is_raised() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Sleeps, and wakes within [`Interrupt::SLICE`] of a request to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub fn sleep(&self, time: Duration) -> Result<()> {
        let end = Instant::now().checked_add(time);
        loop {
            self.check()?;
            let left = end.map_or(Self::SLICE, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Self::SLICE));
        }
    }
}
