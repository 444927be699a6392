//! The object graph at a glance: `tree` from a path on, `find` by name or value.

use super::on_machine::{objects, show};
use crate::model::{Connection, ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Table, describe, format_value};
use crate::schema::Kind;
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Path, Shell};
use regex_lite::{Regex, RegexBuilder};
use std::collections::HashMap;

/// Links that lead back up or elsewhere.
const BACK: &[&str] = &["parent", "machine", "eventSource", "guestOSTypes", "base", "initiator", "source"];

/// More things than this are not looked at.
const MOST: usize = 5000;

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("tree", Category::Graph, "show what belongs to an object, as a tree", tree)
            .argument("path", ArgumentKind::GraphPath, Arity::Optional, "where to begin; `vbox` when left out")
            .flag("depth", Some(ArgumentKind::Text), "how deep; default 2")
            .flag("values", None, "show plain attributes too")
            .flag("dot", None, "write a graph for Graphviz instead")
            .help("`tree --dot web-01 > web-01.dot; dot -Tsvg web-01.dot` draws it.")
            .example("tree web-01", "a machine's parts")
            .example("tree --depth 1 --values web-01.platform", "with values")
            .example("tree --dot web-01", "for Graphviz"),
        Command::new("find", Category::Graph, "find attributes by name or value", find)
            .argument(
                "pattern",
                ArgumentKind::Text,
                Arity::Required,
                "a regular expression for `path = value`; capitals do not count",
            )
            .argument("path", ArgumentKind::GraphPath, Arity::Optional, "where to begin; `vbox` when left out")
            .flag("depth", Some(ArgumentKind::Text), "how deep; default 4")
            .example("find 'memory.*= 2048' web-01", "by name and value")
            .example("find 'acpi' web-01", "by name"),
    ]
}

/// A part and how it is reached.
struct Part {
    name: String,
    value: Value,
}

/// What an object consists of: its attributes, and the elements of those that are lists.
fn parts(object: &Object) -> Vec<Part> {
    let attributes: Vec<_> =
        object.interface().attributes().into_iter().filter(|attribute| !BACK.contains(&attribute.name)).collect();
    let reads: Vec<_> = attributes.iter().map(|attribute| (object.clone(), *attribute)).collect();
    let values = object.connection().read_all(&reads);
    let mut found = Vec::new();
    for (attribute, value) in attributes.iter().zip(values) {
        // What cannot be read now is no part of the picture.
        let Ok(value) = value else { continue };
        match value {
            Value::List(values) if matches!(attribute.kind.kind, Kind::Interface(_)) => {
                for (at, value) in values.into_iter().enumerate() {
                    found.push(Part { name: format!("{}[{at}]", attribute.name), value });
                }
            }
            value => found.push(Part { name: attribute.name.to_owned(), value }),
        }
    }
    if object.interface().extends("IMachine") {
        for slot in 0.. {
            // The first slot that there is not ends the list.
            let Ok(value @ Value::Object(_)) = object.call("getNetworkAdapter", vec![Value::Int(slot)]) else { break };
            found.push(Part { name: format!("networkAdapter[{slot}]"), value });
        }
    }
    found
}

fn start(shell: &Shell, given: &Given) -> Result<(String, Object), Failure> {
    let connection: Connection = shell.world().connection()?;
    let Some(word) = given.optional("path") else { return Ok(("vbox".to_owned(), connection.root())) };
    match Path::parse(word)?.follow(&connection)? {
        Value::Object(object) => Ok((word.to_owned(), object)),
        value => {
            let what = if objects(value).is_empty() { "no object" } else { "a list" };
            Err(Failure::usage(format!("`{word}` is {what}"), "name one object; `help paths` says how paths work"))
        }
    }
}

fn depth(given: &Given, usual: usize) -> Result<usize, Failure> {
    let word = given.option("depth").map(|word| super::sizes::count("--depth", word)).transpose()?;
    Ok(word.map_or(usual, |depth| usize::try_from(depth).unwrap_or(usual)).min(16))
}

fn tree(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let (name, object) = start(shell, given)?;
    let mut drawing = Drawing {
        deepest: depth(given, 2)?,
        values: given.flag("values"),
        seen: HashMap::new(),
        lines: vec![format!("{name}: {}", describe(&object))],
        edges: Vec::new(),
        limit: false,
    };
    drawing.seen.insert(object.clone(), 0);
    drawing.draw(&object, 0, "", shell)?;
    if drawing.limit {
        shell
            .ui()
            .note(&format!("only the first {MOST} things are shown; begin further down, or give a smaller --depth"));
    }
    if given.flag("dot") {
        return Ok(Reply::Value(Value::Text(drawing.dot(&name, &object))));
    }
    if shell.ui().options().json {
        return Ok(Reply::Value(nested(&object, drawing.deepest, drawing.values, &mut vec![object.clone()])));
    }
    Ok(Reply::Value(Value::Text(drawing.lines.join("\n"))))
}

/// A tree while it is drawn.
struct Drawing {
    deepest: usize,
    values: bool,
    /// Objects that were drawn, with their numbers.
    seen: HashMap<Object, usize>,
    lines: Vec<String>,
    /// From, to, and the attribute between.
    edges: Vec<(usize, usize, String)>,
    limit: bool,
}

