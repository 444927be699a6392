//! Writes the table of a server: what its WSDL says, filled up from the embedded table by name.
//!
//! It decides nothing about XML. The order of the embedded table is kept where both know a thing, so
//! that the same release gives the same text.

use super::WsdlError;
use super::document::{Document, Field, Note, Values, Wire};
use crate::schema::{Attribute, Direction, Enumeration, Interface, Kind, Mapping, Method, Type, embedded};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Id of an interface or enumeration that the embedded table does not know.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// Appends everything but the version line.
pub(super) fn write(document: &Document, table: &mut String) -> Result<(), WsdlError> {
    let server = Server::new(document)?;
    if !server.interfaces.contains("IVirtualBox") {
        return Err(WsdlError("it has no IVirtualBox, so it is not one of a VirtualBox".into()));
    }
    for values in &document.enumerations {
        enumeration(values, table)?;
    }
    for (name, code) in embedded().result_codes() {
        let _ = writeln!(table, "R {name} {code:08x}");
    }
    let known = embedded().interfaces().iter().map(|interface| interface.name).filter(|name| server.has(name));
    let mut done = HashSet::new();
    for name in known.chain(server.order.iter().map(String::as_str)) {
        if done.insert(name) {
            server.interface(name, table)?;
        }
    }
    Ok(())
}

fn enumeration(values: &Values, table: &mut String) -> Result<(), WsdlError> {
    if values.values.is_empty() {
        return Err(WsdlError(format!("the enumeration {} has no values", values.name)));
    }
    let known = embedded().enumeration(&values.name);
    let exact = |known: &Enumeration, name: &str| {
        known.values.iter().find(|value| value.name == name).map(|value| value.number)
    };
    let _ = writeln!(table, "E {} {}", values.name, known.map_or(NO_ID, |known| known.id));
    let (mut next, mut greatest) = (0, -1);
    let stated: Vec<_> = values.values.iter().map(|(name, note)| note.or_else(|| exact(known?, name))).collect();
    let taken: HashSet<i64> = stated.iter().flatten().copied().collect();
    for ((name, _), number) in values.values.iter().zip(stated) {
        // A value that nobody numbers is one more than the one before it, or than all when that is taken.
        let number = number.unwrap_or_else(|| {
            if taken.contains(&next) { taken.iter().copied().fold(greatest, i64::max) + 1 } else { next }
        });
        let _ = if number == next { write!(table, " {name}") } else { write!(table, " {name}={number}") };
        next = number + 1;
        greatest = greatest.max(number);
    }
    table.push('\n');
    Ok(())
}

/// One member of an interface as the WSDL has it.
enum Member<'a> {
    Attribute { name: String, field: &'a Field, writable: bool },
    Method { name: &'a str, inputs: &'a [Field], outputs: &'a [Field] },
}

/// What there is on the server.
struct Server<'a> {
    document: &'a Document,
    enumerations: HashSet<&'a str>,
    structures: HashMap<&'a str, &'a [Field]>,
    /// Every interface of the table to be: the server's, and those that no server offers.
    interfaces: HashSet<&'a str>,
    /// The server's interfaces, in its order.
    order: Vec<String>,
    members: HashMap<&'a str, Vec<Member<'a>>>,
}

impl<'a> Server<'a> {
    fn new(document: &'a Document) -> Result<Self, WsdlError> {
        let structures: HashMap<&str, &[Field]> =
            document.structures.iter().map(|(name, fields)| (name.as_str(), fields.as_slice())).collect();
        let mut order: Vec<String> = document.structures.iter().map(|(name, _)| name.clone()).collect();
        let members = members(document)?;
        let mut interfaces: HashSet<&str> = structures.keys().copied().collect();
        let called = document
            .order
            .iter()
            .filter_map(|element| Some(element.split_once('_')?.0))
            .filter(|name| members.contains_key(name));
        for name in document.interfaces.iter().map(String::as_str).chain(called) {
            if interfaces.insert(name) {
                order.push(name.to_owned());
            }
        }
        let silent = document.interfaces.is_empty();
        for interface in embedded().interfaces() {
            // Without comments nothing tells whether an interface without members of its own is there.
            let memberless = silent && interface.own_attributes().is_empty() && interface.own_methods().is_empty();
            if interface.mapping == Mapping::Suppressed || memberless {
                interfaces.insert(interface.name);
            }
        }
        let enumerations = document.enumerations.iter().map(|values| values.name.as_str()).collect();
        Ok(Self { document, enumerations, structures, interfaces, order, members })
    }

