//! vboxsh: a scripting shell for the VirtualBox Main API.
//!
//! The rooms, from the outside in; dependencies point down this list only (`ARCHITECTURE.md`).

pub mod backend;
pub mod builtins;
pub mod cli;
pub mod host;
pub mod model;
pub mod output;
pub mod repl;
pub mod schema;
pub mod script;
pub mod shell;
pub mod soap;

/// The module that Python imports.
#[cfg(all(feature = "python", unix))]
#[allow(unsafe_code, missing_docs, clippy::undocumented_unsafe_blocks, reason = "pyo3 writes it")]
#[pyo3::pymodule(name = "vboxsh")]
fn python_module(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
    script::python::fill(module, cli::run_words)
}
