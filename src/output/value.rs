//! Values as text, for people. Nothing is read here: what objects are called was read before.

use super::summary::{Facts, Want};
use super::{Role, Style, clean, text};
use crate::model::{EnumValue, Object, StructValue, Value};

/// Width for text that goes to no terminal in particular.
const COLUMNS: usize = 100;
/// Values nested deeper than this are cut: scripts can build them without end.
const DEEPEST: usize = 24;
/// So many bytes of a blob are shown.
const BLOB_START: usize = 16;

/// A value on one line or several, as a person would write it. A text stands bare, but in quotes
/// inside lists and maps; an object is its summary, and its label inside others. Names of objects are
/// read now. No control character of the value gets through, except the line ends and tabs of a text
/// that stands alone.
pub fn format_value(value: &Value, style: Style) -> String {
    let want = if matches!(value, Value::Object(_)) { Want::States } else { Want::Names };
    let facts = Facts::read(&objects(value, None), want);
    Writer { style, facts: &facts, limit: None }.top(value, COLUMNS)
}

/// The text of a plain value as it is, `None` for lists, objects and the like.
pub(super) fn bare(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Enum(value) => value.to_string(),
        _ => return None,
    })
}

/// A value on one line, without colours, objects by their interface.
pub(super) fn flat(value: &Value) -> String {
    Writer { style: Style::default(), facts: &Facts::default(), limit: None }.inline(value, 0)
}

/// The objects in a value, of each list the first `limit` only.
pub(super) fn objects(value: &Value, limit: Option<usize>) -> Vec<Object> {
    let mut found = Vec::new();
    collect(value, limit, 0, &mut found);
    found
}

fn collect(value: &Value, limit: Option<usize>, depth: usize, found: &mut Vec<Object>) {
    if depth > DEEPEST {
        return;
    }
    let mut go = |value| collect(value, limit, depth + 1, found);
    match value {
        Value::Object(object) => found.push(object.clone()),
        Value::List(values) => values.iter().take(limit.unwrap_or(usize::MAX)).for_each(go),
        Value::Struct(value) => value.fields.iter().for_each(go),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| go(value)),
        _ => {}
    }
}

/// The look of an enumeration value: states that run, that rest, that need a look.
pub(super) fn enum_role(value: &EnumValue) -> Role {
    match value.name().unwrap_or_default() {
        "Running" | "Up" | "Started" | "Connected" | "Online" | "Created" => Role::Good,
        "Aborted" | "AbortedSaved" | "Stuck" | "Inaccessible" | "Error" | "Down" | "Invalid" => Role::Error,
        "Paused" | "Starting" | "Stopping" | "Saving" | "Restoring" | "Teleporting" | "Snapshotting" | "SettingUp" => {
            Role::Warning
        }
        "PoweredOff" | "Null" | "None" | "Unlocked" => Role::Dim,
        _ => Role::Constant,
    }
}

/// `<1234 bytes PNG, 89 50 4e 47 ...>`.
pub(super) fn blob(bytes: &[u8]) -> String {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => " PNG",
        [0xff, 0xd8, 0xff, ..] => " JPEG",
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => " BMP",
        [b'P', b'K', 3, 4, ..] => " ZIP",
        [0x1f, 0x8b, 8, ..] => " GZIP",
        _ => "",
    };
    let start: Vec<String> = bytes.iter().take(BLOB_START).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > BLOB_START { " ..." } else { "" };
    let comma = if bytes.is_empty() { "" } else { ", " };
    let plural = if bytes.len() == 1 { "" } else { "s" };
    format!("<{} byte{plural}{kind}{comma}{}{more}>", bytes.len(), start.join(" "))
}

/// Writes values. `limit` is how many elements of a list are shown.
pub(super) struct Writer<'a> {
    pub(super) style: Style,
    pub(super) facts: &'a Facts,
    pub(super) limit: Option<usize>,
}

