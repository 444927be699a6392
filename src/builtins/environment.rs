//! The shell itself: `alias`, `prompt`, `verbose`, `colors`, `shell`, `clear`, `gui`, `time`, `history`, `edit`, `goto`, `apropos`.

use super::on_machine::note;
use super::sizes;
use crate::model::{ErrorKind, Value};
use crate::output::{Column, Failure, Reply, Role, Table, Theme};
use crate::schema;
use crate::shell::{Announce, ArgumentKind, Arity, Category, Command, Given, Shell};
use std::time::Instant;

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Shell, summary, run)
    };
    vec![
        new("alias", "show aliases, or make a word stand for a line", alias)
            .alias("a")
            .argument("word", ArgumentKind::Text, Arity::Optional, "the word that is to stand for a line")
            .argument("line", ArgumentKind::Line, Arity::Optional, "what it stands for")
            .flag("remove", None, "let the word stand for nothing any more")
            .help("What stands behind the word is put behind the line. Those that are to last go into the configuration file.")
            .example("alias", "all of them")
            .example("alias up list running", "`up` lists the machines that run"),
        new("prompt", "show or choose the text of the prompt", prompt)
            .argument("text", ArgumentKind::Text, Arity::Optional, "the text; `{server}`, `{language}` and `{connection}` are filled in; `default` for the built-in one")
            .example("prompt '{server}> '", "with the server's name"),
        new("verbose", "say more, or less again", |shell, given| {
            let on = on_or_off(given.optional("switch"), shell.ui().is_verbose())?;
            shell.ui().set_verbose(on);
            note(format!("verbose is {}", if on { "on" } else { "off" }))
        })
        .alias("v")
        .argument("switch", ArgumentKind::Choice(&["on", "off"]), Arity::Optional, "on or off; left out, the other one than now")
        .example("verbose on", "say more"),
        new("colors", "switch colours on or off, choose or show them", colors)
            .argument(
                "switch",
                ArgumentKind::Choice(&["on", "off", "show", "neutral", "dark", "light", "auto", "none"]),
                Arity::Optional,
                "on or off, `show`, or a theme; left out, the other one of on and off than now",
            )
            .help("Themes: `neutral` can be read on any ground, `dark` and `light` are for terminals with such a ground, `auto` asks the terminal, `none` is plain text. `theme = \"dark\"` in the configuration file makes one last.")
            .example("colors off", "plain text")
            .example("colors show", "each colour, and what it is for")
            .example("colors light", "for a terminal with a light ground"),
        new("shell", "run a command of the host's shell", |shell, given| {
            let line = super::loops::unquoted(given.text("line")).to_owned();
            shell.run_part(&format!("!{line}"))
        })
        .argument("line", ArgumentKind::Line, Arity::Optional, "the command; an interactive shell when left out")
        .help("`!COMMAND` is the same.")
        .example("shell \"ls /etc/host*\"", "with its wildcards"),
        new("clear", "clear the screen", |shell, _| {
            if shell.ui().is_terminal() {
                shell.ui().clear_screen();
            }
            Ok(Reply::Nothing)
        })
        .alias("cls")
        .help("Ctrl-L at the prompt does the same.")
        .example("clear", "an empty screen"),
        new("gui", "start VirtualBox's own window", gui).shown("gui", "VirtualBox Manager"),
        Command::new("time", Category::Shell, "run a command and say how long it took", |shell, given| {
            let line = super::loops::unquoted(given.text("line")).to_owned();
            // How long somebody reads is no part of it.
            let _unpaged = shell.ui().unpaged();
            let start = Instant::now();
            let result = shell.run_line(&line);
            shell.ui().note(&format!("{:.3} s", start.elapsed().as_secs_f64()));
            result.map(|()| Reply::Nothing)
        })
        .argument("line", ArgumentKind::Line, Arity::Required, "a command, or script")
        .example("time list", "how long `list` takes"),
        new("history", "show what was typed", history)
            .argument("word", ArgumentKind::Text, Arity::Optional, "only lines with this text; or a number: the last so many lines")
            .help("Ctrl-R at the prompt searches it. `!` does not repeat lines: it runs commands of the host's shell.")
            .example("history 10", "the last ten lines"),
        new("edit", "edit a script or the last line in your editor, and run it", edit)
            .argument("file", ArgumentKind::File, Arity::Optional, "a script; the last line typed when left out")
            .help("The editor is the one that VISUAL or EDITOR names.")
            .shown("edit nightly.rhai", "change and run it"),
        new("announce", "tell of events above the line that is typed, or do not", announce)
            .argument(
                "types",
                ArgumentKind::Enum("VBoxEventType"),
                Arity::Repeated,
                "`on`, `off`, or types of events; left out: what is announced now",
            )
            .help("`on` means states of machines, machines that come and go, and snapshots. While a line runs, announcements wait; when there are many they are counted. `announce = true` in the configuration file makes it last.")
            .example("announce on", "what changes machines")
            .example("announce OnMediumRegistered OnMachineStateChanged", "these only")
            .example("announce off", "nothing"),
        Command::new("goto", Category::Scripting, "go on at another line of a script", |shell, given| {
            let line = sizes::count("goto", given.text("line"))?;
            if !shell.in_batch() {
                return Err(Failure::usage("goto: no script runs", "it stands in files with shell lines: `vboxsh -b FILE`"));
            }
            shell.set_jump(usize::try_from(line.max(1)).unwrap_or(1));
            Ok(Reply::Nothing)
        })
        .argument("line", ArgumentKind::Text, Arity::Required, "number of the line, from 1; behind the last one the script ends")
        .shown("goto 3", "in a file with shell lines"),
        new("apropos", "find commands, topics and members by a word in their help", apropos)
            .argument("word", ArgumentKind::Text, Arity::Required, "a word or a part of one")
            .example("apropos snapshot", "everything about snapshots"),
    ]
}

