//! Every operation of the schema goes through the wire form and back, and nothing breaks the readers.

use super::values::{Dice, inputs, operations, outputs, value};
use proptest::prelude::*;
use vboxsh::model::{EnumValue, Handle, Operation, RawValue, Request};
use vboxsh::schema::{Kind, embedded};
use vboxsh::soap::{
    Fault, Reply, decode_reply, decode_request, encode_fault, encode_reply, encode_request, operation_name,
};

const ROOT: &str = "0000000000000007-0000000000000000";

fn reply(operation: Operation, values: &[RawValue]) -> String {
    let mut text = String::new();
    encode_reply(&mut text, embedded(), ROOT, operation, values).unwrap();
    text
}

#[test]
fn the_web_service_offers_1925_operations() {
    // Three of them belong to the log-on interface, two to the references.
    assert_eq!(operations().len(), 1925);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_reply_comes_back(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        for operation in operations() {
            let values: Vec<RawValue> = outputs(operation).into_iter().map(|kind| value(kind, &mut dice)).collect();
            let text = reply(operation, &values);
            let decoded = decode_reply(embedded(), ROOT, operation, &text);
            prop_assert_eq!(decoded, Ok(Reply::Values(values)), "{} {}", operation, text);
        }
    }

    #[test]
    fn every_request_comes_back(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        for operation in operations() {
            let arguments: Vec<RawValue> = inputs(operation).into_iter().map(|kind| value(kind, &mut dice)).collect();
            let target = if dice.below(3) == 0 { Handle::Root } else { Handle::Text("a<b".into()) };
            let mut text = String::new();
            let request = Request { target: &target, operation, arguments: &arguments, waits: None };
            encode_request(&mut text, embedded(), ROOT, &request).unwrap();
            let decoded = decode_request(embedded(), ROOT, &text);
            let decoded = decoded.map_err(|error| TestCaseError::fail(format!("{operation}: {error} {text}")))?;
            prop_assert_eq!(operation_name(decoded.operation), operation_name(operation));
            prop_assert_eq!(&decoded.arguments, &arguments, "{} {}", operation, text);
            let global = operation.owner() == "IWebsessionManager";
            prop_assert_eq!(decoded.target, (!global).then_some(target));
        }
    }

    #[test]
    fn every_fault_comes_back(code in any::<u32>(), info in "[a-f0-9-]{0,33}", text in "[ -~]{1,40}") {
        let info = Some(info).filter(|info| !info.is_empty());
        for fault in [
            Fault::Runtime { code, info: info.clone(), text: text.clone() },
            Fault::InvalidObject { id: info.clone().unwrap_or_default(), text: text.clone() },
            Fault::Request { text: format!("x{text}") },
            Fault::Bare,
        ] {
            let mut out = String::new();
            encode_fault(&mut out, &fault).unwrap();
            let operation = operations()[0];
            prop_assert_eq!(decode_reply(embedded(), ROOT, operation, &out), Ok(Reply::Fault(fault)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nonsense_is_answered_with_an_error(text in "\\PC{0,200}|[<>/&;#x0-9a: \"'!\\[\\]-]{0,200}") {
        for operation in [operations()[0], operations()[900]] {
            prop_assert!(decode_reply(embedded(), ROOT, operation, &text).is_err());
            prop_assert!(decode_request(embedded(), ROOT, &text).is_err());
        }
    }

    /// A reply that lost, won or changed some bytes is either read or refused.
    #[test]
    fn a_damaged_reply_breaks_nothing(seed in any::<u64>(), cuts in 1usize..5) {
        let mut dice = Dice::new(seed);
        let all = operations();
        let operation = all[dice.below(all.len())];
        let values: Vec<RawValue> = outputs(operation).into_iter().map(|kind| value(kind, &mut dice)).collect();
        let mut bytes = reply(operation, &values).into_bytes();
        for _ in 0..cuts {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] = dice.roll() as u8,
                _ => bytes.insert(at, b"<>&/\"'; x"[dice.below(9)]),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let _ = decode_reply(embedded(), ROOT, operation, &text);
        let _ = decode_request(embedded(), ROOT, &text);
    }

    /// The first part of a reply is never taken for a whole one.
    #[test]
    fn a_cut_reply_is_refused(seed in any::<u64>()) {
        let mut dice = Dice::new(seed);
        let all = operations();
        let operation = all[dice.below(all.len())];
        let values: Vec<RawValue> = outputs(operation).into_iter().map(|kind| value(kind, &mut dice)).collect();
        let text = reply(operation, &values);
        let whole = text.trim_end().len();
        let mut cut = dice.below(whole);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        prop_assert!(decode_reply(embedded(), ROOT, operation, &text[..cut]).is_err());
    }
}

#[test]
fn every_value_of_every_enumeration_travels_by_name() {
    let mut seen = 0;
    for operation in operations() {
        let Operation::Get(attribute) = operation else { continue };
        let Kind::Enum(name) = attribute.kind.kind else { continue };
        let enumeration = embedded().enumeration(name).unwrap();
        for known in &enumeration.values {
            let value = RawValue::Enum(EnumValue { enumeration, number: known.number });
            let value = if attribute.kind.array { RawValue::List(vec![value]) } else { value };
            let text = reply(operation, std::slice::from_ref(&value)).replace(
                enumeration.name_of(known.number).unwrap(),
                // The second name of a number means the same.
                known.name,
            );
            assert_eq!(
                decode_reply(embedded(), ROOT, operation, &text),
                Ok(Reply::Values(vec![value])),
                "{name}.{}",
                known.name
            );
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn what_cannot_travel_is_refused_by_name() {
    let interface = embedded().interface("IVirtualBox").unwrap();
    let operation = Operation::Call(interface.method("findMachine").unwrap());
    for bad in [RawValue::from("a\0b"), RawValue::from("\u{ffff}"), RawValue::Int(1), RawValue::List(vec![])] {
        let request = Request { target: &Handle::Root, operation, arguments: &[bad], waits: None };
        let error = encode_request(&mut String::new(), embedded(), ROOT, &request).unwrap_err();
        assert!(error.message.starts_with("IVirtualBox.findMachine: `nameOrId` "), "{error}");
    }
    let request = Request { target: &Handle::Number(3), operation, arguments: &[RawValue::from("a")], waits: None };
    assert!(encode_request(&mut String::new(), embedded(), ROOT, &request).is_err());
    let request = Request { target: &Handle::Root, operation, arguments: &[], waits: None };
    assert!(encode_request(&mut String::new(), embedded(), ROOT, &request).is_err());
}

#[test]
fn an_enum_number_without_name_is_not_sent() {
    let interface = embedded().interface("IMachine").unwrap();
    let attribute = interface.attribute("clipboardMode").unwrap();
    let enumeration = embedded().enumeration("ClipboardMode").unwrap();
    let value = RawValue::Enum(EnumValue { enumeration, number: 99 });
    let request =
        Request { target: &Handle::Root, operation: Operation::Set(attribute), arguments: &[value], waits: None };
    let error = encode_request(&mut String::new(), embedded(), ROOT, &request).unwrap_err();
    assert!(error.message.contains("ClipboardMode(99)"), "{error}");
}
