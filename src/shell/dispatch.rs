//! The shell itself: what a line is, and who runs it.

use super::{
    Command, Commands, Engine, EngineFactory, ExtensionCall, Given, Language, Ran, World, split_commands, split_paths,
    split_words,
};
use crate::model::Interrupt;
use crate::output::{Failure, Reply, Ui};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a line is.
#[derive(Clone)]
pub enum Line<'a> {
    /// Nothing.
    Empty,
    /// A command of the table, and what stands behind its name.
    Command {
        /// The command.
        command: Arc<Command>,
        /// The rest of the line.
        rest: &'a str,
    },
    /// Source in the prompt's language.
    Script(&'a str),
    /// `expr?`: what is it?
    Explain(&'a str),
    /// `!command`: a command of the host's shell.
    Host(&'a str),
    /// `:name` with a name that no command has.
    UnknownCommand(&'a str),
}

/// One shell: what it shares (the [`World`]), its commands and its engines.
pub struct Shell {
    pub(super) world: Arc<World>,
    pub(super) commands: Commands,
    factories: Vec<(Language, EngineFactory)>,
    engines: BTreeMap<&'static str, Box<dyn Engine>>,
    pub(super) language: Language,
    pub(super) quit: Option<i32>,
    pub(super) depth: usize,
    /// Commands of extensions that run, each started by the one before.
    at_work: usize,
    pub(super) memory: super::state::Memory,
}

/// Commands of extensions may run each other; this deep and no deeper.
const DEEPEST: usize = 16;

/// First words of script that are no misspelt command.
const KEYWORDS: &[&str] = &[
    "let", "const", "fn", "for", "if", "while", "loop", "do", "switch", "return", "throw", "try", "import", "export",
    "print",
];

impl Shell {
    /// A shell with its commands and the engines it may make.
    pub fn new(world: Arc<World>, commands: Commands, factories: Vec<(Language, EngineFactory)>) -> Self {
        Self {
            world,
            commands,
            factories,
            engines: BTreeMap::new(),
            language: Language::default(),
            quit: None,
            depth: 0,
            at_work: 0,
            memory: super::state::Memory::default(),
        }
    }

    /// What everything in this shell shares.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The door to the terminal.
    pub fn ui(&self) -> &Ui {
        self.world.ui()
    }

    /// The command table.
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// The command table, for extensions.
    pub fn commands_mut(&mut self) -> &mut Commands {
        &mut self.commands
    }

    /// Runs a command that an extension brought; it may run lines of this shell meanwhile.
    ///
    /// # Errors
    /// What it failed with.
    pub fn run_extension(&mut self, language: Language, name: &str, call: ExtensionCall) -> Result<Ran, Failure> {
        if self.at_work >= DEEPEST {
            let what = format!("{name}: commands of extensions run each other more than {DEEPEST} deep");
            return Err(Failure::new(crate::model::ErrorKind::Script, what)
                .hinted("does a command run itself, directly or by way of others?"));
        }
        let again = self.engine(language)?.again();
        // What the lines of the command need is the same engine.
        let Some(mut engine) = self.engines.insert(language.name(), again) else { return Ok(Ran::default()) };
        self.at_work += 1;
        let result = engine.run_extension(name, call, &mut |line| self.run_line(line));
        self.at_work -= 1;
        self.engines.insert(language.name(), engine);
        result
    }

    /// Language of the prompt.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Languages that this shell can run.
    pub fn languages(&self) -> impl Iterator<Item = Language> {
        self.factories.iter().map(|(language, _)| *language)
    }

    /// Exchanges the language of the prompt. Variables carry over as far as the other language can hold them.
    ///
    /// # Errors
    /// This program has no engine for it.
    pub fn set_language(&mut self, language: Language) -> Result<(), Failure> {
        self.engine(language)?;
        self.carry_over(language);
        self.language = language;
        Ok(())
    }

    /// Gives the variables of the prompt's language to another one.
    fn carry_over(&mut self, language: Language) {
        let (Some(from), true) = (self.ready_engine(), language != self.language) else { return };
        let variables: Vec<_> = from.names().into_iter().chain(["_".to_owned()]).collect();
        let variables: Vec<_> =
            variables.into_iter().filter_map(|name| from.variable(&name).map(|value| (name, value))).collect();
        if let Some(to) = self.engines.get_mut(language.name()) {
            for (name, value) in variables {
                to.set_variable(&name, value);
            }
        }
    }

    /// Evaluates source in a language that need not be the prompt's, with the same variables.
    ///
    /// # Errors
    /// What the script failed with.
    pub fn evaluate_in(&mut self, language: Language, source: &str) -> Result<Reply, Failure> {
        let before = self.language;
        self.set_language(language)?;
        let result = self.evaluate(source);
        // It was the prompt's before: its engine runs.
        let back = self.set_language(before);
        result.and_then(|reply| back.map(|()| reply))
    }

    /// The engine of a language, made when first used.
    ///
    /// # Errors
    /// There is none, or it cannot start.
    pub fn engine(&mut self, language: Language) -> Result<&mut dyn Engine, Failure> {
        if !self.engines.contains_key(language.name()) {
            let factory = self.factories.iter().find(|(known, _)| *known == language);
            let Some((_, factory)) = factory else {
                let known: Vec<_> = self.languages().map(Language::name).collect();
                return Err(Failure::new(
                    crate::model::ErrorKind::Refused,
                    format!("this vboxsh has no engine for {}", language.name()),
                )
                .hinted(format!("it runs {}", known.join(", "))));
            };
            let engine = factory(&self.world)?;
            self.engines.insert(language.name(), engine);
        }
        match self.engines.get_mut(language.name()) {
            Some(engine) => Ok(&mut **engine),
            None => Err(Failure::new(crate::model::ErrorKind::Script, "the engine did not start")),
        }
    }

    /// The engine of the prompt's language if it was used already.
    pub fn ready_engine(&self) -> Option<&dyn Engine> {
        self.engines.get(self.language.name()).map(|engine| &**engine)
    }

    /// The exit code that `quit` asked for.
    pub fn quit(&self) -> Option<i32> {
        self.quit
    }

    /// Asks the prompt or the script to end.
    pub fn set_quit(&mut self, code: i32) {
        self.quit = Some(code);
    }

    /// What a line is. A line whose first word is a command and is not followed by `.`, `(`, `=` or
    /// `[` is a command; everything else is script.
    pub fn classify<'a>(&self, line: &'a str) -> Line<'a> {
        let line = line.trim();
        // A comment; but `#{a: 1}` and `#"raw"#` are values of script.
        if line.is_empty() || line.starts_with('#') && !line.starts_with("#{") && !line.starts_with("#\"") {
            return Line::Empty;
        }
        // `?` and `? list` are the help of shells of old.
        if let Some(rest) = line.strip_prefix('?')
            && let Some(command) = self.commands.find("?")
        {
            return Line::Command { command: Arc::clone(command), rest };
        }
        if let Some(name) = line.strip_prefix(':') {
            return match self.command(name) {
                Some((command, rest)) => Line::Command { command, rest },
                None => Line::UnknownCommand(name.split_whitespace().next().unwrap_or_default()),
            };
        }
        if let Some(source) = line.strip_prefix('=') {
            return Line::Script(source.trim());
        }
        if let Some(command) = line.strip_prefix('!') {
            return Line::Host(command.trim());
        }
        if let Some((command, rest)) = self.command(line) {
            // `list = 3` and `list.len()` are script; `runScript ./a.rhai` and `eval (1 + 2)` are commands.
            let behind = rest.trim_start();
            let assigned = behind.starts_with('=') && !behind.starts_with("==");
            let counted = line.len() - rest.len() == 1 && is_operator(behind);
            if !assigned && !counted && !rest.starts_with(['.', '(', '[']) {
                return Line::Command { command, rest };
            }
        }
        if let Some(expression) = line.strip_suffix('?')
            && !expression.trim().is_empty()
        {
            return Line::Explain(expression.trim());
        }
        Line::Script(line)
    }

    fn command<'a>(&self, line: &'a str) -> Option<(Arc<Command>, &'a str)> {
        let end =
            line.find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-'))).unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        // `list` is a command; `listed` and `list/2` are not.
        if rest.chars().next().is_some_and(|next| !next.is_whitespace() && !matches!(next, '.' | '(' | '=' | '[' | ';'))
        {
            return None;
        }
        Some((Arc::clone(self.commands.find(word)?), rest))
    }

    /// Runs a whole line, commands separated by `;` or script, and shows what each gives as it comes.
    ///
    /// # Errors
    /// The first failure; what comes behind it does not run.
    pub fn run_line(&mut self, line: &str) -> Result<(), Failure> {
        self.written_down(line, |shell| shell.run_whole(line))
    }

    fn run_whole(&mut self, line: &str) -> Result<(), Failure> {
        // `; list` runs `list`, as `list;; list` runs both.
        let line = line.trim_start_matches(|letter: char| letter == ';' || letter.is_whitespace());
        let line = &*self.expand(line);
        let parts = match self.classify(line) {
            Line::Command { ref command, .. } if !command.takes_source() => split_commands(line),
            Line::UnknownCommand(_) => split_commands(line),
            _ => vec![line],
        };
        for (at, part) in parts.into_iter().enumerate() {
            // The first word of the line was replaced already.
            let reply = if at == 0 { self.run_part(part)? } else { self.run_expanded(part)? };
            self.ui().reply(&reply)?;
            if self.quit.is_some() || self.memory.jump.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn run_expanded(&mut self, part: &str) -> Result<Reply, Failure> {
        let part = self.expand(part).into_owned();
        self.run_part(&part)
    }

    /// Another shell with the same commands and engines, on a world of its own.
    pub fn fork(&self, world: Arc<World>) -> Self {
        let mut shell = Self::new(world, self.commands.clone(), self.factories.clone());
        shell.language = self.language;
        shell.memory = self.memory.clone();
        // What it says comes back to this shell, and is written down here.
        shell.memory.transcript = None;
        shell
    }

    /// Runs one command or one piece of script and gives its reply, which is not shown.
    ///
    /// # Errors
    /// What it fails with.
    pub fn run_part(&mut self, part: &str) -> Result<Reply, Failure> {
        let line = self.classify(part);
        if !matches!(&line, Line::Command { command, .. } if command.effect == super::Effect::Read) {
            self.world.forget_machines();
        }
        match line {
            Line::Empty => Ok(Reply::Nothing),
            Line::Command { command, rest } => self.run_command(&command, rest),
            Line::Script(source) => self.evaluate(source).map_err(|failure| self.suggest_command(source, failure)),
            Line::Explain(expression) => self.explain(expression),
            Line::Host(command) => host_shell(command),
            Line::UnknownCommand(name) => Err(self.no_such_command(name)),
        }
    }

    /// Runs one command with the line behind its name.
    ///
    /// # Errors
    /// Usage errors, and what the command fails with.
    pub fn run_command(&mut self, command: &Command, rest: &str) -> Result<Reply, Failure> {
        let words = words_for(command, rest)?;
        if words.iter().any(|word| word == "--help") || command.takes_source() && rest.trim() == "--help" {
            return Ok(Reply::Text(super::manual::of_command(command)));
        }
        let late = late_option(command, &words);
        let given = Given::parse(command, words, rest)?;
        let run = Arc::clone(&command.run);
        run(self, &given).map_err(|failure| match late {
            Some(hint) if matches!(failure.kind, crate::model::ErrorKind::Script | crate::model::ErrorKind::Usage) => {
                failure.or_hinted(hint)
            }
            _ => failure,
        })
    }

    /// Evaluates source in the prompt's language and remembers the value as `_`.
    ///
    /// # Errors
    /// What the script failed with.
    pub fn evaluate(&mut self, source: &str) -> Result<Reply, Failure> {
        let engine = self.engine(self.language)?;
        let value = engine.evaluate(source)?;
        if value.is_null() {
            return Ok(Reply::Value(value));
        }
        engine.set_variable("_", value.clone());
        Ok(Reply::Value(value))
    }

    fn no_such_command(&self, name: &str) -> Failure {
        if name.is_empty() {
            return Failure::usage("the name of a command is missing behind `:`", "`help` lists the commands");
        }
        let near = self.commands.suggest(name);
        let hint =
            near.first().map_or("`help` lists the commands".to_owned(), |near| format!("did you mean `{near}`?"));
        Failure::usage(format!("there is no command `{name}`"), hint)
    }

    /// A line that is no command went to the engine; when it failed there and looks like a misspelt
    /// command, say so.
    fn suggest_command(&self, source: &str, failure: Failure) -> Failure {
        let word = source.split_whitespace().next().unwrap_or_default();
        let one_word = word.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
        let is_keyword = KEYWORDS.contains(&word);
        if failure.kind != crate::model::ErrorKind::Script || !one_word || word.is_empty() || is_keyword {
            return failure;
        }
        let arguments = source.split_whitespace().nth(1).is_some_and(|next| {
            next.starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '/' | '.'))
        });
        match self.commands.suggest(word).first() {
            Some(near) if failure.hint.is_none() || arguments => {
                failure.hinted(format!("did you mean the command `{near}`?"))
            }
            None if failure.hint.is_none() && arguments => {
                failure.hinted(format!("`{word}` is no command; `help` lists them"))
            }
            None if failure.hint.is_none() && source == word => {
                failure.hinted("`help` lists the commands; `let name = ...` makes a variable")
            }
            _ => failure,
        }
    }
}

