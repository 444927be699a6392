//! Hard disks and images: making, registering and removing them, `list-media`, `usage`.

use super::on_machine::{child, children, consent, finish, made, note, quoted, read_rows, show, text};
use super::sizes;
use crate::model::{Connection, ErrorKind, Object, Value};
use crate::output::{Align, Column, Failure, Reply, Table};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, alias: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Storage, summary, run).alias(alias).effect(Effect::Write)
    };
    let disk = |command: Command| {
        command.argument("disk", ArgumentKind::Medium("HardDisk"), Arity::Required, "file or id of a hard disk")
    };
    let image = |command: Command| {
        command.argument("image", ArgumentKind::Medium("DVD"), Arity::Required, "file or id of a CD or DVD image")
    };
    let made = "create-hdd 1G disk.vdi";
    let iso = "!truncate -s 1M os.iso";
    vec![
        new("create-hdd", "createHdd", "make a hard disk image", create)
            .argument("size", ArgumentKind::Text, Arity::Required, "its size, such as 20G; a bare number is MB")
            .argument("location", ArgumentKind::File, Arity::Required, "the file to make")
            .argument("format", ArgumentKind::Choice(&["VDI", "VMDK", "VHD", "vdi", "vmdk", "vhd"]), Arity::Optional, "VDI, VMDK or VHD; default by the file's ending")
            .flag("fixed", None, "take all the space now")
            .flag("split", None, "VMDK: files of at most 2 GB")
            .example("createHdd 1000 disk.vdi", "1000 MB, as vboxshell writes it")
            .example("create-hdd 20G disk.vmdk", "grows as the guest writes"),
        disk(new("remove-hdd", "removeHdd", "delete a hard disk image", |shell, given| remove(shell, given, "disk", "HardDisk")))
            .effect(Effect::Destroy)
            .prepared(made, "removeHdd disk.vdi", "its file is deleted"),
        disk(new("register-hdd", "registerHdd", "make a hard disk image known to VirtualBox", |shell, given| register(shell, given, "disk", "HardDisk")))
            .prepared("create-hdd 1G disk.vdi; unregister-hdd disk.vdi", "registerHdd disk.vdi", "a file that is there"),
        disk(new("unregister-hdd", "unregisterHdd", "forget a hard disk image; its file stays", |shell, given| unregister(shell, given, "disk", "HardDisk")))
            .argument("detach", ArgumentKind::Text, Arity::Optional, "any word: detach it from its machines first")
            .prepared(made, "unregisterHdd disk.vdi", "the file stays"),
        disk(new("resize-hdd", "resizeHdd", "give a hard disk another size", resize))
            .argument("size", ArgumentKind::Text, Arity::Required, "its new size, such as 40G; a bare number is MB")
            .prepared(made, "resize-hdd disk.vdi 2G", "the guest has to grow its file system itself"),
        disk(new("compact-hdd", "compactHdd", "give back the space that a hard disk does not use", compact))
            .prepared(made, "compact-hdd disk.vdi", "blocks of zeros are given back"),
        disk(new("clone-hdd", "cloneHdd", "copy a hard disk image", clone))
            .argument("location", ArgumentKind::File, Arity::Required, "the file to make")
            .argument("format", ArgumentKind::Text, Arity::Optional, "VDI, VMDK, VHD or RAW; default by the file's ending")
            .prepared(made, "clone-hdd disk.vdi copy.vmdk", "in another format"),
        image(new("register-iso", "registerIso", "make a CD or DVD image known to VirtualBox", |shell, given| register(shell, given, "image", "DVD")))
            .prepared(iso, "registerIso os.iso", "a file that is there"),
        image(new("unregister-iso", "unregisterIso", "forget a CD or DVD image; its file stays", |shell, given| unregister(shell, given, "image", "DVD")))
            .argument("detach", ArgumentKind::Text, Arity::Optional, "any word: take it out of the drives of machines first")
            .prepared("!truncate -s 1M os.iso", "register-iso os.iso; unregisterIso os.iso", "the file stays"),
        image(new("remove-iso", "removeIso", "delete a CD or DVD image", |shell, given| remove(shell, given, "image", "DVD")))
            .effect(Effect::Destroy)
            .prepared("!truncate -s 1M os.iso", "register-iso os.iso; removeIso os.iso", "its file is deleted"),
        Command::new("list-media", Category::Storage, "list hard disks and images with the machines that use them", list)
            .alias("listMedia")
            .argument("kind", ArgumentKind::Choice(&["disks", "dvds", "floppies"]), Arity::Optional, "disks, dvds or floppies; all when left out")
            .help("A differencing disk stands below its parent.")
            .example("listMedia", "all media"),
        Command::new("usage", Category::Storage, "show how much space hard disks take", usage)
            .argument("machine", ArgumentKind::Machine, Arity::Optional, "only the disks of this machine")
            .help("`size` is what the file takes on the host, `logicalSize` what the guest sees. Differencing disks are listed apart.")
            .prepared(made, "usage", "all hard disks, the largest first"),
    ]
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The list of `IVirtualBox` that has media of a kind.
fn list_of(kind: &str) -> &'static str {
    match kind {
        "DVD" => "DVDImages",
        "Floppy" => "floppyImages",
        _ => "hardDisks",
    }
}

