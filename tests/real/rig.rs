//! The real VirtualBox that the suite asks: started and filled once, by `scripts/real-virtualbox`.
//!
//! With `VBOXSH_REAL_URL` set, that web service is asked (it must be filled by the fixture). With
//! `VBOXSH_REAL_VIRTUALBOX=1` an instance named `suite` is started. With neither, each test says
//! that it is skipped: the suite needs root and Debian's packages.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;
use vboxsh::backend::webservice::ConnectOptions;
use vboxsh::model::{Connection, Object, Value, wait_for_progress};

const ID: &str = "suite";
const PORT: u16 = 18190;

/// URL of the filled web service; `None` when there is no real VirtualBox to ask.
pub fn url() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url = URL.get_or_init(|| {
        if let Ok(url) = std::env::var("VBOXSH_REAL_URL") {
            return Some(url);
        }
        enabled().then(|| {
            // In this order: filling a new instance restarts its server.
            script(&["fixture", ID]);
            web(ID, PORT, &[]);
            format!("http://127.0.0.1:{PORT}")
        })
    });
    if url.is_none() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
    }
    url.as_deref()
}

/// Whether instances of a real VirtualBox may be started.
pub fn enabled() -> bool {
    std::env::var("VBOXSH_REAL_VIRTUALBOX").is_ok_and(|value| value == "1")
}

/// Starts a web service unless its port answers already.
pub fn web(id: &str, port: u16, environment: &[(&str, &str)]) -> String {
    if std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let output = run_with(&["web", id, &port.to_string()], environment);
        assert!(output.status.success(), "web {id}: {}", String::from_utf8_lossy(&output.stderr));
    }
    format!("http://127.0.0.1:{port}")
}

/// Runs `scripts/real-virtualbox`, which must succeed.
pub fn script(arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert!(output.status.success(), "real-virtualbox {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Runs `scripts/real-virtualbox`.
pub fn run(arguments: &[&str]) -> Output {
    run_with(arguments, &[])
}

/// `scripts/real-virtualbox`.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/real-virtualbox")
}

fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    // Files take the output: what the script leaves running would hold pipes open.
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let status = Command::new(program())
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(std::process::Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .status()
        .unwrap();
    Output { status, stdout: std::fs::read(out).unwrap(), stderr: std::fs::read(err).unwrap() }
}

/// A connection of its own to the filled VirtualBox: to its web service, or, where this binary itself
/// runs beside it (`VBOXSH_REAL_XPCOM=1`), over XPCOM.
pub fn connection() -> Option<Connection> {
    #[cfg(all(feature = "xpcom", unix))]
    if over_xpcom() {
        return Some(vboxsh::backend::xpcom::connect().unwrap());
    }
    Some(connect(url()?))
}

/// Whether this binary runs beside VirtualBox, in the chroot, and talks to it over XPCOM.
pub fn over_xpcom() -> bool {
    std::env::var("VBOXSH_REAL_XPCOM").is_ok_and(|value| value == "1")
}

/// A connection to a web service without authentication.
pub fn connect(url: &str) -> Connection {
    vboxsh::backend::webservice::connect(ConnectOptions::new(url)).unwrap()
}

/// A call of the program, in a home of its own.
pub struct Vboxsh {
    home: tempfile::TempDir,
}

impl Vboxsh {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vboxsh"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("VBOX_USER_HOME", self.home.path())
            .env("COLUMNS", "100")
            .env("LANG", "C.UTF-8")
            .current_dir(self.home.path())
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs it against `url`; gives exit code, standard output and standard error.
    pub fn run(&self, url: &str, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command().args(["-u", url]).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }
}

/// The object in a value.
pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}

/// A new machine, not registered.
pub fn machine(connection: &Connection, name: &str) -> Object {
    let arguments = vec!["".into(), name.into(), "x86".into(), Value::List(vec![]), "Other".into()];
    object(connection.root().call("createMachine", arguments).unwrap())
}

/// Waits for the progress in a value, which must end well.
pub fn finish(progress: Value) {
    wait_for_progress(&object(progress), None, &mut |_| {}, &mut |_| false).unwrap();
}
