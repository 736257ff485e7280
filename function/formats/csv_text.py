"""From the bytes of a CSV to its text: how they are encoded, and what they are where they are no CSV at all.

UTF-8 and, told by its byte order mark, UTF-16 are read, packed by gzip too. Windows-1252 and Latin-1 are not: any bytes
are text in them, so that a wrong guess would change texts without a word.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from function.errors import InputTooLarge, MalformedInput
from function.formats.gzip_stream import GZIP_MAGIC, gunzip

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What a body may become once it is unpacked: as much as one may have unpacked.
MAX_UNPACKED_BYTES = 6 * 1024 * 1024

_SAVE = "save the table as CSV in UTF-8"
_EXCEL = "in Excel, save the sheet as 'CSV UTF-8'"
_JSON = f"send it as JSON (as a file: one record a line, named .jsonl), or {_SAVE}"
_PACKED = "unpack it, or pack it by gzip"
# The first bytes of files (their formats' specifications).
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
HDF5 = b"\x89HDF\r\n\x1a\n"
PDF = b"%PDF-"
GIT_LFS = b"version https://git-lfs.github.com/spec"
# What begins so, what it is, and what to do.
_BEGINNINGS = (
    (ZIP, "a zip archive, as Excel workbooks (.xlsx) are", _EXCEL),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file, as Excel workbooks (.xls) are", _EXCEL),
    (PARQUET + b"\x15", "Parquet", f"as a file, let its name end in .parquet; else {_SAVE}"),
    (b"ARROW1\0\0", "an Arrow file (Feather)", _SAVE),
    (b"\x28\xb5\x2f\xfd", "packed by Zstandard", _PACKED),
    (b"\xfd7zXZ\0", "packed by xz", _PACKED),
    (b"BZh91AY&SY", "packed by bzip2", _PACKED),
    (b"SQLite format 3\0", "an SQLite database", _SAVE),
    (HDF5, "an HDF5 file", _SAVE),
    (PDF, "a PDF", _SAVE),
    (GIT_LFS + b"/", "a pointer of Git LFS", "fetch the file that it stands for"),
    (b"\xff\xfe\0\0", "UTF-32", "save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32", "save it as UTF-8"),
)
_TEXTS = (
    (re.compile(r"<(!doctype|!--|\?xml|html|head|body|table)\b|<!--", re.IGNORECASE), "HTML or XML", _SAVE),
    (re.compile(r'[\[{]\s*["\[{\]}]'), "JSON", _JSON),
)
_KIND_BYTES = 64


def decode_text(body: bytes, subject: str) -> str:
    """The whole text, without a byte order mark. `subject` is how sentences call it.

    Raises MalformedInput, and InputTooLarge where it is packed and grows past 6 MB.
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
            raise InputTooLarge(f"{subject} is larger than 6 MB once it is unpacked: send it in several calls.")
        pieces.append(piece)
    return b"".join(pieces)


def check_bytes(head: bytes, subject: str) -> None:
    """Raises MalformedInput where what begins so is something else than text in UTF-8, or in UTF-16 with its mark."""
    for beginning, what, advice in _BEGINNINGS:
        if head.startswith(beginning):
            raise MalformedInput(f"{subject} is {what}, and no CSV: {advice}.")
    if head.startswith(GZIP_MAGIC):
        raise MalformedInput(f"{subject} is packed by gzip more than once: unpack it.")
    first = head[: 2 * _KIND_BYTES]
    if len(first) >= 8 and (not any(first[::2]) or not any(first[1::2])) and any(first):
        raise MalformedInput(f"{subject} is UTF-16 without its byte order mark: save it as UTF-8.")


def check_text(text: str, subject: str) -> None:
    """Raises MalformedInput where the text is of another kind than CSV; for one whose header is not what it must be."""
    start = text[:_KIND_BYTES].lstrip()
    for pattern, what, advice in _TEXTS:
        if pattern.match(start):
            raise MalformedInput(f"{subject} is {what}, and no CSV: {advice}.")


def decode_blocks(blocks: Iterable[bytes], subject: str, past: int = 0) -> Iterator[str]:
    """The text in pieces, without a byte order mark at its start; `past` bytes stand before these.

    UTF-16 by its mark, else UTF-8. Raises MalformedInput with the first wrong byte's place.
    """
    import codecs

    blocks = iter(blocks)
    first = b""
    while len(first) < len(UTF_8_MARK) and (block := next(blocks, b"")):
        first += block
    encoding = "UTF-16" if not past and first.startswith(UTF_16_MARKS) else "UTF-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    if not past and first.startswith(UTF_8_MARK):
        past, first = len(UTF_8_MARK), first.removeprefix(UTF_8_MARK)
    for block, final in _mark_last(chain([first], blocks)):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            place = past - pending + error.start + 1
            raise MalformedInput(describe_undecodable(subject, encoding, place)) from None
        past += len(block)
        if text:
            yield text


def describe_undecodable(subject: str, encoding: str, place: int) -> str:
    """The sentence for bytes that are no text in the encoding, from that place on (the first byte is 1)."""
    other = "" if encoding == "UTF-16" else "; it may be in Windows-1252 or Latin-1"
    return f"{subject} is not {encoding}: byte {place:,}{other}. Save it as UTF-8 (in Excel: 'CSV UTF-8')."


def _mark_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True
