//! Settings files that were cut off, changed at random or made to hurt: an error or an inaccessible machine, never a
//! panic, never a changed file.

use super::{Home, change, object, objects, text};
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use vboxsh::backend::embedded::EmbeddedTransport;
use vboxsh::model::{Connection, Error, Object, Value};

/// A registry and a machine's file with something of everything in them.
fn files() -> &'static (Vec<u8>, Vec<u8>) {
    static FILES: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    FILES.get_or_init(|| {
        let home = Home::new();
        let machine = home.machine("m");
        let disk = home.disk("d.vdi");
        home.vbox().call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
        change(&machine, |mutable| {
            let place = vec!["SATA".into(), Value::Int(0), Value::Int(0), "HardDisk".into(), Value::Object(disk)];
            mutable.call("attachDevice", place).unwrap();
            mutable.call("setExtraData", vec!["k".into(), "v".into()]).unwrap();
            mutable.call("setGuestProperty", vec!["/p".into(), "v".into(), "".into()]).unwrap();
            let folder = vec!["f".into(), "/tmp".into(), true.into(), true.into(), "".into()];
            mutable.call("createSharedFolder", folder).unwrap();
            object(mutable.call("getSerialPort", vec![Value::Int(0)]).unwrap()).set("enabled", true.into()).unwrap();
        });
        let registry = std::fs::read(home.folder.path().join("home/VirtualBox.xml")).unwrap();
        let settings = std::fs::read(text(&machine, "settingsFilePath")).unwrap();
        let folder = home.folder.path().to_str().unwrap().to_owned();
        // The home is another one each time.
        let fixed = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&folder, "FOLDER").into_bytes();
        (fixed(registry), fixed(settings))
    })
}

struct Damaged {
    folder: tempfile::TempDir,
    registry: PathBuf,
    settings: PathBuf,
}

impl Damaged {
    fn new(registry: &[u8], settings: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().as_bytes().to_owned();
        let machine = folder.path().join("VirtualBox VMs/m");
        std::fs::create_dir_all(folder.path().join("home")).unwrap();
        std::fs::create_dir_all(&machine).unwrap();
        let (at, file) = (folder.path().join("home/VirtualBox.xml"), machine.join("m.vbox"));
        std::fs::write(&at, replaced(registry, b"FOLDER", &path)).unwrap();
        std::fs::write(&file, replaced(settings, b"FOLDER", &path)).unwrap();
        Self { folder, registry: at, settings: file }
    }

