//! A process of its own that talks XPCOM for this one, once the library of this process cannot any
//! more: the same program, started anew, with calls and answers over a socket.
//!
//! Nothing it does can hold this process up: its start has an end, and when it ends, so does every
//! call that waits for it.

mod program;
mod serve;
#[cfg(test)]
mod tests;
mod wire;

pub use program::program_is;
pub use serve::serve;

use super::problem;
use super::runtime::Runtime;
use crate::backend::trace::form;
use crate::model::{Error, Handle, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// The option of the program that makes it a helper.
const OPTION: &str = "--xpcom-helper";

/// How long a helper may take until it is connected, in seconds: a little more than it gives the server.
const PATIENCE: u64 = 75;

/// How long a helper may take to end when it is asked to.
const FAREWELL: Duration = Duration::from_secs(6);

/// How often a helper is started before its failure counts: the server may just be ending or starting.
const TRIES: u32 = 3;

/// The numbers of the objects of two helpers lie so far apart.
const NUMBERS: u64 = 1 << 40;

/// A connection by way of a process of its own.
#[derive(Debug)]
pub(super) struct Helper {
    runtime: &'static Runtime,
    process: Mutex<Child>,
    lines: Arc<Lines>,
    next: AtomicU64,
}

/// The socket, and who waits for what comes from it.
#[derive(Debug)]
struct Lines {
    out: Mutex<UnixStream>,
    /// None: nothing comes any more.
    waiting: Mutex<Option<HashMap<u64, mpsc::Sender<Json>>>>,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<u64, mpsc::Sender<Json>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands answers to those who wait for them, until there are no more.
    fn hand_out(&self, mut stream: UnixStream) {
        while let Ok(Some(answer)) = wire::read(&mut stream) {
            let number = answer.get("id").and_then(Json::as_u64).unwrap_or_default();
            if let Some(asker) = self.waiting().as_mut().and_then(|waiting| waiting.remove(&number)) {
                let _ = asker.send(answer);
            }
        }
        // Who still waits finds the other end of the channel gone.
        *self.waiting() = None;
    }
}

impl Helper {
    /// Starts a helper, which connects to VirtualBox.
    ///
    /// # Errors
    /// The program is not found or does not start, or VirtualBox is not reached.
    pub(super) fn start(runtime: &'static Runtime) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::start_one(runtime) {
                Err(Error::Connection(_)) if tries < TRIES => tries += 1,
                result => return result,
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn start_one(runtime: &'static Runtime) -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let broken = |error: std::io::Error| problem::no_helper(&error.to_string());
        let program = program::find().ok_or_else(|| problem::no_helper("its program is not found"))?;
        let (ours, theirs) = UnixStream::pair().map_err(broken)?;
        let mut command = Command::new(&program);
        command.arg(OPTION).stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C at a terminal goes to the whole group.
        command.process_group(0);
        let mut process = command.spawn().map_err(broken)?;
        drop(command);
        let greeting = json!({
            "program": env!("CARGO_PKG_VERSION"),
            "virtualbox": runtime.version,
            "first": COUNT.fetch_add(1, Ordering::Relaxed) * NUMBERS,
        });
        let greeted = Self::greet(&ours, &greeting);
        let end = |process: &mut Child| {
            let _ = process.kill();
            let _ = process.wait();
        };
        let lines = match greeted.and_then(|()| Ok((ours.try_clone().map_err(broken)?, ours))) {
            Ok((reading, out)) => {
                let lines = Arc::new(Lines { out: Mutex::new(out), waiting: Mutex::new(Some(HashMap::new())) });
                let reader = Arc::clone(&lines);
                let started = std::thread::Builder::new().name("helper".to_owned());
                if let Err(error) = started.spawn(move || reader.hand_out(reading)) {
                    end(&mut process);
                    return Err(problem::no_thread(&error));
                }
                lines
            }
            Err(error) => {
                end(&mut process);
                return Err(error);
            }
        };
        Ok(Self { runtime, process: Mutex::new(process), lines, next: AtomicU64::new(1) })
    }

    /// Waits until it is connected.
    fn greet(stream: &UnixStream, greeting: &Json) -> Result<()> {
        let broken = |error: std::io::Error| problem::no_helper(&error.to_string());
        let mut stream = stream;
        stream.set_read_timeout(Some(Duration::from_secs(PATIENCE))).map_err(broken)?;
        wire::write(&mut stream, greeting).map_err(broken)?;
        let answer = match wire::read(&mut stream) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(problem::no_helper("it ended")),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Err(problem::silent(PATIENCE));
            }
            Err(error) => return Err(broken(error)),
        };
        stream.set_read_timeout(None).map_err(broken)?;
        match answer.get("error") {
            Some(error) => Err(form::read_error(error).unwrap_or_else(|| problem::no_helper("it cannot say why"))),
            None => Ok(()),
        }
    }

    /// Asks, and waits for the answer.
    fn ask(&self, mut question: Map<String, Json>) -> Result<Json> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        question.insert("id".to_owned(), json!(number));
        let (asker, answer) = mpsc::channel();
        match self.lines.waiting().as_mut() {
            Some(waiting) => waiting.insert(number, asker),
            None => return Err(problem::helper_ended()),
        };
        self.tell(&Json::Object(question))?;
        let answer = answer.recv().map_err(|_| problem::helper_ended())?;
        match answer.get("error") {
            Some(error) => Err(form::read_error(error).unwrap_or_else(unreadable)),
            None => Ok(answer),
        }
    }

    fn tell(&self, what: &Json) -> Result<()> {
        let mut out = self.lines.out.lock().unwrap_or_else(PoisonError::into_inner);
        wire::write(&mut *out, what).map_err(|_| problem::helper_ended())
    }
}

