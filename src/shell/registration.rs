//! A command as a script states it: the map that `register_command` and `parse_args` take.
//!
//! It comes to the same entry of the command table that a built-in command has. Nothing is run here.

use super::{ArgumentKind, Arity, Category, Command, Effect};
use crate::model::{Error, Result, Value};
use crate::output::{Failure, Reply};
use crate::schema::{did_you_mean, embedded, suggest};

/// A command that a script states, and what its arguments are when they are left out.
#[derive(Clone)]
pub struct Registered {
    /// The entry of the table; what runs it is put in by whoever adds it.
    pub command: Command,
    /// Arguments and options by name, with the value of one that is left out.
    pub defaults: Vec<(String, Value)>,
}

/// The kinds of arguments by their names in a form. `enum` and `choice` say more in a field of their own.
const KINDS: &[&str] = &[
    "machine",
    "snapshot",
    "controller",
    "disk",
    "dvd",
    "floppy",
    "os-type",
    "enum",
    "choice",
    "number",
    "size",
    "seconds",
    "text",
    "file",
    "path",
    "member",
    "line",
    "hosts",
    "target",
    "topic",
];
const FIELDS: &[&str] = &["name", "summary", "help", "effect", "aliases", "arguments", "options", "examples"];
const ARGUMENT_FIELDS: &[&str] = &["name", "kind", "help", "optional", "repeated", "usual", "choices", "enum"];
const OPTION_FIELDS: &[&str] = &["name", "kind", "help", "usual", "choices", "enum"];

impl Registered {
    /// Reads the form. `usual_name` is the command's name when the form has none, and an empty one must be there.
    ///
    /// # Errors
    /// What the form lacks or has too much.
    pub fn read(form: &Value, usual_name: &str) -> Result<Self> {
        let form = Fields::of(form, "a command", FIELDS)?;
        let name = form.optional_text("name")?.unwrap_or_else(|| usual_name.to_owned());
        if name.is_empty() {
            return Err(wrong("a command has no `name`", "`name: \"ports\"`"));
        }
        let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        if !name.chars().all(is_word) || !name.starts_with(char::is_alphabetic) {
            let hint = "it begins with a letter; letters, digits, `-` and `_` follow";
            // The name of a script's file may be anything.
            if usual_name.is_empty() {
                return Err(wrong(format!("`{name}` is no name of a command"), hint));
            }
        }
        let form = Fields { what: format!("the command `{name}`"), ..form };
        let summary = if usual_name.is_empty() {
            form.text("summary")?
        } else {
            form.optional_text("summary")?.unwrap_or_default()
        };
        let effect = match form.optional_text("effect")?.as_deref() {
            Some("read") => Effect::Read,
            None | Some("write") => Effect::Write,
            Some("destroy") => Effect::Destroy,
            Some(other) => {
                return Err(wrong(
                    format!("{}: `{other}` is no effect", form.what),
                    "it is `read`, `write` or `destroy`",
                ));
            }
        };
        let mut command = Command::new(&name, Category::Extensions, &summary, not_run).effect(effect);
        command.help = form.optional_text("help")?.unwrap_or_default();
        for alias in form.list("aliases")? {
            command = command.alias(alias.as_text().unwrap_or_default());
        }
        let mut read = Self { command, defaults: Vec::new() };
        for argument in form.list("arguments")? {
            read.argument(&argument, &form.what)?;
        }
        for option in form.list("options")? {
            read.option(&option, &form.what)?;
        }
        for example in form.list("examples")? {
            let pair = example.into_list();
            let [Value::Text(line), Value::Text(what)] = pair.as_slice() else {
                return Err(wrong(
                    format!("{}: an example is a list of a line and what it does", form.what),
                    "`[\"ports web-01\", \"of one machine\"]`",
                ));
            };
            read.command = read.command.example(line, what);
        }
        // A script's `--help` does without.
        if read.command.examples.is_empty() && usual_name.is_empty() {
            read.command = read.command.clone().example(&read.command.usage(), &summary);
        }
        Ok(read)
    }