    /// Opens the home and reads what there is; the files stay as they are.
    fn survives(&self) -> Result<(), Error> {
        let before = [&self.registry, &self.settings].map(|file| std::fs::read(file).unwrap());
        let opened =
            EmbeddedTransport::open(&self.folder.path().join("home"), &self.folder.path().join("VirtualBox VMs"));
        let result = opened.map(|transport| look(&Connection::new(std::sync::Arc::new(transport)), &self.settings));
        let after = [&self.registry, &self.settings].map(|file| std::fs::read(file).unwrap());
        assert!(before == after, "reading changed a file");
        let machine = std::fs::read_dir(self.settings.parent().unwrap()).unwrap().count();
        assert_eq!(machine, 1, "reading left something behind");
        result
    }
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn look(connection: &Connection, settings: &Path) {
    let vbox = connection.root();
    for machine in objects(vbox.get("machines").unwrap()) {
        let accessible = machine.get("accessible").unwrap() == Value::Bool(true);
        if accessible {
            read_all(&machine, 0);
        } else {
            assert!(!text(&object(machine.get("accessError").unwrap()), "text").is_empty());
            assert_eq!(super::code(machine.get("memorySize")), "E_ACCESSDENIED");
            assert!(!text(&machine, "settingsFilePath").is_empty());
        }
    }
    for name in ["hardDisks", "DVDImages", "floppyImages"] {
        objects(vbox.get(name).unwrap()).iter().for_each(|medium| read_all(medium, 3));
    }
    let _ = vbox.call("getExtraDataKeys", vec![]);
    if let Ok(Value::Object(machine)) = vbox.call("openMachine", vec![settings.to_str().unwrap().into(), "".into()]) {
        read_all(&machine, 2);
    }
}

fn read_all(object: &Object, depth: usize) {
    for attribute in object.interface().attributes() {
        if matches!(attribute.name, "parent" | "properties" | "eventSource") {
            continue;
        }
        match object.read(attribute) {
            Ok(Value::Object(part)) if depth < 2 => read_all(&part, depth + 1),
            Ok(Value::List(parts)) if depth < 2 => {
                parts.iter().filter_map(Value::as_object).for_each(|part| read_all(part, depth + 1));
            }
            _ => {}
        }
    }
}

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Cut(prop::sample::Index),
    Byte(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
    Number(prop::sample::Index, &'static str),
}

fn change_of_file() -> impl Strategy<Value = Change> {
    const PIECES: [&str; 14] =
        ["<", ">", "\"", "&#0;", "&x;", "<!--", "]]>", "<a>", "/>", "\u{0}", "é", "%s%n", "<Machine/>", "<Snapshot/>"];
    const NUMBERS: [&str; 9] =
        ["-1", "99999999999999999999999", "4294967296", "0x", "NaN", "", "1e9", "true", "-9223372036854775808"];
    let index = || any::<prop::sample::Index>();
    prop_oneof![
        index().prop_map(Change::Cut),
        (index(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (index(), 1_usize..200).prop_map(|(at, length)| Change::Remove(at, length)),
        (index(), 1_usize..200).prop_map(|(at, length)| Change::Double(at, length)),
        (index(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (index(), prop::sample::select(&NUMBERS[..])).prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

fn changed(file: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut file = file.to_owned();
    for change in changes {
        if file.is_empty() {
            break;
        }
        match change {
            Change::Cut(at) => file.truncate(at.index(file.len())),
            Change::Byte(at, byte) => {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            Change::Remove(at, length) => {
                let at = at.index(file.len());
                file.drain(at..(at + length).min(file.len()));
            }
            Change::Double(at, length) => {
                let at = at.index(file.len());
                let piece = file[at..(at + length).min(file.len())].to_owned();
                file.splice(at..at, piece);
            }
            Change::Insert(at, piece) => {
                let at = at.index(file.len());
                file.splice(at..at, piece.bytes());
            }
            // The value of the attribute that follows.
            Change::Number(at, number) => {
                let at = at.index(file.len());
                let Some(start) = file[at..].iter().position(|byte| *byte == b'"').map(|quote| at + quote + 1) else {
                    continue;
                };
                let Some(length) = file[start..].iter().position(|byte| *byte == b'"') else { continue };
                file.splice(start..start + length, number.bytes());
            }
        }
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_machine_file_changed_at_random_is_an_error_at_worst(changes in prop::collection::vec(change_of_file(), 1..4)) {
        let (registry, settings) = files();
        Damaged::new(registry, &changed(settings, &changes)).survives().unwrap();
    }

    #[test]
    fn a_registry_changed_at_random_is_an_error_at_worst(changes in prop::collection::vec(change_of_file(), 1..4)) {
        let (registry, settings) = files();
        if let Err(error) = Damaged::new(&changed(registry, &changes), settings).survives() {
            prop_assert!(error.to_string().contains("VirtualBox.xml"), "{error}");
        }
    }
}

#[test]
fn a_machine_file_cut_anywhere_is_an_error_at_worst() {
    let (registry, settings) = files();
    for length in (0..settings.len()).step_by(61) {
        Damaged::new(registry, &settings[..length]).survives().unwrap();
    }
}

#[test]
fn files_made_to_hurt_are_refused_at_once() {
    let (registry, settings) = files();
    let settings = std::str::from_utf8(settings).unwrap();
    let deep = ["<a>".repeat(200_000), "</a>".repeat(200_000)].concat();
    let wide = "<a/>".repeat(200_000);
    let bomb = "<!DOCTYPE v [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let snapshots = "<Snapshot uuid='{00000000-0000-4000-8000-000000000001}' name='s'><Snapshots>".repeat(20_000);
    let hurtful = [
        settings.replace("<Hardware>", &format!("<Hardware>{deep}")),
        settings.replace("<Hardware>", &format!("<Hardware>{wide}")),
        settings.replace("<VirtualBox ", &format!("{bomb}<VirtualBox ")).replace("name=\"m\"", "name=\"&c;&c;&c;\""),
        settings.replace("<Hardware>", &format!("{snapshots}<Hardware>")),
        settings.replace("name=\"m\"", &format!("name=\"{}\"", "x".repeat(5_000_000))),
        settings.replace("slot=\"0\"", "slot=\"4294967295\""),
        settings.replace("PortCount=\"", "PortCount=\"99999999"),
        settings.replace("<Display ", "<Display monitorCount=\"4294967295\" "),
        settings.replace("version=\"1.", "version=\"4294967296."),
    ];
    for (at, file) in hurtful.iter().enumerate() {
        let start = Instant::now();
        Damaged::new(registry, file.as_bytes()).survives().unwrap();
        assert!(start.elapsed() < Duration::from_secs(20), "number {at} took {:?}", start.elapsed());
    }
}

#[test]
fn a_file_that_is_mended_makes_its_machine_accessible_again() {
    let home = Home::new();
    let file = text(&home.machine("m"), "settingsFilePath");
    let good = std::fs::read(&file).unwrap();
    for damage in [Some(&b"<VirtualBox"[..]), None] {
        match damage {
            Some(damage) => std::fs::write(&file, damage).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let other = home.another();
        let machine = objects(other.root().get("machines").unwrap()).remove(0);
        assert_eq!(machine.get("accessible").unwrap(), Value::Bool(false));
        std::fs::write(&file, &good).unwrap();
        assert_eq!(machine.get("accessible").unwrap(), Value::Bool(true));
        assert_eq!(machine.get("accessError").unwrap(), Value::Null);
        assert_eq!(text(&machine, "name"), "m");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(machine.get("accessible").unwrap(), Value::Bool(true), "once accessible, it stays so");
        std::fs::write(&file, &good).unwrap();
    }
}
