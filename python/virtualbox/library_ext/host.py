"""IHost."""

from virtualbox.classes import generated

_Generated = generated("IHost")


class IHost(_Generated):
    __doc__ = _Generated.__doc__

    def create_host_only_network_interface(self):
        """Makes a host-only interface; gives the interface and the progress."""
        progress, interface = super().create_host_only_network_interface()
        return interface, progress
