//! The WSDL reader on small WSDLs of this release, an older and a newer one, and on damaged ones.

use super::*;
use crate::schema::{Direction, Kind, Mapping, Schema, Type, embedded};
use proptest::prelude::*;

const RELEASE: &str = include_str!("../../../tests/fixtures/release.wsdl");
const BARE: &str = include_str!("../../../tests/fixtures/bare.wsdl");
const OLDER: &str = include_str!("../../../tests/fixtures/older.wsdl");
const NEWER: &str = include_str!("../../../tests/fixtures/newer.wsdl");

fn schema(wsdl: &str, version: &str) -> &'static Schema {
    let table = table_from_wsdl(wsdl, version, "7_2", 7).expect("a WSDL");
    let schema = Schema::parse(table.leak()).expect("a table").leak();
    schema.check().expect("every member reads");
    schema
}

/// What the table says of a member, in the words of a signature.
fn signature(schema: &'static Schema, interface: &str, member: &str) -> String {
    let interface = schema.interface(interface).expect("an interface");
    match (interface.attribute(member), interface.method(member)) {
        (Some(attribute), None) => format!("{}{attribute}", if attribute.writable { "+" } else { "" }),
        (None, Some(method)) => method.to_string(),
        (attribute, method) => panic!("{attribute:?} {method:?}"),
    }
}

#[test]
fn members_of_the_same_release_equal_the_embedded_ones() {
    for wsdl in [RELEASE, BARE] {
        let schema = schema(wsdl, "7.2.22");
        assert_eq!(schema.version().full, "7.2.22");
        assert_eq!((schema.version().api, schema.version().revision), ("7_2", 7));
        let mut members = 0;
        for interface in schema.interfaces() {
            let known = embedded().interface(interface.name).expect("a known interface");
            let header = |interface: &crate::schema::Interface| {
                (interface.parent_name, interface.mapping, interface.id, interface.reserved_methods)
            };
            assert_eq!(header(interface), header(known), "{}", interface.name);
            for attribute in interface.own_attributes() {
                assert_eq!(Some(attribute), known.attribute(attribute.name), "{}", interface.name);
                members += 1;
            }
            for method in interface.own_methods() {
                assert_eq!(Some(method), known.method(method.name), "{}", interface.name);
                members += 1;
            }
        }
        assert!(members > 60, "{members}");
        for enumeration in schema.enumerations() {
            assert_eq!(Some(enumeration), embedded().enumeration(enumeration.name));
        }
        assert_eq!(schema.result_codes(), embedded().result_codes());
        assert!(schema.interface("IMediumAttachment").is_some_and(crate::schema::Interface::is_struct));
        assert_eq!(schema.interface("IWebsessionManager").map(|interface| interface.mapping), Some(Mapping::Global));
        assert!(schema.interface("IDHCPGlobalConfig").is_some_and(|interface| interface.extends("IDHCPConfig")));
    }
}

#[test]
fn a_method_that_looks_like_a_setter_is_none() {
    for wsdl in [RELEASE, BARE] {
        let schema = schema(wsdl, "7.2.22");
        let machine = schema.interface("IMachine").expect("IMachine");
        assert!(!machine.attribute("settingsFilePath").expect("an attribute").writable);
        assert_eq!(
            signature(schema, "IMachine", "setSettingsFilePath"),
            "setSettingsFilePath(settingsFilePath: wstring) -> IProgress"
        );
        assert!(machine.attribute("name").expect("an attribute").writable);
    }
}

