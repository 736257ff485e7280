"""Decode the bytes of a CSV, and recognise other file formats, to name them in the error.

UTF-8, and UTF-16 with a byte order mark, are read, compressed by gzip or not. Windows-1252 and Latin-1 are not: all
bytes are valid in them, so that a wrong guess would silently change the text.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from function.errors import InputTooLarge, MalformedInput
from function.formats.gzip_stream import GZIP_MAGIC, gunzip

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The largest body after decompression: the same as for one that is not compressed.
MAX_UNPACKED_BYTES = 6 * 1024 * 1024

_SAVE = "save the table as CSV in UTF-8"
_EXCEL = "in Excel, save the sheet as 'CSV UTF-8'"
_JSON = (
    f"send it with the media type application/json (a file: one record on each line, with a name in .jsonl), or {_SAVE}"
)
_COMPRESSED = "decompress it, or compress it by gzip"
# The first bytes of file formats, from their specifications.
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
HDF5 = b"\x89HDF\r\n\x1a\n"
PDF = b"%PDF-"
GIT_LFS = b"version https://git-lfs.github.com/spec"
# First bytes, the format that they mean, and what to do.
_BEGINNINGS = (
    (ZIP, "a zip archive, as Excel workbooks (.xlsx) are", _EXCEL),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, as Excel workbooks (.xls) are", _EXCEL),
    (
        PARQUET + b"\x15",
        "Parquet",
        f"if it is a file in the bucket, give it a name that ends in .parquet; else {_SAVE}",
    ),
    (b"ARROW1\0\0", "an Arrow file (Feather)", _SAVE),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard", _COMPRESSED),
    (b"\xfd7zXZ\0", "compressed by xz", _COMPRESSED),
    (b"BZh91AY&SY", "compressed by bzip2", _COMPRESSED),
    (b"SQLite format 3\0", "an SQLite database", _SAVE),
    (HDF5, "an HDF5 file", _SAVE),
    (PDF, "a PDF", _SAVE),
    (GIT_LFS + b"/", "a pointer of Git LFS", "fetch the file itself (git lfs pull)"),
    (b"\xff\xfe\0\0", "UTF-32", "save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32", "save it as UTF-8"),
)
_TEXTS = (
    (re.compile(r"<(!doctype|!--|\?xml|html|head|body|table)\b|<!--", re.IGNORECASE), "HTML or XML", _SAVE),
    (re.compile(r'[\[{]\s*["\[{\]}]'), "JSON", _JSON),
)
_KIND_BYTES = 64


def decode_text(body: bytes, subject: str) -> str:
    """Decode a whole body, without its byte order mark. `subject` names it in errors.

    Raises MalformedInput; InputTooLarge if it is compressed and has more than 6 MB after decompression.
    """
    if body.startswith(GZIP_MAGIC):
        body = _unpack(body, subject)
    check_bytes(body, subject)
    return "".join(decode_blocks([body], subject))


def _unpack(body: bytes, subject: str) -> bytes:
    pieces: list[bytes] = []
    size = 0
    for piece in gunzip([body]):
        size += len(piece)
        if size > MAX_UNPACKED_BYTES:
            raise InputTooLarge(f"{subject} has more than 6 MB after decompression: send it in several calls.")
        pieces.append(piece)
    return b"".join(pieces)


def check_bytes(head: bytes, subject: str) -> None:
    """Raise MalformedInput if these are the first bytes of another format, or of UTF-16 without a byte order mark."""
    for beginning, kind, advice in _BEGINNINGS:
        if head.startswith(beginning):
            raise MalformedInput(f"{subject} is {kind}, and not CSV: {advice}.")
    if head.startswith(GZIP_MAGIC):
        raise MalformedInput(f"{subject} is compressed by gzip more than once: decompress it.")
    first = head[: 2 * _KIND_BYTES]
    if len(first) >= 8 and (not any(first[::2]) or not any(first[1::2])) and any(first):
        raise MalformedInput(f"{subject} is UTF-16 without its byte order mark: save it as UTF-8.")


def check_text(text: str, subject: str) -> None:
    """Raise MalformedInput if the text is HTML, XML or JSON. Call it for a text whose header lacks the features."""
    start = text[:_KIND_BYTES].lstrip()
    for pattern, kind, advice in _TEXTS:
        if pattern.match(start):
            raise MalformedInput(f"{subject} is {kind}, and not CSV: {advice}.")


def decode_blocks(blocks: Iterable[bytes], subject: str, offset: int = 0) -> Iterator[str]:
    """Decode blocks of bytes; yield the text in pieces, without a byte order mark at the start of the file.

    `offset` is the number of bytes before these blocks. The text is UTF-16 if it has the mark of it, else UTF-8.
    Raises MalformedInput with the position of the first wrong byte.
    """
    import codecs

    blocks = iter(blocks)
    first = b""
    while len(first) < len(UTF_8_MARK) and (block := next(blocks, b"")):
        first += block
    encoding = "UTF-16" if not offset and first.startswith(UTF_16_MARKS) else "UTF-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    if not offset and first.startswith(UTF_8_MARK):
        offset, first = len(UTF_8_MARK), first.removeprefix(UTF_8_MARK)
    for block, final in _mark_last(chain([first], blocks)):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            position = offset - pending + error.start + 1
            raise MalformedInput(describe_undecodable(subject, encoding, position)) from None
        offset += len(block)
        if text:
            yield text


def describe_undecodable(subject: str, encoding: str, position: int) -> str:
    """Return the sentence for bytes that are invalid in the encoding from that position on; the first byte is 1."""
    other = "" if encoding == "UTF-16" else "; it may be in Windows-1252 or Latin-1"
    return f"{subject} is not {encoding}: byte {position:,}{other}. Save it as UTF-8 (in Excel: 'CSV UTF-8')."


def _mark_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True
