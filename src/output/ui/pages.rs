//! Long output, by way of a pager.

use super::super::{Failure, Reply, pager, render, text};
use super::{Sink, Ui};
use std::io::{self, IsTerminal};
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Nothing goes through a pager until this is dropped.
pub struct Unpaged(Ui);

impl Drop for Unpaged {
    fn drop(&mut self) {
        self.0.0.unpaged.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Ui {
    /// Shows what a command or an expression gave.
    ///
    /// # Errors
    /// Reading an object's attributes failed in a way that leaves nothing to show.
    pub fn reply(&self, reply: &Reply) -> Result<(), Failure> {
        if !self.pages() {
            return render::render(self, reply);
        }
        *self.gathered() = Some(String::new());
        let result = render::render(self, reply);
        let text = self.gathered().take().unwrap_or_default();
        if !text.is_empty() {
            self.show_pages(&text);
        }
        result
    }

    pub(super) fn gathered(&self) -> MutexGuard<'_, Option<String>> {
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether long output goes through a pager now.
    fn pages(&self) -> bool {
        matches!(self.0.sink, Sink::Process)
            && self.0.pager.load(Ordering::Relaxed)
            && self.0.unpaged.load(Ordering::Relaxed) == 0
            && !self.is_silent()
            && self.can_ask()
            && io::stdout().is_terminal()
            && pager::is_wanted()
    }

    /// Writes a text that is clean and has been kept in the record already.
    fn show_pages(&self, text: &str) {
        let (columns, height) = (text::terminal_width(), text::terminal_height());
        let is_long = columns.zip(height).filter(|(columns, height)| pager::rows(text, *columns) >= *height);
        let paged = is_long.map(|(columns, height)| self.0.bars.aside(|| pager::show(text, columns, height)));
        if paged != Some(Ok(())) {
            self.write_process(false, text.as_bytes());
        }
    }

    /// Whether long output may go through a pager at all.
    pub fn set_pager(&self, on: bool) {
        self.0.pager.store(on, Ordering::Relaxed);
    }

    /// Sends nothing through a pager until what this gives is dropped: for what is drawn anew again and again, and
    /// for what goes on by itself.
    #[must_use]
    pub fn unpaged(&self) -> Unpaged {
        self.0.unpaged.fetch_add(1, Ordering::Relaxed);
        Unpaged(self.clone())
    }
}
