//! Guest properties of machines that do not run: values, flags, patterns.

use super::arguments::Arguments;
use super::document::GuestProperty;
use super::fault::code;
use super::state::{State, View, nothing, now, one};
use super::table::When;
use super::value::{text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::collections::BTreeMap;

const FLAGS: [&str; 5] = ["TRANSIENT", "TRANSRESET", "RDONLYGUEST", "RDONLYHOST", "READONLY"];

/// Flags in their usual spelling; `None` when one is unknown.
pub(super) fn normal_flags(flags: &str) -> Option<String> {
    let given: Vec<String> =
        flags.split(',').map(|flag| flag.trim().to_ascii_uppercase()).filter(|flag| !flag.is_empty()).collect();
    if given.iter().any(|flag| !FLAGS.contains(&flag.as_str())) {
        return None;
    }
    let known = FLAGS.iter().filter(|flag| given.iter().any(|given| given == *flag));
    Some(known.copied().collect::<Vec<_>>().join(", "))
}

/// Whether `name` fits one of the patterns, apart by `|`: `*` is any text, `?` any letter. None fits all.
pub(super) fn fits(patterns: &str, name: &str) -> bool {
    patterns.is_empty() || patterns.split('|').any(|pattern| fits_one(pattern.trim().as_bytes(), name.as_bytes()))
}

fn fits_one(pattern: &[u8], name: &[u8]) -> bool {
    // The last `*` seen and where its text began: on a mismatch it takes one letter more.
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == name[read] => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((before, from)) => {
                    star = Some((before, from + 1));
                    at = before + 1;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

impl State {
    pub(super) fn call_guest_property(
        &mut self,
        view: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let key = arguments.text(0);
        let property = |state: &Self| state.guest_properties(view).map(|all| all.get(key).cloned().unwrap_or_default());
        match name {
            "getGuestProperty" => {
                let property = property(self)?;
                Ok(Some(vec![text(property.value), RawValue::Int(property.timestamp), text(property.flags)]))
            }
            "getGuestPropertyValue" => one(text(property(self)?.value)),
            "getGuestPropertyTimestamp" => one(RawValue::Int(property(self)?.timestamp)),
            "setGuestProperty" => {
                self.set_guest_property(view, key, Some(arguments.text(1)), arguments.text(2))?;
                nothing()
            }
            "setGuestPropertyValue" => {
                // Its flags go, too.
                self.set_guest_property(view, key, Some(arguments.text(1)), "")?;
                nothing()
            }
            "deleteGuestProperty" => {
                self.set_guest_property(view, key, None, "")?;
                nothing()
            }
            "enumerateGuestProperties" => {
                let all = self.guest_properties(view)?;
                let found: Vec<_> = all.iter().filter(|(name, _)| fits(key, name)).collect();
                Ok(Some(vec![
                    texts(found.iter().map(|(name, _)| (*name).clone())),
                    texts(found.iter().map(|(_, property)| property.value.clone())),
                    RawValue::List(found.iter().map(|(_, property)| RawValue::Int(property.timestamp)).collect()),
                    texts(found.iter().map(|(_, property)| property.flags.clone())),
                ]))
            }
            _ => Ok(None),
        }
    }

    /// The guest properties of a machine; while it runs, those of the run.
    fn guest_properties(&self, view: View) -> Outcome<&BTreeMap<String, GuestProperty>> {
        match self.running(view) {
            Some(running) => Ok(&running.record.properties),
            None => Ok(&self.document(view)?.guest_properties),
        }
    }

    /// Sets a guest property, to an empty value too; no value deletes it.
    fn set_guest_property(&mut self, view: View, name: &str, value: Option<&str>, flags: &str) -> Outcome {
        let runs = self.running(view).is_some();
        if !runs {
            self.check_mutable(view, When::OffOrSaved)?;
        }
        if name.is_empty() || name.contains(['*', '?', '|']) {
            return Err(Fault::argument(format!(
                "`{name}` is no name of a guest property: it must not be empty or have `*`, `?` or `|`"
            )));
        }
        let unknown = || Fault::argument(format!("`{flags}` has an unknown flag; there are {}", FLAGS.join(", ")));
        let flags = normal_flags(flags).ok_or_else(unknown)?;
        if !runs && flags.contains("TRANS") {
            let message = "the flags TRANSIENT and TRANSRESET need a running machine";
            return Err(Fault::argument(message));
        }
        let mut properties = self.guest_properties(view)?.clone();
        let old = properties.get(name);
        if old.is_some_and(|old| old.flags.split(", ").any(|flag| matches!(flag, "READONLY" | "RDONLYHOST"))) {
            let message = format!("the guest property `{name}` cannot be changed by the host: its flags forbid it");
            return Err(Fault::new(code::E_ACCESSDENIED, message));
        }
        match value {
            Some(value) => drop(properties.insert(name.to_owned(), stamped(value, &flags))),
            None if properties.remove(name).is_none() => return Ok(()),
            None => {}
        }
        if runs {
            self.change_record(view, |record| record.properties = properties)?;
        } else {
            self.document_mut(view)?.guest_properties = properties;
            self.touch(view);
        }
        self.tell_property(view, name, value.unwrap_or_default(), &flags, value.is_none())
    }
}

/// A guest property that is set now.
pub(super) fn stamped(value: &str, flags: &str) -> GuestProperty {
    GuestProperty { value: value.to_owned(), timestamp: now() * 1_000_000, flags: flags.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(fits("", "/a/b"));
        assert!(fits("/x|/a/*", "/a/b"));
        assert!(fits("*b", "/a/b") && fits("/?/b", "/a/b") && fits("*a*b*", "/a/b"));
        assert!(!fits("/a", "/a/b") && !fits("/x/*", "/a/b") && !fits("?", ""));
    }

    #[test]
    fn flags() {
        assert_eq!(normal_flags("rdonlyguest ,TRANSIENT").as_deref(), Some("TRANSIENT, RDONLYGUEST"));
        assert_eq!(normal_flags("").as_deref(), Some(""));
        assert_eq!(normal_flags("nonsense"), None);
    }
}
