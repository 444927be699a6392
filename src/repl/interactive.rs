//! The prompt on a terminal.

use super::announcer::Announcer;
use super::helper::Helper;
use super::keys::Keys;
use super::known::Known;
use super::search::Search;
use super::{Options, banner, completer, history, prompt, validator};
use crate::model::{ErrorKind, Interrupt};
use crate::output::Failure;
use crate::shell::{Announce, Keys as ChosenKeys, Shell};
use rustyline::config::{BellStyle, ColorMode, Configurer};
use rustyline::error::{ReadlineError, Signal};
use rustyline::history::DefaultHistory;
use rustyline::{CompletionType, Config, EditMode, Editor, Event, EventHandler};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A key that begins with Esc has its rest within so many milliseconds.
const ESCAPE: u16 = 100;

type LineEditor = Editor<Helper, DefaultHistory>;

/// What running a line came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// Exit code of its failure.
    pub(super) failed: Option<i32>,
    /// Exit code with which the program is to end.
    pub(super) leave: Option<i32>,
}

/// Runs a line and shows what came of it.
pub(super) fn show(shell: &mut Shell, line: &str) -> Shown {
    let mut shown = Shown::default();
    if let Err(failure) = shell.run_line(line) {
        if failure.exit.is_some() {
            shown.leave = failure.exit;
        } else {
            shown.failed = Some(failure.exit_code());
            if failure.kind == ErrorKind::Interrupted && shell.ui().can_ask() {
                // The terminal has just echoed `^C`.
                shell.ui().warn_line_end();
            }
            shell.ui().fail(&failure);
        }
    }
    shown.leave = shown.leave.or(shell.quit());
    shown
}

/// Reads and runs lines until the user leaves.
pub(super) fn run(shell: Shell, options: &Options) -> i32 {
    let shell = Rc::new(RefCell::new(shell));
    let history = shell_history(&shell.borrow(), options);
    let keys = shell.borrow().config().keys;
    let discarded = Arc::new(AtomicBool::new(false));
    let (known, search) = (Known::default(), Search::default());
    let mut editor = match editor(&shell, history.as_ref(), &discarded, keys, &known, &search) {
        Ok(editor) => editor,
        Err(error) => return unreadable(&shell.borrow(), &error),
    };
    for line in editor.history().iter() {
        shell.borrow_mut().remember(line);
    }
    shell.borrow().ui().note(&banner::text(&shell.borrow(), options));
    if options.open_early {
        open_early(&shell.borrow());
    }
    let mut announcer: Option<Announcer> = None;
    loop {
        announce(&shell.borrow(), &mut editor, &mut announcer);
        if let Some(connection) = shell.borrow().world().current() {
            known.prepare(&connection);
        }
        let text = {
            let shell = shell.borrow();
            prompt::text(shell.language(), shell.world().current().as_ref(), shell.prompt())
        };
        // Ctrl-C is the editor's, and one that comes late is for nothing any more.
        let lent = Interrupt::global().lend();
        let read = editor.readline(&text);
        drop(lent);
        if let Some(announcer) = &announcer {
            announcer.at_work();
        }
        // Whatever ended the line ends a search in it.
        search.end();
        match read {
            Ok(line) => {
                let code = run_input(&shell, &mut editor, history.as_ref(), &search, &line);
                known.expire();
                if let Some(code) = code {
                    return code;
                }
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(Signal::Interrupt)) => {
                if !discarded.swap(false, Ordering::Relaxed) {
                    shell.borrow().ui().note("Ctrl-D or `quit` leaves the shell");
                }
            }
            Err(ReadlineError::Signal(_)) => {}
            Err(ReadlineError::Eof) => return 0,
            Err(error) => return unreadable(&shell.borrow(), &error),
        }
    }
}

/// Lets events be announced while a line is typed, if the user wants that.
fn announce(shell: &Shell, editor: &mut LineEditor, announcer: &mut Option<Announcer>) {
    let wanted = shell.announce();
    if announcer.is_none() && *wanted != Announce::Nothing {
        // A terminal that cannot do it goes without.
        let Ok(mut printer) = editor.create_external_printer() else { return };
        let print = move |text| drop(rustyline::ExternalPrinter::print(&mut printer, text));
        *announcer = Some(Announcer::start(Arc::clone(shell.world()), Box::new(print)));
    }
    if let Some(announcer) = announcer {
        announcer.at_prompt(wanted, shell.ui().style());
    }
}

