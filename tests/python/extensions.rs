//! Extension files of vboxshell.

use super::program;
use crate::support::program::Program;

fn extension(program: &Program, name: &str, text: &str) {
    std::fs::create_dir_all(program.home().join("config/shexts")).unwrap();
    program.file(&format!("config/shexts/{name}"), text);
}

const HELLO: &str = r#"
def hello(ctx, args):
    print("hello", args, ctx["vb"].version == ctx["global"].getVirtualBox().version, ctx["const"].MachineState_Running)
    print([m.name for m in ctx["_machlist"]], ctx["machById"]("web-01").name, ctx["machById"]("zz"), ctx["argsToMach"](args).name)
    print("vb" in ctx, ctx["remote"], ctx["type"], ctx["prompt"], ctx["interrupt"])
    return 0
def again(ctx, args):
    ctx["run"]("hello", ["web-01"])
    ctx["run"]("list", [])
    ctx["guestlambda"]("web-01", lambda *a: print("not called"), [])
    return 0
commands = {"hello": ["say hello", hello], "again": ["say it twice", again], "leave": ["leave", lambda ctx, args: 1]}
"#;

#[test]
fn their_commands_are_commands_with_help() {
    let Some(program) = program() else { return };
    extension(&program, "hello.py", HELLO);
    let said = program.run(&["-c", "hello web-01 'a b'"]).ok();
    assert_eq!(
        said,
        "hello ['hello', 'web-01', 'a b'] True 6\n['web-01'] web-01 None web-01\nTrue False XPCOM vbox>  False\n"
    );
    let said = program.run(&["-c", "again", "-c", "help hello", "-c", "leave", "-c", "list"]).ok();
    assert_eq!(said.matches("hello ['hello', 'web-01']").count(), 1, "{said}");
    assert!(said.contains("PoweredOff") && said.contains("does not run") && said.contains("say hello"), "{said}");
    assert!(said.contains("shexts/hello.py"), "{said}");
    assert_eq!(said.matches("PoweredOff").count(), 1, "`leave` leaves: {said}");
    program.run(&["--no-ext", "-c", "hello web-01"]).failed(6);
}

