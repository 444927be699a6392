"""The classes of interfaces and enumerations, made from the schema when they are first asked for."""

import importlib
import types

import vboxsh
from virtualbox.library_base import (Enum, EnumType, Interface, MissingMember, VBoxError, guarded, pythonic_name,
                                     snake)
from virtualbox.values import Kind

#: Interfaces with more than the API gives them, and the module of `library_ext` that has it.
EXTENDED = {
    "IAppliance": "appliance", "IConsole": "console", "IEventSource": "event_source", "IGuest": "guest",
    "IGuestProcess": "guest_process", "IGuestSession": "guest_session", "IHost": "host", "IKeyboard": "keyboard",
    "IMachine": "machine", "IMouse": "mouse", "IProcess": "process", "IProgress": "progress",
    "ISession": "session", "IVirtualBox": "vbox", "IVirtualSystemDescription": "virtual_system_description",
}

#: Numbers that scripts for pyvbox know, which compare with them: those of the Main API 6.1. What came later
#: stands behind them; AbortedSaved is what 6.1 calls Aborted.
NUMBERS = {
    "MachineState": dict(
        Null=0, PoweredOff=1, Saved=2, Teleported=3, Aborted=4, AbortedSaved=4, Running=5, Paused=6, Stuck=7,
        Teleporting=8, LiveSnapshotting=9, Starting=10, Stopping=11, Saving=12, Restoring=13, TeleportingPausedVM=14,
        TeleportingIn=15, DeletingSnapshotOnline=16, DeletingSnapshotPaused=17, OnlineSnapshotting=18,
        RestoringSnapshot=19, DeletingSnapshot=20, SettingUp=21, Snapshotting=22, FirstOnline=5, LastOnline=18,
        FirstTransient=8, LastTransient=22),
    "AudioDriverType": dict(
        Null=0, WinMM=1, OSS=2, ALSA=3, DirectSound=4, CoreAudio=5, MMPM=6, Pulse=7, SolAudio=8, Default=9, WAS=10),
}

_generated = {}
_classes = {}


def class_of(name):
    """The class of an interface or enumeration; None when the release has none of that name."""
    known = _classes.get(name)
    if known is None:
        name = vboxsh._renamed(name) or name
        known = _classes.get(name)
    if known is None:
        if name in EXTENDED:
            known = getattr(importlib.import_module("virtualbox.library_ext." + EXTENDED[name]), name)
        else:
            known = generated(name) or _enumeration(name)
        if known is not None:
            _classes[name] = known
    return known


def generated(name):
    """The class of an interface as the schema has it, without extensions."""
    if name not in _generated:
        facts = vboxsh._interface_facts(name)
        _generated[name] = None if facts is None else _interface(name, *facts)
    return _generated[name]


def error_class(name):
    """The class of an error (`VBoxErrorObjectNotFound`, `OleErrorFail`); None for a name that means none."""
    return _errors().get(name)


def all_names():
    """Names of all interfaces, enumerations and errors."""
    interfaces, enumerations = vboxsh._schema_names()
    return sorted(interfaces) + sorted(enumerations) + sorted(_errors())


def error_name(code):
    """Name of the class of a result code (`VBOX_E_FILE_ERROR`: `VBoxErrorFileError`); None for other codes."""
    words = code.split("_")
    if code.startswith("VBOX_E_"):
        return "VBoxError" + "".join(word.capitalize() for word in words[2:])
    return "OleError" + "".join(word.capitalize() for word in words[1:]) if code.startswith("E_") else None


_made_errors = {}


def _errors():
    if not _made_errors:
        for code, number in sorted(vboxsh._result_codes().items()):
            name = error_name(code)
            if name is None:
                continue
            text = vboxsh._help_line(code) or "The Main API answered %s." % code
            _made_errors[name] = type(VBoxError)(name, (VBoxError,), {
                "name": code, "value": number & 0xffffffff, "__doc__": text, "__module__": "virtualbox.library"})
    return _made_errors


# Enumerations.

