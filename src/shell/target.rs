//! Where to connect to, in the words of the user, and how to get there.

use super::{Asking, Credentials, HostEntry};
use crate::backend::{local, trace::Traced};
use crate::model::{Connection, Error, Result, Transport};
use crate::output::{Failure, Ui};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place to connect to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The local VirtualBox if this program can reach it, else the embedded host.
    #[default]
    Auto,
    /// The embedded host.
    Embedded,
    /// The local VirtualBox over XPCOM.
    Xpcom,
    /// The web service at a URL.
    WebService(String),
}

/// Everything besides the target that decides how to connect.
#[derive(Clone, Debug, Default)]
pub struct ConnectSettings {
    /// Home of the embedded host.
    pub home: Option<PathBuf>,
    /// How to log on.
    pub credentials: Credentials,
    /// File with the certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the one certificate to trust.
    pub fingerprint: Option<String>,
    /// Trust any certificate.
    pub insecure: bool,
    /// File that takes every call.
    pub trace: Option<PathBuf>,
}

impl ConnectSettings {
    /// These with what an entry of the configuration says of its host.
    #[must_use]
    pub fn with_entry(&self, entry: &HostEntry) -> Self {
        Self {
            credentials: entry.credentials(&self.credentials),
            ca_file: entry.ca_file.clone().or_else(|| self.ca_file.clone()),
            fingerprint: entry.fingerprint.clone().or_else(|| self.fingerprint.clone()),
            insecure: entry.insecure || self.insecure,
            home: entry.home.clone().or_else(|| self.home.clone()),
            trace: self.trace.clone(),
        }
    }
}

impl Target {
    /// Reads a target: `auto`, `embedded`, `xpcom`, or `http[s]://[user@]host[:port]`.
    ///
    /// # Errors
    /// Anything else; a password in an address.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "auto" => Ok(Self::Auto),
            "embedded" => Ok(Self::Embedded),
            "xpcom" => Ok(Self::Xpcom),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                if user_part(url).is_some_and(|user| user.contains(':')) {
                    return Err(Error::usage(
                        "a password has no place in an address: others see it",
                        "leave it out; it is asked for, or read from VBOXSH_PASSWORD or `--password-file FILE`",
                    ));
                }
                Ok(Self::WebService(url.to_owned()))
            }
            other => Err(Error::usage(
                format!("`{other}` is no place to connect to"),
                "one of `auto`, `embedded`, `xpcom` or `http[s]://[user@]host[:port]`; `help connections` says more",
            )),
        }
    }
}

/// What stands between the scheme and the path of a URL.
fn authority(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default()
}

fn user_part(url: &str) -> Option<&str> {
    authority(url).rsplit_once('@').map(|(user, _)| user)
}

/// Refuses a certificate to trust where there is none: over plain HTTP it would check nothing, and what
/// it was to protect would go out in the clear.
///
/// # Errors
/// Usage, when `target` is plain HTTP and a certificate or fingerprint is named for it.
pub fn check_trust(target: &Target, ca_file: bool, fingerprint: bool) -> std::result::Result<(), Failure> {
    let option = if fingerprint { "--fingerprint" } else { "--ca-file" };
    match target {
        Target::WebService(url) if (ca_file || fingerprint) && url.starts_with("http://") => Err(Failure::usage(
            format!("{option} checks nothing over plain HTTP, which is not encrypted"),
            format!("connect to `{}`, or leave {option} out", url.replacen("http://", "https://", 1)),
        )),
        _ => Ok(()),
    }
}

/// Connects.
///
/// # Errors
/// Why there is no connection, with the cure.
pub fn connect(target: &Target, settings: &ConnectSettings, ui: &Ui, asking: Asking) -> Result<Connection> {
    let transport: Arc<dyn Transport> = match target {
        Target::Auto if settings.home.is_none() && auto_is_local() => local_or_embedded(ui)?,
        Target::Auto | Target::Embedded => crate::backend::embedded::transport(settings.home.clone())?,
        Target::Xpcom => local::transport()?,
        Target::WebService(url) => web_service(url, settings, ui, asking)?,
    };
    let transport = match &settings.trace {
        Some(file) => trace(transport, file)?,
        None => transport,
    };
    Ok(Connection::new(transport))
}

