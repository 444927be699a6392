//! A pull scanner for the small part of XML that SOAP messages use.
//!
//! Made by hand because the server writes references to control characters (`&#x1;`), which XML 1.0
//! forbids and XML readers refuse. It builds nothing: events borrow from the text. A document type,
//! and with it every entity of a document's own, is refused.

use super::{CodecError, LARGEST};
use std::borrow::Cow;

/// Elements nested deeper than this are refused; real messages reach 7.
const DEEPEST: usize = 64;

/// What comes next in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// An element begins; its name without prefix. An empty element gives its end as well.
    Open {
        /// Prefix of the name, `""` for none.
        prefix: &'a str,
        /// Name behind the prefix.
        name: &'a str,
    },
    /// The innermost element ends.
    Close,
    /// Text, its references resolved. Blank text between elements comes too.
    Text(Cow<'a, str>),
    /// The text is over and every element has ended.
    End,
}

/// Reads a text event by event.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    open: Vec<&'a str>,
    /// The element just opened was an empty one: its end is due.
    close_due: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, CodecError> {
        if text.len() > LARGEST {
            return Err(CodecError::new(format_args!("the message has more than {LARGEST} bytes")));
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Ok(Self { text, at: 0, open: Vec::with_capacity(8), close_due: false })
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn next(&mut self) -> Result<Event<'a>, CodecError> {
        if self.close_due {
            self.close_due = false;
            self.open.pop();
            return Ok(Event::Close);
        }
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return match self.open.last() {
                    None => Ok(Event::End),
                    Some(name) => Err(self.wrong(format_args!("it ends inside of <{name}>"))),
                };
            }
            let Some(markup) = rest.strip_prefix('<') else {
                let length = find(rest, b'<');
                self.at += length;
                return resolve(&rest[..length]).map(Event::Text);
            };
            match markup.as_bytes().first() {
                Some(b'/') => return self.close(),
                Some(b'?') => self.skip("?>")?,
                Some(b'!') if markup.starts_with("!--") => self.skip("-->")?,
                Some(b'!') if markup.starts_with("![CDATA[") => {
                    let start = self.at + "<![CDATA[".len();
                    self.skip("]]>")?;
                    return Ok(Event::Text(Cow::Borrowed(&self.text[start..self.at - "]]>".len()])));
                }
                Some(b'!') => return Err(self.wrong("it has a document type")),
                _ => return self.open(),
            }
        }
    }

    fn open(&mut self) -> Result<Event<'a>, CodecError> {
        let start = self.at + 1;
        let rest = &self.text[start..];
        let length = rest.bytes().position(|byte| matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n' | b'<'));
        let Some(length) = length.filter(|length| *length > 0) else {
            return Err(self.wrong("an element has no name"));
        };
        let full = &rest[..length];
        self.at = start + length;
        let empty = self.skip_attributes()?;
        if self.open.len() >= DEEPEST {
            return Err(self.wrong(format_args!("more than {DEEPEST} elements are nested")));
        }
        self.open.push(full);
        self.close_due = empty;
        let (prefix, name) = full.split_once(':').unwrap_or(("", full));
        Ok(Event::Open { prefix, name })
    }

    /// Moves behind the `>` of a start tag; true for an empty element.
    fn skip_attributes(&mut self) -> Result<bool, CodecError> {
        let bytes = self.text.as_bytes();
        let mut quote = None;
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            match (quote, byte) {
                (None, b'>') => return Ok(bytes[self.at - 2] == b'/'),
                (None, b'<') => return Err(self.wrong("a tag has no end")),
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
        }
        Err(self.wrong("a tag has no end"))
    }

    fn close(&mut self) -> Result<Event<'a>, CodecError> {
        let rest = &self.text[self.at + 2..];
        let Some(length) = rest.bytes().position(|byte| byte == b'>') else {
            return Err(self.wrong("a tag has no end"));
        };
        let name = rest[..length].trim_ascii_end();
        match self.open.pop() {
            Some(open) if open == name => {
                self.at += 2 + length + 1;
                Ok(Event::Close)
            }
            Some(open) => Err(self.wrong(format_args!("<{open}> ends as </{}>", clip(name)))),
            None => Err(self.wrong(format_args!("</{}> ends nothing", clip(name)))),
        }
    }

    fn skip(&mut self, end: &str) -> Result<(), CodecError> {
        match self.text[self.at..].find(end) {
            Some(length) => {
                self.at += length + end.len();
                Ok(())
            }
            None => Err(self.wrong(format_args!("`{end}` is missing"))),
        }
    }

    fn wrong(&self, problem: impl std::fmt::Display) -> CodecError {
        CodecError::new(format_args!("at byte {}: {problem}", self.at))
    }

    /// The next element inside of the innermost open one; `None` when that one has ended.
    pub(super) fn child(&mut self) -> Result<Option<(&'a str, &'a str)>, CodecError> {
        loop {
            match self.next()? {
                Event::Open { prefix, name } => return Ok(Some((prefix, name))),
                Event::Close | Event::End => return Ok(None),
                Event::Text(_) => {}
            }
        }
    }

    /// The text of the innermost open element, up to and with its end. Elements inside are an error.
    pub(super) fn leaf(&mut self) -> Result<Cow<'a, str>, CodecError> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()? {
                Event::Text(more) if text.is_empty() => text = more,
                Event::Text(more) => text.to_mut().push_str(&more),
                Event::Close | Event::End => return Ok(text),
                Event::Open { name, .. } => {
                    return Err(self.wrong(format_args!("<{}> stands where text was expected", clip(name))));
                }
            }
        }
    }

    /// Moves behind the end of the innermost open element.
    pub(super) fn skip_element(&mut self) -> Result<(), CodecError> {
        let outside = self.depth().saturating_sub(1);
        while self.depth() > outside || self.close_due {
            if self.next()? == Event::End {
                break;
            }
        }
        Ok(())
    }
}

