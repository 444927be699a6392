//! What becomes a table, and what stands in its cells.

use super::render::{View, short_error};
use super::summary::{Facts, Want};
use super::table::{Cell, Grid};
use super::value::{self, Writer};
use super::{Column, Failure, Role, Style, Table, clean, columns};
use crate::model::{Error, Object, Value};
use crate::schema::Attribute;

impl View<'_> {
    /// A table, when all are objects of one interface that has attributes worth a column.
    pub(super) fn object_grid(&self, values: &[Value]) -> Result<Option<Grid>, Failure> {
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
        let mut cells = Vec::with_capacity(results.len());
        for (row, reads) in results.chunks(attributes.len()).zip(reads.chunks(attributes.len())) {
            let mut told = String::new();
            for (result, (_, attribute)) in row.iter().zip(reads) {
                cells.push(match result {
                    Ok(value) => self.attribute_cell(attribute, value, &facts),
                    // An error that repeats itself is told once in a row.
                    Err(error) => match error_name(error) {
                        name if name == told => missing("-"),
                        name => {
                            told.clone_from(&name);
                            missing(&name)
                        }
                    },
                });
            }
        }
        Ok(Some(grid(&attributes, cells.into_iter())))
    }

    /// A table, when all are structures of one interface. `facts` names the objects in them; they are
    /// read now when they were not before.
    pub(super) fn struct_grid(&self, values: &[Value], facts: Option<&Facts>) -> Option<Grid> {
        let Some(Value::Struct(first)) = values.first() else { return None };
        let attributes = columns::of(first.interface);
        let mut fields = Vec::with_capacity(values.len() * attributes.len());
        for value in values {
            match value {
                Value::Struct(value) if value.interface == first.interface => {
                    let field = |attribute: &&Attribute| value.get(attribute.name).cloned().unwrap_or_default();
                    fields.extend(attributes.iter().map(field));
                }
                _ => return None,
            }
        }
        let read;
        let facts = match facts {
            Some(facts) => facts,
            None => {
                let inner: Vec<Object> = fields.iter().flat_map(|value| value::objects(value, self.limit)).collect();
                read = Facts::read(&inner, Want::Names);
                &read
            }
        };
        let named = fields.iter().zip(attributes.iter().cycle());
        let cells = named.map(|(value, attribute)| self.attribute_cell(attribute, value, facts));
        (!attributes.is_empty()).then(|| grid(&attributes, cells))
    }

    /// A table, when all are maps with the same names and plain values.
    pub(super) fn map_grid(&self, values: &[Value]) -> Option<Grid> {
        let Some(Value::Map(first)) = values.first() else { return None };
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

    pub(super) fn grid(&self, table: &Table) -> Grid {
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
        let plain = Writer { style: Style::default(), facts, limit: self.limit };
        let (text, role) = match value {
            Value::Null => return missing("-"),
            Value::Text(text) if text.is_empty() => return missing("-"),
            Value::List(values) if values.is_empty() => return missing("-"),
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
}

/// A cell without a value.
fn missing(text: &str) -> Cell {
    Cell { text: text.to_owned(), role: Some(Role::Dim), is_missing: true, is_number: false }
}

/// The name of an error: there is no room for more in a cell.
fn error_name(error: &Error) -> String {
    error.api_error().map_or_else(|| short_error(error), |api| api.name())
}

/// Cells row by row into a table with a column for each attribute.
fn grid(attributes: &[&'static Attribute], cells: impl Iterator<Item = Cell>) -> Grid {
    let cells: Vec<Cell> = cells.collect();
    let rows = cells.chunks(attributes.len().max(1)).map(<[Cell]>::to_vec).collect();
    Grid { columns: attributes.iter().map(|attribute| Column::new(attribute.name)).collect(), rows }
}
