//! The README's sessions are true: each command runs and answers what stands there.
//!
//! `VBOXSH_WRITE_README=1` writes what the program answers into the README instead.

use crate::support::program::Program;
use std::path::Path;
use std::process::{Command, Stdio};

struct Step {
    command: String,
    answer: String,
}

/// The console blocks whose commands are `vboxsh` on the embedded host.
fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ if !inside => {}
            _ => match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), answer: String::new() }),
                None => {
                    let step = steps.last_mut().unwrap();
                    step.answer += line;
                    step.answer.push('\n');
                }
            },
        }
    }
    // Those without an answer are for a real VirtualBox.
    steps.retain(|step| step.command.starts_with("vboxsh") && !step.answer.is_empty());
    steps
}

/// Ids differ from run to run, and the home is no one's.
fn normal(text: &str, home: &Path) -> String {
    let text = text.replace(home.to_str().unwrap(), "/home/you");
    let is_id = |word: &str| uuid::Uuid::try_parse(word).is_ok() && word.len() == 36;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(letter) = rest.chars().next() {
        match rest.get(..36) {
            Some(word) if is_id(word) => {
                out += "d7e30bc1-2ebf-49e1-96f4-277ecf1e5ed7";
                rest = &rest[36..];
            }
            _ => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    out
}

fn answer(program: &Program, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_vboxsh")).parent().unwrap();
    let template = program.command();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("exec 2>&1; {command}")]).current_dir(program.home()).stdin(Stdio::null()).env_clear();
    for (name, value) in template.get_envs() {
        shell.envs(value.map(|value| (name, value)));
    }
    shell.env("PATH", format!("{}:/usr/bin:/bin", binary.display()));
    normal(&String::from_utf8(shell.output().unwrap().stdout).unwrap(), program.home())
}

#[test]
fn the_sessions_of_the_readme_run_as_they_stand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let program = Program::new();
    std::os::unix::fs::symlink(root.join("scripts"), program.home().join("scripts")).unwrap();
    let steps = steps(&readme);
    assert!(steps.len() >= 10, "the README has lost its sessions");
    let mut written = readme.clone();
    for step in &steps {
        let found = answer(&program, &step.command);
        if std::env::var_os("VBOXSH_WRITE_README").is_some() {
            let block = |answer: &str| format!("$ {}\n{answer}", step.command);
            assert!(written.contains(&block(&step.answer)));
            written = written.replacen(&block(&step.answer), &block(&found), 1);
        } else {
            assert_eq!(found, step.answer, "$ {}", step.command);
        }
    }
    if written != readme {
        std::fs::write(root.join("README.md"), written).unwrap();
    }
}

#[test]
fn the_readme_names_a_run_and_a_test_command() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains("$ cargo run --release\n") && readme.contains("$ cargo test\n"));
}

#[test]
fn the_readme_lists_every_option() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let help = Program::new().run(&["--help"]).ok();
    let options = help.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    for option in options.filter(|option| !["--help", "--version", "--lang"].contains(option)) {
        let short = option.trim_end_matches(',');
        let listed =
            readme.contains(short) || ["--yes", "--quiet", "--verbose", "--no-ext", "--fingerprint"].contains(&short);
        assert!(listed, "the README does not name {short}");
    }
}
