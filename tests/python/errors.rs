//! Exceptions, caught and not.

use super::{evaluate, program, script};

#[test]
fn an_api_error_has_its_parts() {
    let Some(program) = program() else { return };
    let said = script(
        &program,
        r#"
import vboxsh
try:
    vbox.findMachine("nobody")
except vboxsh.Error as error:
    print(type(error).__name__, hex(error.code), error.name, error.interface, error.operation, error.kind, error.next)
    print(hex(error.errno), error.hresult, error.msg == error.message != "", "`list`" in error.hint)
    print(str(error).startswith("IVirtualBox.findMachine: "))
try:
    vbox.nope
except AttributeError as error:
    print(type(error).__name__, error)
try:
    vbox.version = "1"
except vboxsh.UsageError as error:
    print(error)
"#,
    );
    assert_eq!(
        said,
        "ApiError 0x80bb0001 VBOX_E_OBJECT_NOT_FOUND IVirtualBox IVirtualBox.findMachine not_found None\n\
         0x80bb0001 -2135228415 True True\nTrue\n\
         NoSuchMember IVirtualBox has no attribute `nope`\n\
         IVirtualBox.version cannot be written: it is read-only\n"
    );
}

#[test]
fn an_uncaught_error_says_file_line_and_parts_and_keeps_its_code() {
    let Some(program) = program() else { return };
    let path = program.file("broken.py", "def f(name):\n    return vbox.findMachine(name)\n\nf('nobody')\n");
    let err = program.run(&[&path]).failed(4);
    for part in [
        "nobody",
        "VBOX_E_OBJECT_NOT_FOUND",
        "broken.py:2",
        "return vbox.findMachine(name)",
        "in function `f`",
        "line 4",
    ] {
        assert!(err.contains(part), "{part}: {err}");
    }
    let err = program.run(&[&program.file("value.py", "\nint('x')\n")]).failed(6);
    assert!(err.contains("ValueError: invalid literal") && err.contains("value.py:2"), "{err}");
    let err = program.run(&[&program.file("syntax.py", "x = 1\nif x\n    y\n")]).failed(6);
    assert!(err.contains("SyntaxError") && err.contains("syntax.py:2"), "{err}");
    let err = evaluate(&program, &["machinestate"]).failed(6);
    assert!(err.contains("did you mean `MachineState`"), "{err}");
    let err = evaluate(&program, &["MachineState_Runing"]).failed(6);
    assert!(err.contains("did you mean `Running`"), "{err}");
    let err = program.run(&["-v", &program.file("deep.py", "import json\njson.loads('{')\n")]).failed(6);
    assert!(err.contains("Traceback") && err.contains("deep.py:2"), "{err}");
}
