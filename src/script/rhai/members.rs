//! The members of all objects as Rhai functions: one module for the whole process.
//!
//! One function for each method name and number of arguments, attributes through string indexers.
//! They are `Pure` functions: a `Method` counts as a change of the object, and Rhai then writes the
//! object back into the attribute it came from.

use super::error::{Outcome, mistake, raise};
use super::value::{Structure, from_dynamic, to_dynamic};
use super::write_back;
use crate::model::{Object, Value};
use crate::schema::{embedded, snake_case};
use rhai::{Dynamic, FuncRegistration, ImmutableString, Module, NativeCallContext, RhaiFunc, Shared};
use std::any::TypeId;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// Rhai finds no function by wildcard beyond this many arguments, the object among them.
const MOST_ARGUMENTS: usize = 16;

/// Rhai's name for index setters; `new_index_setter` would say that they change the object.
const INDEX_SETTER: &str = "index$set$";

type Arguments<'a> = [&'a mut Dynamic];
type Function = fn(&NativeCallContext, &mut Arguments) -> Outcome<Dynamic>;

/// The module of everything as the API spells it, built when first asked for.
pub(super) fn module() -> Shared<Module> {
    static MODULE: OnceLock<Shared<Module>> = OnceLock::new();
    MODULE.get_or_init(|| Shared::new(build())).clone()
}

/// The module of the methods in snake case. It takes as long to build as the other one, and most
/// scripts do without it (see [`wants_snake_case`]).
pub(super) fn snake_case_module() -> Shared<Module> {
    static MODULE: OnceLock<Shared<Module>> = OnceLock::new();
    let build = || {
        let mut module = Module::new();
        add_methods(&mut module, |name| match snake_case(name) {
            Cow::Borrowed(_) => None,
            spelling => Some(spelling),
        });
        Shared::new(module)
    };
    MODULE.get_or_init(build).clone()
}

/// Whether a source calls a method by its snake-case name, or imports a file, which might.
pub(super) fn wants_snake_case(source: &str) -> bool {
    static NAMES: OnceLock<HashSet<String>> = OnceLock::new();
    if source.contains("import") {
        return true;
    }
    source.match_indices('(').any(|(at, _)| {
        let words = source[..at].trim_end().rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        words.take(1).any(|name| name.contains('_') && NAMES.get_or_init(snake_case_names).contains(name))
    })
}

fn snake_case_names() -> HashSet<String> {
    embedded().method_shapes().iter().map(|shape| snake_case(shape.name).into_owned()).collect()
}

/// Whether a module has a function for a call with so many arguments behind the object.
pub(super) fn is_registered(name: &str, arguments: usize, snake_case_too: bool) -> bool {
    static NAMES: OnceLock<HashMap<String, (u32, bool)>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let mut names = HashMap::new();
        for shape in embedded().method_shapes() {
            let known = shape.arities().filter(|count| *count < MOST_ARGUMENTS);
            let arities = known.fold(0, |bits, count| bits | 1 << count);
            names.insert(snake_case(shape.name).into_owned(), (arities, true));
            names.insert(shape.name.to_owned(), (arities, false));
        }
        names
    });
    let Some((arities, snake)) = names.get(name) else { return false };
    (snake_case_too || !snake) && arguments < MOST_ARGUMENTS && arities & (1 << arguments) != 0
}

fn build() -> Module {
    let mut module = Module::new();
    let object = TypeId::of::<Object>();
    let text = TypeId::of::<ImmutableString>();
    let any = TypeId::of::<Dynamic>();
    add_methods(&mut module, |name| Some(Cow::Borrowed(name)));
    add(&mut module, FuncRegistration::new_index_getter(), &[object, text], &function(get));
    add(&mut module, FuncRegistration::new(INDEX_SETTER), &[object, text, any], &function(set));
    let structure = TypeId::of::<Structure>();
    add(&mut module, FuncRegistration::new_index_getter(), &[structure, text], &function(get_field));
    add(&mut module, FuncRegistration::new(INDEX_SETTER), &[structure, text, any], &function(set_field));
    module
}

