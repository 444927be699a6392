//! The one VirtualBox client of this process: its library, its typelib, and the threads that take part.
//!
//! XPCOM is initialised by a thread of its own, which then handles what comes in for it, and stays so
//! until the process ends. Connections share a *client*, the object behind which VirtualBox's server
//! stands. When the server dies, that library finds no way to a new one: another copy of it is loaded
//! and initialised, while nobody calls. What was fetched before belongs to an earlier *generation*,
//! which nothing touches any more.

use super::loader::{self, Api, Loaded};
use super::plan::Plans;
use super::raw::{Pointer, failed};
use super::typelib::Typelib;
use super::{own, problem, release};
use crate::model::Result;
use crate::schema::Schema;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, Weak, mpsc};

/// How long the owner handles events without a look at its orders, in milliseconds; an order ends it early.
const PUMP: i64 = 60_000;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Which copy of the library is in use; 0 before the first is initialised, and between two.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Calls hold it for reading; going over to another copy, for writing.
static GATE: RwLock<()> = RwLock::new(());

/// The generation of now; 0 when there is none.
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Keeps the generation for as long as it is held. Never held twice by one thread.
pub(super) fn keep_up() -> RwLockReadGuard<'static, ()> {
    GATE.read().unwrap_or_else(PoisonError::into_inner)
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
    library: PathBuf,
    copy: RwLock<Copy>,
    client: Mutex<Weak<Client>>,
    /// Whether the server has died, so that another copy of the library is needed.
    lost: AtomicBool,
}

const E_UNEXPECTED: u32 = 0x8000_ffff;

/// What the owner of the initialisation is asked for: a client, or the code of the failure.
type Order = mpsc::Sender<Result<Pointer, u32>>;

/// A copy of the library, and the thread that owns its initialisation.
#[derive(Debug)]
struct Copy {
    api: Api,
    orders: mpsc::Sender<Order>,
}

impl Copy {
    /// Loads a copy, in a thread of its own: the library takes the thread that asks it first for its
    /// main thread, and initialises on no other. `meanwhile` runs here: loading takes longer.
    fn load<T>(library: &Path, anew: bool, meanwhile: impl FnOnce() -> T) -> Result<(Self, Loaded, T)> {
        let (orders, queue) = mpsc::channel();
        let (loading, loaded) = mpsc::channel();
        let path = library.to_owned();
        let owner =
            std::thread::Builder::new().name("xpcom".to_owned()).spawn(move || own(&path, anew, &loading, &queue));
        owner.map_err(|error| problem::no_thread(&error))?;
        let done = meanwhile();
        let loaded = loaded.recv().unwrap_or_else(|_| Err(problem::not_started(E_UNEXPECTED, library)))?;
        Ok((Self { api: loaded.api, orders }, loaded, done))
    }
}

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
        let open = || Typelib::open(&components).map_err(|error| problem::no_typelib(&components, error));
        let (copy, loaded, typelib) = Copy::load(&library, false, open)?;
        let typelib = typelib?;
        let schema = release::schema(&typelib, &loaded).map_err(|error| problem::no_typelib(&components, error))?;
        let version = loaded.version_text();
        Ok(Self {
            typelib,
            schema,
            plans: Plans::default(),
            folder: loaded.folder,
            version,
            library,
            copy: RwLock::new(copy),
            client: Mutex::default(),
            lost: AtomicBool::new(false),
        })
    }

    /// The functions of the library.
    pub(super) fn api(&self) -> Api {
        self.copy.read().unwrap_or_else(PoisonError::into_inner).api
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
        let not_started = |code| problem::not_started(code, &self.folder);
        if self.lost.load(Ordering::Acquire) {
            let (copy, ..) = Copy::load(&self.library, true, || ())?;
            let _alone = GATE.write().unwrap_or_else(PoisonError::into_inner);
            GENERATION.store(0, Ordering::Release);
            // The thread that owns the old copy finds that nobody orders any more, and rests.
            *self.copy.write().unwrap_or_else(PoisonError::into_inner) = copy;
            self.lost.store(false, Ordering::Release);
        }
        let client = self.order();
        let opened = client.and_then(|client| {
            let _up = keep_up();
            let client = Arc::new(client);
            Ok((own::root(self, &client)?, client))
        });
        // A client without a root would go on without one: the next try starts from the ground.
        let (root, client) =
            opened.inspect_err(|_| self.lost.store(generation() != 0, Ordering::Release)).map_err(not_started)?;
        let client = Arc::new(Client { client, root, dead: AtomicBool::new(false) });
        *known = Arc::downgrade(&client);
        Ok(client)
    }

    /// The server behind a client has ended.
    pub(super) fn bury(&self, client: &Client) {
        if !client.dead.swap(true, Ordering::AcqRel) {
            self.lost.store(true, Ordering::Release);
        }
    }

    fn order(&self) -> Result<Pointer, u32> {
        let (reply, answer) = mpsc::channel();
        let (api, orders) = {
            let copy = self.copy.read().unwrap_or_else(PoisonError::into_inner);
            (copy.api, copy.orders.clone())
        };
        orders.send(reply).map_err(|_| E_UNEXPECTED)?;
        if generation() != 0 {
            attach();
            // SAFETY: any thread may wake the one that handles events, once XPCOM is initialised.
            unsafe { (api.interrupt_events)() };
        }
        answer.recv().unwrap_or(Err(E_UNEXPECTED))
    }
}

