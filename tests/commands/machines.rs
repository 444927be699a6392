//! Making, changing and removing machines and media by commands: what they do, and what they say when they cannot.

use crate::support::program::Program;

/// A home with one machine that has VirtualBox's defaults.
fn with_machine() -> Program {
    let program = Program::new();
    program.lines(&["create-vm web-01 Debian_64"]).ok();
    program
}

#[test]
fn a_machine_is_made_with_memory_processors_and_a_disk() {
    let program = Program::new();
    program.lines(&["create-vm db-01 Debian_64 --memory 3G --cpus 2 --disk 20G"]).ok();
    assert_eq!(program.lines(&["get db-01.memorySize db-01.CPUCount"]).ok(), "3072\n2\n");
    let media = program.lines(&["list-media disks"]).ok();
    assert!(media.contains("db-01.vdi") && media.contains("20.0 GiB"), "{media}");
    let error = program.lines(&["create-vm db-02 NoSuchSystem"]).failed(4);
    assert!(error.contains("NoSuchSystem"), "{error}");
    let error = program.lines(&["create-vm db-02 Debian_64 --memory lots"]).failed(2);
    assert!(error.contains("`lots` is no size") && error.contains("hint:"), "{error}");
    assert!(!program.lines(&["list"]).ok().contains("db-02"), "nothing is left of a refused one");
}

#[test]
fn removing_names_the_files_and_wants_consent() {
    let program = Program::new();
    program.lines(&["create-vm db-01 Debian_64 --disk 1G"]).ok();
    let error = program.lines(&["remove-vm db-01"]).failed(3);
    assert!(error.contains("db-01.vbox") && error.contains("db-01.vdi") && error.contains("--yes"), "{error}");
    assert!(program.lines(&["list"]).ok().contains("db-01"), "nothing was lost");
    program.run(&["--yes", "-c", "removeVm db-01"]).ok();
    assert!(!program.lines(&["list"]).ok().contains("db-01"));
    assert!(!program.lines(&["list-media"]).ok().contains("db-01.vdi"), "its disk went with it");
}

#[test]
fn settings_change_together_or_not_at_all() {
    let program = with_machine();
    program.lines(&["modify web-01 memorySize=512 CPUCount=2 networkAdapter[0].cableConnected=false"]).ok();
    assert_eq!(program.lines(&["get web-01.memorySize web-01.CPUCount"]).ok(), "512\n2\n");
    program.lines(&["modify web-01 memorySize=768 CPUCount=many"]).failed(2);
    assert_eq!(program.lines(&["get web-01.memorySize"]).ok(), "512\n", "the first change was not kept either");
    let error = program.lines(&["setvar web-01 memorySiz 1"]).failed(2);
    assert!(error.contains("memorySize"), "{error}");
}

#[test]
fn port_forwarding_is_what_nat_shows() {
    let program = with_machine();
    program.lines(&["portForward web-01 0 8080 80"]).ok();
    let rules = program.lines(&["nat web-01 0 pf"]).ok();
    assert!(rules.contains("8080") && rules.contains("TCP"), "{rules}");
    program.lines(&["nat web-01 0 pf ex udp dns 127.0.0.1 5353 10.0.2.15 53"]).ok();
    program.lines(&["nat web-01 0 pf delete dns"]).ok();
    let error = program.lines(&["nat web-01 0 pf delete dns"]).failed(4);
    assert!(error.contains("no rule is named `dns`") && error.contains("tcp_8080_80"), "{error}");
    let error = program.lines(&["nat web-01 0 pf simple icmp 1 2"]).failed(2);
    assert!(error.contains("`icmp` is no protocol"), "{error}");
}

#[test]
fn adapters_are_shown_and_changed() {
    let program = with_machine();
    program.lines(&["nic web-01 0 attachment internal dmz"]).ok();
    assert_eq!(program.lines(&["nic web-01 0 attachment"]).ok(), "Internal dmz\n");
    program.lines(&["nic web-01 0 cable off"]).ok();
    assert_eq!(program.lines(&["nic web-01 0 cable"]).ok(), "false\n");
    let error = program.lines(&["nic web-01 0 attachment Internal"]).failed(2);
    assert!(error.contains("wants the name"), "{error}");
    let error = program.lines(&["portForward web-01 0 1 2"]).failed(1);
    assert!(error.contains("only NAT forwards") && error.contains("attachment NAT"), "{error}");
    program.lines(&["nic web-01 99 enable on"]).failed(1);
    program.lines(&["nic web-01 x"]).failed(2);
}

