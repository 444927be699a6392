//! A web service made of paper: answers a few calls in the shapes of the real one, or fails as told.
//! And a proxy that cuts connections where it is told.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vboxsh::model::{Handle, RawValue};
use vboxsh::schema::embedded;
use vboxsh::soap::{Fault, IncomingCall, decode_request, encode_fault, encode_reply, operation_name};

/// What a server does to a call instead of answering it properly.
pub(super) enum Trick {
    /// Writes these bytes, and closes.
    Bytes(Vec<u8>),
    /// Never answers.
    Hang,
    /// Answers after a while.
    Late(Duration),
    /// Answers one byte at a time.
    Drop(Duration),
}

pub(super) type Tricks = dyn Fn(&str) -> Option<Trick> + Send + Sync;

/// How a server is set up.
pub(super) struct Plan {
    pub(super) version: &'static str,
    /// Who may log on; `None`: everyone.
    pub(super) password: Option<&'static str>,
    /// Requests that a connection takes.
    pub(super) most: usize,
    /// Whether the replies come in pieces.
    pub(super) chunked: bool,
    pub(super) tricks: Box<Tricks>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { version: "7.2.22_Debian", password: None, most: 101, chunked: false, tricks: Box::new(|_| None) }
    }
}

/// The server; it ends with the test.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) port: u16,
    state: Arc<State>,
}

struct State {
    plan: Plan,
    /// Number of the web session; 0 when there is none.
    session: AtomicUsize,
    sessions: AtomicUsize,
    connections: AtomicUsize,
    /// Connections that had no reply yet, and the most that there were.
    unanswered: AtomicUsize,
    most_unanswered: AtomicUsize,
    /// Every call that arrived whole, with its arguments.
    calls: Mutex<Vec<String>>,
}

impl Server {
    pub(super) fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            plan,
            session: AtomicUsize::new(0),
            sessions: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            unanswered: AtomicUsize::new(0),
            most_unanswered: AtomicUsize::new(0),
            calls: Mutex::default(),
        });
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&served));
                state.connections.fetch_add(1, Ordering::SeqCst);
                let unanswered = state.unanswered.fetch_add(1, Ordering::SeqCst) + 1;
                state.most_unanswered.fetch_max(unanswered, Ordering::SeqCst);
                std::thread::spawn(move || serve(&state, stream));
            }
        });
        Self { port, state }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends the web session, as its time-out does.
    pub(super) fn expire(&self) {
        self.state.session.store(0, Ordering::SeqCst);
    }

    /// How many calls arrived whose line has `part` in it.
    pub(super) fn count(&self, part: &str) -> usize {
        self.state.calls.lock().unwrap().iter().filter(|line| line.contains(part)).count()
    }

    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The most connections at one time that had no reply yet.
    pub(super) fn most_unanswered(&self) -> usize {
        self.state.most_unanswered.load(Ordering::SeqCst)
    }
}

/// Reads one request; gives its body.
fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let (head, length) = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..at].to_vec()).ok()?;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))
                .map_or(Some(0), |word| word.parse().ok())?;
            break (head, at + 4 + length);
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    };
    while bytes.len() < length {
        match stream.read(&mut piece).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&piece[..count]),
        }
    }
    // What comes before the answer is lost, as with the real server.
    let start = head.len() + 4;
    Some((head, String::from_utf8(bytes[start..length].to_vec()).ok()?))
}

