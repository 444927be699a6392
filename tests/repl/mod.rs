//! The prompt, on a real terminal and through a pipe.

mod editing;
mod history;
mod interrupt;
mod pager;
mod piped;
mod terminal;
