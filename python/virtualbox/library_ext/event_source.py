"""IEventSource: callbacks."""

from virtualbox import events
from virtualbox.classes import generated

_Generated = generated("IEventSource")


class IEventSource(_Generated):
    __doc__ = _Generated.__doc__

    def register_callback(self, callback, event_type):
        """Has `callback(event)` called for each event of a type; gives a number for `unregister_callback`."""
        return events.register_callback(callback, self, event_type)
