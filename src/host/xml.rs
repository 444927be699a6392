//! A settings file as a tree: read whole, changed in place, written whole, so that what this program does not know
//! stays. Bounded in size and depth; it never panics on foreign bytes.

use quick_xml::Reader;
use quick_xml::escape::{partial_escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

const LARGEST: usize = 64 << 20;
/// Snapshots stand in one another, two elements for each; VirtualBox has at most 250 of them in a row.
const DEEPEST: usize = 600;

/// An element with its attributes, text and children, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XmlNode {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<XmlNode>,
}

impl XmlNode {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Reads a document and gives its root; the cause of a failure otherwise.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        if source.len() > LARGEST {
            return Err(format!("larger than {LARGEST} bytes"));
        }
        let mut reader = Reader::from_str(source);
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(start) => {
                    if open.len() > DEEPEST {
                        return Err(format!("nested deeper than {DEEPEST} elements"));
                    }
                    open.push(element(&start)?);
                }
                Event::Empty(start) => {
                    let node = element(&start)?;
                    open.last_mut().ok_or("no root")?.children.push(node);
                }
                Event::End(_) => {
                    let mut node = open.pop().ok_or("one end too many")?;
                    if !node.children.is_empty() {
                        node.text = node.text.trim().to_owned();
                    }
                    open.last_mut().ok_or("one end too many")?.children.push(node);
                }
                Event::Text(text) => {
                    open.last_mut().ok_or("no root")?.text.push_str(&text);
                }
                Event::CData(data) => {
                    open.last_mut().ok_or("no root")?.text.push_str(&data);
                }
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                    let name: &str = &reference;
                    let node = open.last_mut().ok_or("no root")?;
                    match (character, resolve_predefined_entity(name)) {
                        (Some(character), _) => node.text.push(character),
                        (None, Some(text)) => node.text.push_str(text),
                        (None, None) => return Err(format!("unknown entity &{name};")),
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if open.len() != 1 {
            return Err("an element is not closed".to_owned());
        }
        open.pop().and_then(|mut document| document.children.pop()).ok_or_else(|| "no element in it".to_owned())
    }

    /// The whole document, as VirtualBox lays it out.
    pub(super) fn document(&self, heading: &str) -> String {
        let mut out = format!("<?xml version=\"1.0\"?>\n<!--\n{heading}\n-->\n");
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| out.push_str(part));
        let indent = "  ".repeat(depth);
        put(&[&indent, "<", &self.name]);
        for (name, value) in &self.attributes {
            put(&[" ", name, "=\"", &escape(value), "\""]);
        }
        if self.children.is_empty() && self.text.is_empty() {
            put(&["/>\n"]);
        } else if self.children.is_empty() {
            put(&[">", &partial_escape(self.text.as_str()), "</", &self.name, ">\n"]);
        } else {
            put(&[">\n"]);
            for child in &self.children {
                child.write(out, depth + 1);
            }
            for part in [&indent, "</", &self.name, ">\n"] {
                out.push_str(part);
            }
        }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn set_attribute(&mut self, name: &str, value: impl Into<String>) {
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.into(),
            None => self.attributes.push((name.to_owned(), value.into())),
        }
    }

    /// The same with an attribute more.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_attribute(name, value);
        self
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// Takes the first child of that name out.
    pub(super) fn take_child(&mut self, name: &str) -> Option<Self> {
        let at = self.children.iter().position(|child| child.name == name)?;
        Some(self.children.remove(at))
    }

    pub(super) fn remove_attribute(&mut self, name: &str) -> Option<String> {
        let at = self.attributes.iter().position(|(known, _)| known == name)?;
        Some(self.attributes.remove(at).1)
    }

    /// Gives an attribute another name, unless one has that already.
    pub(super) fn rename_attribute(&mut self, old: &str, new: &str) {
        if self.attribute(new).is_none()
            && let Some((name, _)) = self.attributes.iter_mut().find(|(known, _)| known == old)
        {
            new.clone_into(name);
        }
    }

    /// The children of that name of the element at `path`.
    pub(super) fn list<'a>(&'a self, path: &str, name: &'a str) -> impl Iterator<Item = &'a Self> + use<'a> {
        self.at(path).into_iter().flat_map(move |node| node.children.iter().filter(move |child| child.name == name))
    }

    /// The element at `A/B[key=value]`; the empty path is this one.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        let mut steps = path.split('/').filter(|step| !step.is_empty()).map(Step::of);
        steps.try_fold(self, |node, step| node.children.iter().find(|child| step.fits(child)))
    }

    /// The same, made when it is missing.
    pub(super) fn make(&mut self, path: &str) -> &mut Self {
        let mut node = self;
        for step in path.split('/').filter(|step| !step.is_empty()).map(Step::of) {
            let at = node.children.iter().position(|child| step.fits(child)).unwrap_or_else(|| {
                let mut child = Self::new(step.name);
                if let Some((key, value)) = step.key {
                    child.set_attribute(key, value);
                }
                node.children.push(child);
                node.children.len() - 1
            });
            node = &mut node.children[at];
        }
        node
    }

    /// The value at `A/B@attribute` or the text at `A/B#`.
    pub(super) fn value(&self, place: &str) -> Option<&str> {
        match place.split_once('@') {
            Some((path, attribute)) => self.at(path)?.attribute(attribute),
            None => self.at(place.trim_end_matches('#')).map(|node| node.text.as_str()),
        }
    }

    /// Writes the value at a place; `None` removes it, and the elements that it leaves empty.
    pub(super) fn set_value(&mut self, place: &str, value: Option<String>) {
        let (path, attribute) = place.split_once('@').unwrap_or((place.trim_end_matches('#'), ""));
        match value {
            Some(value) if attribute.is_empty() => self.make(path).text = value,
            Some(value) => self.make(path).set_attribute(attribute, value),
            None => self.remove(path, attribute),
        }
    }

    fn remove(&mut self, path: &str, attribute: &str) {
        let (first, rest) = match path.split_once('/') {
            _ if path.is_empty() => {
                match attribute {
                    "" => self.text.clear(),
                    _ => self.attributes.retain(|(known, _)| known != attribute),
                }
                return;
            }
            Some((first, rest)) => (first, rest),
            None => (path, ""),
        };
        let step = Step::of(first);
        if let Some(at) = self.children.iter().position(|child| step.fits(child)) {
            let child = &mut self.children[at];
            child.remove(rest, attribute);
            let keys = usize::from(step.key.is_some());
            if child.attributes.len() <= keys && child.children.is_empty() && child.text.is_empty() {
                self.children.remove(at);
            }
        }
    }
}