/// The arguments of a command, from the line behind its name.
///
/// # Errors
/// What is missing, too much, or not understood.
pub fn given_on_line(command: &Command, rest: &str) -> Result<Given, Failure> {
    Given::parse(command, words_for(command, rest)?, rest)
}

/// What to say of an option of the command that stands behind a line which is its last argument: what such a line is
/// made of is not looked into.
fn late_option(command: &Command, words: &[String]) -> Option<String> {
    command.arguments.iter().find(|argument| argument.kind == super::ArgumentKind::Line)?;
    let mut words = words.last()?.split_whitespace().filter_map(|word| word.strip_prefix("--"));
    let flag = words.find_map(|word| command.flags.iter().find(|flag| flag.name == word))?;
    Some(format!("`--{}` of {} stands before the line: {}", flag.name, command.name, command.usage()))
}

/// The words of a line behind the name of a command; none where the command takes the line as it stands.
fn words_for(command: &Command, rest: &str) -> Result<Vec<String>, Failure> {
    let line_at = command.arguments.iter().position(|argument| argument.kind == super::ArgumentKind::Line);
    Ok(if command.takes_source() {
        Vec::new()
    } else if let Some(at) = line_at {
        let valued = |name: &str| command.flags.iter().any(|flag| flag.name == name && flag.value.is_some());
        let (mut words, line) = super::split_before(rest, at, valued).ok_or_else(|| {
            Failure::usage(format!("{}: a quote is not closed", command.name), "close it, or escape it as `\\\"`")
        })?;
        if !line.is_empty() {
            if !words.iter().any(|word| word == "--") {
                words.push("--".to_owned());
            }
            words.push(line.to_owned());
        }
        words
    } else {
        let takes_paths = command.arguments.iter().any(|argument| argument.kind == super::ArgumentKind::GraphPath);
        let split = if takes_paths { split_paths(rest) } else { split_words(rest) };
        split.ok_or_else(|| {
            Failure::usage(format!("{}: a quote is not closed", command.name), "close it, or escape it as `\\\"`")
        })?
    })
}

