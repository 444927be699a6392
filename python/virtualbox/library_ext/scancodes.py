"""Codes of the keys of a US keyboard (set 1, as PC keyboards send them), by name."""

_LSHIFT = 0x2A

# Keys that print, from a code on: without and with shift.
_ROWS = [(0x02, "1234567890-=", "!@#$%^&*()_+"), (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
         (0x1E, "asdfghjkl;'`", 'ASDFGHJKL:"~'), (0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?")]

_NAMED = {
    "ESC": 0x01, "BKSP": 0x0E, "\b": 0x0E, "TAB": 0x0F, "\t": 0x0F, "ENTER": 0x1C, "\n": 0x1C, "\r": 0x1C,
    "CTRL": 0x1D, "LSHIFT": _LSHIFT, "RSHIFT": 0x36, "ALT": 0x38, "SPACE": 0x39, " ": 0x39, "CAPS": 0x3A, "NUM": 0x45,
    "SCRL": 0x46, "HOME": 0x47, "UP": 0x48, "PGUP": 0x49, "MINUS": 0x4A, "LEFT": 0x4B, "CENTER": 0x4C, "RIGHT": 0x4D,
    "PLUS": 0x4E, "END": 0x4F, "DOWN": 0x50, "PGDN": 0x51, "INS": 0x52, "DEL": 0x53, "F11": 0x57, "F12": 0x58,
}

# Keys behind the prefix E0.
_EXTENDED = {
    "E_ENTER": 0x1C, "RCTRL": 0x1D, "E_DIV": 0x35, "PRTSC": 0x37, "RALT": 0x38, "E_HOME": 0x47, "E_UP": 0x48,
    "E_PGUP": 0x49, "E_LEFT": 0x4B, "E_RIGHT": 0x4D, "E_END": 0x4F, "E_DOWN": 0x50, "E_PGDN": 0x51, "E_INS": 0x52,
    "E_DEL": 0x53, "LWIN": 0x5B, "RWIN": 0x5C,
}


def _table():
    table = {}
    for first, plain, shifted in _ROWS:
        for at, (low, high) in enumerate(zip(plain, shifted)):
            code = first + at
            table[low] = [[code], [code | 0x80]]
            table[high] = [[_LSHIFT, code], [code | 0x80, _LSHIFT | 0x80]]
    for name, code in _NAMED.items():
        table[name] = [[code], [code | 0x80]]
    for number in range(10):
        table["F%d" % (number + 1)] = [[0x3B + number], [0xBB + number]]
    for name, code in _EXTENDED.items():
        table[name] = [[0xE0, code], [0xE0, code | 0x80]]
    # It has no code for going up.
    table["PAUSE"] = [[0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5], []]
    return table


TABLE = _table()


def press(name, held):
    """The codes of a key that goes down and up while keys are held; none for a key that is held itself."""
    make, release = TABLE[name]
    if name in held:
        return []
    if make[0] == _LSHIFT and len(make) > 1 and ("LSHIFT" in held or "RSHIFT" in held):
        make, release = make[1:], release[:-1]
    return make + release


class Decoder(object):
    """Names of keys from the codes that a keyboard sends."""

    def __init__(self):
        self._waiting = []
        self._shifts = set()
        self._caps = False
        self._names = {}
        for name, (make, _) in TABLE.items():
            if make[0] != _LSHIFT or len(make) == 1:
                # A key has its name, not the letter that some text uses for it.
                if name not in ("\b", "\t", "\n", "\r", " "):
                    self._names.setdefault(tuple(make), name)

    def keys(self, codes):
        """Pairs of 1 (down) or 0 (up) and a name. A sequence may be spread over calls; unknown codes raise."""
        for code in codes:
            self._waiting.append(code)
            sequence = self._complete()
            if sequence is None:
                continue
            self._waiting = []
            state = 0 if sequence[-1] & 0x80 and sequence[0] != 0xE1 else 1
            name = self._names.get(sequence if state else sequence[:-1] + (sequence[-1] & 0x7F,))
            if name is None:
                raise ValueError("no key sends %s" % " ".join("%02x" % part for part in sequence))
            yield state, self._shifted(state, name)

    def _complete(self):
        waiting = self._waiting
        wanted = {0xE0: 2, 0xE1: 6}.get(waiting[0], 1)
        return tuple(waiting) if len(waiting) >= wanted else None

    def _shifted(self, state, name):
        if name in ("LSHIFT", "RSHIFT"):
            (self._shifts.add if state else self._shifts.discard)(name)
        elif name == "CAPS" and state:
            self._caps = not self._caps
        elif len(name) == 1:
            upper = bool(self._shifts) != (self._caps and name.isalpha())
            for _, plain, shifted in _ROWS:
                if upper and name in plain:
                    return shifted[plain.index(name)]
        return name
