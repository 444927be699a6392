"""What the conformance scripts in Python share: the answers in the words of `prelude.rhai`.

Scripts in Python stand beside those in Rhai and give the same answers.
"""

import os

from vboxsh import (EnumValue, Error, MachineState, Object, PlatformArchitecture, SessionState, VBoxEventType,  # noqa: F401
                    session, vbox)

STRUCTURES = ("IMediumAttachment", "IPCIDeviceAttachment", "IGuestOSType", "IAdditionsFacility", "IVRDEServerInfo",
              "IHostDrivePartition")
UP = ("parent", "properties", "eventSource", "machine")


def show(value):
    """A value as text: objects by interface and name, lists in brackets, structures with their fields."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"%s"' % escape(value)
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(show(part) for part in value)
    if isinstance(value, bytes):
        return "%d bytes" % len(value)
    if is_structure(value):
        return structure(value)
    if isinstance(value, Object):
        return value.__interface__ + name_of(value)
    return str(value)


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def is_structure(value):
    return getattr(value, "__interface__", "") in STRUCTURES or type(value).__name__ == "Structure"


def members(value):
    """Names of members in the order of the API; `dir` would sort them."""
    return type(value).__dir__(value)


def is_method(value):
    return callable(value) and not isinstance(value, (EnumValue, Object))


def structure(value):
    parts = []
    for name in members(value):
        try:
            part = getattr(value, name)
        except Error:
            continue
        if not is_method(part):
            parts.append("%s=%s" % (name, show(part)))
    return "%s(%s)" % (value.__interface__, ", ".join(parts))


def name_of(value):
    if value.__interface__ not in ("IMachine", "ISnapshot", "IMedium", "IStorageController", "IUSBController",
                                   "ISharedFolder", "IUSBDeviceFilter", "IBandwidthGroup"):
        return ""
    try:
        return " " + show(value.name)
    except Error:
        # Gone, or not accessible.
        return ""


def failure(error):
    """What went wrong, without its message."""
    if not isinstance(error, Error):
        return "! script: %s" % error
    if not error.name:
        return "! %s" % error.kind
    text = "! %s %s" % (error.name, error.interface or "-")
    following = error.next
    while following is not None:
        text += " <- %s %s" % (following.name, following.interface or "-")
        following = following.next
    return text


def attempt(label, work):
    """Does something and prints what came of it; gives the value, or None where it failed."""
    try:
        value = work()
        print("%s: %s" % (label, show(value)))
        return value
    except Exception as error:
        print("%s: %s" % (label, failure(error)))
        return None


def say(label, value):
    """Prints a line of its own."""
    print("%s: %s" % (label, show(value)))


def show_named(name, value):
    """A value that is known by name to be another one in every process."""
    return "<pid>" if name.endswith("PID") and value not in (0, 4294967295) else show(value)


def dump(label, value, leave_out=()):
    """Prints every attribute of an object."""
    tree(label, value, 0, leave_out)


def tree(label, value, depth, leave_out=()):
    """Prints an object and those that its attributes lead to, `depth` levels down."""
    for name in members(value):
        if name in leave_out:
            continue
        path = "%s.%s" % (label, name)
        try:
            part = getattr(value, name)
        except Error as error:
            if error.name:
                print("%s: %s" % (path, failure(error)))
            continue
        if is_method(part):
            continue
        print("%s: %s" % (path, show_named(name, part)))
        if depth > 0 and name not in UP:
            if isinstance(part, Object):
                tree(path, part, depth - 1, leave_out)
            elif isinstance(part, list):
                for at, one in enumerate(part):
                    if isinstance(one, Object) and not is_structure(one):
                        tree("%s[%d]" % (path, at), one, depth - 1, leave_out)


def write(label, value, name, new):
    """Writes an attribute and prints what came of it and what it is then."""
    came = "ok"
    try:
        setattr(value, name, new)
    except Error as error:
        came = failure(error)
    try:
        now = show_named(name, getattr(value, name))
    except Error as error:
        now = failure(error)
    print("%s %s = %s: %s, now %s" % (label, name, show(new), came, now))


def write_each(label, value, name, values):
    """Writes each of the values, one after the other."""
    for new in values:
        write(label, value, name, new)


def write_every(label, value, name, enumeration):
    """Writes each value of an enumeration."""
    for label_of_value in members(enumeration):
        write(label, value, name, enumeration[label_of_value])


def rewrite(label, value, depth, leave_out=()):
    """Writes back what each attribute has, for an object and those below it: may it change now?"""
    for name in members(value):
        if name in leave_out:
            continue
        try:
            part = getattr(value, name)
        except Error:
            continue
        if is_method(part):
            continue
        path = "%s.%s" % (label, name)
        if isinstance(part, Object):
            if depth > 0 and name not in UP + ("bandwidthGroup",):
                rewrite(path, part, depth - 1, leave_out)
            continue
        try:
            setattr(value, name, part)
            print("%s: ok" % path)
        except Error as error:
            # A read-only attribute: the model says so, and nobody is asked.
            if error.name:
                print("%s: %s" % (path, failure(error)))
        if depth > 0 and isinstance(part, list):
            for at, one in enumerate(part):
                if isinstance(one, Object):
                    rewrite("%s[%d]" % (path, at), one, depth - 1, leave_out)


def patience():
    """Milliseconds to listen for one more event."""
    return int(os.environ["VBOXSH_CONFORMANCE_PATIENCE"])


def attempt_with_events(label, value, types, work):
    """Does something and prints what came of it, then the events of `value` that it fired."""
    # What happened before is told a little later, and would be heard here.
    import time
    time.sleep(patience() / 1000.0)
    source = value.eventSource
    listener = source.createListener()
    source.registerListener(listener, types or [VBoxEventType.Any], False)
    result = attempt(label, work)
    while True:
        event = source.getEvent(listener, patience())
        if event is None:
            break
        text = "%s event: %s" % (label, event.type)
        full = event.queryInterface("I%sEvent" % str(event.type)[2:])
        for name in members(full):
            if name in ("source", "type", "waitable", "midlDoesNotLikeEmptyInterfaces"):
                continue
            try:
                part = getattr(full, name)
                if not is_method(part):
                    text += " %s=%s" % (name, show_named(name, part))
            except Error as error:
                if error.name:
                    text += " %s=%s" % (name, failure(error))
        print(text)
        source.eventProcessed(listener, event)
    source.unregisterListener(listener)
    return result


def scratch(name):
    """A path in a folder of this script's own."""
    return os.environ["VBOXSH_CONFORMANCE_SCRATCH"] + "/" + name


def create(name, os_type):
    """A new machine, not yet registered. ARM types make ARM machines."""
    arm = "_arm64" in os_type or "ARM" in os_type
    return vbox.createMachine("", name, PlatformArchitecture.ARM if arm else PlatformArchitecture.x86, [], os_type, "")


def register(name, os_type):
    """The same with the defaults of its type, registered."""
    machine = create(name, os_type)
    machine.applyDefaults("")
    vbox.registerMachine(machine)
    return machine


def runnable(name):
    """A new registered machine that runs even where the computer cannot help VirtualBox."""
    machine = create(name, "Other")
    machine.memorySize = 32
    machine.setExtraData("VBoxInternal/HM/FallbackToIEM", "1")
    vbox.registerMachine(machine)
    return machine
