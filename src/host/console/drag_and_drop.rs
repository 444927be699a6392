//! Drag and drop with a guest that has no Additions: formats are kept, and what needs the guest is refused.

use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::progress::Job;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, texts};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// Formats that VirtualBox takes and gives in drag and drop, whatever the guest.
const FORMATS: [&str; 11] = [
    "text/uri-list",
    "text/html",
    "text/plain;charset=utf-8",
    "text/plain;charset=utf-16",
    "text/plain",
    "text/richtext",
    "UTF8_STRING",
    "TEXT",
    "STRING",
    "application/x-openoffice-embed-source-xml;windows_formatname=\"Star Embed Source (XML)\"",
    "application/x-openoffice;windows_formatname=\"Bitmap\"",
];

impl State {
    pub(super) fn read_drag_and_drop(&self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "formats" => Ok(Some(texts(self.drag_formats(at)?))),
            // As VirtualBox: the attribute stands there for compilers.
            "midlDoesNotLikeEmptyInterfaces" => Err(Fault::new(code::E_FAIL, "the attribute has no value").by("")),
            _ => Ok(None),
        }
    }

    fn drag_formats(&self, at: Address) -> Outcome<Vec<String>> {
        Ok(match self.element(at)?.value("formats") {
            Some(RawValue::List(kept)) => kept.iter().filter_map(RawValue::as_text).map(str::to_owned).collect(),
            _ => FORMATS.map(str::to_owned).to_vec(),
        })
    }

    pub(super) fn call_drag_and_drop(
        &mut self,
        at: Address,
        original: View,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match owner {
            "IDnDBase" => self.call_formats(at, name, arguments),
            "IDnDSource" => self.call_drag_source(original, name, arguments),
            _ => self.call_drop_target(at, original, name, arguments),
        }
    }

    fn call_formats(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        let mut formats = self.drag_formats(at)?;
        match name {
            "isFormatSupported" => {
                return one(RawValue::Bool(formats.iter().any(|format| format == arguments.text(0))));
            }
            "addFormats" => {
                for format in arguments.texts(0) {
                    if !formats.contains(&format) {
                        formats.push(format);
                    }
                }
            }
            "removeFormats" => {
                let gone = arguments.texts(0);
                formats.retain(|format| !gone.contains(format));
            }
            _ => return Ok(None),
        }
        self.element_mut(at)?.set("formats", texts(formats));
        nothing()
    }

    /// Whether the machine's settings let anything be dragged at all.
    fn dragging_allowed(&mut self, original: View) -> Outcome<bool> {
        let view = self.console_view(original)?;
        Ok(self.element(Address { view, element: ROOT })?.name("dnDMode") != "Disabled")
    }

    /// What needs the guest fails: by the machine's settings, or because no Additions answer.
    fn no_dragging(&mut self, original: View) -> Outcome<Fault> {
        Ok(match self.dragging_allowed(original)? {
            false => Fault::new(code::DND_ERROR, "the machine allows no drag and drop: its `dnDMode` is Disabled"),
            true => Fault::new(code::DND_ERROR, "no Guest Additions run in the machine, so nothing can be dragged"),
        })
    }

    fn call_drag_source(
        &mut self,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "dragIsPending" if !self.dragging_allowed(original)? => Err(self.no_dragging(original)?),
            "dragIsPending" => {
                Ok(Some(vec![enumerated("DnDAction", "Ignore"), texts::<String>([]), RawValue::List(Vec::new())]))
            }
            "drop" => Err(Fault::argument(format!("the guest offers nothing as `{}`", arguments.text(0)))),
            "receiveData" => one(RawValue::Blob(Vec::new())),
            _ => Ok(None),
        }
    }

    fn call_drop_target(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "enter" | "move" | "drop" => {
                if name != "move" {
                    if arguments.name(3) == "Ignore" {
                        return Err(Fault::argument("no action was given"));
                    }
                    if arguments.list(4).is_empty() {
                        return Err(Fault::argument("no action is allowed"));
                    }
                }
                let known = self.drag_formats(at)?;
                if !arguments.texts(5).iter().any(|format| known.contains(format)) {
                    return Err(Fault::argument("no format was given that is supported: see `formats`"));
                }
                self.screen(original, arguments.int(0), true)?;
                Err(self.no_dragging(original)?)
            }
            "leave" => Err(self.no_dragging(original)?),
            "cancel" if !self.dragging_allowed(original)? => Err(self.no_dragging(original)?.by("")),
            "cancel" => one(RawValue::Bool(false)),
            "sendData" if arguments.text(1).is_empty() => Err(Fault::argument("the format of the data is missing")),
            "sendData" if arguments.blob(2).is_empty() => Err(Fault::argument("there are no data")),
            "sendData" => {
                let refused = self.no_dragging(original)?;
                let job = Job::new("Dropping data to guest", at, "IGuestDnDTarget");
                one(self.finished_job(job, Err(refused)))
            }
            _ => Ok(None),
        }
    }
}
