"""Just enough of protobuf to read jj's files: the fields of one message, in the order in which they are stored.

A library would be more to carry: Google's brings a compiled extension and needs generated schemas. The wire format
(protobuf.dev, "Encoding") has four kinds of value, and only two matter here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Malformed(ValueError):
    """These bytes are no protobuf message."""


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value): bytes for strings, bytes and messages, else an int. Raises Malformed.

    Each field is at least two bytes, so there are no more of them than the message is long, and no value is longer.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise Malformed
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise Malformed
        end = at + size
        if end > len(message):
            raise Malformed
        yield number, message[at:end] if kind == _BYTES else int.from_bytes(message[at:end], "little")
        at = end


def last_value(message: bytes, number: int) -> int | bytes | None:
    """Return the value of a field; the last if it is repeated, as protobuf has it. Raises Malformed."""
    values = [value for field, value in fields(message) if field == number]
    return values[-1] if values else None


def text_value(message: bytes, number: int) -> str | None:
    """Return a string field, None if it is absent. Raises Malformed, also if it isn't UTF-8."""
    value = last_value(message, number)
    if value is None:
        return None
    if not isinstance(value, bytes):
        raise Malformed
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Malformed from None


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:  # noqa: PLR2004 - the bit that says there is more
            return value, at + index + 1
    raise Malformed
