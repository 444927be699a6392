//! One connection to a Main API: its root object, its references, and the way every call takes.

use super::references::{Reference, References};
use super::{Handle, Object, Operation, RawValue, Request, Result, Transport, Value};
use crate::schema::{Attribute, Interface, Schema};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A connection. Cloning gives another hold on the same one.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    transport: Arc<dyn Transport>,
    references: Arc<References>,
    /// The session object that scripts know as `session`; made when first asked for. Not an
    /// [`Object`], which would hold the connection, and the connection it, for ever.
    session: Mutex<Option<Arc<Reference>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.references.end();
        self.transport.close();
    }
}

impl Connection {
    /// Takes a transport that has its way to the other side.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self(Arc::new(Inner { transport, references: References::new(), session: Mutex::default() }))
    }

    /// The Main API of the other side.
    pub fn schema(&self) -> &'static Schema {
        self.0.transport.schema()
    }

    /// What carries the calls.
    pub fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    /// The one `IVirtualBox`.
    pub fn root(&self) -> Object {
        let interface = self.schema().interface("IVirtualBox").unwrap_or_else(|| self.any_object());
        self.object(Handle::Root, interface)
    }

    /// The session object of this connection, made when first asked for.
    ///
    /// # Errors
    /// What the other side answers.
    pub fn session(&self) -> Result<Object> {
        let mut kept = self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reference) = kept.as_ref() {
            return Ok(Object::new(self.clone(), Arc::clone(reference), self.session_interface()));
        }
        let session = self.new_session()?;
        *kept = Some(Arc::clone(session.reference()));
        Ok(session)
    }

    /// A session object of its own, for code that locks without touching the shared one.
    ///
    /// # Errors
    /// What the other side answers.
    pub fn new_session(&self) -> Result<Object> {
        let handle = self.0.transport.open_session()?;
        Ok(self.object(handle, self.session_interface()))
    }

    /// The `IVirtualBoxClient` of this connection.
    ///
    /// # Errors
    /// There is none: only XPCOM has one.
    pub fn client(&self) -> Result<Object> {
        let handle = self.0.transport.client()?;
        let interface = self.schema().interface("IVirtualBoxClient").unwrap_or_else(|| self.any_object());
        Ok(self.object(handle, interface))
    }

    fn session_interface(&self) -> &'static Interface {
        self.schema().interface("ISession").unwrap_or_else(|| self.any_object())
    }

    /// Ends the connection and takes it up anew. Objects fetched before are gone.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn reconnect(&self) -> Result<()> {
        *self.0.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.references.forget();
        self.0.transport.reconnect()
    }

    /// Ends the connection: logs off and closes. Later calls fail with a clear error.
    pub fn close(&self) {
        *self.0.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.references.end();
        self.0.transport.close();
    }

    /// How many references are held, and how many wait to be given up.
    pub fn reference_counts(&self) -> (usize, usize) {
        self.0.references.counts()
    }

    /// Whether both are holds on the same connection.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Carries one call; arguments are complete and converted.
    pub(super) fn carry(
        &self,
        target: &Handle,
        operation: Operation,
        arguments: &[RawValue],
        waits: Option<Duration>,
    ) -> Result<Vec<Value>> {
        let transport = &self.0.transport;
        // A wait must not hold releases up; the handles it brings are new ones.
        let quiet = (waits.is_none() && transport.releases_need_quiet())
            .then(|| self.0.references.quiet.read().unwrap_or_else(PoisonError::into_inner));
        let raw = transport.invoke(Request { target, operation, arguments, waits })?;
        let values = raw.into_iter().map(|value| self.adopt(value)).collect();
        drop(quiet);
        Ok(values)
    }

    /// Turns the handles in a value into objects.
    pub(super) fn adopt(&self, value: RawValue) -> Value {
        value.map_objects(&mut |(handle, interface)| Value::Object(self.object(handle, interface)))
    }

    pub(super) fn object(&self, handle: Handle, interface: &'static Interface) -> Object {
        if handle != Handle::Root {
            self.0.references.start_releaser(&self.0.transport);
        }
        Object::new(self.clone(), self.0.references.adopt(handle), interface)
    }

    fn any_object(&self) -> &'static Interface {
        // Only a schema without `IVirtualBox` gets here: a damaged one, where the first interface will do.
        self.schema().interfaces().first().unwrap_or(&crate::schema::embedded().interfaces()[0])
    }

    /// Reads many attributes, as many at once as the transport carries with profit. The results
    /// stand in the order of the reads.
    pub fn read_all(&self, reads: &[(Object, &'static Attribute)]) -> Vec<Result<Value>> {
        let workers = self.0.transport.parallelism().min(reads.len());
        if workers <= 1 {
            return reads.iter().map(|(object, attribute)| object.read(attribute)).collect();
        }
        let next = AtomicUsize::new(0);
        let mut results: Vec<(usize, Result<Value>)> = std::thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                while let Some((at, (object, attribute))) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    reads.get(at).map(|read| (at, read))
                } {
                    done.push((at, object.read(attribute)));
                }
                done
            };
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
        });
        results.sort_by_key(|(at, _)| *at);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
