//! The embedded host gives the answers that VirtualBox gave.

mod differences;
mod harness;
mod rules;

use crate::support::program::Program;
use differences::compare;
use harness::{Script, each, normalise, scripts};
use std::time::Duration;

/// How long a script listens for one more event.
const PATIENCE: &str = "30";

#[test]
fn every_script_gives_the_recorded_answers() {
    check(&scripts().into_iter().filter(|script| !needs_python(script) || has_python()).collect::<Vec<_>>());
}

fn needs_python(script: &Script) -> bool {
    script.path.extension().is_some_and(|ending| ending == "py")
}

fn has_python() -> bool {
    #[cfg(all(unix, feature = "python"))]
    return crate::python::program().is_some();
    #[cfg(not(all(unix, feature = "python")))]
    false
}

/// The scripts that are there in Python, too, say the same.
#[cfg(all(unix, feature = "python"))]
#[test]
fn every_script_in_python_gives_the_recorded_answers() {
    if !has_python() {
        return;
    }
    let scripts: Vec<_> = scripts().iter().filter_map(in_python).collect();
    assert!(scripts.len() >= 12 || std::env::var_os("VBOXSH_CONFORMANCE").is_some(), "{scripts:?}");
    if !scripts.is_empty() {
        check(&scripts);
    }
}

/// The same script in Python, where there is one.
#[cfg(all(unix, feature = "python"))]
fn in_python(script: &Script) -> Option<Script> {
    let path = script.path.with_extension("py");
    (path != script.path && path.is_file()).then(|| Script { name: script.name.clone(), path })
}

fn check(scripts: &[Script]) {
    let wrong = each(scripts, 4, |script| {
        let (ours, err) = answers(script)?;
        if std::env::var("VBOXSH_CONFORMANCE_SHOW").is_ok() {
            println!("{}:\n{ours}", script.name);
        }
        compare(script, &script.recorded()?, &ours).map_err(|differ| format!("{differ}{err}"))
    });
    assert!(
        wrong.is_empty(),
        "{} of {} scripts give other answers than VirtualBox (- VirtualBox, + embedded):\n{}",
        wrong.len(),
        scripts.len(),
        wrong.join("\n")
    );
}

/// What the embedded host answers, and what went to standard error.
fn answers(script: &Script) -> Result<(String, String), String> {
    let program = Program::new();
    let user = program.home().to_str().unwrap();
    let scratch = program.home().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    // A script may write the registry before it asks anything.
    let home = program.home().join(".config/VirtualBox");
    std::fs::create_dir_all(&home).unwrap();
    let mut command = program.command();
    command
        .args(["-u", "embedded", "--no-ext", "--home"])
        .arg(&home)
        .arg(&script.path)
        .env("VBOXSH_CONFORMANCE_PATIENCE", PATIENCE)
        .env("VBOXSH_CONFORMANCE_SCRATCH", &scratch)
        // What the scripts in Python import.
        .env("PYTHONPATH", harness::folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("VBOXSH_CONFORMANCE_FIXTURES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    let output = harness::finish(command, Duration::from_secs(120))?;
    Ok((normalise(&output.out, user), output.err))
}
