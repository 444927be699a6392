//! Errors on their way through a script: thrown, caught, thrown again.

use super::value::to_dynamic;
use crate::model::{ApiError, Error, Value};
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

impl ScriptError {
    fn field(&self, name: &str) -> Option<Value> {
        self.fields().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

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
