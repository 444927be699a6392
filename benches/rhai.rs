//! How long the Rhai engine takes to be ready, and what it adds to one attribute read.
//!
//! Budgets: ready within 2 ms, and an attribute read within 2 µs over a Main API in this process.

#![allow(clippy::print_stdout)]

#[path = "../tests/support/fake.rs"]
#[allow(dead_code, missing_docs, clippy::unwrap_used, unreachable_pub)]
mod fake;

use std::sync::Arc;
use std::time::{Duration, Instant};
use vboxsh::model::Interrupt;
use vboxsh::output::{Ui, UiOptions};
use vboxsh::script::rhai::RhaiEngine;
use vboxsh::shell::{Engine, World};

fn world() -> Arc<World> {
    let fake = fake::Fake::new();
    World::new(Ui::captured(UiOptions::default()), Some(Box::new(move |_| Ok(fake.connect()))), false)
}

fn engine() -> Box<dyn Engine> {
    RhaiEngine::new(&world()).unwrap_or_else(|failure| panic!("{failure}"))
}

fn main() {
    // The first one of a process builds the module of all members. This is what a user waits for.
    let world = world();
    let start = Instant::now();
    let first = RhaiEngine::new(&world);
    let ready = first.is_ok_and(|mut engine| engine.evaluate("1 + 1").is_ok());
    println!("first engine, ready and used ({ready}): {:?}", start.elapsed());

    for source in ["loop {}", "sleep(60)", "vbox.eventSource.getEvent(vbox.eventSource.createListener(), -1)"] {
        println!("from Ctrl-C to the end of `{source}`: {:?} (budget 200 ms)", interrupted(source));
    }
    divan::main();
}

/// How long a script goes on after Ctrl-C.
fn interrupted(source: &str) -> Duration {
    let mut engine = engine();
    let pressed = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(150));
        Interrupt::global().raise();
        Instant::now()
    });
    let stopped = engine.evaluate(source).is_err();
    let since = pressed.join().map_or(Duration::MAX, |pressed| pressed.elapsed());
    Interrupt::global().clear();
    if stopped { since } else { Duration::MAX }
}

/// Every further engine.
#[divan::bench]
fn further_engine() {
    let mut engine = engine();
    divan::black_box(engine.evaluate("1").is_ok());
}

/// One line of the prompt, with the way to the engine's thread and back.
#[divan::bench]
fn line(bencher: divan::Bencher) {
    let mut engine = engine();
    bencher.bench_local(|| engine.evaluate("1 + 1").is_ok());
}

/// Time for one attribute read: a loop of reads without the same loop without them.
#[divan::bench]
fn attribute_read(bencher: divan::Bencher) {
    per_call(bencher, "m.memorySize");
}

/// Time for one method call without arguments to speak of.
#[divan::bench]
fn method_call(bencher: divan::Bencher) {
    per_call(bencher, "m.getExtraData(\"x\")");
}

const CALLS: u32 = 1000;

fn per_call(bencher: divan::Bencher, call: &str) {
    let mut engine = engine();
    let _ = engine.evaluate("let m = vbox.machines[0];");
    let source = format!("for i in 0..{CALLS} {{ {call}; }}");
    let mut best = Duration::MAX;
    bencher.bench_local(|| {
        let start = Instant::now();
        let done = engine.evaluate(&source).is_ok();
        best = best.min(start.elapsed());
        done
    });
    println!("  {call}: {:?} for each, the loop included", best / CALLS);
}
