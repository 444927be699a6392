//! `listen` and `events`: passive listeners as loops.

use super::error::{Outcome, Stop, mistake, raise, stop_of};
use super::functions::duration;
use super::value::{from_dynamic, to_dynamic};
use crate::model::{Error, EventListener, Interrupt, Object, Value};
use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};
use std::time::{Duration, Instant};

/// For ever, as far as a script is concerned.
const FOR_EVER: Duration = Duration::MAX;

/// Makes the functions known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("listen", |context: NativeCallContext, source: Object, work: FnPtr| {
        listen(&context, &source, Vec::new(), FOR_EVER, &work)
    });
    engine.register_fn("listen", |context: NativeCallContext, source: Object, limit: Dynamic, work: FnPtr| {
        let (types, time) = limits(&context, limit)?;
        listen(&context, &source, types, time, &work)
    });
    engine.register_fn(
        "listen",
        |context: NativeCallContext, source: Object, types: Array, seconds: Dynamic, work: FnPtr| {
            let time = seconds_of(&context, &seconds)?;
            listen(&context, &source, type_list(&context, types)?, time, &work)
        },
    );
    engine.register_fn("events", |context: NativeCallContext, source: Object, seconds: Dynamic| {
        let time = seconds_of(&context, &seconds)?;
        collect(&context, &source, Vec::new(), time)
    });
    engine.register_fn("events", |context: NativeCallContext, source: Object, types: Array, seconds: Dynamic| {
        let time = seconds_of(&context, &seconds)?;
        collect(&context, &source, type_list(&context, types)?, time)
    });
}

/// One argument that is either a list of types or a time.
fn limits(context: &NativeCallContext, limit: Dynamic) -> Outcome<(Vec<Value>, Duration)> {
    match limit.try_cast_result::<Array>() {
        Ok(types) => Ok((type_list(context, types)?, FOR_EVER)),
        Err(other) => Ok((Vec::new(), seconds_of(context, &other)?)),
    }
}

fn seconds_of(context: &NativeCallContext, seconds: &Dynamic) -> Outcome<Duration> {
    let number = seconds.as_float().or_else(|_| seconds.as_int().map(|whole| whole as f64));
    match number {
        Ok(number) => duration(number, context),
        Err(kind) => Err(mistake(
            format!("a number of seconds is wanted, not {kind}"),
            "event types stand in brackets: `[\"OnMachineStateChanged\"]`",
            context,
        )),
    }
}

fn type_list(context: &NativeCallContext, types: Array) -> Outcome<Vec<Value>> {
    let values = types.into_iter().map(from_dynamic).collect::<Result<_, _>>();
    values.map_err(|kind| {
        mistake(format!("an event type is a name, not {kind}"), "`help VBoxEventType` lists them", context)
    })
}

/// The event source that an object is, or has.
fn source_of(object: &Object) -> Result<Object, Error> {
    let interface = object.interface();
    if interface.extends("IEventSource") {
        return Ok(object.clone());
    }
    if interface.attribute("eventSource").is_none() {
        return Err(Error::usage(
            format!("{} has no events", interface.name),
            "`vbox`, a machine's console and other objects with an `eventSource` have",
        ));
    }
    match object.get("eventSource")? {
        Value::Object(source) => Ok(source),
        _ => Err(Error::usage(format!("the event source of this {} is null", interface.name), "")),
    }
}

/// Calls `work` for each event, until it gives `false`, the time is over or the user presses Ctrl-C.
/// Gives the number of events.
fn listen(
    context: &NativeCallContext,
    object: &Object,
    types: Vec<Value>,
    time: Duration,
    work: &FnPtr,
) -> Outcome<i64> {
    let mut count = 0;
    for_each(context, object, types, time, |event| {
        count += 1;
        let go_on = work.call_within_context::<Dynamic>(context, (event,));
        match go_on {
            Err(error) if matches!(stop_of(&error), Some(Stop::Interrupted)) => {
                Interrupt::global().clear();
                Ok(false)
            }
            other => other.map(|go_on| go_on.as_bool() != Ok(false)),
        }
    })?;
    Ok(count)
}

fn collect(context: &NativeCallContext, object: &Object, types: Vec<Value>, time: Duration) -> Outcome<Array> {
    let mut events = Array::new();
    for_each(context, object, types, time, |event| {
        events.push(to_dynamic(Value::Object(event)));
        Ok(true)
    })?;
    Ok(events)
}

fn for_each(
    context: &NativeCallContext,
    object: &Object,
    types: Vec<Value>,
    time: Duration,
    mut work: impl FnMut(Object) -> Outcome<bool>,
) -> Outcome<()> {
    let throw = |error| raise(error, context);
    let listener = EventListener::open(&source_of(object).map_err(throw)?, types).map_err(throw)?;
    let end = Instant::now().checked_add(time);
    loop {
        let left = end.map_or(FOR_EVER, |end| end.saturating_duration_since(Instant::now()));
        let event = match listener.next(left) {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(()),
            Err(Error::Interrupted) => {
                // Ctrl-C ends the loop, not the script.
                Interrupt::global().clear();
                return Ok(());
            }
            Err(error) => return Err(throw(error)),
        };
        let go_on = work(event.clone());
        // An event that may be vetoed holds others up until it is acknowledged, also after an error.
        let acknowledged = listener.processed(&event);
        if !go_on? {
            return Ok(());
        }
        acknowledged.map_err(throw)?;
    }
}
