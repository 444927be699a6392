//! USB controllers of a machine, and what a USB device filter takes.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::{ElementId, ROOT};
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::storage::check_named;
use crate::host::table::When;
use crate::host::value::{enumerated, text};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// What they are to the machine.
const ROLE: &str = "USBControllers";

impl State {
    pub(super) fn read_usb_controller(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok((name == "USBStandard").then_some(RawValue::Int(match self.element(at)?.name("type") {
            "OHCI" => 0x0101,
            _ => 0x0200,
        })))
    }

    pub(super) fn write_usb_controller(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        match name {
            "name" => {
                let taken = self.document(at.view)?.named(ROOT, ROLE, arguments.text(0));
                if taken.is_some_and(|other| other != at.element) {
                    return Err(in_use(arguments.text(0)));
                }
                self.element_mut(at)?.set("name", arguments.value(0));
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    pub(in crate::host) fn add_usb_controller(&mut self, root: Address, name: &str, kind: &str) -> Outcome<ElementId> {
        let document = self.document(root.view)?;
        let there = document.children(ROOT, ROLE);
        if document.named(ROOT, ROLE, name).is_some() {
            return Err(in_use(name));
        }
        check_kind(kind)?;
        if there.iter().filter_map(|id| document.get(*id)).any(|other| other.name("type") == kind) {
            return Err(Fault::argument(format!("the machine has a controller of the type {kind} already")));
        }
        if name.is_empty() {
            return Err(Fault::argument("a USB controller needs a name").by("IUSBController"));
        }
        let position =
            there.iter().filter_map(|id| document.get(*id)).map(|other| other.index + 1).max().unwrap_or_default();
        let document = self.document_mut(root.view)?;
        let id = document.add("IUSBController", ROOT, ROLE, position);
        if let Some(element) = document.get_mut(id) {
            element.set("name", text(name));
            element.set("type", enumerated("USBControllerType", kind));
        }
        self.touch(root.view);
        Ok(id)
    }

    fn usb_controller(&self, view: View, name: &str) -> Outcome<ElementId> {
        let found = self.document(view)?.named(ROOT, ROLE, name);
        found.ok_or_else(|| Fault::not_found(format!("the machine has no USB controller named `{name}`")))
    }

    pub(super) fn call_usb_controllers(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let (view, wanted) = (at.view, arguments.text(0));
        let object = |element| one(Address { view, element }.value("IUSBController"));
        match name {
            "addUSBController" => {
                check_kind(arguments.name(1))?;
                self.check_mutable(view, When::Off)?;
                object(self.add_usb_controller(at, wanted, arguments.name(1))?)
            }
            "removeUSBController" => {
                self.check_mutable(view, When::Off)?;
                check_named(wanted)?;
                let id = self.usb_controller(view, wanted)?;
                self.document_mut(view)?.retire(id);
                self.touch(view);
                nothing()
            }
            "getUSBControllerByName" => {
                check_named(wanted)?;
                object(self.usb_controller(view, wanted)?)
            }
            "getUSBControllerCountByType" => {
                check_kind(arguments.name(0))?;
                let document = self.document(view)?;
                let all = document.children(ROOT, ROLE);
                let same =
                    |id: &&ElementId| document.get(**id).is_some_and(|one| one.name("type") == arguments.name(0));
                one(RawValue::Int(i64::try_from(all.iter().filter(same).count()).unwrap_or_default()))
            }
            _ => Ok(None),
        }
    }

    /// A value of a filter as it is kept; numbers have four hexadecimal digits.
    pub(in crate::host) fn write_usb_filter(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        let given = arguments.text(0);
        match name {
            "vendorId" | "productId" | "revision" | "port" => {
                // What cannot be read leaves nothing.
                let kept = number(given);
                self.element_mut(at)?.set(static_name(name), text(kept.clone().unwrap_or_default()));
                kept.map(|_| true)
            }
            "remote" if !matches!(given, "" | "0" | "1" | "yes" | "no" | "true" | "false") => {
                Err(Fault::argument(format!("`{given}` is no truth value: yes, no, or nothing for both")))
            }
            _ => Ok(false),
        }
    }
}

fn static_name(name: &str) -> &'static str {
    ["vendorId", "productId", "revision", "port"].into_iter().find(|known| *known == name).unwrap_or_default()
}

/// A number of 16 bits, in hexadecimal digits.
fn number(given: &str) -> Outcome<String> {
    let digits = given.strip_prefix("0x").unwrap_or(given);
    let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    match length {
        0 if given.is_empty() => Ok(String::new()),
        // An expression of numbers and ranges is kept as it is.
        _ if given.starts_with("int:") => Ok(given.to_owned()),
        0 => Err(Fault::new(code::E_FAIL, format!("`{given}` is no hexadecimal number"))),
        1..=4 if length == digits.len() => Ok(format!("{:0>4}", digits.to_ascii_lowercase())),
        _ => Err(Fault::argument(format!("`{given}` is no hexadecimal number of at most four digits"))),
    }
}

fn in_use(name: &str) -> Fault {
    Fault::new(code::OBJECT_IN_USE, format!("a USB controller is named `{name}` already"))
}

fn check_kind(kind: &str) -> Outcome {
    match kind {
        "OHCI" | "EHCI" | "XHCI" => Ok(()),
        _ => Err(Fault::argument(format!("`{kind}` is no USB controller: OHCI, EHCI or XHCI"))),
    }
}
