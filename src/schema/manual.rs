//! Help pages: everything the schema and the help texts say of one topic, as plain text.
//!
//! The `help` command, `expr?` and the scripting languages all show these pages; nothing else
//! puts signatures and help lines together.

use super::{Attribute, Direction, Enumeration, Interface, Method, Schema, help, name_of_code, naming, number_of_code};
use std::fmt::Write;

/// Owners of a bare member name that get a page each; more are only listed.
const MOST_PAGES: usize = 4;

/// The page of a topic: an interface (`IMachine`), a member (`IMachine.lockMachine`, or the bare
/// name), an enumeration (`MachineState`), one of its values (`MachineState.Running`,
/// `MachineState_Running`) or a result code (`VBOX_E_FILE_ERROR`, `0x80bb0004`).
pub fn manual(schema: &'static Schema, topic: &str) -> Option<String> {
    let topic = topic.trim().trim_end_matches("()");
    if let Some(interface) = schema.interface(topic) {
        return Some(interface_page(interface));
    }
    if let Some(enumeration) = schema.enumeration(topic) {
        return Some(enumeration_page(enumeration));
    }
    if let Some((owner, member)) = topic.split_once('.')
        && let Some(interface) = schema.interface(owner)
    {
        return member_page(interface, member);
    }
    if let Some((owner, value)) = topic.split_once(['.', '_'])
        && let Some(enumeration) = schema.enumeration(owner)
    {
        return value_page(enumeration, value);
    }
    result_code_page(topic).or_else(|| bare_member_page(schema, topic))
}

/// The topics nearest to one that has no page.
pub fn suggest_topic(schema: &'static Schema, topic: &str) -> Vec<String> {
    let topic = topic.trim();
    if let Some((owner, member)) = topic.split_once('.') {
        if let Some(interface) = schema.interface(owner) {
            return interface.suggest(member).into_iter().map(|near| format!("{owner}.{near}")).collect();
        }
        if let Some(enumeration) = schema.enumeration(owner) {
            return enumeration.suggest(member).into_iter().map(|near| format!("{owner}.{near}")).collect();
        }
        let owners = naming::suggest(owner, schema.interfaces().iter().map(|interface| interface.name));
        let page = |owner: &str| Some(format!("{owner}.{}", member_name(schema.interface(owner)?, member)?));
        return owners.into_iter().filter_map(page).collect();
    }
    let interfaces = schema.interfaces().iter().map(|interface| interface.name);
    let enumerations = schema.enumerations().iter().map(|enumeration| enumeration.name);
    let codes = schema.result_codes().iter().map(|(name, _)| *name);
    let with_prefix = format!("I{topic}");
    let mut near: Vec<String> =
        schema.interface(&with_prefix).map(|interface| interface.name.to_owned()).into_iter().collect();
    near.extend(naming::suggest(topic, interfaces.chain(enumerations).chain(codes)).into_iter().map(str::to_owned));
    if near.is_empty() {
        let methods = schema.method_shapes();
        near.extend(naming::suggest(topic, methods.iter().map(|shape| shape.name)).into_iter().map(str::to_owned));
    }
    near.dedup();
    near.truncate(3);
    near
}

fn member_name(interface: &'static Interface, member: &str) -> Option<&'static str> {
    let method = interface.method(member).map(|method| method.name);
    method.or_else(|| interface.attribute(member).map(|attribute| attribute.name))
}

fn interface_page(interface: &'static Interface) -> String {
    let mut page = interface.name.to_owned();
    if let Some(parent) = interface.parent() {
        let _ = write!(page, " (extends {})", parent.name);
    }
    append_help(&mut page, interface.name);
    for (title, rows) in [
        ("attributes", interface.attributes().into_iter().map(attribute_row).collect::<Vec<_>>()),
        ("methods", interface.methods().into_iter().map(method_row).collect()),
    ] {
        if !rows.is_empty() {
            let _ = write!(page, "\n\n{title}");
            append_rows(&mut page, &rows);
        }
    }
    page
}

fn attribute_row(attribute: &'static Attribute) -> (String, &'static str) {
    let access = if attribute.writable { "" } else { ", read-only" };
    (format!("{attribute}{access}"), help_of(attribute.owner, attribute.name))
}

fn method_row(method: &'static Method) -> (String, &'static str) {
    (method.to_string(), help_of(method.owner, method.name))
}

fn help_of(owner: &str, member: &str) -> &'static str {
    help(&format!("{owner}.{member}")).unwrap_or_default()
}

