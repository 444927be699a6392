//! The head of an HTTP reply.

/// A head larger than this (in bytes) is none.
pub(super) const LARGEST_HEAD: usize = 64 << 10;

/// How the body's end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// In pieces, each with its length before it.
    Chunked,
    /// By the end of the connection.
    ToTheEnd,
}

/// What a head says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// The connection ends with this reply.
    pub(super) closes: bool,
    /// The program that answers, as it calls itself.
    pub(super) server: String,
}

impl Head {
    /// Length of the head in `bytes`, its empty line included; the first `seen` bytes hold no end.
    pub(super) fn end(bytes: &[u8], seen: usize) -> Option<usize> {
        let tail = bytes.get(seen..)?;
        tail.windows(4).position(|window| window == b"\r\n\r\n").map(|at| seen + at + 4)
    }

    /// Whether a reply may begin so.
    pub(super) fn may_begin_with(bytes: &[u8]) -> bool {
        let magic = b"HTTP/1.";
        let length = bytes.len().min(magic.len());
        bytes[..length] == magic[..length]
    }

    /// Reads a head.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let mut words = first.split(' ');
        let version = words.next().unwrap_or_default();
        let status = words.next().and_then(|word| word.parse().ok()).filter(|status| (100..600).contains(status));
        let Some(status) = status.filter(|_| version.starts_with("HTTP/1.")) else {
            return Err("its first line is no HTTP".to_owned());
        };
        let mut head =
            Self { status, framing: Framing::ToTheEnd, closes: version == "HTTP/1.0", server: String::new() };
        let (mut length, mut chunked) = (None, false);
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or("a line of its head has no name")?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let number: u64 = value.parse().map_err(|_| "its length is no number")?;
                if length.is_some_and(|other| other != number) {
                    return Err("it has two lengths".to_owned());
                }
                length = Some(number);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                if !value.eq_ignore_ascii_case("chunked") {
                    return Err(format!("its encoding `{}` is unknown", value.chars().take(40).collect::<String>()));
                }
                chunked = true;
            } else if name.eq_ignore_ascii_case("connection") {
                head.closes = has_word(value, "close") || (head.closes && !has_word(value, "keep-alive"));
            } else if name.eq_ignore_ascii_case("server") {
                head.server = value.chars().filter(|letter| !letter.is_control()).take(60).collect();
            }
        }
        head.framing = match (status, chunked, length) {
            (100..200 | 204 | 304, _, _) => Framing::Length(0),
            (_, true, _) => Framing::Chunked,
            (_, false, Some(length)) => Framing::Length(length),
            (_, false, None) => Framing::ToTheEnd,
        };
        Ok(head)
    }
}

fn has_word(list: &str, word: &str) -> bool {
    list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Head, String> {
        Head::parse(head.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn what_a_head_says() {
        let head = parse("HTTP/1.1 200 OK\nServer: gSOAP/2.8\nContent-Length: 12\nKeep-Alive: timeout=60, max=99\nConnection: keep-alive\n\n").unwrap();
        assert_eq!(head, Head { status: 200, framing: Framing::Length(12), closes: false, server: "gSOAP/2.8".into() });
        let head =
            parse("HTTP/1.1 500 Internal Server Error\ntransfer-encoding: Chunked\nconnection: Close\n\n").unwrap();
        assert_eq!((head.status, head.framing, head.closes), (500, Framing::Chunked, true));
        assert_eq!(parse("HTTP/1.0 200 OK\n\n").unwrap().framing, Framing::ToTheEnd);
        assert!(parse("HTTP/1.0 200 OK\n\n").unwrap().closes);
        assert!(!parse("HTTP/1.0 200 OK\nConnection: keep-alive\n\n").unwrap().closes);
    }

    #[test]
    fn a_bad_head_is_refused() {
        for bad in [
            "SSH-2.0-x\n\n",
            "HTTP/1.1 abc\n\n",
            "HTTP/1.1 200 OK\nContent-Length: x\n\n",
            "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n",
            "HTTP/1.1 200 OK\nTransfer-Encoding: gzip\n\n",
            "HTTP/1.1 999 x\n\n",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stranger_is_known_by_its_first_bytes() {
        assert!(Head::may_begin_with(b""));
        assert!(Head::may_begin_with(b"HTT"));
        assert!(Head::may_begin_with(b"HTTP/1.1 200"));
        assert!(!Head::may_begin_with(b"\x15\x03\x01"));
        assert!(!Head::may_begin_with(b"SSH-2.0"));
    }
}
