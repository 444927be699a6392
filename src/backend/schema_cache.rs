//! The schema of a server's release: from memory, from the cache folder, or from its own WSDL.
//!
//! A WSDL has megabytes and changes only with the release, so its table is kept. The cache is a
//! convenience: a damaged file is made anew, and without a folder everything works, slower.

use crate::model::{ConnectionProblem, Error, Result};
use crate::schema::{Schema, table_from_wsdl};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Rises when the form of the table or of the cache file changes.
const FORMAT: u32 = 1;

/// A cache file larger than this (in bytes) is not one; 7.2's has 105 kB.
const LARGEST: u64 = 8 << 20;

type Known = HashMap<(String, String, u32), &'static Schema>;

/// Schemas that this process has met already. They last as long as it does.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// The schema of the release that a server says it is. `fetch` reads its WSDL; it is called only when
/// neither memory nor the cache folder has the table.
///
/// # Errors
/// What `fetch` gives, or a WSDL that cannot be read. A cache that does not work is no error.
pub fn schema_for(
    version: &str,
    api: &str,
    revision: u32,
    fetch: &mut dyn FnMut() -> Result<String>,
) -> Result<&'static Schema> {
    let key = (version.to_owned(), api.to_owned(), revision);
    if let Some(schema) = known().get(&key) {
        return Ok(schema);
    }
    // Not held while the server is asked: another connection must not wait for this one.
    let folder = folder(std::env::var_os("VBOXSH_CACHE_DIR"));
    let schema = find(folder.as_deref(), &key, fetch)?;
    Ok(known().entry(key).or_insert(schema))
}

fn known() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The folder of the cache: the one that is asked for, else the user's own for caches.
fn folder(wanted: Option<OsString>) -> Option<PathBuf> {
    match wanted.filter(|wanted| !wanted.is_empty()) {
        Some(folder) => Some(folder.into()),
        None => Some(directories::ProjectDirs::from("", "", "vboxsh")?.cache_dir().to_owned()),
    }
}

/// From the folder, else from the server.
fn find(
    folder: Option<&Path>,
    (version, api, revision): &(String, String, u32),
    fetch: &mut dyn FnMut() -> Result<String>,
) -> Result<&'static Schema> {
    let file = folder.map(|folder| folder.join(file_name(version, api, *revision)));
    let states = |schema: &'static Schema| {
        let stated = schema.version();
        (stated.full, stated.api, stated.revision) == (version.as_str(), api.as_str(), *revision)
    };
    let kept = file.as_deref().and_then(|file| read(file).ok()).and_then(|table| schema_of(table).ok());
    if let Some(schema) = kept.filter(|schema| states(schema)) {
        return Ok(schema);
    }
    let table = table_from_wsdl(&fetch()?, version, api, *revision).map_err(|error| unreadable(version, &error))?;
    let schema = schema_of(table.clone()).map_err(|error| unreadable(version, &error))?;
    if let Some(file) = file {
        // Without it the next run reads the WSDL once more.
        let _ = write(&file, &table);
    }
    Ok(schema)
}

fn schema_of(table: String) -> Result<&'static Schema, crate::schema::TableError> {
    let schema = Schema::parse(table.leak())?.leak();
    schema.check()?;
    Ok(schema)
}

fn unreadable(version: &str, error: &dyn std::fmt::Display) -> Error {
    ConnectionProblem {
        message: format!(
            "the server says it is VirtualBox {version}, and its description of itself makes no sense: {error}"
        ),
        hint: "check that the address is a VirtualBox web service; `curl 'URL/?wsdl'` shows what it says".to_owned(),
    }
    .into()
}

/// The name holds all that the content depends on.
fn file_name(version: &str, api: &str, revision: u32) -> String {
    let clean = |text: &str| -> String {
        let letters =
            text.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' });
        letters.take(64).collect()
    };
    format!("main-api-{}-{}-r{revision}-{FORMAT}-{}.txt", clean(version), clean(api), clean(env!("CARGO_PKG_VERSION")))
}

/// The first line of a cache file: what the rest must be. It guards against accidents, not against malice.
fn seal(table: &str) -> String {
    // FNV-1a, 64 bit.
    let sum = table
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("vboxsh table {FORMAT}, {} bytes, {sum:016x}\n", table.len())
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(file)?.take(LARGEST).read_to_string(&mut text)?;
    let start = text.find('\n').map_or(text.len(), |end| end + 1);
    let table = text.split_off(start);
    if text == seal(&table) { Ok(table) } else { Err(io::Error::other("damaged")) }
}

