"""Plain blocks of a CSV: a block with quotes, odd line ends or other special bytes is never plain. Touches nothing."""

import pytest

from function.errors import InputTooLarge
from function.files.formats.csv_blocks import is_plain, split_into_blocks
from function.files.job import Limits

LF, CRLF = b"\n", b"\r\n"
SMALL = Limits(characters=10, row_characters=8)


@pytest.mark.parametrize(
    ("block", "line_end"),
    [(b"1,a\n", LF), (b"1,a\n2,\n", LF), (b"1,a\r\n2,b\r\n", CRLF), (b" \n", LF), (b"\t1,\x7f\n", LF), (b",\n,\n", LF)],
)
def test_plain_block_is_recognised(block: bytes, line_end: bytes) -> None:
    assert is_plain(block, line_end)


@pytest.mark.parametrize(
    ("block", "line_end"),
    [
        (b"1,a\0\n", LF),  # Arrow and csv read NUL differently
        (b"\0\n", LF),
        (b'1,"a"\n', LF),
        (b"1,\xc3\n", LF),  # half of a character
        (b"1,a\xff\n", LF),
        (b"1,a\r2,b\n", LF),  # csv takes a lone CR for a line end
        (b"1,a\r\n", LF),
        (b"1,a\r", LF),
        (b"1,a\n2,b\r\n", CRLF),  # only one of two lines ends with CR LF
        (b"1,a\r\n2,b\n", CRLF),
        (b"1,a\r2\r\n", CRLF),
        (b"1,a\r\r\n", CRLF),
        (b"1\r,a\n\r\n", CRLF),  # equal counts of CR and LF, but apart
        (b"\n\r\n", CRLF),
        (b"1,a", LF),  # no line end
        (b"1,a\r\n2,b", CRLF),
        (b"1,a\n", CRLF),
        (b"\n1,a\n", LF),  # empty lines
        (b"1,a\n\n2,b\n", LF),
        (b"1,a\n\n", LF),
        (b"\r\n1,a\r\n", CRLF),
        (b"1,a\r\n\r\n2,b\r\n", CRLF),
        (b"\n", LF),
        (b"\r\n", CRLF),
        (b"", LF),
        (b"", CRLF),
    ],
)
def test_any_other_block_is_not_plain(block: bytes, line_end: bytes) -> None:
    assert not is_plain(block, line_end)


@pytest.mark.parametrize("step", [1, 3, 100])
def test_blocks_end_at_line_ends(step: int) -> None:
    data = b"1,a\n2,b\n3,c\n4,d\n5,e\n"
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    assert list(split_into_blocks(pieces, SMALL)) == [b"1,a\n2,b\n3,c\n", b"4,d\n5,e\n"]
    returns = list(split_into_blocks((piece.replace(b"\n", b"\r") for piece in pieces), SMALL))
    assert b"".join(returns) == data.replace(b"\n", b"\r")
    assert len(returns) > 1
    assert all(block.endswith(b"\r") for block in returns)


def test_line_above_the_limit_is_too_large() -> None:
    assert list(split_into_blocks([b"x" * 18], SMALL)) == [b"x" * 18]
    with pytest.raises(InputTooLarge):
        list(split_into_blocks([b"x" * 19], SMALL))