#[test]
fn disks_are_attached_where_there_is_room_and_found_by_name() {
    let program = with_machine();
    program
        .lines(&[
            "createHdd 100 a.vdi",
            "create-hdd 1G b.vdi",
            "attachHdd web-01 a.vdi SATA 0:0",
            "attach-hdd web-01 b.vdi",
        ])
        .ok();
    let error = program.run(&["--yes", "-c", "removeHdd a.vdi"]).failed(1);
    assert!(error.contains("attached to web-01") && error.contains("detach-hdd"), "{error}");
    program.lines(&["detachHdd web-01 a.vdi"]).ok();
    program.run(&["--yes", "-c", "removeHdd a.vdi"]).ok();
    assert!(!program.home().join("a.vdi").exists());
    let error = program.lines(&["attachHdd web-01 none.vdi"]).failed(4);
    assert!(error.contains("there is no such file"), "{error}");
    let error = program.lines(&["attachHdd web-01 b.vdi SCSI 0:0"]).failed(4);
    assert!(error.contains("no controller `SCSI`") && error.contains("`SATA`"), "{error}");
}

#[test]
fn a_described_machine_is_made_once_and_then_as_it_is() {
    let program = Program::new();
    program.file(
        "box.toml",
        "[machine]\nname = \"box\"\nos-type = \"Debian_64\"\n\n[settings]\nmemorySize = 1536\n\"networkAdapter[0].attachmentType\" = \"Internal\"\n\n[[disks]]\nfile = \"box.vdi\"\nsize = \"2G\"\n",
    );
    let dry = program.lines(&["apply box.toml --dry-run"]).ok();
    assert!(dry.contains("memorySize") && dry.contains("box.vdi"), "{dry}");
    assert!(!program.lines(&["list"]).ok().contains("box"), "a dry run changes nothing");
    program.lines(&["apply box.toml"]).ok();
    assert_eq!(program.lines(&["get box.memorySize box.networkAdapter[0].attachmentType"]).ok(), "1536\nInternal\n");
    let again = program.lines(&["apply box.toml"]);
    assert!(again.code == 0 && again.err.contains("nothing to change"), "{again:?}");
    program.file("wrong.toml", "[machine]\nname = \"box\"\nos-type = \"Debian_64\"\ncolour = 1\n");
    assert!(program.lines(&["apply wrong.toml"]).failed(2).contains("line 4"));
    program.lines(&["apply none.toml"]).failed(4);
}

#[test]
fn a_command_is_explained_as_a_script_that_runs() {
    let program = with_machine();
    for line in [
        "set web-01.memorySize 640",
        "rename web-01 web-02",
        "createHdd 10 x.vdi",
        "port-forward web-02 0 2222 22",
        "list",
        "get web-02.name",
    ] {
        let script = program.lines(&[&format!("explain --rhai {line}")]).ok();
        let file = program.file("explained.rhai", &script);
        program.run(&[&file]).ok();
    }
    assert_eq!(program.lines(&["get web-02.memorySize"]).ok(), "640\n");
    assert!(program.lines(&["nat web-02 0 pf"]).ok().contains("2222"));
    let error = program.lines(&["explain colors"]).failed(4);
    assert!(error.contains("--trace"), "{error}");
}

#[test]
fn loops_go_on_after_a_failure_and_fail_at_the_end() {
    let program = with_machine();
    program.lines(&["create-vm web-02 Debian_64 --memory 4G"]).ok();
    assert_eq!(program.lines(&["foreachvm get {}.memorySize"]).ok(), "2048\n4096\n");
    let outcome = program.lines(&["foreachvm snapshot restore"]);
    assert_ne!(outcome.code, 0);
    assert_eq!(program.lines(&["foreach //vms/vm[@memorySize>3000] print(obj.name)"]).ok(), "web-02\n");
    assert_eq!(
        program.lines(&["foreach \"//vms/vm[contains(@name,'01')]/nics/nic[1]\" 'print(obj.slot)'"]).ok(),
        "0\n"
    );
    let error = program.lines(&["foreach //vms/vm[@nope=1] 'print(1)'"]).failed(2);
    assert!(error.contains("nope"), "{error}");
    program.lines(&["foreach //vms/vm[ 'print(1)'"]).failed(2);
}

