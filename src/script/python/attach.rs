//! The library's side of taking over: starts Python, and keeps what the program handed over.

#![allow(unsafe_code)]

use super::BUILD_ID;
use super::handed::{Answer, EngineResult, Handed};
use super::{context, module, signals};
use crate::model::{ErrorKind, Interrupt};
use crate::output::Failure;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

/// The entry of the library.
///
/// # Safety
/// `build` and `length` name a readable text. When it is this build's id, `handed` and `answer` point to
/// valid values of those types.
#[unsafe(no_mangle)]
unsafe extern "C" fn vboxsh_python_attach(
    build: *const u8,
    length: usize,
    handed: *const Handed,
    answer: *mut Answer,
) -> bool {
    // SAFETY: the caller gives a readable text.
    let build = unsafe { std::slice::from_raw_parts(build, length) };
    if build != BUILD_ID.as_bytes() {
        return false;
    }
    // SAFETY: the builds are the same, so these are what they claim to be.
    let (handed, answer) = unsafe { (&*handed, &mut *answer) };
    let handed = Handed {
        world: Arc::clone(&handed.world),
        interrupt: handed.interrupt.clone(),
        program: handed.program.clone(),
        ..*handed
    };
    answer.interrupted = Some(signals::interrupted);
    answer.engine = Some(start(handed));
    true
}

fn start(handed: Handed) -> EngineResult {
    Interrupt::adopt(&handed.interrupt);
    crate::schema::adopt(handed.schema);
    // SAFETY: asks only.
    if unsafe { ffi::Py_IsInitialized() } == 0 {
        check_home()?;
        initialise(handed.program.as_ref());
        Python::attach(module::install)
            .map_err(|error| Failure::new(ErrorKind::Failed, format!("Python did not start: {error}")))?;
    }
    engine(handed)
}

/// The engine, in a Python that runs.
pub(super) fn engine(handed: Handed) -> EngineResult {
    context::set(Arc::clone(&handed.world), handed.connect);
    super::engine::PythonEngine::start(handed.world)
}

/// Python ends the whole process when it cannot find its own modules.
fn check_home() -> Result<(), Failure> {
    let Some(home) = std::env::var_os("PYTHONHOME").filter(|home| !home.is_empty()) else { return Ok(()) };
    let prefix = home.as_bytes().split(|byte| *byte == b':').next().unwrap_or_default();
    let library = PathBuf::from(std::ffi::OsStr::from_bytes(prefix)).join("lib");
    let has_modules = std::fs::read_dir(&library)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.path().join("encodings").is_dir()));
    if has_modules {
        return Ok(());
    }
    Err(Failure::new(
        ErrorKind::Refused,
        format!("PYTHONHOME names a folder without Python's modules: {}", library.display()),
    )
    .hinted("unset PYTHONHOME"))
}

fn initialise(program: Option<&PathBuf>) {
    if let Some(program) = program
        && let Ok(program) = CString::new(program.as_os_str().as_bytes())
    {
        set_program(&program);
    }
    // SAFETY: Python is loaded and not initialised. It takes no signal: `signals` lends it Ctrl-C. The
    // thread state is given up at once, so that any thread can attach.
    unsafe {
        ffi::Py_InitializeEx(0);
        ffi::PyEval_SaveThread();
    }
}

/// Tells Python which interpreter it stands in for: it finds its modules, and a virtual environment, by that.
fn set_program(program: &CString) {
    type SetProgramName = unsafe extern "C" fn(*const libc::wchar_t);
    let symbol = c"Py_SetProgramName";
    // SAFETY: a look-up among what is loaded. Releases that no longer have the function use their own search.
    let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, symbol.as_ptr()) };
    if function.is_null() {
        return;
    }
    // SAFETY: the locale's conversion is set up by `setlocale`; the text is terminated, and the copy that
    // Python keeps a pointer to is never freed.
    unsafe {
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let wide = ffi::Py_DecodeLocale(program.as_ptr(), std::ptr::null_mut());
        if !wide.is_null() {
            let function: SetProgramName = std::mem::transmute(function);
            function(wide);
        }
    }
}
