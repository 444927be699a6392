//! Long output goes through a pager, on a terminal only.

use super::terminal::Terminal;
use crate::support::program::Program;

#[test]
fn long_output_stops_at_a_full_screen() {
    let program = Program::new();
    let mut terminal = Terminal::open_in(&program, &[("PAGER", "no-such-pager")], (80, 12));
    terminal.types("help\r");
    let first = terminal.shows("--more--");
    assert!(first.contains("Explore") && first.matches('\n').count() <= 13, "{first}");
    terminal.types(" ");
    let second = terminal.shows("--more--");
    assert!(!second.contains("Explore") && second.matches('\n').count() <= 13, "{second}");
    terminal.types("q");
    terminal.prompted();
    assert!(terminal.answers("40 + 2").contains("42"));
}

#[test]
fn the_users_pager_shows_it() {
    let program = Program::new();
    let mut terminal = Terminal::open_in(&program, &[("PAGER", "sed -n '1,2s/^/paged: /p'")], (80, 12));
    let shown = terminal.answers("help");
    assert!(shown.contains("paged: Explore") && !shown.contains("Scripting"), "{shown}");
    let shown = terminal.answers("get vbox.APIVersion");
    assert!(shown.contains("7_2") && !shown.contains("paged"), "short output goes straight on: {shown}");
}

#[test]
fn ctrl_c_in_a_pager_ends_the_pager_only() {
    let program = Program::new();
    // It ends by Ctrl-C when it is ready to say so, and not before.
    let pager = program.file("pager.sh", "trap 'echo ended; exit' INT; echo waiting; while :; do sleep 0.1; done");
    let mut terminal = Terminal::open_in(&program, &[("PAGER", &format!("sh {pager}"))], (80, 12));
    terminal.types("help\r");
    terminal.shows("\nwaiting");
    terminal.control('c');
    terminal.shows("ended");
    terminal.prompted();
    assert!(terminal.answers("40 + 2").contains("42"));
}

#[test]
fn the_configuration_switches_it_off_and_pipes_have_none() {
    let program = Program::new();
    let config = program.file("config.toml", "pager = false\n");
    let mut terminal = Terminal::open_in(&program, &[("VBOXSH_CONFIG", &config), ("PAGER", "false")], (80, 12));
    assert!(terminal.answers("help").contains("Scripting"));
    assert!(program.lines(&["help"]).ok().contains("Scripting"));
}

#[test]
fn what_is_drawn_again_and_again_has_none() {
    let program = Program::new();
    let mut terminal = Terminal::open_in(&program, &[("PAGER", "false")], (80, 8));
    let shown = terminal.answers("watch --count 1 help");
    assert!(shown.contains("Scripting"), "{shown}");
    let script = program.file("a.vbsh", "help\n");
    assert!(terminal.answers(&format!("runScript {script}")).contains("Scripting"));
}
