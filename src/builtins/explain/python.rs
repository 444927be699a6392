//! A template's script in Python. The templates use no more of Rhai than this knows.

/// The same in Python.
pub(super) fn to_python(rhai: &str) -> String {
    let mut depth = 0_usize;
    let mut lines = Vec::new();
    for line in rhai.lines() {
        let line = line.trim();
        if matches!(line, "}" | "});") {
            depth = depth.saturating_sub(1);
            continue;
        }
        let indent = "    ".repeat(depth);
        let line = line.trim_end_matches(';');
        let line = line.strip_prefix("let ").unwrap_or(line);
        let python = if let Some(object) = line.strip_suffix(".session(|s| {") {
            depth += 1;
            format!("with {object}.session() as s:")
        } else if let Some(head) = line.strip_suffix(" {") {
            depth += 1;
            format!("{}:", values(head))
        } else {
            waiting(&assigning(&values(line)))
        };
        lines.push(format!("{indent}{python}"));
    }
    lines.join("\n")
}

/// `x.set("name", value)` as `x.name = value`.
fn assigning(line: &str) -> String {
    let parts = line.strip_suffix(')').and_then(|line| line.split_once(".set(\"")).and_then(|(object, rest)| {
        let (name, value) = rest.split_once("\", ")?;
        Some(format!("{object}.{name} = {value}"))
    });
    parts.unwrap_or_else(|| line.to_owned())
}

/// `x.wait()` as `wait(x)`.
fn waiting(line: &str) -> String {
    line.strip_suffix(".wait()").map_or_else(|| line.to_owned(), |progress| format!("wait({progress})"))
}

/// Interpolated texts, truths and null outside of texts.
pub(super) fn values(line: &str) -> String {
    let line = line.replace('`', "\"");
    let line = if line.contains("${") { line.replacen('"', "f\"", 1).replace("${", "{") } else { line };
    let mut out = String::new();
    let (mut quoted, mut escaped) = (false, false);
    let mut word = String::new();
    let close = |word: &mut String, out: &mut String| {
        out.push_str(match word.as_str() {
            "true" => "True",
            "false" => "False",
            other => other,
        });
        word.clear();
    };
    for letter in line.chars() {
        if !quoted && (letter.is_alphanumeric() || letter == '_') {
            word.push(letter);
            continue;
        }
        close(&mut word, &mut out);
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        out.push(letter);
    }
    close(&mut word, &mut out);
    out.replace(" && ", " and ").replace(" || ", " or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rhai_becomes_python() {
        let rhai = "let m = vbox.findMachine(\"a\");\nm.session(|s| {\n    s.machine.discardSavedState(true).wait();\n});\nfor m in vbox.machines {\n    print(`${m.name} true`);\n}";
        let python = "m = vbox.findMachine(\"a\")\nwith m.session() as s:\n    wait(s.machine.discardSavedState(True))\nfor m in vbox.machines:\n    print(f\"{m.name} true\")";
        assert_eq!(to_python(rhai), python);
        assert_eq!(to_python("s.machine.f(0).set(\"name\", true);"), "s.machine.f(0).name = True");
    }
}