    fn has(&self, name: &str) -> bool {
        self.interfaces.contains(name)
    }

    fn interface(&self, name: &str, table: &mut String) -> Result<(), WsdlError> {
        let known = embedded().interface(name);
        let mapping = match () {
            () if self.structures.contains_key(name) => 'v',
            () if name == "IWebsessionManager" => 'g',
            () if !self.order.iter().any(|own| own == name)
                && known.is_some_and(|known| known.mapping == Mapping::Suppressed) =>
            {
                's'
            }
            () => 'm',
        };
        let _ =
            write!(table, "I {name} {} {mapping} {}", self.parent(name, known), known.map_or(NO_ID, |known| known.id));
        for (word, slots) in [
            ("ra", known.map_or(0, |known| known.reserved_attributes)),
            ("rm", known.map_or(0, |known| known.reserved_methods)),
        ] {
            if slots > 0 {
                let _ = write!(table, " {word}{slots}");
            }
        }
        table.push('\n');
        let (mut attributes, mut methods) = (Vec::new(), Vec::new());
        for field in self.structures.get(name).copied().unwrap_or_default() {
            let hint = known.and_then(|known| attribute(known, &field.name));
            attributes.push((
                field.name.clone(),
                format!(" {} {}", field.name, self.word(field, hint.map(|hint| hint.kind), true)?),
            ));
        }
        let own = if mapping == 'v' { &[] } else { self.members.get(name).map_or(&[][..], Vec::as_slice) };
        for member in own {
            match member {
                Member::Attribute { name, field, writable } => {
                    let hint = known.and_then(|known| attribute(known, name)).map(|hint| hint.kind);
                    let named = Field { name: name.clone(), ..(*field).clone() };
                    let plus = if *writable { "+" } else { "" };
                    attributes.push((name.clone(), format!(" {plus}{name} {}", self.word(&named, hint, !writable)?)));
                }
                Member::Method { name, inputs, outputs } => {
                    let hint = known.and_then(|known| known.method(name)).filter(|hint| hint.name == *name);
                    methods.push(((*name).to_owned(), self.method(name, inputs, outputs, hint)?));
                }
            }
        }
        if let Some(known) = known {
            self.add_unreachable(known, &mut attributes, &mut methods);
        }
        for (_, line) in attributes.into_iter().chain(methods) {
            table.push_str(&line);
            table.push('\n');
        }
        Ok(())
    }

