//! Keys that mean more here than in a plain editor.

use super::search::Search;
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, RepeatCount};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sees every key. Ctrl-R searches the history. Up and down search the history for what stands before the cursor; on an empty
/// line, and while going on from there, they walk through all of it. Ctrl-D discards a started
/// input of several lines.
pub(super) struct Keys {
    /// Up was pressed on an empty line, and nothing else since.
    walking: AtomicBool,
    /// Whether there was anything on the line when Ctrl-C came.
    discarded: Arc<AtomicBool>,
    search: Search,
}

impl Keys {
    /// Keys that say in `discarded` whether Ctrl-C took anything away.
    pub(super) fn new(discarded: Arc<AtomicBool>, search: Search) -> Self {
        Self { walking: AtomicBool::new(false), discarded, search }
    }
}

/// Whether a key stands for a letter.
pub(super) fn is_plain(key: KeyEvent) -> bool {
    matches!(key, KeyEvent(KeyCode::Char(letter), Modifiers::NONE | Modifiers::SHIFT) if !letter.is_control())
}

impl ConditionalEventHandler for Keys {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let Event::KeySeq(keys) = event else { return None };
        let [key] = keys.as_slice() else { return None };
        if self.search.is_on()
            && let Some(command) = self.search.key(*key)
        {
            return Some(command);
        }
        if matches!(*key, KeyEvent(KeyCode::Char('r' | 'R'), Modifiers::CTRL)) {
            self.search.begin();
            return Some(Cmd::Repaint);
        }
        let line = context.line();
        let search = |command: Cmd| {
            if line.is_empty() {
                self.walking.store(true, Ordering::Relaxed);
            }
            let walks = self.walking.load(Ordering::Relaxed) || line.contains('\n') || context.pos() == 0;
            (!walks).then_some(command)
        };
        match *key {
            KeyEvent(KeyCode::Up, Modifiers::NONE) => return search(Cmd::HistorySearchBackward),
            KeyEvent(KeyCode::Down, Modifiers::NONE) => return search(Cmd::HistorySearchForward),
            _ => self.walking.store(false, Ordering::Relaxed),
        }
        match *key {
            KeyEvent(KeyCode::Char('c' | 'C'), Modifiers::CTRL) => {
                self.discarded.store(!line.is_empty(), Ordering::Relaxed);
                None
            }
            KeyEvent(KeyCode::Char('d' | 'D'), Modifiers::CTRL)
                if line.contains('\n') && context.pos() == line.len() =>
            {
                self.discarded.store(true, Ordering::Relaxed);
                Some(Cmd::Interrupt)
            }
            _ => None,
        }
    }
}
