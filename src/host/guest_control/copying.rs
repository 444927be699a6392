//! Copies between this computer and a guest.

use super::file_system::refused;
use super::paths::on_host;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, one};
use crate::host::value::name_of;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::{Path, PathBuf};

/// One thing to copy, and what it may do on the way.
struct Copy {
    from: PathBuf,
    to: PathBuf,
    /// As the caller named it.
    shown: String,
    folder: bool,
    recursive: bool,
    into_existing: bool,
    no_replace: bool,
}

impl State {
    /// `fileCopyFromGuest`, `fileCopyToGuest`, `directoryCopyFromGuest`, `directoryCopyToGuest`, `copyFromGuest`,
    /// `copyToGuest`.
    pub(super) fn copy_with_guest(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let root = self.root_of_guest(original)?;
        let from_guest = name.ends_with("FromGuest");
        let several = name.starts_with("copy");
        let sources = if several { arguments.texts(0) } else { vec![arguments.text(0).to_owned()] };
        let destination = arguments.text(if several { 3 } else { 1 });
        if sources.is_empty() || sources.iter().any(String::is_empty) || destination.is_empty() {
            return Err(Fault::argument("a source and a destination are needed"));
        }
        let mut copies = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let flags: Vec<String> = match several {
                true => {
                    arguments.texts(2).get(number).map_or("", String::as_str).split(',').map(str::to_owned).collect()
                }
                false => arguments.list(2).iter().map(|flag| name_of(flag).to_owned()).collect(),
            };
            let has = |wanted: &str| flags.iter().any(|flag| flag.trim() == wanted);
            let (from, mut to) = if from_guest {
                (on_host(&root, source)?, PathBuf::from(destination))
            } else {
                (PathBuf::from(source), on_host(&root, destination)?)
            };
            // Below an existing directory, or one named as such, things keep their names.
            if (several || name.starts_with("file")) && (to.is_dir() || destination.ends_with('/')) {
                to.extend(from.file_name());
            }
            copies.push(Copy {
                folder: name.starts_with("directory") || (several && from.is_dir()),
                from,
                to,
                shown: source.clone(),
                recursive: has("Recursive") || several,
                into_existing: has("CopyIntoExisting") || several,
                no_replace: has("NoReplace"),
            });
        }
        let description = if from_guest { "Copying from the guest" } else { "Copying to the guest" };
        let total = copies.len() as u64;
        let work = move |report: &Reporter| {
            for (done, copy) in (0..).zip(&copies) {
                report.done(done, total)?;
                copy_one(copy, report)?;
            }
            report.done(total, total)
        };
        let job = Job::new(description, at, "IGuestSession");
        one(self.start_job(job, work, |_, result: Outcome| result))
    }
}

fn copy_one(copy: &Copy, report: &Reporter) -> Outcome {
    let kind = copy.from.metadata().map_err(|error| failed("cannot read", &copy.shown, &error))?;
    if kind.is_dir() != copy.folder {
        let what = if copy.folder { "no directory" } else { "no file" };
        return Err(Fault::new(code::IPRT_ERROR, format!("`{}` is {what}", copy.shown)));
    }
    if !copy.folder {
        return copy_file(&copy.from, &copy.to, &copy.shown, copy.no_replace);
    }
    if copy.to.is_dir() && !copy.into_existing {
        let message = format!("`{}` is there already; the flag CopyIntoExisting copies into it", copy.to.display());
        return Err(Fault::new(code::IPRT_ERROR, message));
    }
    copy_folder(&copy.from, &copy.to, copy, report)
}

fn copy_folder(from: &Path, to: &Path, copy: &Copy, report: &Reporter) -> Outcome {
    let failed = |error| failed("cannot copy", &copy.shown, &error);
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        report.check()?;
        let entry = entry.map_err(failed)?;
        let (kind, target) = (entry.file_type().map_err(failed)?, to.join(entry.file_name()));
        if kind.is_dir() && copy.recursive {
            copy_folder(&entry.path(), &target, copy, report)?;
        } else if kind.is_file() {
            copy_file(&entry.path(), &target, &copy.shown, copy.no_replace)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, shown: &str, no_replace: bool) -> Outcome {
    if no_replace && to.exists() {
        return Ok(());
    }
    std::fs::copy(from, to).map(drop).map_err(|error| failed("cannot copy", shown, &error))
}

fn failed(what: &str, path: &str, error: &std::io::Error) -> Fault {
    let fault = refused(what, path, error);
    Fault::new(code::IPRT_ERROR, fault.message)
}
