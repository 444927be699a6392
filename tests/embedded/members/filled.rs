//! A home with at least one object of every kind that the embedded host can make.

use crate::embedded::computer;
use crate::embedded::{Home, change, list, object};
use vboxsh::model::{Object, Value};

/// The home, and the objects that the crawl starts from.
pub struct Filled {
    /// It goes when this goes.
    _home: Home,
    pub roots: Vec<Object>,
}

/// Calls what may not be there yet, or not on this computer; gives the objects that come back.
fn attempt(target: &Object, method: &str, arguments: Vec<Value>) -> Vec<Object> {
    let outputs = target.call_outputs(method, arguments).unwrap_or_default();
    outputs.into_iter().filter_map(|value| value.as_object().cloned()).collect()
}

/// Waits for a progress, when there is one.
fn wait(found: &[Object]) {
    for progress in found.iter().filter(|object| object.interface().name == "IProgress") {
        let _ = progress.call("waitForCompletion", vec![Value::Int(20_000)]);
    }
}

pub fn fill() -> Filled {
    let folder = tempfile::tempdir().unwrap();
    computer::make(&folder.path().join("computer"));
    let home = Home::on(folder, "computer");
    let vbox = home.vbox();
    let mut roots = vec![vbox.clone(), home.connection.new_session().unwrap()];
    networks(&vbox, &mut roots);
    for appliance in attempt(&vbox, "createAppliance", vec![]) {
        let folder = home.folder.path().to_str().unwrap();
        roots.extend(attempt(&appliance, "createVFSExplorer", vec![format!("file://{folder}").as_str().into()]));
        let _ = appliance.call("createVirtualSystemDescriptions", vec![1.into()]);
        let signed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/appliances/signed.ovf");
        let read = attempt(&appliance, "read", vec![signed.into()]);
        wait(&read);
        let _ = appliance.call("interpret", vec![]);
        roots.push(appliance);
    }
    if let Ok(Value::Object(packs)) = vbox.get("extensionPackManager") {
        roots.extend(attempt(&packs, "openExtPackFile", vec!["/nowhere".into()]));
    }

    let image = home.folder.path().join("progress.vdi");
    let image = vec!["VDI".into(), image.to_str().unwrap().into(), "ReadWrite".into(), "HardDisk".into()];
    for image in attempt(&vbox, "createMedium", image) {
        let progress = attempt(&image, "createBaseStorage", vec![Value::Int(1 << 20), list(&["Standard"])]);
        wait(&progress);
        roots.extend(progress);
    }

    roots.extend(home.connection.client().ok());
    let host = object(vbox.get("host").unwrap());
    let agent = object(host.get("updateHost").unwrap());
    let checked = attempt(&agent, "checkFor", vec![]);
    wait(&checked);
    roots.extend(beside(checked.first(), "IInternalProgressControl"));
    roots.extend(checked);
    roots.extend(events(&vbox));

    let machine = home.machine("filled");
    for unattended in attempt(&vbox, "createUnattendedInstaller", vec![]) {
        unattended.set("machine", Value::Object(machine.clone())).unwrap();
        roots.push(unattended);
    }
    let disk = home.disk("filled.vdi");
    roots.push(disk.clone());
    let spare = home.disk("spare.vdi");
    for io in attempt(&spare, "openForIO", vec![false.into(), "".into()]) {
        roots.extend(attempt(&io, "convertToStream", vec!["RAW".into(), list(&[]), 4096.into()]));
        roots.push(io);
    }
    roots.extend(attempt(&home.disk("locked.vdi"), "lockRead", vec![]));
    change(&machine, |mutable| devices(&home, mutable, &disk));
    let arm = vec!["".into(), "arm".into(), "ARM".into(), list(&[]), "Debian_arm64".into(), "".into()];
    roots.extend(attempt(&vbox, "createMachine", arm));
    roots.push(home.create("unregistered", "Windows11_64"));

    let session = home.connection.new_session().unwrap();
    roots.extend(beside(Some(&session), "IInternalSessionControl"));
    machine.call("lockMachine", vec![Value::Object(session.clone()), "Write".into()]).unwrap();
    let mutable = object(session.get("machine").unwrap());
    let taken = attempt(&mutable, "takeSnapshot", vec!["first".into(), "".into(), true.into()]);
    wait(&taken);
    roots.extend(taken);
    roots.extend(mutable.get("currentSnapshot").ok().and_then(|snapshot| snapshot.as_object().cloned()));
    roots.extend([mutable, session]);

    running(&home, &mut roots);
    roots.extend(lists(&vbox));
    Filled { _home: home, roots }
}

