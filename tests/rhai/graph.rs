//! Attributes, methods, arguments, objects.

use super::Bench;
use vboxsh::model::{ErrorKind, RawValue, Value};

#[test]
fn attributes_are_read_and_written_in_both_spellings() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("vbox.version"), "7.2.22");
    assert_eq!(bench.text("vbox.machines[0].memorySize"), "2048");
    assert_eq!(bench.text("vbox.machines[0].memory_size"), "2048");
    assert_eq!(bench.text("vbox.machines[0][\"name\"]"), "web-01");
    assert_eq!(bench.text("let m = vbox.machines[0]; m.memorySize = 4096; m.memory_size += 1; m.memorySize"), "4097");
    assert_eq!(bench.fake.log(), ["IMachine.memorySize = 4096", "IMachine.memorySize = 4097"]);
    // Straight from the root, through read-only attributes: nothing is written back into those.
    bench.value("vbox.machines[1].description = \"x\"");
    bench.value("vbox.findMachine(\"db-01\").set(\"memory_size\", 64)");
    assert_eq!(bench.text("vbox.machines[1].memorySize"), "64");
    bench.value("vbox.systemProperties.defaultMachineFolder = \"/other\"");
    assert_eq!(
        bench.fake.log()[2..],
        [
            "IMachine.description = \"x\"",
            "IVirtualBox.findMachine(\"db-01\")",
            "IMachine.memorySize = 64",
            "ISystemProperties.defaultMachineFolder = \"/other\""
        ]
    );
    assert_eq!(bench.text("vbox.systemProperties.defaultMachineFolder"), "/other");
}

#[test]
fn an_element_of_an_array_attribute_is_written_by_its_setter() {
    let mut bench = Bench::new();
    bench.value("let m = vbox.machines[0]; m.groups[1] = \"/c\"");
    assert_eq!(bench.fake.log(), [r#"IMachine.groups = ["/a", "/c"]"#]);
}

#[test]
fn looking_at_an_array_attribute_does_not_write_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("let m = vbox.machines[0]; m.groups.map(|g| g.len()); m.groups.len(); m.groups.contains(\"/a\"); m.groups.filter(|g| g == \"/b\")"), "/b");
    assert_eq!(
        bench.text("m.state.to_string() + m.name.to_upper() + vbox.machines[0].to_debug().len()"),
        "RunningWEB-0112"
    );
    assert_eq!(bench.text("vbox.machines.map(|m| m.groups.map(|g| vbox.machines.map(|n| n.groups.len()))).len()"), "2");
    assert_eq!(bench.fake.log(), Vec::<String>::new());
    // A real change is written, once.
    bench.value("m.groups.push(\"/c\"); for i in 0..2 { m.groups.len() }");
    assert_eq!(bench.fake.log(), [r#"IMachine.groups = ["/a", "/b", "/c"]"#]);
    bench.value("let g = m.groups; m.groups = g;");
    assert_eq!(bench.fake.log().len(), 2);
    assert!(bench.failure("vbox.machines.push(1)").message.contains("read-only"));
    assert!(bench.failure("vbox.machines = []").message.contains("read-only"));
}

#[test]
fn methods_are_called_in_both_spellings_and_as_functions() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("vbox.findMachine(\"web-01\").name"), "web-01");
    assert_eq!(bench.text("vbox.find_machine(\"web-01\").name"), "web-01");
    assert_eq!(bench.text("findMachine(vbox, \"db-01\").name"), "db-01");
    assert_eq!(bench.text("let f = \"x\"; vbox.find_machine(\"web-01\").state"), "MachineState.Running");
    // A method does not count as a change of the attribute it is reached through.
    bench.value("vbox.systemProperties.getDefaultIoCacheSettingForStorageController(\"IntelAhci\")");
    assert_eq!(bench.fake.count("IVirtualBox.systemProperties ="), 0);
}

#[test]
fn optional_trailing_arguments_may_be_left_out() {
    let mut bench = Bench::new();
    bench.value("vbox.createMachine(\"\", \"new\", PlatformArchitecture.x86)");
    bench.value("vbox.create_machine(\"\", \"new\", \"x86\", [\"/g\"])");
    bench.value("vbox.createMachine(\"\", \"new\", 1, [], \"Debian_64\", \"\", \"\", \"\", \"\")");
    assert_eq!(
        bench.fake.log(),
        [
            r#"IVirtualBox.createMachine("", "new", x86, [], "", "", "", "", "")"#,
            r#"IVirtualBox.createMachine("", "new", x86, ["/g"], "", "", "", "", "")"#,
            r#"IVirtualBox.createMachine("", "new", x86, [], "Debian_64", "", "", "", "")"#,
        ]
    );
}

