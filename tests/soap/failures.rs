//! The web-service backend when the way to the server breaks: no call runs twice, nothing hangs, every
//! failure has its own words.

use super::server::{Plan, Proxy, Server, Trick};
use super::sessions::{find, invoke, options};
use super::values::Dice;
use super::wire::{call, get};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use vboxsh::backend::webservice::{ConnectOptions, Limits, WebService};
use vboxsh::model::{Error, Handle, Interrupt, RawValue};

fn quick() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        reply: Duration::from_millis(400),
        wait: Duration::from_millis(300),
        idle: Duration::from_secs(50),
    }
}

#[test]
fn wherever_the_way_is_cut_reads_succeed_and_calls_run_once_at_most() {
    let server = Server::start(Plan::default());
    let proxy = Proxy::start(server.port);
    let service = WebService::connect(ConnectOptions::new(format!("http://127.0.0.1:{}", proxy.port))).unwrap();
    let mut dice = Dice::new(20_261_122);
    let (mut reads_cut, mut lost, mut ran) = (0, 0, 0);
    for round in 0..300 {
        let (from_client, bytes) = (dice.below(2) == 0, dice.below(900));
        proxy.cut_after(from_client, bytes);
        let version = invoke(&service, &Handle::Root, get("IVirtualBox", "version"), &[]);
        reads_cut += usize::from(!proxy.disarm());
        assert_eq!(
            version.unwrap(),
            [RawValue::from("7.2.22_Debian")],
            "cut after {bytes}, from client: {from_client}"
        );

        proxy.cut_after(from_client, bytes);
        let key = format!("key-{round}-");
        let result = invoke(
            &service,
            &Handle::Root,
            call("IVirtualBox", "setExtraData"),
            &[RawValue::from(key.as_str()), RawValue::from("x")],
        );
        let cut = !proxy.disarm();
        let arrived = server.count(&key);
        match result {
            Ok(_) => assert_eq!(arrived, 1, "{key}"),
            Err(error) => {
                assert!(cut, "{error}");
                assert!(arrived <= 1, "{key} arrived {arrived} times");
                let told = error.to_string();
                assert!(
                    matches!(error, Error::Connection(_))
                        && (told.contains("not known") || told.contains("did not run")),
                    "{told}"
                );
                if arrived == 1 { ran += 1 } else { lost += 1 }
            }
        }
    }
    assert!(reads_cut > 50 && lost > 20 && ran > 20, "{reads_cut} reads cut, {lost} calls lost, {ran} ran unanswered");
}

#[test]
fn a_server_that_never_answers_does_not_hold_us() {
    let plan = Plan {
        tricks: Box::new(|line| (line.contains("findMachine") || line.contains("HomeFolder")).then_some(Trick::Hang)),
        ..Plan::default()
    };
    let server = Server::start(plan);
    let mut options = options(&server);
    options.limits = quick();
    let service = WebService::connect(options).unwrap();
    let start = Instant::now();
    let error = find(&service, "a").unwrap_err();
    assert!(error.to_string().contains("nothing came for 0.4 s"), "{error}");
    assert!(error.to_string().contains("not known"), "{error}");
    let error = invoke(&service, &Handle::Root, get("IVirtualBox", "homeFolder"), &[]).unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!((server.count("findMachine"), server.count("HomeFolder")), (1, 1));
}

