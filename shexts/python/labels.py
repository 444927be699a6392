"""label MACHINE [KEY=VALUE...]: notes on machines, kept in their extra data; labelled KEY[=VALUE]: who has one."""

from vboxsh import fail, register_command, table, vbox

FOLDER = "vboxsh/label/"


def label(given):
    machine = given.machine
    changes = []
    for word in given.label:
        key, equals, value = word.partition("=")
        if not key or not equals:
            fail('"%s" is no label' % word, "write KEY=VALUE; KEY= takes a label away")
        changes.append((FOLDER + key, value))
    if changes:
        with machine.session() as s:
            for key, value in changes:
                s.machine.setExtraData(key, value)
    keys = sorted(key for key in machine.getExtraDataKeys() if key.startswith(FOLDER))
    rows = [[key[len(FOLDER):], machine.getExtraData(key)] for key in keys]
    return table(["label", "value"], rows, "%s has no labels" % machine.name)


def labelled(given):
    key, equals, wanted = given.label.partition("=")
    rows = []
    for machine in vbox.machines:
        value = machine.getExtraData(FOLDER + key) if machine.accessible else ""
        if value and (not equals or value == wanted):
            rows.append([machine.name, value])
    return table(["machine", "value"], sorted(rows), "no machine has the label %s" % given.label)


register_command(
    name="label",
    summary="show or change the labels of a machine",
    help="Labels are KEY=VALUE; an empty value takes one away. They stand in the machine's extra data.",
    arguments=[
        dict(name="machine", kind="machine", help="which machine"),
        dict(name="label", repeated=True, help="KEY=VALUE"),
    ],
    examples=[("label web-01 owner=ann rack=4", "two labels"), ("label web-01", "show them")],
    run=label,
)
register_command(
    name="labelled",
    summary="list the machines that have a label",
    effect="read",
    arguments=[dict(name="label", help="KEY, or KEY=VALUE")],
    examples=[("labelled owner=ann", "Ann's machines")],
    run=labelled,
)
