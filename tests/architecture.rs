//! The rooms depend downwards only, and keep to their rules.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, from the outside in. A room may use those after it.
const ROOMS: &[&str] = &[
    "cli",
    "repl",
    "builtins",
    "extensions",
    "script",
    "shell",
    "output",
    "backend",
    "host",
    "soap",
    "model",
    "schema",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn each_source(mut check: impl FnMut(&str, &Path, &str)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 40, "the sources were not found");
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let room =
            relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        check(&room, relative, &fs::read_to_string(&file).unwrap());
    }
}

#[test]
fn dependencies_point_down_the_list_only() {
    let mut wrong = Vec::new();
    each_source(|room, file, text| {
        let Some(level) = ROOMS.iter().position(|known| *known == room) else { return };
        for (number, line) in text.lines().enumerate() {
            for part in line.split("crate::").skip(1) {
                let used: String =
                    part.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                let used_level = ROOMS.iter().position(|known| *known == used);
                if used_level.is_some_and(|used| used < level) && !line.trim_start().starts_with("//") {
                    wrong.push(format!("{}:{}: {room} uses {used}", file.display(), number + 1));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_list_and_in_the_document() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    each_source(|room, file, _| {
        let known = ROOMS.contains(&room) || ["lib", "main"].contains(&room);
        assert!(known, "{} is in no room", file.display());
        assert!(
            room == "lib" || document.contains(&format!("`{room}/`")) || room == "main",
            "ARCHITECTURE.md does not name {room}"
        );
    });
}

#[test]
fn only_output_prints() {
    each_source(|room, file, text| {
        // The texts of this rule would match themselves if they stood in one piece.
        for print in ["println", "print", "eprintln", "eprint"].map(|name| format!("{name}!(")) {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let found = code.lines().any(|line| {
                line.split(&print).next() != Some(line)
                    && !line.trim_start().starts_with("//")
                    && line.contains(&format!(" {print}"))
            });
            let is_test = file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
            assert!(!found || is_test || room == "output", "{} prints", file.display());
        }
    });
}

#[test]
fn every_file_says_what_it_is_for() {
    each_source(|_, file, text| assert!(text.starts_with("//! "), "{} has no head", file.display()));
}