/// A step of a path: a name, and an attribute that it must have.
struct Step<'a> {
    name: &'a str,
    key: Option<(&'a str, &'a str)>,
}

impl<'a> Step<'a> {
    fn of(step: &'a str) -> Self {
        let (name, key) = step.split_once('[').unwrap_or((step, ""));
        Self { name, key: key.trim_end_matches(']').split_once('=') }
    }

    fn fits(&self, node: &XmlNode) -> bool {
        node.name == self.name && self.key.is_none_or(|(key, value)| node.attribute(key) == Some(value))
    }
}

fn element(start: &BytesStart<'_>) -> Result<XmlNode, String> {
    let mut node = XmlNode::new(start.name().into_inner());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        node.attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
    }
    Ok(node)
}

/// Attribute values keep their line breaks.
fn escape(value: &str) -> Cow<'_, str> {
    let escaped = quick_xml::escape::escape(value);
    match escaped.contains(['\n', '\t', '\r']) {
        true => escaped.replace('\n', "&#10;").replace('\t', "&#9;").replace('\r', "&#13;").into(),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_stays() {
        let source = "<V x=\"a&amp;b\"><!-- c --><M><D>1 &lt; 2\n3</D><U k=\"&#10;\"/></M></V>";
        let tree = XmlNode::parse(source).unwrap();
        assert_eq!(tree.attribute("x"), Some("a&b"));
        assert_eq!(tree.value("M/D#"), Some("1 < 2\n3"));
        assert_eq!(XmlNode::parse(&tree.document("heading")).unwrap(), tree);
    }

    #[test]
    fn places_are_made_and_removed() {
        let mut tree = XmlNode::new("Machine");
        tree.set_value("Boot/Order[position=2]@device", Some("DVD".into()));
        assert_eq!(tree.value("Boot/Order[position=2]@device"), Some("DVD"));
        assert_eq!(tree.value("Boot/Order[position=1]@device"), None);
        tree.set_value("Boot/Order[position=2]@device", None);
        assert!(tree.children.is_empty());
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        for source in ["", "<", "<a", "<a>", "<a></b>", "<a b=></a>", "text", "<a>&nope;</a>", "</a>"] {
            assert!(XmlNode::parse(source).is_err(), "{source:?}");
        }
    }
}
