//! `IVirtualSystemDescription`: a list of entries, each with a type and the values that it had and shall have.

use super::Reply;
use crate::host::Fault;
use crate::host::arguments::Arguments;
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::text;
use crate::model::RawValue;

pub(super) const ENTRIES: &str = "descriptionEntries";

/// The values of an entry, in the order of the API.
const VALUES: [&str; 4] = ["reference", "original", "chosen", "extra"];

impl State {
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
                let last = entries.last().and_then(|id| self.global.get(*id));
                let index = last.map_or(0, |entry| entry.index + 1);
                let id = self.global.add("IVirtualSystemDescription", at.element, ENTRIES, index);
                if let Some(entry) = self.global.get_mut(id) {
                    entry.set("type", arguments.value(0));
                    let values = ["", arguments.text(1), arguments.text(1), arguments.text(2)];
                    VALUES.into_iter().zip(values).for_each(|(name, value)| entry.set(name, text(value)));
                }
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
                        entry.set("type", crate::host::value::enumerated("VirtualSystemDescriptionType", "Ignore"));
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
