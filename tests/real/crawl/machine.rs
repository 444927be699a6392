//! The machine that the crawl makes for itself, with its media and networks, and that goes with it.

use super::{Crawl, object, text};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vboxsh::model::{Error, Object, Value, wait_for_progress};

/// A boot sector: turns the PS/2 mouse on, shows a VESA mode for a moment, and at the start and at each
/// key exchanges the keyboard's LEDs and echoes the key.
#[rustfmt::skip]
const BOOT_SECTOR: [u8; 85] = [
    0x31, 0xc0,             // 00        xor ax, ax
    0x8e, 0xd8,             // 02        mov ds, ax
    0x8e, 0xc0,             // 04        mov es, ax
    0xbc, 0x00, 0x7c,       // 06        mov sp, 7c00
    0xfc,                   // 09        cld
    0xb8, 0x05, 0xc2,       // 0a        mov ax, c205    mouse: packets of three bytes
    0xb7, 0x03,             // 0d        mov bh, 3
    0xcd, 0x15,             // 0f        int 15
    0xb8, 0x00, 0xc2,       // 11        mov ax, c200    mouse: on
    0xb7, 0x01,             // 14        mov bh, 1
    0xcd, 0x15,             // 16        int 15
    0xb8, 0x02, 0x4f,       // 18        mov ax, 4f02    640 x 480
    0xbb, 0x01, 0x41,       // 1b        mov bx, 4101
    0xcd, 0x10,             // 1e        int 10
    0xb8, 0x03, 0x00,       // 20        mov ax, 3       text again
    0xcd, 0x10,             // 23        int 10
    0xb1, 0x02,             // 25        mov cl, 2
    0xb0, 0xed,             // 27 again: mov al, ed      keyboard: LEDs
    0xe8, 0x1c, 0x00,       // 29        call send
    0x88, 0xc8,             // 2c        mov al, cl
    0xe8, 0x17, 0x00,       // 2e        call send
    0x80, 0xf1, 0x02,       // 31        xor cl, 2
    0xfb,                   // 34 key:   sti
    0xf4,                   // 35        hlt             an idle guest must not cost the host anything
    0xb4, 0x01,             // 36        mov ah, 1
    0xcd, 0x16,             // 38        int 16
    0x74, 0xf8,             // 3a        jz key
    0x30, 0xe4,             // 3c        xor ah, ah
    0xcd, 0x16,             // 3e        int 16
    0xb4, 0x0e,             // 40        mov ah, 0e
    0x31, 0xdb,             // 42        xor bx, bx
    0xcd, 0x10,             // 44        int 10
    0xeb, 0xdf,             // 46        jmp again
    0x88, 0xc4,             // 48 send:  mov ah, al
    0xe4, 0x64,             // 4a busy:  in al, 64
    0xa8, 0x02,             // 4c        test al, 2
    0x75, 0xfa,             // 4e        jnz busy
    0x88, 0xe0,             // 50        mov al, ah
    0xe6, 0x60,             // 52        out 60, al
    0xc3,                   // 54        ret
];

/// Does things, hands what comes of them to the crawl, and notes what is refused.
pub struct Doer {
    pub crawl: Arc<Crawl>,
}

impl Doer {
    /// Calls; `None` after a refusal. What it gives is not read by itself: it may not live until then.
    pub fn call(&self, object: &Object, method: &str, arguments: Vec<Value>) -> Option<Value> {
        let name = format!("{}.{method}", object.interface().name);
        let method = object.interface().method(method).unwrap_or_else(|| panic!("{name}"));
        match self.crawl.tell(object, method, arguments) {
            Ok(mut outputs) if outputs.len() == 1 => outputs.pop(),
            Ok(outputs) => Some(Value::List(outputs)),
            Err(error) => {
                self.crawl.could_not(&name, &error);
                None
            }
        }
    }

    /// Calls what gives an object.
    pub fn object(&self, object: &Object, method: &str, arguments: Vec<Value>) -> Option<Object> {
        self.call(object, method, arguments).and_then(|value| value.as_object().cloned())
    }

    /// Calls what gives a progress, alone or as the first of several, and waits for it.
    pub fn work(&self, object: &Object, method: &str, arguments: Vec<Value>) -> Option<Value> {
        let value = self.call(object, method, arguments)?;
        let progress = match &value {
            Value::List(outputs) => outputs.first()?.as_object()?.clone(),
            other => other.as_object()?.clone(),
        };
        let name = format!("{}.{method}", object.interface().name);
        self.crawl.take(&progress);
        self.wait(&name, &progress)?;
        Some(value)
    }

    pub fn wait(&self, what: &str, progress: &Object) -> Option<()> {
        match wait_for_progress(progress, Some(Duration::from_secs(60)), &mut |_| {}, &mut |_| true) {
            Ok(()) => Some(()),
            Err(error) => {
                self.crawl.could_not(what, &error);
                None
            }
        }
    }

    pub fn set(&self, object: &Object, attribute: &str, value: impl Into<Value>) {
        if let Err(error) = object.set(attribute, value.into()) {
            self.crawl.could_not(&format!("{}.{attribute}", object.interface().name), &error);
        }
    }

    pub fn get(&self, object: &Object, attribute: &str) -> Option<Object> {
        object.get(attribute).ok().and_then(|value| value.as_object().cloned())
    }
}

/// The machine, registered, with a floppy that boots and a disk. Dropping it removes everything that
/// carries its name.
pub struct Temporary {
    pub name: String,
    pub vbox: Object,
    pub machine: Object,
    /// Folder of the machine, on the other side.
    pub folder: String,
    pub doer: Doer,
}

