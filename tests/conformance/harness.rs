//! The conformance scripts and what came of them: found, run, normalised.
//!
//! Both test binaries use it: the hermetic one runs the scripts on the embedded host, the real one on VirtualBox.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A script with its recorded answers beside it.
#[derive(Clone, Debug)]
pub struct Script {
    /// `FAMILY/NAME`.
    pub name: String,
    pub path: PathBuf,
}

impl Script {
    /// The file with the real answers.
    pub fn golden(&self) -> PathBuf {
        self.path.with_extension("golden")
    }

    /// The recorded answers.
    ///
    /// # Errors
    /// There are none yet: what to do about it.
    pub fn recorded(&self) -> Result<String, String> {
        std::fs::read_to_string(self.golden()).map_err(|_| {
            format!("{} has no recorded answers; tests/conformance/README.md says how to record them", self.name)
        })
    }
}

/// The folder of the scripts.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// All scripts, in order; only those whose name begins with `VBOXSH_CONFORMANCE`, when that is set.
pub fn scripts() -> Vec<Script> {
    let wanted = std::env::var("VBOXSH_CONFORMANCE").unwrap_or_default();
    let mut found = Vec::new();
    for family in std::fs::read_dir(folder()).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_dir())
    {
        for path in std::fs::read_dir(&family).unwrap().flatten().map(|entry| entry.path()) {
            let ending = path.extension().and_then(|ending| ending.to_str());
            // Some are there in Python alone.
            let python = cfg!(all(unix, feature = "python")) && ending == Some("py");
            if ending == Some("rhai") || python && !path.with_extension("rhai").exists() {
                let name = path.strip_prefix(folder()).unwrap().with_extension("");
                found.push(Script { name: name.to_str().unwrap().to_owned(), path });
            }
        }
    }
    found.retain(|script| script.name.starts_with(&wanted));
    found.sort_by(|left, right| left.name.cmp(&right.name));
    assert!(!found.is_empty(), "no script's name begins with `{wanted}`");
    found
}

