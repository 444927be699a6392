//! The embedded table against what is known of VirtualBox 7.2, its look-ups, and the help texts.

use super::*;
use std::collections::{HashMap, HashSet};

const SNAKE_CASE: &str = include_str!("../../tests/fixtures/snake-case.txt");

#[test]
fn the_table_is_whole() {
    let schema = Schema::parse(TABLE).expect("the embedded table").leak();
    schema.check().expect("every member reads");
    assert_eq!(schema.version(), Version { full: "7.2.22", api: "7_2", revision: 175_245 });
    let interfaces = schema.interfaces();
    let count = |of: fn(&'static Interface) -> usize| interfaces.iter().map(of).sum::<usize>();
    assert_eq!(interfaces.len(), 240);
    assert_eq!(count(|interface| interface.own_attributes().len()), 1178);
    assert_eq!(count(|interface| interface.own_methods().len()), 654);
    assert_eq!(schema.enumerations().len(), 147);
    assert_eq!(schema.enumerations().iter().map(|enumeration| enumeration.values.len()).sum::<usize>(), 1165);
    assert_eq!(schema.result_codes().len(), 19);
    let mapped = |mapping| interfaces.iter().filter(|interface| interface.mapping == mapping).count();
    assert_eq!((mapped(Mapping::Struct), mapped(Mapping::Suppressed), mapped(Mapping::Global)), (6, 10, 1));
}

#[test]
fn names_are_unique_and_parents_known() {
    let schema = embedded();
    let unique = |names: Vec<&'static str>| names.iter().collect::<HashSet<_>>().len() == names.len();
    assert!(unique(schema.interfaces().iter().map(|interface| interface.name).collect()));
    assert!(unique(schema.enumerations().iter().map(|enumeration| enumeration.name).collect()));
    assert!(unique(schema.interfaces().iter().map(|interface| interface.id).collect()));
    for enumeration in schema.enumerations() {
        assert!(unique(enumeration.values.iter().map(|value| value.name).collect()), "{}", enumeration.name);
    }
    for interface in schema.interfaces() {
        assert!(unique(interface.attributes().iter().map(|attribute| attribute.name).collect()), "{}", interface.name);
        assert!(unique(interface.methods().iter().map(|method| method.name).collect()), "{}", interface.name);
        assert_eq!(interface.parent().is_none(), interface.parent_name.starts_with('$'), "{}", interface.name);
        assert!(interface.lineage().count() <= 5, "{}", interface.name);
        assert_eq!(schema.interface(interface.name), Some(interface));
    }
    for method in schema.interfaces().iter().flat_map(Interface::own_methods) {
        let returns = method.parameters.iter().filter(|parameter| parameter.direction == Direction::Return).count();
        assert!(returns <= 1, "{}.{}", method.owner, method.name);
        for code in &method.result_codes {
            let known = number_of_code(code).or_else(|| number_of_code(&format!("VBOX_E_{code}")));
            assert!(known.is_some(), "{code} of {}.{}", method.owner, method.name);
        }
    }
}

/// What is not reachable over the web service, as its own description says.
#[test]
fn unreachable_members_are_marked() {
    let all = embedded().interfaces();
    let attributes = all.iter().flat_map(Interface::own_attributes).filter(|attribute| !attribute.remote);
    let methods = all.iter().flat_map(Interface::own_methods).filter(|method| !method.remote);
    let hidden: Vec<String> = attributes
        .map(|attribute| (attribute.owner, attribute.name))
        .chain(methods.map(|method| (method.owner, method.name)))
        .filter(|(owner, _)| embedded().interface(owner).is_some_and(|owner| owner.mapping == Mapping::Managed))
        .map(|(owner, name)| format!("{owner}.{name}"))
        .collect();
    for member in [
        "IVirtualBox.extensionPackManager",
        "IFramebuffer.winId",
        "IDisplay.takeScreenShot",
        "IDisplay.drawToScreen",
        "IDisplay.querySourceBitmap",
        "IFramebuffer.getVisibleRegion",
        "IFramebuffer.setVisibleRegion",
        "IFramebuffer.processVHWACommand",
        "IMachineDebugger.getUVMAndVMMFunctionTable",
    ] {
        assert!(hidden.iter().any(|hidden| hidden == member), "{member} of {hidden:?}");
    }
    assert_eq!(hidden.len(), 9, "{hidden:?}");
}

#[test]
fn every_member_is_found_by_every_spelling() {
    for interface in embedded().interfaces() {
        for attribute in interface.own_attributes() {
            let found = |name: &str| interface.attribute(name).map(|found| found.name);
            assert_eq!(found(attribute.name), Some(attribute.name));
            assert_eq!(found(&snake_case(attribute.name)), Some(attribute.name), "{}", interface.name);
        }
        for method in interface.own_methods() {
            let found = |name: &str| interface.method(name).map(|found| found.name);
            assert_eq!(found(method.name), Some(method.name));
            assert_eq!(found(&snake_case(method.name)), Some(method.name), "{}", interface.name);
        }
    }
    for enumeration in embedded().enumerations() {
        for value in &enumeration.values {
            assert_eq!(enumeration.number(value.name), Some(value.number));
            assert_eq!(
                enumeration.number(&snake_case(value.name)),
                Some(value.number),
                "{}.{}",
                enumeration.name,
                value.name
            );
            assert_eq!(enumeration.number(&format!("{}_{}", enumeration.name, value.name)), Some(value.number));
            assert_eq!(enumeration.number(&format!("{}.{}", enumeration.name, value.name)), Some(value.number));
            assert!(enumeration.name_of(value.number).is_some());
        }
        assert_eq!(enumeration.number("no such value"), None);
        assert_eq!(enumeration.name_of(-77), None);
    }
}

#[test]
fn names_that_are_python_builtins_have_a_second_spelling() {
    let schema = embedded();
    for (interface, name, spelling) in [
        ("IMachine", "id", "id_p"),
        ("IEvent", "type", "type_p"),
        ("IMedium", "format", "format_p"),
        ("IVirtualBoxErrorInfo", "next", "next_p"),
        ("IExtPackBase", "license", "license_p"),
    ] {
        let interface = schema.interface(interface).expect("an interface");
        if let Some(attribute) = interface.attribute(name) {
            assert_eq!(interface.attribute(spelling), Some(attribute));
        } else {
            assert_eq!(interface.attribute(spelling), None, "{}.{spelling}", interface.name);
        }
        assert!(interface.attribute("name_p").is_none());
    }
    for (enumeration, name, spelling) in [
        ("Scope", "Global", "global_p"),
        ("VBoxEventType", "Any", "any_p"),
        ("FileStatus", "Open", "open_p"),
        ("USBConnectionSpeed", "Super", "super_p"),
        ("FsObjType", "File", "file_p"),
        ("VirtualSystemDescriptionType", "License", "license_p"),
    ] {
        let enumeration = schema.enumeration(enumeration).expect("an enumeration");
        assert!(enumeration.number(name).is_some());
        assert_eq!(enumeration.number(spelling), enumeration.number(name), "{}", enumeration.name);
    }
}

/// Every spelling of the list: by the rule, and by look-up wherever 7.2 still has the name.
#[test]
fn irregular_spellings_are_those_that_python_users_know() {
    let schema = embedded();
    let mut section = "";
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for line in SNAKE_CASE.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
            continue;
        }
        let (name, spelling) = line.split_once(' ').expect("a name and its spelling");
        let snake = snake_case(name);
        let plain = spelling.strip_suffix("_p").filter(|_| naming::suffixed(&snake).is_some()).unwrap_or(spelling);
        assert_eq!(snake, plain, "{name}");
        if plain != spelling {
            assert_eq!(naming::suffixed(&snake).as_deref(), Some(spelling), "{name}");
        }
        let mut found = 0;
        match section {
            "[members]" => {
                for interface in schema.interfaces() {
                    if interface.own_attributes().iter().any(|attribute| attribute.name == name) {
                        assert_eq!(
                            interface.attribute(spelling).map(|attribute| attribute.name),
                            Some(name),
                            "{}",
                            interface.name
                        );
                        found += 1;
                    }
                    if interface.own_methods().iter().any(|method| method.name == name) {
                        assert_eq!(
                            interface.method(spelling).map(|method| method.name),
                            Some(name),
                            "{}",
                            interface.name
                        );
                        found += 1;
                    }
                }
            }
            "[values]" => {
                for enumeration in schema.enumerations() {
                    if let Some(value) = enumeration.values.iter().find(|value| value.name == name) {
                        assert_eq!(enumeration.number(spelling), Some(value.number), "{}", enumeration.name);
                        found += 1;
                    }
                }
            }
            _ => {}
        }
        let count = counts.entry(section).or_default();
        count.0 += 1;
        count.1 += usize::from(found > 0);
    }
    assert_eq!(counts["[members]"].0, 188 + 22);
    assert_eq!(counts["[values]"].0, 114 + 51);
    assert_eq!(counts["[parameters]"].0, 15);
    // Most of the old names are still there, so that the look-ups above are more than none.
    assert!(counts["[members]"].1 > 150 && counts["[values]"].1 > 120, "{counts:?}");
}

