//! The prompt, on a real terminal and through a pipe.

mod completion;
mod editing;
mod history;
mod interrupt;
mod pager;
mod piped;
mod screen;
mod terminal;
