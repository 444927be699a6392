//! Appliances that the embedded host writes are imported by VirtualBox, and the other way round, with equal settings
//! and disks.

use crate::rig;

const ID: &str = "appliances";

/// Runs a script of `tests/real/appliances/` in the chroot, on VirtualBox or on an embedded host with a home of its own.
fn run(host: &[&str], script: &str, folder: &str) -> String {
    let place = format!("{}/tests/real/appliances/{script}", env!("CARGO_MANIFEST_DIR"));
    let packages = format!("PACKAGES={folder}");
    let mut arguments = vec!["run", ID, "env", &packages, env!("CARGO_BIN_EXE_vboxsh"), "--no-ext", "-u"];
    arguments.extend(host);
    arguments.push(&place);
    String::from_utf8_lossy(&rig::script(&arguments).stdout).into_owned()
}

/// The lines in which two hosts differ.
fn differences(what: &str, left: &str, right: &str) -> Vec<String> {
    let (left, right): (Vec<_>, Vec<_>) = (left.lines().collect(), right.lines().collect());
    let mut wrong = Vec::new();
    if left.len() != right.len() {
        wrong.push(format!("{what}: {} lines and {}", left.len(), right.len()));
    }
    wrong.extend(
        left.iter()
            .zip(&right)
            .filter(|(left, right)| left != right)
            .map(|(left, right)| format!("{what}:\n  - {left}\n  + {right}")),
    );
    wrong
}

#[test]
fn packages_are_the_same_for_both() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let _ = rig::run(&["remove", ID]);
    rig::script(&["run", ID, "mkdir", "/root/ours", "/root/theirs"]);
    let embedded = ["embedded", "--home", "/root/home"];
    let (ours, theirs) = (run(&embedded, "export.rhai", "/root/ours"), run(&["xpcom"], "export.rhai", "/root/theirs"));
    assert!(ours.lines().count() > 300, "{ours}");
    let mut wrong = Vec::new();
    for (folder, made) in [("/root/ours", &ours), ("/root/theirs", &theirs)] {
        let real = run(&["xpcom"], "import.rhai", folder);
        let own = run(&embedded, "import.rhai", folder);
        assert_eq!(real.matches("== ").count(), 4, "{real}");
        wrong.extend(differences(&format!("{folder}: VirtualBox (-), embedded host (+)"), &real, &own));
        // What came in is what went out.
        for package in real.split("== ").skip(1) {
            let (name, settings) = package.split_once('\n').unwrap_or_default();
            wrong.extend(differences(&format!("{folder}/{name}: before (-), after (+)"), made, settings));
        }
    }
    rig::run(&["remove", ID]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
