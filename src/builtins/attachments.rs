//! What stands in the slots of a machine's storage controllers: `attach-hdd`, `detach-hdd`, `attach-iso`,
//! `mount-iso`, `attach-ctr` and their like.

use super::media;
use super::on_machine::{change, children, is_online, machine, made, note, quoted, show, text};
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, alias: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Storage, summary, run).alias(alias).effect(Effect::Write).argument(
            "machine",
            ArgumentKind::Machine,
            Arity::Required,
            "name or id of a machine",
        )
    };
    let slot = |command: Command, arity| {
        command
            .argument("controller", ArgumentKind::Controller, arity, "name of a storage controller of the machine")
            .argument("slot", ArgumentKind::Slot, arity, "port and device, such as 0:1; left out: the first free one")
    };
    let disk = |command: Command| {
        command.argument("disk", ArgumentKind::Medium("HardDisk"), Arity::Required, "file or id of a hard disk")
    };
    let image = |command: Command| {
        command.argument("image", ArgumentKind::Medium("DVD"), Arity::Required, "file or id of a CD or DVD image")
    };
    let (made, iso) = ("create-hdd 1G disk.vdi", "!truncate -s 1M os.iso");
    let drive = "shell 'truncate -s 1M os.iso'; attach-iso web-01 os.iso; unmount-iso web-01";
    let attached = "create-hdd 1G disk.vdi; attach-hdd web-01 disk.vdi";
    vec![
        slot(disk(new("attach-hdd", "attachHdd", "attach a hard disk to a machine", attach_hdd)), Arity::Optional)
            .prepared(made, "attachHdd web-01 disk.vdi SATA 0:0", "in a slot of your choice")
            .prepared(made, "attach-hdd web-01 disk.vdi", "in the first free slot"),
        disk(new("detach-hdd", "detachHdd", "detach a hard disk from a machine", detach_hdd))
            .help("The disk and its file stay.")
            .prepared(attached, "detachHdd web-01 disk.vdi", "wherever it is attached"),
        slot(
            image(new("attach-iso", "attachIso", "put a drive with a CD or DVD image into a machine", attach_iso)),
            Arity::Optional,
        )
        .help("An empty drive of the machine takes the image when no slot is given.")
        .prepared(iso, "attachIso web-01 os.iso", "into an empty drive, or a new one"),
        image(new("detach-iso", "detachIso", "take the drive with a CD or DVD image out of a machine", detach_iso))
            .prepared(
                "!truncate -s 1M os.iso",
                "attach-iso web-01 os.iso; detachIso web-01 os.iso",
                "the drive goes too",
            ),
        slot(
            image(new(
                "mount-iso",
                "mountIso",
                "put a CD or DVD image into a drive, also of a running machine",
                mount_iso,
            )),
            Arity::Optional,
        )
        .flag("force", None, "also when the guest has locked the drive")
        .prepared(drive, "mountIso web-01 os.iso", "into the first drive"),
        slot(
            new("unmount-iso", "unmountIso", "empty a CD or DVD drive, also of a running machine", unmount_iso),
            Arity::Optional,
        )
        .flag("force", None, "also when the guest has locked the drive")
        .prepared(drive, "mount-iso web-01 os.iso; unmountIso web-01", "the first drive with an image"),
        new("attach-ctr", "attachCtr", "add a storage controller to a machine", attach_ctr)
            .argument("name", ArgumentKind::Text, Arity::Required, "name of the new controller")
            .argument(
                "bus",
                ArgumentKind::Enum("StorageBus"),
                Arity::Required,
                "IDE, SATA, SCSI, SAS, Floppy, USB, PCIe or VirtioSCSI",
            )
            .argument(
                "type",
                ArgumentKind::Enum("StorageControllerType"),
                Arity::Optional,
                "PIIX4, ICH6, IntelAhci, LsiLogic, BusLogic and so on",
            )
            .example("attachCtr web-01 Ctr0 SCSI BusLogic", "of a certain type"),
        new("detach-ctr", "detachCtr", "remove a storage controller from a machine", detach_ctr)
            .argument(
                "controller",
                ArgumentKind::Controller,
                Arity::Required,
                "name of a storage controller of the machine",
            )
            .help("Media that are attached to it are detached; their files stay.")
            .example("detachCtr web-01 SATA", "with all that is attached to it"),
    ]
}

