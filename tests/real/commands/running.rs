//! Commands on a machine that really runs: each does what it is for, and the machine runs on.

use super::{Host, boot_floppy, place, until};
use std::path::PathBuf;
use std::time::Duration;

/// A machine that greets and echoes what is typed, on the screen and on its serial port.
struct Guest<'a> {
    host: &'a Host,
    name: &'static str,
}

impl<'a> Guest<'a> {
    fn new(host: &'a Host, name: &'static str, more: &str) -> Self {
        boot_floppy(&host.folder().join(format!("{name}.img")));
        host.ok(&format!("create-vm {name} Other --bare"));
        host.ok(&format!(
            "modify {name} memorySize=16 {more} graphicsAdapter.VRAMSize=8 firmwareSettings.logoDisplayTime=0 \
             firmwareSettings.logoFadeIn=false firmwareSettings.logoFadeOut=false 'setBootOrder(1, Floppy)' \
             audioSettings.adapter.enabled=false"
        ));
        host.ok(&format!("setextra {name} VBoxInternal/HM/FallbackToIEM 1"));
        host.ok(&format!("attachCtr {name} Floppy Floppy; attachCtr {name} IDE IDE; attachCtr {name} SATA SATA"));
        let floppy = format!(
            "vbox.findMachine(\"{name}\").session(|s| s.machine.attachDevice(\"Floppy\", 0, 0, DeviceType.Floppy, \
             vbox.openMedium(\"/root/{name}.img\", DeviceType.Floppy, AccessMode.ReadWrite, false)))"
        );
        let said = host.run(&["-e", &floppy]);
        assert_eq!(said.code, 0, "{said:?}");
        host.ok(&format!("attachIso {name} /root/os.iso IDE 1:0; unmountIso {name}"));
        host.ok(&format!(
            "modify {name} serialPort[0].enabled=true serialPort[0].path=/root/{name}.log serialPort[0].hostMode=RawFile"
        ));
        Self { host, name }
    }

    fn log(&self) -> PathBuf {
        self.host.folder().join(format!("{}.log", self.name))
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log()).unwrap_or_default()).into_owned()
    }

    fn line(&self, line: &str) -> String {
        line.replace("VM", self.name)
    }

    /// The line, after which the machine is as it has to be.
    #[track_caller]
    fn does(&self, line: &str, state: &str) -> String {
        let out = self.host.ok(&self.line(line));
        assert_eq!(self.host.ok(&self.line("get VM.state")), format!("{state}\n"), "after {line}");
        out
    }

    #[track_caller]
    fn refuses(&self, line: &str, code: i32, part: &str) {
        let said = self.host.fails(&self.line(line), code);
        assert!(said.contains(part), "{line}: {said}");
        assert_eq!(self.host.ok(&self.line("get VM.state")), "Running\n", "after {line}");
    }

    #[track_caller]
    fn greets(&self, times: usize) {
        until("the guest greets", || self.heard().matches("vboxsh guest ready").count() == times);
    }
}