fn unreadable() -> Error {
    problem::no_helper("its answer cannot be read")
}

/// `{"do": verb, ...}`
fn question(verb: &str) -> Map<String, Json> {
    Map::from_iter([("do".to_owned(), json!(verb))])
}

fn handle(answer: &Json) -> Option<Handle> {
    answer.get("object").and_then(Json::as_str).map(form::read_handle)
}

impl Transport for Helper {
    fn describe(&self) -> String {
        let (version, folder) = (&self.runtime.version, self.runtime.folder.display());
        format!("local VirtualBox {version} over XPCOM, {folder}, by way of a process of its own")
    }

    fn name(&self) -> &'static str {
        "xpcom"
    }

    fn schema(&self) -> &'static Schema {
        self.runtime.schema
    }

    fn open_session(&self) -> Result<Handle> {
        handle(&self.ask(question("open session"))?).ok_or_else(unreadable)
    }

    fn client(&self) -> Result<Handle> {
        handle(&self.ask(question("client"))?).ok_or_else(unreadable)
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let operation = &request.operation;
        let mut asked = question(form::verb(operation));
        asked.insert("target".to_owned(), json!(form::write_handle(request.target)));
        asked.insert("owner".to_owned(), json!(operation.owner()));
        asked.insert("member".to_owned(), json!(operation.name()));
        asked.insert("arguments".to_owned(), wire::write_values(request.arguments));
        if let Some(waits) = request.waits {
            asked.insert("waits_ms".to_owned(), json!(waits.as_millis() as u64));
        }
        let answer = self.ask(asked)?;
        wire::read_values(answer.get("results"), &form::outputs(operation), self.schema()).ok_or_else(unreadable)
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let mut asked = question("query interface");
        asked.insert("target".to_owned(), json!(form::write_handle(target)));
        asked.insert("interface".to_owned(), json!(interface.name));
        Ok(handle(&self.ask(asked)?))
    }

    fn release(&self, handles: &[Handle]) {
        let mut told = question("release");
        told.insert("targets".to_owned(), handles.iter().map(form::write_handle).collect());
        let _ = self.tell(&Json::Object(told));
    }

    fn reconnect(&self) -> Result<()> {
        // Whoever holds this connection makes another.
        Err(problem::closed())
    }

    fn close(&self) {
        // It ends when nobody is at the other end, and is ended when it does not.
        let _ = self.lines.out.lock().unwrap_or_else(PoisonError::into_inner).shutdown(std::net::Shutdown::Write);
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = Instant::now();
        while matches!(process.try_wait(), Ok(None)) {
            if begin.elapsed() > FAREWELL {
                let _ = process.kill();
                let _ = process.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn releases_need_quiet(&self) -> bool {
        true
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.close();
    }
}
