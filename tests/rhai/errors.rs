//! Errors: caught, uncaught, and what they say.

use super::Bench;
use crate::support::fake::NOT_FOUND;
use vboxsh::model::ErrorKind;

#[test]
fn an_api_error_is_caught_with_all_its_parts() {
    let mut bench = Bench::new();
    bench.value("let e = (); try { vbox.findMachine(\"nobody\") } catch (x) { e = x; }");
    assert_eq!(bench.text("e.code"), NOT_FOUND.to_string());
    assert_eq!(bench.text("e.name"), "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(bench.text("e.message"), "no machine named 'nobody'");
    assert_eq!(bench.text("e.component"), "VirtualBoxWrap");
    assert_eq!(bench.text("e.interface"), "IVirtualBox");
    assert_eq!(bench.text("e.next"), "()");
    assert_eq!(bench.text("e.operation"), "IVirtualBox.findMachine");
    assert_eq!(bench.text("e.kind"), "not_found");
    assert_eq!(bench.text("e[\"line\"]"), "1");
    assert!(bench.text("e.hint").contains("`list`"));
    assert!(bench.text("`${e}`").contains("VBOX_E_OBJECT_NOT_FOUND"));
    assert_eq!(bench.text("type_of(e)"), "Error");
    assert_eq!(bench.text("\"code\" in e"), "true");
    assert!(bench.failure("e.cod").hint.unwrap().contains("code"));
}

#[test]
fn the_chain_behind_an_error_is_there() {
    let mut bench = Bench::new();
    bench.value("let e = (); try { wait(vbox.machines[0].deleteConfig([])) } catch (x) { e = x }");
    assert_eq!(bench.text("e.name"), "VBOX_E_FILE_ERROR");
    assert_eq!(bench.text("e.message"), "the disk is in the way");
    assert_eq!(bench.text("e.next.name"), "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(bench.text("e.next.message"), "the deeper cause");
}

#[test]
fn an_uncaught_api_error_keeps_its_kind_and_place() {
    let mut bench = Bench::new();
    let failure = bench.script("let a = 1;\nvbox.findMachine(\"nobody\");\n", "/s/nightly.rhai", &[]).unwrap_err();
    assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::NotFound, 4));
    assert_eq!(failure.api.as_ref().map(|api| api.code), Some(NOT_FOUND));
    let position = failure.position.unwrap();
    assert_eq!(
        (position.file.as_str(), position.line, position.source.as_str()),
        ("/s/nightly.rhai", 2, "vbox.findMachine(\"nobody\");")
    );
    assert!(position.column > 0);
    let failure = bench.failure("wait(vbox.machines[0].deleteConfig([]))");
    assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::Failed, 1));
    // Thrown again it is the same, and its place is where it came up.
    let source = "fn f() {\n vbox.findMachine(\"nobody\")\n}\ntry { f() } catch (e) {\n throw e;\n}";
    let failure = bench.script(source, "again.rhai", &[]).unwrap_err();
    assert_eq!(
        failure.position.map(|position| (position.line, position.source)),
        Some((2, " vbox.findMachine(\"nobody\")".to_owned()))
    );
    assert_eq!(failure.trace, ["thrown again (in line 5)"]);
    let failure = bench.failure("try { vbox.findMachine(\"nobody\") } catch (e) { throw e; }");
    assert_eq!((failure.kind, failure.api.is_some()), (ErrorKind::NotFound, true));
}

#[test]
fn the_functions_that_led_to_an_error_are_named() {
    let mut bench = Bench::new();
    let source = "fn inner(name) {\n  vbox.findMachine(name)\n}\nfn outer() {\n\n  inner(\"nobody\")\n}\n\nouter();\n";
    let failure = bench.script(source, "deep.rhai", &[]).unwrap_err();
    let position = failure.position.unwrap();
    assert_eq!((position.line, position.source.trim()), (2, "vbox.findMachine(name)"));
    assert_eq!(failure.trace, ["in function `inner` (called in line 6)", "in function `outer` (called in line 9)"]);
    let failure = bench.failure("[1].for_each(|| vbox.findMachine(\"nobody\"))");
    assert!(failure.trace[0].starts_with("in a closure"), "{:?}", failure.trace);
}

