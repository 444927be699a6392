//! The one flag that Ctrl-C raises and every wait looks at.

use super::{Error, Result};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Whether the user asked to stop. Cloning gives another view of the same flag.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    raised: AtomicBool,
    /// How many programs have the terminal, and with it Ctrl-C, for themselves.
    lent: AtomicUsize,
}

/// Ctrl-C belongs to another program until this is dropped.
#[derive(Debug)]
pub struct Lent(Interrupt);

thread_local! {
    /// What this thread looks at in place of the flag of the process.
    static OWN: RefCell<Option<Interrupt>> = const { RefCell::new(None) };
}

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

    /// Runs `work` in this thread with `self` in place of every other flag, so that it can be stopped alone.
    pub fn instead<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = OWN.replace(Some(self.clone()));
        let done = work();
        OWN.replace(before);
        done
    }

    /// The flag that this thread looks at.
    pub fn of_thread() -> Self {
        OWN.with_borrow(Clone::clone).unwrap_or_else(|| Self::global().clone())
    }

    /// Leaves Ctrl-C to another program that has the terminal, such as a pager, until what this gives is dropped.
    pub fn lend(&self) -> Lent {
        self.0.lent.fetch_add(1, Ordering::SeqCst);
        Lent(self.clone())
    }

    /// Whether another program has the terminal.
    pub fn is_lent(&self) -> bool {
        self.0.lent.load(Ordering::SeqCst) > 0
    }

    /// Does something with the flag that this thread looks at.
    fn with<T>(&self, look: impl FnOnce(&AtomicBool) -> T) -> T {
        OWN.with_borrow(|own| look(&own.as_ref().unwrap_or(self).0.raised))
    }

    /// Asks everything that waits to stop.
    pub fn raise(&self) {
        self.with(|raised| raised.store(true, Ordering::SeqCst));
    }

    /// Forgets a request, before new work starts.
    pub fn clear(&self) {
        self.with(|raised| raised.store(false, Ordering::SeqCst));
    }

    /// Whether a stop was asked for.
    pub fn is_raised(&self) -> bool {
        self.with(|raised| raised.load(Ordering::SeqCst)) || ALSO_ASKED.get().is_some_and(|asks| asks())
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

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.0.lent.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_may_have_a_flag_of_its_own() {
        let (of_all, own) = (Interrupt::default(), Interrupt::default());
        of_all.raise();
        own.instead(|| {
            assert!(!of_all.is_raised(), "it looks at its own");
            of_all.raise();
            assert!(own.is_raised());
        });
        own.clear();
        assert!(of_all.is_raised() && !own.is_raised());
    }

    #[test]
    fn what_is_lent_comes_back() {
        let flag = Interrupt::default();
        let lent = flag.lend();
        assert!(flag.is_lent());
        drop(lent);
        assert!(!flag.is_lent());
    }
}
