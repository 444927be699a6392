//! The shell's own commands: aliases, batches with `goto`, the configuration file, several hosts.

use crate::support::program::Program;

#[test]
fn an_alias_stands_for_a_line() {
    let program = Program::new();
    program.machine("web-01");

    assert_eq!(program.lines(&["alias size 'get web-01.memorySize'", "size", "size; size"]).ok(), "1024\n1024\n1024\n");
    let error = program.lines(&["alias --remove none"]).failed(4);
    assert!(error.contains("`none` is no alias"), "{error}");
}

#[test]
fn a_batch_goes_on_at_another_line() {
    let program = Program::new();
    let file =
        program.file("steps.vbsh", "get vbox.APIVersion\ngoto 4\nget vbox.nothing\nget vbox.APIVersion # the end\n");
    assert_eq!(program.run(&["-b", &file]).ok(), "7_2\n7_2\n");
    let error = program.lines(&["goto 1"]).failed(2);
    assert!(error.contains("no script runs"), "{error}");
}

#[test]
fn the_configuration_names_hosts_and_aliases_and_its_mistakes_are_told() {
    let program = Program::new();
    let run = |text: &str, arguments: &[&str]| {
        let file = program.file("config.toml", text);
        let output =
            program.command().env("VBOXSH_CONFIG", file).env_remove("VBOXSH_CONNECT").args(arguments).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let config = "[defaults]\nconnect = \"here\"\n\n[hosts.here]\nurl = \"embedded\"\nhome = \"elsewhere\"\n\n[aliases]\nv = \"get vbox.homeFolder\"\n";
    let (code, out, err) = run(config, &["-c", "v"]);
    assert!(code == 0 && out.ends_with("elsewhere\n"), "{out}{err}");
    assert!(run(config, &["-c", "hosts"]).1.contains("embedded"));
    let (code, _, err) = run("[hosts.here]\nurl = \"embedded\"\ncolour = 1\n", &["-c", "list"]);
    assert!(code == 2 && err.contains("line 3") && err.contains("colour"), "{err}");
}

#[cfg(feature = "webservice")]
#[test]
fn one_host_down_and_one_slow_are_told_apart_from_those_that_answer() {
    let program = Program::new();
    // A server that takes the connection and says nothing.
    let slow = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let slow_port = slow.local_addr().unwrap().port();
    let down = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = String::new();
    for name in ["a", "b", "c"] {
        config += &format!("[hosts.{name}]\nurl = \"embedded\"\nhome = \"{name}\"\n");
    }
    config += &format!(
        "[hosts.down]\nurl = \"http://127.0.0.1:{down}\"\n[hosts.slow]\nurl = \"http://127.0.0.1:{slow_port}\"\n"
    );
    let file = program.file("config.toml", &config);
    let started = std::time::Instant::now();
    let output = program
        .command()
        .env("VBOXSH_CONFIG", file)
        .args(["-c", "on all --timeout 2 get vbox.APIVersion"])
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    assert_eq!(out.matches("7_2").count(), 3, "{out}{err}");
    assert!(err.contains("2 of 5 hosts failed") && err.contains("slow: no answer within 2 s"), "{err}");
    assert!(started.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn a_prompt_text_a_timing_and_a_search_are_there() {
    let program = Program::new();
    assert_eq!(program.lines(&["prompt 'x> '", "prompt"]).ok(), "x> \n");
    let timed = program.lines(&["time get vbox.APIVersion"]);
    assert!(timed.out == "7_2\n" && timed.err.ends_with(" s\n"), "{timed:?}");
    assert!(program.lines(&["apropos snapshot"]).ok().contains("ISnapshot"));
    program.lines(&["apropos xyzzyx"]).failed(4);
}

#[test]
fn an_editor_changes_a_script_that_then_runs() {
    let program = Program::new();
    let file = program.file("steps.vbsh", "nonsense\n");
    let run = |editor: &str, line: &str| {
        let output = program.command().env("EDITOR", editor).args(["-c", line]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, out, err) = run("sh -c 'echo get vbox.APIVersion >$0'", &format!("edit {file}"));
    assert_eq!((code, out.as_str()), (Some(0), "7_2\n"), "{err}");
    let (code, _, err) = run("false", &format!("edit {file}"));
    assert!(code == Some(1) && err.contains("nothing was run") && err.contains("hint: "), "{err}");
    let (code, _, err) = run("no-such-editor", &format!("edit {file}"));
    assert!(code == Some(1) && err.contains("no-such-editor") && err.contains("EDITOR"), "{err}");
}

#[test]
fn gui_starts_the_window_of_virtualbox() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    let window = program.file("VirtualBox", "#!/bin/sh\ntouch \"$HOME/started\"\n");
    std::fs::set_permissions(&window, PermissionsExt::from_mode(0o755)).unwrap();
    let output = program.command().env("VBOX_PROGRAM_PATH", program.home()).args(["-c", "gui"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for _ in 0..100 {
        if program.home().join("started").exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it was not started");
}

#[test]
fn words_of_other_programs_lead_to_the_command() {
    let program = Program::new();
    for (typed, meant) in [("stop web-01", "powerdown"), ("delete web-01", "removeVm"), ("showvminfo web-01", "info")] {
        let err = program.lines(&[typed]).failed(6);
        assert!(err.contains(&format!("did you mean the command `{meant}`?")), "{err}");
    }
}
