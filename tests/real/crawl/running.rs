//! The temporary machine while it runs: its console and all that hangs on it, changes at run time, input,
//! and the events of every source that there is then.

use super::machine::{Doer, Temporary};
use super::watch::Watch;
use super::{Crawl, object};
use std::sync::Arc;
use vboxsh::model::{Object, SessionGuard, Value};

fn int(number: i64) -> Value {
    Value::Int(number)
}

pub fn run(crawl: &Arc<Crawl>, temporary: &Temporary) {
    if start(crawl, temporary).is_none() {
        return crawl.failed("the machine of the crawl does not start".to_owned());
    }
    let guard = SessionGuard::lock(&temporary.machine, "Shared").unwrap();
    let console = object(guard.session().get("console").unwrap());
    let sources: Vec<Object> = [None, Some("keyboard"), Some("mouse"), Some("guest")]
        .into_iter()
        .map(|part| part.map_or_else(|| console.clone(), |part| object(console.get(part).unwrap())))
        .map(|part| object(part.get("eventSource").unwrap()))
        .collect();
    let watches: Vec<Watch> = sources.iter().map(|source| Watch::open(crawl, source)).collect();
    let running = Running { doer: &temporary.doer, temporary, machine: guard.machine().clone(), console };
    running.input();
    running.settings();
    running.devices();
    running.guest(crawl);
    running.screen();
    running.states();
    running.input();
    // All that hangs on the console is read while it is there, and the events' objects too.
    crawl.add(&Value::Object(guard.session().clone()));
    crawl.run();
    let down = running.doer.object(&running.console, "powerDown", Vec::new());
    let own = down.as_ref().and_then(|down| Watch::try_open(crawl, down.get("eventSource").ok()?.as_object()?).ok());
    down.map(|down| running.doer.wait("IConsole.powerDown", &down));
    drop(own);
    drop(watches);
    drop(guard);
    temporary.until("the end of the machine", || temporary.is("sessionState", "Unlocked"));
}

/// Starts it, with an eye on the progress.
fn start(crawl: &Arc<Crawl>, temporary: &Temporary) -> Option<()> {
    let session = crawl.connection.new_session().unwrap();
    let arguments = vec![Value::Object(session.clone()), "headless".into(), Value::List(Vec::new())];
    let progress = object(temporary.machine.call("launchVMProcess", arguments).unwrap());
    let watch = Watch::try_open(crawl, &object(progress.get("eventSource").unwrap()));
    crawl.add(&Value::Object(progress.clone()));
    crawl.run();
    temporary.doer.wait("IMachine.launchVMProcess", &progress)?;
    drop(watch);
    temporary.until("running", || temporary.is("state", "Running"));
    session.call("unlockMachine", Vec::new()).ok().map(|_| ())
}

struct Running<'a> {
    doer: &'a Doer,
    temporary: &'a Temporary,
    machine: Object,
    console: Object,
}

