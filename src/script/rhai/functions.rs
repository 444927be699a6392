//! What a script has beside the object graph: help, sleep, exit, its surroundings.

use super::context::Context;
use super::error::{Outcome, Stop, mistake, raise, stop};
use super::members::{call_method, set_attribute as set};
use super::value::{EnumType, Structure, to_dynamic};
use crate::model::{EnumValue, Error, Object, Value};
use crate::schema::{Interface, Kind, manual, suggest_topic};
use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Functions of the shell, how they are called, and what they do. `help()` lists them, and wrong
/// calls of them are answered from here.
pub(super) const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("help", "help(topic)", "prints help on a name such as \"IMachine.lockMachine\", or on a value"),
    ("dir", "dir(object)", "names of the members of an object"),
    ("interface_of", "interface_of(object)", "name of the interface of an object"),
    ("queryInterface", "queryInterface(object, \"IName\")", "the object as another interface"),
    ("set", "object.set(\"name\", value)", "writes an attribute; Rhai has no assignment to the result of a call"),
    (
        "session",
        "machine.session(|s| ...)",
        "locks, gives the session, saves and unlocks; \"Write\" or \"VM\" may stand first",
    ),
    ("new_session", "new_session()", "one more session object, unlocked; `session` is always the same one"),
    ("wait", "wait(progress, seconds)", "waits for a progress and throws its failure; seconds are optional"),
    (
        "listen",
        "source.listen(types, seconds, |event| ...)",
        "calls the closure for each event until it gives false; types and seconds are optional",
    ),
    ("events", "source.events(types, seconds)", "the events of the next seconds as an array; types are optional"),
    ("sleep", "sleep(seconds)", "waits"),
    ("exit", "exit(code)", "ends the script"),
    ("env", "env(\"NAME\")", "an environment variable, or ()"),
    ("read_file", "read_file(path)", "a file as text"),
    ("read_blob", "read_blob(path)", "a file as bytes"),
    ("write_file", "write_file(path, data)", "writes text or bytes to a file"),
    ("to_json", "to_json(value)", "a value as JSON text"),
    ("print", "print(value)", "prints a value"),
    ("show", "show(value)", "shows a value as the prompt does; with `--json` as JSON"),
    ("table", "table(columns, rows, empty)", "a table for `show`; `empty`, what to say without rows, is optional"),
    ("format_time", "format_time(milliseconds)", "a time of the API as a date; `host.UTCTime` is now"),
    ("note", "note(text)", "says something beside the data: to standard error, and not with `--quiet`"),
    ("confirm", "confirm(question)", "asks before something is lost, and ends the script unless the answer is yes"),
    ("fail", "fail(message, hint)", "ends the script with a failure, exit code 1; the hint is optional"),
    (
        "parse_args",
        "parse_args(#{arguments: [...], options: [...]})",
        "the script's arguments, checked; `help extensions` shows the form",
    ),
    (
        "register_command",
        "register_command(#{name: \"...\", run: |given| ...})",
        "in an extension file: makes a command",
    ),
    ("run_command", "run_command(\"LINE\")", "in a command of an extension: runs a line of the shell"),
];

/// Makes the functions known to an engine.
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    engine.register_fn("interface_of", |object: Object| object.interface().name);
    engine.register_fn("interface_of", |structure: Structure| structure.interface.name);
    for name in ["queryInterface", "query_interface"] {
        engine.register_fn(name, |context: NativeCallContext, object: Object, interface: ImmutableString| {
            object.query(&interface).map_err(|error| raise(error, &context))
        });
    }
    engine.register_fn("set", |context: NativeCallContext, object: Object, name: ImmutableString, value: Dynamic| {
        set(&object, &name, value, &context)
    });
    engine.register_fn("dir", |object: Object| dir(object.interface(), true));
    engine.register_fn("dir", |structure: Structure| dir(structure.interface, false));
    register_help(engine, shared);
    register_control(engine);
    register_later_members(engine, shared);
    let context = Arc::clone(shared);
    engine.register_fn("new_session", move |call: NativeCallContext| {
        let session = context.world.connection().and_then(|connection| connection.new_session());
        session.map_err(|error| raise(error, &call))
    });
    engine.register_fn("env", |name: ImmutableString| match std::env::var(name.as_str()) {
        Ok(value) => Dynamic::from(value),
        Err(_) => Dynamic::UNIT,
    });
    let ui = shared.world.ui().clone();
    engine.on_print(move |text| ui.print(text));
    let ui = shared.world.ui().clone();
    engine.on_debug(move |text, _, _| ui.print(text));
}

fn register_help(engine: &mut Engine, shared: &Arc<Context>) {
    let context = Arc::clone(shared);
    engine.register_fn("help", move || context.world.ui().print(&overview()));
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, topic: ImmutableString| {
        print_page(&context, &topic, &call)
    });
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, object: Object| {
        print_page(&context, object.interface().name, &call)
    });
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, structure: Structure| {
        print_page(&context, structure.interface.name, &call)
    });
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, enumeration: EnumType| {
        print_page(&context, enumeration.name, &call)
    });
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, value: EnumValue| {
        print_page(&context, &format!("{}.{value}", value.enumeration.name), &call)
    });
    let context = Arc::clone(shared);
    engine.register_fn("help", move |call: NativeCallContext, object: Object, member: ImmutableString| {
        print_page(&context, &format!("{}.{member}", object.interface().name), &call)
    });
}