/// Runs one input. Gives an exit code when it ends the program.
fn run_input(
    shell: &Rc<RefCell<Shell>>,
    editor: &mut LineEditor,
    history: Option<&PathBuf>,
    search: &Search,
    input: &str,
) -> Option<i32> {
    if input.trim().is_empty() {
        return None;
    }
    let mut remembered = false;
    let lines: Vec<String> = {
        let shell = shell.borrow();
        if history::keeps(input, shell.commands(), completer::schema_of(&shell)) {
            // A history that cannot be kept is no reason to hold a line up; it was warned of at the start.
            let added = editor.add_history_entry(input).unwrap_or(false);
            if let Some(file) = history.filter(|_| added) {
                let _ = editor.append_history(file);
            }
            remembered = true;
        }
        validator::inputs(&shell, input).iter().map(|input| validator::joined(&shell, input)).collect()
    };
    if remembered {
        search.remember(input);
        shell.borrow_mut().remember(input);
    }
    let interrupt = Interrupt::global();
    for line in &lines {
        interrupt.clear();
        let shown = show(&mut shell.borrow_mut(), line);
        interrupt.clear();
        // Lines that were pasted behind one that failed may depend on it.
        if shown.leave.is_some() || shown.failed.is_some() {
            return shown.leave;
        }
    }
    None
}

fn editor(
    shell: &Rc<RefCell<Shell>>,
    history: Option<&PathBuf>,
    discarded: &Arc<AtomicBool>,
    keys: ChosenKeys,
    known: &Known,
    search: &Search,
) -> rustyline::Result<LineEditor> {
    let colored = shell.borrow().ui().style().is_on();
    let config = Config::builder()
        .max_history_size(history::LONGEST)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .edit_mode(if keys == ChosenKeys::Vi { EditMode::Vi } else { EditMode::Emacs })
        // Esc alone ends a search: no other key comes within that time.
        .keyseq_timeout(Some(ESCAPE))
        .bell_style(BellStyle::None)
        .color_mode(if colored { ColorMode::Forced } else { ColorMode::Disabled })
        .auto_add_history(false)
        .build();
    let mut editor = LineEditor::with_config(config)?;
    if let Some(file) = history {
        // An unreadable history is an empty one.
        let _ = editor.load_history(file);
    }
    editor.set_max_history_size(history::LONGEST)?;
    for line in editor.history().iter() {
        search.remember(line);
    }
    editor.set_helper(Some(Helper::new(Rc::clone(shell), known.clone(), search.clone())));
    let keys = Keys::new(Arc::clone(discarded), search.clone());
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(keys)));
    Ok(editor)
}

/// The history file, ready for use; `None`, with a warning, when there can be none.
fn shell_history(shell: &Shell, options: &Options) -> Option<PathBuf> {
    let file = history::path(options.home.as_deref())?;
    match history::prepare(&file) {
        Ok(()) => Some(file),
        Err(error) => {
            shell.ui().warn(&format!("the history is not kept: {}: {error}", file.display()));
            None
        }
    }
}

/// Opens the connection beside the prompt, so that completion has it soon. A failure says nothing:
/// it comes up again, in full, when the connection is first needed.
fn open_early(shell: &Shell) {
    let world = Arc::clone(shell.world());
    let open = move || world.open_early();
    // Without the thread it is opened when first needed.
    let _ = std::thread::Builder::new().name("open-early".to_owned()).spawn(open);
}

fn unreadable(shell: &Shell, error: &ReadlineError) -> i32 {
    let failure = Failure::new(ErrorKind::Failed, format!("cannot read from the terminal: {error}"));
    let failure = failure.hinted("pipe the lines in (`vboxsh < FILE`), or give them with `-c`");
    shell.ui().fail(&failure);
    failure.exit_code()
}