fn serve(state: &State, mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    for left in (0..state.plan.most).rev() {
        let Some((_, body)) = read_request(&mut stream) else { return };
        let session = state.session.load(Ordering::SeqCst);
        let call = match decode_request(embedded(), &root(session), &body) {
            Ok(call) => call,
            Err(error) => panic!("a request that no server understands: {error}\n{body}"),
        };
        let name = operation_name(call.operation);
        let line = format!("{name} {:?}", call.arguments);
        state.calls.lock().unwrap().push(line.clone());
        let mut pause = None;
        match (state.plan.tricks)(&line) {
            None => {}
            Some(Trick::Bytes(bytes)) => {
                let _ = stream.write_all(&bytes);
                return;
            }
            Some(Trick::Hang) => {
                let _ = stream.read(&mut [0]);
                return;
            }
            Some(Trick::Late(time)) => std::thread::sleep(time),
            Some(Trick::Drop(time)) => pause = Some(time),
        }
        if left + 1 == state.plan.most {
            state.unanswered.fetch_sub(1, Ordering::SeqCst);
        }
        let (status, body) = match answer(state, &call) {
            Ok(values) => {
                let mut text = String::new();
                let root = root(state.session.load(Ordering::SeqCst));
                encode_reply(&mut text, embedded(), &root, call.operation, &values).unwrap();
                ("200 OK", text)
            }
            Err(fault) => {
                let mut text = String::new();
                encode_fault(&mut text, &fault).unwrap();
                ("500 Internal Server Error", text)
            }
        };
        let closes = left == 0 || !status.starts_with("200");
        let keep = if closes {
            "Connection: close".to_owned()
        } else {
            format!("Keep-Alive: timeout=60, max={left}\r\nConnection: keep-alive")
        };
        let framed = if state.plan.chunked {
            let half = body.len() / 2;
            format!(
                "Transfer-Encoding: chunked\r\n{keep}\r\n\r\n{half:x}\r\n{}\r\n{:X};x=y\r\n{}\r\n0\r\nTrailer: z\r\n\r\n",
                &body[..half],
                body.len() - half,
                &body[half..]
            )
        } else {
            format!("Content-Length: {}\r\n{keep}\r\n\r\n{body}", body.len())
        };
        let reply =
            format!("HTTP/1.1 {status}\r\nServer: gSOAP/2.8\r\nContent-Type: text/xml; charset=utf-8\r\n{framed}");
        match pause {
            None if stream.write_all(reply.as_bytes()).is_err() => return,
            None => {}
            Some(pause) => {
                for byte in reply.as_bytes() {
                    std::thread::sleep(pause);
                    if stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                }
            }
        }
        if closes {
            return;
        }
    }
}

fn root(session: usize) -> String {
    format!("{session:016x}-0000000000000001")
}

fn object(state: &State, interface: &str, number: usize) -> RawValue {
    let session = state.session.load(Ordering::SeqCst);
    RawValue::Object((
        Handle::Text(format!("{session:016x}-{number:016x}").as_str().into()),
        embedded().interface(interface).unwrap(),
    ))
}