/// An object under an interface that it has besides its own.
fn beside(object: Option<&Object>, interface: &str) -> Option<Object> {
    object?.query(interface).ok()
}

/// An event in the hands of a listener.
fn events(vbox: &Object) -> Vec<Object> {
    let source = object(vbox.get("eventSource").unwrap());
    let listener = object(source.call("createListener", vec![]).unwrap());
    let register = vec![Value::Object(listener.clone()), list(&["Any"]), false.into()];
    source.call("registerListener", register).unwrap();
    let event = attempt(&source, "getEvent", vec![Value::Object(listener.clone()), 0.into()]);
    event.into_iter().chain([listener]).collect()
}

fn networks(vbox: &Object, roots: &mut Vec<Object>) {
    let server = attempt(vbox, "createDHCPServer", vec!["filled".into()]);
    for server in &server {
        let lower = ["10.1.0.1", "255.255.0.0", "10.1.1.1", "10.1.2.1"].map(Value::from);
        let _ = server.call("setConfiguration", lower.into());
        roots.extend(attempt(server, "getConfig", vec!["MAC".into(), "080027000001".into(), 0.into(), true.into()]));
        roots.extend(attempt(server, "getConfig", vec!["Group".into(), "group".into(), 0.into(), true.into()]));
        // The configuration comes as what all configurations are; the list has it as a group.
        for group in server.get("groupConfigs").unwrap_or_default().into_list() {
            let condition = vec![true.into(), "MAC".into(), "080027000002".into()];
            roots.extend(
                group.as_object().into_iter().flat_map(|group| attempt(group, "addCondition", condition.clone())),
            );
        }
    }
    roots.extend(server);
    roots.extend(attempt(vbox, "createNATNetwork", vec!["filled".into()]));
    roots.extend(attempt(vbox, "createHostOnlyNetwork", vec!["filled".into()]));
    roots.extend(attempt(vbox, "createCloudNetwork", vec!["filled".into()]));
    let host = object(vbox.get("host").unwrap());
    roots.extend(attempt(&host, "createHostOnlyNetworkInterface", vec![]));
    roots.extend(attempt(&host, "createUSBDeviceFilter", vec!["filled".into()]));
    roots.extend(host.get("x86").ok().and_then(|x86| x86.as_object().cloned()));
}

fn devices(home: &Home, machine: &Object, disk: &Object) {
    let first = vec!["SATA".into(), 0.into(), 0.into(), "HardDisk".into(), Value::Object(disk.clone())];
    machine.call("attachDevice", first).unwrap();
    let folder = home.folder.path().to_str().unwrap();
    let share = vec!["share".into(), folder.into(), true.into(), false.into(), "".into()];
    machine.call("createSharedFolder", share).unwrap();
    attempt(machine, "addUSBController", vec!["more".into(), "XHCI".into()]);
    let filters = object(machine.get("USBDeviceFilters").unwrap());
    for filter in attempt(&filters, "createDeviceFilter", vec!["filter".into()]) {
        filters.call("insertDeviceFilter", vec![0.into(), Value::Object(filter)]).unwrap();
    }
    let control = object(machine.get("bandwidthControl").unwrap());
    control.call("createBandwidthGroup", vec!["limit".into(), "Network".into(), 1_000_000.into()]).unwrap();
    object(machine.get("platform").unwrap()).set("chipsetType", "ICH9".into()).unwrap();
    attempt(machine, "attachHostPCIDevice", vec![0x100.into(), 0x200.into(), false.into()]);
    let store = object(machine.get("nonVolatileStore").unwrap());
    let firmware = object(machine.get("firmwareSettings").unwrap());
    firmware.set("firmwareType", "EFI".into()).unwrap();
    attempt(&store, "initUefiVariableStore", vec![0.into()]);
}

