//! Values of every type that the schema states, from a seed.

use std::sync::Arc;
use vboxsh::model::{EnumValue, Handle, Operation, RawValue, StructValue};
use vboxsh::schema::{Interface, Kind, Mapping, Schema, Type, embedded};

/// A small generator of numbers; the same seed gives the same ones.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }
}

/// Every operation that the web service offers.
pub(super) fn operations() -> Vec<Operation> {
    let offered = |interface: &&Interface| matches!(interface.mapping, Mapping::Managed | Mapping::Global);
    let mut all = Vec::new();
    for interface in embedded().interfaces().iter().filter(offered) {
        for attribute in interface.own_attributes().iter().filter(|attribute| attribute.remote) {
            all.push(Operation::Get(attribute));
            if attribute.writable {
                all.push(Operation::Set(attribute));
            }
        }
        all.extend(interface.own_methods().iter().filter(|method| method.remote).map(Operation::Call));
    }
    all
}

pub(super) fn inputs(operation: Operation) -> Vec<Type> {
    match operation {
        Operation::Get(_) => Vec::new(),
        Operation::Set(attribute) => vec![attribute.kind],
        Operation::Call(method) => method.inputs().map(|parameter| parameter.kind).collect(),
    }
}

pub(super) fn outputs(operation: Operation) -> Vec<Type> {
    match operation {
        Operation::Get(attribute) => vec![attribute.kind],
        Operation::Set(_) => Vec::new(),
        Operation::Call(method) => method.outputs().map(|parameter| parameter.kind).collect(),
    }
}

pub(super) fn value(kind: Type, dice: &mut Dice) -> RawValue {
    if kind.is_blob() {
        let length = [0, 1, 2, 3, 47, 48, 49, 200][dice.below(8)];
        return RawValue::Blob((0..length).map(|_| dice.roll() as u8).collect());
    }
    if kind.array {
        return RawValue::List((0..dice.below(4)).map(|_| single(kind.kind, dice)).collect());
    }
    single(kind.kind, dice)
}

fn single(kind: Kind, dice: &mut Dice) -> RawValue {
    let schema = embedded();
    match kind {
        Kind::String | Kind::Uuid => RawValue::Text(text(dice)),
        Kind::Boolean => RawValue::Bool(dice.below(2) == 1),
        Kind::Enum(name) => {
            let enumeration = schema.enumeration(name).unwrap();
            let number = enumeration.values[dice.below(enumeration.values.len())].number;
            RawValue::Enum(EnumValue { enumeration, number })
        }
        Kind::AnyObject => object(schema, schema.interface("IManagedObjectRef").unwrap(), dice),
        Kind::Interface(name) => {
            let interface = schema.interface(name).unwrap();
            if interface.is_struct() { structure(interface, dice) } else { object(schema, interface, dice) }
        }
        _ => {
            let (least, greatest) = kind.range().unwrap();
            let greatest = greatest.min(i64::MAX.into());
            let number = match dice.below(4) {
                0 => least,
                1 => greatest,
                2 => 0,
                _ => least + i128::from(dice.roll()) % (greatest - least + 1),
            };
            RawValue::Int(number.try_into().unwrap())
        }
    }
}

fn structure(interface: &'static Interface, dice: &mut Dice) -> RawValue {
    let fields = interface.attributes().into_iter().map(|attribute| value(attribute.kind, dice)).collect();
    RawValue::Struct(Arc::new(StructValue { interface, fields }))
}

fn object(_: &Schema, interface: &'static Interface, dice: &mut Dice) -> RawValue {
    let handle = match dice.below(4) {
        0 => return RawValue::Null,
        1 => Handle::Root,
        _ => Handle::Text(format!("{:016x}-{:016x}", 7, 1 + dice.below(1000)).as_str().into()),
    };
    RawValue::Object((handle, interface))
}

/// Text with everything in it that the wire has to take care of.
fn text(dice: &mut Dice) -> String {
    const PIECES: &[&str] = &[
        "",
        "a",
        " ",
        "\r",
        "\n",
        "\t",
        "<",
        ">",
        "&",
        "&amp;",
        "]]>",
        "<![CDATA[",
        "\"",
        "'",
        "\u{1}",
        "\u{1f}",
        "\u{7f}",
        "\u{85}",
        "ä",
        "\u{2028}",
        "\u{fffd}",
        "漢字",
        "\u{1f600}",
        "\u{feff}",
        "&#1;",
        "<!--",
        "null",
        "%",
        "\\",
    ];
    (0..dice.below(6)).map(|_| PIECES[dice.below(PIECES.len())]).collect()
}