/// Media with their differencing disks, each with its depth.
fn with_children(media: Vec<Object>, depth: usize, found: &mut Vec<(Object, usize)>) -> Result<(), Failure> {
    for medium in media {
        let below = children(&medium, "children")?;
        found.push((medium, depth));
        // A chain deeper than this is a loop.
        if depth < 256 {
            with_children(below, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Has media looked at that nobody has looked at since the server started: their state is not known before.
fn look_at(media: &[Object]) {
    for (medium, row) in media.iter().zip(read_rows(media, &["state", "lastAccessError"])) {
        if show(&row[0]) == "Inaccessible" && show(&row[1]).is_empty() {
            // What is wrong with it is in its state afterwards.
            let _ = medium.call("refreshState", Vec::new());
        }
    }
}

/// The known medium of that file or id.
pub(super) fn find(connection: &Connection, word: &str, kind: &str) -> Result<Object, Failure> {
    let mut all = Vec::new();
    with_children(children(&connection.root(), list_of(kind))?, 0, &mut all)?;
    let path = absolute(word);
    let id = word.trim_matches(['{', '}']);
    let media: Vec<Object> = all.into_iter().map(|(medium, _)| medium).collect();
    let facts = read_rows(&media, &["location", "id", "name"]);
    let is =
        |row: &[Value], at: usize, word: &str| row[at].as_text().is_some_and(|text| text.eq_ignore_ascii_case(word));
    let exact = facts.iter().position(|row| row[0].as_text() == Some(&path) || is(row, 1, id));
    // A bare file name will do when it is the only one.
    let named: Vec<usize> = (0..facts.len()).filter(|at| facts[*at][2].as_text() == Some(word)).collect();
    match exact.or_else(|| named.first().copied().filter(|_| named.len() == 1)) {
        Some(at) => Ok(media[at].clone()),
        None if named.len() > 1 => Err(Failure::usage(
            format!("`{word}` is the name of {} media", named.len()),
            "give the whole path; `list-media` shows them",
        )),
        None => Err(Failure::new(ErrorKind::NotFound, format!("no known medium is `{word}`"))
            .hinted("`list-media` shows the media there are")),
    }
}

/// The medium of that file or id; a file that is not known yet is opened.
pub(super) fn open(connection: &Connection, word: &str, kind: &str) -> Result<Object, Failure> {
    match find(connection, word, kind) {
        Err(failure) if failure.kind == ErrorKind::NotFound => {}
        found => return found,
    }
    let path = absolute(word);
    if !connection.transport().name().contains("web") && !std::path::Path::new(&path).exists() {
        return Err(Failure::new(ErrorKind::NotFound, format!("no medium is `{word}`, and there is no such file"))
            .hinted(match kind {
                "HardDisk" => "`list-media` shows the media there are; `create-hdd SIZE FILE` makes a hard disk",
                _ => "give the path of an image; `list-media` shows those that are known",
            }));
    }
    let mode = if kind == "DVD" { "ReadOnly" } else { "ReadWrite" };
    let arguments = vec![Value::from(path.as_str()), Value::from(kind), Value::from(mode), Value::Bool(false)];
    made(connection.root().call("openMedium", arguments)?, "IVirtualBox.openMedium")
}

/// Makes a hard disk; an empty format goes by the file's ending.
pub(super) fn create_disk(
    shell: &Shell,
    connection: &Connection,
    location: &str,
    format: &str,
    bytes: i64,
    variants: &[&str],
) -> Result<Object, Failure> {
    let path = absolute(location);
    let format = if format.is_empty() { format_of(&path) } else { format };
    let arguments =
        vec![Value::from(format), Value::from(path.as_str()), Value::from("ReadWrite"), Value::from("HardDisk")];
    let disk = made(connection.root().call("createMedium", arguments)?, "IVirtualBox.createMedium")?;
    let variants = Value::List(variants.iter().map(|variant| Value::from(*variant)).collect());
    let storage = disk.call("createBaseStorage", vec![Value::Int(bytes), variants]).map_err(Failure::from);
    match storage.and_then(|progress| finish(shell, progress)) {
        Ok(()) => Ok(disk),
        Err(failure) => {
            // Nothing was made; the object that stood for it goes too.
            let _ = disk.call("close", Vec::new());
            Err(failure)
        }
    }
}

fn format_of(path: &str) -> &'static str {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("vmdk") => "VMDK",
        Some("vhd") => "VHD",
        Some("img" | "raw") => "RAW",
        _ => "VDI",
    }
}

fn create(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let (size, location) = (given.text("size"), given.text("location"));
    let bytes = sizes::parse(size, sizes::MEGABYTE).map_err(|failure| match sizes::parse(location, 1) {
        Ok(_) => failure.hinted(format!("the size comes first: `create-hdd {location} {}`", quoted(size))),
        Err(_) => failure,
    })?;
    let mut variants = vec![if given.flag("fixed") { "Fixed" } else { "Standard" }];
    if given.flag("split") {
        variants.push("VmdkSplit2G");
    }
    let format = given.text("format").to_ascii_uppercase();
    let disk = create_disk(shell, &connection, given.text("location"), &format, bytes, &variants)?;
    note(format!("made: {} ({}), id {}", text(&disk, "location"), sizes::show(bytes), text(&disk, "id")))
}

fn remove(shell: &Shell, given: &Given, argument: &str, kind: &str) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let medium = find(&connection, given.text(argument), kind)?;
    let location = text(&medium, "location");
    refuse_attached(&connection, &medium)?;
    consent(shell, &format!("delete the file `{location}`?"))?;
    finish(shell, medium.call("deleteStorage", Vec::new())?)?;
    note(format!("deleted: {location}"))
}

fn refuse_attached(connection: &Connection, medium: &Object) -> Result<(), Failure> {
    let users = users(connection, medium);
    let Some(first) = users.first() else { return Ok(()) };
    let location = text(medium, "location");
    let command = if text(medium, "deviceType") == "DVD" { "detach-iso" } else { "detach-hdd" };
    Err(Failure::new(ErrorKind::Failed, format!("`{location}` is attached to {}", users.join(", "))).hinted(format!(
        "`{command} {} {}` detaches it",
        quoted(first),
        quoted(&location)
    )))
}

/// Names of the machines that use a medium.
fn users(connection: &Connection, medium: &Object) -> Vec<String> {
    let ids = medium.get("machineIds").map(Value::into_list).unwrap_or_default();
    let name =
        |id: &Value| connection.find_machine(&show(id)).map_or_else(|_| show(id), |machine| text(&machine, "name"));
    ids.iter().map(name).collect()
}

fn register(shell: &Shell, given: &Given, argument: &str, kind: &str) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let medium = open(&connection, given.text(argument), kind)?;
    note(format!("known: {}, id {}", text(&medium, "location"), text(&medium, "id")))
}

