//! The connections to one server: opening, keeping and choosing them, and when a request may be sent
//! a second time.
//!
//! A request goes out twice only when the first cannot have run, or when running twice changes nothing.

use super::address::Address;
use super::http::{Cause, Failure, HttpConnection, Response};
use super::patience::Patience;
use super::stream::Stream;
use super::{Limits, TlsOptions, problem, tls};
use crate::model::{ConnectionProblem, Error, Interrupt};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// How long a new connection waits for the first reply on the one before. The server counts a thread as free until it
/// wakes: of several connections that come at once, all but one may be left until another one has been idle for a
/// minute (seen on 7.2.22).
const TURN: Duration = Duration::from_millis(400);
/// Idle connections kept; each holds a thread of the server.
const MOST_IDLE: usize = 24;

/// Where the server is and how to get there; shared with the threads that connect.
struct Target {
    address: Address,
    tls: TlsOptions,
    limits: Limits,
    /// The address that answered last.
    known: Mutex<Option<SocketAddr>>,
}

/// The connections to one server.
pub(super) struct Pool {
    target: Arc<Target>,
    idle: Mutex<Vec<HttpConnection>>,
    /// Whether a connection has been opened that has had no reply yet.
    opening: Mutex<bool>,
    opened: Condvar,
    /// The shortest time that a reply took, in microseconds; the way there and back is a part of it.
    fastest: AtomicU64,
}

/// Held until a new connection has had its first reply.
struct Turn<'a>(&'a Pool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.opening.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.opened.notify_one();
    }
}

/// A request that got no reply.
#[derive(Debug)]
pub(super) enum NoReply {
    /// There is no connection.
    Unconnected(Error),
    /// There was one, and it broke.
    Broken(Failure),
}

impl Pool {
    pub(super) fn new(address: Address, tls: TlsOptions, limits: Limits) -> Self {
        let target = Target { address, tls, limits, known: Mutex::default() };
        Self {
            target: Arc::new(target),
            idle: Mutex::default(),
            opening: Mutex::default(),
            opened: Condvar::new(),
            fastest: AtomicU64::new(u64::MAX),
        }
    }

    /// The shortest time that a reply took so far; zero before the first one.
    pub(super) fn fastest(&self) -> Duration {
        match self.fastest.load(Ordering::Relaxed) {
            u64::MAX => Duration::ZERO,
            time => Duration::from_micros(time),
        }
    }

    pub(super) fn address(&self) -> &Address {
        &self.target.address
    }

    pub(super) fn limits(&self) -> Limits {
        self.target.limits
    }

    fn idle(&self) -> MutexGuard<'_, Vec<HttpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops every idle connection.
    pub(super) fn clear(&self) {
        self.idle().clear();
    }

    /// Drops the idle connections that are of no more use.
    pub(super) fn prune(&self) {
        let limit = self.target.limits.idle;
        self.idle().retain_mut(|connection| connection.is_usable(limit));
    }

    /// Posts a SOAP message. `repeatable`: running it twice does no harm.
    pub(super) fn post(&self, body: &str, patience: Patience, repeatable: bool) -> Result<Response, NoReply> {
        let message = self.message(body);
        let start = Instant::now();
        let reply = self.exchange(&message, patience, repeatable)?;
        self.fastest.fetch_min(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(reply)
    }

    /// Reads the server's description of itself.
    pub(super) fn get_wsdl(&self, patience: Patience) -> Result<Response, NoReply> {
        let address = self.address();
        let head = format!(
            "GET {}?wsdl HTTP/1.1\r\nHost: {}\r\nUser-Agent: vboxsh\r\n\r\n",
            address.path.split('?').next().unwrap_or("/"),
            address.place()
        );
        self.exchange(head.as_bytes(), patience, true)
    }

    fn message(&self, body: &str) -> Vec<u8> {
        let address = self.address();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: vboxsh\r\nContent-Type: text/xml; charset=utf-8\r\n\
             SOAPAction: \"\"\r\nContent-Length: {}\r\n\r\n",
            address.path,
            address.place(),
            body.len()
        );
        let mut message = Vec::with_capacity(head.len() + body.len());
        message.extend_from_slice(head.as_bytes());
        message.extend_from_slice(body.as_bytes());
        message
    }

    fn exchange(&self, message: &[u8], patience: Patience, repeatable: bool) -> Result<Response, NoReply> {
        let mut watch = patience.watch();
        let mut turn = None;
        let mut connection = match self.take_idle() {
            Some(connection) => connection,
            None => {
                turn = Some(self.turn());
                self.take_idle().map_or_else(|| self.open(patience), Ok)?
            }
        };
        let exchanged = connection.exchange(message, &mut watch);
        drop(turn);
        let failure = match exchanged {
            Ok(response) => {
                self.keep(connection);
                return Ok(response);
            }
            Err(failure) => failure,
        };
        if !(failure.unsent || repeatable) || !matches!(failure.cause, Cause::Closed(_)) {
            return Err(NoReply::Broken(failure));
        }
        // The others are likely as dead as this one.
        self.prune();
        let mut connection = self.open(patience)?;
        let response = connection.exchange(message, &mut patience.watch()).map_err(NoReply::Broken)?;
        self.keep(connection);
        Ok(response)
    }

