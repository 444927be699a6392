//! Making and removing machines: `create-vm`, `remove-vm`, `clone`, `move`, `rename`, `groups`, `export-vm`, `import-vm`.

use super::on_machine::{
    change, children, consent, finish, is_online, machine, made, note, objects, quoted, read_rows, show, text,
};
use super::sizes;
use crate::model::{Connection, ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    let on_machine = |command: Command| {
        command.argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
    };
    let new = |name: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Machines, summary, run).effect(Effect::Write)
    };
    vec![
        new("create-vm", "make a machine", create)
            .alias("createVm")
            .argument("name", ArgumentKind::Text, Arity::Required, "name of the new machine")
            .argument("architecture", ArgumentKind::Text, Arity::Optional, "x86 or ARM; may be left out")
            .argument("os-type", ArgumentKind::OsType, Arity::Optional, "id of a guest OS type (`list os-types`); default Other")
            .flag("memory", Some(ArgumentKind::Text), "memory, such as 2G; a bare number is MB")
            .flag("cpus", Some(ArgumentKind::Text), "number of processors")
            .flag("disk", Some(ArgumentKind::Text), "make and attach a hard disk of that size, such as 20G")
            .flag("iso", Some(ArgumentKind::File), "an image to boot from")
            .flag("group", Some(ArgumentKind::Text), "group, such as /servers")
            .flag("bare", None, "do not apply what VirtualBox recommends for the guest OS type")
            .help("The machine is registered and saved. Unless `--bare` is given it has what VirtualBox recommends for its guest: controllers, network, graphics.")
            .example("createVm db-01 x86 Debian_64", "as vboxshell writes it")
            .example("create-vm db-01 Debian_64 --memory 2G --cpus 2 --disk 20G", "with a disk to install on"),
        on_machine(new("remove-vm", "remove a machine with its files", remove))
            .alias("removeVm")
            .effect(Effect::Destroy)
            .flag("keep-disks", None, "leave the files of its hard disks")
            .help("Hard disks that only this machine uses are deleted with it, after all files were named; DVD images never are.")
            .example("remove-vm web-01", "asks first; `--yes` of vboxsh consents")
            .example("remove-vm web-01 --keep-disks", "the settings go, the disks stay"),
        on_machine(new("clone", "copy a machine", clone))
            .argument("name", ArgumentKind::Text, Arity::Required, "name of the copy")
            .flag("snapshot", Some(ArgumentKind::Snapshot), "copy the state of a snapshot, by name or id")
            .flag("linked", None, "share the disks up to a snapshot; needs one")
            .flag("all", None, "copy the snapshots too")
            .flag("keep", Some(ArgumentKind::Text), "`macs,nat-macs,disk-names,hardware-ids`: what stays the same")
            .flag("group", Some(ArgumentKind::Text), "group of the copy")
            .example("clone web-01 web-02", "a full copy")
            .prepared("snapshot web-01 take base", "clone web-01 web-02 --linked --snapshot base", "a copy that shares the disks"),
        on_machine(new("move", "move a machine's files to another folder", move_machine))
            .argument("folder", ArgumentKind::File, Arity::Required, "the folder that will hold the machine's own folder")
            .prepared("!mkdir store", "move web-01 store", "with all that lies in its folder"),
        on_machine(new("rename", "give a machine another name", rename))
            .argument("name", ArgumentKind::Text, Arity::Required, "the new name")
            .help("Its folder and its settings file are renamed with it.")
            .example("rename web-01 web-02", "a machine that does not run"),
        new("groups", "show the groups of machines, or put a machine into groups", groups)
            .argument("machine", ArgumentKind::Machine, Arity::Optional, "name or id of a machine")
            .argument("groups", ArgumentKind::Text, Arity::Optional, "its groups, such as `/servers,/web`; `/` for none")
            .example("groups", "all groups with their machines")
            .example("groups web-01 /servers/web", "put a machine into a group"),
        on_machine(new("export-vm", "write a machine as an appliance (OVF or OVA)", export))
            .alias("exportVm")
            .argument("path", ArgumentKind::File, Arity::Required, "the file to write, .ovf or .ova")
            .argument("format", ArgumentKind::Text, Arity::Optional, "ovf-0.9, ovf-1.0 (default), ovf-2.0 or opc-1.0")
            .argument("license", ArgumentKind::Text, Arity::Optional, "text of a licence to put into it")
            .flag("manifest", None, "add a manifest with the digests of the files")
            .example("exportVm web-01 web-01.ova", "as one file")
            .example("export-vm web-01 web-01.ovf ovf-2.0 --manifest", "as files beside each other, with their digests"),
        new("import-vm", "make machines from an appliance (OVF or OVA)", import)
            .alias("importVm")
            .argument("path", ArgumentKind::File, Arity::Required, "an .ovf or .ova file")
            .flag("keep-macs", None, "keep the network addresses that the appliance names")
            .flag("vdi", None, "make VDI of the hard disks, whatever they are in the appliance")
            .prepared("export-vm web-01 web-01.ova", "import-vm web-01.ova", "under a new name where its own is taken"),
    ]
}

