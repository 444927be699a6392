"""Bytes and text."""

PY3 = True
STRING_TYPES = (str,)
BINARY_TYPES = (bytes, bytearray)


def to_bytes(text, encoding="utf-8"):
    """Text as bytes; bytes as they are."""
    return text if isinstance(text, BINARY_TYPES) else str(text).encode(encoding)


def to_str(data, encoding="utf-8"):
    """Bytes as text; text as it is."""
    return data.decode(encoding) if isinstance(data, BINARY_TYPES) else str(data)
