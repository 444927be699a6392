//! Help texts: one line for every item, in this project's own words, beside the table.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Lines of the form `KEY: text`, one file per part of the table.
const TEXTS: &[&str] = &[
    include_str!("help/enums.txt"),
    include_str!("help/interfaces-1.txt"),
    include_str!("help/interfaces-2.txt"),
    include_str!("help/interfaces-3.txt"),
];

/// The help line of an item: `IMachine`, `IMachine.name`, `IMachine.lockMachine(session)`,
/// `MachineState.Running` or `VBOX_E_FILE_ERROR`.
pub fn help(key: &str) -> Option<&'static str> {
    static BY_KEY: OnceLock<HashMap<&str, &str>> = OnceLock::new();
    let lines = || TEXTS.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_once(": "));
    BY_KEY.get_or_init(|| lines().collect()).get(key).copied()
}

/// All lines, for the test that holds them complete.
#[cfg(test)]
pub(super) fn lines() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty() && !line.starts_with('#'))
}
