//! Faults: why an operation gave nothing.

use super::scan::Scanner;
use super::{CodecError, write};

/// A fault, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call ran and failed.
    Runtime {
        /// Result code, unsigned.
        code: u32,
        /// Reference of an `IVirtualBoxErrorInfo`; `None` when there is none.
        info: Option<String>,
        /// The server's text.
        text: String,
    },
    /// A reference, of the object or of an argument, is unknown, or has not the interface of the
    /// operation. The call did not run.
    InvalidObject {
        /// The reference.
        id: String,
        /// The server's text.
        text: String,
    },
    /// The server did not understand the request (unknown operation, value of a wrong type). The call
    /// did not run.
    Request {
        /// The server's text.
        text: String,
    },
    /// Nothing is said at all. A refused log-on looks so.
    Bare,
}

/// Reads a fault whose element has just been opened, up to and with its end.
pub(super) fn read_fault(scanner: &mut Scanner<'_>) -> Result<Fault, CodecError> {
    let mut text = None;
    let mut detail = None;
    while let Some((_, name)) = scanner.child()? {
        match name {
            "faultstring" => text = Some(scanner.leaf()?.into_owned()),
            "detail" => detail = read_detail(scanner)?,
            _ => scanner.skip_element()?,
        }
    }
    Ok(match (detail, text) {
        (Some(Detail::Runtime { code, info }), text) => Fault::Runtime { code, info, text: text.unwrap_or_default() },
        (Some(Detail::InvalidObject(id)), text) => Fault::InvalidObject { id, text: text.unwrap_or_default() },
        (None, Some(text)) if !text.trim().is_empty() => Fault::Request { text },
        (None, _) => Fault::Bare,
    })
}

enum Detail {
    Runtime { code: u32, info: Option<String> },
    InvalidObject(String),
}

fn read_detail(scanner: &mut Scanner<'_>) -> Result<Option<Detail>, CodecError> {
    let mut detail = None;
    while let Some((_, name)) = scanner.child()? {
        match name {
            "RuntimeFault" => {
                let (mut code, mut info) = (None, None);
                while let Some((_, name)) = scanner.child()? {
                    match name {
                        "resultCode" => code = Some(result_code(&scanner.leaf()?)?),
                        "returnval" => info = Some(scanner.leaf()?.into_owned()).filter(|info| !info.is_empty()),
                        _ => scanner.skip_element()?,
                    }
                }
                let code = code.ok_or_else(|| CodecError::new("a fault has no result code"))?;
                detail = Some(Detail::Runtime { code, info });
            }
            "InvalidObjectFault" => {
                let mut id = String::new();
                while let Some((_, name)) = scanner.child()? {
                    match name {
                        "badObjectID" => id = scanner.leaf()?.into_owned(),
                        _ => scanner.skip_element()?,
                    }
                }
                detail = Some(Detail::InvalidObject(id));
            }
            _ => scanner.skip_element()?,
        }
    }
    Ok(detail)
}

/// The code travels as a signed 32-bit number.
fn result_code(text: &str) -> Result<u32, CodecError> {
    let number: i64 = text.trim_ascii().parse().map_err(|_| CodecError::new("a fault's result code is no number"))?;
    u32::try_from(number & 0xffff_ffff).map_err(|_| CodecError::new("a fault's result code is out of range"))
}

/// Appends a fault as the server writes it.
///
/// # Errors
/// A text that no message can carry.
pub fn encode_fault(out: &mut String, fault: &Fault) -> Result<(), CodecError> {
    out.push_str(write::OPEN_REPLY);
    out.push_str("<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>");
    let text = match fault {
        Fault::Runtime { text, .. } | Fault::InvalidObject { text, .. } | Fault::Request { text } => Some(text),
        Fault::Bare => None,
    };
    if let Some(text) = text {
        out.push_str("<faultstring>");
        write::text(out, text)?;
        out.push_str("</faultstring>");
    }
    match fault {
        Fault::Runtime { code, info, .. } => {
            out.push_str("<detail><vbox:RuntimeFault><resultCode>");
            out.push_str(&code.cast_signed().to_string());
            out.push_str("</resultCode><returnval>");
            write::text(out, info.as_deref().unwrap_or_default())?;
            out.push_str("</returnval></vbox:RuntimeFault></detail>");
        }
        Fault::InvalidObject { id, .. } => {
            out.push_str("<detail><vbox:InvalidObjectFault><badObjectID>");
            write::text(out, id)?;
            out.push_str("</badObjectID></vbox:InvalidObjectFault></detail>");
        }
        Fault::Request { .. } | Fault::Bare => {}
    }
    out.push_str("</SOAP-ENV:Fault>");
    out.push_str(write::CLOSE_REPLY);
    Ok(())
}