fn absolute(path: &str) -> Result<String, Failure> {
    let path = std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("`{path}` is no path: {error}"), "give the path of a file"))?;
    Ok(path.to_string_lossy().into_owned())
}

fn names(given: Option<&str>) -> Value {
    Value::List(given.unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(Value::from).collect())
}

/// A machine that is neither saved nor registered yet.
fn new_machine(
    connection: &Connection,
    name: &str,
    platform: &str,
    groups: Value,
    os_type: &str,
) -> Result<Object, Failure> {
    let arguments =
        vec![Value::from(""), Value::from(name), Value::from(platform), groups, Value::from(os_type), Value::from("")];
    let made = connection
        .root()
        .call("createMachine", arguments)
        .map_err(Failure::from)
        .and_then(|machine| made(machine, "IVirtualBox.createMachine"));
    made.map_err(|failure| match connection.find_machine(name) {
        Ok(_) => failure.hinted(format!("`info {}` shows the machine of that name; take another name", quoted(name))),
        Err(_) => failure,
    })
}

fn create(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let (platform, os_type) = match (given.optional("architecture"), given.optional("os-type")) {
        (Some(platform), os_type) if platform.eq_ignore_ascii_case("x86") => ("x86", os_type.unwrap_or("Other")),
        (Some(platform), os_type) if platform.eq_ignore_ascii_case("arm") => ("ARM", os_type.unwrap_or("Other")),
        (Some(os_type), None) => (if os_type.ends_with("_arm64") { "ARM" } else { "x86" }, os_type),
        (Some(other), Some(_)) => {
            return Err(Failure::usage(format!("`{other}` is no architecture"), "write x86 or ARM"));
        }
        (None, _) => ("x86", "Other"),
    };
    let memory = given.option("memory").map(|word| sizes::parse(word, sizes::MEGABYTE)).transpose()?;
    let disk = given.option("disk").map(|word| sizes::parse(word, sizes::MEGABYTE)).transpose()?;
    let cpus = given.option("cpus").map(|word| sizes::count("--cpus", word)).transpose()?;
    let iso = given.option("iso").map(absolute).transpose()?;
    let name = given.text("name");
    // Machines may have any type; one with a misspelt type would come without all that suits it.
    if connection.root().call("getGuestOSType", vec![Value::from(os_type)]).is_err() {
        return Err(Failure::new(ErrorKind::NotFound, format!("`{os_type}` is no type of guest"))
            .hinted("`list os-types` shows the types; `Other` is for what is none of them"));
    }
    let machine = new_machine(&connection, name, platform, names(given.option("group")), os_type)?;
    if !given.flag("bare") {
        machine.call("applyDefaults", vec![Value::from("")])?;
    }
    if let Some(bytes) = memory {
        machine.set("memorySize", Value::Int(bytes / sizes::MEGABYTE))?;
    }
    if let Some(count) = cpus {
        machine.set("CPUCount", Value::Int(count))?;
    }
    connection.root().call("registerMachine", vec![Value::Object(machine.clone())])?;
    let equipped = equip(shell, &connection, &machine, disk, iso.as_deref());
    if let Err(failure) = equipped {
        let hint = format!("the machine was made; `remove-vm {}` removes it again", quoted(name));
        return Err(failure.hinted(hint));
    }
    note(format!("`{name}` is made: {}", text(&machine, "settingsFilePath")))
}

/// Attaches a new disk and an image to boot from.
fn equip(
    shell: &Shell,
    connection: &Connection,
    machine: &Object,
    disk: Option<i64>,
    iso: Option<&str>,
) -> Result<(), Failure> {
    let root = connection.root();
    let disk = match disk {
        Some(bytes) => {
            let settings = text(machine, "settingsFilePath");
            let place = format!("{}.vdi", settings.strip_suffix(".vbox").unwrap_or(&settings));
            Some(super::media::create_disk(shell, connection, &place, "", bytes, &["Standard"])?)
        }
        None => None,
    };
    let image = match iso {
        Some(path) => {
            let arguments = vec![Value::from(path), Value::from("DVD"), Value::from("ReadOnly"), Value::Bool(false)];
            Some(made(root.call("openMedium", arguments)?, "IVirtualBox.openMedium")?)
        }
        None => None,
    };
    if disk.is_none() && image.is_none() {
        return Ok(());
    }
    change(machine, |machine| {
        for (medium, kind) in [(disk, "HardDisk"), (image, "DVD")] {
            if let Some(medium) = medium {
                super::attachments::attach_anywhere(machine, &medium, kind)?;
            }
        }
        Ok(())
    })
}

