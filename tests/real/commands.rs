//! The commands against the real VirtualBox: each does what it is for, and nothing beside it.

pub mod guest;
mod hanging;
mod off;
mod running;
mod several;

use crate::rig::{self, Vboxsh};
use std::path::PathBuf;

/// What a call of the program left.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A VirtualBox of its own, and a way to it.
pub struct Host {
    id: String,
    /// The web service; none: over XPCOM, in the chroot.
    url: Option<String>,
    shell: Vboxsh,
}

impl Host {
    /// An empty VirtualBox with a web service; `None`, and said, where there is none to be had.
    ///
    /// `VBOXSH_REAL_PREFIX` stands before its name, for runs side by side.
    pub fn new(id: &str) -> Option<Self> {
        if !rig::enabled() {
            eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
            return None;
        }
        let id = format!("{}{id}", std::env::var("VBOXSH_REAL_PREFIX").unwrap_or_default());
        let _ = rig::run(&["remove", &id]);
        let url = rig::web(&id, free_port(), &[]);
        Some(Self { id, url: Some(url), shell: Vboxsh::new() })
    }

    /// The same VirtualBox over XPCOM.
    pub fn over_xpcom(&self) -> Self {
        Self { id: self.id.clone(), url: None, shell: Vboxsh::new() }
    }

    /// Whether this build can go that way, and the name of the way.
    pub fn way(&self) -> &'static str {
        if self.url.is_some() { "web service" } else { "XPCOM" }
    }

    /// The name of its instance.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its web service, unless it is reached over XPCOM.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// A folder that is `/root` for VirtualBox.
    pub fn folder(&self) -> PathBuf {
        let root = String::from_utf8(rig::script(&["root"]).stdout).unwrap();
        PathBuf::from(root.trim()).join("vboxsh").join(&self.id)
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(&[], arguments)
    }

    /// Runs the program with variables set.
    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Said {
        let output = match &self.url {
            Some(url) => {
                let mut command = self.shell.command();
                command.envs(variables.iter().copied()).args(["--no-ext", "--yes", "-u", url]).args(arguments);
                command.output().unwrap()
            }
            None => {
                let variables: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let mut all = vec!["run", &self.id, "env", "COLUMNS=100"];
                all.extend(variables.iter().map(String::as_str));
                all.extend([env!("CARGO_BIN_EXE_vboxsh"), "--no-ext", "--yes", "-u", "xpcom"]);
                all.extend(arguments);
                rig::run(&all)
            }
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs a line, which must do well; gives its data.
    #[track_caller]
    pub fn ok(&self, line: &str) -> String {
        let said = self.run(&["-c", line]);
        assert_eq!(said.code, 0, "{} {line}: {said:?}", self.way());
        said.out
    }

    /// Runs a line, which must end with `code`, and say why and what to do; gives what it said.
    #[track_caller]
    pub fn fails(&self, line: &str, code: i32) -> String {
        let said = self.run(&["-c", line]);
        assert_eq!(said.code, code, "{} {line}: {said:?}", self.way());
        assert!(said.err.contains("error: ") && said.err.contains("hint: "), "{line}: {said:?}");
        said.err
    }

    /// A line, and what a second one then shows.
    #[track_caller]
    pub fn then(&self, line: &str, look: &str, shown: &str) {
        let said = self.run(&["-c", line]);
        assert_eq!(said.code, 0, "{} {line}: {said:?}", self.way());
        let found = self.ok(look);
        assert!(found.contains(shown), "{} {line}: `{look}` shows {found:?}, not {shown:?}", self.way());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The other way to the same VirtualBox leaves it alone.
        if self.url.is_some() && !std::thread::panicking() {
            let _ = rig::run(&["remove", &self.id]);
        }
    }
}

/// Where the program writes files, and how it is told.
pub fn place(host: &Host, name: &str) -> (PathBuf, String) {
    if host.url.is_some() {
        let path = host.shell.home().join(name);
        let told = path.to_str().unwrap().to_owned();
        (path, told)
    } else {
        (host.folder().join(name), format!("/root/{name}"))
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The first sector of a floppy: prints `vboxsh guest ready` on the screen and on COM1, then echoes keys there.
const BOOT: &[u8] = &[
    0x31, 0xc0, 0x8e, 0xd8, 0xfc, 0xbe, 0x3d, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x05, 0xe8, 0x13, 0x00,
    0xeb, 0xf6, 0xfb, 0xf4, 0xb4, 0x01, 0xcd, 0x16, 0x74, 0xf8, 0x30, 0xe4, 0xcd, 0x16, 0xe8, 0x02, 0x00, 0xeb, 0xef,
    0x88, 0xc4, 0x83, 0xc2, 0x05, 0xec, 0xa8, 0x20, 0x74, 0xfb, 0x83, 0xea, 0x05, 0x88, 0xe0, 0xee, 0xb4, 0x0e, 0x31,
    0xdb, 0xcd, 0x10, 0xc3,
];

/// Writes a floppy image whose guest greets and echoes.
pub fn boot_floppy(path: &std::path::Path) {
    let mut image = vec![0; 1440 * 1024];
    image[..BOOT.len()].copy_from_slice(BOOT);
    let text = b"vboxsh guest ready\r\n\0";
    image[BOOT.len()..BOOT.len() + text.len()].copy_from_slice(text);
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    std::fs::write(path, image).unwrap();
}

/// Asks again until it is so, for half a minute.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..300 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("not within half a minute: {what}");
}

/// What is about the shell alone, or about more than one VirtualBox.
const OF_THE_SHELL: &[&str] = &[
    "alias",
    "announce",
    "apropos",
    "clear",
    "colors",
    "edit",
    "gui",
    "help",
    "history",
    "hosts",
    "on",
    "prompt",
    "python",
    "quit",
    "record",
    "reload-ext",
    "replay",
    "shell",
    "sleep",
    "verbose",
];

/// This one needs no VirtualBox: it looks after the others.
#[test]
fn every_command_that_asks_virtualbox_runs_on_it() {
    let texts = concat!(
        include_str!("commands/off.rs"),
        include_str!("commands/running.rs"),
        include_str!("commands/guest.rs")
    );
    let runs = |name: &str| {
        ["\"", "; "]
            .iter()
            .any(|before| [" ", "\"", ";"].iter().any(|after| texts.contains(&format!("{before}{name}{after}"))))
    };
    let commands = vboxsh::builtins::commands(&vboxsh::shell::ConnectSettings::default());
    let missing: Vec<&str> = commands
        .all()
        .filter(|command| !std::iter::once(&command.name).chain(&command.aliases).any(|name| runs(name)))
        .map(|command| command.name.as_str())
        .filter(|name| !OF_THE_SHELL.contains(name))
        .collect();
    assert!(missing.is_empty(), "no test runs them on VirtualBox: {missing:?}");
}