    /// The nearest ancestor that the server has too.
    fn parent(&self, name: &str, known: Option<&'static Interface>) -> &'a str {
        match known {
            Some(known) => {
                let line: Vec<_> = known.lineage().collect();
                let nearest =
                    line.iter().skip(1).find(|ancestor| self.has(ancestor.name)).map(|ancestor| ancestor.name);
                nearest.unwrap_or_else(|| line.last().map_or("$unknown", |eldest| eldest.parent_name))
            }
            None => {
                let event = name.strip_prefix('I').and_then(|name| name.strip_suffix("Event"));
                let types = self.document.enumerations.iter().find(|values| values.name == "VBoxEventType");
                let is_event = event.zip(types).is_some_and(|(event, types)| {
                    types.values.iter().any(|(value, _)| value.strip_prefix("On") == Some(event))
                });
                if is_event && self.has("IEvent") { "IEvent" } else { "$unknown" }
            }
        }
    }

    /// The type of a field in the table's words. `hint` is what the embedded table has at that place.
    fn word(&self, field: &Field, hint: Option<Type>, read_only: bool) -> Result<String, WsdlError> {
        let array = if field.array { "*" } else { "" };
        let word = match (&field.wire, hint) {
            (Wire::Letter(letter), _) => *letter,
            (Wire::Named(name), _)
                if self.enumerations.contains(name.as_str()) || self.structures.contains_key(name.as_str()) =>
            {
                name.as_str()
            }
            (Wire::Named(name), _) => {
                return Err(WsdlError(format!("`{}` is of the type {name}, which it does not state", field.name)));
            }
            (Wire::Text, Some(hint)) if hint.is_blob() && !field.array => "o*",
            (Wire::Text, Some(hint)) => match hint.kind {
                Kind::Uuid => "u",
                Kind::Interface(name) if self.has(name) => name,
                Kind::AnyObject | Kind::Interface(_) => "?",
                _ => "s",
            },
            // Nobody knows the place. In every release known, a read-only attribute that is named like
            // an interface is an object, if not always one of that interface.
            (Wire::Text, None) if read_only && !field.array && self.has(&format!("I{}", capitalise(&field.name))) => {
                "?"
            }
            (Wire::Text, None) => "s",
        };
        Ok(format!("{word}{array}"))
    }

    fn method(
        &self,
        name: &str,
        inputs: &[Field],
        outputs: &[Field],
        hint: Option<&'static Method>,
    ) -> Result<String, WsdlError> {
        let known = |direction: Direction, name: &str| {
            let mut places =
                hint.into_iter().flat_map(|hint| &hint.parameters).filter(|place| place.direction == direction);
            places.find(|place| direction == Direction::Return || place.name == name)
        };
        let mut parameters = Vec::new();
        for (field, to_caller) in
            inputs.iter().map(|field| (field, false)).chain(outputs.iter().map(|field| (field, true)))
        {
            let (direction, sign) = match (to_caller, field.name.as_str()) {
                (false, _) => (Direction::In, ""),
                (true, "returnval") => (Direction::Return, "="),
                (true, _) => (Direction::Out, ">"),
            };
            let place = known(direction, &field.name);
            let word = self.word(field, place.map(|place| place.kind), false)?;
            let name = place.map_or(field.name.as_str(), |place| place.name);
            parameters.push((direction, name, format!("{sign}{word} {name}")));
        }
        // The WSDL keeps inputs and outputs apart; the API's own order is known when all of them are.
        if let Some(hint) = hint.filter(|hint| hint.parameters.len() == parameters.len()) {
            let place = |direction, name| {
                hint.parameters.iter().position(|place| place.direction == direction && place.name == name)
            };
            if parameters.iter().all(|(direction, name, _)| place(*direction, *name).is_some()) {
                parameters.sort_by_key(|(direction, name, _)| place(*direction, *name));
            }
        }
        let parameters: Vec<String> = parameters.into_iter().map(|(_, _, text)| text).collect();
        let mut line = format!(" {name}({})", parameters.join(","));
        if let Some(hint) = hint.filter(|hint| !hint.result_codes.is_empty()) {
            let _ = write!(line, " #{}", hint.result_codes.join(","));
        }
        Ok(line)
    }

    /// Members that no web service offers stay at their places, as long as the server has their types.
    fn add_unreachable(
        &self,
        known: &'static Interface,
        attributes: &mut Vec<(String, String)>,
        methods: &mut Vec<(String, String)>,
    ) {
        let all = known.mapping == Mapping::Suppressed && !self.order.iter().any(|own| own == known.name);
        let (mut attribute_at, mut method_at) = (0, 0);
        for line in known.source.lines() {
            let name = line.trim_start_matches([' ', '+']).split([' ', '(']).next().unwrap_or_default();
            let is_method = line.contains('(');
            let (lines, at) =
                if is_method { (&mut *methods, &mut method_at) } else { (&mut *attributes, &mut attribute_at) };
            if let Some(place) = lines.iter().position(|(own, _)| own == name) {
                *at = place + 1;
                continue;
            }
            let (remote, kinds): (bool, Vec<Type>) = if is_method {
                let method = known.own_methods().iter().find(|method| method.name == name);
                method
                    .map(|method| (method.remote, method.parameters.iter().map(|parameter| parameter.kind).collect()))
                    .unwrap_or((true, Vec::new()))
            } else {
                attribute(known, name).map_or((true, Vec::new()), |attribute| (attribute.remote, vec![attribute.kind]))
            };
            if (all || !remote) && kinds.iter().all(|kind| self.resolves(*kind)) {
                lines.insert(*at, (name.to_owned(), line.to_owned()));
                *at += 1;
            }
        }
    }

    fn resolves(&self, kind: Type) -> bool {
        match kind.kind {
            Kind::Enum(name) => self.enumerations.contains(name),
            Kind::Interface(name) => self.has(name),
            _ => true,
        }
    }
}

/// Sorts the elements of a WSDL into members of interfaces.
fn members(document: &Document) -> Result<HashMap<&str, Vec<Member<'_>>>, WsdlError> {
    let mut members: HashMap<&str, Vec<Member<'_>>> = HashMap::new();
    let mut used: HashSet<String> = HashSet::new();
    for (interface, name, note) in &document.notes {
        let operation = match note {
            Note::Method => format!("{interface}_{name}"),
            _ => format!("{interface}_get{}", capitalise(name)),
        };
        let setter = format!("{interface}_set{}", capitalise(name));
        if used.contains(&operation) {
            continue;
        }
        // The generator notes members, too, that it then leaves out.
        let Some((inputs, outputs)) = exchange(document, &operation) else { continue };
        let member = if *note == Note::Method {
            Member::Method { name, inputs, outputs }
        } else {
            let field = outputs.first().ok_or_else(|| WsdlError(format!("{operation} gives nothing")))?;
            let writable = *note == Note::Writable && document.elements.contains_key(&setter);
            if writable {
                used.insert(setter);
            }
            Member::Attribute { name: name.clone(), field, writable }
        };
        members.entry(interface).or_default().push(member);
        used.insert(operation);
    }
    // What no comment names is sorted by the embedded table, and by its shape.
    for operation in &document.order {
        let Some(((interface, name), (inputs, outputs))) = operation.split_once('_').zip(exchange(document, operation))
        else {
            continue;
        };
        if used.contains(operation) {
            continue;
        }
        let own = members.entry(interface).or_default();
        match (getter(interface, name, inputs, outputs), outputs.first()) {
            (Some(attribute), Some(field)) => {
                let setter = format!("{interface}_set{}", capitalise(&attribute));
                let fits = |(inputs, outputs): (&[Field], &[Field])| {
                    outputs.is_empty() && inputs.len() == 1 && inputs[0].name == attribute
                };
                let writable = exchange(document, &setter).is_some_and(fits)
                    && !is_known_method(interface, &format!("set{}", capitalise(&attribute)));
                used.insert(operation.clone());
                if writable {
                    used.insert(setter);
                }
                own.push(Member::Attribute { name: attribute, field, writable });
            }
            _ => {
                used.insert(operation.clone());
                own.push(Member::Method { name, inputs, outputs });
            }
        }
    }
    Ok(members)
}

