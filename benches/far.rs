//! `list` on 200 machines of a web service that is 20 ms away, and Tab after it.
//!
//! `VBOXSH_REAL_URL=http://127.0.0.1:18083 cargo bench --bench far`: the server must take a log-on without a user, and
//! must be nobody's: machines named `far-000` and so on are made until there are 200. A proxy in this process holds every
//! request back for 20 ms.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output, and stops when anything fails"
)]

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MACHINES: usize = 200;
const DELAY: Duration = Duration::from_millis(20);

/// Passes on what comes; each piece waits for `delay`. A request of ours is one piece.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut piece) {
        if count == 0 {
            break;
        }
        std::thread::sleep(delay);
        if to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The address of a proxy for `server`.
fn proxy(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            for stream in [&client, &server] {
                stream.set_nodelay(true).unwrap();
            }
            let (answers, asked) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || pass(client, server, DELAY));
            std::thread::spawn(move || pass(answers, asked, Duration::ZERO));
        }
    });
    format!("http://{address}")
}

fn program(url: &str, home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vboxsh"));
    command
        .env("HOME", home)
        .env("VBOXSH_CACHE_DIR", home)
        .env_remove("VBOXSH_CONNECT")
        .args(["-q", "--no-ext", "-u", url]);
    command
}

/// The times of seven runs, sorted.
fn times(mut work: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn show(what: &str, times: &[Duration]) {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{what}: median {:.0} ms, best {:.0}, worst {:.0}",
        milliseconds(times[times.len() / 2]),
        milliseconds(times[0]),
        milliseconds(times[times.len() - 1])
    );
}

fn main() {
    let Ok(url) = std::env::var("VBOXSH_REAL_URL") else {
        println!("far: skipped, VBOXSH_REAL_URL names no server");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let make = format!(
        "for at in vbox.machines.len()..{MACHINES} {{ let name = `far-${{at}}`; \
         let m = vbox.createMachine(\"\", name, PlatformArchitecture.x86, [], \"Other\", \"\"); vbox.registerMachine(m); }} \
         vbox.machines.len()"
    );
    let made = program(&url, home.path()).args(["-e", &make]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let count = String::from_utf8_lossy(&made.stdout).trim().to_owned();

    let far = proxy(url.trim_start_matches("http://").trim_end_matches('/').to_owned());
    let list = |url: &str| {
        let output = program(url, home.path()).args(["-c", "list"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.iter().filter(|byte| **byte == b'\n').count() >= MACHINES);
    };
    show(&format!("`vboxsh -c list`, {count} machines, near"), &times(|| list(&url)));
    show(&format!("`vboxsh -c list`, {count} machines, 20 ms away"), &times(|| list(&far)));
    show(
        "`vboxsh -c 'get vbox.APIVersion'`, 20 ms away",
        &times(|| {
            let output = program(&far, home.path()).args(["-c", "get vbox.APIVersion"]).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }),
    );
    tab(&far, home.path());
}

/// Tab behind `info ` in a program on a terminal of its own, after `list` and without it.
fn tab(url: &str, home: &std::path::Path) {
    let python = r#"
import os, pty, select, sys, time
program, url, before = sys.argv[1:4]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", COLUMNS="100", LINES="40", NO_COLOR="1")
    os.execv(program, [program, "-q", "--no-ext", "-u", url])
def until(word, seconds=20):
    seen, end = b"", time.monotonic() + seconds
    while word not in seen and time.monotonic() < end:
        if select.select([terminal], [], [], 0.05)[0]:
            seen += os.read(terminal, 65536)
    assert word in seen, (word, seen[-300:])
    return seen
until(b"> ")
os.write(terminal, b"get vbox.APIVersion\r"); until(b"7_2")
time.sleep(0.5)
if before == "list":
    os.write(terminal, b"list\r"); until(b"far-199"); until(b"> ")
    time.sleep(float(sys.argv[4]))
start = time.monotonic()
os.write(terminal, b"info far-19\t")
os.write(terminal, b"\t")
until(b"far-195")
print(f"{(time.monotonic() - start) * 1e3:.0f}")
os.write(terminal, b"\x03quit\r")
"#;
    for (what, before, pause) in
        [("Tab without `list`", "", "0"), ("Tab after `list`", "list", "0"), ("Tab 7 s after `list`", "list", "7")]
    {
        let output = Command::new("python3")
            .args(["-c", python, env!("CARGO_BIN_EXE_vboxsh"), url, before, pause])
            .env("HOME", home)
            .env("VBOXSH_CACHE_DIR", home)
            .stdin(Stdio::null())
            .output();
        match output {
            Ok(output) if output.status.success() => {
                println!("{what}: {} ms", String::from_utf8_lossy(&output.stdout).trim());
            }
            Ok(output) => {
                println!("{what}: {}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("failed"))
            }
            Err(error) => println!("{what}: skipped, no python3: {error}"),
        }
    }
}
