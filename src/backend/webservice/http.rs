//! One HTTP/1.1 connection: sends a request, reads its reply.
//!
//! Every failure says whether the request can have reached the server whole; what follows from that is
//! decided elsewhere. Replies are bounded. It knows nothing of SOAP.

use super::head::{Framing, Head, LARGEST_HEAD};
use super::patience::Watch;
use super::stream::Stream;
use crate::soap::LARGEST;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// Bytes read at once.
const PIECE: usize = 16 << 10;

/// A reply.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The program that answered, as it calls itself.
    pub(super) server: String,
    pub(super) body: Vec<u8>,
}

/// Why a reply did not come.
#[derive(Debug)]
pub(super) enum Cause {
    /// The server closed the connection, or it broke.
    Closed(String),
    /// Nothing came for too long.
    Silence(Duration),
    /// What came is no HTTP, or breaks its rules.
    Garbage(String),
    /// What came is larger than any reply.
    TooLarge,
    /// The user stopped it.
    Interrupted,
}

/// A request that got no reply.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// The server cannot have the whole request, so the call did not run.
    pub(super) unsent: bool,
    /// No byte of a reply came.
    pub(super) silent: bool,
}

/// A connection that takes one request after the other.
pub(super) struct HttpConnection {
    stream: Box<dyn Stream>,
    /// What was read and not yet used.
    buffer: Vec<u8>,
    idle_since: Instant,
    /// The server has said that it closes after the last reply.
    ending: bool,
    /// Some of the reply has come.
    received: bool,
}

