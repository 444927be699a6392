#!/usr/bin/env python3
"""Clones a template any number of times.

    vboxsh clone-many.py [--linked] [--snapshot NAME] [--start] TEMPLATE COUNT [PREFIX]
    vboxsh clone-many.py --linked debian 5 worker

makes worker-1 to worker-5; names that are taken are left out of the count. Linked clones share the disks
of the template's snapshot (its current one when none is named) and take next to no room; full ones are
copies. What was made before a failure stays.
"""

import itertools

from vboxsh import CloneMode, CloneOptions, Error, fail, parse_args, session, vbox, wait


def is_taken(name):
    try:
        vbox.findMachine(name)
    except Error:
        return False
    return True


def clone_as(source, name, linked):
    options = [CloneOptions.Link] if linked else []
    copy = vbox.createMachine("", name, source.platform.architecture, source.groups, source.OSTypeId)
    wait(source.cloneTo(copy, CloneMode.MachineState, options))
    vbox.registerMachine(copy)
    return copy


given = parse_args(
    summary="clone a template any number of times",
    arguments=[
        dict(name="template", kind="machine", help="machine to clone"),
        dict(name="count", kind="number", help="how many"),
        dict(name="prefix", optional=True, help="what the names begin with; the template's name when left out"),
    ],
    options=[
        dict(name="linked", help="share the disks of a snapshot"),
        dict(name="snapshot", kind="snapshot", help="snapshot of the template that is cloned"),
        dict(name="start", help="start each one headless"),
    ],
)
template = given.template
prefix = given.prefix or template.name
snapshot = given.snapshot or (template.currentSnapshot if given.linked else None)
if given.linked and snapshot is None:
    fail("%s has no snapshot that linked clones could share" % template.name, "take one, or leave --linked out")
source = snapshot.machine if snapshot else template
made = 0
for number in itertools.count(1):
    if made >= given.count:
        break
    name = "%s-%d" % (prefix, number)
    if is_taken(name):
        continue
    copy = clone_as(source, name, given.linked)
    print("%s: %s clone of %s" % (name, "linked" if given.linked else "full", template.name))
    made += 1
    if given.start:
        wait(copy.launchVMProcess(session, "headless"))
        session.unlockMachine()
