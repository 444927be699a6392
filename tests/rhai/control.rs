//! Interrupts, limits, exit, files, surroundings, help.

use super::{Bench, alone, interrupt_after};
use std::time::{Duration, Instant};
use vboxsh::model::ErrorKind;

#[test]
fn an_interrupt_stops_a_loop_and_a_sleep_soon_and_no_try_holds_it() {
    alone("rhai::control::an_interrupt_stops_a_loop_and_a_sleep_soon_and_no_try_holds_it", || {
        let mut bench = Bench::new();
        for source in [
            "loop {}",
            "try { loop {} } catch { print(\"caught\") }",
            "sleep(60)",
            "try { sleep(60.5) } catch {}",
            "vbox.eventSource.getEvent(vbox.eventSource.createListener(), -1)",
        ] {
            vboxsh::model::Interrupt::global().clear();
            let pressed = interrupt_after(100);
            let failure = bench.failure(source);
            let since = pressed.join().unwrap().elapsed();
            assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::Interrupted, 130), "{source}");
            assert!(since < Duration::from_secs(10), "{source}: {since:?}");
        }
        assert_eq!(bench.printed(), "");
    });
}

#[test]
fn endless_recursion_is_an_error() {
    let mut bench = Bench::new();
    let failure = bench.failure("fn f(n) { f(n + 1) } f(0)");
    assert_eq!((failure.kind, failure.message.as_str()), (ErrorKind::Script, "functions call each other too deeply"));
    // Deep expressions, blocks and closures cost more of the stack for each level.
    let deep = format!("fn g(n) {{ {}g(n + 1){} }} g(0)", "1 + (".repeat(40), ")".repeat(40));
    assert_eq!(bench.failure(&deep).kind, ErrorKind::Script);
    let blocks = format!("fn h(n) {{ {} h(n + 1); {} }} h(0)", "if true { ".repeat(30), "}".repeat(30));
    assert_eq!(bench.failure(&blocks).kind, ErrorKind::Script);
    let closures = "fn k(n) { [1].map(|x| [x].map(|y| k(n + 1))) } k(0)";
    assert_eq!(bench.failure(closures).kind, ErrorKind::Script);
    assert_eq!(bench.text("fn sum(n) { if n == 0 { 0 } else { n + sum(n - 1) } } sum(300)"), "45150");
}

#[test]
fn data_has_limits() {
    let mut bench = Bench::new();
    let failure = bench.failure("let s = \"0123456789\"; loop { s += s }");
    assert_eq!(failure.kind, ErrorKind::Script);
    assert!(failure.message.contains("length of string"), "{}", failure.message);
}

#[test]
fn exit_ends_the_script_with_its_code() {
    let mut bench = Bench::new();
    assert_eq!(bench.failure("try { exit(3) } catch {} print(\"after\")").exit_code(), 3);
    assert_eq!(bench.failure("fn f() { exit() } f()").exit, Some(0));
    assert_eq!(bench.script("exit(7)", "x.rhai", &[]).unwrap_err().exit, Some(7));
    assert_eq!(bench.printed(), "");
}

#[test]
fn a_script_has_its_own_scope_and_its_arguments() {
    let mut bench = Bench::new();
    bench.value("let mine = 1; fn helper() { 1 }");
    let result = bench.script(
        "#!/usr/bin/env vboxsh\nfn second() { args[1] }\nargs[0] + second() + args.len()",
        "a.rhai",
        &["--keep", "7"],
    );
    assert_eq!(result.unwrap(), "--keep72".into());
    assert!(bench.script("mine", "a.rhai", &[]).is_err());
    assert!(bench.script("helper()", "a.rhai", &[]).is_err());
    bench.script("let other = 2;", "a.rhai", &[]).unwrap();
    assert!(bench.engine.variable("other").is_none());
    assert_eq!(bench.text("args.len()"), "0");
    let failure = bench.script("#!/usr/bin/env vboxsh\nlet a = 1;\nlet b = nothing;", "a.rhai", &[]).unwrap_err();
    assert_eq!(failure.position.unwrap().line, 3);
}

#[test]
fn files_are_read_and_written() {
    let mut bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string().replace('\\', "/");
    let (text, picture) = (path("a.txt"), path("b.png"));
    bench.value(&format!("write_file({text:?}, \"one\\ntwo\")"));
    assert_eq!(bench.text(&format!("read_file({text:?})")), "one\ntwo");
    bench.value(&format!("vbox.machines[0].session(|s| write_file({picture:?}, s.console.display.takeScreenShotToArray(0, 10, 10, \"PNG\")))"));
    assert_eq!(std::fs::read(&picture).unwrap(), b"\x89PNG picture");
    assert_eq!(bench.text(&format!("read_blob({picture:?}).len()")), "12");
    assert!(bench.failure(&format!("read_file({picture:?})")).hint.unwrap().contains("read_blob"));
    let failure = bench.failure(&format!("read_file({:?})", path("missing")));
    assert_eq!((failure.kind, failure.message.contains("cannot be read")), (ErrorKind::Failed, true));
}

#[test]
fn surroundings() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("env(\"VBOXSH_NO_SUCH_VARIABLE\")"), "()");
    assert_eq!(bench.text("type_of(env(\"PATH\"))"), "string");
    let start = Instant::now();
    bench.value("sleep(0.1)");
    assert!(start.elapsed() >= Duration::from_millis(100));
    bench.value("print(1); print(\"two\"); debug(\"three\")");
    assert_eq!(bench.printed(), "1\ntwo\n\"three\"\n");
}

#[test]
fn help_prints_pages() {
    let mut bench = Bench::new();
    bench.value("help(\"IMachine.lockMachine\")");
    let page = bench.printed();
    assert!(page.starts_with("IMachine.lockMachine(session: ISession, lockType: LockType)\n"), "{page}");
    assert!(page.contains("session: ISession"), "{page}");
    bench.value("help(vbox)");
    assert!(bench.printed().starts_with("IVirtualBox\n"));
    bench.value(
        "help(MachineState.Running); help(vbox, \"findMachine\"); help(MachineState); help(\"session\"); help()",
    );
    let page = bench.printed();
    for part in [
        "MachineState.Running = 6",
        "IVirtualBox.findMachine(",
        "enum MachineState",
        "machine.session(|s| ...)",
        "write_file(",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn large_arrays_stay_fast() {
    let mut bench = Bench::new();
    let start = Instant::now();
    assert_eq!(bench.text("let a = []; for i in 0..20000 { a.push(i) } a.len()"), "20000");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
