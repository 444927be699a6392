//! Commands that need no guest, on machines that are off.

use super::{Host, place};

/// A line, a line that looks, and what that shows. `NAME` is the machine.
const STEPS: &[(&str, &str, &str)] = &[
    ("createVm NAME x86 Debian_64", "list", "PoweredOff"),
    ("modify NAME memorySize=64 'description=two words' CPUCount=2", "get NAME.description", "two words"),
    ("setvar NAME firmwareSettings.ACPIEnabled True", "get NAME.firmwareSettings.ACPIEnabled", "true"),
    ("set NAME.memorySize 96", "info NAME", "96"),
    ("setextra NAME note 'keep it'", "getextra NAME note", "keep it"),
    ("setextra NAME note", "getextra NAME", ""),
    ("setextra global NAME/x y", "getextra global NAME/x", "y"),
    ("createHdd 10 /root/NAME-a.vdi", "list-media disks", "NAME-a.vdi"),
    ("create-hdd 10M /root/NAME-b.vdi", "list-media", "NAME-b.vdi"),
    ("attachHdd NAME /root/NAME-a.vdi SATA 1:0", "info NAME", "NAME-a.vdi"),
    ("attach-hdd NAME /root/NAME-b.vdi", "usage NAME", "NAME-b.vdi"),
    ("detachHdd NAME /root/NAME-b.vdi", "list-media disks", "NAME-b.vdi"),
    ("unregisterHdd /root/NAME-b.vdi", "list-media disks", "NAME-a.vdi"),
    ("registerHdd /root/NAME-b.vdi", "list-media disks", "NAME-b.vdi"),
    ("resize-hdd /root/NAME-b.vdi 20M", "list-media disks", "20.0 MiB"),
    ("compact-hdd /root/NAME-b.vdi", "list-media disks", "NAME-b.vdi"),
    ("clone-hdd /root/NAME-b.vdi /root/NAME-c.vmdk", "list-media disks", "NAME-c.vmdk"),
    ("removeHdd /root/NAME-c.vmdk", "list-media disks", "NAME-b.vdi"),
    ("attachIso NAME /root/os.iso", "info NAME", "os.iso"),
    ("unmountIso NAME", "get NAME.mediumAttachments", "DVD"),
    ("mountIso NAME /root/os.iso", "info NAME", "os.iso"),
    ("detachIso NAME /root/os.iso", "list-media dvds", "os.iso"),
    ("unregisterIso /root/os.iso", "list-media", "NAME-a.vdi"),
    ("registerIso /root/os.iso", "list-media dvds", "os.iso"),
    ("unregisterIso /root/os.iso", "list-media", "NAME-a.vdi"),
    ("registerIso /root/NAME.iso", "list-media dvds", "NAME.iso"),
    ("removeIso /root/NAME.iso", "list-media", "NAME-a.vdi"),
    ("attachCtr NAME Ctr0 SCSI BusLogic", "info NAME", "BusLogic"),
    ("detachCtr NAME Ctr0", "info NAME", "SATA"),
    ("nic NAME 0 attachment Internal dmz", "nic NAME 0 attachment", "Internal dmz"),
    ("nic NAME 0 cable off", "nic NAME 0 cable", "false"),
    ("nic NAME 0 cable on", "nic NAME 0 cable", "true"),
    ("nic NAME 0 type Virtio", "nic NAME 0", "Virtio"),
    ("nic NAME 0 attachment NAT", "nic NAME", "NAT"),
    ("portForward NAME 0 8080 80", "nat NAME 0 pf", "8080"),
    ("nat NAME 0 pf ex udp dns 127.0.0.1 5353 '' 53", "nat NAME 0 pf", "5353"),
    ("nat NAME 0 pf delete dns", "nat NAME 0 pf", "8080"),
    ("nat NAME 0 dns proxy", "nat NAME 0 dns", "true"),
    ("nat NAME 0 settings 1500 128", "nat NAME 0 settings", "1500"),
    ("nat NAME 0 alias log sameports", "nat NAME 0 alias", "sameports"),
    ("nat NAME 0 tftp bootfile boot.pxe", "nat NAME 0 tftp", "boot.pxe"),
    ("nat NAME 0 network 10.1.0.0/24", "nat NAME 0", "10.1.0.0/24"),
    ("shareFolder NAME /root share writable", "get NAME.sharedFolders", "share"),
    ("unshareFolder NAME share", "info NAME", "PoweredOff"),
    ("openportal NAME 8000 secret", "get NAME.teleporterEnabled NAME.teleporterPort", "true\n8000"),
    ("closeportal NAME", "get NAME.teleporterEnabled", "false"),
    ("modify NAME CPUHotPlugEnabled=true", "get NAME.CPUHotPlugEnabled", "true"),
    ("unplugcpu NAME 1", "call NAME.getCPUStatus 1", "false"),
    ("plugcpu NAME 1", "call NAME.getCPUStatus 1", "true"),
    ("snapshot NAME take base 'before it'", "snapshot NAME", "base *"),
    ("set NAME.memorySize 128", "snapshot NAME diff base", "memorySize"),
    ("snapshot NAME rename base first", "snapshot NAME", "first"),
    ("snapshot NAME describe first 'how it was'", "snapshot NAME", "how it was"),
    ("snapshot NAME restore first", "get NAME.memorySize", "96"),
    ("clone NAME NAME-linked --linked", "info NAME-linked", "PoweredOff"),
    ("removeVm NAME-linked", "list", "NAME"),
    ("clone NAME NAME-2 --snapshot first", "get NAME-2.memorySize", "96"),
    ("snapshot NAME delete first", "get NAME.snapshotCount", "0"),
    ("set NAME-2.memorySize 48", "diff NAME NAME-2", "memorySize"),
    ("rename NAME-2 NAME-3", "get NAME-3.settingsFilePath", "NAME-3.vbox"),
    ("move NAME-3 /root/store", "get NAME-3.settingsFilePath", "/root/store/NAME-3"),
    ("groups NAME-3 /a/b,/c", "groups", "/a/b"),
    ("removeVm NAME-3", "list", "NAME"),
    ("export-config NAME", "find memorySize NAME --depth 1", "96"),
    ("tree NAME --depth 1", "call vbox.findMachine NAME", "NAME"),
    ("foreachvm getextra note", "foreachvm get {}.name", "NAME"),
    ("foreach //vms/vm[@memorySize=96]/nics/nic[@slot=0] 'print(obj.adapterType)'", "host", "memory"),
    ("exportVm NAME /root/NAME.ova ovf-2.0 --manifest", "list", "NAME"),
    ("importVm /root/NAME.ova --vdi", "get 'NAME 1'.memorySize", "96"),
    ("removeVm 'NAME 1'", "list", "NAME"),
    ("eval vbox.findMachine(\"NAME\").memorySize", "rhai 40 + 2", "42"),
    ("foreachvm --at-once 2 getextra {} note", "time get NAME.name", "NAME"),
    ("explain set NAME.memorySize 128", "explain info NAME", "findMachine"),
    ("listMedia", "doctor", "7.2"),
    ("wait NAME state=PoweredOff", "stats", "CPU"),
    ("listUsb", "lspci NAME", ""),
    ("monitorVBox 0.2", "events --for 0.2", ""),
    ("get vbox.APIVersion", "list os-types", "Debian_64"),
];

