//! The other end: the program as a helper. It carries the calls out that come over the socket which
//! is its standard input, each in a thread of its own while others last, and ends with the socket.

use super::super::direct::Direct;
use super::super::{loader, objects, problem, runtime};
use super::wire;
use crate::backend::trace::form;
use crate::model::{Error, Handle, Operation, Request, Result, Transport};
use serde_json::{Map, Value as Json, json};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Serves the process that started this one, until that closes its end; ends this process then.
pub fn serve() -> ! {
    loader::end(i32::from(talk().is_err()))
}

fn talk() -> io::Result<()> {
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(greeting) = wire::read(&mut stream)? else { return Ok(()) };
    let opened = open(&greeting);
    let answer = match &opened {
        Ok(_) => json!({}),
        Err(error) => json!({ "error": form::write_error(error, &str::to_owned) }),
    };
    wire::write(&mut stream, &answer)?;
    let Ok(direct) = opened else { return Ok(()) };
    let crew = Arc::new(Crew { direct, out: Mutex::new(stream.try_clone()?), idle: AtomicUsize::new(0) });
    let (work, queue) = mpsc::channel::<Json>();
    let queue = Arc::new(Mutex::new(queue));
    while let Ok(Some(question)) = wire::read(&mut stream) {
        // Whoever is free takes it; when nobody is, one more comes.
        if crew.idle.fetch_update(Ordering::AcqRel, Ordering::Acquire, |idle| idle.checked_sub(1)).is_err() {
            let (crew, queue) = (Arc::clone(&crew), Arc::clone(&queue));
            std::thread::Builder::new().spawn(move || crew.work(&queue))?;
        }
        if work.send(question).is_err() {
            break;
        }
    }
    crew.direct.close();
    Ok(())
}

fn open(greeting: &Json) -> Result<Direct> {
    let stated = |name: &str| greeting.get(name).and_then(Json::as_str).unwrap_or_default();
    if stated("program") != env!("CARGO_PKG_VERSION") {
        return Err(problem::no_helper("the program that was found is of another version"));
    }
    objects::begin_at(greeting.get("first").and_then(Json::as_u64).unwrap_or_default());
    let version = &runtime::get()?.version;
    if stated("virtualbox") != version {
        return Err(problem::changed(stated("virtualbox"), version));
    }
    Direct::open()
}

/// The threads that carry calls out.
struct Crew {
    direct: Direct,
    out: Mutex<UnixStream>,
    /// How many wait for work.
    idle: AtomicUsize,
}

impl Crew {
    fn work(&self, queue: &Mutex<mpsc::Receiver<Json>>) {
        loop {
            let question = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(question) = question else { return };
            let answer = self.answer(&question);
            self.idle.fetch_add(1, Ordering::AcqRel);
            let Some(mut answer) = answer else { continue };
            answer.insert("id".to_owned(), question.get("id").cloned().unwrap_or_default());
            let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
            if wire::write(&mut *out, &Json::Object(answer)).is_err() {
                return;
            }
        }
    }

    /// The answer, without its number; none to what wants none.
    fn answer(&self, question: &Json) -> Option<Map<String, Json>> {
        let text = |name: &str| question.get(name).and_then(Json::as_str).unwrap_or_default();
        let object = |handle: Option<Handle>| json!(handle.as_ref().map(form::write_handle));
        let answer = match text("do") {
            "release" => {
                let targets = question.get("targets").and_then(Json::as_array)?;
                let handles: Vec<_> = targets.iter().filter_map(Json::as_str).map(form::read_handle).collect();
                self.direct.release(&handles);
                return None;
            }
            "open session" => self.direct.open_session().map(|handle| ("object", object(Some(handle)))),
            "client" => self.direct.client().map(|handle| ("object", object(Some(handle)))),
            "query interface" => match self.direct.schema().interface(text("interface")) {
                Some(interface) => self
                    .direct
                    .query_interface(&form::read_handle(text("target")), interface)
                    .map(|handle| ("object", object(handle))),
                None => Err(unknown()),
            },
            verb => self.invoke(verb, question).map(|results| ("results", results)),
        };
        let (name, value) = answer.unwrap_or_else(|error| ("error", form::write_error(&error, &str::to_owned)));
        Some(Map::from_iter([(name.to_owned(), value)]))
    }

    fn invoke(&self, verb: &str, question: &Json) -> Result<Json> {
        let text = |name: &str| question.get(name).and_then(Json::as_str).unwrap_or_default();
        let owner = self.direct.schema().interface(text("owner")).ok_or_else(unknown)?;
        let attribute = || owner.attribute(text("member"));
        let operation = match verb {
            "get" => attribute().map(Operation::Get),
            "set" => attribute().map(Operation::Set),
            "call" => owner.method(text("member")).map(Operation::Call),
            _ => None,
        };
        let operation = operation.ok_or_else(unknown)?;
        let arguments = wire::read_values(question.get("arguments"), &form::inputs(&operation), self.direct.schema())
            .ok_or_else(unknown)?;
        let waits = question.get("waits_ms").and_then(Json::as_u64).map(Duration::from_millis);
        let target = form::read_handle(text("target"));
        let request = Request { target: &target, operation, arguments: &arguments, waits };
        Ok(wire::write_values(&self.direct.invoke(request)?))
    }
}

fn unknown() -> Error {
    problem::no_helper("it does not understand the question")
}