impl Writer<'_> {
    /// A value that stands alone.
    pub(super) fn top(&self, value: &Value, columns: usize) -> String {
        match value {
            Value::Text(text) => clean::lines(text).into_owned(),
            Value::Object(object) => self.object(&self.facts.summary(object)),
            other => self.block(other, columns, 0),
        }
    }

    /// A value on one line.
    pub(super) fn inline(&self, value: &Value, depth: usize) -> String {
        let paint = |role, text: &str| self.style.paint(role, text);
        if depth > DEEPEST {
            return paint(Role::Dim, "...");
        }
        match value {
            Value::Null => paint(Role::Dim, "null"),
            Value::Bool(truth) => paint(Role::Constant, &truth.to_string()),
            Value::Int(number) => paint(Role::Number, &number.to_string()),
            Value::Float(number) => paint(Role::Number, &format!("{number:?}")),
            Value::Text(text) => paint(Role::Text, &quoted(text)),
            Value::Blob(bytes) => paint(Role::Dim, &blob(bytes)),
            Value::Enum(value) => paint(enum_role(value), &value.to_string()),
            Value::Object(object) => self.object(&self.facts.label(object)),
            Value::List(values) => {
                let shown = self.shown(values);
                let items = shown.iter().map(|value| self.inline(value, depth + 1)).chain(self.more(values));
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Value::Struct(value) => format!("{} {{{}}}", self.kind(value), self.inline_entries(value.entries(), depth)),
            Value::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), value));
                format!("{{{}}}", self.inline_entries(entries, depth))
            }
        }
    }

    fn inline_entries<'n, 'v>(&self, entries: impl Iterator<Item = (&'n str, &'v Value)>, depth: usize) -> String {
        let entries = entries.map(|(name, value)| format!("{}: {}", self.key(name), self.inline(value, depth + 1)));
        entries.collect::<Vec<_>>().join(", ")
    }

    /// A value on one line when it fits into `columns`, else on several.
    pub(super) fn block(&self, value: &Value, columns: usize, depth: usize) -> String {
        let inline = self.inline(value, depth);
        if text::width(&inline) <= columns || depth > DEEPEST {
            return inline;
        }
        match value {
            Value::List(values) => self.list(values, columns, depth),
            Value::Struct(value) => {
                format!("{} {}", self.kind(value), self.entries(value.entries(), columns, depth))
            }
            Value::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| (name.as_str(), value));
                self.entries(entries, columns, depth)
            }
            _ => inline,
        }
    }

    /// Small elements fill lines; large ones have lines of their own.
    fn list(&self, values: &[Value], columns: usize, depth: usize) -> String {
        let shown = self.shown(values);
        if shown.iter().any(|value| matches!(value, Value::List(_) | Value::Struct(_) | Value::Map(_))) {
            let items = shown.iter().map(|value| self.block(value, columns.saturating_sub(2), depth + 1));
            let lines: Vec<String> = items.chain(self.more(values)).map(|item| indented(&item)).collect();
            return format!("[\n{}\n]", lines.join(",\n"));
        }
        let mut items = shown.iter().map(|value| self.inline(value, depth + 1)).chain(self.more(values)).peekable();
        let mut out = String::from("[");
        let mut used = 1;
        while let Some(item) = items.next() {
            let end = if items.peek().is_some() { "," } else { "]" };
            let width = text::width(&item) + 1;
            if used > 1 && used + 1 + width > columns {
                out += "\n ";
                used = 1;
            } else if used > 1 {
                out.push(' ');
                used += 1;
            }
            out += &item;
            out += end;
            used += width;
        }
        out
    }

    fn entries<'n, 'v>(
        &self,
        entries: impl Iterator<Item = (&'n str, &'v Value)>,
        columns: usize,
        depth: usize,
    ) -> String {
        let line = |(name, value): (&'n str, &'v Value)| {
            let room = columns.saturating_sub(4 + text::width(name));
            indented(&format!("{}: {}", self.key(name), self.block(value, room, depth + 1)))
        };
        format!("{{\n{}\n}}", entries.map(line).collect::<Vec<_>>().join(",\n"))
    }

    fn shown<'v>(&self, values: &'v [Value]) -> &'v [Value] {
        &values[..self.limit.unwrap_or(usize::MAX).min(values.len())]
    }

    /// `... 900 more`, when not all are shown.
    fn more(&self, values: &[Value]) -> Option<String> {
        let more = values.len() - self.shown(values).len();
        (more > 0).then(|| self.style.paint(Role::Dim, &format!("... {more} more")))
    }

    fn kind(&self, value: &StructValue) -> String {
        self.style.paint(Role::Type, value.interface.name)
    }

    fn key(&self, name: &str) -> String {
        self.style.paint(Role::Key, &clean::line(name))
    }

    /// Paints the interface of a label or a summary, which are clean already.
    fn object(&self, label: &str) -> String {
        match label.split_once(' ') {
            Some((interface, name)) => format!("{} {name}", self.style.paint(Role::Type, interface)),
            None => self.style.paint(Role::Type, label),
        }
    }
}

