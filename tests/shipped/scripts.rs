//! `scripts/`, on the embedded host.

use super::{Bench, in_every_language};

fn machines(bench: &Bench) {
    bench.line(0, &["--no-ext"], "create-vm web-01 Debian_64 --disk 1G");
    bench.line(0, &["--no-ext"], "create-vm web-02 Debian_64");
}

#[test]
fn forwarded_ports_are_listed() {
    in_every_language(|bench| {
        machines(bench);
        assert_eq!(bench.script(0, "list-ports", &[]), "no port forwards\n");
        bench.line(0, &["--no-ext"], "nat web-01 0 pf ex tcp ssh 127.0.0.1 2222 '' 22");
        let table = bench.script(0, "list-ports", &["web-01"]);
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["MACHINE", "SLOT", "RULE", "PROTOCOL", "HOST", "GUEST"], "{table}");
        assert_eq!(rows[1][..4], ["web-01", "0", "ssh", "TCP"], "{table}");
        assert!(bench.script(4, "list-ports", &["nobody"]).contains("nobody"));
    });
}

#[test]
fn a_machine_is_made_with_its_disk() {
    in_every_language(|bench| {
        let said = bench.script(0, "new-machine", &["web-01", "Debian_64", "512", "1"]);
        assert!(said.starts_with("web-01 (Debian_64, 512 MB): HOME/"), "{said}");
        assert_eq!(bench.line(0, &["--no-ext"], "get vbox.hardDisks.name"), "[\"web-01.vdi\"]\n");
        assert!(bench.script(2, "new-machine", &[]).contains("`--help` says more"));
        assert!(bench.script(2, "new-machine", &["a", "Debian_64", "much"]).contains("`much` is no number"));
        assert!(bench.script(1, "new-machine", &["a", "Debian_64", "0"]).contains("greater than 0"));
        // A name that is taken leaves nothing behind.
        let again = bench.program.run(&[&bench.path("new-machine"), "web-01"]);
        assert_ne!(again.code, 0, "{again:?}");
        assert_eq!(bench.line(0, &["--no-ext"], "get vbox.hardDisks.name"), "[\"web-01.vdi\"]\n");
    });
}

#[test]
fn a_machine_lives_and_is_gone() {
    in_every_language(|bench| {
        let said = bench.script(0, "lifecycle", &["tmp-life", "life.png"]);
        assert!(said.contains("screenshot of 720 x 400") && said.ends_with("tmp-life has lived\n"), "{said}");
        assert!(std::fs::read(bench.program.home().join("life.png")).unwrap().starts_with(b"\x89PNG"));
        // Where no picture can be written the machine goes as well.
        let failed = bench.program.run(&[&bench.path("lifecycle"), "tmp-life", "no/such/folder/life.png"]);
        assert_ne!(failed.code, 0, "{failed:?}");
        assert!(failed.out.ends_with("- powering it off\n- deleting it\n"), "{failed:?}");
        assert!(bench.program.run(&["--no-ext", "-c", "list"]).err.contains("no machines"));
    });
}

#[test]
fn nightly_snapshots_come_and_old_ones_go() {
    in_every_language(|bench| {
        machines(bench);
        bench.line(0, &["--no-ext"], "snapshot web-01 take mine");
        assert!(
            bench.script(0, "nightly-snapshots", &["--keep", "2", "web-01"]).starts_with("web-01: take nightly TIME")
        );
        bench.script(0, "nightly-snapshots", &["--keep", "2", "web-01"]);
        let dry = bench.script(0, "nightly-snapshots", &["--keep", "2", "--dry-run"]);
        assert_eq!(dry.matches("delete").count(), 1, "{dry}");
        assert_eq!(bench.line(0, &["--no-ext"], "get web-01.snapshotCount"), "3\n");
        assert!(bench.script(0, "nightly-snapshots", &["--keep", "2"]).contains("web-01: delete nightly TIME"));
        assert_eq!(bench.line(0, &["--no-ext"], "get web-01.snapshotCount"), "3\n");
        assert!(bench.line(0, &["--no-ext"], "snapshot web-01 list").contains("mine"));
        assert!(bench.script(1, "nightly-snapshots", &["--keep", "0"]).contains("--keep is 1 or more"));
        assert!(bench.script(2, "nightly-snapshots", &["--keep", "some"]).contains("no number"));
    });
}

