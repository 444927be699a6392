//! The one VirtualBox client of this process: its library, its typelib, and the threads that take part.
//!
//! XPCOM is initialised by a thread of its own, which then handles what comes in for it, and stays so
//! until the process ends. Connections share a *client*, the object behind which VirtualBox's server
//! stands. When the server dies, the library finds no way to a new one: its messages go through the
//! server, and it connects to that once in its life. From then on it is *dead*: what was fetched from
//! the server is not touched any more, not even released, and a process of its own takes over
//! (`helper`).

use super::loader::{self, Api, Loaded};
use super::plan::Plans;
use super::raw::{Pointer, failed};
use super::typelib::Typelib;
use super::{own, problem, release, watch};
use crate::model::Result;
use crate::schema::Schema;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};
use std::time::{Duration, Instant};

/// How long the owner handles events without a look at its orders, in milliseconds; an order ends it early.
const PUMP: i64 = 60_000;

/// How soon after the last look for events the next one found some means that calls follow one another: each
/// reply wakes the owner, too, though there is nothing for it to do.
const BUSY: Duration = Duration::from_millis(1);

/// How long the owner then rests, so that it takes no processor from those calls; an order ends it early.
const REST: Duration = Duration::from_millis(2);

/// How long the server may take to start, in seconds. It takes a tenth of one; a computer just started, more.
const PATIENCE: u64 = 60;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// What the library can do: nothing yet, everything, or nothing any more.
static STATE: AtomicU8 = AtomicU8::new(NEW);
const NEW: u8 = 0;
const UP: u8 = 1;
const DEAD: u8 = 2;

/// Whether the server has ended, or the library has no way to one.
pub(super) fn is_dead() -> bool {
    STATE.load(Ordering::Acquire) == DEAD
}

/// The server has ended.
pub(super) fn bury() {
    STATE.store(DEAD, Ordering::Release);
}

/// Whether the program is about to end.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// The program is about to end: nothing has to be given up any more but sessions.
pub fn leave() {
    LEAVING.store(true, Ordering::Release);
}

/// Whether the program is about to end.
pub(super) fn is_leaving() -> bool {
    LEAVING.load(Ordering::Acquire)
}

/// Everything that all connections of this process share.
#[derive(Debug)]
pub(super) struct Runtime {
    pub(super) typelib: Typelib,
    pub(super) schema: &'static Schema,
    pub(super) plans: Plans,
    /// The folder of the installation.
    pub(super) folder: PathBuf,
    /// `7.2.22`.
    pub(super) version: String,
    /// The functions of the library.
    pub(super) api: Api,
    orders: mpsc::Sender<Order>,
    client: Mutex<Weak<Client>>,
}

const E_UNEXPECTED: u32 = 0x8000_ffff;

/// What the owner of the initialisation is asked for: a client, or the code of the failure.
type Order = mpsc::Sender<Result<Client, u32>>;

/// A client of VirtualBox's server.
#[derive(Debug)]
pub(super) struct Client {
    /// `IVirtualBoxClient`.
    pub(super) client: Arc<Pointer>,
    /// `IVirtualBox`.
    pub(super) root: Arc<Pointer>,
}

/// The runtime, set up when first asked for.
///
/// # Errors
/// No VirtualBox is installed, or it is none that this program can talk to.
pub(super) fn get() -> Result<&'static Runtime> {
    static SETTING_UP: Mutex<()> = Mutex::new(());
    let _one = SETTING_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Runtime::new()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

impl Runtime {
    /// Loads the library, in a thread of its own: it takes the thread that asks it first for its main
    /// thread, and initialises on no other. The typelib is read meanwhile: loading takes longer.
    fn new() -> Result<Self> {
        let library = loader::installed()?;
        let components = library.with_file_name("components");
        let (orders, queue) = mpsc::channel();
        let (loading, loaded) = mpsc::channel();
        let path = library.clone();
        let owner = std::thread::Builder::new().name("xpcom".to_owned()).spawn(move || own(&path, &loading, &queue));
        owner.map_err(|error| problem::no_thread(&error))?;
        let typelib = Typelib::open(&components).map_err(|error| problem::no_typelib(&components, error));
        let loaded = loaded.recv().unwrap_or_else(|_| Err(problem::not_started(E_UNEXPECTED, &library)))?;
        let typelib = typelib?;
        let schema = release::schema(&typelib, &loaded).map_err(|error| problem::no_typelib(&components, error))?;
        let version = loaded.version_text();
        Ok(Self {
            typelib,
            schema,
            plans: Plans::default(),
            folder: loaded.folder,
            version,
            api: loaded.api,
            orders,
            client: Mutex::default(),
        })
    }

    /// The client: the one that is there, or a new one.
    ///
    /// # Errors
    /// The server cannot be started or reached.
    pub(super) fn client(&'static self) -> Result<Arc<Client>> {
        let mut known = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if is_dead() {
            return Err(problem::server_died());
        }
        if let Some(client) = known.upgrade() {
            return Ok(client);
        }
        let client = Arc::new(self.order()?);
        *known = Arc::downgrade(&client);
        Ok(client)
    }

