//! The prompt: what stays, what is known of it, when a line is complete.

use super::Bench;
use vboxsh::model::Value;
use vboxsh::schema::{Kind, Type};
use vboxsh::shell::{Completeness, Language};

#[test]
fn variables_functions_and_closures_stay() {
    let mut bench = Bench::new();
    assert_eq!(bench.engine.language(), Language::Rhai);
    bench.value("let a = 20; fn double(x) { x * 2 }");
    assert_eq!(bench.text("double(a)"), "40");
    bench.value("fn double(x) { x * 3 }");
    assert_eq!(bench.text("double(a)"), "60");
    bench.value("let count = 0; let step = || { count += 1; double(count) };");
    assert_eq!(bench.text("step.call(); step.call()"), "6");
    assert_eq!(bench.text("count"), "2");
    bench.value("let a = \"new\"");
    assert_eq!(bench.text("a"), "new");
    // What ran before an error stays too.
    bench.failure("let kept = |x| x + 1; nobody()");
    assert_eq!(bench.text("kept.call(1)"), "2");
    let names = bench.engine.names();
    for name in ["a", "count", "double", "kept", "step"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("anon")), "{names:?}");
}

#[test]
fn the_shell_sets_and_reads_variables() {
    let mut bench = Bench::new();
    let machine = bench.value("vbox.machines[0]");
    bench.engine.set_variable("_", machine.clone());
    assert_eq!(bench.text("_.name"), "web-01");
    assert_eq!(bench.text("switch _.name { \"x\" => 1, _ => [_, 2][1] }"), "2");
    assert_eq!(bench.engine.variable("_"), Some(machine));
    bench.engine.set_variable("_", Value::List(vec![1.into(), 2.into()]));
    assert_eq!(bench.text("_[1]"), "2");
    assert_eq!(bench.engine.variable("nobody"), None);
    bench.value("const fixed = 1;");
    bench.engine.set_variable("fixed", 2.into());
    assert_eq!(bench.text("fixed"), "2");
}

#[test]
fn an_error_in_a_function_of_an_earlier_line_shows_no_wrong_source() {
    let mut bench = Bench::new();
    bench.value("fn find(name) {\n\n vbox.findMachine(name) }");
    let failure = bench.failure("find(\"nobody\")");
    let position = failure.position.unwrap();
    assert_eq!((position.line, position.source.as_str()), (3, ""));
    assert_eq!(failure.trace, ["in function `find` (called in line 1)"]);
}

#[test]
fn types_are_known_without_running_anything() {
    let mut bench = Bench::new();
    bench.value("let m = vbox.machines[0]; let all = vbox.machines; let s = m.state; let os = vbox.getGuestOSType(\"x\"); let t = \"x\"");
    let calls = bench.fake.log().len();
    let one = |name| Some(Type::one(Kind::Interface(name)));
    for (expression, kind) in [
        ("m", one("IMachine")),
        ("m.", one("IMachine")),
        ("m.getNetworkAdapter(0)", one("INetworkAdapter")),
        ("m.launchVMProcess(session, \"headless\").errorInfo", one("IVirtualBoxErrorInfo")),
        ("all", Some(Type::many(Kind::Interface("IMachine")))),
        ("all[1].USBControllers", Some(Type::many(Kind::Interface("IUSBController")))),
        ("s", Some(Type::one(Kind::Enum("MachineState")))),
        ("os.familyId", Some(Type::one(Kind::String))),
        ("t", Some(Type::one(Kind::String))),
        ("vbox.machines[0].getNetworkAdapter(0).", one("INetworkAdapter")),
        ("nobody.name", None),
    ] {
        assert_eq!(bench.engine.static_type(expression), kind, "{expression}");
    }
    assert_eq!(bench.fake.log().len(), calls);
}

#[test]
fn lines_go_on_while_something_is_open() {
    let bench = Bench::new();
    for source in ["if vbox.machines.len() > 1 {", "vbox.machines.map(|m| {", "let t = `a", "/* a"] {
        assert_eq!(bench.engine.completeness(source), Completeness::Incomplete, "{source}");
    }
    for source in ["vbox.machines", "let x = 1;", "let x = )", ""] {
        assert_eq!(bench.engine.completeness(source), Completeness::Complete, "{source}");
    }
}

#[test]
fn a_shadowed_variable_lets_its_object_go() {
    let mut bench = Bench::new();
    bench.value("let m = vbox.machines[0];");
    let held = bench.world.current().unwrap().reference_counts().0;
    for _ in 0..5 {
        bench.value("let m = vbox.eventSource.createListener();");
    }
    let now = bench.world.current().unwrap().reference_counts().0;
    assert!(now <= held, "{now} references, {held} before");
}
