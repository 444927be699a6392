//! The guest inside a running machine: the commands, and those that do something in it. What is known of a guest is
//! shown by `guest_facts`.
//!
//! What needs Guest Additions says so when there are none.

use super::guest_facts::{ginfo, gueststats, ip};
use super::keys::{Stroke, strokes};
use super::on_machine::{child, finish, machine, made, note, show, text, with_console};
use crate::model::{Error, ErrorKind, Object, Secret, Value};
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Shell};
use std::io::Read;
use std::time::{Duration, Instant};

/// Makes the running `web-01` a machine with a simulated guest.
const SIMULATED: &str =
    "shell 'mkdir -p guest/tmp guest/etc'; setextra web-01 vboxsh/SimulatedGuest ../../guest; start web-01 headless";

pub(super) fn commands() -> Vec<Command> {
    let new = |name: &str, summary: &str, run: fn(&mut Shell, &Given) -> Result<Reply, Failure>| {
        Command::new(name, Category::Guest, summary, run).effect(Effect::Write).argument(
            "machine",
            ArgumentKind::Machine,
            Arity::Required,
            "name or id of a running machine",
        )
    };
    let user = |command: Command| {
        command
            .flag("user", Some(ArgumentKind::Text), "user of the guest; else VBOXSH_GUEST_USER, or a question")
            .flag("domain", Some(ArgumentKind::Text), "the user's domain, in Windows guests")
            .flag(
                "password-file",
                Some(ArgumentKind::File),
                "file with the user's password; else VBOXSH_GUEST_PASSWORD, or a question",
            )
    };
    let running = "start web-01 headless";
    vec![
        new("guest", "run script with the console of a running machine", guest)
            .argument("source", ArgumentKind::Line, Arity::Required, "script; `console`, `guest`, `display`, `keyboard`, `mouse` and `machine` stand for the machine's")
            .prepared(running, "guest web-01 'console.mouse.putMouseEvent(20, 20, 0, 0, 0)'", "move its mouse"),
        new("ginfo", "show what is known of a guest", ginfo)
            .effect(Effect::Read)
            .prepared(running, "ginfo web-01", "system, Additions, facilities, addresses"),
        user(new("gexec", "run a program in the guest", gexec))
            .argument("command", ArgumentKind::Line, Arity::Required, "the program with its arguments")
            .flag("timeout", Some(ArgumentKind::Seconds), "end it after so many seconds")
            .flag("input", Some(ArgumentKind::File), "file of this computer that it reads as its standard input; `-` is our own")
            .help("Its output comes as it is written; its exit code other than 0 is a failure. Needs Guest Additions.")
            .prepared(SIMULATED, "gexec web-01 --user root /bin/ls /", "asks for the password")
            .prepared(
                &format!("shell 'echo milk >notes.txt'; {SIMULATED}"),
                "gexec web-01 --user root --input notes.txt /bin/cat",
                "with something to read",
            ),
        user(new("gcopy", "copy a file between host and guest", gcopy))
            .argument("source", ArgumentKind::File, Arity::Required, "file of the host, which is the computer that VirtualBox runs on")
            .argument("target", ArgumentKind::Text, Arity::Required, "file or folder of the guest")
            .flag("from", None, "the other way: SOURCE is the guest's, TARGET the host's")
            .help("Needs Guest Additions.")
            .prepared(
                &format!("shell 'echo milk >notes.txt'; {SIMULATED}"),
                "gcopy web-01 --user root notes.txt /tmp/notes.txt",
                "to the guest",
            ),
        user(new("gpipe", "pipe a program of the host into a program of the guest", gpipe))
            .argument("host-program", ArgumentKind::Text, Arity::Required, "program of the host, in quotes with its arguments")
            .argument("guest-program", ArgumentKind::Text, Arity::Required, "program of the guest, in quotes with its arguments")
            .help("What the guest's program writes comes out here. Needs Guest Additions.")
            .prepared(SIMULATED, "gpipe web-01 --user root '/bin/uname -a' '/bin/cat'", "through a pipe"),
        new("gueststats", "show statistics that the guest reports", gueststats)
            .effect(Effect::Read)
            .argument("interval", ArgumentKind::Seconds, Arity::Optional, "how often the guest is to report, in seconds; default 1")
            .help("In percent, and KiB of memory. Needs Guest Additions, which collect them.")
            .prepared(SIMULATED, "gueststats web-01", "processor and memory"),
        new("type-guest", "type text on a running machine's keyboard", type_guest)
            .alias("typeGuest")
            .alias("tg")
            .argument("text", ArgumentKind::Text, Arity::Required, "the text; `^c` is Ctrl-C, `&UP;` a key by name, `\\n` Enter")
            .argument("delay", ArgumentKind::Seconds, Arity::Optional, "seconds between two keys; default 0.1")
            .help(
                "`^`, `|`, `_` and `$` hold Ctrl, Shift, Alt and the GUI key for the next key; `{...}` presses all keys inside \
                 together; `&NAME;` is a key by its name (ESC, TAB, ENTER, BKSP, F1, UP, DEL, ...), `&WAIT;` waits 0.3 s; `\\` \
                 takes the next sign as it is. The keyboard is a US one.",
            )
            .prepared(running, "typeGuest web-01 'ls\\n&UP;&BKSP;s -l\\n' 0.01", "with keys by name"),
        new("ip", "show the addresses of a guest", ip)
            .effect(Effect::Read)
            .flag("wait", Some(ArgumentKind::Seconds), "wait so many seconds for one")
            .help("Guest Additions report them.")
            .prepared(
                "start web-01 headless; call web-01.setGuestPropertyValue /VirtualBox/GuestInfo/Net/0/V4/IP 10.0.2.15",
                "ip web-01 --wait 60",
                "as soon as it has one",
            ),
    ]
}

