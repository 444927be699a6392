//! Paths into the object graph: `web-01.networkAdapter[0].MACAddress`.
//!
//! A path starts at `vbox`, `host`, `session` or a machine (by name or id, in quotes when the name
//! has dots, brackets or blanks), and goes on with members. `name` reads an attribute, `name(...)`
//! calls a method, `name[key]` takes one of many: by number or name out of an array attribute, or
//! by the argument of a method (`networkAdapter[0]` is `getNetworkAdapter(0)`).

use super::literal::parse_literal;
use crate::model::{Connection, Error, Object, Result, Value};
use crate::schema::{Interface, Method, Type};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Member(String),
    /// `[key]`, without quotes
    Key(String),
    /// `(a, b)`: the arguments as they were typed
    Call(Vec<String>),
}

/// A parsed path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The first word.
    pub root: String,
    /// Whether the first word stood in quotes, and so names a machine whatever it is.
    pub quoted: bool,
    /// What follows.
    pub steps: Vec<Step>,
}

/// What a path comes to, one step before its end: what `set` writes to.
pub struct Place {
    /// The object.
    pub object: Object,
    /// Name of its attribute.
    pub attribute: String,
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    /// Says at which sign it stops being one.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader = Reader { text, at: 0 };
        let quoted = reader.peek().is_some_and(|letter| matches!(letter, '"' | '\''));
        let root = if quoted { reader.quoted()? } else { reader.word(&['.', '[', '(']) };
        if root.is_empty() {
            return Err(reader.wrong("a path starts with a machine's name, `vbox`, `host` or `session`"));
        }
        let mut steps = Vec::new();
        while let Some(letter) = reader.next() {
            steps.push(match letter {
                '.' => {
                    let name = reader.word(&['.', '[', '(', ' ']);
                    if name.is_empty() {
                        return Err(reader.wrong("a name is missing behind the dot"));
                    }
                    Step::Member(name)
                }
                '[' => Step::Key(reader.until(']')?.into_iter().next().unwrap_or_default()),
                '(' => Step::Call(reader.until(')')?),
                _ => return Err(reader.wrong("`.`, `[` or `(` is wanted here")),
            });
        }
        Ok(Self { root, quoted, steps })
    }

    /// Follows the whole path.
    ///
    /// # Errors
    /// No such machine or member, or what a call gives.
    pub fn follow(&self, connection: &Connection) -> Result<Value> {
        let (object, steps) = self.start(connection)?;
        follow(Value::Object(object), &steps)
    }

    /// Follows the path to the attribute at its end, which is not read.
    ///
    /// # Errors
    /// As [`Path::follow`]; the path does not end in an attribute.
    pub fn place(&self, connection: &Connection) -> Result<Place> {
        let (object, steps) = self.start(connection)?;
        place(object, &steps)
    }

    /// The object it starts at, and the steps that are left from there.
    ///
    /// # Errors
    /// No such machine.
    pub fn start(&self, connection: &Connection) -> Result<(Object, Vec<Step>)> {
        if !self.quoted {
            match self.root.as_str() {
                "vbox" | "virtualBox" => return Ok((connection.root(), self.steps.clone())),
                "session" => return Ok((connection.session()?, self.steps.clone())),
                "host" => return Ok((object_of(connection.root().get("host")?, "host")?, self.steps.clone())),
                _ => {}
            }
        }
        // A name with dots: the longest that is a machine's wins.
        let mut names = vec![(self.root.clone(), 0)];
        if !self.quoted {
            for (at, step) in self.steps.iter().enumerate() {
                let Step::Member(name) = step else { break };
                names.push((format!("{}.{name}", names[at].0), at + 1));
            }
        }
        let mut first = None;
        for (name, taken) in names {
            match find_listed(connection, &name) {
                Ok(machine) => return Ok((machine, self.steps[taken..].to_vec())),
                Err(error) if error.kind() == crate::model::ErrorKind::NotFound => first = first.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(first.unwrap_or_else(|| Error::usage("an empty path", "`help paths` says how they work")))
    }
}

/// The machine of that name or id. One whose settings cannot be read has no name: it goes by that of
/// its settings file, as `list` shows it.
///
/// # Errors
/// There is no such machine, or the look-up fails.
pub fn find_listed(connection: &Connection, name: &str) -> Result<Object> {
    let missing = match connection.find_machine(name) {
        Err(error) if error.kind() == crate::model::ErrorKind::NotFound => error,
        found => return found,
    };
    let machines: Vec<Object> =
        connection.root().get("machines")?.into_list().iter().filter_map(Value::as_object).cloned().collect();
    let read = |attribute: &str| {
        let reads: Vec<_> = machines
            .iter()
            .filter_map(|machine| Some((machine.clone(), machine.interface().attribute(attribute)?)))
            .collect();
        connection.read_all(&reads)
    };
    let (accessible, files) = (read("accessible"), read("settingsFilePath"));
    let listed = machines.iter().zip(accessible).zip(files).find(|((_, accessible), file)| {
        accessible.as_ref().is_ok_and(|value| value.as_bool() == Some(false))
            && file.as_ref().is_ok_and(|file| file.as_text().is_some_and(|file| settings_name(file) == name))
    });
    listed.map(|((machine, _), _)| machine.clone()).ok_or(missing)
}

/// The name that a settings file tells: its own, without folder and ending.
pub fn settings_name(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".vbox").unwrap_or(name)
}

