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
    for command in commands().all() {
        for example in &command.examples {
            // These lead to another computer; the suite on the real VirtualBox runs their like.
            if example.line.contains("https://") {
                continue;
            }
            let program = Program::new();
            program.machine("web-01");
            let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
            std::os::unix::fs::symlink(scripts, program.home().join("scripts")).unwrap();
            let (options, line) = match example.line.strip_prefix("--json ") {
                Some(line) => (&["--json"][..], line),
                None => (&[][..], example.line.as_str()),
            };
            let outcome = program.run(&[options, &["-c", line]].concat());
            if example.line.starts_with("py ") && outcome.code == 3 && outcome.err.contains("install Python 3") {
                eprintln!("SKIPPED {}: there is no Python here", example.line);
                continue;
            }
            assert_eq!(outcome.code, 0, "{}: {outcome:?}", example.line);
        }
    }
}