/// A field of an attachment, which is an object or, over the web service, a structure.
pub(super) fn field(attachment: &Value, name: &str) -> Option<Value> {
    match attachment {
        Value::Struct(fields) => fields.get(name).cloned(),
        Value::Object(object) => object.get(name).ok(),
        _ => None,
    }
}

/// Controller, port and device.
type Slot = (String, i64, i64);

fn slot_of(attachment: &Value) -> Slot {
    let number = |name| field(attachment, name).and_then(|value| value.as_int()).unwrap_or_default();
    (field(attachment, "controller").map(|name| show(&name)).unwrap_or_default(), number("port"), number("device"))
}

fn slot_arguments(slot: &Slot) -> Vec<Value> {
    vec![Value::from(slot.0.as_str()), Value::Int(slot.1), Value::Int(slot.2)]
}

fn attachments(machine: &Object, kind: &str) -> Result<Vec<Value>, Failure> {
    let mut all = machine.get("mediumAttachments")?.into_list();
    all.retain(|attachment| field(attachment, "type").is_some_and(|known| show(&known) == kind));
    Ok(all)
}

/// The slot that the arguments name, if they name one.
fn given_slot(machine: &Object, given: &Given) -> Result<Option<Slot>, Failure> {
    let Some(name) = given.optional("controller") else { return Ok(None) };
    let name = controller(machine, name)?;
    let Some(word) = given.optional("slot") else {
        let free = free_slot(machine, Some(&name), None)?;
        return free.map(Some).ok_or_else(|| {
            Failure::new(ErrorKind::Failed, format!("the controller `{name}` has no free slot"))
                .hinted("name one as PORT:DEVICE, after its medium was detached")
        });
    };
    let numbers = word.split_once(':').and_then(|(port, device)| Some((port.parse().ok()?, device.parse().ok()?)));
    let numbers = numbers.or_else(|| Some((word.parse().ok()?, 0)));
    let (port, device) = numbers.ok_or_else(|| {
        Failure::usage(format!("`{word}` is no slot"), "write port and device with a colon, such as `0:1`")
    })?;
    Ok(Some((name, port, device)))
}

/// A controller with fewer ports than it may have gets those up to `port`, while the machine is off.
fn make_room(machine: &Object, name: &str, port: i64) -> Result<(), Failure> {
    let controller = made(machine.call("getStorageControllerByName", vec![Value::from(name)])?, "the controller")?;
    let number = |attribute: &str| controller.get(attribute).ok().and_then(|value| value.as_int()).unwrap_or(1);
    if (number("portCount")..number("maxPortCount")).contains(&port) && !is_online(&machine.get("state")?) {
        controller.set("portCount", Value::Int(port + 1))?;
    }
    Ok(())
}

/// The name of a controller of the machine, in its own spelling.
fn controller(machine: &Object, name: &str) -> Result<String, Failure> {
    let controllers: Vec<String> =
        children(machine, "storageControllers")?.iter().map(|controller| text(controller, "name")).collect();
    if let Some(known) = controllers.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(known.clone());
    }
    let machine = text(machine, "name");
    let known: Vec<_> = controllers.iter().map(|name| format!("`{name}`")).collect();
    let hint = if known.is_empty() {
        format!("it has none; `attach-ctr {} SATA SATA` adds one", quoted(&machine))
    } else {
        format!("it has {}", known.join(", "))
    };
    Err(Failure::new(ErrorKind::NotFound, format!("`{machine}` has no controller `{name}`")).hinted(hint))
}

