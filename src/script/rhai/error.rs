//! Errors on their way through a script: thrown, caught, thrown again.

use super::value::to_dynamic;
use crate::model::{ApiError, Error, ErrorKind, Value};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext, Position};
use std::sync::Arc;

/// Result of what scripts call.
pub(super) type Outcome<T> = Result<T, Box<EvalAltResult>>;

/// An error of the model as `catch` gets it.
#[derive(Clone)]
pub(super) struct ScriptError {
    /// The error itself.
    pub(super) error: Arc<Error>,
    /// File of the call that failed, empty for the prompt.
    pub(super) file: String,
    /// Line of the call that failed; 0 when unknown.
    pub(super) line: i64,
    /// Its column.
    pub(super) column: i64,
}

/// Why a script was stopped; `try` does not hold it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// By Ctrl-C.
    Interrupted,
    /// By its own `exit(n)`.
    Exit(i32),
}

/// Throws an error of the model at the place of a call.
pub(super) fn raise(error: Error, context: &NativeCallContext) -> Box<EvalAltResult> {
    raise_in(error, context.call_source().unwrap_or_default(), context.call_position())
}

/// Throws an error of the model at a place that Rhai fills in.
pub(super) fn raise_unplaced(error: Error) -> Box<EvalAltResult> {
    raise_in(error, "", Position::NONE)
}

fn raise_in(error: Error, file: &str, position: Position) -> Box<EvalAltResult> {
    if matches!(error, Error::Interrupted) {
        return stop(Stop::Interrupted, position);
    }
    let number = |number: Option<usize>| number.and_then(|number| i64::try_from(number).ok()).unwrap_or_default();
    let (line, column) = (number(position.line()), number(position.position()));
    let error = ScriptError { error: Arc::new(error), file: file.to_owned(), line, column };
    EvalAltResult::ErrorRuntime(Dynamic::from(error), position).into()
}

/// Throws a mistake in the script.
pub(super) fn mistake(
    message: impl std::fmt::Display,
    hint: impl std::fmt::Display,
    context: &NativeCallContext,
) -> Box<EvalAltResult> {
    raise(Error::usage(message, hint), context)
}

/// Ends the script.
pub(super) fn stop(stop: Stop, position: Position) -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::from(stop), position).into()
}

/// Why an error ends the script, when it does.
pub(super) fn stop_of(error: &EvalAltResult) -> Option<Stop> {
    match error {
        EvalAltResult::ErrorTerminated(token, _) => token.read_lock::<Stop>().map(|stop| *stop),
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            stop_of(inner)
        }
        _ => None,
    }
}

impl ScriptError {
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values of what `catch` can ask for.
    pub(super) fn fields(&self) -> Vec<(String, Value)> {
        let none = ApiError::default();
        let api = self.error.api_error();
        let (operation, message) = match &*self.error {
            Error::Api { operation, error } => (operation.clone(), error.message.clone()),
            other => (String::new(), other.to_string()),
        };
        let mut fields = match api {
            Some(api) => api_fields(api),
            None => api_fields(&none),
        };
        if api.is_none() {
            // `S_OK` would be a strange name for an error that has no code.
            set(&mut fields, "name", Value::from(""));
        }
        set(&mut fields, "message", Value::Text(message));
        fields.push(("operation".to_owned(), Value::Text(operation)));
        fields.push(("hint".to_owned(), Value::Text(self.error.hint().unwrap_or_default())));
        fields.push(("kind".to_owned(), Value::from(kind_name(self.error.kind()))));
        fields.push(("file".to_owned(), Value::Text(self.file.clone())));
        fields.push(("line".to_owned(), Value::Int(self.line)));
        fields.push(("column".to_owned(), Value::Int(self.column)));
        fields
    }
}

fn set(fields: &mut [(String, Value)], name: &str, value: Value) {
    if let Some(field) = fields.iter_mut().find(|(known, _)| known == name) {
        field.1 = value;
    }
}

fn api_fields(error: &ApiError) -> Vec<(String, Value)> {
    let next = error.next.as_ref().map_or(Value::Null, |next| Value::Map(api_fields(next)));
    [
        ("code", Value::Int(error.code.into())),
        ("name", Value::Text(error.name())),
        ("message", Value::Text(error.message.clone())),
        ("component", Value::Text(error.component.clone())),
        ("interface", Value::Text(error.interface.clone())),
        ("next", next),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Name of a class of errors, as scripts see it.
fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Failed => "failed",
        ErrorKind::Usage => "usage",
        ErrorKind::Refused => "refused",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Connection => "connection",
        ErrorKind::Script => "script",
        ErrorKind::TimedOut => "timed_out",
        ErrorKind::Interrupted => "interrupted",
    }
}

/// Makes the error type known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<ScriptError>("Error");
    engine.register_indexer_get(|context: NativeCallContext, error: &mut ScriptError, name: ImmutableString| {
        error.field(&name).map(to_dynamic).ok_or_else(|| {
            let fields = error.fields();
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            mistake(format!("an error has no `{name}`"), format!("it has {}", names.join(", ")), &context)
        })
    });
    engine.register_fn("to_string", |error: &mut ScriptError| error.error.to_string());
    engine.register_fn("to_debug", |error: &mut ScriptError| error.error.to_string());
    engine.register_fn("contains", |error: &mut ScriptError, name: ImmutableString| error.field(&name).is_some());
    engine.register_fn("keys", |error: &mut ScriptError| -> rhai::Array {
        error.fields().into_iter().map(|(name, _)| name.into()).collect()
    });
}
