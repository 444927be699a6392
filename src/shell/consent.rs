//! Asking before something is lost.

use super::World;
use crate::model::{Error, Result};

/// Asks. Off a terminal only `--yes` is consent.
///
/// # Errors
/// There is no consent.
pub fn consent(world: &World, question: &str) -> Result<()> {
    let refused = |what: String, hint: &str| Err(Error::Refused { what, hint: hint.to_owned() });
    if world.yes() {
        return Ok(());
    }
    let ui = world.ui();
    if !ui.can_ask() {
        let hint = "give `--yes` (`-y`) on the command line of vboxsh to consent";
        return refused(format!("not done without consent: {question}"), hint);
    }
    if ui.confirm(question) { Ok(()) } else { refused("not done, as you wished".to_owned(), "") }
}
