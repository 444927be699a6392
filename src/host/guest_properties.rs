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

/// Lengths in bytes, as the guest's service has room for.
const LONGEST_NAME: usize = 63;
const LONGEST_VALUE: usize = 1023;

/// Flags in their usual spelling; `None` when one is unknown.
pub(super) fn normal_flags(flags: &str) -> Option<String> {
    if flags.trim().is_empty() {
        return Some(String::new());
    }
    let given: Vec<String> = flags.split(',').map(|flag| flag.trim().to_ascii_uppercase()).collect();
    if given.iter().any(|flag| !FLAGS.contains(&flag.as_str())) {
        return None;
    }
    let has = |flag: &str| given.iter().any(|given| given == flag);
    // Both of the read-only flags are one of their own.
    let read_only = has("READONLY") || (has("RDONLYGUEST") && has("RDONLYHOST"));
    let known = FLAGS.iter().filter(|flag| match **flag {
        "READONLY" => read_only,
        "RDONLYGUEST" | "RDONLYHOST" => has(flag) && !read_only,
        flag => has(flag),
    });
    Some(known.copied().collect::<Vec<_>>().join(", "))
}

/// Whether `name` fits one of the patterns, apart by `|`: `*` is any text, `?` any letter. None fits all.
pub(super) fn fits(patterns: &str, name: &str) -> bool {
    patterns.is_empty() || patterns.split('|').any(|pattern| fits_one(pattern.as_bytes(), name.as_bytes()))
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
        if name.starts_with("getGuestProperty") && key.is_empty() && self.running(view).is_some() {
            return Err(Fault::argument("a guest property has a name").by(""));
        }
        match name {
            "getGuestProperty" => {
                let property = property(self)?;
                Ok(Some(vec![text(property.value), RawValue::Int(property.timestamp), text(property.flags)]))
            }
            "getGuestPropertyValue" => one(text(property(self)?.value)),
            "getGuestPropertyTimestamp" => one(RawValue::Int(property(self)?.timestamp)),
            "setGuestProperty" => {
                self.set_guest_property(view, key, Some(arguments.text(1)), Some(arguments.text(2)))?;
                nothing()
            }
            "setGuestPropertyValue" => {
                self.set_guest_property(view, key, Some(arguments.text(1)), None)?;
                nothing()
            }
            "deleteGuestProperty" => {
                self.set_guest_property(view, key, None, Some(""))?;
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

    /// Sets a guest property; no value deletes it. What an empty value and missing flags mean depends on whether the
    /// machine runs: then it is set to nothing and loses its flags, else it is deleted and keeps them.
    fn set_guest_property(&mut self, view: View, name: &str, value: Option<&str>, flags: Option<&str>) -> Outcome {
        let runs = self.running(view).is_some();
        let deleted = value.is_none();
        if !runs && deleted {
            self.check_mutable(view, When::OffOrSaved)?;
        }
        // Deleting checks no name: nothing has such a one.
        if (runs || !deleted) && (name.is_empty() || name.contains(['*', '?', '|']) || name.len() > LONGEST_NAME) {
            return Err(Fault::argument(format!(
                "`{name}` is no name of a guest property: it must have 1 to {LONGEST_NAME} letters and no `*`, `?` or `|`"
            )));
        }
        if !runs {
            self.check_mutable(view, When::OffOrSaved)?;
        }
        let text_value = value.unwrap_or_default();
        if text_value.len() > LONGEST_VALUE {
            let message = format!("{} letters: a guest property has at most {LONGEST_VALUE}", text_value.len());
            return Err(Fault::argument(message));
        }
        let given = flags.unwrap_or_default();
        let unknown = || {
            let message = format!("`{given}` has an unknown flag; there are {}", FLAGS.join(", "));
            // While the machine runs its process looks at them.
            if runs { Fault::new(code::IPRT_ERROR, message).by("IConsole") } else { Fault::argument(message) }
        };
        let normal = normal_flags(given).ok_or_else(unknown)?;
        if !runs && normal.contains("TRANS") {
            let message = "the flags TRANSIENT and TRANSRESET need a running machine";
            return Err(Fault::argument(message));
        }
        let mut properties = self.guest_properties(view)?.clone();
        let old = properties.get(name);
        if old.is_some_and(|old| old.flags.split(", ").any(|flag| matches!(flag, "READONLY" | "RDONLYHOST"))) {
            let message = format!("the guest property `{name}` cannot be changed by the host: its flags forbid it");
            return Err(Fault::new(code::E_ACCESSDENIED, message));
        }
        let known = old.is_some();
        if runs {
            match value {
                Some(value) => drop(properties.insert(name.to_owned(), stamped(value, &normal))),
                None if properties.remove(name).is_none() => return Ok(()),
                None => {}
            }
            self.change_record(view, |record| record.properties = properties)?;
            return self.tell_property(view, name, text_value, &normal, deleted);
        }
        let kept = match flags {
            Some(flags) => flags.to_owned(),
            None => old.map_or(String::new(), |known| known.flags.clone()),
        };
        if text_value.is_empty() {
            properties.remove(name);
        } else {
            properties.insert(name.to_owned(), stamped(text_value, &normal_flags(&kept).unwrap_or_default()));
        }
        self.document_mut(view)?.guest_properties = properties;
        if known || !text_value.is_empty() {
            self.touch(view);
        }
        self.tell_property(view, name, text_value, &kept, deleted)
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
        assert_eq!(normal_flags("RDONLYHOST,RDONLYGUEST").as_deref(), Some("READONLY"));
        assert_eq!((normal_flags("nonsense"), normal_flags(",")), (None, None));
    }
}