#[test]
fn every_method_of_the_schema_is_reached_with_every_number_of_arguments() {
    let mut bench = Bench::new();
    let mut calls = 0;
    for interface in vboxsh::schema::embedded().interfaces() {
        if interface.is_struct() || interface.own_methods().is_empty() {
            continue;
        }
        let object = bench.fake.make(interface.name);
        bench.fake.set(0, "extensionPackManager", bench.fake.reference(object));
        for method in interface.own_methods() {
            // Those have a meaning of their own in the fake, and another test.
            if ["waitForCompletion", "waitForOperationCompletion", "getEvent", "waitFor", "waitForArray"]
                .contains(&method.name)
                || ["findMachine", "lockMachine", "getGuestOSType"].contains(&method.name)
            {
                continue;
            }
            let mut given = Vec::new();
            let arguments: Vec<String> =
                method.inputs().map(|input| argument(&bench, input.kind, &mut given)).collect();
            let list = arguments.join(", ");
            let call = if arguments.len() > 15 {
                format!("{}([{list}])", method.name)
            } else {
                format!("{}({list})", method.name)
            };
            let before = bench.fake.count(&format!("{}.{}(", method.owner, method.name));
            bench.value(&format!("vbox.extensionPackManager.{call}"));
            bench.value(&format!(
                "vbox.extensionPackManager.{}",
                call.replacen(method.name, &vboxsh::schema::snake_case(method.name), 1)
            ));
            assert_eq!(bench.fake.count(&format!("{}.{}(", method.owner, method.name)), before + 2, "{call}");
            calls += 2;
        }
    }
    assert!(calls > 1200, "{calls}");
}

/// A value of that type as a script writes it. Objects are reached through an attribute of the root.
fn argument(bench: &Bench, kind: vboxsh::schema::Type, given: &mut Vec<RawValue>) -> String {
    use vboxsh::schema::Kind;
    match kind.kind {
        _ if kind.is_blob() => "blob(0)".to_owned(),
        _ if kind.array => "[]".to_owned(),
        Kind::String => "\"x\"".to_owned(),
        Kind::Uuid => "\"\"".to_owned(),
        Kind::Boolean => "false".to_owned(),
        Kind::AnyObject => "vbox".to_owned(),
        Kind::Interface(name) => {
            given.push(bench.fake.reference(bench.fake.make(name)));
            bench.fake.set(0, "machineGroups", Value::List(given.clone()));
            format!("vbox.machineGroups[{}]", given.len() - 1)
        }
        Kind::Enum(_) => "0".to_owned(),
        _ => "1".to_owned(),
    }
}

#[test]
fn several_outs_are_an_array() {
    let mut bench = Bench::new();
    let outs = bench.text("vbox.machines[0].session(|s| s.console.display.getScreenResolution(0))");
    assert_eq!(outs, "1024, 768, 32, -1, 0, GuestMonitorStatus.Enabled");
}

#[test]
fn null_and_void_are_nothing() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("vbox.machines[0].snapshot_folder == \"\""), "true");
    assert_eq!(bench.text("vbox.machines[0].currentSnapshot"), "()");
    assert_eq!(bench.text("vbox.machines[0].currentSnapshot == ()"), "true");
    assert_eq!(bench.text("vbox.machines[0].currentSnapshot?.name"), "()");
    assert_eq!(bench.text("vbox.setExtraData(\"a\", \"b\")"), "()");
}

#[test]
fn objects_compare_and_tell_what_they_are() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("vbox.machines[0] == vbox.findMachine(\"web-01\")"), "true");
    assert_eq!(bench.text("vbox.machines[0] != vbox.machines[1]"), "true");
    assert_eq!(bench.text("vbox.machines[0] == ()"), "false");
    assert_eq!(bench.text("() != vbox.machines[0]"), "true");
    assert_eq!(bench.text("vbox.machines.contains(vbox.machines[1])"), "true");
    assert_eq!(bench.text("vbox.machines[1] in vbox.machines"), "true");
    assert_eq!(bench.text("vbox.machines.index_of(vbox.machines[1])"), "1");
    assert_eq!(bench.text("type_of(vbox)"), "Object");
    assert_eq!(bench.text("interface_of(vbox)"), "IVirtualBox");
    assert_eq!(bench.text("vbox.machines[0].interface_of()"), "IMachine");
    assert!(bench.text("dir(vbox)").contains("version"));
    assert!(bench.text("vbox.dir()").contains("findMachine"));
    assert!(bench.text("vbox.machines[0].to_debug()").starts_with("IMachine("));
    assert!(bench.text("`${vbox.machines[0]}`").contains("IMachine"));
    assert!(bench.text("\"it is \" + vbox.machines[0]").contains("IMachine"));
}

