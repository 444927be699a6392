//! Values between the API, Rhai and the shell.

use super::{Bench, text};
use vboxsh::model::Value;

#[test]
fn enumerations_compare_with_names_and_numbers() {
    let mut bench = Bench::new();
    for truth in [
        "vbox.machines[0].state == MachineState.Running",
        "vbox.machines[0].state == \"Running\"",
        "\"Running\" == vbox.machines[0].state",
        "vbox.machines[0].state == \"running\"",
        "vbox.machines[0].state != \"PoweredOff\"",
        "vbox.machines[0].state == 6",
        "6 == vbox.machines[0].state",
        "vbox.machines[0].state != 5",
        "vbox.machines[0].state != \"nonsense\"",
        "vbox.machines[0].state == MachineState_Running",
        "vbox.machines[0].state >= MachineState.FirstOnline",
        "vbox.machines[0].state < MachineState.LastOnline",
        "vbox.machines[0].state > \"PoweredOff\"",
        "\"PoweredOff\" < vbox.machines[0].state",
        "vbox.machines[0].state <= 6",
        "MachineState.Running != LockType.Null",
        "MachineState.Running != ()",
        "MachineState.Running in [MachineState.Paused, MachineState.Running]",
        "MachineState.running == MachineState.Running",
        "MachineState[\"Running\"] == 6",
    ] {
        assert_eq!(bench.text(truth), "true", "{truth}");
    }
}

#[test]
fn enumerations_print_their_names() {
    let mut bench = Bench::new();
    bench.value(
        "print(MachineState.Running); print(MachineState[99]); print([MachineState.Paused]); print(MachineState)",
    );
    let printed = bench.printed();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!((lines[0], lines[1], lines[3]), ("Running", "MachineState(99)", "MachineState"));
    assert!(lines[2].contains("Paused"), "{}", lines[2]);
    assert_eq!(bench.text("MachineState.Running.name"), "Running");
    assert_eq!(bench.text("MachineState.Running.value"), "6");
    assert_eq!(bench.text("MachineState[99].name"), "MachineState(99)");
    assert_eq!(bench.text("`state: ${MachineState.Running}`"), "state: Running");
    assert_eq!(bench.text("\"state: \" + MachineState.Running"), "state: Running");
    assert!(bench.text("dir(MachineState)").starts_with("Null, PoweredOff"));
    // An unknown number goes out as it is.
    bench.value("vbox.machines[0].lockMachine(session, LockType[77])");
    assert_eq!(bench.fake.log(), ["IMachine.lockMachine(ISession, LockType(77))"]);
}

#[test]
fn structures_are_values() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("vbox.getGuestOSType(\"Debian_64\").id"), "Debian_64");
    assert_eq!(bench.text("vbox.get_guest_os_type(\"Debian_64\").is64_bit"), "true");
    assert!(bench.text("dir(vbox.getGuestOSType(\"x\"))").contains("familyId"));
    assert_eq!(bench.text("interface_of(vbox.getGuestOSType(\"x\"))"), "IGuestOSType");
    assert_eq!(bench.text("vbox.getGuestOSType(\"x\") == vbox.getGuestOSType(\"x\")"), "true");
    let failure = bench.failure("let os = vbox.getGuestOSType(\"x\"); os.id = \"y\"");
    assert!(failure.message.contains("a copy"), "{failure:?}");
    assert!(bench.failure("vbox.getGuestOSType(\"x\").famlyId").hint.unwrap().contains("`familyId`"));
}

#[test]
fn values_come_back_as_they_are() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.value("[1, 2.5, true, \"x\", 'c', ()]"),
        Value::List(vec![
            Value::Int(1),
            Value::Float(2.5),
            Value::Bool(true),
            Value::from("x"),
            Value::from("c"),
            Value::Null,
        ])
    );
    assert_eq!(text(&bench.value("#{ a: 1, b: [2] }")), "a: 1, b: 2");
    assert_eq!(bench.value("blob(3, 7)"), Value::Blob(vec![7; 3]));
    assert_eq!(
        bench.value("vbox.machines[0].session(|s| s.console.display.takeScreenShotToArray(0, 1, 1, BitmapFormat.PNG))"),
        Value::Blob(b"\x89PNG picture".to_vec())
    );
    assert_eq!(bench.text("vbox.machines.map(|m| m.name)"), "web-01, db-01");
    assert_eq!(bench.text("vbox.machines.filter(|m| m.state == \"Running\").len()"), "1");
    assert_eq!(bench.text("let sum = 0; for m in vbox.machines { sum += m.memorySize } sum"), "4096");
}

#[test]
fn blobs_lists_and_maps_reach_methods() {
    let mut bench = Bench::new();
    bench.value("vbox.machines[0].session(|s| s.console.keyboard)");
    bench.value("vbox.machines[0].groups = [\"/x\", \"/y\"]");
    assert_eq!(bench.fake.log().last().unwrap(), r#"IMachine.groups = ["/x", "/y"]"#);
    let failure = bench.failure("vbox.findMachine(|x| x)");
    assert!(failure.message.starts_with("IVirtualBox.findMachine takes no "), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("findMachine(nameOrId: wstring)"));
}

#[test]
fn collections_print_their_objects() {
    let mut bench = Bench::new();
    bench.value("print(vbox.machines); print(#{ m: vbox.machines[0] }); print([1, \"x\"])");
    let printed = bench.printed();
    assert_eq!(printed.matches("IMachine").count(), 3, "{printed}");
    assert!(!printed.contains("vboxsh::"), "{printed}");
}

#[test]
fn json_has_api_names() {
    let mut bench = Bench::new();
    let json: serde_json::Value =
        serde_json::from_str(&bench.text("to_json(#{ a: [1, \"x\", ()], s: MachineState.Running })")).unwrap();
    assert_eq!(json["a"], serde_json::json!([1, "x", null]));
    assert!(json["s"].to_string().contains("Running"));
}
