//! Which objects are held, and as which interfaces: what a handle stands for.
//!
//! Two interface pointers belong to one object when they lead to the same `nsISupports`. Asking for
//! that goes over to the server, so it is done only where an object may come under several
//! interfaces; everything else is told apart by the pointer itself, which is the same for as long as
//! it is held.

use super::raw::{Pointer, SUPPORTS};
use super::typelib::IdBytes;
use crate::model::Handle;
use crate::schema::Interface;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Numbers are never used twice: a handle from an earlier connection must not find another object.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Lets numbers begin there: another process has given the ones before to its own objects.
pub(super) fn begin_at(number: u64) {
    NEXT.fetch_max(number, Ordering::Relaxed);
}

/// Stands for the one `IVirtualBox`.
const ROOT: u64 = 0;

/// The objects of a connection.
#[derive(Debug, Default)]
pub(super) struct Objects(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    held: HashMap<u64, Arc<Held>>,
    by_address: HashMap<usize, u64>,
}

/// An object: its interface pointers, each with its interface; none for `nsISupports`.
#[derive(Debug, Default)]
struct Held(RwLock<Vec<(Option<&'static Interface>, Arc<Pointer>)>>);

fn number(handle: &Handle) -> Option<u64> {
    match handle {
        Handle::Root => Some(ROOT),
        Handle::Number(number) if *number != ROOT => Some(*number),
        _ => None,
    }
}

fn handle(number: u64) -> Handle {
    if number == ROOT { Handle::Root } else { Handle::Number(number) }
}

impl Objects {
    /// Takes the root in.
    pub(super) fn add_root(&self, pointer: Arc<Pointer>, interface: &'static Interface) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.by_address.insert(pointer.address(), ROOT);
        state.held.insert(ROOT, Arc::new(Held(RwLock::new(vec![(Some(interface), pointer)]))));
    }

    /// Takes an object in that a call has handed out, and names it. A pointer that is held already
    /// names the object that it is known for.
    pub(super) fn adopt(&self, pointer: Arc<Pointer>, interface: &'static Interface) -> Handle {
        if let Some(known) = self.known(&pointer) {
            return known;
        }
        let supports = if has_relatives(interface) { pointer.query(SUPPORTS).ok().map(Arc::new) } else { None };
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let addresses = [Some(pointer.address()), supports.as_ref().map(|supports| supports.address())];
        let known = addresses.into_iter().flatten().find_map(|address| state.by_address.get(&address).copied());
        let number = known.unwrap_or_else(|| NEXT.fetch_add(1, Ordering::Relaxed));
        for address in addresses.into_iter().flatten() {
            state.by_address.entry(address).or_insert(number);
        }
        let held = state.held.entry(number).or_default();
        let mut pointers = held.0.write().unwrap_or_else(PoisonError::into_inner);
        pointers.push((Some(interface), pointer));
        pointers.extend(supports.map(|supports| (None, supports)));
        handle(number)
    }

    /// The object that a pointer is known for.
    pub(super) fn known(&self, pointer: &Pointer) -> Option<Handle> {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        state.by_address.get(&pointer.address()).copied().map(handle)
    }

    fn held(&self, handle: &Handle) -> Option<Arc<Held>> {
        let number = number(handle)?;
        self.0.read().unwrap_or_else(PoisonError::into_inner).held.get(&number).cloned()
    }

    /// The object as an interface: from what is held of it, else by asking it.
    ///
    /// # Errors
    /// `None` for an object that is not held, else the code with which it refused.
    pub(super) fn pointer(
        &self,
        handle: &Handle,
        interface: &'static Interface,
        id: IdBytes,
    ) -> Result<Arc<Pointer>, Option<u32>> {
        let held = self.held(handle).ok_or(None)?;
        let first = {
            let pointers = held.0.read().unwrap_or_else(PoisonError::into_inner);
            let has = |known: &Option<&'static Interface>| {
                known.is_some_and(|known| known == interface || known.extends(interface.name))
            };
            if let Some((_, pointer)) = pointers.iter().find(|(known, _)| has(known)) {
                return Ok(Arc::clone(pointer));
            }
            Arc::clone(pointers.first().map(|(_, pointer)| pointer).ok_or(None)?)
        };
        let pointer = Arc::new(first.query(id).map_err(Some)?);
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Unless it was released meanwhile: then the pointer serves this one call.
        if let Some(number) = number(handle).filter(|number| state.held.contains_key(number)) {
            state.by_address.entry(pointer.address()).or_insert(number);
            held.0.write().unwrap_or_else(PoisonError::into_inner).push((Some(interface), Arc::clone(&pointer)));
        }
        Ok(pointer)
    }

    /// The object as anything at all.
    pub(super) fn any(&self, handle: &Handle) -> Option<Arc<Pointer>> {
        let held = self.held(handle)?;
        let pointers = held.0.read().unwrap_or_else(PoisonError::into_inner);
        pointers.first().map(|(_, pointer)| Arc::clone(pointer))
    }

    /// Gives objects up.
    pub(super) fn release(&self, handles: &[Handle]) {
        let mut gone = Vec::new();
        {
            let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for number in handles.iter().filter_map(number).filter(|number| *number != ROOT) {
                gone.extend(state.held.remove(&number));
            }
            let State { held, by_address } = &mut *state;
            for object in &gone {
                for (_, pointer) in object.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
                    if by_address.get(&pointer.address()).is_some_and(|number| !held.contains_key(number)) {
                        by_address.remove(&pointer.address());
                    }
                }
            }
        }
        // The references go here, without the lock: each may ask the server.
        drop(gone);
    }

    /// Whether the object lives in this process, and needs no server.
    pub(super) fn is_local(&self, handle: &Handle) -> bool {
        self.any(handle).is_some_and(|pointer| pointer.is_local())
    }

    /// Gives up what has an end of its own to come to, sessions; the rest goes with the process, and its
    /// server sees to that. Giving up each of a thousand machines takes a tenth of a second.
    pub(super) fn leave(self) {
        let state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        for held in state.held.into_values() {
            let pointers = held.0.read().unwrap_or_else(PoisonError::into_inner);
            let is_session = pointers.iter().any(|(interface, _)| interface.is_some_and(|of| of.name == "ISession"));
            drop(pointers);
            if !is_session {
                std::mem::forget(held);
            }
        }
    }

    /// Takes everything out, the root too; dropping it gives it up.
    pub(super) fn take(&self) -> Self {
        Self(RwLock::new(std::mem::take(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner))))
    }
}

/// Whether an object of the interface may also be handed out under another: a parent's or a child's.
/// Events may not: all come as `IEvent`, and only we ask for what they are.
fn has_relatives(interface: &'static Interface) -> bool {
    static PARENTS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    if interface.extends("IEvent") {
        return false;
    }
    let parents =
        PARENTS.get_or_init(|| interface.schema().interfaces().iter().map(|child| child.parent_name).collect());
    !interface.parent_name.starts_with('$') || parents.contains(interface.name)
}