impl HttpConnection {
    /// Takes a stream whose reads and writes return after a short while without progress.
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, buffer: Vec::new(), idle_since: Instant::now(), ending: false, received: false }
    }

    /// Whether it takes another request, as far as one can tell without sending it.
    pub(super) fn is_usable(&mut self, idle: Duration) -> bool {
        self.is_open() && self.idle_since.elapsed() < idle && !self.stream.peek_closed()
    }

    /// Whether it is worth keeping after a reply.
    pub(super) fn is_open(&self) -> bool {
        !self.ending && self.buffer.is_empty()
    }

    /// Sends a request and reads the reply. After a failure the connection is of no more use.
    pub(super) fn exchange(&mut self, request: &[u8], watch: &mut Watch) -> Result<Response, Failure> {
        self.ending = true;
        self.received = false;
        self.send(request, watch).map_err(|cause| Failure { cause, unsent: true, silent: true })?;
        watch.progress();
        match self.receive(watch) {
            Ok(response) => {
                self.idle_since = Instant::now();
                Ok(response)
            }
            Err(cause) => Err(Failure { cause, unsent: false, silent: !self.received }),
        }
    }

    fn send(&mut self, request: &[u8], watch: &mut Watch) -> Result<(), Cause> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(Cause::Closed("it takes no more bytes".to_owned())),
                Ok(count) => {
                    rest = &rest[count..];
                    watch.progress();
                }
                Err(error) => again(&error, watch)?,
            }
        }
        loop {
            match self.stream.flush() {
                Ok(()) => return Ok(()),
                Err(error) => again(&error, watch)?,
            }
        }
    }

    fn receive(&mut self, watch: &mut Watch) -> Result<Response, Cause> {
        let head = loop {
            let head = self.receive_head(watch)?;
            // 1xx says that the real reply is still to come.
            if head.status >= 200 {
                break head;
            }
        };
        let body = match head.framing {
            Framing::Length(length) => self.receive_length(length, watch)?,
            Framing::Chunked => self.receive_chunks(watch)?,
            Framing::ToTheEnd => self.receive_rest(watch)?,
        };
        self.ending = head.closes || head.framing == Framing::ToTheEnd;
        Ok(Response { status: head.status, server: head.server, body })
    }

    fn receive_head(&mut self, watch: &mut Watch) -> Result<Head, Cause> {
        let mut seen = 0;
        loop {
            if let Some(length) = Head::end(&self.buffer, seen) {
                let head = Head::parse(&self.buffer[..length]).map_err(Cause::Garbage)?;
                self.buffer.drain(..length);
                return Ok(head);
            }
            // A few bytes tell whether this is HTTP at all; a stranger's greeting need not be read whole.
            if !Head::may_begin_with(&self.buffer) || self.buffer.len() > LARGEST_HEAD {
                return Err(Cause::Garbage(describe_bytes(&self.buffer)));
            }
            seen = self.buffer.len().saturating_sub(3);
            if self.fill(PIECE, watch)? == 0 {
                return Err(closed(if self.buffer.is_empty() { "without a reply" } else { "within a reply" }));
            }
        }
    }

    fn receive_length(&mut self, length: u64, watch: &mut Watch) -> Result<Vec<u8>, Cause> {
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST).ok_or(Cause::TooLarge)?;
        while self.buffer.len() < length {
            let missing = length - self.buffer.len();
            if self.fill(missing.clamp(1, 1 << 20), watch)? == 0 {
                return Err(closed("within a reply"));
            }
        }
        // Whatever follows was not asked for; it stays and makes the connection unusable.
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    fn receive_chunks(&mut self, watch: &mut Watch) -> Result<Vec<u8>, Cause> {
        let mut body = Vec::new();
        loop {
            let line = self.receive_line(watch)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let wrong = || Cause::Garbage("the length of a piece of the reply is no number".to_owned());
            let length = usize::from_str_radix(digits, 16).map_err(|_| wrong())?;
            if length == 0 {
                break;
            }
            if body.len().checked_add(length).is_none_or(|total| total > LARGEST) {
                return Err(Cause::TooLarge);
            }
            while self.buffer.len() < length {
                if self.fill((length - self.buffer.len()).clamp(1, 1 << 20), watch)? == 0 {
                    return Err(closed("within a reply"));
                }
            }
            body.extend(self.buffer.drain(..length));
            if !self.receive_line(watch)?.is_empty() {
                return Err(wrong());
            }
        }
        // Lines behind the last piece; an empty one ends them.
        for _ in 0..100 {
            if self.receive_line(watch)?.is_empty() {
                return Ok(body);
            }
        }
        Err(Cause::Garbage("the reply has no end".to_owned()))
    }

    /// A line of the framing, without its end.
    fn receive_line(&mut self, watch: &mut Watch) -> Result<String, Cause> {
        loop {
            if let Some(length) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=length).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > 8192 {
                return Err(Cause::Garbage("a line of the reply has no end".to_owned()));
            }
            if self.fill(PIECE, watch)? == 0 {
                return Err(closed("within a reply"));
            }
        }
    }

    fn receive_rest(&mut self, watch: &mut Watch) -> Result<Vec<u8>, Cause> {
        while self.fill(PIECE, watch)? > 0 {
            if self.buffer.len() > LARGEST {
                return Err(Cause::TooLarge);
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Reads what comes next, at most `most` bytes; 0 at the end of the stream.
    fn fill(&mut self, most: usize, watch: &mut Watch) -> Result<usize, Cause> {
        // A reply that comes in drops never blocks for long; before its first byte there is no hurry.
        if self.received {
            watch.check()?;
        }
        let filled = self.buffer.len();
        self.buffer.resize(filled + most, 0);
        let result = loop {
            match self.stream.read(&mut self.buffer[filled..]) {
                Ok(count) => break Ok(count),
                Err(error) => {
                    if let Err(cause) = again(&error, watch) {
                        break Err(cause);
                    }
                }
            }
        };
        self.buffer.truncate(filled + result.as_ref().map_or(0, |count| *count));
        if result.as_ref().is_ok_and(|count| *count > 0) {
            self.received = true;
            watch.progress();
        }
        result
    }
}

/// After a failed read or write: nothing, if it may be tried again.
fn again(error: &io::Error, watch: &mut Watch) -> Result<(), Cause> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => watch.check(),
        _ => Err(Cause::Closed(error.to_string())),
    }
}

fn closed(when: &str) -> Cause {
    Cause::Closed(format!("the server closed the connection {when}"))
}

/// The first bytes of something that is no HTTP.
fn describe_bytes(bytes: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(&bytes[..bytes.len().min(40)])
        .chars()
        .map(|letter| if letter.is_control() || letter == '\u{fffd}' { '.' } else { letter })
        .collect();
    format!("it begins with `{shown}`")
}