fn member_page(interface: &'static Interface, member: &str) -> Option<String> {
    let method = interface.method(member).map(method_page);
    let attribute = interface.attribute(member).map(attribute_page);
    match (attribute, method) {
        (Some(attribute), Some(method)) => Some(format!("{attribute}\n\n{method}")),
        (attribute, method) => attribute.or(method),
    }
}

fn attribute_page(attribute: &'static Attribute) -> String {
    let access = if attribute.writable { "" } else { ", read-only" };
    let mut page = format!("{}.{attribute}{access}", attribute.owner);
    append_help(&mut page, &format!("{}.{}", attribute.owner, attribute.name));
    if !attribute.remote {
        page += "\n\nThe web service does not offer it.";
    }
    page
}

fn method_page(method: &'static Method) -> String {
    let mut page = format!("{}.{method}", method.owner);
    let key = format!("{}.{}", method.owner, method.name);
    append_help(&mut page, &key);
    for (title, wanted) in [("parameters", true), ("returns", false)] {
        let rows: Vec<_> = method
            .parameters
            .iter()
            .filter(|parameter| (parameter.direction == Direction::In) == wanted)
            .map(|parameter| {
                let text = help(&format!("{key}({})", parameter.name)).unwrap_or_default();
                (format!("{}: {}", parameter.name, parameter.kind), text)
            })
            .collect();
        if !rows.is_empty() {
            let _ = write!(page, "\n\n{title}");
            append_rows(&mut page, &rows);
        }
    }
    if !method.result_codes.is_empty() {
        page += "\n\nresult codes";
        // The table leaves the usual prefix out.
        let full = |code: &str| {
            if code.starts_with("E_") || code.starts_with("VBOX_") { code.to_owned() } else { format!("VBOX_E_{code}") }
        };
        let rows = method.result_codes.iter().map(|code| full(code));
        let rows: Vec<_> = rows.map(|code| (code.clone(), help(&code).unwrap_or_default())).collect();
        append_rows(&mut page, &rows);
    }
    if !method.remote {
        page += "\n\nThe web service does not offer it.";
    }
    page
}

fn enumeration_page(enumeration: &'static Enumeration) -> String {
    let mut page = format!("enum {}", enumeration.name);
    append_help(&mut page, enumeration.name);
    page += "\n\nvalues";
    let rows: Vec<_> = enumeration
        .values
        .iter()
        .map(|value| (format!("{} = {}", value.name, value.number), help_of(enumeration.name, value.name)))
        .collect();
    append_rows(&mut page, &rows);
    page
}

fn value_page(enumeration: &'static Enumeration, name: &str) -> Option<String> {
    let number = enumeration.number(name)?;
    // A number may have two names: the one that was asked for counts.
    let name = enumeration.values.iter().map(|value| value.name).find(|known| *known == name);
    let name = name.or_else(|| enumeration.name_of(number))?;
    let mut page = format!("{}.{name} = {number}", enumeration.name);
    append_help(&mut page, &format!("{}.{name}", enumeration.name));
    Some(page)
}

fn result_code_page(topic: &str) -> Option<String> {
    let hexadecimal = || u32::from_str_radix(topic.strip_prefix("0x").or_else(|| topic.strip_prefix("0X"))?, 16).ok();
    let code = number_of_code(topic).or_else(hexadecimal)?;
    let name = name_of_code(code)?;
    let mut page = format!("{name} = 0x{code:08x}");
    append_help(&mut page, name);
    Some(page)
}