#[test]
fn mistakes_say_what_to_type() {
    let mut bench = Bench::new();
    for (source, message, hint) in [
        ("vbox.findMachin(\"x\")", "IVirtualBox has no method `findMachin`", "did you mean `findMachine`?"),
        (
            "vbox.findMachine(\"x\", 2)",
            "IVirtualBox.findMachine wants 0 to 1 argument, not 2",
            "findMachine(nameOrId: wstring) -> IMachine",
        ),
        (
            "vbox.createMachine(\"\", \"\")",
            "IVirtualBox.createMachine wants 3 to 9 arguments, not 2",
            "createMachine(settingsFile: wstring",
        ),
        ("vbox.findMachine(5)", "IVirtualBox.findMachine: `nameOrId` wants wstring, not the number 5", "quotes"),
        ("vbox.version(1)", "IVirtualBox.version is an attribute, not a method", ".version"),
        ("vbox.findMachine", "IVirtualBox.findMachine is a method", "call it"),
        ("vbox.verson", "IVirtualBox has no attribute `verson`", "did you mean `version`"),
        ("vbox.version = \"1\"", "IVirtualBox.version cannot be written: it is read-only", ""),
        (
            "vbox.machines[0].lockMachine(session, \"Sharde\")",
            "IMachine.lockMachine: `lockType` `Sharde` is no value of LockType",
            "`Shared`",
        ),
        ("vbox.machines[0].memorySize = \"big\"", "IMachine.memorySize wants unsigned long, not the text \"big\"", ""),
        ("vbax", "there is no variable `vbax`", "did you mean `vbox`?"),
        ("MachinState.Running", "there is no variable `MachinState`", "`MachineState`"),
        ("MachineState.Runing", "MachineState has no value `Runing`", "did you mean `Running`"),
        ("MachineState_Runing", "MachineState has no value `Runing`", "did you mean `Running`"),
        ("MachineState.Running.nam", "a value of MachineState has no `nam`", "`name`"),
        ("prinnt(1)", "there is no function `prinnt` for an integer", "did you mean `print`"),
        ("findMachine(\"x\")", "there is no function `findMachine` for a text", "`vbox.findMachine(...)`"),
        ("vbox.machines[0].currentSnapshot.name", "`name` is asked of null", "`?.`"),
        ("vbox.machines[0].currentSnapshot.getChildren()", "`getChildren` is called on null", "`?.`"),
        ("vbox.machines[0].currentSnapshot[0]", "null has no elements", "`?[`"),
        ("vbox.machines.name", "an array has no `name`", ""),
        ("vbox.machines[7]", "index 7 is outside of an array of 2", ""),
        ("vbox.machines[0].session()", "`session` does not take an object", "use it as `machine.session(|s| ...)`"),
        ("vbox.session(|s| 1)", "`session` locks an IMachine, not an IVirtualBox", "findMachine"),
        ("vbox.machines[0].session(7, |s| 1)", "the lock type of `session` is a name", "\"Shared\""),
        ("wait(vbox)", "`wait` wants an IProgress, not an IVirtualBox", "launchVMProcess"),
        ("host.listen(1, |e| false)", "IHost has no events", "eventSource"),
        (
            "vbox.listen([\"OnMachineStateChange\"], 1, |e| false)",
            "`interesting` `OnMachineStateChange` is no value of VBoxEventType",
            "`OnMachineStateChanged`",
        ),
        ("if vbox.version { 2 }", "a truth value is wanted here, not a text", ""),
        ("if 1 { 2 }", "a boolean expression", ""),
        ("let a = ;", "", ""),
        ("vbox.getGuestOSType(\"x\").id = 1", "the result of a call cannot be assigned to", ".set("),
        ("vbox.machines[0].set(\"nam\", 1)", "IMachine has no attribute `nam`", "`name`"),
        ("throw \"my own\"", "my own", ""),
        ("exit(1000)", "1000 is no exit code", "0 to 255"),
        ("sleep(-1)", "-1 is no number of seconds", ""),
        ("help(\"IMachin\")", "there is no help on `IMachin`", "`IMachine`"),
    ] {
        let failure = bench.failure(source);
        assert_eq!(failure.kind, ErrorKind::Script, "{source}: {failure:?}");
        assert!(failure.message.contains(message), "{source}: {}", failure.message);
        let said = failure.hint.clone().unwrap_or_default();
        assert!(said.contains(hint), "{source}: {said}");
        assert!(
            !failure.message.ends_with('.') && !failure.message.contains("vboxsh::"),
            "{source}: {}",
            failure.message
        );
        let position = failure.position.unwrap_or_default();
        assert_eq!((position.line, position.source.as_str()), (1, source), "{source}");
    }
    // Nothing of all this was sent, but for the listener that then got a wrong type.
    assert_eq!(bench.fake.log(), ["IEventSource.createListener()"]);
}

#[test]
fn a_wrong_call_of_an_own_function_shows_its_definition() {
    let mut bench = Bench::new();
    bench.value("fn scale(a, b) { a * b }");
    let failure = bench.failure("scale(1)");
    assert_eq!(failure.message, "function `scale` wants 2 arguments, not 1");
    assert_eq!(failure.hint.as_deref(), Some("its definition: `fn scale(a, b)`"));
    assert!(bench.failure("scle(1, 2)").hint.unwrap().contains("`scale`"));
}

#[test]
fn a_function_does_not_see_variables_and_the_hint_says_so() {
    let mut bench = Bench::new();
    bench.value("let outer = 1");
    let failure = bench.failure("fn f() { outer } f()");
    assert!(failure.hint.unwrap().contains("functions see their parameters only"));
}

#[test]
fn a_missing_connection_is_a_connection_error() {
    let world =
        vboxsh::shell::World::new(vboxsh::output::Ui::captured(vboxsh::output::UiOptions::default()), None, false);
    let mut engine = vboxsh::script::rhai::RhaiEngine::new(&world).unwrap();
    let failure = engine.evaluate("1;\nvbox.version").unwrap_err();
    assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::Connection, 5));
    assert_eq!(failure.position.unwrap().line, 2);
    assert_eq!(
        engine.evaluate("let k = (); try { vbox.version } catch (e) { k = e.kind } k").unwrap(),
        "connection".into()
    );
    assert_eq!(engine.evaluate("MachineState.Running.value").unwrap(), 6.into());
}

#[test]
fn the_runtimes_own_errors_are_caught_as_maps() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("let l = 0; try {\n 1 / 0 } catch (e) { l = e.line } l"), "2");
    let failure = bench.failure("try { 1 / 0 } catch (e) { throw e }");
    assert!(failure.message.to_lowercase().contains("division"), "{}", failure.message);
}
