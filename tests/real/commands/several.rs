//! `on` with several servers, of which one is down and one is slow.

use super::Host;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Passes on what comes; each piece waits for `delay`.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(count) = from.read(&mut piece) {
        std::thread::sleep(delay);
        if count == 0 || to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The address of a proxy for `server` that holds each request back.
fn slow(server: String, delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            let (answers, asked) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || pass(client, server, delay));
            std::thread::spawn(move || pass(answers, asked, Duration::ZERO));
        }
    });
    format!("http://{address}")
}

#[test]
fn of_five_servers_four_answer_and_one_is_said_to_be_down() {
    let Some(host) = Host::new("cmd-five") else { return };
    let url = host.url.clone().unwrap();
    let server = url.trim_start_matches("http://").to_owned();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let urls = [
        ("one", "embedded".to_owned()),
        ("two", "embedded".to_owned()),
        ("three", url),
        ("slow", slow(server, Duration::from_millis(700))),
        ("down", format!("http://{down}")),
    ];
    let config: String = urls
        .iter()
        .map(|(name, url)| {
            format!("[hosts.{name}]\nurl = \"{url}\"\nhome = \"{}\"\n", host.shell.home().join(name).display())
        })
        .collect();
    let place = host.shell.home().join("config.toml");
    std::fs::write(&place, config).unwrap();
    let on = |timeout: &str| {
        let start = Instant::now();
        let line = format!("on all --timeout {timeout} get vbox.APIVersion");
        let mut command = host.shell.command();
        let output = command.env("VBOXSH_CONFIG", &place).args(["-u", "embedded", "-c", &line]).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr), start.elapsed())
    };

    let (code, out, err, took) = on("30");
    assert_eq!(out.lines().filter(|line| *line == "7_2").count(), 4, "{out}{err}");
    for part in ["-- one", "-- two", "-- three", "-- slow", "-- down", "1 of 5 hosts failed"] {
        assert!(err.contains(part), "{part} is missing in {err}");
    }
    assert_eq!((code, err.matches("error: ").count() > 0), (Some(1), true), "{err}");
    assert!(err.contains(&down.to_string()), "{err}");
    assert!(took < Duration::from_secs(30), "{took:?}");

    // What is too slow is not waited for.
    let (code, out, err, took) = on("1");
    assert!(err.contains("slow: no answer within 1 s") && code == Some(1), "{out}{err}");
    assert!(took < Duration::from_secs(8), "{took:?}");
}
