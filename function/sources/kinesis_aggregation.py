"""Split a record into which the Kinesis Producer Library aggregated several.

    F3 89 9A C2 | AggregatedRecord (protobuf) | MD5 of that protobuf, 16 bytes
    AggregatedRecord  partition_key_table = 1, explicit_hash_key_table = 2, records = 3 (Record, repeated)
    Record            partition_key_index = 1, explicit_hash_key_index = 2, data = 3, tags = 4

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

from collections.abc import Iterator

from function.errors import MalformedInput

_MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
# A field's number and its wire type: https://protobuf.dev/programming-guides/encoding/
_RECORDS, _KEY_INDEX, _DATA = (3, 2), (1, 0), (3, 2)


def is_aggregated(data: bytes) -> bool:
    """Tell whether the data begin as an aggregated record, undamaged or not. No JSON begins with these bytes."""
    return data.startswith(_MAGIC)


def split_record(data: bytes) -> list[bytes]:
    """Return the data of each record in an aggregated record, in order. Raises MalformedInput if it is damaged."""
    from hashlib import md5

    message, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if len(data) < len(_MAGIC) + _DIGEST_BYTES or md5(message, usedforsecurity=False).digest() != digest:
        raise MalformedInput("The aggregated record is damaged: its MD5 checksum does not match. Send it again.")
    try:
        return [_read_data(value) for field, value in _read_fields(message) if field == _RECORDS]
    except (IndexError, ValueError):
        raise MalformedInput(
            "The aggregated record does not have the format of the Kinesis Producer Library (protobuf)."
        ) from None


def _read_data(record: bytes) -> bytes:
    """Return the data of a Record. Raises ValueError if a required field is missing; else as `_read_fields`."""
    fields = dict(_read_fields(record))
    if _KEY_INDEX not in fields or _DATA not in fields:
        raise ValueError
    return fields[_DATA]


def _read_fields(message: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield the number and wire type of each field, and its bytes. Raises IndexError or ValueError if it is cut off."""
    position = 0
    while position < len(message):
        tag, position = _read_varint(message, position)
        number, kind = tag >> 3, tag & 7
        match kind:
            case 0:
                start, (_, end) = position, _read_varint(message, position)
            case 1 | 5:
                start, end = position, position + (8 if kind == 1 else 4)
            case 2:
                length, start = _read_varint(message, position)
                end = start + length
            case _:
                raise ValueError
        if number == 0 or end > len(message):
            raise ValueError
        yield (number, kind), message[start:end]
        position = end


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    """Return the number at that position, and the position after it. Raises IndexError, ValueError."""
    value = 0
    for length in range(10):
        byte = message[position + length]
        value |= (byte & 0x7F) << (7 * length)
        if byte < 0x80:
            return value, position + length + 1
    raise ValueError
