//! Tab, wherever something can be typed.

use super::terminal::Terminal;
use crate::support::program::Program;

/// Types a half line and Tab, waits for what is offered, in its order, and takes the line back.
#[track_caller]
fn offers(terminal: &mut Terminal, line: &str, offered: &[&str]) {
    // What takes the connection long to say is there at a later try.
    for number in 0..40 {
        terminal.types(&format!("{line}\t"));
        if terminal.has(offered[0]) {
            break;
        }
        assert!(number < 39, "{line:?} offers no {:?}", offered[0]);
        terminal.control('c');
        terminal.answered();
    }
    for text in &offered[1..] {
        terminal.shows(text);
    }
    terminal.control('c');
    terminal.answered();
}

/// A home with two machines, one of them with a snapshot, a disk and extra data.
fn furnished() -> Program {
    let program = Program::new();
    program
        .lines(&[
            "create-vm web-01 Debian_64",
            "create-vm db-01 Fedora_64",
            "create-hdd 1G disk.vdi",
            "attach-hdd web-01 disk.vdi IDE 0:0",
            "snapshot web-01 take base 'before the update'",
            "snapshot web-01 take later 'after the update'",
            "setextra web-01 note/one keep",
            "setextra web-01 note/two keep",
        ])
        .ok();
    program
}

fn connected(program: &Program, environment: &[(&str, &str)]) -> Terminal {
    let mut terminal = Terminal::open_in(program, environment, (110, 40));
    terminal.answers("vbox.version");
    terminal
}

#[test]
fn commands_options_and_words_complete_with_what_they_do() {
    let program = Program::new();
    let mut terminal = connected(&program, &[]);
    offers(&mut terminal, "rec", &["record ", "keep a transcript", "record-demo", "keep what is typed"]);
    offers(&mut terminal, "events --", &["--machine", "only those about this machine", "--for", "--help"]);
    offers(&mut terminal, "colors ", &["show", "dark", "light"]);
    offers(&mut terminal, "screenshot x --picture ki", &["--picture kitty"]);
    offers(&mut terminal, "connect e", &["connect embedded"]);
    offers(&mut terminal, "help conf", &["help configuration"]);
}

#[test]
fn what_the_connection_has_completes_with_a_word_on_it() {
    let program = furnished();
    let mut terminal = connected(&program, &[]);
    offers(&mut terminal, "start ", &["db-01", "PoweredOff", "web-01", "PoweredOff"]);
    offers(&mut terminal, "snapshot web-01 restore ", &["base", "before the update", "later", "after the update"]);
    offers(&mut terminal, "attach-hdd web-01 disk.vdi ", &["IDE", "PIIX4", "SATA", "IntelAhci"]);
    offers(&mut terminal, "attach-hdd web-01 disk.vdi IDE ", &["0:0", "HardDisk", "0:1", "free"]);
    offers(&mut terminal, "detach-hdd web-01 ", &["disk.vdi"]);
    offers(&mut terminal, "getextra web-01 no", &["note/one", "note/two"]);
    offers(&mut terminal, "nic web-01 ", &["0", "NAT", "1", "not enabled"]);
    offers(&mut terminal, "create-vm new Windows1", &["Windows10", "Windows 10 (32-bit)", "Windows11_64"]);
}

#[test]
fn the_schema_completes_paths_enumerations_and_script() {
    let program = furnished();
    let mut terminal = connected(&program, &[]);
    offers(&mut terminal, "get web-01.memoryS", &["web-01.memorySize"]);
    offers(&mut terminal, "get vbox.machines[0].networkAd", &["networkAdapter["]);
    offers(&mut terminal, "events OnMachineSt", &["events OnMachineStateChanged"]);
    offers(&mut terminal, "print(MachineState.Runn", &["MachineState.Running"]);
    offers(&mut terminal, "vbox.findMachine(\"we", &["vbox.findMachine(\"web-01\""]);
    offers(&mut terminal, "vbox.machines.filter(|m| m.sessionSt", &["m.sessionState"]);
}

#[test]
fn hosts_aliases_and_files_complete() {
    let program = furnished();
    let config = program.file(
        "config.toml",
        "[hosts.build]\nurl = \"https://build-7:18083\"\n[hosts.bureau]\nurl = \"embedded\"\n[aliases]\nupper = \"list running\"\n",
    );
    program.file("nightly.rhai", "");
    let mut terminal = connected(&program, &[("VBOXSH_CONFIG", &config)]);
    offers(&mut terminal, "on bu", &["build", "https://build-7:18083", "bureau", "embedded"]);
    offers(&mut terminal, "on build,bur", &["build,bureau"]);
    offers(&mut terminal, "connect bui", &["connect build"]);
    offers(&mut terminal, "upp", &["upper "]);
    offers(&mut terminal, "runScript nigh", &["runScript nightly.rhai"]);
}

#[test]
fn a_new_machine_is_offered_at_once() {
    let program = furnished();
    let mut terminal = connected(&program, &[]);
    offers(&mut terminal, "info web-0", &["web-01"]);
    terminal.answers("create-vm web-02 Debian_64");
    offers(&mut terminal, "info web-0", &["web-01", "web-02"]);
}

#[cfg(feature = "python")]
#[test]
fn members_complete_in_python_too() {
    let program = furnished();
    let mut terminal = connected(&program, &[]);
    terminal.types("py\r");
    terminal.shows("\x1b[?2004l");
    let said = terminal.shows("\x1b[?2004h");
    if said.contains("install Python 3") {
        eprintln!("SKIPPED: there is no Python here");
        return;
    }
    terminal.shows("vbox:py> ");
    terminal.types("vbox.findMac\t");
    terminal.shows("vbox.findMachine(");
    terminal.types("'web-01').memoryS\t");
    terminal.shows(").memorySize");
}
