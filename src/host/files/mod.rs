//! What several processes on one home have to agree about, kept in files: who may write, who holds a machine, what
//! happened. Nothing listens on a socket, and a process that dies leaves nothing locked.
//!
//! The layout, for whoever adds a file:
//!
//! | file | what it is |
//! | --- | --- |
//! | `HOME/.vboxsh/lock` | locked (advisory) by the one process that changes a settings file right now: [`home`] |
//! | `HOME/.vboxsh/events` | what happened to `IVirtualBox`, for listeners in other processes: [`journal`] |
//! | `HOME/.vboxsh/listening` | locked (shared) by every process that has a listener |
//! | `MACHINE/.ID.lock` | there while a session holds the machine; says who: [`machine_lock`] |
//! | `MACHINE/.ID.run` | there while the machine runs: [`run_file`] |
//! | `MACHINE/.ID.merge` | there while the disks of a deleted snapshot are put right: [`merge_file`] |
//!
//! `MACHINE` is the folder of the settings file, `ID` the machine's id, which no rename changes.

pub(super) mod atomic;
pub(super) mod home;
pub(super) mod journal;
pub(super) mod machine_lock;
pub(super) mod presence;

use std::path::{Path, PathBuf};

/// Where the record of a running machine stands. It is written with [`atomic::replace`] inside `State::exclusively`,
/// and removed when the machine is off. Every process looks there when it reads a machine anew (`State::look_again`).
pub(super) fn run_file(settings_file: &Path, id: &str) -> PathBuf {
    beside(settings_file, id, "run")
}

/// Where it stands what a merge of disks still has to do once the settings are saved.
pub(super) fn merge_file(settings_file: &Path, id: &str) -> PathBuf {
    beside(settings_file, id, "merge")
}

fn beside(settings_file: &Path, id: &str, what: &str) -> PathBuf {
    settings_file.with_file_name(format!(".{id}.{what}"))
}