fn guest(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let source = super::loops::unquoted(given.text("source")).to_owned();
    with_console(&machine, |console, session| {
        let language = shell.language();
        let names = ["guest", "display", "keyboard", "mouse"];
        let engine = shell.engine(language)?;
        engine.set_variable("console", Value::Object(console.clone()));
        engine.set_variable("machine", Value::Object(session.machine().clone()));
        for name in names {
            engine.set_variable(name, console.get(name).unwrap_or_default());
        }
        let result = shell.evaluate(&source);
        // The console belongs to this lock.
        let engine = shell.engine(language)?;
        for name in names.into_iter().chain(["console", "machine"]) {
            engine.set_variable(name, Value::Null);
        }
        result
    })
}

/// A session in the guest that is closed at the end.
struct GuestSession(Object);

impl Drop for GuestSession {
    fn drop(&mut self) {
        // The guest may be gone.
        let _ = self.0.call("close", Vec::new());
    }
}

/// How long the guest may take to let a user in.
const LOG_ON: Duration = Duration::from_secs(60);

/// Whether the guest may let a user in when it is asked again.
fn is_busy(failure: &Failure) -> bool {
    failure.message.contains("VERR_DUPLICATE") || failure.message.contains("not ready")
}

/// The guest of a console, in which Guest Additions have to run.
pub(super) fn with_additions(console: &Object) -> Result<Object, Failure> {
    let guest = child(console, "guest")?;
    if text(&guest, "additionsRunLevel") == "None" {
        return Err(Failure::new(ErrorKind::Failed, "Guest Additions do not run in the guest")
            .hinted("install them in the guest, or wait until it has booted: `ginfo MACHINE` shows them"));
    }
    Ok(guest)
}

impl GuestSession {
    fn open(shell: &Shell, console: &Object, given: &Given) -> Result<Self, Failure> {
        let guest = with_additions(console)?;
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let ui = shell.ui();
        let user = match given.option("user").map(str::to_owned).or_else(|| variable("VBOXSH_GUEST_USER")) {
            Some(user) => user,
            None => ui.ask("user of the guest: ").ok_or_else(|| {
                Failure::new(ErrorKind::Refused, "the user of the guest is not known, and nobody can be asked")
                    .hinted("give `--user NAME`")
            })?,
        };
        let password = match given.option("password-file") {
            Some(file) => crate::shell::read_password_file(std::path::Path::new(file))?,
            None => match variable("VBOXSH_GUEST_PASSWORD") {
                Some(password) => Secret::new(password),
                None => ui
                    .ask_password(&format!("password of {user} in the guest: "))
                    .map_err(|error| match error.kind() {
                        std::io::ErrorKind::Interrupted => Error::Interrupted.into(),
                        _ => Failure::new(ErrorKind::Refused, "the password is not known, and nobody can be asked")
                            .hinted("put it into VBOXSH_GUEST_PASSWORD, or into a file: `--password-file FILE`"),
                    })
                    .map(Secret::new)?,
            },
        };
        let arguments = vec![
            Value::from(user.as_str()),
            Value::from(password.expose()),
            Value::from(given.option("domain").unwrap_or_default()),
            Value::from("vboxsh"),
        ];
        let start = Instant::now();
        loop {
            let session = Self(made(guest.call("createSession", arguments.clone())?, "IGuest.createSession")?);
            match session.wait_for_start(shell, start)? {
                None => return Ok(session),
                // The guest has not got over the session before this one, or its service starts just now.
                Some(failure) if is_busy(&failure) && start.elapsed() < LOG_ON => {
                    drop(session);
                    shell.world().interrupt().sleep(Duration::from_millis(500))?;
                }
                Some(failure) => {
                    let said = match &failure.api {
                        Some(api) => api.message.trim().to_owned(),
                        None => failure.message,
                    };
                    return Err(Failure::new(ErrorKind::Failed, format!("the guest lets `{user}` not in: {said}"))
                        .hinted(
                            "the user and the password are the guest's; `ginfo MACHINE` shows whether its services run",
                        ));
                }
            }
        }
    }

