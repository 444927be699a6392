//! The door of the real program: what happens when nobody reads, or nothing can be written.

use crate::support::program::Program;
use std::process::Stdio;

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let program = Program::new();
    let mut child =
        program.command().args(["-c", "help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn lost_output_is_a_failure() {
    let program = Program::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = program.command().args(["-c", "help"]).stdout(full).output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.starts_with("error: cannot write to standard output: "), "{told}");
}