    fn argument(&mut self, argument: &Value, of: &str) -> Result<()> {
        let fields = Fields::of(argument, &format!("an argument of {of}"), ARGUMENT_FIELDS)?;
        let name = fields.text("name")?;
        let fields = Fields { what: format!("the argument `{name}` of {of}"), ..fields };
        let arity = match (fields.truth("optional")?, fields.truth("repeated")?) {
            (_, true) => Arity::Repeated,
            (true, false) => Arity::Optional,
            (false, false) if fields.get("usual").is_some() => Arity::Optional,
            (false, false) => Arity::Required,
        };
        if let Some(before) = self.command.arguments.last() {
            if before.arity == Arity::Repeated {
                return Err(wrong(
                    format!("{}: nothing stands behind a repeated argument", fields.what),
                    format!("put `{}` last", before.name),
                ));
            }
            if before.arity == Arity::Optional && arity == Arity::Required {
                return Err(wrong(
                    format!("{} has to be given, and stands behind one that need not", fields.what),
                    "put the optional ones last",
                ));
            }
        }
        let kind = fields.kind()?.unwrap_or(ArgumentKind::Text);
        self.keep_default(&name, &fields);
        self.command = self.command.clone().argument(&name, kind, arity, &fields.text("help")?);
        Ok(())
    }

    fn option(&mut self, option: &Value, of: &str) -> Result<()> {
        let fields = Fields::of(option, &format!("an option of {of}"), OPTION_FIELDS)?;
        let name = fields.text("name")?;
        let name = name.trim_start_matches('-');
        let fields = Fields { what: format!("the option `--{name}` of {of}"), ..fields };
        if name == "help" {
            return Err(wrong("every command has the option `--help`", "leave it out of the form"));
        }
        self.keep_default(name, &fields);
        self.command = self.command.clone().flag(name, fields.kind()?, &fields.text("help")?);
        Ok(())
    }

    fn keep_default(&mut self, name: &str, fields: &Fields<'_>) {
        if let Some(value) = fields.get("usual") {
            self.defaults.push((name.to_owned(), value.clone()));
        }
    }

    /// What an argument or option is when it is left out.
    pub(super) fn default_of(&self, name: &str) -> Value {
        let found = self.defaults.iter().find(|(known, _)| known == name);
        found.map_or(Value::Null, |(_, value)| value.clone())
    }
}

fn not_run(_: &mut super::Shell, _: &super::Given) -> std::result::Result<Reply, Failure> {
    Ok(Reply::Nothing)
}

fn wrong(message: impl std::fmt::Display, hint: impl std::fmt::Display) -> Error {
    Error::usage(message, hint)
}

