//! Writing text and elements.

use super::CodecError;

pub(super) const OPEN_REQUEST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope \
    xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:v=\"http://www.virtualbox.org/\"><s:Body>";
pub(super) const CLOSE_REQUEST: &str = "</s:Body></s:Envelope>";

/// What the server writes before and after every reply and fault.
pub(super) const OPEN_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope \
    xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" \
    xmlns:SOAP-ENC=\"http://schemas.xmlsoap.org/soap/encoding/\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
    xmlns:vbox=\"http://www.virtualbox.org/\"><SOAP-ENV:Body>";
pub(super) const CLOSE_REPLY: &str = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\r\n";

/// Writes `<name>`.
pub(super) fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

/// Writes `</name>`.
pub(super) fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Writes text so that a reader gets it back letter by letter.
///
/// # Errors
/// Text that no message can carry: the server's strings end at a NUL, and U+FFFE and U+FFFF are no
/// characters to it.
pub(super) fn text(out: &mut String, text: &str) -> Result<(), CodecError> {
    let mut rest = text;
    // All that needs care is ASCII, but for the two non-characters.
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'<' | b'>' | b'&' | 0x7f | 0xef)) {
        out.push_str(&rest[..at]);
        let letter = rest[at..].chars().next().unwrap_or_default();
        rest = &rest[at + letter.len_utf8()..];
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\0' => return Err(CodecError::new("has a NUL character, which the web service cannot carry")),
            '\u{fffe}' | '\u{ffff}' => {
                return Err(CodecError::new("has a character (U+FFFE or U+FFFF) that the web service cannot carry"));
            }
            '\n' | '\t' => out.push(letter),
            '\u{1}'..='\u{1f}' | '\u{7f}' => {
                out.push_str("&#");
                out.push_str(&(letter as u32).to_string());
                out.push(';');
            }
            _ => out.push(letter),
        }
    }
    out.push_str(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_travel_as_references() {
        let mut out = String::new();
        text(&mut out, "a<b>&\r\n\t\u{1}ä\u{fffd}").unwrap();
        assert_eq!(out, "a&lt;b&gt;&amp;&#13;\n\t&#1;ä\u{fffd}");
        assert!(text(&mut out, "a\0b").is_err());
        assert!(text(&mut out, "\u{ffff}").is_err());
    }
}
