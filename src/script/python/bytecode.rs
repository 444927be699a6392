//! Compiled forms of the Python that comes along, kept in the cache folder: compiling takes longer than everything
//! else at a start. They belong to one build and one release of Python; where they cannot be kept, all works without.

#![allow(unsafe_code)]

use super::BUILD_ID;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::path::{Path, PathBuf};

/// The code of a module. `file` is what tracebacks name.
pub(super) fn code<'py>(py: Python<'py>, name: &str, source: &str, file: &str) -> PyResult<Bound<'py, PyAny>> {
    let place = place(name);
    if let Some(kept) = place.as_ref().and_then(|place| std::fs::read(place).ok())
        && let Ok(code) = py.import("marshal")?.call_method1("loads", (PyBytes::new(py, &kept),))
        && code.hasattr("co_code")?
    {
        return Ok(code);
    }
    let code = py.import("builtins")?.call_method1("compile", (source, file, "exec", 0, true))?;
    if let Some(place) = place {
        let bytes = py.import("marshal")?.call_method1("dumps", (&code,))?;
        // It would only have saved time.
        let _ = keep(&place, bytes.extract()?);
    }
    Ok(code)
}

/// Runs the code of a module in a new one of that name.
pub(super) fn module<'py>(py: Python<'py>, name: &str, source: &str, file: &str) -> PyResult<Bound<'py, PyModule>> {
    let module = PyModule::new(py, name)?;
    // Values that it makes are pickled by its name.
    py.import("sys")?.getattr("modules")?.set_item(name, &module)?;
    let scope: Bound<'_, PyDict> = module.dict();
    scope.set_item("__builtins__", py.import("builtins")?)?;
    py.import("builtins")?.call_method1("exec", (code(py, name, source, file)?, scope))?;
    Ok(module)
}

/// Where the code of a module is kept; `None` where the user has no cache folder.
fn place(name: &str) -> Option<PathBuf> {
    let folder = directories::ProjectDirs::from("", "", "vboxsh")?.cache_dir().join("python").join(BUILD_ID);
    // SAFETY: asks for a constant of the Python that runs.
    let release = unsafe { pyo3::ffi::PyImport_GetMagicNumber() };
    Some(folder.join(format!("{name}.{release:08x}")))
}

/// Writes a file whole; what other builds left goes.
fn keep(place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let Some(folder) = place.parent() else { return Ok(()) };
    if !folder.is_dir() {
        if let Some(builds) = folder.parent() {
            let _ = std::fs::remove_dir_all(builds);
        }
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
    }
    let unfinished = place.with_extension(format!("new-{}", std::process::id()));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(&unfinished, place)
}