fn on_or_off(word: Option<&str>, now: bool) -> Result<bool, Failure> {
    match word {
        None => Ok(!now),
        Some("on") => Ok(true),
        Some(_) => Ok(false),
    }
}

fn announce(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let types = given.rest("types").to_vec();
    let wanted = match types.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => shell.announce().clone(),
        ["on"] => Announce::Usual,
        ["off"] => Announce::Nothing,
        _ => {
            let known = schema::embedded().enumeration("VBoxEventType");
            let unknown = |name: &&String| known.is_some_and(|known| known.number(name).is_none());
            if let Some(name) = types.iter().find(unknown) {
                return Err(Failure::usage(
                    format!("announce: `{name}` is no type of event"),
                    "`on`, `off`, or types as `help VBoxEventType` lists them",
                ));
            }
            Announce::Types(types)
        }
    };
    shell.set_announce(wanted);
    note(match shell.announce() {
        Announce::Nothing => "no events are announced".to_owned(),
        Announce::Usual => "changes of machines and snapshots are announced".to_owned(),
        Announce::Types(types) => format!("announced are {}", types.join(", ")),
    })
}

fn colors(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let ui = shell.ui();
    match given.optional("switch") {
        Some("show") => {}
        Some(name) if Theme::named(name).is_some() => {
            if let Some(theme) = Theme::named(name) {
                ui.set_colors(theme != Theme::None);
                ui.set_theme(theme);
            }
        }
        word => {
            let on = on_or_off(word, ui.style().is_on())?;
            ui.set_colors(on);
            return note(format!("colours are {}", if on { "on" } else { "off" }));
        }
    }
    if ui.options().json {
        return Ok(Reply::Value(Value::from(ui.theme().name())));
    }
    let style = ui.style();
    let mut text = format!("theme {}, colours {}\n", ui.theme().name(), if style.is_on() { "on" } else { "off" });
    for role in Role::ALL {
        let (name, sample) = role.described();
        text += &format!("\n  {name:8}  {}", style.paint(role, sample));
    }
    Ok(Reply::Text(text))
}

fn alias(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let Some(word) = given.optional("word") else {
        let built_in = shell.commands().all().flat_map(|command| {
            command.aliases.iter().map(|alias| (alias.clone(), command.name.clone())).collect::<Vec<_>>()
        });
        let mut rows: Vec<Vec<Value>> = built_in
            .chain(shell.aliases().iter().map(|(word, line)| (word.clone(), line.clone())))
            .map(|(word, line)| vec![Value::Text(word), Value::Text(line)])
            .collect();
        rows.sort_by_key(|row| super::on_machine::show(&row[0]).to_lowercase());
        let columns = vec![Column::new("word"), Column::new("line")];
        return Ok(Reply::Table(Table { columns, rows, empty: "no aliases".to_owned() }));
    };
    if given.flag("remove") {
        if shell.aliases().contains_key(word) {
            shell.set_alias(word, None);
            return Ok(Reply::Nothing);
        }
        return Err(Failure::new(ErrorKind::NotFound, format!("`{word}` is no alias")).hinted("`alias` shows them"));
    }
    let line = super::loops::unquoted(given.text("line"));
    if line.is_empty() {
        return match shell.aliases().get(word) {
            Some(line) => Ok(Reply::Value(Value::from(line.as_str()))),
            None => Err(Failure::new(ErrorKind::NotFound, format!("`{word}` is no alias"))
                .hinted(format!("`alias {word} LINE` makes it one"))),
        };
    }
    if !word.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-')) {
        return Err(Failure::usage(format!("`{word}` cannot be an alias"), "use letters, digits, `-` and `_`"));
    }
    if shell.commands().find(word).is_some_and(|command| command.name == word) {
        shell.ui().warn(&format!("`{word}` hides the command of that name; `:{word}` still reaches it"));
    }
    shell.set_alias(word, Some(line));
    Ok(Reply::Nothing)
}

fn prompt(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    match given.optional("text") {
        None => Ok(Reply::Value(Value::from(shell.prompt().unwrap_or("default")))),
        Some("default") => {
            shell.set_prompt(None);
            Ok(Reply::Nothing)
        }
        Some(text) => {
            shell.set_prompt(Some(text));
            Ok(Reply::Nothing)
        }
    }
}

