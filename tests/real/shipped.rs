//! The scripts and extensions that come along, in both languages, on a real VirtualBox: over the web service and over
//! XPCOM they say what they say on the embedded host.

use crate::commands::Host;
use crate::rig::{self, Vboxsh};
use std::path::{Path, PathBuf};
use std::process::Output;

/// Calls on machines that are off, in this order: `.X` is the language's ending, a line without it is the shell's.
const TOUR: &[&[&str]] = &[
    &["new-machine.X", "web-01", "Debian_64", "64", "1"],
    &["new-machine.X", "web-02", "Debian_64", "64", "1"],
    &["bulk-settings.X", "--dry-run", "SETTINGS"],
    &["bulk-settings.X", "SETTINGS"],
    &["bulk-settings.X", "SETTINGS"],
    &["list-ports.X"],
    &["nat web-01 0 pf ex tcp ssh 127.0.0.1 2222 '' 22"],
    &["list-ports.X", "web-01"],
    &["nightly-snapshots.X", "--keep", "1", "web-01"],
    &["nightly-snapshots.X", "--keep", "1"],
    &["get web-01.snapshotCount"],
    &["clone-many.X", "--linked", "web-01", "2", "copy"],
    &["clone-many.X", "web-02", "1", "copy"],
    &["unused-disks.X"],
    &["wait-address.X", "--timeout", "0.1", "web-01"],
    &["stop-all.X"],
    &["boot-order web-01 Network HardDisk"],
    &["label web-01 rack=4 owner=ann"],
    &["labelled owner"],
    &["macs web-01 --twice"],
    &["snapshot web-02 take a1"],
    &["snapshot web-02 take a2"],
    &["prune web-02 --keep 1 --prefix a"],
    &["report.X"],
    &["report.X", "--format", "csv"],
    &["get vbox.machines.name"],
];

/// Where the calls go.
enum Place<'a> {
    Embedded(&'a Vboxsh),
    Web(&'a Vboxsh, &'a str),
    Xpcom(&'a Host),
}

impl Place<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        match self {
            Self::Embedded(shell) => {
                let mut command = shell.command();
                command.args(["--yes", "-u", "embedded"]).args(arguments);
                command.env("VBOXSH_HOME", shell.home().join("vboxsh")).output().unwrap()
            }
            Self::Web(shell, url) => shell.command().args(["--yes", "-u", url]).args(arguments).output().unwrap(),
            Self::Xpcom(host) => {
                let program = [env!("CARGO_BIN_EXE_vboxsh"), "--yes", "-u", "xpcom"];
                rig::run(&[&["run", host.id(), "env", "COLUMNS=100"][..], &program, arguments].concat())
            }
        }
    }

    /// The folder of the user's settings, where extensions stand.
    fn settings(&self) -> PathBuf {
        match self {
            Self::Embedded(shell) | Self::Web(shell, _) => shell.home().to_owned(),
            Self::Xpcom(host) => host.folder().join(".config/VirtualBox"),
        }
    }
}

fn install(place: &Place<'_>, language: &str) {
    let shexts = place.settings().join("shexts");
    let _ = std::fs::remove_dir_all(&shexts);
    std::fs::create_dir_all(&shexts).unwrap();
    let from = format!("{}/shexts/{language}", env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), shexts.join(file.file_name())).unwrap();
    }
}

/// Goes through all calls, and then takes the machines away; gives what was said, in the form that all places have.
fn tour(place: &Place<'_>, ending: &str, settings: &Path) -> String {
    install(place, if ending == "py" { "python" } else { ending });
    let mut said = String::new();
    for call in TOUR {
        let first = call[0].replace(".X", &format!(".{ending}"));
        let script = format!("{}/scripts/{first}", env!("CARGO_MANIFEST_DIR"));
        let output = if call[0].ends_with(".X") {
            let rest = call[1..].iter().map(|word| if *word == "SETTINGS" { settings.to_str().unwrap() } else { word });
            place.run(&[script.as_str()].into_iter().chain(rest).collect::<Vec<_>>())
        } else {
            // Where Python has no shared library the program becomes Python, which it has to know at its start.
            let language = if ending == "py" { "python" } else { ending };
            place.run(&["--lang", language, "-c", call[0]])
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&format!(".{ending}"), ".X");
        let code = output.status.code();
        said += &format!("$ {call:?}: {code:?}\n{}{}", text(&output.stdout), text(&output.stderr));
    }
    // Newer ones first: linked clones hang on the disks of their template.
    let gone =
        place.run(&["-c", "remove-vm copy-1; remove-vm copy-2; remove-vm copy-3; remove-vm web-02; remove-vm web-01"]);
    assert!(gone.status.success(), "{said}{}", String::from_utf8_lossy(&gone.stderr));
    normal(&said)
}

/// Without what differs from run to run and from place to place.
fn normal(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME"),
        (r"080027[0-9A-F]{6}", "MACADDRESS00"),
        (r"/[^ |,]*/VirtualBox VMs/", "MACHINES/"),
    ] {
        text = regex_lite::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
    }
    text
}

#[test]
fn shipped_scripts_and_extensions_say_the_same_everywhere() {
    let Some(host) = Host::new("shipped") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/real-shipped");
    std::fs::create_dir_all(&folder).unwrap();
    let settings = folder.join("settings");
    std::fs::write(
        &settings,
        "*, description, one, of ours\nweb-01, memorySize, 96\nweb-02, clipboardMode, Bidirectional\n",
    )
    .unwrap();
    let (embedded, web) = (Vboxsh::new(), Vboxsh::new());
    let expected = tour(&Place::Embedded(&embedded), "rhai", &settings);
    assert!(expected.contains("web-01: memorySize 64 -> 96\n") && expected.contains("ssh"), "{expected}");
    assert_eq!(expected.matches("Some(0)").count(), TOUR.len() - 1, "only the wait for an address fails: {expected}");
    let over_web = Place::Web(&web, host.url().unwrap());
    let mut places = vec![("web service", "rhai", &over_web)];
    let over_xpcom = Place::Xpcom(&host);
    if cfg!(feature = "python") {
        places.push(("web service", "py", &over_web));
    }
    if cfg!(feature = "xpcom") {
        places.push(("XPCOM", if cfg!(feature = "python") { "py" } else { "rhai" }, &over_xpcom));
    }
    for (name, ending, place) in places {
        let said = tour(place, ending, &settings);
        let differs = said.lines().zip(expected.lines()).find(|(said, expected)| said != expected);
        assert_eq!(differs, None, "{name} {ending}:\n{said}\n--- expected:\n{expected}");
        assert_eq!(said, expected, "{name} {ending}");
    }
}
