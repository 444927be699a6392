//! The command table: one entry says all there is to know of a command.
//!
//! Parsing, usage errors, help, completion, hints, highlighting, the man page and tests are all
//! read from it; extensions add entries of the same form.

use super::{Given, Shell};
use crate::output::{Failure, Reply};
use crate::schema::suggest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Groups of commands, in the order of `help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Looking at things.
    Explore,
    /// Making, running and removing machines.
    Machines,
    /// Settings of machines.
    Settings,
    /// Media and what they are attached to.
    Storage,
    /// Network adapters and address translation.
    Network,
    /// Devices of the host that a machine takes.
    Devices,
    /// The guest inside a running machine.
    Guest,
    /// Watching, waiting and measuring.
    Watch,
    /// Any attribute and method by path.
    Graph,
    /// Where the Main API is.
    Connection,
    /// Running scripts.
    Scripting,
    /// The shell itself.
    Shell,
    /// Commands that extensions brought.
    Extensions,
}

impl Category {
    /// Heading in `help`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Explore => "Explore",
            Self::Machines => "Machines",
            Self::Settings => "Settings",
            Self::Storage => "Storage",
            Self::Network => "Network",
            Self::Devices => "Devices",
            Self::Guest => "Guest",
            Self::Watch => "Watching",
            Self::Graph => "Object graph",
            Self::Connection => "Connection",
            Self::Scripting => "Scripting",
            Self::Shell => "Shell",
            Self::Extensions => "Extensions",
        }
    }
}

/// What a command may do to machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Looks only.
    Read,
    /// Changes something.
    Write,
    /// Removes or ends something; asks first, or needs `--yes`.
    Destroy,
}

/// What an argument is; completion and checks go by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Name or id of a machine.
    Machine,
    /// Name or id of a snapshot of the machine that stands before it.
    Snapshot,
    /// Name of a storage controller of the machine that stands before it.
    Controller,
    /// Port and device of the controller and the machine that stand before it.
    Slot,
    /// Number of a network adapter of the machine that stands before it.
    Adapter,
    /// Key of extra data of the machine that stands before it, or of VirtualBox behind `global`.
    ExtraDataKey,
    /// File or id of a medium of that `DeviceType`.
    Medium(&'static str),
    /// Id of a guest OS type.
    OsType,
    /// Names of hosts of the configuration, with commas between.
    Hosts,
    /// Name of a value of that enumeration.
    Enum(&'static str),
    /// Path from the machine that stands before it (`networkAdapter[0].enabled`).
    Member,
    /// A command with its arguments, to the end of the line.
    Line,
    /// Path into the object graph (`web-01.networkAdapter[0].MACAddress`).
    GraphPath,
    /// File.
    File,
    /// Any text.
    Text,
    /// A number of seconds, fractions allowed.
    Seconds,
    /// Name of a command, interface, member, enum or topic.
    Topic,
    /// Where to connect to.
    Target,
    /// A number, fractions allowed.
    Number,
    /// A number of bytes, as `20G`.
    Size,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// One of a few words, which an extension names.
    OneOf(Vec<String>),
    /// The rest of the line as it was typed.
    Source,
}

/// How often an argument stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Once.
    Required,
    /// Once or not at all.
    Optional,
    /// Any number of times; only as the last one.
    Repeated,
}

/// A positional argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Name, in capitals in usage lines.
    pub name: String,
    /// What it is.
    pub kind: ArgumentKind,
    /// How often it stands.
    pub arity: Arity,
    /// One line of help.
    pub help: String,
}

/// An option: `--all`, or `--type TYPE`.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Long name, without the dashes.
    pub name: String,
    /// What its value is; `None` for one without value.
    pub value: Option<ArgumentKind>,
    /// One line of help.
    pub help: String,
}

/// An example line, run as a test on the embedded host.
#[derive(Clone, Debug)]
pub struct Example {
    /// What to type.
    pub line: String,
    /// What it does.
    pub what: String,
    /// Lines that have to run before it: tests run them, help leaves them out.
    pub before: String,
    /// It needs what no test machine has: tests do not run it.
    pub only_shown: bool,
}

/// What runs a command.
pub type Runner = Arc<dyn Fn(&mut Shell, &Given) -> Result<Reply, Failure> + Send + Sync>;

/// A command.
#[derive(Clone)]
pub struct Command {
    /// Name, in kebab case.
    pub name: String,
    /// Other spellings, vboxshell's among them.
    pub aliases: Vec<String>,
    /// Group.
    pub category: Category,
    /// One line: what it does.
    pub summary: String,
    /// More, in paragraphs; may be empty.
    pub help: String,
    /// Positional arguments.
    pub arguments: Vec<Argument>,
    /// Options.
    pub flags: Vec<Flag>,
    /// Examples; a command has at least one.
    pub examples: Vec<Example>,
    /// What it may do.
    pub effect: Effect,
    /// What runs it.
    pub run: Runner,
}

impl Command {
    /// A reading command with nothing but a name, a summary and a function.
    pub fn new(
        name: &str,
        category: Category,
        summary: &str,
        run: impl Fn(&mut Shell, &Given) -> Result<Reply, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            aliases: Vec::new(),
            category,
            summary: summary.to_owned(),
            help: String::new(),
            arguments: Vec::new(),
            flags: Vec::new(),
            examples: Vec::new(),
            effect: Effect::Read,
            run: Arc::new(run),
        }
    }

    /// Another spelling.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        self.aliases.push(alias.to_owned());
        self
    }

    /// The long help.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        self.help = help.to_owned();
        self
    }

    /// What it may do.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// One more argument.
    #[must_use]
    pub fn argument(mut self, name: &str, kind: ArgumentKind, arity: Arity, help: &str) -> Self {
        self.arguments.push(Argument { name: name.to_owned(), kind, arity, help: help.to_owned() });
        self
    }

    /// One more option; `value` is what its value is.
    #[must_use]
    pub fn flag(mut self, name: &str, value: Option<ArgumentKind>, help: &str) -> Self {
        self.flags.push(Flag { name: name.to_owned(), value, help: help.to_owned() });
        self
    }

    /// One more example.
    #[must_use]
    pub fn example(self, line: &str, what: &str) -> Self {
        self.prepared("", line, what)
    }

    /// One more example, which needs the lines `before` to have run.
    #[must_use]
    pub fn prepared(mut self, before: &str, line: &str, what: &str) -> Self {
        self.examples.push(Example {
            line: line.to_owned(),
            what: what.to_owned(),
            before: before.to_owned(),
            only_shown: false,
        });
        self
    }

    /// One more example, which needs what no test machine has.
    #[must_use]
    pub fn shown(self, line: &str, what: &str) -> Self {
        let mut command = self.example(line, what);
        command
            .examples
            .iter_mut()
            .filter(|example| example.line == line)
            .for_each(|example| example.only_shown = true);
        command
    }

    /// Whether it takes the rest of its line as it was typed.
    pub fn takes_source(&self) -> bool {
        self.arguments.iter().any(|argument| argument.kind == ArgumentKind::Source)
    }

    /// The usage line: `get PATH...`.
    pub fn usage(&self) -> String {
        let mut usage = self.name.clone();
        for flag in &self.flags {
            usage += &match &flag.value {
                Some(_) => format!(" [--{} {}]", flag.name, flag.name.to_uppercase()),
                None => format!(" [--{}]", flag.name),
            };
        }
        for argument in &self.arguments {
            let name = argument.name.to_uppercase();
            usage += &match argument.arity {
                Arity::Required => format!(" {name}"),
                Arity::Optional => format!(" [{name}]"),
                Arity::Repeated => format!(" [{name}...]"),
            };
        }
        usage
    }
}

/// What other programs call it.
const MEANT: &[(&str, &str)] = &[
    ("stop", "powerdown"),
    ("poweroff", "powerdown"),
    ("halt", "powerdown"),
    ("kill", "powerdown"),
    ("shutdown", "powerbutton"),
    ("delete", "removeVm"),
    ("destroy", "removeVm"),
    ("rm", "removeVm"),
    ("new", "createVm"),
    ("add", "createVm"),
    ("ps", "list"),
    ("vms", "list"),
    ("show", "info"),
    ("status", "info"),
    ("showvminfo", "info"),
    ("startvm", "start"),
    ("boot", "start"),
    ("modifyvm", "modify"),
    ("clonevm", "clone"),
    ("man", "help"),
    ("bye", "quit"),
];

/// All commands, by name and by alias.
#[derive(Clone, Default)]
pub struct Commands {
    by_name: BTreeMap<String, Arc<Command>>,
    spellings: BTreeMap<String, String>,
    /// Commands of this program whose names extensions took.
    covered: BTreeMap<String, Arc<Command>>,
}

impl Commands {
    /// Adds a command; a later one of the same name takes its place.
    pub fn add(&mut self, command: Command) {
        for alias in &command.aliases {
            self.spellings.insert(alias.clone(), command.name.clone());
        }
        let extension = command.category == Category::Extensions;
        let before = self.by_name.insert(command.name.clone(), Arc::new(command));
        if let Some(before) = before.filter(|before| extension && before.category != Category::Extensions) {
            self.covered.insert(before.name.clone(), before);
        }
    }

    /// Takes all commands of extensions away; those whose places they took come back.
    pub fn remove_extensions(&mut self) {
        self.by_name.retain(|_, command| command.category != Category::Extensions);
        self.by_name.append(&mut self.covered);
        self.spellings.clear();
        for command in self.by_name.values() {
            self.spellings.extend(command.aliases.iter().map(|alias| (alias.clone(), command.name.clone())));
        }
    }

    /// The command of that name or alias.
    pub fn find(&self, word: &str) -> Option<&Arc<Command>> {
        let name = self.by_name.get(word).map(|_| word).or_else(|| self.spellings.get(word).map(String::as_str))?;
        self.by_name.get(name)
    }

    /// All commands, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Command>> {
        self.by_name.values()
    }

    /// Names and aliases.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().chain(self.spellings.keys()).map(String::as_str)
    }

    /// The commands nearest to a misspelt one.
    pub fn suggest(&self, word: &str) -> Vec<&str> {
        if let Some((_, meant)) = MEANT.iter().find(|(other, meant)| *other == word && self.find(meant).is_some()) {
            return vec![meant];
        }
        // Every single letter is near to `?`, `l` and `py`, and means none of them.
        suggest(word, self.words().filter(|word| word.len() > 2))
    }
}
