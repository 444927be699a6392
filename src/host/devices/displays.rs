//! `IGraphicsAdapter` and `IVRDEServer`.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::table::When;
use crate::host::value::{text, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// The only extension pack for remote displays that comes with VirtualBox.
const BUILT_IN: &str = "VNC";
/// The port of a remote display that is given as 0.
const USUAL_PORT: &str = "3389";

impl State {
    pub(super) fn read_remote_display(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "VRDEProperties" => texts(self.element(at)?.properties.keys().cloned()),
            "VRDEExtPack" if self.element(at)?.text("VRDEExtPack").is_empty() => {
                let properties = self.properties_object("ISystemProperties");
                text(self.element(properties)?.text("defaultVRDEExtPack"))
            }
            "authLibrary" if self.element(at)?.text("authLibrary").is_empty() => {
                let properties = self.properties_object("ISystemProperties");
                text(self.element(properties)?.text("VRDEAuthLibrary"))
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_remote_display(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match (name, arguments.text(0)) {
            // The default, whatever that will be.
            ("VRDEExtPack", "") => {
                self.element_mut(at)?.set("VRDEExtPack", text(""));
                Ok(true)
            }
            ("VRDEExtPack", pack) if pack != BUILT_IN => {
                let fault = Fault::not_found(format!("no extension pack `{pack}` is installed"));
                Err(fault.by("IExtPackManager"))
            }
            _ => Ok(false),
        }
    }

    /// Ports as a remote display takes them; other properties pass.
    pub(super) fn check_display_property(&self, name: &str, value: &str) -> Outcome<Option<&'static str>> {
        if name != "TCP/Ports" {
            return Ok(None);
        }
        if value == "0" {
            return Ok(Some(USUAL_PORT));
        }
        let port = |text: &str| text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit());
        let range = |part: &str| match part.split_once('-') {
            Some((first, last)) => port(first) && port(last),
            None => port(part),
        };
        if value.split(',').all(range) {
            return Ok(None);
        }
        Err(Fault::argument(format!("`{value}` names no ports: `5000,5010-5012`")))
    }

    pub(super) fn call_graphics(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let (feature, on) = (arguments.name(0), arguments.flag(1));
        match name {
            "isFeatureEnabled" => {
                one(RawValue::Bool(feature == "Acceleration3D" && self.element(at)?.flag("feature.Acceleration3D")))
            }
            "setFeature" => {
                self.check_mutable(at.view, When::Off)?;
                if feature != "Acceleration3D" {
                    let code = if on { code::NOT_SUPPORTED } else { code::E_NOTIMPL };
                    return Err(Fault::new(code, format!("`{feature}` is no feature that can be set")));
                }
                let controller = self.element(at)?.name("graphicsControllerType");
                if on && !matches!(controller, "VMSVGA" | "VBoxSVGA") {
                    let message = format!("the controller {controller} has no 3D acceleration");
                    return Err(Fault::new(code::NOT_SUPPORTED, message));
                }
                self.element_mut(at)?.set("feature.Acceleration3D", RawValue::Bool(on));
                self.touch(at.view);
                nothing()
            }
            _ => Ok(None),
        }
    }
}

/// What a property of a remote display is that was never set.
pub(super) fn usual_property(name: &str) -> &'static str {
    if name == "TCP/Ports" { USUAL_PORT } else { "" }
}
