//! `record` and `replay`.

use crate::support::program::Program;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_transcript_is_written_and_says_the_same_again() {
    let program = Program::new();
    program.machine("web-01");
    let lines = [
        "record session.txt",
        "get web-01.memorySize",
        "get no-such.name",
        "let total = 40;\ntotal + 2",
        "set web-01.memorySize 3072",
        "record off",
        "get web-01.CPUCount",
    ];
    let typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let outcome = program.with_input(&[], &typed);
    assert!(outcome.err.contains("session.txt; `record off` ends it"), "{outcome:?}");
    let file = program.home().join("session.txt");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# vboxsh "), "{text}");
    for part in ["> get web-01.memorySize\n  ", "> get no-such.name\n! error: ", "! hint: ", "> total + 2\n  42\n"] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(!text.contains("record") && !text.contains("CPUCount"), "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // The first line reads what the later one has changed since.
    let outcome = program.lines(&["replay session.txt"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.out.contains("differs  get web-01.memorySize\n  - "), "{}", outcome.out);
    assert!(outcome.out.contains("\n  + 3072") && outcome.out.contains("same    get no-such.name"), "{}", outcome.out);
    assert!(outcome.err.contains("1 of 5 lines say something else"), "{}", outcome.err);
    let json = program.run(&["--json", "-c", "replay session.txt"]);
    let steps: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((steps[0]["same"].as_bool(), steps[3]["same"].as_bool()), (Some(false), Some(true)), "{}", json.out);
}

#[test]
fn ids_and_times_make_no_difference_unless_they_are_to() {
    let program = Program::new();
    program.machine("web-01");
    let id = program.eval("vbox.findMachine(\"web-01\").id").ok();
    let other = id.trim().replace(|letter: char| letter.is_ascii_digit(), "0");
    program.file("session.txt", &format!("> get web-01.id\n  {other}\n"));
    let outcome = program.lines(&["replay session.txt"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "same    get web-01.id\n"), "{outcome:?}");
    assert_eq!(program.lines(&["replay --exact session.txt"]).code, 1);
}

#[test]
fn secrets_are_never_in_it() {
    let program = Program::new();
    let typed =
        "record session.txt\nlet password = \"swordfish\"\nprint(\"seen\")\nconnect http://ops:swordfish@127.0.0.1:9\n";
    program.with_input(&[], typed);
    let text = std::fs::read_to_string(program.home().join("session.txt")).unwrap();
    assert!(text.contains("> print(\"seen\")\n  seen") && !text.contains("swordfish"), "{text}");
    assert_eq!(text.matches("# a line that may hold a secret is left out").count(), 2, "{text}");
}

#[test]
fn wrong_files_are_told() {
    let program = Program::new();
    program.file("notes.txt", "# notes\n\nbuy tea\n");
    let err = program.lines(&["replay notes.txt"]).failed(1);
    assert!(err.contains("line 3 is none of a transcript: buy tea"), "{err}");
    program.lines(&["replay no-such.txt"]).failed(4);
    let err = program.lines(&["record notes.txt"]).failed(3);
    assert!(err.contains("has something in it") && err.contains("--append"), "{err}");
    let err = program.lines(&["record no-folder/a.txt"]).failed(1);
    assert!(err.contains("cannot write `no-folder/a.txt`"), "{err}");
}
