//! Recording settings of a machine that does not run.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, one};
use crate::host::table::When;
use crate::host::value::text;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

/// Screens that any machine can have.
const ALL_SCREENS: i64 = 0xffff_ffff;

impl State {
    pub(super) fn read_recording(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            ("IRecordingSettings", "screens") => {
                self.fit_screens(at)?;
                self.parts(at, "screens", "IRecordingScreenSettings")?
            }
            ("IRecordingSettings", "paused") => return Err(Fault::not_in_virtualbox("IRecordingSettings.paused")),
            ("IRecordingSettings", "progress") => {
                self.check_mutable(at.view, When::Always)?;
                return Err(Fault::new(code::E_FAIL, "no recording was started"));
            }
            ("IRecordingScreenSettings", "id") => RawValue::Int(self.element(at)?.index.into()),
            ("IRecordingScreenSettings", "filename") if self.element(at)?.text("filename").is_empty() => {
                text(self.recording_file(at, "")?)
            }
            _ => return Ok(None),
        }))
    }

    /// Each screen has a file of its own: the number of the screen comes before the ending.
    fn recording_file(&self, at: Address, given: &str) -> Outcome<String> {
        let stem = match given {
            "" => self.machine(at.view)?.settings_file.with_extension("").display().to_string(),
            given => given.strip_suffix(".webm").unwrap_or(given).to_owned(),
        };
        let mark = format!("-screen{}", self.element(at)?.index);
        Ok(format!("{}{mark}.webm", stem.strip_suffix(&mark).unwrap_or(&stem)))
    }

    pub(super) fn write_recording(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        match name {
            "features" => {
                let mut wanted: Vec<RawValue> = Vec::new();
                for value in arguments.list(0) {
                    if crate::host::value::name_of(value) != "None" && !wanted.contains(value) {
                        wanted.push(value.clone());
                    }
                }
                self.element_mut(at)?.set("features", RawValue::List(wanted));
                Ok(true)
            }
            "filename" if !arguments.text(0).is_empty() && !Path::new(arguments.text(0)).is_absolute() => {
                Err(Fault::argument(format!("`{}` is no full path", arguments.text(0))))
            }
            "filename" if !arguments.text(0).is_empty() => {
                let file = self.recording_file(at, arguments.text(0))?;
                self.element_mut(at)?.set("filename", text(file));
                Ok(true)
            }
            "audioRateControlMode" | "videoRateControlMode" | "videoScalingMode" => {
                Err(Fault::not_in_virtualbox(format!("{owner}.{name} (writing)")))
            }
            // The only ones that this VirtualBox was built with.
            "audioCodec" if arguments.name(0) != "OggVorbis" => {
                Err(Fault::argument(format!("`{}` is not available: OggVorbis is", arguments.name(0))))
            }
            "videoCodec" if arguments.name(0) != "VP8" => {
                Err(Fault::argument(format!("`{}` is not available: VP8 is", arguments.name(0))))
            }
            "destination" if arguments.name(0) == "None" => Err(Fault::argument("a recording goes to a file")),
            // They are kept in 16 bits, and in 8.
            "audioHz" => {
                self.element_mut(at)?.set("audioHz", RawValue::Int(arguments.int(0) & 0xffff));
                Ok(true)
            }
            "audioBits" | "audioChannels" => {
                self.element_mut(at)?.set(
                    if name == "audioBits" { "audioBits" } else { "audioChannels" },
                    RawValue::Int(arguments.int(0) & 0xff),
                );
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn call_recording(&mut self, at: Address, owner: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        match (owner, name) {
            ("IRecordingSettings", "getScreenSettings") => {
                self.fit_screens(at)?;
                let screen = u32::try_from(arguments.int(0)).ok();
                let found = screen.and_then(|screen| self.document(at.view).ok()?.child(at.element, "screens", screen));
                let missing = || {
                    let message = format!("the machine has no screen {}", arguments.int(0));
                    if arguments.int(0) == ALL_SCREENS { Fault::not_found(message) } else { Fault::argument(message) }
                };
                one(Address { view: at.view, element: found.ok_or_else(missing)? }.value("IRecordingScreenSettings"))
            }
            // A machine that does not run has nothing to record, and no progress of it.
            ("IRecordingSettings", "start") => {
                self.check_mutable(at.view, When::Always)?;
                if self.copies.contains_key(&at.view) && self.running(at.view).is_some() {
                    // No picture changes, and nothing here encodes any.
                    return Err(Fault::not_implemented("IRecordingSettings.start of a machine that runs"));
                }
                one(RawValue::Null)
            }
            ("IRecordingSettings", "resume") => Err(Fault::not_in_virtualbox("IRecordingSettings.resume")),
            ("IRecordingScreenSettings", "isFeatureEnabled") => {
                let features = self.element(at)?.value("features").cloned().unwrap_or_default().into_list();
                one(RawValue::Bool(features.contains(&arguments.value(0))))
            }
            _ => Ok(None),
        }
    }

    /// There is a screen for every monitor.
    fn fit_screens(&mut self, at: Address) -> Outcome {
        // A snapshot has what it had.
        if self.snapshot_of_view(at.view).is_none() {
            crate::host::defaults::add_screens(self.document_mut(at.view)?);
        }
        Ok(())
    }
}
