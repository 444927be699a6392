//! `IUnattended`: what an unattended installation shall be like, what is on its medium, and the files that answer the
//! questions of its installer.

mod detect;
mod iso9660;
mod plan;
mod scripts;

use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, nothing};
use super::value::{text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;

/// Settings that VirtualBox itself does not have.
const MISSING: [&str; 2] = ["keyboardLayout", "keyboardVariant"];

impl State {
    pub(super) fn create_unattended(&mut self) -> RawValue {
        Address::global(self.global.add("IUnattended", ROOT, "unattended", 0)).value("IUnattended")
    }

    pub(super) fn read_unattended(&self, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            name if MISSING.contains(&name) => Err(missing()),
            "detectedImageNames" => Ok(Some(texts::<String>([]))),
            "detectedImageIndices" => Ok(Some(RawValue::List(Vec::new()))),
            _ => Ok(None),
        }
    }

    pub(super) fn write_unattended(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        let given = arguments.text(0);
        let wrong = |what: &str| Err(Fault::argument(format!("`{given}` is no {what}")));
        match name {
            name if MISSING.contains(&name) => return Err(missing()),
            "locale" if !given.is_empty() && !is_locale(given) => return wrong("locale: it must be like `de_DE`"),
            "country" if !given.is_empty() && !is_code(given, true) => return wrong("country: it must be like `DE`"),
            "packageSelectionAdjustments" if !matches!(given, "" | "minimal") => {
                return wrong("adjustment of the packages: there is `minimal`");
            }
            "hostname" if !is_host_name(given) => {
                return wrong("full name of a host: it must be like `web.example.org`");
            }
            "machine" => {
                let machine = arguments.object(0).ok_or_else(|| Fault::argument("no machine was given"))?;
                if !self.machine(machine.view)?.registered {
                    let message = "the machine of an installation must be registered";
                    return Err(Fault::not_found(message).by("IVirtualBox"));
                }
            }
            "auxiliaryBasePath" if !std::path::Path::new(given).is_absolute() => return wrong("absolute path"),
            // An empty proxy leaves the old one.
            "proxy" if given.is_empty() => return Ok(true),
            _ => {}
        }
        self.check_unprepared(at)?;
        let interface = self.element(at)?.interface;
        let row = super::table::find(interface, name).filter(|row| row.when != super::table::When::Never);
        let Some(row) = row else { return Ok(false) };
        self.element_mut(at)?.set(row.name, arguments.value(0));
        Ok(true)
    }

    /// Looks what is on the medium.
    fn detect_system(&mut self, at: Address) -> Outcome {
        let path = std::path::PathBuf::from(self.element(at)?.text("isoPath"));
        self.note_detected(at, &detect::Detected::default())?;
        // VirtualBox has this code for a medium that is not there, too.
        let unopened = |error: std::io::Error| {
            Fault::new(code::E_NOTIMPL, format!("cannot open the installation medium `{}`: {error}", path.display()))
        };
        let image = iso9660::Image::open(&path).map_err(unopened)?;
        let found = image.and_then(|mut image| detect::detect(&mut image));
        let found = found.ok_or_else(|| {
            Fault::new(
                code::E_FAIL,
                format!("`{}` is no installation medium of a system that is known", path.display()),
            )
        })?;
        self.note_detected(at, &found)?;
        Err(Fault::new(
            code::E_NOTIMPL,
            format!(
                "found {} {} on the medium, which the `detected...` attributes tell; VirtualBox ends this call so, too",
                found.os_type, found.version
            ),
        ))
    }

    fn note_detected(&mut self, at: Address, found: &detect::Detected) -> Outcome {
        let element = self.element_mut(at)?;
        for (name, value) in [
            ("detectedOSTypeId", &found.os_type),
            ("detectedOSVersion", &found.version),
            ("detectedOSFlavor", &found.flavor),
            ("detectedOSLanguages", &found.languages),
        ] {
            element.set(name, text(value));
        }
        element.set("isUnattendedInstallSupported", RawValue::Bool(found.supported));
        element.set("productKeyRequired", RawValue::Bool(found.wants_key));
        Ok(())
    }

    /// What `prepare` wants before it begins.
    fn check_described(&self, at: Address) -> Outcome {
        let element = self.element(at)?;
        let missing = |what: &str| {
            Err(Fault::new(code::E_FAIL, format!("the installation is not described: set `{what}` first")))
        };
        if element.text("isoPath").is_empty() {
            return missing("isoPath");
        }
        if element.value("machine").and_then(Address::of).is_none() {
            return missing("machine");
        }
        Ok(())
    }

    pub(super) fn call_unattended(&mut self, at: Address, name: &str) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "detectIsoOS" => {
                self.detect_system(at)?;
                nothing()
            }
            "prepare" => {
                self.prepare_installation(at)?;
                nothing()
            }
            "constructMedia" => {
                self.construct_media(at)?;
                nothing()
            }
            "reconfigureVM" => {
                self.reconfigure_machine(at)?;
                nothing()
            }
            // The files stay: the machine has them in its drive.
            "done" => {
                self.end_installation(at)?;
                nothing()
            }
            _ => Ok(None),
        }
    }
}

fn missing() -> Fault {
    Fault::new(
        code::E_NOTIMPL,
        "the keyboard of an installation is in the API alone: VirtualBox 7.2 does not implement it",
    )
}

fn is_code(given: &str, upper: bool) -> bool {
    let fits = |letter: u8| if upper { letter.is_ascii_uppercase() } else { letter.is_ascii_lowercase() };
    given.len() == 2 && given.bytes().all(fits)
}

fn is_locale(given: &str) -> bool {
    given.split_once('_').is_some_and(|(language, country)| is_code(language, false) && is_code(country, true))
}

/// At least two labels of two letters, digits or hyphens.
fn is_host_name(given: &str) -> bool {
    let label =
        |label: &str| label.len() >= 2 && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    given.contains('.') && given.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_an_installation_are_checked() {
        assert!(is_locale("de_DE") && !is_locale("de") && !is_locale("DE_de"));
        assert!(is_host_name("web.example.org") && !is_host_name("web") && !is_host_name("a.b.c") && !is_host_name(""));
    }
}