impl Running<'_> {
    fn part(&self, name: &str) -> Object {
        object(self.console.get(name).unwrap())
    }

    fn input(&self) {
        let (doer, keyboard, mouse) = (self.doer, self.part("keyboard"), self.part("mouse"));
        for key in [0x1e, 0x3a] {
            doer.call(&keyboard, "putScancodes", vec![Value::List(vec![int(key), int(key | 0x80)])]);
        }
        doer.call(&keyboard, "putScancode", vec![int(0x1e)]);
        doer.call(&keyboard, "releaseKeys", Vec::new());
        doer.call(&keyboard, "putUsageCode", vec![int(4), int(7), false.into()]);
        doer.call(&keyboard, "putUsageCode", vec![int(4), int(7), true.into()]);
        doer.call(&mouse, "putMouseEvent", vec![int(3), int(-4), int(1), int(0), int(1)]);
        doer.call(&mouse, "putMouseEvent", vec![int(0), int(0), int(0), int(0), int(0)]);
        doer.call(&mouse, "putMouseEventAbsolute", vec![int(100), int(100), int(0), int(0), int(0)]);
        doer.call(
            &mouse,
            "putEventMultiTouch",
            vec![int(1), Value::List(vec![int(0x0001_0064_0064), int(0x0301)]), true.into(), int(0)],
        );
        doer.call(&mouse, "putEventMultiTouchString", vec![int(1), "100,100,1,1,1".into(), true.into(), int(0)]);
    }

    fn settings(&self) {
        let (doer, machine) = (self.doer, &self.machine);
        doer.set(machine, "clipboardMode", "Bidirectional");
        doer.set(machine, "clipboardFileTransfersEnabled", true);
        doer.set(machine, "dnDMode", "HostToGuest");
        doer.set(machine, "CPUExecutionCap", 90);
        doer.call(machine, "hotUnplugCPU", vec![int(1)]);
        doer.call(machine, "hotPlugCPU", vec![int(1)]);
        doer.call(machine, "setGuestPropertyValue", vec!["/tmp/b".into(), "1".into()]);
        doer.call(machine, "setExtraData", vec!["tmp".into(), "1".into()]);
        let folder = self.temporary.folder.as_str();
        for target in [machine, &self.console] {
            doer.call(target, "createSharedFolder", vec!["more".into(), folder.into(), false.into(), false.into()]);
            doer.call(target, "removeSharedFolder", vec!["more".into()]);
        }
        let control = object(machine.get("bandwidthControl").unwrap());
        if let Some(group) = doer.object(&control, "getBandwidthGroup", vec!["net".into()]) {
            doer.set(&group, "maxBytesPerSec", 2 << 20);
        }
        let debug = object(machine.get("guestDebugControl").unwrap());
        doer.set(&debug, "debugPort", 5997);
        doer.set(&debug, "debugProvider", "GDB");
        let vrde = object(machine.get("VRDEServer").unwrap());
        for enabled in [true, false] {
            doer.set(&vrde, "enabled", enabled);
        }
        let recording = object(machine.get("recordingSettings").unwrap());
        for screen in recording.get("screens").unwrap().into_list() {
            if let Some(screen) = screen.as_object() {
                doer.set(screen, "filename", self.temporary.path("recording.webm").as_str());
            }
        }
        doer.set(&recording, "enabled", true);
        if let Some(progress) = doer.object(&recording, "start", Vec::new()) {
            doer.crawl.take(&progress);
        }
        doer.set(&recording, "enabled", false);
    }

    fn devices(&self) {
        let (doer, machine) = (self.doer, &self.machine);
        let adapter = object(machine.call("getNetworkAdapter", vec![int(0)]).unwrap());
        doer.set(&adapter, "cableConnected", false);
        doer.set(&adapter, "cableConnected", true);
        doer.set(&adapter, "attachmentType", "Null");
        doer.set(&adapter, "attachmentType", "NAT");
        let engine = object(adapter.get("NATEngine").unwrap());
        doer.call(
            &engine,
            "addRedirect",
            vec!["more".into(), "UDP".into(), "127.0.0.1".into(), int(2297), "".into(), int(53)],
        );
        doer.call(&engine, "removeRedirect", vec!["more".into()]);
        let serial = object(machine.call("getSerialPort", vec![int(1)]).unwrap());
        doer.set(&serial, "hostMode", "Disconnected");
        let parallel = object(machine.call("getParallelPort", vec![int(0)]).unwrap());
        doer.set(&parallel, "path", self.temporary.path("parallel.out").as_str());
        let audio = object(object(machine.get("audioSettings").unwrap()).get("adapter").unwrap());
        for enabled in [false, true] {
            doer.set(&audio, "enabledOut", enabled);
        }
        let filters = object(machine.get("USBDeviceFilters").unwrap());
        doer.object(&filters, "removeDeviceFilter", vec![int(0)]);
        let tools = format!("{}/media/tools.iso", self.temporary.home());
        let open = vec![tools.as_str().into(), "DVD".into(), "ReadOnly".into(), false.into()];
        if let Some(tools) = doer.object(&self.temporary.vbox, "openMedium", open) {
            for medium in [Value::Object(tools), Value::Null] {
                doer.call(machine, "mountMedium", vec!["IDE".into(), int(0), int(0), medium, true.into()]);
            }
        }
        doer.call(machine, "detachDevice", vec!["SATA".into(), int(1), int(0)]);
        doer.call(machine, "attachDeviceWithoutMedium", vec!["SATA".into(), int(1), int(0), "DVD".into()]);
        doer.call(&self.console, "detachUSBDevice", vec!["00000000-0000-0000-0000-000000000001".into()]);
        let emulated = self.part("emulatedUSB");
        doer.call(&emulated, "webcamAttach", vec!["".into(), "".into()]);
    }

    /// Guest control needs the Guest Additions; a session object there is without them too.
    fn guest(&self, crawl: &Arc<Crawl>) {
        let (doer, guest) = (self.doer, self.part("guest"));
        doer.set(&guest, "statisticsUpdateInterval", 1);
        doer.call(&guest, "setCredentials", vec!["user".into(), "password".into(), "".into(), false.into()]);
        let Some(session) =
            doer.object(&guest, "createSession", vec!["user".into(), "password".into(), "".into(), "tmp-crawl".into()])
        else {
            return;
        };
        let watch = session.get("eventSource").ok().and_then(|source| Watch::try_open(crawl, source.as_object()?).ok());
        crawl.take(&session);
        doer.call(&session, "waitForArray", vec![Value::List(vec!["Start".into()]), int(1000)]);
        doer.call(&session, "directoryOpen", vec!["/tmp".into(), "".into(), Value::List(Vec::new())]);
        doer.call(&session, "fileOpen", vec!["/tmp/a".into(), "ReadOnly".into(), "OpenExisting".into(), int(0)]);
        doer.call(&session, "fsObjQueryInfo", vec!["/tmp/a".into(), true.into()]);
        doer.call(
            &session,
            "processCreate",
            vec![
                "/bin/true".into(),
                Value::List(Vec::new()),
                "".into(),
                Value::List(Vec::new()),
                Value::List(Vec::new()),
                int(1000),
            ],
        );
        crawl.add(&Value::Object(session.clone()));
        crawl.run();
        doer.call(&session, "close", Vec::new());
        drop(watch);
    }

    fn screen(&self) {
        let (doer, display) = (self.doer, self.part("display"));
        let rest = || vec![true.into(), int(0), int(0), int(640), int(480), int(32)];
        let all = |begin: Vec<Value>| begin.into_iter().chain(rest()).collect::<Vec<_>>();
        if let Some(info) =
            doer.object(&display, "createGuestScreenInfo", all(vec![int(0), "Enabled".into(), true.into()]))
        {
            doer.crawl.take(&info);
        }
        let hint = all(vec![int(0), true.into()]).into_iter().chain([Value::Bool(true)]).collect();
        doer.call(&display, "setVideoModeHint", hint);
        doer.call(&display, "invalidateAndUpdate", Vec::new());
        doer.call(&display, "setSeamlessMode", vec![false.into()]);
        doer.call(&display, "notifyScaleFactorChange", vec![int(0), int(10000), int(10000)]);
        doer.call(&self.machine, "canShowConsoleWindow", Vec::new());
        doer.call(&self.machine, "showConsoleWindow", Vec::new());
    }

    fn states(&self) {
        let doer = self.doer;
        doer.call(&self.console, "pause", Vec::new());
        doer.work(&self.machine, "takeSnapshot", vec!["online".into(), "".into(), true.into()]);
        doer.call(&self.console, "resume", Vec::new());
        if let Some(snapshot) = doer.object(&self.machine, "findSnapshot", vec!["online".into()]) {
            doer.work(&self.machine, "deleteSnapshot", vec![snapshot.get("id").unwrap()]);
        }
        doer.call(&self.console, "powerButton", Vec::new());
        doer.call(&self.console, "sleepButton", Vec::new());
        doer.call(&self.console, "reset", Vec::new());
        // The guest boots anew.
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
}