def _enumeration(name):
    facts = vboxsh._enumeration_facts(name)
    if facts is None:
        return None
    uuid, text, values = facts
    numbers = NUMBERS.get(name, {})
    enums = [(label, numbers.get(label, number), line) for label, number, line in values]
    labels, to_wire, from_wire = {}, {}, {}
    for label, number, _ in values:
        # The first of two names that share a number is the value's own (`Running`, `FirstOnline`).
        from_wire.setdefault(number, label)
        to_wire[label] = number
        plain = snake(label)
        for spelling in (pythonic_name(label), plain, plain + "_p", label):
            labels.setdefault(spelling, from_wire[number])
    described = "".join("\n\n%s(%d)\n    %s" % (pythonic_name(label), number, line) for label, number, line in enums)
    return EnumType(name, (Enum,), {
        "__doc__": text + described, "__module__": "virtualbox.library", "__uuid__": uuid, "_enums": enums,
        "_labels": labels, "_to_wire": to_wire, "_from_wire": from_wire})


# Interfaces.

def _interface(name, parent, uuid, mapping, attributes, methods, text):
    base = class_of(parent) if parent else Interface
    namespace = {"__doc__": text, "__module__": "virtualbox.library", "__uuid__": uuid, "__wsmap__": mapping,
                 "_interface_name": name}
    for member, place, since, is_method in vboxsh._moved_members(name):
        make = _moved_method if is_method else _moved_attribute
        namespace[pythonic_name(member)] = make(name, member, place, since)
    for member in vboxsh._compatible_forms().switches_of(name):
        namespace[pythonic_name(member)] = _attribute(member, Kind("boolean"), True, "This release does not have it.")
    for member in vboxsh._compatible_forms().calls_of(name):
        namespace[pythonic_name(member)] = _older_call(name, member)
    for member, kind, writable, line in attributes:
        namespace[pythonic_name(member)] = _attribute(member, Kind(kind), writable, line)
    for member, parameters, codes, line in methods:
        python = pythonic_name(member)
        namespace[python] = Method(name, member, python, parameters, codes, line)
    event = _event_type(name)
    if event is not None:
        namespace["id"] = event
    return type(base)(name, (base or Interface,), namespace)


def _event_type(interface):
    """The type of the events that an interface stands for."""
    if not interface.endswith("Event") or interface in ("IEvent", "IVetoEvent"):
        return None
    bare = interface[1:-len("Event")]
    types = class_of("VBoxEventType")
    for label in ("On" + bare, bare + "Event"):
        if label in types._to_wire:
            return types._make(label)
    return None


def _attribute(name, kind, writable, line):
    def read(self):
        return kind.received(guarded(getattr, self._need(name), name))

    def write(self, value):
        given = kind.given(value, "the value of " + pythonic_name(name))
        guarded(setattr, self._need(name), name, given)

    text = "%s %s value for '%s'\n%s" % ("Get or set" if writable else "Get", kind.shown(), name, line)
    return property(read, write if writable else None, None, text)


class Method(object):
    # A function of a class. What inspect and help ask for is made when they ask.

    __module__ = "virtualbox.library"

    def __init__(self, owner, name, python, parameters, codes, line):
        self.name, self.parameters, self.codes, self.line = name, parameters, codes, line
        self.__name__, self.__qualname__ = python, owner + "." + python
        self.qualified = owner + "." + name
        self.inputs = [(pythonic_name(p), p, Kind(kind)) for way, p, kind, _ in parameters if way == "in"]
        outs = [Kind(kind) for way, _, kind, _ in parameters if way == "out"]
        self.outputs = [Kind(kind) for way, _, kind, _ in parameters if way == "return"] + outs

    def __get__(self, interface, owner=None):
        return self if interface is None else types.MethodType(self, interface)

    def __call__(self, interface, *args, **kwargs):
        return self.call(interface, args, kwargs)

    @property
    def __signature__(self):
        import inspect
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = ["self"] + [python for python, _, _ in self.inputs]
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])

    @property
    def __doc__(self):
        """What the method does, and a block for each parameter."""
        lines = [self.line]
        for way, name, kind, line in self.parameters:
            lines += ["", "%s %s of type %s" % (way, pythonic_name(name), Kind(kind).shown()), "    " + line]
        for code in self.codes:
            lines += ["", "raises %s" % error_name(code if code.startswith("E_") else "VBOX_E_" + code)]
        return "\n".join(lines)

    def __repr__(self):
        return "<function %s>" % self.__qualname__

    def call(self, interface, args, kwargs):
        """Calls it on an object."""
        raw = interface._need(self.name)
        forms = vboxsh._compatible_forms()
        args, kwargs = forms.older_arguments(self.qualified, args, kwargs)
        values = self._placed(args, kwargs)
        given = [kind.given(value, python) for (python, _, kind), value in zip(self.inputs, values)]
        result = guarded(getattr(raw, self.name), *given)
        if not self.outputs:
            return None
        if len(self.outputs) == 1:
            return self.outputs[0].received(result)
        return tuple(kind.received(value) for kind, value in zip(self.outputs, result))

    def _placed(self, args, kwargs):
        count = len(self.inputs)
        if len(args) > count:
            raise TypeError("%s takes %d arguments, not %d" % (self.qualified, count, len(args)))
        values = list(args)
        named = dict(kwargs)
        for python, name, kind in self.inputs[len(values):]:
            for spelling in (python, name, snake(name)):
                if spelling in named:
                    values.append(named.pop(spelling))
                    break
            else:
                if not kind.optional:
                    raise TypeError("%s: the argument %s is missing" % (self.qualified, python))
                values.append(None)
        if named:
            wrong = list(named)[0]
            near = vboxsh.nearest(wrong, [python for python, _, _ in self.inputs])
            raise TypeError("%s has no argument %s, or it is given twice%s" % (
                self.qualified, wrong, "; " + near if near else ""))
        return values


