//! Paths of `foreach`: the object graph read as if it were an XML document, in a part of XPath.
//!
//! A step is an attribute, `vms` for the machines, or `nics` for a machine's network adapters; the elements of a
//! list are its children (`//vms/vm`, `machines/*`). `//` looks at any depth. No terminal here.

use super::on_machine::{made, show};
use crate::model::{Error, Object, Value};
use crate::output::Failure;
use crate::schema::Kind;

/// How deep `//` looks: deeper things are reached by naming a step on the way.
const DEEPEST: usize = 4;
/// More things than this are not looked at.
const MOST: usize = 20_000;

/// A parsed path.
#[derive(Debug, PartialEq)]
pub(super) struct XPath(Vec<Step>);

#[derive(Debug, PartialEq)]
struct Step {
    /// Reached through any number of steps (`//name`).
    deep: bool,
    name: String,
    predicates: Vec<Test>,
}

/// A predicate.
#[derive(Debug, PartialEq)]
enum Test {
    Or(Box<Test>, Box<Test>),
    And(Box<Test>, Box<Test>),
    Not(Box<Test>),
    Compare(Operand, &'static str, Operand),
    /// A truth by itself: an attribute that is set and not false, or a position.
    Is(Operand),
}

#[derive(Debug, PartialEq)]
enum Operand {
    Attribute(String),
    Text(String),
    Number(f64),
    Position,
    Last,
    Call(&'static str, Vec<Operand>),
}

const FUNCTIONS: [&str; 6] = ["contains", "starts-with", "ends-with", "string-length", "lower-case", "upper-case"];

/// What a predicate sees.
struct Place<'a> {
    object: &'a Object,
    /// From 1.
    position: usize,
    last: usize,
}

impl XPath {
    /// Parses a path.
    ///
    /// # Errors
    /// Says at which place it stops being one.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        Parser { text, at: 0 }.path()
    }

    /// The objects that it leads to.
    ///
    /// # Errors
    /// What reading gives.
    pub(super) fn evaluate(&self, root: &Object) -> Result<Vec<Object>, Failure> {
        // Things that stand in one list are counted together.
        let mut groups = vec![vec![root.clone()]];
        for (at, step) in self.0.iter().enumerate() {
            // `//vms` begins at the root; only what is no attribute of it is looked for below.
            let deep = step.deep && !(at == 0 && leads(root, &step.name));
            let mut next = Vec::new();
            for group in &groups {
                if !deep && at > 0 && group.iter().all(|object| !leads(object, &step.name)) {
                    let elements = group.iter().filter(|object| is_element(object, &step.name)).cloned().collect();
                    next.push(step.filter(elements)?);
                    continue;
                }
                for object in group {
                    let found = if deep { below(object, &step.name)? } else { children(object, &step.name)? };
                    next.push(step.filter(found)?);
                }
            }
            if next.iter().map(Vec::len).sum::<usize>() > MOST {
                return Err(Failure::usage(format!("more than {MOST} things"), "name more steps of the path"));
            }
            let first = groups.iter().flatten().next();
            if let Some(first) = first.filter(|_| !deep)
                && !groups
                    .iter()
                    .flatten()
                    .any(|object| leads(object, &step.name) || at > 0 && is_element(object, &step.name))
            {
                return Err(unknown(first, &step.name));
            }
            groups = next;
        }
        Ok(groups.into_iter().flatten().collect())
    }
}

fn unknown(object: &Object, step: &str) -> Failure {
    let interface = object.interface();
    let names = interface.attributes();
    let near = crate::schema::suggest(step, names.iter().map(|attribute| attribute.name));
    let hint = near.first().map_or_else(
        || format!("`help {}` lists what it has", interface.name),
        |near| format!("did you mean `{near}`?"),
    );
    Failure::usage(format!("{} has no `{step}`", interface.name), hint)
}

impl Step {
    fn filter(&self, found: Vec<Object>) -> Result<Vec<Object>, Failure> {
        let mut found = found;
        for test in &self.predicates {
            let last = found.len();
            let mut kept = Vec::new();
            for (at, object) in found.into_iter().enumerate() {
                if test.holds(&Place { object: &object, position: at + 1, last })? {
                    kept.push(object);
                }
            }
            found = kept;
        }
        Ok(found)
    }
}