/// The first free slot, of one controller or of any that fits the kind of device.
fn free_slot(machine: &Object, only: Option<&str>, kind: Option<&str>) -> Result<Option<Slot>, Failure> {
    let taken: Vec<Slot> = machine.get("mediumAttachments")?.into_list().iter().map(slot_of).collect();
    let running = is_online(&machine.get("state")?);
    let mut controllers = Vec::new();
    for controller in children(machine, "storageControllers")? {
        let bus = text(&controller, "bus");
        controllers.push((controller, bus));
    }
    if kind == Some("HardDisk") {
        // IDE is slow and has room for four.
        controllers.sort_by_key(|(_, bus)| bus == "IDE");
    }
    for (controller, bus) in controllers {
        let name = text(&controller, "name");
        let fits = match (only, kind) {
            // Other controllers take nothing while the machine runs.
            (None, _) if running && !matches!(bus.as_str(), "SATA" | "USB") => false,
            (Some(only), _) => only == name,
            (None, Some("Floppy")) => bus == "Floppy",
            (None, Some("DVD")) => matches!(bus.as_str(), "IDE" | "SATA" | "SCSI" | "USB"),
            (None, _) => bus != "Floppy",
        };
        if !fits {
            continue;
        }
        let number = |attribute: &str| controller.get(attribute).ok().and_then(|value| value.as_int()).unwrap_or(1);
        let (ports, devices) = (number("portCount"), number("maxDevicesPerPortCount"));
        let all = (0..ports).flat_map(|port| (0..devices).map(move |device| (port, device)));
        let free = all.map(|(port, device)| (name.clone(), port, device)).find(|slot| !taken.contains(slot));
        if free.is_some() {
            return Ok(free);
        }
        if ports < number("maxPortCount") && !running {
            controller.set("portCount", Value::Int(ports + 1))?;
            return Ok(Some((name, ports, 0)));
        }
    }
    Ok(None)
}

/// Attaches a medium to a locked machine: an image into an empty drive, else in the first free slot.
pub(super) fn attach_anywhere(machine: &Object, medium: &Object, kind: &str) -> Result<Slot, Failure> {
    if kind != "HardDisk" {
        let drives = attachments(machine, kind)?;
        let empty = drives.iter().find(|drive| !matches!(field(drive, "medium"), Some(Value::Object(_))));
        if let Some(drive) = empty {
            let slot = slot_of(drive);
            let mut arguments = slot_arguments(&slot);
            arguments.extend([Value::Object(medium.clone()), Value::Bool(false)]);
            machine.call("mountMedium", arguments)?;
            return Ok(slot);
        }
    }
    let slot = free_slot(machine, None, Some(kind))?.ok_or_else(|| {
        let name = quoted(&text(machine, "name"));
        Failure::new(ErrorKind::Failed, "the machine has no free slot for it")
            .hinted(format!("`attach-ctr {name} SATA SATA` adds a controller"))
    })?;
    attach(machine, &slot, kind, medium)?;
    Ok(slot)
}

fn attach(machine: &Object, slot: &Slot, kind: &str, medium: &Object) -> Result<(), Failure> {
    let mut arguments = slot_arguments(slot);
    arguments.extend([Value::from(kind), Value::Object(medium.clone())]);
    machine.call("attachDevice", arguments)?;
    Ok(())
}

fn attach_given(shell: &Shell, given: &Given, argument: &str, kind: &str) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = machine(shell, given)?;
    let medium = media::open(&connection, given.text(argument), kind)?;
    let slot = change(&machine, |machine| match given_slot(machine, given)? {
        Some(slot) => {
            make_room(machine, &slot.0, slot.1)?;
            attach(machine, &slot, kind, &medium).map(|()| slot)
        }
        None => attach_anywhere(machine, &medium, kind),
    })?;
    note(format!("`{}` is in {} {}:{}", text(&medium, "location"), slot.0, slot.1, slot.2))
}

fn attach_hdd(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    attach_given(shell, given, "disk", "HardDisk")
}

fn attach_iso(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    attach_given(shell, given, "image", "DVD")
}

/// Slots where a medium, or a differencing disk of it, is attached now.
fn slots_with(machine: &Object, medium: &Object) -> Result<Vec<Slot>, Failure> {
    let id = medium.get("id")?;
    let mut found = Vec::new();
    for attachment in machine.get("mediumAttachments")?.into_list() {
        let Some(Value::Object(attached)) = field(&attachment, "medium") else { continue };
        if attached.get("id")? == id || matches!(attached.get("base")?, Value::Object(base) if base.get("id")? == id) {
            found.push(slot_of(&attachment));
        }
    }
    Ok(found)
}

/// Takes a medium out of a machine wherever it is attached: a drive is emptied, a disk detached.
pub(super) fn detach_medium(machine: &Object, medium: &Object) -> Result<(), Failure> {
    let disk = text(medium, "deviceType") == "HardDisk";
    change(machine, |machine| {
        for slot in slots_with(machine, medium)? {
            let mut arguments = slot_arguments(&slot);
            if disk {
                machine.call("detachDevice", arguments)?;
            } else {
                arguments.push(Value::Bool(false));
                machine.call("unmountMedium", arguments)?;
            }
        }
        Ok(())
    })
}

