//! The only door to the terminal: data to standard output, talk to standard error.
//!
//! Commands and engines hand over values and tables; what they look like is decided here, once.
//! It reads attributes of objects to show them, and calls nothing that changes anything.

mod clean;
mod columns;
mod failure;
mod failure_text;
mod grids;
mod json;
mod pager;
mod picture;
mod progress_bar;
mod record;
mod render;
mod reply;
mod sixel;
mod sparkline;
mod style;
mod summary;
mod table;
mod terminal;
mod text;
mod theme;
mod ui;
mod value;

pub use clean::line as clean_line;
pub use columns::{format_bytes, format_time};
pub use failure::{Failure, Position};
pub use json::{documents, to_json};
pub use picture::PictureWay;
pub use progress_bar::ProgressBar;
pub use record::Record;
pub use reply::{Align, Column, Reply, Section, Table};
pub use sparkline::sparkline;
pub use style::{ColorChoice, Palette, Role, Style};
pub use summary::{describe, detail, label};
pub use terminal::{last_words, remember_terminal};
pub use text::{pad, terminal_columns, terminal_rows, truncate, width, wrap};
pub use theme::Theme;
pub use ui::{Captured, Ui, UiOptions, Unpaged};
pub use value::format_value;
