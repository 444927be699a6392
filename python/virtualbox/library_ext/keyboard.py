"""IKeyboard: typing by names of keys, and keys pressed in the guest by name."""

import time

from virtualbox import events
from virtualbox.classes import generated
from virtualbox.library_ext import scancodes

_Generated = generated("IKeyboard")


class IKeyboard(_Generated):
    __doc__ = _Generated.__doc__

    #: Names of keys, each with the codes sent when it goes down and when it goes up.
    SCANCODES = scancodes.TABLE

    def put_keys(self, press_keys=None, hold_keys=None, press_delay=50):
        """Presses keys one after the other, while others are held down.

        Both are lists of names of keys; a text is typed letter by letter, so ENTER is `["ENTER"]`. The names:
        what a US keyboard prints, and those in `SCANCODES`. `press_delay`: milliseconds between keys.
        """
        hold_keys = list(hold_keys or [])
        held = []
        for name in hold_keys:
            self.SCANCODES[name]
        try:
            for name in hold_keys:
                self.put_scancodes(self.SCANCODES[name][0])
                held.append(name)
            for name in press_keys or []:
                codes = scancodes.press(name, held)
                if codes:
                    self.put_scancodes(codes)
                    time.sleep(press_delay / 1000.0)
        finally:
            for name in reversed(held):
                released = self.SCANCODES[name][1]
                if released:
                    self.put_scancodes(released)

    register_on_guest_keyboard = events.registration("on_guest_keyboard")
    # An older name.
    set_on_guest_keyboard = register_on_guest_keyboard

    def register_key_callback(self, callback):
        """Has `callback(state, key)` called for each key in the guest: 1 for down, 0 for up, and its name."""
        decoder = scancodes.Decoder()

        def decode(event):
            for state, key in decoder.keys(event.scancodes):
                callback(state, key)

        return self.register_on_guest_keyboard(decode)