/// Does something with every script, some at a time, and gives what went wrong.
pub fn each(scripts: &[Script], at_once: usize, work: impl Fn(&Script) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(script) {
                        wrong.lock().unwrap().insert(script.name.clone(), error);
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap().into_iter().map(|(name, error)| format!("{name}:\n{error}")).collect()
}

/// What a run printed.
pub struct Printed {
    pub out: String,
    pub err: String,
}

/// Runs a program to its end.
///
/// # Errors
/// It took longer than `patience`, or it failed: scripts catch what may fail.
pub fn finish(mut command: Command, patience: Duration) -> Result<Printed, String> {
    // Files take the output: a server that the program starts would hold pipes open.
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    command.stdin(Stdio::null());
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
    let mut child = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if begin.elapsed() > patience {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let (out, err) = (read(&out), read(&err));
    match status {
        Some(status) if status.success() => Ok(Printed { out, err }),
        Some(status) => Err(format!("{status}\n{out}{err}")),
        None => Err(format!("not done after {} s\n{out}{err}", patience.as_secs())),
    }
}

/// An answer with what differs each time made the same: the user's folder, ids, hardware addresses, times.
pub fn normalise(answers: &str, user_folder: &str) -> String {
    let text = answers.replace(user_folder, "<user>");
    let mut out = String::with_capacity(text.len());
    let mut numbers = Numbers::default();
    let mut rest = text.as_str();
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let inside = before.is_ascii_alphanumeric();
        let found = if inside && !out.ends_with("<user>") { None } else { volatile(rest, &mut numbers) };
        match found {
            Some((length, token)) => {
                out += &token;
                before = '>';
                rest = &rest[length..];
            }
            None => {
                out.push(letter);
                before = letter;
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    out
}

/// Numbers for what has been seen, in order of appearance.
#[derive(Default)]
struct Numbers(HashMap<String, String>, HashMap<&'static str, usize>);

impl Numbers {
    fn token(&mut self, kind: &'static str, text: &str) -> String {
        let Self(known, counts) = self;
        let known = known.entry(format!("{kind} {}", text.to_lowercase())).or_insert_with(|| {
            let count = counts.entry(kind).or_default();
            *count += 1;
            format!("<{kind} {count}>")
        });
        known.clone()
    }
}

/// What stands at the start of a text and differs each time: its length, and what to write instead.
fn volatile(text: &str, numbers: &mut Numbers) -> Option<(usize, String)> {
    if let Some(end) = text.starts_with('<').then(|| text.find('>')).flatten() {
        // Written before: it is numbered anew.
        let token = &text[..=end];
        let kind = ["id", "mac"].into_iter().find(|kind| {
            token[1..end]
                .strip_prefix(kind)
                .is_some_and(|rest| rest.starts_with(' ') && rest[1..].bytes().all(|byte| byte.is_ascii_digit()))
        })?;
        return Some((end + 1, numbers.token(kind, token)));
    }
    let shape = |pattern: &str| {
        let fits = text.len() >= pattern.len()
            && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'x' => byte.is_ascii_hexdigit(),
                b'9' => byte.is_ascii_digit(),
                other => byte == other,
            });
        let ends = || !text[pattern.len()..].starts_with(|next: char| next.is_ascii_alphanumeric());
        (fits && ends()).then_some(pattern.len())
    };
    if let Some(length) = shape("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
        if text[..length].bytes().all(|byte| matches!(byte, b'0' | b'-')) {
            return Some((length, text[..length].to_owned()));
        }
        return Some((length, numbers.token("id", &text[..length])));
    }
    if let Some(length) = shape("080027xxxxxx") {
        return Some((length, numbers.token("mac", &text[..length])));
    }
    for pattern in ["9999-99-99T99-99-99-999999999Z", "9999-99-99T99:99:99.999999999Z", "9999-99-99T99:99:99Z"] {
        if let Some(length) = shape(pattern) {
            return Some((length, "<time>".to_owned()));
        }
    }
    // Milliseconds and nanoseconds since 1970, of this half of the century.
    for pattern in ["1999999999999", "2999999999999", "1999999999999999999", "2999999999999999999"] {
        if let Some(length) = shape(pattern) {
            return Some((length, "<time>".to_owned()));
        }
    }
    None
}

/// The lines that differ: `-` recorded, `+` ours.
pub fn difference(recorded: &str, ours: &str) -> String {
    let (left, right): (Vec<_>, Vec<_>) = (recorded.lines().collect(), ours.lines().collect());
    // Length of the longest common rest, from each pair of lines on.
    let mut common = vec![vec![0_u32; right.len() + 1]; left.len() + 1];
    for (at, line) in left.iter().enumerate().rev() {
        for (other_at, other) in right.iter().enumerate().rev() {
            common[at][other_at] = match line == other {
                true => common[at + 1][other_at + 1] + 1,
                false => common[at + 1][other_at].max(common[at][other_at + 1]),
            };
        }
    }
    let (mut at, mut other_at) = (0, 0);
    let mut out = String::new();
    while at < left.len() || other_at < right.len() {
        if at < left.len() && other_at < right.len() && left[at] == right[other_at] {
            (at, other_at) = (at + 1, other_at + 1);
        } else if other_at == right.len() || (at < left.len() && common[at + 1][other_at] >= common[at][other_at + 1]) {
            out += &format!("  - {}\n", left[at]);
            at += 1;
        } else {
            out += &format!("  + {}\n", right[other_at]);
            other_at += 1;
        }
    }
    out
}

#[test]
fn what_differs_each_time_is_made_the_same() {
    let one = "a /tmp/x/home 11ff80d0-3279-4e6c-adb2-8b2bbf83dd1e {a76dfe06-4fd4-4409-b1a4-cbb92096bd11} \
               11FF80D0-3279-4E6C-ADB2-8B2BBF83DD1E \"080027AB12CD\" 1764200000123 20 00000000-0000-0000-0000-000000000000";
    let normal = normalise(one, "/tmp/x");
    assert_eq!(
        normal,
        "a <user>/home <id 1> {<id 2>} <id 1> \"<mac 1>\" <time> 20 00000000-0000-0000-0000-000000000000"
    );
    assert_eq!(normalise(&normal, "<user>"), normal);
    assert_eq!(normalise("x <id 7> <id 3> <id 7> <mac 9>", "<user>"), "x <id 1> <id 2> <id 1> <mac 1>");
    assert_eq!(normalise("2026-11-26T23-32-37-123456000Z.sav 12345678901234", "/u"), "<time>.sav 12345678901234");
}

#[test]
fn lines_that_differ_are_shown_from_both_sides() {
    assert_eq!(difference("a\nb\nc", "a\nx\nc\nd"), "  - b\n  + x\n  + d\n");
    assert_eq!(difference("a", "a"), "");
}