/// The fields of a map, and whose they are.
struct Fields<'a> {
    what: String,
    entries: &'a [(String, Value)],
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, what: &str, known: &[&str]) -> Result<Self> {
        let Value::Map(entries) = value else {
            return Err(wrong(format!("{what} is stated by a map"), "`help extensions` shows one"));
        };
        let unknown = entries.iter().find(|(name, _)| !known.contains(&name.as_str()));
        if let Some((name, _)) = unknown {
            let near = did_you_mean(&suggest(name, known.iter().copied()));
            let hint = if near.is_empty() { format!("it has {}", known.join(", ")) } else { near };
            return Err(wrong(format!("{what} has no field `{name}`"), hint));
        }
        Ok(Self { what: what.to_owned(), entries })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.entries.iter().find(|(known, value)| known == name && !value.is_null()).map(|(_, value)| value)
    }

    fn optional_text(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(format!("{}: `{name}` is a text", self.what), "`help extensions` shows a form")),
        }
    }

    fn text(&self, name: &str) -> Result<String> {
        let text = self.optional_text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| wrong(format!("{} has no `{name}`", self.what), "`help extensions` shows a form"))
    }

    fn truth(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => {
                Err(wrong(format!("{}: `{name}` is true or false", self.what), "`help extensions` shows a form"))
            }
        }
    }

    fn list(&self, name: &str) -> Result<Vec<Value>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::List(values)) => Ok(values.clone()),
            Some(_) => Err(wrong(format!("{}: `{name}` is a list", self.what), "`help extensions` shows a form")),
        }
    }

    fn kind(&self) -> Result<Option<ArgumentKind>> {
        let words = self.list("choices")?;
        let enumeration = self.optional_text("enum")?;
        let kind = self.optional_text("kind")?;
        let kind = kind.as_deref().or((!words.is_empty()).then_some("choice")).or(enumeration.as_ref().map(|_| "enum"));
        let Some(kind) = kind else { return Ok(None) };
        Ok(Some(match kind {
            "machine" => ArgumentKind::Machine,
            "snapshot" => ArgumentKind::Snapshot,
            "controller" => ArgumentKind::Controller,
            "disk" => ArgumentKind::Medium("HardDisk"),
            "dvd" => ArgumentKind::Medium("DVD"),
            "floppy" => ArgumentKind::Medium("Floppy"),
            "os-type" => ArgumentKind::OsType,
            "number" => ArgumentKind::Number,
            "size" => ArgumentKind::Size,
            "seconds" => ArgumentKind::Seconds,
            "text" => ArgumentKind::Text,
            "file" => ArgumentKind::File,
            "path" => ArgumentKind::GraphPath,
            "member" => ArgumentKind::Member,
            "line" => ArgumentKind::Line,
            "hosts" => ArgumentKind::Hosts,
            "target" => ArgumentKind::Target,
            "topic" => ArgumentKind::Topic,
            "choice" if words.is_empty() => {
                return Err(wrong(format!("{} has no `choices`", self.what), "`choices: [\"linked\", \"full\"]`"));
            }
            "choice" => {
                ArgumentKind::OneOf(words.iter().map(|word| word.as_text().unwrap_or_default().to_owned()).collect())
            }
            "enum" => {
                let name = enumeration.unwrap_or_default();
                let known = embedded().enumeration(&name).ok_or_else(|| {
                    let names = embedded().enumerations().iter().map(|known| known.name);
                    let near = did_you_mean(&suggest(&name, names));
                    wrong(
                        format!("{}: there is no enumeration `{name}`", self.what),
                        if near.is_empty() { "`enum: \"MachineState\"`".to_owned() } else { near },
                    )
                })?;
                ArgumentKind::Enum(known.name)
            }
            other => {
                let near = did_you_mean(&suggest(other, KINDS.iter().copied()));
                let hint = if near.is_empty() { format!("there are {}", KINDS.join(", ")) } else { near };
                return Err(wrong(format!("{}: there is no kind `{other}`", self.what), hint));
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn argument(entries: &[(&str, Value)]) -> Result<Registered> {
        let arguments = Value::List(vec![map(entries)]);
        let form = [("name", Value::from("x")), ("summary", Value::from("does something")), ("arguments", arguments)];
        Registered::read(&map(&form), "")
    }

    #[test]
    fn every_kind_is_known_and_a_form_becomes_an_entry_of_the_table() {
        for kind in KINDS {
            let more = [("choices", Value::List(vec!["a".into()])), ("enum", Value::from("MachineState"))];
            let entries = [("name", "a".into()), ("kind", Value::from(*kind)), ("help", "which one".into())];
            let read = argument(&[&entries[..], &more[..]].concat()).unwrap();
            assert_eq!(read.command.usage(), "x A");
            assert_eq!(read.command.examples[0].line, "x A");
        }
        let read = argument(&[("name", "a".into()), ("help", "which".into()), ("usual", Value::Int(3))]).unwrap();
        assert_eq!((read.command.usage().as_str(), read.default_of("a").as_int()), ("x [A]", Some(3)));
    }

    #[test]
    fn what_a_form_lacks_is_said() {
        let said = |entries: &[(&str, Value)]| {
            argument(entries)
                .err()
                .map(|error| format!("{error}; {}", error.hint().unwrap_or_default()))
                .unwrap_or_default()
        };
        assert!(said(&[("name", "a".into())]).contains("the argument `a` of the command `x` has no `help`"));
        assert!(said(&[("name", "a".into()), ("kimd", "text".into())]).contains("did you mean `kind`?"));
        assert!(said(&[("name", "a".into()), ("kind", "machin".into())]).contains("did you mean `machine`?"));
        assert!(said(&[("name", "a".into()), ("enum", "MachineStat".into())]).contains("did you mean `MachineState`"));
        assert!(Registered::read(&map(&[("summary", "y".into())]), "").is_err());
        assert!(Registered::read(&map(&[("name", "a b".into()), ("summary", "y".into())]), "").is_err());
        assert!(Registered::read(&Value::Int(1), "").is_err());
    }
}
