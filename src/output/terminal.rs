//! What the terminal itself says: its background, whether it shows sixels, the size of its letters; and single keys.
//!
//! It is asked only where somebody wants to know, and never waited for long. Nothing is asked while keys wait to be
//! read: they would be taken for answers.

#[cfg(unix)]
use std::time::Duration;

/// Answers come within this time, or not at all.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(250);

/// What a terminal answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// Red, green and blue of its background.
    pub(super) background: Option<[u8; 3]>,
    /// It shows sixels.
    pub(super) sixel: bool,
    /// Width and height of a letter in pixels.
    pub(super) cell: Option<(u16, u16)>,
}

impl Answers {
    /// Whether its background is light.
    pub(super) fn is_light(&self) -> Option<bool> {
        let [r, g, b] = self.background?.map(u32::from);
        Some(299 * r + 587 * g + 114 * b > 127_500)
    }
}

/// Background by OSC 11, size of a letter by XTWINOPS, and last what every terminal answers: device attributes.
#[cfg(unix)]
const QUESTIONS: &[u8] = b"\x1b]11;?\x1b\\\x1b[16t\x1b[c";

/// Reads answers. The second part says whether the last one is there.
fn parse(bytes: &[u8]) -> (Answers, bool) {
    let text = String::from_utf8_lossy(bytes);
    let mut answers = Answers::default();
    if let Some((_, rest)) = text.split_once("\x1b]11;rgb:") {
        let end = rest.find(['\x1b', '\x07']).unwrap_or(rest.len());
        // Four, two or one digits of each; the first two are enough.
        let part = |digits: &str| {
            let value = u16::from_str_radix(digits.get(..2).unwrap_or(digits), 16).ok()?;
            u8::try_from(if digits.len() == 1 { value * 17 } else { value }).ok()
        };
        let parts: Vec<Option<u8>> = rest[..end].split('/').map(part).collect();
        if let [Some(r), Some(g), Some(b)] = parts[..] {
            answers.background = Some([r, g, b]);
        }
    }
    if let Some((_, rest)) = text.split_once("\x1b[6;")
        && let Some((size, _)) = rest.split_once('t')
        && let Some((high, wide)) = size.split_once(';')
        && let (Ok(high), Ok(wide)) = (high.parse(), wide.parse())
    {
        answers.cell = Some((wide, high)).filter(|(wide, high)| *wide > 0 && *high > 0);
    }
    let attributes = text.split_once("\x1b[?").and_then(|(_, rest)| rest.split_once('c'));
    answers.sixel = attributes.is_some_and(|(numbers, _)| numbers.split(';').any(|number| number == "4"));
    (answers, attributes.is_some())
}

/// Asks the terminal. Nothing where there is none, or where it stays silent.
pub(super) fn ask() -> Answers {
    parse(&answers()).0
}

#[cfg(unix)]
fn answers() -> Vec<u8> {
    unix::answers(QUESTIONS, |bytes| parse(bytes).1, PATIENCE).unwrap_or_default()
}

#[cfg(not(unix))]
fn answers() -> Vec<u8> {
    Vec::new()
}

/// Keeps how the terminal is now, for [`last_words`].
pub fn remember_terminal() {
    #[cfg(unix)]
    unix::remember();
}

/// Says something whatever else is written or waited for, on a terminal that is as it was when it was remembered: for
/// a program that hangs, or ends.
pub fn last_words(text: &str) {
    use std::io::IsTerminal;
    let line = if std::io::stderr().is_terminal() { format!("\r\x1b[K{text}\n") } else { format!("{text}\n") };
    #[cfg(unix)]
    unix::say(line.as_bytes());
    #[cfg(not(unix))]
    drop(std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()));
}

/// Reads a line that is not shown: `read` takes it, and is told whether the question was asked already.
///
/// # Errors
/// `read` fails, or `stop` says so meanwhile.
pub(super) fn unseen(
    question: &str,
    stop: impl Fn() -> bool,
    read: impl FnOnce(bool) -> std::io::Result<String>,
) -> std::io::Result<String> {
    #[cfg(unix)]
    let unseen = unix::wait_unseen(question, stop)?;
    #[cfg(not(unix))]
    let unseen: Option<()> = {
        let _ = (question, stop);
        None
    };
    read(unseen.is_some())
}

/// Waits until standard input has a line. Whether it has one before `stop` says so.
pub(super) fn has_line(stop: impl Fn() -> bool) -> bool {
    #[cfg(unix)]
    return unix::wait_for(&std::io::stdin(), stop);
    #[cfg(not(unix))]
    !stop()
}

/// Waits for one key; `None` where no single key can be read.
pub(super) fn key() -> Option<u8> {
    #[cfg(unix)]
    return unix::key();
    #[cfg(not(unix))]
    None
}

