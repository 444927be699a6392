//! An error that a script did not catch, as a `Failure`: what, where, by way of which functions, and
//! what to type next.

use super::context::{Context, MissingOn};
use super::error::{LineFailure, ScriptError, Stop};
use super::functions::FUNCTIONS;
use super::report_names::{split_signature, type_name};
use super::value::from_any;
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Position, Style, format_value};
use crate::schema::{did_you_mean, suggest};
use crate::script::infer::OBJECTS;
use rhai::{AST, Dynamic, EvalAltResult, ParseErrorType, Scope};
use std::collections::HashSet;

/// What is known where the script ran.
pub(super) struct Reporter<'a> {
    /// Notes and sources.
    pub(super) context: &'a Context,
    /// File of the script, empty for the prompt.
    pub(super) file: &'a str,
    /// Functions that the script sees.
    pub(super) functions: &'a AST,
    /// Variables at the top level.
    pub(super) scope: &'a Scope<'static>,
    /// Functions whose text is the kept source; the prompt remembers functions longer than lines.
    pub(super) defined_here: HashSet<String>,
}

/// Message and hint.
type Said = (String, String);

impl Reporter<'_> {
    /// The failure for an error.
    pub(super) fn failure(&self, error: EvalAltResult) -> Failure {
        let mut error = error;
        let mut file = self.file.to_owned();
        let mut has_source = true;
        let mut trace = Vec::new();
        loop {
            match error {
                EvalAltResult::ErrorInFunctionCall(name, source, inner, position) => {
                    let what =
                        if name.starts_with("anon$") { "a closure".to_owned() } else { format!("function `{name}`") };
                    trace.push(format!("in {what} ({})", self.called_in(&file, position)));
                    if !source.is_empty() || self.file.is_empty() {
                        file = source;
                    }
                    has_source = !file.is_empty() || self.defined_here.contains(&name);
                    error = *inner;
                }
                EvalAltResult::ErrorInModule(name, inner, position) => {
                    trace.push(format!(
                        "in file `{name}` ({})",
                        self.called_in(&file, position).replace("called", "imported")
                    ));
                    file = name;
                    has_source = true;
                    error = *inner;
                }
                _ => break,
            }
        }
        trace.reverse();
        let mut position = error.position();
        if let Some((first_file, first)) = thrown_again(&error) {
            trace.insert(0, format!("thrown again ({})", self.called_in(&file, position).replace("called ", "")));
            (file, position) = (first_file, first);
        }
        let is_line = |thrown: &Dynamic| thrown.is::<LineFailure>();
        let wanted = matches!(super::error::stop_of(&error), Some(Stop::Exit(_) | Stop::Failed(_)))
            || matches!(&error, EvalAltResult::ErrorRuntime(thrown, _) if is_line(thrown));
        let mut failure = self.describe(error);
        if wanted {
            return failure;
        }
        failure.trace = trace;
        match position.line() {
            Some(line) => failure.at(Position {
                line,
                column: position.position().unwrap_or(0),
                source: if has_source {
                    self.context.source_line(&file, line).unwrap_or_default()
                } else {
                    String::new()
                },
                file,
            }),
            None if file.is_empty() => failure,
            None => failure.at(Position { file, ..Position::default() }),
        }
    }

    fn called_in(&self, file: &str, position: rhai::Position) -> String {
        let of = if file == self.file || file.is_empty() { String::new() } else { format!(" of {file}") };
        position.line().map_or_else(|| format!("called{of}"), |line| format!("called in line {line}{of}"))
    }

    fn describe(&self, error: EvalAltResult) -> Failure {
        if let EvalAltResult::ErrorTerminated(token, _) = &error {
            let stop = token.read_lock::<Stop>().map(|stop| stop.clone());
            return match stop {
                Some(Stop::Exit(code)) => Failure::exit(code),
                Some(Stop::Failed(failure)) => (*failure).clone(),
                _ => Failure::new(ErrorKind::Interrupted, "interrupted"),
            };
        }
        if let EvalAltResult::ErrorRuntime(thrown, _) = error {
            return self.thrown(thrown);
        }
        let (message, hint) = self.say(&error);
        Failure::new(ErrorKind::Script, message).hinted(hint)
    }

    /// A value that was thrown: an error of the model keeps its kind, anything else is a script's own.
    fn thrown(&self, thrown: Dynamic) -> Failure {
        if let Some(line) = thrown.read_lock::<LineFailure>() {
            return (*line.0).clone();
        }
        if let Some(error) = thrown.read_lock::<ScriptError>() {
            let mut failure = Failure::from((*error.error).clone());
            if failure.kind == ErrorKind::Usage {
                failure.kind = ErrorKind::Script;
            }
            return failure;
        }
        let message = match from_any(thrown) {
            Value::Null => "the script threw an error".to_owned(),
            Value::Text(text) => text,
            // What `catch` gets for an error of Rhai's own, thrown again.
            Value::Map(entries) => match entries.iter().find(|(name, _)| name == "message") {
                Some((_, Value::Text(message))) => message.clone(),
                _ => format_value(&Value::Map(entries), Style::new(false)),
            },
            other => format_value(&other, Style::new(false)),
        };
        Failure::new(ErrorKind::Script, message)
    }

    fn say(&self, error: &EvalAltResult) -> Said {
        let plain = |message: &str| (message.to_owned(), String::new());
        match error {
            EvalAltResult::ErrorParsing(kind, _) => parsing(kind),
            EvalAltResult::ErrorVariableNotFound(name, _) => self.unknown_variable(name),
            EvalAltResult::ErrorFunctionNotFound(signature, _) => self.unknown_function(signature),
            EvalAltResult::ErrorDotExpr(text, _) => property(text),
            EvalAltResult::ErrorIndexingType(types, _) => indexing(types),
            EvalAltResult::ErrorMismatchDataType(wanted, given, _)
            | EvalAltResult::ErrorMismatchOutputType(wanted, given, _) => {
                (format!("{} is wanted here, not {}", type_name(wanted), type_name(given)), String::new())
            }
            EvalAltResult::ErrorModuleNotFound(path, _) => {
                (format!("there is no file `{path}`"), "imports are relative to the folder of the script".to_owned())
            }
            EvalAltResult::ErrorStackOverflow(_) => {
                ("functions call each other too deeply".to_owned(), "does the recursion end?".to_owned())
            }
            EvalAltResult::ErrorDataRace(what, _) => (
                format!("{} is used by a closure while a method of it runs", what.replace('\'', "`")),
                "give the closure a copy: `let copy = x;` before it".to_owned(),
            ),
            EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => (
                format!("`{name}` would change a constant"),
                "keep the value in a variable first: `let x = ...;`".to_owned(),
            ),
            EvalAltResult::ErrorAssignmentToConstant(name, _) => {
                (format!("`{name}` is a constant"), format!("`let {name} = ...;` makes a variable of that name"))
            }
            EvalAltResult::ErrorArrayBounds(length, index, _) => {
                (format!("index {index} is outside of an array of {length}"), String::new())
            }
            EvalAltResult::ErrorFor(_) => plain("`for` goes over arrays, ranges, maps and texts only"),
            other => {
                let mut inner = other.to_string();
                // Rhai puts the place behind the text; the failure has it apart.
                if let Some(at) = inner.rfind(" (line ") {
                    inner.truncate(at);
                }
                (uncapitalised(&inner), String::new())
            }
        }
    }

    fn unknown_variable(&self, name: &str) -> Said {
        let message = format!("there is no variable `{name}`");
        if self.scope.contains(name) {
            return (message, format!("functions see their parameters only: give `{name}` to the function"));
        }
        let schema = self.context.schema();
        let variables = self.scope.iter_raw().map(|(name, ..)| name);
        let functions = self.functions.iter_functions().map(|function| function.name);
        let near = suggest(
            name,
            variables
                .chain(OBJECTS.iter().map(|(name, _)| *name))
                .chain(functions.filter(|name| !name.starts_with("anon$")))
                .chain(schema.enumerations().iter().map(|enumeration| enumeration.name))
                .chain(["args", "true", "false"]),
        );
        (message, did_you_mean(&near))
    }

    fn unknown_function(&self, signature: &str) -> Said {
        let (name, types) = split_signature(signature);
        if let Some(missing) = self.context.take_missing(name) {
            match missing.on {
                MissingOn::Null if types.first() == Some(&"()") => {
                    return (format!("`{name}` is called on null"), "`?.` instead of `.` leaves null alone".to_owned());
                }
                MissingOn::Object(Some(error)) if FUNCTIONS.iter().all(|(known, ..)| *known != name) => {
                    return (error.to_string(), error.hint().unwrap_or_default());
                }
                _ => {}
            }
        }
        if let Some((_, usage, _)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
            return (format!("`{name}` does not take {}", list(&types)), format!("use it as `{usage}`"));
        }
        let own: Vec<_> = self.functions.iter_functions().filter(|function| function.name == name).collect();
        if let Some(function) = own.first() {
            let wanted: Vec<usize> = own.iter().map(|function| function.params.len()).collect();
            let wanted = wanted.iter().map(usize::to_string).collect::<Vec<_>>().join(" or ");
            return (
                format!("function `{name}` wants {wanted} arguments, not {}", types.len()),
                format!("its definition: `fn {name}({})`", function.params.join(", ")),
            );
        }
        if types.is_empty() {
            return (format!("there is no function `{name}`"), self.near_function(name));
        }
        (format!("there is no function `{name}` for {}", list(&types)), self.near_function(name))
    }

    fn near_function(&self, name: &str) -> String {
        // Some of Rhai's own; there are too many to list all.
        let common = [
            "len",
            "push",
            "pop",
            "insert",
            "remove",
            "filter",
            "map",
            "find",
            "sort",
            "reverse",
            "contains",
            "split",
            "trim",
            "replace",
            "to_upper",
            "to_lower",
            "parse_int",
            "parse_float",
            "keys",
            "values",
            "type_of",
            "debug",
            "round",
            "index_of",
        ];
        let functions = self.functions.iter_functions().map(|function| function.name);
        let known = functions
            .filter(|name| !name.starts_with("anon$"))
            .chain(FUNCTIONS.iter().map(|(name, ..)| *name))
            .chain(common);
        let near = suggest(name, known);
        let schema = self.context.schema();
        if near.is_empty() && schema.interface("IVirtualBox").is_some_and(|interface| interface.method(name).is_some())
        {
            return format!("it is a method: `vbox.{name}(...)`");
        }
        did_you_mean(&near)
    }
}