/// Follows steps from a value.
///
/// # Errors
/// As [`Path::follow`].
pub fn follow(start: Value, steps: &[Step]) -> Result<Value> {
    let mut value = start;
    let mut steps = steps.iter().peekable();
    while let Some(step) = steps.next() {
        value = match step {
            Step::Member(name) => {
                let method_wanted = match steps.peek() {
                    Some(Step::Call(words)) => Some((words.clone(), true)),
                    Some(Step::Key(key)) => Some((vec![key.clone()], false)),
                    _ => None,
                };
                match method_wanted {
                    Some((words, true)) => {
                        steps.next();
                        call(&value, name, &words)?
                    }
                    Some((words, false)) if attribute_of(&value, name).is_none() => {
                        steps.next();
                        pick(&value, name, &words)?
                    }
                    _ => member(&value, name)?,
                }
            }
            Step::Key(key) => element(value, key)?,
            Step::Call(_) => {
                return Err(Error::usage(
                    "parentheses stand behind the name of a method",
                    "`help paths` says how paths work",
                ));
            }
        };
    }
    Ok(value)
}

/// Follows steps from an object to the attribute at their end.
///
/// # Errors
/// As [`Path::place`].
pub fn place(object: Object, steps: &[Step]) -> Result<Place> {
    match steps.split_last() {
        Some((Step::Member(attribute), before)) => {
            let value = follow(Value::Object(object), before)?;
            Ok(Place { object: object_of(value, attribute)?, attribute: attribute.clone() })
        }
        _ => Err(Error::usage(
            "the path does not end in an attribute",
            "write it as `MACHINE.attribute`; `help paths` says more",
        )),
    }
}

fn object_of(value: Value, what: &str) -> Result<Object> {
    match value {
        Value::Object(object) => Ok(object),
        Value::Null => {
            Err(Error::usage(format!("what stands before `{what}` is null"), "look at it one step earlier with `get`"))
        }
        _ => Err(Error::usage(format!("what stands before `{what}` is no object"), "`help paths` says how paths work")),
    }
}

fn interface_of(value: &Value) -> Option<&'static Interface> {
    match value {
        Value::Object(object) => Some(object.interface()),
        Value::Struct(value) => Some(value.interface),
        _ => None,
    }
}

fn attribute_of(value: &Value, name: &str) -> Option<Type> {
    interface_of(value)?.attribute(name).map(|attribute| attribute.kind)
}

fn member(value: &Value, name: &str) -> Result<Value> {
    match value {
        Value::Struct(fields) => match fields.get(name) {
            Some(value) => Ok(value.clone()),
            None => Err(Error::usage(
                format!("{} has no attribute `{name}`", fields.interface.name),
                format!("`help {}` lists them", fields.interface.name),
            )),
        },
        Value::List(values) => values.iter().map(|value| member(value, name)).collect::<Result<_>>().map(Value::List),
        other => object_of(other.clone(), name)?.get(name),
    }
}

/// Calls a method with arguments as typed.
///
/// # Errors
/// Unknown method, arguments that do not fit, or what the call gives.
pub fn call(value: &Value, name: &str, words: &[String]) -> Result<Value> {
    let object = object_of(value.clone(), name)?;
    let Some(method) = object.interface().method(name) else { return object.call(name, Vec::new()) };
    let arguments = literals(&object, method, words)?;
    object.call(name, arguments)
}

fn literals(object: &Object, method: &Method, words: &[String]) -> Result<Vec<Value>> {
    let kinds: Vec<Type> = method.inputs().map(|parameter| parameter.kind).collect();
    let convert = |(at, word): (usize, &String)| match kinds.get(at) {
        Some(kind) => parse_literal(word, *kind, object.connection()),
        // One too many: the call says so, with the signature.
        None => Ok(Value::from(word.as_str())),
    };
    words.iter().enumerate().map(convert).collect()
}