# Members of older releases.

def _walk(interface, steps):
    for step in steps:
        interface = getattr(interface, pythonic_name(step))
    return interface


def _note(owner, member, place):
    vboxsh._note("older form: %s.%s is %s" % (owner, member, place))


def _moved_attribute(owner, member, place, since):
    steps = place.split("(")[0].split(".")
    feature = place.split("(")[1].rstrip(")") if "(" in place else None

    def read(self):
        _note(owner, member, place)
        holder = _walk(self, steps[:-1])
        if feature is not None:
            return holder.is_feature_enabled(class_of("GraphicsFeature")[feature])
        return getattr(holder, pythonic_name(steps[-1]))

    def write(self, value):
        _note(owner, member, place)
        holder = _walk(self, steps[:-1])
        if feature is not None:
            holder.set_feature(class_of("GraphicsFeature")[feature], value)
        else:
            setattr(holder, pythonic_name(steps[-1]), value)

    return property(read, write, None, "'%s' is %s since VirtualBox %s" % (member, place, since))


def _moved_method(owner, member, place, since):
    steps = place.split(".")

    def call(self, *args, **kwargs):
        _note(owner, member, place)
        return getattr(_walk(self, steps[:-1]), pythonic_name(steps[-1]))(*args, **kwargs)

    call.__name__ = pythonic_name(member)
    call.__doc__ = "'%s' is %s since VirtualBox %s" % (member, place, since)
    return call


def _older_call(owner, member):
    def call(self, *args):
        from virtualbox.values import one, unwrapped
        done = guarded(getattr(self._need(member), member), *[unwrapped(value) for value in args])
        return done if done is None or isinstance(done, (str, int, list)) else one(Interface, done)

    call.__name__ = pythonic_name(member)
    call.__doc__ = "A call of older releases; it is done in the way of this one."
    return call


def missing(interface, name):
    """A member that the class does not have under that name: another spelling of one that it has, or an error."""
    cls = type(interface)
    if hasattr(cls, name):
        # It has one, and reading that failed; Python asks here after an AttributeError.
        return getattr(cls, name).__get__(interface, cls)
    interface._need(name)
    folded = name.replace("_", "").lower()
    for known in (name + "_p", pythonic_name(name)):
        if known != name and hasattr(cls, known):
            return getattr(interface, known)
    for known in dir(cls):
        if not known.startswith("_") and known != name and known.replace("_", "").lower() == folded:
            vboxsh._note("older form: %s.%s is %s" % (cls.__name__, name, known))
            return getattr(interface, known)
    error = MissingMember()
    near = vboxsh.nearest(name, [known for known in dir(cls) if not known.startswith("_")])
    error.msg = "%s has no member %s%s" % (cls.__name__, name, "; " + near if near else "")
    raise error
