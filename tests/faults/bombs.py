"""Files that are small and stand for much, each with the code that its report is to have (None where it is scored)."""

import gzip
import io
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any, NamedTuple

import pyarrow
from pyarrow import parquet

MALFORMED, INVALID, LARGE = "malformed_body", "invalid_input", "too_large"
_HEADER = b"AreaSqft,NumBedrooms\n"
_MB = 1024 * 1024


class Bomb(NamedTuple):
    """A file's end of the name, its bytes, made where they are needed, and its report's code."""

    suffix: str
    body: Callable[[], bytes]
    code: str | None


def _features(rows: int) -> dict[str, Any]:
    """The example's columns, which take next to nothing."""
    return {"AreaSqft": _same(1500.0, rows), "NumBedrooms": _same(3, rows)}


def _same(value: Any, rows: int) -> Any:
    return pyarrow.repeat(pyarrow.scalar(value), rows)


def _pack(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), sink, **{"compression": "zstd", **options})
    return sink.getvalue()


def _share_text(value: str, rows: int, times: int = 1) -> bytes:
    """A text that is written once in each column, for all rows, in a file that says it is one of texts."""
    note = pyarrow.DictionaryArray.from_arrays(pyarrow.repeat(pyarrow.scalar(0, pyarrow.int32()), rows), [value])
    table = pyarrow.table({**_features(rows), **{f"note{place}": note for place in range(times)}})
    texts = pyarrow.schema(
        [(f.name, pyarrow.string() if pyarrow.types.is_dictionary(f.type) else f.type) for f in table.schema]
    )
    sink = io.BytesIO()
    with parquet.ParquetWriter(sink, table.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"ARROW:schema": b64encode(texts.serialize())})
    return sink.getvalue()


def _share_prefix(length: int, rows: int) -> bytes:
    """Texts that each say they are as the one before."""
    columns = {**_features(rows), "note": _same("x" * length, rows)}
    return _pack(columns, use_dictionary=False, column_encoding={"note": "DELTA_BYTE_ARRAY"})


def _one_value(codec: str, size: int) -> bytes:
    return _pack({**_features(1), "note": pyarrow.array(["x" * size])}, compression=codec, use_dictionary=False)


def _list(size: int) -> Any:
    return pyarrow.LargeListArray.from_arrays(
        pyarrow.array([0, size], pyarrow.int64()), pyarrow.nulls(size, pyarrow.int8())
    )


def _nest(depth: int) -> Any:
    found: Any = pyarrow.array([1])
    for _ in range(depth):
        found = pyarrow.StructArray.from_arrays([found], ["a"])
    return found


def _nulls(rows: int) -> bytes:
    """Nulls, of which a page holds as many as it says."""
    types = {"AreaSqft": pyarrow.float64(), "NumBedrooms": pyarrow.int64()}
    return _pack({name: pyarrow.nulls(rows, kind) for name, kind in types.items()})


def _many_groups(columns: int, groups: int) -> bytes:
    names = [*_features(1), *(f"c{place}" for place in range(columns))]
    batch = pyarrow.record_batch([*_features(1).values(), *[pyarrow.array([1.0])] * columns], names=names)
    sink = io.BytesIO()
    with parquet.ParquetWriter(sink, batch.schema, write_statistics=False) as writer:
        for _ in range(groups):
            writer.write_batch(batch)
    return sink.getvalue()


def _replace_footer(data: bytes, length: int) -> bytes:
    return data[:-8] + length.to_bytes(4, "little") + data[-4:]


