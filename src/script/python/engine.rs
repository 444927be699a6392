//! The engine itself: the prompt's scope, and running source in it.

use super::handed::EngineResult;
use super::report::{broken, failure};
use super::{context, convert, lines, module, prelude, signals};
use crate::model::Value;
use crate::output::Failure;
use crate::schema::Type;
use crate::script::infer;
use crate::shell::{Completeness, Engine, Language, LineRunner, Origin, Provided};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::Path;

/// The Python engine of one shell.
pub(super) struct PythonEngine {
    scope: Py<PyDict>,
    /// The last value of the prompt as it is: the shell knows it converted only.
    last: Option<Py<PyAny>>,
    find: Py<PyAny>,
}

impl PythonEngine {
    /// Makes it, in a Python that runs.
    pub(super) fn start() -> EngineResult {
        Python::attach(|py| Self::make(py).map_err(|error| broken(py, &error)))
    }

    fn make(py: Python<'_>) -> PyResult<Box<dyn Engine>> {
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
        Ok(Box::new(Self { scope: scope.unbind(), last: None, find }))
    }

    /// Runs `work` with Ctrl-C in Python's hands, and writes out what was printed.
    fn run<T>(&self, source: &str, work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Failure> {
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
            let brought: Vec<(String, String)> = brought.extract()?;
            Ok(brought.into_iter().map(|(name, summary)| Provided { name, summary }).collect())
        })
    }

    fn run_extension(&mut self, name: &str, words: &[String], lines: LineRunner<'_>) -> Result<bool, Failure> {
        lines::with(lines, || {
            self.run("", |py| prelude::get(py)?.call_method1("run_extension", (name, words.to_vec()))?.extract())
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
