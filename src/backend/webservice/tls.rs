//! TLS to a server: whose certificate is accepted, and what is wrong with one that is not.
//!
//! It checks chain and name, or one pinned certificate, or nothing; it knows nothing of HTTP. Every
//! problem names its cure, as the certificates of VirtualBox servers are mostly home-made.

use super::{Stream, TlsOptions};
use crate::model::ConnectionProblem;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A file of certificates larger than this (in bytes) is not one.
const LARGEST_CA_FILE: u64 = 8 << 20;

/// Takes up TLS on a connected socket; its time-outs are the caller's.
///
/// With `insecure` nothing is checked, and the caller says so to the user; with a fingerprint only that
/// one certificate is accepted, whatever its name, age and issuer; else the well-known authorities and
/// those of `ca_file` are trusted, and a certificate that stands in `ca_file` itself.
///
/// # Errors
/// Untrusted, wrong name, expired, another certificate than the pinned one, no TLS at all, an unreadable
/// file of certificates: each with its cure.
pub(super) fn connect(
    mut tcp: TcpStream,
    host: &str,
    options: &TlsOptions,
) -> Result<Box<dyn Stream>, ConnectionProblem> {
    let verifier = Arc::new(Verifier::new(options)?);
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| problem(format!("TLS cannot be set up: {error}"), ""))?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = match ServerName::try_from(host.to_owned()) {
        Ok(name) => name,
        Err(_) if verifier.checks_name() => {
            return Err(problem(
                format!("`{host}` is no name that a certificate can be for"),
                "connect by the server's DNS name or its number, or pin its certificate with `--fingerprint`",
            ));
        }
        Err(_) => {
            // Nobody looks at the name, and the server is not told it.
            config.enable_sni = false;
            ServerName::from(std::net::IpAddr::from([0, 0, 0, 0]))
        }
    };
    let described = |error: io::Error| verifier.describe(host, &error);
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| described(io::Error::other(error)))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp).map_err(described)?;
    }
    Ok(Box::new(TlsStream { connection, tcp }))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn problem(message: impl Into<String>, hint: impl Into<String>) -> ConnectionProblem {
    ConnectionProblem { message: message.into(), hint: hint.into() }
}

/// A socket with TLS on it.
struct TlsStream {
    connection: ClientConnection,
    tcp: TcpStream,
}

impl Read for TlsStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        rustls::Stream::new(&mut self.connection, &mut self.tcp).read(into)
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        rustls::Stream::new(&mut self.connection, &mut self.tcp).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        rustls::Stream::new(&mut self.connection, &mut self.tcp).flush()
    }
}

impl Stream for TlsStream {
    fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        self.tcp.set_read_timeout(time)
    }

    fn peek_closed(&mut self) -> bool {
        if self.tcp.set_nonblocking(true).is_err() {
            return true;
        }
        let idle = self.is_idle();
        self.tcp.set_nonblocking(false).is_err() || !idle
    }
}

