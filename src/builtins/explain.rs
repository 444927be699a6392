//! `explain`: the script that does what a command does, ready to paste.
//!
//! Templates are Rhai; the Python is made from them, line by line. Nothing is run and nothing is asked.

use super::on_machine::quoted;
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Language, Shell, split_words};

/// Command and template. `{name}` is the argument of that name, as a text; `{name#}` as a number; `{name?x}` is the
/// argument or `x`.
const TEMPLATES: &[(&str, &str)] = &[
    ("list", "for m in vbox.machines {\n    print(`${m.name} ${m.state} ${m.id}`);\n}"),
    (
        "start",
        "let m = vbox.findMachine({machine});\nlet p = m.launchVMProcess(session, {frontend?}, []);\np.wait();\nsession.unlockMachine();",
    ),
    ("pause", CONSOLE_PAUSE),
    ("resume", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.resume();\n});"),
    ("reset", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.reset();\n});"),
    ("powerbutton", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.powerButton();\n});"),
    ("powerdown", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.powerDown().wait();\n});"),
    ("save", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.saveState().wait();\n});"),
    ("discard", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.discardSavedState(true);\n});"),
    (
        "create-vm",
        "let m = vbox.createMachine(\"\", {name}, {architecture?x86}, [], {os-type?Other}, \"\");\nm.applyDefaults(\"\");\nvbox.registerMachine(m);",
    ),
    (
        "remove-vm",
        "let m = vbox.findMachine({machine});\nlet media = m.unregister(\"DetachAllReturnHardDisksOnly\");\nm.deleteConfig(media).wait();",
    ),
    ("rename", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.name = {name};\n});"),
    (
        "move",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.moveTo({folder}, \"basic\").wait();\n});",
    ),
    (
        "clone",
        "let m = vbox.findMachine({machine});\nlet copy = vbox.createMachine(\"\", {name}, m.platform.architecture, m.groups, m.OSTypeId, \"\");\nm.cloneTo(copy, \"MachineState\", []).wait();\nvbox.registerMachine(copy);",
    ),
    ("get", "print({path@});"),
    ("set", "let m = vbox.findMachine({path/root});\nm.session(|s| {\n    s.machine{path/rest} = {value~};\n});"),
    ("setvar", "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.{setting!} = {value~};\n});"),
    ("getextra", "let m = vbox.findMachine({scope});\nprint(m.getExtraData({key?}));"),
    (
        "setextra",
        "let m = vbox.findMachine({scope});\nm.session(|s| {\n    s.machine.setExtraData({key}, {value?});\n});",
    ),
    (
        "create-hdd",
        "let disk = vbox.createMedium({format?VDI}, {location}, \"ReadWrite\", \"HardDisk\");\ndisk.createBaseStorage({size#} * 1048576, [\"Standard\"]).wait();",
    ),
    (
        "remove-hdd",
        "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.deleteStorage().wait();",
    ),
    ("register-hdd", "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nprint(disk.id);"),
    ("unregister-hdd", "let disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\ndisk.close();"),
    ("register-iso", "let image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nprint(image.id);"),
    ("unregister-iso", "let image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nimage.close();"),
    (
        "attach-hdd",
        "let m = vbox.findMachine({machine});\nlet disk = vbox.openMedium({disk}, \"HardDisk\", \"ReadWrite\", false);\nm.session(|s| {\n    s.machine.attachDevice({controller?SATA}, {slot/port}, {slot/device}, \"HardDisk\", disk);\n});",
    ),
    (
        "attach-iso",
        "let m = vbox.findMachine({machine});\nlet image = vbox.openMedium({image}, \"DVD\", \"ReadOnly\", false);\nm.session(|s| {\n    s.machine.attachDevice({controller?IDE}, {slot/port}, {slot/device}, \"DVD\", image);\n});",
    ),
    (
        "attach-ctr",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.addStorageController({name}, {bus});\n});",
    ),
    (
        "detach-ctr",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.removeStorageController({controller});\n});",
    ),
    ("list-media", "for disk in vbox.hardDisks {\n    print(`${disk.location} ${disk.state}`);\n}"),
    (
        "snapshot",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.takeSnapshot({snapshot?name}, {text?}, false)[0].wait();\n});",
    ),
    (
        "port-forward",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    let nat = s.machine.getNetworkAdapter({slot#}).NATEngine;\n    nat.addRedirect(\"\", \"TCP\", \"\", {host-port#}, \"\", {guest-port#});\n});",
    ),
    (
        "nic",
        "let m = vbox.findMachine({machine});\nlet adapter = m.getNetworkAdapter({slot#?0});\nprint(`${adapter.enabled} ${adapter.adapterType} ${adapter.attachmentType}`);",
    ),
    (
        "share-folder",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.createSharedFolder({name}, {path}, true, false, \"\");\n});",
    ),
    (
        "unshare-folder",
        "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.machine.removeSharedFolder({name});\n});",
    ),
    ("foreachvm", "for m in vbox.machines {\n    print(m.name);\n}"),
    (
        "host",
        "let host = vbox.host;\nprint(`${host.operatingSystem} ${host.OSVersion} ${host.processorCount} ${host.memorySize}`);",
    ),
    (
        "info",
        "let m = vbox.findMachine({machine});\nprint(`${m.name} ${m.state} ${m.CPUCount} ${m.memorySize} ${m.OSTypeId}`);",
    ),
    (
        "export-vm",
        "let m = vbox.findMachine({machine});\nlet appliance = vbox.createAppliance();\nm.exportTo(appliance, {path});\nappliance.write({format?ovf-1.0}, [], {path}).wait();",
    ),
];

const CONSOLE_PAUSE: &str = "let m = vbox.findMachine({machine});\nm.session(|s| {\n    s.console.pause();\n});";

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("explain", Category::Scripting, "show the script that does the same as a command", explain)
            .argument("command", ArgumentKind::Line, Arity::Required, "a command with its arguments; it is not run")
            .flag("python", None, "in Python")
            .flag("rhai", None, "in Rhai")
            .help("In the prompt's language unless an option says another. Options of the command are left out.")
            .example("explain start web-01 headless", "to paste into a script")
            .example("explain --python pause web-01", "in Python"),
    ]
}

