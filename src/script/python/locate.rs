//! Where Python is: a shared library to load, or a `python3` to run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The minor versions of Python 3 that are looked for, the newest first. The library needs 3.9 at least.
const MINORS: std::ops::RangeInclusive<u32> = 9..=20;

/// A shared library of Python that may be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Path, or a name for the system's own search.
    pub(super) library: PathBuf,
    /// The interpreter that it belongs to, when one is known: Python finds its modules from there.
    pub(super) program: Option<PathBuf>,
}

/// What the environment says of Python.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// `VBOXSH_LIBPYTHON`: the one library to take; empty for none.
    pub(super) named: Option<OsString>,
    /// `VIRTUAL_ENV`.
    pub(super) virtual_environment: Option<PathBuf>,
    /// `PATH`.
    pub(super) path: OsString,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        Self {
            named: std::env::var_os("VBOXSH_LIBPYTHON"),
            virtual_environment: std::env::var_os("VIRTUAL_ENV").filter(|path| !path.is_empty()).map(PathBuf::from),
            path: std::env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// The `python3` that a script would run in.
    pub(super) fn interpreter(&self) -> Option<PathBuf> {
        let own = self.virtual_environment.iter().map(|folder| folder.join("bin"));
        own.chain(std::env::split_paths(&self.path)).map(|folder| folder.join("python3")).find(|file| file.is_file())
    }

    /// The libraries to try, the best first.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        if let Some(named) = &self.named {
            let named =
                (!named.is_empty()).then(|| Candidate { program: beside(Path::new(named)), library: named.into() });
            return named.into_iter().collect();
        }
        let interpreter = self.interpreter();
        if let Some(environment) = interpreter.as_deref().and_then(Environment::of) {
            return environment.candidates();
        }
        let mut found = Vec::new();
        if let Some((folder, minor)) = interpreter.as_deref().and_then(versioned) {
            found.extend(near(&folder, minor, folder.join(format!("python3.{minor}"))));
        }
        found.extend(MINORS.rev().map(|minor| Candidate { library: name(minor).into(), program: usual(minor) }));
        found
    }
}

/// An active virtual environment.
struct Environment {
    program: PathBuf,
    /// Folder of the interpreter that it was made from.
    home: PathBuf,
    minor: u32,
}

impl Environment {
    fn of(interpreter: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(interpreter.parent()?.parent()?.join("pyvenv.cfg")).ok()?;
        let value = |wanted: &[&str]| {
            let mut pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.find(|(key, _)| wanted.contains(&key.trim())).map(|(_, value)| value.trim().to_owned())
        };
        let version = value(&["version", "version_info"])?;
        let minor = version.split('.').nth(1)?.parse().ok()?;
        Some(Self { program: interpreter.to_owned(), home: value(&["home"])?.into(), minor })
    }

    /// The library must be that of the interpreter: compiled packages were made for it.
    fn candidates(&self) -> Vec<Candidate> {
        let mut found = near(&self.home, self.minor, self.program.clone());
        if usual(self.minor).is_some_and(|usual| usual.parent() == Some(&self.home)) {
            found.push(Candidate { library: name(self.minor).into(), program: Some(self.program.clone()) });
        }
        found
    }
}

/// Name of the shared library of a version.
fn name(minor: u32) -> String {
    if cfg!(target_os = "macos") { format!("libpython3.{minor}.dylib") } else { format!("libpython3.{minor}.so.1.0") }
}

/// The library in the `lib` beside a folder of programs.
fn near(programs: &Path, minor: u32, program: PathBuf) -> Vec<Candidate> {
    let library = programs.parent().map(|prefix| prefix.join("lib").join(name(minor)));
    let there = library.filter(|library| library.is_file());
    there.map(|library| Candidate { library, program: Some(program) }).into_iter().collect()
}

/// Folder and minor version of an interpreter whose real name says it (`/usr/bin/python3.11`).
fn versioned(interpreter: &Path) -> Option<(PathBuf, u32)> {
    let real = interpreter.canonicalize().ok()?;
    let minor = real.file_name()?.to_str()?.strip_prefix("python3.")?.parse().ok()?;
    Some((real.parent()?.to_owned(), minor))
}

/// Where the interpreter of a library usually is that the system itself finds.
fn usual(minor: u32) -> Option<PathBuf> {
    let name = format!("python3.{minor}");
    ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
        .map(|folder| Path::new(folder).join(&name))
        .into_iter()
        .find(|file| file.is_file())
}

/// The interpreter that a library names by its place.
fn beside(library: &Path) -> Option<PathBuf> {
    let version = library.file_name()?.to_str()?.strip_prefix("lib")?;
    let digits = version.strip_prefix("python3.")?.split('.').next()?.parse::<u32>().ok()?;
    let near = library.parent()?.parent()?.join("bin").join(format!("python3.{digits}"));
    if near.is_file() { Some(near) } else { usual(digits) }
}

/// Where the library of this package may be: beside the program, or where packages put it, the newest first (a
/// build leaves it in one of two places). `VBOXSH_PYTHON_MODULE` names another place.
///
/// # Errors
/// The places where it was looked for in vain.
pub(super) fn own_libraries() -> Result<Vec<PathBuf>, Vec<PathBuf>> {
    let name = format!("{}vboxsh{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    if let Some(named) = std::env::var_os("VBOXSH_PYTHON_MODULE").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return if named.is_file() { Ok(vec![named]) } else { Err(vec![named]) };
    }
    let program = std::env::current_exe().and_then(|program| program.canonicalize()).unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    let places = ["", "deps", "../lib/vboxsh", "../lib"].map(|place| folder.join(place).join(&name));
    let age = |place: &PathBuf| Some((place.metadata().ok()?.modified().ok()?, place.clone()));
    let mut found: Vec<_> = places.iter().filter_map(age).collect();
    found.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    if found.is_empty() { Err(places.into()) } else { Ok(found.into_iter().map(|(_, place)| place).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_named_library_is_the_only_one_and_an_empty_name_is_none() {
        let named = |name: &str| Surroundings { named: Some(name.into()), ..Surroundings::default() }.candidates();
        assert_eq!(named("/x/libpython3.12.so.1.0")[0].library, Path::new("/x/libpython3.12.so.1.0"));
        assert!(named("").is_empty());
    }

    #[test]
    fn a_virtual_environment_takes_the_library_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        let environment = folder.path().join("env");
        let home = folder.path().join("python/bin");
        let library = folder.path().join("python/lib").join(name(12));
        file(&environment.join("pyvenv.cfg"), &format!("home = {}\nversion = 3.12.1\n", home.display()));
        file(&environment.join("bin/python3"), "");
        let here = Surroundings { virtual_environment: Some(environment.clone()), ..Surroundings::default() };
        assert!(here.candidates().is_empty(), "there is no library of that python");
        file(&library, "");
        let expected = Candidate { library, program: Some(environment.join("bin/python3")) };
        assert_eq!(here.candidates(), [expected]);
        assert_eq!(here.interpreter(), Some(environment.join("bin/python3")));
    }

    #[test]
    fn without_a_python_the_system_is_asked_by_name_newest_first() {
        let names: Vec<_> = Surroundings::default().candidates().into_iter().map(|found| found.library).collect();
        assert_eq!(names.first(), Some(&name(20).into()));
        assert_eq!(names.last(), Some(&name(9).into()));
    }
}
