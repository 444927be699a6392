//! The file that describes a machine, as TOML or JSON. No Main API here.

use crate::model::ErrorKind;
use crate::output::Failure;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A described machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Description {
    pub(super) machine: Machine,
    /// Values by the paths that `modify` takes.
    pub(super) settings: BTreeMap<String, String>,
    pub(super) disks: Vec<Disk>,
}

/// What a machine is made with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) os_type: String,
    #[serde(default = "x86")]
    pub(super) architecture: String,
    #[serde(default)]
    pub(super) groups: Vec<String>,
}

/// A hard disk; without a folder its file lies in the machine's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disk {
    pub(super) file: String,
    pub(super) size: String,
}

fn x86() -> String {
    "x86".to_owned()
}

impl Default for Machine {
    fn default() -> Self {
        Self { name: String::new(), os_type: "Other".to_owned(), architecture: x86(), groups: Vec::new() }
    }
}

/// The file as it is written: settings may be numbers and truths.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loose {
    machine: Machine,
    #[serde(default)]
    settings: BTreeMap<String, Scalar>,
    #[serde(default)]
    disks: Vec<Disk>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Scalar>),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Bool(truth) => truth.to_string(),
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::List(values) => values.iter().map(Self::text).collect::<Vec<_>>().join(","),
        }
    }
}

impl Description {
    /// Reads a file by its ending.
    ///
    /// # Errors
    /// It cannot be read, or has a mistake, which is named with its line.
    pub(super) fn read(file: &str) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let kind =
                if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Failed };
            Failure::new(kind, format!("cannot read `{file}`: {error}"))
                .hinted("`export-config MACHINE FILE` writes such a file")
        })?;
        Self::parse(&text, file.ends_with(".json"))
            .map_err(|what| Failure::usage(format!("{file}: {what}"), "`export-config MACHINE` shows the form"))
    }

    fn parse(text: &str, json: bool) -> Result<Self, String> {
        let loose: Loose = if json {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            toml::from_str(text).map_err(|error| {
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                format!("line {line}: {}", error.message().lines().next().unwrap_or_default())
            })?
        };
        let settings = loose.settings.iter().map(|(path, value)| (path.clone(), value.text())).collect();
        Ok(Self { machine: loose.machine, settings, disks: loose.disks })
    }

    /// The text of a file.
    pub(super) fn write(&self, json: bool) -> String {
        if json {
            return serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default();
        }
        toml::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_survive() {
        let mut described = Description::default();
        described.machine.name = "say \"hi\"".to_owned();
        described.settings.insert("networkAdapter[0].enabled".to_owned(), "true".to_owned());
        described.settings.insert("description".to_owned(), "two\nlines".to_owned());
        described.disks.push(Disk { file: "a.vdi".to_owned(), size: "20G".to_owned() });
        for json in [false, true] {
            assert_eq!(Description::parse(&described.write(json), json).unwrap(), described);
        }
    }

    #[test]
    fn numbers_and_truths_may_stand_bare_and_mistakes_are_named() {
        let text = "[machine]\nname = \"a\"\nos-type = \"Debian_64\"\n\n[settings]\nmemorySize = 2048\n\"VRDEServer.enabled\" = true\ngroups = [\"/a\", \"/b\"]\n";
        let described = Description::parse(text, false).unwrap();
        assert_eq!(described.settings["memorySize"], "2048");
        assert_eq!(described.settings["groups"], "/a,/b");
        let wrong = Description::parse("[machine]\nname = \"a\"\nos-type = \"x\"\ncpu = 1\n", false).unwrap_err();
        assert!(wrong.starts_with("line 4") && wrong.contains("cpu"), "{wrong}");
    }
}
