//! The scripts that `explain` fills in, by command.
//!
//! `{name}` is the argument of that name as a text, `{name#}` as a number, `{name?x}` the argument or `x`,
//! `{name/1}` the second word of a repeated one; `{path@}` a path as an expression, `{name~}` a word as a literal
//! of its own kind, `{name!}` a word as it is. The Python is made from the Rhai unless a third text stands there.

/// What a command does as a script.
pub(super) struct Template {
    /// The command, or the command and the word that says what it does (`snapshot restore`).
    pub(super) name: &'static str,
    /// In Rhai.
    pub(super) rhai: &'static str,
    /// In Python, where that is more than another spelling.
    pub(super) python: Option<&'static str>,
}

const fn same(name: &'static str, rhai: &'static str) -> Template {
    Template { name, rhai, python: None }
}

pub(super) const fn two(name: &'static str, rhai: &'static str, python: &'static str) -> Template {
    Template { name, rhai, python: Some(python) }
}

/// All templates.
pub(super) const TEMPLATES: &[Template] = &[
    same("list", "for m in vbox.machines {\n    print(`${m.name} ${m.state} ${m.id}`);\n}"),
    same("list groups", "for group in vbox.machineGroups {\n    print(group);\n}"),
    same("list disks", "for disk in vbox.hardDisks {\n    print(`${disk.name} ${disk.size} ${disk.location}`);\n}"),
    same("list dvds", "for image in vbox.DVDImages {\n    print(`${image.name} ${image.location}`);\n}"),
    same("list floppies", "for image in vbox.floppyImages {\n    print(`${image.name} ${image.location}`);\n}"),
    same("list os-types", "for kind in vbox.guestOSTypes {\n    print(`${kind.id} ${kind.description}`);\n}"),
    same(
        "list nat-networks",
        "for network in vbox.NATNetworks {\n    print(`${network.networkName} ${network.network}`);\n}",
    ),
    same(
        "list dhcp-servers",
        "for server in vbox.DHCPServers {\n    print(`${server.networkName} ${server.IPAddress}`);\n}",
    ),
    same("list host-interfaces", "for one in host.networkInterfaces {\n    print(`${one.name} ${one.IPAddress}`);\n}"),
    same(
        "list progress",
        "for progress in vbox.progressOperations {\n    print(`${progress.description} ${progress.percent}`);\n}",
    ),
    same(
        "list running",
        "for m in vbox.machines {\n    if m.state >= MachineState.FirstOnline && m.state <= MachineState.LastOnline {\n        print(`${m.name} ${m.state}`);\n    }\n}",
    ),
    same(
        "info",
        "let m = vbox.findMachine({machine});\nprint(`${m.name} ${m.state} ${m.CPUCount} ${m.memorySize} ${m.OSTypeId}`);",
    ),
    same("host", "print(`${host.operatingSystem} ${host.OSVersion} ${host.processorCount} ${host.memorySize}`);"),
    same(
        "start",
        "let m = vbox.findMachine({machine});\nm.launchVMProcess(session, {frontend?}, []).wait();\nsession.unlockMachine();",
    ),
    same("pause", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.pause();\n});"),
    same("resume", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.resume();\n});"),
    same("reset", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.reset();\n});"),
    same("powerbutton", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.powerButton();\n});"),
    same("powerdown", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.powerDown().wait();\n});"),
    same("save", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.saveState().wait();\n});"),
    same(
        "discard",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.discardSavedState(true);\n});",
    ),
    same(
        "create-vm",
        "let m = vbox.createMachine(\"\", {name}, {architecture?x86}, [], {os-type?Other}, \"\");\nm.applyDefaults(\"\");\nvbox.registerMachine(m);",
    ),
    same(
        "remove-vm",
        "let m = vbox.findMachine({machine});\nlet media = m.unregister(\"DetachAllReturnHardDisksOnly\");\nm.deleteConfig(media).wait();",
    ),
    same("rename", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.name = {name};\n});"),
    same(
        "move",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.moveTo({folder}, \"basic\").wait();\n});",
    ),
    same(
        "clone",
        "let m = vbox.findMachine({machine});\nlet copy = vbox.createMachine(\"\", {name}, m.platform.architecture, m.groups, m.OSTypeId, \"\");\nm.cloneTo(copy, \"MachineState\", []).wait();\nvbox.registerMachine(copy);",
    ),
    same("groups", "for group in vbox.machineGroups {\n    print(group);\n}"),
    same(
        "groups machine",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.groups = [{groups}];\n});",
    ),
    same(
        "export-vm",
        "let m = vbox.findMachine({machine});\nlet appliance = vbox.createAppliance();\nm.exportTo(appliance, {path});\nappliance.write({format?ovf-1.0}, [], {path}).wait();",
    ),
    same(
        "import-vm",
        "let appliance = vbox.createAppliance();\nappliance.read({path}).wait();\nappliance.interpret();\nappliance.importMachines([]).wait();",
    ),
    same("get", "print({path@});"),
    same("set", "let m = vbox.findMachine({path/root});\nm.session(|s| {\n    {path/assign};\n});"),
    same(
        "call",
        "let m = vbox.findMachine({path/root});\nm.session(|s| {\n    print(s.machine{path/call}({arguments*}));\n});",
    ),
    same("call vbox", "print({path/called}({arguments*}));"),
    same("call host", "print({path/called}({arguments*}));"),
    same("modify", "let m = vbox.findMachine({machine});\nm.session(|s| {\n{changes*}\n});"),
    same("setvar", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    {setting/assign};\n});"),
    same("getextra", "let m = vbox.findMachine({scope});\nprint(m.getExtraData({key?}));"),
    same("getextra global", "print(vbox.getExtraData({key?}));"),
    same(
        "setextra",
        "let m = vbox.findMachine({scope});\nm.session(|s| {\n    s.machine.setExtraData({key}, {value?});\n});",
    ),
    same("setextra global", "vbox.setExtraData({key}, {value?});"),
    same(
        "create-hdd",
        "let disk = vbox.createMedium({format?VDI}, {location}, \"ReadWrite\", \"HardDisk\");\ndisk.createBaseStorage({size#} * 1048576, [\"Standard\"]).wait();",
    ),
    same(
        "remove-hdd",
        "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.deleteStorage().wait();",
    ),
    same("register-hdd", "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nprint(disk.id);"),
    same("unregister-hdd", "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.close();"),
    same(
        "clone-hdd",
        "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nlet copy = vbox.createMedium({format?VDI}, {location}, \"ReadWrite\", \"HardDisk\");\ndisk.cloneToBase(copy, [\"Standard\"]).wait();",
    ),
    same(
        "compact-hdd",
        "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.compact().wait();",
    ),
    same(
        "resize-hdd",
        "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.resize({size#} * 1048576).wait();",
    ),
    same("register-iso", "let image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nprint(image.id);"),
    same("unregister-iso", "let image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nimage.close();"),
    same(
        "remove-iso",
        "let image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nimage.deleteStorage().wait();",
    ),
    same(
        "attach-hdd",
        "let m = vbox.findMachine({machine});\nlet disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nm.session(|s| {\n    s.machine.attachDevice({controller?SATA}, {slot/port}, {slot/device}, \"HardDisk\", disk);\n});",
    ),
    same(
        "attach-iso",
        "let m = vbox.findMachine({machine});\nlet image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nm.session(|s| {\n    s.machine.attachDevice({controller?IDE}, {slot/port}, {slot/device}, \"DVD\", image);\n});",
    ),
    same("detach-hdd", DETACH_DISK),
    same("detach-iso", DETACH_IMAGE),
    same(
        "mount-iso",
        "let m = vbox.findMachine({machine});\nlet image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nm.session(|s| {\n    s.machine.mountMedium({controller?IDE}, {slot/port}, {slot/device}, image, false);\n});",
    ),
    same(
        "unmount-iso",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.unmountMedium({controller?IDE}, {slot/port}, {slot/device}, false);\n});",
    ),
    same(
        "attach-ctr",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.addStorageController({name}, {bus});\n});",
    ),
    same(
        "detach-ctr",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.removeStorageController({controller});\n});",
    ),
    same("list-media", "for disk in vbox.hardDisks {\n    print(`${disk.location} ${disk.state}`);\n}"),
    same(
        "usage",
        "for disk in vbox.hardDisks {\n    disk.refreshState();\n    print(`${disk.name} ${disk.size} ${disk.logicalSize}`);\n}",
    ),
    same(
        "snapshot",
        "let m = vbox.findMachine({machine});\nif m.snapshotCount > 0 {\n    let root = m.findSnapshot(\"\");\n    print(`${root.name} ${root.childrenCount}`);\n}",
    ),
    two(
        "snapshot take",
        "let m = vbox.findMachine({machine});\nlet pause = m.state != MachineState.Running;\nm.session(|s| {\n    s.machine.takeSnapshot({snapshot?name}, {text?}, pause)[0].wait();\n});",
        "m = vbox.findMachine({machine})\npause = m.state != MachineState.Running\nwith m.session() as s:\n    progress, snapshot = s.machine.takeSnapshot({snapshot?name}, {text?}, pause)\n    wait(progress)",
    ),
    same(
        "snapshot restore",
        "let m = vbox.findMachine({machine});\nlet snapshot = m.findSnapshot({snapshot?name});\nm.session(|s| {\n    s.machine.restoreSnapshot(snapshot).wait();\n});",
    ),
    same(
        "snapshot restorecurrent",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.restoreSnapshot(m.currentSnapshot).wait();\n});",
    ),
    same("snapshot delete", DELETE_SNAPSHOT),
    same("snapshot merge", DELETE_SNAPSHOT),
    same(
        "snapshot rename",
        "let m = vbox.findMachine({machine});\nlet snapshot = m.findSnapshot({snapshot?name});\nsnapshot.name = {text?};",
    ),
    same(
        "snapshot describe",
        "let m = vbox.findMachine({machine});\nlet snapshot = m.findSnapshot({snapshot?name});\nsnapshot.description = {text?};",
    ),
    same(
        "port-forward",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.addRedirect(\"\", \"TCP\", \"\", {host-port#}, \"\", {guest-port#});\n});",
    ),
    same(
        "nic",
        "let m = vbox.findMachine({machine});\nlet adapter = m.getNetworkAdapter({slot#?0});\nprint(`${adapter.enabled} ${adapter.adapterType} ${adapter.attachmentType} ${adapter.MACAddress}`);",
    ),
    same(
        "nic attachment",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.attachmentType = {value/0};\n});",
    ),
    same(
        "nic cable",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.cableConnected = {value~};\n});",
    ),
    same(
        "nic enable",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.enabled = {value~};\n});",
    ),
    same(
        "nic linespeed",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.lineSpeed = {value~};\n});",
    ),
    same(
        "nic mac",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.MACAddress = {value/0};\n});",
    ),
    same(
        "nic promisc",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.promiscModePolicy = {value/0};\n});",
    ),
    same(
        "nic trace",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.traceEnabled = {value~};\n});",
    ),
    same(
        "nic type",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let adapter = s.machine.getNetworkAdapter({slot#});\n    adapter.adapterType = {value/0};\n});",
    ),
    same(
        "nat",
        "let m = vbox.findMachine({machine});\nlet nat = m.getNetworkAdapter({slot#?0}).NATEngine;\nprint(`${nat.network} ${nat.redirects}`);",
    ),
    same(
        "nat network",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.network = {values/0};\n});",
    ),
    same("nat pf", NAT_RULES),
    same(
        "nat pf delete",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.removeRedirect({values/1});\n});",
    ),
    same(
        "nat pf simple",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.addRedirect(\"\", {values/1^}, \"\", {values/2~}, \"\", {values/3~});\n});",
    ),
    same(
        "nat pf no_name",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.addRedirect(\"\", {values/1^}, {values/2}, {values/3~}, {values/4}, {values/5~});\n});",
    ),
    same(
        "nat pf ex",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.addRedirect({values/2}, {values/1^}, {values/3}, {values/4~}, {values/5}, {values/6~});\n});",
    ),
    same(
        "share-folder",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.createSharedFolder({name}, {path}, true, false, \"\");\n});",
    ),
    same(
        "unshare-folder",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.removeSharedFolder({name});\n});",
    ),
    same(
        "list-usb",
        "for device in host.USBDevices {\n    print(`${device.id} ${device.product} ${device.state}`);\n}",
    ),
    same("plug-cpu", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.hotPlugCPU({cpu#});\n});"),
    same(
        "unplug-cpu",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.hotUnplugCPU({cpu#});\n});",
    ),
    same(
        "attach-usb",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.attachUSBDevice({device}, \"\");\n});",
    ),
    same(
        "detach-usb",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.detachUSBDevice({device});\n});",
    ),
    two(
        "screenshot",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let display = s.console.display;\n    let size = display.getScreenResolution({screen#?0});\n    write_file({file?screen.png}, display.takeScreenShotToArray({screen#?0}, size[0], size[1], \"PNG\"));\n});",
        "m = vbox.findMachine({machine})\nwith m.session() as s:\n    display = s.console.display\n    width, height = display.getScreenResolution({screen#?0})[:2]\n    with open({file?screen.png}, \"wb\") as file:\n        file.write(display.takeScreenShotToArray({screen#?0}, width, height, \"PNG\"))",
    ),
    same(
        "ginfo",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let guest = s.console.guest;\n    print(`${guest.OSTypeId} ${guest.additionsVersion} ${guest.additionsRunLevel}`);\n});",
    ),
    same(
        "ip",
        "let m = vbox.findMachine({machine});\nprint(m.getGuestPropertyValue(\"/VirtualBox/GuestInfo/Net/0/V4/IP\"));",
    ),
    two(
        "gexec",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let guest = s.console.guest.createSession({user?}, env(\"VBOXSH_GUEST_PASSWORD\"), \"\", \"\");\n    guest.waitForArray([\"Start\"], 30000);\n    let process = guest.processCreate({command/program}, {command/words}, \"\", [], [\"WaitForStdOut\"], 0);\n    process.waitForArray([\"Terminate\"], 30000);\n    print(process.exitCode);\n    guest.close();\n});",
        "import os\nm = vbox.findMachine({machine})\nwith m.session() as s:\n    guest = s.console.guest.createSession({user?}, os.environ[\"VBOXSH_GUEST_PASSWORD\"], \"\", \"\")\n    guest.waitForArray([\"Start\"], 30000)\n    process = guest.processCreate({command/program}, {command/words}, \"\", [], [\"WaitForStdOut\"], 0)\n    process.waitForArray([\"Terminate\"], 30000)\n    print(process.exitCode)\n    guest.close()",
    ),
    two(
        "events",
        "vbox.listen([\"Any\"], 60, |event| {\n    print(event.type);\n});",
        "for event in vbox.events(\"Any\", seconds=60):\n    print(event.type)",
    ),
    two(
        "monitor-vbox",
        "vbox.listen([\"Any\"], {duration#?60}, |event| {\n    print(event.type);\n});",
        "for event in vbox.events(\"Any\", seconds={duration#?60}):\n    print(event.type)",
    ),
    two(
        "show-log",
        "let m = vbox.findMachine({machine});\nprint(read_file(m.queryLogFilename({number#?0})));",
        "m = vbox.findMachine({machine})\nprint(open(m.queryLogFilename({number#?0})).read())",
    ),
    two(
        "log",
        "let m = vbox.findMachine({machine});\nprint(read_file(m.queryLogFilename({number#?0})));",
        "m = vbox.findMachine({machine})\nprint(open(m.queryLogFilename({number#?0})).read())",
    ),
    two(
        "find-log",
        "let m = vbox.findMachine({machine});\nfor line in read_file(m.queryLogFilename({number#?0})).split(\"\\n\") {\n    if line.contains({pattern}) {\n        print(line);\n    }\n}",
        "m = vbox.findMachine({machine})\nfor line in open(m.queryLogFilename({number#?0})):\n    if {pattern} in line:\n        print(line, end=\"\")",
    ),
    two(
        "wait",
        "let m = vbox.findMachine({machine});\nwhile m.state != {conditions/value} {\n    sleep(0.5);\n}",
        "import time\nm = vbox.findMachine({machine})\nwhile m.state != {conditions/value}:\n    time.sleep(0.5)",
    ),
    two(
        "wait state!=",
        "let m = vbox.findMachine({machine});\nwhile m.state == {conditions/value} {\n    sleep(0.5);\n}",
        "import time\nm = vbox.findMachine({machine})\nwhile m.state == {conditions/value}:\n    time.sleep(0.5)",
    ),
    two(
        "wait ip",
        "let m = vbox.findMachine({machine});\nwhile m.getGuestPropertyValue(\"/VirtualBox/GuestInfo/Net/0/V4/IP\") == \"\" {\n    sleep(0.5);\n}",
        "import time\nm = vbox.findMachine({machine})\nwhile not m.getGuestPropertyValue(\"/VirtualBox/GuestInfo/Net/0/V4/IP\"):\n    time.sleep(0.5)",
    ),
    same(
        "openportal",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.teleporterEnabled = true;\n    s.machine.teleporterPort = {port#};\n    s.machine.teleporterPassword = {password?};\n});",
    ),
    same(
        "closeportal",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.teleporterEnabled = false;\n});",
    ),
    same(
        "teleport",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.teleport({target/host}, {target/last}, {password?}, {downtime#?250}).wait();\n});",
    ),
    same(
        "lspci",
        "let m = vbox.findMachine({machine});\nfor device in m.PCIDeviceAssignments {\n    print(`${device.name} ${device.hostAddress} ${device.guestAddress}`);\n}",
    ),
    same(
        "attach-pci",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.attachHostPCIDevice({address/pci}, {guest-address/pci?ADDRESS}, true);\n});",
    ),
    same(
        "detach-pci",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.detachHostPCIDevice({address/pci});\n});",
    ),
    two(
        "find-assert",
        "let m = vbox.findMachine({machine});\nfor line in read_file(m.queryLogFilename({number#?0})).split(\"\\n\") {\n    if line.contains(\"!!Assertion\") {\n        print(line);\n    }\n}",
        "m = vbox.findMachine({machine})\nfor line in open(m.queryLogFilename({number#?0})):\n    if \"!!Assertion\" in line:\n        print(line, end=\"\")",
    ),
    two(
        "gueststats",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let guest = s.console.guest;\n    guest.statisticsUpdateInterval = {interval#?1};\n    sleep({interval#?1});\n    print(guest.internalGetStatistics());\n    guest.statisticsUpdateInterval = 0;\n});",
        "import time\nm = vbox.findMachine({machine})\nwith m.session() as s:\n    guest = s.console.guest\n    guest.statisticsUpdateInterval = {interval#?1}\n    time.sleep({interval#?1})\n    print(guest.internalGetStatistics())\n    guest.statisticsUpdateInterval = 0",
    ),
    two("sleep", "sleep({seconds!});", "import time\ntime.sleep({seconds!})"),
    same("foreachvm", "for m in vbox.machines {\n    print(m.name);\n}"),
];

const DELETE_SNAPSHOT: &str = "let m = vbox.findMachine({machine});\nlet snapshot = m.findSnapshot({snapshot?name});\nm.session(|s| {\n    s.machine.deleteSnapshot(snapshot.id).wait();\n});";

const DETACH_DISK: &str = "let m = vbox.findMachine({machine});\nlet disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nm.session(|s| {\n    for one in s.machine.mediumAttachments {\n        if one.medium == disk {\n            s.machine.detachDevice(one.controller, one.port, one.device);\n        }\n    }\n});";

const DETACH_IMAGE: &str = "let m = vbox.findMachine({machine});\nlet image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nm.session(|s| {\n    for one in s.machine.mediumAttachments {\n        if one.medium == image {\n            s.machine.detachDevice(one.controller, one.port, one.device);\n        }\n    }\n});";

const NAT_RULES: &str = "let m = vbox.findMachine({machine});\nfor rule in m.getNetworkAdapter({slot#?0}).NATEngine.redirects {\n    print(rule);\n}";
