//! `IKeyboard` and `IMouse`: what is sent to a guest that does not look. Listeners hear of it as of any input.

use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::value::enumerated;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// Scan codes of Ctrl-Alt-Del, pressed and released.
const CTRL_ALT_DEL: [i64; 8] = [0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d];

/// A coordinate that says: the pointer is outside.
const OUTSIDE: i64 = 0x7fff_ffff;

impl State {
    pub(super) fn read_input(&mut self, at: Address, owner: &str, name: &str) -> Option<RawValue> {
        Some(match (owner, name) {
            ("IKeyboard", "keyboardLEDs") => RawValue::List(Vec::new()),
            ("IMouse", "pointerShape") => {
                self.console_part(at.element, "pointerShape", "IMousePointerShape").value("IMousePointerShape")
            }
            // The guest has asked for nothing, and drawn no pointer.
            ("IMouse", _) | ("IMousePointerShape", "visible" | "alpha") => RawValue::Bool(false),
            ("IMousePointerShape", "shape") => RawValue::Blob(Vec::new()),
            ("IMousePointerShape", _) => RawValue::Int(0),
            _ => return None,
        })
    }

    pub(super) fn call_keyboard(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        self.check_powered(original)?;
        match name {
            "putScancode" => self.type_codes(at, vec![arguments.value(0)]).and_then(|_| nothing()),
            "putScancodes" => one(RawValue::Int(self.type_codes(at, arguments.list(0).to_vec())?)),
            "putCAD" => self.type_codes(at, CTRL_ALT_DEL.map(RawValue::Int).to_vec()).and_then(|_| nothing()),
            // No key is held down, and the guest has no use for usage codes.
            "releaseKeys" | "putUsageCode" => nothing(),
            _ => Ok(None),
        }
    }

    fn type_codes(&mut self, at: Address, codes: Vec<RawValue>) -> Outcome<i64> {
        let count = i64::try_from(codes.len()).unwrap_or(i64::MAX);
        self.fire_at(at, "OnGuestKeyboard", vec![("scancodes", RawValue::List(codes))]);
        Ok(count)
    }

    pub(super) fn call_mouse(
        &mut self,
        at: Address,
        original: View,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let numbers: [i64; 5] = std::array::from_fn(|at| arguments.int(at));
        match name {
            "putMouseEvent" => self.move_mouse(at, "Relative", numbers),
            "putMouseEventAbsolute" => {
                if numbers[0] != OUTSIDE && numbers[1] != OUTSIDE {
                    self.move_mouse(at, "Absolute", numbers);
                }
            }
            "putEventMultiTouchString" => {
                self.check_powered(original)?;
                return Err(Fault::not_in_virtualbox("IMouse.putEventMultiTouchString").by(""));
            }
            "putEventMultiTouch" => {
                self.check_powered(original)?;
                if arguments.int(0) > arguments.list(1).len() as i64 {
                    return Err(Fault::argument("there are fewer contacts than their number says").by(""));
                }
                return Err(Fault::new(code::E_UNEXPECTED, "the guest has no touch device").by(""));
            }
            _ => return Ok(None),
        }
        nothing()
    }

    fn move_mouse(&mut self, at: Address, mode: &str, [x, y, z, w, buttons]: [i64; 5]) {
        let Some(mouse) = self.global.get_mut(at.element) else { return };
        let generation = mouse.int("generation") + 1;
        mouse.set("generation", RawValue::Int(generation));
        let values = vec![
            ("generation", RawValue::Int(generation)),
            ("mode", enumerated("GuestMouseEventMode", mode)),
            ("x", RawValue::Int(x)),
            ("y", RawValue::Int(y)),
            ("z", RawValue::Int(z)),
            ("w", RawValue::Int(w)),
            ("buttons", RawValue::Int(buttons)),
        ];
        self.fire_at(at, "OnGuestMouse", values);
    }
}
