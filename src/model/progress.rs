//! Waiting for an `IProgress`, with reports on the way.

use super::{ApiError, Error, Interrupt, Object, Result, Value};
use std::time::{Duration, Instant};

/// How far a piece of long work is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressReport {
    /// What the whole is (`Starting VM`).
    pub description: String,
    /// What is being done now.
    pub operation: String,
    /// 0 to 100.
    pub percent: i64,
    /// Seconds; `None` when unknown.
    pub time_remaining: Option<i64>,
    /// Whether it can be cancelled.
    pub cancelable: bool,
}

/// Waits until `progress` is complete and gives its failure as an error. `report` is called now and
/// then with how far it is. After Ctrl-C, `cancel` decides: true cancels (when the work can be
/// cancelled), false leaves the work to itself; either way the wait ends as interrupted.
///
/// # Errors
/// The failure of the work, [`Error::TimedOut`] after `time`, [`Error::Interrupted`].
pub fn wait_for_progress(
    progress: &Object,
    time: Option<Duration>,
    report: &mut dyn FnMut(&ProgressReport),
    cancel: &mut dyn FnMut(&ProgressReport) -> bool,
) -> Result<()> {
    let start = Instant::now();
    let mut slice = 5;
    loop {
        match progress.call("waitForCompletion", vec![Value::Int(slice)]) {
            Err(Error::Interrupted) => return interrupted(progress, cancel),
            other => other?,
        };
        if progress.get("completed")?.as_bool() == Some(true) {
            report(&ProgressReport { percent: 100, time_remaining: Some(0), ..read(progress)? });
            return outcome(progress);
        }
        report(&read(progress)?);
        if time.is_some_and(|time| start.elapsed() >= time) {
            let what = text(progress, "description");
            return Err(Error::TimedOut { what, seconds: start.elapsed().as_secs_f64() });
        }
        // Short work is over soon; long work is asked ten times a second.
        slice = (slice * 2).min(100);
    }
}

fn interrupted(progress: &Object, cancel: &mut dyn FnMut(&ProgressReport) -> bool) -> Result<()> {
    let interrupt = Interrupt::global();
    interrupt.clear();
    let report = read(progress)?;
    if report.cancelable && cancel(&report) {
        progress.call("cancel", Vec::new())?;
    }
    Err(Error::Interrupted)
}

fn read(progress: &Object) -> Result<ProgressReport> {
    let number = |name| progress.get(name).map(|value| value.as_int());
    Ok(ProgressReport {
        description: text(progress, "description"),
        operation: text(progress, "operationDescription"),
        percent: number("percent")?.unwrap_or_default().clamp(0, 100),
        time_remaining: number("timeRemaining")?.filter(|seconds| *seconds >= 0),
        cancelable: progress.get("cancelable")?.as_bool() == Some(true),
    })
}

fn text(object: &Object, name: &str) -> String {
    object.get(name).ok().and_then(|value| value.as_text().map(str::to_owned)).unwrap_or_default()
}

fn outcome(progress: &Object) -> Result<()> {
    let code = progress.get("resultCode")?.as_int().unwrap_or_default();
    // The code travels as a signed 32-bit number; only the bits count.
    let code = code as u32;
    if code == 0 {
        return Ok(());
    }
    let error = match progress.get("errorInfo")? {
        Value::Object(info) => ApiError { code, ..error_info(&info, 0) },
        _ => ApiError { code, ..ApiError::default() },
    };
    let description = text(progress, "description");
    Err(Error::Api { operation: description, error: Box::new(error) })
}

/// Reads an `IVirtualBoxErrorInfo` and the errors behind it.
fn error_info(info: &Object, depth: usize) -> ApiError {
    let next = match info.get("next") {
        Ok(Value::Object(next)) if depth < 16 => Some(Box::new(error_info(&next, depth + 1))),
        _ => None,
    };
    let code = info.get("resultCode").ok().and_then(|value| value.as_int()).unwrap_or_default();
    ApiError {
        code: code as u32,
        message: text(info, "text"),
        component: text(info, "component"),
        interface: super::member::interface_name(info, &text(info, "interfaceID")),
        next,
    }
}
