//! `IConsole` and what belongs to it, answering as a machine whose guest does nothing. What changes the machine's
//! state is done by [`running`](super::running).

mod debugger;
mod display;
mod drag_and_drop;
mod guest;
mod input;
mod passwords;
mod picture;
mod shared_folders;
mod usb;

pub(super) use picture::black;

use super::arguments::Arguments;
use super::document::{ElementId, ROOT};
use super::events::EventValues;
use super::fault::code;
use super::running::wrong_state;
use super::state::{Address, State, View, gone, nothing, one};
use super::value::{enumerated, name_of};
use super::{Fault, Outcome};
use crate::model::RawValue;

/// Attributes that are objects of the console: attribute, interface.
const PARTS: [(&str, &str); 7] = [
    ("guest", "IGuest"),
    ("keyboard", "IKeyboard"),
    ("mouse", "IMouse"),
    ("display", "IDisplay"),
    ("debugger", "IMachineDebugger"),
    ("VRDEServerInfo", "IVRDEServerInfo"),
    ("emulatedUSB", "IEmulatedUSB"),
];

/// Whether members of that interface are answered here.
pub(super) fn is_of_console(interface: &str) -> bool {
    matches!(interface, "IMousePointerShape" | "IDisplaySourceBitmap" | "IConsole")
        || is_drag_and_drop(interface)
        || PARTS.iter().any(|(_, known)| *known == interface)
}

fn is_drag_and_drop(interface: &str) -> bool {
    matches!(interface, "IGuestDnDSource" | "IGuestDnDTarget" | "IDnDBase" | "IDnDSource" | "IDnDTarget")
}

impl State {
    /// The console of a machine, made when first asked for.
    pub(super) fn console(&mut self, view: View) -> Address {
        let original = self.machine_of(view);
        let known = self.consoles.get(&original).copied();
        let element = known.unwrap_or_else(|| self.global.add("IConsole", ROOT, "console", original));
        self.consoles.insert(original, element);
        Address::global(element)
    }

    /// Takes the console of a machine away with all that belongs to it.
    pub(super) fn remove_console(&mut self, original: View) {
        if let Some(element) = self.consoles.remove(&original) {
            for (part, _) in PARTS {
                if let Some(part) = self.global.child(element, part, 0) {
                    self.events.forget_owner(Address::global(part));
                }
            }
            self.forget_open(element);
            self.passwords.retain(|(machine, _)| *machine != original);
            self.global.remove(element);
        }
    }

    /// Tells the listeners of a machine's console in this process that something happened.
    pub(super) fn fire_at_console(&mut self, original: View, kind: &'static str, values: EventValues) {
        if let Some(console) = self.consoles.get(&original) {
            self.fire_at(Address::global(*console), kind, values);
        }
    }

    /// A part of the console; it has an event source of its own where the interface has one.
    fn console_part(&mut self, console: ElementId, role: &'static str, interface: &str) -> Address {
        let known = self.global.child(console, role, 0);
        Address::global(known.unwrap_or_else(|| self.global.add(interface, console, role, 0)))
    }

    /// The machine that a console or a part of one belongs to, looked at anew.
    pub(super) fn machine_of_console(&mut self, element: ElementId) -> Outcome<View> {
        let mut at = element;
        let original = loop {
            let found = self.global.get(at).ok_or_else(gone)?;
            match found.role {
                "console" => break found.index,
                _ if at == ROOT => return Err(gone()),
                _ => at = found.parent,
            }
        };
        self.keep_up(original);
        // The machine may have ended meanwhile, and its console with it.
        self.global.get(element).ok_or_else(gone)?;
        Ok(original)
    }

    /// The view of the sessions that have this console.
    fn console_view(&mut self, original: View) -> Outcome<View> {
        if self.running(original).is_some() {
            return self.running_view(original);
        }
        let copy = self.copies.iter().find(|(_, copy)| copy.machine == original);
        copy.map(|(view, _)| *view).ok_or_else(gone)
    }

    pub(super) fn read_console(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        let original = self.machine_of_console(at.element)?;
        if name == "eventSource" {
            return Ok(Some(self.source_of(at).value("IEventSource")));
        }
        match owner {
            "IConsole" => self.read_console_itself(at, original, name),
            "IGuest" => self.read_guest(at, original, name),
            "IKeyboard" | "IMouse" | "IMousePointerShape" => Ok(self.read_input(at, owner, name)),
            "IDisplay" => self.read_display(name),
            "IMachineDebugger" => self.read_debugger(original, name),
            owner if is_drag_and_drop(owner) => self.read_drag_and_drop(at, name),
            "IDisplaySourceBitmap" => Ok(None),
            "IVRDEServerInfo" => Ok(Some(match name {
                "port" => RawValue::Int(-1),
                "active" => RawValue::Bool(false),
                "user" | "domain" | "clientName" | "clientIP" => super::value::text(""),
                _ => RawValue::Int(0),
            })),
            "IEmulatedUSB" if name == "webcams" => Ok(Some(RawValue::List(Vec::new()))),
            _ => Err(Fault::not_implemented(format!("{owner}.{name}"))),
        }
    }

    fn read_console_itself(&mut self, at: Address, original: View, name: &str) -> Outcome<Option<RawValue>> {
        if let Some((role, interface)) = PARTS.iter().find(|(role, _)| *role == name) {
            return Ok(Some(self.console_part(at.element, role, interface).value(interface)));
        }
        Ok(Some(match name {
            "machine" => Address::machine(self.console_view(original)?).value("IMachine"),
            "state" => self.machine_state(original)?,
            "sharedFolders" => self.transient_folders(at, original)?,
            "useHostClipboard" => RawValue::Bool(self.run_setting(original, "IConsole.useHostClipboard", 0) != 0),
            "USBDevices" => {
                let devices = self.attached_usb_devices(original).into_iter();
                RawValue::List(devices.map(|device| device.value("IUSBDevice")).collect())
            }
            "remoteUSBDevices" | "attachedPCIDevices" => RawValue::List(Vec::new()),
            _ => return Ok(None),
        }))
    }

