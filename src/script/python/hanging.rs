//! Ctrl-C in Python while a call into the Main API never returns: Python only notes it and looks when the call is over,
//! so the user is told, and the next one ends the program.
//!
//! Scripts with a handler of their own for SIGINT are left alone.

use crate::output::last_words;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::cell::Cell;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A wait inside a call looks for signals ten times a second; what has not ended after this time hangs.
const PATIENCE: Duration = Duration::from_millis(500);
/// Presses as close as this to what the user is told count as one.
const READING: Duration = Duration::from_millis(250);

/// Exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// How often the thread that takes signals has entered or left a call: odd while it is in one.
static CROSSED: AtomicU64 = AtomicU64::new(0);

/// What Python writes the numbers of signals into, for as long as the process lives.
static WAKE: OnceLock<UnixStream> = OnceLock::new();

thread_local! {
    /// Whether this is the thread that takes signals.
    static TAKES_SIGNALS: Cell<bool> = const { Cell::new(false) };
}

/// Notes that this thread enters or leaves a call.
pub(super) fn crossed() {
    if TAKES_SIGNALS.with(Cell::get) {
        CROSSED.fetch_add(1, Ordering::SeqCst);
    }
}

/// Watches the calls of this thread, on which Python handles signals.
pub(super) fn watch(py: Python<'_>) -> PyResult<()> {
    let (read, write) = UnixStream::pair()?;
    write.set_nonblocking(true)?;
    let options = PyDict::new(py);
    options.set_item("warn_on_full_buffer", false)?;
    py.import("_signal")?.call_method("set_wakeup_fd", (write.as_raw_fd(),), Some(&options))?;
    let _ = WAKE.set(write);
    TAKES_SIGNALS.with(|takes| takes.set(true));
    std::thread::Builder::new().name("python-signals".to_owned()).spawn(move || listen(read))?;
    Ok(())
}

fn listen(signals: UnixStream) {
    let mut told: Option<(u64, Instant)> = None;
    for signal in signals.bytes() {
        let Ok(signal) = signal else { return };
        let call = CROSSED.load(Ordering::SeqCst);
        if i32::from(signal) != libc::SIGINT || call % 2 == 0 {
            continue;
        }
        match told {
            Some((known, since)) if known == call => {
                if since.elapsed() >= READING {
                    last_words("vboxsh ends; what was asked for last may still be done");
                    signal_hook::low_level::exit(INTERRUPTED);
                }
            }
            _ => {
                std::thread::sleep(PATIENCE);
                if CROSSED.load(Ordering::SeqCst) == call && handler_is_pythons() {
                    told = Some((call, Instant::now()));
                    last_words("a call that cannot be given up has not returned yet; Ctrl-C once more ends vboxsh");
                }
            }
        }
    }
}

/// Whether SIGINT raises `KeyboardInterrupt`, as usual.
fn handler_is_pythons() -> bool {
    let ask = |py: Python<'_>| -> PyResult<bool> {
        let signal = py.import("_signal")?;
        Ok(signal.call_method1("getsignal", (libc::SIGINT,))?.is(&signal.getattr("default_int_handler")?))
    };
    Python::attach(|py| ask(py).unwrap_or(false))
}