/// The method with one input that `name[key]` calls.
pub(super) fn picker(interface: &'static Interface, name: &str) -> Option<&'static Method> {
    let mut letters = name.chars();
    let capital: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let names = [name.to_owned(), format!("get{capital}"), format!("find{capital}"), format!("get{capital}ByName")];
    names.iter().find_map(|name| interface.method(name).filter(|method| method.inputs().count() == 1))
}

/// `networkAdapter[0]`: a method with one input, under its own name or with `get` or `find` before it.
fn pick(value: &Value, name: &str, words: &[String]) -> Result<Value> {
    let object = object_of(value.clone(), name)?;
    match picker(object.interface(), name) {
        Some(method) => {
            let arguments = literals(&object, method, words)?;
            object.call(method.name, arguments)
        }
        // The error of the attribute, with the nearest names.
        None => object.get(name),
    }
}

/// One element of a list: by number (from 0, or from the end below 0), or by name or id.
fn element(value: Value, key: &str) -> Result<Value> {
    let Value::List(values) = value else {
        return Err(Error::usage(
            format!("`[{key}]` stands behind something that is no list"),
            "`help paths` says how paths work",
        ));
    };
    let count = values.len();
    if let Ok(number) = key.parse::<i64>() {
        let at = if number < 0 { number + i64::try_from(count).unwrap_or(i64::MAX) } else { number };
        let found = usize::try_from(at).ok().and_then(|at| values.into_iter().nth(at));
        return found.ok_or_else(|| {
            Error::usage(format!("`[{key}]`: the list has {count} elements"), "count from 0, or from -1 at the end")
        });
    }
    for value in values {
        let matches = |name: &str| {
            attribute_of(&value, name).is_some() && member(&value, name).is_ok_and(|found| found.as_text() == Some(key))
        };
        if value.as_text() == Some(key) || matches("name") || matches("id") || matches("networkName") {
            return Ok(value);
        }
    }
    Err(Error::api("path", 0x80bb_0001, format!("no element of the list is named `{key}`")))
}

/// Reads a path sign by sign.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn word(&mut self, ends: &[char]) -> String {
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        word.to_owned()
    }

    fn quoted(&mut self) -> Result<String> {
        let quote = self.next();
        let mut word = String::new();
        loop {
            match self.next() {
                Some('\\') => word.extend(self.next()),
                letter if letter == quote => return Ok(word),
                Some(letter) => word.push(letter),
                None => return Err(self.wrong("a quote is not closed")),
            }
        }
    }

    /// Comma-separated words up to a closing bracket; commas and brackets in quotes, and in inner
    /// brackets, belong to a word.
    fn until(&mut self, close: char) -> Result<Vec<String>> {
        let mut words = Vec::new();
        let (mut word, mut any, mut depth) = (String::new(), false, 0_usize);
        loop {
            match self.peek() {
                None => return Err(self.wrong(&format!("`{close}` is missing"))),
                Some('"' | '\'') => {
                    let from = self.at;
                    let inner = self.quoted()?;
                    any = true;
                    if depth > 0 {
                        word.push_str(&self.text[from..self.at])
                    } else {
                        word.push_str(&inner)
                    }
                    continue;
                }
                Some(letter) if letter == close && depth == 0 => {
                    self.next();
                    if any || !word.trim().is_empty() {
                        words.push(word.trim().to_owned());
                    }
                    return Ok(words);
                }
                Some(',') if depth == 0 => {
                    words.push(std::mem::take(&mut word).trim().to_owned());
                    any = true;
                }
                Some(letter) => {
                    match letter {
                        '[' | '(' => depth += 1,
                        ']' | ')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    word.push(letter);
                }
            }
            self.next();
        }
    }

    fn wrong(&self, what: &str) -> Error {
        Error::usage(
            format!("`{}` is no path: {what} (at sign {})", self.text, self.text[..self.at].chars().count() + 1),
            "`help paths` says how paths work",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn a_path_is_a_root_and_steps() {
        let path = parse("web-01.networkAdapter[0].MACAddress");
        assert_eq!(path.root, "web-01");
        let member = |name: &str| Step::Member(name.into());
        assert_eq!(path.steps, [member("networkAdapter"), Step::Key("0".into()), member("MACAddress")]);
    }

    #[test]
    fn quotes_protect_names_and_arguments() {
        let path = parse(r#""a.b [c]".setExtraData("k, 1", 'v)')"#);
        assert_eq!((path.root.as_str(), path.quoted), ("a.b [c]", true));
        assert_eq!(path.steps[1], Step::Call(vec!["k, 1".into(), "v)".into()]));
        assert_eq!(parse("m.f()").steps[1], Step::Call(vec![]));
        assert_eq!(parse("m.f(\"\")").steps[1], Step::Call(vec![String::new()]));
        assert_eq!(parse("m.f([a,b], 1)").steps[1], Step::Call(vec!["[a,b]".into(), "1".into()]));
    }

    #[test]
    fn what_is_no_path_says_where() {
        for (text, part) in [
            ("", "starts with"),
            ("a..b", "name is missing"),
            ("a[0", "`]` is missing"),
            ("a[0]x", "is wanted"),
            ("\"a", "not closed"),
        ] {
            let error = Path::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
