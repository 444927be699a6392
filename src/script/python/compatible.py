"""What scripts for older releases of VirtualBox do that 7.2 has no more, done in its way.

Only objects of the compatible modules come here. Where a member went is in the library's own table, which
the errors of the strict graph are written from too.
"""

import vboxsh


def _note(what):
    vboxsh._note("older form: " + what)


def _x86():
    return vboxsh.PlatformArchitecture.x86


def missing(obj, name):
    """The value of a member that the interface of `obj` does not have; NotImplemented when there is none."""
    interface = obj.__interface__
    found = _moved(obj, interface, name)
    if found is not None:
        target, last = found
        return getattr(target, last)
    if (interface, name) in _NEVER:
        _note("%s.%s is false: this release does not have it" % (interface, name))
        return False
    if (interface, name) in _CALLS:
        _note("%s.%s" % (interface, name))
        call = _CALLS[interface, name]
        return lambda *args: call(obj, *args)
    # Bindings for COM and XPCOM have functions for attributes.
    if len(name) > 3 and name[:3] in ("get", "set"):
        known = _spelt(obj, name[3:], exact=True)
        if known is not None and name[:3] == "get":
            return lambda: getattr(obj, known)
        if known is not None:
            return lambda value: setattr(obj, known, value)
    # Releases before 4.2 wrote acronyms in other ways (`sessionPid`, `hpetEnabled`).
    known = _spelt(obj, name)
    if known is not None:
        _note("%s.%s is %s" % (interface, name, known))
        return getattr(obj, known)
    return NotImplemented


def missing_set(obj, name, value):
    """Writes a member that the interface of `obj` does not have; says whether there is one."""
    if (obj.__interface__, name) in _NEVER and not value:
        return True
    found = _moved(obj, obj.__interface__, name)
    if found is None:
        known = _spelt(obj, name)
        if known is None:
            return False
        found = obj, known
    target, last = found
    setattr(target, last, value)
    return True


def _moved(obj, interface, name):
    place = vboxsh._moved(interface, name)
    if place is None:
        return None
    _note("%s.%s is %s" % (interface, name, place))
    steps = place.split(".")
    for step in steps[:-1]:
        obj = getattr(obj, step)
    if steps[-1].endswith(")"):
        # A feature that has become a value of an enumeration.
        return _Feature(obj, steps[-1]), "value"
    return obj, steps[-1]


class _Feature(object):
    """An attribute that became `isFeatureEnabled(X)` and `setFeature(X, truth)`."""

    def __init__(self, obj, call):
        object.__setattr__(self, "_obj", obj)
        object.__setattr__(self, "_feature", call[call.index("(") + 1:-1])

    @property
    def value(self):
        return self._obj.isFeatureEnabled(self._feature)

    def __setattr__(self, name, value):
        self._obj.setFeature(self._feature, value)


def _spelt(obj, name, exact=False):
    folded = name.lower()
    for known in dir(obj):
        if known.lower() == folded and known != name:
            if not exact or known[1:] == name[1:]:
                return known
    return None


def _take_snapshot(console, name, description=""):
    progress, _ = console.machine.takeSnapshot(name, description, True)
    return progress


def _hard_disk(vbox, form, location):
    return vbox.createMedium(form, location, vboxsh.AccessMode.ReadWrite, vboxsh.DeviceType.HardDisk)


# Calls that went, and what they are now.
_CALLS = {
    ("IConsole", "takeSnapshot"): _take_snapshot,
    ("IVirtualBox", "createHardDisk"): _hard_disk,
    ("IVirtualBox", "getMachine"): lambda vbox, name: vbox.findMachine(name),
    ("IMachine", "getSnapshot"): lambda machine, name="": machine.findSnapshot(name),
}


# Switches of things that are no more: they are off.
_NEVER = {("IMachine", "accelerate2DVideoEnabled"), ("IGraphicsAdapter", "accelerate2DVideoEnabled")}


def switches_of(interface):
    """Names of attributes that an interface had, and that can only be false now."""
    return [name for owner, name in _NEVER if owner == interface]


def calls_of(interface):
    """Names of the calls that an interface had, and that are done in another way now."""
    return [name for owner, name in _CALLS if owner == interface]


def older_arguments(method, given, named):
    """Arguments by place and by name, brought from an older form of a call into that of 7.2."""
    form = _FORMS.get(method)
    if form is not None:
        given = form(tuple(given))
    if named and method in _NAMES:
        named = dict((_NAMES[method].get(name, name), value) for name, value in named.items())
    for name, value in _DEFAULTS.get(method, {}).items():
        if named and name not in named and len(given) <= value[0]:
            named = dict(named, **{name: value[1]()})
    return given, named


