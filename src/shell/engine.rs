//! What a scripting language has to offer to the shell.

use super::{ArgumentKind, Arity, Category, Command, Effect, Registered, World};
use crate::model::Value;
use crate::output::{Failure, Reply};
use crate::schema::Type;
use std::path::PathBuf;
use std::sync::Arc;

/// A language of scripts and of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Rhai.
    #[default]
    Rhai,
    /// Python.
    Python,
}

impl Language {
    /// Its name as typed (`rhai`, `python`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Rhai => "rhai",
            Self::Python => "python",
        }
    }

    /// Its name in a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rhai => "Rhai",
            Self::Python => "Python",
        }
    }

    /// The language of a file, by its ending.
    pub fn of_file(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "rhai" => Some(Self::Rhai),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

/// Where a piece of source comes from, for error messages and relative imports.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// File, `None` for a line typed at the prompt or given by `-e`.
    pub file: Option<PathBuf>,
    /// Arguments of a script; scripts see them as `args`.
    pub arguments: Vec<String>,
}

/// Whether a piece of source can be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can, or its error will not go away by typing on.
    Complete,
    /// More has to be typed.
    Incomplete,
}

/// A scripting engine. It keeps variables and functions from one evaluation to the next.
pub trait Engine: Send {
    /// Which language it speaks.
    fn language(&self) -> Language;

    /// Runs source from the prompt or `-e`: its variables and functions stay, its last value comes
    /// back (and is `_` afterwards, set by the shell through [`Engine::set_variable`]).
    ///
    /// # Errors
    /// What the script, or a call in it, failed with.
    fn evaluate(&mut self, source: &str) -> Result<Value, Failure>;

    /// Runs a whole script in a scope of its own, with its arguments. Its last value comes back.
    ///
    /// # Errors
    /// What the script, or a call in it, failed with; `Failure::exit` for a script's own exit.
    fn run_script(&mut self, source: &str, origin: &Origin) -> Result<Value, Failure>;

    /// Whether typing may end here.
    fn completeness(&self, source: &str) -> Completeness;

    /// Sets a variable of the prompt's scope.
    fn set_variable(&mut self, name: &str, value: Value);

    /// The value of a variable of the prompt's scope. It must not run anything.
    fn variable(&self, name: &str) -> Option<Value>;

    /// Names of variables and functions that the user made, with what completion may say of them.
    fn names(&self) -> Vec<String>;

    /// What may stand behind `path.`, a dotted name whose static type is not known: names that begin with `partial`,
    /// with a word on each. It must run nothing of the user's.
    fn members(&self, _path: &str, _partial: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Runs an extension file and gives the commands that it brings.
    ///
    /// # Errors
    /// What the file failed with, or that this language has no extensions.
    fn load_extension(&mut self, _source: &str, _file: &std::path::Path) -> Result<Vec<Provided>, Failure> {
        let what = format!("{} files bring no commands", self.language().title());
        Err(Failure::new(crate::model::ErrorKind::Failed, what))
    }

    /// Whether an extension that this engine has loaded brought a command of that name.
    fn has_extension(&self, _name: &str) -> bool {
        false
    }

    /// Runs a command that an extension brought; `lines` runs lines of the shell for it.
    ///
    /// # Errors
    /// What the command failed with.
    fn run_extension(&mut self, name: &str, _call: ExtensionCall, _lines: LineRunner<'_>) -> Result<Ran, Failure> {
        Err(Failure::new(crate::model::ErrorKind::Failed, format!("no extension brought `{name}`")))
    }

    /// The same engine once more, with the same variables: for lines of the shell that a command of an extension runs
    /// while this one is at work.
    fn again(&self) -> Box<dyn Engine>;

    /// What the language itself has to say of a name (`module.Class`, `function`), for `NAME?`: signature and text.
    /// `None` where the value says it all.
    ///
    /// # Errors
    /// What the look-up of the name failed with.
    fn explained(&mut self, _expression: &str) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// Static type of an expression, as far as it is known without running anything: from variables
    /// and the types that the schema states. `vbox.machines[0]` gives `IMachine`.
    fn static_type(&self, expression: &str) -> Option<Type>;
}

/// A command that an extension file brings.
#[derive(Clone)]
pub struct Provided {
    /// Its entry in the table, and the defaults of its arguments.
    pub registered: Registered,
    /// Whether its function takes the words as they stand, as those of vboxshell do.
    pub takes_words: bool,
}

impl Provided {
    /// A command as vboxshell knows them: a name and a help text; it gets the words of its line.
    pub fn of_words(name: &str, summary: &str) -> Self {
        let command = Command::new(name, Category::Extensions, summary, |_, _| Ok(Reply::Nothing))
            .effect(Effect::Write)
            .argument("words", ArgumentKind::Source, Arity::Optional, "what the extension takes")
            .example(name, summary);
        Self { registered: Registered { command, defaults: Vec::new() }, takes_words: true }
    }
}

/// What the function of a command gets.
#[derive(Clone, Debug)]
pub enum ExtensionCall {
    /// The words behind the name.
    Words(Vec<String>),
    /// Arguments and options by name.
    Values(Value),
}

/// What came of a command of an extension.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// What it gives.
    pub reply: Reply,
    /// Whether it asks to leave the shell.
    pub leave: bool,
}

/// Runs a line of the shell, for an extension.
pub type LineRunner<'a> = &'a mut dyn FnMut(&str) -> Result<(), Failure>;

/// Makes an engine when its language is first used.
pub type EngineFactory = Arc<dyn Fn(&Arc<World>) -> Result<Box<dyn Engine>, Failure> + Send + Sync>;
