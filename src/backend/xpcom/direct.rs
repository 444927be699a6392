//! The calls of this process itself: through the library that is loaded into it.

use super::call::{self, Failure, Given};
use super::objects::Objects;
use super::plan::Parameter;
use super::raw::Pointer;
use super::runtime::{self, Client, Runtime};
use super::{own, problem, typelib};
use crate::model::{ApiError, Error, Handle, Operation, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Kind, Mapping, Schema};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long giving everything up may take; a server that answers nothing must not hold the end up.
const FAREWELL: Duration = Duration::from_secs(5);

const E_NOINTERFACE: u32 = 0x8000_4002;

/// What a call gives when the process at the other end is gone: aborted, call failed, server
/// unavailable, connection reset.
const BROKEN: [u32; 4] = [0x8000_4004, 0x8007_06be, 0x8007_06ba, 0xc1f3_0001];

/// Objects of any interface are asked for these, the likely ones first.
const LIKELY: [&str; 12] = [
    "IMachine",
    "IHost",
    "IVirtualBox",
    "IMedium",
    "ISession",
    "IConsole",
    "IGuest",
    "IAppliance",
    "IHostDrive",
    "IHostNetworkInterface",
    "ISnapshot",
    "IProgress",
];

/// A connection by way of the library in this process. It ends with its server.
pub(super) struct Direct {
    runtime: &'static Runtime,
    objects: Objects,
    /// None: closed.
    client: RwLock<Option<Arc<Client>>>,
}

impl Direct {
    /// Reaches the local VirtualBox, and starts its server if it does not run.
    ///
    /// # Errors
    /// None is installed, it is none that this program can talk to, it does not start, or the library
    /// of this process has no way to it any more ([`runtime::is_dead`]).
    pub(super) fn open() -> Result<Self> {
        let runtime = runtime::get()?;
        let client = runtime.client()?;
        let objects = Objects::default();
        if let Some(root) = runtime.schema.interface("IVirtualBox") {
            objects.add_root(Arc::clone(&client.root), root);
        }
        Ok(Self { runtime, objects, client: RwLock::new(Some(client)) })
    }

    /// The client, unless the connection is closed, or the server has ended and the object is one of its.
    fn client(&self, target: Option<&Handle>) -> Result<Arc<Client>> {
        match self.client.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => Err(problem::closed()),
            Some(_) if runtime::is_dead() && !target.is_some_and(|target| self.objects.is_local(target)) => {
                Err(problem::server_died())
            }
            Some(client) => Ok(Arc::clone(client)),
        }
    }

    fn id(&self, interface: &'static Interface) -> Result<typelib::IdBytes> {
        self.runtime.typelib.id(interface.name).ok_or_else(|| problem::lacks(&self.runtime.version, interface.name))
    }

    /// The interface pointer of an object for a call.
    fn pointer(
        &self,
        client: &Client,
        handle: &Handle,
        interface: &'static Interface,
        operation: Operation,
        what: &str,
    ) -> Result<Arc<Pointer>> {
        self.objects.pointer(handle, interface, self.id(interface)?).map_err(|code| match code {
            None => Error::stale(format!("{what} of {operation}")),
            Some(E_NOINTERFACE) => {
                Error::api(operation, E_NOINTERFACE, format!("{what} has not the interface {}", interface.name))
            }
            Some(code) => self.failure(client, operation, code, ApiError { code, ..ApiError::default() }),
        })
    }

    /// The interface pointer of an object among the arguments.
    fn argument(
        &self,
        client: &Client,
        handle: &Handle,
        parameter: &Parameter,
        operation: Operation,
    ) -> Result<Arc<Pointer>> {
        let what = || format!("`{}`", parameter.name);
        match parameter.interface.filter(|_| parameter.kind.kind != Kind::AnyObject) {
            Some(interface) => self.pointer(client, handle, interface, operation, &what()),
            None => self.objects.any(handle).ok_or_else(|| Error::stale(format!("{} of {operation}", what()))),
        }
    }

    /// Takes the objects of a value in.
    fn adopt(&self, value: Given, any: bool) -> RawValue {
        value.map_objects(&mut |(pointer, interface)| {
            let (pointer, interface) = if any { self.name_object(pointer, interface) } else { (pointer, interface) };
            RawValue::Object((self.objects.adopt(pointer, interface), interface))
        })
    }

    /// Finds out what an object of any interface is.
    fn name_object(&self, pointer: Arc<Pointer>, unknown: &'static Interface) -> (Arc<Pointer>, &'static Interface) {
        let has = |name: &str| {
            let interface = self.runtime.schema.interface(name)?;
            let pointer = pointer.query(self.runtime.typelib.id(name)?).ok()?;
            Some((Arc::new(pointer), interface))
        };
        let others = self.runtime.schema.interfaces().iter().filter(|other| {
            other.parent_name == "$unknown" && other.mapping == Mapping::Managed && !LIKELY.contains(&other.name)
        });
        LIKELY.into_iter().chain(others.map(|other| other.name)).find_map(has).unwrap_or((pointer, unknown))
    }

    /// The error that a call ended in.
    fn failure(&self, client: &Client, operation: Operation, code: u32, error: ApiError) -> Error {
        if BROKEN.contains(&code) && error.message.is_empty() {
            if !own::server_answers(self.runtime, client) {
                runtime::bury();
                return problem::server_died();
            }
            return Error::Stale {
                what: format!("the object of {operation}"),
                hint: "the process that it lived in has ended, such as that of a machine that was powered down; whether the call ran is not known".to_owned(),
            };
        }
        let message = if error.message.is_empty() { own::words(code).to_owned() } else { error.message };
        Error::Api { operation: operation.to_string(), error: Box::new(ApiError { message, ..error }) }
    }
}

