//! The terminal: where data, talk and errors go.

mod asking;
mod pages;

use super::progress_bar::Bars;
use super::record::Record;
use super::terminal::Answers;
use super::theme::Theme;
use super::{ColorChoice, Failure, Palette, ProgressBar, Role, Style, clean, failure_text, json};
pub use pages::Unpaged;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How a [`Ui`] behaves.
#[derive(Clone, Debug, Default)]
pub struct UiOptions {
    /// When to colour.
    pub color: ColorChoice,
    /// One JSON document per command on standard output.
    pub json: bool,
    /// No talk.
    pub quiet: bool,
    /// More talk.
    pub verbose: bool,
    /// Width in columns instead of the terminal's.
    pub width: Option<usize>,
}

/// The door to the terminal. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Ui(Arc<Inner>);

struct Inner {
    options: UiOptions,
    sink: Sink,
    /// Whether text to each of the two is painted; the user may change it.
    out_painted: AtomicBool,
    err_painted: AtomicBool,
    theme: Mutex<(Theme, Palette)>,
    verbose: AtomicBool,
    bars: Arc<Bars>,
    beside: Option<Beside>,
    /// What a question is answered with that cannot be asked.
    consent: AtomicBool,
    /// Whether long output goes through a pager, and how many do not want that now.
    pager: AtomicBool,
    unpaged: AtomicUsize,
    /// Output that waits for a look at its length.
    gathered: Mutex<Option<String>>,
    /// What is kept of everything that is said.
    record: Mutex<Vec<Record>>,
    answers: OnceLock<Answers>,
}

/// One of several that are at work side by side.
struct Beside {
    /// Name of the host or machine.
    name: String,
    /// Whether bars are drawn.
    drawn: bool,
    /// The terminal of all of them.
    of_all: Ui,
}

/// Where text ends.
enum Sink {
    /// Standard output and standard error of this process.
    Process,
    /// Kept for a test, which may want to see what a terminal would.
    Captured { kept: Mutex<Captured>, terminal: bool },
}

/// What a captured [`Ui`] was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Whether to colour what goes to a terminal or elsewhere; `NO_COLOR` counts when it is not empty
/// (no-color.org).
fn paints(choice: ColorChoice, terminal: bool, no_color: &OsStr, term: &OsStr) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => terminal && no_color.is_empty() && term != "dumb",
    }
}

/// Whether standard error or output of this process is a terminal.
fn is_terminal(error: bool) -> bool {
    if error { io::stderr().is_terminal() } else { io::stdout().is_terminal() }
}

impl Ui {
    /// The real terminal.
    pub fn new(options: UiOptions) -> Self {
        let variable = |name| std::env::var_os(name).unwrap_or_default();
        let (no_color, term) = (variable("NO_COLOR"), variable("TERM"));
        let style = |terminal: bool| Style::new(paints(options.color, terminal, &no_color, &term));
        let (out_style, err_style) = (style(io::stdout().is_terminal()), style(io::stderr().is_terminal()));
        Self::made(options, Sink::Process, out_style, err_style)
    }

    /// One that keeps what it is given as a pipe would, for tests.
    pub fn captured(options: UiOptions) -> Self {
        Self::keeping(options, false)
    }

    /// One that keeps what it is given as a terminal would (fitted to the width), for tests.
    pub fn captured_terminal(options: UiOptions) -> Self {
        Self::keeping(options, true)
    }

    fn keeping(options: UiOptions, terminal: bool) -> Self {
        let style = Style::new(options.color == ColorChoice::Always);
        let sink = Sink::Captured { kept: Mutex::default(), terminal };
        Self::made(options, sink, style, style)
    }

    fn made(options: UiOptions, sink: Sink, out: Style, err: Style) -> Self {
        let (out_painted, err_painted) = (AtomicBool::new(out.is_on()), AtomicBool::new(err.is_on()));
        let verbose = AtomicBool::new(options.verbose);
        Self(Arc::new(Inner {
            options,
            sink,
            out_painted,
            err_painted,
            theme: Mutex::default(),
            verbose,
            bars: Arc::default(),
            beside: None,
            consent: AtomicBool::new(false),
            pager: AtomicBool::new(true),
            unpaged: AtomicUsize::new(0),
            gathered: Mutex::default(),
            record: Mutex::default(),
            answers: OnceLock::new(),
        }))
    }

    /// One that keeps what it is given, for work side by side with other work: its bars stand among those of this
    /// one, under a name.
    #[must_use]
    pub fn beside(&self, name: &str) -> Self {
        let options = UiOptions { width: Some(self.width()), verbose: self.is_verbose(), ..self.options().clone() };
        let mut made = Self::made(
            options,
            Sink::Captured { kept: Mutex::default(), terminal: self.is_terminal() },
            self.style(),
            self.error_style(),
        );
        if let Some(inner) = Arc::get_mut(&mut made.0) {
            inner.bars = Arc::clone(&self.0.bars);
            inner.beside = Some(Beside { name: name.to_owned(), drawn: self.draws_bars(), of_all: self.clone() });
            inner.theme = Mutex::new(*self.0.theme.lock().unwrap_or_else(PoisonError::into_inner));
        }
        made
    }

