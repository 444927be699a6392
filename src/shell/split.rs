//! Cutting lines into commands and words.

/// Cuts a line at `;` outside quotes. Empty commands fall away.
pub fn split_commands(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quote, mut escaped) = (0, None, false);
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ';') => {
                parts.push(&line[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&line[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Cuts a command into words as a shell does; `None` while a quote is open.
pub fn split_words(command: &str) -> Option<Vec<String>> {
    shlex::split(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_inside_quotes_do_not_separate() {
        assert_eq!(split_commands(r#"list; set a.b "x;y" ;; get 'a;b'"#), ["list", r#"set a.b "x;y""#, "get 'a;b'"]);
        assert_eq!(split_commands(r#"a \; b; c"#), [r#"a \; b"#, "c"]);
        assert!(split_commands(" ; ").is_empty());
    }
}
