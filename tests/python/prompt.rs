//! Python at the prompt: variables, the other language, lines that go on, `?`.

use super::{evaluate, program};

#[test]
fn variables_stay_and_the_last_value_is_remembered() {
    let Some(program) = program() else { return };
    let said = evaluate(
        &program,
        &["x = 20", "x + 1", "_ * 2", "def f():\n    return x\n", "f()", "a = 1; a + 1", "object", "_.__name__"],
    )
    .ok();
    assert_eq!(said, "21\n42\n20\n2\n<class 'object'>\nobject\n");
}

#[test]
fn variables_carry_over_between_the_languages() {
    let Some(program) = program() else { return };
    let lines = "let m = vbox.findMachine(\"web-01\"); let n = 41\n:py\nm.name\nx = [n + 1, m.state]\ndef f():\n  return n\n\n\
                 f()\n:rhai\nx\npython x[0] + 1\nm.name\n";
    let said = program.with_input(&[], lines).ok();
    assert_eq!(said, "web-01\n41\n[42, PoweredOff]\n43\nweb-01\n");
}

#[test]
fn explanations_and_commands_work_in_python_too() {
    let Some(program) = program() else { return };
    let said = program.with_input(&["--lang", "python"], "m = vbox.findMachine('web-01')\nm.name?\nm.lockMachine?\nlist\nlist(range(3))\nhelp(m.lockMachine)\nhelp(MachineState.Running)\n").ok();
    assert!(
        said.contains("web-01") && said.contains("lockMachine(session: ISession") && said.contains("[0, 1, 2]"),
        "{said}"
    );
    assert!(said.matches("lockMachine(").count() >= 2 && said.contains("MachineState.Running"), "{said}");
}
