//! What a guest session does by paths: asking, making, removing, renaming.

use super::paths::on_host;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State, View, gone, nothing, one};
use crate::host::value::{name_of, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A failure of the guest's system.
pub(super) fn refused(what: &str, path: &str, error: &std::io::Error) -> Fault {
    let why = match error.kind() {
        ErrorKind::NotFound => "the guest has none such".to_owned(),
        _ => error.to_string(),
    };
    Fault::new(code::IPRT_ERROR, format!("{what} `{path}`: {why}"))
}

impl State {
    /// The folder of this computer that a guest has as `/`.
    ///
    /// # Errors
    /// It is no more.
    pub(super) fn root_of_guest(&self, original: View) -> Outcome<PathBuf> {
        self.guest_root(original).ok_or_else(gone)
    }

    pub(super) fn call_guest_file_system(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let root = self.root_of_guest(original)?;
        let given = arguments.text(0);
        let facts = |path: &Path, follow: bool| if follow { path.metadata() } else { path.symlink_metadata() };
        match name {
            "fileExists" | "directoryExists" | "fsObjExists" => {
                if given.is_empty() && name != "fileExists" {
                    return Err(Fault::argument("the path is empty"));
                }
                let found = on_host(&root, given).ok().and_then(|path| facts(&path, arguments.flag(1)).ok());
                if found.is_none() && name == "directoryExists" {
                    return Err(Fault::new(code::IPRT_ERROR, format!("the guest has no `{given}`")));
                }
                one(RawValue::Bool(found.is_some_and(|found| match name {
                    "fileExists" => found.is_file(),
                    "directoryExists" => found.is_dir(),
                    _ => true,
                })))
            }
            "fileQuerySize" => {
                let found = facts(&on_host(&root, given)?, arguments.flag(1));
                let found = found.map_err(|error| refused("cannot ask for the size", given, &error))?;
                if !found.is_file() {
                    return Err(Fault::new(code::IPRT_ERROR, format!("`{given}` is no file of the guest")));
                }
                one(RawValue::Int(i64::try_from(found.len()).unwrap_or(i64::MAX)))
            }
            "fsObjQueryInfo" => {
                let found = facts(&on_host(&root, given)?, arguments.flag(1));
                let found = found.map_err(|error| refused("cannot ask about", given, &error))?;
                one(self.object_info(at.element, given, &found))
            }
            "directoryCreate" => {
                let parents = arguments.list(2).iter().any(|flag| name_of(flag) == "Parents");
                make_folder(&on_host(&root, given)?, arguments.int(1), parents)
                    .map_err(|error| refused("cannot make the directory", given, &error))?;
                nothing()
            }
            "directoryCreateTemp" => {
                let made = self.new_name(original, arguments, |path| make_folder(path, arguments.int(1), false))?;
                one(text(made))
            }
            "directoryRemove" => {
                let removed = std::fs::remove_dir(on_host(&root, given)?);
                removed.map_err(|error| refused("cannot remove the directory", given, &error))?;
                nothing()
            }
            "directoryRemoveRecursive" => {
                let flags: Vec<_> = arguments.list(1).iter().map(name_of).collect();
                let whole = !flags.contains(&"ContentOnly");
                let (path, shown) = (on_host(&root, given)?, given.to_owned());
                let work = move |report: &Reporter| {
                    let done = if whole { std::fs::remove_dir_all(&path) } else { empty(&path) };
                    done.map_err(|error| refused("cannot remove", &shown, &error))?;
                    report.check()
                };
                let job = Job::new("Removing guest directory", at, "IGuestSession");
                one(self.start_job(job, work, |_, result: Outcome| result))
            }
            "fsObjRemove" => {
                let removed = std::fs::remove_file(on_host(&root, given)?);
                removed.map_err(|error| refused("cannot remove", given, &error))?;
                nothing()
            }
            "fsObjRename" => {
                let (from, to) = (on_host(&root, given)?, on_host(&root, arguments.text(1))?);
                let replace = arguments.list(2).iter().any(|flag| name_of(flag) == "Replace");
                if !replace && to.symlink_metadata().is_ok() {
                    let message = format!("`{}` is there already; the flag Replace replaces it", arguments.text(1));
                    return Err(Fault::new(code::IPRT_ERROR, message));
                }
                std::fs::rename(from, to).map_err(|error| refused("cannot rename", given, &error))?;
                nothing()
            }
            "fsQueryFreeSpace" | "fsQueryInfo" => {
                let path = on_host(&root, given)?;
                if let Err(error) = path.symlink_metadata() {
                    if name == "fsQueryFreeSpace" {
                        return one(RawValue::Int(0));
                    }
                    return Err(refused("cannot ask for the space", given, &error));
                }
                match name {
                    "fsQueryFreeSpace" => one(RawValue::Int(space(&root).0)),
                    _ => one(self.file_system_info(at.element, &root)),
                }
            }
            _ => Ok(None),
        }
    }

    /// Makes something under a new name in a directory of the guest: each `X` at the end of the template's name is a
    /// letter or digit by chance. Gives its path.
    pub(super) fn new_name(
        &self,
        original: View,
        arguments: Arguments<'_>,
        make: impl Fn(&Path) -> std::io::Result<()>,
    ) -> Outcome<String> {
        let root = self.root_of_guest(original)?;
        let (template, folder) = (arguments.text(0), arguments.text(2));
        if template.is_empty() || folder.is_empty() {
            return Err(Fault::argument("a template and a directory are needed"));
        }
        if !template.contains("XXX") || template.contains('/') {
            let message = format!("`{template}` is no template: it is a name with at least three X in a row");
            return Err(Fault::new(code::IPRT_ERROR, message));
        }
        const TRIES: usize = 100;
        for _ in 0..TRIES {
            let letters = uuid::Uuid::new_v4().simple().to_string();
            let mut letters = letters.chars();
            let name: String = template
                .chars()
                .map(|letter| if letter == 'X' { letters.next().unwrap_or('0') } else { letter })
                .collect();
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            match make(&on_host(&root, &path)?) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(refused("cannot make something new in", folder, &error)),
            }
        }
        Err(Fault::new(code::IPRT_ERROR, format!("found no new name in `{folder}`")))
    }
}

/// Makes a directory with that mode.
pub(super) fn make_folder(path: &Path, mode: i64, parents: bool) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(parents);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        let mode = u32::try_from(mode).unwrap_or_default() & 0o7777;
        builder.mode(if mode == 0 { 0o700 } else { mode });
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder.create(path)
}

/// Removes all that is in a directory.
fn empty(path: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?
        } else {
            std::fs::remove_file(entry.path())?
        }
    }
    Ok(())
}

/// Free and whole bytes where a folder lies; 0 where the system does not say.
#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "the numbers are narrower on some systems")]
pub(super) fn space(folder: &Path) -> (i64, i64) {
    let Ok(facts) = nix::sys::statvfs::statvfs(folder) else { return (0, 0) };
    // How wide these are differs between systems.
    fn wide(number: impl Into<u64>) -> u64 {
        number.into()
    }
    let bytes = |blocks: u64| i64::try_from(blocks.saturating_mul(wide(facts.fragment_size()))).unwrap_or(i64::MAX);
    (bytes(wide(facts.blocks_available())), bytes(wide(facts.blocks())))
}

#[cfg(not(unix))]
pub(super) fn space(_: &Path) -> (i64, i64) {
    (0, 0)
}
