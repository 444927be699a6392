#!/usr/bin/env python3
"""Makes settings of many machines as a file says.

    vboxsh bulk-settings.py [--dry-run] FILE

A line of the file is a machine (`*` is every one), a setting and its value, with commas between; the value
may have commas. Settings go by their API names, with dots on the way; `#` begins a comment:

    # machine, setting, value
    web-01, memorySize, 2048
    *, description, one of ours
    *, audioSettings.adapter.enabled, false

All lines are read before the first one is carried out; what is as it should be is left alone.
"""

from vboxsh import EnumValue, fail, parse_args, vbox


def parse(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split(",", 2)]
            if len(parts) != 3:
                fail("%s:%d: a line is machine, setting, value" % (path, number))
            yield parts + ["%s:%d" % (path, number)]


def place(thing, setting):
    """The object that has a setting, and the setting's own name."""
    *steps, name = setting.split(".")
    for step in steps:
        thing = getattr(thing, step)
    return thing, name


def value_like(text, now, at):
    """A text as a value of the kind that stands there now."""
    if isinstance(now, bool):
        if text not in ("true", "false"):
            fail('%s: "%s" is neither true nor false' % (at, text))
        return text == "true"
    if isinstance(now, int) and not isinstance(now, EnumValue):
        try:
            return int(text)
        except ValueError:
            fail('%s: "%s" is no number' % (at, text))
    # Values of enumerations go by their names.
    return text


def shown(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def change(machine, setting, text, at, dry_run):
    thing, name = place(machine, setting)
    now = getattr(thing, name)
    wanted = value_like(text, now, at)
    if now == wanted:
        return
    print("%s: %s %s -> %s" % (machine.name, setting, shown(now), shown(wanted)))
    if not dry_run:
        with machine.session() as s:
            thing, name = place(s.machine, setting)
            setattr(thing, name, wanted)


given = parse_args(
    summary="make settings of many machines as a file says",
    arguments=[dict(name="file", kind="file", help="the settings")],
    options=[dict(name="dry-run", help="say only what would be done")],
)
changes = []
for name, setting, value, at in list(parse(given.file)):
    machines = vbox.machines if name == "*" else [vbox.findMachine(name)]
    changes.extend((machine, setting, value, at) for machine in machines)
for machine, setting, value, at in changes:
    change(machine, setting, value, at, given.dry_run)
