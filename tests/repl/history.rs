//! The history file.

use super::terminal::Terminal;
use crate::support::program::Program;
use std::os::unix::fs::PermissionsExt;

fn leave(mut terminal: Terminal) {
    terminal.control('d');
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn lines_are_kept_for_their_owner_and_without_secrets() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.answers("40 + 2");
    terminal.answers("40 + 2");
    terminal.answers(" 40 + 3");
    terminal.answers("let password = \"swordfish\"");
    terminal.answers("connect http://ops:swordfish@127.0.0.1:9");
    // Written line by line: a crash loses none.
    let file = program.home().join("vboxsh/history");
    let text = std::fs::read_to_string(&file).unwrap();
    leave(terminal);
    assert_eq!(text.lines().filter(|line| line.contains("40 + ")).collect::<Vec<_>>(), ["40 + 2"]);
    assert!(!text.contains("swordfish"), "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn up_walks_through_the_lines_of_an_earlier_run() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.answers("print(\"first\")");
    terminal.answers("40 + 2");
    terminal.answers("40 + 3");
    leave(terminal);

    let mut terminal = Terminal::open(&program);
    terminal.types("\x1b[A");
    terminal.shows("40 + 3");
    terminal.types("\x1b[A");
    terminal.shows("40 + 2");
    terminal.types("\x1b[A");
    terminal.shows("print(\"first\")");
    terminal.control('c');
    terminal.answered();
    // With something typed, up looks for lines that begin so.
    terminal.types("pri\x1b[A");
    terminal.shows("print(\"first\")");
    terminal.types("\r");
    assert!(terminal.answered().contains("first"));
    // And Ctrl-R for lines that hold it anywhere.
    terminal.control('r');
    terminal.types("+ 2");
    terminal.shows("40 + 2");
    terminal.types("\r");
    assert!(terminal.answered().contains("42"));
}
