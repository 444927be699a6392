//! `explain`: the script that does what a command does, ready to paste.
//!
//! Templates are Rhai (`templates.rs`); the Python is made from them, line by line (`python.rs`). Nothing is run and
//! nothing is asked.

mod described;
mod longer;
mod python;
mod templates;

use super::on_machine::quoted;
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Language, Line, Shell, given_on_line, split_words};
use longer::LONGER;
use python::{to_python, values};
use templates::{TEMPLATES, Template};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("explain", Category::Scripting, "show the script that does the same as a command", explain)
            .argument("command", ArgumentKind::Line, Arity::Required, "a command with its arguments; it is not run")
            .flag("python", None, "in Python")
            .flag("rhai", None, "in Rhai")
            .help("In the prompt's language unless an option says another. Options that decide how something is shown are left out. For `apply` the file is read.")
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
    let without = || {
        Failure::new(ErrorKind::NotFound, format!("there is no short script for `{}`", command.name))
            .hinted(format!("`vboxsh --trace FILE -c {}` keeps the calls that it makes", quoted(line)))
    };
    let python = given.flag("python") || !given.flag("rhai") && shell.language() == Language::Python;
    if command.name != "apply" && !all().any(|template| template.name.split(' ').next() == Some(&command.name)) {
        return Err(without());
    }
    let rest = line.trim_start().split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    let inner = given_on_line(&command, rest)?;
    if command.name == "apply" {
        return Ok(Reply::Value(Value::Text(described::script(inner.text("file"), python)?)));
    }
    // What a command shows has no short script; a path or script has.
    if command.name == "watch" && matches!(shell.classify(inner.text("line")), Line::Command { .. }) {
        return Err(without());
    }
    let template = find(&command.name, &inner).ok_or_else(without)?;
    let pattern = command.name == "find" && inner.text("pattern").contains(['*', '+', '[', '(', '\\', '|', '^', '$']);
    if !python && (template.rhai.is_empty() || pattern) {
        let what = format!("Rhai cannot do what `{}` does here", command.name);
        return Err(Failure::new(ErrorKind::NotFound, what).hinted("`explain --python` shows the script in Python"));
    }
    let script = match (python, template.python) {
        (true, Some(own)) => fill(own, &inner, true)?,
        (true, None) => to_python(&fill(template.rhai, &inner, false)?),
        (false, _) => fill(template.rhai, &inner, false)?,
    };
    Ok(Reply::Value(Value::Text(script)))
}

fn all() -> impl Iterator<Item = &'static Template> {
    TEMPLATES.iter().chain(LONGER)
}

/// The template of a command; one that does several things has one for each, told by its words.
fn find(name: &str, given: &Given) -> Option<&'static Template> {
    let mut names = Vec::new();
    for argument in ["action", "setting", "scope", "what", "path"] {
        if let Some(word) = given.optional(argument) {
            let root = if argument == "path" { word.split(['.', '[', '(']).next().unwrap_or_default() } else { word };
            if let Some(more) = given.rest("values").first() {
                names.push(format!("{name} {root} {more}"));
            }
            // Without a value a setting is shown, not changed.
            let shown = argument == "setting" && ["value", "values"].iter().all(|rest| given.rest(rest).is_empty());
            if !shown {
                names.push(format!("{name} {root}"));
            }
        }
    }
    if let Some(condition) = given.rest("conditions").first() {
        names.push(format!("{name} {}", condition.find('=').map_or(&**condition, |at| &condition[..=at])));
    }
    // Options that make another command of it.
    for option in ["from", "snapshot"] {
        if given.flag(option) {
            names.push(format!("{name} {option}"));
        }
    }
    if given.optional("machine").is_some() {
        names.push(format!("{name} machine"));
    }
    names.push(name.to_owned());
    names.iter().find_map(|name| all().find(|template| template.name == name))
}

/// The words of a line that is an argument.
fn words(line: &str) -> Vec<String> {
    split_words(line).unwrap_or_default()
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

fn fill(template: &str, given: &Given, python: bool) -> Result<String, Failure> {
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
        let filled = place(name, given)?;
        out += &if python { values(&filled) } else { filled };
    }
    Ok(out + rest)
}