#[test]
fn an_error_in_one_says_file_and_line_and_leaves_the_others() {
    let Some(program) = program() else { return };
    extension(&program, "a_broken.py", "import nothing_of_the_kind\n");
    extension(&program, "b_old.py", "def f(ctx, args):\n    print \"old\"\ncommands = {}\n");
    extension(&program, "c_none.py", "x = 1\n");
    extension(
        &program,
        "d_good",
        "def f(ctx, args):\n    print('good')\n    1 / 0\ncommands = {'good': ['it works', f], 'list': ['mine', f]}\n",
    );
    extension(&program, "e.py~", "raise SystemExit\n");
    let outcome = program.run(&["-c", "good"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (6, "good\n"), "{outcome:?}");
    for part in [
        "a_broken.py:1",
        "nothing_of_the_kind",
        "b_old.py:2",
        "Python 2",
        "c_none.py",
        "`commands`",
        "d_good:3",
        "ZeroDivisionError",
        "`list` of",
        "built-in",
    ] {
        assert!(outcome.err.contains(part), "{part}: {}", outcome.err);
    }
}

#[test]
fn every_kind_of_python_2_is_named_with_its_cure() {
    let Some(program) = program() else { return };
    let cases = [
        ("print", "def f():\n    print 'x'\n", "`print(x)`"),
        ("except", "try:\n    pass\nexcept IOError, e:\n    pass\n", "`except X as e:`"),
        ("raise", "raise IOError, 'x'\n", "`raise X(y)`"),
        ("octal", "x = 0755\n", "`0o755`"),
        ("unequal", "x = 1 <> 2\n", "`a != b`"),
        ("exec", "exec 'x'\n", "`exec(x)`"),
    ];
    for (name, text, _) in cases {
        extension(&program, &format!("{name}.py"), text);
    }
    let said = program.run(&["-c", "list"]).err;
    for (name, _, cure) in cases {
        let from = said.find(&format!("{name}.py is not loaded")).unwrap_or_else(|| panic!("{name}: {said}"));
        let part = &said[from..];
        let part = &part[..part[1..].find("warning:").unwrap_or(part.len() - 1)];
        assert!(
            part.contains("Python 2") && part.contains(cure) && part.contains(&format!("{name}.py:")),
            "{name}: {part}"
        );
    }
    // The sample of VirtualBox's own guide is of that time.
    assert!(!said.contains("this is Python 2: where it has ``"), "{said}");
}

const REGISTERED: &str = r#"
from vboxsh import confirm, fail, note, register_command, run_command, show, table, vbox

def sizes(given):
    if given.refuse:
        fail("there is nothing to measure", "give a machine")
    if given.broken:
        no_such_thing(1)
    if given.line is not None:
        run_command(given.line)
    machines = [given.machine] if given.machine else vbox.machines
    rows = [[m.name, m.memorySize * given.factor] for m in machines]
    return table(["machine", "memory"], rows, "no machines at all")

def forget(given):
    confirm("forget %s?" % given["snapshot"].name)
    note("talk")
    show([1, 2])
    return "%s %d %s" % (given.how, len(given.words), type(given.state).__name__)

register_command(
    name="sizes", summary="the memory of machines", run=sizes, effect="read",
    arguments=[dict(name="machine", kind="machine", optional=True, help="only this one")],
    options=[
        dict(name="factor", kind="number", usual=1, help="multiplies"),
        dict(name="line", kind="text", help="a line to run before"),
        dict(name="refuse", help="fails on purpose"),
        dict(name="broken", help="fails by mistake"),
    ],
    examples=[("sizes web-01", "of one machine")])
register_command({
    "name": "forget", "summary": "asks before it forgets", "run": forget,
    "arguments": [
        {"name": "machine", "kind": "machine", "help": "whose"},
        {"name": "snapshot", "kind": "snapshot", "help": "which"},
        {"name": "how", "choices": ["soft", "hard"], "help": "in which way"},
        {"name": "words", "repeated": True, "help": "anything"},
    ],
    "options": [{"name": "state", "enum": "MachineState", "usual": "x", "help": "a state"}],
})
"#;

#[test]
fn commands_are_registered_as_in_rhai() {
    let Some(program) = program() else { return };
    extension(&program, "sizes.py", REGISTERED);
    program.lines(&["snapshot web-01 take base"]).ok();
    assert_eq!(program.lines(&["sizes"]).ok(), "MACHINE  MEMORY\nweb-01     1024\n");
    assert_eq!(
        program.run(&["--json", "-c", "sizes web-01 --factor 2"]).ok(),
        "[{\"machine\":\"web-01\",\"memory\":2048}]\n"
    );
    assert_eq!(program.lines(&["sizes --line 'get web-01.memorySize'"]).ok().lines().next(), Some("1024"));
    assert!(program.lines(&["help sizes"]).ok().contains("of one machine"));
    assert!(program.lines(&["sizes nobody"]).failed(4).contains("nobody"));
    assert!(program.lines(&["sizes --fctor 1"]).failed(2).contains("did you mean `--factor`?"));
    assert_eq!(
        program.lines(&["sizes --refuse"]).failed(1),
        "error: there is nothing to measure\nhint: give a machine\n"
    );
    assert!(program.lines(&["sizes --broken"]).failed(6).contains("sizes.py:8"));
    assert!(program.lines(&["forget web-01 base soft"]).failed(3).contains("forget base?"));
    let done = program.run(&["--yes", "-c", "forget web-01 base hard a b --state Running"]);
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "[1, 2]\nhard 2 MachineState\n", "talk\n"));
}

const NESTED: &str = r#"
from vboxsh import register_command, run_command, show, vbox
def outer(given):
    for line in given.lines:
        run_command(line)
    return "outer still"
def again(given):
    run_command("again")
register_command(name="outer", summary="runs lines", run=outer,
                 arguments=[dict(name="lines", repeated=True, help="lines")])
register_command(name="inner", summary="says so", run=lambda given: show("from %s" % given.word),
                 arguments=[dict(name="word", help="any")])
register_command(name="again", summary="runs itself", run=again)
"#;

/// Also by way of the other language, and with the prompt's variables.
#[test]
fn commands_run_commands_scripts_and_script_of_both_languages() {
    let Some(program) = program() else { return };
    extension(&program, "nested.py", NESTED);
    extension(
        &program,
        "old.py",
        "commands = {'old': ['runs one', lambda ctx, args: ctx['run'](args[1], args[2:])]}\n",
    );
    extension(
        &program,
        "nested.rhai",
        "register_command(#{ name: \"router\", summary: \"runs lines\", arguments: [#{ name: \"lines\", repeated: true, \
         help: \"lines\" }], run: |given| { for line in given.lines { run_command(line); } \"router still\" } });\n",
    );
    let script = program.file("inside.py", "import sys\nprint(sys.argv[1:], __name__)\n");
    let said = program.with_input(
        &["--lang", "python"],
        &format!(
            "kept = 20\nouter 'inner one' 'kept + 1' 'made = kept * 2' 'runScript {script} a b'\nmade\n_\n\
             router \"outer 'inner two'\" 'made + 1'\nold router \"outer 'inner three'\"\nold old inner four\n"
        ),
    );
    assert_eq!(
        said.ok(),
        "from one\n21\n['a', 'b'] __main__\nouter still\n40\n40\nfrom two\nouter still\n41\nrouter still\n\
         from three\nouter still\nrouter still\nfrom four\n"
    );
    let deep = program.lines(&["again"]).failed(6);
    assert!(deep.contains("more than 16 deep") && deep.contains("does a command run itself"), "{deep}");
}

