//! Python at the prompt of a terminal: what Rhai's prompt does, this one does.

use super::terminal::Terminal;
use crate::support::program::Program;
use std::time::{Duration, Instant};

const PROMPT: &str = "vbox:py> ";

/// The program with Python at its prompt and a machine; `None`, and said loudly, where there is no Python.
fn python(program: &Program) -> Option<Terminal> {
    program.machine("web-01");
    let mut terminal = Terminal::start(program, &["--color", "never"]);
    terminal.prompted();
    terminal.types(":py\r");
    terminal.shows("\x1b[?2004l");
    let said = terminal.shows("\x1b[?2004h");
    if said.contains("install Python 3") {
        eprintln!("SKIPPED: there is no Python here");
        return None;
    }
    terminal.shows(PROMPT);
    Some(terminal)
}

/// What the input printed that has just been entered.
#[track_caller]
fn answered(terminal: &mut Terminal) -> String {
    terminal.shows("\x1b[?2004l");
    let before = terminal.shows("\x1b[?2004h").replace("\r\n", "\n");
    terminal.shows(PROMPT);
    before
}

/// Types lines, each with Enter, and gives what came of the whole input.
#[track_caller]
fn answers(terminal: &mut Terminal, lines: &[&str]) -> String {
    for line in lines {
        terminal.types(&format!("{line}\r"));
    }
    answered(terminal)
}

#[test]
fn a_block_ends_with_an_empty_line_and_errors_in_it_show_its_line() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    answers(&mut terminal, &["def more(n):", "    if n > 1:", "        return n + 1", "    return 1 / n", ""]);
    assert!(answers(&mut terminal, &["more(41)"]).contains("42\n"));
    assert!(answers(&mut terminal, &["_ * 2"]).contains("84\n"));
    // The line of the function, not of what was typed last.
    let said = answers(&mut terminal, &["def ask():", "    return more(0)", ""]);
    assert!(!said.contains("error"), "{said}");
    let said = answers(&mut terminal, &["ask()"]);
    for part in [
        "ZeroDivisionError: division by zero",
        "at line 4",
        "4 |     return 1 / n",
        "in function `more`",
        "in function `ask`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = answers(&mut terminal, &["for x in range(2):", "    print(x, x / 0)", ""]);
    assert!(said.contains("2 |     print(x, x / 0)"), "{said}");
    let said = answers(&mut terminal, &["total = sum([1,", "  2, 3])"]);
    assert!(!said.contains("error"), "{said}");
    assert!(answers(&mut terminal, &["total"]).contains("6\n"));
    assert!(answers(&mut terminal, &["if True print(1)"]).contains("SyntaxError"), "no block is waited for");
    terminal.types("def never():\r");
    terminal.control('c');
    answered(&mut terminal);
    assert!(answers(&mut terminal, &["never()"]).contains("NameError"));
}

#[test]
fn question_marks_explain_members_variables_and_functions() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    answers(&mut terminal, &["m = vbox.find_machine('web-01')"]);
    let said = answers(&mut terminal, &["m.name?"]);
    assert!(said.contains("Name of the machine") && said.contains("web-01"), "{said}");
    assert!(answers(&mut terminal, &["m.lock_machine?"]).contains("lockMachine(session: ISession"));
    answers(&mut terminal, &["def greet(who, loud=False):", "    'Says hello.'", ""]);
    let said = answers(&mut terminal, &["greet?"]);
    assert!(said.contains("greet(who, loud=False)") && said.contains("Says hello."), "{said}");
    assert!(answers(&mut terminal, &["MachineState.Running?"]).contains("Running"));
    assert!(answers(&mut terminal, &["list?"]).contains("usage: list"));
}

#[test]
fn members_variables_and_keywords_complete() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    answers(&mut terminal, &["import os.path"]);
    answers(&mut terminal, &["chosen = vbox.machines[0]"]);
    answers(&mut terminal, &["sizes = {'a': 1}"]);
    answers(&mut terminal, &["class Thing:", "    size = 3", "    def hello(self):", "        'Says hello.'", ""]);
    answers(&mut terminal, &["thing = Thing()"]);
    for (typed, completed) in [
        ("chos", "chosen"),
        ("chosen.memoryS", "chosen.memorySize"),
        ("chosen.memory_s", "chosen.memory_size"),
        ("chosen.parent.api_v", "chosen.parent.api_version"),
        ("print(MachineState.Runn", "print(MachineState.Running"),
        ("os.path.realp", "os.path.realpath("),
        ("sizes.val", "sizes.values("),
        ("thing.hel", "thing.hello("),
        ("thing.siz", "thing.size"),
        ("whil", "while"),
        ("chosen.lock_machine(session, LockType.Sh", "LockType.Shared"),
    ] {
        terminal.types(&format!("{typed}\t"));
        terminal.shows(completed);
        terminal.control('c');
        answered(&mut terminal);
    }
    // A property is not run to see what is behind it.
    answers(&mut terminal, &["class Loud:", "    @property", "    def x(self): print('it ran')", ""]);
    answers(&mut terminal, &["loud = Loud()"]);
    terminal.types("loud.x.re\t");
    terminal.control('c');
    assert!(!answered(&mut terminal).contains("it ran"));
}