fn remove(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    if machine.get("accessible")?.as_bool() == Some(false) {
        let name = given.text("machine").to_owned();
        consent(shell, &format!("forget the machine `{name}`, whose settings cannot be read? its files stay"))?;
        machine.call("unregister", vec![Value::from("UnregisterOnly")])?;
        return note(format!("`{name}` is forgotten"));
    }
    let name = text(&machine, "name");
    refuse_running(&machine)?;
    let keep = given.flag("keep-disks");
    let mut files = vec![text(&machine, "settingsFilePath")];
    if !keep {
        files.extend(own_disks(&machine)?);
    }
    consent(shell, &format!("remove the machine `{name}` and delete {}?", files.join(", ")))?;
    let mode = if keep { "DetachAllReturnNone" } else { "DetachAllReturnHardDisksOnly" };
    let media = objects(machine.call("unregister", vec![Value::from(mode)])?);
    let media = media.into_iter().map(Value::Object).collect();
    finish(shell, machine.call("deleteConfig", vec![Value::List(media)])?)?;
    note(format!("`{name}` is removed"))
}

/// What changes the machine's files waits until it is off.
fn refuse_running(machine: &Object) -> Result<(), Failure> {
    let state = machine.get("state")?;
    if !is_online(&state) {
        return Ok(());
    }
    let name = text(machine, "name");
    Err(Failure::new(ErrorKind::Failed, format!("`{name}` runs: its state is {}", show(&state)))
        .hinted(format!("`powerdown {}` switches it off", quoted(&name))))
}

/// Files of the hard disks that no other machine uses.
fn own_disks(machine: &Object) -> Result<Vec<String>, Failure> {
    let own = machine.get("id")?;
    let mut files = Vec::new();
    for attachment in machine.get("mediumAttachments")?.into_list() {
        if super::attachments::field(&attachment, "type")
            .is_none_or(|kind| super::on_machine::show(&kind) != "HardDisk")
        {
            continue;
        }
        let mut medium = super::attachments::field(&attachment, "medium");
        while let Some(Value::Object(disk)) = medium {
            if disk.get("machineIds")?.into_list().iter().any(|id| *id != own) {
                break;
            }
            files.push(text(&disk, "location"));
            medium = disk.get("parent").ok();
        }
    }
    Ok(files)
}

fn clone(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = machine(shell, given)?;
    let linked = given.flag("linked");
    let source = match given.option("snapshot") {
        Some(name) => super::snapshots::machine_of(&super::snapshots::find(&machine, name)?)?,
        None if linked => match machine.get("currentSnapshot")? {
            Value::Object(snapshot) => super::on_machine::child(&snapshot, "machine")?,
            _ => {
                let name = quoted(&text(&machine, "name"));
                return Err(Failure::new(
                    ErrorKind::Failed,
                    "a linked copy shares the disks of a snapshot, and there is none",
                )
                .hinted(format!("`snapshot {name} take base` makes one")));
            }
        },
        None => machine.clone(),
    };
    let mode = if given.flag("all") { "AllStates" } else { "MachineState" };
    let mut options = if linked { vec![Value::from("Link")] } else { Vec::new() };
    for word in given.option("keep").unwrap_or_default().split(',').filter(|word| !word.is_empty()) {
        options.push(Value::from(match word {
            "macs" => "KeepAllMACs",
            "nat-macs" => "KeepNATMACs",
            "disk-names" => "KeepDiskNames",
            "hardware-ids" => "KeepHwUUIDs",
            other => {
                return Err(Failure::usage(
                    format!("clone: `{other}` is nothing to keep"),
                    "one of macs, nat-macs, disk-names, hardware-ids",
                ));
            }
        }));
    }
    // VirtualBox takes only one of the two; the first one says more.
    if options.contains(&Value::from("KeepAllMACs")) {
        options.retain(|option| *option != Value::from("KeepNATMACs"));
    }
    let platform = super::on_machine::child(&source, "platform").map(|platform| text(&platform, "architecture"));
    let platform = platform.unwrap_or_else(|_| "x86".to_owned());
    let groups = match given.option("group") {
        Some(group) => names(Some(group)),
        None => machine.get("groups")?,
    };
    let name = given.text("name");
    let copy = new_machine(&connection, name, &platform, groups, &text(&source, "OSTypeId"))?;
    let arguments = vec![Value::Object(copy.clone()), Value::from(mode), Value::List(options)];
    finish(shell, source.call("cloneTo", arguments)?)?;
    connection.root().call("registerMachine", vec![Value::Object(copy.clone())])?;
    note(format!("`{name}` is made: {}", text(&copy, "settingsFilePath")))
}