#[test]
fn differences_are_the_settings_that_differ() {
    let program = with_machine();
    program.lines(&["create-vm web-02 Debian_64 --memory 4G"]).ok();
    let diff = program.lines(&["diff web-01 web-02"]).ok();
    assert!(diff.contains("memorySize") && diff.contains("4096"), "{diff}");
    assert!(!diff.contains("CPUCount"), "{diff}");
}

#[test]
fn waits_end_with_the_condition_or_with_time() {
    let program = with_machine();
    program.lines(&["wait web-01 state=PoweredOff"]).ok();
    let error = program.lines(&["wait web-01 state=Running --timeout 0.1"]).failed(124);
    assert!(error.contains("state=Running of `web-01`"), "{error}");
    let error = program.lines(&["wait web-01 state=Runing"]).failed(2);
    assert!(error.contains("did you mean `Running`?"), "{error}");
}

#[test]
fn every_process_sees_that_a_machine_runs() {
    let program = with_machine();
    program.lines(&["start web-01 headless"]).ok();
    for line in ["list", "list running", "info web-01"] {
        assert!(program.lines(&[line]).ok().contains("Running"), "{line}");
    }
    assert_eq!(program.eval("vbox.machines[0].state").ok(), "Running\n", "the very first that is read");
    program.lines(&["powerdown web-01"]).ok();
    assert!(program.lines(&["list"]).ok().contains("PoweredOff"));
}

#[test]
fn what_is_removed_leaves_no_trace_in_the_settings() {
    let program = with_machine();
    let settings = program.lines(&["get web-01.settingsFilePath"]).ok();
    let read = || std::fs::read_to_string(settings.trim()).unwrap();
    let machine = |text: &str| text.lines().find(|line| line.contains("<Machine ")).unwrap().to_owned();
    let before = machine(&read());
    for (made, gone, name) in [
        ("share-folder web-01 . data", "unshare-folder web-01 data", "\"data\""),
        (
            "modify web-01 'bandwidthControl.createBandwidthGroup(slow, Network, 1000)'",
            "modify web-01 'bandwidthControl.deleteBandwidthGroup(slow)'",
            "\"slow\"",
        ),
        ("attachCtr web-01 Ctr1 SAS", "detachCtr web-01 Ctr1", "\"Ctr1\""),
    ] {
        program.lines(&[made]).ok();
        assert!(read().contains(name), "{made}");
        program.lines(&[gone]).ok();
        assert!(!read().contains(name), "{gone}");
        assert_eq!(machine(&read()), before, "{gone}");
        assert!(program.lines(&["list"]).ok().contains("web-01"), "{gone}");
    }
}

#[test]
fn a_machine_goes_out_as_an_appliance_and_comes_back() {
    let program = Program::new();
    program.lines(&["create-vm db-01 Debian_64 --memory 3G --disk 20M"]).ok();
    program.lines(&["export-vm db-01 db.ova ovf-2.0 --manifest"]).ok();
    assert!(program.home().join("db.ova").exists());
    let made = program.lines(&["import-vm db.ova --vdi"]).ok();
    assert!(made.contains("db-01 1"), "{made}");
    assert_eq!(program.lines(&["get 'db-01 1'.memorySize"]).ok(), "3072\n");
    assert!(program.lines(&["list-media disks"]).ok().contains("db-01-disk001.vdi"));
    // As vboxshell writes it, and with a licence.
    program.lines(&["exportVm db-01 db.ovf ovf-1.0 agreed"]).ok();
    assert!(std::fs::read_to_string(program.home().join("db.ovf")).unwrap().contains("<License>agreed</License>"));
    program.lines(&["importVm db.ovf"]).ok();
}

#[test]
fn appliances_that_cannot_be_written_or_read_are_named() {
    let program = with_machine();
    let error = program.lines(&["export-vm web-01 web.zip"]).failed(1);
    assert!(error.contains("web.zip") && error.contains(".ova"), "{error}");
    std::fs::write(program.home().join("web.ova"), "precious").unwrap();
    let error = program.lines(&["export-vm web-01 web.ova"]).failed(1);
    assert!(error.contains("web.ova") && error.contains("hint:"), "{error}");
    assert_eq!(std::fs::read_to_string(program.home().join("web.ova")).unwrap(), "precious");
    assert!(program.lines(&["import-vm web.ova"]).failed(1).contains("web.ova"));
    assert!(program.lines(&["import-vm nothing.ova"]).failed(4).contains("nothing.ova"));
    assert!(program.lines(&["export-vm web-01 web2.ovf ovf-3.0"]).failed(1).contains("ovf-3.0"));
}
