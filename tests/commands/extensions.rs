//! Extension files in Rhai, and what holds for every language.

use crate::support::program::Program;

fn extension(program: &Program, name: &str, text: &str) {
    std::fs::create_dir_all(program.home().join("config/shexts")).unwrap();
    program.file(&format!("config/shexts/{name}"), text);
}

const SIZES: &str = r#"#!/usr/bin/env vboxsh
import "lib/helper" as helper;
const UNIT = "MB";

fn sizes(given) {
    if given.refuse {
        fail("there is nothing to measure", "give a machine");
    }
    if given.broken {
        no_such_thing(1);
    }
    if given.line != () {
        run_command(given.line);
    }
    let machines = if given.machine == () { vbox.machines } else { [given.machine] };
    let rows = machines.map(|m| [m.name, m.memorySize * given.factor, helper::label(given.state, global::UNIT)]);
    table(["machine", "memory", "unit"], rows, "no machines at all")
}

register_command(#{
    name: "sizes",
    aliases: ["sz"],
    summary: "the memory of machines",
    help: "It measures nothing.",
    effect: "read",
    arguments: [#{ name: "machine", kind: "machine", optional: true, help: "only this one" }],
    options: [
        #{ name: "factor", kind: "number", usual: 1, help: "multiplies" },
        #{ name: "state", enum: "MachineState", help: "a state" },
        #{ name: "line", kind: "text", help: "a line to run before" },
        #{ name: "refuse", help: "fails on purpose" },
        #{ name: "broken", help: "fails by mistake" },
    ],
    examples: [["sizes web-01", "of one machine"]],
    run: sizes,
});
register_command(#{
    name: "forget",
    summary: "asks before it forgets",
    effect: "destroy",
    arguments: [
        #{ name: "machine", kind: "machine", help: "whose" },
        #{ name: "snapshot", kind: "snapshot", help: "which" },
        #{ name: "how", choices: ["soft", "hard"], help: "in which way" },
        #{ name: "words", repeated: true, help: "anything" },
    ],
    run: |given| {
        confirm(`forget ${given.snapshot.name}?`);
        `${given.how} ${given.words.len()}`
    },
});
"#;

fn with_sizes() -> Program {
    let program = Program::new();
    extension(&program, "sizes.rhai", SIZES);
    std::fs::create_dir_all(program.home().join("config/shexts/lib")).unwrap();
    extension(
        &program,
        "lib/helper.rhai",
        "fn label(state, unit) { if state == () { unit } else { `${state} ${unit}` } }\n",
    );
    program.lines(&["create-vm web-01", "snapshot web-01 take base"]).ok();
    program
}

#[test]
fn a_rhai_file_brings_full_commands() {
    let program = with_sizes();
    assert_eq!(program.lines(&["sizes"]).ok(), "MACHINE  MEMORY  UNIT\nweb-01       64  MB\n");
    assert_eq!(
        program.run(&["--json", "-c", "sz web-01 --factor 2 --state Running"]).ok(),
        "[{\"machine\":\"web-01\",\"memory\":128,\"unit\":\"Running MB\"}]\n"
    );
    let help = program.lines(&["help sizes"]).ok();
    for part in [
        "usage: sizes [--factor FACTOR]",
        "only this one",
        "It measures nothing.",
        "sizes.rhai",
        "of one machine",
        "also: sz",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert_eq!(program.lines(&["sizes --help"]).ok(), help);
    assert!(program.lines(&["help"]).ok().contains("Extensions\n"));
    let said = program
        .lines(&["alias m 'sizes --factor 3'", "m web-01", "foreachvm sizes", "sizes --line 'get web-01.memorySize'"])
        .ok();
    assert_eq!(said.lines().filter(|line| line.starts_with("web-01")).count(), 3, "{said}");
    assert!(said.contains("192") && said.contains("\n64\n"), "{said}");
    assert_eq!(program.lines(&["sizes; sizes"]).ok().matches("MACHINE").count(), 2);
    let explained = program.lines(&["explain sizes web-01"]).failed(4);
    assert!(explained.contains("sizes.rhai"), "{explained}");
}

#[test]
fn arguments_are_checked_before_the_function_runs() {
    let program = with_sizes();
    assert!(program.lines(&["sizes nobody"]).failed(4).contains("nobody"));
    assert!(program.lines(&["sizes --factor much"]).failed(2).contains("`much` is no number"));
    assert!(program.lines(&["sizes --state Runing"]).failed(2).contains("did you mean `Running`?"));
    assert!(program.lines(&["sizes --fctor 1"]).failed(2).contains("did you mean `--factor`?"));
    assert!(program.lines(&["sizes a b"]).failed(2).contains("one argument too many"));
    assert!(program.lines(&["forget web-01"]).failed(2).contains("SNAPSHOT is missing: which"));
    assert!(program.lines(&["forget web-01 basis soft"]).failed(4).contains("`web-01` has no snapshot `basis`"));
    assert!(program.lines(&["forget web-01 base gently"]).failed(2).contains("soft, hard"));
}

#[test]
fn failures_have_the_exit_codes_of_commands() {
    let program = with_sizes();
    assert_eq!(
        program.lines(&["sizes --refuse"]).failed(1),
        "error: there is nothing to measure\nhint: give a machine\n"
    );
    let broken = program.lines(&["sizes --broken"]).failed(6);
    assert!(broken.contains("sizes.rhai:10:9") && broken.contains("no_such_thing(1)"), "{broken}");
    assert!(program.lines(&["sizes --line 'get web-01.nothing'"]).failed(2).contains("nothing"));
    assert!(program.lines(&["forget web-01 base soft"]).failed(3).contains("forget base?"));
    assert_eq!(program.run(&["--yes", "-c", "forget web-01 base hard a b"]).ok(), "hard 2\n");
}

const NESTED: &str = r#"
const PREFIX = "from";
fn said(text) { `${global::PREFIX} ${text}` }
register_command(#{ name: "inner", summary: "says so", arguments: [#{ name: "word", help: "any" }],
    run: |given| { show(said(given.word)); vbox.machines.len() } });
