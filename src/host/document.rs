//! A tree of objects whose attributes store values: one for each machine, one for everything host-wide.
//!
//! The mutable copy of a machine is a clone of its document; saving puts the clone in place of the original. Objects
//! keep their numbers in a clone, so a reference stays good. No rules and no files here.

use super::table;
use crate::model::RawValue;
use crate::schema::{Interface, embedded};
use std::collections::BTreeMap;

/// Number of an object in its document; the root is [`ROOT`].
pub(super) type ElementId = u32;

/// The machine itself, or `IVirtualBox`.
pub(super) const ROOT: ElementId = 0;

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) interface: &'static Interface,
    pub(super) parent: ElementId,
    /// What it is to its parent: the attribute or the thing that leads to it.
    pub(super) role: &'static str,
    /// Slot or position among those of its role.
    pub(super) index: u32,
    /// Values that differ from the default.
    values: Vec<(&'static str, RawValue)>,
    /// Named properties: extra data, properties of an adapter, redirects.
    pub(super) properties: BTreeMap<String, String>,
}

impl Element {
    /// The stored value of that name: what was set, else the default; `None` when nothing of that name is stored.
    pub(super) fn value(&self, name: &str) -> Option<&RawValue> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
            .or_else(|| table::find(self.interface, name).map(|row| &row.default))
    }

    /// Sets a value that comes from a file: nothing is kept that is as in a new object.
    pub(super) fn take_up(&mut self, row: &'static table::Row, value: RawValue) {
        let known = self.values.iter().any(|(name, _)| *name == row.name);
        if known || value != row.default {
            self.set(row.name, value);
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: RawValue) {
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.value(name).and_then(RawValue::as_text).unwrap_or_default()
    }

    pub(super) fn int(&self, name: &str) -> i64 {
        self.value(name).and_then(RawValue::as_int).unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).and_then(RawValue::as_bool).unwrap_or_default()
    }

    /// Name of an enumeration value.
    pub(super) fn name(&self, name: &str) -> &'static str {
        self.value(name).map_or("", super::value::name_of)
    }
}

/// A tree of objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    elements: BTreeMap<ElementId, Element>,
    next: ElementId,
    pub(super) guest_properties: BTreeMap<String, GuestProperty>,
    /// The variables of the firmware, once they were asked for; kept in a file of their own.
    pub(super) uefi_variables: Option<Vec<super::devices::Variable>>,
}

/// A guest property, under its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GuestProperty {
    pub(super) value: String,
    /// Nanoseconds since 1970.
    pub(super) timestamp: i64,
    /// As in the API: `TRANSIENT, RDONLYGUEST`.
    pub(super) flags: String,
}

impl Document {
    /// A document whose root has that interface.
    pub(super) fn new(root: &str) -> Self {
        let mut document = Self::default();
        document.add(root, ROOT, "", 0);
        document
    }

    /// Adds an object. Interfaces are named by this program; an unknown name gives an object without members.
    pub(super) fn add(&mut self, interface: &str, parent: ElementId, role: &'static str, index: u32) -> ElementId {
        let schema = embedded();
        let interface = schema.interface(interface).unwrap_or_else(|| &schema.interfaces()[0]);
        let id = self.next;
        self.next += 1;
        let element = Element { interface, parent, role, index, values: Vec::new(), properties: BTreeMap::new() };
        self.elements.insert(id, element);
        id
    }

    /// Adds an object like one of another document.
    pub(super) fn adopt(&mut self, parent: ElementId, like: &Element) {
        self.elements.insert(self.next, Element { parent, ..like.clone() });
        self.next += 1;
    }

    /// Gives the objects the numbers of those of `old` that they stand for, so that references stay good; new ones
    /// get numbers that no object of `old` had.
    pub(super) fn number_like(&mut self, old: &Self) {
        let mut numbers = BTreeMap::from([(ROOT, ROOT)]);
        let mut next = self.next.max(old.next);
        let mut known: BTreeMap<_, Vec<ElementId>> = BTreeMap::new();
        for (id, element) in old.iter().filter(|(id, _)| *id != ROOT) {
            known.entry((element.parent, element.role)).or_default().push(id);
        }
        // Parents have lower numbers than what is below them.
        for (id, element) in self.iter().filter(|(id, _)| *id != ROOT) {
            let parent = numbers.get(&element.parent).copied().unwrap_or(element.parent);
            let candidates = known.get_mut(&(parent, element.role));
            let same = |candidate: &ElementId| {
                old.get(*candidate).is_some_and(|other| match element.value("name") {
                    Some(name) => other.value("name") == Some(name) && other.interface.name == element.interface.name,
                    None => other.index == element.index && other.interface.name == element.interface.name,
                })
            };
            let at = candidates.as_ref().and_then(|candidates| candidates.iter().position(same));
            let number = at.and_then(|at| candidates.map(|candidates| candidates.remove(at))).unwrap_or_else(|| {
                next += 1;
                next - 1
            });
            numbers.insert(id, number);
        }
        let elements = std::mem::take(&mut self.elements).into_iter().map(|(id, mut element)| {
            element.parent = numbers.get(&element.parent).copied().unwrap_or(element.parent);
            (numbers.get(&id).copied().unwrap_or(id), element)
        });
        self.elements = elements.collect();
        self.next = next;
    }

    pub(super) fn get(&self, id: ElementId) -> Option<&Element> {
        self.elements.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ElementId) -> Option<&mut Element> {
        self.elements.get_mut(&id)
    }

    /// Removes an object and all below it.
    pub(super) fn remove(&mut self, id: ElementId) {
        self.elements.remove(&id);
        let below: Vec<_> =
            self.elements.iter().filter(|(_, element)| element.parent == id).map(|(id, _)| *id).collect();
        for child in below {
            // The root is its own parent.
            if child != ROOT {
                self.remove(child);
            }
        }
    }

    /// Takes an object out of its list; who still refers to it reads what it was.
    pub(super) fn retire(&mut self, id: ElementId) {
        if let Some(element) = self.elements.get_mut(&id) {
            element.role = "retired";
        }
    }

    /// The objects of that role below `parent`, in their order.
    pub(super) fn children(&self, parent: ElementId, role: &str) -> Vec<ElementId> {
        let mut found: Vec<_> = self
            .elements
            .iter()
            .filter(|(_, element)| element.parent == parent && element.role == role)
            .map(|(id, element)| (element.index, *id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// The one object of that role and index below `parent`.
    pub(super) fn child(&self, parent: ElementId, role: &str, index: u32) -> Option<ElementId> {
        self.elements
            .iter()
            .find(|(_, element)| element.parent == parent && element.index == index && element.role == role)
            .map(|(id, _)| *id)
    }

    /// The object below `parent` of that role whose stored value `name` is `wanted`.
    pub(super) fn named(&self, parent: ElementId, role: &str, wanted: &str) -> Option<ElementId> {
        self.children(parent, role)
            .into_iter()
            .find(|id| self.get(*id).is_some_and(|element| element.text("name") == wanted))
    }

    /// All objects with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        self.elements.iter().map(|(id, element)| (*id, element))
    }
}