#[test]
fn query_interface_gives_the_other_interface() {
    let mut bench = Bench::new();
    bench.fake.fire("OnMachineStateChanged", &[("machineId", "abc".into())]);
    bench.value("let e = vbox.events(0.3)[0]");
    assert_eq!(bench.text("interface_of(e)"), "IMachineStateChangedEvent");
    assert_eq!(bench.text("interface_of(queryInterface(e, \"IMachineEvent\"))"), "IMachineEvent");
    assert_eq!(bench.text("interface_of(e.query_interface(\"IEvent\"))"), "IEvent");
    let failure = bench.failure("queryInterface(vbox, \"IMachine\")");
    assert_eq!(failure.kind, ErrorKind::Failed);
    let failure = bench.failure("queryInterface(vbox, \"IMachin\")");
    assert_eq!((failure.kind, failure.hint.as_deref().unwrap_or("").contains("`IMachine`")), (ErrorKind::Script, true));
}

#[test]
fn a_reserved_word_is_reached_by_index() {
    let mut bench = Bench::new();
    let event = bench.fake.make("IHostAudioDeviceChangedEvent");
    bench.fake.set(event, "new", true.into());
    let reference = bench.fake.reference(event);
    bench.fake.set(0, "extensionPackManager", reference);
    assert_eq!(bench.text("vbox.extensionPackManager[\"new\"]"), "true");
}

#[test]
fn globals_are_opened_when_used_and_seen_in_functions() {
    let mut bench = Bench::new();
    bench.value("let a = 1 + 1; MachineState.Running");
    assert!(bench.world.current().is_none());
    assert_eq!(bench.text("fn first() { vbox.machines[0].name } first()"), "web-01");
    assert!(bench.world.current().is_some());
    assert_eq!(bench.text("host.processorCount"), "8");
    assert_eq!(bench.text("interface_of(session)"), "ISession");
    assert_eq!(bench.text("session == session"), "true");
    assert_eq!(bench.text("let vbox = 5; vbox"), "5");
}

#[test]
fn sessions_lock_give_save_and_unlock() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.text("let m = vbox.machines[1]; m.session(|s| { s.machine.memorySize = 512; s.machine.name })"),
        "db-01 (mutable)"
    );
    assert_eq!(
        bench.fake.log(),
        [
            "IMachine.lockMachine(ISession, Shared)",
            "IMachine.memorySize = 512",
            "IMachine.saveSettings()",
            "ISession.unlockMachine()",
        ]
    );
    bench.value("m.session(\"Write\", |s| ())");
    bench.value("m.session(LockType.VM, |s| ())");
    assert_eq!(bench.fake.count("IMachine.lockMachine(ISession, Write)"), 1);
    assert_eq!(bench.fake.count("IMachine.lockMachine(ISession, VM)"), 1);
    assert_eq!(bench.fake.count("ISession.unlockMachine"), 3);
}

#[test]
fn a_session_unlocks_without_saving_after_an_error() {
    let mut bench = Bench::new();
    let failure = bench.failure("vbox.machines[1].session(|s| { s.machine.memorySize = 512; throw \"no\" })");
    assert_eq!(failure.message, "no");
    assert_eq!(bench.fake.count("IMachine.saveSettings"), 0);
    assert_eq!(bench.fake.count("ISession.unlockMachine"), 1);
    assert_eq!(bench.failure("vbox.machines[1].session(|s| exit(3))").exit, Some(3));
    assert_eq!(bench.fake.count("ISession.unlockMachine"), 2);
}

#[test]
fn a_closure_may_use_the_very_object_whose_method_runs_it() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("let m = vbox.machines[0]; m.session(|s| m.name)"), "web-01");
    assert_eq!(
        bench.text(
            "fn f(m) { let got = []; m.session(|s| { got.push(m.name); m.memorySize = 7; }); got } f(vbox.machines[1])"
        ),
        "db-01"
    );
    // What a closure changes is shared, as Rhai has it.
    assert_eq!(
        bench.text("let n = 0; vbox.machines.for_each(|| n += 1); let k = 0; vbox.machines[0].session(|s| k += 5); k"),
        "5"
    );
}

#[test]
fn a_later_release_may_have_methods_that_the_table_lacks() {
    // The embedded table with one method more.
    let text = include_str!("../../src/schema/main-api-7.2.txt");
    let at = text.find(" createMachine(").unwrap();
    let text = format!("{} grantWish(s what,=s answer)\n{}", &text[..at], &text[at..]);
    let schema = vboxsh::schema::Schema::parse(text.leak()).unwrap().leak();
    let mut bench = Bench::over(crate::support::fake::Fake::with_schema(schema));
    assert_eq!(bench.text("vbox.grantWish(\"a disk\")"), "");
    assert_eq!(bench.text("vbox.grant_wish(\"two\")"), "");
    assert_eq!(bench.fake.log(), ["IVirtualBox.grantWish(\"a disk\")", "IVirtualBox.grantWish(\"two\")"]);
    let failure = bench.failure("vbox.grantWish(1, 2)");
    assert!(failure.message.contains("wants 0 to 1 argument"), "{}", failure.message);
}
