//! Prompt, completion, several lines, hints.

use super::terminal::Terminal;
use crate::support::program::Program;

#[test]
fn the_prompt_appears_behind_a_banner_of_two_lines() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program, &["--color", "never"]);
    let banner = terminal.prompted();
    assert!(banner.contains(concat!("vboxsh ", env!("CARGO_PKG_VERSION"))), "{banner}");
    assert!(banner.contains("`help`"), "{banner}");
    assert_eq!(banner.matches('\n').count(), 2, "{banner}");
    terminal.control('d');
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn quiet_has_no_banner() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program, &["-q", "--color", "never"]);
    let before = terminal.prompted();
    assert!(!before.contains("vboxsh"), "{before}");
}

#[test]
fn commands_and_script_run_at_one_prompt() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    assert!(terminal.answers("40 + 2").contains("42"));
    assert!(terminal.answers("_ + 1").contains("43"), "the last value");
    assert!(terminal.answers("help list").contains("usage:"));
}

#[test]
fn tab_completes_a_member_by_its_type() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.types("vbox.findMac\t");
    terminal.shows("vbox.findMachine(");
    terminal.control('c');
    terminal.answered();
    terminal.types("vbox.machine\t");
    let listed = terminal.shows("machineGroups");
    assert!(listed.contains("machines: IMachine[]"), "{listed}");
}

#[test]
fn tab_completes_variables_after_their_first_use() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.answers("let appliances = vbox.machines");
    terminal.types("applia\t");
    terminal.shows("appliances");
    terminal.types(".len()\r");
    assert!(terminal.answered().contains('0'));
}

#[test]
fn open_brackets_go_on_in_the_next_line() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.enters("let a = [40,");
    terminal.enters("2];");
    terminal.answered();
    assert!(terminal.answers("a[0] + a[1]").contains("42"));
}

#[test]
fn a_new_line_of_an_input_shows_that_it_goes_on() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program, &["--color", "always", "-q"]);
    terminal.shows("vbox>");
    terminal.types("let a = [40,\r");
    terminal.shows("... until `]`");
    terminal.types("2]; a[0] + a[1]\r");
    terminal.shows("\x1b[?2004l");
    assert!(terminal.shows("\x1b[?2004h").contains("42"), "the dots are no part of it");
}

#[test]
fn ctrl_d_discards_a_started_input_and_leaves_from_an_empty_line() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.enters("let a = [40,");
    terminal.control('d');
    terminal.answered();
    assert!(terminal.answers("40 + 2").contains("42"));
    terminal.control('d');
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn quit_ends_with_its_code() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.enters("quit 7");
    assert_eq!(terminal.ends(), 7);
}

#[test]
fn the_signature_of_a_call_is_hinted() {
    let program = Program::new();
    let mut terminal = Terminal::start(&program, &["--color", "always", "-q"]);
    terminal.shows("vbox>");
    terminal.types("vbox.findMachine(");
    terminal.shows("nameOrId: wstring");
}

#[test]
fn tab_completes_names_with_quotes_as_they_have_to_be_typed() {
    let program = Program::new();
    program.machine("say \"hi\"");
    program.machine("o'brien & co");
    let mut terminal = Terminal::open(&program);
    terminal.answers("vbox.version");
    terminal.types("get sa\t");
    terminal.shows("get \"say \\\"hi\\\"\"");
    assert!(terminal.answers(".id.len").contains("error"), "the name is one word of a path");
    terminal.types("vbox.findMachine(\"sa\t");
    terminal.shows("\"say \\\"hi\\\"\"");
    assert!(terminal.answers(").name").contains("say \"hi\""));
    terminal.types("info o'b\t");
    terminal.shows("co\"");
    assert!(terminal.answers("").contains("o'brien & co"));
}

#[test]
fn tab_completes_topics_of_help() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.types("help pat\t");
    terminal.shows("help paths");
}

#[cfg(all(unix, feature = "python"))]
#[test]
fn tab_completes_members_in_python() {
    let Some(program) = crate::python::program() else { return };
    let mut terminal = Terminal::start(&program, &["--color", "never", "--lang", "python"]);
    terminal.shows("vbox:py> ");
    terminal.types("vbox.findMac\t");
    terminal.shows("vbox.findMachine(");
    terminal.types("'web-01').name.upper()\r");
    terminal.shows("WEB-01");
}