#[test]
fn members_are_inherited() {
    let schema = embedded();
    let event = schema.event_interface("OnMachineStateChanged").expect("an event");
    assert_eq!(event.name, "IMachineStateChangedEvent");
    let line: Vec<_> = event.lineage().map(|interface| interface.name).collect();
    assert_eq!(line, ["IMachineStateChangedEvent", "IMachineEvent", "IEvent"]);
    assert!(event.extends("IEvent") && event.extends("IMachineEvent") && event.extends(event.name));
    assert!(!event.extends("ISnapshotEvent") && !event.extends("$unknown"));
    assert_eq!(event.attribute("machineId").map(|attribute| attribute.owner), Some("IMachineEvent"));
    assert_eq!(event.method("setProcessed").map(|method| method.owner), Some("IEvent"));
    assert_eq!(event.attribute("machine_id"), event.attribute("machineId"));
    assert!(event.own_attributes().iter().all(|attribute| attribute.name != "machineId"));
    // Those of the furthest parent come first.
    assert_eq!(event.attributes().first().map(|attribute| attribute.owner), Some("IEvent"));
    assert_eq!(event.attributes().last().map(|attribute| attribute.name), Some("state"));
    let machine = schema.interface("IMachine").expect("IMachine");
    assert_eq!((machine.parent_name, machine.parent()), ("$unknown", None));
    for value in &schema.enumeration("VBoxEventType").expect("an enumeration").values {
        if value.name.starts_with("On") {
            let interface = schema.event_interface(value.name);
            assert!(interface.is_some_and(|interface| interface.extends("IEvent")), "{}", value.name);
        }
    }
    assert!(schema.event_interface("MachineEvent").is_none() && schema.event_interface("").is_none());
}