/// A second machine, which runs where the host can run one.
fn running(home: &Home, roots: &mut Vec<Object>) {
    let machine = home.machine("running");
    let guest = home.folder.path().join("guest");
    for folder in ["home/user", "tmp"] {
        std::fs::create_dir_all(guest.join(folder)).unwrap();
    }
    std::fs::write(guest.join("home/user/a.txt"), "text").unwrap();
    let key = ["vboxsh/SimulatedGuest", guest.to_str().unwrap()].map(Value::from);
    change(&machine, |mutable| drop(mutable.call("setExtraData", key.into()).unwrap()));
    let session = home.connection.new_session().unwrap();
    let progress =
        attempt(&machine, "launchVMProcess", vec![Value::Object(session.clone()), "headless".into(), list(&[])]);
    wait(&progress);
    roots.extend(progress);
    if let Ok(Value::Object(console)) = session.get("console") {
        for (part, method, arguments) in [
            ("display", "querySourceBitmap", vec![0.into()]),
            ("display", "queryFramebuffer", vec![0.into()]),
            ("display", "createGuestScreenInfo", {
                let numbers = [0, 0, 0, 0, 640, 480, 32].map(|number: i64| Value::Int(number));
                let [display, x, y, _, width, height, bits] = numbers;
                vec![display, "Enabled".into(), false.into(), false.into(), x, y, width, height, bits]
            }),
        ] {
            if let Ok(Value::Object(part)) = console.get(part) {
                roots.extend(attempt(&part, method, arguments));
            }
        }
        guest_control(&object(console.get("guest").unwrap()), roots);
        roots.push(console);
    }
    roots.push(session);
}

/// A session in the guest, with something open of each kind.
fn guest_control(guest: &Object, roots: &mut Vec<Object>) {
    let session = guest.call("createSession", vec!["user".into(), "".into(), "".into(), "".into()]).unwrap();
    let session = object(session);
    let open = ["/home/user/a.txt".into(), "ReadWrite".into(), "OpenExisting".into(), 0.into()];
    let run = ["/bin/cat".into(), list(&["cat"]), "".into(), list(&[]), list(&[]), 0.into()];
    for (method, arguments) in [
        ("fileOpen", open.to_vec()),
        ("directoryOpen", vec!["/home/user".into(), "".into(), list(&[])]),
        ("processCreate", run.to_vec()),
        ("fsObjQueryInfo", vec!["/home/user".into(), false.into()]),
        ("fsQueryInfo", vec!["/home".into()]),
    ] {
        roots.push(object(session.call(method, arguments).unwrap()));
    }
    roots.push(session);
}

/// Objects that only methods lead to.
fn lists(vbox: &Object) -> Vec<Object> {
    let mut found = Vec::new();
    for architecture in ["x86", "ARM"] {
        found.extend(attempt(vbox, "getPlatformProperties", vec![architecture.into()]));
    }
    if let Ok(Value::Object(properties)) = vbox.get("systemProperties")
        && let Ok(Value::List(profiles)) = properties.call("getCPUProfiles", vec!["Any".into(), "".into()])
    {
        found.extend(profiles.iter().filter_map(|profile| profile.as_object().cloned()));
    }
    if let Ok(Value::Object(collector)) = vbox.get("performanceCollector") {
        let _ = collector.call("setupMetrics", vec![list(&["*"]), Value::List(vec![]), 1.into(), 1.into()]);
        if let Ok(Value::List(metrics)) = collector.call("getMetrics", vec![list(&["*"]), Value::List(vec![])]) {
            found.extend(metrics.iter().filter_map(|metric| metric.as_object().cloned()));
        }
    }
    found
}
