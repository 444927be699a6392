//! The words behind a command, checked against its entry in the table.

use super::{ArgumentKind, Arity, Command};
use crate::output::Failure;
use std::collections::BTreeMap;
use std::time::Duration;

/// The arguments and options of one call of a command.
#[derive(Clone, Debug, Default)]
pub struct Given {
    words: Vec<String>,
    flags: BTreeMap<String, String>,
    places: Vec<(String, ArgumentKind, Arity)>,
    usage: String,
}

impl Given {
    /// Sorts words into arguments and options of `command`. `source` is the line behind the
    /// command's name as it was typed, for arguments that take it whole.
    ///
    /// # Errors
    /// Unknown options, missing or surplus arguments, with the usage line.
    pub fn parse(command: &Command, words: Vec<String>, source: &str) -> Result<Self, Failure> {
        let usage = command.usage();
        let wrong = |what: String| {
            Failure::usage(
                format!("{}: {what}", command.name),
                format!("usage: {usage}; `help {}` says more", command.name),
            )
        };
        let places =
            command.arguments.iter().map(|place| (place.name.clone(), place.kind.clone(), place.arity)).collect();
        let mut given = Self { words: Vec::new(), flags: BTreeMap::new(), places, usage: usage.clone() };
        if command.arguments.iter().any(|argument| argument.kind == ArgumentKind::Source) {
            if !source.trim().is_empty() {
                given.words.push(source.trim().to_owned());
            }
            return given.complete(command, wrong);
        }
        let mut words = words.into_iter();
        let mut options_end = false;
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--").filter(|_| !options_end) else {
                given.words.push(word);
                continue;
            };
            if option.is_empty() {
                options_end = true;
                continue;
            }
            let (name, value) =
                option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value.to_owned())));
            let Some(flag) = command.flags.iter().find(|flag| flag.name == name) else {
                let near = crate::schema::suggest(name, command.flags.iter().map(|flag| flag.name.as_str()));
                let near = near.first().map(|near| format!("; did you mean `--{near}`?")).unwrap_or_default();
                return Err(wrong(format!("there is no option `--{name}`{near}")));
            };
            let value = match (&flag.value, value) {
                (None, None) => String::new(),
                (None, Some(_)) => return Err(wrong(format!("`--{name}` takes no value"))),
                (Some(_), Some(value)) => value,
                (Some(_), None) => words.next().ok_or_else(|| wrong(format!("`--{name}` wants a value")))?,
            };
            given.flags.insert(name.to_owned(), value);
        }
        given.complete(command, wrong)
    }

    fn complete(self, command: &Command, wrong: impl Fn(String) -> Failure) -> Result<Self, Failure> {
        let required = command.arguments.iter().filter(|place| place.arity == Arity::Required).count();
        let repeated = command.arguments.last().is_some_and(|place| place.arity == Arity::Repeated);
        if self.words.len() < required {
            let missing = &command.arguments[self.words.len()];
            return Err(wrong(format!("{} is missing: {}", missing.name.to_uppercase(), missing.help)));
        }
        if self.words.len() > command.arguments.len() && !repeated {
            let surplus = &self.words[command.arguments.len()];
            return Err(wrong(format!("`{surplus}` is one argument too many")));
        }
        for (place, word) in command.arguments.iter().zip(&self.words) {
            let choices: Vec<&str> = match &place.kind {
                ArgumentKind::Choice(choices) => choices.to_vec(),
                ArgumentKind::OneOf(choices) => choices.iter().map(String::as_str).collect(),
                _ => continue,
            };
            if !choices.contains(&word.as_str()) {
                return Err(wrong(format!(
                    "{} is one of {}, not `{word}`",
                    place.name.to_uppercase(),
                    choices.join(", ")
                )));
            }
        }
        Ok(self)
    }

    /// The usage line of the command.
    pub fn usage(&self) -> &str {
        &self.usage
    }

    /// The argument of that name, empty when it was left out.
    pub fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// The argument of that name, if it was given.
    pub fn optional(&self, name: &str) -> Option<&str> {
        let at = self.places.iter().position(|(place, ..)| place == name)?;
        self.words.get(at).map(String::as_str)
    }

    /// What the argument of that name is.
    pub fn kind(&self, name: &str) -> Option<&ArgumentKind> {
        self.places.iter().find(|(place, ..)| place == name).map(|(_, kind, _)| kind)
    }

    /// All words from the argument of that name on.
    pub fn rest(&self, name: &str) -> &[String] {
        let at = self.places.iter().position(|(place, ..)| place == name).unwrap_or(usize::MAX);
        self.words.get(at..).unwrap_or_default()
    }

    /// Whether an option was given.
    pub fn flag(&self, name: &str) -> bool {
        self.flags.contains_key(name)
    }

    /// The value of an option, if it was given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.flags.get(name).map(String::as_str)
    }

    /// The argument of that name as a time in seconds.
    ///
    /// # Errors
    /// Not a number, negative, or too large.
    pub fn seconds(&self, name: &str) -> Result<Duration, Failure> {
        let word = self.text(name);
        let seconds = word.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        seconds.ok_or_else(|| {
            Failure::usage(format!("`{word}` is no number of seconds"), format!("usage: {}", self.usage))
        })
    }
}