#[test]
fn blobs_outs_and_arrays_have_their_types() {
    let schema = schema(RELEASE, "7.2.22");
    assert_eq!(signature(schema, "IMachine", "icon"), "+icon: octet[]");
    assert_eq!(signature(schema, "IMachine", "id"), "id: uuid");
    assert_eq!(signature(schema, "IMachine", "mediumAttachments"), "mediumAttachments: IMediumAttachment[]");
    assert_eq!(
        signature(schema, "IVirtualBox", "getMachineStates"),
        "getMachineStates(machines: IMachine[]) -> MachineState[]"
    );
    let shot = schema
        .interface("IMachine")
        .and_then(|interface| interface.method("readSavedScreenshotToArray"))
        .expect("a method");
    let outputs: Vec<_> = shot.outputs().map(|output| (output.name, output.kind)).collect();
    let long = Type::one(Kind::UnsignedLong);
    assert_eq!(outputs, [("data", Type::many(Kind::Octet)), ("width", long), ("height", long)]);
}

#[test]
fn an_older_server_has_its_own_numbers_and_lacks_what_it_lacks() {
    let schema = schema(OLDER, "6.1.50");
    let states = schema.enumeration("MachineState").expect("an enumeration");
    assert_eq!(states.number("Running"), Some(5));
    assert_eq!(states.number("AbortedSaved"), None);
    assert_eq!(states.number("FirstOnline"), Some(5));
    assert_eq!(embedded().enumeration("MachineState").and_then(|states| states.number("Running")), Some(6));
    assert!(schema.interface("IDHCPConfig").is_none());
    assert!(schema.interface("IDHCPGlobalConfig").is_none());
    assert!(schema.interface("IMachine").is_some_and(|interface| interface.attribute("icon").is_none()));
    // Known to nobody here but the server: a read-only attribute named like one of its interfaces.
    assert_eq!(signature(schema, "IMachine", "BIOSSettings"), "BIOSSettings: object");
    assert_eq!(signature(schema, "IBIOSSettings", "logoFadeIn"), "+logoFadeIn: boolean");
    assert_eq!(signature(schema, "IBIOSSettings", "nonVolatileStorageFile"), "nonVolatileStorageFile: wstring");
    // The place is known, its interface is not there: still an object.
    assert_eq!(signature(schema, "IMachine", "getStorageControllerByName").split(" -> ").nth(1), Some("object"));
    // What no web service offers stays, but for members whose types are gone.
    let internal = schema.interface("IInternalSessionControl").expect("a suppressed interface");
    assert_eq!(internal.mapping, Mapping::Suppressed);
    let known = embedded().interface("IInternalSessionControl").expect("a suppressed interface");
    assert!(internal.own_methods().len() < known.own_methods().len() && !internal.own_methods().is_empty());
}

#[test]
fn a_newer_server_brings_what_the_embedded_table_lacks() {
    let schema = schema(NEWER, "7.9.1");
    let states = schema.enumeration("MachineState").expect("an enumeration");
    assert_eq!(states.number("Hibernating"), Some(24));
    assert_eq!(states.number("Running"), Some(6));
    let colours = schema.enumeration("TeapotColour").expect("an enumeration");
    assert_eq!((colours.number("White"), colours.number("Blue")), (Some(0), Some(1)));
    let teapot = schema.interface("ITeapot").expect("an interface");
    assert_eq!((teapot.parent_name, teapot.mapping), ("$unknown", Mapping::Managed));
    assert_eq!(signature(schema, "ITeapot", "colour"), "+colour: TeapotColour");
    assert_eq!(signature(schema, "ITeapot", "eventSource"), "eventSource: object");
    assert_eq!(signature(schema, "ITeapot", "label"), "label: wstring");
    assert_eq!(signature(schema, "ITeapot", "lids"), "lids: wstring[]");
    // The unknown simple type of `minutes` reads as text.
    assert_eq!(
        signature(schema, "ITeapot", "brew"),
        "brew(leaves: unsigned long long[], machine: wstring) -> (returnval: wstring, minutes: wstring)"
    );
    assert_eq!(signature(schema, "IMachine", "teapot"), "teapot: object");
    assert_eq!(signature(schema, "IMachine", "getTeapotLabel"), "getTeapotLabel() -> wstring");
    assert_eq!(
        signature(schema, "IMachine", "lockMachine"),
        "lockMachine(session: ISession, lockType: LockType, patience: long)"
    );
    let event = schema.event_interface("OnTeapotBoiled").expect("an event");
    assert!(event.extends("IEvent"));
    assert_eq!(event.method("getVetos").map(|method| method.name), None);
    assert_eq!(event.attribute("type").map(|attribute| attribute.kind), Some(Type::one(Kind::Enum("VBoxEventType"))));
}

