//! What goes between a process and its helper comes back as it went, and damage is told.

use super::wire;
use crate::model::{EnumValue, Handle, RawValue};
use crate::schema::{Kind, Type, embedded};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn values_come_back_as_they_went() {
    let schema = embedded();
    let enumeration = schema.enumeration("MachineState").unwrap();
    let machine = schema.interface("IMachine").unwrap();
    let one = |kind| ("", Type::one(kind));
    let list = |kind| ("", Type { array: true, ..Type::one(kind) });
    let cases = [
        (RawValue::Null, one(Kind::Interface("IMachine"))),
        (RawValue::Int(i64::MIN), one(Kind::LongLong)),
        (RawValue::Bool(true), one(Kind::Boolean)),
        (RawValue::Text("\u{1}\r\n\"\u{feff}\u{1f600}".to_owned()), one(Kind::String)),
        (RawValue::Blob((0..70_000).map(|number| number as u8).collect()), list(Kind::Octet)),
        (RawValue::Enum(EnumValue { enumeration, number: 1 }), one(Kind::Enum("MachineState"))),
        (RawValue::Enum(EnumValue { enumeration, number: 999 }), one(Kind::Enum("MachineState"))),
        (RawValue::List(vec![RawValue::Text(String::new()), RawValue::Text("a".to_owned())]), list(Kind::String)),
        (RawValue::Object((Handle::Number(1 << 40), machine)), one(Kind::Interface("IMachine"))),
        (RawValue::Object((Handle::Root, machine)), one(Kind::AnyObject)),
    ];
    for (value, kind) in cases {
        let written = wire::write_values(std::slice::from_ref(&value));
        assert_eq!(wire::read_values(Some(&written), &[kind], schema), Some(vec![value.clone()]), "{value:?}");
    }
}

#[test]
fn an_end_in_the_middle_is_an_end() {
    let mut whole = Vec::new();
    wire::write(&mut whole, &json!({ "id": 1, "do": "get" })).unwrap();
    assert_eq!(wire::read(&mut &whole[..]).unwrap().unwrap()["do"], "get");
    for cut in 0..whole.len() {
        assert!(wire::read(&mut &whole[..cut]).unwrap().is_none(), "{cut}");
    }
    assert!(wire::read(&mut &[0xff_u8; 20][..]).is_err());
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = wire::read(&mut &bytes[..]);
    }
}
