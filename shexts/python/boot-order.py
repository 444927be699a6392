"""boot-order MACHINE [DEVICE...]: shows what a machine boots from, or says it."""

from vboxsh import DeviceType, fail, register_command, table


def boot_order(given):
    most = given.machine.platform.properties.maxBootPosition
    positions = range(1, most + 1)
    devices = given.device
    if len(devices) > most:
        fail("a machine has %d places to boot from, not %d" % (most, len(devices)))
    if devices:
        with given.machine.session() as s:
            for position, device in zip(positions, devices + [DeviceType.Null] * most):
                s.machine.setBootOrder(position, device)
    return table(["position", "device"], [[position, given.machine.getBootOrder(position)] for position in positions])


register_command(
    name="boot-order",
    summary="show or set what a machine boots from",
    help="Places for which no device is named become empty.",
    arguments=[
        dict(name="machine", kind="machine", help="which machine"),
        dict(name="device", enum="DeviceType", repeated=True, help="what it boots from, the first one first"),
    ],
    examples=[
        ("boot-order web-01", "show it"),
        ("boot-order web-01 Network HardDisk", "from the network, else from the disk"),
    ],
    run=boot_order,
)