/// One function for each method and number of arguments, in one spelling.
fn add_methods(module: &mut Module, spelling: impl Fn(&'static str) -> Option<Cow<'static, str>>) {
    let object = TypeId::of::<Object>();
    let mut types = vec![TypeId::of::<Dynamic>(); MOST_ARGUMENTS];
    types[0] = object;
    let (call, spread) = (function(call), function(spread));
    for shape in embedded().method_shapes() {
        let Some(name) = spelling(shape.name) else { continue };
        for count in shape.arities() {
            match types.get(..=count) {
                Some(types) => add(module, FuncRegistration::new(&*name), types, &call),
                None => add(module, FuncRegistration::new(&*name), &[object, TypeId::of::<rhai::Array>()], &spread),
            }
        }
    }
}

fn add(module: &mut Module, registration: FuncRegistration, types: &[TypeId], function: &RhaiFunc) {
    registration.in_global_namespace().set_into_module_raw(module, types, function.clone());
}

fn function(function: Function) -> RhaiFunc {
    RhaiFunc::Pure {
        func: Shared::new(move |context: Option<NativeCallContext>, arguments: &mut Arguments| match context {
            Some(context) => function(&context, arguments),
            // Rhai gives every function its context that was registered with `has_context`.
            None => Ok(Dynamic::UNIT),
        }),
        has_context: true,
        is_pure: true,
        is_volatile: true,
    }
}

/// The object that a function is called on. Rhai matched the type before.
fn object_of(arguments: &Arguments, context: &NativeCallContext) -> Outcome<Object> {
    let object = arguments.first().and_then(|first| first.read_lock::<Object>().map(|object| object.clone()));
    object.ok_or_else(|| mistake(format!("`{}` wants an object", context.fn_name()), "", context))
}

fn text_of(argument: Option<&mut &mut Dynamic>) -> ImmutableString {
    argument.and_then(|name| name.read_lock::<ImmutableString>().map(|name| name.clone())).unwrap_or_default()
}

fn call(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let object = object_of(arguments, context)?;
    let values = arguments.iter_mut().skip(1).map(|argument| argument.take()).collect();
    call_method(&object, context.fn_name(), values, context)
}

fn spread(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let object = object_of(arguments, context)?;
    let values = arguments.get_mut(1).map(|list| list.take()).and_then(Dynamic::try_cast::<rhai::Array>);
    call_method(&object, context.fn_name(), values.unwrap_or_default(), context)
}

/// Calls a method with a script's arguments.
pub(super) fn call_method(
    object: &Object,
    name: &str,
    arguments: Vec<Dynamic>,
    context: &NativeCallContext,
) -> Outcome<Dynamic> {
    let values = arguments.into_iter().map(from_dynamic).collect::<Result<Vec<Value>, String>>();
    let values = values.map_err(|kind| {
        let hint =
            object.interface().method(name).map(|method| format!("its signature: `{method}`")).unwrap_or_default();
        mistake(format!("{}.{name} takes no {kind}", object.interface().name), hint, context)
    })?;
    object.call(name, values).map(to_dynamic).map_err(|error| raise(error, context))
}

fn get(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let object = object_of(arguments, context)?;
    let name = text_of(arguments.get_mut(1));
    let value = object.get(&name).map_err(|error| raise(error, context))?;
    write_back::remember(&object, &name, context.call_position(), &value);
    Ok(to_dynamic(value))
}

fn set(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let object = object_of(arguments, context)?;
    let name = text_of(arguments.get_mut(1));
    let value = arguments.get_mut(2).map(|value| value.take()).unwrap_or_default();
    set_attribute(&object, &name, value, context).map(|()| Dynamic::UNIT)
}

/// Writes an attribute with a script's value.
pub(super) fn set_attribute(object: &Object, name: &str, value: Dynamic, context: &NativeCallContext) -> Outcome<()> {
    let value = from_dynamic(value)
        .map_err(|kind| mistake(format!("{}.{name} takes no {kind}", object.interface().name), "", context))?;
    if write_back::is_unchanged(object, name, context.call_position(), &value) {
        return Ok(());
    }
    object.set(name, value).map_err(|error| raise(error, context))
}

fn structure_of(arguments: &Arguments) -> Option<Structure> {
    arguments.first()?.read_lock::<Structure>().map(|structure| structure.clone())
}

fn get_field(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let Some(structure) = structure_of(arguments) else { return Ok(Dynamic::UNIT) };
    let name = text_of(arguments.get_mut(1));
    if let Some(value) = structure.get(&name) {
        return Ok(to_dynamic(value.clone()));
    }
    let near = structure.interface.suggest(&name);
    Err(mistake(
        format!("{} has no attribute `{name}`", structure.interface.name),
        crate::schema::did_you_mean(&near),
        context,
    ))
}

fn set_field(context: &NativeCallContext, arguments: &mut Arguments) -> Outcome<Dynamic> {
    let interface = structure_of(arguments).map_or("", |structure| structure.interface.name);
    Err(mistake(
        format!("`{}` of {interface} cannot be written: the value is a copy", text_of(arguments.get_mut(1))),
        "change it by a method of the object it came from",
        context,
    ))
}
