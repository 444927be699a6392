//! Machines as files: `export-config` writes what a machine is, `apply` makes it true.
//!
//! A file is TOML or JSON: a `machine` with its name and type, and `settings` by the paths that `modify` takes.

use super::machines_file::{Description, Disk};
use super::on_machine::{change, machine, made, note, show, text};
use super::sizes;
use crate::model::{Connection, ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Path, Shell, follow};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("apply", Category::Settings, "make a machine as a file describes it", apply)
            .effect(Effect::Write)
            .argument("file", ArgumentKind::File, Arity::Required, "a .toml or .json file; `export-config` writes one")
            .flag("dry-run", None, "show the changes, and make none")
            .help(
                "A machine that is not there is made. Settings that the file does not name stay as they are. Applying a file \
                 twice changes nothing the second time.",
            )
            .prepared("export-config web-01 web-01.toml", "apply web-01.toml --dry-run", "what would change")
            .prepared("export-config web-01 web-01.toml; set web-01.memorySize 512", "apply web-01.toml", "make it so"),
        Command::new("export-config", Category::Settings, "write a machine's settings as a file for `apply`", export)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument("file", ArgumentKind::File, Arity::Optional, "the file to write, .toml or .json; standard output when left out")
            .example("export-config web-01 web-01.toml", "to edit and `apply`"),
    ]
}

fn apply(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let file = given.text("file");
    let wanted = Description::read(file)?;
    let dry = given.flag("dry-run");
    let mut changes = Vec::new();
    let existing = match connection.find_machine(&wanted.machine.name) {
        Ok(machine) => Some(machine),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let machine = match existing {
        Some(machine) => Some(machine),
        None => {
            changes.push(row("machine", "", &wanted.machine.name));
            if dry { None } else { Some(create(&connection, &wanted)?) }
        }
    };
    let settings = match &machine {
        Some(machine) => differences(machine, &wanted)?,
        None => wanted.settings.iter().map(|(path, value)| (path.clone(), String::new(), value.clone())).collect(),
    };
    changes.extend(settings.iter().map(|(path, old, new)| row(path, old, new)));
    let missing: Vec<&Disk> = match &machine {
        Some(machine) => missing_disks(machine, &wanted)?,
        None => wanted.disks.iter().collect(),
    };
    changes.extend(missing.iter().map(|disk| row("disk", "", &format!("{} ({})", disk.file, disk.size))));
    if let (Some(machine), false) = (&machine, dry) {
        if !settings.is_empty() {
            change(machine, |machine| {
                for (path, _, new) in &settings {
                    super::settings::write(machine, path, new)?;
                }
                Ok(())
            })?;
        }
        add_disks(shell, &connection, machine, &missing)?;
    }
    Ok(Reply::Table(Table {
        columns: vec![Column::new("setting"), Column::new("before"), Column::new("after")],
        rows: changes,
        empty: "nothing to change".to_owned(),
    }))
}

fn row(path: &str, old: &str, new: &str) -> Vec<Value> {
    vec![Value::from(path), Value::from(old), Value::from(new)]
}

fn create(connection: &Connection, wanted: &Description) -> Result<Object, Failure> {
    let groups = Value::List(wanted.machine.groups.iter().map(|group| Value::from(group.as_str())).collect());
    let machine = &wanted.machine;
    let arguments = vec![
        Value::from(""),
        Value::from(machine.name.as_str()),
        Value::from(machine.architecture.as_str()),
        groups,
        Value::from(machine.os_type.as_str()),
        Value::from(""),
    ];
    let made = made(connection.root().call("createMachine", arguments)?, "IVirtualBox.createMachine")?;
    made.call("applyDefaults", vec![Value::from("")])?;
    connection.root().call("registerMachine", vec![Value::Object(made.clone())])?;
    Ok(made)
}

/// The value that a path leads to from a machine, as it is written.
fn value_at(machine: &Object, path: &str) -> Result<String, Failure> {
    let steps = Path::parse(&format!("machine.{path}"))?.steps;
    Ok(written(&follow(Value::Object(machine.clone()), &steps)?))
}

fn written(value: &Value) -> String {
    match value {
        Value::List(values) => values.iter().map(show).collect::<Vec<_>>().join(","),
        value => show(value),
    }
}

/// Path, present and wanted value of every setting that differs.
fn differences(machine: &Object, wanted: &Description) -> Result<Vec<(String, String, String)>, Failure> {
    let mut found = Vec::new();
    for (path, value) in &wanted.settings {
        let now = value_at(machine, path)?;
        if now != *value {
            found.push((path.clone(), now, value.clone()));
        }
    }
    let os_type = text(machine, "OSTypeId");
    if os_type != wanted.machine.os_type {
        found.push(("OSTypeId".to_owned(), os_type, wanted.machine.os_type.clone()));
    }
    Ok(found)
}

fn missing_disks<'a>(machine: &Object, wanted: &'a Description) -> Result<Vec<&'a Disk>, Failure> {
    let mut attached = Vec::new();
    for attachment in machine.get("mediumAttachments")?.into_list() {
        if let Some(Value::Object(medium)) = super::attachments::field(&attachment, "medium")
            && let Value::Object(base) = medium.get("base")?
        {
            attached.push(text(&base, "location"));
        }
    }
    let folder = folder(machine);
    Ok(wanted.disks.iter().filter(|disk| !attached.contains(&place(&folder, &disk.file))).collect())
}

