//! A transport that answers from a trace: a recorded connection as a test fixture.
//!
//! It finds a call by target, member and arguments, and gives the recorded answers to equal calls in
//! their order, the last of them again and again. What was not recorded is an error, never a guess.

use super::trace::{FORMAT, form, write_call};
use crate::model::{ConnectionProblem, Error, Handle, Operation, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, VecDeque};
use std::io::Read as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A trace larger than this (in bytes) is not read.
const LARGEST: u64 = 512 << 20;

/// A recorded connection.
pub struct Replay {
    description: String,
    schema: &'static Schema,
    /// Recorded lines under what tells their calls apart.
    lines: Mutex<HashMap<String, VecDeque<Json>>>,
}

impl Replay {
    /// Takes the trace in a file. Its schema is the embedded one when it has the release of the trace,
    /// else the one that the cache knows.
    ///
    /// # Errors
    /// The file cannot be read, is no trace, or is of a release that this program knows nothing of.
    pub fn from_file(file: &Path) -> Result<Self> {
        let mut text = String::new();
        let opened = std::fs::File::open(file).and_then(|opened| opened.take(LARGEST).read_to_string(&mut text));
        opened.map_err(|error| {
            problem(
                format!("the trace `{}` cannot be read: {error}", file.display()),
                "name a file that `--trace FILE` wrote",
            )
        })?;
        Self::from_text(&text)
    }

    /// Takes the text of a trace.
    ///
    /// # Errors
    /// As [`Replay::from_file`].
    pub fn from_text(text: &str) -> Result<Self> {
        let no_trace =
            |what: String| problem(format!("this is no trace: {what}"), "name a file that `--trace FILE` wrote");
        let (head, calls) = text.split_once('\n').unwrap_or((text, ""));
        let header: Json = serde_json::from_str(head).map_err(|error| no_trace(format!("line 1: {error}")))?;
        match header.get("trace").and_then(Json::as_u64) {
            Some(FORMAT) => {}
            Some(other) => return Err(no_trace(format!("it has the form {other}, and this program knows {FORMAT}"))),
            None => return Err(no_trace("its first line is not the one of a trace".to_owned())),
        }
        let schema = schema(&header)?;
        let mut lines: HashMap<String, VecDeque<Json>> = HashMap::new();
        let total = calls.lines().count();
        for (at, line) in calls.lines().enumerate() {
            let line: Json = match serde_json::from_str(line) {
                Ok(line) => line,
                // The program that wrote it may have ended in the middle.
                Err(_) if at + 1 == total => break,
                Err(error) => return Err(no_trace(format!("line {}: {error}", at + 2))),
            };
            let words = |name: &str| line.get(name).and_then(Json::as_str).unwrap_or_default();
            let key = match words("do") {
                verb @ ("get" | "set" | "call") => {
                    let arguments = line.get("arguments").and_then(Json::as_object).cloned().unwrap_or_default();
                    call_key(verb, words("target"), words("member"), arguments, line.get("waits_ms").is_some())
                }
                "query interface" => query_key(words("target"), words("interface")),
                "release" | "close" => continue,
                other => other.to_owned(),
            };
            lines.entry(key).or_default().push_back(line);
        }
        let description = header.get("connection").and_then(Json::as_str).unwrap_or("?");
        Ok(Self { description: format!("trace of {description}"), schema, lines: Mutex::new(lines) })
    }

    /// The next line recorded for that key; the last one stays.
    fn next(&self, key: &str, what: impl FnOnce() -> String) -> Result<Json> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines
            .get_mut(key)
            .and_then(|lines| if lines.len() > 1 { lines.pop_front() } else { lines.front().cloned() });
        drop(lines);
        let line = line.ok_or_else(|| {
            problem(format!("the trace has no answer to {}", what()), "record it anew with `--trace FILE`")
        })?;
        match line.get("error") {
            Some(error) => Err(form::read_error(error).unwrap_or_else(|| unreadable(what_of(&line)))),
            None => Ok(line),
        }
    }
}

/// The schema of the release that was recorded.
fn schema(header: &Json) -> Result<&'static Schema> {
    let stated = header.get("schema").cloned().unwrap_or_default();
    let text = |name: &str| stated.get(name).and_then(Json::as_str).unwrap_or_default();
    let (version, api) = (text("version"), text("api"));
    let revision = stated
        .get("revision")
        .and_then(Json::as_u64)
        .and_then(|revision| u32::try_from(revision).ok())
        .unwrap_or_default();
    let embedded = crate::schema::embedded();
    let own = embedded.version();
    if (own.full, own.api, own.revision) == (version, api, revision) {
        return Ok(embedded);
    }
    super::schema_cache::schema_for(version, api, revision, &mut || {
        Err(problem(
            format!("the trace is of VirtualBox {version}, revision {revision}, and its schema is not at hand"),
            "connect to such a server once; its schema is kept then",
        ))
    })
}

fn problem(message: String, hint: &str) -> Error {
    ConnectionProblem { message, hint: hint.to_owned() }.into()
}

fn unreadable(what: String) -> Error {
    problem(format!("the trace's answer to {what} cannot be read"), "record it anew with `--trace FILE`")
}

fn what_of(line: &Json) -> String {
    line.get("member").or_else(|| line.get("do")).and_then(Json::as_str).unwrap_or("?").to_owned()
}

fn call_key(verb: &str, target: &str, member: &str, mut arguments: Map<String, Json>, waits: bool) -> String {
    if waits {
        // A wait is cut into slices by the clock: how long one is does not tell it from another.
        arguments.retain(|name, _| !name.starts_with("timeout"));
    }
    format!("{verb} {target} {member} {}", Json::Object(arguments))
}

fn query_key(target: &str, interface: &str) -> String {
    format!("query interface {target} {interface}")
}

impl Transport for Replay {
    fn describe(&self) -> String {
        self.description.clone()
    }

    fn name(&self) -> &'static str {
        "replay"
    }

    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn open_session(&self) -> Result<Handle> {
        let line = self.next("open session", || "opening a session".to_owned())?;
        line.get("result").and_then(Json::as_str).map(form::read_handle).ok_or_else(|| unreadable(what_of(&line)))
    }

    fn client(&self) -> Result<Handle> {
        let line = self.next("client", || "the IVirtualBoxClient".to_owned())?;
        line.get("result").and_then(Json::as_str).map(form::read_handle).ok_or_else(|| unreadable(what_of(&line)))
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let written = write_call(&request, &mut Map::new());
        let verb = form::verb(&request.operation);
        let arguments = if matches!(request.operation, Operation::Get(_)) { Map::new() } else { written.arguments };
        let shown = arguments.clone();
        let key = call_key(verb, &written.target, &written.member, arguments, request.waits.is_some());
        let line =
            self.next(&key, || format!("{} of {} with {}", written.member, written.target, Json::Object(shown)))?;
        let results = line.get("results").and_then(Json::as_object);
        let values =
            results.and_then(|results| form::read_named(&form::outputs(&request.operation), results, self.schema));
        values.ok_or_else(|| unreadable(written.member))
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let target = form::write_handle(target);
        let line =
            self.next(&query_key(&target, interface.name), || format!("whether {target} is an {}", interface.name))?;
        Ok(line.get("result").and_then(Json::as_str).map(form::read_handle))
    }

    fn release(&self, _handles: &[Handle]) {}

    fn reconnect(&self) -> Result<()> {
        self.next("reconnect", || "a reconnect".to_owned()).map(|_| ())
    }

    fn close(&self) {}
}