    fn draws_bars(&self) -> bool {
        match (&self.0.sink, &self.0.beside) {
            (Sink::Process, _) => io::stderr().is_terminal(),
            (_, Some(beside)) => beside.drawn,
            _ => false,
        }
    }

    /// Takes what a captured one was given since the last time.
    pub fn take(&self) -> Captured {
        match &self.0.sink {
            Sink::Captured { kept, .. } => std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)),
            Sink::Process => Captured::default(),
        }
    }

    /// How it behaves.
    pub fn options(&self) -> &UiOptions {
        &self.0.options
    }

    /// Paints text for standard output.
    pub fn style(&self) -> Style {
        self.styled(&self.0.out_painted)
    }

    /// Paints text for standard error.
    pub fn error_style(&self) -> Style {
        self.styled(&self.0.err_painted)
    }

    fn styled(&self, painted: &AtomicBool) -> Style {
        if !painted.load(Ordering::Relaxed) {
            return Style::default();
        }
        Style::with(self.0.theme.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// The theme that was chosen.
    pub fn theme(&self) -> Theme {
        self.0.theme.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Chooses a theme. `auto` asks the terminal for its background, if it is one.
    pub fn set_theme(&self, theme: Theme) {
        let palette = theme.palette(|| self.answers().is_light());
        *self.0.theme.lock().unwrap_or_else(PoisonError::into_inner) = (theme, palette.unwrap_or_default());
        if palette.is_none() && self.options().color != ColorChoice::Always {
            self.set_colors(false);
        }
    }

    /// Whether standard output is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.shows_on_terminal(false)
    }

    fn shows_on_terminal(&self, error: bool) -> bool {
        match self.0.sink {
            Sink::Process => is_terminal(error),
            Sink::Captured { terminal, .. } => terminal,
        }
    }

    /// Whether it keeps what it is given.
    fn is_kept(&self) -> bool {
        matches!(self.0.sink, Sink::Captured { .. })
    }

    /// Width in columns: as told, else `COLUMNS`, else that of the terminal behind standard output,
    /// else 100; 0 never.
    pub fn width(&self) -> usize {
        let told = self.0.options.width;
        // A test's width is not that of the terminal it happens to run in.
        if self.is_kept() {
            return told.filter(|width| *width > 0).unwrap_or(100);
        }
        let variable = || std::env::var("COLUMNS").ok()?.parse().ok();
        let terminal = || io::stdout().is_terminal().then(super::text::terminal_width).flatten();
        told.or_else(variable).filter(|width| *width > 0).or_else(terminal).unwrap_or(100)
    }

    /// Data: to standard output, a line end added.
    pub fn print(&self, text: &str) {
        self.write(false, text);
    }

    /// Talk: to standard error, nothing when quiet.
    pub fn note(&self, text: &str) {
        if self.0.options.quiet {
            return;
        }
        match self.error_fit() {
            Some(columns) => {
                let lines = text.lines().flat_map(|line| super::text::hang(line, columns));
                self.write(true, &lines.collect::<Vec<_>>().join("\n"));
            }
            None => self.write(true, text),
        }
    }

    /// Talk for those who want more of it.
    pub fn verbose(&self, text: &str) {
        if self.is_verbose() && !self.0.options.quiet {
            self.write(true, &self.error_style().paint(Role::Dim, text));
        }
    }

    /// A warning: to standard error, also when quiet.
    pub fn warn(&self, text: &str) {
        self.write(true, &format!("{} {text}", self.error_style().paint(Role::Warning, "warning:")));
    }

    /// A line end on standard error, behind what the terminal itself has echoed.
    pub fn warn_line_end(&self) {
        self.write(true, "");
    }

    /// A failure, in its three parts; as a JSON object on standard error with `--json`. A script's own
    /// `exit` is none.
    pub fn fail(&self, failure: &Failure) {
        if self.0.options.json && failure.exit.is_none() {
            self.write(true, &json::text(&json::failure(failure), false));
        } else if let Some(text) = failure_text::lines(failure, self.width(), self.error_fit(), self.error_style()) {
            self.write(true, &text);
        }
    }

    /// The width that words on standard error keep to, if it is a terminal.
    fn error_fit(&self) -> Option<usize> {
        self.shows_on_terminal(true).then(|| self.width())
    }

    /// A failure as [`Ui::fail`] writes it, without colours.
    pub fn failure(&self, failure: &Failure) -> String {
        if self.0.options.json {
            return json::text(&json::failure(failure), false);
        }
        failure_text::lines(failure, self.width(), None, Style::default()).unwrap_or_default()
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps from now on what is said, without colours. A silent record shows it to nobody else. One may be started
    /// inside another.
    pub fn start_record(&self, record: Record) {
        self.records().push(record);
    }

    /// Ends the last record that was started, and gives it.
    pub fn end_record(&self) -> Option<Record> {
        self.records().pop()
    }

    /// Whether what is said goes into a record and nowhere else.
    pub(super) fn is_silent(&self) -> bool {
        self.records().iter().any(Record::is_silent)
    }

    /// A bar for long work; hidden when quiet. Off a terminal there are plain lines at every quarter
    /// for those who want more talk, and else nothing.
    pub fn progress(&self, title: &str) -> ProgressBar {
        match &self.0.beside {
            Some(beside) => ProgressBar::new(&beside.of_all, &beside.name, title, beside.drawn),
            None => ProgressBar::new(self, "", title, self.draws_bars()),
        }
    }

    /// The bars on the screen.
    pub(super) fn bars(&self) -> &Bars {
        &self.0.bars
    }

    /// Whether more is said.
    pub fn is_verbose(&self) -> bool {
        self.0.verbose.load(Ordering::Relaxed)
    }

    /// Says more from now on, or less.
    pub fn set_verbose(&self, on: bool) {
        self.0.verbose.store(on, Ordering::Relaxed);
    }

    /// Paints from now on, or does not.
    pub fn set_colors(&self, on: bool) {
        self.0.out_painted.store(on, Ordering::Relaxed);
        self.0.err_painted.store(on, Ordering::Relaxed);
    }

    /// Writes escape sequences to a terminal as they are; elsewhere nothing.
    pub(super) fn escape(&self, text: &str) {
        if matches!(self.0.sink, Sink::Process) && io::stdout().is_terminal() && !self.is_silent() {
            // A terminal that went away shows nothing.
            let _ = self.0.bars.aside(|| io::stdout().lock().write_all(text.as_bytes()));
        }
    }

    /// Empties the screen of a terminal before something is drawn anew.
    pub fn clear_screen(&self) {
        self.escape("\u{1b}[H\u{1b}[2J");
    }

    /// What a script or another program writes to standard output or error: as it is, without a line end; no
    /// control characters to a terminal.
    pub fn write_bytes(&self, to_error: bool, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.write_raw(to_error, text),
            Err(_) if self.is_kept() || is_terminal(to_error) || self.is_silent() => {
                self.write_raw(to_error, &String::from_utf8_lossy(bytes));
            }
            Err(_) => self.write_process(to_error, bytes),
        }
    }

    fn write(&self, to_error: bool, text: &str) {
        self.write_raw(to_error, &format!("{text}\n"));
    }

    /// Writes without a line end, with no bar in the way. On a terminal nothing but line ends, tabs
    /// and this program's own colours may act; a pipe gets a script's text as it is.
    pub(super) fn write_raw(&self, to_error: bool, text: &str) {
        for record in self.records().iter_mut().rev() {
            record.take(to_error, &clean::painted(text, false));
            if record.is_silent() {
                return;
            }
        }
        match &self.0.sink {
            Sink::Captured { kept, .. } => {
                let text = clean::painted(text, true);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if to_error { kept.err.push_str(&text) } else { kept.out.push_str(&text) }
            }
            Sink::Process => {
                let text = if is_terminal(to_error) { clean::painted(text, true) } else { text.into() };
                if !to_error && let Some(gathered) = self.gathered().as_mut() {
                    gathered.push_str(&text);
                    return;
                }
                self.write_process(to_error, text.as_bytes());
            }
        }
    }

    fn write_process(&self, to_error: bool, bytes: &[u8]) {
        if to_error {
            // Nobody is left to tell when standard error is closed.
            let _ = self.0.bars.aside(|| io::stderr().lock().write_all(bytes));
            return;
        }
        let written = self.0.bars.aside(|| {
            let mut out = io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        });
        match written {
            Ok(()) => {}
            // The reader has seen enough (`vboxsh ... | head`): that is success.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            // A full disk must not pass for success: the data is lost.
            Err(error) => {
                self.write_raw(true, &format!("error: cannot write to standard output: {error}\n"));
                std::process::exit(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let auto = |terminal, no_color: &str, term: &str| {
            paints(ColorChoice::Auto, terminal, OsStr::new(no_color), OsStr::new(term))
        };
        assert!(auto(true, "", "xterm-256color"));
        assert!(!auto(false, "", "xterm-256color"));
        assert!(!auto(true, "1", "xterm-256color"));
        assert!(!auto(true, "", "dumb"));
    }

    #[test]
    fn a_told_choice_wins() {
        assert!(paints(ColorChoice::Always, false, OsStr::new("1"), OsStr::new("dumb")));
        assert!(!paints(ColorChoice::Never, true, OsStr::new(""), OsStr::new("xterm")));
    }
}