#[test]
fn a_slow_server_is_waited_for_and_one_that_drips_is_not() {
    let plan = Plan {
        tricks: Box::new(|line| match line {
            line if line.contains("\"late\"") => Some(Trick::Late(Duration::from_millis(250))),
            line if line.contains("\"drops\"") => Some(Trick::Drop(Duration::from_millis(20))),
            _ => None,
        }),
        ..Plan::default()
    };
    let server = Server::start(plan);
    let mut options = options(&server);
    options.limits = quick();
    let service = WebService::connect(options).unwrap();
    assert!(find(&service, "late").is_ok());
    let start = Instant::now();
    assert!(matches!(find(&service, "drops"), Err(Error::Connection(_))));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn garbage_and_oversized_answers_are_refused() {
    let answers: &[(&str, &[u8])] = &[
        ("ssh", b"SSH-2.0-OpenSSH_9\r\n"),
        ("empty", b""),
        ("html", b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
        ("text", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        ("short", b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\nabc"),
        ("large", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc"),
        ("negative", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc"),
        ("twice", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc"),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
        ("chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"),
        ("status", b"HTTP/1.1 503 Busy\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n"),
        ("old", b"HTTP/1.0 200 OK\r\n\r\nnothing"),
    ];
    let server = Server::start(Plan {
        tricks: Box::new(|line| {
            let (_, bytes) = answers.iter().find(|(name, _)| line.contains(&format!("\"{name}\"")))?;
            Some(Trick::Bytes(bytes.to_vec()))
        }),
        ..Plan::default()
    });
    let service = WebService::connect(options(&server)).unwrap();
    for (name, _) in answers {
        let error = find(&service, name).unwrap_err();
        assert!(matches!(error, Error::Connection(_)), "{name}: {error:?}");
        assert!(error.to_string().contains("not known"), "{name}: {error}");
        assert!(error.hint().is_some(), "{name}");
        assert!(server.count(&format!("\"{name}\"")) <= 1, "{name}");
    }
    // The service goes on.
    assert!(find(&service, "web-01").is_ok());
}

#[test]
fn a_head_without_end_is_refused() {
    let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(20_000)].concat();
    let server = Server::start(Plan {
        tricks: Box::new(move |line| line.contains("\"x\"").then(|| Trick::Bytes(endless.clone()))),
        ..Plan::default()
    });
    let service = WebService::connect(options(&server)).unwrap();
    assert!(matches!(find(&service, "x"), Err(Error::Connection(_))));
}

/// A server that answers every connection with the same bytes.
fn stranger(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

fn refused(url: String) -> (String, String) {
    let mut options = ConnectOptions::new(url);
    options.limits = quick();
    let error = WebService::connect(options).err().unwrap();
    (error.to_string(), error.hint().unwrap_or_default())
}

#[test]
fn every_way_not_to_connect_has_its_own_cure() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (message, hint) = refused(format!("http://127.0.0.1:{free}"));
    assert!(message.contains("refuses connections") && hint.contains("vboxwebsrv"), "{message} {hint}");

    let (message, hint) = refused("http://no-such-host.invalid".into());
    assert!(message.contains("no-such-host.invalid") && hint.contains("spelling"), "{message} {hint}");

    let port =
        stranger(b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot found");
    let (message, hint) = refused(format!("http://127.0.0.1:{port}"));
    assert!(
        message.contains("no VirtualBox web service") && message.contains("nginx") && hint.contains("18083"),
        "{message} {hint}"
    );

    let port = stranger(b"220 mail ready\r\n");
    let (message, _) = refused(format!("http://127.0.0.1:{port}"));
    assert!(message.contains("no VirtualBox web service"), "{message}");

    // It never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let (message, _) = refused(format!("http://{}", silent.local_addr().unwrap()));
    assert!(message.contains("nothing came"), "{message}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_dead_idle_connection_is_found_before_a_call_is_sent() {
    let server = Server::start(Plan::default());
    let proxy = Proxy::start(server.port);
    let service = WebService::connect(ConnectOptions::new(format!("http://127.0.0.1:{}", proxy.port))).unwrap();
    for round in 0..20 {
        invoke(&service, &Handle::Root, get("IVirtualBox", "version"), &[]).unwrap();
        // The client has the reply whole, and its connection is dead.
        proxy.cut_all();
        std::thread::sleep(Duration::from_millis(20));
        let key = format!("idle-{round}-");
        invoke(
            &service,
            &Handle::Root,
            call("IVirtualBox", "setExtraData"),
            &[RawValue::from(key.as_str()), RawValue::from("x")],
        )
        .unwrap();
        assert_eq!(server.count(&key), 1);
    }
}

#[test]
fn ctrl_c_ends_a_wait() {
    // The flag belongs to the whole process, and other tests wait in this one.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["ctrl_c_ends_a_wait_inside", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success() && text.contains("1 passed"), "{text} {}", String::from_utf8_lossy(&child.stderr));
}

#[test]
#[ignore = "run by ctrl_c_ends_a_wait, in a process of its own"]
fn ctrl_c_ends_a_wait_inside() {
    let server = Server::start(Plan {
        tricks: Box::new(|line| line.contains("findMachine").then_some(Trick::Hang)),
        ..Plan::default()
    });
    let service = WebService::connect(options(&server)).unwrap();
    let raised = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(300));
        Interrupt::global().raise();
        Instant::now()
    });
    assert!(matches!(find(&service, "x"), Err(Error::Interrupted)));
    let late = raised.join().unwrap().elapsed();
    assert!(late < Duration::from_millis(200), "{late:?}");
    // With the flag still up, what cleans up is carried, and log-off too.
    invoke(
        &service,
        &Handle::Root,
        call("IVirtualBox", "setExtraData"),
        &[RawValue::from("clean"), RawValue::from("")],
    )
    .unwrap();
    drop(service);
    assert_eq!((server.count("\"clean\""), server.count("logoff")), (1, 1));
}
