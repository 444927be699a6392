"""What the classes of `virtualbox.library` are made from: Interface, Enum and VBoxError."""

import vboxsh

#: Names that get `_p` behind them: builtins of Python 2 and 3, and `global`. The list is fixed, so that
#: names do not depend on the interpreter.
_SUFFIXED = frozenset(
    "all any apply bytes chr dir exec file filter format global hash help hex id input int iter len license list "
    "long map max min next object oct open ord pow print property range reduce reload round set slice sorted str "
    "sum super tuple type vars zip".split())


def snake(name):
    """The name in snake case, without `_p`."""
    return vboxsh.snake_case(name)


def pythonic_name(name):
    """The name of a member, parameter or value as Python code spells it (`OSTypeId`: `os_type_id`)."""
    name = snake(name)
    return name + "_p" if name in _SUFFIXED else name


# Errors.

#: Classes of errors by result code.
vbox_error = {}


class VBoxErrorMeta(type):
    """Registers each class of errors by its code."""

    def __init__(cls, name, bases, namespace):
        type.__init__(cls, name, bases, namespace)
        if "value" in namespace and namespace["value"] != -1:
            vbox_error.setdefault(namespace["value"], cls)


class VBoxError(Exception, metaclass=VBoxErrorMeta):
    """An error of the Main API. value: its result code; msg: its text; exc: the exception behind it."""

    name = "undefined"
    value = -1
    msg = ""
    exc = cause = None

    def __str__(self):
        return "0x%x (%s)" % (self.value, self.msg)

    @property
    def errno(self):
        """The result code."""
        return self.value

    message = property(lambda self: self.msg, doc="The text.")


class NullReference(VBoxError, AttributeError):
    """A member of nothing was asked for: the object is a null reference."""

    def __str__(self):
        return self.msg


class MissingMember(VBoxError, AttributeError):
    """An interface has no member of that name."""

    __str__ = NullReference.__str__


def error_from(raised):
    """The VBoxError for an exception of the bindings, of the class of its code."""
    code = getattr(raised, "errno", None) or getattr(raised, "hresult", None) or -1
    code = (code if isinstance(code, int) else -1) & 0xffffffff
    error = vbox_error.get(code, VBoxError)()
    error.value, error.exc = code, raised
    error.msg = getattr(raised, "msg", None) or getattr(raised, "message", None) or str(raised)
    # The program that ends by it says its three parts, and ends with the code of its kind.
    error.cause = getattr(raised, "cause", None)
    return error


def guarded(work, *arguments):
    """Calls into the bindings; what they raise becomes a VBoxError, but for wrong calls, which stay what they are."""
    try:
        return work(*arguments)
    except Exception as error:
        ours = isinstance(error, vboxsh.Error) and not isinstance(error, vboxsh.UsageError)
        theirs = hasattr(error, "errno") and not isinstance(error, (OSError, vboxsh.Error))
        if not ours and not theirs and not hasattr(error, "hresult") or isinstance(error, vboxsh.UsageError):
            raise
        raise error_from(error) from error


# Enumerations.