/// What `auto` takes where VirtualBox is installed.
fn local_or_embedded(ui: &Ui) -> Result<Arc<dyn Transport>> {
    local::transport().or_else(|error| {
        // An embedded host in its place would show other machines than the user expects: say so.
        ui.warn(&format!("{error}; the embedded host serves instead (`doctor` says more)"));
        crate::backend::embedded::transport(None)
    })
}

fn trace(transport: Arc<dyn Transport>, file: &Path) -> Result<Arc<dyn Transport>> {
    let traced = Traced::to_file(transport, file).map_err(|error| Error::Refused {
        what: format!("cannot write the trace {}: {error}", file.display()),
        hint: "give `--trace` a file in a folder that can be written".to_owned(),
    })?;
    Ok(Arc::new(traced))
}

/// The folder of the VirtualBox that is installed here.
pub fn virtualbox_folder() -> Option<PathBuf> {
    local::library().and_then(|library| library.parent().map(Path::to_owned))
}

/// Whether `auto` takes the local VirtualBox: it is installed, and this program can talk to it.
pub fn auto_is_local() -> bool {
    local::SUPPORTED && local::library().is_some()
}

/// Why `auto` takes what it takes, in one clause.
pub fn why_auto() -> String {
    match local::library() {
        Some(library) if local::SUPPORTED => format!("VirtualBox is installed ({})", library.display()),
        Some(library) => format!(
            "VirtualBox is installed ({}), but this vboxsh reaches it only through its web service: `connect http://localhost:18083`",
            library.display()
        ),
        None => "no VirtualBox is installed here".to_owned(),
    }
}

#[cfg(feature = "webservice")]
fn web_service(url: &str, settings: &ConnectSettings, ui: &Ui, asking: Asking) -> Result<Arc<dyn Transport>> {
    use crate::backend::webservice::{ConnectOptions, TlsOptions, WebService};
    use crate::model::Secret;

    let credentials = &settings.credentials;
    let user = match credentials.user.as_str() {
        "" => user_part(url).unwrap_or_default().to_owned(),
        user => user.to_owned(),
    };
    let at_hand = credentials.at_hand()?;
    let tls = TlsOptions {
        ca_file: settings.ca_file.clone(),
        fingerprint: settings.fingerprint.clone(),
        insecure: settings.insecure,
    };
    if settings.insecure && url.starts_with("https://") {
        ui.warn(
            "--insecure: the server's certificate is not checked; anyone in between can read and change everything",
        );
    }
    if url.starts_with("http://") && at_hand.is_some() && !is_local(url) {
        ui.warn("the password travels unencrypted over http; https protects it");
    }
    let log_on = |user: String, password: Secret| {
        WebService::connect(ConnectOptions { user, password, tls: tls.clone(), ..ConnectOptions::new(url) })
    };
    let asked = Credentials { user: user.clone(), ..credentials.clone() };
    let nothing_at_hand = at_hand.is_none();
    match log_on(user, at_hand.unwrap_or_default()) {
        // A server without authentication takes anything; only one that refuses is worth a question.
        Err(error @ Error::LogOn(_)) if nothing_at_hand && asking == Asking::Allowed => match asked.ask(ui, url)? {
            Some((user, password)) => Ok(Arc::new(log_on(user, password)?)),
            None => Err(error),
        },
        connected => Ok(Arc::new(connected?)),
    }
}

#[cfg(feature = "webservice")]
fn is_local(url: &str) -> bool {
    let host = authority(url).rsplit('@').next().unwrap_or_default();
    host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
}

#[cfg(not(feature = "webservice"))]
fn web_service(_url: &str, _settings: &ConnectSettings, _ui: &Ui, _asking: Asking) -> Result<Arc<dyn Transport>> {
    Err(Error::Refused {
        what: "this vboxsh was built without the web service".to_owned(),
        hint: "build it with the feature `webservice`, which is on by default".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_words_or_addresses() {
        assert_eq!(Target::parse("auto").unwrap(), Target::Auto);
        assert_eq!(Target::parse("https://ops@host:1").unwrap(), Target::WebService("https://ops@host:1".into()));
        assert!(Target::parse("ftp://x").unwrap_err().hint().unwrap().contains("embedded"));
    }

    #[test]
    fn a_password_in_an_address_is_refused() {
        let error = Target::parse("http://ops:geheim@host:18083").unwrap_err();
        assert!(!error.to_string().contains("geheim") && error.hint().unwrap().contains("VBOXSH_PASSWORD"));
    }
}
