//! Signed appliances: a `.cert` file beside the manifest has the signature of that and the certificate of the signer.

use super::manifest::Algorithm;
use crate::host::fault::code;
use crate::host::{Fault, Outcome};
use ring::signature::{self as algorithms, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Numbers of kinds of keys.
const RSA: &str = "1.2.840.113549.1.1.1";
const ELLIPTIC: &str = "1.2.840.10045.2.1";
/// Numbers of curves.
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// A signature that holds.
#[derive(Debug)]
pub(super) struct Signed {
    /// The certificate of the signer, in DER.
    pub(super) certificate: Vec<u8>,
    pub(super) self_signed: bool,
    /// Whether the signer may sign certificates.
    pub(super) authority: bool,
}

/// Reads a `.cert` file and checks that it signs this manifest.
///
/// # Errors
/// `E_FAIL`: it is no such file. `VBOX_E_IPRT_ERROR`: the manifest is another one than was signed.
pub(super) fn check(file: &[u8], manifest_name: &str, manifest: &[u8]) -> Outcome<Signed> {
    let malformed =
        |why: &str| Fault::new(code::E_FAIL, format!("the certificate file of the appliance is malformed: {why}"));
    let text = String::from_utf8_lossy(file);
    let line = text.lines().find(|line| line.contains(&format!("({manifest_name})")));
    let line = line.ok_or_else(|| malformed("it has no signature of the manifest"))?;
    let (head, value) = line.rsplit_once('=').ok_or_else(|| malformed("its signature has no value"))?;
    let algorithm = head.split('(').next().and_then(|name| Algorithm::named(name.trim()));
    let algorithm = algorithm.ok_or_else(|| malformed("its signature is of an unknown kind"))?;
    let signature = bytes(value.trim()).ok_or_else(|| malformed("its signature is not hexadecimal"))?;
    let (_, pem) = parse_x509_pem(file).map_err(|_| malformed("it has no certificate"))?;
    if pem.label != "CERTIFICATE" {
        return Err(malformed("it has no certificate"));
    }
    let (_, certificate) = X509Certificate::from_der(&pem.contents).map_err(|error| malformed(&error.to_string()))?;
    let key = certificate.public_key();
    let kind = key.algorithm.algorithm.to_id_string();
    let curve =
        key.algorithm.parameters.as_ref().and_then(|given| given.as_oid().ok()).map(|curve| curve.to_id_string());
    let unsupported = || {
        Fault::new(
            code::NOT_SUPPORTED,
            format!("a signature by a key of the kind {kind} with {} cannot be checked", algorithm.name()),
        )
    };
    let verify: &dyn VerificationAlgorithm = match (kind.as_str(), algorithm, curve.as_deref()) {
        (RSA, Algorithm::Sha1, _) => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (RSA, Algorithm::Sha256, _) => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (RSA, Algorithm::Sha512, _) => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (ELLIPTIC, Algorithm::Sha256, Some(P256)) => &algorithms::ECDSA_P256_SHA256_ASN1,
        (ELLIPTIC, Algorithm::Sha256, Some(P384)) => &algorithms::ECDSA_P384_SHA256_ASN1,
        _ => return Err(unsupported()),
    };
    // VirtualBox has the same code for this and for a manifest that it cannot read.
    UnparsedPublicKey::new(verify, &key.subject_public_key.data).verify(manifest, &signature).map_err(|_| {
        Fault::new(code::IPRT_ERROR, format!("`{manifest_name}` is not what was signed: the signature does not match"))
    })?;
    Ok(Signed {
        self_signed: is_self_signed(&certificate),
        authority: certificate.is_ca(),
        certificate: pem.contents.clone(),
    })
}

/// Whether a certificate is signed by its own key.
pub(super) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    certificate.issuer() == certificate.subject() && certificate.verify_signature(None).is_ok()
}

/// Bytes written in hexadecimal.
fn bytes(written: &str) -> Option<Vec<u8>> {
    let pairs = written.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &[u8] = include_bytes!("../../../tests/fixtures/appliances/signed.cert");
    const MANIFEST: &[u8] = include_bytes!("../../../tests/fixtures/appliances/signed.mf");

    #[test]
    fn a_signature_holds_for_its_manifest_alone() {
        let signed = check(SIGNED, "signed.mf", MANIFEST).unwrap();
        assert!(signed.self_signed && signed.authority);
        assert_eq!(check(SIGNED, "signed.mf", b"other").unwrap_err().code, code::IPRT_ERROR);
        assert_eq!(check(SIGNED, "other.mf", MANIFEST).unwrap_err().code, code::E_FAIL);
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        for length in 0..SIGNED.len() {
            // The last line may be incomplete.
            assert!(check(&SIGNED[..length], "signed.mf", MANIFEST).is_err() || length > SIGNED.len() - 40, "{length}");
        }
        for at in (0..SIGNED.len()).step_by(7) {
            let mut bytes = SIGNED.to_vec();
            bytes[at] ^= 0x15;
            let _ = check(&bytes, "signed.mf", MANIFEST);
        }
    }
}
