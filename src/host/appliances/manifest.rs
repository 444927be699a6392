//! Manifests: the digests of the files of an appliance, one a line: `SHA256 (web.ovf) = 6a4c...`. As in VirtualBox, the
//! MD5 digests of old packages must look like some but prove nothing, and digests of other kinds are passed over.

use crate::host::fault::code;
use crate::host::{Fault, Outcome};
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Hexadecimal digits of an MD5 digest.
const MD5_DIGITS: usize = 32;

/// How a digest is made; the later, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

impl Algorithm {
    /// Hexadecimal digits of a digest.
    fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A digest that is being made.
pub(super) enum Hasher {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::new(sha2::Sha512::new())),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest, in hexadecimal.
    pub(super) fn finish(self) -> String {
        let bytes: Vec<u8> = match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        };
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The digest of some bytes.
pub(super) fn digest(algorithm: Algorithm, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// Digests by the names of files.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    digests: BTreeMap<String, (Algorithm, String)>,
    /// Files whose digest is known already.
    known: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// A line is none of a manifest.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let mut digests: BTreeMap<String, (Algorithm, String)> = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = || Fault::new(code::IPRT_ERROR, format!("line {number} of the manifest is none: `{line}`"));
            let (head, value) = line.rsplit_once('=').ok_or_else(wrong)?;
            let (algorithm, name) = head.trim().split_once('(').ok_or_else(wrong)?;
            let name = name.strip_suffix(')').ok_or_else(wrong)?;
            let kind = algorithm.trim();
            let algorithm = Algorithm::named(kind);
            let digits = match algorithm {
                Some(known) => known.digits(),
                None if kind == "MD5" => MD5_DIGITS,
                None => continue,
            };
            let value = value.trim().to_ascii_lowercase();
            if value.len() != digits || !value.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(wrong());
            }
            if let Some(algorithm) = algorithm
                && digests.get(name).is_none_or(|(known, _)| *known <= algorithm)
            {
                digests.insert(name.to_owned(), (algorithm, value));
            }
        }
        Ok(Self { digests, known: BTreeMap::new() })
    }

    /// How the digest of a file is made; `None`: the manifest does not mention it.
    pub(super) fn algorithm(&self, name: &str) -> Option<Algorithm> {
        self.digests.get(name).map(|(algorithm, _)| *algorithm)
    }

    /// Keeps the digest of a file until [`Self::check_known`].
    pub(super) fn note(&mut self, name: &str, digest: String) {
        self.known.insert(name.to_owned(), digest);
    }

    /// Checks the files that were noted.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn check_known(&self) -> Outcome {
        self.known.iter().try_for_each(|(name, digest)| self.check(name, digest))
    }

    /// Compares the digest of a file with that in the manifest.
    ///
    /// # Errors
    /// They differ: the file is not the one that was packed.
    pub(super) fn check(&self, name: &str, found: &str) -> Outcome {
        match self.digests.get(name) {
            Some((algorithm, wanted)) if wanted != found => Err(Fault::new(
                code::FILE_ERROR,
                format!(
                    "`{name}` is damaged or was changed: its {} digest is {found}, and the manifest says {wanted}",
                    algorithm.name()
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// A manifest that is being written.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn add(&mut self, algorithm: Algorithm, name: &str, digest: &str) {
        let _ = writeln!(self.0, "{} ({name}) = {digest}", algorithm.name());
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_in_both_spellings_and_written_in_one() {
        let digest = digest(Algorithm::Sha1, b"abc");
        assert_eq!(digest, "a9993e364706816aba3e25717850c26c9cd0d89d");
        let mut lines = Lines::default();
        lines.add(Algorithm::Sha1, "a (b).ovf", &digest);
        for text in [lines.text(), format!("sha1(a (b).ovf)= {}\r\n", digest.to_uppercase())] {
            let manifest = Manifest::parse(&text).unwrap();
            assert_eq!(manifest.algorithm("a (b).ovf"), Some(Algorithm::Sha1));
            assert!(manifest.check("a (b).ovf", &digest).is_ok() && manifest.check("unknown", "").is_ok());
            assert!(manifest.check("a (b).ovf", "00").unwrap_err().message.contains("00"));
        }
        for wrong in ["nonsense", "SHA1 a.ovf = 00", "MD5 (a.ovf) = 00", "SHA1 (a.ovf = 00", "SHA1 (a.ovf) = 00"] {
            assert_eq!(Manifest::parse(wrong).unwrap_err().code, code::IPRT_ERROR, "{wrong}");
        }
    }

    #[test]
    fn of_several_digests_the_best_counts_and_md5_proves_nothing() {
        let sha1 = digest(Algorithm::Sha1, b"abc");
        let sha256 = digest(Algorithm::Sha256, b"abc");
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        let lines = [format!("SHA256 (a) = {sha256}"), format!("SHA1 (a) = {sha1}"), format!("MD5 (a) = {md5}")];
        let manifest = Manifest::parse(&lines.join("\n")).unwrap();
        assert_eq!(manifest.algorithm("a"), Some(Algorithm::Sha256));
        let other = Manifest::parse(&format!("MD5 (a) = {md5}\nCRC32 (a) = f9d5b84a\nSHA-256 (a) = x")).unwrap();
        assert_eq!(other.algorithm("a"), None);
        assert!(other.check("a", "whatever").is_ok());
    }
}