register_command(#{ name: "outer", summary: "runs lines", arguments: [#{ name: "lines", repeated: true, help: "lines" }],
    run: |given| {
        let before = said("outer");
        for line in given.lines { run_command(line); }
        `${before} still, ${vbox.machines.len()}`
    } });
register_command(#{ name: "again", summary: "runs itself", run: |given| run_command("again") });
register_command(#{ name: "tried", summary: "goes on", arguments: [#{ name: "line", help: "a line" }],
    run: |given| { try { run_command(given.line); } catch (error) { show("caught"); } "goes on" } });
"#;

/// The engine serves the lines that a command runs while it waits for them: with the variables of the prompt, and
/// scripts with scopes of their own.
#[test]
fn a_command_runs_commands_scripts_and_script_of_its_own_language() {
    let program = Program::new();
    extension(&program, "nested.rhai", NESTED);
    program.machine("web-01");
    assert_eq!(
        program.lines(&["outer 'inner one' 'outer \"inner two\"' list"]).ok().lines().collect::<Vec<_>>()[..5],
        ["from one", "1", "from two", "1", "from outer still, 1"]
    );
    let script = program.file("inside.rhai", "let own = args; show(own); kept = 5; exit(0);");
    let said = program.with_input(
        &[],
        &format!(
            "let kept = 20\nouter 'kept + 1' 'let made = kept * 2' '_ + 1' 'runScript {script} a b'\nmade\nkept\n_\n"
        ),
    );
    // A script does not see the prompt's variables, neither here nor elsewhere.
    assert!(said.out.starts_with("21\n22\n[\"a\", \"b\"]\n") && said.err.contains("kept"), "{said:?}");
    let script = program.file("inside.rhai", "let own = args; show(own); m.name = 1");
    let said = program.with_input(
        &[],
        &format!("outer 'let m = vbox.machines[0]' 'm.name' 'm.memory_size'\nouter 'runScript {script} a'\nm.name\n"),
    );
    assert!(said.out.starts_with("web-01\n1024\nfrom outer still, 1\n[\"a\"]\n"), "{said:?}");
    assert!(said.out.ends_with("web-01\n") && said.err.contains("inside.rhai:1"), "{said:?}");
    assert_eq!(
        program.lines(&["tried 'nonsense(1)'", "tried 'inner x'"]).ok(),
        "caught\ngoes on\nfrom x\n1\ngoes on\n"
    );
    let deep = program.lines(&["again"]).failed(6);
    assert!(deep.contains("more than 16 deep") && deep.contains("does a command run itself"), "{deep}");
    // Where a command had it run, a script is a script still: it runs no lines itself.
    let script = program.file("inside.rhai", "run_command(\"list\")");
    assert!(
        program.lines(&[&format!("outer 'runScript {script}'")]).failed(6).contains("inside a command of an extension")
    );
    assert!(program.lines(&["outer 'run_command(\"list\")'"]).failed(6).contains("inside a command of an extension"));
}

