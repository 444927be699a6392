"""vboxapi, as scripts for VirtualBox know it, on the connection of vboxsh.

VirtualBoxManager(None, None) is the shell's own connection; "XPCOM" and "MSCOM" the VirtualBox of this
computer, "WEBSERVICE" a server. No VirtualBox SDK is needed. Objects go by the rules of VirtualBox's own
bindings, and calls in the forms of 5.x to 7.0 are understood.
"""

import os as _os
import sys as _sys

import vboxsh as _vboxsh

__all__ = ["VirtualBoxManager", "VirtualBoxReflectionInfo", "PerfCollector", "PlatformBase"]

_DEFAULT_URL = "http://localhost:18083/"


class VirtualBoxReflectionInfo(object):
    """Enumeration values and result codes as attributes: `MachineState_Running`, `VBOX_E_FILE_ERROR`."""

    def __init__(self, isSym=False):
        # Values by name, for bindings that carry names; ours carry numbers that equal both.
        self._named = isSym
        self._enumerations = _vboxsh._enumerations()
        self._codes = _vboxsh._result_codes()

    def all_values(self, sEnumName):
        """Names and values of an enumeration, a fresh dict; empty for an unknown one."""
        values = self._values(sEnumName)
        return dict((name, self._value(sEnumName, name, number)) for name, number in values.items())

    def _values(self, enumeration):
        known = self._enumerations.get(enumeration)
        if known is None:
            renamed = _vboxsh._renamed(enumeration)
            if renamed is None:
                return {}
            _vboxsh._note("older form: %s is %s" % (enumeration, renamed))
            known = self._enumerations[renamed]
        return known

    def _value(self, enumeration, name, number):
        if not self._named:
            return number
        return getattr(_vboxsh, _vboxsh._renamed(enumeration) or enumeration)(number)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._codes:
            return self._codes[name]
        enumeration, mark, value = name.partition("_")
        values = self._values(enumeration) if mark else {}
        number = values.get(value)
        if number is None:
            # As bindings for COM spell it, where None is a word of the language.
            number = values.get(value.lstrip("_"))
        if number is None:
            raise AttributeError("there is no constant %s" % name)
        return self._value(enumeration, value, number)

    def __dir__(self):
        flat = [e + "_" + v for e, values in self._enumerations.items() for v in values]
        return sorted(list(self._codes) + flat + ["all_values"])


class PerfCollector(object):
    """Metrics of the performance collector as dicts."""

    def __init__(self, mgr, vbox):
        self.mgr = mgr
        self.collector = vbox.performanceCollector

    def setup(self, names, objects, period, nsamples):
        """Collects `nsamples` samples, one each `period` seconds."""
        return self.collector.setupMetrics(names, objects, period, nsamples)

    def enable(self, names, objects):
        """Goes on collecting."""
        return self.collector.enableMetrics(names, objects)

    def disable(self, names, objects):
        """Stops collecting."""
        return self.collector.disableMetrics(names, objects)

    def query(self, names, objects):
        """What was collected: name, object, unit, scale, values, values_as_string for each metric."""
        (values, names, objects, units, scales, _sequences, indices, lengths) = \
            self.collector.queryMetricsData(names, objects)
        found = []
        for at, name in enumerate(names):
            scale = int(scales[at])
            own = [int(value) for value in values[indices[at]:indices[at] + lengths[at]]]
            if units[at] == "%":
                shown = ["%.2f%%" % (value * 100.0 / scale) for value in own]
            else:
                shown = ["%d %s" % (value / scale, units[at]) for value in own]
            found.append({"name": str(name), "object": objects[at], "unit": str(units[at]), "scale": scale,
                          "values": own, "values_as_string": "[" + ", ".join(shown) + "]"})
        return found


