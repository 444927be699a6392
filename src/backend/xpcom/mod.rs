//! The VirtualBox of this computer over XPCOM: its C library is loaded at run time, and its members
//! are called by slot, as the installed typelib numbers them. No bindings, no C++.
//!
//! This is the one room with `unsafe` in it: a call by slot goes through a bare function address.
//! What makes it sound is `plan`, which compares every parameter with the typelib before a member
//! is called for the first time, and `model`, which lets only arguments of the right types through.
#![allow(unsafe_code)]

mod call;
mod direct;
mod helper;
mod loader;
mod objects;
mod own;
mod plan;
mod problem;
mod raw;
mod release;
mod runtime;
#[cfg(test)]
mod tests;
mod typelib;
mod watch;

use crate::model::{Connection, Error, Handle, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema};
use direct::Direct;
pub use helper::{program_is, serve};
pub use runtime::leave;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// VBoxSVC serves calls of several threads side by side: four read the names of 1,000 machines in three
/// quarters of the time of one.
const PARALLEL: usize = 4;

/// Connects to the local VirtualBox.
///
/// # Errors
/// None is installed, it is none that this program can talk to, or it does not start.
pub fn connect() -> Result<Connection> {
    Ok(Connection::new(transport()?))
}

/// The same, as a bare transport: for what wants to stand in between.
///
/// # Errors
/// As [`connect`].
pub fn transport() -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(Xpcom::open()?))
}

/// The local VirtualBox behind the trait that all backends share: by way of this process for as long
/// as the first server lives, and by way of a process of its own after that.
pub struct Xpcom {
    schema: &'static Schema,
    /// None: closed.
    way: RwLock<Option<Arc<dyn Transport>>>,
    /// Held while the connection is taken up anew.
    revival: Mutex<()>,
}

impl Xpcom {
    /// Reaches the local VirtualBox, and starts its server if it does not run.
    ///
    /// # Errors
    /// None is installed, it is none that this program can talk to, or it does not start.
    pub fn open() -> Result<Self> {
        let way = find_way()?;
        Ok(Self { schema: way.schema(), way: RwLock::new(Some(way)), revival: Mutex::default() })
    }

    fn way(&self) -> Result<Arc<dyn Transport>> {
        self.way.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(problem::closed)
    }
}

/// The way through this process, unless its library is of no use any more.
fn find_way() -> Result<Arc<dyn Transport>> {
    if !runtime::is_dead() {
        match Direct::open() {
            Ok(direct) => return Ok(Arc::new(direct)),
            // A server that is about to end or to start lets the library down for good.
            Err(Error::Connection(_)) if runtime::is_dead() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Arc::new(helper::Helper::start(runtime::get()?)?))
}

impl Transport for Xpcom {
    fn describe(&self) -> String {
        self.way().map_or_else(|error| error.to_string(), |way| way.describe())
    }

    fn name(&self) -> &'static str {
        "xpcom"
    }

    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn open_session(&self) -> Result<Handle> {
        self.way()?.open_session()
    }

    fn client(&self) -> Result<Handle> {
        self.way()?.client()
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        self.way()?.invoke(request)
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        self.way()?.query_interface(target, interface)
    }

    fn release(&self, handles: &[Handle]) {
        if let Ok(way) = self.way() {
            way.release(handles);
        }
    }

    fn reconnect(&self) -> Result<()> {
        let _one = self.revival.lock().unwrap_or_else(PoisonError::into_inner);
        self.close();
        let way = find_way()?;
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = Some(way);
        Ok(())
    }

    fn close(&self) {
        let way = self.way.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(way) = way {
            way.close();
        }
    }

    fn parallelism(&self) -> usize {
        PARALLEL
    }

    fn releases_need_quiet(&self) -> bool {
        true
    }
}

impl Drop for Xpcom {
    fn drop(&mut self) {
        self.close();
    }
}
