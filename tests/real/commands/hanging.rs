//! Ctrl-C while VirtualBox does not answer: the user gets an answer, and the prompt or the end.

use super::Host;
use crate::rig;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The budget is a second; the computer may be busy.
const SOON: Duration = Duration::from_secs(20);

/// The processes of that name that belong to an instance.
fn processes(id: &str, name: &str) -> Vec<u32> {
    let belongs = |pid: &u32| {
        let read = |what: &str| std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        let socket = format!("VBOX_IPC_SOCKETID=vboxsh-{id}");
        read("comm").starts_with(name.as_bytes())
            && read("environ").split(|byte| *byte == 0).any(|one| one == socket.as_bytes())
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(belongs).collect()
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap().success());
}

/// Processes that stand still until this is dropped.
struct Stopped(Vec<u32>);

impl Stopped {
    fn new(id: &str, name: &str) -> Self {
        let found = processes(id, name);
        assert!(!found.is_empty(), "there is no {name}");
        found.iter().for_each(|pid| signal(*pid, "STOP"));
        Self(found)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.iter().for_each(|pid| signal(*pid, "CONT"));
    }
}

/// The program, which says `ready` before it runs `last`, which asks for the machines.
fn start(host: &Host, language: &str, last: &str) -> Child {
    let lines = ["--no-ext", "--lang", language, "-c", "get vbox.version", "-c", "!echo ready; sleep 1", "-c", last];
    let mut command = match &host.url {
        Some(url) => {
            let mut command = host.shell.command();
            command.args(["-u", url]);
            command
        }
        None => {
            let mut command = Command::new(rig::program());
            command.args(["run", &host.id, env!("CARGO_BIN_EXE_vboxsh"), "-u", "xpcom"]);
            command
        }
    };
    command.args(lines).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ready(child: &mut Child) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "ready\n" {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it ended");
    }
    child.stdout = Some(out.into_inner());
}

fn ends(mut child: Child) -> (i32, String) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > SOON {
            child.kill().unwrap();
            panic!("Ctrl-C ends nothing");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.code().unwrap_or(-1), said)
}

#[test]
fn ctrl_c_ends_a_call_that_does_not_return() {
    let Some(host) = Host::new("cmd-hang") else { return };
    host.ok("create-vm web-01 Debian_64");
    let mut child = start(&host, "rhai", "list");
    ready(&mut child);
    let stopped = Stopped::new(&host.id, "vboxwebsrv");
    std::thread::sleep(Duration::from_secs(2));
    signal(child.id(), "INT");
    let (code, said) = ends(child);
    assert!(code == 130 && said.contains("interrupted"), "{code}: {said}");
    drop(stopped);
    assert!(host.ok("list").contains("web-01"));

    if !cfg!(all(feature = "xpcom", unix)) {
        return;
    }
    let xpcom = host.over_xpcom();
    let python = cfg!(feature = "python").then_some(("python", "vbox.machines"));
    for (language, last) in [("rhai", "list")].into_iter().chain(python) {
        let mut child = start(&xpcom, language, last);
        ready(&mut child);
        let stopped = Stopped::new(&host.id, "VBoxSVC");
        std::thread::sleep(Duration::from_secs(2));
        // Such a call cannot be given up: that is said, and the next one ends the program.
        signal(child.id(), "INT");
        std::thread::sleep(Duration::from_secs(2));
        assert!(child.try_wait().unwrap().is_none(), "{language}: once is not enough to leave a call behind");
        signal(child.id(), "INT");
        let (code, said) = ends(child);
        let is_told = said.contains("Ctrl-C once more") && said.contains("vboxsh ends");
        assert!(code == 130 && is_told, "{language}: {code}: {said}");
        drop(stopped);
        assert!(xpcom.ok("list").contains("web-01"), "VirtualBox is none the worse for it");
    }
}