/// Where `byte` first stands, or the length of the text.
fn find(text: &str, byte: u8) -> usize {
    text.bytes().position(|other| other == byte).unwrap_or(text.len())
}

/// The first letters of a foreign name, for a message.
fn clip(name: &str) -> String {
    name.chars().take(60).collect()
}

/// Exchanges the references of a text for what they stand for.
fn resolve(text: &str) -> Result<Cow<'_, str>, CodecError> {
    let mut at = find(text, b'&');
    if at == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.is_empty() {
            return Ok(Cow::Owned(out));
        }
        // The longest reference is `&#x10FFFF;`, leading zeros allowed for.
        let end = rest.bytes().take(32).position(|byte| byte == b';');
        let Some(end) = end else { return Err(CodecError::new("an `&` begins no reference")) };
        out.push(
            reference(&rest[1..end])
                .ok_or_else(|| CodecError::new(format_args!("`&{};` is unknown", &rest[1..end])))?,
        );
        rest = &rest[end + 1..];
        at = find(rest, b'&');
    }
}

fn reference(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            // Half of a surrogate pair has no character of its own.
            char::from_u32(number.ok()?).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Result<Vec<Event<'_>>, CodecError> {
        let mut scanner = Scanner::new(text)?;
        let mut events = Vec::new();
        loop {
            match scanner.next()? {
                Event::End => return Ok(events),
                event => events.push(event),
            }
        }
    }

    fn text_of(text: &str) -> Result<String, CodecError> {
        let whole = format!("<a>{text}</a>");
        let mut scanner = Scanner::new(&whole)?;
        scanner.child()?;
        Ok(scanner.leaf()?.into_owned())
    }

    #[test]
    fn elements_open_and_close() {
        let events = events("<?xml version='1.0'?>\n<a:b x=\"1>\" y='/'><!-- <c> --><d/></a:b>").unwrap();
        let names: Vec<String> = events
            .iter()
            .filter_map(|event| match event {
                Event::Open { prefix, name } => Some(format!("{prefix}|{name}")),
                _ => None,
            })
            .collect();
        assert_eq!(names, ["a|b", "|d"]);
        assert_eq!(events.iter().filter(|event| **event == Event::Close).count(), 2);
    }

    #[test]
    fn references_to_control_characters_are_read() {
        assert_eq!(text_of("a&#x1;b&#13;&lt;&amp;&gt;&quot;&apos;&#x1F600;").unwrap(), "a\u{1}b\r<&>\"'\u{1F600}");
        assert_eq!(text_of("<![CDATA[<&>]]>x").unwrap(), "<&>x");
        assert_eq!(text_of("&#xD800;").unwrap(), "\u{FFFD}");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "<a>",
            "<a></b>",
            "</a>",
            "<a",
            "<>",
            "<a>&nbsp;</a>",
            "<a>&</a>",
            "<!DOCTYPE a><a/>",
            "<a b='></a>",
            "<!--",
            "<a>&#x110000000;</a>",
        ] {
            assert!(events(bad).is_err(), "{bad}");
        }
        let deep = "<a>".repeat(DEEPEST + 1);
        assert!(events(&deep).unwrap_err().to_string().contains("nested"));
    }

    #[test]
    fn an_element_is_skipped_whole() {
        let mut scanner = Scanner::new("<r><a><b/>x<c>y</c></a><d/></r>").unwrap();
        scanner.child().unwrap();
        assert_eq!(scanner.child().unwrap().unwrap().1, "a");
        scanner.skip_element().unwrap();
        assert_eq!(scanner.child().unwrap().unwrap().1, "d");
        scanner.skip_element().unwrap();
        assert_eq!(scanner.child().unwrap(), None);
    }
}