#[test]
fn templates_are_cloned_and_names_that_are_taken_left_out() {
    in_every_language(|bench| {
        machines(bench);
        assert!(bench.script(1, "clone-many", &["--linked", "web-01", "2"]).contains("no snapshot"));
        bench.line(0, &["--no-ext"], "snapshot web-01 take base");
        let said = bench.script(0, "clone-many", &["--linked", "--snapshot", "base", "web-01", "2", "web-0"]);
        assert_eq!(said, "web-0-1: linked clone of web-01\nweb-0-2: linked clone of web-01\n");
        let said = bench.script(0, "clone-many", &["web-01", "1", "web-0"]);
        assert_eq!(said, "web-0-3: full clone of web-01\n");
        let bases = bench.line(0, &["--no-ext"], "get vbox.hardDisks.name");
        assert_eq!(bases.matches(".vdi").count(), 2, "linked clones have no base disk of their own: {bases}");
        assert!(bench.script(4, "clone-many", &["--snapshot", "no", "web-01", "1"]).contains("no snapshot `no`"));
    });
}

#[test]
fn disks_that_nothing_uses_are_found_and_go_on_demand() {
    in_every_language(|bench| {
        machines(bench);
        assert_eq!(bench.script(0, "unused-disks", &[]), "every disk is in use\n");
        bench.line(0, &["--no-ext"], "create-hdd 4 spare.vdi");
        let said = bench.script(0, "unused-disks", &[]);
        assert!(said.contains("HOME/spare.vdi") && !said.contains("web-01"), "{said}");
        let refused = bench.program.run(&[&bench.path("unused-disks"), "--delete"]);
        assert!(refused.code == 3 && refused.err.contains("delete them all"), "{refused:?}");
        assert!(bench.script(0, "unused-disks", &["--delete"]).ends_with("deleted: 1\n"));
        assert!(!bench.program.home().join("spare.vdi").exists());
        assert!(bench.script(2, "unused-disks", &["--remove"]).contains("no option `--remove`"));
    });
}

#[test]
fn a_guest_address_is_waited_for() {
    in_every_language(|bench| {
        machines(bench);
        let said = bench.script(1, "wait-address", &["--timeout", "0.3", "web-01"]);
        assert!(said.contains("web-01 has no address after 0 s") && said.contains("Guest Additions"), "{said}");
        bench.line(0, &["--no-ext"], "call web-01.setGuestProperty /VirtualBox/GuestInfo/Net/1/V4/IP 10.0.2.15 ''");
        assert_eq!(bench.script(0, "wait-address", &["--slot", "1", "web-01"]), "10.0.2.15\n");
    });
}

#[test]
fn reports_come_in_three_forms() {
    in_every_language(|bench| {
        machines(bench);
        bench.line(0, &["--no-ext"], "set web-02.groups '[/a b,/c]'");
        let markdown = bench.script(0, "report", &[]);
        assert!(
            markdown.starts_with("| name | state |") && markdown.contains("| web-01 | PoweredOff | Debian_64 |"),
            "{markdown}"
        );
        let csv = bench.script(0, "report", &["--format", "csv"]);
        assert_eq!(csv.lines().count(), 3, "{csv}");
        let json = bench.script(0, "report", &["--format", "json"]);
        let document: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(document[0]["name"], "web-01");
        assert_eq!(document[0]["disks"], 1);
        assert!(document[0]["diskBytes"].as_i64() > Some(0), "{json}");
        assert_eq!(
            bench.script(0, "report", &["--format", "csv", "--output", "report.csv"]),
            "2 machines: report.csv\n"
        );
        assert_eq!(std::fs::read_to_string(bench.program.home().join("report.csv")).unwrap(), csv);
        assert!(bench.script(2, "report", &["--format", "xml"]).contains("markdown, csv, json"));
    });
}

