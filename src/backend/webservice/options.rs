//! What a connection to a web service needs to know.

use super::TlsOptions;
use crate::model::Secret;
use std::time::Duration;

/// Where to connect, as whom, and how patiently.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// `http[s]://[user@]host[:port][/path]`; the port is 18083 when it names none.
    pub url: String,
    /// Who logs on; empty: whoever the URL names.
    pub user: String,
    /// The password of that user.
    pub password: Secret,
    /// How the server's certificate is checked.
    pub tls: TlsOptions,
    /// How long the web session may lie idle before it is kept alive by a call; the server's own limit
    /// is 300 s by default.
    pub ping: Duration,
    /// Where the description of the server's Main API comes from.
    pub schema: SchemaChoice,
    /// How long to wait for what.
    pub limits: Limits,
}

impl ConnectOptions {
    /// Options for a URL, everything else as usual.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user: String::new(),
            password: Secret::default(),
            tls: TlsOptions::default(),
            ping: Duration::from_secs(45),
            schema: SchemaChoice::from_environment(),
            limits: Limits::default(),
        }
    }
}

/// Where the description of a server's Main API comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaChoice {
    /// The embedded one for a server of its version, else what the server says.
    #[default]
    Automatic,
    /// What the server says, whatever its version.
    Server,
}

impl SchemaChoice {
    /// What `VBOXSH_SCHEMA` asks for: `wsdl` means the server's own.
    pub fn from_environment() -> Self {
        match std::env::var_os("VBOXSH_SCHEMA") {
            Some(choice) if choice == "wsdl" => Self::Server,
            _ => Self::Automatic,
        }
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, the handshake of TLS included.
    pub connect: Duration,
    /// For a reply, or the next piece of one; a call that waits by itself gets its own time on top.
    pub reply: Duration,
    /// For the reply of a call that waits by itself, beyond the time it waits.
    pub wait: Duration,
    /// How long an idle connection is kept; the server closes it after 60 s.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            reply: Duration::from_secs(120),
            wait: Duration::from_secs(30),
            idle: Duration::from_secs(50),
        }
    }
}
