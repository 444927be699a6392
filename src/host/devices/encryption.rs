//! Passwords of encrypted machines: without the extension pack for encryption there are none.

use super::Reply;
use crate::host::Fault;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{State, nothing, one};

impl State {
    pub(in crate::host) fn call_encryption(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "getEncryptionSettings" | "checkEncryptionPassword" => {
                Err(Fault::new(code::NOT_SUPPORTED, "the machine is not encrypted"))
            }
            "addEncryptionPasswords" if arguments.list(0).len() != arguments.list(1).len() => {
                Err(Fault::argument("there must be as many ids as passwords"))
            }
            "addEncryptionPassword" if arguments.text(0).is_empty() => Err(unnamed()),
            "addEncryptionPasswords" if arguments.texts(0).iter().any(String::is_empty) => Err(unnamed()),
            "addEncryptionPassword"
            | "addEncryptionPasswords"
            | "removeEncryptionPassword"
            | "clearAllEncryptionPasswords" => nothing(),
            "changeEncryption" => {
                let refused = Fault::new(code::NOT_SUPPORTED, "no extension pack for encryption is installed");
                one(self.finished("Changing the encryption", Err(refused)))
            }
            _ => Ok(None),
        }
    }
}

fn unnamed() -> Fault {
    Fault::new(code::NOT_SUPPORTED, "a password without an id is for the machine itself, which is not encrypted")
}
