"""Values on their way in and out: wrapped for scripts, plain for the bindings."""

import vboxsh
from virtualbox.library_base import Enum, Interface

_TEXT = ("wstring", "uuid")
_NUMBERS = ("octet", "short", "unsigned short", "long", "unsigned long", "long long", "unsigned long long")


def unwrapped(value):
    """A value as the bindings take it, whatever it is for."""
    if isinstance(value, Interface):
        return value._i
    if isinstance(value, Enum):
        return value._wire
    if isinstance(value, (list, tuple)):
        return [unwrapped(element) for element in value]
    return value


class Kind(object):
    """A type of the API (`wstring`, `IMachine[]`), and how its values travel."""

    def __init__(self, text):
        self.text = text
        self.array = text.endswith("[]")
        self.name = text[:-2] if self.array else text
        self._class = None

    @property
    def cls(self):
        """The class of an interface or enumeration; None for plain types."""
        if self._class is None and self.name not in _TEXT and self.name not in _NUMBERS and self.name != "boolean":
            from virtualbox import classes
            self._class = Interface if self.name == "object" else classes.class_of(self.name)
        return self._class

    @property
    def optional(self):
        """Whether an argument of it may be left out."""
        return self.array or self.name in _TEXT or self.cls is not None and issubclass(self.cls, Interface)

    def shown(self):
        """Its name for documentation."""
        plain = "str" if self.name in _TEXT else "int" if self.name in _NUMBERS else \
            "bool" if self.name == "boolean" else self.name
        if self.array and self.name == "octet":
            return "bytes"
        return "list of " + plain if self.array else plain

    def received(self, value):
        """A value of the bindings, for a script."""
        cls = self.cls
        if cls is None:
            return value if value is not None or not self.array else []
        if self.array:
            return [one(cls, element) for element in value or ()]
        return one(cls, value)

    def given(self, value, what):
        """A script's value, for the bindings; `what` names it in the error."""
        if value is None and self.optional:
            return [] if self.array else None
        if not self.array:
            return self._element(value, what)
        if self.name == "octet":
            return octets(value, what)
        if isinstance(value, (str, bytes, Interface, Enum)) or not hasattr(value, "__iter__"):
            raise TypeError("%s wants a list of %s, not %s" % (what, self.name, _kind(value)))
        return [self._element(element, "an element of " + what) for element in value]

    def _element(self, value, what):
        if self.name in _TEXT:
            if isinstance(value, (bytes, bytearray)):
                return bytes(value).decode("utf-8")
            fits = isinstance(value, str)
        elif self.name == "boolean":
            fits = isinstance(value, bool)
        elif self.name in _NUMBERS:
            fits = isinstance(value, int)
        elif issubclass(self.cls, Enum):
            if isinstance(value, self.cls):
                return value._wire
            # Plain numbers are not taken: they differ between releases.
            fits = isinstance(value, vboxsh.EnumValue) and type(value).__name__ == self.cls.__name__
        elif isinstance(value, Interface):
            return value._i
        else:
            fits = value is None or isinstance(value, vboxsh.Object) or hasattr(value, "__interface__")
        if not fits:
            raise TypeError("%s wants %s, not %s" % (what, Kind(self.name).shown(), _kind(value)))
        return value


def _kind(value):
    return type(value).__name__


def one(cls, raw):
    """One value of an interface or enumeration, wrapped."""
    if issubclass(cls, Enum):
        return cls._received(raw)
    if raw is not None:
        actual = getattr(raw, "__interface__", None)
        if actual is not None and actual != cls._interface_name:
            from virtualbox import classes
            nearer = classes.class_of(actual)
            if nearer is not None and issubclass(nearer, cls):
                cls = nearer
    made = cls.__new__(cls)
    made._i = raw
    return made


def octets(value, what="the data"):
    """Bytes from bytes, numbers, or numbers written as texts."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        raise TypeError("%s wants bytes, not str: encode it" % what)
    numbers = []
    for element in value:
        if isinstance(element, (str, bytes)):
            numbers.append(int(element) if element.isdigit() else ord(element))
        else:
            numbers.append(int(element))
    return bytes(numbers)

