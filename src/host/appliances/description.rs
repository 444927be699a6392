//! `IVirtualSystemDescription`: a list of entries, each with a type and the values that it had and shall have.

use super::Reply;
use crate::host::Fault;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::{enumerated, name_of, text};
use crate::model::RawValue;

pub(super) const ENTRIES: &str = "descriptionEntries";

/// The values of an entry, in the order of the API.
const VALUES: [&str; 4] = ["reference", "original", "chosen", "extra"];

/// The chosen value and the extra configuration as they were proposed.
const PROPOSED: [&str; 2] = ["proposed", "proposedExtra"];

/// One entry of a description.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Name of a `VirtualSystemDescriptionType`.
    pub(super) kind: &'static str,
    pub(super) reference: String,
    pub(super) original: String,
    pub(super) chosen: String,
    pub(super) extra: String,
    /// What the entry had before anybody chose.
    pub(super) proposed: String,
    pub(super) proposed_extra: String,
}

impl Entry {
    pub(super) fn new(kind: &'static str, original: impl Into<String>, chosen: impl Into<String>) -> Self {
        let (original, chosen) = (original.into(), chosen.into());
        Self { kind, original, proposed: chosen.clone(), chosen, ..Self::default() }
    }

    pub(super) fn referring(mut self, reference: impl Into<String>) -> Self {
        self.reference = reference.into();
        self
    }

    pub(super) fn with_extra(mut self, extra: impl Into<String>) -> Self {
        self.extra = extra.into();
        self.proposed_extra.clone_from(&self.extra);
        self
    }

    /// A value of the extra configuration: `slot=0;type=NAT`.
    pub(super) fn extra_value(&self, name: &str) -> Option<&str> {
        extra_value(&self.extra, name)
    }
}

/// A value of a text like `slot=0;type=NAT`.
pub(super) fn extra_value<'a>(extra: &'a str, name: &str) -> Option<&'a str> {
    extra.split(';').find_map(|part| part.split_once('=').filter(|(known, _)| *known == name)).map(|(_, value)| value)
}

impl State {
    /// The entries of a description, in their order, disabled ones (`Ignore`) among them.
    pub(super) fn entries(&self, description: ElementId) -> Vec<Entry> {
        let elements = self.global.children(description, ENTRIES).into_iter();
        let entry = |id| {
            let element = self.global.get(id)?;
            let [reference, original, chosen, extra] = VALUES.map(|name| element.text(name).to_owned());
            let [proposed, proposed_extra] = PROPOSED.map(|name| element.text(name).to_owned());
            let kind = element.value("type").map_or("", name_of);
            Some(Entry { kind, reference, original, chosen, extra, proposed, proposed_extra })
        };
        elements.filter_map(entry).collect()
    }

    /// Adds entries behind those that are there.
    pub(super) fn add_entries(&mut self, description: ElementId, entries: impl IntoIterator<Item = Entry>) {
        let there = self.global.children(description, ENTRIES);
        let last = there.last().and_then(|id| self.global.get(*id));
        let next = last.map_or(0, |entry| entry.index + 1);
        for (index, entry) in (next..).zip(entries) {
            let id = self.global.add("IVirtualSystemDescription", description, ENTRIES, index);
            let Some(element) = self.global.get_mut(id) else { continue };
            element.set("type", enumerated("VirtualSystemDescriptionType", entry.kind));
            let values = [entry.reference, entry.original, entry.chosen, entry.extra];
            VALUES.into_iter().zip(values).for_each(|(name, value)| element.set(name, text(value)));
            PROPOSED.into_iter().zip([entry.proposed, entry.proposed_extra]).for_each(|(name, value)| {
                element.set(name, text(value));
            });
        }
    }

    pub(super) fn call_description(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let entries = self.global.children(at.element, ENTRIES);
        match name {
            "getDescription" => Ok(Some(self.describe(&entries))),
            "getDescriptionByType" => {
                let wanted = self.of_type(&entries, arguments.int(0));
                Ok(Some(self.describe(&wanted)))
            }
            "getValuesByType" => {
                let wanted = self.of_type(&entries, arguments.int(0));
                let which = match arguments.name(1) {
                    "Reference" => VALUES[0],
                    "Original" => VALUES[1],
                    "Auto" => VALUES[2],
                    _ => VALUES[3],
                };
                one(self.column(&wanted, which))
            }
            "removeDescriptionByType" => {
                for id in self.of_type(&entries, arguments.int(0)) {
                    self.global.remove(id);
                }
                nothing()
            }
            "addDescription" => {
                let entry = Entry::new(arguments.name(0), arguments.text(1), arguments.text(1));
                self.add_entries(at.element, [entry.with_extra(arguments.text(2))]);
                nothing()
            }
            "setFinalValues" => {
                let (enabled, chosen, extra) = (arguments.list(0), arguments.texts(1), arguments.texts(2));
                if [enabled.len(), chosen.len(), extra.len()] != [entries.len(); 3] {
                    return Err(Fault::argument(format!("each of the three lists needs {} values", entries.len())));
                }
                for (position, id) in entries.iter().enumerate() {
                    let Some(entry) = self.global.get_mut(*id) else { continue };
                    if enabled.get(position).and_then(RawValue::as_bool) == Some(false) {
                        entry.set("type", enumerated("VirtualSystemDescriptionType", "Ignore"));
                    } else {
                        entry.set("chosen", text(&chosen[position]));
                        entry.set("extra", text(&extra[position]));
                    }
                }
                nothing()
            }
            _ => Ok(None),
        }
    }

    fn of_type(&self, entries: &[u32], kind: i64) -> Vec<u32> {
        let fits = |id: &u32| self.global.get(*id).is_some_and(|entry| entry.int("type") == kind);
        entries.iter().copied().filter(fits).collect()
    }

    fn column(&self, entries: &[u32], name: &str) -> RawValue {
        let values = entries.iter().filter_map(|id| self.global.get(*id)?.value(name).cloned());
        RawValue::List(values.collect())
    }

    fn describe(&self, entries: &[u32]) -> Vec<RawValue> {
        let columns = ["type"].into_iter().chain(VALUES);
        columns.map(|name| self.column(entries, name)).collect()
    }
}