impl Transport for Direct {
    fn describe(&self) -> String {
        format!("local VirtualBox {} over XPCOM, {}", self.runtime.version, self.runtime.folder.display())
    }

    fn name(&self) -> &'static str {
        "xpcom"
    }

    fn schema(&self) -> &'static Schema {
        self.runtime.schema
    }

    fn open_session(&self) -> Result<Handle> {
        let client = self.client(None)?;
        let interface = self.runtime.schema.interface("ISession");
        match (own::session(self.runtime, &client), interface) {
            (Ok(session), Some(interface)) => Ok(self.objects.adopt(session, interface)),
            (Err(code), _) if BROKEN.contains(&code) && !own::server_answers(self.runtime, &client) => {
                runtime::bury();
                Err(problem::server_died())
            }
            (Err(code), _) => Err(Error::api("IVirtualBoxClient.session", code, own::words(code))),
            (_, None) => Err(Error::api("IVirtualBoxClient.session", 0x8000_ffff, "there is no ISession")),
        }
    }

    fn client(&self) -> Result<Handle> {
        let client = self.client(None)?;
        let interface = self.runtime.schema.interface("IVirtualBoxClient");
        let interface = interface.ok_or_else(|| problem::lacks(&self.runtime.version, "IVirtualBoxClient"))?;
        Ok(self.objects.adopt(Arc::clone(&client.client), interface))
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let client = self.client(Some(request.target))?;
        let operation = request.operation;
        let plan = self.runtime.plan(operation)?;
        let target = self.pointer(&client, request.target, plan.owner, operation, "the object")?;
        let resolve = |handle: &Handle, parameter: &Parameter| self.argument(&client, handle, parameter, operation);
        match call::call(&self.runtime.api, &target, &plan, request.arguments, &resolve) {
            Ok(values) => {
                let any = plan.parameters.iter().any(|parameter| parameter.kind.kind == Kind::AnyObject);
                Ok(values.into_iter().map(|value| self.adopt(value, any)).collect())
            }
            Err(Failure::Unsent(error)) => Err(error),
            Err(Failure::Code(code)) => Err(self.failure(&client, operation, code, own::error(self.runtime, code))),
        }
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let client = self.client(Some(target))?;
        let Some(id) = self.runtime.typelib.id(interface.name) else { return Ok(None) };
        match self.objects.pointer(target, interface, id) {
            Ok(_) => Ok(Some(target.clone())),
            Err(None) => Err(Error::stale("the object")),
            Err(Some(E_NOINTERFACE)) => Ok(None),
            Err(Some(code)) if BROKEN.contains(&code) && !own::server_answers(self.runtime, &client) => {
                runtime::bury();
                Err(problem::server_died())
            }
            Err(Some(code)) => Err(Error::api(format!("queryInterface({})", interface.name), code, own::words(code))),
        }
    }

    fn release(&self, handles: &[Handle]) {
        self.objects.release(handles);
    }

    fn reconnect(&self) -> Result<()> {
        // Whoever holds this connection makes another.
        Err(problem::closed())
    }

    fn close(&self) {
        let client = self.client.write().unwrap_or_else(PoisonError::into_inner).take();
        let objects = self.objects.take();
        let (done, waiting) = std::sync::mpsc::channel::<()>();
        let farewell = move || {
            if runtime::is_leaving() {
                objects.leave();
            } else {
                drop(objects);
            }
            drop(client);
            drop(done);
        };
        if std::thread::Builder::new().name("farewell".to_owned()).spawn(farewell).is_ok() {
            let _ = waiting.recv_timeout(FAREWELL);
        }
    }

    fn releases_need_quiet(&self) -> bool {
        true
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.close();
    }
}
