//! Locks of media: who reads or writes an image now, and the tokens that callers hold.

use super::super::document::{ElementId, ROOT};
use super::super::fault::code;
use super::super::state::{Address, State, gone, nothing};
use super::super::{Fault, Outcome};
use crate::model::RawValue;

impl State {
    /// Locks all of the media for reading, or none. Reading locks are counted; what holds one gives it back with
    /// [`State::unlock_read`].
    ///
    /// # Errors
    /// One is not created, or locked for writing, or is being made or deleted.
    pub(in crate::host) fn lock_read(&mut self, media: &[ElementId]) -> Outcome {
        for id in media {
            let medium = self.medium(*id)?;
            if medium.writer || !matches!(medium.state, "Created" | "Inaccessible") {
                return Err(medium.locked_or_unmade());
            }
        }
        for id in media {
            self.medium_mut(*id)?.readers += 1;
        }
        Ok(())
    }

    /// Gives reading locks back.
    pub(in crate::host) fn unlock_read(&mut self, media: &[ElementId]) {
        for id in media {
            if let Ok(medium) = self.medium_mut(*id) {
                medium.readers = medium.readers.saturating_sub(1);
            }
        }
    }

    /// Locks a medium for writing: nobody else has a lock of it until [`State::unlock_write`].
    ///
    /// # Errors
    /// It is not created, or it is locked, or it is being made or deleted.
    pub(in crate::host) fn lock_write(&mut self, id: ElementId) -> Outcome {
        let medium = self.medium_mut(id)?;
        if medium.writer || medium.readers > 0 || !matches!(medium.state, "Created" | "Inaccessible") {
            return Err(medium.locked_or_unmade());
        }
        medium.writer = true;
        Ok(())
    }

    /// Gives the writing lock back.
    pub(in crate::host) fn unlock_write(&mut self, id: ElementId) {
        if let Ok(medium) = self.medium_mut(id) {
            medium.writer = false;
        }
    }

    /// `lockRead` and `lockWrite`: a lock that lasts until its token is given up.
    pub(super) fn lock_for_caller(&mut self, id: ElementId, write: bool) -> Outcome<RawValue> {
        if write {
            self.lock_write(id)?;
        } else {
            self.lock_read(&[id])?;
        }
        let token = self.global.add("IToken", ROOT, "token", 0);
        if let Some(element) = self.global.get_mut(token) {
            element.set("medium", RawValue::Int(id.into()));
            element.set("write", RawValue::Bool(write));
        }
        Ok(Address::global(token).value("IToken"))
    }

    /// `IToken`: giving a lock up, which a caller who lets go of the token does too.
    pub(in crate::host) fn call_token(&mut self, token: ElementId, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "abandon" => {
                self.give_token_up(token)?;
                nothing()
            }
            "dummy" => {
                self.global.get(token).ok_or_else(gone)?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// Ends the lock of a token.
    ///
    /// # Errors
    /// It has ended already.
    pub(in crate::host) fn give_token_up(&mut self, token: ElementId) -> Outcome {
        let element = self.global.get(token).ok_or_else(gone)?;
        let medium = ElementId::try_from(element.int("medium")).unwrap_or_default();
        if element.flag("write") {
            self.unlock_write(medium);
        } else {
            self.unlock_read(&[medium]);
        }
        self.global.remove(token);
        Ok(())
    }
}

impl super::Medium {
    /// It was looked at, and cannot be read.
    pub(in crate::host) fn unreadable(&self) -> bool {
        self.state == "Inaccessible" && !self.last_error.is_empty()
    }

    /// Why it can not be locked or changed now.
    pub(super) fn locked_or_unmade(&self) -> Fault {
        let place = self.location.display();
        let why = match self.shown_state() {
            "LockedRead" => format!("`{place}` is locked for reading by other work"),
            "LockedWrite" => format!("`{place}` is locked for writing by other work"),
            "NotCreated" => format!("`{place}` has no storage; `createBaseStorage` makes it"),
            state => format!("the state of `{place}` is {state}"),
        };
        Fault::new(code::INVALID_OBJECT_STATE, why)
    }
}
