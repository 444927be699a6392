//! Runs the program in a home of its own and keeps what it said.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A home folder, and calls of the program in it.
pub struct Program {
    home: tempfile::TempDir,
}

/// What a call left.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    /// Standard output of a call that did well and had nothing to say.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Standard error of a call that ended with `code`.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}

impl Program {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the home and gives its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The program with a fixed environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vboxsh"));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("VBOX_USER_HOME", self.home.path().join("config"))
            .env("VBOXSH_HOME", self.home.path().join("vboxsh"))
            .env("VBOXSH_CONNECT", "embedded")
            .env("COLUMNS", "100")
            .env("LANG", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("VBOXSH_GUEST_PASSWORD", "secret")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(&self.command().args(arguments).output().unwrap())
    }

    /// Runs shell lines by `-c`, one after the other, in one process.
    pub fn lines(&self, lines: &[&str]) -> Outcome {
        let arguments: Vec<&str> = lines.iter().flat_map(|line| ["-c", line]).collect();
        self.run(&arguments)
    }

    /// Evaluates an expression.
    pub fn eval(&self, expression: &str) -> Outcome {
        self.run(&["-e", expression])
    }

    /// Runs with text on standard input.
    pub fn with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        outcome(&child.wait_with_output().unwrap())
    }

    /// Makes and registers a machine.
    #[track_caller]
    pub fn machine(&self, name: &str) {
        let expression = format!(
            "let m = vbox.createMachine(\"\", {name:?}, PlatformArchitecture.x86, [], \"Debian_64\", \"\"); m.saveSettings(); vbox.registerMachine(m)"
        );
        self.eval(&expression).ok();
    }
}

fn outcome(output: &Output) -> Outcome {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Outcome { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}
