//! The scripts that `explain` shows do run, in both languages.

use crate::support::program::Program;
use vboxsh::shell::ConnectSettings;

/// Runs what `explain` shows for the examples of all commands, each kind of script once.
fn run_all(language: &str, ending: &str) {
    let mut failed = Vec::new();
    let mut ran = 0;
    let mut seen = std::collections::BTreeSet::new();
    for command in vboxsh::builtins::commands(&ConnectSettings::default()).all() {
        for example in &command.examples {
            let skipped = ["explain", "sleep", "monitor-vbox", "events"].contains(&&*command.name);
            if example.only_shown || skipped || example.line.starts_with("--json") {
                continue;
            }
            let program = Program::new();
            // Of several commands the last one is explained.
            let (first, line) = example.line.rsplit_once("; ").unwrap_or(("", &example.line));
            let explained = program.lines(&[&format!("explain --{language} {line}")]);
            if explained.code != 0 {
                if !explained.err.contains("no short script") {
                    failed.push(format!("{line}: {}", explained.err));
                }
                continue;
            }
            let shape: String = explained.out.replace(|letter: char| letter.is_ascii_digit(), "");
            if !seen.insert((
                command.name.clone(),
                shape.lines().map(|line| line.split('"').next().unwrap_or_default().to_owned()).collect::<Vec<_>>(),
            )) {
                continue;
            }
            let mut before = vec!["create-vm web-01 Debian_64"];
            before.extend([&*example.before, first].into_iter().filter(|line| !line.is_empty()));
            let arguments: Vec<&str> = before.iter().flat_map(|line| ["-c", line]).collect();
            program.run(&[&["--yes"][..], &arguments].concat()).ok();
            // Names of media are made absolute where `explain` runs.
            let script = program.file(&format!("script.{ending}"), &explained.out);
            let outcome = program.run(&[&script]);
            ran += 1;
            if outcome.code != 0 {
                failed.push(format!("{}:\n{}{}", example.line, explained.out, outcome.err));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {ran}:\n{}", failed.len(), failed.join("\n"));
    assert!(ran > 50, "only {ran} ran");
}

#[test]
fn what_explain_shows_runs_in_rhai() {
    run_all("rhai", "rhai");
}

#[cfg(feature = "python")]
#[test]
fn what_explain_shows_runs_in_python() {
    let tried = Program::new().run(&["--lang", "python", "-e", "1"]);
    if tried.code == 3 {
        eprintln!("SKIPPED: there is no Python here: {}", tried.err);
        return;
    }
    run_all("python", "py");
}
