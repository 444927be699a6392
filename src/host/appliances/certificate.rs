//! `ICertificate`: the X.509 certificate of who signed an appliance.

use super::Reply;
use super::signature::is_self_signed;
use crate::host::document::{ElementId, ROOT};
use crate::host::fault::code;
use crate::host::state::{Address, State, one};
use crate::host::value::{enumerated, text, texts};
use crate::host::{Fault, Outcome, times};
use crate::model::RawValue;
use x509_parser::oid_registry::{OidRegistry, format_oid};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

/// Short names of the parts of a name, as VirtualBox writes them.
const PARTS: [(&str, &str); 8] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("1.2.840.113549.1.9.1", "Email"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// Where the seconds since 1970 of the validity are kept.
const VALIDITY: [&str; 2] = ["notBefore", "notAfter"];

impl State {
    /// The object of a certificate in DER.
    pub(super) fn add_certificate(&mut self, bytes: &[u8]) -> Outcome<ElementId> {
        let wrong = |error: x509_parser::nom::Err<x509_parser::error::X509Error>| {
            Fault::new(code::E_FAIL, format!("the certificate cannot be read: {error}"))
        };
        let (_, certificate) = X509Certificate::from_der(bytes).map_err(wrong)?;
        let values = values(&certificate);
        let validity = [certificate.validity().not_before, certificate.validity().not_after].map(|at| at.timestamp());
        let id = self.global.add("ICertificate", ROOT, "certificate", 0);
        if let Some(element) = self.global.get_mut(id) {
            values.into_iter().for_each(|(name, value)| element.set(name, value));
            VALIDITY.into_iter().zip(validity).for_each(|(name, at)| element.set(name, RawValue::Int(at)));
            element.set("rawCertData", RawValue::Blob(bytes.to_vec()));
        }
        Ok(id)
    }

    pub(super) fn read_certificate(&self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "expired" => self.is_expired(at).map(Some),
            "extendedKeyUsage" => Err(Fault::not_in_virtualbox("ICertificate.extendedKeyUsage")),
            _ => Ok(None),
        }
    }

    fn is_expired(&self, at: Address) -> Outcome<RawValue> {
        let element = self.element(at)?;
        let now = crate::host::state::now() / 1000;
        Ok(RawValue::Bool(!(element.int(VALIDITY[0])..=element.int(VALIDITY[1])).contains(&now)))
    }

    pub(super) fn call_certificate(&self, at: Address, name: &str) -> Reply {
        match name {
            "isCurrentlyExpired" => one(self.is_expired(at)?),
            "queryInfo" => Err(Fault::new(code::E_FAIL, "there is no further information: VirtualBox defines none")),
            _ => Ok(None),
        }
    }
}

fn values(certificate: &X509Certificate<'_>) -> Vec<(&'static str, RawValue)> {
    let version = match certificate.version().0 {
        0 => "V1",
        1 => "V2",
        2 => "V3",
        _ => "Unknown",
    };
    let serial: Vec<_> = certificate.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
    // A number where it can be one.
    let serial = if serial.len() <= 8 { format!("0x{}", serial.concat()) } else { serial.join(" ") };
    let name = |name: &X509Name<'_>| parts(name).into_iter().map(|(part, value)| format!("{part}={value}")).collect();
    let (issuer, subject): (Vec<String>, Vec<String>) = (name(certificate.issuer()), name(certificate.subject()));
    let organization = parts(certificate.subject()).into_iter().find(|(part, _)| part == "O").map(|(_, value)| value);
    let key = &certificate.public_key().algorithm.algorithm;
    let signature = &certificate.signature_algorithm.algorithm;
    let usage = certificate.key_usage().ok().flatten().map_or(0, |usage| usage.value.flags);
    // VirtualBox writes them to the nanosecond.
    let time = |seconds: i64| text(times::write(seconds.saturating_mul(1000)).replace('Z', ".000000000Z"));
    let unique = |id: Option<&[u8]>| {
        let bytes: Vec<_> = id.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
        text(bytes.join(" "))
    };
    vec![
        ("versionNumber", enumerated("CertificateVersion", version)),
        ("serialNumber", text(serial)),
        ("signatureAlgorithmOID", text(signature.to_id_string())),
        ("signatureAlgorithmName", text(algorithm(signature))),
        ("issuerName", texts(issuer)),
        ("friendlyName", text(organization.unwrap_or_else(|| subject.join(", ")))),
        ("subjectName", texts(subject)),
        ("validityPeriodNotBefore", time(certificate.validity().not_before.timestamp())),
        ("validityPeriodNotAfter", time(certificate.validity().not_after.timestamp())),
        ("publicKeyAlgorithmOID", text(key.to_id_string())),
        ("publicKeyAlgorithm", text(algorithm(key))),
        ("subjectPublicKey", RawValue::Blob(certificate.public_key().subject_public_key.data.to_vec())),
        ("issuerUniqueIdentifier", unique(certificate.issuer_uid.as_ref().map(|id| id.0.data.as_ref()))),
        ("subjectUniqueIdentifier", unique(certificate.subject_uid.as_ref().map(|id| id.0.data.as_ref()))),
        ("certificateAuthority", RawValue::Bool(certificate.is_ca())),
        ("keyUsage", RawValue::Int(usage.into())),
        ("selfSigned", RawValue::Bool(is_self_signed(certificate))),
        // There is no list of those who are trusted.
        ("trusted", RawValue::Bool(false)),
    ]
}

/// The name of an algorithm; its number where it has none.
fn algorithm(oid: &x509_parser::der_parser::Oid<'_>) -> String {
    static KNOWN: std::sync::OnceLock<OidRegistry<'static>> = std::sync::OnceLock::new();
    let known = KNOWN.get_or_init(|| OidRegistry::default().with_all_crypto().with_x509());
    // It puts the number behind the name.
    format_oid(oid, known).split(" (").next().unwrap_or_default().to_owned()
}

/// The parts of a name, each with its short name, or its number.
fn parts(name: &X509Name<'_>) -> Vec<(String, String)> {
    let part = |part: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let number = part.attr_type().to_id_string();
        let known = PARTS.iter().find(|(known, _)| *known == number).map(|(_, short)| (*short).to_owned());
        let value = part.as_str().map_or_else(|_| String::from_utf8_lossy(part.as_slice()).into_owned(), str::to_owned);
        (known.unwrap_or(number), value)
    };
    name.iter_attributes().map(part).collect()
}
