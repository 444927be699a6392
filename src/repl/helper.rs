//! What the line editor asks, handed on to the parts that answer.

use super::candidate::pairs;
use super::completer::{self, Sources};
use super::hinter::{self, Hint};
use super::known::Known;
use super::search::{self, Search};
use super::{highlighter, prompt, validator};
use crate::output::{Role, Style, terminal_columns, terminal_rows};
use crate::shell::Shell;
use rustyline::completion::{Completer, Pair};
use rustyline::config::CompletionType;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Result};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The editor's helper. It shares the shell with the loop that runs lines; the two never work at
/// the same time.
pub(super) struct Helper {
    shell: Rc<RefCell<Shell>>,
    machines: Known,
    search: Search,
    /// The line is shown for the last time, before it runs.
    last_look: Cell<bool>,
}

impl Helper {
    pub(super) fn new(shell: Rc<RefCell<Shell>>, machines: Known, search: Search) -> Self {
        Self { shell, machines, search, last_look: Cell::new(false) }
    }

    /// Colours may be switched while the shell runs.
    fn style(&self) -> Style {
        self.shell.try_borrow().map(|shell| shell.ui().style()).unwrap_or_default()
    }

    /// Asks a part something. A shell that is at work has no answer.
    fn ask<T>(&self, question: impl FnOnce(&Sources<'_>) -> T) -> Option<T> {
        let shell = self.shell.try_borrow().ok()?;
        Some(question(&Sources { shell: &shell, machines: &self.machines }))
    }
}

impl rustyline::Helper for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let found = self.ask(|sources| {
            let (start, candidates) = completer::complete(sources, &line[..at]);
            (start, pairs(candidates, sources.shell.ui().width()))
        });
        Ok(found.unwrap_or((at, Vec::new())))
    }
}

impl Hinter for Helper {
    type Hint = Hint;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Hint> {
        if let Some(text) = self.search.text(terminal_columns(), terminal_rows()) {
            return Some(Hint::below(text));
        }
        // Without colour nothing would tell a hint from what was typed.
        if !self.style().is_on() || at < line.len() {
            return None;
        }
        self.ask(|sources| hinter::hint(sources, line, context))?
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        if !self.style().is_on() {
            return Cow::Borrowed(line);
        }
        let cursor = (!self.last_look.get()).then_some(at);
        self.ask(|sources| highlighter::paint(sources, line, cursor, self.style()))
            .map_or(Cow::Borrowed(line), Cow::Owned)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, text: &'p str, default: bool) -> Cow<'b, str> {
        if default { Cow::Owned(prompt::styled(text, self.style())) } else { Cow::Borrowed(text) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let style = self.style();
        Cow::Owned(if self.search.is_on() { search::painted(hint, style) } else { style.paint(Role::Dim, hint) })
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.find("  ") {
            Some(end) => {
                Cow::Owned(format!("{}{}", &candidate[..end], self.style().paint(Role::Dim, &candidate[end..])))
            }
            None => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.last_look.set(kind == CmdKind::ForcedRefresh);
        self.style().is_on()
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        let whole = self.ask(|sources| validator::is_whole(sources.shell, context.input())).unwrap_or(true);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
