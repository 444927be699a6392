//! Ctrl-C while Python runs: Python has it then, and calls into the Main API look for it.

#![allow(unsafe_code)]

use super::call;
use pyo3::prelude::*;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// How Python takes SIGINT, and the thread on which it handles signals.
struct Taken {
    action: libc::sigaction,
    thread: std::thread::ThreadId,
}

static TAKEN: OnceLock<Taken> = OnceLock::new();

/// Has Python install its handler once, and puts the one back that was there.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    if TAKEN.get().is_some() {
        return Ok(());
    }
    let before = current();
    let signal = py.import("_signal")?;
    let number = signal.getattr("SIGINT")?;
    // Elsewhere than on its main thread Python takes no signals.
    if signal.call_method1("signal", (number, signal.getattr("default_int_handler")?)).is_err() {
        return Ok(());
    }
    let _ = TAKEN.set(Taken { action: current(), thread: std::thread::current().id() });
    set(&before);
    super::hanging::watch(py)
}

/// While this lives, SIGINT belongs to Python.
pub(super) struct Lent(Option<libc::sigaction>);

impl Lent {
    /// Lends it, when this is the thread on which Python handles signals.
    pub(super) fn to_python() -> Self {
        Self(here().map(|taken| {
            let before = current();
            set(&taken.action);
            before
        }))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            set(before);
        }
    }
}

fn here() -> Option<&'static Taken> {
    TAKEN.get().filter(|taken| taken.thread == std::thread::current().id())
}

/// Whether a wait is to end: it is one that Python is in, and a signal's handler raised something. What it
/// raised is kept for the caller.
pub(super) fn interrupted() -> bool {
    if !call::is_inside() {
        return false;
    }
    Python::attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(raised) => {
            call::keep(raised);
            true
        }
    })
}

fn current() -> libc::sigaction {
    let mut action = MaybeUninit::zeroed();
    // SAFETY: reads how the signal is handled; all zeroes are a valid value should that fail.
    unsafe {
        libc::sigaction(libc::SIGINT, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    }
}

fn set(action: &libc::sigaction) {
    // SAFETY: the value was read by `current`: a handler that this process has installed before.
    unsafe {
        libc::sigaction(libc::SIGINT, action, std::ptr::null_mut());
    }
}