fn answer(state: &State, call: &IncomingCall) -> Result<Vec<RawValue>, Fault> {
    let name = operation_name(call.operation);
    let text = |at: usize| call.arguments[at].as_text().unwrap_or_default().to_owned();
    if name == "IWebsessionManager_logon" {
        if state.plan.password.is_some_and(|password| password != text(1)) {
            return Err(Fault::Bare);
        }
        state.session.store(state.sessions.fetch_add(1, Ordering::SeqCst) + 7, Ordering::SeqCst);
        return Ok(vec![RawValue::Object((Handle::Root, embedded().interface("IVirtualBox").unwrap()))]);
    }
    if name == "IWebsessionManager_logoff" {
        return Ok(Vec::new());
    }
    let session = state.session.load(Ordering::SeqCst);
    let prefix = format!("{session:016x}-");
    let dead = |handle: &Handle| {
        !matches!(handle, Handle::Root)
            && !matches!(handle, Handle::Text(text) if text.starts_with(&prefix) && !text.ends_with("dead"))
    };
    let bad = call
        .target
        .iter()
        .chain(call.arguments.iter().filter_map(|value| match value {
            RawValue::Object((handle, _)) => Some(handle),
            _ => None,
        }))
        .find(|handle| session == 0 || dead(handle))
        .map(|handle| handle.to_string());
    if name == "IManagedObjectRef_getInterfaceName" {
        return Ok(vec![RawValue::from(if bad.is_some() { "" } else { "IMachine" })]);
    }
    if let Some(id) = bad {
        return Err(Fault::InvalidObject {
            text: format!("VirtualBox error: Invalid managed object reference \"{id}\""),
            id,
        });
    }
    Ok(match name.as_str() {
        "IVirtualBox_getVersion" => vec![RawValue::from(state.plan.version)],
        "IVirtualBox_getAPIVersion" => vec![RawValue::from("7_2")],
        "IVirtualBox_getRevision" => vec![RawValue::Int(175_245)],
        "IVirtualBox_getAPIRevision" => vec![RawValue::Int(1)],
        "IVirtualBox_getHomeFolder" => vec![RawValue::from("/home/a&b")],
        "IVirtualBox_getHost" => vec![object(state, "IHost", 3)],
        "IWebsessionManager_getSessionObject" => vec![object(state, "ISession", 4)],
        "IVirtualBox_setExtraData" | "IManagedObjectRef_release" | "IMachine_setName" => Vec::new(),
        "IVirtualBox_findMachine" if text(0) == "nope" => {
            return Err(Fault::Runtime {
                code: 0x80bb_0001,
                info: Some(format!("{prefix}0000000000000009")),
                text: "VirtualBox error: apirc=0x80bb0001 No 'nope' (0x80bb0001)".into(),
            });
        }
        "IVirtualBox_findMachine" if text(0) == "died" => {
            return Err(Fault::Runtime {
                code: 0x8000_4004,
                info: None,
                text: "VirtualBox error: apirc=0x80004004".into(),
            });
        }
        "IVirtualBox_findMachine" => vec![object(state, "IMachine", 5)],
        "IMachine_getName" => vec![RawValue::from("web-01")],
        "IVirtualBoxErrorInfo_getText" => vec![RawValue::from("No machine 'nope'")],
        "IVirtualBoxErrorInfo_getResultCode" => vec![RawValue::Int(-2_135_228_415)],
        "IVirtualBoxErrorInfo_getComponent" => vec![RawValue::from("VirtualBoxWrap")],
        "IVirtualBoxErrorInfo_getInterfaceID" => vec![RawValue::from(embedded().interface("IVirtualBox").unwrap().id)],
        "IVirtualBoxErrorInfo_getNext" => vec![RawValue::Null],
        // An object that lacks the interface.
        "IMedium_getId" | "IHost_getDomainName" | "IMedium_getState" => {
            let id = call.target.as_ref().map(Handle::to_string).unwrap_or_default();
            return Err(Fault::InvalidObject { text: "VirtualBox error".into(), id });
        }
        other => {
            return Err(Fault::Request {
                text: format!("Method 'v:{other}' not implemented: method name or namespace not recognized"),
            });
        }
    })
}

/// Passes bytes on, until it is told to cut.
pub(super) struct Proxy {
    pub(super) port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

/// Where to cut: after so many bytes from the client (or the server) from now on, over all connections.
struct Cut {
    from_client: bool,
    left: usize,
}

impl Proxy {
    pub(super) fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut: Arc<Mutex<Option<Cut>>> = Arc::default();
        let shared = Arc::clone(&cut);
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let open = Arc::clone(&streams);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let there = TcpStream::connect(("127.0.0.1", server)).unwrap();
                open.lock().unwrap().extend([client.try_clone().unwrap(), there.try_clone().unwrap()]);
                for (from_client, from, to) in [(true, &client, &there), (false, &there, &client)] {
                    let (from, to, cut) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&shared));
                    std::thread::spawn(move || pass(from, to, from_client, &cut));
                }
            }
        });
        Self { port, cut, streams }
    }

    /// Cuts every connection there is, at once.
    pub(super) fn cut_all(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Cuts once, after `bytes` more bytes in that direction.
    pub(super) fn cut_after(&self, from_client: bool, bytes: usize) {
        *self.cut.lock().unwrap() = Some(Cut { from_client, left: bytes });
    }

    /// Whether the cut is still to come; it will not.
    pub(super) fn disarm(&self) -> bool {
        self.cut.lock().unwrap().take().is_some()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, from_client: bool, cut: &Mutex<Option<Cut>>) {
    let mut piece = [0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let mut passes = count;
        let mut cuts = false;
        let mut armed = cut.lock().unwrap();
        if let Some(cut) = armed.as_mut().filter(|cut| cut.from_client == from_client) {
            cuts = cut.left < count;
            passes = passes.min(cut.left);
            cut.left -= passes;
        }
        if cuts {
            *armed = None;
        }
        drop(armed);
        if to.write_all(&piece[..passes]).is_err() || cuts {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
