//! The same for many: `foreachvm`, `foreach`.

use super::hosts::{document, tell};
use super::on_machine::{children, quoted, read_rows, show};
use super::side_by_side::{self, Job};
use super::xpath::XPath;
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell, World};

/// Machines that may be worked on at the same time.
const MOST: usize = 32;

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("foreachvm", Category::Scripting, "run a command for every machine", foreachvm)
            .alias("foreach-vm")
            .effect(Effect::Write)
            .argument("command", ArgumentKind::Line, Arity::Required, "a command; the machine's name is put behind its first word, or in place of `{}`")
            .flag("running", None, "only machines that run")
            .flag("group", Some(ArgumentKind::Text), "only machines of this group")
            .flag("at-once", Some(ArgumentKind::Text), "so many machines at the same time; default 1")
            .help(
                "It goes on after a failure, and fails at the end if one failed. With `--at-once` each machine has a progress bar \
                 of its own, results come as they are there, and script sees no variables of the prompt.",
            )
            .example("foreachvm info", "`info` of each machine")
            .example("foreachvm get {}.memorySize", "where the name stands elsewhere")
            .example("foreachvm --at-once 4 start headless", "four at a time"),
        Command::new("foreach", Category::Scripting, "run script for everything that a path leads to", foreach)
            .effect(Effect::Write)
            .argument("scope", ArgumentKind::Text, Arity::Required, "a path like those of XPath, such as //vms/vm[@CPUCount > 1]")
            .argument("script", ArgumentKind::Line, Arity::Required, "script in the prompt's language; `obj` is each thing in turn")
            .help(
                "Steps are attributes; `vms` are the machines, `nics` a machine's network adapters; a list's elements are its \
                 children. `//` looks at any depth. Predicates know `=`, `!=`, `<`, `>`, `and`, `or`, `not()`, positions, \
                 `last()`, `contains()`, `starts-with()`, `ends-with()`, `string-length()`, `lower-case()`.",
            )
            .example("foreach //vms/vm 'print(obj.name)'", "every machine")
            .example("foreach \"//vms/vm[contains(@OSTypeId, '64')]/nics/nic[@enabled]\" 'print(obj.MACAddress)'", "deeper"),
    ]
}

/// A line without the quotes around the whole of it.
pub(super) fn unquoted(line: &str) -> &str {
    let quote = line.chars().next().filter(|letter| matches!(letter, '\'' | '"'));
    let inside =
        quote.and_then(|quote| line.strip_prefix(quote)?.strip_suffix(quote).filter(|inside| !inside.contains(quote)));
    inside.unwrap_or(line)
}

fn foreachvm(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let line = unquoted(given.text("command")).to_owned();
    let root = shell.world().root()?;
    let machines = children(&root, "machines")?;
    let mut rows = read_rows(&machines, &["name", "id", "state", "groups"]);
    rows.sort_by_key(|row| show(&row[0]).to_lowercase());
    if given.flag("running") {
        rows.retain(|row| super::on_machine::is_online(&row[2]));
    }
    if let Some(group) = given.option("group") {
        rows.retain(|row| matches!(&row[3], Value::List(groups) if groups.iter().any(|known| show(known) == group)));
    }
    let json = shell.ui().options().json;
    let at_once = given.option("at-once").map_or(Ok(1), |word| super::sizes::count("--at-once", word))?;
    if at_once > 1 {
        let at_once = usize::try_from(at_once).unwrap_or(1).min(MOST);
        return many(shell, &root, &line, rows.iter().map(|row| named(row)).collect(), at_once);
    }
    let _unpaged = shell.ui().unpaged();
    let (mut failed, mut replies) = (0, Vec::new());
    for row in &rows {
        let name = named(row);
        let filled = fill(&line, &name);
        if !json && rows.len() > 1 {
            shell.ui().note(&format!("-- {name}"));
        }
        match shell.run_part(&filled) {
            Ok(reply) if json => replies.push(reply),
            Ok(reply) => shell.ui().reply(&reply)?,
            Err(failure)
                if matches!(failure.kind, ErrorKind::Interrupted | ErrorKind::Usage) || failure.exit.is_some() =>
            {
                return Err(failure);
            }
            Err(failure) => {
                shell.ui().fail(&failure);
                failed += 1;
            }
        }
        if shell.quit().is_some() {
            break;
        }
    }
    match failed {
        0 => Ok(if replies.is_empty() { Reply::Nothing } else { Reply::Many(replies) }),
        count => Err(Failure::new(ErrorKind::Failed, format!("it failed for {count} of {} machines", rows.len()))
            .hinted("what failed stands above, under each machine's name")),
    }
}

