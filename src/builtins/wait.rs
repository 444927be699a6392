//! `wait` for a condition of a machine, `watch` something change.

use super::on_machine::{machine, show, text};
use crate::model::{Error, ErrorKind, Object, Value};
use crate::output::{Failure, Reply, documents};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Path, Shell, follow};
use std::time::{Duration, Instant};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("wait", Category::Watch, "wait until something is true of a machine", wait)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a machine")
            .argument(
                "conditions",
                ArgumentKind::Member,
                Arity::Repeated,
                "`PATH=VALUE` or `PATH!=VALUE` from the machine, `property:NAME[=VALUE]` of the guest, or `ip`",
            )
            .flag(
                "timeout",
                Some(ArgumentKind::Seconds),
                "give up after so many seconds (exit code 124); default: never",
            )
            .help("All conditions have to be true at once. A value may have `*` at its end.")
            .example("wait web-01 state=PoweredOff --timeout 60", "until the machine is off")
            .example("wait web-01 'state!=Running'", "until it does not run")
            .shown("wait web-01 ip --timeout 120", "until the guest has an address"),
        Command::new("watch", Category::Watch, "show what a command or a path gives, whenever it changes", watch)
            .argument("line", ArgumentKind::Line, Arity::Required, "a command, a path such as web-01.state, or script")
            .flag("every", Some(ArgumentKind::Seconds), "look so often, in seconds; default 1")
            .flag("count", Some(ArgumentKind::Text), "end after so many results")
            .flag("timeout", Some(ArgumentKind::Seconds), "end after so many seconds")
            .help("Ctrl-C ends it.")
            .example("watch --count 1 web-01.state", "an attribute")
            .example("watch --every 0.1 --timeout 0.3 list running", "a command"),
    ]
}

/// Reads a number of seconds that an option has.
pub(super) fn seconds(word: &str) -> Result<Duration, Failure> {
    let parsed = word.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parsed.ok_or_else(|| {
        Failure::usage(format!("`{word}` is no number of seconds"), "write a number that is not negative, such as 2.5")
    })
}

/// One thing to be true.
enum Condition {
    /// An attribute has, or has not, a value.
    Value { path: Path, wanted: String, equal: bool },
    /// A guest property is set, to a value where one is named.
    Property { name: String, wanted: Option<String> },
    /// The guest has an address.
    Address,
}

impl Condition {
    fn parse(word: &str) -> Result<Self, Failure> {
        if word == "ip" {
            return Ok(Self::Address);
        }
        if let Some(property) = word.strip_prefix("property:") {
            let (name, wanted) =
                property.split_once('=').map_or((property, None), |(name, value)| (name, Some(value.to_owned())));
            return Ok(Self::Property { name: name.to_owned(), wanted });
        }
        let (path, wanted, equal) = match (word.split_once("!="), word.split_once('=')) {
            (Some((path, wanted)), _) => (path, wanted, false),
            (None, Some((path, wanted))) => (path, wanted.trim_start_matches('='), true),
            (None, None) => {
                return Err(Failure::usage(
                    format!("wait: `{word}` is no condition"),
                    "write `state=Running`, `property:NAME`, or `ip`",
                ));
            }
        };
        Ok(Self::Value { path: Path::parse(&format!("machine.{path}"))?, wanted: wanted.to_owned(), equal })
    }

    fn holds(&self, machine: &Object) -> Result<bool, Error> {
        match self {
            Self::Value { path, wanted, equal } => {
                let value = follow(Value::Object(machine.clone()), &path.steps)?;
                Ok(matches(&show(&value), wanted) == *equal)
            }
            Self::Property { name, wanted } => {
                let value = show(&machine.call("getGuestPropertyValue", vec![Value::from(name.as_str())])?);
                Ok(wanted.as_ref().map_or(!value.is_empty(), |wanted| matches(&value, wanted)))
            }
            Self::Address => {
                let name = "/VirtualBox/GuestInfo/Net/0/V4/IP";
                Ok(!show(&machine.call("getGuestPropertyValue", vec![Value::from(name)])?).is_empty())
            }
        }
    }
}

