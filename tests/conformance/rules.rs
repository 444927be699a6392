//! The rules of the Main API and the scripts that ask them: what `rules/` names is there.

use super::harness::folder;
use std::collections::HashSet;
use std::path::Path;

#[test]
fn every_rule_names_an_answer_or_says_why_none() {
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    let mut files: Vec<_> =
        std::fs::read_dir(folder().join("rules")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let problem = check(line, &folder()).err();
            let problem =
                problem.or_else(|| (!seen.insert(rule(line).to_owned())).then(|| "stands there twice".into()));
            wrong.extend(problem.map(|problem| format!("{}: `{line}`: {problem}", file.display())));
        }
    }
    assert!(seen.len() > 400, "only {} rules in {files:?}", seen.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Section and name of a rule.
fn rule(line: &str) -> &str {
    let end = line.match_indices(" | ").nth(1).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// Checks `SECTION | RULE | FAMILY/NAME | LABEL`, whose label begins that of a recorded answer; or
/// `SECTION | RULE | - | REASON`.
fn check(line: &str, folder: &Path) -> Result<(), String> {
    let parts: Vec<_> = line.splitn(4, " | ").map(str::trim).collect();
    let &[section, name, script, label] = parts.as_slice() else {
        return Err("not `SECTION | RULE | FAMILY/NAME | LABEL`".into());
    };
    let number = |part: &str| part.parse::<u32>().is_ok();
    if !section.split_once('.').is_some_and(|(major, minor)| number(major) && number(minor)) {
        return Err(format!("`{section}` is no section"));
    }
    if name.is_empty() || label.is_empty() {
        return Err("a part is empty".into());
    }
    if script == "-" {
        return Ok(());
    }
    let golden = folder.join(script).with_extension("golden");
    if !folder.join(script).with_extension("rhai").is_file() {
        return Err(format!("there is no script {script}"));
    }
    let answers = std::fs::read_to_string(&golden).map_err(|_| format!("{script} has no recorded answers"))?;
    // An answer is `label: answer`, and a label may have a colon.
    match answers.lines().any(|answer| answer.starts_with(label) && answer[label.len()..].contains(':')) {
        true => Ok(()),
        false => Err(format!("no recorded answer of {script} begins so")),
    }
}

#[test]
fn a_rule_without_its_answer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let family = folder.path().join("sessions");
    std::fs::create_dir(&family).unwrap();
    std::fs::write(family.join("locks.rhai"), "").unwrap();
    std::fs::write(family.join("bare.rhai"), "").unwrap();
    std::fs::write(family.join("locks.golden"), "lock twice: ! VBOX_E_INVALID_OBJECT_STATE IMachine\n").unwrap();
    let problem = |line| check(line, folder.path()).err().unwrap_or_default();
    assert_eq!(problem("2.2 | a lock excludes | sessions/locks | lock twice"), "");
    assert_eq!(problem("2.2 | a lock excludes | sessions/locks | lock"), "");
    assert_eq!(problem("2.2 | a lock excludes | - | needs a guest"), "");
    assert!(problem("2.2 | a lock excludes | sessions/locks | unlock").contains("begins so"));
    assert!(problem("2.2 | a lock excludes | sessions/locks | lock twice: !").contains("begins so"));
    assert!(problem("2.2 | a lock excludes | sessions/other | lock").contains("no script"));
    assert!(problem("2.2 | a lock excludes | sessions/bare | lock").contains("no recorded"));
    assert!(problem("two | a lock excludes | - | x").contains("no section"));
    assert!(problem("2.2 | a lock excludes | -").contains("not `SECTION"));
    assert_eq!(rule("2.2 | a lock excludes | - | x"), "2.2 | a lock excludes");
}