/// A member name without its interface: the pages of all that declare it, or their list.
fn bare_member_page(schema: &'static Schema, topic: &str) -> Option<String> {
    if !topic.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return None;
    }
    let mut owners: Vec<&'static Interface> = Vec::new();
    for interface in schema.interfaces() {
        let own = interface
            .own_methods()
            .iter()
            .any(|method| method.name == topic || naming::snake_case(method.name) == topic)
            || interface
                .own_attributes()
                .iter()
                .any(|attribute| attribute.name == topic || naming::snake_case(attribute.name) == topic);
        if own {
            owners.push(interface);
        }
    }
    if owners.is_empty() {
        return None;
    }
    if owners.len() <= MOST_PAGES {
        return Some(owners.iter().filter_map(|owner| member_page(owner, topic)).collect::<Vec<_>>().join("\n\n"));
    }
    let mut page = format!("{topic}: a member of {} interfaces", owners.len());
    let rows: Vec<_> = owners
        .iter()
        .filter_map(|owner| {
            let name = member_name(owner, topic)?;
            Some((format!("{}.{name}", owner.name), help_of(owner.name, name)))
        })
        .collect();
    append_rows(&mut page, &rows);
    Some(page)
}

fn append_help(page: &mut String, key: &str) {
    if let Some(text) = help(key) {
        let _ = write!(page, "\n{text}");
    }
}

/// Rows of a name and its help; a long name puts its help on a line of its own.
fn append_rows(page: &mut String, rows: &[(String, &str)]) {
    const WIDEST: usize = 40;
    let width = rows.iter().map(|(name, _)| name.len()).filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for (name, text) in rows {
        let _ = match (text.is_empty(), name.len() > width) {
            (true, _) => write!(page, "\n  {name}"),
            (false, false) => write!(page, "\n  {name:width$}  {text}"),
            (false, true) => write!(page, "\n  {name}\n  {:width$}  {text}", ""),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::embedded;
    use super::*;

    fn page(topic: &str) -> String {
        manual(embedded(), topic).unwrap_or_default()
    }

    #[test]
    fn a_method_page_has_signature_parameters_and_result_codes() {
        let page = page("IVirtualBox.findMachine");
        assert!(page.starts_with("IVirtualBox.findMachine(nameOrId: wstring) -> IMachine\n"), "{page}");
        assert!(page.contains("parameters\n  nameOrId: wstring  "), "{page}");
        assert!(page.contains("returns\n"), "{page}");
        assert!(page.contains("VBOX_E_OBJECT_NOT_FOUND  "), "{page}");
        assert_eq!(manual(embedded(), "IVirtualBox.find_machine").as_deref(), Some(&*page));
        assert_eq!(manual(embedded(), "findMachine").as_deref(), Some(&*page));
    }

    #[test]
    fn inherited_members_have_their_page() {
        assert!(page("IMachineStateChangedEvent.type").starts_with("IEvent.type: VBoxEventType, read-only"));
        assert!(page("IMachineStateChangedEvent").contains("(extends IMachineEvent)"));
    }

    #[test]
    fn enumerations_values_and_codes_have_pages() {
        assert!(page("MachineState").contains("\n  Running = 6"));
        assert!(page("MachineState.Running").starts_with("MachineState.Running = 6\n"));
        assert!(page("MachineState_Running").starts_with("MachineState.Running = 6\n"));
        assert!(page("MachineState.FirstOnline").starts_with("MachineState.FirstOnline = 6"));
        assert!(page("VBOX_E_FILE_ERROR").starts_with("VBOX_E_FILE_ERROR = 0x80bb0004\n"));
        assert!(page("0x80bb0004").starts_with("VBOX_E_FILE_ERROR"));
    }

    #[test]
    fn a_name_of_many_is_a_list() {
        assert!(page("eventSource").starts_with("eventSource: a member of "));
    }

    #[test]
    fn a_missing_topic_has_near_ones() {
        assert_eq!(manual(embedded(), "IMachin"), None);
        assert!(suggest_topic(embedded(), "IMachin").contains(&"IMachine".to_owned()));
        assert!(suggest_topic(embedded(), "Machine").contains(&"IMachine".to_owned()));
        assert_eq!(suggest_topic(embedded(), "IVirtualBox.findMachin"), ["IVirtualBox.findMachine"]);
        assert_eq!(suggest_topic(embedded(), "MachineState.Runing"), ["MachineState.Running"]);
        assert!(suggest_topic(embedded(), "findMachin").contains(&"findMachine".to_owned()));
    }
}
