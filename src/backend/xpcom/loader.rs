//! Loads the C library of the installed VirtualBox and checks that it is one this program can use.

use super::problem;
use crate::model::{Error, Result};
use libloading::os::unix::Library;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The oldest table of functions that serves; the library answers by the major number alone.
const WANTED: u32 = 0x0004_0000;
/// Major and minor number of the oldest release whose table is of that form, as the library counts.
const OLDEST: u32 = 5_000_000;

/// The table that the library hands out, as far as it is used.
#[repr(C)]
struct Table {
    size: u32,
    version: u32,
    get_version: Option<unsafe extern "C" fn() -> u32>,
    get_api_version: Option<unsafe extern "C" fn() -> u32>,
    client_initialize: Option<ClientInitialize>,
    thread_initialize: Option<unsafe extern "C" fn() -> u32>,
    thread_uninitialize: Option<unsafe extern "C" fn() -> u32>,
    uninitialize_and_deprecated: [usize; 3],
    free: Option<unsafe extern "C" fn(*mut c_void)>,
    texts_and_arrays: [usize; 12],
    get_exception: Option<unsafe extern "C" fn(*mut *mut c_void) -> u32>,
    clear_exception: Option<unsafe extern "C" fn() -> u32>,
    process_events: Option<unsafe extern "C" fn(i64) -> c_int>,
    interrupt_events: Option<unsafe extern "C" fn() -> c_int>,
}

type ClientInitialize = unsafe extern "C" fn(*const c_char, *mut *mut c_void) -> u32;

/// The functions of the library. It stays loaded as long as the process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api {
    /// Makes an `IVirtualBoxClient`.
    pub(super) client_initialize: ClientInitialize,
    /// Lets a further thread take part.
    pub(super) thread_initialize: unsafe extern "C" fn() -> u32,
    /// A thread takes part no more.
    pub(super) thread_uninitialize: unsafe extern "C" fn() -> u32,
    /// Frees what calls have allocated.
    pub(super) free: unsafe extern "C" fn(*mut c_void),
    /// The error that this thread's last failed call has left.
    pub(super) get_exception: unsafe extern "C" fn(*mut *mut c_void) -> u32,
    /// Forgets that error.
    pub(super) clear_exception: unsafe extern "C" fn() -> u32,
    /// Handles what has come for the thread that has initialised, for so many milliseconds.
    pub(super) process_events: unsafe extern "C" fn(i64) -> c_int,
    /// Ends that early.
    pub(super) interrupt_events: unsafe extern "C" fn() -> c_int,
}

/// A library that was loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) api: Api,
    /// The folder of the installation.
    pub(super) folder: PathBuf,
    /// Version as the library counts: 7.2.22 is 7002022.
    pub(super) version: u32,
}

impl Loaded {
    /// Loads the library.
    ///
    /// # Errors
    /// It cannot be loaded, or is too old or too new.
    pub(super) fn open(library: &Path) -> Result<Self> {
        let folder = library.parent().unwrap_or(Path::new("/")).to_owned();
        tell_folder(&folder);
        // SAFETY: the library of an installed VirtualBox, whose initialisers VirtualBox's own programs run too.
        let loaded = unsafe { Library::new(library) }.map_err(|error| problem::unloadable(library, &reason(&error)))?;
        type Entry = unsafe extern "C" fn(u32) -> *const Table;
        // SAFETY: the symbol of that name is a function of that type in every release that has it.
        let entry = ["VBoxGetCAPIFunctions", "VBoxGetXPCOMCFunctions"]
            .into_iter()
            .find_map(|name| unsafe { loaded.get::<Entry>(name.as_bytes()).ok().map(|entry| *entry) });
        // Its threads and exit handlers live as long as the process.
        std::mem::forget(loaded);
        let entry = entry.ok_or_else(|| problem::no_library(library))?;
        // SAFETY: the function takes any number, and gives null for those it does not know.
        let table = unsafe { entry(WANTED) };
        if table.is_null() {
            return Err(problem::too_old(library, 0));
        }
        // SAFETY: not null, so it is a table, which the library keeps for ever; each has size and version.
        let (size, version) = unsafe { ((*table).size, (*table).version) };
        if version >> 16 != WANTED >> 16 || (size as usize) < size_of::<Table>() {
            return Err(problem::too_old(library, version));
        }
        // SAFETY: of the version whose form `Table` is, and as large at least.
        let table = unsafe { &*table };
        Self::new(table, folder).ok_or_else(|| problem::no_library(library))?.check(library)
    }

    fn new(table: &Table, folder: PathBuf) -> Option<Self> {
        let api = Api {
            client_initialize: table.client_initialize?,
            thread_initialize: table.thread_initialize?,
            thread_uninitialize: table.thread_uninitialize?,
            free: table.free?,
            get_exception: table.get_exception?,
            clear_exception: table.clear_exception?,
            process_events: table.process_events?,
            interrupt_events: table.interrupt_events?,
        };
        let get_version = table.get_version?;
        // SAFETY: takes nothing, gives a number, works before initialisation.
        let version = unsafe { get_version() };
        Some(Self { api, folder, version })
    }

    fn check(self, library: &Path) -> Result<Self> {
        match self.version < OLDEST {
            true => Err(problem::too_old(library, self.version)),
            false => Ok(self),
        }
    }

    /// `7.2.22`.
    pub(super) fn version_text(&self) -> String {
        let version = self.version;
        format!("{}.{}.{}", version / 1_000_000, version / 1000 % 1000, version % 1000)
    }
}

/// What the system's loader says; the error itself says only that it refused.
fn reason(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string).unwrap_or_default()
}

/// The file that this code was loaded from: the program, or a library.
pub(super) fn own_file() -> Option<PathBuf> {
    #[repr(C)]
    struct Found {
        file: *const c_char,
        rest: [usize; 3],
    }
    unsafe extern "C" {
        fn dladdr(address: *const c_void, found: *mut Found) -> c_int;
    }
    let mut found = Found { file: std::ptr::null(), rest: [0; 3] };
    // SAFETY: any address may be asked for; the place takes what is found.
    let known = unsafe { dladdr(own_file as *const c_void, &raw mut found) } != 0;
    if !known || found.file.is_null() {
        return None;
    }
    // SAFETY: a name that ends with a zero, and stays for as long as the file is loaded.
    let file = unsafe { CStr::from_ptr(found.file) };
    Some(PathBuf::from(OsStr::from_bytes(file.to_bytes())))
}

/// Ends the process at once, without exit handlers: the library's have waited for its server.
pub(super) fn end(status: c_int) -> ! {
    unsafe extern "C" {
        safe fn _exit(status: c_int) -> !;
    }
    _exit(status)
}

/// Tells the library where its parts are, when it would not know: it knows the folder it was built
/// for on Linux and Solaris, and nothing on macOS.
fn tell_folder(folder: &Path) {
    let knows = cfg!(not(target_vendor = "apple"))
        && ["/usr/lib/virtualbox", "/opt/VirtualBox"].iter().any(|known| Path::new(known) == folder);
    if !knows && std::env::var_os("VBOX_APP_HOME").is_none() {
        // SAFETY: this happens once, before the library and its threads are there; of this program's
        // own threads none reads the environment other than through the standard library, which locks.
        unsafe { std::env::set_var("VBOX_APP_HOME", folder) };
    }
}

/// Fails unless the library is there at all.
///
/// # Errors
/// None is installed.
pub(super) fn installed() -> Result<PathBuf> {
    crate::backend::local::library().ok_or_else(|| -> Error { problem::not_installed() })
}
