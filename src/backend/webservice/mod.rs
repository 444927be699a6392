//! The web service of a VirtualBox, local or remote, as a transport.
//!
//! `WebService` carries calls; the files beside it each know one thing: `pool` and `http` the
//! connections, `log_on` the web session, `fault` what failures mean, `guard` what must not be sent.
//! The wire form itself is the `soap` room's.

mod address;
mod fault;
mod guard;
mod head;
mod http;
mod keep_alive;
mod log_on;
mod options;
mod patience;
mod pool;
mod probe;
mod problem;
mod release;
mod stream;
mod tls;
mod unknown;

pub use options::{ConnectOptions, Limits, SchemaChoice};
pub use stream::{Stream, TlsOptions};

use crate::model::{Connection, Error, Handle, Operation, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema};
use crate::soap::{Reply, decode_reply, encode_request};
use address::Address;
use keep_alive::KeepAlive;
use patience::Patience;
use pool::{NoReply, Pool};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Reads that go out at once to a server nearby; more would only wait for each other there.
const PARALLEL: usize = 4;

/// Reads that go out at once to a server far away; each holds a thread of the server, which has a hundred.
const PARALLEL_FAR: usize = 24;

/// A server whose fastest reply took longer is far away.
const FAR: Duration = Duration::from_millis(4);

/// The largest request that the server takes, in bytes.
const LARGEST_REQUEST: usize = 16 << 20;

/// How long log-off waits: the program is about to end.
const LOG_OFF: Duration = Duration::from_secs(2);

/// Connects to a web service.
///
/// # Errors
/// Why there is no connection, each reason with its own cure.
pub fn connect(options: ConnectOptions) -> Result<Connection> {
    Ok(Connection::new(Arc::new(WebService::connect(options)?)))
}

/// A web session on a web service. Dropping it logs off.
pub struct WebService(Arc<Inner>);

/// What the keep-alive thread shares with the transport.
struct Inner {
    options: ConnectOptions,
    pool: Pool,
    /// The web session of now.
    session: RwLock<Session>,
    /// Held by the one thread that finds out whether the session lives, and logs on anew.
    revival: Mutex<()>,
    closed: AtomicBool,
    /// When the session was last used, in milliseconds since `start`.
    used: AtomicU64,
    start: Instant,
    keep_alive: Mutex<Option<KeepAlive>>,
    /// References that only this room has seen, to be released some time.
    litter: Mutex<Vec<Handle>>,
}

/// What a log-on gave.
#[derive(Clone)]
struct Session {
    /// The reference of its `IVirtualBox`.
    root: Arc<str>,
    schema: &'static Schema,
    /// As the server tells it, packager's suffix and all.
    version: Arc<str>,
}

/// How a call is carried, apart from what it is.
#[derive(Clone, Copy)]
struct Manner {
    patience: Patience,
    /// Running it twice does no harm.
    repeatable: bool,
}

impl WebService {
    /// Connects, logs on and learns what the server offers.
    ///
    /// # Errors
    /// Why there is no connection, each reason with its own cure.
    pub fn connect(mut options: ConnectOptions) -> Result<Self> {
        let address = Address::parse(&options.url)?;
        if options.user.is_empty() {
            options.user = address.user.clone().unwrap_or_default();
        }
        let pool = Pool::new(address, options.tls.clone(), options.limits);
        let session = log_on::open(&pool, &options)?;
        let inner = Arc::new(Inner {
            options,
            pool,
            session: RwLock::new(session),
            revival: Mutex::default(),
            closed: AtomicBool::new(false),
            used: AtomicU64::new(0),
            start: Instant::now(),
            keep_alive: Mutex::default(),
            litter: Mutex::default(),
        });
        KeepAlive::start(&inner);
        Ok(Self(inner))
    }
}

impl Inner {
    fn session(&self) -> Session {
        self.session.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_session(&self, session: Session) {
        *self.session.write().unwrap_or_else(PoisonError::into_inner) = session;
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long the session has not been used.
    fn unused_for(&self) -> Duration {
        Duration::from_millis(self.milliseconds().saturating_sub(self.used.load(Ordering::Relaxed)))
    }

    fn check_open(&self) -> Result<()> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(problem::closed(self.pool.address()).into()),
            false => Ok(()),
        }
    }

    /// The manner of small calls that this room makes by itself: all can be repeated.
    fn own_manner(&self) -> Manner {
        Manner { patience: Patience { silence: self.pool.limits().reply, interruptible: true }, repeatable: true }
    }

