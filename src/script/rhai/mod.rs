//! The Rhai engine: the object graph, the enumerations and a few helpers as a scripting language.
//!
//! Every member is reached by name through `model::Object`; argument checks, conversions and waits
//! live there and are not repeated here.

mod assemble;
mod completeness;
mod context;
mod enumeration;
mod error;
mod events;
mod extension;
mod files;
mod functions;
mod globals;
mod imports;
mod last_value;
mod locks;
mod members;
mod report;
mod report_names;
mod runner;
mod talk;
mod text;
mod value;
mod waiting;
mod worker;
mod write_back;

use crate::model::{ErrorKind, Value};
use crate::output::Failure;
use crate::schema::Type;
use crate::shell::{Completeness, Engine, ExtensionCall, Language, LineRunner, Origin, Provided, Ran, World};
use runner::Runner;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use worker::Worker;

/// The Rhai engine of one shell.
pub struct RhaiEngine {
    worker: Arc<Worker<RefCell<Runner>>>,
    world: Arc<World>,
}

impl RhaiEngine {
    /// Makes the engine. No connection is opened.
    ///
    /// # Errors
    /// The system gives no thread to run scripts on.
    #[expect(clippy::new_ret_no_self, reason = "it is an engine factory: the shell knows engines by their trait")]
    pub fn new(world: &Arc<World>) -> Result<Box<dyn Engine>, Failure> {
        let worker = start(world)?;
        // While the worker makes the engine itself: both take half of the time until it is ready.
        let _ = members::module();
        Ok(Box::new(Self { worker, world: Arc::clone(world) }))
    }

    /// Runs `work` where the engine lives. A panic in there costs the variables, not the shell.
    fn run<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Runner) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        match self.worker.run(|runner| work(&mut runner.borrow_mut())) {
            Some(result) => result,
            None => {
                self.worker = start(&self.world)?;
                Err(Failure::new(
                    ErrorKind::Script,
                    "the script engine broke down and was started anew: its variables are gone",
                )
                .hinted("please report what was run"))
            }
        }
    }
}

fn start(world: &Arc<World>) -> Result<Arc<Worker<RefCell<Runner>>>, Failure> {
    let world = Arc::clone(world);
    Worker::start("rhai", move || RefCell::new(Runner::new(&world))).map(Arc::new).map_err(|error| {
        Failure::new(ErrorKind::Failed, format!("there is no thread for scripts: {error}"))
            .hinted("raise the limits of `ulimit -u` and `ulimit -v`")
    })
}

impl Engine for RhaiEngine {
    fn language(&self) -> Language {
        Language::Rhai
    }

    fn evaluate(&mut self, source: &str) -> Result<Value, Failure> {
        let source = source.to_owned();
        self.run(move |runner| runner.evaluate(&source))
    }

    fn run_script(&mut self, source: &str, origin: &Origin) -> Result<Value, Failure> {
        let (source, origin) = (source.to_owned(), origin.clone());
        self.run(move |runner| runner.run_script(&source, &origin))
    }

    fn load_extension(&mut self, source: &str, file: &Path) -> Result<Vec<Provided>, Failure> {
        let (source, file) = (source.to_owned(), file.to_owned());
        self.run(move |runner| runner.load_extension(&source, &file))
    }

    fn has_extension(&self, name: &str) -> bool {
        let name = name.to_owned();
        self.worker.run(move |runner| runner.borrow().has_extension(&name)).unwrap_or(false)
    }

    fn run_extension(&mut self, name: &str, call: ExtensionCall, lines: LineRunner<'_>) -> Result<Ran, Failure> {
        let name = name.to_owned();
        let values = match call {
            ExtensionCall::Values(values) => values,
            ExtensionCall::Words(words) => Value::List(words.into_iter().map(Value::Text).collect()),
        };
        let (shell, asked) = channel();
        let running = self.worker.start_job(move |runner| Runner::run_extension(runner, &name, values, shell));
        // Lines of the shell run here, while the function waits for them on its thread; it ends by giving its end up.
        while let Ok((line, answer)) = asked.recv() {
            // Nobody waits any more when the function was stopped.
            let _ = answer.send(lines(&line));
            self.worker.wake();
        }
        match running.and_then(|running| running.recv().ok()) {
            Some(result) => result.map(|reply| Ran { reply, leave: false }),
            // The next job finds the broken worker, and says so.
            None => self.run(|_| Ok(Ran::default())),
        }
    }

    fn again(&self) -> Box<dyn Engine> {
        Box::new(Self { worker: Arc::clone(&self.worker), world: Arc::clone(&self.world) })
    }

    fn completeness(&self, source: &str) -> Completeness {
        let source = source.to_owned();
        self.worker.run(move |runner| runner.borrow().completeness(&source)).unwrap_or(Completeness::Complete)
    }

    fn set_variable(&mut self, name: &str, value: Value) {
        let name = name.to_owned();
        // A broken worker is replaced, and reported, by the next evaluation.
        let _ = self.worker.run(move |runner| runner.borrow_mut().set_variable(&name, value));
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let name = name.to_owned();
        self.worker.run(move |runner| runner.borrow().variable(&name)).flatten()
    }

    fn names(&self) -> Vec<String> {
        self.worker.run(|runner| runner.borrow().names()).unwrap_or_default()
    }

    fn static_type(&self, expression: &str) -> Option<Type> {
        let expression = expression.to_owned();
        self.worker.run(move |runner| runner.borrow().static_type(&expression)).flatten()
    }
}
