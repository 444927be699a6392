"""The release of pyvbox whose scripts this package runs."""

__version__ = "2.1.1"
