//! The program on a terminal, with somebody typing.

use crate::support::program::Program;
use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Session};
use std::time::Duration;

/// Longer than anything here takes, even on a busy computer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Terminal {
    session: OsSession,
}

impl Terminal {
    /// Starts the program in the home of `program`, without colours, up to its first prompt.
    pub fn open(program: &Program) -> Self {
        let mut terminal = Self::start(program, &["--color", "never"]);
        terminal.prompted();
        terminal
    }

    pub fn start(program: &Program, arguments: &[&str]) -> Self {
        Self::start_in(program, arguments, &[], (100, 30))
    }

    /// Starts it without colours in a terminal of so many columns and rows, with more in its environment.
    pub fn open_in(program: &Program, environment: &[(&str, &str)], size: (u16, u16)) -> Self {
        let mut terminal = Self::start_in(program, &["--color", "never"], environment, size);
        terminal.prompted();
        terminal
    }

    pub fn start_in(program: &Program, arguments: &[&str], environment: &[(&str, &str)], size: (u16, u16)) -> Self {
        let mut command = program.command();
        // Standard streams come from the terminal.
        command.env("TERM", "xterm").env_remove("COLUMNS").env_remove("NO_COLOR").args(arguments);
        command.envs(environment.iter().copied());
        let mut inner = std::process::Command::new(command.get_program());
        inner.args(command.get_args()).env_clear().current_dir(program.home());
        inner.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut session = Session::spawn(inner).unwrap();
        session.get_process_mut().set_window_size(size.0, size.1).unwrap();
        session.set_expect_timeout(Some(PATIENCE));
        Self { session }
    }

    /// Changes the size of the terminal, which tells the program.
    pub fn resizes(&mut self, size: (u16, u16)) {
        self.session.get_process_mut().set_window_size(size.0, size.1).unwrap();
    }

    pub fn types(&mut self, keys: &str) {
        self.session.send(keys).unwrap();
    }

    /// Types a line, enters it, and waits for its echo.
    pub fn enters(&mut self, line: &str) {
        self.types(line);
        self.shows(line);
        self.types("\r");
    }

    /// Waits for a text, and gives what stood before it.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        match self.session.expect(text) {
            Ok(found) => String::from_utf8_lossy(found.before()).into_owned(),
            Err(error) => {
                let mut rest = [0; 4096];
                let read = self.session.try_read(&mut rest).unwrap_or(0);
                panic!("{text:?} does not appear: {error}; at hand: {:?}", String::from_utf8_lossy(&rest[..read]));
            }
        }
    }

    /// Whether a text appears within a second.
    pub fn has(&mut self, text: &str) -> bool {
        self.session.set_expect_timeout(Some(Duration::from_secs(1)));
        let found = self.session.expect(text).is_ok();
        self.session.set_expect_timeout(Some(PATIENCE));
        found
    }

    /// Waits for a fresh prompt, and gives what stood before it. The editor paints a prompt many
    /// times over; a fresh one comes when it takes the terminal (and switches bracketed paste on).
    #[track_caller]
    pub fn prompted(&mut self) -> String {
        let before = self.shows("\x1b[?2004h").replace("\r\n", "\n");
        self.shows("vbox> ");
        before
    }

    /// Presses Ctrl-C until the prompt is back, and gives what stood before it: a press that comes before the command
    /// has begun is for nothing yet.
    #[track_caller]
    pub fn interrupted(&mut self) -> String {
        for _ in 0..10 {
            self.control('c');
            self.session.set_expect_timeout(Some(Duration::from_secs(6)));
            let found = self.session.expect("\x1b[?2004h");
            self.session.set_expect_timeout(Some(PATIENCE));
            if let Ok(found) = found {
                let before = String::from_utf8_lossy(found.before()).into_owned();
                self.shows("vbox> ");
                return before;
            }
        }
        panic!("Ctrl-C ends nothing");
    }

    /// Enters a line and gives what it printed.
    #[track_caller]
    pub fn answers(&mut self, line: &str) -> String {
        self.types(&format!("{line}\r"));
        self.answered()
    }

    /// What the line printed that has just been entered.
    #[track_caller]
    pub fn answered(&mut self) -> String {
        self.shows("\x1b[?2004l");
        self.prompted()
    }

    /// Presses Ctrl and a letter.
    pub fn control(&mut self, letter: char) {
        let code = char::from(u8::try_from(letter).unwrap() & 0x1f);
        self.types(&code.to_string());
    }

    /// Waits for the end of the program and gives its exit code.
    #[track_caller]
    pub fn ends(mut self) -> i32 {
        self.session.expect(Eof).unwrap();
        match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("the program ended otherwise: {other:?}"),
        }
    }
}
