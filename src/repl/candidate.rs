//! What completion offers: the text to insert, and what the list says beside it.

use crate::output::{pad, truncate, width};
use crate::schema::{Attribute, Enumeration, Interface, Method, help, snake_case};
use rustyline::completion::Pair;

/// Longer lists show names only, in columns: descriptions would fill the screen many times over.
const DESCRIBED_AT_MOST: usize = 40;

/// Names longer than this do not push all descriptions to the right.
const WIDEST_NAME: usize = 60;

/// One candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What is inserted.
    pub(super) replacement: String,
    /// What is listed.
    pub(super) name: String,
    /// What stands beside it in the list.
    pub(super) description: String,
}

impl Candidate {
    /// A candidate that is inserted as it is listed.
    pub(super) fn plain(name: &str, description: &str) -> Self {
        Self { replacement: name.to_owned(), name: name.to_owned(), description: description.to_owned() }
    }

    /// Inserts another text than the listed one.
    #[must_use]
    pub(super) fn inserting(self, replacement: String) -> Self {
        Self { replacement, ..self }
    }
}

/// How `partial` begins the API name `name`: as the API spells it, or in snake case. Gives the
/// spelling to go on with.
pub(super) fn spelling(name: &str, partial: &str) -> Option<String> {
    if name.starts_with(partial) {
        return Some(name.to_owned());
    }
    let snake = snake_case(name);
    snake.starts_with(partial).then(|| snake.into_owned())
}

/// Whether the name begins so when capitals do not count; the last resort.
fn folded(name: &str, partial: &str) -> Option<String> {
    name.to_lowercase().starts_with(&partial.to_lowercase()).then(|| name.to_owned())
}

/// Members of an interface that begin with `partial`.
pub(super) fn members(interface: &'static Interface, partial: &str) -> Vec<Candidate> {
    let with = |matches: fn(&str, &str) -> Option<String>| {
        let attributes =
            interface.attributes().into_iter().filter_map(|one| Some(attribute(one, matches(one.name, partial)?)));
        let methods = interface.methods().into_iter().filter_map(|one| Some(method(one, matches(one.name, partial)?)));
        attributes.chain(methods).collect::<Vec<_>>()
    };
    let found = with(spelling);
    if found.is_empty() { with(folded) } else { found }
}

pub(super) fn attribute(attribute: &'static Attribute, spelling: String) -> Candidate {
    let text = help(&format!("{}.{}", attribute.owner, attribute.name)).unwrap_or_default();
    let name = format!("{spelling}: {}", attribute.kind);
    Candidate { replacement: spelling, name, description: text.to_owned() }
}

fn method(method: &'static Method, spelling: String) -> Candidate {
    let text = help(&format!("{}.{}", method.owner, method.name)).unwrap_or_default();
    let signature = method.to_string();
    let name = format!("{spelling}{}", &signature[method.name.len()..]);
    let close = if method.inputs().next().is_none() { ")" } else { "" };
    Candidate { replacement: format!("{spelling}({close}"), name, description: text.to_owned() }
}

/// Values of an enumeration that begin with `partial`, with `before` put before what is inserted.
pub(super) fn values(enumeration: &'static Enumeration, partial: &str, before: &str) -> Vec<Candidate> {
    let with = |matches: fn(&str, &str) -> Option<String>| {
        let spelt = enumeration.values.iter().filter_map(|value| Some((value, matches(value.name, partial)?)));
        let candidate = |(value, spelling): (&crate::schema::EnumValueDefinition, String)| {
            let text = help(&format!("{}.{}", enumeration.name, value.name)).unwrap_or_default();
            Candidate::plain(&format!("{before}{spelling}"), text)
        };
        spelt.map(candidate).collect::<Vec<_>>()
    };
    let found = with(spelling);
    if found.is_empty() { with(folded) } else { found }
}

/// The candidates as the editor wants them, listed in at most `columns`.
pub(super) fn pairs(candidates: Vec<Candidate>, columns: usize) -> Vec<Pair> {
    let described = candidates.len() <= DESCRIBED_AT_MOST && candidates.iter().any(|one| !one.description.is_empty());
    let widest = candidates.iter().map(|one| width(&one.name)).max().unwrap_or(0).min(WIDEST_NAME);
    let display = |one: &Candidate| {
        if !described || one.description.is_empty() {
            // A signature without its description is left out too where space is short.
            let name =
                if described { one.name.as_str() } else { one.name.split([':', '(']).next().unwrap_or(&one.name) };
            let name = truncate(name, columns.saturating_sub(3));
            return if described { pad(&name, columns / 2, false) } else { name };
        }
        let line =
            truncate(&format!("{}  {}", pad(&one.name, widest, false), one.description), columns.saturating_sub(3));
        // The editor sets short candidates side by side; what is said of them would get lost between their names.
        pad(&line, columns / 2, false)
    };
    candidates.into_iter().map(|one| Pair { display: display(&one), replacement: one.replacement }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_match_as_spelt_in_snake_case_and_without_capitals() {
        let interface = crate::schema::embedded().interface("IVirtualBox").unwrap();
        let inserted =
            |partial: &str| members(interface, partial).into_iter().map(|one| one.replacement).collect::<Vec<_>>();
        assert_eq!(inserted("findMac"), ["findMachine("]);
        assert_eq!(inserted("find_mac"), ["find_machine("]);
        assert_eq!(inserted("FINDMAC"), ["findMachine("]);
        assert!(inserted("machines").contains(&"machines".to_owned()));
        assert!(inserted("zzz").is_empty());
    }

    #[test]
    fn the_list_shows_signature_and_help_within_the_width() {
        let interface = crate::schema::embedded().interface("IVirtualBox").unwrap();
        let shown = pairs(members(interface, "findMachine"), 100);
        assert!(shown[0].display.starts_with("findMachine(nameOrId: wstring) -> IMachine  "), "{}", shown[0].display);
        let interface = crate::schema::embedded().interface("IMachine").unwrap();
        for columns in [20, 40, 100] {
            assert!(pairs(members(interface, ""), columns).iter().all(|pair| width(&pair.display) < columns));
        }
        assert!(
            pairs(members(interface, ""), 100).iter().all(|pair| !pair.display.contains("  ")),
            "a long list has names only"
        );
    }
}
