//! What is done while no machine of the crawl runs: settings, snapshots, media, networks, appliances.
//!
//! Changes only what belongs to the temporary machine; global things get its name, and go at the end.

use super::machine::{Temporary, Undo};
use super::watch::Watch;
use super::{Crawl, object};
use std::sync::Arc;
use vboxsh::model::{Object, SessionGuard, Value};

pub fn do_all(crawl: &Arc<Crawl>, temporary: &Temporary) {
    type Deed = (&'static str, fn(&Temporary));
    let deeds: [Deed; 8] = [
        ("settings, and the whole graph", settings),
        ("snapshots", snapshots),
        ("media", media),
        ("networks", networks),
        ("global things", global),
        ("appliances", appliance),
        ("unattended installation", unattended),
        ("host", host),
    ];
    for (what, deed) in deeds {
        let begin = std::time::Instant::now();
        deed(temporary);
        crawl.run();
        println!("  {what}: {:.1} s", begin.elapsed().as_secs_f64());
    }
}

fn int(number: i64) -> Value {
    Value::Int(number)
}

fn list(values: &[&str]) -> Value {
    Value::List(values.iter().map(|value| Value::from(*value)).collect())
}

fn settings(temporary: &Temporary) {
    let doer = &temporary.doer;
    let guard = SessionGuard::lock(&temporary.machine, "Write").unwrap();
    let machine = guard.machine();
    doer.set(machine, "description", "Made by a test");
    doer.set(machine, "groups", list(&["/", "/tmp-crawl"]));
    doer.set(machine, "CPUHotPlugEnabled", true);
    doer.set(machine, "CPUCount", 2);
    doer.set(machine, "clipboardMode", "HostToGuest");
    doer.set(machine, "dnDMode", "Bidirectional");
    doer.set(&object(machine.get("graphicsAdapter").unwrap()), "VRAMSize", 8);
    let firmware = object(machine.get("firmwareSettings").unwrap());
    doer.set(&firmware, "IOAPICEnabled", true);
    doer.set(&firmware, "logoDisplayTime", 0);
    doer.set(&firmware, "logoFadeIn", false);
    doer.set(&firmware, "logoFadeOut", false);
    doer.set(&firmware, "bootMenuMode", "Disabled");

    for (name, bus) in [("Floppy", "Floppy"), ("SATA", "SATA"), ("IDE", "IDE"), ("gone", "SCSI")] {
        doer.call(machine, "addStorageController", vec![name.into(), bus.into()]);
    }
    doer.call(machine, "removeStorageController", vec!["gone".into()]);
    if let Some(sata) = doer.object(machine, "getStorageControllerByName", vec!["SATA".into()]) {
        doer.set(&sata, "portCount", 4);
    }
    let floppy = temporary.floppy();
    let disk = temporary.medium("VDI", "disk.vdi", "HardDisk", 4 << 20, "Standard");
    doer.call(machine, "attachDevice", vec!["Floppy".into(), int(0), int(0), "Floppy".into(), Value::Object(floppy)]);
    doer.call(machine, "attachDevice", vec!["SATA".into(), int(0), int(0), "HardDisk".into(), Value::Object(disk)]);
    doer.call(machine, "attachDeviceWithoutMedium", vec!["IDE".into(), int(0), int(0), "DVD".into()]);
    doer.call(machine, "attachDeviceWithoutMedium", vec!["SATA".into(), int(1), int(0), "DVD".into()]);
    doer.call(machine, "setHotPluggableForDevice", vec!["SATA".into(), int(1), int(0), true.into()]);
    doer.call(machine, "setBootOrder", vec![int(1), "Floppy".into()]);
    for position in 2..=4 {
        doer.call(machine, "setBootOrder", vec![int(position), "Null".into()]);
    }
    doer.call(machine, "addUSBController", vec!["OHCI".into(), "OHCI".into()]);
    doer.call(
        machine,
        "createSharedFolder",
        vec!["tmp".into(), temporary.folder.as_str().into(), false.into(), false.into()],
    );
    doer.call(machine, "setGuestProperty", vec!["/tmp/a".into(), "1".into(), "TRANSIENT".into()]);
    doer.call(machine, "deleteGuestProperty", vec!["/tmp/a".into()]);

    let control = object(machine.get("bandwidthControl").unwrap());
    for (name, kind) in [("disk", "Disk"), ("net", "Network")] {
        doer.call(&control, "createBandwidthGroup", vec![name.into(), kind.into(), int(1 << 20)]);
    }
    let net = doer.object(&control, "getBandwidthGroup", vec!["net".into()]);
    let disk = doer.object(&control, "getBandwidthGroup", vec!["disk".into()]);
    let adapter = object(machine.call("getNetworkAdapter", vec![int(0)]).unwrap());
    doer.set(&adapter, "enabled", true);
    doer.set(&adapter, "attachmentType", "NAT");
    doer.set(&adapter, "bandwidthGroup", net.map_or(Value::Null, Value::Object));
    let group = disk.map_or(Value::Null, Value::Object);
    doer.call(machine, "setBandwidthGroupForDevice", vec!["SATA".into(), int(0), int(0), group]);
    let engine = object(adapter.get("NATEngine").unwrap());
    doer.call(
        &engine,
        "addRedirect",
        vec!["tmp".into(), "TCP".into(), "127.0.0.1".into(), int(2298), "".into(), int(22)],
    );

    for (slot, file) in [(0, "serial-0.log"), (1, "serial-1.log")] {
        let port = object(machine.call("getSerialPort", vec![int(slot)]).unwrap());
        doer.set(&port, "enabled", true);
        doer.set(&port, "path", temporary.path(file).as_str());
        doer.set(&port, "hostMode", "RawFile");
    }
    let vrde = object(machine.get("VRDEServer").unwrap());
    doer.set(&vrde, "VRDEExtPack", "VNC");
    doer.call(&vrde, "setVRDEProperty", vec!["TCP/Ports".into(), "5998-5999".into()]);
    doer.call(&vrde, "setVRDEProperty", vec!["TCP/Address".into(), "127.0.0.1".into()]);
    doer.call(&vrde, "setVRDEProperty", vec!["VNCPassword".into(), "secret".into()]);
    let audio = object(object(machine.get("audioSettings").unwrap()).get("adapter").unwrap());
    doer.set(&audio, "audioDriver", "Null");
    doer.set(&audio, "enabled", true);
    doer.set(&audio, "enabledOut", true);
    let filters = object(machine.get("USBDeviceFilters").unwrap());
    if let Some(filter) = doer.object(&filters, "createDeviceFilter", vec!["tmp".into()]) {
        doer.call(&filters, "insertDeviceFilter", vec![int(0), Value::Object(filter)]);
    }
    // Nothing is taken from the host before the machine starts.
    doer.set(&object(machine.get("platform").unwrap()), "chipsetType", "ICH9");
    doer.call(machine, "attachHostPCIDevice", vec![int(0x0100), int(0x0200), false.into()]);
    doer.call(machine, "saveSettings", Vec::new());
    doer.call(machine, "detachHostPCIDevice", vec![int(0x0100)]);
    doer.call(machine, "saveSettings", Vec::new());
    doer.crawl.add(&Value::Object(guard.session().clone()));
    doer.crawl.run();
    guard.finish().unwrap();
}

fn snapshots(temporary: &Temporary) {
    let doer = &temporary.doer;
    let guard = SessionGuard::lock(&temporary.machine, "Write").unwrap();
    let machine = guard.machine();
    for name in ["first", "second"] {
        doer.work(machine, "takeSnapshot", vec![name.into(), "".into(), true.into()]);
    }
    if let Some(first) = doer.object(machine, "findSnapshot", vec!["first".into()]) {
        doer.set(&first, "name", "changed");
        doer.set(&first, "description", "changed too");
        doer.work(machine, "restoreSnapshot", vec![Value::Object(first)]);
    }
    for name in ["second", "changed"] {
        let Some(snapshot) = doer.object(machine, "findSnapshot", vec![name.into()]) else { continue };
        let id = snapshot.get("id").unwrap();
        doer.work(machine, "deleteSnapshot", vec![id]);
    }
    guard.finish().unwrap();
}

fn media(temporary: &Temporary) {
    let doer = &temporary.doer;
    let source = temporary.medium("VDI", "source.vdi", "HardDisk", 4 << 20, "Standard");
    doer.set(&source, "description", "a disk");
    let clone = |format: &str, file: &str| {
        let arguments =
            vec![format.into(), temporary.path(file).as_str().into(), "ReadWrite".into(), "HardDisk".into()];
        let target = doer.object(&temporary.vbox, "createMedium", arguments)?;
        doer.work(&source, "cloneToBase", vec![Value::Object(target.clone()), list(&["Standard"])])?;
        Some(target)
    };
    if let Some(vmdk) = clone("VMDK", "clone.vmdk") {
        doer.work(&vmdk, "moveTo", vec![temporary.path("moved.vmdk").as_str().into()]);
        doer.work(&vmdk, "deleteStorage", Vec::new());
    }
    clone("VHD", "clone.vhd").map(|vhd| doer.work(&vhd, "deleteStorage", Vec::new()));
    doer.work(&source, "resize", vec![int(8 << 20)]);
    doer.work(&source, "compact", Vec::new());
    for lock in ["lockRead", "lockWrite"] {
        if let Some(token) = doer.object(&source, lock, Vec::new()) {
            doer.crawl.take(&token);
            doer.call(&token, "abandon", Vec::new());
        }
    }
    disk_content(temporary, &source);
    doer.work(&source, "deleteStorage", Vec::new());
}

/// What is inside a medium: bytes, a file system, the stream of a conversion.
fn disk_content(temporary: &Temporary, disk: &Object) {
    let doer = &temporary.doer;
    let image = temporary.medium("RAW", "fat.img", "Floppy", 1440 * 1024, "Fixed");
    if let Some(io) = doer.object(&image, "openForIO", vec![true.into(), "".into()]) {
        doer.crawl.add(&Value::Object(io.clone()));
        doer.call(&io, "formatFAT", vec![true.into()]);
        doer.call(&io, "read", vec![int(0), int(512)]);
        doer.crawl.run();
        doer.call(&io, "close", Vec::new());
    }
    doer.work(&image, "deleteStorage", Vec::new());
    if let Some(io) = doer.object(disk, "openForIO", vec![false.into(), "".into()]) {
        doer.crawl.take(&io);
        let arguments = vec!["VMDK".into(), list(&["VmdkStreamOptimized"]), int(1 << 20)];
        if let Some(Value::List(outputs)) = doer.call(&io, "convertToStream", arguments) {
            stream(temporary, &outputs);
        }
        doer.call(&io, "close", Vec::new());
    }
}

/// The progress and the stream of a conversion; it ends when the stream has been read.
fn stream(temporary: &Temporary, outputs: &[Value]) {
    let doer = &temporary.doer;
    let [progress, stream] = outputs else { return doer.crawl.failed(format!("convertToStream gives {outputs:?}")) };
    let (Some(progress), Some(stream)) = (progress.as_object(), stream.as_object()) else { return };
    let mut begin = Vec::new();
    for _ in 0..64 {
        match doer.call(stream, "read", vec![int(65536), int(1000)]) {
            Some(Value::Blob(bytes)) if !bytes.is_empty() => begin.extend(bytes),
            _ => break,
        }
    }
    if !begin.starts_with(b"KDMV") {
        doer.crawl.failed(format!("the stream of a VMDK begins with {:?}", begin.iter().take(4).collect::<Vec<_>>()));
    }
    doer.crawl.take(stream);
    doer.wait("IMediumIO.convertToStream", progress);
}

fn networks(temporary: &Temporary) {
    let (doer, vbox, name) = (&temporary.doer, &temporary.vbox, Value::from(temporary.name.as_str()));
    if let Some(network) = doer.object(vbox, "createNATNetwork", vec![name.clone()]) {
        let _undo = Undo(|| {
            let _ = vbox.call("removeNATNetwork", vec![Value::Object(network.clone())]);
            // It made itself a DHCP server, which stays.
            if let Ok(server @ Value::Object(_)) = vbox.call("findDHCPServerByNetworkName", vec![name.clone()]) {
                let _ = vbox.call("removeDHCPServer", vec![server]);
            }
        });
        let own = Watch::try_open(&doer.crawl, &object(network.get("eventSource").unwrap()));
        doer.set(&network, "network", "10.99.0.0/24");
        doer.set(&network, "enabled", true);
        let rule = |name: &str, port| {
            vec![false.into(), name.into(), "TCP".into(), "127.0.0.1".into(), int(port), "10.99.0.5".into(), int(22)]
        };
        doer.call(&network, "addPortForwardRule", rule("tmp", 2299));
        doer.call(&network, "addLocalMapping", vec!["127.0.0.2".into(), int(7)]);
        doer.crawl.add(&Value::Object(network.clone()));
        doer.call(&network, "start", Vec::new());
        doer.call(&network, "stop", Vec::new());
        doer.call(&network, "removePortForwardRule", vec![false.into(), "tmp".into()]);
        doer.crawl.run();
        drop(own);
    }
    if let Some(server) =
        doer.object(vbox, "createDHCPServer", vec![format!("{}-dhcp", temporary.name).as_str().into()])
    {
        let _undo = Undo(|| drop(vbox.call("removeDHCPServer", vec![Value::Object(server.clone())])));
        let addresses = ["10.98.0.1", "255.255.255.0", "10.98.0.10", "10.98.0.20"].map(Value::from).to_vec();
        doer.call(&server, "setConfiguration", addresses);
        for (scope, config, slot) in [("Group", "tmp", 0), ("MAC", "08:00:27:99:00:01", 0)] {
            if let Some(config) =
                doer.object(&server, "getConfig", vec![scope.into(), config.into(), int(slot), true.into()])
            {
                doer.crawl.add(&Value::Object(config.clone()));
                doer.call(&config, "setOption", vec!["HostName".into(), "Normal".into(), "tmp".into()]);
            }
        }
        doer.crawl.run();
    }
    if let Some(network) = doer.object(vbox, "createCloudNetwork", vec![name.clone()]) {
        doer.crawl.add(&Value::Object(network.clone()));
        doer.crawl.run();
        doer.call(vbox, "removeCloudNetwork", vec![Value::Object(network)]);
    }
    if let Some(network) = doer.object(vbox, "createHostOnlyNetwork", vec![name]) {
        doer.crawl.add(&Value::Object(network.clone()));
        doer.crawl.run();
        doer.call(vbox, "removeHostOnlyNetwork", vec![Value::Object(network)]);
    }
}

fn global(temporary: &Temporary) {
    let (doer, vbox) = (&temporary.doer, &temporary.vbox);
    for key in ["vboxsh/crawl", "GUI/LanguageID"] {
        let before = vbox.call("getExtraData", vec![key.into()]).unwrap();
        let _undo = Undo(|| drop(vbox.call("setExtraData", vec![key.into(), before.clone()])));
        doer.call(vbox, "setExtraData", vec![key.into(), "de".into()]);
    }
    let collector = object(vbox.get("performanceCollector").unwrap());
    let taken = |value: Option<Value>| value.iter().for_each(|value| doer.crawl.add(value));
    let of = Value::List(vec![vbox.get("host").unwrap(), Value::Object(temporary.machine.clone())]);
    taken(doer.call(&collector, "setupMetrics", vec![list(&["*"]), of.clone(), int(1), int(2)]));
    taken(doer.call(&collector, "getMetrics", vec![list(&["*"]), of.clone()]));
    taken(doer.call(&collector, "queryMetricsData", vec![list(&["*"]), of.clone()]));
    doer.call(&collector, "disableMetrics", vec![list(&["*"]), of]);
    let machines = Value::List(vec![Value::Object(temporary.machine.clone())]);
    doer.call(vbox, "getMachineStates", vec![machines]);
}

fn appliance(temporary: &Temporary) {
    let (doer, vbox, home) = (&temporary.doer, &temporary.vbox, temporary.home());
    let Some(appliance) = doer.object(vbox, "createAppliance", Vec::new()) else { return };
    let archive = format!("{home}/appliances/web-01.ova");
    if doer.work(&appliance, "read", vec![archive.as_str().into()]).is_some() {
        doer.call(&appliance, "interpret", Vec::new());
        doer.crawl.add(&Value::Object(appliance));
    }
    // One that is being written has descriptions of its own; nothing is written.
    if let Some(other) = doer.object(vbox, "createAppliance", Vec::new()) {
        let archive = temporary.path("not-written.ova");
        let made =
            doer.call(&temporary.machine, "exportTo", vec![Value::Object(other.clone()), archive.as_str().into()]);
        made.iter().for_each(|made| doer.crawl.add(made));
        doer.call(&other, "createVirtualSystemDescriptions", vec![int(1)]);
        if let Some(explorer) =
            doer.object(&other, "createVFSExplorer", vec![format!("file://{home}/appliances/").as_str().into()])
        {
            doer.work(&explorer, "update", Vec::new());
            doer.crawl.add(&Value::Object(explorer.clone()));
            doer.crawl.run();
            doer.call(&explorer, "entryList", Vec::new());
            doer.work(&explorer, "cd", vec![format!("{home}/media").as_str().into()]);
            doer.work(&explorer, "cdUp", Vec::new());
        }
        doer.crawl.add(&Value::Object(other));
    }
}

fn unattended(temporary: &Temporary) {
    let doer = &temporary.doer;
    let Some(unattended) = doer.object(&temporary.vbox, "createUnattendedInstaller", Vec::new()) else { return };
    doer.set(&unattended, "isoPath", format!("{}/media/tools.iso", temporary.home()).as_str());
    doer.call(&unattended, "detectIsoOS", Vec::new());
    doer.set(&unattended, "machine", Value::Object(temporary.machine.clone()));
    doer.crawl.add(&Value::Object(unattended));
}

fn host(temporary: &Temporary) {
    let crawl = &temporary.doer.crawl;
    let (doer, host) = (&temporary.doer, object(temporary.vbox.get("host").unwrap()));
    for method in ["createHostOnlyNetworkInterface"] {
        if let Some(Value::List(outputs)) = doer.work(&host, method, Vec::new()) {
            let id = outputs.get(1).and_then(Value::as_object).and_then(|interface| interface.get("id").ok());
            id.map(|id| doer.work(&host, "removeHostOnlyNetworkInterface", vec![id]));
        }
    }
    if let Some(filter) = doer.object(&host, "createUSBDeviceFilter", vec![temporary.name.as_str().into()]) {
        crawl.add(&Value::Object(filter));
    }
    // Its server is a closed port here: nobody is asked for updates.
    let Some(agent) = doer.get(&host, "updateHost") else { return };
    let watch = agent.get("eventSource").ok().and_then(|source| Watch::try_open(crawl, source.as_object()?).ok());
    let before: Vec<_> =
        ["repositoryURL", "checkFrequency", "enabled"].iter().map(|name| (*name, agent.get(name))).collect();
    let undo = Undo(|| {
        for (name, value) in &before {
            if let Ok(value) = value {
                let _ = agent.set(name, value.clone());
            }
        }
    });
    doer.set(&agent, "checkFrequency", 3 * 86400);
    doer.set(&agent, "repositoryURL", "https://127.0.0.1:9/");
    if matches!(agent.get("repositoryURL"), Ok(Value::Text(url)) if url.contains("127.0.0.1")) {
        doer.set(&agent, "enabled", true);
        doer.work(&agent, "checkFor", Vec::new());
    }
    drop(undo);
    drop(watch);
}
