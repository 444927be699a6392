"""The VirtualBox Main API as pyvbox knows it: `import virtualbox`, on the connection of vboxsh.

    vbox = virtualbox.VirtualBox()
    print([machine.name for machine in vbox.machines])

Scripts for pyvbox 1.x and 2.x run as they are. Members have their names in snake case; a builtin's name
gets `_p` behind it (`id_p`). `virtualbox.library` holds the interfaces, enumerations and errors. The graph
itself, and what older releases had elsewhere, are those of the module `vboxapi`.
"""

import importlib as _importlib

from virtualbox.manager import Manager, WebServiceManager, import_vboxapi
from virtualbox.version import __version__

__title__ = "virtualbox"
__all__ = ["VirtualBox", "Session", "Manager", "WebServiceManager", "import_vboxapi", "library"]

_MODULES = ("library", "library_base", "library_ext", "events", "pool", "utils", "manager", "version")


def __getattr__(name):
    # What costs time is made when it is asked for.
    if name in _MODULES:
        return _importlib.import_module("virtualbox." + name)
    if name == "lib":
        return _importlib.import_module("virtualbox.library")
    made = {"VirtualBox": "IVirtualBox", "Session": "ISession"}.get(name)
    if made is None:
        raise AttributeError("module 'virtualbox' has no attribute '%s'" % name)
    value = getattr(_importlib.import_module("virtualbox.library"), made)
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(_MODULES) | set(__all__) | {"lib"})
