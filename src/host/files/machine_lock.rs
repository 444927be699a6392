//! The lock of a machine, as every process sees it: a file beside the settings that its holder keeps locked.
//!
//! An orderly unlock removes the file. A file that nobody has locked is what a dead holder leaves; whoever finds it
//! clears it away (`State::look_again`). The system gives a dead process's lock free, so nothing stays locked.

use super::atomic;
use serde_json::{Value, json};
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the lock of a machine stands.
pub(in crate::host) fn path(settings_file: &Path, id: &str) -> PathBuf {
    super::beside(settings_file, id, "lock")
}

/// Who holds a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::host) struct Holder {
    pub(in crate::host) pid: u32,
    /// `ISession.name`.
    pub(in crate::host) session: String,
}

/// A lock that this process holds.
#[derive(Debug)]
pub(in crate::host) struct MachineLock {
    file: File,
}

/// What is to be seen of a machine's lock.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::host) enum Seen {
    /// Nobody holds it.
    Free,
    /// A living process does.
    Held(Holder),
    /// One did, and ended without giving it up.
    Left,
}

impl MachineLock {
    /// Takes the lock at `path`; `None` when a living process has it. A file left behind is taken over: whoever must
    /// know that it was there looks before. To be called inside `State::exclusively`.
    pub(in crate::host) fn take(path: &Path, holder: &Holder) -> std::io::Result<Option<Self>> {
        loop {
            let mut file = atomic::private().create(true).truncate(false).open(path)?;
            if !lock(&file)? {
                return Ok(None);
            }
            // Its holder removed it between our opening and locking.
            if !is_at(&file, path) {
                continue;
            }
            let who = json!({ "pid": holder.pid, "session": holder.session });
            file.set_len(0)?;
            writeln!(file, "{who}")?;
            return Ok(Some(Self { file }));
        }
    }

    /// Gives the lock up. `path` is where it stands now: a rename of the machine moves it.
    pub(in crate::host) fn release(self, path: &Path) {
        if is_at(&self.file, path) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Looks at the lock at `path`.
pub(in crate::host) fn look(path: &Path) -> Seen {
    let Ok(file) = File::open(path) else { return Seen::Free };
    match file.try_lock_shared() {
        Ok(()) if is_at(&file, path) => Seen::Left,
        Ok(()) => Seen::Free,
        // A lock that cannot be tried is one that cannot be held.
        Err(TryLockError::Error(_)) => Seen::Free,
        Err(TryLockError::WouldBlock) => Seen::Held(read(&file)),
    }
}

fn read(mut file: &File) -> Holder {
    let mut text = String::new();
    // Where others may not read a locked file (Windows), the holder stays without a name.
    let _ = std::io::Read::read_to_string(&mut file, &mut text);
    let facts: Value = serde_json::from_str(&text).unwrap_or_default();
    let pid = facts["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
    Holder { pid: pid.unwrap_or_default(), session: facts["session"].as_str().unwrap_or_default().to_owned() }
}

/// Locks for writing; false when a living process has it. One that only looks ([`look`]) is done at once.
fn lock(file: &File) -> std::io::Result<bool> {
    for _ in 0..50 {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if file.try_lock_shared().is_err() => return Ok(false),
            Err(TryLockError::WouldBlock) => {
                file.unlock()?;
                std::thread::sleep(Duration::from_micros(200));
            }
        }
    }
    Ok(false)
}

/// Whether the file at `path` is the open one.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let number = |facts: std::fs::Metadata| (facts.dev(), facts.ino());
        match (file.metadata(), path.metadata()) {
            (Ok(open), Ok(there)) => number(open) == number(there),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_who_has_it_and_goes_with_him() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("m.vbox"), "1");
        let holder = Holder { pid: 42, session: "s \"1\"\n".to_owned() };
        assert_eq!(look(&path), Seen::Free);
        let lock = MachineLock::take(&path, &holder).unwrap().unwrap();
        assert_eq!(look(&path), Seen::Held(holder.clone()));
        assert!(MachineLock::take(&path, &holder).unwrap().is_none());
        let moved = folder.path().join("moved");
        std::fs::rename(&path, &moved).unwrap();
        lock.release(&moved);
        assert_eq!((look(&path), look(&moved)), (Seen::Free, Seen::Free));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_holder_that_dies_leaves_a_file_that_can_be_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        // As a process does that ends: the file is closed, not removed.
        drop(MachineLock::take(&path, &Holder::default()).unwrap());
        assert_eq!(look(&path), Seen::Left);
        let lock = MachineLock::take(&path, &Holder { pid: 7, session: String::new() }).unwrap();
        assert_eq!(look(&path), Seen::Held(Holder { pid: 7, session: String::new() }));
        drop(lock);
    }

    #[test]
    fn one_of_many_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut taken = 0;
                    while taken < 50 {
                        let _ = look(&path);
                        let Some(lock) = MachineLock::take(&path, &Holder::default()).unwrap() else { continue };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        lock.release(&path);
                        taken += 1;
                    }
                });
            }
        });
        assert_eq!(look(&path), Seen::Free);
    }
}
