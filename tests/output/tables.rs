//! Tables: of commands, of objects, of structures, of maps.

use super::canned::{Canned, enumeration, structure};
use super::{on_terminal, piped};
use std::sync::atomic::Ordering;
use vboxsh::model::{EnumValue, Error, Object, RawValue, Value};
use vboxsh::output::{ColorChoice, Column, Reply, Section, Table, Ui, UiOptions, width};

fn list(objects: Vec<Object>) -> Reply {
    Reply::Value(Value::List(objects.into_iter().map(Value::Object).collect()))
}

fn machines() -> Canned {
    let mut canned = Canned::default();
    canned.machine("web-01", "Running", 2048);
    canned.machine("database", "PoweredOff", 16384);
    canned
}

#[test]
fn machines_print_as_a_table() {
    let canned = machines();
    let calls = canned.calls.clone();
    let objects = canned.connect();
    calls.store(0, Ordering::Relaxed);
    assert_eq!(
        piped(&list(objects)).out,
        "NAME      STATE       OS TYPE ID  MEMORY SIZE  CPU COUNT  ID
web-01    Running     Debian_64       2048 MB          2  00000001-0126-43e0-b05d-326e74abb356
database  PoweredOff  Debian_64      16384 MB          2  00000002-0126-43e0-b05d-326e74abb356
"
    );
    assert_eq!(calls.load(Ordering::Relaxed), 12, "each column is read once per machine, and no more");
}

#[test]
fn a_terminal_gets_what_fits() {
    let objects = machines().connect();
    let shown = on_terminal(70, &list(objects));
    assert_eq!(
        shown,
        "NAME      STATE       OS TYPE ID  MEMORY SIZE  CPU COUNT  ID
web-01    Running     Debian_64       2048 MB          2  00000001-01…
database  PoweredOff  Debian_64      16384 MB          2  00000002-01…
"
    );
    assert!(shown.lines().all(|line| width(line) <= 70));
}

#[test]
fn a_read_that_fails_costs_one_cell() {
    let mut canned = machines();
    canned.fail(1, "memorySize", Error::api("IMachine.memorySize", 0x8007_0005, "not accessible"));
    let shown = piped(&list(canned.connect())).out;
    let expected = "database  PoweredOff  Debian_64   E_ACCESSDENIED          2  00000002-0126-43e0-b05d-326e74abb356";
    assert_eq!(shown.lines().nth(2), Some(expected), "{shown}");
}

#[test]
fn an_error_that_repeats_itself_is_told_once_a_row() {
    let mut canned = machines();
    for name in ["name", "state", "OSTypeId", "memorySize", "CPUCount"] {
        canned.fail(1, name, Error::api(name, 0x8007_0005, "not accessible"));
    }
    assert_eq!(
        piped(&list(canned.connect())).out,
        "NAME            STATE    OS TYPE ID  MEMORY SIZE  CPU COUNT  ID
web-01          Running  Debian_64       2048 MB          2  00000001-0126-43e0-b05d-326e74abb356
E_ACCESSDENIED  -        -                     -          -  00000002-0126-43e0-b05d-326e74abb356
"
    );
}

#[test]
fn media_show_their_size_in_units() {
    let mut canned = Canned::default();
    let attributes = [
        ("name", RawValue::from("web-01.vdi")),
        ("format", "VDI".into()),
        ("size", RawValue::Int(21_474_836_480)),
        ("state", enumeration("MediumState", "Created")),
        ("type", enumeration("MediumType", "Normal")),
        ("location", "/vm/web-01.vdi".into()),
    ];
    canned.add("IMedium", &attributes);
    assert_eq!(
        piped(&list(canned.connect())).out,
        "NAME        FORMAT      SIZE  STATE    TYPE    LOCATION\nweb-01.vdi  VDI     20.0 GiB  Created  Normal  /vm/web-01.vdi\n"
    );
}

#[test]
fn structures_print_as_a_table_with_names_of_objects() {
    let mut canned = Canned::default();
    canned.add("IMedium", &[("name", "web-01.vdi".into()), ("id", "1".into())]);
    let medium = Value::Object(canned.connect().remove(0));
    let sata: Value = "SATA".into();
    let attachments = vec![
        structure("IMediumAttachment", &[("controller", sata.clone()), ("port", 0.into()), ("medium", medium)]),
        structure("IMediumAttachment", &[("controller", sata), ("port", 10.into())]),
    ];
    assert_eq!(
        piped(&Reply::Value(Value::List(attachments))).out,
        "CONTROLLER  PORT  DEVICE  TYPE  MEDIUM\nSATA           0  -       -     web-01.vdi\nSATA          10  -       -     -\n"
    );
}

