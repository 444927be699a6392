//! The configuration file: named hosts, aliases, defaults, keys, the prompt, the theme, a script to start with.
//!
//! It is read once at the start; a mistake in it is told with line and key, and the rest of the program goes on
//! without it only where that is harmless.

use super::Credentials;
use crate::model::{Error, Result};
use crate::output::Theme;
use crate::schema::embedded;
use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that the file may say.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What the command line leaves open.
    pub defaults: Defaults,
    /// Named places to connect to.
    pub hosts: BTreeMap<String, HostEntry>,
    /// Words that stand for lines.
    pub aliases: BTreeMap<String, String>,
    /// The prompt: `{server}`, `{language}` and `{connection}` are filled in.
    pub prompt: Option<String>,
    /// Keys of the line editor: `emacs` or `vi`.
    pub keys: Keys,
    /// `neutral` (default), `dark`, `light`, `auto` or `none`: which colours can be read.
    pub theme: Theme,
    /// Events that are announced above the line that is typed.
    pub announce: Announce,
    /// Whether long output goes through a pager; it does when nothing is said.
    pub pager: Option<bool>,
    /// A script that runs before the first prompt.
    pub rc: Option<PathBuf>,
}

/// What the command line leaves open.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Where to connect to, as `--connect` takes it.
    pub connect: Option<String>,
    /// `rhai` or `python`.
    pub lang: Option<String>,
    /// `auto`, `always` or `never`.
    pub color: Option<String>,
    /// Seconds that `on` gives a host.
    pub timeout: Option<u64>,
}

/// A named place.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostEntry {
    /// `http[s]://[user@]host[:port]`, `xpcom`, `embedded`.
    pub url: String,
    /// User name for the log-on.
    pub user: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// The one certificate to trust.
    pub fingerprint: Option<String>,
    /// Home, for an embedded host.
    pub home: Option<PathBuf>,
    /// Trust any certificate.
    #[serde(default)]
    pub insecure: bool,
}

/// Keys of the line editor.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Keys {
    /// As in Emacs.
    #[default]
    Emacs,
    /// As in vi.
    Vi,
}

/// Which events are announced above the line that is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Announce {
    /// None.
    #[default]
    Nothing,
    /// What changes machines: their states, new ones and removed ones, snapshots.
    Usual,
    /// Those of these types.
    Types(Vec<String>),
}

impl<'de> Deserialize<'de> for Announce {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_any(AnnounceVisitor)
    }
}

struct AnnounceVisitor;

impl<'de> Visitor<'de> for AnnounceVisitor {
    type Value = Announce;

    fn expecting(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.write_str("true, false, or a list of event types")
    }

    fn visit_bool<E>(self, on: bool) -> std::result::Result<Announce, E> {
        Ok(if on { Announce::Usual } else { Announce::Nothing })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Announce, A::Error> {
        let mut types: Vec<String> = Vec::new();
        while let Some(name) = list.next_element::<String>()? {
            let known = embedded().enumeration("VBoxEventType").and_then(|types| types.number(&name));
            if known.is_none() {
                return Err(serde::de::Error::custom(format!("`{name}` is no type of event (`help VBoxEventType`)")));
            }
            types.push(name);
        }
        Ok(Announce::Types(types))
    }
}

impl Config {
    /// Where the file is: `VBOXSH_CONFIG`, else `config.toml` in the user's folder for settings.
    pub fn path() -> Option<PathBuf> {
        let told = std::env::var_os("VBOXSH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        told.or_else(|| Some(directories::ProjectDirs::from("", "", "vboxsh")?.config_dir().join("config.toml")))
    }

    /// Reads the file at [`Config::path`]; without one everything is as built in.
    ///
    /// # Errors
    /// The file cannot be read or has a mistake, which is named with line and key.
    pub fn load() -> Result<Self> {
        match Self::path() {
            Some(path) if path.exists() => Self::read(&path),
            _ => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::usage(
                format!("cannot read {}: {error}", path.display()),
                "mend the file, or name another in VBOXSH_CONFIG",
            )
        })?;
        let mut config = Self::parse(&text).map_err(|what| {
            Error::usage(
                format!("{}: {what}", path.display()),
                "mend the file; `help configuration` says what it may hold",
            )
        })?;
        // Files are named from the folder of the configuration.
        let folder = path.parent().unwrap_or(Path::new(""));
        let place = |file: &mut Option<PathBuf>| {
            if let Some(file) = file {
                *file = folder.join(&*file);
            }
        };
        place(&mut config.rc);
        for host in config.hosts.values_mut() {
            place(&mut host.password_file);
            place(&mut host.ca_file);
            place(&mut host.home);
        }
        Ok(config)
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let what = error.message().lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
            // A wrong value alone would not say whose it is.
            let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
            match key.filter(|key| !key.is_empty() && !what.contains(&format!("`{key}`"))) {
                Some(key) => format!("line {line}: {key}: {what}"),
                None => format!("line {line}: {what}"),
            }
        })
    }
}

impl HostEntry {
    /// How to log on there, with `general` for what the entry leaves open.
    pub fn credentials(&self, general: &Credentials) -> Credentials {
        Credentials {
            password: general.password.clone(),
            user: self.user.clone().unwrap_or_else(|| general.user.clone()),
            password_file: self.password_file.clone().or_else(|| general.password_file.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = "prompt = \"{server}> \"\nkeys = \"vi\"\ntheme = \"light\"\nrc = \"start.rhai\"\n\n[defaults]\nconnect = \"build\"\n\n\
                    [hosts.build]\nurl = \"https://build:18083\"\nuser = \"ops\"\npassword-file = \"secret\"\n\n[aliases]\nup = \"list running\"\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.keys, Keys::Vi);
        assert_eq!((config.theme, config.announce, config.pager), (Theme::Light, Announce::Nothing, None));
        let types = Config::parse("announce = [\"OnMachineStateChanged\"]").unwrap().announce;
        assert_eq!(types, Announce::Types(vec!["OnMachineStateChanged".to_owned()]));
        assert_eq!(Config::parse("announce = true").unwrap().announce, Announce::Usual);
        assert_eq!(config.hosts["build"].user.as_deref(), Some("ops"));
        assert_eq!(config.aliases["up"], "list running");
    }

    #[test]
    fn mistakes_are_named_with_line_and_key() {
        for (text, line, part) in [
            ("\nkeyz = 1\n", 2, "keyz"),
            ("[hosts.a]\nurl = 1\n", 2, "url: invalid type: integer `1`, expected a string"),
            ("theme = \"pink\"", 1, "theme: unknown variant `pink`"),
            ("\npager = \"no\"", 2, "pager: "),
            ("announce = 3", 1, "announce: invalid type: integer `3`, expected true, false, or a list of event types"),
            ("announce = [\"OnTea\"]", 1, "announce: `OnTea` is no type of event"),
            ("[hosts.a]\nuser = \"x\"\n", 1, "url"),
            ("keys = \"pico\"", 1, "pico"),
            ("a = ", 1, ""),
        ] {
            let wrong = Config::parse(text).unwrap_err();
            assert!(wrong.starts_with(&format!("line {line}: ")) && wrong.contains(part), "{text}: {wrong}");
        }
    }
}