fn detach_given(shell: &Shell, given: &Given, argument: &str, kind: &str) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = machine(shell, given)?;
    let medium = media::find(&connection, given.text(argument), kind)?;
    let (location, name) = (text(&medium, "location"), text(&machine, "name"));
    if slots_with(&machine, &medium)?.is_empty() {
        return Err(Failure::new(ErrorKind::NotFound, format!("`{location}` is not attached to `{name}`"))
            .hinted(format!("`info {}` shows what is", quoted(&name))));
    }
    change(&machine, |machine| {
        for slot in slots_with(machine, &medium)? {
            machine.call("detachDevice", slot_arguments(&slot))?;
        }
        Ok(())
    })?;
    note(format!("`{location}` is detached from `{name}`"))
}

fn detach_hdd(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    detach_given(shell, given, "disk", "HardDisk")
}

fn detach_iso(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    detach_given(shell, given, "image", "DVD")
}

/// The drive that is meant: the given slot, else the first that is (or is not) empty, else the first.
fn drive(machine: &Object, given: &Given, empty: bool) -> Result<Slot, Failure> {
    if given.optional("slot").is_some() {
        return given_slot(machine, given)?.ok_or_else(|| Failure::new(ErrorKind::NotFound, "there is no such slot"));
    }
    let mut drives = attachments(machine, "DVD")?;
    if let Some(controller) = given.optional("controller") {
        drives.retain(|drive| slot_of(drive).0.eq_ignore_ascii_case(controller));
    }
    let is_empty = |drive: &&Value| !matches!(field(drive, "medium"), Some(Value::Object(_)));
    let wanted = drives.iter().find(|drive| is_empty(drive) == empty).or(drives.first());
    wanted.map(slot_of).ok_or_else(|| {
        let name = text(machine, "name");
        Failure::new(ErrorKind::NotFound, format!("`{name}` has no CD or DVD drive"))
            .hinted(format!("`attach-iso {} FILE` puts one in while the machine is off", quoted(&name)))
    })
}

/// A slot without a drive: where the drives are.
fn no_drive(machine: &Object, failure: Failure) -> Failure {
    match &failure.api {
        Some(error) if error.code == 0x80bb_0001 => {
            failure.hinted(format!("`info {}` shows its drives", quoted(&text(machine, "name"))))
        }
        _ => failure,
    }
}

fn mount_iso(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = machine(shell, given)?;
    let medium = media::open(&connection, given.text("image"), "DVD")?;
    let slot = change(&machine, |machine| {
        let slot = drive(machine, given, true)?;
        let mut arguments = slot_arguments(&slot);
        arguments.extend([Value::Object(medium.clone()), Value::Bool(given.flag("force"))]);
        machine.call("mountMedium", arguments)?;
        Ok(slot)
    })
    .map_err(|failure| no_drive(&machine, failure))?;
    note(format!("`{}` is in {} {}:{}", text(&medium, "location"), slot.0, slot.1, slot.2))
}

fn unmount_iso(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let slot = change(&machine, |machine| {
        let slot = drive(machine, given, false)?;
        let mut arguments = slot_arguments(&slot);
        arguments.push(Value::Bool(given.flag("force")));
        machine.call("unmountMedium", arguments)?;
        Ok(slot)
    })
    .map_err(|failure| no_drive(&machine, failure))?;
    note(format!("{} {}:{} is empty", slot.0, slot.1, slot.2))
}

fn attach_ctr(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    change(&machine, |machine| {
        let arguments = vec![Value::from(given.text("name")), Value::from(given.text("bus"))];
        let controller = made(machine.call("addStorageController", arguments)?, "IMachine.addStorageController")?;
        if let Some(kind) = given.optional("type") {
            controller.set("controllerType", Value::from(kind))?;
        }
        Ok(())
    })?;
    Ok(Reply::Nothing)
}

fn detach_ctr(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    change(&machine, |machine| {
        let name = controller(machine, given.text("controller"))?;
        let name = name.as_str();
        let held = machine.call("getMediumAttachmentsOfController", vec![Value::from(name)])?.into_list();
        for attachment in &held {
            machine.call("detachDevice", slot_arguments(&slot_of(attachment)))?;
        }
        machine.call("removeStorageController", vec![Value::from(name)])?;
        Ok(())
    })?;
    Ok(Reply::Nothing)
}
