//! Images that the embedded host makes are read by VirtualBox byte for byte, and the other way round.

use crate::rig;
use std::collections::BTreeMap;

const ID: &str = "images";

/// Runs a script of `tests/real/images/` in the chroot, on VirtualBox or on an embedded host with a home of its own.
fn run(host: &[&str], script: &str, folder: &str) -> BTreeMap<String, String> {
    let place = format!("{}/tests/real/images/{script}", env!("CARGO_MANIFEST_DIR"));
    let images = format!("IMAGES={folder}");
    let mut arguments = vec!["run", ID, "env", &images, env!("CARGO_BIN_EXE_vboxsh"), "--no-ext", "-u"];
    arguments.extend(host);
    arguments.push(&place);
    let output = rig::script(&arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().filter_map(|line| line.split_once(": ")).map(|(name, rest)| (name.into(), rest.into())).collect()
}

#[test]
fn images_are_the_same_for_both() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let _ = rig::run(&["remove", ID]);
    rig::script(&["run", ID, "mkdir", "/root/ours", "/root/theirs"]);
    let ours = |home| ["embedded", "--home", home];
    run(&ours("/root/first"), "make-images.rhai", "/root/ours");
    run(&["xpcom"], "make-images.rhai", "/root/theirs");
    // Nothing remembers the images when they are opened.
    rig::script(&["stop", ID]);
    rig::script(&["run", ID, "rm", "-rf", "/root/.config/VirtualBox"]);
    let mut wrong = Vec::new();
    for (folder, home) in [("/root/ours", "/root/second"), ("/root/theirs", "/root/third")] {
        let real = run(&["xpcom"], "read-images.rhai", folder);
        let embedded = run(&ours(home), "read-images.rhai", folder);
        assert!(real.len() >= 20, "{real:?}");
        for (name, told) in &real {
            if embedded.get(name) != Some(told) || !told.contains("Created") {
                wrong.push(format!("{folder}/{name}:\n  VirtualBox: {told}\n  embedded:   {:?}", embedded.get(name)));
            }
        }
    }
    rig::run(&["remove", ID]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
