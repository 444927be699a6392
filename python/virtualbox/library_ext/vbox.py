"""IVirtualBox: made by itself, and registrations for its events."""

from virtualbox import events
from virtualbox.classes import generated

_Generated = generated("IVirtualBox")


class IVirtualBox(_Generated):
    __doc__ = _Generated.__doc__

    #: Kept for scripts that set it. Names follow the release that is connected, so there is nothing to assert.
    assert_version = True

    def __init__(self, interface=None, manager=None):
        if interface is None:
            from virtualbox.manager import Manager
            interface = (manager or Manager()).get_virtualbox()
        _Generated.__init__(self, interface)


for _name in ("machine_state_changed", "machine_data_changed", "machine_registered", "snapshot_deleted",
              "snapshot_taken", "snapshot_changed", "guest_property_changed", "session_state_changed",
              "event_source_changed", "extra_data_changed", "extra_data_can_change"):
    setattr(IVirtualBox, "register_on_" + _name, events.registration("on_" + _name))