/// Width and height of a PNG.
fn size_of(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{:?}", &png[..png.len().min(16)]);
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn looks(guest: &Guest<'_>) {
    let (picture, told) = place(guest.host, "screen.png");
    guest.does(&format!("screenshot VM {told}"), "Running");
    assert_eq!(size_of(&std::fs::read(&picture).unwrap()), (720, 400), "text mode");
    guest.does(&format!("screenshot VM {told} 320 200 0"), "Running");
    assert_eq!(size_of(&std::fs::read(&picture).unwrap()), (320, 200));
    assert!(guest.does("info VM", "Running").contains("Running"));
    assert!(guest.does("list running", "Running").contains(guest.name));
    assert!(guest.does("stats VM", "Running").contains('%'));
    let top = guest.does("top --count 1 --every 0.2", "Running");
    assert!(top.contains(guest.name), "{top}");
    guest.does("ginfo VM", "Running");
    assert!(guest.does("showLog VM", "Running").contains("VirtualBox"));
    assert!(guest.does("findLog VM 'IEM|HM:'", "Running").contains("HM"));
    guest.does("findAssert VM; log VM --tail 3", "Running");
    guest.does("lspci VM", "Running");
    guest.does("wait VM state=Running --timeout 5", "Running");
    assert_eq!(guest.does("watch --count 1 VM.state", "Running"), "Running\n");
    guest.does("tree VM --depth 1; find memorySize VM --depth 1", "Running");
    guest.refuses("ip VM", 4, "no address");
    guest.refuses("gexec VM --user root /bin/ls", 1, "Guest Additions");
    guest.refuses("wait VM ip --timeout 0.3", 124, "0.3 s");
    guest.refuses("start VM", 1, "runs already");
    guest.refuses("removeVm VM", 1, "powerdown");
    guest.refuses("discard VM", 1, "");
    guest.refuses("attachUsb VM none", 4, "list-usb");
    guest.refuses("detachUsb VM none", 4, "list-usb");
}

fn types(guest: &Guest<'_>) {
    guest.does("typeGuest VM abc 0.01", "Running");
    until("typed letters come back", || guest.heard().contains("abc"));
    guest.does("guest VM 'console.mouse.putMouseEvent(20, 20, 0, 0, 0)'", "Running");
    assert_eq!(guest.does("guest VM 'keyboard.putScancodes([0x2d, 0xad])'", "Running"), "2\n");
    until("a key by its code comes back", || guest.heard().contains("abcx"));

    // What is typed is seen, kept and played again.
    let (demo, told) = place(guest.host, "demo.txt");
    std::thread::scope(|scope| {
        let record = scope.spawn(|| guest.host.ok(&guest.line(&format!("recordDemo VM {told} 4"))));
        let keys = scope.spawn(|| guest.host.ok(&guest.line("monitorGuestKbd VM 4")));
        let mouse = scope.spawn(|| guest.host.ok(&guest.line("monitorGuestMouse VM 4")));
        let all = scope.spawn(|| guest.host.ok(&guest.line("monitorGuest VM 4")));
        let touch = scope.spawn(|| guest.host.ok(&guest.line("monitorGuestMultiTouch VM 1")));
        std::thread::sleep(Duration::from_millis(2000));
        guest.host.ok(&guest.line("typeGuest VM qrs 0.01; guest VM 'mouse.putMouseEvent(3, 4, 0, 0, 0)'"));
        record.join().unwrap();
        let keys = keys.join().unwrap();
        assert!(keys.contains("scancodes"), "{keys}");
        assert!(mouse.join().unwrap().contains("OnGuestMouse"));
        all.join().unwrap();
        assert_eq!(touch.join().unwrap(), "");
    });
    let text = std::fs::read_to_string(demo).unwrap();
    assert!(text.contains(" k ") && text.contains(" m 3 4 "), "{text}");
    until("what was recorded was typed", || guest.heard().contains("qrs"));
    guest.does(&format!("playbackDemo VM {told}"), "Running");
    until("what is played is typed", || guest.heard().matches("qrs").count() == 2);
}

fn devices(guest: &Guest<'_>) {
    let host = guest.host;
    guest.does("shareFolder VM /root share writable", "Running");
    assert_eq!(guest.does("guest VM 'console.sharedFolders.len()'", "Running"), "1\n");
    assert_eq!(host.ok(&guest.line("eval vbox.findMachine(\"VM\").sharedFolders.len()")), "0\n", "it is transient");
    guest.does("unshareFolder VM share", "Running");
    assert_eq!(guest.does("guest VM 'console.sharedFolders.len()'", "Running"), "0\n");
    guest.does("shareFolder VM /root kept persistent; unshareFolder VM kept", "Running");

    guest.does("mountIso VM /root/os.iso IDE 1:0", "Running");
    assert!(host.ok(&guest.line("info VM")).contains("os.iso"));
    guest.does("unmountIso VM IDE 1:0 --force", "Running");
    assert!(!host.ok(&guest.line("info VM")).contains("os.iso"));
    guest.does("createHdd 5 /root/VM-hot.vdi", "Running");
    guest.refuses("attachHdd VM /root/VM-hot.vdi IDE 0:0", 1, "");

    guest.does("call VM.setGuestPropertyValue /vboxsh/test yes", "Running");
    assert_eq!(guest.does("call VM.getGuestPropertyValue /vboxsh/test", "Running"), "yes\n");
    guest.does("wait VM property:/vboxsh/test=yes --timeout 5", "Running");
    guest.does("setextra VM note running", "Running");
    guest.does("nic VM 0 cable off; nic VM 0 cable on", "Running");
    guest.does("modify VM CPUExecutionCap=90; modify VM CPUExecutionCap=100", "Running");
    guest.refuses("modify VM memorySize=64", 1, "");
    guest.does("plugcpu VM 1", "Running");
    assert_eq!(guest.does("call VM.getCPUStatus 1", "Running"), "true\n");
}

fn states(guest: &Guest<'_>) {
    let host = guest.host;
    guest.does("pause VM", "Paused");
    let said = host.fails(&guest.line("pause VM"), 1);
    assert!(said.contains("VBOX_E_INVALID_VM_STATE"), "{said}");
    guest.does("resume VM", "Running");
    guest.does("snapshot VM take live 'while it ran'", "Running");
    assert_eq!(host.ok(&guest.line("get VM.snapshotCount VM.currentSnapshot.online")), "1\ntrue\n");
    std::thread::scope(|scope| {
        let events =
            scope.spawn(|| host.ok(&guest.line("events OnMachineStateChanged --machine VM --count 2 --for 20")));
        std::thread::sleep(Duration::from_millis(1500));
        guest.does("pause VM; resume VM", "Running");
        let events = events.join().unwrap();
        assert!(events.contains("state=Paused") && events.contains("state=Running"), "{events}");
    });
    guest.does("powerbutton VM", "Running");
    guest.does("reset VM", "Running");
    guest.greets(2);
    guest.does("save VM", "Saved");
    guest.does("start VM headless", "Running");
    guest.does("typeGuest VM zz 0.01", "Running");
    // The serial port's file starts anew with the process.
    until("it goes on where it was", || guest.heard().starts_with("zz"));
    guest.does("save VM; discard VM", "PoweredOff");
    guest.does("snapshot VM restore live", "Saved");
    guest.does("start VM headless", "Running");
    guest.does("powerdown VM", "PoweredOff");
    guest.does("snapshot VM delete live", "PoweredOff");
    until("nobody holds it", || host.ok(&guest.line("get VM.sessionState")) == "Unlocked\n");
}

fn check(host: &Host, name: &'static str) {
    let guest = Guest::new(host, name, "CPUHotPlugEnabled=true CPUCount=2");
    guest.does("start VM headless", "Running");
    guest.greets(1);
    looks(&guest);
    types(&guest);
    devices(&guest);
    states(&guest);
    host.ok(&guest.line("removeVm VM"));
}

/// One machine at a time: two that run would starve each other on a small computer.
#[test]
fn commands_on_a_machine_that_runs_do_what_they_are_for() {
    let Some(host) = Host::new("cmd-run") else { return };
    std::fs::write(host.folder().join("os.iso"), vec![0; 1 << 20]).unwrap();
    check(&host, "run-01");
    if cfg!(all(feature = "xpcom", unix)) {
        check(&host.over_xpcom(), "run-02");
    }
}

/// A machine goes from one process to another through a portal, and a teleport to nowhere leaves it where it is.
#[test]
fn a_running_machine_is_teleported() {
    let Some(host) = Host::new("cmd-port") else { return };
    std::fs::write(host.folder().join("os.iso"), vec![0; 1 << 20]).unwrap();
    let guest = Guest::new(&host, "from-01", "");
    host.ok("clone from-01 to-01 --keep macs,hardware-ids");
    host.ok("modify to-01 serialPort[0].path=/root/to-01.log");
    guest.does("start VM headless", "Running");
    guest.greets(1);
    guest.refuses("teleport VM 127.0.0.1:9 secret", 1, "");
    let port = super::free_port();
    host.ok(&format!("openportal to-01 {port} secret"));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| host.ok("start to-01 headless"));
        until("the portal waits", || host.ok("get to-01.state") == "TeleportingIn\n");
        // The portal is open a little after the state says so.
        let teleport = format!("teleport from-01 127.0.0.1:{port} secret 1000");
        until("the portal takes it", || host.run(&["-c", &teleport]).code == 0);
        waits.join().unwrap();
    });
    assert_eq!(host.ok("get to-01.state"), "Running\n");
    until("the other one has ended", || host.ok("get from-01.state") == "Teleported\n");
    host.ok("typeGuest to-01 hello 0.01");
    until("it goes on over there", || {
        String::from_utf8_lossy(&std::fs::read(host.folder().join("to-01.log")).unwrap_or_default()).contains("hello")
    });
    host.ok("powerdown to-01; closeportal to-01");
}
