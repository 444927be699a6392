//! Listening, and waiting for a progress.

use super::{Bench, alone, interrupt_after};
use std::time::{Duration, Instant};
use vboxsh::model::{ErrorKind, Interrupt};

fn fire(bench: &Bench, id: &str) {
    bench.fake.fire(
        "OnMachineStateChanged",
        &[("machineId", id.into()), ("state", bench.fake.enumeration("MachineState", "Paused"))],
    );
}

#[test]
fn each_event_is_given_with_its_interface_and_acknowledged() {
    let mut bench = Bench::new();
    for id in ["a", "b", "c"] {
        fire(&bench, id);
    }
    let seen = bench.text("let seen = []; let n = vbox.listen(|e| { seen.push(`${interface_of(e)} ${e.machineId} ${e.state}`); e.machineId != \"b\" }); seen + [n]");
    assert_eq!(seen, "IMachineStateChangedEvent a Paused, IMachineStateChangedEvent b Paused, 2");
    assert_eq!(bench.fake.count("IEventSource.eventProcessed"), 2);
    assert_eq!(bench.fake.count("IEventSource.registerListener(IEventListener, [Any], false)"), 1);
    assert_eq!(bench.fake.count("IEventSource.unregisterListener"), 1);
}

#[test]
fn types_and_time_limit_a_loop() {
    let mut bench = Bench::new();
    let start = Instant::now();
    assert_eq!(
        bench.text("vbox.listen([\"OnMachineStateChanged\", VBoxEventType.OnSnapshotTaken], 0.3, |e| true)"),
        "0"
    );
    assert!(start.elapsed() >= Duration::from_millis(250) && start.elapsed() < Duration::from_secs(20));
    assert_eq!(
        bench
            .fake
            .count("IEventSource.registerListener(IEventListener, [OnMachineStateChanged, OnSnapshotTaken], false)"),
        1
    );
    bench.value("vbox.eventSource.listen([\"OnMachineStateChanged\"], 0, |e| ())");
    bench.value("listen(vbox, 0.1, |e| ())");
    fire(&bench, "x");
    assert_eq!(bench.text("events(vbox, 0.2).map(|e| e.machineId)"), "x");
    assert_eq!(bench.text("vbox.events([\"OnMachineStateChanged\"], 0).len()"), "0");
    assert_eq!(bench.fake.count("IEventSource.eventProcessed"), 1);
}

#[test]
fn an_error_in_the_loop_comes_out_and_the_event_is_acknowledged() {
    let mut bench = Bench::new();
    fire(&bench, "x");
    assert_eq!(bench.failure("vbox.listen(|e| throw \"enough\")").message, "enough");
    assert_eq!(bench.fake.count("IEventSource.eventProcessed"), 1);
    assert_eq!(bench.fake.count("IEventSource.unregisterListener"), 1);
}

#[test]
fn an_interrupt_ends_the_loop_and_not_the_script() {
    alone("rhai::events::an_interrupt_ends_the_loop_and_not_the_script", || {
        let mut bench = Bench::new();
        let pressed = interrupt_after(150);
        assert_eq!(bench.text("vbox.listen(|e| true); \"went on\""), "went on");
        assert!(pressed.join().unwrap().elapsed() < Duration::from_secs(10));
        assert!(!Interrupt::global().is_raised());
        // The same while the closure itself runs.
        fire(&bench, "x");
        let pressed = interrupt_after(150);
        assert_eq!(bench.text("vbox.listen(|e| { loop {} }); \"went on\""), "went on");
        assert!(pressed.join().unwrap().elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn waiting_gives_nothing_or_throws() {
    let mut bench = Bench::new();
    assert_eq!(bench.text("wait(vbox.machines[0].launchVMProcess(session, \"headless\"))"), "()");
    assert_eq!(bench.text("vbox.machines[0].launchVMProcess(session, \"headless\", []).wait()"), "()");
    assert_eq!(bench.text("vbox.machines[0].launchVMProcess(session).wait(10)"), "()");
    assert_eq!(bench.failure("vbox.machines[0].deleteConfig([]).wait()").kind, ErrorKind::Failed);
    let start = Instant::now();
    let failure = bench.failure("vbox.machines[0].cloneTo(vbox.machines[1], CloneMode.MachineState, []).wait(0.3)");
    assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::TimedOut, 124));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_interrupted_wait_ends_the_script_and_asks_before_it_cancels() {
    alone("rhai::events::an_interrupted_wait_ends_the_script_and_asks_before_it_cancels", || {
        let mut bench = Bench::new();
        bench.value("let p = vbox.machines[0].cloneTo(vbox.machines[1], CloneMode.MachineState, [])");
        let pressed = interrupt_after(150);
        let failure = bench.failure("try { wait(p) } catch { print(\"caught\") } print(\"after\")");
        assert_eq!((failure.kind, failure.exit_code()), (ErrorKind::Interrupted, 130));
        assert!(pressed.join().unwrap().elapsed() < Duration::from_secs(10));
        assert_eq!(bench.printed(), "");
        // Nobody could be asked here, so the work was left alone.
        assert_eq!(bench.fake.count("IProgress.cancel"), 0);
    });
}

#[test]
fn an_interrupted_wait_cancels_when_every_question_is_answered_with_yes() {
    alone("rhai::events::an_interrupted_wait_cancels_when_every_question_is_answered_with_yes", || {
        let mut bench = Bench::answering(true);
        bench.value("let p = vbox.machines[0].cloneTo(vbox.machines[1], CloneMode.MachineState, [])");
        interrupt_after(150);
        assert_eq!(bench.failure("p.wait()").kind, ErrorKind::Interrupted);
        assert_eq!(bench.fake.count("IProgress.cancel"), 1);
    });
}
