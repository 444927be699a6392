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
