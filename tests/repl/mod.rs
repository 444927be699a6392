//! The prompt, on a real terminal and through a pipe.

mod completion;
mod editing;
mod history;
mod interrupt;
mod pager;
mod pictures;
mod piped;
#[cfg(feature = "python")]
mod python;
mod screen;
mod terminal;