class PlatformBase(object):
    """How one style of binding does what the manager offers."""

    type = "XPCOM"
    symbolic = False

    def __init__(self, dParams):
        self._own = None
        self._constants = None
        self.active = []

    def _open(self):
        """The vboxsh.Connection of its own, or None for the shell's."""
        return self._own

    def _vbox(self):
        own = self._open()
        return own.vbox if own is not None else _vboxsh.vbox

    def getVirtualBox(self):
        return _vboxsh._compatible(self._vbox())

    def getSessionObject(self, oIVBox=None):
        return _vboxsh._new_session(self.getVirtualBox())

    def getType(self):
        return self.type

    def isRemote(self):
        return False

    def getArray(self, oInterface, sAttrib):
        return getattr(oInterface, sAttrib)

    def setArray(self, oInterface, sAttrib, aoArray):
        setattr(oInterface, sAttrib, list(aoArray))

    def initPerThread(self):
        return True

    def deinitPerThread(self):
        return True

    def createListener(self, oImplClass, dArgs=None):
        """An active listener: its handleEvent is called for each event, inside waitForEvents."""
        return _ActiveListener(oImplClass, dArgs, self)

    def waitForEvents(self, cMsTimeout):
        if isinstance(cMsTimeout, bool) or not isinstance(cMsTimeout, int):
            raise TypeError("The timeout argument is not an integer")
        return _pump(self.active, cMsTimeout)

    def interruptWaitEvents(self):
        _woken.set()
        return True

    def queryInterface(self, oIUnknown, sClassName):
        return oIUnknown.queryInterface(_vboxsh._renamed(sClassName) or sClassName)

    def deinit(self):
        for listener in list(self.active):
            listener.stop()
        own, self._own = self._own, None
        if own is not None:
            own.close()


class PlatformShell(PlatformBase):
    """The shell's own connection."""


class PlatformXPCOM(PlatformBase):
    """The VirtualBox of this computer."""

    def __init__(self, dParams):
        PlatformBase.__init__(self, dParams)
        # One process has one way to the local VirtualBox: the shell's, when that is it.
        if _vboxsh._backend() != "xpcom":
            self._own = _vboxsh.connect("xpcom")


class PlatformMSCOM(PlatformXPCOM):
    """The VirtualBox of this computer, under the name it has on Windows."""

    type = "MSCOM"


class PlatformWEBSERVICE(PlatformBase):
    """A VirtualBox over its web service."""

    type = "WEBSERVICE"
    symbolic = True

    def __init__(self, dParams):
        PlatformBase.__init__(self, dParams)
        params = dParams or {}
        self.url = params.get("url", _DEFAULT_URL)
        self.user = params.get("user", "")
        self.password = params.get("password", "")

    def _open(self):
        if self._own is None:
            self.connect(self.url, self.user, self.password)
        return self._own

    def connect(self, url=None, user="", passwd=""):
        """Logs on, and gives the IVirtualBox."""
        self.disconnect()
        self.url, self.user, self.password = url or _DEFAULT_URL, user or "", passwd or ""
        self._own = _vboxsh.connect(self.url.rstrip("/"), user=self.user, password=self.password)
        return _vboxsh._compatible(self._own.vbox)

    def disconnect(self):
        """Logs off."""
        own, self._own = self._own, None
        if own is not None:
            own.close()

    def isRemote(self):
        return True

    def createListener(self, oImplClass, dArgs=None):
        raise Exception("No active listeners over the web service")

    def waitForEvents(self, cMsTimeout):
        # The web service has no queue of its own to wait on; the time is not slept away either.
        return 2

    def interruptWaitEvents(self):
        return False


class _Event(object):
    """A flag that wakes a wait; a lock of threading's, imported when it is needed."""

    def __init__(self):
        self._event = None

    def _get(self):
        if self._event is None:
            import threading
            self._event = threading.Event()
        return self._event

    def set(self):
        self._get().set()

    def take(self):
        event = self._get()
        was = event.is_set()
        event.clear()
        return was


_woken = _Event()


