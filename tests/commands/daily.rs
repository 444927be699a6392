//! What a first day with the program meets: odd names, wrong words, questions, files that are no scripts.

use crate::support::program::Program;

/// A name with everything that means something in a path or a line.
const ODD: &str = "a.b [c]";

#[test]
fn a_quoted_name_may_hold_what_a_path_is_made_of() {
    let program = Program::new();
    program.machine(ODD);
    for name in ["say \"hi\"", "o'brien & co (50 %) $HOME", "42", "Zürich 東京 ☃"] {
        program.machine(name);
        let typed = format!("\"{}\"", name.replace('"', "\\\""));
        assert_eq!(program.lines(&[&format!("get {typed}.name")]).ok(), format!("{name}\n"));
    }
    assert_eq!(program.lines(&["get \"a.b [c]\".memorySize"]).ok(), "1024\n");
    assert_eq!(program.lines(&["get 'a.b [c]'.networkAdapter[0].slot"]).ok(), "0\n");
    program.lines(&["set \"a.b [c]\".description 'x; y'"]).ok();
    assert_eq!(program.lines(&["get \"a.b [c]\".description"]).ok(), "x; y\n");
    assert!(program.lines(&["get \"a.b [c]\""]).ok().contains(ODD), "the bare name, as completion types it");
}

#[test]
fn get_only_reads() {
    let program = Program::new();
    program.machine("web-01");
    let error = program.lines(&["get web-01.unregister(DetachAllReturnNone)"]).failed(2);
    assert!(error.contains("`call web-01.unregister(DetachAllReturnNone)`"), "{error}");
    assert!(program.lines(&["list"]).ok().contains("web-01"), "it is still there");
    assert_eq!(program.lines(&["get vbox.find_machine(web-01).name"]).ok(), "web-01\n");
}

#[test]
fn a_wrong_value_says_which_attribute_it_was_for() {
    let program = Program::new();
    program.machine("web-01");
    let error = program.lines(&["set web-01.memorySize much"]).failed(2);
    assert!(error.contains("IMachine.memorySize: `much` is no number"), "{error}");
}

#[test]
fn a_question_about_a_command_or_an_object_is_about_that() {
    let program = Program::new();
    program.machine("web-01");
    assert!(program.lines(&["list?"]).ok().starts_with("list: list machines"));
    assert!(program.lines(&["?"]).ok().contains("Topics"));
    assert!(program.lines(&["? list"]).ok().contains("usage: list"));
    let host = program.lines(&["host?"]).ok();
    assert!(host.starts_with("IHost") && host.contains("processorCount"), "{host}");
}

#[test]
fn a_question_about_a_member_says_what_it_is_and_has() {
    let program = Program::new();
    program.machine("web-01");
    let asked =
        |question: &str| program.with_input(&[], &format!("let m = vbox.findMachine(\"web-01\")\n{question}\n")).ok();
    assert!(asked("m.networkAdapter?").starts_with("IMachine.getNetworkAdapter(slot"));
    let memory = asked("m.memorySize?");
    assert!(memory.contains("in MB") && memory.contains("1024"), "{memory}");
    let platform = asked("m.platform?");
    assert!(platform.starts_with("IMachine.platform: IPlatform") && platform.contains("chipsetType"), "{platform}");
}

#[test]
fn a_question_runs_no_call_to_show_a_value() {
    let program = Program::new();
    let page = program.lines(&["vbox.createMachine(\"\", \"made\", PlatformArchitecture.x86).name?"]).ok();
    assert!(page.starts_with("IMachine.name: wstring"), "{page}");
    assert!(!page.contains("now"), "{page}");
}

#[test]
fn what_nobody_knows_has_a_next_step() {
    let program = Program::new();
    for (line, hint) in [
        ("IMachin?", "did you mean `IMachine?`?"),
        ("nope?", "`help` lists"),
        ("nope", "`help` lists the commands"),
        ("y", "`help` lists the commands"),
        ("nosuch argument", "`nosuch` is no command"),
        ("lst", "the command `list`"),
        ("get session.machine", "`help sessions`"),
        ("get vbox.machines[none]", "`help paths`"),
        (":", "`help` lists the commands"),
    ] {
        let outcome = program.lines(&[line]);
        assert!(outcome.err.contains(hint), "{line}: {outcome:?}");
    }
}

