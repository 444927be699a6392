"""The VirtualBox Main API, as an ordinary Python imports it: the library itself stands in for this package."""

import sys

from . import vboxsh as _library

# The library gives enumerations and their values by name, which an import of names would lose.
_library.__name__ = __name__
_library.__path__ = __path__
_library.__spec__ = __spec__
_library.__file__ = __file__
sys.modules[__name__] = _library