def arguments(method, given):
    """Whether the call is done already, and its result; else the arguments in the form of 7.2.

    The forms of older releases differ in types or number."""
    obj, given = given[0], given[1:]
    if method in _LISTENERS:
        return _LISTENERS[method](obj, given)
    return False, (obj,) + _FORMS[method](given)


def _register(source, given):
    # An implementation in Python (`createListener` of vboxapi) has a passive listener in its place.
    if given and hasattr(given[0], "implementation"):
        given[0].start(source, given[1] if len(given) > 1 else [])
        return True, None
    return False, (source,) + given


def _unregister(source, given):
    if given and hasattr(given[0], "implementation"):
        given[0].stop()
        return True, None
    return False, (source,) + given


def _processed(source, given):
    # What an implementation was called with is acknowledged when the call is over.
    if given and hasattr(given[0], "implementation"):
        return True, None
    return False, (source,) + given


_LISTENERS = {
    "IEventSource.registerListener": _register,
    "IEventSource.unregisterListener": _unregister,
    "IEventSource.eventProcessed": _processed,
}


def _create_machine(given):
    # 4.2 to 7.0: no platform in the third place, where there is a list of groups.
    if len(given) >= 4 and (given[2] is None or isinstance(given[2], (list, tuple))):
        _note("IVirtualBox.createMachine without a platform: x86")
        return given[:2] + (_x86(),) + given[2:]
    return given


def _process_create(given):
    # Before 7.1: no working folder in the third place, where there is a list of environment changes.
    if len(given) >= 3 and (given[2] is None or isinstance(given[2], (list, tuple))):
        _note("processCreate without a working folder")
        return given[:2] + ("",) + given[2:]
    return given


def _launch(given):
    # Before 6.1: one text, a change a line.
    if len(given) >= 3 and isinstance(given[2], str):
        if given[2]:
            _note("IMachine.launchVMProcess with a text as environment")
        return given[:2] + ([line for line in given[2].split("\n") if line],) + given[3:]
    return given


def _mode_hint(given):
    # Before 5.2: whether the guest is told could not be said; it was.
    if len(given) == 8:
        _note("IDisplay.setVideoModeHint without `notify`")
        return given + (True,)
    return given


def _cpuid(given):
    # Before 5.2: leaves without sub-leaves.
    if len(given) in (1, 5):
        _note("CPUID leaves without sub-leaves")
        return given[:1] + (0,) + given[1:]
    return given


def _touch(given):
    # Before 7.1: screens only, no pads.
    if len(given) == 3:
        _note("IMouse.putEventMultiTouch without the kind of device: a screen")
        return given[:2] + (True,) + given[2:]
    return given


def _firmware(given):
    # Before 7.1: no platform in the first place.
    if len(given) == 2:
        _note("IVirtualBox.checkFirmwarePresent without a platform: x86")
        return (_x86(),) + given
    return given


def _start_dhcp(given):
    # Before 6.0: the server's own network's name came first.
    if len(given) == 3:
        _note("IDHCPServer.start with the name of its network")
        return given[1:]
    return given


def _start_nat(given):
    # Before 6.0: a kind of trunk, which there is but one of.
    if len(given) == 1:
        _note("INATNetwork.start with a kind of trunk")
        return ()
    return given


_FORMS = {
    "IDHCPServer.start": _start_dhcp,
    "IDisplay.setVideoModeHint": _mode_hint,
    "IMouse.putEventMultiTouch": _touch,
    "IMouse.putEventMultiTouchString": _touch,
    "INATNetwork.start": _start_nat,
    "IPlatformX86.getCPUIDLeaf": _cpuid,
    "IPlatformX86.removeCPUIDLeaf": _cpuid,
    "IPlatformX86.setCPUIDLeaf": _cpuid,
    "IVirtualBox.checkFirmwarePresent": _firmware,
    "IVirtualBox.createMachine": _create_machine,
    "IGuestSession.processCreate": _process_create,
    "IGuestSession.processCreateEx": _process_create,
    "IMachine.launchVMProcess": _launch,
}

# Names of arguments that are other names now.
_NAMES = {
    "IMachine.launchVMProcess": {"environment": "environment_changes", "type_p": "name"},
    "INATNetwork.removePortForwardRule": {"i_sipv6": "is_ipv6"},
}

# Arguments that older releases did not have and that have no empty value, for calls by name: place and value.
_DEFAULTS = {
    "IVirtualBox.createMachine": {"platform": (2, _x86)},
    "IVirtualBox.checkFirmwarePresent": {"platform_architecture": (0, _x86)},
    "IDisplay.setVideoModeHint": {"notify": (8, lambda: True)},
}
