//! Where a web service is: the parts of its URL.

use crate::model::UsageError;
use std::fmt;

/// The port of the web service when the URL names none.
const DEFAULT_PORT: u16 = 18083;

/// The parts of `http[s]://[user@]host[:port][/path]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) tls: bool,
    /// Who logs on, when the URL says so.
    pub(super) user: Option<String>,
    /// Name or number, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// With its leading `/`.
    pub(super) path: String,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// Not such a URL, or one with a password in it; the message never repeats the password.
    pub(super) fn parse(url: &str) -> Result<Self, UsageError> {
        let wrong = |problem: &str| UsageError {
            message: format!("the address of the web service {problem}"),
            hint: "write it as `http://user@host:18083` or `https://user@host:18083`".to_owned(),
        };
        // What stands there may be a secret in the wrong place: messages do not repeat it.
        if url.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return Err(wrong("has a blank or a control character"));
        }
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| wrong("does not begin with `http://` or `https://`"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("does not begin with `http://` or `https://`")),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        if user.is_some_and(|user| user.contains(':')) {
            return Err(UsageError {
                message: "the address of the web service has a password in it, where others can see it".to_owned(),
                hint: "leave it out: it is asked for, or taken from `VBOXSH_PASSWORD`".to_owned(),
            });
        }
        let user = user
            .filter(|user| !user.is_empty())
            .map(|user| unescape(user).ok_or_else(|| wrong("has a user that cannot be read")));
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(|| wrong("has a `[` without `]`"))?,
            None => place.find(':').map_or((place, ""), |at| place.split_at(at)),
        };
        if host.is_empty() {
            return Err(wrong("has no host"));
        }
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => DEFAULT_PORT,
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| wrong("has a port that is no number from 1 to 65535"))?,
            None => return Err(wrong("has something odd behind the host")),
        };
        Ok(Self { tls, user: user.transpose()?, host: host.to_owned(), port, path: path.to_owned() })
    }

    /// Host and port as they stand in a `Host:` line.
    pub(super) fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// The URL without user.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path == "/" { "" } else { &self.path };
        write!(f, "{}://{}{path}", if self.tls { "https" } else { "http" }, self.place())
    }
}

/// Resolves `%40` and the like.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'%' {
            let (digits, more) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = more;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        let address = Address::parse(url).unwrap();
        format!("{} {:?} {}", address, address.user, address.path)
    }

    #[test]
    fn parts_of_an_url() {
        assert_eq!(shown("http://host"), "http://host:18083 None /");
        assert_eq!(shown("https://ops@host:443/a/b"), "https://host:443/a/b Some(\"ops\") /a/b");
        assert_eq!(shown("HTTP://a%40b@[::1]:8080"), "http://[::1]:8080 Some(\"a@b\") /");
        assert_eq!(shown("http://[fe80::1]/"), "http://[fe80::1]:18083 None /");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for bad in [
            "",
            "host",
            "ftp://host",
            "http://",
            "http://:80",
            "http://host:x",
            "http://host:0",
            "http://[::1",
            "http://[::1]x",
            "http://h\r\nX: y",
            "http://%zz@h",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
        let error = Address::parse("http://ops:geheim@host").unwrap_err();
        assert!(!format!("{error} {}", error.hint).contains("geheim"));
    }
}