#[test]
fn maps_of_one_shape_print_as_a_table() {
    let map = |name: &str, size: i64| Value::Map(vec![("name".into(), name.into()), ("size".into(), size.into())]);
    let same = Reply::Value(Value::List(vec![map("a", 5), map("b", 10)]));
    assert_eq!(piped(&same).out, "NAME  SIZE\na        5\nb       10\n");
    let other = Value::Map(vec![("x".into(), Value::Null)]);
    let mixed = Reply::Value(Value::List(vec![map("a", 5), other]));
    assert_eq!(piped(&mixed).out, "[{name: \"a\", size: 5}, {x: null}]\n");
}

#[test]
fn hostile_cells_break_no_line_and_reach_no_terminal() {
    let table = Table {
        columns: vec![Column::new("name"), Column::new("note\u{1b}[5m")],
        rows: vec![vec!["a\nb\u{1b}[2J".into(), "\u{9b}31m\u{202e}txt.exe".into()]],
        empty: String::new(),
    };
    let shown = piped(&Reply::Table(table)).out;
    assert_eq!(shown, "NAME           NOTE\\U{1B}[5M\na\\nb\\u{1b}[2J  \\u{9b}31m\\u{202e}txt.exe\n");
}

#[test]
fn hostile_names_of_objects_reach_no_terminal() {
    let mut canned = Canned::default();
    canned.machine("\u{1b}]0;owned\u{7}", "Running", 512);
    let objects = canned.connect();
    for reply in [
        list(objects.clone()),
        Reply::Value(Value::Object(objects[0].clone())),
        Reply::Detail(Value::Object(objects[0].clone())),
    ] {
        let shown = piped(&reply).out;
        assert!(shown.contains("\\u{1b}]0;owned\\u{7}"), "{shown}");
        assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n'), "{shown:?}");
    }
}

#[test]
fn an_empty_table_says_so_on_standard_error() {
    let table = || Table { columns: vec![Column::new("name")], rows: Vec::new(), empty: "no machines".into() };
    let shown = piped(&Reply::Table(table()));
    assert_eq!((shown.out.as_str(), shown.err.as_str()), ("", "no machines\n"));
}

#[test]
fn states_have_colours_where_colours_are_wanted() {
    let enumeration = vboxsh::schema::embedded().enumeration("MachineState").unwrap();
    let state = |name: &str| Value::Enum(EnumValue { enumeration, number: enumeration.number(name).unwrap() });
    let table = || Table {
        columns: vec![Column::new("state")],
        rows: vec![vec![state("Running")], vec![state("Aborted")], vec![state("PoweredOff")]],
        empty: String::new(),
    };
    let ui = Ui::captured(UiOptions { color: ColorChoice::Always, ..UiOptions::default() });
    ui.reply(&Reply::Table(table())).unwrap();
    let painted = "\u{1b}[1mSTATE\u{1b}[0m\n\u{1b}[1;38;5;28mRunning\u{1b}[0m\n\u{1b}[1;38;5;196mAborted\u{1b}[0m\n\u{1b}[38;5;244mPoweredOff\u{1b}[0m\n";
    assert_eq!(ui.take().out, painted);
    assert_eq!(piped(&Reply::Table(table())).out, "STATE\nRunning\nAborted\nPoweredOff\n");
}

#[test]
fn sections_align_their_values() {
    let entries = vec![("name".to_owned(), Value::from("web-01")), ("memorySize".to_owned(), Value::Int(2048))];
    let sections = vec![
        Section {
            title: String::new(),
            entries: vec![("version".to_owned(), "7.2.22".into()), ("note".into(), "".into())],
        },
        Section { title: "Machine".to_owned(), entries },
    ];
    let expected = "version  7.2.22\nnote     \"\"\n\nMachine\n  name        web-01\n  memorySize  2048 MB\n";
    assert_eq!(piped(&Reply::Sections(sections)).out, expected);
}

#[test]
fn tables_of_one_reply_stand_apart() {
    let table = || {
        Reply::Table(Table { columns: vec![Column::new("a")], rows: vec![vec![Value::Int(1)]], empty: String::new() })
    };
    let shown = piped(&Reply::Many(vec![table(), table(), Reply::Value(Value::Int(7)), Reply::Value(Value::Int(8))]));
    assert_eq!(shown.out, "A\n1\n\nA\n1\n\n7\n8\n");
}
