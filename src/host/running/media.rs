//! Media of a machine that runs: nobody else may write what it uses.

use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::state::{Address, State, View};
use crate::host::{Fault, Outcome};

impl State {
    /// The media that a machine uses, each with whether it writes it; parents of differencing disks are read.
    fn media_in_use(&self, original: View) -> Outcome<Vec<(ElementId, bool)>> {
        let mut used: Vec<(ElementId, bool)> = Vec::new();
        for attachment in self.attachments(original)? {
            let element = self.element(Address { view: original, element: attachment })?;
            let Some(medium) = element.value("medium").and_then(Address::of) else { continue };
            let Ok(facts) = self.medium(medium.element) else { continue };
            let writes = facts.device != "DVD" && !matches!(facts.kind, "Readonly" | "Immutable" | "MultiAttach");
            used.push((medium.element, writes));
            let mut parent = facts.parent;
            while let Some(id) = parent {
                used.push((id, false));
                parent = self.medium(id)?.parent;
            }
        }
        Ok(used)
    }

    /// Immutable disks start each time as they were made: what was written since is thrown away.
    pub(super) fn empty_forgetful_disks(&mut self, original: View) -> Outcome {
        for (medium, _) in self.media_in_use(original)? {
            if self.medium(medium)?.auto_reset && self.medium(medium)?.shown_state() == "Created" {
                self.reset_at_start(medium)?;
            }
        }
        Ok(())
    }

    /// Media are in use as the machine has them attached now.
    pub(in crate::host) fn mark_media_anew(&mut self, original: View) {
        self.free_media(original);
        self.mark_media(original);
    }

    /// A machine that runs keeps nobody from its media.
    pub(in crate::host) fn free_media(&mut self, view: View) {
        let used = self.running_mut(view).map(|running| std::mem::take(&mut running.media)).unwrap_or_default();
        self.unmark_media(&used);
    }

    /// Locks the media of a machine that starts, all or none.
    ///
    /// # Errors
    /// One cannot be read, or is in use elsewhere.
    pub(super) fn lock_media(&mut self, original: View, name: &str) -> Outcome {
        let used = self.media_in_use(original)?;
        for (medium, writes) in &used {
            self.refresh_medium(*medium)?;
            let facts = self.medium(*medium)?;
            let place = facts.location.display().to_string();
            match facts.shown_state() {
                "Inaccessible" => {
                    let message = format!("the medium `{place}` cannot be read: {}", facts.last_error);
                    return Err(Fault::new(code::E_FAIL, message));
                }
                "LockedWrite" => {
                    let message = format!("the machine `{name}` cannot lock its medium `{place}`: it is in use");
                    return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
                }
                "LockedRead" if *writes => {
                    let message = format!("the machine `{name}` cannot write its medium `{place}`: it is being read");
                    return Err(Fault::new(code::INVALID_OBJECT_STATE, message));
                }
                _ => {}
            }
        }
        self.mark_media(original);
        Ok(())
    }

    /// Marks the media of a machine that runs as in use.
    pub(super) fn mark_media(&mut self, original: View) {
        let used = self.media_in_use(original).unwrap_or_default();
        for (id, writes) in &used {
            let Some(medium) = self.media.get_mut(id) else { continue };
            if *writes {
                medium.writer = true;
            } else {
                medium.readers += 1;
            }
        }
        if let Some(running) = self.running_mut(original) {
            running.media = used;
        }
    }

    /// Frees the media of a machine that does not run any more.
    pub(super) fn unmark_media(&mut self, media: &[(ElementId, bool)]) {
        for (id, writes) in media {
            let Some(medium) = self.media.get_mut(id) else { continue };
            if *writes {
                medium.writer = false;
            } else {
                medium.readers = medium.readers.saturating_sub(1);
            }
        }
    }
}
