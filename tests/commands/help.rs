//! `help` and `?`.

use crate::support::program::Program;

#[test]
fn every_command_and_topic_has_help() {
    let program = Program::new();
    let overview = program.lines(&["help"]).ok();
    let mut count = 0;
    for line in overview.lines().filter(|line| line.starts_with("  ")) {
        let word = line.split_whitespace().next().unwrap();
        let text = program.lines(&[&format!("help {word}")]).ok();
        assert!(text.lines().count() > 2, "help {word} says too little:\n{text}");
        count += 1;
    }
    assert!(count >= 20, "{overview}");
}

#[test]
fn the_main_api_is_explained() {
    let program = Program::new();
    for (topic, parts) in [
        ("IMachine", &["IMachine", "lockMachine", "memorySize"][..]),
        ("IMachine.lockMachine", &["lockMachine(session: ISession, lockType: LockType)", "VBOX_E_"]),
        ("IMachine.memorySize", &["memorySize", "MB"]),
        ("MachineState", &["Running", "PoweredOff"]),
        ("VBOX_E_FILE_ERROR", &["0x80bb0004"]),
    ] {
        let text = program.lines(&[&format!("help {topic}")]).ok();
        for part in parts {
            assert!(text.contains(part), "{topic}: {part} is missing:\n{text}");
        }
    }
    assert_eq!(program.lines(&["vbox.findMachine?"]).ok(), program.lines(&["help IVirtualBox.findMachine"]).ok());
}

#[test]
fn an_unknown_topic_names_the_nearest() {
    let err = Program::new().lines(&["help IMachin"]).failed(4);
    assert!(err.contains("there is no help on `IMachin`") && err.contains("`help IMachine`"), "{err}");
    let err = Program::new().lines(&["help lst"]).failed(4);
    assert!(err.contains("`help list`"), "{err}");
}

#[test]
fn each_command_answers_to_help_as_an_option() {
    let program = Program::new();
    assert_eq!(program.lines(&["get --help"]).ok(), program.lines(&["help get"]).ok());
    assert_eq!(program.lines(&["eval --help"]).ok(), program.lines(&["help eval"]).ok());
}
