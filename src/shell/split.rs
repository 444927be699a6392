//! Cutting lines into commands and words, and words that stay whole.

/// A word as it has to be typed to stay one word.
pub fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

/// Cuts a line at `;` outside quotes. Empty commands fall away.
pub fn split_commands(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in separators(line) {
        parts.push(&line[start..at]);
        start = at + 1;
    }
    parts.push(&line[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Places of the `;` outside quotes.
pub fn separators(line: &str) -> Vec<usize> {
    let (mut quote, mut escaped) = (None, false);
    let mut found = Vec::new();
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ';') => found.push(at),
            _ => {}
        }
    }
    found
}

/// Cuts a command into words as a shell does; `None` while a quote is open.
pub fn split_words(command: &str) -> Option<Vec<String>> {
    shlex::split(command)
}

/// As [`split_words`], but a quoted name that a path goes on from keeps its quotes:
/// `"a.b [c]".memorySize` is one word that [`super::Path`] reads as a name and a step.
pub fn split_paths(command: &str) -> Option<Vec<String>> {
    let words = split_words(command)?;
    let typed = typed_words(command);
    if typed.len() != words.len() {
        // A comment, for one: the plain words are right then.
        return Some(words);
    }
    let keep = |(word, typed): (String, &str)| quoted_root(typed).unwrap_or(word);
    Some(words.into_iter().zip(typed).map(keep).collect())
}

/// Words with their quotes, as they were typed.
fn typed_words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, letter) in command.char_indices() {
        if start.is_none() && !letter.is_whitespace() {
            start = Some(at);
        }
        match (quote, letter) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, letter) if letter.is_whitespace() => words.extend(start.take().map(|from| &command[from..at])),
            _ => {}
        }
    }
    words.extend(start.map(|from| &command[from..]));
    words
}

/// Cuts a command where its argument number `arguments` begins that goes on to the end of the line: the
/// words before it, and the rest as it was typed. `valued` says which options take the next word as value.
/// `None` while a quote is open before that place.
pub fn split_before(command: &str, arguments: usize, valued: impl Fn(&str) -> bool) -> Option<(Vec<String>, &str)> {
    let (mut seen, mut value) = (0, false);
    for typed in typed_words(command) {
        let start = typed.as_ptr() as usize - command.as_ptr() as usize;
        if std::mem::take(&mut value) {
            continue;
        }
        if let Some(option) = typed.strip_prefix("--") {
            value = !option.contains('=') && valued(option);
        } else if seen == arguments {
            return Some((split_words(&command[..start])?, command[start..].trim_end()));
        } else {
            seen += 1;
        }
    }
    Some((split_words(command)?, ""))
}

/// `"name".step` with the quotes around the name alone, as a path wants them.
fn quoted_root(typed: &str) -> Option<String> {
    let open = typed.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    let (mut escaped, mut close) = (false, None);
    for (at, letter) in typed.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if open == '"' => escaped = true,
            _ if letter == open => {
                close = Some(at + 1);
                break;
            }
            _ => {}
        }
    }
    let (root, steps) = typed.split_at(close?);
    if !steps.starts_with(['.', '[', '(']) {
        return None;
    }
    let (root, steps) = (shlex::split(root)?.pop()?, shlex::split(steps)?.pop()?);
    let escaped = root.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("\"{escaped}\"{steps}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_inside_a_line_is_kept_as_it_was_typed() {
        let split = |line| split_before(line, 1, |option| option == "every").unwrap();
        let (words, line) = split("--every 2 all  get \"a b\".name; x ");
        assert_eq!((words, line), (vec!["--every".into(), "2".into(), "all".into()], "get \"a b\".name; x"));
        assert_eq!(split("all"), (vec!["all".to_owned()], ""));
        assert_eq!(split("--verbose all --json").1, "");
        assert_eq!(split("--every=3 all list --json").1, "list --json");
        assert!(split_before("\"a", 1, |_| false).is_none());
    }

    #[test]
    fn a_quoted_name_keeps_its_quotes_where_a_path_goes_on() {
        let words = |line: &str| split_paths(line).unwrap();
        assert_eq!(words(r#""a.b [c]".memorySize 'x y'"#), [r#""a.b [c]".memorySize"#, "x y"]);
        assert_eq!(words(r#"'say "hi"'.name"#), [r#""say \"hi\"".name"#]);
        assert_eq!(words(r#"'web-01.name' "a b""#), ["web-01.name", "a b"]);
        assert_eq!(words(r#"--detail "a"[0] it\'s"#), ["--detail", r#""a"[0]"#, "it's"]);
        assert!(split_paths("\"a").is_none());
    }

    #[test]
    fn semicolons_inside_quotes_do_not_separate() {
        assert_eq!(split_commands(r#"list; set a.b "x;y" ;; get 'a;b'"#), ["list", r#"set a.b "x;y""#, "get 'a;b'"]);
        assert_eq!(split_commands(r#"a \; b; c"#), [r#"a \; b"#, "c"]);
        assert!(split_commands(" ; ").is_empty());
        assert_eq!(separators("a 'b;' ; c \"\\\";\" ;"), [7, 17]);
    }
}