#[test]
fn settings_come_from_a_file() {
    in_every_language(|bench| {
        machines(bench);
        bench.program.file(
            "set",
            "# all of them\n*, description, one, of ours\n\nweb-01, memorySize, 512\nweb-01, audioSettings.adapter.enabled, true\nweb-02, clipboardMode, Bidirectional\n",
        );
        let dry = bench.script(0, "bulk-settings", &["--dry-run", "set"]);
        assert_eq!(bench.line(0, &["--no-ext"], "get web-01.memorySize"), "2048\n");
        assert_eq!(bench.script(0, "bulk-settings", &["set"]), dry);
        assert!(
            dry.contains("web-01: memorySize 2048 -> 512\n") && dry.contains("web-02: description  -> one, of ours\n"),
            "{dry}"
        );
        assert_eq!(bench.line(0, &["--no-ext"], "get web-01.memorySize"), "512\n");
        assert_eq!(bench.line(0, &["--no-ext"], "get web-02.clipboardMode"), "Bidirectional\n");
        assert_eq!(bench.script(0, "bulk-settings", &["set"]), "");
        bench.program.file("wrong", "web-01, memorySize\n");
        assert!(bench.script(1, "bulk-settings", &["wrong"]).contains("wrong:1: a line is machine, setting, value"));
        bench.program.file("wrong", "web-01, memorySize, much\n");
        assert!(bench.script(1, "bulk-settings", &["wrong"]).contains("wrong:1: \"much\" is no number"));
    });
}

#[test]
fn machines_are_stopped_in_time_or_ended() {
    in_every_language(|bench| {
        machines(bench);
        assert_eq!(bench.script(0, "stop-all", &[]), "");
        bench.line(0, &["--no-ext"], "start web-01 headless");
        bench.line(0, &["--no-ext"], "start web-02 headless");
        // The simulated guest does not listen to the power button.
        let said = bench.script(1, "stop-all", &["--timeout", "0.3", "web-01"]);
        assert!(said.contains("web-01: power button") && said.contains("1 of 1 machines still run"), "{said}");
        let said = bench.script(0, "stop-all", &["--timeout", "0.3", "--then", "save", "web-01"]);
        assert!(said.ends_with("web-01: save\n"), "{said}");
        assert_eq!(bench.line(0, &["--no-ext"], "get web-01.state"), "Saved\n");
        bench.script(0, "stop-all", &["--timeout", "0.3", "--then", "poweroff"]);
        assert_eq!(bench.line(0, &["--no-ext"], "get web-02.state"), "PoweredOff\n");
        assert!(bench.script(2, "stop-all", &["--then", "burn"]).contains("save, poweroff"));
    });
}

#[cfg(feature = "python")]
#[test]
fn an_ordinary_python_runs_them_too() {
    let bench = Bench::new("py");
    machines(&bench);
    for (name, arguments, code) in [
        ("list-ports", &[][..], 0),
        ("report", &["--format", "csv"], 0),
        ("nightly-snapshots", &["--dry-run"], 0),
        ("nightly-snapshots", &["--keep", "0"], 1),
        ("clone-many", &["--linked", "web-01", "1"], 1),
        ("wait-address", &["--timeout", "0.1", "web-01"], 1),
        ("stop-all", &["--help"], 0),
        ("stop-all", &["--then", "burn"], 2),
        ("unused-disks", &[], 0),
    ] {
        let Some(mut python) = crate::python::ordinary(&bench.program) else { return };
        let output = python.arg(bench.path(name)).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(output.status.code(), Some(code), "{name}: {} {}", text(&output.stdout), text(&output.stderr));
        let said = bench.normal(&format!("{}{}", text(&output.stdout), text(&output.stderr)));
        assert_eq!(said, bench.script(code, name, arguments), "{name}");
    }
}
