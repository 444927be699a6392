//! The one flag that Ctrl-C raises and every wait looks at.

use super::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether the user asked to stop. Cloning gives another view of the same flag.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

static GLOBAL: std::sync::OnceLock<Interrupt> = std::sync::OnceLock::new();

/// Who is asked beside the flag.
static ALSO_ASKED: std::sync::OnceLock<fn() -> bool> = std::sync::OnceLock::new();

impl Interrupt {
    /// Longest time that a wait may go without a look at the flag.
    pub const SLICE: Duration = Duration::from_millis(100);

    /// The flag of this process, which the signal handler raises.
    pub fn global() -> &'static Self {
        GLOBAL.get_or_init(Self::default)
    }

    /// Makes `other` the flag of this process, for code that was loaded into it with statics of its own. It
    /// has to come before the first use.
    pub fn adopt(other: &Self) {
        let _ = GLOBAL.set(other.clone());
    }

    /// Lets `asks` be asked too, wherever a wait looks at the flag: a language that has Ctrl-C under its own
    /// control answers from there. Only the first call counts.
    pub fn also_ask(asks: fn() -> bool) {
        let _ = ALSO_ASKED.set(asks);
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
        self.0.load(Ordering::SeqCst) || ALSO_ASKED.get().is_some_and(|asks| asks())
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
