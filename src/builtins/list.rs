//! `list`: what there is, as tables.

use super::on_machine::{is_online, show};
use crate::model::{Connection, Object, Value};
use crate::output::{Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell, settings_name};

/// What `list` can list, and the attribute of `IVirtualBox` or `IHost` that has it.
const KINDS: &[&str] = &[
    "machines",
    "running",
    "groups",
    "disks",
    "dvds",
    "floppies",
    "os-types",
    "nat-networks",
    "dhcp-servers",
    "host-interfaces",
    "progress",
];

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("list", Category::Explore, "list machines, or another kind of thing", list)
            .alias("l")
            .argument("what", ArgumentKind::Choice(KINDS), Arity::Optional, "machines (default), running, groups, disks, dvds, floppies, os-types, nat-networks, dhcp-servers, host-interfaces or progress")
            .help(
                "Machines come with name, state and id. A machine whose settings cannot be read is shown as \
                 Inaccessible. Any other list of the object graph prints as a table too: type `vbox.sharedFolders`, \
                 for example.",
            )
            .example("list", "all machines")
            .example("list disks", "all base hard disks")
            .example("--json list", "machines as JSON, on the command line of vboxsh"),
    ]
}

fn list(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let vbox = connection.root();
    match given.optional("what").unwrap_or("machines") {
        "machines" => {
            let (reply, names) = machines(&connection, false)?;
            shell.world().saw_machines(&connection, names);
            Ok(reply)
        }
        "running" => Ok(machines(&connection, true)?.0),
        "groups" => attribute(&vbox, "machineGroups", "no groups"),
        "disks" => attribute(&vbox, "hardDisks", "no hard disks"),
        "dvds" => attribute(&vbox, "DVDImages", "no DVD images"),
        "floppies" => attribute(&vbox, "floppyImages", "no floppy images"),
        "os-types" => attribute(&vbox, "guestOSTypes", "no guest OS types"),
        "nat-networks" => attribute(&vbox, "NATNetworks", "no NAT networks"),
        "dhcp-servers" => attribute(&vbox, "DHCPServers", "no DHCP servers"),
        "progress" => attribute(&vbox, "progressOperations", "no operations under way"),
        _ => match vbox.get("host")? {
            Value::Object(host) => attribute(&host, "networkInterfaces", "no network interfaces"),
            _ => Ok(Reply::Nothing),
        },
    }
}

fn attribute(object: &Object, name: &str, empty: &str) -> Result<Reply, Failure> {
    match object.get(name)? {
        Value::List(values) if values.is_empty() => {
            Ok(Reply::Table(Table { empty: empty.to_owned(), ..Table::default() }))
        }
        value => Ok(Reply::Value(value)),
    }
}

/// The table of machines, and their names and states.
fn machines(connection: &Connection, only_online: bool) -> Result<(Reply, Vec<(String, String)>), Failure> {
    let machines = connection.root().get("machines")?.into_list();
    // One call for all states, where the release has it.
    let states = match connection.root().call("getMachineStates", vec![Value::List(machines.clone())]) {
        Ok(states) => states.into_list(),
        Err(_) => Vec::new(),
    };
    let objects: Vec<Object> = machines.iter().filter_map(Value::as_object).cloned().collect();
    let states: Vec<Value> = if states.len() == objects.len() {
        states
    } else {
        objects.iter().map(|machine| machine.get("state").unwrap_or_default()).collect()
    };
    let wanted: Vec<(Object, Value)> =
        objects.into_iter().zip(states).filter(|(_, state)| !only_online || is_online(state)).collect();
    let mut reads = Vec::new();
    for (machine, _) in &wanted {
        for name in ["name", "id"] {
            reads.extend(machine.interface().attribute(name).map(|attribute| (machine.clone(), attribute)));
        }
    }
    let mut values = connection.read_all(&reads).into_iter();
    let mut rows = Vec::new();
    for (machine, state) in wanted {
        let (name, id) = (values.next(), values.next());
        let id = id.and_then(Result::ok).unwrap_or_default();
        rows.push(match name {
            Some(Ok(name)) if !(matches!(&name, Value::Text(text) if text.is_empty())) && !is_null_state(&state) => {
                vec![name, state, id]
            }
            Some(Ok(name)) if machine.get("accessible").is_ok_and(|accessible| accessible.as_bool() == Some(true)) => {
                vec![name, state, id]
            }
            // Its settings file tells a name where the machine itself does not.
            _ => vec![Value::Text(file_name(&machine)), Value::from("Inaccessible"), id],
        });
    }
    rows.sort_by_cached_key(|row| row[0].as_text().unwrap_or_default().to_lowercase());
    let names = rows.iter().map(|row| (show(&row[0]), show(&row[1]))).collect();
    let empty = if only_online { "no machine runs" } else { "no machines; `create-vm NAME OS-TYPE` makes one" };
    let columns = vec![Column::new("name"), Column::new("state"), Column::new("id")];
    Ok((Reply::Table(Table { columns, rows, empty: empty.to_owned() }), names))
}

fn is_null_state(state: &Value) -> bool {
    matches!(state, Value::Enum(state) if state.is("Null"))
}

fn file_name(machine: &Object) -> String {
    let path =
        machine.get("settingsFilePath").ok().and_then(|value| value.as_text().map(str::to_owned)).unwrap_or_default();
    settings_name(&path).to_owned()
}
