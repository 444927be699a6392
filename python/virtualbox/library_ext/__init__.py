"""The interfaces that have more than the Main API gives them, a module for each."""

import importlib as _importlib

from virtualbox.classes import EXTENDED as _EXTENDED


def __getattr__(name):
    if name in _EXTENDED:
        return getattr(_importlib.import_module("virtualbox.library_ext." + _EXTENDED[name]), name)
    if name in _EXTENDED.values():
        return _importlib.import_module("virtualbox.library_ext." + name)
    if name == "library":
        return _importlib.import_module("virtualbox.library")
    raise AttributeError("module 'virtualbox.library_ext' has no attribute '%s'" % name)


def __dir__():
    return sorted(set(globals()) | set(_EXTENDED) | set(_EXTENDED.values()))