fn gui(_: &mut Shell, _: &Given) -> Result<Reply, Failure> {
    let missing = |why: String| {
        Failure::new(ErrorKind::Refused, format!("VirtualBox's window cannot be started: {why}"))
            .hinted("install VirtualBox with its graphical part; `start MACHINE gui` opens a machine's window")
    };
    let folder = std::env::var_os("VBOX_PROGRAM_PATH").map(std::path::PathBuf::from);
    let names = ["VirtualBox", "virtualbox"];
    let inside = folder.iter().flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.exists());
    let found = inside.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
    });
    let program = found.ok_or_else(|| missing("it is not installed".to_owned()))?;
    std::process::Command::new(program)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map_err(|error| missing(error.to_string()))?;
    Ok(Reply::Nothing)
}

fn history(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let lines = shell.history();
    let word = given.text("word");
    let last = word.parse::<usize>().ok();
    let skipped = last.map_or(0, |last| lines.len().saturating_sub(last));
    let wanted = lines.iter().enumerate().skip(skipped).filter(|(_, line)| last.is_some() || line.contains(word));
    let rows: Vec<Vec<Value>> =
        wanted.map(|(at, line)| vec![Value::Int(at as i64 + 1), Value::from(line.as_str())]).collect();
    Ok(Reply::Table(Table {
        columns: vec![Column::number("number"), Column::new("line")],
        rows,
        empty: "nothing was typed".to_owned(),
    }))
}

fn edit(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = variable("VISUAL").or_else(|| variable("EDITOR"));
    if named.is_none() && !shell.ui().can_ask() {
        return Err(Failure::new(ErrorKind::Refused, "nobody can edit here: this is no terminal")
            .hinted("set EDITOR to a program that changes the file by itself"));
    }
    let editor = named.unwrap_or_else(|| "vi".to_owned());
    let words = crate::shell::split_words(&editor).filter(|words| !words.is_empty());
    let words =
        words.ok_or_else(|| Failure::usage(format!("`{editor}` is no editor"), "set EDITOR to the name of one"))?;
    let failed =
        |what: String| Failure::new(ErrorKind::Failed, what).hinted("set EDITOR to an editor that is installed");
    let run = |file: &std::path::Path| -> Result<(), Failure> {
        // Ctrl-C is the editor's.
        let _lent = shell.world().interrupt().lend();
        let status = std::process::Command::new(&words[0]).args(&words[1..]).arg(file).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(format!("`{editor}` ended with {status}: nothing was run"))),
            Err(error) => Err(failed(format!("cannot start `{editor}`: {error}"))),
        }
    };
    if let Some(file) = given.optional("file") {
        run(std::path::Path::new(file))?;
        return shell.run_file(file, Vec::new());
    }
    let last =
        shell.history().iter().rev().find(|line| !line.trim_start().starts_with("edit")).cloned().unwrap_or_default();
    let file = std::env::temp_dir().join(format!("vboxsh-edit-{}.txt", std::process::id()));
    let io = |error: std::io::Error| failed(format!("cannot write {}: {error}", file.display()));
    std::fs::write(&file, last).map_err(io)?;
    let edited = run(&file).and_then(|()| std::fs::read_to_string(&file).map_err(io));
    // It held one line of the history; nobody needs it any more.
    let _ = std::fs::remove_file(&file);
    let edited = edited?;
    let line = edited.trim();
    if !line.is_empty() {
        shell.ui().note(line);
        shell.remember(line);
        shell.run_line(line)?;
    }
    Ok(Reply::Nothing)
}

fn apropos(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let word = given.text("word").to_lowercase();
    let fits = |name: &str, help: &str| name.to_lowercase().contains(&word) || help.to_lowercase().contains(&word);
    let mut rows = Vec::new();
    let mut row = |name: &str, help: &str| {
        if fits(name, help) {
            rows.push(vec![Value::from(name), Value::from(help)]);
        }
    };
    for command in shell.commands().all() {
        row(&command.name, &command.summary);
    }
    for (name, help) in super::topics() {
        row(name, help);
    }
    let known = shell.world().current().map_or_else(schema::embedded, |connection| connection.schema());
    let text = |name: &str| schema::help(name).unwrap_or_default();
    for interface in known.interfaces() {
        row(interface.name, text(interface.name));
        let own = |owner: &str| owner == interface.name;
        for attribute in interface.attributes().into_iter().filter(|attribute| own(attribute.owner)) {
            let name = format!("{}.{}", interface.name, attribute.name);
            row(&name, text(&name));
        }
        for method in interface.methods().into_iter().filter(|method| own(method.owner)) {
            let name = format!("{}.{}", interface.name, method.name);
            row(&name, text(&name));
        }
    }
    for enumeration in known.enumerations() {
        row(enumeration.name, text(enumeration.name));
    }
    if rows.is_empty() {
        return Err(
            Failure::new(ErrorKind::NotFound, format!("nothing is about `{word}`")).hinted("try a shorter word")
        );
    }
    Ok(Reply::Table(Table { columns: vec![Column::new("name"), Column::new("help")], rows, empty: String::new() }))
}