fn folder(machine: &Object) -> String {
    let file = text(machine, "settingsFilePath");
    file.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// A file of a machine; one without a folder lies in the machine's.
fn place(folder: &str, file: &str) -> String {
    if file.contains('/') { file.to_owned() } else { format!("{folder}/{file}") }
}

fn add_disks(shell: &Shell, connection: &Connection, machine: &Object, disks: &[&Disk]) -> Result<(), Failure> {
    for disk in disks {
        let file = place(&folder(machine), &disk.file);
        let medium = match super::media::find(connection, &file, "HardDisk") {
            Ok(medium) => medium,
            Err(_) if std::path::Path::new(&file).exists() => super::media::open(connection, &file, "HardDisk")?,
            Err(_) => {
                let bytes = sizes::parse(&disk.size, sizes::MEGABYTE)?;
                super::media::create_disk(shell, connection, &file, "", bytes, &["Standard"])?
            }
        };
        change(machine, |machine| super::attachments::attach_anywhere(machine, &medium, "HardDisk").map(drop))?;
    }
    Ok(())
}

/// Settings that a file names: what a user sets, and not what VirtualBox keeps for itself.
const SETTINGS: &[&str] = &[
    "description",
    "groups",
    "CPUCount",
    "CPUExecutionCap",
    "CPUHotPlugEnabled",
    "memorySize",
    "memoryBalloonSize",
    "pointingHIDType",
    "keyboardHIDType",
    "clipboardMode",
    "dnDMode",
    "paravirtProvider",
    "graphicsAdapter.graphicsControllerType",
    "graphicsAdapter.VRAMSize",
    "graphicsAdapter.monitorCount",
    "platform.chipsetType",
    "platform.RTCUseUTC",
    "firmwareSettings.firmwareType",
    "firmwareSettings.ACPIEnabled",
    "firmwareSettings.IOAPICEnabled",
    "firmwareSettings.bootMenuMode",
    "trustedPlatformModule.type",
    "audioSettings.adapter.enabled",
    "audioSettings.adapter.audioController",
    "VRDEServer.enabled",
];

const ADAPTER: &[&str] = &[
    "enabled",
    "adapterType",
    "attachmentType",
    "cableConnected",
    "bridgedInterface",
    "internalNetwork",
    "hostOnlyInterface",
    "NATNetwork",
];

fn export(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let mut described = Description::default();
    described.machine.name = text(&machine, "name");
    described.machine.os_type = text(&machine, "OSTypeId");
    if let Ok(Value::Object(platform)) = machine.get("platform") {
        described.machine.architecture = text(&platform, "architecture");
    }
    described.machine.groups = machine.get("groups")?.into_list().iter().map(show).collect();
    for path in SETTINGS {
        // A release may lack some.
        if let Ok(value) = value_at(&machine, path) {
            described.settings.insert((*path).to_owned(), value);
        }
    }
    for slot in 0..8 {
        let enabled = value_at(&machine, &format!("networkAdapter[{slot}].enabled"));
        if slot > 0 && enabled.as_deref().is_ok_and(|enabled| enabled == "false") {
            continue;
        }
        for name in ADAPTER {
            let path = format!("networkAdapter[{slot}].{name}");
            if let Ok(value) = value_at(&machine, &path)
                && !value.is_empty()
            {
                described.settings.insert(path, value);
            }
        }
    }
    let own = folder(&machine);
    for attachment in machine.get("mediumAttachments")?.into_list() {
        let Some(Value::Object(medium)) = super::attachments::field(&attachment, "medium") else { continue };
        if text(&medium, "deviceType") != "HardDisk" {
            continue;
        }
        let Value::Object(base) = medium.get("base")? else { continue };
        let file = text(&base, "location");
        let size = base.get("logicalSize")?.as_int().unwrap_or_default();
        let file = file.strip_prefix(&format!("{own}/")).map_or(file.clone(), str::to_owned);
        described.disks.push(Disk { file, size: format!("{}M", size / sizes::MEGABYTE) });
    }
    let file = given.optional("file");
    let written = described
        .write(file.is_some_and(|file| file.ends_with(".json")) || file.is_none() && shell.ui().options().json);
    match file {
        None => {
            shell.ui().print(written.trim_end());
            Ok(Reply::Nothing)
        }
        Some(file) => {
            std::fs::write(file, written).map_err(|error| {
                Failure::new(ErrorKind::Failed, format!("cannot write `{file}`: {error}"))
                    .hinted("give a file in a folder that can be written")
            })?;
            note(format!("written: {file}"))
        }
    }
}