    /// Waits until the session is open. Gives why it is not.
    fn wait_for_start(&self, shell: &Shell, start: Instant) -> Result<Option<Failure>, Failure> {
        loop {
            shell.world().interrupt().check()?;
            let flags = Value::List(vec![Value::from("Start"), Value::from("Status")]);
            if let Err(error) = self.0.call("waitForArray", vec![flags, Value::Int(1000)])
                && error.api_error().is_some()
            {
                return Ok(Some(error.into()));
            }
            match text(&self.0, "status").as_str() {
                "Started" => return Ok(None),
                // The status may change on the way.
                "Undefined" | "Starting" if start.elapsed() < LOG_ON => {
                    shell.world().interrupt().sleep(Duration::from_millis(50))?;
                }
                status => return Ok(Some(Failure::new(ErrorKind::Failed, status))),
            }
        }
    }
}

/// A program with its arguments, cut as a shell does.
fn words(line: &str) -> Result<Vec<String>, Failure> {
    match crate::shell::split_words(line) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err(Failure::usage("the program is missing", "give its path in the guest, such as /bin/ls")),
        None => Err(Failure::usage("a quote is not closed", "close it")),
    }
}

fn create(session: &GuestSession, words: &[String], time: Duration) -> Result<Object, Failure> {
    let arguments = Value::List(words.iter().map(|word| Value::from(word.as_str())).collect());
    let flags = Value::List(vec![Value::from("WaitForStdOut"), Value::from("WaitForStdErr")]);
    let milliseconds = i64::try_from(time.as_millis()).unwrap_or_default();
    let given = vec![
        Value::from(words[0].as_str()),
        arguments,
        Value::from(""),
        Value::List(Vec::new()),
        flags,
        Value::Int(milliseconds),
    ];
    made(session.0.call("processCreate", given)?, "IGuestSession.processCreate")
}

/// Shows what a process of the guest writes until it ends. `feed` gives what it reads.
fn follow(shell: &Shell, process: &Object, mut feed: Option<Box<dyn Read>>) -> Result<(), Failure> {
    let started = Value::List(vec![Value::from("Start")]);
    process.call("waitForArray", vec![started, Value::Int(30_000)])?;
    let mut pending = Vec::new();
    loop {
        shell.world().interrupt().check().map_err(|error| {
            let _ = process.call("terminate", Vec::new());
            Failure::from(error)
        })?;
        if let Some(input) = &mut feed {
            if pending.is_empty() {
                let mut buffer = vec![0; 32 << 10];
                let count = input.read(&mut buffer).unwrap_or(0);
                pending.extend_from_slice(&buffer[..count]);
            }
            let flag = if pending.is_empty() { "EndOfFile" } else { "None" };
            let arguments = vec![
                Value::Int(0),
                Value::List(vec![Value::from(flag)]),
                Value::Blob(pending.clone()),
                Value::Int(5000),
            ];
            let written = process.call("writeArray", arguments)?.as_int().unwrap_or_default();
            if pending.is_empty() {
                feed = None;
            }
            // It takes as much as the program in the guest has room for; the rest waits.
            pending.drain(..usize::try_from(written).unwrap_or_default().min(pending.len()));
        }
        let flags = Value::List(["StdOut", "StdErr", "Terminate"].map(Value::from).to_vec());
        let wait = if feed.is_some() { 10 } else { 200 };
        let reason = process.call("waitForArray", vec![flags, Value::Int(wait)]).map(|reason| show(&reason));
        // Asked before the streams are read: what it wrote last is still there.
        let ended = !matches!(text(process, "status").as_str(), "Started" | "Starting" | "Paused");
        let mut silent = true;
        for handle in [1, 2] {
            // A stream that has ended is an error to the API and none here. The guest answers at once, with nothing
            // where there is nothing; what it answers after the time is lost, so the time is long.
            let read = process.call("read", vec![Value::Int(handle), Value::Int(32 << 10), Value::Int(10_000)]);
            if let Ok(Value::Blob(bytes)) = read
                && !bytes.is_empty()
            {
                silent = false;
                shell.ui().write_bytes(handle == 2, &bytes);
            }
        }
        if silent && (ended || matches!(reason.as_deref(), Ok("Error"))) {
            return ending(process);
        }
    }
}

