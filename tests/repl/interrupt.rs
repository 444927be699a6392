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
fn a_call_that_hangs_is_told_and_the_next_ctrl_c_ends_the_program() {
    let program = Program::new();
    let pipe = program.home().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut terminal = Terminal::open(&program);
    // Nobody ever writes into it.
    terminal.enters("print(\"reading\"); read_file(\"pipe\")");
    terminal.shows("\nreading");
    std::thread::sleep(Duration::from_millis(300));
    terminal.control('c');
    terminal.shows("Ctrl-C once more ends vboxsh");
    let pressed = Instant::now();
    terminal.control('c');
    terminal.shows("vboxsh ends");
    assert_eq!(terminal.ends(), 130);
    assert!(pressed.elapsed() < SOON, "{:?}", pressed.elapsed());
}

#[test]
fn ctrl_c_belongs_to_a_program_of_the_host_while_it_runs() {
    let program = Program::new();
    let deaf =
        program.file("deaf.sh", "trap 'echo heard' INT; echo ready; for n in 1 2 3 4 5 6 7 8 9; do sleep 0.3; done");
    let mut terminal = Terminal::open(&program);
    terminal.enters(&format!("!sh {deaf}"));
    terminal.shows("\nready");
    terminal.control('c');
    terminal.shows("heard");
    let said = terminal.prompted();
    assert!(!said.contains("Ctrl-C once more"), "{said}");
    terminal.enters("!echo ready; exec sleep 600");
    terminal.shows("\nready");
    terminal.control('c');
    assert!(terminal.prompted().contains("interrupted"));
}

#[test]
fn ctrl_c_ends_a_question() {
    let program = Program::new();
    program.machine("web-01");
    std::fs::create_dir(program.home().join("guest")).unwrap();
    program.lines(&["setextra web-01 vboxsh/SimulatedGuest ../../guest", "start web-01 headless"]).ok();
    let mut terminal = Terminal::open_in(&program, &[("VBOXSH_GUEST_PASSWORD", "")], (100, 30));
    terminal.enters("gexec web-01 /bin/pwd");
    terminal.shows("user of the guest: ");
    terminal.types("root\r");
    terminal.shows("password of root in the guest: ");
    terminal.control('c');
    assert!(terminal.prompted().contains("interrupted"));
    terminal.enters("gexec web-01 --user root /bin/pwd");
    terminal.shows("password of root in the guest: ");
    terminal.types("unseen-word\r");
    let said = terminal.prompted();
    assert!(said.contains("/root") && !said.contains("unseen-word"), "{said:?}");
    terminal.enters("powerdown web-01");
    terminal.prompted();
    terminal.enters("remove-vm web-01");
    terminal.shows("[y/N] ");
    terminal.control('c');
    terminal.prompted();
    assert!(terminal.answers("list").contains("web-01"), "nothing was removed");
}

#[test]
fn ctrl_c_ends_a_script_in_a_file_and_a_wait() {
    let program = Program::new();
    program.machine("web-01");
    let script = program.file("endless.rhai", "print(\"running\"); let n = 0; while true { n += 1; }");
    let mut terminal = Terminal::open(&program);
    terminal.enters(&format!("runScript {script}"));
    terminal.shows("\nrunning");
    terminal.control('c');
    assert!(terminal.prompted().contains("interrupted"));
    terminal.enters("wait web-01 state=Running");
    terminal.shows("\x1b[?2004l");
    assert!(terminal.interrupted().contains("interrupted"));
    assert!(terminal.answers("40 + 2").contains("42"));
}

/// Waits until the file of work that was cancelled is gone; who only stopped waiting would leave it.
#[track_caller]
fn gone(program: &Program, file: &str) {
    let start = Instant::now();
    while program.home().join(file).exists() {
        assert!(start.elapsed() < SOON, "{file} is still there: nothing was cancelled");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn ctrl_c_in_long_work_asks_whether_to_cancel_it() {
    let program = Program::new();
    program.lines(&["create-hdd 2T big.vdi"]).ok();
    let mut terminal = Terminal::open(&program);
    terminal.enters("clone-hdd big.vdi copy.vdi");
    terminal.shows("Cloning");
    terminal.shows(" %");
    terminal.control('c');
    terminal.shows("copy.vdi`: cancel it?");
    terminal.shows("[y/N] ");
    terminal.types("y\r");
    assert!(terminal.prompted().contains("interrupted"));
    gone(&program, "copy.vdi");
    assert!(terminal.answers("40 + 2").contains("42"));
}

#[test]
fn work_side_by_side_has_a_bar_each_and_is_cancelled_in_one_go() {
    let program = Program::new();
    for name in ["web-01", "db-01"] {
        program.lines(&[&format!("create-vm {name} Debian_64"), &format!("create-hdd 2T {name}.vdi")]).ok();
    }
    let mut terminal = Terminal::open(&program);
    terminal.enters("foreachvm --at-once 2 clone-hdd {}.vdi {}-copy.vdi");
    let before = terminal.shows("web-01: Cloning");
    if !before.contains("db-01: Cloning") {
        terminal.shows("db-01: Cloning");
    }
    terminal.control('c');
    let asked = terminal.shows("[y/N] ");
    assert!(asked.contains("cancel what runs for ") && asked.contains("web-01") && asked.contains("db-01"), "{asked}");
    terminal.types("y\r");
    assert!(terminal.prompted().contains("interrupted"));
    gone(&program, "web-01-copy.vdi");
    gone(&program, "db-01-copy.vdi");
    assert!(terminal.answers("40 + 2").contains("42"));
}
