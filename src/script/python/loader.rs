//! The program's side: finds a Python, loads it and the library of this package, and hands the world over.

#![allow(unsafe_code)]

use super::BUILD_ID;
use super::handed::{Answer, Attach, EngineResult, Handed, hosted};
use super::locate::{Candidate, Surroundings, own_libraries};
use crate::model::{ErrorKind, Interrupt};
use crate::output::Failure;
use crate::shell::{Engine, World};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Marks a process that runs inside an ordinary interpreter; guards against starting one without end.
const HOSTED: &str = "VBOXSH_IN_PYTHON";

/// What a `python3` does to run the program inside itself. The first argument is the library.
const HOST_SCRIPT: &str = "\
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
path = sys.argv[1]
spec = spec_from_file_location('vboxsh', path, loader=ExtensionFileLoader('vboxsh', path))
module = module_from_spec(spec)
sys.modules['vboxsh'] = module
spec.loader.exec_module(module)
sys.exit(module._program(sys.argv[2:]))
";

/// The Python library of this process, once it is loaded.
static LOADED: Mutex<Option<Option<PathBuf>>> = Mutex::new(None);

/// Makes the engine.
///
/// # Errors
/// There is no Python here, or no library of this package beside the program; the message says what to install.
pub fn engine(world: &Arc<World>) -> Result<Box<dyn Engine>, Failure> {
    let handed = Handed {
        world: Arc::clone(world),
        connect: crate::shell::connect,
        interrupt: Interrupt::global().clone(),
        schema: crate::schema::embedded(),
        program: None,
    };
    if let Some(engine) = hosted() {
        return engine(handed);
    }
    let Some(program) = load_python() else { return Err(no_library()) };
    let handed = Handed { program, ..handed };
    let mut failure = None;
    for path in own_libraries().map_err(|places| no_module(&places))? {
        match attach(&path, &handed) {
            Ok(engine) => return engine,
            Err(why) => {
                failure.get_or_insert_with(|| broken_module(&path, &why));
            }
        }
    }
    Err(failure.unwrap_or_else(|| no_module(&[])))
}

/// Hands the world over to a library.
///
/// # Errors
/// Why it is none that can be used.
fn attach(path: &Path, handed: &Handed) -> Result<EngineResult, String> {
    // SAFETY: the library is this package's own; its initialisers are those of Rust, and its Python symbols
    // are found, for a Python is loaded.
    let library = unsafe { Library::open(Some(path), RTLD_NOW) }.map_err(|error| error.to_string())?;
    // SAFETY: the symbol has this type in every build; a library of another build says so and does nothing.
    let attach = unsafe { library.get::<Attach>(b"vboxsh_python_attach\0") };
    let attach = *attach.map_err(|error| error.to_string())?;
    let mut answer = Answer::default();
    // SAFETY: the pointers are valid for the call; the library reads `handed` and writes `answer` only when
    // the build is this one, and so the types are.
    let same = unsafe { attach(BUILD_ID.as_ptr(), BUILD_ID.len(), &raw const *handed, &raw mut answer) };
    if !same {
        return Err("it is of another build than this program".to_owned());
    }
    // Its code and Python's run from now on.
    std::mem::forget(library);
    if let Some(asks) = answer.interrupted {
        Interrupt::also_ask(asks);
    }
    Ok(answer.engine.unwrap_or_else(|| Err(Failure::new(ErrorKind::Failed, "Python did not start"))))
}

/// Loads a Python, once. `None` when there is none to load; else its interpreter, when it is known.
fn load_python() -> Option<Option<PathBuf>> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if loaded.is_none() {
        let mut candidates = Surroundings::of_process().candidates().into_iter();
        *loaded = candidates.find_map(|candidate| open(&candidate).map(|()| candidate.program));
    }
    loaded.clone()
}

fn open(candidate: &Candidate) -> Option<()> {
    // SAFETY: the library is Python's; it runs no code of its own when it is loaded.
    let library = unsafe { Library::open(Some(&candidate.library), RTLD_NOW | RTLD_GLOBAL) }.ok()?;
    // SAFETY: only looked up, not called.
    unsafe { library.get::<unsafe extern "C" fn()>(b"Py_InitializeEx\0") }.ok()?;
    // It stays as long as the process.
    std::mem::forget(library);
    Some(())
}

/// Where there is no library of Python but a `python3`, runs the whole program in there: this process
/// becomes that one. Comes back when that is not needed, or cannot be done; the engine then says why.
pub fn run_in_python(arguments: &[OsString]) {
    if hosted().is_some() || std::env::var_os(HOSTED).is_some() || load_python().is_some() {
        return;
    }
    let Some(interpreter) = Surroundings::of_process().interpreter() else { return };
    let Some(library) = own_libraries().unwrap_or_default().into_iter().next() else { return };
    if CString::new(library.as_os_str().as_bytes()).is_err() {
        return;
    }
    let mut command = std::process::Command::new(interpreter);
    // What went wrong is told by the engine, which finds no Python either.
    let _ = command.arg("-c").arg(HOST_SCRIPT).arg(library).args(arguments).env(HOSTED, "1").exec();
}

fn no_library() -> Failure {
    let surroundings = Surroundings::of_process();
    let failure = |message: String| Failure::new(ErrorKind::Refused, message);
    match surroundings.interpreter() {
        Some(interpreter) => failure(format!(
            "Python has no shared library here to load into this shell; there is only {}",
            interpreter.display()
        ))
        .hinted(format!(
            "start `vboxsh --lang python` or `vboxsh SCRIPT.py`: both run inside {}; or install {}",
            interpreter.display(),
            what_to_install()
        )),
        None => failure("there is no Python 3 on this computer".to_owned())
            .hinted(format!("install {}; VBOXSH_LIBPYTHON names one in an unusual place", what_to_install())),
    }
}

fn what_to_install() -> &'static str {
    if cfg!(target_os = "macos") {
        "Python 3 (`brew install python3`)"
    } else {
        "Python 3 with its shared library (Debian: `apt install libpython3-dev`; Fedora: `dnf install python3-libs`)"
    }
}

fn no_module(places: &[PathBuf]) -> Failure {
    let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
    Failure::new(ErrorKind::Refused, format!("the library for Python is not there: {}", places.join(", ")))
        .hinted("it is built beside the program: put both into one folder, or name it in VBOXSH_PYTHON_MODULE")
}

fn broken_module(path: &Path, why: &str) -> Failure {
    Failure::new(ErrorKind::Refused, format!("the library for Python cannot be used: {}: {why}", path.display()))
        .hinted("take program and library from the same build")
}
