//! Replies as text: which look each kind has. What is read of objects is read in one go.

use super::summary::{self, Facts, Want};
use super::value::{self, Writer};
use super::{Failure, Reply, Role, Section, Style, Table, Ui, clean, columns, json, text};
use crate::model::{Error, Object, Value};

/// So many elements of a list are shown on a terminal; a pipe and `--json` get all.
const MOST_ELEMENTS: usize = 200;
/// Room for the error of an attribute that could not be read, where no width is kept to.
const ERROR_COLUMNS: usize = 72;

/// Shows a reply.
pub(super) fn render(ui: &Ui, reply: &Reply) -> Result<(), Failure> {
    if ui.options().json {
        for document in json::documents(reply)? {
            ui.print(&json::text(&document, ui.is_terminal()));
        }
        return Ok(());
    }
    let view = View::new(ui);
    match reply {
        Reply::Nothing => {}
        Reply::Value(value) => view.print(view.value(value)?),
        Reply::Detail(value) => view.print(Some(view.detail(value)?)),
        Reply::Table(table) if table.rows.is_empty() => {
            if !table.empty.is_empty() {
                ui.note(&clean::line(&table.empty));
            }
        }
        Reply::Table(table) => view.print(Some(view.table(table))),
        Reply::Sections(sections) => view.print(Some(view.sections(sections))),
        Reply::Text(text) => view.print(Some(view.prose(text))),
        Reply::Note(text) => ui.note(text),
        Reply::Many(replies) => {
            for (at, reply) in replies.iter().enumerate() {
                if at > 0 && (is_block(reply) || is_block(&replies[at - 1])) {
                    ui.print("");
                }
                render(ui, reply)?;
            }
        }
    }
    Ok(())
}

/// Whether a reply is set off from its neighbours by an empty line.
fn is_block(reply: &Reply) -> bool {
    match reply {
        Reply::Table(table) => !table.rows.is_empty(),
        Reply::Detail(_) | Reply::Sections(_) => true,
        Reply::Many(replies) => replies.iter().any(is_block),
        _ => false,
    }
}

/// Why an attribute could not be read, in a few words.
pub(super) fn short_error(error: &Error) -> String {
    let text = match error.api_error() {
        Some(api) => match api.message.lines().next().unwrap_or_default().trim() {
            "" => api.name(),
            message => format!("{}: {message}", api.name()),
        },
        None => error.to_string().lines().next().unwrap_or_default().to_owned(),
    };
    clean::line(&text).into_owned()
}

/// How things are shown on one [`Ui`].
pub(super) struct View<'a> {
    ui: &'a Ui,
    pub(super) style: Style,
    columns: usize,
    /// Width to keep to: that of a terminal.
    fit: Option<usize>,
    /// How many elements of a list are shown.
    pub(super) limit: Option<usize>,
}

impl<'a> View<'a> {
    fn new(ui: &'a Ui) -> Self {
        let (columns, terminal) = (ui.width(), ui.is_terminal());
        let (fit, limit) = (terminal.then_some(columns), terminal.then_some(MOST_ELEMENTS));
        Self { ui, style: ui.style(), columns, fit, limit }
    }

    fn print(&self, text: Option<String>) {
        if let Some(text) = text {
            self.ui.print(&text);
        }
    }

