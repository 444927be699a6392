//! Ctrl-C while something runs.
//!
//! At the prompt the terminal sends Ctrl-C as a key and no signal is raised. While a line runs,
//! SIGINT raises the one interrupt flag that every wait looks at.

use crate::model::Interrupt;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Once;
use std::time::{Duration, Instant};

/// Everything that runs has to react to Ctrl-C within this time. Who presses it again later than
/// this, with the first one unanswered, means it; two quick presses count as one.
const PATIENCE: Duration = Duration::from_millis(250);

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Lets SIGINT raise [`Interrupt::global`]. When that is raised already and nothing has reacted in
/// time, a further SIGINT ends the program with 130. Later calls of this function do nothing.
///
/// # Errors
/// The signal cannot be caught.
pub fn install() -> io::Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(());
    ONCE.call_once(|| result = watch());
    result
}

fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    // A thread, because whether the first press was answered cannot be told inside a handler.
    let watcher = move || {
        let interrupt = Interrupt::global();
        let mut unanswered: Option<Instant> = None;
        for _ in signals.forever() {
            // The program that has the terminal deals with it.
            if interrupt.is_lent() {
                continue;
            }
            unanswered = if interrupt.is_raised() { unanswered.or_else(|| Some(Instant::now())) } else { None };
            if unanswered.is_some_and(|first| first.elapsed() >= PATIENCE) {
                signal_hook::low_level::exit(INTERRUPTED);
            }
            unanswered = unanswered.or_else(|| Some(Instant::now()));
            interrupt.raise();
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watcher).map(drop)
}
