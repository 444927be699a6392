//! The Rhai engine over a scripted Main API.

#![allow(clippy::unwrap_used)]

mod control;
mod errors;
mod events;
mod graph;
mod imports;
mod prompt;
#[cfg(unix)]
mod values;

use crate::support::fake::Fake;
use std::path::PathBuf;
use std::sync::Arc;
use vboxsh::model::{Interrupt, Value};
use vboxsh::output::{Failure, Ui, UiOptions};
use vboxsh::script::rhai::RhaiEngine;
use vboxsh::shell::{Engine, Origin, World};

/// An engine with what it works on.
pub(crate) struct Bench {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) fake: Arc<Fake>,
    pub(crate) world: Arc<World>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Fake::new())
    }

    pub(crate) fn over(fake: Arc<Fake>) -> Self {
        Self::make(fake, false)
    }

    /// One whose user answers every question so.
    pub(crate) fn answering(yes: bool) -> Self {
        Self::make(Fake::new(), yes)
    }

    fn make(fake: Arc<Fake>, yes: bool) -> Self {
        let connecting = Arc::clone(&fake);
        let world =
            World::new(Ui::captured(UiOptions::default()), Some(Box::new(move |_| Ok(connecting.connect()))), yes);
        let engine = RhaiEngine::new(&world).unwrap();
        Self { engine, fake, world }
    }

    /// The value of a line that must not fail.
    pub(crate) fn value(&mut self, source: &str) -> Value {
        match self.engine.evaluate(source) {
            Ok(value) => value,
            Err(failure) => panic!("{source}: {failure:?}"),
        }
    }

    /// The value as text; a list with `, ` in between.
    pub(crate) fn text(&mut self, source: &str) -> String {
        text(&self.value(source))
    }

    pub(crate) fn failure(&mut self, source: &str) -> Failure {
        match self.engine.evaluate(source) {
            Ok(value) => panic!("{source} gave {value:?}"),
            Err(failure) => failure,
        }
    }

    pub(crate) fn script(&mut self, source: &str, file: &str, arguments: &[&str]) -> Result<Value, Failure> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self.engine.run_script(source, &Origin { file: Some(PathBuf::from(file)), arguments })
    }

    /// What was printed since the last time.
    pub(crate) fn printed(&self) -> String {
        self.world.ui().take().out
    }
}

/// A value as a test writes it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
        Value::Enum(value) => format!("{}.{value}", value.enumeration.name),
        Value::Object(object) => object.interface().name.to_owned(),
        Value::Struct(value) => value.interface.name.to_owned(),
        Value::List(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Map(entries) => {
            entries.iter().map(|(name, value)| format!("{name}: {}", text(value))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Runs a test in a process of its own: Ctrl-C there stops no other test.
pub(crate) fn alone(name: &str, test: impl FnOnce()) {
    const MARK: &str = "VBOXSH_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return test();
    }
    let program = std::env::current_exe().unwrap();
    let output =
        std::process::Command::new(program).args(["--exact", name, "--nocapture"]).env(MARK, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Presses Ctrl-C after a while.
pub(crate) fn interrupt_after(milliseconds: u64) -> std::thread::JoinHandle<std::time::Instant> {
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        Interrupt::global().raise();
        std::time::Instant::now()
    })
}
