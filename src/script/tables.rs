//! Tables that scripts make: `table(columns, rows)`.

use crate::model::{Error, Result, Value};
use crate::output::{Align, Column, Table};

/// A table. A column is its key in `--json`, or a list of that and the heading; a row is a list, or a map by the
/// columns' keys. `empty` is what is said when there are no rows.
///
/// # Errors
/// A row that has not a value for each column.
pub(super) fn table(columns: Value, rows: Value, empty: &str) -> Result<Table> {
    const HINT: &str = "`table([\"machine\", \"state\"], [[\"web-01\", \"Running\"]])`";
    let list = |value: Value, what: &str| match value {
        Value::List(values) => Ok(values),
        _ => Err(Error::usage(format!("the {what} of a table are a list"), HINT)),
    };
    let column = |value: Value| match value {
        Value::Text(key) => Ok(Column::new(&key)),
        Value::List(pair) => match pair.as_slice() {
            [Value::Text(key), Value::Text(title)] => Ok(Column::new(key).titled(title)),
            _ => Err(Error::usage("a column is a text, or a list of key and heading", HINT)),
        },
        _ => Err(Error::usage("a column is a text, or a list of key and heading", HINT)),
    };
    let mut columns = list(columns, "columns")?.into_iter().map(column).collect::<Result<Vec<_>>>()?;
    let row = |(at, row): (usize, Value)| match row {
        Value::List(values) if values.len() == columns.len() => Ok(values),
        Value::List(values) => Err(Error::usage(
            format!("row {} of the table has {} values for {} columns", at + 1, values.len(), columns.len()),
            HINT,
        )),
        Value::Map(entries) => {
            let find = |column: &Column| entries.iter().find(|(name, _)| *name == column.key);
            Ok(columns.iter().map(|column| find(column).map_or(Value::Null, |(_, value)| value.clone())).collect())
        }
        _ => Err(Error::usage(format!("row {} of the table is neither a list nor a map", at + 1), HINT)),
    };
    let rows = list(rows, "rows")?.into_iter().enumerate().map(row).collect::<Result<Vec<Vec<Value>>>>()?;
    for (at, column) in columns.iter_mut().enumerate() {
        let mut values = rows.iter().map(|row| &row[at]).filter(|value| !value.is_null()).peekable();
        if values.peek().is_some() && values.all(|value| matches!(value, Value::Int(_) | Value::Float(_))) {
            column.align = Align::Right;
        }
    }
    Ok(Table { columns, rows, empty: empty.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lists_or_maps_and_numbers_lean_right() {
        let columns = || Value::List(vec!["name".into(), Value::List(vec!["count".into(), "HOW MANY".into()])]);
        let map = Value::Map(vec![("count".into(), Value::Int(2)), ("other".into(), Value::Null)]);
        let rows = Value::List(vec![Value::List(vec!["a".into(), Value::Int(1)]), map]);
        let made = table(columns(), rows, "none").unwrap();
        assert_eq!((made.columns[1].align, made.columns[1].title.as_str()), (Align::Right, "HOW MANY"));
        assert!(made.rows[1][0].is_null() && made.rows[1][1].as_int() == Some(2));
        let short = table(columns(), Value::List(vec![Value::List(vec!["a".into()])]), "").unwrap_err();
        assert!(short.to_string().contains("row 1 of the table has 1 values for 2 columns"), "{short}");
        assert!(
            table(Value::Null, Value::Null, "").is_err()
                && table(columns(), Value::List(vec![Value::Null]), "").is_err()
        );
    }
}
