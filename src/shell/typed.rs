//! Arguments as values: what a function that a script registered gets.

use super::{ArgumentKind, Arity, Given, Registered, World, find_listed, parse_size};
use crate::model::{EnumValue, Error, ErrorKind, Object, Value};
use crate::output::Failure;
use crate::schema::did_you_mean;

impl Registered {
    /// The arguments of a script from its words.
    ///
    /// # Errors
    /// They do not fit the form; the hint says how to learn more.
    pub fn of_script(&self, words: Vec<String>, world: &World) -> Result<Value, Failure> {
        let given = Given::parse(&self.command, words, "").map_err(|failure| Failure {
            // A script is no command that `help` knows.
            hint: failure.hint.map(|hint| hint.replace(&format!("`help {}`", self.command.name), "`--help`")),
            ..failure
        })?;
        self.values(&given, world)
    }

    /// The arguments and options of a call, by name: a machine as its object, a number as a number. What was left out
    /// has its default, or is null; dashes in names are underscores.
    ///
    /// # Errors
    /// A word does not fit, or what it names is not there.
    pub fn values(&self, given: &Given, world: &World) -> Result<Value, Failure> {
        let reader = Reader { registered: self, given, world };
        let mut values = Vec::new();
        for argument in &self.command.arguments {
            let value = match argument.arity {
                Arity::Repeated => {
                    let words = given.rest(&argument.name);
                    let read = |word: &String| reader.read(&argument.kind, &argument.name.to_uppercase(), word);
                    Value::List(words.iter().map(read).collect::<Result<_, _>>()?)
                }
                _ => match given.optional(&argument.name) {
                    Some(word) => reader.read(&argument.kind, &argument.name.to_uppercase(), word)?,
                    None => self.default_of(&argument.name),
                },
            };
            values.push((argument.name.replace('-', "_"), value));
        }
        for flag in &self.command.flags {
            let value = match (&flag.value, given.option(&flag.name)) {
                (None, word) => Value::Bool(word.is_some()),
                (Some(kind), Some(word)) => reader.read(kind, &format!("--{}", flag.name), word)?,
                (Some(_), None) => self.default_of(&flag.name),
            };
            values.push((flag.name.replace('-', "_"), value));
        }
        Ok(Value::Map(values))
    }
}

struct Reader<'a> {
    registered: &'a Registered,
    given: &'a Given,
    world: &'a World,
}

impl Reader<'_> {
    fn read(&self, kind: &ArgumentKind, what: &str, word: &str) -> Result<Value, Failure> {
        let command = &self.registered.command.name;
        let wrong = |why: &str, hint: String| Failure::usage(format!("{command}: {what}: `{word}` {why}"), hint);
        let usage = || format!("usage: {}", self.given.usage());
        Ok(match kind {
            ArgumentKind::Machine => Value::Object(find_listed(&self.world.connection()?, word)?),
            ArgumentKind::Snapshot => self.snapshot(word)?,
            ArgumentKind::Medium(device) => self.medium(device, word)?,
            ArgumentKind::Hosts => {
                Value::List(word.split(',').map(str::trim).filter(|name| !name.is_empty()).map(Value::from).collect())
            }
            ArgumentKind::Enum(name) => {
                let schema =
                    self.world.current().map_or_else(crate::schema::embedded, |connection| connection.schema());
                let Some(enumeration) = schema.enumeration(name) else { return Ok(Value::from(word)) };
                let number = enumeration
                    .number(word)
                    .ok_or_else(|| wrong(&format!("is no {name}"), did_you_mean(&enumeration.suggest(word))))?;
                Value::Enum(EnumValue { enumeration, number })
            }
            ArgumentKind::Number => match (word.parse::<i64>(), word.parse::<f64>()) {
                (Ok(number), _) => Value::Int(number),
                (_, Ok(number)) if number.is_finite() => Value::Float(number),
                _ => return Err(wrong("is no number", usage())),
            },
            ArgumentKind::Size => Value::Int(parse_size(word, 1)?),
            ArgumentKind::Seconds => match word.parse::<f64>() {
                Ok(seconds) if std::time::Duration::try_from_secs_f64(seconds).is_ok() => Value::Float(seconds),
                _ => return Err(wrong("is no number of seconds", usage())),
            },
            ArgumentKind::GraphPath => super::Path::parse(word)?.follow(&self.world.connection()?)?,
            ArgumentKind::OneOf(choices) if !choices.iter().any(|choice| choice == word) => {
                return Err(wrong("is none of its words", format!("it is one of {}", choices.join(", "))));
            }
            _ => Value::from(word),
        })
    }

    /// Of the machine that stands before it.
    fn snapshot(&self, word: &str) -> Result<Value, Failure> {
        let machines = self.registered.command.arguments.iter();
        let machine = machines
            .filter(|argument| argument.kind == ArgumentKind::Machine)
            .find_map(|argument| self.given.optional(&argument.name));
        let Some(name) = machine else { return Ok(Value::from(word)) };
        let machine: Object = find_listed(&self.world.connection()?, name)?;
        machine.call("findSnapshot", vec![Value::from(word)]).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(ErrorKind::NotFound, format!("`{name}` has no snapshot `{word}`"))
                .hinted(format!("`snapshot {name} list` shows them")),
            _ => error.into(),
        })
    }

    /// The medium of a file or id; VirtualBox knows it, or opens the file.
    fn medium(&self, device: &str, word: &str) -> Result<Value, Failure> {
        let id = uuid::Uuid::try_parse(word.trim_matches(['{', '}'])).is_ok();
        let path =
            std::path::absolute(word).map_or_else(|_| word.to_owned(), |path| path.to_string_lossy().into_owned());
        let mode = if device == "DVD" { "ReadOnly" } else { "ReadWrite" };
        let place = if id { word.to_owned() } else { path };
        let arguments = vec![Value::from(place.as_str()), Value::from(device), Value::from(mode), Value::Bool(false)];
        self.world
            .root()?
            .call("openMedium", arguments)
            .map_err(|error: Error| Failure::from(error).hinted("`list-media` shows the media there are"))
    }
}
