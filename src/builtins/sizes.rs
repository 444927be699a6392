//! Counts and sizes as commands take them and show them.

use crate::output::Failure;
pub(super) use crate::output::format_bytes as show;
pub(super) use crate::shell::{MEGABYTE, parse_size as parse};

/// Reads a whole number that is not negative.
pub(super) fn count(what: &str, word: &str) -> Result<i64, Failure> {
    word.parse::<u32>().map(i64::from).map_err(|_| {
        Failure::usage(format!("{what}: `{word}` is no number"), "write a whole number that is not negative")
    })
}