class _ActiveListener(object):
    """An implementation of IEventListener in Python. The Main API gets a passive listener in its place."""

    def __init__(self, implementation, arguments, platform):
        self.implementation = implementation(arguments) if arguments is not None else implementation()
        self.platform = platform
        self.source = self.passive = None

    def start(self, source, types):
        self.source, self.passive = source, source.createListener()
        source.registerListener(self.passive, types, False)
        self.platform.active.append(self)

    def stop(self):
        if self.passive is not None:
            self.platform.active.remove(self)
            source, passive, self.passive = self.source, self.passive, None
            source.unregisterListener(passive)

    def deliver(self):
        """Hands out what has come; says whether there was something."""
        if self.passive is None:
            return False
        event = self.source.getEvent(self.passive, 0)
        if event is None:
            return False
        try:
            self.implementation.handleEvent(event)
        finally:
            if self.passive is not None:
                self.source.eventProcessed(self.passive, event)
        return True


def _pump(listeners, milliseconds):
    """Hands events to active listeners. 0: something was handed out; 1: the time is over, or it was woken."""
    import time
    end = None if milliseconds < 0 else time.time() + milliseconds / 1000.0
    while True:
        if any([listener.deliver() for listener in list(listeners)]):
            return 0
        left = 0.05 if end is None else end - time.time()
        if _woken.take() or left <= 0:
            return 1
        time.sleep(min(left, 0.05))


