//! `machine.session(|s| ...)`: a lock that is always given back.

use super::error::{Outcome, mistake, raise};
use super::value::from_dynamic;
use crate::model::{Object, SessionGuard, Value};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};

/// A shared lock works on a machine that runs and, there being no other lock, on one that does not.
const USUAL: &str = "Shared";

/// Makes `session` known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("session", |context: NativeCallContext, machine: Object, work: FnPtr| {
        session(&context, &machine, USUAL, &work)
    });
    engine.register_fn("session", |context: NativeCallContext, machine: Object, lock: Dynamic, work: FnPtr| {
        let lock = match from_dynamic(lock) {
            Ok(Value::Text(name)) => name,
            Ok(Value::Enum(value)) => value.to_string(),
            _ => {
                return Err(mistake(
                    "the lock type of `session` is a name",
                    "`\"Shared\"`, `\"Write\"` or `\"VM\"`",
                    &context,
                ));
            }
        };
        session(&context, &machine, &lock, &work)
    });
}

/// Locks, runs, saves and unlocks. After an error nothing is saved, and the lock is given back.
fn session(context: &NativeCallContext, machine: &Object, lock: &str, work: &FnPtr) -> Outcome<Dynamic> {
    if !machine.interface().extends("IMachine") {
        return Err(mistake(
            format!("`session` locks an IMachine, not an {}", machine.interface().name),
            "`vbox.findMachine(\"NAME\").session(|s| ...)`",
            context,
        ));
    }
    let guard = SessionGuard::lock(machine, lock).map_err(|error| raise(error, context))?;
    let result = work.call_within_context::<Dynamic>(context, (guard.session().clone(),))?;
    guard.finish().map_err(|error| raise(error, context))?;
    Ok(result)
}
