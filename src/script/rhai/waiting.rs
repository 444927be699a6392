//! `wait(progress)`: a bar, a way to cancel, and the failure as an error.

use super::context::Context;
use super::error::{Outcome, mistake, raise};
use super::functions::duration;
use crate::model::Object;
use rhai::{Engine, NativeCallContext};
use std::sync::Arc;
use std::time::Duration;

/// Makes `wait` known to an engine.
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    let shared_once = Arc::clone(shared);
    engine.register_fn("wait", move |context: NativeCallContext, progress: Object| {
        wait(&shared_once, &context, &progress, None)
    });
    let shared_once = Arc::clone(shared);
    engine.register_fn("wait", move |context: NativeCallContext, progress: Object, seconds: i64| {
        let time = duration(seconds as f64, &context)?;
        wait(&shared_once, &context, &progress, Some(time))
    });
    let shared_once = Arc::clone(shared);
    engine.register_fn("wait", move |context: NativeCallContext, progress: Object, seconds: f64| {
        let time = duration(seconds, &context)?;
        wait(&shared_once, &context, &progress, Some(time))
    });
}

fn wait(shared: &Context, context: &NativeCallContext, progress: &Object, time: Option<Duration>) -> Outcome<()> {
    if !progress.interface().extends("IProgress") {
        return Err(mistake(
            format!("`wait` wants an IProgress, not an {}", progress.interface().name),
            "methods that take long give one: `wait(machine.launchVMProcess(session, \"headless\"))`",
            context,
        ));
    }
    crate::shell::wait(&shared.world, progress, time).map_err(|error| raise(error, context))
}