class VirtualBoxManager(object):
    """The door to a Main API."""

    class Statuses(object):
        """Result codes as attributes."""

        def __init__(self):
            self.__dict__.update(_vboxsh._result_codes())

    def __init__(self, sStyle=None, dPlatformParams=None):
        platforms = {None: PlatformShell, "XPCOM": PlatformXPCOM, "MSCOM": PlatformMSCOM,
                     "WEBSERVICE": PlatformWEBSERVICE}
        if sStyle not in platforms:
            raise Exception("Unknown sStyle=%s" % (sStyle,))
        self.platform = platforms[sStyle](dPlatformParams)
        self.style = sStyle or ("MSCOM" if _sys.platform == "win32" else "XPCOM")
        self.type = self.platform.getType()
        self.remote = self.platform.isRemote()
        self.constants = VirtualBoxReflectionInfo(self.platform.symbolic)
        self.statuses = VirtualBoxManager.Statuses()
        self.oXcptClass = _vboxsh.Error

    @property
    def mgr(self):
        """Itself: what older scripts reach the session factory through."""
        return self

    @property
    def vbox(self):
        """The IVirtualBox, as older scripts ask for it."""
        _vboxsh._note("vboxapi: `mgr.vbox` is `mgr.getVirtualBox()` since 5.1")
        return self.getVirtualBox()

    def getPythonApiRevision(self):
        """3, as the module that comes with VirtualBox 5.1 and newer says."""
        return 3

    def getVirtualBox(self):
        return self.platform.getVirtualBox()

    def getSessionObject(self, oIVBox=None):
        return self.platform.getSessionObject(oIVBox)

    def getArray(self, oInterface, sAttrib):
        return self.platform.getArray(oInterface, sAttrib)

    def setArray(self, oInterface, sAttrib, aoArray):
        return self.platform.setArray(oInterface, sAttrib, aoArray)

    def createListener(self, oImplClass, dArgs=None):
        return self.platform.createListener(oImplClass, dArgs)

    def waitForEvents(self, cMsTimeout):
        return self.platform.waitForEvents(cMsTimeout)

    def interruptWaitEvents(self):
        return self.platform.interruptWaitEvents()

    def queryInterface(self, oIUnknown, sClassName):
        return self.platform.queryInterface(oIUnknown, sClassName)

    def initPerThread(self):
        return self.platform.initPerThread()

    def deinitPerThread(self):
        return self.platform.deinitPerThread()

    def deinit(self):
        """Ends the connection, when it is the manager's own."""
        if self.platform is not None:
            self.platform.deinit()
            self.platform = None

    def __del__(self):
        if self.__dict__.get("platform") is not None and not _sys.is_finalizing():
            self.platform.deinit()

    def isRemote(self):
        return self.platform.isRemote()

    def openMachineSession(self, oIMachine, fPermitSharing=True):
        """Locks a machine, shared or not, and gives the session."""
        session = self.getSessionObject()
        kind = self.constants.LockType_Shared if fPermitSharing else self.constants.LockType_Write
        oIMachine.lockMachine(session, kind)
        return session

    def closeMachineSession(self, oSession):
        """Unlocks; None is nothing to unlock."""
        if oSession is not None:
            oSession.unlockMachine()

    def getPerfCollector(self, oIVBox):
        return PerfCollector(self, oIVBox)

    def getBinDir(self):
        """VBOX_PROGRAM_PATH, else where VirtualBox is installed, else where it usually is."""
        named = _os.environ.get("VBOX_PROGRAM_PATH")
        return named or _vboxsh._virtualbox_folder() or "/usr/lib/virtualbox"

    def getSdkDir(self):
        """VBOX_SDK_PATH, else the folder of the SDK in that of VirtualBox."""
        return _os.environ.get("VBOX_SDK_PATH") or _os.path.join(self.getBinDir(), "sdk")

    def getEnumValueName(self, sEnumTypeNm, oEnumValue, fTypePrefix=False):
        """The name of a value; `Type_Unknown_number` for one that has none."""
        for name, value in self.constants.all_values(sEnumTypeNm).items():
            if value == oEnumValue:
                return "%s_%s" % (sEnumTypeNm, name) if fTypePrefix else name
        return "%s_Unknown_%s" % (sEnumTypeNm, oEnumValue)

    # Exceptions. Without one given, the exception that is being handled is meant.

    def xcptGetStatus(self, oXcpt=None):
        """The result code, as a signed number."""
        return _current(oXcpt).errno

    def xcptIsDeadInterface(self, oXcpt=None):
        """Whether the object, or the whole server, is gone."""
        return isinstance(_current(oXcpt), (_vboxsh.StaleObject, _vboxsh.ConnectionFailed))

    def xcptIsOurXcptKind(self, oXcpt=None):
        """Whether an exception comes from the Main API."""
        return isinstance(_current(oXcpt), self.oXcptClass)

    def xcptIsEqual(self, oXcpt, hrStatus):
        """Whether an exception has this result code, signed or not."""
        if isinstance(oXcpt, self.oXcptClass):
            oXcpt = oXcpt.errno
        try:
            return (int(oXcpt) & 0xffffffff) == (int(hrStatus) & 0xffffffff)
        except (TypeError, ValueError):
            return False

    def xcptIsNotEqual(self, oXcpt, hrStatus):
        return not self.xcptIsEqual(oXcpt, hrStatus)

    def xcptToString(self, hrStatusOrXcpt=None):
        """The name of a result code and its number, COM's names first."""
        given = _current(hrStatusOrXcpt)
        code = given.errno if isinstance(given, self.oXcptClass) else int(given)
        for name, number in sorted(_vboxsh._result_codes().items(), key=lambda item: item[0].startswith("NS_")):
            if (number ^ code) & 0xffffffff == 0:
                return "%s (%#x)" % (name, code & 0xffffffff)
        return "%#x (%d)" % (code & 0xffffffff, code)

    def xcptGetMessage(self, oXcpt=None):
        """The text of an exception, or that of its code."""
        given = _current(oXcpt)
        return getattr(given, "msg", None) or self.xcptToString(given)

    # The same under the names of the releases before 5.1.
    errGetStatus = xcptGetStatus
    errGetMessage = xcptGetMessage
    errIsOurXcptKind = xcptIsOurXcptKind
    errIsEqual = xcptIsEqual
    get_virtual_box = getVirtualBox
    get_session_object = getSessionObject


def _current(given):
    return _sys.exc_info()[1] if given is None else given