/// The attribute that a step means.
fn attribute_name(name: &str) -> &str {
    if name == "vms" { "machines" } else { name }
}

/// Whether a step of that name leads on from an object.
fn leads(object: &Object, name: &str) -> bool {
    object.interface().attribute(attribute_name(name)).is_some()
        || name == "nics" && object.interface().extends("IMachine")
}

/// Whether a step only names the elements of the list before it: `vm`, `nic`, `machine`, `*`.
fn is_element(object: &Object, name: &str) -> bool {
    let interface = object.interface().name.trim_start_matches('I');
    name == "*"
        || name == "vm" && interface == "Machine"
        || name == "nic" && interface == "NetworkAdapter"
        || name.eq_ignore_ascii_case(interface)
        // The singular of an attribute: `storageController`, `sharedFolder`, `child`.
        || interface.to_lowercase().ends_with(&name.to_lowercase())
}

fn children(object: &Object, name: &str) -> Result<Vec<Object>, Failure> {
    if name == "nics" && object.interface().extends("IMachine") {
        let mut found = Vec::new();
        for slot in 0.. {
            // The first slot that there is not ends the list.
            let Ok(adapter) = object.call("getNetworkAdapter", vec![Value::Int(slot)]) else { break };
            found.push(made(adapter, "IMachine.getNetworkAdapter")?);
        }
        return Ok(found);
    }
    if object.interface().attribute(attribute_name(name)).is_some() {
        return Ok(match object.get(attribute_name(name))? {
            Value::Object(child) => vec![child],
            list => super::on_machine::objects(list),
        });
    }
    Ok(Vec::new())
}

/// What a step leads to from an object and from all that belongs to it.
fn below(object: &Object, name: &str) -> Result<Vec<Object>, Failure> {
    let (mut found, mut waiting, mut seen) = (Vec::new(), vec![(object.clone(), 0)], Vec::new());
    while let Some((object, depth)) = waiting.pop() {
        if seen.contains(&object) || seen.len() > MOST {
            continue;
        }
        seen.push(object.clone());
        if leads(&object, name) {
            for child in children(&object, name)? {
                if !found.contains(&child) {
                    found.push(child);
                }
            }
        }
        if depth == DEEPEST {
            continue;
        }
        for attribute in object.interface().attributes() {
            let owns = matches!(attribute.kind.kind, Kind::Interface(_))
                && !matches!(attribute.name, "parent" | "machine" | "eventSource" | "guestOSTypes" | "base");
            if !owns {
                continue;
            }
            // What cannot be read now has nothing below it.
            let Ok(value) = object.read(attribute) else { continue };
            let children = match value {
                Value::Object(child) => vec![child],
                list => super::on_machine::objects(list),
            };
            waiting.extend(children.into_iter().map(|child| (child, depth + 1)));
        }
    }
    Ok(found)
}

impl Test {
    fn holds(&self, place: &Place<'_>) -> Result<bool, Error> {
        Ok(match self {
            Self::Or(left, right) => left.holds(place)? || right.holds(place)?,
            Self::And(left, right) => left.holds(place)? && right.holds(place)?,
            Self::Not(inner) => !inner.holds(place)?,
            Self::Is(Operand::Number(number)) => place.position as f64 == *number,
            Self::Is(Operand::Last) => place.position == place.last,
            Self::Is(operand) => !matches!(operand.text(place)?.as_str(), "" | "false" | "0"),
            Self::Compare(left, sign, right) => {
                let (left, right) = (left.text(place)?, right.text(place)?);
                let order = match (left.parse::<f64>(), right.parse::<f64>()) {
                    (Ok(left), Ok(right)) => left.partial_cmp(&right),
                    _ if left.eq_ignore_ascii_case(&right)
                        && matches!(right.to_ascii_lowercase().as_str(), "true" | "false") =>
                    {
                        Some(std::cmp::Ordering::Equal)
                    }
                    _ => Some(left.cmp(&right)),
                };
                match *sign {
                    "=" => order.is_some_and(std::cmp::Ordering::is_eq),
                    "!=" => !order.is_some_and(std::cmp::Ordering::is_eq),
                    "<" => order.is_some_and(std::cmp::Ordering::is_lt),
                    "<=" => order.is_some_and(std::cmp::Ordering::is_le),
                    ">" => order.is_some_and(std::cmp::Ordering::is_gt),
                    _ => order.is_some_and(std::cmp::Ordering::is_ge),
                }
            }
        })
    }
}

