//! Where a password comes from: a file that only its owner can read, the environment, or the user.
//! Never an argument, never the history.

use crate::model::{Error, Result, Secret};
use crate::output::Ui;
use std::path::{Path, PathBuf};

/// Passwords longer than this (in bytes) are refused: the web service takes less than 1024.
const LONGEST: u64 = 1023;

/// What the user said about logging on.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// User name; empty for none.
    pub user: String,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// The password itself, from a program that has it.
    pub password: Option<Secret>,
}

impl Credentials {
    /// The password that is at hand without asking: from the file, else from `VBOXSH_PASSWORD`.
    ///
    /// # Errors
    /// The file cannot be read, or others can read it.
    pub fn at_hand(&self) -> Result<Option<Secret>> {
        if let Some(password) = &self.password {
            return Ok(Some(password.clone()));
        }
        if let Some(file) = &self.password_file {
            return read_password_file(file).map(Some);
        }
        Ok(std::env::var("VBOXSH_PASSWORD").ok().map(Secret::new))
    }

    /// Asks for what is missing; `None` when nobody can be asked.
    ///
    /// # Errors
    /// The user gave up.
    pub fn ask(&self, ui: &Ui, server: &str) -> Result<Option<(String, Secret)>> {
        if !ui.can_ask() {
            return Ok(None);
        }
        let user = if self.user.is_empty() { std::env::var("USER").unwrap_or_default() } else { self.user.clone() };
        ui.note(&format!("{server} wants a log-on"));
        let password = ui.ask_password(&format!("password of {user}: ")).map_err(|_| Error::Interrupted)?;
        Ok(Some((user, Secret::new(password))))
    }
}

/// The password in the first line of a file that its owner alone can read.
///
/// # Errors
/// The file cannot be read, others can read it, or it is too long.
pub fn read_password_file(file: &Path) -> Result<Secret> {
    let unreadable = |error: std::io::Error| Error::Refused {
        what: format!("cannot read the password file {}: {error}", file.display()),
        hint: "give a file that holds the password in its first line".to_owned(),
    };
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Error::Refused {
                what: format!("others can read the password file {}", file.display()),
                hint: format!("`chmod 600 {}`", file.display()),
            });
        }
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let password = text.lines().next().unwrap_or_default();
    if metadata.len() > LONGEST + 2 {
        return Err(Error::Refused {
            what: format!("the password file {} has {} bytes", file.display(), metadata.len()),
            hint: format!("a password has at most {LONGEST} bytes; the file holds it in its first line"),
        });
    }
    Ok(Secret::new(password.to_owned()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_password_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "geheim\nmore\n").unwrap();
        let credentials = Credentials { password_file: Some(file.clone()), ..Credentials::default() };
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = credentials.at_hand().unwrap_err();
        assert!(
            error.to_string().contains("others can read") && error.hint().unwrap().contains("chmod 600"),
            "{error}"
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(credentials.at_hand().unwrap().unwrap().expose(), "geheim");
    }
}
