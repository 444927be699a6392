//! What a command or an expression gives back, before it has a look.

use crate::model::Value;

/// The result of one command.
#[derive(Clone, Debug, Default)]
pub enum Reply {
    /// Nothing to show.
    #[default]
    Nothing,
    /// A value of an expression; objects print as summaries, lists of objects as tables.
    Value(Value),
    /// An object in full: its attributes with values.
    Detail(Value),
    /// Rows and columns.
    Table(Table),
    /// Named values in sections (`info`, `doctor`).
    Sections(Vec<Section>),
    /// Prose such as help; in `--json` one string.
    Text(String),
    /// A sentence of talk: goes to standard error, and is nothing in `--json`.
    Note(String),
    /// Several results, one after the other; in `--json` one array, as a command is one document.
    Many(Vec<Reply>),
}

/// Which side a column leans to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Key in `--json`: the API's attribute name where there is one.
    pub key: String,
    /// Heading; the key when empty.
    pub title: String,
    /// Which side it leans to.
    pub align: Align,
}

impl Column {
    /// A column of text.
    pub fn new(key: &str) -> Self {
        Self { key: key.to_owned(), title: String::new(), align: Align::Left }
    }

    /// A column of numbers.
    pub fn number(key: &str) -> Self {
        Self { align: Align::Right, ..Self::new(key) }
    }

    /// Another heading.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self }
    }
}

/// Rows and columns. Each row has as many values as there are columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// What to say when there are no rows (`no machines`); to standard error.
    pub empty: String,
}

/// Named values under a heading.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Heading; empty for none. In `--json` the key of a nested object.
    pub title: String,
    /// Names (API names where there are such) and values.
    pub entries: Vec<(String, Value)>,
}
