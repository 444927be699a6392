//! The answers of the embedded host beside the recorded ones, but for the known differences.

use super::harness::{Script, difference, folder, normalise};

/// A difference from the real thing that is known and has a reason.
#[derive(Debug)]
struct Known {
    script: String,
    /// What stands before the colon of an answer; a `*` at its end stands for any rest.
    label: String,
}

impl Known {
    fn covers(&self, script: &str, line: &str) -> bool {
        let label = line.split_once(": ").map_or(line, |(label, _)| label);
        self.script == script
            && match self.label.strip_suffix('*') {
                Some(start) => label.starts_with(start),
                None => label == self.label,
            }
    }
}

/// `differences.txt`.
fn known_differences() -> Vec<Known> {
    let path = folder().join("differences.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let known = lines.map(|line| {
        let mut parts = line.splitn(3, " | ").map(str::trim);
        let (Some(script), Some(label), Some(reason)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("differences.txt: `{line}` is not `FAMILY/NAME | LABEL | REASON`")
        };
        assert!(!reason.is_empty(), "differences.txt: `{line}` lacks a reason");
        Known { script: script.to_owned(), label: label.to_owned() }
    });
    known.collect()
}

/// Compares the answers of the embedded host with the recorded ones, but for the known differences.
///
/// # Errors
/// What differs; or which of the known differences are none any more.
pub fn compare(script: &Script, recorded: &str, ours: &str) -> Result<(), String> {
    let known: Vec<_> = known_differences().into_iter().filter(|known| known.script == script.name).collect();
    for entry in &known {
        let of_entry = |answers: &str| {
            let lines = answers.lines().filter(|line| entry.covers(&script.name, line));
            normalise(&lines.collect::<Vec<_>>().join("\n"), "<user>")
        };
        if of_entry(recorded) == of_entry(ours) {
            return Err(format!("differences.txt lists `{}`, which does not differ (any more)", entry.label));
        }
    }
    let ours = &without_interfaces(recorded, ours);
    let rest = |answers: &str| {
        let lines = answers.lines().filter(|line| !known.iter().any(|entry| entry.covers(&script.name, line)));
        normalise(&lines.collect::<Vec<_>>().join("\n"), "<user>")
    };
    let (recorded, ours) = (rest(recorded), rest(ours));
    if recorded.trim_end() == ours.trim_end() { Ok(()) } else { Err(difference(&recorded, &ours)) }
}

/// Our answers, without the interface of an error where VirtualBox gave a bare result code: ours say it always.
fn without_interfaces(recorded: &str, ours: &str) -> String {
    let label = |line: &str| line.split_once(": ").map_or(String::new(), |(label, _)| label.to_owned());
    let bare: std::collections::HashSet<_> = recorded.lines().filter(|line| is_bare(line)).map(label).collect();
    let mut out = String::new();
    for line in ours.lines() {
        if !bare.contains(&label(line)) {
            out += line;
        } else {
            // `! NAME IInterface` becomes `! NAME -`, in each place.
            let mut parts = line.split("! ");
            out += parts.next().unwrap_or_default();
            for part in parts {
                let mut words = part.splitn(3, ' ');
                let (name, interface) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let comma = if interface.ends_with(',') { "," } else { "" };
                out += &format!("! {name} -{comma}");
                out.extend(words.next().map(|rest| format!(" {rest}")));
            }
        }
        out.push('\n');
    }
    out
}

/// Whether a line has an error without an interface.
fn is_bare(line: &str) -> bool {
    let second = |part: &str| part.split(' ').nth(1).map(|word| word.trim_end_matches([',', ']'])) == Some("-");
    line.split("! ").skip(1).any(second)
}
