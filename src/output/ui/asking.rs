//! Questions to who sits at the terminal, and to the terminal itself.

use super::super::clean;
use super::super::terminal::{self, Answers};
use super::{Sink, Ui};
use crate::model::Interrupt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::Ordering;

impl Ui {
    /// Answers the questions that cannot be asked with yes from now on.
    pub fn consent(&self) {
        self.0.consent.store(true, Ordering::Relaxed);
    }

    /// What the terminal says of itself, asked once.
    pub(in crate::output) fn answers(&self) -> Answers {
        let asks = matches!(self.0.sink, Sink::Process) && self.can_ask() && io::stdout().is_terminal();
        if asks { *self.0.answers.get_or_init(terminal::ask) } else { Answers::default() }
    }

    /// Whether questions can be asked: standard input and standard error are a terminal.
    pub fn can_ask(&self) -> bool {
        matches!(self.0.sink, Sink::Process) && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question that is answered with yes or no; no when it cannot be asked.
    pub fn confirm(&self, question: &str) -> bool {
        if !self.can_ask() {
            return self.0.consent.load(Ordering::Relaxed);
        }
        // The bar comes back after the answer only.
        self.0.bars.aside(|| {
            let question = format!("{} [y/N] ", clean::painted(question, true));
            let asked = io::stderr().lock().write_all(question.as_bytes()).is_ok();
            let mut answer = String::new();
            // No answer is a no.
            let read = asked && answer_of_user(&mut answer).is_some();
            read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
        })
    }

    /// Asks for a line of text; `None` when nobody can be asked or nothing was said.
    pub fn ask(&self, question: &str) -> Option<String> {
        if !self.can_ask() {
            return None;
        }
        self.0.bars.aside(|| {
            io::stderr().lock().write_all(clean::line(question).as_bytes()).ok()?;
            let mut answer = String::new();
            answer_of_user(&mut answer)?;
            Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty())
        })
    }

    /// Asks for a password without showing it.
    ///
    /// # Errors
    /// It cannot be asked, or the user gave up.
    pub fn ask_password(&self, question: &str) -> io::Result<String> {
        if !self.can_ask() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "there is no terminal to ask on"));
        }
        let stop = || Interrupt::global().is_raised();
        self.0.bars.aside(|| {
            let question = clean::line(question);
            terminal::unseen(&question, stop, |asked| {
                if asked { rpassword::read_password() } else { rpassword::prompt_password(&*question) }
            })
        })
    }
}

/// Reads a line of the user; `None` when Ctrl-C comes in its place.
fn answer_of_user(answer: &mut String) -> Option<()> {
    if !terminal::has_line(|| Interrupt::global().is_raised()) {
        // The terminal has just echoed `^C`.
        let _ = io::stderr().lock().write_all(b"\n");
        return None;
    }
    io::stdin().read_line(answer).ok().map(drop)
}
