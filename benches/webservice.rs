//! One attribute read over the web service, beside the same request over a bare keep-alive socket;
//! reading a server's WSDL, with and without its cache; the whole program listing machines.
//!
//! `VBOXSH_REAL_URL=http://127.0.0.1:18083 cargo bench --bench webservice`: the server must take a
//! log-on without a user. Both take turns, so that a busy machine slows both.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reports on standard output, and stops when anything fails"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use vboxsh::backend::webservice::{ConnectOptions, SchemaChoice, WebService};
use vboxsh::model::{Handle, Operation, Request, Transport};
use vboxsh::schema::{Schema, embedded, table_from_wsdl};

const ROUNDS: usize = 40;
/// Reads in a turn; with one more the server would close the connection.
const READS: usize = 95;

fn envelope(operation: &str, children: &str) -> Vec<u8> {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:v=\"http://www.virtualbox.org/\">\
         <s:Body><v:{operation}>{children}</v:{operation}></s:Body></s:Envelope>"
    );
    format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Sends a request and reads the whole reply, understanding no more than its length.
fn exchange(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(message).unwrap();
    let mut reply = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the server closed the connection");
        reply.extend_from_slice(&piece[..count]);
        let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&reply[..end]).unwrap();
        let length: usize = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        if reply.len() >= end + 4 + length {
            return reply;
        }
    }
}

fn connected(place: &str) -> TcpStream {
    let stream = TcpStream::connect(place).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

fn main() {
    let Ok(url) = std::env::var("VBOXSH_REAL_URL") else {
        println!("webservice: skipped, VBOXSH_REAL_URL names no server");
        return;
    };
    let place = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let logon = exchange(&mut connected(&place), &envelope("IWebsessionManager_logon", "<username/><password/>"));
    let logon = String::from_utf8(logon).unwrap();
    let root = logon.split("<returnval>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let message = envelope("IVirtualBox_getVersion", &format!("<_this>{root}</_this>"));

    let service =
        WebService::connect(ConnectOptions { schema: SchemaChoice::Automatic, ..ConnectOptions::new(&*url) }).unwrap();
    let version = embedded().interface("IVirtualBox").unwrap().attribute("version").unwrap();
    let request = Request { target: &Handle::Root, operation: Operation::Get(version), arguments: &[], waits: None };

    let (mut raw, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // A new connection for each turn of either, outside of the clock.
        let mut stream = connected(&place);
        exchange(&mut stream, &message);
        for _ in 0..READS {
            let start = Instant::now();
            exchange(&mut stream, &message);
            raw.push(start.elapsed());
        }
        service.reconnect().unwrap();
        for _ in 0..READS {
            let start = Instant::now();
            service.invoke(request).unwrap();
            ours.push(start.elapsed());
        }
    }
    let (raw, ours) = (median(&mut raw), median(&mut ours));
    println!(
        "one read, median of {}: bare socket {raw:.1} us, web service {ours:.1} us, ratio {:.3}",
        ROUNDS * READS,
        ours / raw
    );

    // With all that a long run meets: new connections every hundred requests.
    let total = 2000;
    let start = Instant::now();
    let mut stream = connected(&place);
    for at in 0..total {
        if at % 100 == 99 {
            stream = connected(&place);
        }
        exchange(&mut stream, &message);
    }
    let raw = start.elapsed().as_secs_f64() / f64::from(total) * 1e6;
    let start = Instant::now();
    for _ in 0..total {
        service.invoke(request).unwrap();
    }
    let ours = start.elapsed().as_secs_f64() / f64::from(total) * 1e6;
    println!(
        "one read, mean of {total} in a row: bare socket {raw:.1} us, web service {ours:.1} us, ratio {:.3}",
        ours / raw
    );
    read_wsdl(&place, &service);
    list_machines(&url);
    let logoff = envelope("IWebsessionManager_logoff", &format!("<refIVirtualBox>{root}</refIVirtualBox>"));
    exchange(&mut connected(&place), &logoff);
}

/// The fastest of five.
fn best(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..5).map(|_| time()).min().unwrap().as_secs_f64() * 1e3
}

fn read_wsdl(place: &str, service: &WebService) {
    let mut stream = connected(place);
    stream.write_all(b"GET /?wsdl HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let body = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let wsdl = String::from_utf8(reply[body..].to_vec()).unwrap();
    let version = service.schema().version();
    let table = table_from_wsdl(&wsdl, version.full, version.api, version.revision).unwrap();
    let read = best(|| drop(table_from_wsdl(&wsdl, version.full, version.api, version.revision).unwrap()));
    let cached: &'static str = table.leak();
    let parse = best(|| drop(Schema::parse(cached).unwrap()));
    println!(
        "WSDL of {} bytes into a table of {}: {read:.1} ms; the table into a schema: {parse:.2} ms",
        wsdl.len(),
        cached.len()
    );
}

/// The whole program, with the embedded schema, and with the server's own out of the cache.
fn list_machines(url: &str) {
    let home = tempfile::tempdir().unwrap();
    let list = |schema: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vboxsh"));
        command.env("HOME", home.path()).env("VBOXSH_CACHE_DIR", home.path()).env("VBOXSH_SCHEMA", schema);
        let output = command.args(["-u", url, "-c", "list"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let embedded = best(|| list(""));
    list("wsdl");
    let cached = best(|| list("wsdl"));
    println!(
        "`vboxsh -c list`, whole process: {embedded:.1} ms; with the server's own schema from the cache: {cached:.1} ms"
    );
}
