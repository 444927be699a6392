"""The way to a Main API: one manager for a process, further ones for other servers."""

import atexit
import contextlib
import os

_managers = {}
_closed = False


class _Shared(object):
    """What all Manager objects of one connection share."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.manager = None


class Manager(object):
    """Gives IVirtualBox and ISession.

    Without arguments it is the process's own manager: the connection of the shell, or the one that the
    first Manager was made with. With arguments that differ from those it is a manager of its own.
    """

    def __init__(self, mtype=None, mparams=None):
        if _closed:
            raise RuntimeError("the managers are closed: the program is ending")
        given = mtype, tuple(sorted((mparams or {}).items()))
        own = _managers.get(os.getpid())
        if own is None:
            own = _managers[os.getpid()] = _Shared(given)
        if mtype is not None and own.arguments != given:
            own = _Shared(given)
        self._shared = own

    @property
    def manager(self):
        """The VirtualBoxManager of vboxapi; it can be set once, before it is first used."""
        if self._shared.manager is None:
            with import_vboxapi() as vboxapi:
                mtype, mparams = self._shared.arguments
                self._shared.manager = vboxapi.VirtualBoxManager(mtype, dict(mparams) or None)
        return self._shared.manager

    @manager.setter
    def manager(self, value):
        if self._shared.manager is not None:
            raise Exception("the manager of process %d is set already" % os.getpid())
        self._shared.manager = value

    def get_virtualbox(self):
        """The IVirtualBox."""
        from virtualbox import library
        return library.IVirtualBox(self.manager.getVirtualBox())

    def get_session(self):
        """A new ISession, unlocked."""
        from virtualbox import library
        return library.ISession(self.manager.getSessionObject(self.manager.getVirtualBox()))

    def cast_object(self, interface_object, interface_class):
        """The object as another interface."""
        return interface_class(interface_object)

    @property
    def bin_path(self):
        """The folder of VirtualBox's programs."""
        return self.manager.getBinDir()


class WebServiceManager(Manager):
    """A manager for the web service of a server. The port is 18083 where the address names none."""

    def __init__(self, url="http://localhost/", user="", password=""):
        Manager.__init__(self, "WEBSERVICE", {"url": _with_port(url), "user": user, "password": password})


def _with_port(url):
    from urllib.parse import urlsplit, urlunsplit
    parts = urlsplit(url)
    if parts.port is None and parts.hostname:
        parts = parts._replace(netloc=parts.netloc.rstrip(":") + ":18083")
    return urlunsplit(parts)


@contextlib.contextmanager
def import_vboxapi():
    """The module vboxapi; no SDK has to be looked for."""
    import vboxapi
    yield vboxapi


@atexit.register
def _close():
    global _closed
    _closed = True
    _managers.clear()
