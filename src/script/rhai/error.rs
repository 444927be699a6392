//! Errors on their way through a script: thrown, caught, thrown again.

use super::value::to_dynamic;
use crate::model::{ApiError, Error, ErrorKind, Value};
use crate::output::Failure;
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
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// By Ctrl-C.
    Interrupted,
    /// By its own `exit(n)`.
    Exit(i32),
    /// By its own `fail(...)`.
    Failed(Arc<Failure>),
}

/// A line of the shell that failed, as `catch` gets it; when nothing catches it, it fails the command as it is.
#[derive(Clone)]
pub(super) struct LineFailure(pub(super) Arc<Failure>);

/// Throws what a line of the shell failed with; `try` does not hold up an exit or Ctrl-C.
pub(super) fn raise_failure(failure: Failure, position: Position) -> Box<EvalAltResult> {
    match (failure.exit, failure.kind) {
        (Some(_), _) => stop(Stop::Failed(Arc::new(failure)), position),
        (_, ErrorKind::Interrupted) => stop(Stop::Interrupted, position),
        _ => EvalAltResult::ErrorRuntime(Dynamic::from(LineFailure(Arc::new(failure))), position).into(),
    }
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
        EvalAltResult::ErrorTerminated(token, _) => token.read_lock::<Stop>().map(|stop| stop.clone()),
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) | EvalAltResult::ErrorInModule(_, inner, _) => {
            stop_of(inner)
        }
        _ => None,
    }
}

impl LineFailure {
    /// Names and values of what `catch` can ask for, as an error of the model has them.
    pub(super) fn fields(&self) -> Vec<(String, Value)> {
        let mut fields = named(self.0.api.clone().unwrap_or_default().fields());
        if self.0.api.is_none() {
            fields.retain(|(name, _)| name != "name" && name != "message");
            fields.push(("name".to_owned(), Value::from("")));
            fields.push(("message".to_owned(), Value::Text(self.0.message.clone())));
        }
        fields.push(("hint".to_owned(), Value::Text(self.0.hint.clone().unwrap_or_default())));
        fields.push(("kind".to_owned(), Value::from(self.0.kind.name())));
        fields.push(("next".to_owned(), next(self.0.api.as_ref())));
        fields
    }
}

impl ScriptError {
    /// Names and values of what `catch` can ask for.
    pub(super) fn fields(&self) -> Vec<(String, Value)> {
        let mut fields = named(self.error.fields());
        fields.push(("next".to_owned(), next(self.error.api_error())));
        fields.push(("file".to_owned(), Value::Text(self.file.clone())));
        fields.push(("line".to_owned(), Value::Int(self.line)));
        fields.push(("column".to_owned(), Value::Int(self.column)));
        fields
    }
}

fn named(fields: Vec<(&'static str, Value)>) -> Vec<(String, Value)> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The error behind an error, as a map.
fn next(error: Option<&ApiError>) -> Value {
    error.and_then(|error| error.next.as_deref()).map_or(Value::Null, |behind| {
        let mut fields = named(behind.fields());
        fields.push(("next".to_owned(), next(Some(behind))));
        Value::Map(fields)
    })
}

/// Makes the types of errors known to an engine.
pub(super) fn register(engine: &mut Engine) {
    register_type(engine, ScriptError::fields, |error: &ScriptError| error.error.to_string());
    register_type(engine, LineFailure::fields, |error: &LineFailure| error.0.message.clone());
}

fn register_type<T: Clone + Send + Sync + 'static>(
    engine: &mut Engine,
    fields: fn(&T) -> Vec<(String, Value)>,
    text: fn(&T) -> String,
) {
    engine.register_type_with_name::<T>("Error");
    engine.register_indexer_get(move |context: NativeCallContext, error: &mut T, name: ImmutableString| {
        let fields = fields(error);
        let names = fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let found = fields.iter().find(|(known, _)| *known == name).map(|(_, value)| to_dynamic(value.clone()));
        found.ok_or_else(|| mistake(format!("an error has no `{name}`"), format!("it has {names}"), &context))
    });
    engine.register_fn("to_string", move |error: &mut T| text(error));
    engine.register_fn("to_debug", move |error: &mut T| text(error));
    engine.register_fn("contains", move |error: &mut T, name: ImmutableString| {
        fields(error).iter().any(|(known, _)| *known == name)
    });
    engine.register_fn("keys", move |error: &mut T| -> rhai::Array {
        fields(error).into_iter().map(|(name, _)| name.into()).collect()
    });
}
