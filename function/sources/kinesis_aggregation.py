"""Records that the Kinesis Producer Library has put into one: taken apart into the data of each.

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
    """Whether the data are such a record, whole or damaged; no JSON begins so."""
    return data.startswith(_MAGIC)


def split_record(data: bytes) -> list[bytes]:
    """The data of each record in it, in their order. Raises MalformedInput where it is damaged."""
    from hashlib import md5

    message, digest = data[len(_MAGIC) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if len(data) < len(_MAGIC) + _DIGEST_BYTES or md5(message, usedforsecurity=False).digest() != digest:
        raise MalformedInput("The aggregated record is damaged: its checksum is another.")
    try:
        return [_read_data(value) for field, value in _read_fields(message) if field == _RECORDS]
    except (IndexError, ValueError):
        raise MalformedInput("The aggregated record is no protobuf as the Producer Library writes it.") from None


def _read_data(record: bytes) -> bytes:
    """The data of a Record. Raises ValueError where what it must have is missing, and as _fields does."""
    fields = dict(_read_fields(record))
    if _KEY_INDEX not in fields or _DATA not in fields:
        raise ValueError
    return fields[_DATA]


def _read_fields(message: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Each field: its number and wire type, and its bytes. Raises IndexError, ValueError where it breaks off."""
    place = 0
    while place < len(message):
        tag, place = _read_varint(message, place)
        number, kind = tag >> 3, tag & 7
        match kind:
            case 0:
                start, (_, end) = place, _read_varint(message, place)
            case 1 | 5:
                start, end = place, place + (8 if kind == 1 else 4)
            case 2:
                length, start = _read_varint(message, place)
                end = start + length
            case _:
                raise ValueError
        if number == 0 or end > len(message):
            raise ValueError
        yield (number, kind), message[start:end]
        place = end


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    """The number at that place, and the place behind it. Raises IndexError, ValueError."""
    value = 0
    for length in range(10):
        byte = message[place + length]
        value |= (byte & 0x7F) << (7 * length)
        if byte < 0x80:
            return value, place + length + 1
    raise ValueError
