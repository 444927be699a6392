//! `--json`: one document per reply, keys as in the API.

use super::as_json;
use super::canned::{Canned, enumeration, structure};
use serde_json::json;
use vboxsh::model::{RawValue, Value};
use vboxsh::output::{Column, Reply, Section, Table, Ui, UiOptions, to_json};

#[test]
fn objects_are_references() {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 512);
    canned.add("IHost", &[]);
    canned.add("INetworkAdapter", &[("slot", 3.into())]);
    let objects: Vec<Value> = canned.connect().into_iter().map(Value::Object).collect();
    let expected = concat!(
        r#"[{"interface":"IMachine","id":"00000001-0126-43e0-b05d-326e74abb356","name":"web-01"},"#,
        r##"{"interface":"IHost","id":"#1","name":null},{"interface":"INetworkAdapter","id":"#2","name":"3"}]"##,
        "\n"
    );
    assert_eq!(as_json(&Reply::Value(Value::List(objects.clone()))), expected);
    assert_eq!(to_json(&objects[0])["name"], "web-01");
}

#[test]
fn a_detail_has_all_attributes_and_its_errors() {
    let mut canned = Canned::default();
    let machine = canned.machine("web-01", "Running", 512);
    let snapshot = [
        ("name", RawValue::from("before")),
        ("id", "5".into()),
        ("description", "".into()),
        ("timeStamp", RawValue::Int(951_827_696_000)),
        ("online", RawValue::Bool(true)),
        ("machine", canned.reference(machine)),
        ("parent", RawValue::Null),
        ("children", RawValue::List(Vec::new())),
    ];
    canned.add("ISnapshot", &snapshot);
    let objects = canned.connect();
    let shown = as_json(&Reply::Detail(Value::Object(objects[1].clone())));
    let expected = json!({
        "id": "5", "name": "before", "description": "", "timeStamp": 951_827_696_000_i64, "online": true,
        "machine": {"interface": "IMachine", "id": "00000001-0126-43e0-b05d-326e74abb356", "name": "web-01"},
        "parent": null, "children": [], "childrenCount": null,
        "_errors": {"childrenCount": "E_NOTIMPL: not there"},
    });
    assert_eq!(shown, format!("{expected}\n"));
}

#[test]
fn tables_sections_and_structures_keep_the_names_of_the_api() {
    let table = Table {
        columns: vec![Column::new("name").titled("MACHINE"), Column::number("memorySize")],
        rows: vec![vec!["web-01".into(), Value::Int(2048)]],
        empty: String::new(),
    };
    let sections = vec![
        Section { title: String::new(), entries: vec![("version".into(), "7.2.22".into())] },
        Section { title: "host".into(), entries: vec![("memorySize".into(), Value::Int(8))] },
    ];
    let attachment: Value = structure("IPCIDeviceAttachment", &[("name", "nic".into()), ("hostAddress", 16.into())]);
    let replies =
        vec![Reply::Table(table), Reply::Note("done".into()), Reply::Sections(sections), Reply::Value(attachment)];
    assert_eq!(
        as_json(&Reply::Many(replies)),
        concat!(
            r#"[[{"name":"web-01","memorySize":2048}],"#,
            r#"{"version":"7.2.22","host":{"memorySize":8}},"#,
            r#"{"name":"nic","isPhysicalDevice":null,"hostAddress":16,"guestAddress":null}]"#,
            "\n"
        ),
        "one command is one document"
    );
}

#[test]
fn nothing_is_cut_and_an_empty_table_is_an_empty_array() {
    let long = Reply::Value(Value::List((0..1000).map(Value::Int).collect()));
    let ui = Ui::captured_terminal(UiOptions { json: true, width: Some(20), ..UiOptions::default() });
    ui.reply(&long).unwrap();
    let numbers: Vec<i64> = serde_json::from_str(&ui.take().out).unwrap();
    assert_eq!(numbers.len(), 1000);
    let table = Table { columns: vec![Column::new("name")], rows: Vec::new(), empty: "no machines".into() };
    assert_eq!(as_json(&Reply::Table(table)), "[]\n");
}

#[test]
fn a_terminal_gets_lines_a_pipe_one_line() {
    let reply = Reply::Value(Value::Map(vec![("state".into(), Value::from("a"))]));
    let ui = Ui::captured_terminal(UiOptions { json: true, ..UiOptions::default() });
    ui.reply(&reply).unwrap();
    assert_eq!(ui.take().out, "{\n  \"state\": \"a\"\n}\n");
    assert_eq!(as_json(&reply), "{\"state\":\"a\"}\n");
}

#[test]
fn enums_are_names_and_blobs_base64() {
    let mut canned = Canned::default();
    let format = [
        ("id", RawValue::from("VDI")),
        ("name", "VDI".into()),
        ("capabilities", RawValue::List(vec![enumeration("MediumFormatCapabilities", "Uuid")])),
    ];
    canned.add("IMediumFormat", &format);
    let objects = canned.connect();
    assert_eq!(
        as_json(&Reply::Detail(Value::Object(objects[0].clone()))),
        "{\"id\":\"VDI\",\"name\":\"VDI\",\"capabilities\":[\"Uuid\"]}\n"
    );
    assert_eq!(as_json(&Reply::Value(Value::Blob(b"hello".to_vec()))), "\"aGVsbG8=\"\n");
}