#[test]
fn an_attribute_and_a_method_may_share_a_name() {
    let shared = |interface: &'static Interface| {
        interface.attributes().into_iter().filter(|attribute| interface.method(attribute.name).is_some()).count()
    };
    assert!(
        embedded().interfaces().iter().map(shared).sum::<usize>() > 0 || {
            // Then at least one name is both, in different interfaces.
            let methods: HashSet<_> =
                embedded().interfaces().iter().flat_map(Interface::own_methods).map(|method| method.name).collect();
            embedded()
                .interfaces()
                .iter()
                .flat_map(Interface::own_attributes)
                .any(|attribute| methods.contains(attribute.name))
        }
    );
}

#[test]
fn near_misses_are_suggested() {
    let schema = embedded();
    let near = |interface: &str, name: &str| schema.interface(interface).expect("an interface").suggest(name);
    assert_eq!(near("IVirtualBox", "findMachin").first(), Some(&"findMachine"));
    assert_eq!(near("IVirtualBox", "machine").first(), Some(&"machines"));
    assert_eq!(near("IMachine", "memorysize").first(), Some(&"memorySize"));
    assert_eq!(near("IMachine", "memroySize").first(), Some(&"memorySize"));
    assert!(near("IMachineStateChangedEvent", "machinId").contains(&"machineId"));
    assert!(near("IVirtualBox", "qqqqqqqq").is_empty());
    let states = schema.enumeration("MachineState").expect("an enumeration");
    assert_eq!(states.suggest("Runing").first(), Some(&"Running"));
    assert_eq!(states.suggest("powered_off").first(), Some(&"PoweredOff"));
}

#[test]
fn numbers_are_those_of_the_release() {
    let schema = embedded();
    let number =
        |enumeration: &str, value| schema.enumeration(enumeration).and_then(|enumeration| enumeration.number(value));
    assert_eq!(number("MachineState", "Running"), Some(6));
    assert_eq!(number("MachineState", "LastTransient"), Some(23));
    assert_eq!(number("SettingsVersion", "Future"), Some(99_999));
    assert_eq!(number("BitmapFormat", "PNG"), Some(541_544_016));
    assert_eq!(number("FirmwareType", "EFIDUAL"), Some(5));
    // Two names of one number: the first one is shown.
    assert_eq!(schema.enumeration("MachineState").and_then(|states| states.name_of(6)), Some("Running"));
}

#[test]
fn result_codes_have_names_and_numbers() {
    assert_eq!(name_of_code(0x80bb_0001), Some("VBOX_E_OBJECT_NOT_FOUND"));
    assert_eq!(number_of_code("VBOX_E_RECORDING_ERROR"), Some(0x80bb_0013));
    assert_eq!(number_of_code("E_ACCESSDENIED"), Some(0x8007_0005));
    assert_eq!(name_of_code(0x8000_4001), Some("E_NOTIMPL"));
    assert_eq!((name_of_code(0x80bb_ffff), number_of_code("E_NOTHING")), (None, None));
    for (name, code) in embedded().result_codes() {
        assert_eq!((name_of_code(*code), number_of_code(name)), (Some(*name), Some(*code)));
        assert!(name.starts_with("VBOX_E_"));
    }
}