/// What the owner of the initialisation does, for as long as its copy of the library is in use.
fn own(library: &Path, anew: bool, loading: &mpsc::Sender<Result<Loaded>>, orders: &mpsc::Receiver<Order>) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let loaded = Loaded::open(library, anew);
    let api = loaded.as_ref().map(|loaded| loaded.api).ok();
    // Nobody waits any more, or there is nothing to own.
    let (Ok(()), Some(api)) = (loading.send(loaded), api) else { return };
    let mut initialised = false;
    let mut next = orders.recv().ok();
    while let Some(reply) = next {
        let mut address = std::ptr::null_mut();
        // SAFETY: null stands for the library's own id of the interface, the place takes a pointer, and
        // this thread alone calls it.
        let code = unsafe { (api.client_initialize)(std::ptr::null(), &raw mut address) };
        if !failed(code) && !initialised {
            initialised = true;
            let generation = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
            // It takes part by initialising.
            ATTACHED.with(|attached| attached.generation.set(generation));
            GENERATION.store(generation, Ordering::Release);
        }
        // SAFETY: a success has stored a client with a reference counted for us, or null.
        let client = if failed(code) { None } else { unsafe { Pointer::adopt(address) } };
        // When nobody waits any more, the client goes again.
        let _ = reply.send(client.ok_or(if failed(code) { code } else { E_UNEXPECTED }));
        next = if initialised { next_order(api, orders) } else { orders.recv().ok() };
    }
    // A thread that has initialised must not end: the library takes that for the end of the program.
    if initialised {
        loop {
            std::thread::park();
        }
    }
}

/// Handles events until an order comes; none when there will be none any more.
fn next_order(api: Api, orders: &mpsc::Receiver<Order>) -> Option<Order> {
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

/// Whether a thread takes part, and since which generation; when it ends, it does not any more.
#[derive(Default)]
struct Attached {
    generation: Cell<u64>,
    leave: Cell<Option<unsafe extern "C" fn() -> u32>>,
}

thread_local! {
    static ATTACHED: Attached = const { Attached { generation: Cell::new(0), leave: Cell::new(None) } };
}

impl Drop for Attached {
    fn drop(&mut self) {
        let _up = keep_up();
        if let Some(leave) = self.leave.get().filter(|_| self.generation.get() == generation()) {
            // SAFETY: this thread took part, and the same copy of the library is in use.
            unsafe { leave() };
        }
    }
}

/// Lets this thread take part, which it has to before it calls anything.
pub(super) fn attach() {
    let now = generation();
    // A thread that is about to end keeps what it had.
    let _ = ATTACHED.try_with(|attached| {
        if attached.generation.get() == now {
            return;
        }
        let Some(runtime) = RUNTIME.get().filter(|_| now != 0) else { return };
        let api = runtime.api();
        // SAFETY: XPCOM is initialised, and this thread does not take part yet.
        let code = unsafe { (api.thread_initialize)() };
        attached.generation.set(now);
        attached.leave.set((!failed(code)).then_some(api.thread_uninitialize));
    });
}
