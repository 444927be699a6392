//! What a shell remembers from line to line: aliases, the prompt, what was typed, where a script goes on.

use super::{Announce, Config, Shell};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The memory of one shell.
#[derive(Clone, Default)]
pub(super) struct Memory {
    pub(super) aliases: BTreeMap<String, String>,
    pub(super) prompt: Option<String>,
    /// Lines typed at the prompt, the oldest first.
    pub(super) history: Vec<String>,
    /// The line that `goto` goes to, from 1.
    pub(super) jump: Option<usize>,
    pub(super) config: Arc<Config>,
    /// Events that are announced above the line that is typed.
    pub(super) announce: Announce,
    /// What is typed is written down.
    pub(super) transcript: Option<super::transcript::Transcript>,
    /// A line that is written down runs.
    pub(super) writing: bool,
    pub(super) holds_secret: Option<super::HoldsSecret>,
    /// Home that the embedded host was given.
    pub(super) host_home: Option<std::path::PathBuf>,
}

impl Shell {
    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.memory.config
    }

    /// Takes up a configuration: its aliases and its prompt.
    pub fn set_config(&mut self, config: Config) {
        self.memory.aliases.extend(config.aliases.clone());
        self.memory.prompt = config.prompt.clone().or(self.memory.prompt.take());
        self.memory.announce = config.announce.clone();
        self.memory.config = Arc::new(config);
    }

    /// The home that the embedded host was given, if it was; extensions may stand there.
    pub fn host_home(&self) -> Option<&std::path::Path> {
        self.memory.host_home.as_deref()
    }

    /// Says which home the embedded host was given.
    pub fn set_host_home(&mut self, home: Option<std::path::PathBuf>) {
        self.memory.host_home = home;
    }

    /// Words that stand for lines.
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.memory.aliases
    }

    /// Makes a word stand for a line; without a line it stands for nothing any more.
    pub fn set_alias(&mut self, word: &str, line: Option<&str>) {
        match line {
            Some(line) => self.memory.aliases.insert(word.to_owned(), line.to_owned()),
            None => self.memory.aliases.remove(word),
        };
    }

    /// A line with its first word replaced by what it stands for. An alias is taken once: what it stands for
    /// may begin with the same word.
    pub(super) fn expand<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let trimmed = line.trim_start();
        let end = trimmed.find(|letter: char| letter.is_whitespace() || letter == ';').unwrap_or(trimmed.len());
        let (word, rest) = trimmed.split_at(end);
        let assigned = rest.trim_start().starts_with('=') && !rest.trim_start().starts_with("==");
        match self.memory.aliases.get(word) {
            Some(line) if !assigned => Cow::Owned(format!("{line}{rest}")),
            _ => Cow::Borrowed(line),
        }
    }

    /// The text of the prompt that the user chose.
    pub fn prompt(&self) -> Option<&str> {
        self.memory.prompt.as_deref()
    }

    /// Chooses the text of the prompt; none for the built-in one.
    pub fn set_prompt(&mut self, text: Option<&str>) {
        self.memory.prompt = text.map(str::to_owned);
    }

    /// Lines typed at the prompt, the oldest first.
    pub fn history(&self) -> &[String] {
        &self.memory.history
    }

    /// Remembers a line that was typed.
    pub fn remember(&mut self, line: &str) {
        self.memory.history.push(line.to_owned());
    }

    /// Asks the batch that runs to go on at a line, counted from 1.
    pub fn set_jump(&mut self, line: usize) {
        self.memory.jump = Some(line);
    }

    pub(super) fn take_jump(&mut self) -> Option<usize> {
        self.memory.jump.take()
    }

    /// Whether a batch runs.
    pub fn in_batch(&self) -> bool {
        self.depth > 0
    }

    /// Events that are announced above the line that is typed.
    pub fn announce(&self) -> &Announce {
        &self.memory.announce
    }

    /// Chooses the events that are announced.
    pub fn set_announce(&mut self, announce: Announce) {
        self.memory.announce = announce;
    }
}
