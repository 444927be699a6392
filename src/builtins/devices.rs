//! What a machine takes from its host: shared folders, USB devices, PCI devices, processors.

use super::on_machine::{
    change, children, is_online, machine, note, objects, quoted, read_rows, show, text, with_console,
};
use super::sizes;
use crate::model::{ErrorKind, Object, SessionGuard, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, alias: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        let command = Command::new(name, Category::Devices, summary, run).effect(Effect::Write);
        let command = if alias.is_empty() { command } else { command.alias(alias) };
        command.argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
    };
    let usb = |command: Command| {
        command.argument(
            "device",
            ArgumentKind::Text,
            Arity::Required,
            "id or address of a device, as `list-usb` shows it",
        )
    };
    let pci = |command: Command| {
        command.argument("address", ArgumentKind::Text, Arity::Required, "address on the host, such as 01:00.0")
    };
    vec![
        new("share-folder", "shareFolder", "make a folder of the host visible to the guest", share)
            .argument("path", ArgumentKind::File, Arity::Required, "folder of the host")
            .argument("name", ArgumentKind::Text, Arity::Required, "name under which the guest sees it")
            .argument("options", ArgumentKind::Text, Arity::Repeated, "`writable`, `persistent`, `automount`")
            .help("A running machine has the folder until it ends, unless it is `persistent`; one that is off has it for good.")
            .prepared("!mkdir share", "shareFolder web-01 share data writable", "a folder that the guest may write to"),
        new("unshare-folder", "unshareFolder", "take a shared folder from the guest", unshare)
            .argument("name", ArgumentKind::Text, Arity::Required, "name of the shared folder")
            .prepared("!mkdir share", "share-folder web-01 share data; unshareFolder web-01 data", "for good"),
        Command::new("list-usb", Category::Devices, "list the USB devices of the host", list_usb)
            .alias("listUsb")
            .example("listUsb", "what can be attached"),
        usb(new("attach-usb", "attachUsb", "give a USB device of the host to a running machine", attach_usb)),
        usb(new("detach-usb", "detachUsb", "take a USB device back from a running machine", detach_usb)),
        new("lspci", "", "list the PCI devices that a machine takes from the host", lspci)
            .effect(Effect::Read)
            .example("lspci web-01", "as the settings have them, and those attached now"),
        pci(new("attach-pci", "attachpci", "give a PCI device of the host to a machine", attach_pci))
            .argument("guest-address", ArgumentKind::Text, Arity::Optional, "address in the guest; the host's when left out")
            .help("VirtualBox removed this in most of its builds, and then says so."),
        pci(new("detach-pci", "detachpci", "take a PCI device back from a machine", detach_pci)),
        new("plug-cpu", "plugcpu", "add a processor to a machine", |shell, given| plug(shell, given, "hotPlugCPU"))
            .argument("cpu", ArgumentKind::Text, Arity::Required, "number of the processor, from 0")
            .help("The machine's `CPUHotPlugEnabled` has to be on, and its CPUCount says how many it may have."),
        new("unplug-cpu", "unplugcpu", "remove a processor from a machine", |shell, given| plug(shell, given, "hotUnplugCPU"))
            .argument("cpu", ArgumentKind::Text, Arity::Required, "number of the processor, from 0")
            .help("A running guest has to have let go of it first; Windows cannot."),
    ]
    .into_iter()
    .map(examples)
    .collect()
}

/// Examples that want hardware which a test machine has not: they are shown, and the real suite runs their like.
fn examples(command: Command) -> Command {
    let line = match command.name.as_str() {
        "attach-usb" => "attachUsb web-01 36b7e2d5-0b1c-4e0f-9a55-93a3c0b4a1de",
        "detach-usb" => "detachUsb web-01 36b7e2d5-0b1c-4e0f-9a55-93a3c0b4a1de",
        "attach-pci" => return command.prepared(ICH9, "attachpci web-01 01:00.0", "such as a network card"),
        "detach-pci" => {
            return command.prepared(&format!("{ICH9}; attachpci web-01 01:00.0"), "detachpci web-01 01:00.0", "again");
        }
        "plug-cpu" => return command.prepared(HOT, "plugcpu web-01 1", "the second one"),
        "unplug-cpu" => {
            return command.prepared(&format!("{HOT}; plug-cpu web-01 1"), "unplugcpu web-01 1", "the second one");
        }
        _ => return command,
    };
    command.shown(line, "needs such a device")
}

