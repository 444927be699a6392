//! Every example of every command runs on the embedded host.

use crate::support::program::Program;
use vboxsh::shell::{Commands, ConnectSettings};

fn commands() -> Commands {
    vboxsh::builtins::commands(&ConnectSettings::default())
}

#[test]
fn every_command_has_a_summary_an_example_and_helpful_arguments() {
    for command in commands().all() {
        assert!(command.summary.len() > 8, "{}", command.name);
        assert!(!command.examples.is_empty(), "{} has no example", command.name);
        for argument in &command.arguments {
            assert!(argument.help.len() > 8, "{}: {}", command.name, argument.name);
        }
    }
}

#[test]
fn every_example_does_what_it_says() {
    let mut failed = Vec::new();
    for command in commands().all() {
        for example in &command.examples {
            // These lead to another computer; the suite on the real VirtualBox runs their like.
            // A program without Python says so.
            let python = example.line.starts_with("py ") || example.line.contains("--python");
            if python && !cfg!(feature = "python") {
                continue;
            }
            if example.only_shown || example.line.contains("https://") {
                continue;
            }
            let program = Program::new();
            program.lines(&["create-vm web-01 Debian_64"]).ok();
            let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
            std::os::unix::fs::symlink(scripts, program.home().join("scripts")).unwrap();
            let (options, line) = match example.line.strip_prefix("--json ") {
                Some(line) => (&["--json"][..], line),
                None => (&[][..], example.line.as_str()),
            };
            if !example.before.is_empty() {
                let before = program.run(&["--yes", "-c", &example.before]);
                if before.code != 0 {
                    failed.push(format!("{}: before it: {before:?}", example.line));
                    continue;
                }
            }
            let outcome = program.run(&[options, &["--yes", "-c", line]].concat());
            if example.line.starts_with("py ") && outcome.code == 3 && outcome.err.contains("install Python 3") {
                eprintln!("SKIPPED {}: there is no Python here", example.line);
                continue;
            }
            if outcome.code != 0 {
                failed.push(format!("{}: {outcome:?}", example.line));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