#[test]
fn signatures_read_as_the_api_has_them() {
    let schema = embedded();
    let show = |interface: &str, method: &str| {
        schema.interface(interface).and_then(|interface| interface.method(method)).expect("a method").to_string()
    };
    assert_eq!(show("IVirtualBox", "find_machine"), "findMachine(nameOrId: wstring) -> IMachine");
    assert_eq!(
        show("IMachine", "getGuestProperty"),
        "getGuestProperty(name: wstring) -> (value: wstring, timestamp: long long, flags: wstring)"
    );
    assert_eq!(show("ISession", "unlockMachine"), "unlockMachine()");
}

#[test]
fn damaged_tables_are_refused() {
    for (text, line) in [
        ("nonsense", 1),
        ("V 7.2.22", 1),
        ("V 7.2.22 7_2 x", 1),
        ("V 7.2.22 7_2 1\nE Enumeration\n", 2),
        ("V 7.2.22 7_2 1\nE Enumeration id\nnothing\n", 2),
        ("E Enumeration id\n A=many\n", 1),
        ("E Enumeration id\n A=9223372036854775807\n", 1),
        ("R NAME hex\n", 1),
        ("I IThing $unknown x id\n", 1),
        ("I IThing $unknown m id ra99999999\n", 1),
        ("I IThing $unknown m id rx1\n", 1),
        (" loose member\n", 1),
    ] {
        let error = Schema::parse(text).expect_err(text);
        assert!(error.line.abs_diff(line) <= 1, "{text}: {error}");
    }
    for member in [" name", " name nothing", " method(x)", " method(s", " method(nothing x)", ""] {
        let text: &'static str = format!("I IThing $unknown m id\n name s\n{member}\n").leak();
        if let Ok(schema) = Schema::parse(text) {
            assert!(schema.leak().check().is_err(), "{member:?}");
        }
    }
}

#[test]
fn parents_in_a_circle_end() {
    let schema = Schema::parse("I IA IB m 1\n a s\nI IB IA m 2\n b s\n").expect("a table").leak();
    let interface = schema.interface("IA").expect("IA");
    assert_eq!(interface.attribute("b").map(|attribute| attribute.owner), Some("IB"));
    assert_eq!(interface.attribute("c"), None);
    assert!(!interface.extends("IC"));
}

/// Keys of everything that has a help line.
fn help_keys() -> Vec<String> {
    let schema = embedded();
    let mut keys: Vec<String> = schema.result_codes().iter().map(|(name, _)| (*name).to_owned()).collect();
    for enumeration in schema.enumerations() {
        keys.push(enumeration.name.to_owned());
        keys.extend(enumeration.values.iter().map(|value| format!("{}.{}", enumeration.name, value.name)));
    }
    for interface in schema.interfaces() {
        keys.push(interface.name.to_owned());
        keys.extend(
            interface.own_attributes().iter().map(|attribute| format!("{}.{}", interface.name, attribute.name)),
        );
        for method in interface.own_methods() {
            let key = format!("{}.{}", interface.name, method.name);
            // The line of the method itself says what it returns.
            let parameters = method.parameters.iter().filter(|parameter| parameter.direction != Direction::Return);
            keys.extend(parameters.map(|parameter| format!("{key}({})", parameter.name)));
            keys.push(key);
        }
    }
    keys
}

#[test]
fn everything_has_a_help_line() {
    let lines: HashMap<&str, &str> = help::lines().filter_map(|line| line.split_once(": ")).collect();
    let keys = help_keys();
    let without: Vec<_> = keys.iter().filter(|key| !lines.contains_key(key.as_str())).collect();
    assert!(without.is_empty(), "{} without help: {:?}", without.len(), &without[..without.len().min(20)]);
    for key in keys.iter().step_by(37) {
        assert_eq!(help(key), lines.get(key.as_str()).copied());
    }
    assert_eq!(help("IMachine.noSuchMember"), None);
    assert_eq!(help(""), None);
}

#[test]
fn every_help_line_belongs_to_something_and_says_something() {
    let keys: HashSet<String> = help_keys().into_iter().collect();
    let mut seen = HashSet::new();
    let mut wrong = Vec::new();
    for line in help::lines() {
        match line.split_once(": ") {
            Some((key, _)) if !keys.contains(key) && number_of_code(key).is_none() => {
                wrong.push(format!("unknown: {line}"))
            }
            Some((key, _)) if !seen.insert(key) => wrong.push(format!("twice: {line}")),
            Some((_, text)) if text.trim() != text || text.chars().count() < 8 => {
                wrong.push(format!("no text: {line}"))
            }
            Some((_, text)) if text.chars().count() > 160 => wrong.push(format!("too long: {line}")),
            Some(_) => {}
            None => wrong.push(format!("no key: {line}")),
        }
    }
    assert!(wrong.is_empty(), "{} lines: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}