/// The name of a machine; its id where its settings cannot be read.
fn named(row: &[Value]) -> String {
    Some(show(&row[0])).filter(|name| !name.is_empty()).unwrap_or_else(|| show(&row[1]))
}

/// Runs a line for several machines at once, each in a shell of its own on the same connection.
fn many(shell: &Shell, root: &Object, line: &str, names: Vec<String>, at_once: usize) -> Result<Reply, Failure> {
    let jobs = names.into_iter().map(|name| {
        let world = World::new(shell.ui().beside(&name), None, shell.world().yes());
        world.set_connection(Some(root.connection().clone()));
        let line = fill(line, &name);
        Job { name, shell: shell.fork(world), line, own_connection: false }
    });
    let jobs: Vec<Job> = jobs.collect();
    let count = jobs.len();
    let (mut failed, mut documents) = (0, Vec::new());
    let json = shell.ui().options().json;
    side_by_side::run(shell, jobs, at_once, None, &mut |answer| {
        failed += usize::from(answer.failure.is_some());
        if json {
            documents.push(document(&answer, "machine"));
        } else {
            tell(shell, &answer);
        }
        match answer.failure {
            // A wrong line is wrong for every machine.
            Some(failure) if failure.kind == ErrorKind::Usage => Err(failure),
            _ => Ok(()),
        }
    })?;
    if json {
        shell.ui().reply(&Reply::Value(Value::List(documents)))?;
    }
    match failed {
        0 => Ok(Reply::Nothing),
        failed => Err(Failure::new(ErrorKind::Failed, format!("it failed for {failed} of {count} machines"))),
    }
}

/// Puts a machine's name into a line.
fn fill(line: &str, name: &str) -> String {
    if line.contains("{}") {
        // Inside a path a name in double quotes is read as one.
        let plain = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
        let name =
            if plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) };
        return line.replace("{}", &name);
    }
    match line.split_once(char::is_whitespace) {
        Some((command, rest)) => format!("{command} {} {rest}", quoted(name)),
        None => format!("{line} {}", quoted(name)),
    }
}

fn foreach(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let path = XPath::parse(given.text("scope"))?;
    let found = path.evaluate(&shell.world().root()?)?;
    let script = unquoted(given.text("script")).to_owned();
    let language = shell.language();
    let _unpaged = shell.ui().unpaged();
    for object in found {
        shell.engine(language)?.set_variable("obj", Value::Object(object));
        let reply = shell.run_part(&script)?;
        shell.ui().reply(&reply)?;
    }
    shell.engine(language)?.set_variable("obj", Value::Null);
    Ok(Reply::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_behind_the_command_or_in_their_place() {
        assert_eq!(fill("info", "a b"), "info 'a b'");
        assert_eq!(fill("snapshot take x", "web-01"), "snapshot web-01 take x");
        assert_eq!(fill("get {}.name", "web-01"), "get web-01.name");
        assert_eq!(fill("get {}.name", "a b"), "get \"a b\".name");
    }

    #[test]
    fn quotes_around_a_whole_line_fall_away() {
        assert_eq!(unquoted("'print(obj.name)'"), "print(obj.name)");
        assert_eq!(unquoted("info 'a b'"), "info 'a b'");
        assert_eq!(unquoted("'a' 'b'"), "'a' 'b'");
    }
}