/// A text as a literal of a script.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", clean::line(&escaped))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::embedded;
    use std::sync::Arc;

    fn plain(value: &Value) -> String {
        format_value(value, Style::default())
    }

    fn texts(count: usize) -> Value {
        Value::List((0..count).map(|at| Value::Text(format!("item-{at:03}"))).collect())
    }

    #[test]
    fn texts_are_bare_alone_and_quoted_in_lists() {
        assert_eq!(plain(&Value::from("web-01")), "web-01");
        let list = Value::List(vec![Value::from("C:\\a \"b\""), Value::Int(-7), Value::Bool(true), Value::Null]);
        assert_eq!(plain(&list), r#"["C:\\a \"b\"", -7, true, null]"#);
        assert_eq!(plain(&Value::List(Vec::new())), "[]");
        assert_eq!(plain(&Value::Float(2.0)), "2.0");
    }

    #[test]
    fn no_control_character_gets_through() {
        assert_eq!(plain(&Value::from("a\n\u{1b}[2Jb")), "a\n\\u{1b}[2Jb");
        assert_eq!(plain(&Value::List(vec![Value::from("a\n\u{1b}b")])), r#"["a\n\u{1b}b"]"#);
        assert_eq!(plain(&Value::Map(vec![("\u{7}".into(), Value::Null)])), r"{\u{7}: null}");
    }

    #[test]
    fn enums_are_names_also_unknown_ones() {
        let enumeration = embedded().enumeration("MachineState").unwrap();
        assert_eq!(plain(&Value::Enum(EnumValue { enumeration, number: 6 })), "Running");
        assert_eq!(plain(&Value::Enum(EnumValue { enumeration, number: 99 })), "MachineState(99)");
    }

    #[test]
    fn blobs_show_size_kind_and_start() {
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        assert_eq!(plain(&Value::Blob(png.clone())), "<8 bytes PNG, 89 50 4e 47 0d 0a 1a 0a>");
        png.resize(1234, 0);
        let start = "<1234 bytes PNG, 89 50 4e 47 0d 0a 1a 0a 00 00 00 00 00 00 00 00 ...>";
        assert_eq!(plain(&Value::Blob(png)), start);
        assert_eq!(plain(&Value::Blob(Vec::new())), "<0 bytes>");
    }

    #[test]
    fn long_lists_fill_lines() {
        let facts = Facts::default();
        let writer = Writer { style: Style::default(), facts: &facts, limit: None };
        let expected = "[\"item-000\", \"item-001\",\n \"item-002\", \"item-003\",\n \"item-004\"]";
        assert_eq!(writer.block(&texts(5), 26, 0), expected);
    }

    #[test]
    fn a_limit_cuts_with_a_count() {
        let facts = Facts::default();
        let writer = Writer { style: Style::default(), facts: &facts, limit: Some(2) };
        assert_eq!(writer.block(&texts(5), 80, 0), "[\"item-000\", \"item-001\", ... 3 more]");
    }

    #[test]
    fn maps_and_structures_break_at_entries_when_long() {
        let map = Value::Map(vec![("name".into(), Value::from("web-01")), ("ports".into(), texts(2))]);
        assert_eq!(plain(&map), r#"{name: "web-01", ports: ["item-000", "item-001"]}"#);
        let facts = Facts::default();
        let writer = Writer { style: Style::default(), facts: &facts, limit: None };
        let expected = "{\n  name: \"web-01\",\n  ports: [\"item-000\", \"item-001\"]\n}";
        assert_eq!(writer.block(&map, 40, 0), expected);

        let interface = embedded().interface("IPCIDeviceAttachment").unwrap();
        let fields = vec![Value::from("nic"), Value::Bool(true), Value::Int(1), Value::Int(2)];
        let value = Value::Struct(Arc::new(StructValue { interface, fields }));
        let inline = r#"IPCIDeviceAttachment {name: "nic", isPhysicalDevice: true, hostAddress: 1, guestAddress: 2}"#;
        assert_eq!(plain(&value), inline);
        let block = "IPCIDeviceAttachment {\n  name: \"nic\",\n  isPhysicalDevice: true,\n  hostAddress: 1,\n  guestAddress: 2\n}";
        assert_eq!(writer.block(&value, 40, 0), block);
    }

    #[test]
    fn nesting_without_end_is_cut() {
        let deep = (0..200).fold(Value::Int(1), |inner, _| Value::List(vec![inner]));
        assert_eq!(plain(&deep), format!("{}...{}", "[".repeat(25), "]".repeat(25)));
    }
}