/// Whether a text begins with an operator between two values: what has one letter before it is a variable, and no
/// short name of a command (`a + 2`).
fn is_operator(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    matches!(word, "+" | "-" | "*" | "/" | "%" | "<" | ">" | "<=" | ">=" | "==" | "!=" | "&&" | "||")
}

/// Runs a command of the host's shell on the terminal.
fn host_shell(command: &str) -> Result<Reply, Failure> {
    let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
    let mut process = std::process::Command::new(shell);
    if !command.is_empty() {
        process.args(["-c", command]);
    }
    // Ctrl-C is that program's while it runs.
    let lent = Interrupt::global().lend();
    let status = process.status();
    drop(lent);
    let status = status.map_err(|error| {
        Failure::new(crate::model::ErrorKind::Failed, format!("cannot start the host's shell: {error}"))
            .hinted("set SHELL to one that exists")
    })?;
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&status) == Some(signal_hook::consts::SIGINT)
        || status.code() == Some(130)
    {
        return Err(crate::model::Error::Interrupted.into());
    }
    match status.code() {
        Some(0) => Ok(Reply::Nothing),
        Some(code) => {
            Err(Failure::new(crate::model::ErrorKind::Failed, format!("`{command}` ended with status {code}"))
                .hinted("what it wrote itself says why"))
        }
        None => Err(Failure::new(crate::model::ErrorKind::Failed, format!("`{command}` was ended by a signal"))),
    }
}
