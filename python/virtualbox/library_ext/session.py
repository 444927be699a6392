"""ISession: made by itself, and a lock that is given back at the end of `with`."""

from virtualbox.classes import generated

_Generated = generated("ISession")


class ISession(_Generated):
    __doc__ = _Generated.__doc__

    def __init__(self, interface=None, manager=None):
        if interface is None:
            from virtualbox.manager import Manager
            interface = (manager or Manager()).get_session()
        _Generated.__init__(self, interface)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        from virtualbox.library import SessionState
        # A machine that has gone off has given the lock back by itself.
        if self.state != SessionState.unlocked:
            self.unlock_machine()
        return False
