"""IGuestProcess: an IProcess with its `wait_for`."""

from virtualbox.classes import generated

_Generated = generated("IGuestProcess")


class IGuestProcess(_Generated):
    __doc__ = _Generated.__doc__
