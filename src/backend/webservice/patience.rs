//! How long a reply is waited for, and whether Ctrl-C ends the wait.

use super::http::Cause;
use crate::model::Interrupt;
use std::time::{Duration, Instant};

/// How long to wait beyond a Ctrl-C that came before the call did: such calls clean up.
const CLEANING: Duration = Duration::from_secs(2);

/// A reply that comes in drops may take so many times the limit of silence, altogether.
const DROPS: u32 = 5;

/// The rule for one exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Longest time without a byte.
    pub(super) silence: Duration,
    /// Whether Ctrl-C ends it. Log-off and the like are not to be stopped.
    pub(super) interruptible: bool,
}

impl Patience {
    /// Starts to wait.
    pub(super) fn watch(self) -> Watch {
        let now = Instant::now();
        let raised_before = self.interruptible && Interrupt::global().is_raised();
        Watch { patience: self, start: now, last: now, raised_before }
    }
}

/// One wait under way.
pub(super) struct Watch {
    patience: Patience,
    start: Instant,
    last: Instant,
    raised_before: bool,
}

impl Watch {
    /// Something came, or went.
    pub(super) fn progress(&mut self) {
        self.last = Instant::now();
    }

    /// Whether to go on waiting.
    pub(super) fn check(&mut self) -> Result<(), Cause> {
        if self.patience.interruptible {
            match Interrupt::global().is_raised() {
                false => self.raised_before = false,
                true if self.raised_before && self.start.elapsed() < CLEANING => {}
                true => return Err(Cause::Interrupted),
            }
        }
        let silence = self.patience.silence;
        if self.last.elapsed() >= silence || self.start.elapsed() >= silence.saturating_mul(DROPS) {
            return Err(Cause::Silence(silence));
        }
        Ok(())
    }
}
