//! The scripts and extensions that come with the program: each idea in every language, with the same outcome.

mod extensions;
mod scripts;

use crate::support::program::{Outcome, Program};
use std::cell::RefCell;

/// A home in which one language's files run, and what they said.
pub(crate) struct Bench {
    pub(crate) program: Program,
    ending: &'static str,
    said: RefCell<String>,
}

impl Bench {
    fn new(ending: &'static str) -> Self {
        let program = Program::new();
        let extensions = program.home().join("config/shexts");
        std::fs::create_dir_all(&extensions).unwrap();
        let folder = if ending == "py" { "python" } else { ending };
        let shipped = format!("{}/shexts/{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(shipped).unwrap().flatten() {
            std::fs::copy(file.path(), extensions.join(file.file_name())).unwrap();
        }
        Self { program, ending, said: RefCell::default() }
    }

    /// Where a shipped script is.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/scripts/{name}.{}", env!("CARGO_MANIFEST_DIR"), self.ending)
    }

    /// Runs a script, and gives what it says in the form that all languages have.
    #[track_caller]
    pub(crate) fn script(&self, code: i32, name: &str, arguments: &[&str]) -> String {
        let path = self.path(name);
        let outcome = self.program.run(&[&["--yes", "--no-ext", &path][..], arguments].concat());
        self.keep(&format!("{name} {arguments:?}"), code, &outcome)
    }

    /// Runs a line of the shell, and gives what it says in the form that all languages have.
    #[track_caller]
    pub(crate) fn line(&self, code: i32, options: &[&str], line: &str) -> String {
        let outcome = self.program.run(&[options, &["-c", line][..]].concat());
        self.keep(line, code, &outcome)
    }

    #[track_caller]
    fn keep(&self, what: &str, code: i32, outcome: &Outcome) -> String {
        assert_eq!(outcome.code, code, "{what} ({}): {outcome:?}", self.ending);
        let said = self.normal(&format!("{}{}", outcome.out, outcome.err));
        *self.said.borrow_mut() += &format!("$ {what}\n{said}");
        said
    }

    /// Without what differs from run to run, and from language to language.
    pub(crate) fn normal(&self, text: &str) -> String {
        let mut text =
            text.replace(self.program.home().to_str().unwrap(), "HOME").replace(&format!(".{}", self.ending), ".X");
        for (pattern, instead) in [
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME"),
            (r"080027[0-9A-F]{6}", "MACADDRESS00"),
        ] {
            text = regex_lite::Regex::new(pattern).unwrap().replace_all(&text, instead).into_owned();
        }
        text
    }
}

/// Does the same in every language that there is, and compares what was said.
#[track_caller]
pub(crate) fn in_every_language(work: impl Fn(&Bench)) {
    let rhai = Bench::new("rhai");
    work(&rhai);
    if !cfg!(feature = "python") {
        return;
    }
    let python = Bench::new("py");
    let tried = python.program.run(&["--no-ext", "--lang", "python", "-e", "1"]);
    if tried.code == 3 && tried.err.contains("Python") && !tried.err.contains("library for Python") {
        eprintln!("SKIPPED: there is no Python here: {}", tried.err);
        return;
    }
    work(&python);
    assert_eq!(*rhai.said.borrow(), *python.said.borrow());
}

#[test]
fn every_idea_comes_in_both_languages_and_says_what_it_is() {
    let root = env!("CARGO_MANIFEST_DIR");
    let names = |folder: &str, ending: &str| {
        let files = std::fs::read_dir(format!("{root}/{folder}")).unwrap().flatten().map(|file| file.path());
        let mut names: Vec<String> = files
            .filter(|file| file.extension().is_some_and(|known| known == ending))
            .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    for (rhai, python, least) in [("scripts", "scripts", 10), ("shexts/rhai", "shexts/python", 4)] {
        assert_eq!(names(rhai, "rhai"), names(python, "py"));
        assert!(names(rhai, "rhai").len() >= least);
    }
    for name in names("scripts", "rhai") {
        let text = std::fs::read_to_string(format!("{root}/scripts/{name}.rhai")).unwrap();
        assert!(text.starts_with("#!/usr/bin/env vboxsh\n// "), "{name}");
        assert!(text.contains(&format!("//     vboxsh {name}.rhai")) && text.contains("summary:"), "{name}");
        let text = std::fs::read_to_string(format!("{root}/scripts/{name}.py")).unwrap();
        assert!(text.starts_with("#!/usr/bin/env python3\n\"\"\""), "{name}");
        assert!(text.contains(&format!("\n    vboxsh {name}.py")) && text.contains("summary="), "{name}");
    }
}