#[test]
fn a_map_is_no_comment_and_a_leading_semicolon_is_nothing() {
    let program = Program::new();
    assert_eq!(program.lines(&["#{a: 1}"]).ok(), "{a: 1}\n");
    assert_eq!(program.lines(&["# a comment"]).ok(), "");
    assert_eq!(program.lines(&["; get vbox.APIVersion ;"]).ok(), "7_2\n");
}

#[test]
fn disconnect_holds_until_reconnect() {
    let program = Program::new();
    for first in ["get vbox.APIVersion", "connect embedded", "sleep 0"] {
        let error = program.lines(&[&format!("{first}; disconnect; list")]).failed(5);
        assert!(error.contains("`reconnect`"), "{first}: {error}");
        assert!(
            program
                .lines(&[&format!("{first}; disconnect; disconnect; reconnect; get vbox.APIVersion")])
                .ok()
                .ends_with("7_2\n")
        );
    }
}

#[test]
fn empty_lists_are_said_in_words() {
    let program = Program::new();
    for (kind, words) in
        [("disks", "no hard disks"), ("dvds", "no DVD images"), ("progress", "no operations under way")]
    {
        let outcome = program.lines(&[&format!("list {kind}")]);
        assert_eq!((outcome.code, outcome.err.trim()), (0, words));
    }
}

#[test]
fn files_that_are_no_scripts_are_refused_at_once() {
    let program = Program::new();
    let folder = program.home().join("folder.rhai");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(program.home().join("binary.rhai"), b"print(1)\n\xff").unwrap();
    for (file, why) in
        [("/dev/zero", "more than 8 MiB"), ("folder.rhai", "it is a folder"), ("binary.rhai", "line 2 is no UTF-8")]
    {
        let error = program.run(&[file]).failed(1);
        assert!(error.contains(why) && error.contains("hint:"), "{file}: {error}");
    }
    assert!(program.run(&["missing.rhai"]).failed(4).contains("there is no such file"));
}

#[test]
fn a_file_from_windows_runs() {
    let program = Program::new();
    let lines = program.file("lines.vbsh", "\u{feff}get vbox.APIVersion\r\n# done\r\n");
    assert_eq!(program.run(&[&lines]).ok(), "7_2\n");
    let script = program.file("script.rhai", "\u{feff}print(40 + 2);\r\n");
    assert_eq!(program.run(&[&script]).ok(), "42\n");
}

#[test]
fn an_empty_home_variable_is_none() {
    let program = Program::new();
    let output = program.command().env("VBOXSH_HOME", "").args(["-e", "40 + 2"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n");
}

#[test]
fn json_is_one_document_per_command_and_has_data_not_lines() {
    let program = Program::new();
    program.machine("web-01");
    let json =
        |line: &str| -> serde_json::Value { serde_json::from_str(&program.run(&["--json", "-c", line]).ok()).unwrap() };
    assert_eq!(json("get web-01.currentSnapshot"), serde_json::Value::Null);
    assert_eq!(json("get web-01.currentSnapshot web-01.name"), serde_json::json!([null, "web-01"]));
    let info = json("info web-01");
    assert_eq!(info["networkAdapters"][0]["attachmentType"], "NAT");
    assert_eq!(info["networkAdapters"][0]["slot"], 0);
    assert_eq!(info["storageControllers"], serde_json::json!([]));
    assert!(json("host")["networkInterfaces"].is_array());
}

#[test]
fn a_certificate_to_trust_is_no_comfort_over_plain_http() {
    let program = Program::new();
    for option in [["--fingerprint", "aa"], ["--ca-file", "ca.pem"]] {
        let error = program.run(&["-u", "http://127.0.0.1:1", option[0], option[1], "-c", "list"]).failed(2);
        assert!(error.contains(option[0]) && error.contains("https://127.0.0.1:1"), "{error}");
        let line = format!("connect http://127.0.0.1:1 {} {}", option[0], option[1]);
        assert!(program.lines(&[&line]).failed(2).contains("not encrypted"));
    }
}

#[test]
fn a_machine_with_broken_settings_says_why() {
    let program = Program::new();
    program.machine("web-01");
    let settings = program.lines(&["get web-01.settingsFilePath"]).ok();
    std::fs::write(settings.trim(), "<broken").unwrap();
    let page = program.lines(&["info web-01"]).ok();
    assert!(page.contains("accessError") && page.starts_with("name "), "{page}");
    assert_eq!(program.lines(&["get web-01.accessible"]).ok(), "false\n");
}