    /// Waits until no other connection is being opened, or for long enough.
    fn turn(&self) -> Turn<'_> {
        let opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.opened.wait_timeout_while(opening, TURN, |opening| *opening);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = true;
        Turn(self)
    }

    fn take_idle(&self) -> Option<HttpConnection> {
        loop {
            // The last one used is the one that the server closes last.
            let mut connection = self.idle().pop()?;
            if connection.is_usable(self.target.limits.idle) {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: HttpConnection) {
        if connection.is_open() {
            let mut idle = self.idle();
            if idle.len() < MOST_IDLE {
                idle.push(connection);
            }
        }
    }

    /// Opens a connection. A thread of its own does it: looking a name up and connecting cannot be
    /// stopped half-way.
    fn open(&self, patience: Patience) -> Result<HttpConnection, NoReply> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let target = Arc::clone(&self.target);
        let started = std::thread::Builder::new().name("connect".into()).spawn(move || {
            // Nobody listens any more when the wait was given up.
            let _ = sender.send(target.open());
        });
        if let Err(error) = started {
            return Err(NoReply::Unconnected(problem::no_thread(&error).into()));
        }
        // One address may have to time out before the next one answers.
        let limit = self.target.limits.connect.min(patience.silence);
        let end = Instant::now() + limit * 2 + Interrupt::SLICE;
        let mut watch = Patience { silence: Duration::MAX, ..patience }.watch();
        loop {
            match receiver.recv_timeout(Interrupt::SLICE) {
                Ok(Ok(stream)) => return Ok(HttpConnection::new(stream)),
                Ok(Err(problem)) => return Err(NoReply::Unconnected(problem.into())),
                Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < end => {
                    if watch.check().is_err() {
                        return Err(NoReply::Unconnected(Error::Interrupted));
                    }
                }
                Err(_) => return Err(NoReply::Unconnected(problem::unanswered(self.address(), limit).into())),
            }
        }
    }

    /// Whether the server speaks the other of HTTP and HTTPS: asked after it made no sense in this one.
    pub(super) fn speaks_the_other(&self) -> bool {
        let target = &self.target;
        let Ok(mut stream) = target.connect() else { return false };
        if !target.address.tls {
            let any = TlsOptions { insecure: true, ..TlsOptions::default() };
            return tls::connect(stream, &target.address.host, &any).is_ok();
        }
        use std::io::{Read as _, Write as _};
        let mut start = [0; 7];
        let greeted = stream.write_all(b"GET / HTTP/1.0\r\n\r\n").and_then(|()| stream.read_exact(&mut start));
        greeted.is_ok() && &start == b"HTTP/1."
    }
}

impl Target {
    fn open(&self) -> Result<Box<dyn Stream>, ConnectionProblem> {
        let tcp = self.connect()?;
        let options = tcp.try_clone();
        let stream: Box<dyn Stream> =
            if self.address.tls { tls::connect(tcp, &self.address.host, &self.tls)? } else { Box::new(tcp) };
        // From here on reads and writes come back often, to look at the clock and at Ctrl-C.
        let slices = options
            .and_then(|tcp| tcp.set_write_timeout(Some(Interrupt::SLICE)))
            .and_then(|()| stream.set_read_timeout(Some(Interrupt::SLICE)));
        slices.map_err(|error| problem::unconnected(&self.address, &error, self.limits.connect))?;
        Ok(stream)
    }

    /// A connection without TLS, whose reads and writes wait as long as connecting may take.
    fn connect(&self) -> Result<TcpStream, ConnectionProblem> {
        let limit = self.limits.connect;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner).as_slice().to_vec();
        let mut last = None;
        for round in 0..2 {
            if round == 1 {
                let found = (self.address.host.as_str(), self.address.port).to_socket_addrs();
                let found = found.map_err(|error| problem::unresolved(&self.address, &error))?;
                known = found.filter(|address| !known.contains(address)).collect();
            }
            for address in &known {
                match connect_one(*address, limit) {
                    Ok(stream) => {
                        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(*address);
                        return Ok(stream);
                    }
                    Err(error) => last = Some(error),
                }
            }
        }
        let error = last.unwrap_or_else(|| std::io::Error::other("the name has no address"));
        Err(problem::unconnected(&self.address, &error, limit))
    }
}

fn connect_one(address: SocketAddr, limit: Duration) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}