    fn order(&self) -> Result<Client> {
        let not_started = |code| problem::not_started(code, &self.folder);
        let (reply, answer) = mpsc::channel();
        self.orders.send(reply).map_err(|_| not_started(E_UNEXPECTED))?;
        if STATE.load(Ordering::Acquire) != NEW {
            attach();
            // SAFETY: any thread may wake the one that handles events, once XPCOM is initialised.
            unsafe { (self.api.interrupt_events)() };
        }
        match answer.recv_timeout(Duration::from_secs(PATIENCE)) {
            Ok(client) => client.map_err(not_started),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(problem::silent(PATIENCE)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(not_started(E_UNEXPECTED)),
        }
    }
}

/// What the owner of the initialisation does for as long as the process lives.
fn own(library: &Path, loading: &mpsc::Sender<Result<Loaded>>, orders: &mpsc::Receiver<Order>) {
    let loaded = Loaded::open(library);
    let api = loaded.as_ref().map(|loaded| loaded.api).ok();
    // Nobody waits any more, or there is nothing to own.
    let (Ok(()), Some(api)) = (loading.send(loaded), api) else { return };
    let mut next = orders.recv().ok();
    while let Some(reply) = next {
        // When nobody waits any more, the client goes again.
        let _ = reply.send(make_client(api));
        next = if STATE.load(Ordering::Acquire) == NEW { orders.recv().ok() } else { next_order(api, orders) };
    }
    // A thread that has initialised must not end: the library takes that for the end of the program.
    while STATE.load(Ordering::Acquire) != NEW {
        std::thread::park();
    }
}

/// Makes a client and asks it for its `IVirtualBox`, which starts the server; for the owner alone.
fn make_client(api: Api) -> Result<Client, u32> {
    let mut address = std::ptr::null_mut();
    // SAFETY: null stands for the library's own id of the interface, the place takes a pointer, and
    // this thread alone calls it.
    let code = unsafe { (api.client_initialize)(std::ptr::null(), &raw mut address) };
    if failed(code) {
        return Err(code);
    }
    let is_first = STATE.compare_exchange(NEW, UP, Ordering::AcqRel, Ordering::Acquire).is_ok();
    if is_first {
        // It takes part by initialising.
        ATTACHED.with(|attached| attached.takes_part.set(true));
    }
    // SAFETY: a success has stored a client with a reference counted for us, or null; it lives here.
    let client = unsafe { Pointer::adopt(address, true) }.map(Arc::new).ok_or(E_UNEXPECTED)?;
    let runtime = RUNTIME.get().ok_or(E_UNEXPECTED)?;
    // A client without a root stays without: the library does not look for a server again.
    let root = own::root(runtime, &client).inspect_err(|_| bury())?;
    if is_first {
        watch::begin();
    }
    Ok(Client { client, root })
}

/// Handles events until an order comes; none when there will be none any more.
fn next_order(api: Api, orders: &mpsc::Receiver<Order>) -> Option<Order> {
    loop {
        match orders.try_recv() {
            Ok(order) => return Some(order),
            Err(mpsc::TryRecvError::Disconnected) => return None,
            Err(mpsc::TryRecvError::Empty) => {}
        }
        let begin = Instant::now();
        // SAFETY: this is the thread that has initialised.
        let result = unsafe { (api.process_events)(PUMP) };
        let rest = match result {
            // It does not wait: so that it does not spin, the orders are waited for.
            4.. => Duration::from_secs(1),
            _ if begin.elapsed() < BUSY => REST,
            _ => continue,
        };
        match orders.recv_timeout(rest) {
            Ok(order) => return Some(order),
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Whether a thread takes part; when it ends, it does not any more.
#[derive(Default)]
struct Attached {
    takes_part: Cell<bool>,
    leave: Cell<Option<unsafe extern "C" fn() -> u32>>,
}

thread_local! {
    static ATTACHED: Attached = const { Attached { takes_part: Cell::new(false), leave: Cell::new(None) } };
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.get().filter(|_| !is_dead()) {
            // SAFETY: this thread took part.
            unsafe { leave() };
        }
    }
}

/// Lets this thread take part, which it has to before it calls anything.
pub(super) fn attach() {
    // A thread that is about to end keeps what it had.
    let _ = ATTACHED.try_with(|attached| {
        if attached.takes_part.get() {
            return;
        }
        let Some(runtime) = RUNTIME.get().filter(|_| STATE.load(Ordering::Acquire) != NEW) else { return };
        // SAFETY: XPCOM is initialised, and this thread does not take part yet.
        let code = unsafe { (runtime.api.thread_initialize)() };
        attached.takes_part.set(true);
        attached.leave.set((!failed(code)).then_some(runtime.api.thread_uninitialize));
    });
}
