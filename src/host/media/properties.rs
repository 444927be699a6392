//! Named properties of media: those of the format, and those of special names.

use super::super::arguments::Arguments;
use super::super::document::ElementId;
use super::super::fault::code;
use super::super::state::State;
use super::super::value::{text, texts};
use super::super::{Fault, Outcome};
use super::Medium;
use super::formats::format;
use crate::model::RawValue;
use std::collections::BTreeMap;

/// Properties that begin so are kept for any format.
const SPECIAL: [&str; 2] = ["Special/", "CRYPT/"];

impl Medium {
    /// What the format knows, and what was set.
    fn all_properties(&self) -> BTreeMap<String, String> {
        let known = format(&self.format).map_or(&[][..], |known| known.properties);
        let mut all: BTreeMap<_, _> = known.iter().map(|known| (known.name.to_owned(), String::new())).collect();
        all.extend(self.properties.clone());
        all
    }

    fn may_have(&self, name: &str) -> Outcome {
        let known = format(&self.format).is_some_and(|known| known.properties.iter().any(|known| known.name == name));
        if known || SPECIAL.iter().any(|prefix| name.starts_with(prefix)) {
            return Ok(());
        }
        Err(Fault::not_found(format!("`{}` has no property named `{name}`: its format has none", self.place())))
    }

    fn set_property(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.properties.remove(name);
        } else {
            self.properties.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl State {
    pub(super) fn call_medium_properties(
        &mut self,
        id: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Vec<RawValue>> {
        let medium = self.medium(id)?;
        match name {
            "getProperty" => {
                let name = arguments.text(0);
                let all = medium.all_properties();
                let missing = || Fault::not_found(format!("`{}` has no property named `{name}`", medium.place()));
                Ok(vec![text(all.get(name).ok_or_else(missing)?)])
            }
            "getProperties" => {
                let all = medium.all_properties();
                Ok(vec![texts(all.values().cloned()), texts(all.keys().cloned())])
            }
            _ => {
                let (names, values) = if name == "setProperty" {
                    (vec![arguments.text(0).to_owned()], vec![arguments.text(1).to_owned()])
                } else {
                    (arguments.texts(0), arguments.texts(1))
                };
                if medium.writer || medium.readers > 0 {
                    return Err(medium.locked_or_unmade());
                }
                for name in &names {
                    medium.may_have(name)?;
                }
                if names.len() != values.len() {
                    let message = format!("{} names do not go with {} values", names.len(), values.len());
                    return Err(Fault::new(code::E_INVALIDARG, message));
                }
                let medium = self.medium_mut(id)?;
                for (name, value) in names.iter().zip(&values) {
                    medium.set_property(name, value);
                }
                self.save_medium(id)?;
                Ok(Vec::new())
            }
        }
    }
}