fn explain(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let line = super::loops::unquoted(given.text("command"));
    let words = split_words(line).ok_or_else(|| Failure::usage("explain: a quote is not closed", "close it"))?;
    let word = words.first().map(|word| word.trim_start_matches(':')).unwrap_or_default();
    let Some(command) = shell.commands().find(word).cloned() else {
        let near = shell.commands().suggest(word);
        let hint =
            near.first().map_or("`help` lists the commands".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::new(ErrorKind::NotFound, format!("there is no command `{word}`")).hinted(hint));
    };
    if command.category == Category::Extensions {
        let from = command.help.lines().last().unwrap_or_default().trim_start_matches("From ").trim_end_matches('.');
        let what = format!("`{}` is a command of an extension", command.name);
        return Err(Failure::new(ErrorKind::NotFound, what).hinted(format!("its script is {from}")));
    }
    let Some((_, template)) = TEMPLATES.iter().find(|(name, _)| *name == command.name) else {
        return Err(Failure::new(ErrorKind::NotFound, format!("there is no short script for `{}`", command.name))
            .hinted(format!("`vboxsh --trace FILE -c {}` keeps the calls that it makes", quoted(line))));
    };
    let inner = Given::parse(&command, words[1..].to_vec(), "")?;
    let python = given.flag("python") || !given.flag("rhai") && shell.language() == Language::Python;
    let rhai = fill(template, &inner)?;
    Ok(Reply::Value(Value::Text(if python { to_python(&rhai) } else { rhai })))
}

fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A word as a literal of its own kind: numbers and truths stand bare.
fn plain(word: &str) -> String {
    match word {
        "true" | "false" => word.to_owned(),
        "True" | "on" | "yes" => "true".to_owned(),
        "False" | "off" | "no" => "false".to_owned(),
        word if word.parse::<i64>().is_ok() => word.to_owned(),
        word => literal(word),
    }
}

/// A path of commands as an expression.
fn expression(path: &str) -> String {
    let root = path.split(['.', '[', '(']).next().unwrap_or_default();
    if matches!(root, "vbox" | "host" | "session") {
        return path.to_owned();
    }
    format!("vbox.findMachine({}){}", literal(root.trim_matches('"')), &path[root.len()..])
}

/// `networkAdapter[0]` as `getNetworkAdapter(0)`, as far as a path has such steps.
fn steps(path: &str) -> String {
    for (short, method) in
        [("networkAdapter", "getNetworkAdapter"), ("serialPort", "getSerialPort"), ("parallelPort", "getParallelPort")]
    {
        if let Some(at) = path.find(&format!("{short}["))
            && let Some(close) = path[at..].find(']')
        {
            let number = &path[at + short.len() + 1..at + close];
            return format!("{}{method}({number}){}", &path[..at], &path[at + close + 1..]);
        }
    }
    path.to_owned()
}

fn fill(template: &str, given: &Given) -> Result<String, Failure> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let inside = rest[open + 1..].find('}').map(|close| &rest[open + 1..open + 1 + close]);
        // A block's brace or an interpolation is no place of an argument.
        let Some(name) = inside.filter(|name| {
            !rest[..open].ends_with('$')
                && name.starts_with(|first: char| first.is_lowercase())
                && !name.contains([' ', '\n', '.'])
                || inside.is_some_and(|name| name.contains('?') && !name.contains(['\n', ' ']))
        }) else {
            out += &rest[..=open];
            rest = &rest[open + 1..];
            continue;
        };
        out += &rest[..open];
        rest = &rest[open + name.len() + 2..];
        out += &place(name, given)?;
    }
    Ok(out + rest)
}

