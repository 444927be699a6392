//! The embedded host as a way to reach a Main API: the [`host`](crate::host) room in this process.
//!
//! It only passes calls on; every rule is the host's.

use crate::host::{Fault, Host};
use crate::model::{ApiError, Connection, ConnectionProblem, Error, Handle, RawValue, Request, Result, Transport};
use crate::schema::{Interface, Schema, embedded};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// Opens the embedded host. Its home is `home`, else `VBOXSH_HOME`, else the data folder of this user; the folder is
/// made when something is first saved.
///
/// # Errors
/// No home can be found, or what is there is damaged.
pub fn connect(home: Option<PathBuf>) -> Result<Connection> {
    Ok(Connection::new(transport(home)?))
}

/// The same, as a bare transport: for what wants to stand in between.
///
/// # Errors
/// As [`connect`].
pub fn transport(home: Option<PathBuf>) -> Result<Arc<dyn Transport>> {
    let home = match home.or_else(|| std::env::var_os("VBOXSH_HOME").filter(|home| !home.is_empty()).map(PathBuf::from))
    {
        Some(home) => std::path::absolute(&home).unwrap_or(home),
        None => data_folder()?,
    };
    if home.exists() && !home.is_dir() {
        return Err(Error::Connection(ConnectionProblem {
            message: format!("the home of the embedded host, {}, is no folder", home.display()),
            hint: "name a folder: `--home DIR`, or VBOXSH_HOME".to_owned(),
        }));
    }
    let machine_folder = directories::UserDirs::new().map_or_else(|| home.clone(), |user| user.home_dir().to_owned());
    Ok(Arc::new(EmbeddedTransport::open(&home, &machine_folder.join("VirtualBox VMs"))?))
}

fn data_folder() -> Result<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "vboxsh").ok_or_else(|| ConnectionProblem {
        message: "the embedded host has no home: this user has no home folder".to_owned(),
        hint: "name one: `vboxsh --home DIR`".to_owned(),
    })?;
    Ok(folders.data_dir().to_owned())
}

/// The embedded host behind the trait that all backends share.
pub struct EmbeddedTransport {
    home: PathBuf,
    machine_folder: PathBuf,
    /// Below it stand `sys` and `dev` with the facts of the computer.
    computer: PathBuf,
    /// None: closed.
    host: RwLock<Option<Arc<Host>>>,
}

impl EmbeddedTransport {
    /// Opens the home folder `home`; new machines go to `machine_folder` unless the home says otherwise.
    ///
    /// # Errors
    /// The home is damaged.
    pub fn open(home: &Path, machine_folder: &Path) -> Result<Self> {
        Self::open_on(home, machine_folder, Path::new("/"))
    }

    /// The same on a computer whose `sys` and `dev` stand below the folder `computer`: another one than this.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(home: &Path, machine_folder: &Path, computer: &Path) -> Result<Self> {
        let host = RwLock::new(Some(open(home, machine_folder, computer)?));
        let [home, machine_folder, computer] = [home, machine_folder, computer].map(Path::to_owned);
        Ok(Self { home, machine_folder, computer, host })
    }

    fn host(&self) -> Result<Arc<Host>> {
        let host = self.host.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(host.ok_or_else(|| ConnectionProblem {
            message: "the embedded host is closed".to_owned(),
            hint: "`reconnect` opens it again".to_owned(),
        })?)
    }
}

fn open(home: &Path, machine_folder: &Path, computer: &Path) -> Result<Arc<Host>> {
    let host = Host::open_on(home, machine_folder, computer).map_err(|fault| ConnectionProblem {
        message: format!("cannot open the embedded host in {}: {fault}", home.display()),
        hint: "mend or move that file, or name another home: `vboxsh --home DIR`".to_owned(),
    })?;
    Ok(Arc::new(host))
}

fn failed(operation: impl std::fmt::Display, interface: &str, fault: Fault) -> Error {
    let interface = fault.interface.unwrap_or(interface).to_owned();
    let error = ApiError { interface, ..fault.into() };
    Error::Api { operation: operation.to_string(), error: Box::new(error) }
}

impl Transport for EmbeddedTransport {
    fn describe(&self) -> String {
        format!("embedded host, home {}", self.home.display())
    }

    fn name(&self) -> &'static str {
        "embedded"
    }

    fn schema(&self) -> &'static Schema {
        embedded()
    }

    fn open_session(&self) -> Result<Handle> {
        Ok(self.host()?.open_session())
    }

    fn client(&self) -> Result<Handle> {
        Ok(self.host()?.client())
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>> {
        let Request { target, operation, arguments, waits } = request;
        self.host()?
            .invoke(target, operation, arguments, waits)
            .map_err(|fault| failed(operation, operation.owner(), fault))
    }

    fn query_interface(&self, target: &Handle, interface: &'static Interface) -> Result<Option<Handle>> {
        let has = self.host()?.has_interface(target, interface);
        let has =
            has.map_err(|fault| failed(format_args!("queryInterface({})", interface.name), interface.name, fault))?;
        Ok(has.then(|| target.clone()))
    }

    fn release(&self, handles: &[Handle]) {
        if let Ok(host) = self.host() {
            host.release(handles);
        }
    }

    fn reconnect(&self) -> Result<()> {
        self.close();
        let host = open(&self.home, &self.machine_folder, &self.computer)?;
        *self.host.write().unwrap_or_else(PoisonError::into_inner) = Some(host);
        Ok(())
    }

    fn close(&self) {
        if let Some(host) = self.host.write().unwrap_or_else(PoisonError::into_inner).take() {
            host.end_sessions();
        }
    }
}
