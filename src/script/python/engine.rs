//! The engine itself: the prompt's scope, and running source in it.

use super::context::Here;
use super::handed::EngineResult;
use super::report::{broken, failure};
use super::{context, convert, lines, module, prelude, signals, talk};
use crate::model::Value;
use crate::output::Failure;
use crate::schema::Type;
use crate::script::infer;
use crate::shell::{Completeness, Engine, ExtensionCall, Language, LineRunner, Origin, Provided, Ran, World};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;
use std::sync::Arc;

/// The Python engine of one shell.
pub(super) struct PythonEngine {
    world: Arc<World>,
    scope: Py<PyDict>,
    /// The last value of the prompt as it is: the shell knows it converted only.
    last: Option<Py<PyAny>>,
    find: Py<PyAny>,
    /// Another handle of the same engine lives on: Python does not end with this one.
    passing: bool,
}

impl PythonEngine {
    /// Makes it, in a Python that runs.
    pub(super) fn start(world: Arc<World>) -> EngineResult {
        let _here = Here::enter(&world);
        Python::attach(|py| Self::make(py, Arc::clone(&world)).map_err(|error| broken(py, &error)))
    }

    fn make(py: Python<'_>, world: Arc<World>) -> PyResult<Box<dyn Engine>> {
        signals::prepare(py)?;
        module::take_over(py)?;
        let scope = py.import("__main__")?.dict();
        scope.update(module::script_names(py)?.as_mapping())?;
        let path = py.import("sys")?.getattr("path")?;
        if path.get_item(0).and_then(|first| first.extract::<String>()).ok().as_deref() != Some("") {
            path.call_method1("insert", (0, ""))?;
        }
        py.import("sys")?.setattr("argv", vec![""])?;
        let find = pyo3::wrap_pyfunction!(module::find_global, py)?.into_any().unbind();
        Ok(Box::new(Self { world, scope: scope.unbind(), last: None, find, passing: false }))
    }

    /// Runs `work` with Ctrl-C in Python's hands, and writes out what was printed.
    fn run<T>(&self, source: &str, work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Failure> {
        let _here = Here::enter(&self.world);
        Python::attach(|py| {
            let lent = signals::Lent::to_python();
            let result = work(py);
            // A signal that came at the very end belongs to what ran.
            let result = py.check_signals().and(result);
            drop(lent);
            let _ = prelude::get(py).and_then(|prelude| prelude.call_method0("flush"));
            result.map_err(|error| failure(py, &error, source))
        })
    }
}

impl Drop for PythonEngine {
    fn drop(&mut self) {
        if self.passing {
            return;
        }
        Python::attach(|py| {
            let lent = signals::Lent::to_python();
            if let Err(error) = prelude::get(py).and_then(|prelude| prelude.call_method0("finish")) {
                error.print(py);
            }
            drop(lent);
        });
    }
}

impl Engine for PythonEngine {
    fn language(&self) -> Language {
        Language::Python
    }

    fn evaluate(&mut self, source: &str) -> Result<Value, Failure> {
        let (value, last) = self.run(source, |py| {
            let value = prelude::get(py)?.call_method1("evaluate", (source, &self.scope, &self.find))?;
            Ok((module::shown(&value), (!value.is_none()).then(|| value.unbind())))
        })?;
        self.last = last.or_else(|| self.last.take());
        Ok(value)
    }

    fn run_script(&mut self, source: &str, origin: &Origin) -> Result<Value, Failure> {
        let file = origin.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        self.run(source, |py| {
            let names = module::script_names(py)?;
            let arguments = (source, &file, origin.arguments.clone(), names, &self.find);
            prelude::get(py)?.call_method1("run_script", arguments)?;
            Ok(Value::Null)
        })
    }

    fn completeness(&self, source: &str) -> Completeness {
        let incomplete =
            Python::attach(|py| prelude::get(py)?.call_method1("incomplete", (source,))?.extract::<bool>());
        if incomplete.unwrap_or(false) { Completeness::Incomplete } else { Completeness::Complete }
    }

    fn set_variable(&mut self, name: &str, value: Value) {
        // The value that it remembers stands for one that cannot be kept otherwise; there is nobody to tell.
        let _ = Python::attach(|py| {
            let value = match &self.last {
                Some(last) if name == "_" => last.clone_ref(py),
                _ => convert::to_python(py, value, false)?,
            };
            self.scope.bind(py).set_item(name, value)
        });
    }

    fn variable(&self, name: &str) -> Option<Value> {
        Python::attach(|py| {
            let value = self.scope.bind(py).get_item(name).ok()??;
            convert::for_others(&value)
        })
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Python::attach(|py| {
            let names = self.scope.bind(py).keys().iter();
            names.filter_map(|name| name.extract().ok()).filter(|name: &String| !name.starts_with('_')).collect()
        });
        names.retain(|name| !["vbox", "host", "session", "client", "wait"].contains(&name.as_str()));
        names.sort();
        names
    }

    fn load_extension(&mut self, source: &str, file: &Path) -> Result<Vec<Provided>, Failure> {
        self.run(source, |py| {
            let path = file.display().to_string();
            let brought = prelude::get(py)?.call_method1("load_extension", (source, path))?;
            brought.try_iter()?.map(|entry| provided(&entry?)).collect()
        })
    }

    fn has_extension(&self, name: &str) -> bool {
        Python::attach(|py| prelude::get(py)?.call_method1("has_extension", (name,))?.extract()).unwrap_or(false)
    }

    fn run_extension(&mut self, name: &str, call: ExtensionCall, lines: LineRunner<'_>) -> Result<Ran, Failure> {
        lines::with(lines, || {
            self.run("", |py| {
                let prelude = prelude::get(py)?;
                match call {
                    ExtensionCall::Words(words) => {
                        let leave = prelude.call_method1("run_extension", (name, words))?.extract()?;
                        Ok(Ran { leave, ..Ran::default() })
                    }
                    ExtensionCall::Values(values) => {
                        let value = prelude.call_method1("run_registered", (name, talk::given(py, values)?))?;
                        Ok(Ran { reply: talk::reply(&value)?, leave: false })
                    }
                }
            })
        })
    }

    fn members(&self, path: &str, partial: &str) -> Vec<(String, String)> {
        let _here = Here::enter(&self.world);
        Python::attach(|py| prelude::get(py)?.call_method1("members_of", (path, partial, &self.scope))?.extract())
            .unwrap_or_default()
    }

    fn again(&self) -> Box<dyn Engine> {
        Python::attach(|py| {
            Box::new(Self {
                world: Arc::clone(&self.world),
                scope: self.scope.clone_ref(py),
                last: self.last.as_ref().map(|last| last.clone_ref(py)),
                find: self.find.clone_ref(py),
                passing: true,
            })
        })
    }

    fn explained(&mut self, expression: &str) -> Result<Option<String>, Failure> {
        self.run(expression, |py| prelude::get(py)?.call_method1("explained", (expression, &self.scope))?.extract())
    }

    fn static_type(&self, expression: &str) -> Option<Type> {
        infer::static_type(context::schema(), expression, &|name| {
            (!["vbox", "host", "session", "client"].contains(&name)).then(|| self.variable(name)).flatten()
        })
    }
}

/// A command out of what the prelude found: a checked form, or a name and a help text.
fn provided(entry: &Bound<'_, PyAny>) -> PyResult<Provided> {
    if let Ok(form) = entry.cast::<talk::Form>() {
        return Ok(Provided { registered: form.get().0.clone(), takes_words: false });
    }
    let (name, summary): (String, String) = entry.extract()?;
    Ok(Provided::of_words(&name, &summary))
}
