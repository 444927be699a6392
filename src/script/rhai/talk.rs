//! How a script speaks to its user: its arguments, tables, talk, questions, and failing on purpose.

use super::context::Context;
use super::error::{Outcome, Stop, raise, stop};
use super::functions::arguments;
use super::value::{from_any, to_dynamic};
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Reply, Table, format_time};
use crate::script::tables::table;
use crate::shell::{Registered, command_manual, consent};
use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};
use std::sync::Arc;

/// Makes the functions known to an engine.
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    engine.register_type_with_name::<Arc<Table>>("Table");
    engine.register_fn("table", |call: NativeCallContext, columns: Array, rows: Array| make(&call, columns, rows, ""));
    engine.register_fn("table", |call: NativeCallContext, columns: Array, rows: Array, empty: ImmutableString| {
        make(&call, columns, rows, &empty)
    });
    let context = Arc::clone(shared);
    engine.register_fn("show", move |call: NativeCallContext, value: Dynamic| -> Outcome<()> {
        context.world.ui().reply(&reply(value)).map_err(|failure| failed(failure, &call))
    });
    engine.register_fn("format_time", |milliseconds: i64| format_time(milliseconds).unwrap_or_default());
    let context = Arc::clone(shared);
    engine.register_fn("note", move |text: ImmutableString| context.world.ui().note(&text));
    let context = Arc::clone(shared);
    engine.register_fn("confirm", move |call: NativeCallContext, question: ImmutableString| {
        consent(&context.world, &question).map_err(|error| failed(error.into(), &call))
    });
    engine.register_fn("fail", |call: NativeCallContext, message: ImmutableString| -> Outcome<()> {
        Err(failed(Failure::new(ErrorKind::Failed, message), &call))
    });
    engine.register_fn(
        "fail",
        |call: NativeCallContext, message: ImmutableString, hint: ImmutableString| -> Outcome<()> {
            Err(failed(Failure::new(ErrorKind::Failed, message).hinted(hint), &call))
        },
    );
    let context = Arc::clone(shared);
    engine.register_fn("parse_args", move |call: NativeCallContext, form: Map| parse(&context, &call, form));
}

/// What a value is to the shell.
pub(super) fn reply(value: Dynamic) -> Reply {
    match value.try_cast_result::<Arc<Table>>() {
        Ok(table) => Reply::Table((*table).clone()),
        Err(value) => match from_any(value) {
            Value::Null => Reply::Nothing,
            value => Reply::Value(value),
        },
    }
}

fn make(call: &NativeCallContext, columns: Array, rows: Array, empty: &str) -> Outcome<Dynamic> {
    let made = table(from_any(columns.into()), from_any(rows.into()), empty).map_err(|error| raise(error, call))?;
    Ok(Dynamic::from(Arc::new(made)))
}

/// Ends the script with a failure of its own.
fn failed(failure: Failure, call: &NativeCallContext) -> Box<rhai::EvalAltResult> {
    stop(Stop::Failed(Arc::new(failure)), call.call_position())
}

/// The arguments of a script, by the form that commands have.
fn parse(context: &Context, call: &NativeCallContext, form: Map) -> Outcome<Dynamic> {
    let script = call.call_source().map(std::path::Path::new).and_then(std::path::Path::file_name);
    let name = script.map_or("script".into(), |name| name.to_string_lossy());
    let registered = Registered::read(&from_any(form.into()), &name).map_err(|error| raise(error, call))?;
    let words = match from_any(arguments(context)) {
        Value::List(words) => words.iter().filter_map(|word| word.as_text().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    if words.iter().any(|word: &String| word == "--help") {
        context.world.ui().print(&command_manual(&registered.command));
        return Err(stop(Stop::Exit(0), call.call_position()));
    }
    registered.of_script(words, &context.world).map(to_dynamic).map_err(|failure| failed(failure, call))
}