/// What fails: a line, its exit code, a part of what is said.
const FAILURES: &[(&str, i32, &str)] = &[
    ("info none", 4, "none"),
    ("pause NAME", 1, "`NAME` does not run"),
    ("createVm NAME x86 Debian_64", 1, "shows the machine of that name"),
    ("createVm x x86 NoSuchOs", 4, "`NoSuchOs`"),
    ("attachHdd NAME /root/NAME-a.vdi SATA 1:0", 1, "SATA"),
    ("removeHdd /root/NAME-a.vdi", 1, "attached to NAME"),
    ("attachCtr NAME SATA SATA", 1, "SATA"),
    ("detachCtr NAME none", 4, "`none`"),
    ("nic NAME 99", 1, "getNetworkAdapter"),
    ("attachpci NAME 01:00.0", 1, "attachHostPCIDevice"),
    ("detachpci NAME 01:00.0", 4, "lspci"),
    ("attachUsb NAME none", 4, "`none`"),
    ("showLog NAME", 4, "no log"),
    ("unshareFolder NAME none", 4, "`none`"),
    ("snapshot NAME restore none", 4, "no snapshots"),
    ("wait NAME state=Running --timeout 0.2", 124, "0.2 s"),
    ("rename NAME ''", 1, "name"),
    ("move NAME /nowhere/at/all", 1, "moveTo"),
    ("createHdd 10 /root/NAME-a.vdi", 1, "NAME-a.vdi"),
];

fn check(host: &Host, name: &str) {
    let named = |text: &str| text.replace("NAME", name);
    for (line, look, shown) in STEPS {
        host.then(&named(line), &named(look), &named(shown));
    }
    for (line, code, part) in FAILURES {
        let said = host.fails(&named(line), *code);
        assert!(said.contains(&named(part)), "{line}: {said}");
    }
    assert_eq!(host.ok(&named("get NAME.state NAME.sessionState")), "PoweredOff\nUnlocked\n");
    let (script, told) = place(host, "lines.vbsh");
    std::fs::write(script, named(&["# a comment", "goto 4", "nonsense", "get \"NAME\".state"].join("\n"))).unwrap();
    assert_eq!(host.ok(&format!("runScript {told}")), "PoweredOff\n");
    let way = host.url.as_deref().unwrap_or("xpcom");
    assert_eq!(host.ok(&named(&format!("disconnect; connect {way}; reconnect; get \"NAME\".state"))), "PoweredOff\n");
    let file = host.ok(&named("export-config NAME"));
    let place = host.shell.home().join("machine.toml");
    std::fs::write(&place, &file).unwrap();
    if host.url.is_some() {
        let said = host.run(&["-c", &format!("apply {} --dry-run", place.display())]);
        assert!(said.code == 0 && said.err.contains("nothing to change"), "{said:?}\n{file}");
    }
    host.then(&named("removeVm NAME"), "get vbox.machines", "");
    assert!(!host.ok("list").contains(name), "{name} is still there");
}

#[test]
fn commands_on_machines_that_are_off_do_what_they_are_for() {
    let Some(host) = Host::new("cmd-off") else { return };
    std::fs::create_dir_all(host.folder().join("store")).unwrap();
    for name in ["os", "web-01", "Zürich-東京"] {
        std::fs::write(host.folder().join(name).with_extension("iso"), vec![0; 1 << 20]).unwrap();
    }
    check(&host, "web-01");
    if cfg!(all(feature = "xpcom", unix)) {
        check(&host.over_xpcom(), "Zürich-東京");
    }
}
