//! Terminals of all sizes and kinds, what is pasted, and what is announced.

use super::terminal::Terminal;
use crate::support::program::Program;

/// The lines that were shown, without what moves the cursor.
fn lines(shown: &str) -> Vec<&str> {
    shown.lines().map(|line| line.trim_start_matches('\r')).filter(|line| !line.contains('\x1b')).collect()
}

#[test]
fn several_pasted_lines_run_one_after_the_other() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.types("\x1b[200~let a = [40,\n2];\nprint(\"sum \" + (a[0] + a[1]))\nget vbox.APIVersion\n\x1b[201~");
    terminal.shows("get vbox.APIVersion");
    terminal.types("\r");
    let said = terminal.answered();
    assert!(said.contains("sum 42") && said.contains("7_2"), "{said}");
    // A mistake ends it: what comes behind may depend on it.
    terminal.types("\x1b[200~get no-such.name\nprint(40 + 2)\x1b[201~\r");
    let said = terminal.answered();
    assert!(said.contains("no-such") && !lines(&said).contains(&"42"), "{said}");
}

#[test]
fn a_pasted_block_stays_in_one_piece() {
    let program = Program::new();
    let mut terminal = Terminal::open(&program);
    terminal.types("\x1b[200~fn double(n) {\n    n * 2\n}\nif double(20) == 40 {\n    print(\"is 40\")\n}\nelse {\n    print(\"is not\")\n}\x1b[201~\r");
    let said = terminal.answered();
    assert!(lines(&said).contains(&"is 40"), "{said}");
}

#[test]
fn forty_columns_are_enough() {
    let program = Program::new();
    program.machine("web-01");
    let mut terminal = Terminal::open_in(&program, &[("PAGER", "cat")], (40, 20));
    for line in [
        "help",
        "help snapshot",
        "help paths",
        "help IMachine.lockMachine",
        "list",
        "info web-01",
        "get no.such",
        "hosts",
        "colors show",
        "doctor",
        "help IMachine",
        "help gexec",
        "vbox.findMachine(\"web-01\")?",
        "list os-types",
        "list-media",
    ] {
        let said = terminal.answers(line);
        for line in lines(&said) {
            // A word that is wider than the terminal can still be copied.
            let words = line.split_whitespace().count();
            assert!(line.chars().count() <= 40 || words <= 2, "{line:?} in {said}");
        }
    }
    // Names stay readable: a table shows what there is room for, and says what it leaves out.
    let table = terminal.answers("list os-types");
    assert!(table.contains("Solaris11_64") && table.contains("(too narrow for: "), "{table}");
    // What does not fit beside a long name stands below it.
    let detail = terminal.answers("vbox.findMachine(\"web-01\")?");
    let at = lines(&detail).iter().position(|line| line.trim() == "hardwareUUID").unwrap();
    assert!(lines(&detail)[at + 1].starts_with("      "), "{detail}");
    let help = terminal.answers("help list");
    // What does not fit goes on in its own column, or below its name.
    assert!(lines(&help).iter().filter(|line| line.starts_with("      ")).count() >= 2, "{help}");
    // A line that is longer than the terminal is edited in several rows.
    terminal.types("print(\"a line that is longer than the terminal is wide\")");
    terminal.types("\x1b[H");
    terminal.types("\r");
    assert!(terminal.answered().contains("\na line that is longer"));
}

#[test]
fn another_size_is_taken_up_at_once() {
    let program = Program::new();
    let mut terminal = Terminal::open_in(&program, &[("PAGER", "cat")], (100, 30));
    let is_wide = |said: &str| lines(said).iter().any(|line| line.chars().count() > 60);
    assert!(is_wide(&terminal.answers("help sleep; help get")));
    terminal.types("print(\"half a line");
    terminal.shows("half a line");
    terminal.resizes((44, 20));
    terminal.types(" and its rest\")\r");
    assert!(terminal.answered().contains("half a line and its rest"));
    assert!(!is_wide(&terminal.answers("help sleep; help get")));
}

#[test]
fn without_colour_nothing_is_painted() {
    let program = Program::new();
    program.machine("web-01");
    for environment in [[("NO_COLOR", "1"), ("TERM", "xterm")], [("TERM", "dumb"), ("PAGER", "cat")]] {
        let mut terminal = Terminal::start_in(&program, &["-q"], &environment, (100, 30));
        if environment[0].1 == "dumb" {
            // Such a terminal gets no editor, and so no sign that it takes the terminal.
            terminal.shows("vbox> ");
            terminal.types("get web-01.name\r");
            let said = terminal.shows("\nvbox> ");
            assert!(said.contains("web-01") && !said.contains('\x1b'), "{said:?}");
            continue;
        }
        terminal.prompted();
        for line in ["list", "info web-01", "get no.name", "vbox"] {
            let said = terminal.answers(line);
            assert!(!said.contains('m') || !said.contains("\x1b[1") && !said.contains("\x1b[3"), "{said:?}");
        }
    }
}