fn matches(value: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value.eq_ignore_ascii_case(wanted),
    }
}

/// A name that no state has would be waited for in vain.
fn check_states(machine: &Object, words: &[String]) -> Result<(), Failure> {
    for word in words {
        let Some((attribute, wanted)) = word.split_once('=') else { continue };
        let attribute = attribute.trim_end_matches('!');
        let known = machine.interface().attribute(attribute).map(|attribute| attribute.kind.kind);
        let Some(crate::schema::Kind::Enum(name)) = known else { continue };
        let Some(enumeration) = machine.connection().schema().enumeration(name) else { continue };
        if !enumeration.values.iter().any(|value| matches(value.name, wanted)) {
            let near = enumeration.suggest(wanted);
            let hint = near
                .first()
                .map_or_else(|| format!("`help {name}` lists the values"), |near| format!("did you mean `{near}`?"));
            return Err(Failure::usage(format!("wait: `{wanted}` is no value of {name}"), hint));
        }
    }
    Ok(())
}

fn wait(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let words = given.rest("conditions");
    if words.is_empty() {
        return Err(Failure::usage("wait: nothing to wait for", format!("usage: {}", given.usage())));
    }
    check_states(&machine, words)?;
    let conditions = words.iter().map(|word| Condition::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let time = given.option("timeout").map(seconds).transpose()?;
    let start = Instant::now();
    loop {
        let mut all = true;
        for condition in &conditions {
            all &= condition.holds(&machine)?;
        }
        if all {
            return Ok(Reply::Nothing);
        }
        if time.is_some_and(|time| start.elapsed() >= time) {
            let what = format!("{} of `{}`", words.join(" and "), text(&machine, "name"));
            let failure = Failure::from(Error::TimedOut { what, seconds: start.elapsed().as_secs_f64() });
            let name = super::on_machine::quoted(&text(&machine, "name"));
            return Err(
                failure.hinted(format!("a greater `--timeout` gives it more time; `info {name}` shows how it is"))
            );
        }
        shell.world().interrupt().sleep(Duration::from_millis(100))?;
    }
}

fn watch(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let line = super::loops::unquoted(given.text("line")).to_owned();
    let every = given.option("every").map(seconds).transpose()?.unwrap_or(Duration::from_secs(1));
    let count = given.option("count").map(|word| super::sizes::count("--count", word)).transpose()?;
    let time = given.option("timeout").map(seconds).transpose()?;
    let first = line.split_whitespace().next().unwrap_or_default();
    let is_command = shell.commands().find(first.trim_start_matches(':')).is_some();
    // A bare path is no script in every language: `get` reads it.
    let connection = shell.world().connection()?;
    let is_path = !is_command && Path::parse(&line).is_ok_and(|path| path.follow(&connection).is_ok());
    let line = if is_path { format!("get {line}") } else { line };
    let (start, mut shown, mut last) = (Instant::now(), 0, None);
    let _unpaged = shell.ui().unpaged();
    loop {
        let reply = shell.run_part(&line)?;
        let now = documents(&reply)?;
        if last.as_ref() != Some(&now) {
            shell.ui().reply(&reply)?;
            last = Some(now);
            shown += 1;
        }
        if count.is_some_and(|count| shown >= count) || time.is_some_and(|time| start.elapsed() >= time) {
            return Ok(Reply::Nothing);
        }
        match shell.world().interrupt().sleep(every) {
            // Ctrl-C is how a watch without an end is ended.
            Err(error) if error.kind() == ErrorKind::Interrupted && count.is_none() && time.is_none() => {
                shell.world().interrupt().clear();
                return Ok(Reply::Nothing);
            }
            slept => slept?,
        }
    }
}