fn unregister(shell: &Shell, given: &Given, argument: &str, kind: &str) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let medium = find(&connection, given.text(argument), kind)?;
    if given.optional("detach").is_some() {
        for id in medium.get("machineIds")?.into_list() {
            let machine = connection.find_machine(&show(&id))?;
            super::attachments::detach_medium(&machine, &medium)?;
        }
    }
    refuse_attached(&connection, &medium)?;
    let location = text(&medium, "location");
    medium.call("close", Vec::new())?;
    note(format!("forgotten: {location}; the file stays"))
}

fn resize(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let bytes = sizes::parse(given.text("size"), sizes::MEGABYTE)?;
    let disk = open(&connection, given.text("disk"), "HardDisk")?;
    // Nobody may have looked at it yet.
    disk.call("refreshState", Vec::new())?;
    let now = disk.get("logicalSize")?.as_int().unwrap_or_default();
    if bytes < now {
        consent(
            shell,
            &format!("make `{}` smaller? what lies behind {} is lost", text(&disk, "location"), sizes::show(bytes)),
        )?;
    }
    finish(shell, disk.call("resize", vec![Value::Int(bytes)])?)?;
    // VirtualBox goes on telling the earlier size until it looks again.
    disk.call("refreshState", Vec::new())?;
    note(format!("`{}` has {}", text(&disk, "location"), sizes::show(bytes)))
}

