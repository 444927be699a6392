//! Giving references up.
//!
//! One after the other on one connection: the server drops what is sent before it has answered.

use super::log_on::own_method;
use super::{Inner, Manner, Patience};
use crate::model::{Error, Handle, Request};
use std::sync::PoisonError;

/// References of this room's own that may lie about before they are given up.
const MOST_LITTER: usize = 64;

impl Inner {
    /// Gives references up. Those of an earlier web session are gone already.
    pub(super) fn release(&self, handles: &[Handle]) {
        let Ok(operation) = own_method("IManagedObjectRef", "release") else { return };
        let session = self.session();
        let silence = self.pool.limits().wait;
        // Whoever wants to stop does not wait for this; and releasing twice harms nobody, for a
        // reference is never given anew.
        let manner = Manner { patience: Patience { silence, interruptible: false }, repeatable: true };
        for handle in handles {
            match handle {
                Handle::Text(text) if same_session(text, &session.root) => {}
                _ => continue,
            }
            if self.check_open().is_err() {
                return;
            }
            let request = Request { target: handle, operation, arguments: &[], waits: None };
            // A fault says that it is gone already; without connection the rest is in vain.
            if let Err(Error::Connection(_)) = self.carry(&session, &request, manner) {
                return;
            }
        }
    }

    /// Marks references that only this room has seen as done with.
    pub(super) fn litter(&self, handles: impl IntoIterator<Item = Handle>) {
        let mut litter = self.litter.lock().unwrap_or_else(PoisonError::into_inner);
        litter.extend(handles);
        let full = litter.len() >= MOST_LITTER;
        drop(litter);
        if full {
            self.sweep();
        }
    }

    /// Gives up what lies about.
    pub(super) fn sweep(&self) {
        let litter = std::mem::take(&mut *self.litter.lock().unwrap_or_else(PoisonError::into_inner));
        self.release(&litter);
    }
}

/// Whether two references are of the same web session: its number stands before the dash.
fn same_session(one: &str, other: &str) -> bool {
    let session = |reference: &str| reference.split_once('-').map(|(session, _)| session.to_owned());
    session(one) == session(other)
}
