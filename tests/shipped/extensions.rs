//! `shexts/`, on the embedded host.

use super::in_every_language;

#[test]
fn the_boot_order_is_shown_and_set() {
    in_every_language(|bench| {
        bench.line(0, &[], "create-vm web-01 Debian_64");
        let table = bench.line(0, &[], "boot-order web-01 Network HardDisk");
        let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows, [["1", "Network"], ["2", "HardDisk"], ["3", "Null"], ["4", "Null"]], "{table}");
        let json = bench.line(0, &["--json"], "boot-order web-01");
        assert!(json.starts_with("[{\"position\":1,\"device\":\"Network\"}"), "{json}");
        assert!(bench.line(2, &[], "boot-order web-01 Netwrk").contains("did you mean `Network`?"));
        let many = bench.line(1, &[], "boot-order web-01 DVD DVD DVD DVD DVD");
        assert!(many.contains("4 places to boot from, not 5"), "{many}");
    });
}

#[test]
fn labels_are_kept_shown_and_looked_for() {
    in_every_language(|bench| {
        bench.line(0, &[], "create-vm web-01 Debian_64");
        bench.line(0, &[], "create-vm web-02 Debian_64");
        assert_eq!(bench.line(0, &[], "label web-01"), "web-01 has no labels\n");
        let table = bench.line(0, &[], "label web-01 rack=4 owner=ann");
        assert_eq!(table, "LABEL  VALUE\nowner  ann\nrack   4\n");
        assert_eq!(bench.line(0, &["--json"], "labelled owner"), "[{\"machine\":\"web-01\",\"value\":\"ann\"}]\n");
        assert!(bench.line(0, &[], "labelled owner=bob").contains("no machine has the label owner=bob"));
        assert!(!bench.line(0, &[], "label web-01 rack=").contains("rack"));
        assert!(bench.line(0, &[], "foreachvm label").contains("web-02 has no labels"));
        assert!(bench.line(1, &[], "label web-01 rack").contains("write KEY=VALUE"));
    });
}

#[test]
fn adapters_are_shown_and_those_with_one_address() {
    in_every_language(|bench| {
        bench.line(0, &[], "create-vm web-01 Debian_64");
        bench.line(0, &[], "create-vm web-02 Debian_64");
        let table = bench.line(0, &[], "macs");
        assert!(table.contains("web-01      0  MACADDRESS00  NAT\nweb-02"), "{table}");
        assert_eq!(bench.line(0, &[], "macs --twice"), "no such network adapter\n");
        bench.line(0, &[], "set web-01.networkAdapter[0].MACAddress 080027000001");
        bench.line(0, &[], "set web-02.networkAdapter[0].MACAddress 080027000001");
        assert_eq!(bench.line(0, &[], "macs --twice").lines().count(), 3);
        assert_eq!(bench.line(0, &[], "macs web-02 web-01").lines().count(), 3);
        assert!(bench.line(4, &[], "macs nobody").contains("nobody"));
    });
}

#[test]
fn old_snapshots_are_pruned() {
    in_every_language(|bench| {
        bench.line(0, &[], "create-vm web-01 Debian_64");
        assert_eq!(bench.line(0, &[], "prune web-01"), "web-01 has nothing to prune\n");
        for name in ["a1", "a2", "b1", "a3"] {
            bench.line(0, &[], &format!("snapshot web-01 take {name}"));
        }
        let refused = bench.line(3, &[], "prune web-01 --keep 1 --prefix a");
        assert!(refused.contains("delete 2 snapshots of web-01: a1, a2?") && refused.contains("--yes"), "{refused}");
        assert_eq!(
            bench.line(0, &["--yes"], "prune web-01 --keep 1 --prefix a"),
            "DELETED  TAKEN\na1       TIME\na2       TIME\n"
        );
        assert_eq!(bench.line(0, &[], "get web-01.snapshotCount"), "2\n");
        assert!(bench.line(2, &[], "prune web-01 --keep few").contains("`few` is no number"));
    });
}

#[test]
fn their_own_examples_run() {
    in_every_language(|bench| {
        bench.line(0, &[], "create-vm web-01 Debian_64");
        for command in ["boot-order", "label", "labelled", "macs", "prune"] {
            let help = bench.program.lines(&[&format!("help {command}")]).ok();
            let examples = help.split("examples:\n").nth(1).unwrap_or_else(|| panic!("{command} has none: {help}"));
            for example in examples.lines().take_while(|line| !line.trim().is_empty()) {
                let line = example.trim().split("  ").next().unwrap();
                assert!(line.starts_with(command), "{example}");
                bench.line(0, &["--yes"], line);
            }
        }
    });
}
