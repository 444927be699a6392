//! Trees of snapshots between the embedded host and VirtualBox: what one made the other opens, with the same
//! attributes, and works on with.

use crate::rig;
use std::process::Output;

/// An instance of VirtualBox for one test.
struct Instance(&'static str);

impl Drop for Instance {
    fn drop(&mut self) {
        rig::run(&["remove", self.0]);
    }
}

impl Instance {
    fn new(name: &'static str) -> Self {
        rig::run(&["remove", name]);
        Self(name)
    }

    /// Runs a script on its home: by VirtualBox, or by the embedded host while that is stopped.
    fn script(&self, embedded: bool, name: &str) -> String {
        let script = format!("{}/tests/real/snapshots/{name}.rhai", env!("CARGO_MANIFEST_DIR"));
        let mut arguments = vec!["run", self.0, env!("CARGO_BIN_EXE_vboxsh"), "--no-ext", "-u"];
        if embedded {
            rig::script(&["stop", self.0]);
            arguments.extend(["embedded", "--home", "/root/.config/VirtualBox"]);
        } else {
            arguments.push("xpcom");
        }
        arguments.push(&script);
        let Output { status, stdout, stderr } = rig::run(&arguments);
        let said = String::from_utf8_lossy(&stdout).into_owned();
        assert!(status.success(), "{name} (embedded: {embedded}): {said}{}", String::from_utf8_lossy(&stderr));
        assert!(!said.contains("FAILED"), "{name} (embedded: {embedded}): {said}");
        said
    }

    fn same(&self, when: &str) {
        let (ours, theirs) = (self.script(true, "look"), self.script(false, "look"));
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            assert_eq!(ours, theirs, "{when} (left: embedded, right: VirtualBox)");
        }
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{when}");
        assert!(ours.lines().count() > 60, "{ours}");
    }
}

#[test]
fn trees_of_the_embedded_host_are_virtualbox_s() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let instance = Instance::new("snapshots-ours");
    instance.script(true, "make");
    instance.same("made by the embedded host");
    instance.script(false, "use");
    instance.same("and changed by VirtualBox");
}

#[test]
fn trees_of_virtualbox_are_the_embedded_host_s() {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return;
    }
    let instance = Instance::new("snapshots-theirs");
    instance.script(false, "make");
    instance.same("made by VirtualBox");
    instance.script(true, "use");
    instance.same("and changed by the embedded host");
}