    pub(super) fn write_console(
        &mut self,
        at: Address,
        owner: &'static str,
        name: &'static str,
        arguments: Arguments<'_>,
    ) -> Outcome {
        let original = self.machine_of_console(at.element)?;
        let number = arguments.value(0).as_bool().map_or_else(|| arguments.int(0), i64::from);
        match (owner, name) {
            ("IConsole", "useHostClipboard") | ("IGuest", "statisticsUpdateInterval") => {}
            ("IGuest", "memoryBalloonSize") => self.check_balloon(original, number)?,
            ("IMachineDebugger", _) => self.check_debugger(original, name, number)?,
            _ => return Err(Fault::not_implemented(format!("{owner}.{name} (writing)"))),
        }
        self.set_run_setting(original, &format!("{owner}.{name}"), number)
    }

    /// A value that a caller gave a part of the console.
    fn run_setting(&self, original: View, name: &str, default: i64) -> i64 {
        let record = self.running(original).map(|running| &running.record);
        record.and_then(|record| record.settings.get(name).copied()).unwrap_or(default)
    }

    fn set_run_setting(&mut self, original: View, name: &str, value: i64) -> Outcome {
        if self.running(original).is_none() || self.run_setting(original, name, i64::MIN) == value {
            return Ok(());
        }
        self.change_record(original, |record| {
            record.settings.insert(name.to_owned(), value);
        })
    }

    pub(super) fn call_console(
        &mut self,
        at: Address,
        owner: &str,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let original = self.machine_of_console(at.element)?;
        match owner {
            "IConsole" => self.call_console_itself(at, original, name, arguments),
            "IGuest" => self.call_guest(at, original, name, arguments),
            "IKeyboard" => self.call_keyboard(at, original, name, arguments),
            "IMouse" => self.call_mouse(at, original, name, arguments),
            "IDisplay" => self.call_display(at, original, name, arguments),
            "IMachineDebugger" => self.call_debugger(at, original, name, arguments),
            owner if is_drag_and_drop(owner) => self.call_drag_and_drop(at, original, owner, name, arguments),
            "IEmulatedUSB" => match name {
                "webcamAttach" => {
                    Err(Fault::new(code::VM_ERROR, "the machine has no USB controller for a webcam").by("IConsole"))
                }
                "webcamDetach" => Err(Fault::argument("no such webcam is attached").by("")),
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn call_console_itself(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let state = self.machine(original)?.state;
        match name {
            "powerUp" | "powerUpPaused" if self.running(original).is_some() => {
                Err(wrong_state("power the machine up: it is running or busy", state))
            }
            "powerUp" | "powerUpPaused" => {
                let message = format!("`IConsole.{name}` is for front ends; start the machine with `launchVMProcess`");
                Err(Fault::new(code::E_NOTIMPL, message))
            }
            "powerDown" => one(self.power_down(original)?),
            "pause" if state == "Paused" => Err(wrong_state("pause the machine again", state)),
            "pause" => self.pause(original).and_then(|()| nothing()),
            "resume" => self.resume(original).and_then(|()| nothing()),
            "reset" => self.reset(original).and_then(|()| nothing()),
            "powerButton" | "sleepButton" => {
                self.check_runs(original, "press a button of the machine")?;
                self.press_button(original, name);
                nothing()
            }
            "getPowerButtonHandled" => {
                self.check_runs(original, "ask about a button of the machine")?;
                let id = self.machine(original)?.id.clone();
                one(RawValue::Bool(self.engine.button_is_handled(&id)))
            }
            "getGuestEnteredACPIMode" => {
                self.check_runs(original, "ask about the guest")?;
                one(RawValue::Bool(false))
            }
            "getDeviceActivity" => {
                if arguments.list(0).iter().any(|device| name_of(device) == "Null") {
                    return Err(Fault::argument("`Null` is no kind of device"));
                }
                one(RawValue::List(vec![enumerated("DeviceActivity", "Idle"); arguments.list(0).len()]))
            }
            "createSharedFolder" => {
                self.share_for_a_run(at, original, arguments)?;
                nothing()
            }
            "removeSharedFolder" => {
                self.stop_sharing(at, original, arguments.text(0))?;
                nothing()
            }
            "teleport" => {
                self.check_runs(original, "teleport the machine")?;
                let refused = Fault::new(code::NOT_SUPPORTED, "a simulated machine cannot be teleported");
                one(self.finished("Teleporting virtual machine", Err(refused)))
            }
            "attachUSBDevice" | "detachUSBDevice" | "findUSBDeviceById" | "findUSBDeviceByAddress" => {
                self.call_console_usb(original, name, arguments)
            }
            "addEncryptionPassword"
            | "addEncryptionPasswords"
            | "removeEncryptionPassword"
            | "clearAllEncryptionPasswords" => {
                self.change_passwords(original, name, arguments)?;
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// # Errors
    /// The machine is not Running (or what counts as it).
    fn check_runs(&self, original: View, what: &str) -> Outcome {
        match self.machine(original)?.state {
            "Running" | "Teleporting" | "LiveSnapshotting" => Ok(()),
            state => Err(wrong_state(what, state)),
        }
    }

    /// A console method that changes nothing which lasts may be used while the machine is powered.
    fn check_powered(&self, original: View) -> Outcome {
        if self.running(original).is_some() {
            return Ok(());
        }
        Err(Fault::new(code::E_ACCESSDENIED, "the machine is not powered on"))
    }
}
