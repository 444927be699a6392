//! The program: options, exit codes, scripts, where things go.

use crate::support::program::Program;

#[test]
fn the_version_of_the_main_api_is_an_expression() {
    let out = Program::new().eval("vbox.APIVersion").ok();
    assert_eq!(out, "7_2\n");
}

#[test]
fn several_commands_run_in_order_and_stop_at_the_first_failure() {
    let program = Program::new();
    let outcome = program.lines(&["get vbox.APIVersion; get vbox.nonsense; get vbox.APIVersion"]);
    assert_eq!(outcome.out, "7_2\n");
    let err = outcome.failed(2);
    assert!(err.contains("IVirtualBox has no attribute `nonsense`") && err.contains("hint:"), "{err}");
}

#[test]
fn a_semicolon_in_quotes_does_not_separate() {
    let program = Program::new();
    program.machine("web-01");
    let out = program.lines(&["set web-01.description 'a;b'; get web-01.description"]).ok();
    assert_eq!(out, "a;b\n");
}

#[test]
fn exit_codes_have_their_meanings() {
    let program = Program::new();
    for (arguments, code) in [
        (&["-c", "get vbox.version"][..], 0),
        (&["-c", "quit 7"], 7),
        (&["-e", "exit(9)"], 9),
        (&["-c", "get"], 2),
        (&["--nonsense"], 2),
        (&["-c", ":nonsense"], 2),
        (&["-c", "info no-such"], 4),
        (&["-e", "vbox.findMachine(\"no-such\")"], 4),
        // Without the web service a needed part is missing; with it, nobody answers.
        (&["-u", "http://127.0.0.1:9", "-c", "list"], if cfg!(feature = "webservice") { 5 } else { 3 }),
        (&["-u", "gopher://x", "-c", "list"], 2),
        (&["-e", "1 +"], 6),
        (&["-e", "nonsense"], 6),
        (&["-e", "throw \"x\""], 6),
        (&["no-such.rhai"], 4),
    ] {
        let outcome = program.run(arguments);
        assert_eq!(outcome.code, code, "{arguments:?}: {outcome:?}");
        if ![0, 7, 9].contains(&code) {
            assert!(outcome.err.contains("error:"), "{arguments:?}: {outcome:?}");
            assert_eq!(outcome.out, "", "{arguments:?}");
        }
    }
}

#[test]
fn a_script_gets_its_arguments_and_its_errors_name_file_and_line() {
    let program = Program::new();
    let script = program.file("a.rhai", "print(args);\nlet x = vbox.findMachine(args[0]);\n");
    let outcome = program.run(&[&script, "no-such", "--keep", "7"]);
    assert_eq!(outcome.out, "[\"no-such\", \"--keep\", \"7\"]\n");
    let err = outcome.failed(4);
    for part in ["a.rhai", "2", "no-such", "VBOX_E_OBJECT_NOT_FOUND", "0x80bb0001", "hint:"] {
        assert!(err.contains(part), "{part} is missing:\n{err}");
    }
}

#[test]
fn a_batch_has_comments_script_lines_and_blocks() {
    let program = Program::new();
    let lines =
        "# a comment\nget vbox.APIVersion\n\nlet x = [1,\n  2];\nprint(x.len())\nfn f(a) {\n  a * 2\n}\nf(21)\n";
    let file = program.file("a.vbsh", lines);
    assert_eq!(program.run(&[&file]).ok(), "7_2\n2\n42\n");
    assert_eq!(program.run(&["-b", &file]).ok(), "7_2\n2\n42\n");
    assert_eq!(program.with_input(&["-b", "-"], lines).ok(), "7_2\n2\n42\n");
}

#[test]
fn an_error_in_a_batch_names_its_line() {
    let program = Program::new();
    let file = program.file("a.vbsh", "get vbox.APIVersion\nget vbox.nope\nget vbox.APIVersion\n");
    let outcome = program.run(&[&file]);
    assert_eq!(outcome.out, "7_2\n");
    let err = outcome.failed(2);
    assert!(err.contains("a.vbsh:2"), "{err}");
}

#[test]
fn a_password_is_never_an_argument() {
    let program = Program::new();
    for arguments in [&["-u", "http://ops:geheim@h", "-c", "list"][..], &["-o", "password=geheim", "-c", "list"]] {
        let err = program.run(arguments).failed(2);
        assert!(!err.contains("geheim") && err.contains("VBOXSH_PASSWORD"), "{err}");
    }
}

#[test]
fn json_is_one_document_per_command() {
    let program = Program::new();
    program.machine("web-01");
    let out = program.run(&["--json", "-c", "get vbox.APIVersion; list"]).ok();
    let documents: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&out).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(documents.len(), 2, "{out}");
    assert_eq!(documents[0], "7_2");
    assert_eq!(documents[1][0]["name"], "web-01");
    assert_eq!(documents[1][0]["state"], "PoweredOff");
}

#[test]
fn a_json_error_is_a_document_too() {
    let err = Program::new().run(&["--json", "-c", "info no-such"]).failed(4);
    let document: serde_json::Value = serde_json::from_str(&err).unwrap();
    let error = &document["error"];
    assert_eq!(error["exitCode"], 4, "{err}");
    assert_eq!(error["api"]["name"], "VBOX_E_OBJECT_NOT_FOUND", "{err}");
    assert_eq!(error["api"]["code"], 0x80bb_0001_u32, "{err}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let program = Program::new();
    let mut command = std::process::Command::new("/bin/sh");
    let line = format!("{} -e 'for i in 0..100000 {{ print(i) }}' | head -n 1", env!("CARGO_BIN_EXE_vboxsh"));
    let output = command
        .args(["-c", &line])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", program.home())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "0\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn sleep_wants_seconds() {
    let program = Program::new();
    assert_eq!(program.lines(&["sleep 0.01"]).ok(), "");
    for wrong in ["sleep", "sleep x", "sleep -1", "sleep 1 2"] {
        let err = program.lines(&[wrong]).failed(2);
        assert!(err.contains("usage: sleep SECONDS"), "{err}");
    }
}
