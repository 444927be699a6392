//! The shipped scripts, on the embedded host.

use crate::support::program::Program;

fn script(name: &str) -> String {
    format!("{}/scripts/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_machine_is_made_with_its_disk_and_found_again() {
    let program = Program::new();
    let out = program.run(&[&script("new-machine.rhai"), "tmp-new", "Debian_64", "512", "1"]).ok();
    assert!(out.starts_with("tmp-new (Debian_64, 512 MB): "), "{out}");
    let disks = program.eval(
        "vbox.findMachine(\"tmp-new\").mediumAttachments.filter(|a| a.type == \"HardDisk\").map(|a| a.medium.name)",
    );
    assert!(disks.ok().contains("tmp-new.vdi"));

    program.eval("vbox.findMachine(\"tmp-new\").session(|s| s.machine.getNetworkAdapter(0).NATEngine.addRedirect(\"ssh\", NATProtocol.TCP, \"127.0.0.1\", 2222, \"\", 22))").ok();
    let table = program.run(&[&script("list-ports.rhai")]).ok();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1], ["tmp-new", "0", "ssh", "TCP", "127.0.0.1:2222", ":22"], "{table}");
}

#[test]
fn wrong_words_are_told_and_leave_nothing() {
    let program = Program::new();
    assert_eq!(program.run(&[&script("new-machine.rhai")]).code, 2);
    assert!(
        program
            .run(&[&script("new-machine.rhai"), "a", "Debian_64", "much"])
            .failed(6)
            .contains("the memory is a number")
    );
    program.run(&[&script("new-machine.rhai"), "a", "NoSuchOS"]);
    assert!(program.run(&[&script("list-ports.rhai"), "nobody"]).failed(4).contains("nobody"));
    assert_eq!(program.eval("vbox.machines.len()").ok().trim(), "0");
}

#[test]
fn a_machine_lives_and_is_gone() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("life.png");
    let said = program.run(&[&script("lifecycle.rhai"), "tmp-life", picture.to_str().unwrap()]).ok();
    assert!(said.contains("screenshot of 720 x 400") && said.contains("tmp-life has lived"), "{said}");
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(program.eval("vbox.machines.len() + vbox.hardDisks.len()").ok().trim(), "0");
}
