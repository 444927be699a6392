//! What everything in one shell shares: the connection, the terminal, the interrupt.

use crate::model::{Connection, ConnectionProblem, Error, Interrupt, Object, Result};
use crate::output::Ui;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Opens the connection that the user chose; called when something first needs it. The argument says
/// whether it may ask the user for a password.
pub type Opener = Box<dyn Fn(Asking) -> Result<Connection> + Send + Sync>;

/// Whether opening a connection may ask questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// The user waits for it.
    Allowed,
    /// It happens behind the user's back.
    Never,
}

/// Names and states of machines.
type NamesAndStates = Vec<(String, String)>;

/// The shared part of a shell. Engines and commands hold it by `Arc`.
pub struct World {
    connection: RwLock<Option<Connection>>,
    /// Held while a connection is opened: a second asker waits for the first one's.
    opening: Mutex<()>,
    opener: RwLock<Option<Opener>>,
    /// What opened the connection that `disconnect` closed; `reconnect` takes it up again.
    parked: Mutex<Option<Opener>>,
    /// Names and states of machines that a command has just read, and over which connection.
    machines: Mutex<Option<(Connection, NamesAndStates)>>,
    ui: Ui,
    yes: bool,
}

impl World {
    /// A world without connection; `opener` makes one when it is first needed.
    pub fn new(ui: Ui, opener: Option<Opener>, yes: bool) -> Arc<Self> {
        Arc::new(Self {
            connection: RwLock::new(None),
            opening: Mutex::new(()),
            opener: RwLock::new(opener),
            parked: Mutex::default(),
            machines: Mutex::default(),
            ui,
            yes,
        })
    }

    /// The door to the terminal.
    pub fn ui(&self) -> &Ui {
        &self.ui
    }

    /// Whether every question is answered with yes.
    pub fn yes(&self) -> bool {
        self.yes
    }

    /// The flag that Ctrl-C raises.
    pub fn interrupt(&self) -> &'static Interrupt {
        Interrupt::global()
    }

    /// The connection, opened now if it was not yet.
    ///
    /// # Errors
    /// Why there is none.
    pub fn connection(&self) -> Result<Connection> {
        self.open(Asking::Allowed)
    }

    /// Opens the connection ahead of its first use, and asks nothing. A failure is not told: the first
    /// use will meet it again.
    pub fn open_early(&self) {
        let _ = self.open(Asking::Never);
    }

    fn open(&self, asking: Asking) -> Result<Connection> {
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let _one = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = self.current() {
            return Ok(connection);
        }
        let connection = match self.opener.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(opener) => opener(asking)?,
            None => {
                return Err(Error::Connection(ConnectionProblem {
                    message: "there is no connection".to_owned(),
                    hint: "`reconnect` takes the last one up again; `connect TARGET` opens another; `help connect` says what TARGET may be".to_owned(),
                }));
            }
        };
        self.set_connection(Some(connection.clone()));
        Ok(connection)
    }

    /// The connection if it is open already. Opens nothing: completion asks here.
    pub fn current(&self) -> Option<Connection> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Exchanges the connection. The earlier one closes when its last object is gone.
    pub fn set_connection(&self, connection: Option<Connection>) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }

    /// Keeps names and states of all machines, as a command has just read them: completion need not read them again.
    pub fn saw_machines(&self, connection: &Connection, names: Vec<(String, String)>) {
        *self.machines.lock().unwrap_or_else(PoisonError::into_inner) = Some((connection.clone(), names));
    }

    /// Something ran that may have made or renamed machines.
    pub fn forget_machines(&self) {
        *self.machines.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The names that a command has read since the last time this was asked, over that connection.
    pub fn take_machines(&self, connection: &Connection) -> Option<Vec<(String, String)>> {
        let seen = self.machines.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.filter(|(earlier, _)| earlier.is_same(connection)).map(|(_, names)| names)
    }

    /// Exchanges what opens the connection.
    pub fn set_opener(&self, opener: Opener) {
        *self.opener.write().unwrap_or_else(PoisonError::into_inner) = Some(opener);
    }

    /// After an explicit `disconnect` nothing opens a connection by itself, until [`World::unpark`].
    pub fn park(&self) {
        let opener = self.opener.write().unwrap_or_else(PoisonError::into_inner).take();
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        *parked = opener.or(parked.take());
    }

    /// Lets the connection be opened again that [`World::park`] closed.
    pub fn unpark(&self) {
        let parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut opener = self.opener.write().unwrap_or_else(PoisonError::into_inner);
        *opener = opener.take().or(parked);
    }

    /// The `IVirtualBox` of the connection.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn root(&self) -> Result<Object> {
        Ok(self.connection()?.root())
    }
}
