//! The scripts that `explain` shows do run, in both languages.

use crate::support::program::Program;
use vboxsh::shell::ConnectSettings;

/// Runs what `explain` shows for the examples of all commands, each kind of script once.
fn run_all(language: &str, ending: &str) {
    let mut failed = Vec::new();
    let mut ran = 0;
    let mut seen = std::collections::BTreeSet::new();
    for command in vboxsh::builtins::commands(&ConnectSettings::default()).all() {
        for example in &command.examples {
            let skipped = ["explain", "sleep", "monitor-vbox", "events"].contains(&&*command.name);
            if example.only_shown || skipped || example.line.starts_with("--json") {
                continue;
            }
            let program = Program::new();
            // Of several commands the last one is explained.
            let (first, line) = example.line.rsplit_once("; ").unwrap_or(("", &example.line));
            let explain = || program.lines(&[&format!("explain --{language} {line}")]);
            let mut before = vec!["create-vm web-01 Debian_64"];
            before.extend([&*example.before, first].into_iter().filter(|line| !line.is_empty()));
            let prepare = || {
                let arguments: Vec<&str> = before.iter().flat_map(|line| ["-c", line]).collect();
                program.run(&[&["--yes"][..], &arguments].concat()).ok();
            };
            let mut explained = explain();
            let of_a_file = explained.code != 0 && command.name == "apply";
            if of_a_file {
                prepare();
                explained = explain();
            }
            if explained.code != 0 {
                if !["no short script", "Rhai cannot"].iter().any(|known| explained.err.contains(known)) {
                    failed.push(format!("{line}: {}", explained.err));
                }
                continue;
            }
            let shape: String = explained.out.replace(|letter: char| letter.is_ascii_digit(), "");
            if !seen.insert((
                command.name.clone(),
                shape.lines().map(|line| line.split('"').next().unwrap_or_default().to_owned()).collect::<Vec<_>>(),
            )) {
                continue;
            }
            if !of_a_file {
                prepare();
            }
            // Names of media are made absolute where `explain` runs.
            let script = program.file(&format!("script.{ending}"), &explained.out);
            let outcome = program.run(&[&script]);
            ran += 1;
            if outcome.code != 0 {
                failed.push(format!("{}:\n{}{}", example.line, explained.out, outcome.err));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {ran}:\n{}", failed.len(), failed.join("\n"));
    assert!(ran > 50, "only {ran} ran");
}

#[test]
fn what_explain_shows_runs_in_rhai() {
    run_all("rhai", "rhai");
}

#[cfg(feature = "python")]
#[test]
fn what_explain_shows_runs_in_python() {
    let tried = Program::new().run(&["--lang", "python", "-e", "1"]);
    if tried.code == 3 {
        eprintln!("SKIPPED: there is no Python here: {}", tried.err);
        return;
    }
    run_all("python", "py");
}

/// A machine that runs, with a folder as its guest.
fn with_guest() -> Program {
    let program = Program::new();
    let guest = program.home().join("guest");
    std::fs::create_dir_all(guest.join("tmp")).unwrap();
    program.file("note.txt", "from the host\n");
    program
        .lines(&[
            "create-vm web-01 Debian_64",
            &format!("call web-01.setExtraData vboxsh/SimulatedGuest {}", guest.display()),
            "start web-01 headless",
        ])
        .ok();
    program
}

fn in_languages() -> Vec<(&'static str, &'static str)> {
    let mut languages = vec![("rhai", "rhai")];
    if cfg!(feature = "python") && Program::new().run(&["--lang", "python", "-e", "1"]).code != 3 {
        languages.push(("python", "py"));
    }
    languages
}

/// Runs what `explain` shows, in a guest that lets everybody in.
fn run_explained(program: &Program, language: &str, ending: &str, line: &str) -> String {
    let explained = program.lines(&[&format!("explain --{language} {line}")]).ok();
    let script = program.file(&format!("script.{ending}"), &explained);
    let output = program.command().env("VBOXSH_GUEST_PASSWORD", "secret").arg(script).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{line}:\n{explained}{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn what_explain_shows_of_guests_runs() {
    let program = with_guest();
    let guest = program.home().join("guest/tmp");
    for (language, ending) in in_languages() {
        let run = |line: &str| run_explained(&program, language, ending, line);
        assert_eq!(run("gexec web-01 --user root /bin/true").trim(), "0");
        run("gcopy web-01 --user root note.txt /tmp/copy.txt");
        assert_eq!(std::fs::read_to_string(guest.join("copy.txt")).unwrap(), "from the host\n");
        let back = program.home().join("back.txt");
        run(&format!("gcopy --from web-01 --user root /tmp/copy.txt {}", back.display()));
        assert_eq!(std::fs::read_to_string(&back).unwrap(), "from the host\n");
        std::fs::remove_file(&back).unwrap();
        std::fs::remove_file(guest.join("copy.txt")).unwrap();
    }
    if in_languages().len() > 1 {
        let said =
            run_explained(&program, "python", "py", "gpipe web-01 --user root 'echo some lines; echo more' '/bin/cat'");
        assert_eq!(said, "some lines\nmore\n");
    }
    let said = program.lines(&["explain --rhai gpipe web-01 'echo a' /bin/cat"]).failed(4);
    assert!(said.contains("Rhai cannot") && said.contains("explain --python"), "{said}");
}

/// What scripts find is what their commands find.
#[test]
fn what_explain_shows_of_looks_finds_what_the_commands_find() {
    let program = Program::new();
    program
        .lines(&[
            "create-vm web-01 Debian_64",
            "create-vm web-02 Debian_64",
            "modify web-02 memorySize=512 firmwareSettings.ACPIEnabled=false",
            "snapshot web-02 take base",
            "set web-02.memorySize 640",
        ])
        .ok();
    for (language, ending) in in_languages() {
        let run = |line: &str| run_explained(&program, language, ending, line);
        let said = run("diff web-01 web-02").replace(": ", " | ");
        for part in ["memorySize | 2048 | 640", "firmwareSettings.ACPIEnabled | ", "name | web-01 | web-02"] {
            assert!(said.to_lowercase().contains(&part.to_lowercase()), "{language} {part}: {said}");
        }
        assert!(!said.contains("CPUCount"), "{said}");
        let said = run("diff web-02 --snapshot base").replace(": ", " | ");
        assert!(said.contains("memorySize | 512 | 640") && !said.contains("ACPIEnabled"), "{said}");
        let said = run("find acpi web-02");
        assert!(said.to_lowercase().contains("web-02.firmwaresettings.acpienabled = false"), "{language}: {said}");
        let said = run("tree --depth 2 web-02");
        assert!(said.contains("platform: IPlatform\n") && said.contains("  x86: IPlatformX86\n"), "{said}");
        assert_eq!(run("watch --count 2 --every 0 web-02.memorySize").trim(), "640");
        let line = "stats --samples 1 --metrics CPU/Load/*,RAM/Usage/*";
        assert!(program.lines(&[line]).ok().contains("CPU/Load/User "));
        let said = run(line);
        assert!(said.contains("CPU/Load/User ") && said.contains("RAM/Usage/Free ") && said.contains(" kB"), "{said}");
        run("openportal web-02 8000 secret");
        assert_eq!(program.lines(&["get web-02.teleporterPort"]).ok(), "8000\n");
        run("closeportal web-02");
        assert_eq!(program.lines(&["get web-02.teleporterEnabled"]).ok(), "false\n");
        assert!(run("top --count 1 --every 1").contains("host CPU/Load/User "));
    }
    program.file("new.json", r#"{"machine": {"name": "new", "os-type": "Debian_64", "groups": ["/a"]}, "settings": {"memorySize": "320",
        "description": "12", "groups": "/a,/b", "networkAdapter[0].cableConnected": "false", "networkAdapter[0].attachmentType": "Internal",
        "graphicsAdapter.graphicsControllerType": "VBoxVGA"}, "disks": [{"file": "new.vdi", "size": "1G"}]}"#);
    for (language, ending) in in_languages() {
        let said = program.lines(&[&format!("explain --{language} apply new.json")]).ok();
        assert!(said.contains("explain create-hdd 1G new.vdi"), "{said}");
        run_explained(&program, language, ending, "apply new.json");
        // All but the disk, which the script says how to make.
        let left = program.run(&["--json", "-c", "apply --dry-run new.json"]).ok();
        assert_eq!(left.matches("\"setting\"").count(), 1, "{language}: {left}");
        assert!(left.contains("new.vdi"), "{left}");
        program.run(&["--yes", "-c", "remove-vm new"]).ok();
    }
}