impl Temporary {
    pub fn new(crawl: &Arc<Crawl>) -> Self {
        let vbox = crawl.connection.root();
        let name = format!("tmp-crawl-{}", std::process::id());
        let arguments = vec!["".into(), name.as_str().into(), "x86".into(), Value::List(Vec::new()), "Other".into()];
        let machine = object(vbox.call("createMachine", arguments).unwrap());
        machine.set("memorySize", Value::Int(16)).unwrap();
        machine.call("setExtraData", vec!["VBoxInternal/HM/FallbackToIEM".into(), "1".into()]).unwrap();
        vbox.call("registerMachine", vec![Value::Object(machine.clone())]).unwrap();
        let path = text(&machine, "settingsFilePath");
        let folder = path.rsplit_once(['/', '\\']).unwrap().0.to_owned();
        Self { name, vbox, machine, folder, doer: Doer { crawl: Arc::clone(crawl) } }
    }

    pub fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.folder)
    }

    /// The folder that `fixture.py` works in.
    pub fn home(&self) -> String {
        let properties = object(self.vbox.get("systemProperties").unwrap());
        let machines = text(&properties, "defaultMachineFolder");
        machines.rsplit_once(['/', '\\']).map_or_else(String::new, |(home, _)| home.to_owned())
    }

    /// A new medium of so many bytes.
    pub fn medium(&self, format: &str, file: &str, kind: &str, bytes: i64, variant: &str) -> Object {
        let path = self.path(file);
        let arguments = vec![format.into(), path.as_str().into(), "ReadWrite".into(), kind.into()];
        let medium = object(self.vbox.call("createMedium", arguments).unwrap());
        let progress =
            medium.call("createBaseStorage", vec![Value::Int(bytes), Value::List(vec![variant.into()])]).unwrap();
        wait_for_progress(progress.as_object().unwrap(), None, &mut |_| {}, &mut |_| true).unwrap();
        medium
    }

    /// A floppy that boots.
    pub fn floppy(&self) -> Object {
        let floppy = self.medium("RAW", "boot.img", "Floppy", 1440 * 1024, "Fixed");
        let mut sector = BOOT_SECTOR.to_vec();
        sector.resize(510, 0);
        sector.extend([0x55, 0xaa]);
        let io = object(floppy.call("openForIO", vec![Value::Bool(true), "".into()]).unwrap());
        io.call("write", vec![Value::Int(0), Value::Blob(sector.clone())]).unwrap();
        assert_eq!(io.call("read", vec![Value::Int(0), Value::Int(512)]).unwrap(), Value::Blob(sector));
        self.doer.crawl.take(&io);
        io.call("close", Vec::new()).unwrap();
        floppy
    }

    pub fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !condition() {
            assert!(Instant::now() < end, "{what}: not within a minute");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn is(&self, attribute: &str, name: &str) -> bool {
        matches!(self.machine.get(attribute), Ok(Value::Enum(value)) if value.is(name))
    }

    /// What the running machine wrote: VirtualBox deletes no folder that has other files than its own.
    fn remove_files(&self) -> Result<(), Error> {
        let appliance = object(self.vbox.call("createAppliance", Vec::new())?);
        let uri = format!("file://{}/", self.folder);
        let explorer = object(appliance.call("createVFSExplorer", vec![uri.as_str().into()])?);
        for file in ["serial-0.log", "serial-1.log", "recording-screen0.webm"] {
            // One that is not there makes the work fail; nothing else hangs on it.
            let progress = explorer.call("remove", vec![Value::List(vec![file.into()])])?;
            let _ = progress.as_object().map(|progress| wait_for_progress(progress, None, &mut |_| {}, &mut |_| false));
        }
        Ok(())
    }

    fn remove(&self) -> Result<(), Error> {
        if !self.is("sessionState", "Unlocked") {
            let session = self.vbox.connection().new_session()?;
            self.machine.call("lockMachine", vec![Value::Object(session.clone()), "Shared".into()])?;
            if let Some(console) = session.get("console")?.as_object() {
                let progress = console.call("powerDown", Vec::new())?;
                progress
                    .as_object()
                    .map(|progress| wait_for_progress(progress, None, &mut |_| {}, &mut |_| false))
                    .transpose()?;
            }
            let _ = session.call("unlockMachine", Vec::new());
            let end = Instant::now() + Duration::from_secs(20);
            while !self.is("sessionState", "Unlocked") && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        self.remove_files()?;
        let media = self.machine.call("unregister", vec!["Full".into()])?;
        let progress = self.machine.call("deleteConfig", vec![media])?;
        progress
            .as_object()
            .map(|progress| wait_for_progress(progress, None, &mut |_| {}, &mut |_| false))
            .transpose()?;
        for list in ["hardDisks", "DVDImages", "floppyImages"] {
            for medium in self.vbox.get(list)?.into_list() {
                let Some(medium) = medium.as_object() else { continue };
                if medium.get("location")?.as_text().is_some_and(|location| location.contains(&self.name)) {
                    let progress = medium.call("deleteStorage", Vec::new())?;
                    progress
                        .as_object()
                        .map(|progress| wait_for_progress(progress, None, &mut |_| {}, &mut |_| false))
                        .transpose()?;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let undone = self.remove();
        if let Err(error) = undone {
            self.doer.crawl.failed(format!("{} is not removed: {error}", self.name));
        }
    }
}

/// Runs `undo` when it goes, also after a failure.
pub struct Undo<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for Undo<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
