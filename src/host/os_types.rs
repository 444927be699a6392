//! Guest operating system types: a table of facts, read when first asked for.

use super::value::{parse, text};
use super::{Fault, Outcome};
use crate::model::{RawValue, StructValue};
use crate::schema::embedded;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

const TABLE: &str = include_str!("tables/guest-os-types.txt");

/// A type, as a value. It holds no object.
type GuestType = Arc<StructValue<(crate::model::Handle, &'static crate::schema::Interface)>>;

fn types() -> &'static [GuestType] {
    static TYPES: OnceLock<Vec<GuestType>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let Some(interface) = embedded().interface("IGuestOSType") else { return Vec::new() };
        let attributes = interface.attributes();
        let mut above: Vec<&'static str> = Vec::new();
        let mut types = Vec::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let columns = line.split('|').enumerate();
            let columns: Vec<_> = columns
                .map(|(at, part)| if part == "\"" { above.get(at).copied().unwrap_or("") } else { part })
                .collect();
            let fields = attributes.iter().zip(&columns);
            let fields =
                fields.map(|(attribute, written)| parse(attribute.kind, written).unwrap_or_default()).collect();
            types.push(Arc::new(StructValue { interface, fields }));
            above = columns;
        }
        types
    })
}

/// All types, as values.
pub(super) fn all() -> RawValue {
    RawValue::List(types().iter().map(|known| RawValue::Struct(Arc::clone(known))).collect())
}

/// The types for one architecture (`x86`, `ARM`).
pub(super) fn for_architecture(architecture: &str) -> RawValue {
    let fits = |known: &&GuestType| known.get("platformArchitecture").map(super::value::name_of) == Some(architecture);
    RawValue::List(types().iter().filter(fits).map(|known| RawValue::Struct(Arc::clone(known))).collect())
}

/// The type of that id.
pub(super) fn find(id: &str) -> Option<RawValue> {
    lookup(id).map(|known| RawValue::Struct(Arc::clone(known)))
}

/// The type of network adapter of a guest of unknown type.
pub(super) const USUAL_ADAPTER: &str = "Am79C973";

/// The type of network adapter that a type of guest likes. Every machine asks for it when its file is read, so only
/// two columns of the table are looked at.
pub(super) fn adapter_type(id: &str) -> &'static str {
    static TYPES: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    let types = TYPES.get_or_init(|| {
        let columns = embedded().interface("IGuestOSType").map_or(Vec::new(), |interface| interface.attributes());
        let column = |name: &str| columns.iter().position(|attribute| attribute.name == name).unwrap_or_default();
        let (id_at, adapter_at) = (column("id"), column("adapterType"));
        let (mut types, mut above) = (HashMap::new(), USUAL_ADAPTER);
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let mut parts = line.split('|');
            let id = parts.nth(id_at).unwrap_or_default();
            match parts.nth(adapter_at - id_at - 1) {
                Some("\"") | None => {}
                Some(adapter) => above = adapter,
            }
            types.insert(id, above);
        }
        types
    });
    types.get(id).copied().unwrap_or(USUAL_ADAPTER)
}

fn lookup(id: &str) -> Option<&'static GuestType> {
    types().iter().find(|known| field(known, "id").eq_ignore_ascii_case(id))
}

fn field<'a>(known: &'a GuestType, name: &str) -> &'a str {
    known.get(name).and_then(RawValue::as_text).unwrap_or_default()
}

/// What a type recommends; empty for an unknown type.
pub(super) struct Recommended(Option<&'static GuestType>);

impl Recommended {
    pub(super) fn of(id: &str) -> Self {
        Self(lookup(id))
    }

    pub(super) fn value(&self, name: &str) -> RawValue {
        self.0.and_then(|known| known.get(name)).cloned().unwrap_or_default()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or_default()
    }

    pub(super) fn name(&self, name: &str) -> &'static str {
        super::value::name_of(&self.value(name))
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The id as it is spelt in the table.
    pub(super) fn id(&self) -> RawValue {
        self.0.map_or(text(""), |known| text(field(known, "id")))
    }
}

fn distinct(of: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut values: Vec<_> = of.filter(|value| !value.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Ids of the families.
pub(super) fn families() -> Vec<&'static str> {
    distinct(types().iter().map(|known| field(known, "familyId")))
}

/// Names of the subtypes in a family.
pub(super) fn subtypes(family: &str) -> Outcome<Vec<&'static str>> {
    if !families().contains(&family) {
        return Err(Fault::not_found(format!(
            "`{family}` is no family of guest operating systems; `vbox.guestOSFamilies` lists them"
        )));
    }
    Ok(distinct(types().iter().filter(|known| field(known, "familyId") == family).map(|known| field(known, "subtype"))))
}

/// Descriptions of the types of a subtype, in the order of the table.
pub(super) fn descriptions(subtype: &str) -> Outcome<Vec<&'static str>> {
    let found: Vec<_> = types()
        .iter()
        .filter(|known| field(known, "subtype") == subtype)
        .map(|known| field(known, "description"))
        .collect();
    if found.is_empty() || subtype.is_empty() {
        return Err(Fault::not_found(format!(
            "`{subtype}` is no subtype; `vbox.getGuestOSSubtypesByFamilyId(...)` lists them"
        )));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_column_of_every_type() {
        assert_eq!(types().len(), 228);
        let wanted = embedded().interface("IGuestOSType").unwrap().attributes().len();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            assert_eq!(line.split('|').count(), wanted, "{line}");
        }
        for known in types() {
            assert!(known.fields.iter().all(|field| !field.is_null()), "{:?}", known.fields);
        }
        let ubuntu = Recommended::of("ubuntu_64");
        assert_eq!(ubuntu.value("recommendedRAM").as_int(), Some(2048));
        assert_eq!(ubuntu.name("recommendedGraphicsController"), "VMSVGA");
        assert!(ubuntu.flag("is64Bit"));
        for known in types() {
            let adapter = known.get("adapterType").map(super::super::value::name_of);
            assert_eq!(Some(adapter_type(field(known, "id"))), adapter);
        }
    }
}
