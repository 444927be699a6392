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
}

#[test]
fn ctrl_r_finds_an_earlier_line_by_a_few_of_its_letters() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    for line in ["let a = 40", "let b = 2", "print(\"sum \" + (a + b))", "help paths | x", "40 + 3"] {
        terminal.answers(line);
    }
    terminal.types("not yet");
    terminal.shows("not yet");
    terminal.control('r');
    terminal.shows("history: ");
    terminal.types("ptsum");
    terminal.shows("> print(\"sum ");
    // Enter takes the line, to be looked at; the next one runs it.
    terminal.types("\r");
    terminal.shows("vbox> print(\"sum \" + (a + b))");
    terminal.types("\r");
    assert!(terminal.answered().contains("sum 42"));
}

#[test]
fn escape_in_a_search_leaves_the_line_as_it_was() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.answers("40 + 3");
    terminal.types("print(41 + 1)");
    terminal.shows("print(41 + 1)");
    terminal.control('r');
    terminal.types("40");
    terminal.shows("> 40 + 3");
    terminal.types("z");
    terminal.shows("nothing like it");
    // Each drawing of the line is one piece for the terminal.
    terminal.shows("\x1b[?2026l");
    terminal.types("\x1b");
    let drawn = terminal.shows("\x1b[?2026l");
    assert!(drawn.contains("vbox> print(41 + 1)") && !drawn.contains("history"), "{drawn:?}");
    terminal.types("\r");
    assert!(terminal.answered().contains("42"));
}

#[test]
fn a_search_walks_to_older_lines() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    for number in 1..=3 {
        terminal.answers(&format!("print({number}00 + 1)"));
    }
    terminal.control('r');
    terminal.types("print");
    terminal.shows("> print(300");
    terminal.types("\x1b[A");
    terminal.shows("> print(200");
    terminal.control('r');
    terminal.shows("> print(100");
    terminal.types("\x1b[B");
    terminal.shows("> print(200");
    terminal.types("\t");
    terminal.shows("vbox> print(200 + 1)");
    terminal.types("\r");
    assert!(terminal.answered().contains("201"));
}
