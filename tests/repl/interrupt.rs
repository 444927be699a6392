//! Ctrl-C at the prompt and while something runs.

use super::terminal::Terminal;
use crate::support::program::Program;
use std::time::{Duration, Instant};

/// The budget is 200 ms; a test computer may be busy with other tests.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn ctrl_c_clears_the_line_and_on_an_empty_one_says_how_to_leave() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.types("this is never run(");
    terminal.shows("never run(");
    terminal.control('c');
    let between = terminal.answered();
    assert!(!between.contains("error") && !between.contains("leaves"), "{between}");
    assert!(terminal.answers("40 + 2").contains("42"));
    terminal.control('c');
    assert!(terminal.answered().contains("`quit` leaves the shell"));
}

#[test]
fn ctrl_c_ends_an_endless_loop_and_nothing_else() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.answers("let kept = 41");
    terminal.enters("print(\"running\"); loop {}");
    terminal.shows("\nrunning");
    let pressed = Instant::now();
    terminal.control('c');
    let said = terminal.prompted();
    assert!(pressed.elapsed() < SOON, "{:?}", pressed.elapsed());
    assert!(said.contains("interrupt"), "{said}");
    assert!(terminal.answers("kept + 1").contains("42"), "the next line is not interrupted, and variables stay");
}

#[test]
fn ctrl_c_ends_a_waiting_command() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.enters("sleep 600");
    // The editor gives the terminal back, and the command starts.
    terminal.shows("\x1b[?2004l");
    std::thread::sleep(Duration::from_millis(300));
    let pressed = Instant::now();
    terminal.control('c');
    terminal.prompted();
    assert!(pressed.elapsed() < SOON, "{:?}", pressed.elapsed());
}

#[test]
fn a_second_ctrl_c_ends_the_program_when_nothing_reacts() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.enters("!trap '' INT; echo deaf; sleep 30");
    terminal.shows("\ndeaf");
    terminal.control('c');
    std::thread::sleep(Duration::from_millis(500));
    let pressed = Instant::now();
    terminal.control('c');
    assert_eq!(terminal.ends(), 130);
    assert!(pressed.elapsed() < SOON, "{:?}", pressed.elapsed());
}