fn place(place: &str, given: &Given) -> Result<String, Failure> {
    let (name, usual) = place.split_once('?').map_or((place, None), |(name, usual)| (name, Some(usual)));
    let bare = name.trim_end_matches(['#', '@', '~', '!', '^', '*']);
    let (bare, part) = bare.split_once('/').map_or((bare, None), |(bare, part)| (bare, Some(part)));
    let numbered = part.and_then(|part| part.parse::<usize>().ok());
    let word = match numbered {
        Some(at) => given.rest(bare).get(at).map(String::as_str),
        None => given.optional(bare).or_else(|| given.option(bare)),
    };
    let word = word.or(usual);
    let wanted = |what: &str| {
        Failure::usage(format!("explain: {} is missing", what.to_uppercase()), format!("usage: {}", given.usage()))
    };
    if name.ends_with('*') {
        let inside = given.text("path").split_once('(').map(|(_, inside)| inside.trim_end_matches(')'));
        let more = inside.filter(|inside| !inside.is_empty() && bare == "arguments");
        let more: Vec<String> =
            more.map(|inside| inside.split(',').map(|word| word.trim().to_owned()).collect()).unwrap_or_default();
        return Ok(repeated(bare, &[&more, given.rest(bare)].concat()));
    }
    let part = part.filter(|_| numbered.is_none());
    if let Some(part) = part {
        let word = word.unwrap_or(if bare == "slot" { "0:0" } else { "" });
        return Ok(match part {
            "root" => literal(word.split(['.', '[']).next().unwrap_or_default().trim_matches('"')),
            "rest" => steps(word.find(['.', '[']).map_or("", |at| &word[at..])),
            "assign" => {
                let path = if bare == "path" { word.find('.').map_or("", |at| &word[at + 1..]) } else { word };
                assignment(path, given.text("value"))
            }
            "program" => literal(words(word).first().map(String::as_str).unwrap_or_default()),
            "words" => format!("[{}]", words(word).iter().map(|word| literal(word)).collect::<Vec<_>>().join(", ")),
            "value" => literal(word.split_once('=').map_or(word, |(_, value)| value)),
            // Arguments in parentheses go with the others.
            "call" => word.find('.').map_or("", |at| word[at..].split('(').next().unwrap_or_default()).to_owned(),
            "called" => word.split('(').next().unwrap_or_default().to_owned(),
            "host" => literal(word.rsplit_once(':').map_or(word, |(host, _)| host)),
            "last" => word.rsplit_once(':').map_or("8000", |(_, port)| port).to_owned(),
            "lower" => literal(&word.to_lowercase()),
            "list" => word.split(',').map(literal).collect::<Vec<_>>().join(", "),
            // Without an address of its own a device has that of the host.
            "pci" => {
                super::devices::pci_address(if word == "ADDRESS" { given.text("address") } else { word })?.to_string()
            }
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
        Some('^') => literal(&word.to_uppercase()),
        // A script has no working folder of its own to count on.
        _ if matches!(given.kind(bare), Some(ArgumentKind::File | ArgumentKind::Medium(_))) => literal(
            &std::path::absolute(word).map_or_else(|_| word.to_owned(), |path| path.to_string_lossy().into_owned()),
        ),
        _ => literal(word),
    })
}

/// A setting of the session's machine gets a value. Rhai cannot assign to what a call gives.
fn assignment(path: &str, value: &str) -> String {
    assignment_of(path, &plain(value))
}

/// The same with the value as it is to stand there.
fn assignment_of(path: &str, value: &str) -> String {
    let path = steps(path);
    match path.rsplit_once('.') {
        Some((object, name)) if object.contains('(') => format!("s.machine.{object}.set({name:?}, {value})"),
        _ => format!("s.machine.{path} = {value}"),
    }
}

/// Words that stand any number of times: changes of settings as statements, others as arguments.
fn repeated(name: &str, words: &[String]) -> String {
    if name != "changes" {
        return words.iter().map(|word| plain(word)).collect::<Vec<_>>().join(", ");
    }
    let change = |word: &String| {
        let called = word.split_once('(').filter(|(method, _)| !method.contains('='));
        match (called, word.split_once('=')) {
            (Some((method, inside)), _) => {
                let words = inside.trim_end_matches(')').split(',').map(|word| plain(word.trim()));
                format!("    s.machine.{}({});", steps(method), words.collect::<Vec<_>>().join(", "))
            }
            (None, Some((path, value))) => format!("    {};", assignment(path, value)),
            (None, None) => format!("    s.machine.{word};"),
        }
    };
    words.iter().map(change).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_of_a_command() {
        let commands = crate::builtins::commands(&crate::shell::ConnectSettings::default());
        for template in all() {
            let name = template.name.split(' ').next().unwrap_or_default();
            assert!(commands.find(name).is_some_and(|command| command.name == name), "no command {name}");
        }
    }

    #[test]
    fn what_a_command_does_decides_which_script_it_is() {
        let commands = crate::builtins::commands(&crate::shell::ConnectSettings::default());
        for (line, name) in [
            ("snapshot web-01 restore base", "snapshot restore"),
            ("snapshot web-01", "snapshot"),
            ("nic web-01 0 cable off", "nic cable"),
            ("nic web-01 0 cable", "nic"),
            ("nat web-01 0 pf delete ssh", "nat pf delete"),
            ("nat web-01 0 pf", "nat"),
            ("setextra global a b", "setextra global"),
            ("list running", "list running"),
        ] {
            let words = split_words(line).unwrap();
            let given = Given::parse(commands.find(&words[0]).unwrap(), words[1..].to_vec(), "").unwrap();
            assert_eq!(find(&words[0], &given).unwrap().name, name, "{line}");
        }
    }
}