    fn manner(&self, request: &Request<'_>) -> Manner {
        let limits = self.pool.limits();
        let silence = request.waits.map_or(limits.reply, |waits| waits.saturating_add(limits.wait));
        let repeatable = matches!(request.operation, Operation::Get(_));
        Manner { patience: Patience { silence, interruptible: true }, repeatable }
    }

    /// Sends a call and reads its answer, a fault too.
    fn carry(&self, session: &Session, request: &Request<'_>, manner: Manner) -> Result<Reply> {
        let reply = carry(&self.pool, session.schema, &session.root, request, manner);
        self.used.store(self.milliseconds(), Ordering::Relaxed);
        reply
    }

    /// Makes a call for a user, with everything that may have to be done about a fault.
    fn invoke(&self, request: &Request<'_>) -> Result<Vec<RawValue>> {
        self.check_open()?;
        let session = self.session();
        guard::check(request, session.schema)?;
        match self.carry(&session, request, self.manner(request))? {
            Reply::Values(values) => unknown::name_objects(self, &session, request.operation, values),
            Reply::Fault(fault) => self.answer_fault(fault, &session, request),
        }
    }
}

/// Sends a call and reads its answer, a fault too.
fn carry(pool: &Pool, schema: &'static Schema, root: &str, request: &Request<'_>, manner: Manner) -> Result<Reply> {
    let operation = request.operation;
    let mut body = String::with_capacity(512);
    encode_request(&mut body, schema, root, request)?;
    if body.len() > LARGEST_REQUEST {
        return Err(Error::usage(
            format!("{operation}: the request has {} bytes, and the web service takes {LARGEST_REQUEST}", body.len()),
            "pass less at once",
        ));
    }
    let response = pool.post(&body, manner.patience, manner.repeatable).map_err(|no_reply| match no_reply {
        NoReply::Unconnected(error) => error,
        NoReply::Broken(failure) => problem::broken(pool.address(), operation, &failure, manner.repeatable),
    })?;
    let unreadable = |what: String| Error::from(problem::unreadable(pool.address(), operation, what));
    // Strings of the API are UTF-8 here; a stray byte must not cost the whole answer.
    let text = String::from_utf8_lossy(&response.body);
    decode_reply(schema, root, operation, &text).map_err(|error| match response.status {
        200 | 500 => unreadable(error.to_string()),
        status => unreadable(format!("HTTP status {status} from `{}`", response.server)),
    })
}

impl Transport for WebService {
    fn describe(&self) -> String {
        format!("web service {}, VirtualBox {}", self.0.pool.address(), self.0.session().version)
    }

    fn name(&self) -> &'static str {
        "webservice"
    }

    fn schema(&self) -> &'static Schema {
        self.0.session.read().unwrap_or_else(PoisonError::into_inner).schema
    }

    fn open_session(&self) -> Result<Handle> {
        let operation = log_on::global_operation("getSessionObject")?;
        let root = log_on::root_argument()?;
        let request = Request { target: &Handle::Root, operation, arguments: &[root], waits: None };
        match self.0.invoke(&request)?.into_iter().next() {
            Some(RawValue::Object((handle, _))) => Ok(handle),
            _ => Err(Error::api(operation, 0x8000_FFFF, "the server gave no session")),
        }
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        guard::check_caller(&request)?;
        self.0.invoke(&request)
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        self.0.check_open()?;
        Ok(self.0.probe(target, interface)?.then(|| target.clone()))
    }

    fn release(&self, handles: &[Handle]) {
        if self.0.check_open().is_ok() {
            self.0.release(handles);
        }
    }

    fn reconnect(&self) -> Result<()> {
        let inner = &self.0;
        let _one = inner.revival.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.closed.load(Ordering::Acquire) {
            inner.log_off();
        }
        inner.pool.clear();
        inner.set_session(log_on::open(&inner.pool, &inner.options)?);
        inner.closed.store(false, Ordering::Release);
        KeepAlive::start(inner);
        Ok(())
    }

    fn close(&self) {
        self.0.close();
    }

    fn parallelism(&self) -> usize {
        if self.0.pool.fastest() > FAR { PARALLEL_FAR } else { PARALLEL }
    }

    fn releases_need_quiet(&self) -> bool {
        true
    }
}

impl Drop for WebService {
    fn drop(&mut self) {
        self.0.close();
    }
}
