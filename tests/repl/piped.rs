//! Lines from a pipe.

use crate::support::program::Program;
use std::io::Write;
use std::process::Stdio;

fn pipe(lines: &str) -> (Option<i32>, String, String) {
    let program = Program::new();
    let mut command = program.command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn lines_run_without_prompt_and_banner() {
    assert_eq!(pipe("40 + 2\nlet a = [1,\n2]\na.len()\n"), (Some(0), "42\n2\n".to_owned(), String::new()));
}

#[test]
fn the_last_line_needs_no_line_end() {
    assert_eq!(pipe("40 + 2").1, "42\n");
    assert_eq!(pipe(""), (Some(0), String::new(), String::new()));
}

#[test]
fn a_failure_ends_nothing_and_decides_the_exit_code() {
    let (code, out, error) = pipe("get no-such-machine.name\n40 + 2\n");
    assert_eq!((code, out.as_str()), (Some(4), "42\n"), "{error}");
    assert!(error.contains("no-such-machine"), "{error}");
}

#[test]
fn quit_ends_it_with_its_code() {
    let (code, out, _) = pipe("quit 7\n40 + 2\n");
    assert_eq!((code, out.as_str()), (Some(7), ""));
}