/// Where an error came up first that a script caught and threw again. For the prompt nobody knows
/// whether that was in the same line.
fn thrown_again(error: &EvalAltResult) -> Option<(String, rhai::Position)> {
    let EvalAltResult::ErrorRuntime(thrown, position) = error else { return None };
    let first = thrown.read_lock::<ScriptError>()?;
    if first.file.is_empty() || first.line < 1 {
        return None;
    }
    let place = rhai::Position::new(u16::try_from(first.line).ok()?, u16::try_from(first.column).ok()?);
    let elsewhere = (place.line(), place.position()) != (position.line(), position.position());
    elsewhere.then(|| (first.file.clone(), place))
}

fn list(types: &[&str]) -> String {
    match types {
        [] => "no arguments".to_owned(),
        types => types.iter().map(|name| type_name(name)).collect::<Vec<_>>().join(", "),
    }
}

/// The text names the property and the type, in single quotes.
fn property(text: &str) -> Said {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(property), Some("()")) => {
            (format!("`{property}` is asked of null"), "`?.` instead of `.` leaves null alone".to_owned())
        }
        (Some(property), Some(kind)) => (format!("{} has no `{property}`", type_name(kind)), String::new()),
        _ => (uncapitalised(text), String::new()),
    }
}

/// The text is `T [I]` or `T [I] = V`.
fn indexing(types: &str) -> Said {
    match types.split_once(" [") {
        Some(("()", _)) => ("null has no elements".to_owned(), "`?[` instead of `[` leaves null alone".to_owned()),
        Some((kind, index)) => {
            let index = index.split(']').next().unwrap_or_default();
            (format!("{} has no element by {}", type_name(kind), type_name(index)), String::new())
        }
        None => (format!("{} has no elements", type_name(types)), String::new()),
    }
}

fn parsing(kind: &ParseErrorType) -> Said {
    match kind {
        ParseErrorType::UnexpectedEOF => {
            ("the script ends too early".to_owned(), "is a bracket or brace left open?".to_owned())
        }
        ParseErrorType::Reserved(word) => (
            format!("`{word}` is a reserved word"),
            format!("a member of that name is reached by `object[\"{word}\"]`"),
        ),
        ParseErrorType::AssignmentToInvalidLHS(_) => (
            "the result of a call cannot be assigned to".to_owned(),
            "keep the object in a variable first (`let x = ...; x.name = ...`), or use `.set(\"name\", value)`"
                .to_owned(),
        ),
        ParseErrorType::MissingToken(token, why) => {
            (format!("`{token}` is missing {why}").trim_end().to_owned(), String::new())
        }
        other => (uncapitalised(&other.to_string()).replace('\'', "`"), String::new()),
    }
}

fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}
