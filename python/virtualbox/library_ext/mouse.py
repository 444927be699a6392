"""IMouse."""

from virtualbox import events
from virtualbox.classes import generated

_Generated = generated("IMouse")


class IMouse(_Generated):
    __doc__ = _Generated.__doc__

    register_on_guest_mouse = events.registration("on_guest_mouse")
    # An older name.
    set_guest_mouse = register_on_guest_mouse
