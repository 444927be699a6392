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
            match facts.state {
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
        let mut marked = Vec::new();
        for (id, writes) in used {
            let Some(medium) = self.media.get_mut(&id) else { continue };
            if medium.state == "Created" {
                medium.state = if writes { "LockedWrite" } else { "LockedRead" };
            }
            marked.push(id);
        }
        if let Some(running) = self.running_mut(original) {
            running.media = marked;
        }
    }

    /// Frees media that no other machine uses.
    pub(super) fn unmark_media(&mut self, media: &[ElementId]) {
        for id in media {
            if let Some(medium) = self.media.get_mut(id).filter(|medium| medium.state.starts_with("Locked")) {
                medium.state = "Created";
            }
        }
        // One that several read stays locked for the others.
        let others: Vec<_> =
            self.machines.iter().filter(|(_, machine)| machine.running.is_some()).map(|(view, _)| *view).collect();
        others.into_iter().for_each(|view| self.mark_media(view));
    }
}
