//! Reads a server's own WSDL into the table form, so that a server of another release is met with its
//! own members and numbers.
//!
//! [`document`] takes the XML apart, [`merge`] adds what a WSDL does not say from the embedded table.
//! The WSDL is foreign bytes: everything here is bounded and answers nonsense with an error.

mod document;
mod merge;
#[cfg(test)]
mod tests;

/// A WSDL larger than this (in bytes) is not one; 7.2's has 3.8 MB.
const LARGEST: usize = 64 << 20;

/// A WSDL that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's WSDL cannot be read: {0}")]
pub struct WsdlError(pub String);

/// Builds the table of the release whose WSDL this is. `version`, `api` and `revision` are what the
/// server's `IVirtualBox` says of itself (`7.2.22`, `7_2`, `175245`), the version without what a packager
/// put behind it.
///
/// From the WSDL: which interfaces, members, parameters, types, structures and enumerations there are,
/// and the numbers of the enumerations. From the embedded table, by name: inheritance, which texts are
/// objects or ids, interface ids, result codes, and what no web service offers. Where neither knows, a
/// text stays a text (a read-only attribute named like an interface of the server is an object), an
/// unnumbered enumeration value gets the next number, and an interface has no parent (one that belongs
/// to an event type has `IEvent`).
///
/// # Errors
/// Not a WSDL, not one of a VirtualBox, cut short, or beyond all bounds.
pub fn table_from_wsdl(wsdl: &str, version: &str, api: &str, revision: u32) -> Result<String, WsdlError> {
    if wsdl.len() > LARGEST {
        return Err(WsdlError(format!("larger than {LARGEST} bytes")));
    }
    let is_word = |word: &str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !word.is_empty() && word.len() <= 64 && word.bytes().all(good)
    };
    if !is_word(version) || !is_word(api) {
        return Err(WsdlError(format!("{version:?} with the API {api:?} is no version")));
    }
    let document = document::read(wsdl)?;
    let mut table = format!("V {version} {api} {revision}\n");
    merge::write(&document, &mut table)?;
    Ok(table)
}
