"""IVirtualSystemDescription: changing single values before an import."""

from virtualbox.classes import generated
from virtualbox.library_base import Enum

_Generated = generated("IVirtualSystemDescription")


class IVirtualSystemDescription(_Generated):
    __doc__ = _Generated.__doc__

    def set_final_value(self, description_type, value):
        """Puts `value` (a str, an int or an enumeration value) in the place of the first item of a type."""
        if isinstance(value, Enum):
            value = str(value._wire)
        elif isinstance(value, int):
            value = str(value)
        elif not isinstance(value, str):
            raise ValueError("a value is a str, an int or an enumeration value, not %s" % type(value).__name__)
        types, _refs, _originals, values, extra = self.get_description()
        if description_type not in types:
            raise Exception("the description has no item of the type %s" % description_type)
        values = list(values)
        place = list(types).index(description_type)
        if str(description_type) == "Memory":
            value = _memory(value, values[place])
        values[place] = value
        self.set_final_values([True] * len(types), values, list(extra))


def _memory(value, before):
    """Scripts give megabytes; VirtualBox counts bytes there since 7.0, as what was there shows."""
    mega = 1 << 20
    if value.isdigit() and before.isdigit() and int(before) >= mega > int(value):
        return str(int(value) * mega)
    return value


def _setter(label):
    def set_value(self, value):
        from virtualbox.library import VirtualSystemDescriptionType
        self.set_final_value(VirtualSystemDescriptionType[label], value)

    set_value.__doc__ = "Sets the value of the first item of the type `%s`." % label
    return set_value


for _name, _label in [
        ("name", "name"), ("cpu", "cpu"), ("memory", "memory"), ("soundcard", "sound_card"),
        ("usb_controller", "usb_controller"), ("network_adapter", "network_adapter"), ("cdrom", "cdrom"),
        ("hard_disk_controller_ide", "hard_disk_controller_ide"),
        ("hard_disk_controller_sas", "hard_disk_controller_sas"),
        ("hard_disk_controller_sata", "hard_disk_controller_sata"),
        ("hard_disk_controller_scsi", "hard_disk_controller_scsi"), ("hard_disk_image", "hard_disk_image")]:
    setattr(IVirtualSystemDescription, "set_" + _name, _setter(_label))
