//! `IAppliance.read`: the descriptor of a package, with its manifest.

use super::Outcome;
use super::envelope::{Envelope, wrong};
use super::manifest::{Manifest, digest};
use super::package::{Package, is_archive};
use super::signature::{self, Signed};
use crate::host::Fault;
use crate::host::fault::code;
use crate::host::progress::{Job, Reporter};
use crate::host::state::{Address, State};
use crate::host::value::text;
use crate::model::RawValue;
use std::path::Path;
use std::sync::Arc;

/// What stands in a package beside the disks.
struct Contents {
    package: Package,
    manifest: Manifest,
    envelope: Envelope,
    signed: Option<Signed>,
}

impl State {
    pub(super) fn read_package(&mut self, at: Address, path: &str) -> Outcome<RawValue> {
        let file = std::path::absolute(path).unwrap_or_default();
        if is_archive(Path::new(path)).is_none() {
            let message = format!("`{path}` is no appliance: its name must end with `.ovf` or `.ova`");
            return Err(Fault::new(code::FILE_ERROR, message));
        }
        self.element_mut(at)?.set("path", text(path));
        let appliance = self.appliance_mut(at)?;
        // The descriptions stay until it is interpreted, and whether they were imported.
        *appliance = super::Appliance { busy: true, imported: appliance.imported, ..Default::default() };
        let job = Job::new(format!("Reading appliance `{path}`"), at, "IAppliance");
        let work = move |report: &Reporter| {
            let contents = read(&file)?;
            report.check()?;
            Ok(contents)
        };
        let close = move |state: &mut Self, result: Outcome<Contents>| {
            let appliance = state.appliance_mut(at)?;
            appliance.busy = false;
            let Contents { package, manifest, envelope, signed } = result?;
            let place = package.path().display().to_string();
            appliance.contents = Some((package, manifest, Arc::new(envelope)));
            let Some(signed) = signed else { return Ok(()) };
            let remarks = &mut appliance.remarks;
            if signed.self_signed {
                remarks.push(format!("`{place}` is signed with a certificate that signs itself"));
                if !signed.authority {
                    remarks.push(format!("the certificate that signs `{place}` is not marked as an authority"));
                }
            } else {
                remarks.push(format!("nobody who is trusted vouches for the certificate that signs `{place}`"));
            }
            let certificate = state.add_certificate(&signed.certificate)?;
            state.appliance_mut(at)?.certificate = Some(certificate);
            Ok(())
        };
        Ok(self.start_job(job, work, close))
    }
}

fn read(path: &Path) -> Outcome<Contents> {
    let package = Package::open(path)?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| wrong("it is no text in UTF-8"));
    let bytes = package.text(&package.descriptor)?.ok_or_else(|| Fault::file(path, "it is no file"))?;
    let manifest_name = package.companion("mf");
    let lines = package.text(&manifest_name)?;
    let parsed = lines.clone().map(text).transpose()?;
    let mut manifest = Manifest::parse(parsed.as_deref().unwrap_or_default())?;
    // Without a manifest there is nothing that could be signed.
    let signed = match (package.text(&package.companion("cert"))?, lines) {
        (Some(file), Some(lines)) => Some(signature::check(&file, &manifest_name, &lines)?),
        _ => None,
    };
    if let Some(algorithm) = manifest.algorithm(&package.descriptor) {
        manifest.note(&package.descriptor, digest(algorithm, &bytes));
    }
    let envelope = Envelope::parse(&text(bytes)?)?;
    Ok(Contents { package, manifest, envelope, signed })
}