#[test]
fn themes_choose_colours_and_mistakes_in_the_configuration_name_line_and_key() {
    let program = Program::new();
    let config = program.file("config.toml", "theme = \"light\"\n");
    let environment = [("VBOXSH_CONFIG", config.as_str())];
    let mut terminal = Terminal::start_in(&program, &["-q", "--color", "always"], &environment, (100, 40));
    terminal.shows("\x1b[1;38;5;25mvbox>");
    terminal.types("colors show\r");
    terminal.shows("theme light, colours on");
    terminal.shows("\x1b[1;38;5;160merror:");
    terminal.types("colors dark\r");
    terminal.shows("\x1b[1;38;5;203merror:");
    terminal.shows("\x1b[1;38;5;75mvbox>");

    program.file("config.toml", "\ntheme = \"pink\"\n");
    let mut command = program.command();
    let output = command.env("VBOXSH_CONFIG", &config).args(["-c", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("line 2: theme: unknown variant `pink`"), "{said}");
}

#[test]
fn the_terminal_is_asked_for_its_ground_and_for_sixels() {
    let program = Program::new();
    program.machine("web-01");
    let config = program.file("config.toml", "theme = \"auto\"\n");
    let environment = [("VBOXSH_CONFIG", config.as_str())];
    let mut terminal = Terminal::start_in(&program, &["--color", "always"], &environment, (100, 40));
    // Background, size of a letter, and last what the terminal can: 4 are sixels.
    terminal.shows("\x1b]11;?\x1b\\\x1b[16t\x1b[c");
    terminal.types("\x1b]11;rgb:ffff/ffff/f0f0\x1b\\\x1b[6;16;8t\x1b[?62;4;22c");
    terminal.shows("\x1b[1;38;5;25mvbox>");
    terminal.types("start web-01 headless\r");
    terminal.shows("` runs");
    terminal.types("screenshot web-01\r");
    let shown = terminal.shows("\x1b\\");
    assert!(shown.contains("\x1bPq\"1;1;"), "{shown:?}");
    terminal.types("screenshot web-01 --picture kitty\r");
    terminal.shows("\x1b_Ga=T,f=100");
    terminal.types("powerdown web-01\r");
    terminal.shows("is off");
}

#[test]
fn a_terminal_that_says_nothing_is_not_waited_for() {
    let program = Program::new();
    let config = program.file("config.toml", "theme = \"auto\"\n");
    let environment = [("VBOXSH_CONFIG", config.as_str())];
    let mut terminal = Terminal::start_in(&program, &["-q", "--color", "always"], &environment, (100, 40));
    terminal.shows("\x1b[c");
    // The colours that can be read on any ground.
    terminal.shows("\x1b[1;38;5;32mvbox>");
}

#[test]
fn events_are_announced_above_the_line_that_is_typed() {
    let program = Program::new();
    program.machine("web-01");
    let config = program.file("config.toml", "announce = true\n");
    let mut terminal = Terminal::open_in(&program, &[("VBOXSH_CONFIG", &config)], (100, 30));
    terminal.answers("vbox.version");
    terminal.types("print(\"kept \" + (40");
    terminal.shows("(40");
    // It listens soon; who registers a machine before that is not heard.
    for number in 0..50 {
        program.lines(&[&format!("create-vm other-{number} Debian_64")]).ok();
        if terminal.has("* OnMachineRegistered") {
            break;
        }
        assert!(number < 49, "nothing is announced");
    }
    terminal.types(" + 2))\r");
    assert!(terminal.answered().contains("kept 42"));
    terminal.answers("announce off");
    assert!(terminal.answers("announce").contains("no events are announced"));
    assert!(terminal.answers("announce OnTea").contains("`OnTea` is no type of event"));
}

#[test]
fn vi_keys_edit_the_line_when_they_are_chosen() {
    let program = Program::new();
    let config = program.file("config.toml", "keys = \"vi\"\nprompt = \"{language}@{server}> vbox> \"\n");
    let mut terminal = Terminal::open_in(&program, &[("VBOXSH_CONFIG", &config)], (100, 30));
    terminal.types("print(40 + 1)");
    terminal.shows("print(40 + 1)");
    // Back to the 1, and another number in its place. Esc alone moves the cursor: nothing else has to wait for it.
    terminal.types("\x1b");
    terminal.shows("\x1b[D");
    terminal.types("h");
    terminal.shows("\x1b[D");
    terminal.types("r2");
    terminal.shows("2)");
    terminal.types("\r");
    assert!(terminal.answered().contains("42"));
    terminal.types("print(\"first\")\r");
    terminal.answered();
    terminal.control('r');
    terminal.types("prfirst");
    terminal.shows("> print(\"first\")");
    terminal.types("\r");
    terminal.shows("rhai@vbox> vbox> print(\"first\")");
}
