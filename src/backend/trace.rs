//! A transport that writes down the calls it passes on: one JSON object a line, with the names of the
//! API, for people to read and for [`Replay`](super::replay::Replay) to answer from.
//!
//! Secrets are masked before they reach the file, which is its owner's alone. A trace that cannot be
//! written any more never breaks a call.

pub(super) mod form;
mod mask;
#[cfg(test)]
mod tests;

use crate::model::{Handle, Operation, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema};
use serde_json::{Map, Value as Json, json};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Number of the form of a trace; rises when an older program could not read it.
pub(super) const FORMAT: u64 = 1;

/// A transport and the trace of its calls.
pub struct Traced {
    inner: Arc<dyn Transport>,
    output: Mutex<Output>,
    start: Instant,
}

struct Output {
    to: Box<dyn Write + Send>,
    /// Why nothing is written any more.
    failure: Option<io::Error>,
}

impl Traced {
    /// Traces into a new file, or over an old one; nobody but its owner can read it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn to_file(inner: Arc<dyn Transport>, file: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(file)?;
        // One that was there keeps its permissions; a pipe or a terminal has none to change.
        #[cfg(unix)]
        if opened.metadata()?.is_file() {
            opened.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        Self::to_writer(inner, Box::new(opened))
    }

    /// Traces into anything.
    ///
    /// # Errors
    /// The first line cannot be written.
    pub fn to_writer(inner: Arc<dyn Transport>, to: Box<dyn Write + Send>) -> io::Result<Self> {
        let version = inner.schema().version();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let header = json!({
            "trace": FORMAT,
            "program": concat!("vboxsh ", env!("CARGO_PKG_VERSION")),
            "schema": { "version": version.full, "api": version.api, "revision": version.revision },
            "backend": inner.name(),
            "connection": inner.describe(),
            "parallelism": inner.parallelism(),
            "unix_time": since.as_secs(),
        });
        let traced = Self { inner, output: Mutex::new(Output { to, failure: None }), start: Instant::now() };
        traced.write(&header);
        let failure = traced.lock().failure.take();
        failure.map_or(Ok(traced), Err)
    }

    /// Why the trace has an end before the connection has; `None` as long as it is whole.
    pub fn failure(&self) -> Option<String> {
        self.lock().failure.as_ref().map(io::Error::to_string)
    }

    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: &Json) {
        let mut text = line.to_string();
        text.push('\n');
        let mut output = self.lock();
        if output.failure.is_some() {
            return;
        }
        // Each line at once: the trace of a crash has its last call.
        if let Err(error) = output.to.write_all(text.as_bytes()).and_then(|()| output.to.flush()) {
            output.failure = Some(error);
        }
    }

    /// Writes what was done to an object, when, how long it took, and what came of it.
    fn note<T>(
        &self,
        verb: &str,
        since: Instant,
        more: Map<String, Json>,
        result: &Result<T>,
        shown: impl FnOnce(&T) -> Json,
    ) {
        let mut line = self.start_line(verb, since);
        line.extend(more);
        match result {
            Ok(value) => line.insert("result".to_owned(), shown(value)),
            Err(error) => line.insert("error".to_owned(), form::write_error(error, &str::to_owned)),
        };
        self.write(&Json::Object(line));
    }

    fn start_line(&self, verb: &str, since: Instant) -> Map<String, Json> {
        let mut line = Map::new();
        line.insert("do".to_owned(), json!(verb));
        line.insert("at_ms".to_owned(), milliseconds(since.duration_since(self.start)));
        line.insert("took_ms".to_owned(), milliseconds(since.elapsed()));
        line
    }
}

/// To the microsecond.
fn milliseconds(time: Duration) -> Json {
    json!(time.as_micros() as f64 / 1000.0)
}

/// A call as it stands in a trace: what tells it from others, and its secrets.
pub(super) struct Written {
    pub(super) target: String,
    pub(super) member: String,
    pub(super) arguments: Map<String, Json>,
    pub(super) secrets: Vec<String>,
}

/// Writes a call with its results, without what is secret.
pub(super) fn write_call(request: &Request<'_>, results: &mut Map<String, Json>) -> Written {
    let operation = &request.operation;
    let mut arguments = form::write_named(&form::inputs(operation), request.arguments);
    let secrets = mask::mask(operation.name(), &mut arguments, results);
    Written { target: form::write_handle(request.target), member: operation.to_string(), arguments, secrets }
}

impl Transport for Traced {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn schema(&self) -> &'static Schema {
        self.inner.schema()
    }

    fn open_session(&self) -> Result<Handle> {
        let since = Instant::now();
        let result = self.inner.open_session();
        self.note("open session", since, Map::new(), &result, |handle| json!(form::write_handle(handle)));
        result
    }

    fn client(&self) -> Result<Handle> {
        let since = Instant::now();
        let result = self.inner.client();
        self.note("client", since, Map::new(), &result, |handle| json!(form::write_handle(handle)));
        result
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let since = Instant::now();
        let result = self.inner.invoke(request);
        let mut line = self.start_line(form::verb(&request.operation), since);
        let mut results = match &result {
            Ok(values) => form::write_named(&form::outputs(&request.operation), values),
            Err(_) => Map::new(),
        };
        let written = write_call(&request, &mut results);
        line.insert("target".to_owned(), json!(written.target));
        line.insert("member".to_owned(), json!(written.member));
        if !matches!(request.operation, Operation::Get(_)) {
            line.insert("arguments".to_owned(), Json::Object(written.arguments));
        }
        if let Some(waits) = request.waits {
            line.insert("waits_ms".to_owned(), milliseconds(waits));
        }
        match &result {
            Ok(_) => line.insert("results".to_owned(), Json::Object(results)),
            Err(error) => {
                let text = |text: &str| mask::mask_text(text, &written.secrets);
                line.insert("error".to_owned(), form::write_error(error, &text))
            }
        };
        self.write(&Json::Object(line));
        result
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let since = Instant::now();
        let result = self.inner.query_interface(target, interface);
        let mut more = Map::new();
        more.insert("target".to_owned(), json!(form::write_handle(target)));
        more.insert("interface".to_owned(), json!(interface.name));
        self.note("query interface", since, more, &result, |handle| json!(handle.as_ref().map(form::write_handle)));
        result
    }

    fn release(&self, handles: &[Handle]) {
        let since = Instant::now();
        self.inner.release(handles);
        let mut line = self.start_line("release", since);
        line.insert("targets".to_owned(), handles.iter().map(form::write_handle).collect());
        self.write(&Json::Object(line));
    }

    fn reconnect(&self) -> Result<()> {
        let since = Instant::now();
        let result = self.inner.reconnect();
        self.note("reconnect", since, Map::new(), &result, |()| Json::Null);
        result
    }

    fn close(&self) {
        let since = Instant::now();
        self.inner.close();
        self.write(&Json::Object(self.start_line("close", since)));
    }

    fn parallelism(&self) -> usize {
        self.inner.parallelism()
    }

    fn releases_need_quiet(&self) -> bool {
        self.inner.releases_need_quiet()
    }
}