/// Extensions loaded anew by a command that runs: it goes on with the code that it began with.
#[test]
fn a_command_may_have_extensions_loaded_anew() {
    let program = Program::new();
    extension(&program, "nested.rhai", NESTED);
    let said = program.lines(&["outer reloadExts 'inner one'"]);
    assert_eq!((said.code, said.out.as_str()), (0, "from one\n0\nfrom outer still, 0\n"), "{said:?}");
}

#[test]
fn an_error_in_one_file_leaves_the_others() {
    let program = Program::new();
    extension(&program, "a.rhai", "let x = ;\n");
    extension(
        &program,
        "b.rhai",
        "\n\nregister_command(#{ name: \"b\", summary: \"b\", arguments: [#{ name: \"x\", kind: \"machin\", help: \"y\" }], run: |g| 1 });\n",
    );
    extension(&program, "c.rhai", "let nothing = 1;\n");
    extension(&program, "d.rhai", "register_command(#{ name: \"d\", summary: \"has no function\" });\n");
    extension(
        &program,
        "e.rhai",
        "register_command(#{ name: \"good\", summary: \"it works\", run: |given| \"well\" });\n",
    );
    let outcome = program.lines(&["good"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "well\n"), "{outcome:?}");
    for part in [
        "a.rhai:1:9",
        "b.rhai:3:1",
        "there is no kind `machin`",
        "did you mean `machine`?",
        "c.rhai",
        "registers no command",
        "d.rhai:1:1",
        "has no function `run`",
    ] {
        assert!(outcome.err.contains(part), "{part}: {}", outcome.err);
    }
    assert!(
        program
            .eval("register_command(#{ name: \"x\", summary: \"y\", run: |g| 1 })")
            .failed(6)
            .contains("for extension files")
    );
}

#[test]
fn who_owns_a_name_is_said() {
    let program = Program::new();
    let command = |name: &str, text: &str| {
        format!("register_command(#{{ name: \"{name}\", summary: \"it works\", run: |given| \"{text}\" }});\n")
    };
    extension(&program, "a.rhai", &command("mine", "first"));
    extension(
        &program,
        "b.rhai",
        &[command("mine", "second"), command("list", "my list"), command("createVm", "my spelling")].concat(),
    );
    let outcome = program.lines(&["mine", "list", "createVm"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "second\nmy list\nmy spelling\n"), "{outcome:?}");
    for part in [
        "b.rhai takes the place of that of",
        "the last one counts",
        "`list` of",
        "--no-ext",
        "spelling of the built-in `create-vm`",
    ] {
        assert!(outcome.err.contains(part), "{part}: {}", outcome.err);
    }
    assert!(program.run(&["--no-ext", "-c", "list"]).err.contains("no machines"));
    // What the file no longer brings is the built-in command again.
    let file = program.home().join("config/shexts/b.rhai");
    let said = program.with_input(&[], &format!("list\n!rm {}\nreloadExts\nlist\nmine\n", file.display()));
    assert!(
        said.out.starts_with("my list\n") && said.out.ends_with("first\n") && said.err.contains("no machines"),
        "{said:?}"
    );
}

#[test]
fn files_that_others_can_write_and_those_of_the_host_home() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new();
    extension(&program, "a.rhai", "register_command(#{ name: \"mine\", summary: \"it works\", run: |given| 1 });\n");
    let file = program.home().join("config/shexts/a.rhai");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(program.lines(&["mine"]).failed(6).contains("chmod go-w"));
    // The home that the embedded host works in may be VirtualBox's own, with its extensions.
    std::fs::create_dir_all(program.home().join("vboxsh/shexts")).unwrap();
    program.file(
        "vboxsh/shexts/b.rhai",
        "register_command(#{ name: \"there\", summary: \"it works\", run: |given| 2 });\n",
    );
    assert_eq!(program.lines(&["there"]).ok(), "2\n");
}

#[test]
fn a_copy_of_the_shell_runs_them_too() {
    let program = Program::new();
    extension(
        &program,
        "a.rhai",
        "register_command(#{ name: \"count\", summary: \"it works\", run: |given| vbox.machines.len() });\n",
    );
    program.file("config.toml", "[hosts.here]\nurl = \"embedded\"\n[hosts.there]\nurl = \"embedded\"\n");
    program.machine("web-01");
    let config = program.home().join("config.toml");
    let output =
        program.command().env("VBOXSH_CONFIG", config).args(["--json", "-c", "on all count"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.matches("\"result\":1").count(), 2, "{said} {}", String::from_utf8_lossy(&output.stderr));
}
