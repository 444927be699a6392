//! `IDisplay`: a black text screen, its pictures, and wishes for its size.

use super::picture;
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::running::VideoHint;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// Pictures have sides of at most this many pixels.
const LARGEST: i64 = 32_767;

/// More than any screen has.
const MOST_PIXELS: u64 = 1 << 28;

impl State {
    #[expect(clippy::unused_self, reason = "as the other parts of a console are read")]
    pub(super) fn read_display(&self, name: &str) -> Outcome<Option<RawValue>> {
        match name {
            "guestScreenLayout" => Err(Fault::not_in_virtualbox("IDisplay.guestScreenLayout").by("")),
            _ => Ok(None),
        }
    }

    fn screens(&mut self, original: View) -> Outcome<i64> {
        let view = self.console_view(original)?;
        let adapter = self.document(view)?.child(ROOT, "graphicsAdapter", 0).unwrap_or(ROOT);
        Ok(self.element(Address { view, element: adapter })?.int("monitorCount").max(1))
    }

    /// A screen's number that the machine has.
    ///
    /// # Errors
    /// As in VirtualBox, some report no interface (`bare`).
    pub(super) fn screen(&mut self, original: View, number: i64, bare: bool) -> Outcome<u32> {
        let count = self.screens(original)?;
        let known = u32::try_from(number).ok().filter(|number| i64::from(*number) < count);
        known.ok_or_else(|| {
            let fault = Fault::argument(format!("there is no screen {number}: the machine has {count}"));
            if bare { fault.by("") } else { fault }
        })
    }

    pub(super) fn call_display(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        match name {
            "getScreenResolution" => {
                let screen = self.screen(original, arguments.int(0), true)?;
                let id = self.machine(original)?.id.clone();
                let powered = self.running(original).is_some() && screen == 0;
                let (width, height) = if powered { self.engine.screen_size(&id) } else { (0, 0) };
                let numbers = [width, height, 0, 0, 0].map(|number| RawValue::Int(number.into()));
                Ok(Some(numbers.into_iter().chain([enumerated("GuestMonitorStatus", "Enabled")]).collect()))
            }
            "takeScreenShotToArray" => one(RawValue::Blob(self.take_picture(original, arguments)?)),
            "setVideoModeHint" => {
                let screen = self.screen(original, arguments.int(0), true)?;
                let hint = VideoHint {
                    enabled: arguments.flag(1),
                    change_origin: arguments.flag(2),
                    origin: (arguments.int(3), arguments.int(4)),
                    size: (arguments.int(5), arguments.int(6)),
                    depth: arguments.int(7),
                };
                self.check_powered(original)?;
                self.change_record(original, |record| {
                    record.hints.insert(screen, hint);
                })?;
                self.fire_at_console(original, "OnGuestMonitorInfoChanged", vec![("output", arguments.value(0))]);
                nothing()
            }
            "getVideoModeHint" => {
                let screen = self.screen(original, arguments.int(0), true)?;
                let known = self.running(original).and_then(|running| running.record.hints.get(&screen).copied());
                let hint = known.unwrap_or(VideoHint { enabled: true, ..VideoHint::default() });
                let (origin, size) = (hint.origin, hint.size);
                let truths = [hint.enabled, hint.change_origin].map(RawValue::Bool);
                let numbers = [origin.0, origin.1, size.0, size.1, hint.depth].map(RawValue::Int);
                Ok(Some(truths.into_iter().chain(numbers).collect()))
            }
            "queryFramebuffer" => self.screen(original, arguments.int(0), false).and_then(|_| one(RawValue::Null)),
            "querySourceBitmap" => {
                let screen = self.screen(original, arguments.int(0), false)?;
                let bitmap = self.global.add("IDisplaySourceBitmap", at.element, "sourceBitmap", screen);
                if let Some(bitmap) = self.global.get_mut(bitmap) {
                    bitmap.set("screenId", RawValue::Int(screen.into()));
                }
                one(Address::global(bitmap).value("IDisplaySourceBitmap"))
            }
            "detachFramebuffer" => {
                self.screen(original, arguments.int(0), false)?;
                Err(Fault::new(code::E_FAIL, format!("no framebuffer `{}` is attached", arguments.text(1))))
            }
            "viewportChanged" => self.screen(original, arguments.int(0), true).and_then(|_| nothing()),
            "detachScreens" => Err(Fault::not_in_virtualbox("IDisplay.detachScreens").by("")),
            // Nothing is drawn, so there is nothing to draw anew or to scale.
            "setSeamlessMode"
            | "invalidateAndUpdate"
            | "invalidateAndUpdateScreen"
            | "notifyScaleFactorChange"
            | "notifyHiDPIOutputPolicyChange" => nothing(),
            "setScreenLayout" if arguments.list(1).is_empty() => Err(Fault::argument("no screen was given").by("")),
            "setScreenLayout" => nothing(),
            "createGuestScreenInfo" => one(self.screen_info(at, arguments)),
            _ => Ok(None),
        }
    }

    fn screen_info(&mut self, display: Address, arguments: Arguments<'_>) -> RawValue {
        let id = self.global.add("IGuestScreenInfo", display.element, "screenInfo", 0);
        let names = [
            "screenId",
            "guestMonitorStatus",
            "primary",
            "origin",
            "originX",
            "originY",
            "width",
            "height",
            "bitsPerPixel",
        ];
        if let Some(element) = self.global.get_mut(id) {
            for (at, name) in names.into_iter().enumerate() {
                element.set(name, arguments.value(at));
            }
            element.set("extendedInfo", text(""));
        }
        Address::global(id).value("IGuestScreenInfo")
    }

    fn take_picture(&mut self, original: View, arguments: Arguments<'_>) -> Outcome<Vec<u8>> {
        let (screen, format) = (arguments.int(0), arguments.name(3));
        let side =
            |at: usize| u32::try_from(arguments.int(at)).ok().filter(|side| (1..=LARGEST).contains(&i64::from(*side)));
        let (Some(width), Some(height)) = (side(1), side(2)) else {
            let message = format!("{} x {} is no size of a picture", arguments.int(1), arguments.int(2));
            return Err(Fault::argument(message));
        };
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(Fault::new(code::E_FAIL, format!("a picture of {width} x {height} needs too much memory")));
        }
        let unknown = || {
            Fault::new(code::E_NOTIMPL, format!("pictures cannot be had as `{format}`; BGR0, BGRA, RGBA and PNG can"))
        };
        if !picture::FORMATS.contains(&format) {
            return Err(unknown());
        }
        if self.running(original).is_none() || self.screen(original, screen, false).is_err() {
            return Err(Fault::new(code::VM_ERROR, format!("there is no picture of screen {screen}")));
        }
        let comment = format!("{} machine: no guest runs in it", self.engine.name());
        picture::black(width, height, format, &comment).ok_or_else(unknown)
    }
}
