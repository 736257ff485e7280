"""gzip is unpacked as it comes. Touches nothing."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import MalformedInput
from function.formats.gzip_stream import MAX_PIECE_BYTES, gunzip, unpack_if_gzip
from tests.unit.files.files import cut_blocks


@given(st.lists(st.binary(max_size=50), max_size=4), st.integers(1, 40), st.integers(0, 9))
def test_members_come_out_one_after_the_other(members: list[bytes], block: int, zeros: int) -> None:
    packed = b"".join(map(gzip.compress, members)) + b"\0" * zeros
    assert b"".join(gunzip(cut_blocks(packed, block))) == b"".join(members)


@pytest.mark.slow
def test_bomb_comes_in_pieces() -> None:
    size = 200 * MAX_PIECE_BYTES + 77
    pieces = [len(piece) for piece in gunzip(cut_blocks(gzip.compress(b"\0" * size), 100_000))]
    assert sum(pieces) == size
    assert max(pieces) <= MAX_PIECE_BYTES


@pytest.mark.parametrize(
    # Without the time, which the processes of a run would have at different seconds.
    "packed",
    [b"plain", gzip.compress(b"x", mtime=0) + b"plain", gzip.compress(b"x" * 99, mtime=0)[:-1], b"\x1f"],
)
@pytest.mark.parametrize("block", [1, 99])
def test_damaged_file_is_refused(packed: bytes, block: int) -> None:
    with pytest.raises(MalformedInput):
        list(gunzip(cut_blocks(packed, block)))


def test_wrong_checksum_is_refused() -> None:
    packed = bytearray(gzip.compress(b"x" * 99))
    packed[-6] ^= 1
    with pytest.raises(MalformedInput):
        list(gunzip([bytes(packed)]))


@pytest.mark.parametrize("block", [1, 2, 99])
@pytest.mark.parametrize("named_so", [False, True])
def test_gzip_is_told_by_its_first_bytes_too(block: int, named_so: bool) -> None:
    body = b"size\n1\n"
    packed = gzip.compress(body)
    stored = gzip.compress(packed) if named_so else packed
    assert b"".join(unpack_if_gzip(cut_blocks(stored, block), has_gzip_name=named_so)) == body
    assert b"".join(unpack_if_gzip(cut_blocks(packed, block), has_gzip_name=named_so)) == body


@pytest.mark.parametrize("body", [b"", b"s", b"size\n1\n"])
def test_what_is_not_gzip_comes_as_it_is(body: bytes) -> None:
    assert b"".join(unpack_if_gzip(cut_blocks(body, 1), has_gzip_name=False)) == body
