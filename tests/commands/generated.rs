//! Completions, man page and reference stand in the repository as the program makes them.

use crate::support::program::Program;
use std::path::Path;

/// Kept files, and what makes them.
const FILES: [(&str, &str); 5] = [
    ("docs/commands.md", "reference"),
    ("docs/vboxsh.1", "man"),
    ("docs/completions/vboxsh.bash", "bash"),
    ("docs/completions/_vboxsh", "zsh"),
    ("docs/completions/vboxsh.fish", "fish"),
];

/// `VBOXSH_DOCS=write cargo test generated` makes them anew.
#[test]
fn generated_files_are_current() {
    for (file, what) in FILES {
        let made = Program::new().run(&["--generate", what]).ok();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var("VBOXSH_DOCS").is_ok_and(|value| value == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == made, "{file} is stale: `VBOXSH_DOCS=write cargo test generated` makes it anew");
    }
}

#[test]
fn every_command_is_in_the_reference_and_in_the_man_page() {
    let program = Program::new();
    let (reference, man) = (program.run(&["--generate", "reference"]).ok(), program.run(&["--generate", "man"]).ok());
    for command in vboxsh::builtins::commands(&vboxsh::shell::ConnectSettings::default()).all() {
        assert!(reference.contains(&format!("\n### {}\n", command.name)), "{}", command.name);
        assert!(man.contains(&format!("\\fB{}", command.name.replace('-', "\\-"))), "{}", command.name);
    }
}
