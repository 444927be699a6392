//! Tells a script's own writes from those that Rhai adds.
//!
//! After a method that might have changed its object (`m.groups.push("/x")`, but also
//! `vbox.machines.map(...)`), Rhai writes the value back into the attribute it was read from. A value
//! that is still what was read is not worth a call, and on a read-only attribute it would be an error.

use crate::model::{Object, Value};
use rhai::Position;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Reads that are remembered; a chain has a few, and closures nest chains in chains.
const MOST: usize = 128;

/// A read: of what, where in the script, and the mark of what it gave.
struct Read {
    object: u64,
    name: u64,
    position: Position,
    value: u64,
}

thread_local! {
    // An engine runs on one thread.
    static READS: RefCell<VecDeque<Read>> = const { RefCell::new(VecDeque::new()) };
}

/// Remembers what a read at a place of the script gave.
pub(super) fn remember(object: &Object, name: &str, position: Position, value: &Value) {
    let read = Read { object: mark(object), name: mark(name), position, value: mark_of(value) };
    READS.with_borrow_mut(|reads| {
        if reads.len() == MOST {
            reads.pop_front();
        }
        reads.push_back(read);
    });
}

/// Whether a write is the same place's write of what it has just read.
pub(super) fn is_unchanged(object: &Object, name: &str, position: Position, value: &Value) -> bool {
    let (object, name) = (mark(object), mark(name));
    let read = READS.with_borrow_mut(|reads| {
        let of_this = |read: &Read| read.object == object && read.name == name && read.position == position;
        let at = reads.iter().rposition(of_this)?;
        reads.remove(at)
    });
    read.is_some_and(|read| read.value == mark_of(value))
}

fn mark<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn mark_of(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, &mut hasher);
    hasher.finish()
}

fn hash(value: &Value, hasher: &mut DefaultHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Value::Null => {}
        Value::Bool(truth) => truth.hash(hasher),
        Value::Int(number) => number.hash(hasher),
        Value::Float(number) => number.to_bits().hash(hasher),
        Value::Text(text) => text.hash(hasher),
        Value::Blob(bytes) => bytes.hash(hasher),
        Value::Enum(value) => (value.enumeration.name, value.number).hash(hasher),
        Value::Object(object) => object.hash(hasher),
        Value::Struct(value) => {
            value.interface.name.hash(hasher);
            value.fields.iter().for_each(|field| hash(field, hasher));
        }
        Value::List(values) => {
            values.len().hash(hasher);
            values.iter().for_each(|value| hash(value, hasher));
        }
        Value::Map(entries) => entries.iter().for_each(|(name, value)| {
            name.hash(hasher);
            hash(value, hasher);
        }),
    }
}
