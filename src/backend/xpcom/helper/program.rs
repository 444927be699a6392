//! Which program a helper is: this one, or the one that belongs to this library.

use super::super::loader;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// States that the running program is vboxsh, so that it can be its own helper.
pub fn program_is(program: PathBuf) {
    let _ = PROGRAM.set(program);
}

/// The program, where there is one.
pub(super) fn find() -> Option<PathBuf> {
    // The running file, even when another has taken its place since.
    let running = Path::new("/proc/self/exe");
    if let Some(program) = PROGRAM.get() {
        return Some(if running.exists() { running.to_owned() } else { program.clone() });
    }
    let beside = |file: PathBuf| file.with_file_name("vboxsh");
    let own = std::env::current_exe().ok().map(beside);
    let library = loader::own_file().map(beside);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join("vboxsh"));
    own.into_iter().chain(library).chain(in_path).find(|file| file.is_file())
}