def make_gzip(pieces: Iterator[bytes]) -> bytes:
    """All of it in one member, never held."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(map(packer.compress, pieces)) + packer.flush()


def _wide_header(columns: int) -> bytes:
    return b"AreaSqft,NumBedrooms," + b",".join(b"c%d" % place for place in range(columns)) + b"\n"


_PLAIN = _pack(_features(10))

PARQUET: dict[str, Bomb] = {
    "one text for all rows": Bomb(".parquet", lambda: _share_text("x" * 100_000, 200_000), None),
    "one text for all rows of 100 columns": Bomb(".parquet", lambda: _share_text("x" * 100_000, 200_000, 100), None),
    "one text of 8 MB for all rows": Bomb(".parquet", lambda: _share_text("x" * 8_000_000, 200_000), LARGE),
    "one text of 40 MB for all rows": Bomb(".parquet", lambda: _share_text("x" * 40_000_000, 200_000), LARGE),
    "texts as the one before": Bomb(".parquet", lambda: _share_prefix(20_000, 40_000), None),
    "long texts as the one before": Bomb(".parquet", lambda: _share_prefix(4_000_000, 60), None),
    **{
        f"one value, {codec}": Bomb(".parquet", lambda codec=codec: _one_value(codec, 2 * 10**8), LARGE)  # type: ignore[misc]
        for codec in ("none", "snappy", "gzip", "brotli", "zstd", "lz4")
    },
    "a value of 100 MB": Bomb(".parquet", lambda: _one_value("zstd", 10**8), LARGE),
    "a list of 1e8": Bomb(".parquet", lambda: _pack({**_features(1), "note": _list(10**8)}), None),
    "a list as a feature": Bomb(".parquet", lambda: _pack({"AreaSqft": _list(10**6), "NumBedrooms": [3]}), INVALID),
    "structs in structs": Bomb(".parquet", lambda: _pack({**_features(1), "note": _nest(90)}), None),
    "nulls without end": Bomb(".parquet", lambda: _nulls(6 * 10**7), LARGE),
    "many columns": Bomb(".parquet", lambda: _many_groups(20_000, 1), LARGE),
    "9,000 columns": Bomb(".parquet", lambda: _many_groups(9_000, 2), None),
    "many row groups": Bomb(".parquet", lambda: _many_groups(1_000, 300), LARGE),
    "a footer of 4 GB": Bomb(".parquet", lambda: _replace_footer(_PLAIN, 2**32 - 1), LARGE),
    "a footer longer than the file": Bomb(".parquet", lambda: _replace_footer(_PLAIN, 100_000), MALFORMED),
    "a name of 2 MB": Bomb(".parquet", lambda: _pack({**_features(2), "n" * 2_000_000: [1, 2]}), None),
}
CSV: dict[str, Bomb] = {
    "commas": Bomb(".csv", lambda: _HEADER + b",\n" * _MB, None),
    "many commas": Bomb(".csv", lambda: _HEADER + b",\n" * 4 * _MB, None),
    "numbers of one digit": Bomb(".csv", lambda: _HEADER + b"1,3\n" * 4 * _MB, None),
    "empty lines": Bomb(".csv", lambda: _HEADER + b"\n" * 30 * _MB, None),
    "short rows of a wide table": Bomb(".csv", lambda: _wide_header(9_000) + b"1\n" * 4_000, None),
    "wide rows": Bomb(".csv", lambda: _wide_header(9_900) + b"1,3" + b"," * 9_900 + b"\n", None),
    "one long row": Bomb(".csv", lambda: _HEADER + b"," * 8_000_000 + b"\n1,3\n", LARGE),
    "one long cell of characters of four bytes": Bomb(
        ".csv", lambda: _HEADER + b'1,"' + "🏠".encode() * 2_000_000 + b'"\n', None
    ),
    "one longer cell of such": Bomb(".csv", lambda: _HEADER + b'1,"' + "🏠\n".encode() * 6_000_000 + b'"\n', LARGE),
    "a quote that is never closed": Bomb(".csv", lambda: _HEADER + b'1,"' + b"3\n" * 20 * _MB, LARGE),
    "a header of one name": Bomb(".csv", lambda: b"x" * 4_000_000 + b"," + b"x" * 4_000_000 + b"\n1,2\n", INVALID),
    "zeros, packed": Bomb(".csv.gz", lambda: make_gzip(repeat(b"\0" * _MB, 2_000)), LARGE),
    "commas, packed": Bomb(".csv.gz", lambda: make_gzip(chain([_HEADER], repeat(b",\n" * 10_000, 100))), None),
    "members of a byte": Bomb(".csv.gz", lambda: gzip.compress(_HEADER) + gzip.compress(b"1") * 400_000, None),
    "empty lines, packed": Bomb(".csv.gz", lambda: make_gzip(repeat(b"\n" * _MB, 6_000)), LARGE),
}
JSON_LINES: dict[str, Bomb] = {
    "one endless line": Bomb(".jsonl", lambda: b'{"AreaSqft": ' + b"1" * 50_000_000, LARGE),
    "an endless line, packed": Bomb(".jsonl.gz", lambda: make_gzip(repeat(b"1" * _MB, 3_000)), LARGE),
    "arrays in arrays": Bomb(".jsonl", lambda: b'{"AreaSqft": ' + b"[" * 4_000_000 + b"\n", None),
    "objects": Bomb(".jsonl", lambda: (b'{"x": [' + b"{}," * 2_700_000 + b"{}]}\n") * 2, None),
    "arrays as a feature": Bomb(".jsonl", lambda: b'{"AreaSqft": [' + b"[]," * 2_700_000 + b"[]]}\n", None),
    "members": Bomb(".jsonl", lambda: b"{" + b",".join(b'"%x":0' % n for n in range(700_000)) + b"}\n", None),
    "objects without members": Bomb(".jsonl", lambda: b"{}\n" * 2 * _MB, None),
    "empty lines of JSON": Bomb(".jsonl", lambda: b"\n" * 30 * _MB, None),
    "digits": Bomb(".jsonl", lambda: b'{"AreaSqft": ' + b"1" * 8_000_000 + b', "NumBedrooms": 3}\n', None),
}
BOMBS = PARQUET | CSV | JSON_LINES