/// Only this chipset takes PCI devices.
const ICH9: &str = "modify web-01 platform.chipsetType=ICH9";

/// Makes room for a second processor.
const HOT: &str = "modify web-01 CPUHotPlugEnabled=true CPUCount=2";

fn share(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let options = given.rest("options");
    if let Some(strange) = options.iter().find(|word| !matches!(word.as_str(), "writable" | "persistent" | "automount"))
    {
        return Err(Failure::usage(
            format!("share-folder: `{strange}` is no option"),
            "any of `writable`, `persistent`, `automount`",
        ));
    }
    let has = |word: &str| options.iter().any(|option| option == word);
    let path = std::path::absolute(given.text("path")).map(|path| path.to_string_lossy().into_owned());
    let arguments = vec![
        Value::from(given.text("name")),
        Value::from(path.as_deref().unwrap_or(given.text("path"))),
        Value::Bool(has("writable")),
        Value::Bool(has("automount")),
        Value::from(""),
    ];
    if is_online(&machine.get("state")?) && !has("persistent") {
        with_console(&machine, |console, _| Ok(console.call("createSharedFolder", arguments)?))?;
    } else {
        change(&machine, |machine| Ok(machine.call("createSharedFolder", arguments)?))?;
    }
    Ok(Reply::Nothing)
}

fn unshare(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let name = given.text("name");
    let has = |object: &Object| -> Result<bool, Failure> {
        Ok(children(object, "sharedFolders")?.iter().any(|folder| text(folder, "name") == name))
    };
    let mut done = false;
    if is_online(&machine.get("state")?) {
        done = with_console(&machine, |console, _| {
            let found = has(console)?;
            if found {
                console.call("removeSharedFolder", vec![Value::from(name)])?;
            }
            Ok(found)
        })?;
    }
    if has(&machine)? {
        change(&machine, |machine| Ok(machine.call("removeSharedFolder", vec![Value::from(name)])?))?;
        done = true;
    }
    if done {
        return Ok(Reply::Nothing);
    }
    let machine = text(&machine, "name");
    Err(Failure::new(ErrorKind::NotFound, format!("`{machine}` has no shared folder `{name}`"))
        .hinted(format!("`info {}` shows those it has", quoted(&machine))))
}

fn list_usb(shell: &mut Shell, _: &Given) -> Result<Reply, Failure> {
    let host = super::on_machine::child(&shell.world().root()?, "host")?;
    let devices = objects(host.get("USBDevices")?);
    let names = ["manufacturer", "product", "vendorId", "productId", "state", "address", "id"];
    let mut rows = read_rows(&devices, &names);
    if !shell.ui().options().json {
        for row in &mut rows {
            for at in [2, 3] {
                row[at] = Value::Text(format!("{:04x}", row[at].as_int().unwrap_or_default()));
            }
        }
    }
    Ok(Reply::Table(Table {
        columns: names.into_iter().map(Column::new).collect(),
        rows,
        empty: "no USB devices".to_owned(),
    }))
}

/// The id of the device of that id or address.
fn device(shell: &Shell, word: &str) -> Result<Value, Failure> {
    let host = super::on_machine::child(&shell.world().root()?, "host")?;
    let devices = objects(host.get("USBDevices")?);
    let found =
        read_rows(&devices, &["id", "address"]).into_iter().find(|row| row.iter().any(|value| show(value) == word));
    found.and_then(|row| row.into_iter().next()).ok_or_else(|| {
        Failure::new(ErrorKind::NotFound, format!("the host has no USB device `{word}`"))
            .hinted("`list-usb` shows the devices there are")
    })
}

fn attach_usb(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let id = device(shell, given.text("device"))?;
    with_console(&machine, |console, _| Ok(console.call("attachUSBDevice", vec![id, Value::from("")])?))?;
    Ok(Reply::Nothing)
}

