"""Interfaces, enumerations and errors of the Main API.

`library.IMachine`, `library.MachineState.running`, `library.VBoxErrorObjectNotFound`. A class is made when it
is asked for; `dir(library)` shows all names.
"""

import vboxsh
from virtualbox import classes as _classes
from virtualbox.library_base import Enum, Interface, VBoxError, pythonic_name, vbox_error  # noqa: F401

#: Version of the type library, and its identifiers.
lib_version = 1.3
lib_uuid = "d7569351-1750-46f0-936e-bd127d5bc264"
lib_app_uuid = "819B4D85-9CEE-493C-B6FC-64FFE759B3C9"
xidl_hash = ""

_classes._errors()


def __getattr__(name):
    if name == "vbox_version":
        return vboxsh._release()
    if name == "__all__":
        return _classes.all_names() + ["VBoxError", "Interface", "Enum", "vbox_version", "lib_version"]
    if name.startswith("__"):
        raise AttributeError(name)
    value = _classes.error_class(name) or _classes.class_of(name)
    if value is None:
        near = vboxsh.nearest(name, _classes.all_names())
        raise AttributeError("module 'virtualbox.library' has no attribute '%s'%s" % (name, "; " + near if near else ""))
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(_classes.all_names()) | {"vbox_version"})
