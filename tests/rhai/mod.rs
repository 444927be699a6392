//! The Rhai engine over a scripted Main API.

mod control;
mod errors;
mod events;
mod graph;
mod imports;
mod prompt;
mod values;

use crate::support::fake::Fake;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vboxsh::model::{Interrupt, Value};
use vboxsh::output::{Failure, Ui, UiOptions};
use vboxsh::script::rhai::RhaiEngine;
use vboxsh::shell::{Engine, Origin, World};

/// An engine with what it works on.
pub(crate) struct Bench {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) fake: Arc<Fake>,
    pub(crate) world: Arc<World>,
    /// The interrupt is one for the whole process: one test at a time.
    _turn: MutexGuard<'static, ()>,
}

/// One engine at a time: Ctrl-C in one test must not stop another.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Interrupt::global().clear();
    turn
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Fake::new())
    }

    pub(crate) fn over(fake: Arc<Fake>) -> Self {
        let turn = turn();
        let connecting = Arc::clone(&fake);
        let world =
            World::new(Ui::captured(UiOptions::default()), Some(Box::new(move |_| Ok(connecting.connect()))), false);
        let engine = RhaiEngine::new(&world).unwrap();
        Self { engine, fake, world, _turn: turn }
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

/// Presses Ctrl-C after a while.
pub(crate) fn interrupt_after(milliseconds: u64) -> std::thread::JoinHandle<std::time::Instant> {
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        Interrupt::global().raise();
        std::time::Instant::now()
    })
}
