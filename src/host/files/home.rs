//! The lock of a home: one process at a time changes the settings files of a home and of its machines.

use super::super::{Fault, Outcome, fault::code, state::State};
use super::atomic;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a change waits for another process. Changes take milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Folder below the home for what only this program reads.
pub(super) fn own_folder(home: &Path) -> PathBuf {
    home.join(".vboxsh")
}

/// The lock of the home, as far as this process holds it.
#[derive(Debug, Default)]
pub(in crate::host) struct HomeLock {
    depth: u32,
    /// Open while `depth` is not 0.
    file: Option<File>,
    /// When we last saw that no VirtualBox works on the home.
    seen_free: Option<Instant>,
}

impl State {
    /// Does `work` while no other process changes a settings file of this home. It may be used within itself. What is
    /// to be changed must be read inside (`refresh`, `refresh_machine`): another process may have written before.
    ///
    /// # Errors
    /// Those of `work`; the lock cannot be had; a VirtualBox works on the home.
    pub(in crate::host) fn exclusively<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.home_lock.depth == 0 {
            self.check_home_free()?;
            self.home_lock.file = Some(lock(&self.home)?);
        }
        self.home_lock.depth += 1;
        let result = work(self);
        self.home_lock.depth -= 1;
        if self.home_lock.depth == 0 {
            self.home_lock.file = None;
        }
        result
    }

    /// Fails when a VirtualBox works on this home: it would not see our changes, and overwrite them.
    pub(in crate::host) fn check_home_free(&mut self) -> Outcome {
        if self.home_lock.seen_free.is_some_and(|seen| seen.elapsed() < Duration::from_secs(1)) {
            return Ok(());
        }
        if let Some(pid) = virtualbox_on(&self.home) {
            let message = format!(
                "VirtualBox (process {pid}) works on the home `{}`; connect to it (`vboxsh -u xpcom`), or close it first",
                self.home.display()
            );
            return Err(Fault::new(code::E_ACCESSDENIED, message));
        }
        self.home_lock.seen_free = Some(Instant::now());
        Ok(())
    }
}

fn lock(home: &Path) -> Outcome<File> {
    let folder = own_folder(home);
    let path = folder.join("lock");
    std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, error))?;
    let file = atomic::private().create(true).truncate(false).open(&path).map_err(|error| Fault::file(&path, error))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_micros(500));
            }
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "another process has been changing the home `{}` for {} seconds; if it hangs, end it (`fuser {}` names it)",
                    home.display(),
                    PATIENCE.as_secs(),
                    path.display()
                );
                return Err(Fault::new(code::FILE_ERROR, message));
            }
            Err(TryLockError::Error(error)) => return Err(Fault::file(&path, error)),
        }
    }
}

/// The process id of a VirtualBox server whose home is `home`. It keeps the log file in its home open; other systems
/// than Linux do not tell who has a file open.
#[cfg(target_os = "linux")]
fn virtualbox_on(home: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    // By number: a server in a container has other paths.
    let number = |path: &Path| path.metadata().map(|facts| (facts.dev(), facts.ino())).ok();
    let log = number(&home.join("VBoxSVC.log"))?;
    let processes = std::fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let name = std::fs::read(process.path().join("comm")).ok()?;
        if !name.starts_with(b"VBoxSVC") {
            return None;
        }
        let mut open = std::fs::read_dir(process.path().join("fd")).ok()?.flatten();
        open.any(|file| number(&file.path()) == Some(log)).then_some(pid)
    })
}

#[cfg(not(target_os = "linux"))]
fn virtualbox_on(_: &Path) -> Option<u32> {
    None
}