impl TlsStream {
    /// Takes what has come. Tickets and the like are TLS's own business; data or an end are not idle.
    fn is_idle(&mut self) -> bool {
        loop {
            let state = match self.connection.process_new_packets() {
                Ok(state) => state,
                Err(_) => return false,
            };
            if state.plaintext_bytes_to_read() > 0 || state.peer_has_closed() {
                return false;
            }
            match self.connection.read_tls(&mut self.tcp) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        self.connection.send_close_notify();
        // Best effort: an end must not wait for the other side.
        if self.tcp.set_nonblocking(true).is_ok() {
            let _ = self.connection.write_tls(&mut self.tcp);
        }
    }
}

type Fingerprint = [u8; 32];

/// Which certificates are accepted.
#[derive(Debug)]
enum Trust {
    Any,
    Pinned(Fingerprint),
    Chain { verifier: Arc<WebPkiServerVerifier>, own: Vec<CertificateDer<'static>>, with_file: bool },
}

/// Checks the server's certificate, and keeps its fingerprint for messages.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Fingerprint>>,
}

impl Verifier {
    fn new(options: &TlsOptions) -> Result<Self, ConnectionProblem> {
        let trust = if options.insecure {
            Trust::Any
        } else if let Some(fingerprint) = &options.fingerprint {
            Trust::Pinned(parse_fingerprint(fingerprint)?)
        } else {
            let own = options.ca_file.as_deref().map(read_certificates).transpose()?.unwrap_or_default();
            let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
            for certificate in &own {
                // One that is no authority still counts when it is the server's own.
                let _ = roots.add(certificate.clone());
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
            let verifier = verifier.map_err(|error| problem(format!("certificates cannot be checked: {error}"), ""))?;
            Trust::Chain { verifier, own, with_file: options.ca_file.is_some() }
        };
        Ok(Self { trust, provider: provider(), seen: Mutex::default() })
    }

    fn checks_name(&self) -> bool {
        matches!(self.trust, Trust::Chain { .. })
    }

    /// Why the handshake failed.
    fn describe(&self, host: &str, error: &io::Error) -> ConnectionProblem {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = seen.map(|seen| show(&seen)).unwrap_or_default();
        let pin = format!("if it is that server (compare the fingerprint there), pin it: `--fingerprint {shown}`");
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(invalid)) => match (invalid, &self.trust) {
                (CertificateError::ApplicationVerificationFailure, Trust::Pinned(pinned)) => problem(
                    format!(
                        "the certificate of {host} is not the pinned one: its fingerprint is {shown}, pinned is {}",
                        show(pinned)
                    ),
                    format!(
                        "somebody may stand in between; if the server has a new certificate, pin that: `--fingerprint {shown}`"
                    ),
                ),
                (CertificateError::NotValidForName, _) => problem(
                    format!("the certificate of {host} is for another name (SHA-256 {shown})"),
                    format!("connect by the name it is for; {pin}"),
                ),
                (CertificateError::NotValidForNameContext { presented, .. }, _) => {
                    let names: Vec<String> =
                        presented.iter().take(8).map(|name| format!("`{}`", name_in(name))).collect();
                    let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
                    problem(
                        format!("the certificate of {host} is for another name: for {names} (SHA-256 {shown})"),
                        format!("connect by the name it is for; {pin}"),
                    )
                }
                (CertificateError::Expired, _) => expired(host, "", &shown, &pin),
                (CertificateError::ExpiredContext { time, not_after }, _) => {
                    let days = time.as_secs().saturating_sub(not_after.as_secs()) / 86_400;
                    expired(host, &format!(" {days} days ago"), &shown, &pin)
                }
                (CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }, _) => problem(
                    format!("the certificate of {host} is not valid yet (SHA-256 {shown})"),
                    format!("check the clocks of both machines; {pin}"),
                ),
                (CertificateError::UnknownIssuer, Trust::Chain { with_file, .. }) => {
                    let by = if *with_file {
                        "neither a well-known authority nor one of the `--ca-file`"
                    } else {
                        "no well-known authority"
                    };
                    untrusted(host, &format!("{by} signed it"), &shown, &pin)
                }
                (other, _) => untrusted(host, &why_invalid(other), &shown, &pin),
            },
            Some(rustls::Error::AlertReceived(alert)) => problem(
                format!("{host} broke the TLS handshake off: {alert:?}"),
                "the server may want an older TLS or a certificate of yours; vboxsh speaks TLS 1.2 and 1.3",
            ),
            Some(rustls::Error::PeerIncompatible(what)) => problem(
                format!("{host} and vboxsh have no way of TLS in common: {what:?}"),
                "the server wants an older TLS; vboxsh speaks TLS 1.2 and 1.3",
            ),
            Some(
                rustls::Error::InvalidMessage(_)
                | rustls::Error::InappropriateMessage { .. }
                | rustls::Error::InappropriateHandshakeMessage { .. },
            ) => no_tls(host, "what it answers is none"),
            Some(other) => problem(
                format!("the TLS handshake with {host} failed: {other}"),
                "check the address and the server's own log",
            ),
            None => match error.kind() {
                ErrorKind::UnexpectedEof
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe => no_tls(host, "it closed the connection at the first word of TLS"),
                ErrorKind::WouldBlock | ErrorKind::TimedOut => problem(
                    format!("{host} did not finish the TLS handshake in time"),
                    "if the server does not use TLS, connect to `http://...`; else look at its log",
                ),
                _ => problem(
                    format!("the TLS handshake with {host} failed: {error}"),
                    "check the address and the network in between",
                ),
            },
        }
    }
}

