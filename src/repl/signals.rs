//! Ctrl-C while something runs.
//!
//! At the prompt the terminal sends Ctrl-C as a key and no signal is raised. While a line runs,
//! SIGINT raises the one interrupt flag that every wait looks at.

use crate::model::Interrupt;
use crate::output::{last_words, remember_terminal};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

/// Everything that runs has to react to Ctrl-C within 200 ms. What has not after this time hangs in a call that cannot
/// be given up, and the user is told.
const PATIENCE: Duration = Duration::from_millis(500);

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A press that nothing has reacted to yet.
#[derive(Default)]
struct Press {
    /// Which one it is.
    number: u64,
    /// Whether the user knows that the next one ends the program.
    told: bool,
}

/// Lets SIGINT raise [`Interrupt::global`]. When nothing has reacted in time the user is told so, and that a further
/// SIGINT ends the program with 130, as it then does. Later calls of this function do nothing.
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
    remember_terminal();
    let mut signals = Signals::new([SIGINT])?;
    // A thread, because whether an earlier press was answered cannot be told inside a handler.
    let watcher = move || {
        let (interrupt, press) = (Interrupt::global(), Arc::new(Mutex::new(Press::default())));
        for _ in signals.forever() {
            // The program that has the terminal deals with it.
            if interrupt.is_lent() {
                continue;
            }
            let mut last = press.lock().unwrap_or_else(PoisonError::into_inner);
            if !interrupt.is_raised() {
                *last = Press { number: last.number + 1, told: false };
                interrupt.raise();
                tell_later(&press, last.number);
            } else if last.told {
                last_words("vboxsh ends; what was asked for last may still be done");
                signal_hook::low_level::exit(INTERRUPTED);
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(watcher).map(drop)
}

/// Tells the user, when a press is still unanswered after a while.
fn tell_later(press: &Arc<Mutex<Press>>, number: u64) {
    let (press, interrupt) = (Arc::clone(press), Interrupt::global());
    let tell = move || {
        std::thread::sleep(PATIENCE);
        let mut last = press.lock().unwrap_or_else(PoisonError::into_inner);
        if last.number == number && interrupt.is_raised() && !interrupt.is_lent() {
            last.told = true;
            last_words("a call that cannot be given up has not returned yet; Ctrl-C once more ends vboxsh");
        }
    };
    // Without the thread the user is not told, and further presses wait for the call too.
    let _ = std::thread::Builder::new().name("signals-tell".to_owned()).spawn(tell);
}
