"""IConsole: registrations for its events."""

from virtualbox import events
from virtualbox.classes import generated

_Generated = generated("IConsole")


class IConsole(_Generated):
    __doc__ = _Generated.__doc__


for _name, _event in [
        ("network_adapter_changed", None), ("serial_port_changed", None), ("parallel_port_changed", None),
        ("medium_changed", None), ("clipboard_mode_changed", None),
        ("drag_and_drop_mode_changed", "on_dn_d_mode_changed"), ("vrde_server_changed", None),
        ("shared_folder_changed", None), ("additions_state_changed", None), ("state_changed", None),
        ("event_source_changed", None), ("can_show_window", None), ("show_window", None)]:
    setattr(IConsole, "register_on_" + _name, events.registration(_event or "on_" + _name))

# A spelling that scripts have copied from documentation.
IConsole.register_vdre_server_changed = IConsole.register_on_vrde_server_changed
