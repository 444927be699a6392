//! Passwords of encrypted media, which a console keeps in memory alone. Only their ids are looked at here: this host
//! has no encrypted media.

use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{State, View};
use crate::host::{Fault, Outcome};

impl State {
    pub(super) fn change_passwords(&mut self, original: View, name: &str, arguments: Arguments<'_>) -> Outcome {
        let known = |state: &Self, id: &str| state.passwords.contains(&(original, id.to_owned()));
        match name {
            "addEncryptionPassword" => self.add_password(original, arguments.text(0), arguments.text(1)),
            "addEncryptionPasswords" => {
                let (ids, passwords) = (arguments.texts(0), arguments.texts(1));
                if ids.is_empty() || ids.len() != passwords.len() {
                    return Err(Fault::new(code::E_FAIL, "each id needs one password"));
                }
                ids.iter().zip(&passwords).try_for_each(|(id, password)| self.add_password(original, id, password))
            }
            // As on 7.2.22: a password that was given stays in use as long as the machine is on.
            "removeEncryptionPassword" => {
                let id = arguments.text(0);
                Err(match known(self, id) {
                    true => Fault::new(code::E_FAIL, format!("the password `{id}` is in use")).by(""),
                    false if id.is_empty() => Fault::new(code::E_FAIL, "no password has an empty id"),
                    false => Fault::not_found(format!("there is no password `{id}`")),
                })
            }
            _ if self.passwords.iter().any(|(machine, _)| *machine == original) => {
                Err(Fault::new(code::OBJECT_IN_USE, "passwords are in use, and cannot be removed"))
            }
            _ => Ok(()),
        }
    }

    fn add_password(&mut self, original: View, id: &str, password: &str) -> Outcome {
        if id.is_empty() || password.is_empty() {
            return Err(Fault::new(code::E_FAIL, "a password and its id must not be empty"));
        }
        self.passwords.insert((original, id.to_owned()));
        Ok(())
    }
}