#[cfg(unix)]
mod unix {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
    use nix::unistd::write;
    use std::fs::File;
    use std::io::{Error, ErrorKind, IsTerminal, Read, Result, Write, stderr, stdin};
    use std::os::fd::AsFd;
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    pub(super) fn remember() {
        if stdin().is_terminal()
            && let Ok(now) = tcgetattr(stdin())
        {
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    pub(super) fn say(line: &[u8]) {
        if let Some(before) = &*BEFORE.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, before);
        }
        // Not by way of the stream, which whoever hangs may have locked.
        let _ = write(stderr(), line);
    }

    /// Waits until there is something to read. Whether there is before `stop` says so.
    pub(super) fn wait_for(file: &impl AsFd, stop: impl Fn() -> bool) -> bool {
        loop {
            if stop() {
                return false;
            }
            let mut asked = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
            let slice = PollTimeout::try_from(crate::model::Interrupt::SLICE).unwrap_or(PollTimeout::ZERO);
            // Who cannot be waited for is read from at once.
            if !matches!(poll(&mut asked, slice), Ok(0) | Err(nix::errno::Errno::EINTR)) {
                return true;
            }
        }
    }

    /// Asks, and waits until a line is there that is not shown; the terminal shows nothing until what this gives is
    /// dropped. `None`, with nothing asked, where there is no terminal to do it on.
    pub(super) fn wait_unseen(question: &str, stop: impl Fn() -> bool) -> Result<Option<Raw>> {
        let Some(mut raw) = Raw::without(LocalFlags::ECHO) else { return Ok(None) };
        raw.terminal.write_all(question.as_bytes())?;
        if wait_for(&raw.terminal, stop) {
            return Ok(Some(raw));
        }
        raw.terminal.write_all(b"\n")?;
        Err(Error::from(ErrorKind::Interrupted))
    }

    /// The terminal in another mode, until this is dropped.
    pub(super) struct Raw {
        terminal: File,
        before: Termios,
    }

    impl Raw {
        /// With keys coming one by one and not shown.
        fn open() -> Option<Self> {
            Self::without(LocalFlags::ICANON | LocalFlags::ECHO)
        }

        fn without(flags: LocalFlags) -> Option<Self> {
            let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
            let before = tcgetattr(&terminal).ok()?;
            let mut raw = before.clone();
            raw.local_flags.remove(flags);
            tcsetattr(&terminal, SetArg::TCSANOW, &raw).ok()?;
            Some(Self { terminal, before })
        }

        /// Whether there is something to read within the time.
        fn waits(&self, time: Duration) -> bool {
            let mut asked = [PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::ZERO);
            poll(&mut asked, time).is_ok_and(|ready| ready > 0)
        }
    }

    impl Drop for Raw {
        fn drop(&mut self) {
            // A terminal that went away needs nothing back.
            let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
        }
    }

    pub(super) fn answers(questions: &[u8], is_all: impl Fn(&[u8]) -> bool, patience: Duration) -> Option<Vec<u8>> {
        let mut raw = Raw::open()?;
        if raw.waits(Duration::ZERO) {
            return None;
        }
        raw.terminal.write_all(questions).ok()?;
        let (end, mut bytes) = (Instant::now() + patience, Vec::new());
        while !is_all(&bytes) && bytes.len() < 4096 {
            if !raw.waits(end.saturating_duration_since(Instant::now())) {
                break;
            }
            let mut piece = [0; 256];
            match raw.terminal.read(&mut piece).ok()? {
                0 => break,
                read => bytes.extend_from_slice(&piece[..read]),
            }
        }
        Some(bytes)
    }

    pub(super) fn key() -> Option<u8> {
        let mut raw = Raw::open()?;
        let mut key = [0];
        raw.terminal.read_exact(&mut key).ok()?;
        Some(key[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_terminals_give_them() {
        let (answers, is_all) = parse(b"\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\\x1b[6;18;9t\x1b[?62;4;22c");
        assert_eq!(answers, Answers { background: Some([0xfd, 0xf6, 0xe3]), sixel: true, cell: Some((9, 18)) });
        assert!(is_all && answers.is_light() == Some(true));
        let (answers, is_all) = parse(b"\x1b]11;rgb:1e/1e/2e\x07\x1b[?1;2c");
        assert_eq!((answers.is_light(), answers.sixel, is_all), (Some(false), false, true));
    }

    #[test]
    fn half_an_answer_and_none_are_survived() {
        for bytes in [&b""[..], b"\x1b]11;rgb:", b"\x1b]11;rgb:zz/1/2\x07", b"\x1b[6;t", b"\x1b[?", b"list\r", b"\xff"]
        {
            assert_eq!(parse(bytes), (Answers::default(), false), "{bytes:?}");
        }
    }
}