#[test]
fn ctrl_c_ends_python_loops_and_waits_and_variables_stay() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    answers(&mut terminal, &["kept = 41"]);
    answers(&mut terminal, &["import time, threading"]);
    answers(
        &mut terminal,
        &[
            "events = vbox.eventSource; listener = events.createListener(); events.registerListener(listener, ['OnSnapshotTaken'], False)",
        ],
    );
    let say = "print('run' + 'ning')";
    for work in [
        &["while (seen := globals().get('seen') or [SAY]):", "    pass", ""][..],
        &["for event in (SAY, vbox.events('OnMachineStateChanged', seconds=600))[1]:", "    pass", ""],
        &["SAY; sum(iter(lambda: 0, 1))"],
        &["SAY; time.sleep(600)"],
        &["SAY; events.getEvent(listener, -1)"],
        &["SAY; threading.Event().wait(600)"],
        &["SAY; import asyncio; asyncio.run(asyncio.sleep(600))"],
    ] {
        for line in work {
            terminal.types(&format!("{}\r", line.replace("SAY", say)));
        }
        terminal.shows("\nrunning");
        std::thread::sleep(Duration::from_millis(200));
        let pressed = Instant::now();
        terminal.control('c');
        let said = terminal.shows("\x1b[?2004h");
        terminal.shows(PROMPT);
        assert!(pressed.elapsed() < Duration::from_secs(15), "{work:?}: {:?}", pressed.elapsed());
        assert!(said.contains("interrupted"), "{work:?}: {said}");
    }
    // What a script catches is its own affair.
    terminal.types("exec(\"print('run' + 'ning')\\ntry:\\n  time.sleep(600)\\nexcept KeyboardInterrupt:\\n  print('cau' + 'ght')\")\r");
    terminal.shows("\nrunning");
    terminal.control('c');
    terminal.shows("\ncaught");
    terminal.shows("\x1b[?2004h");
    terminal.shows(PROMPT);
    assert!(answers(&mut terminal, &["kept + 1"]).contains("42\n"));
}

#[test]
fn history_has_whole_inputs_and_is_shared_with_the_other_language() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    answers(&mut terminal, &["def twice(n):", "    return n * 2", ""]);
    answers(&mut terminal, &["twice(4)"]);
    // Up, up: the whole function comes back.
    terminal.types("\x1b[A\x1b[A");
    terminal.shows("return n * 2");
    terminal.control('c');
    answered(&mut terminal);
    terminal.types(":rhai\r");
    terminal.prompted();
    assert!(terminal.answers("py twice(21)").contains("42"), "functions stay");
}

/// Callbacks of pyvbox run on threads of their own: what they print comes while the prompt waits for a line.
#[test]
fn callbacks_print_while_nobody_types() {
    let program = Program::new();
    let Some(mut terminal) = python(&program) else { return };
    for line in [
        "import threading, virtualbox",
        "vm = virtualbox.VirtualBox().find_machine('web-01')",
        "vm.launch_vm_process(None, 'headless', '').wait_for_completion()",
        "opened = vm.create_session()",
        "keyboard = opened.console.keyboard",
    ] {
        let said = answers(&mut terminal, &[line]);
        assert!(!said.contains("error"), "{said}");
    }
    let number = answers(&mut terminal, &["keyboard.register_on_guest_keyboard(lambda a: print(a.scancodes))"]);
    assert!(number.trim().parse::<u64>().is_ok_and(|number| number > 1000), "{number}");
    answers(&mut terminal, &["threading.Timer(0.3, keyboard.put_scancodes, [[35, 163]]).start()"]);
    terminal.shows("[35, 163]");
    assert!(answers(&mut terminal, &["40 + 2"]).contains("42"));
    answers(&mut terminal, &["opened.console.power_down().wait_for_completion()"]);
}