#[test]
fn a_new_value_in_a_taken_place_gets_a_number_of_its_own() {
    let wsdl = RELEASE.replace("            VM: 3 -\n", "").replace(
        r#"<xsd:enumeration value="Shared"/>"#,
        r#"<xsd:enumeration value="Fair"/><xsd:enumeration value="Shared"/>"#,
    );
    let table = table_from_wsdl(&wsdl, "7.2.22", "7_2", 1).expect("a table");
    assert!(table.contains("\n Null Fair=4 Shared=1 Write VM\n"), "{table}");
}

#[test]
fn what_is_no_wsdl_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "no types"),
        ("<html><body>It works!</body></html>", "starts with `html`"),
        ("<definitions><types></types></definitions>", "no IVirtualBox"),
        ("<definitions><types><schema>", "ends before its types do"),
        ("<definitions><types><schema></types>", "byte"),
        (&RELEASE[..RELEASE.rfind("<xsd:element").unwrap_or_default()], "ends before its types do"),
        (&RELEASE[..RELEASE.len() / 2], "byte"),
        (&RELEASE.replace("vbox:LockType", "vbox:Nowhere"), "type Nowhere"),
        (&RELEASE.replace(r#"name="nameOrId""#, r#"name="name)Id""#), "`name)Id` is no name"),
        (&"<definitions>".repeat(100), "deeper"),
    ] {
        let error = table_from_wsdl(text, "7.2.22", "7_2", 1).expect_err(reason);
        assert!(error.to_string().contains(reason), "{error} / {reason}");
    }
    for (version, api) in [("", "7_2"), ("7\nR", "7_2"), (" 7.2", "7_2"), ("7.2.22", "7 2"), ("7.2.22", "")] {
        assert!(table_from_wsdl(RELEASE, version, api, 1).is_err(), "{version} {api}");
    }
}

/// A reading of anything gives an error or a table that reads.
fn holds(wsdl: &str) {
    if let Ok(table) = table_from_wsdl(wsdl, "7.2.22", "7_2", 1) {
        let schema = Schema::parse(table.leak()).expect("a table").leak();
        schema.check().expect("every member reads");
        assert!(schema.interface("IVirtualBox").is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damage_never_panics(at in 0..RELEASE.len(), bytes in 0usize..200, instead in "[<>\"/=a-zA-Z:! -]{0,8}") {
        let end = (at + bytes).min(RELEASE.len());
        if RELEASE.is_char_boundary(at) && RELEASE.is_char_boundary(end) {
            holds(&format!("{}{instead}{}", &RELEASE[..at], &RELEASE[end..]));
        }
    }

    #[test]
    fn names_changed_for_others_never_panic(from in 0usize..400, to in 0usize..400, wsdl in prop::sample::select(vec![RELEASE, NEWER, BARE])) {
        let names: Vec<&str> = wsdl.split('"').skip(1).step_by(2).collect();
        let (from, to) = (names[from % names.len()], names[to % names.len()]);
        if !from.is_empty() {
            holds(&wsdl.replace(&format!("\"{from}\""), &format!("\"{to}\"")));
        }
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,300}") {
        holds(&text);
        holds(&format!("<definitions><types><schema>{text}</schema></types></definitions>"));
    }
}

#[test]
fn directions_are_kept_apart() {
    let schema = schema(RELEASE, "7.2.22");
    let method =
        schema.interface("IMachine").and_then(|interface| interface.method("getGuestProperty")).expect("a method");
    let directions: Vec<_> = method.parameters.iter().map(|parameter| parameter.direction).collect();
    assert_eq!(directions, [Direction::In, Direction::Out, Direction::Out, Direction::Out]);
}