fn compact(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let disk = open(&connection, given.text("disk"), "HardDisk")?;
    let size = || disk.get("size").ok().and_then(|size| size.as_int()).unwrap_or_default();
    let before = size();
    finish(shell, disk.call("compact", Vec::new())?)?;
    disk.call("refreshState", Vec::new())?;
    note(format!("`{}`: {} before, {} now", text(&disk, "location"), sizes::show(before), sizes::show(size())))
}

fn clone(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let disk = open(&connection, given.text("disk"), "HardDisk")?;
    let path = absolute(given.text("location"));
    let format = match given.text("format") {
        "" => format_of(&path).to_owned(),
        format => format.to_ascii_uppercase(),
    };
    let arguments = vec![
        Value::from(format.as_str()),
        Value::from(path.as_str()),
        Value::from("ReadWrite"),
        Value::from("HardDisk"),
    ];
    let target = made(connection.root().call("createMedium", arguments)?, "IVirtualBox.createMedium")?;
    let variants = Value::List(vec![Value::from("Standard")]);
    finish(shell, disk.call("cloneTo", vec![Value::Object(target.clone()), variants, Value::Null])?)?;
    note(format!("made: {}, id {}", text(&target, "location"), text(&target, "id")))
}

fn list(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let kinds: &[&str] = match given.optional("kind") {
        Some("disks") => &["HardDisk"],
        Some("dvds") => &["DVD"],
        Some("floppies") => &["Floppy"],
        _ => &["HardDisk", "DVD", "Floppy"],
    };
    let mut all = Vec::new();
    for kind in kinds {
        with_children(children(&connection.root(), list_of(kind))?, 0, &mut all)?;
    }
    let json = shell.ui().options().json;
    let media: Vec<Object> = all.iter().map(|(medium, _)| medium.clone()).collect();
    look_at(&media);
    let facts = read_rows(&media, &["location", "deviceType", "format", "logicalSize", "state", "id"]);
    let rows = all.iter().zip(facts).map(|((medium, depth), mut row)| {
        let machines = users(&connection, medium);
        let machines = if json {
            Value::List(machines.iter().map(|name| Value::from(name.as_str())).collect())
        } else {
            row[0] = Value::Text(format!("{}{}", "  ".repeat(*depth), show(&row[0])));
            Value::Text(machines.join(", "))
        };
        row.insert(5, machines);
        row
    });
    let names = ["location", "deviceType", "format", "logicalSize", "state", "machines", "id"];
    let columns = names.into_iter().map(|name| {
        let align = if name == "logicalSize" { Align::Right } else { Align::Left };
        Column { align, ..Column::new(name) }
    });
    Ok(Reply::Table(Table { columns: columns.collect(), rows: rows.collect(), empty: "no media".to_owned() }))
}

fn usage(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let mut all = Vec::new();
    match given.optional("machine") {
        None => with_children(children(&connection.root(), "hardDisks")?, 0, &mut all)?,
        Some(_) => {
            let machine = super::on_machine::machine(shell, given)?;
            for attachment in machine.get("mediumAttachments")?.into_list() {
                let mut medium = super::attachments::field(&attachment, "medium");
                while let Some(Value::Object(disk)) = medium {
                    medium = child(&disk, "parent").ok().map(Value::Object);
                    if text(&disk, "deviceType") == "HardDisk" && !all.iter().any(|(known, _)| *known == disk) {
                        all.push((disk, 0));
                    }
                }
            }
        }
    }
    let media: Vec<Object> = all.into_iter().map(|(medium, _)| medium).collect();
    let json = shell.ui().options().json;
    look_at(&media);
    let mut rows = read_rows(&media, &["location", "size", "logicalSize", "format"]);
    rows.sort_by_key(|row| std::cmp::Reverse(row[1].as_int()));
    let size = |row: &[Value], at: usize| row[at].as_int().unwrap_or_default();
    let totals: (i64, i64) = rows.iter().fold((0, 0), |sums, row| (sums.0 + size(row, 1), sums.1 + size(row, 2)));
    if !json && rows.len() > 1 {
        rows.push(vec![Value::from("together"), Value::Int(totals.0), Value::Int(totals.1), Value::from("")]);
    }
    Ok(Reply::Table(Table {
        columns: vec![
            Column::new("location"),
            Column::number("size"),
            Column::number("logicalSize"),
            Column::new("format"),
        ],
        rows,
        empty: "no hard disks".to_owned(),
    }))
}