/// The attribute whose getter this is.
fn getter(interface: &str, name: &str, inputs: &[Field], outputs: &[Field]) -> Option<String> {
    let bare = name.strip_prefix("get")?;
    if !inputs.is_empty() || outputs.len() != 1 || outputs[0].name != "returnval" || is_known_method(interface, name) {
        return None;
    }
    if let Some(known) = embedded().interface(interface) {
        let attribute = known.attributes().into_iter().find(|attribute| capitalise(attribute.name) == bare);
        if let Some(attribute) = attribute {
            return Some(attribute.name.to_owned());
        }
    }
    let mut letters = bare.chars();
    let first = letters.next().filter(char::is_ascii_uppercase)?;
    let acronym = letters.clone().next().is_some_and(|second| second.is_ascii_uppercase());
    Some(if acronym { bare.to_owned() } else { std::iter::once(first.to_ascii_lowercase()).chain(letters).collect() })
}

fn is_known_method(interface: &str, name: &str) -> bool {
    embedded().interface(interface).and_then(|known| known.method(name)).is_some_and(|method| method.name == name)
}

/// The children of a call and of its reply, without the object that is called.
fn exchange<'a>(document: &'a Document, operation: &str) -> Option<(&'a [Field], &'a [Field])> {
    let inputs = document.elements.get(operation)?.as_slice();
    let outputs = document.elements.get(&format!("{operation}Response"))?.as_slice();
    let inputs = if inputs.first().is_some_and(|field| field.name == "_this") { &inputs[1..] } else { inputs };
    Some((inputs, outputs))
}

fn attribute(interface: &'static Interface, name: &str) -> Option<&'static Attribute> {
    interface.attribute(name).filter(|attribute| attribute.name == name)
}

fn capitalise(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
