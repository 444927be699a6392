//! Typed access to the arguments of a call. Their types were checked before: a wrong one reads as empty.

use super::state::Address;
use super::value;
use crate::model::RawValue;

/// The arguments of a call, or the new value of an attribute.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(pub(super) &'a [RawValue]);

impl<'a> Arguments<'a> {
    pub(super) fn value(self, at: usize) -> RawValue {
        self.0.get(at).cloned().unwrap_or_default()
    }

    pub(super) fn text(self, at: usize) -> &'a str {
        self.0.get(at).and_then(RawValue::as_text).unwrap_or_default()
    }

    pub(super) fn int(self, at: usize) -> i64 {
        self.0.get(at).and_then(RawValue::as_int).unwrap_or_default()
    }

    pub(super) fn flag(self, at: usize) -> bool {
        self.0.get(at).and_then(RawValue::as_bool).unwrap_or_default()
    }

    /// Name of an enumeration value.
    pub(super) fn name(self, at: usize) -> &'static str {
        self.0.get(at).map_or("", value::name_of)
    }

    pub(super) fn object(self, at: usize) -> Option<Address> {
        self.0.get(at).and_then(Address::of)
    }

    pub(super) fn list(self, at: usize) -> &'a [RawValue] {
        match self.0.get(at) {
            Some(RawValue::List(values)) => values,
            _ => &[],
        }
    }

    pub(super) fn blob(self, at: usize) -> Vec<u8> {
        match self.0.get(at) {
            Some(RawValue::Blob(bytes)) => bytes.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn texts(self, at: usize) -> Vec<String> {
        self.list(at).iter().filter_map(RawValue::as_text).map(str::to_owned).collect()
    }
}
