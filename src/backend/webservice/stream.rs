//! A byte stream to a server, plain or encrypted, as the HTTP client needs it.
//!
//! It carries bytes and knows whether the other side is still there; it knows nothing of HTTP.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

/// How a server's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// Certificates to trust beside the well-known ones, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the one certificate to accept, in hexadecimal; colons do not matter.
    pub fingerprint: Option<String>,
    /// Accept any certificate.
    pub insecure: bool,
}

/// A connected stream.
pub trait Stream: Read + Write + Send {
    /// How long a read may block before it fails with `WouldBlock` or `TimedOut`; a later read goes on
    /// where that one stopped. `None` means for ever.
    ///
    /// # Errors
    /// What the system says.
    fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()>;

    /// Whether the stream is of no more use for a request: closed by the other side, broken, or with
    /// bytes waiting that nobody asked for. Does not block.
    fn peek_closed(&mut self) -> bool;
}

impl Stream for TcpStream {
    fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, time)
    }

    fn peek_closed(&mut self) -> bool {
        if self.set_nonblocking(true).is_err() {
            return true;
        }
        let seen = self.peek(&mut [0]);
        let idle = matches!(seen, Err(error) if error.kind() == ErrorKind::WouldBlock);
        !idle || self.set_nonblocking(false).is_err()
    }
}