fn ending(process: &Object) -> Result<(), Failure> {
    let status = text(process, "status");
    let code = process.get("exitCode").ok().and_then(|code| code.as_int()).unwrap_or_default();
    let name = text(process, "executablePath");
    match (status.as_str(), code) {
        ("TerminatedNormally", 0) => Ok(()),
        ("TerminatedNormally", code) => {
            Err(Failure::new(ErrorKind::Failed, format!("`{name}` ended with status {code} in the guest"))
                .hinted("what it said stands above; `help gexec` says how its status is told"))
        }
        (status, _) => {
            Err(Failure::new(ErrorKind::Failed, format!("`{name}` did not end well in the guest: {status}"))
                .hinted("give the whole path of a program that the guest has"))
        }
    }
}

fn gexec(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let words = words(given.text("command"))?;
    let time = given.option("timeout").map(super::wait::seconds).transpose()?.unwrap_or_default();
    let input: Option<Box<dyn Read>> = match given.option("input") {
        None => None,
        Some("-") => Some(Box::new(std::io::stdin())),
        Some(file) => Some(Box::new(std::fs::File::open(file).map_err(|error| {
            Failure::new(ErrorKind::NotFound, format!("cannot read {file}: {error}"))
                .hinted("give a file of this computer, or `-` for standard input")
        })?)),
    };
    with_console(&machine, |console, _| {
        let session = GuestSession::open(shell, console, given)?;
        let process = create(&session, &words, time)?;
        follow(shell, &process, input)
    })?;
    Ok(Reply::Nothing)
}

fn gcopy(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let from = given.flag("from");
    let absolute = |path: &str| {
        std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.to_string_lossy().into_owned())
    };
    let (source, target) = if from {
        (given.text("source").to_owned(), absolute(given.text("target")))
    } else {
        (absolute(given.text("source")), given.text("target").to_owned())
    };
    with_console(&machine, |console, _| {
        let session = GuestSession::open(shell, console, given)?;
        let method = if from { "fileCopyFromGuest" } else { "fileCopyToGuest" };
        let arguments = vec![Value::from(source.as_str()), Value::from(target.as_str()), Value::List(Vec::new())];
        finish(shell, session.0.call(method, arguments)?)
    })
    .map_err(|failure| {
        // A path of this computer means nothing to a VirtualBox on another one.
        let elsewhere = shell.world().current().is_some_and(|connection| connection.transport().name() == "webservice");
        if failure.api.is_some() && elsewhere && !from && std::path::Path::new(&source).exists() {
            failure.hinted(format!(
                "`{source}` is here; it has to be on the computer that VirtualBox runs on, under a path of there"
            ))
        } else {
            failure
        }
    })?;
    note(format!("copied: {target}"))
}

fn gpipe(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let (here, there) = (words(given.text("host-program"))?, words(given.text("guest-program"))?);
    with_console(&machine, |console, _| {
        let session = GuestSession::open(shell, console, given)?;
        let mut program = std::process::Command::new(&here[0])
            .args(&here[1..])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .map_err(|error| {
                Failure::usage(format!("cannot start `{}`: {error}", here[0]), "give a program of this computer")
            })?;
        let output = program.stdout.take().map(|output| Box::new(output) as Box<dyn Read>);
        let process = create(&session, &there, Duration::ZERO)?;
        let result = follow(shell, &process, output);
        // The guest's side decides; the host's program has written all there was, or is not needed any more.
        let _ = program.kill();
        let _ = program.wait();
        result
    })?;
    Ok(Reply::Nothing)
}

fn type_guest(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let delay = match given.optional("delay") {
        Some(_) => given.seconds("delay")?,
        None => Duration::from_millis(100),
    };
    let strokes = strokes(given.text("text"))?;
    with_console(&machine, |console, _| {
        let keyboard = child(console, "keyboard")?;
        for stroke in strokes {
            match stroke {
                Stroke::Codes(codes) => {
                    let codes = Value::List(codes.into_iter().map(Value::Int).collect());
                    keyboard.call("putScancodes", vec![codes])?;
                    shell.world().interrupt().sleep(delay)?;
                }
                Stroke::Wait(time) => shell.world().interrupt().sleep(time)?,
            }
        }
        Ok(())
    })?;
    Ok(Reply::Nothing)
}