impl Operand {
    fn text(&self, place: &Place<'_>) -> Result<String, Error> {
        Ok(match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Position => place.position.to_string(),
            Self::Last => place.last.to_string(),
            Self::Attribute(path) => {
                let mut value = Value::Object(place.object.clone());
                for name in path.split('/') {
                    value = match &value {
                        Value::Object(object) => object.get(name)?,
                        Value::Struct(fields) => fields.get(name).cloned().unwrap_or_default(),
                        _ => Value::Null,
                    };
                }
                match value {
                    Value::List(values) => values.iter().map(show).collect::<Vec<_>>().join(","),
                    Value::Object(object) => object.interface().name.to_owned(),
                    value => show(&value),
                }
            }
            Self::Call(name, operands) => {
                let texts = operands.iter().map(|operand| operand.text(place)).collect::<Result<Vec<_>, _>>()?;
                match (*name, texts.as_slice()) {
                    ("contains", [text, part]) => text.contains(part.as_str()).to_string(),
                    ("starts-with", [text, part]) => text.starts_with(part.as_str()).to_string(),
                    ("ends-with", [text, part]) => text.ends_with(part.as_str()).to_string(),
                    ("string-length", [text]) => text.chars().count().to_string(),
                    ("lower-case", [text]) => text.to_lowercase(),
                    (_, [text, ..]) => text.to_uppercase(),
                    _ => String::new(),
                }
            }
        })
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn wrong(&self, what: &str) -> Failure {
        Failure::usage(
            format!("`{}`: {what}, at `{}`", self.text, &self.text[self.at..]),
            "a path is like `//vms/vm[@CPUCount > 1 and contains(@name, 'web')]`; `help foreach` says more",
        )
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn name(&mut self) -> Option<&'a str> {
        self.blanks();
        let end = self
            .rest()
            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-')))
            .unwrap_or(self.rest().len());
        let name = &self.rest()[..end];
        self.at += end;
        (!name.is_empty()).then_some(name)
    }

