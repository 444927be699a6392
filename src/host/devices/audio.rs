//! `IAudioSettings` and `IAudioAdapter`.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State};
use crate::host::value::{enumerated, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// The codecs that a controller can have.
fn codecs(controller: &str) -> &'static [&'static str] {
    match controller {
        "AC97" => &["STAC9700", "AD1980"],
        "SB16" => &["SB16"],
        "HDA" => &["STAC9221"],
        _ => &["Null"],
    }
}

impl State {
    pub(super) fn read_audio(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            ("IAudioSettings", "adapter") => self.part_value(at, "adapter", "IAudioAdapter")?,
            ("IAudioAdapter", "propertiesList") => texts(self.element(at)?.properties.keys().cloned()),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_audio(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "audioDriver" if !matches!(arguments.name(0), "Default" | "Null" | "OSS" | "ALSA" | "Pulse") => {
                Err(Fault::new(code::E_FAIL, format!("this computer has no audio driver `{}`", arguments.name(0))))
            }
            // VirtualBox takes it and cannot read the settings file afterwards.
            "audioController" if arguments.name(0) == "VirtioSound" => {
                Err(Fault::argument("`VirtioSound` cannot be kept in a settings file; AC97, SB16 and HDA can"))
            }
            "audioController" => {
                let codec = crate::host::settings::usual_codec(arguments.name(0));
                self.element_mut(at)?.set("audioCodec", enumerated("AudioCodecType", codec));
                Ok(false)
            }
            "audioCodec" => {
                let controller = self.element(at)?.name("audioController");
                if codecs(controller).contains(&arguments.name(0)) {
                    return Ok(false);
                }
                Err(Fault::argument(format!("the controller {controller} has {}", codecs(controller).join(" or "))))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn call_audio(&mut self, name: &str) -> Reply {
        match name {
            "getHostAudioDevice" | "setHostAudioDevice" => {
                Err(Fault::not_in_virtualbox(format!("IAudioSettings.{name}")))
            }
            _ => Ok(None),
        }
    }
}
