//! The one VirtualBox client of this process: its library, its typelib, and the threads that take part.
//!
//! XPCOM is initialised once, by a thread that then handles what comes in for it, and stays so until
//! the process ends: it does not stand being taken down and up again. What comes and goes is the
//! *client*, the object behind which VirtualBox's server stands.

use super::loader::{self, Loaded};
use super::plan::Plans;
use super::raw::{Pointer, failed};
use super::typelib::Typelib;
use super::{problem, release};
use crate::model::Result;
use crate::schema::Schema;
use std::cell::OnceCell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};

/// How long the owner handles events without a look at its orders, in milliseconds; an order ends it early.
const PUMP: i64 = 60_000;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Whether XPCOM has been initialised, so that further threads may take part.
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// Everything that all connections of this process share.
#[derive(Debug)]
pub(super) struct Runtime {
    pub(super) loaded: Loaded,
    pub(super) typelib: Typelib,
    pub(super) schema: &'static Schema,
    pub(super) plans: Plans,
    orders: Mutex<mpsc::Sender<Order>>,
    client: Mutex<Weak<Client>>,
}

/// What the owner of the initialisation is asked for: a client, or the code of the failure.
type Order = mpsc::Sender<Result<Pointer, u32>>;

/// A client of VirtualBox's server.
#[derive(Debug)]
pub(super) struct Client {
    /// `IVirtualBoxClient`.
    pub(super) client: Arc<Pointer>,
    /// `IVirtualBox`.
    pub(super) root: Arc<Pointer>,
    dead: AtomicBool,
}

impl Client {
    /// Whether its server was found to have ended.
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Its server has ended.
    pub(super) fn bury(&self) {
        self.dead.store(true, Ordering::Release);
    }
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
    fn new() -> Result<Self> {
        let library = loader::installed()?;
        let components = library.with_file_name("components");
        let (orders, queue) = mpsc::channel();
        let (loading, loaded) = mpsc::channel();
        // The library takes the thread that asks it first for its main thread, and initialises on no other.
        let owner = std::thread::Builder::new().name("xpcom".to_owned()).spawn(move || own(&library, &loading, &queue));
        owner.map_err(|error| problem::no_thread(&error))?;
        // Meanwhile here: loading takes longer.
        let typelib = Typelib::open(&components).map_err(|error| problem::no_typelib(&components, error));
        let loaded = loaded.recv().unwrap_or_else(|_| Err(problem::not_started(0x8000_ffff, &components)))?;
        let typelib = typelib?;
        let schema = release::schema(&typelib, &loaded).map_err(|error| problem::no_typelib(&loaded.folder, error))?;
        Ok(Self { loaded, typelib, schema, plans: Plans::default(), orders: Mutex::new(orders), client: Mutex::default() })
    }

    /// The client: the one that is there, unless its server has ended, or a new one.
    ///
    /// # Errors
    /// The server cannot be started or reached.
    pub(super) fn client(&'static self) -> Result<Arc<Client>> {
        let mut known = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.upgrade().filter(|client| !client.is_dead()) {
            return Ok(client);
        }
        let not_started = |code| problem::not_started(code, &self.loaded.folder);
        let client = Arc::new(self.order().map_err(not_started)?);
        let root = super::own::root(self, &client).map_err(not_started)?;
        let client = Arc::new(Client { client, root, dead: AtomicBool::new(false) });
        *known = Arc::downgrade(&client);
        Ok(client)
    }

    fn order(&self) -> Result<Pointer, u32> {
        let (reply, answer) = mpsc::channel();
        let sent = self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(reply);
        sent.map_err(|_| 0x8000_ffff_u32)?;
        if INITIALISED.load(Ordering::Acquire) {
            attach();
            // SAFETY: any thread may wake the one that handles events, once XPCOM is initialised.
            unsafe { (self.loaded.api.interrupt_events)() };
        }
        answer.recv().unwrap_or(Err(0x8000_ffff))
    }
}

/// What the owner of the initialisation does, for as long as the process lives.
fn own(library: &Path, loading: &mpsc::Sender<Result<Loaded>>, orders: &mpsc::Receiver<Order>) {
    let loaded = Loaded::open(library);
    let api = loaded.as_ref().map(|loaded| loaded.api).ok();
    // Nobody waits any more, or there is nothing to own.
    let (Ok(()), Some(api)) = (loading.send(loaded), api) else { return };
    // It takes part by initialising.
    ATTACHED.with(|attached| attached.set(Attached(None)).ok());
    let mut next = orders.recv().ok();
    while let Some(reply) = next {
        let mut address = std::ptr::null_mut();
        // SAFETY: null stands for the library's own id of the interface, the place takes a pointer, and
        // this thread alone calls it.
        let code = unsafe { (api.client_initialize)(std::ptr::null(), &raw mut address) };
        // SAFETY: a success has stored a client with a reference counted for us, or null.
        let client = if failed(code) { None } else { unsafe { Pointer::adopt(address) } };
        if client.is_some() {
            INITIALISED.store(true, Ordering::Release);
        }
        // Nobody waits any more: then the client goes again.
        let _ = reply.send(client.ok_or(if failed(code) { code } else { 0x8000_ffff }));
        next = next_order(api, orders);
    }
}

/// Handles events until an order comes.
fn next_order(api: loader::Api, orders: &mpsc::Receiver<Order>) -> Option<Order> {
    if !INITIALISED.load(Ordering::Acquire) {
        return orders.recv().ok();
    }
    loop {
        match orders.try_recv() {
            Ok(order) => return Some(order),
            Err(mpsc::TryRecvError::Disconnected) => return None,
            Err(mpsc::TryRecvError::Empty) => {}
        }
        // SAFETY: this is the thread that has initialised.
        let result = unsafe { (api.process_events)(PUMP) };
        if result > 3 {
            // It does not wait: so that it does not spin, the orders are waited for.
            match orders.recv_timeout(std::time::Duration::from_secs(1)) {
                Ok(order) => return Some(order),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// A thread that takes part; when it ends, it does not any more.
struct Attached(Option<unsafe extern "C" fn() -> u32>);

thread_local! {
    static ATTACHED: OnceCell<Attached> = const { OnceCell::new() };
}

impl Drop for Attached {
    fn drop(&mut self) {
        if let Some(thread_uninitialize) = self.0 {
            // SAFETY: this thread took part, and XPCOM is never taken down.
            unsafe { thread_uninitialize() };
        }
    }
}

/// Lets this thread take part, which it has to before it calls anything.
pub(super) fn attach() {
    let Some(runtime) = RUNTIME.get().filter(|_| INITIALISED.load(Ordering::Acquire)) else { return };
    // A thread that is about to end keeps what it had.
    let _ = ATTACHED.try_with(|attached| {
        attached.get_or_init(|| {
            let api = &runtime.loaded.api;
            // SAFETY: XPCOM is initialised, and this thread does not take part yet.
            let code = unsafe { (api.thread_initialize)() };
            Attached((!failed(code)).then_some(api.thread_uninitialize))
        });
    });
}
