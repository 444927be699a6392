//! What makes machines run. There is the simulated engine; a real one comes behind the same trait.

use crate::host::Outcome;

/// What a machine needs from whatever runs it. Rules, states, locks and events are not its concern.
pub(in crate::host) trait Engine: Send + Sync {
    /// One word for pictures.
    fn name(&self) -> &'static str;

    /// The machine is powered on; `restored`: from a saved state.
    ///
    /// # Errors
    /// It cannot run.
    fn power_on(&self, id: &str, restored: bool) -> Outcome;

    /// It is halted for a while, or goes on.
    ///
    /// # Errors
    /// The engine could not do it.
    fn halt(&self, id: &str, halted: bool) -> Outcome;

    /// Its power is cut.
    ///
    /// # Errors
    /// The engine could not do it.
    fn power_off(&self, id: &str) -> Outcome;

    /// Whether the guest took notice of its power button.
    fn button_is_handled(&self, id: &str) -> bool;

    /// Size of the first screen.
    fn screen_size(&self, id: &str) -> (u32, u32);
}

/// Runs nothing: a machine on it is switched on, and its guest does nothing at all.
pub(in crate::host) struct Simulated;

impl Engine for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    fn power_on(&self, _: &str, _: bool) -> Outcome {
        Ok(())
    }

    fn halt(&self, _: &str, _: bool) -> Outcome {
        Ok(())
    }

    fn power_off(&self, _: &str) -> Outcome {
        Ok(())
    }

    fn button_is_handled(&self, _: &str) -> bool {
        false
    }

    /// What a PC's text screen has before anything is drawn.
    fn screen_size(&self, _: &str) -> (u32, u32) {
        (720, 400)
    }
}