/// The rarer reasons, in words. The library names some of them only inside of others.
fn why_invalid(error: &CertificateError) -> String {
    let named = format!("{error:?}");
    if named.contains("CaUsedAsEndEntity") {
        "it signed itself".to_owned()
    } else if named.contains("UnsupportedCertVersion") {
        "it has the form of version 1, which cannot be checked; the server needs a new one".to_owned()
    } else if matches!(error, CertificateError::BadSignature) {
        "its signature does not fit the authority that it names".to_owned()
    } else {
        error.to_string()
    }
}

fn untrusted(host: &str, why: &str, shown: &str, pin: &str) -> ConnectionProblem {
    problem(
        format!("the certificate of {host} is not trusted: {why} (SHA-256 {shown})"),
        format!("{pin}; or name the authority that signed it: `--ca-file FILE`"),
    )
}

fn expired(host: &str, since: &str, shown: &str, pin: &str) -> ConnectionProblem {
    problem(
        format!("the certificate of {host} expired{since} (SHA-256 {shown})"),
        format!("give the server a new one, and check this machine's clock; {pin}"),
    )
}

fn no_tls(host: &str, why: &str) -> ConnectionProblem {
    problem(
        format!("{host} does not speak TLS: {why}"),
        "connect to `http://...`, or give the server a certificate: `vboxwebsrv --ssl --keyfile FILE`",
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen: Fingerprint = Sha256::digest(end.as_ref()).into();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        match &self.trust {
            Trust::Any => Ok(ServerCertVerified::assertion()),
            Trust::Pinned(pinned) if *pinned == seen => Ok(ServerCertVerified::assertion()),
            Trust::Pinned(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Trust::Chain { verifier, own, .. } => {
                match verifier.verify_server_cert(end, intermediates, name, ocsp, now) {
                    // A self-made certificate is often its own authority, which may not serve as a server's
                    // by the rules. The user has named this very one.
                    Err(error)
                        if own.iter().any(|own| own.as_ref() == end.as_ref()) && !is_about_name_or_age(&error) =>
                    {
                        rustls::client::verify_server_name(&ParsedCertificate::try_from(end)?, name)?;
                        Ok(ServerCertVerified::assertion())
                    }
                    verified => verified,
                }
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_about_name_or_age(error: &rustls::Error) -> bool {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            Expired
                | ExpiredContext { .. }
                | NotValidYet
                | NotValidYetContext { .. }
                | NotValidForName
                | NotValidForNameContext { .. }
        )
    )
}

/// `AB:CD:...`, as every browser shows it.
fn show(fingerprint: &Fingerprint) -> String {
    fingerprint.iter().enumerate().fold(String::with_capacity(95), |mut text, (at, byte)| {
        let _ = write!(text, "{}{byte:02X}", if at > 0 { ":" } else { "" });
        text
    })
}

fn parse_fingerprint(text: &str) -> Result<Fingerprint, ConnectionProblem> {
    let bare = text.trim();
    let bare = bare.get(..7).filter(|start| start.eq_ignore_ascii_case("sha256:")).map_or(bare, |_| &bare[7..]);
    let digits: Vec<u8> = bare.bytes().filter(|byte| !matches!(byte, b':' | b' ')).collect();
    let pairs = digits.chunks(2).map(|pair| {
        let good = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        good.then(|| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())).flatten()
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| {
        problem(
            format!("`{text}` is no SHA-256 fingerprint of a certificate"),
            "it has 64 hexadecimal digits: `openssl x509 -in FILE -noout -fingerprint -sha256` shows it",
        )
    })
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectionProblem> {
    let unreadable = |why: String| {
        problem(
            format!("the certificates in `{}` cannot be read: {why}", file.display()),
            "`--ca-file` names a file in PEM form (`-----BEGIN CERTIFICATE-----`) that you can read",
        )
    };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|error| unreadable(error.to_string()))?;
    opened.take(LARGEST_CA_FILE).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.map_err(|error| unreadable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unreadable("there is no certificate in it".to_owned()));
    }
    Ok(certificates)
}

/// The name in the library's words for one of a certificate's names, `DnsName("host")`.
fn name_in(presented: &str) -> &str {
    presented.split('"').nth(1).or_else(|| presented.split_once('(')?.1.strip_suffix(')')).unwrap_or(presented)
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