fn detach_usb(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let id = device(shell, given.text("device"))?;
    with_console(&machine, |console, _| Ok(console.call("detachUSBDevice", vec![id])?))?;
    Ok(Reply::Nothing)
}

/// `01:00.0` as a number: bus, device and function.
pub(super) fn pci_address(word: &str) -> Result<i64, Failure> {
    let parse = || {
        let (bus, rest) = word.split_once(':')?;
        let (device, function) = rest.split_once('.')?;
        let number =
            |text: &str, most: i64| i64::from_str_radix(text, 16).ok().filter(|number| (0..=most).contains(number));
        Some(number(bus, 0xff)? << 8 | number(device, 0x1f)? << 3 | number(function, 7)?)
    };
    parse().ok_or_else(|| {
        Failure::usage(format!("`{word}` is no PCI address"), "write bus, device and function, such as `01:00.0`")
    })
}

fn pci_text(address: i64) -> String {
    format!("{:02x}:{:02x}.{}", address >> 8 & 0xff, address >> 3 & 0x1f, address & 7)
}

fn lspci(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let devices = if is_online(&machine.get("state")?) {
        with_console(&machine, |console, _| Ok(console.get("attachedPCIDevices")?))?
    } else {
        machine.get("PCIDeviceAssignments")?
    };
    let field = super::attachments::field;
    let row = |device: &Value| {
        let address =
            |name| Value::Text(pci_text(field(device, name).and_then(|value| value.as_int()).unwrap_or_default()));
        vec![
            field(device, "name").unwrap_or_default(),
            address("hostAddress"),
            address("guestAddress"),
            field(device, "isPhysicalDevice").unwrap_or_default(),
        ]
    };
    let names = ["name", "hostAddress", "guestAddress", "isPhysicalDevice"];
    Ok(Reply::Table(Table {
        columns: names.into_iter().map(Column::new).collect(),
        rows: devices.into_list().iter().map(row).collect(),
        empty: "no PCI devices".to_owned(),
    }))
}

fn attach_pci(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let host = pci_address(given.text("address"))?;
    let guest = given.optional("guest-address").map(pci_address).transpose()?.unwrap_or(host);
    change(&machine, |machine| {
        Ok(machine.call("attachHostPCIDevice", vec![Value::Int(host), Value::Int(guest), Value::Bool(true)])?)
    })?;
    Ok(Reply::Nothing)
}

fn detach_pci(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let host = pci_address(given.text("address"))?;
    change(&machine, |machine| Ok(machine.call("detachHostPCIDevice", vec![Value::Int(host)])?)).map_err(
        |failure| {
            let name = quoted(&text(&machine, "name"));
            failure.hinted(format!("`lspci {name}` shows those it has"))
        },
    )?;
    Ok(Reply::Nothing)
}

fn plug(shell: &Shell, given: &Given, method: &str) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let cpu = sizes::count("the processor", given.text("cpu"))?;
    let session = SessionGuard::lock(&machine, "Shared")?;
    session.machine().call(method, vec![Value::Int(cpu)]).map_err(|error| {
        let failure = Failure::from(error);
        match machine.get("CPUHotPlugEnabled") {
            Ok(Value::Bool(false)) => failure.hinted(format!(
                "`modify {} CPUHotPlugEnabled=true CPUCount=2` allows it while the machine is off",
                quoted(&text(&machine, "name"))
            )),
            _ => failure,
        }
    })?;
    session.finish()?;
    note(format!("processor {cpu}: {}", if method == "hotPlugCPU" { "added" } else { "removed" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pci_addresses_are_read_and_written() {
        assert_eq!(pci_address("01:00.0").unwrap(), 0x100);
        assert_eq!(pci_text(pci_address("a0:1f.7").unwrap()), "a0:1f.7");
        for wrong in ["", "1", "01:00", "100:00.0", "01:20.0", "01:00.8", "x:y.z"] {
            assert!(pci_address(wrong).is_err(), "{wrong}");
        }
    }
}
