//! Replies as text: which look each kind has. What is read of objects is read in one go.

use super::summary::{self, Facts, Want};
use super::table::{Cell, Grid};
use super::value::{self, Writer};
use super::{Column, Failure, Reply, Role, Section, Style, Table, Ui, clean, columns, json, text};
use crate::model::{Error, Object, StructValue, Value};
use crate::schema::Attribute;
use std::sync::Arc;

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

struct View<'a> {
    ui: &'a Ui,
    style: Style,
    columns: usize,
    /// Width to keep to: that of a terminal.
    fit: Option<usize>,
    limit: Option<usize>,
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
            Some(Value::Struct(first)) => self.struct_grid(first, shown),
            Some(Value::Map(first)) => self.map_grid(first, shown),
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
            let more = format!("... {} more (a pipe or `--json` gets all)", values.len() - shown.len());
            text = format!("{text}\n{}", self.style.paint(Role::Dim, &more));
        }
        Ok(text)
    }

    /// A table, when all are objects of one interface that has attributes worth a column.
    fn object_grid(&self, values: &[Value]) -> Result<Option<Grid>, Failure> {
        let objects: Option<Vec<&Object>> = values.iter().map(Value::as_object).collect();
        let Some(objects) = objects else { return Ok(None) };
        let Some(first) = objects.first() else { return Ok(None) };
        let interface = first.interface();
        let attributes = columns::of(interface);
        let is_mixed = objects.iter().any(|object| object.interface() != interface);
        if is_mixed || attributes.is_empty() || interface.extends("IEvent") {
            return Ok(None);
        }
        let pair =
            |object: &&Object| attributes.iter().map(|attribute| ((*object).clone(), *attribute)).collect::<Vec<_>>();
        let reads: Vec<(Object, &'static Attribute)> = objects.iter().flat_map(pair).collect();
        let results = first.connection().read_all(&reads);
        if let Some(Err(error)) = results.first()
            && results.iter().all(Result::is_err)
        {
            return Err(error.clone().into());
        }
        let inner: Vec<Object> = results.iter().flatten().flat_map(|value| value::objects(value, self.limit)).collect();
        let facts = Facts::read(&inner, Want::Names);
        let cells = results.iter().zip(&reads).map(|(result, (_, attribute))| match result {
            Ok(value) => self.attribute_cell(attribute, value, &facts),
            Err(error) => Cell {
                text: error.api_error().map_or_else(|| short_error(error), |api| api.name()),
                role: Some(Role::Dim),
                is_missing: true,
                ..Cell::default()
            },
        });
        Ok(Some(grid(&attributes, cells)))
    }

    fn struct_grid(&self, first: &StructValue, values: &[Value]) -> Option<Grid> {
        let attributes = columns::of(first.interface);
        let structures: Vec<&Arc<StructValue>> = values
            .iter()
            .map(|value| match value {
                Value::Struct(value) if value.interface == first.interface => Some(value),
                _ => None,
            })
            .collect::<Option<_>>()?;
        if attributes.is_empty() {
            return None;
        }
        let nothing = Value::Null;
        let field = |value: &'_ Arc<StructValue>, attribute: &Attribute| value.get(attribute.name).cloned();
        let fields: Vec<Value> = structures
            .iter()
            .flat_map(|value| {
                attributes.iter().map(|attribute| field(value, attribute).unwrap_or_else(|| nothing.clone()))
            })
            .collect();
        let inner: Vec<Object> = fields.iter().flat_map(|value| value::objects(value, self.limit)).collect();
        let facts = Facts::read(&inner, Want::Names);
        let named = fields.iter().zip(attributes.iter().cycle());
        let cells = named.map(|(value, attribute)| self.attribute_cell(attribute, value, &facts));
        Some(grid(&attributes, cells))
    }

    /// A table, when all are maps with the same names and plain values.
    fn map_grid(&self, first: &[(String, Value)], values: &[Value]) -> Option<Grid> {
        let is_plain = |value: &Value| !matches!(value, Value::List(_) | Value::Map(_) | Value::Struct(_));
        let mut table =
            Table { columns: first.iter().map(|(name, _)| Column::new(name)).collect(), ..Table::default() };
        for value in values {
            let Value::Map(entries) = value else { return None };
            if entries.len() != first.len() || !entries.iter().all(|(_, value)| is_plain(value)) {
                return None;
            }
            let value_of = |(name, _): &(String, Value)| entries.iter().find(|(known, _)| known == name);
            let row: Option<Vec<Value>> =
                first.iter().map(|entry| value_of(entry).map(|(_, value)| value.clone())).collect();
            table.rows.push(row?);
        }
        (!first.is_empty()).then(|| self.grid(&table))
    }

    fn table(&self, table: &Table) -> String {
        self.grid(table).render(self.fit, self.style)
    }

    fn grid(&self, table: &Table) -> Grid {
        let values = || table.rows.iter().flatten();
        let objects: Vec<Object> = values().flat_map(|value| value::objects(value, self.limit)).collect();
        let facts = Facts::read(&objects, Want::Names);
        let columns =
            table.columns.iter().map(|column| Column { key: clean::line(&column.key).into_owned(), ..column.clone() });
        let row = |row: &Vec<Value>| row.iter().map(|value| self.cell(value, &facts)).collect();
        Grid { columns: columns.collect(), rows: table.rows.iter().map(row).collect() }
    }

    fn attribute_cell(&self, attribute: &Attribute, value: &Value, facts: &Facts) -> Cell {
        match columns::gloss(attribute, value) {
            Some(text) => Cell { text, is_number: !columns::is_name(attribute), ..Cell::default() },
            None => self.cell(value, facts),
        }
    }

    fn cell(&self, value: &Value, facts: &Facts) -> Cell {
        let missing = || Cell { text: "-".to_owned(), role: Some(Role::Dim), is_missing: true, is_number: false };
        let plain = Writer { style: Style::default(), facts, limit: self.limit };
        let (text, role) = match value {
            Value::Null => return missing(),
            Value::Text(text) if text.is_empty() => return missing(),
            Value::List(values) if values.is_empty() => return missing(),
            Value::Text(text) => (clean::line(text).into_owned(), None),
            Value::Bool(truth) => (truth.to_string(), (!truth).then_some(Role::Dim)),
            Value::Enum(value) => (value.to_string(), Some(value::enum_role(value))),
            Value::Object(object) => (facts.name(object), None),
            Value::List(values) => {
                let item = |value: &Value| match value {
                    Value::Text(text) => clean::line(text).into_owned(),
                    Value::Object(object) => facts.name(object),
                    other => plain.inline(other, 1),
                };
                (values.iter().map(item).collect::<Vec<_>>().join(", "), None)
            }
            other => (plain.inline(other, 0), None),
        };
        Cell { text, role, is_number: matches!(value, Value::Int(_) | Value::Float(_)), is_missing: false }
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
            let room = self.columns.saturating_sub(key_width + 4).max(20);
            let shown = match result {
                Ok(value) => {
                    let shown = self.entry(value, &facts, room);
                    let attribute = object.interface().attribute(name);
                    match attribute.and_then(|attribute| columns::gloss(attribute, value)) {
                        Some(gloss) => self.glossed(&shown, value, &gloss),
                        None => shown,
                    }
                }
                Err(error) => {
                    let room = self.fit.map_or(ERROR_COLUMNS, |_| room);
                    self.style.paint(Role::Dim, &text::truncate(&format!("({})", short_error(error)), room))
                }
            };
            lines.push(self.key_line("  ", name, key_width, &shown));
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
            let room = self.columns.saturating_sub(key_width + 2 + indent.len()).max(20);
            let lines = section.entries.iter().map(|(name, value)| {
                let gloss = columns::gloss_by_name(name, value);
                let shown = gloss.unwrap_or_else(|| self.entry(value, &facts, room));
                self.key_line(indent, &clean::line(name), key_width, &shown)
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
            other => self.writer(facts).block(other, room, 0),
        }
    }

    /// The number as it is, for scripts, with what it means: `2048 MB`, `512000 (500.0 KiB)`.
    fn glossed(&self, shown: &str, value: &Value, gloss: &str) -> String {
        let number = value.as_int().unwrap_or_default().to_string();
        match gloss.strip_prefix(&number).filter(|unit| unit.starts_with(' ')) {
            Some(unit) => format!("{shown}{unit}"),
            None => format!("{shown} {}", self.style.paint(Role::Dim, &format!("({gloss})"))),
        }
    }

    fn key_line(&self, indent: &str, name: &str, key_width: usize, shown: &str) -> String {
        let hang = format!("\n{indent}{}  ", " ".repeat(key_width));
        let key = text::pad(&self.style.paint(Role::Key, name), key_width, false);
        let line = format!("{indent}{key}  {}", shown.replace('\n', &hang));
        line.trim_end_matches(' ').to_owned()
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

/// Cells row by row into a table with a column for each attribute.
fn grid(attributes: &[&'static Attribute], cells: impl Iterator<Item = Cell>) -> Grid {
    let cells: Vec<Cell> = cells.collect();
    let rows = cells.chunks(attributes.len().max(1)).map(<[Cell]>::to_vec).collect();
    Grid { columns: attributes.iter().map(|attribute| Column::new(attribute.name)).collect(), rows }
}