/// Writes a file that is there whole or not at all, for its owner alone.
fn write(file: &Path, table: &str) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = file.parent().ok_or_else(|| io::Error::other("no folder"))?;
    let mut builder = DirBuilder::new();
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.recursive(true).create(folder)?;
    let part = folder.join(format!(".{}-{}.part", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let written = options.write(true).create_new(true).open(&part).and_then(|mut opened| {
        opened.write_all(seal(table).as_bytes())?;
        opened.write_all(table.as_bytes())?;
        opened.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&part, file));
    if moved.is_err() {
        let _ = fs::remove_file(&part);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    const WSDL: &str = include_str!("../../tests/fixtures/release.wsdl");

    fn key(version: &str) -> (String, String, u32) {
        (version.to_owned(), "7_2".to_owned(), 9)
    }

    /// Finds the schema in that folder; says whether the server was asked.
    fn asked(folder: Option<&Path>, version: &str) -> bool {
        let mut asked = false;
        let mut fetch = || {
            asked = true;
            Ok(WSDL.to_owned())
        };
        let schema = find(folder, &key(version), &mut fetch).expect("a schema");
        assert_eq!((schema.version().full, schema.version().revision), (version, 9));
        assert!(schema.interface("IMachine").is_some_and(|machine| machine.attribute("name").is_some()));
        asked
    }

    #[test]
    fn a_table_is_kept_per_release() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        assert!(asked(Some(&deep), "7.2.22"));
        assert!(!asked(Some(&deep), "7.2.22"));
        assert!(asked(Some(&deep), "7.2.24"));
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 2, "no temporary file is left");
        let mut fetch = || Err(Error::Interrupted);
        assert!(
            find(Some(&deep), &("7.2.22".into(), "7_2".into(), 10), &mut fetch).is_err(),
            "another revision is another release"
        );
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("cache");
        asked(Some(&deep), "7.2.22");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&deep), 0o700);
        assert_eq!(mode(&deep.join(file_name("7.2.22", "7_2", 9))), 0o600);
    }

    #[test]
    fn a_damaged_file_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(file_name("7.2.22", "7_2", 9));
        assert!(asked(Some(folder.path()), "7.2.22"));
        let whole = fs::read(&file).unwrap();
        let table = String::from_utf8(whole.clone()).unwrap().split_once('\n').unwrap().1.to_owned();
        let swapped = table.replace("IMachine ", "IMachina ");
        let foreign = table.replace("V 7.2.22 ", "V 7.1.0 ");
        let senseless = "V 7.2.22 7_2 9\nI IMachine $unknown m 0\n name nothing\n".to_owned();
        for (name, damaged) in [
            ("empty", Vec::new()),
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("no text", vec![0xff; 5000]),
            ("changed inside", whole.iter().map(|byte| if *byte == b'm' { b'n' } else { *byte }).collect()),
            ("not of its seal", [seal(&table), swapped].concat().into_bytes()),
            ("another release", [seal(&foreign), foreign].concat().into_bytes()),
            ("senseless", [seal(&senseless), senseless].concat().into_bytes()),
        ] {
            fs::write(&file, &damaged).unwrap();
            assert!(asked(Some(folder.path()), "7.2.22"), "{name}");
            assert_eq!(fs::read(&file).unwrap(), whole, "{name}");
        }
        assert!(!asked(Some(folder.path()), "7.2.22"));
    }

    #[test]
    fn it_goes_on_without_a_cache() {
        assert!(asked(None, "7.2.22"));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        assert!(asked(Some(&file.join("cache")), "7.2.22"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
    }

    #[test]
    fn a_release_is_fetched_once_in_a_process() {
        let mut times = 0;
        let mut schemas = Vec::new();
        for _ in 0..3 {
            let mut fetch = || {
                times += 1;
                Ok(WSDL.to_owned())
            };
            // No other test and no server has this release.
            let revision = 4_000_000_000 + std::process::id() % 1_000_000;
            schemas.push(schema_for("7.2.99-test", "7_2", revision, &mut fetch).unwrap());
        }
        assert!(times <= 1);
        assert!(schemas.windows(2).all(|pair| std::ptr::eq(pair[0], pair[1])));
        if let Some(folder) = folder(std::env::var_os("VBOXSH_CACHE_DIR")) {
            let revision = 4_000_000_000 + std::process::id() % 1_000_000;
            let _ = fs::remove_file(folder.join(file_name("7.2.99-test", "7_2", revision)));
        }
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let refused = find(None, &key("7.2.22"), &mut || Err(Error::Interrupted));
        assert!(matches!(refused, Err(Error::Interrupted)));
        let error = find(None, &key("7.2.22"), &mut || Ok("<html></html>".to_owned())).map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::Connection(_)) && error.hint().is_some(), "{error}");
    }

    #[test]
    fn names_of_files_are_harmless() {
        let name = file_name("../../etc/7.2 22\0é", "7_2", 1);
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)), "{name}");
        assert!(name.contains(env!("CARGO_PKG_VERSION")));
        assert!(file_name(&"9".repeat(5000), "7_2", 1).len() < 200);
        assert_eq!(folder(Some("/somewhere".into())), Some(PathBuf::from("/somewhere")));
        assert_eq!(folder(Some(OsString::new())), folder(None));
    }
}