    fn writer<'f>(&self, facts: &'f Facts) -> Writer<'f> {
        Writer { style: self.style, facts, limit: self.limit }
    }

    fn shown<'v>(&self, values: &'v [Value]) -> &'v [Value] {
        &values[..self.limit.unwrap_or(usize::MAX).min(values.len())]
    }

    /// Says how many elements are not shown.
    fn more(&self, values: &[Value]) -> String {
        let more = values.len() - self.shown(values).len();
        let text = format!("... {more} more (a pipe or `--json` gets all)");
        let lines = self.fit.map_or_else(|| vec![text.clone()], |columns| text::wrap(&text, columns));
        lines.iter().map(|line| self.style.paint(Role::Dim, line)).collect::<Vec<_>>().join("\n")
    }

    fn value(&self, value: &Value) -> Result<Option<String>, Failure> {
        match value {
            Value::Null => Ok(None),
            Value::Object(object) => {
                let facts = Facts::read(std::slice::from_ref(object), Want::States);
                match facts.failure(object) {
                    Some(error) => Err(error.clone().into()),
                    None => Ok(Some(self.writer(&facts).top(value, self.columns))),
                }
            }
            Value::List(values) => self.list(value, values).map(Some),
            other => {
                let facts = Facts::read(&value::objects(other, self.limit), Want::Names);
                Ok(Some(self.writer(&facts).top(other, self.columns)))
            }
        }
    }

    fn list(&self, list: &Value, values: &[Value]) -> Result<String, Failure> {
        let shown = self.shown(values);
        let grid = match shown.first() {
            Some(Value::Object(_)) => self.object_grid(shown)?,
            Some(Value::Struct(_)) => self.struct_grid(shown, None),
            Some(Value::Map(_)) => self.map_grid(shown),
            _ => None,
        };
        let mut text = match grid {
            Some(grid) => grid.render(self.fit, self.style),
            None if shown.iter().any(|value| matches!(value, Value::Object(_))) => {
                let facts = Facts::read(&value::objects(list, self.limit), Want::States);
                let writer = self.writer(&facts);
                let line = |value: &Value| match value {
                    Value::Object(_) => writer.top(value, self.columns),
                    other => writer.block(other, self.columns, 0),
                };
                shown.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            None => {
                let facts = Facts::read(&value::objects(list, self.limit), Want::Names);
                return Ok(self.writer(&facts).block(list, self.columns, 0));
            }
        };
        if shown.len() < values.len() {
            text = format!("{text}\n{}", self.more(values));
        }
        Ok(text)
    }

    fn table(&self, table: &Table) -> String {
        let mut grid = self.grid(table);
        for (row, values) in grid.rows.iter_mut().zip(&table.rows) {
            for ((cell, value), column) in row.iter_mut().zip(values).zip(&table.columns) {
                if let Some(gloss) = columns::gloss_by_name(&column.key, value) {
                    cell.text = gloss;
                }
            }
        }
        grid.render(self.fit, self.style)
    }

    fn detail(&self, value: &Value) -> Result<String, Failure> {
        let object = match value {
            Value::Object(object) => object,
            Value::Struct(structure) => {
                let entries = structure.entries().map(|(name, value)| (name.to_owned(), value.clone())).collect();
                return Ok(self.sections(&[Section { title: structure.interface.name.to_owned(), entries }]));
            }
            other => return Ok(self.value(other)?.unwrap_or_else(|| self.style.paint(Role::Dim, "null"))),
        };
        let results = summary::detail(object);
        if let Some((_, Err(error))) = results.first()
            && results.iter().all(|(_, result)| result.is_err())
        {
            return Err(error.clone().into());
        }
        let read = results.iter().filter_map(|(_, result)| result.as_ref().ok());
        let inner: Vec<Object> = read.flat_map(|value| value::objects(value, self.limit)).collect();
        let facts = Facts::read(&inner, Want::Names);
        let heading = Facts::read(std::slice::from_ref(object), Want::States);
        let key_width = results.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
        let mut lines = vec![self.writer(&heading).top(value, self.columns)];
        for (name, result) in &results {
            let show = |room: usize| match result {
                Ok(value) => {
                    let shown = self.entry(value, &facts, room);
                    let attribute = object.interface().attribute(name);
                    match attribute.and_then(|attribute| columns::gloss(attribute, value)) {
                        Some(gloss) => self.glossed(&shown, value, &gloss, room),
                        None => shown,
                    }
                }
                Err(error) => {
                    let room = self.fit.map_or(ERROR_COLUMNS, |_| room);
                    self.style.paint(Role::Dim, &text::truncate(&format!("({})", short_error(error)), room))
                }
            };
            lines.push(self.key_line("  ", name, key_width, show));
        }
        Ok(lines.join("\n"))
    }

    fn sections(&self, sections: &[Section]) -> String {
        let entries = || sections.iter().flat_map(|section| &section.entries);
        let objects: Vec<Object> = entries().flat_map(|(_, value)| value::objects(value, self.limit)).collect();
        let facts = Facts::read(&objects, Want::Names);
        let section_text = |section: &Section| {
            let indent = if section.title.is_empty() { "" } else { "  " };
            let names = section.entries.iter().map(|(name, _)| text::width(&clean::line(name)));
            let key_width = names.max().unwrap_or(0);
            let lines = section.entries.iter().map(|(name, value)| {
                let gloss = columns::gloss_by_name(name, value);
                let show = |room| gloss.clone().unwrap_or_else(|| self.entry(value, &facts, room));
                self.key_line(indent, &clean::line(name), key_width, show)
            });
            let title =
                (!section.title.is_empty()).then(|| self.style.paint(Role::Heading, &clean::line(&section.title)));
            title.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
        };
        sections.iter().map(section_text).collect::<Vec<_>>().join("\n\n")
    }

    /// A value beside its name: texts bare, lists of objects by label.
    fn entry(&self, value: &Value, facts: &Facts, room: usize) -> String {
        match value {
            Value::Null => self.style.paint(Role::Dim, "-"),
            Value::Text(text) if text.is_empty() => self.style.paint(Role::Dim, "\"\""),
            Value::Text(text) => {
                let text = clean::lines(text);
                if self.fit.is_some() { text::wrap(&text, room).join("\n") } else { text.into_owned() }
            }
            Value::Object(_) => self.writer(facts).inline(value, 0),
            Value::List(values) => match self.struct_grid(self.shown(values), Some(facts)) {
                Some(grid) => {
                    let rows = grid.render(self.fit.map(|_| room), self.style);
                    let is_cut = self.shown(values).len() < values.len();
                    if is_cut { format!("{rows}\n{}", self.more(values)) } else { rows }
                }
                None => self.writer(facts).block(value, room, 0),
            },
            other => self.writer(facts).block(other, room, 0),
        }
    }

    /// The number as it is, for scripts, with what it means: `2048 MB`, `512000 (500.0 KiB)`.
    fn glossed(&self, shown: &str, value: &Value, gloss: &str, room: usize) -> String {
        let number = value.as_int().unwrap_or_default().to_string();
        match gloss.strip_prefix(&number).filter(|unit| unit.starts_with(' ')) {
            Some(unit) => format!("{shown}{unit}"),
            None => {
                let gloss = self.style.paint(Role::Dim, &format!("({gloss})"));
                let is_wide = self.fit.is_some() && text::width(shown) + 1 + text::width(&gloss) > room;
                format!("{shown}{}{gloss}", if is_wide { '\n' } else { ' ' })
            }
        }
    }

    /// A name and what `show` makes of its value for so many columns: beside the name, in the column of all values. On
    /// a narrow terminal a value that does not fit there stands below its name.
    fn key_line(&self, indent: &str, name: &str, key_width: usize, show: impl Fn(usize) -> String) -> String {
        let room_of_keys = self.columns.saturating_sub(indent.len() + 2 + text::NARROWEST);
        let key_width = self.fit.map_or(key_width, |_| key_width.min(room_of_keys.max(8)));
        let room = self.columns.saturating_sub(indent.len() + key_width + 2).max(text::NARROWEST);
        let key = text::pad(&self.style.paint(Role::Key, name), key_width, false);
        let (mut shown, mut hang) = (show(room), format!("{indent}{}  ", " ".repeat(key_width)));
        let is_narrow = self.fit.is_some() && room < 2 * text::NARROWEST;
        let fits = |line: &str| indent.len() + text::width(&key) + 2 + text::width(line) <= self.columns;
        let first = if is_narrow && (shown.contains('\n') || !fits(&shown)) {
            hang = format!("{indent}    ");
            shown = show(self.columns.saturating_sub(hang.len()));
            format!("{indent}{}\n{hang}", key.trim_end())
        } else {
            format!("{indent}{key}  ")
        };
        let text = format!("{first}{}", shown.replace('\n', &format!("\n{hang}")));
        text.split('\n').map(|line| line.trim_end_matches(' ')).collect::<Vec<_>>().join("\n")
    }

    fn prose(&self, text: &str) -> String {
        let text = clean::painted(text, self.style.is_on());
        let text = text.strip_suffix('\n').unwrap_or(&text);
        match self.fit {
            Some(columns) => text::wrap(text, columns).join("\n"),
            None => text.to_owned(),
        }
    }
}
