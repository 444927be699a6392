//! Where Python comes from: a library, an interpreter, a virtual environment, or nowhere.

use super::program;
use std::process::Command;

#[test]
fn without_any_python_the_rest_works_and_python_says_what_to_install() {
    let program = crate::support::program::Program::new();
    let none = |arguments: &[&str]| {
        let output =
            program.command().args(arguments).env("VBOXSH_LIBPYTHON", "").env("PATH", "/nowhere").output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(none(&["-e", "1 + 1"]).0, 0);
    for arguments in [&["-c", ":py"][..], &["--lang", "python", "-e", "1"], &[&program.file("a.py", "1")]] {
        let (code, err) = none(arguments);
        assert_eq!(code, 3, "{err}");
        assert!(err.contains("no Python 3 on this computer") && err.contains("install"), "{err}");
    }
}

#[test]
fn without_a_library_scripts_run_inside_the_interpreter() {
    let Some(program) = program() else { return };
    let path = program
        .file("inside.py", "import sys\nprint(len(vbox.machines), sys.argv[1:], MachineState.Running)\nsys.exit(5)\n");
    let output = program.command().args([&*path, "a"]).env("VBOXSH_LIBPYTHON", "").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    if output.status.code() == Some(3) {
        eprintln!("SKIPPED: there is no python3");
        return;
    }
    assert_eq!(
        (output.status.code(), &*said),
        (Some(5), "1 ['a'] Running\n"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_ordinary_python_imports_the_library() {
    let Some(program) = program() else { return };
    let Some(mut python) = super::ordinary(&program) else { return };
    let output = python
        .args(["-c", "import vboxsh, vboxapi, virtualbox\nprint(vboxsh.vbox.machines[0].name, vboxsh.MachineState.Running, virtualbox.VirtualBox().machines[0])"])
        .output();
    let Ok(output) = output else { return eprintln!("SKIPPED: there is no python3") };
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "web-01 Running web-01\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn an_active_virtual_environment_is_honoured() {
    let Some(program) = program() else { return };
    let environment = program.home().join("env");
    let made = Command::new("/usr/bin/python3").args(["-m", "venv", "--without-pip"]).arg(&environment).output();
    if !made.is_ok_and(|made| made.status.success()) {
        return eprintln!("SKIPPED: python3 makes no virtual environments here");
    }
    let packages =
        std::fs::read_dir(environment.join("lib")).unwrap().flatten().next().unwrap().path().join("site-packages");
    std::fs::write(packages.join("inside_it.py"), "value = 'found'\n").unwrap();
    let path = program.file("env.py", "import sys, inside_it\nprint(inside_it.value, sys.prefix)\n");
    let output = program.command().arg(path).env("VIRTUAL_ENV", &environment).output().unwrap();
    let expected = format!("found {}\n", environment.display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
}