    fn path(mut self) -> Result<XPath, Failure> {
        let mut steps = Vec::new();
        loop {
            let deep = self.take("//");
            if !deep && !self.take("/") && !steps.is_empty() {
                break;
            }
            let name = if self.take("*") {
                "*"
            } else {
                self.name().ok_or_else(|| self.wrong("the name of a step is missing"))?
            };
            let mut predicates = Vec::new();
            while self.take("[") {
                predicates.push(self.either(0)?);
                if !self.take("]") {
                    return Err(self.wrong("`]` is missing"));
                }
            }
            steps.push(Step { deep, name: name.to_owned(), predicates });
        }
        self.blanks();
        if self.rest().is_empty() { Ok(XPath(steps)) } else { Err(self.wrong("a step is wanted")) }
    }

    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let found =
            self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()));
        if found {
            self.at += word.len();
        }
        found
    }

    fn either(&mut self, depth: usize) -> Result<Test, Failure> {
        // A predicate comes from outside: nesting is bounded.
        if depth > 64 {
            return Err(self.wrong("it is nested too deeply"));
        }
        let mut test = self.both(depth)?;
        while self.word("or") {
            test = Test::Or(Box::new(test), Box::new(self.both(depth)?));
        }
        Ok(test)
    }

    fn both(&mut self, depth: usize) -> Result<Test, Failure> {
        let mut test = self.one(depth)?;
        while self.word("and") {
            test = Test::And(Box::new(test), Box::new(self.one(depth)?));
        }
        Ok(test)
    }

    fn one(&mut self, depth: usize) -> Result<Test, Failure> {
        let not = self.word("not");
        if not || self.take("(") {
            if not && !self.take("(") {
                return Err(self.wrong("`(` is missing behind `not`"));
            }
            let inner = self.either(depth + 1)?;
            if !self.take(")") {
                return Err(self.wrong("`)` is missing"));
            }
            return Ok(if not { Test::Not(Box::new(inner)) } else { inner });
        }
        let left = self.operand(depth)?;
        for sign in ["!=", "<=", ">=", "=", "<", ">"] {
            if self.take(sign) {
                return Ok(Test::Compare(left, sign, self.operand(depth)?));
            }
        }
        Ok(Test::Is(left))
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, Failure> {
        if depth > 64 {
            return Err(self.wrong("it is nested too deeply"));
        }
        if self.take("@") {
            let mut path = self.name().ok_or_else(|| self.wrong("the name of an attribute is missing"))?.to_owned();
            while self.take("/") {
                path =
                    format!("{path}/{}", self.name().ok_or_else(|| self.wrong("the name of an attribute is missing"))?);
            }
            return Ok(Operand::Attribute(path));
        }
        for quote in ['\'', '"'] {
            if self.take(&quote.to_string()) {
                let end = self.rest().find(quote).ok_or_else(|| self.wrong("a quote is not closed"))?;
                let text = self.rest()[..end].to_owned();
                self.at += end + 1;
                return Ok(Operand::Text(text));
            }
        }
        let digits = self
            .rest()
            .find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '-'))
            .unwrap_or(self.rest().len());
        if let Ok(number) = self.rest()[..digits].parse() {
            self.at += digits;
            return Ok(Operand::Number(number));
        }
        let start = self.at;
        let name = self.name().ok_or_else(|| self.wrong("`@attribute`, a text, a number or a function is wanted"))?;
        if !self.take("(") {
            // A value without quotes, as vboxshell takes it: `[@OSTypeId=MacOS]`.
            return Ok(Operand::Text(name.to_owned()));
        }
        let mut operands = Vec::new();
        while !self.take(")") {
            operands.push(self.operand(depth + 1)?);
            if !self.take(",") && !self.rest().starts_with(')') {
                return Err(self.wrong("`)` is missing"));
            }
        }
        let known = FUNCTIONS.iter().find(|known| **known == name);
        match (name, known, operands.len()) {
            ("position", _, 0) => Ok(Operand::Position),
            ("last", _, 0) => Ok(Operand::Last),
            ("contains" | "starts-with" | "ends-with", Some(name), 2)
            | ("string-length" | "lower-case" | "upper-case", Some(name), 1) => Ok(Operand::Call(name, operands)),
            _ => {
                self.at = start;
                Err(self.wrong("there is no such function (position, last, contains, starts-with, ends-with, string-length, lower-case, upper-case)"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parsed() {
        let path = XPath::parse("//vms/vm[@CPUCount > 1 and not(contains(@name, 'a b'))][2]").unwrap();
        assert_eq!(path.0.len(), 2);
        assert!(path.0[0].deep && !path.0[1].deep);
        assert_eq!(path.0[1].predicates.len(), 2);
        assert_eq!(path.0[1].predicates[1], Test::Is(Operand::Number(2.0)));
        XPath::parse("//vms/vm[@OSTypeId=MacOS]").unwrap();
        XPath::parse("hardDisks/*[last()]").unwrap();
        XPath::parse("//vms/vm[@platform/architecture='x86' or (@memorySize >= 512)]/nics/nic[@enabled]").unwrap();
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in [
            "",
            "//",
            "//vms/vm[",
            "//vms/vm[@a",
            "//vms/vm[@a='b]",
            "//vms/vm[@a]]",
            "a b",
            "a[no(1)]",
            "a[contains(@b)]",
            "a[not @b]",
        ] {
            assert!(XPath::parse(text).is_err(), "{text}");
        }
        let deep = format!("a[{}1{}]", "(".repeat(500), ")".repeat(500));
        assert!(XPath::parse(&deep).is_err());
        let deep = format!("a[{}1{}]", "lower-case(".repeat(500), ")".repeat(500));
        assert!(XPath::parse(&deep).is_err());
    }
}
