//! `_`, the prompt's last value. Rhai knows the sign as the default case of `switch` only, so the
//! prompt says beforehand which ones are the variable.

use super::context::{Context, lock};
use rhai::{Engine, Token};
use std::collections::HashSet;
use std::sync::Arc;

/// The name of the variable.
pub(super) const NAME: &str = "_";

/// Lines and columns, from 1, of the signs that are the variable.
pub(super) type Places = HashSet<(usize, usize)>;

/// Finds the signs that stand alone and begin no default case. Those in texts and comments do no
/// harm: no token begins there.
pub(super) fn places(source: &str) -> Places {
    let mut places = Places::new();
    for (line, text) in source.lines().enumerate() {
        let letters: Vec<char> = text.chars().collect();
        let is_name = |at: Option<usize>| {
            at.and_then(|at| letters.get(at)).is_some_and(|letter| letter.is_alphanumeric() || *letter == '_')
        };
        for (column, letter) in letters.iter().enumerate() {
            if *letter != '_' || is_name(column.checked_sub(1)) || is_name(Some(column + 1)) {
                continue;
            }
            let behind: String = letters[column + 1..].iter().collect();
            let behind = behind.trim_start();
            let guard = behind.strip_prefix("if").is_some_and(|rest| rest.starts_with([' ', '(', '!']));
            if !behind.starts_with("=>") && !guard {
                places.insert((line + 1, column + 1));
            }
        }
    }
    places
}

/// Makes an engine read the marked signs as a name.
#[expect(deprecated, reason = "Rhai marks hooks that may change so; its version is pinned, and tests hold this one")]
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    let shared = Arc::clone(shared);
    engine.on_parse_token(move |token, position, _| match token {
        Token::Underscore => {
            let place = position.line().zip(position.position());
            if place.is_some_and(|place| lock(&shared.last_value).contains(&place)) {
                Token::Identifier(Box::new(NAME.into()))
            } else {
                Token::Underscore
            }
        }
        other => other,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_cases_stay() {
        let mut found: Vec<_> =
            places("_ + my_name + _.x\nswitch _ { 1 => 2, _ => 3, _ if x => _ }").into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, [(1, 1), (1, 15), (2, 8), (2, 38)]);
    }
}