impl Drawing {
    fn draw(&mut self, object: &Object, depth: usize, indent: &str, shell: &Shell) -> Result<(), Failure> {
        shell.world().interrupt().check()?;
        if depth >= self.deepest {
            return Ok(());
        }
        let number = self.seen.get(object).copied().unwrap_or_default();
        let shown: Vec<Part> = parts(object)
            .into_iter()
            .filter(|part| self.values || matches!(part.value, Value::Object(_) | Value::Struct(_)))
            .collect();
        let count = shown.len();
        for (at, part) in shown.into_iter().enumerate() {
            if self.lines.len() >= MOST {
                self.limit = true;
                return Ok(());
            }
            let (branch, deeper) = if at + 1 == count { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let text = match &part.value {
                Value::Object(child) => describe(child),
                value => format_value(value, crate::output::Style::default()),
            };
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            match &part.value {
                Value::Object(child) => {
                    let known = self.seen.get(child).copied();
                    let child_number = known.unwrap_or(self.seen.len());
                    self.edges.push((number, child_number, part.name.clone()));
                    // What was drawn already is named only: the graph has circles.
                    let again = if known.is_some() { " (above)" } else { "" };
                    self.lines.push(format!("{indent}{branch}{}: {text}{again}", part.name));
                    if known.is_none() {
                        self.seen.insert(child.clone(), child_number);
                        self.draw(child, depth + 1, &format!("{indent}{deeper}"), shell)?;
                    }
                }
                _ => self.lines.push(format!("{indent}{branch}{}: {text}", part.name)),
            }
        }
        Ok(())
    }

    fn dot(&self, name: &str, root: &Object) -> String {
        let quote =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
        let mut nodes: Vec<(usize, String)> =
            self.seen.iter().map(|(object, number)| (*number, describe(object))).collect();
        nodes.sort();
        let mut out = format!("digraph {} {{\n  rankdir=LR;\n  node [shape=box];\n", quote(name));
        for (number, text) in nodes {
            let bold = if self.seen.get(root) == Some(&number) { ", style=bold" } else { "" };
            out += &format!("  n{number} [label={}{bold}];\n", quote(text.lines().next().unwrap_or_default()));
        }
        for (from, to, label) in &self.edges {
            out += &format!("  n{from} -> n{to} [label={}];\n", quote(label));
        }
        out + "}"
    }
}

/// An object as a map of its parts, for `--json`.
fn nested(object: &Object, deepest: usize, values: bool, seen: &mut Vec<Object>) -> Value {
    let mut entries = vec![("interface".to_owned(), Value::from(object.interface().name))];
    if deepest == 0 {
        return Value::Map(entries);
    }
    for part in parts(object) {
        match part.value {
            Value::Object(child) if !seen.contains(&child) => {
                seen.push(child.clone());
                entries.push((part.name, nested(&child, deepest - 1, values, seen)));
            }
            Value::Object(_) => {}
            value @ Value::Struct(_) => entries.push((part.name, value)),
            value if values => entries.push((part.name, value)),
            _ => {}
        }
    }
    Value::Map(entries)
}

fn find(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let word = given.text("pattern");
    let pattern: Regex = RegexBuilder::new(word).case_insensitive(true).build().map_err(|error| {
        Failure::usage(
            format!("`{word}` is no regular expression: {error}"),
            "a backslash makes a sign an ordinary one",
        )
    })?;
    let (name, object) = start(shell, given)?;
    let deepest = depth(given, 4)?;
    let (mut rows, mut seen, mut waiting) = (Vec::new(), vec![object.clone()], vec![(name, object, 0)]);
    while let Some((path, object, depth)) = waiting.pop() {
        shell.world().interrupt().check()?;
        for part in parts(&object) {
            let path = format!("{path}.{}", part.name);
            match part.value {
                Value::Object(child) => {
                    if depth + 1 < deepest && !seen.contains(&child) && seen.len() < MOST {
                        seen.push(child.clone());
                        waiting.push((path, child, depth + 1));
                    }
                }
                Value::Struct(fields) => {
                    for (name, value) in fields.entries() {
                        row(&mut rows, &pattern, &format!("{path}.{name}"), value);
                    }
                }
                value => row(&mut rows, &pattern, &path, &value),
            }
        }
    }
    rows.sort_by_key(|row: &Vec<Value>| show(&row[0]));
    if rows.is_empty() {
        return Err(Failure::new(ErrorKind::NotFound, format!("nothing matches `{word}`"))
            .hinted("begin higher up, or look deeper with --depth"));
    }
    Ok(Reply::Table(Table { columns: vec![Column::new("path"), Column::new("value")], rows, empty: String::new() }))
}

fn row(rows: &mut Vec<Vec<Value>>, pattern: &Regex, path: &str, value: &Value) {
    let text = match value {
        Value::List(values) => values.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Object(_) | Value::Null => return,
        value => show(value),
    };
    if pattern.is_match(&format!("{path} = {text}")) {
        rows.push(vec![Value::from(path), value.clone()]);
    }
}