#[test]
fn a_name_that_both_languages_bring_is_told() {
    let Some(program) = program() else { return };
    extension(&program, "mine.py", "commands = {'mine': ['it works', lambda ctx, args: print('python')]}\n");
    extension(
        &program,
        "mine.rhai",
        "register_command(#{ name: \"mine\", summary: \"it works\", run: |given| \"rhai\" });\n",
    );
    let outcome = program.lines(&["mine"]);
    assert_eq!(outcome.out, "rhai\n");
    assert!(
        outcome.err.contains("mine.rhai takes the place of that of") && outcome.err.contains("mine.py"),
        "{outcome:?}"
    );
}

const CONTEXT: &str = r#"
import time
def keys(ctx, args):
    for key in ["global", "vb", "const", "remote", "type", "run", "guestlambda", "machById", "argsToMach", "progressBar",
                "typeInGuest", "_machlist", "prompt", "scriptLine", "interrupt", "perf", "wsinfo"]:
        assert key in ctx, key
        ctx[key]
    def typed(ctx, mach, console, rest):
        start = time.time()
        ctx["typeInGuest"](console, "ab", 0.3)
        return time.time() - start
    took = []
    ctx["guestlambda"]("web-01", lambda *all: took.append(typed(*all)), [1])
    print("slow" if took[0] > 0.25 else took)
    const, place = ctx["const"], ctx["vb"].systemProperties.defaultMachineFolder + "/%d.vdi" % ctx.get("kept", 0)
    hdd = ctx["vb"].createMedium("vdi", place, const.AccessMode_ReadWrite, const.DeviceType_HardDisk)
    progress = hdd.createBaseStorage(1 << 20, (const.MediumVariant_Standard,))
    print(ctx["progressBar"](progress), const.all_values("MachineState")["Running"], len(hdd.id))
    print(ctx["run"]("get", ["web-01.CPUCount"]))
    ctx["kept"] = ctx.get("kept", 0) + 1
    print(ctx["kept"])
commands = {"keys": ["all of them", keys], "machines": ["how many", lambda ctx, args: print(len(ctx["_machlist"]))]}
"#;

#[test]
fn every_key_of_the_context_works() {
    let Some(program) = program() else { return };
    extension(&program, "context", CONTEXT);
    let said = program.lines(&["start web-01 headless", "keys", "keys", "powerdown web-01"]);
    assert_eq!(said.code, 0, "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines[..5], ["slow", "1 6 36", "1", "0", "1"], "{said:?}");
    assert!(lines.contains(&"2"), "{said:?}");
}

#[test]
fn the_context_follows_the_connection_and_copies_have_their_own() {
    let Some(program) = program() else { return };
    extension(&program, "context", CONTEXT);
    program.file("config.toml", "[hosts.here]\nurl = \"embedded\"\n[hosts.there]\nurl = \"embedded\"\n");
    let config = program.home().join("config.toml");
    let output = program
        .command()
        .env("VBOXSH_CONFIG", config)
        .args(["-c", "machines", "-c", "on all machines", "-c", "disconnect", "-c", "reconnect", "-c", "machines"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "1\n1\n1\n1\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn files_that_others_can_write_are_not_loaded() {
    use std::os::unix::fs::PermissionsExt;
    let Some(program) = program() else { return };
    extension(&program, "hello.py", HELLO);
    let file = program.home().join("config/shexts/hello.py");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let outcome = program.run(&["-c", "hello web-01"]);
    assert!(
        outcome.code == 6 && outcome.err.contains("others can write") && outcome.err.contains("chmod go-w"),
        "{outcome:?}"
    );
}

#[test]
fn they_are_loaded_anew_on_demand() {
    let Some(program) = program() else { return };
    extension(&program, "one.py", "commands = {'one': ['first', lambda ctx, args: print('first')]}\n");
    let file = program.home().join("config/shexts/one.py");
    let rewrite =
        format!("!echo \"commands = {{'two': ['second', lambda ctx, args: print('second')]}}\" > {}", file.display());
    let said = program.with_input(&[], &format!("one\n{rewrite}\nreloadExts\ntwo\none\n"));
    assert_eq!((said.code, said.out.as_str()), (6, "first\nsecond\n"), "{said:?}");
}
