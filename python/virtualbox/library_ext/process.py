"""IProcess."""

from virtualbox.classes import generated
from virtualbox.library_base import guarded

_Generated = generated("IProcess")


class IProcess(_Generated):
    __doc__ = _Generated.__doc__

    def wait_for(self, wait_for, timeout_ms=0):
        """Waits until something (a ProcessWaitForFlag, or its number) is so; gives a ProcessWaitResult."""
        from virtualbox.library import ProcessWaitResult
        number = wait_for if isinstance(wait_for, int) else wait_for._wire
        return ProcessWaitResult._received(guarded(self._need("waitFor").waitFor, number, timeout_ms))
