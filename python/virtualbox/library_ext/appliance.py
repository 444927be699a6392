"""IAppliance: reading and importing in one call each."""

from virtualbox.classes import generated
from virtualbox.library_base import VBoxError

_Generated = generated("IAppliance")


class IAppliance(_Generated):
    __doc__ = _Generated.__doc__

    def read(self, ova_path):
        """Reads an appliance and interprets it. What was odd in it is raised as a Warning with `warnings`."""
        progress = super().read(ova_path)
        progress.wait_for_completion()
        finished(progress)
        self.interpret()
        warnings = self.get_warnings()
        if warnings:
            warning = Warning("\n".join(warnings))
            warning.warnings = warnings
            raise warning

    def find_description(self, name):
        """The description of the virtual system of that name."""
        from virtualbox.library import VirtualSystemDescriptionType
        for description in self.virtual_system_descriptions:
            _types, _refs, originals, values, _extra = description.get_description_by_type(
                VirtualSystemDescriptionType.name)
            if name in list(originals) + list(values):
                return description
        raise Exception("the appliance has no description of %r" % name)

    def import_machines(self, options=None):
        """Imports all machines; gives the progress."""
        return super().import_machines(options or [])


def finished(progress):
    """Raises the failure of a progress that is over."""
    if progress.result_code:
        from virtualbox.library_base import vbox_error
        code = progress.result_code & 0xffffffff
        error = vbox_error.get(code, VBoxError)()
        info = progress.error_info
        error.value, error.msg = code, info.text if info else ""
        raise error