fn move_machine(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let folder = absolute(given.text("folder"))?;
    change(&machine, |machine| {
        finish(shell, machine.call("moveTo", vec![Value::from(folder.as_str()), Value::from("basic")])?)
    })?;
    note(format!("`{}` is at {}", text(&machine, "name"), text(&machine, "settingsFilePath")))
}

fn rename(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let old = text(&machine, "name");
    refuse_running(&machine)?;
    change(&machine, |machine| Ok(machine.set("name", Value::from(given.text("name")))?))?;
    note(format!("`{old}` is `{}` now", text(&machine, "name")))
}

fn groups(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    if given.optional("machine").is_none() {
        let machines = children(&connection.root(), "machines")?;
        let facts: Vec<_> = read_rows(&machines, &["name", "groups"]);
        let rows = connection.root().get("machineGroups")?.into_list().into_iter().map(|group| {
            let inside = facts.iter().filter(|row| matches!(&row[1], Value::List(groups) if groups.contains(&group)));
            let inside = Value::List(inside.map(|row| row[0].clone()).collect());
            vec![group, inside]
        });
        return Ok(Reply::Table(Table {
            columns: vec![Column::new("group"), Column::new("machines")],
            rows: rows.collect(),
            empty: "no groups".to_owned(),
        }));
    }
    let machine = machine(shell, given)?;
    if given.optional("groups").is_none() {
        return Ok(Reply::Value(machine.get("groups")?));
    }
    change(&machine, |machine| Ok(machine.set("groups", names(given.optional("groups")))?))?;
    Ok(Reply::Nothing)
}

fn export(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let machine = machine(shell, given)?;
    let path = absolute(given.text("path"))?;
    if std::path::Path::new(&path).exists() {
        return Err(Failure::new(ErrorKind::Failed, format!("`{path}` is there already"))
            .hinted("give another name, or remove it first: VirtualBox does not write over appliances"));
    }
    let appliance = made(connection.root().call("createAppliance", Vec::new())?, "IVirtualBox.createAppliance")?;
    let arguments = vec![Value::Object(appliance.clone()), Value::from(path.as_str())];
    let described = made(machine.call("exportTo", arguments)?, "IMachine.exportTo")?;
    if let Some(license) = given.optional("license") {
        described.call("addDescription", vec![Value::from("License"), Value::from(license), Value::from("")])?;
    }
    let format = given.optional("format").unwrap_or("ovf-1.0");
    let options = if given.flag("manifest") { vec![Value::from("CreateManifest")] } else { Vec::new() };
    let arguments = vec![Value::from(format), Value::List(options), Value::from(path.as_str())];
    finish(shell, appliance.call("write", arguments)?)?;
    note(format!("written: {path}"))
}

fn import(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let path = absolute(given.text("path"))?;
    let appliance = made(connection.root().call("createAppliance", Vec::new())?, "IVirtualBox.createAppliance")?;
    finish(shell, appliance.call("read", vec![Value::from(path.as_str())])?).map_err(|failure| {
        failure.or_hinted("give the path of an OVF or OVA file on the computer where VirtualBox runs")
    })?;
    appliance.call("interpret", Vec::new())?;
    for warning in appliance.call("getWarnings", Vec::new())?.into_list() {
        shell.ui().warn(&super::on_machine::show(&warning));
    }
    let wanted = [("keep-macs", "KeepAllMACs"), ("vdi", "ImportToVDI")];
    let options = wanted.iter().filter(|(flag, _)| given.flag(flag)).map(|(_, option)| Value::from(*option)).collect();
    finish(shell, appliance.call("importMachines", vec![Value::List(options)])?)?;
    let mut rows = Vec::new();
    for id in appliance.get("machines")?.into_list() {
        let machine = connection.find_machine(&super::on_machine::show(&id))?;
        rows.push(vec![machine.get("name")?, id]);
    }
    Ok(Reply::Table(Table {
        columns: vec![Column::new("name"), Column::new("id")],
        rows,
        empty: "the appliance has no machine".to_owned(),
    }))
}