class EnumType(type):
    """`MachineState.paused`, `MachineState['paused']`, `MachineState(6)`."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return cls[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __getitem__(cls, name):
        label = cls._labels.get(name)
        if label is None:
            near = vboxsh.nearest(name, [known for known in cls._labels if known == known.lower()])
            raise KeyError("%s has no value '%s'%s" % (cls.__name__, name, "; " + near if near else ""))
        return cls._make(label)

    def __iter__(cls):
        return (cls[label] for label, _, _ in cls._enums)

    def __len__(cls):
        return len(cls._enums)

    def __dir__(cls):
        return sorted(set(type.__dir__(cls)) | {name for name in cls._labels if name == name.lower()})


class Enum(object, metaclass=EnumType):
    """A value of an enumeration: it prints as its label and compares as its number."""

    __uuid__ = ""
    #: Label, number and text of each value.
    _enums = []
    #: Labels by the spellings of their names.
    _labels = {}
    #: Numbers on the wire by label, and labels by number on the wire.
    _to_wire = {}
    _from_wire = {}

    def __init__(self, value):
        if isinstance(value, Enum):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            for label, number, text in self._enums:
                if number == value:
                    self._set(label, number, text)
                    return
        raise ValueError("%s has no value %r" % (type(self).__name__, value))

    def _set(self, label, number, text):
        self._label, self._value, self.__doc__ = label, number, text

    @classmethod
    def _make(cls, label):
        for known, number, text in cls._enums:
            if known == label:
                made = cls.__new__(cls)
                made._set(label, number, text)
                return made
        raise KeyError(label)

    @classmethod
    def _received(cls, number):
        """The value of a number on the wire. One that the release has no name for survives."""
        label = cls._from_wire.get(int(number))
        if label is not None:
            return cls._make(label)
        made = cls.__new__(cls)
        made._set("%s(%d)" % (cls.__name__, number), int(number), "A value that has no name in this release.")
        return made

    @property
    def _wire(self):
        return self._to_wire.get(self._label, self._value)

    def __getitem__(self, name):
        return type(self)[name]

    def __int__(self):
        return self._value

    def __str__(self):
        return self._label

    def __repr__(self):
        return "%s(%d)" % (type(self).__name__, self._value)

    def __hash__(self):
        return hash(self._value)

    def __bool__(self):
        return True

    def __eq__(self, other):
        number = _number(other)
        return number is not None and self._value == number

    def __ne__(self, other):
        return not self == other

    def __lt__(self, other):
        return self._compare(other, lambda mine, its: mine < its)

    def __le__(self, other):
        return self._compare(other, lambda mine, its: mine <= its)

    def __gt__(self, other):
        return self._compare(other, lambda mine, its: mine > its)

    def __ge__(self, other):
        return self._compare(other, lambda mine, its: mine >= its)

    def _compare(self, other, how):
        number = _number(other)
        return NotImplemented if number is None else how(self._value, number)

    def __reduce__(self):
        return _restored, (type(self).__name__, self._label, self._value)


def _number(value):
    if isinstance(value, Enum):
        return value._value
    try:
        return int(value) if isinstance(value, (int, str, float)) else None
    except ValueError:
        return None


def _restored(name, label, number):
    from virtualbox import library
    cls = getattr(library, name)
    made = cls.__new__(cls)
    texts = [text for known, _, text in cls._enums if known == label]
    made._set(label, number, texts[0] if texts else "")
    return made


# Interfaces.

class Interface(object):
    """An object of the Main API, or a null reference."""

    __uuid__ = ""
    __wsmap__ = "suppress"
    #: Its name in the API; user classes may have others.
    _interface_name = "Interface"
    _i = None

    def __init__(self, interface=None):
        self._i = self._cast(interface)

    @classmethod
    def _cast(cls, interface):
        """The raw object of `interface`, as this interface."""
        raw = interface._i if isinstance(interface, Interface) else interface
        if isinstance(raw, vboxsh.Object):
            raw = vboxsh._compatible(raw)
        wanted = cls._interface_name
        if raw is None or not isinstance(interface, Interface) or getattr(raw, "__interface__", wanted) == wanted:
            return raw
        return guarded(raw.queryInterface, wanted)

    def _need(self, member):
        """The raw object; a null reference has no members."""
        if self._i is None:
            error = NullReference()
            error.msg = "%s of a null %s: there is no such object now" % (member, type(self).__name__)
            raise error
        return self._i

    def _get_attr(self, name):
        """Reads a member by its name in the API; what it gives is not wrapped."""
        return guarded(getattr, self._need(name), name)

    def _set_attr(self, name, value):
        """Writes an attribute by its name in the API."""
        from virtualbox import values
        guarded(setattr, self._need(name), name, values.unwrapped(value))

    _search_attr = _get_attr

    def _call(self, name, in_p=()):
        """Calls a method by its name in the API; what it gives is not wrapped."""
        return self._call_method(getattr(self._need(name), name), in_p)

    def _call_method(self, method, in_p=()):
        from virtualbox import values
        return guarded(method, *[values.unwrapped(value) for value in in_p])

    def _cast_to_valuetype(self, value):
        from virtualbox import values
        return values.unwrapped(value)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        from virtualbox import classes
        return classes.missing(self, name)

    def __bool__(self):
        return self._i is not None

    def __eq__(self, other):
        if isinstance(other, Interface):
            return self._i == other._i
        return self._i is None if other is None else NotImplemented

    def __hash__(self):
        return hash(self._i)
