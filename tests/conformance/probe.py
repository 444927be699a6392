"""Asks every member of an object what it makes of usual values and of odd ones, and says so line by line.

What needs an object, takes a machine's life, works on files or talks to the world outside is left out: other scripts
ask that, one by one. So are the calls at which VirtualBox's server ends.
"""

import vboxsh
from prelude import Error, Object, failure, is_method, show, show_named  # noqa: F401

# Methods that other scripts ask.
LEFT_OUT = frozenset("""
    unregister deleteConfig cloneTo moveTo close deleteStorage launchVMProcess lockMachine unlockMachine saveSettings
    discardSettings takeSnapshot restoreSnapshot deleteSnapshot deleteSnapshotAndAllChildren deleteSnapshotRange
    registerMachine openMachine createMachine createAppliance attachDevice attachDeviceWithoutMedium attachHostPCIDevice
    createNVRamStore initUefiVariableStore saveState adoptSavedState readLog queryLogFilename hotPlugCPU hotUnplugCPU
    start stop detectIsoOS prepare reconfigureVM changeEncryption addEncryptionPassword addEncryptionPasswords
    waitForCompletion waitForOperationCompletion getEvent eventProcessed checkFirmwarePresent findProxies
    createHostOnlyNetworkInterface removeHostOnlyNetworkInterface generateMACAddress addUSBDeviceSource
    removeUSBDeviceSource createSharedFolder export""".split())

# Attributes whose values belong to the computer or the moment, or which other scripts write.
UNTOLD = frozenset("""
    VBoxVersion version revision packageType homeFolder settingsFilePath lastStateChange sessionPID timeStamp
    defaultMachineFolder""".split())
UNWRITTEN = frozenset("""
    name settingsFilePath snapshotFolder location defaultMachineFolder logHistoryCount RTCUseUTC""".split())

# Interfaces that are asked on their own.
ON_THEIR_OWN = frozenset("""
    IVirtualBox IMachine IHost IMedium ISession IConsole IProgress IEventSource IGuestOSType ICertificate""".split())

NUMBERS = {
    "octet": [0, 255], "short": [0, 1, 9999], "unsigned short": [0, 1, 9999], "long": [0, 1, -1, 99999],
    "unsigned long": [0, 1, 3, 99999], "long long": [0, 1, -1, 1 << 40], "unsigned long long": [0, 1, 1 << 40],
}
TEXTS = ["", "nonsense", "web", "{00000000-0000-0000-0000-000000000000}", "/nonsense/x"]
MOST = 5


def values_of(kind):
    """Values of a type, usual and odd ones; None where it takes an object."""
    if kind.endswith("[]"):
        single = values_of(kind[:-2])
        return [[]] if single is None else [[], single[:1], [single[1 % len(single)]] * 2]
    if kind in NUMBERS:
        return NUMBERS[kind]
    if kind == "boolean":
        return [False, True]
    if kind in ("wstring", "uuid"):
        return TEXTS
    enumeration = getattr(vboxsh, kind, None)
    if isinstance(enumeration, type) and issubclass(enumeration, int):
        every = list(enumeration)
        return list(dict.fromkeys([every[0], every[1 % len(every)], every[-1]]))
    return None


def lineage(interface):
    """An interface and those that it extends, with what they declare."""
    while interface:
        parent, _, _, attributes, methods, _ = vboxsh._interface_facts(interface)
        yield attributes, methods
        interface = parent


def tell(label, work, name=""):
    try:
        value = work()
    except Exception as error:
        print("%s: %s" % (label, failure(error)))
        return None
    print("%s: %s" % (label, show_named(name, value)))
    return value


def combinations(kinds):
    """Arguments of a method, not too many: each value once, and two rounds in which they are mixed."""
    pools = [values_of(kind) for kind in kinds]
    if None in pools:
        return []
    rounds = min(max(map(len, pools), default=1), MOST)
    every = [[pool[at % len(pool)] for pool in pools] for at in range(rounds)]
    every += [[pool[(at + place) % len(pool)] for place, pool in enumerate(pools)] for at in range(2)]
    return [arguments for at, arguments in enumerate(every) if arguments not in every[:at]]


class Probe:
    """Goes through objects; each is asked once."""

    def __init__(self, depth=2, left_out=()):
        self.depth, self.left_out, self.seen = depth, LEFT_OUT | frozenset(left_out), []

    def ask(self, label, value, depth=None, write=True):
        depth = self.depth if depth is None else depth
        self.seen.append(value)
        parts = []
        for attributes, methods in lineage(value.__interface__):
            for name, kind, is_writable, _ in attributes:
                if name not in UNTOLD and name not in self.left_out:
                    parts += self.attribute("%s.%s" % (label, name), value, name, kind, is_writable and write)
            for name, parameters, _, _ in methods:
                kinds = [kind for way, _, kind, _ in parameters if way == "in"]
                if name not in self.left_out:
                    for arguments in combinations(kinds):
                        said = ", ".join(map(show, arguments))
                        tell("%s.%s(%s)" % (label, name, said), lambda: getattr(value, name)(*arguments))
        for label, part in parts:
            if depth > 0 and part.__interface__ not in ON_THEIR_OWN and part not in self.seen:
                self.ask(label, part, depth - 1, write)

    def attribute(self, label, value, name, kind, write):
        """Reads an attribute and writes values into it; gives the objects that were in it."""
        present = tell(label, lambda: getattr(value, name), name)
        for new in values_of(kind) or [] if write and name not in UNWRITTEN else []:
            try:
                setattr(value, name, new)
                tell("%s = %s" % (label, show(new)), lambda: getattr(value, name))
            except Exception as error:
                print("%s = %s: %s" % (label, show(new), failure(error)))
        if write and present is not None and name not in UNWRITTEN:
            try:
                setattr(value, name, present)
            except Exception:
                # Some cannot have back what they had.
                pass
        listed = isinstance(present, list)
        parts = [part for part in (present if listed else [present]) if isinstance(part, Object)]
        return [("%s[%d]" % (label, at) if listed else label, part) for at, part in enumerate(parts[:2])]
