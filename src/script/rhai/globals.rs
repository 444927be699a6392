//! Names that every script sees without defining them: `vbox`, `session`, `host`, `client`, `args`, enumerations.
//!
//! They are looked up when used, so a script that needs no connection opens none.

use super::context::Context;
use super::error::{Outcome, raise_unplaced};
use super::functions::arguments;
use super::value::to_dynamic;
use crate::model::{EnumValue, Error, Object, Value};
use rhai::{Dynamic, Engine, EvalContext};
use std::sync::Arc;

/// Makes the names known to an engine.
#[expect(deprecated, reason = "Rhai marks hooks that may change so; its version is pinned, and tests hold this one")]
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    let shared = Arc::clone(shared);
    engine.on_var(move |name, index, context| resolve(&shared, name, index, &context));
}

fn resolve(shared: &Context, name: &str, index: usize, context: &EvalContext) -> Outcome<Option<Dynamic>> {
    // A variable of the script comes first.
    if index > 0 || context.scope().contains(name) {
        if !shared.is_captured(name) {
            return Ok(None);
        }
        let object =
            context.scope().get(name).and_then(|value| value.read_lock::<Object>().map(|object| object.clone()));
        return Ok(object.map(Dynamic::from));
    }
    let world = &shared.world;
    let value = match name {
        "vbox" => world.root().map(Value::Object),
        "session" => world.connection().and_then(|connection| connection.session()).map(Value::Object),
        "host" => world.root().and_then(|root| root.get("host")),
        "client" => world.connection().and_then(|connection| connection.client()).map(Value::Object),
        "args" => return Ok(Some(arguments(shared))),
        _ => return enumeration(shared, name),
    };
    value.map(|value| Some(to_dynamic(value))).map_err(raise_unplaced)
}

/// An enumeration, or one of its values by its flat name (`MachineState_Running`).
fn enumeration(shared: &Context, name: &str) -> Outcome<Option<Dynamic>> {
    if !name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        return Ok(None);
    }
    let schema = shared.schema();
    if let Some(enumeration) = schema.enumeration(name) {
        return Ok(Some(Dynamic::from(enumeration)));
    }
    let flat = name.split_once('_').and_then(|(owner, value)| Some((schema.enumeration(owner)?, value)));
    let Some((enumeration, value)) = flat else { return Ok(None) };
    match enumeration.number(value) {
        Some(number) => Ok(Some(Dynamic::from(EnumValue { enumeration, number }))),
        None => Err(raise_unplaced(Error::usage(
            format!("{} has no value `{value}`", enumeration.name),
            crate::schema::did_you_mean(&enumeration.suggest(value)),
        ))),
    }
}