fn print_page(context: &Context, topic: &str, call: &NativeCallContext) -> Outcome<()> {
    let schema = context.schema();
    let own = || {
        let (_, usage, what) = FUNCTIONS.iter().find(|(name, ..)| *name == topic)?;
        Some(format!("{usage}\n{what}"))
    };
    let Some(page) = own().or_else(|| manual(schema, topic)) else {
        let near = suggest_topic(schema, topic);
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        return Err(mistake(format!("there is no help on `{topic}`"), crate::schema::did_you_mean(&near), call));
    };
    context.world.ui().print(&page);
    Ok(())
}

fn overview() -> String {
    let widest = FUNCTIONS.iter().map(|(_, usage, _)| usage.len()).max().unwrap_or(0);
    let mut text =
        "Start from `vbox`, `session` and `host` (over XPCOM there is `client`, too); enumerations go by their names \
         (`MachineState.Running`).\n"
            .to_owned();
    for (_, usage, what) in FUNCTIONS {
        text += &format!("\n  {usage:widest$}  {what}");
    }
    text
}

/// Member names, attributes before methods.
fn dir(interface: &'static Interface, methods: bool) -> Array {
    let attributes = interface.attributes().into_iter().map(|attribute| attribute.name);
    let methods = if methods { interface.methods() } else { Vec::new() };
    attributes.chain(methods.into_iter().map(|method| method.name)).map(Dynamic::from).collect()
}

fn register_control(engine: &mut Engine) {
    engine.register_fn("sleep", |context: NativeCallContext, seconds: i64| sleep(seconds as f64, &context));
    engine.register_fn("sleep", |context: NativeCallContext, seconds: f64| sleep(seconds, &context));
    // Rhai's own `exit` ends the script with a value, as if it were the script's last.
    engine.register_fn("exit", |context: NativeCallContext| exit(0, &context));
    engine.register_fn("exit", |context: NativeCallContext, code: i64| exit(code, &context));
    // Rhai has an `exit` of its own for any value; it would end the script as if all were well.
    engine.register_fn("exit", |context: NativeCallContext, code: Dynamic| -> Outcome<Dynamic> {
        Err(mistake(format!("`exit` wants a number, not {code}"), "an exit code is a number from 0 to 255", &context))
    });
}

fn sleep(seconds: f64, context: &NativeCallContext) -> Outcome<()> {
    let time = duration(seconds, context)?;
    crate::model::Interrupt::global().sleep(time).map_err(|error| raise(error, context))
}

fn exit(code: i64, context: &NativeCallContext) -> Outcome<Dynamic> {
    match i32::try_from(code) {
        Ok(code @ 0..=255) => Err(stop(Stop::Exit(code), context.call_position())),
        _ => Err(mistake(format!("{code} is no exit code"), "it is a number from 0 to 255", context)),
    }
}

/// Seconds as a time.
pub(super) fn duration(seconds: f64, context: &NativeCallContext) -> Outcome<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| mistake(format!("{seconds} is no number of seconds"), "give 0 or more", context))
}

/// Methods that no module has (the connected release's own, rare spellings, the snake case of a closure
/// made by name), and notes for error
/// messages about all other calls that found no function.
#[expect(deprecated, reason = "Rhai marks hooks that may change so; its version is pinned, and tests hold this one")]
fn register_later_members(engine: &mut Engine, shared: &Arc<Context>) {
    use super::context::{Missing, MissingOn};
    let shared = Arc::clone(shared);
    engine.on_missing_function(move |name, arguments, _, context| {
        // Rhai comes here after every failed call of a native function, and with closures that it
        // tries as methods; only calls that found nothing matter.
        if !name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_') || name.starts_with("anon$")
        {
            return Ok(None);
        }
        let object = arguments.first().and_then(|first| first.read_lock::<Object>().map(|object| object.clone()));
        let Some(object) = object else {
            let null = arguments.first().is_some_and(|first| first.is_unit());
            let on = if null { MissingOn::Null } else { MissingOn::Other };
            shared.note_missing(Missing { name: name.to_owned(), on });
            return Ok(None);
        };
        let given = arguments.len() - 1;
        if super::members::is_registered(name, given, shared.has_snake_case.load(Ordering::Relaxed)) {
            return Ok(None);
        }
        let error = refusal(&object, name, given);
        if error.is_none() && object.interface().method(name).is_some() {
            let values = arguments.iter_mut().skip(1).map(|argument| argument.take()).collect();
            let engine = context.engine();
            let call = NativeCallContext::new_with_all_fields(
                engine,
                name,
                None,
                context.global_runtime_state(),
                rhai::Position::NONE,
            );
            return call_method(&object, name, values, &call).map(Some);
        }
        shared.note_missing(Missing { name: name.to_owned(), on: MissingOn::Object(error) });
        Ok(None)
    });
}

/// Why the model would refuse a call before anything is sent; `None` when it would send it.
fn refusal(object: &Object, name: &str, given: usize) -> Option<Error> {
    let Some(method) = object.interface().method(name) else {
        // Nothing is sent: there is no such method.
        return object.call(name, Vec::new()).err();
    };
    let inputs: Vec<_> = method.inputs().collect();
    let optional = inputs.iter().rev().take_while(|input| {
        input.kind.array || matches!(input.kind.kind, Kind::String | Kind::Uuid | Kind::AnyObject | Kind::Interface(_))
    });
    let (least, most) = (inputs.len() - optional.count(), inputs.len());
    if (least..=most).contains(&given) {
        return None;
    }
    let wanted = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let plural = if most == 1 { "" } else { "s" };
    Some(Error::usage(
        format!("{}.{} wants {wanted} argument{plural}, not {given}", method.owner, method.name),
        format!("its signature: `{method}`"),
    ))
}

/// The arguments of the running script.
pub(super) fn arguments(context: &Context) -> Dynamic {
    let arguments = context.arguments.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    to_dynamic(Value::List(arguments.iter().map(|argument| Value::from(argument.as_str())).collect()))
}