fn place(place: &str, given: &Given) -> Result<String, Failure> {
    let (name, usual) = place.split_once('?').map_or((place, None), |(name, usual)| (name, Some(usual)));
    let bare = name.trim_end_matches(['#', '@', '~', '!']);
    let (bare, part) = bare.split_once('/').map_or((bare, None), |(bare, part)| (bare, Some(part)));
    let word = given.optional(bare).or(usual);
    let wanted = |what: &str| {
        Failure::usage(format!("explain: {} is missing", what.to_uppercase()), format!("usage: {}", given.usage()))
    };
    if let Some(part) = part {
        let word = word.unwrap_or(if bare == "slot" { "0:0" } else { "" });
        return Ok(match part {
            "root" => literal(word.split(['.', '[']).next().unwrap_or_default().trim_matches('"')),
            "rest" => steps(word.find(['.', '[']).map_or("", |at| &word[at..])),
            "port" => word.split(':').next().unwrap_or("0").to_owned(),
            _ => word.split(':').nth(1).unwrap_or("0").to_owned(),
        });
    }
    let word = word.ok_or_else(|| wanted(bare))?;
    Ok(match name.chars().last() {
        Some('#') => super::sizes::parse(word, 1).map_or_else(
            |_| word.to_owned(),
            |bytes| {
                if word.parse::<i64>().is_ok() { word.to_owned() } else { (bytes / super::sizes::MEGABYTE).to_string() }
            },
        ),
        Some('@') => steps(&expression(word)),
        Some('~') => plain(word),
        Some('!') => steps(word),
        // A script has no working folder of its own to count on.
        _ if matches!(given.kind(bare), Some(ArgumentKind::File | ArgumentKind::Medium(_))) => literal(
            &std::path::absolute(word).map_or_else(|_| word.to_owned(), |path| path.to_string_lossy().into_owned()),
        ),
        _ => literal(word),
    })
}

/// The same in Python. The templates use no more of Rhai than this knows.
fn to_python(rhai: &str) -> String {
    let mut depth = 0_usize;
    let mut lines = Vec::new();
    for line in rhai.lines() {
        let line = line.trim();
        if matches!(line, "}" | "});") {
            depth = depth.saturating_sub(1);
            continue;
        }
        let indent = "    ".repeat(depth);
        let line = line.trim_end_matches(';');
        let line = line.strip_prefix("let ").unwrap_or(line);
        let python = if let Some(object) = line.strip_suffix(".session(|s| {") {
            depth += 1;
            format!("with {object}.session() as s:")
        } else if let Some(head) = line.strip_suffix(" {") {
            depth += 1;
            format!("{head}:")
        } else {
            values(line)
        };
        lines.push(format!("{indent}{python}"));
    }
    lines.join("\n")
}

/// Interpolated texts, truths and null outside of texts.
fn values(line: &str) -> String {
    let line = line.replace('`', "\"");
    let line = if line.contains("${") { line.replacen('"', "f\"", 1).replace("${", "{") } else { line };
    let mut out = String::new();
    let mut quoted = false;
    let mut word = String::new();
    let close = |word: &mut String, out: &mut String| {
        out.push_str(match word.as_str() {
            "true" => "True",
            "false" => "False",
            other => other,
        });
        word.clear();
    };
    for letter in line.chars() {
        if !quoted && (letter.is_alphanumeric() || letter == '_') {
            word.push(letter);
            continue;
        }
        close(&mut word, &mut out);
        quoted ^= letter == '"';
        out.push(letter);
    }
    close(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rhai_becomes_python() {
        let rhai = "let m = vbox.findMachine(\"a\");\nm.session(|s| {\n    s.machine.discardSavedState(true);\n});\nfor m in vbox.machines {\n    print(`${m.name} true`);\n}";
        let python = "m = vbox.findMachine(\"a\")\nwith m.session() as s:\n    s.machine.discardSavedState(True)\nfor m in vbox.machines:\n    print(f\"{m.name} true\")";
        assert_eq!(to_python(rhai), python);
    }

    #[test]
    fn every_template_is_of_a_command_and_names_its_arguments() {
        let commands = crate::builtins::commands(&crate::shell::ConnectSettings::default());
        for (name, template) in TEMPLATES {
            let command = commands.find(name).unwrap_or_else(|| panic!("no command {name}"));
            let words = command.arguments.iter().map(|argument| match argument.kind {
                ArgumentKind::Choice(choices) => choices[0].to_owned(),
                _ => "1".to_owned(),
            });
            let given = Given::parse(command, words.collect(), "").unwrap();
            let filled = fill(template, &given).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            assert!(!filled.contains("{machine") && !filled.contains("{name"), "{name}: {filled}");
            assert!(to_python(&filled).lines().all(|line| !line.ends_with(['{', ';', '}'])), "{name}");
        }
    }
}
