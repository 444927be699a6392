//! What settings of `ISystemProperties` take. Observed with VirtualBox 7.2.22.

use super::fault::code;
use super::value::text;
use super::{Fault, Outcome};
use crate::model::RawValue;

/// The value to keep for a setting that was given as text; none: any text will do.
///
/// # Errors
/// The setting does not take it.
pub(super) fn check(name: &str, given: &str, usual: &RawValue) -> Outcome<Option<RawValue>> {
    match name {
        "defaultAdditionsISO" => {
            let message = "the image of the guest additions cannot be chosen: VirtualBox 7.2 does not implement it";
            Err(Fault::new(code::E_NOTIMPL, message))
        }
        // Very old settings call the default folder so.
        "defaultMachineFolder" if given == "Machines" => Ok(Some(text(""))),
        "defaultMachineFolder" if !given.is_empty() => {
            super::root::absolute(given).map(|_| None).map_err(|fault| Fault::argument(fault.message))
        }
        "defaultVRDEExtPack" | "defaultCryptoExtPack" if !given.is_empty() && usual.as_text() != Some(given) => {
            Err(Fault::not_found(format!("no extension pack `{given}` is installed")).by("IExtPackManager"))
        }
        "proxyURL" if !given.is_empty() => {
            let url = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
            match is_proxy(&url) {
                true => Ok(Some(text(url))),
                false => Err(Fault::argument(format!("`{given}` is no proxy: it must be like http://proxy:3128"))),
            }
        }
        "languageId" if !given.is_empty() && !is_language(given) => {
            Err(Fault::argument(format!("`{given}` is no language: it must be like `de`, `de_DE` or `C`")))
        }
        _ => Ok(None),
    }
}

/// A scheme and a host, perhaps a user and a port, and nothing behind.
fn is_proxy(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, Some(port)),
        _ => (host, None),
    };
    !scheme.is_empty()
        && !host.is_empty()
        && !rest.contains(['/', '?', '#'])
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_language(id: &str) -> bool {
    let lower = |part: &str| part.len() == 2 && part.bytes().all(|letter| letter.is_ascii_lowercase());
    let upper = |part: &str| part.len() == 2 && part.bytes().all(|letter| letter.is_ascii_uppercase());
    match id.split_once('_') {
        _ if id == "C" => true,
        Some((language, country)) => lower(language) && upper(country),
        None => lower(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_and_languages_are_told_from_nonsense() {
        for url in ["http://x", "http://a:b@c:80", "socks5://h", "http://h:1"] {
            assert!(is_proxy(url), "{url}");
        }
        for url in ["http:///tmp", "http://h:1/", "://", "http://h:99999", "http://rel/path"] {
            assert!(!is_proxy(url), "{url}");
        }
        assert!(["C", "de", "de_DE"].into_iter().all(is_language));
        assert!(!["", "x", "null", "DE", "de_de", "de_DE@x"].into_iter().any(is_language));
    }
}
