"""Scoring by arrays and scoring cell by cell give the same bytes and the same report. Touches nothing."""

import random
from functools import partial
from typing import Any

import pytest

from function.errors import DeployerError
from function.files.formats import csv_file
from function.files.formats.csv_blocks import Block, score_block
from function.files.formats.csv_columns import Layout
from function.files.job import Limits
from function.model.contract import BOOLEAN, NUMBER, STRING, TEXT, Feature
from function.model.runtime import Model, Runtime
from tests.unit.files.files import convert_bytes
from tests.unit.small_models import classifier, regressor

SIZE = Feature("size", NUMBER, False, 0, 10)
NULLABLE = Feature("size", NUMBER, True, -5.5, 10)
LIFT = Feature("lift", BOOLEAN, True)
NOTE = Feature("note", STRING, True, categories=("a", "b"))
FREE = Feature("note", STRING, False)
# Features as training on float32 numbers, on texts with "NA" as a text, and on free text makes them.
SINGLE = Feature("size", NUMBER, True, -5.5, 10, dtype="float32")
HALF = Feature("size", NUMBER, False, 0, 10, dtype="float16")
KEPT = Feature("note", STRING, True, categories=("a", "NA", ""), null_cells=frozenset({"None"}))
ANY_TEXT = Feature("note", TEXT, False)

CELLS = [
    *(
        "é",
        "№ 4",
        "\N{NO-BREAK SPACE}",
        "2\N{NO-BREAK SPACE}",
        "\N{LINE SEPARATOR}",
        "a\x85b",
        "٣",
        "№",
        "🏠",
        "\ufeff",
    ),
    *("1", "2.5", "-1.5", "10", "11", "0", "-0", "1e1", "1E-3", ".5", "5.", "007", " 4 ", "+3", "1_0", "0x1", "1e999"),
    *(
        "-1e999",
        "inf",
        "-Infinity",
        "nan",
        "NAN",
        "NaN",
        "NA",
        "null",
        "",
        " ",
        "None",
        "123456789012345678901234567890",
    ),
    *(
        "0.1",
        "0.30000000000000004",
        "4.9e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "1.7976931348623157e308",
    ),
    *("a", "b", "c", "=a", "@b", "-a", "-2", "\ta", "é", "✗", "a b", "true", "FALSE", "True", " true", "yes", "0"),
]
ENDS = ["\n", "\r\n"]
SMALL_BLOCKS = Limits(characters=64)


def score_both_ways(model: Model, data: bytes, *, threads: int | None = None, **options: Any) -> list[tuple[Any, ...]]:
    """Score the file in both ways; return the output and the counts of the report, or the error, of each."""
    found: list[tuple[Any, ...]] = []
    for fast in (True, False):
        try:
            convert = partial(csv_file.convert, fast=fast, threads=threads)
            out, tally = convert_bytes(convert, model, data, limits=SMALL_BLOCKS, **options)
            found.append((out, tally.read, tally.rejected, tally.first_rejected, tally.warnings))
        except DeployerError as error:
            found.append((type(error), str(error)))
    return found


def assert_same(model: Model, data: bytes, **options: Any) -> None:
    one, other = score_both_ways(model, data, **options)
    assert one == other


def make_table(generator: random.Random, columns: int, rows: int, cells: list[str], end: str) -> str:
    return "".join(",".join(generator.choice(cells) for _ in range(columns)) + end for _ in range(rows))


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "features", [[SIZE, NOTE], [NULLABLE, NOTE], [NULLABLE, LIFT, FREE], [SIZE], [SINGLE, KEPT], [HALF, ANY_TEXT]]
)
def test_odd_cells_come_out_alike(features: list[Feature], strict: bool, end: str) -> None:
    generator = random.Random(len(features))
    header = ",".join([*(feature.name for feature in features), "other"]) + end
    for _ in range(60):
        # Mostly ordinary cells, because a block with many odd cells is not plain.
        cells = ["1", "2.5", "a", "true"] * 4 + generator.sample(CELLS, 3)
        body = make_table(generator, len(features) + 1, generator.randrange(1, 40), cells, end)
        assert_same(regressor(features), (header + body).encode(), strict=strict, block=generator.choice([3, 50, 999]))


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
def test_each_odd_cell_comes_out_alike_in_every_column(cell: str) -> None:
    for row in (f"{cell},a,true,x", f"1,{cell},true,x", f"1,a,{cell},x", f"1,a,true,{cell}"):
        body = "1,a,true,x\n" * 20 + row + "\n" + "2,b,false,y\n" * 20
        for features in ([SIZE, NOTE, LIFT], [NULLABLE, FREE, LIFT], [SINGLE, KEPT, LIFT], [HALF, ANY_TEXT, LIFT]):
            assert_same(regressor(features), f"size,note,lift,other\n{body}".encode())


def test_labels_and_probabilities_come_out_alike() -> None:
    body = "size,note\n" + "0,a\n1,b\nx,a\n1,c\n" * 20
    assert_same(classifier(["no, never", "=yes"]), body.encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"size",
        b"size,note",
        b"size,note\n",
        b"size,note\n1,a",
        b"\xef\xbb\xbfsize,note\n1,a\n2,b\n",
        b"\xef\xbb\xbfsize,note\r\n1,a\r\n",
        b"\n\nsize,note\n1,a\n",
        b"size,note\n\n1,a\n\n\n2,b\n",
        b"size,note\n1,a\n2\n3,b,c\n4,a\n",
        b"size,note\n1,a\r\n2,b\n",
        b"size,note\r\n1,a\n2,b\r\n",
        b"size,note\r1,a\r2,b\r",
        b"size,note\n1,a\rb\n",
        b'size,note\n1,"a"\n2,"b\nb"\n3,a\n' * 3,
        b"size,note\n" + b"1,a\n" * 40 + b'2,"a,\nb"\n' + b"3,b\n" * 40 + b'4,"\n',
        b'"size",note\n1,a\n',
        b"size,note,size\n1,a,2\n",
        b"size\n1\n",
        b"size,note,prediction\n1,a,2\n",
        b"size,note\n1,\0\n",
        b"size,note\n1,\xff\n",
        b"size,note\n1,\xc3\xa9\n" * 9,
        b"size,note\n" + b"1,\xc3\xa9\n" * 40 + b"2,\xc3\n",
        b"size,note\n" + b"1,a\n" * 40 + b"2,\xff\n",
        b"si\xffze,note\n1,a\n",
        b"size,note\n" + b"1,a\n" * 40 + b"1,a" * 30,
        b"size,note\n" + b"1,a\n" * 7 + b" \n" + b"1,a\n" * 7,
        b"=note,size,note\n1,2,a\n",
    ],
)
@pytest.mark.parametrize("block", [1, 9, 4_000])
def test_odd_files_come_out_alike(data: bytes, block: int) -> None:
    assert_same(regressor(), data, block=block)


@pytest.mark.slow
def test_random_numbers_come_out_with_the_same_bits() -> None:
    generator = random.Random(4)
    numbers = [repr(generator.uniform(-1, 1) * 10 ** generator.randrange(-30, 30)) for _ in range(3_000)]
    numbers += [f"{generator.random():.{generator.randrange(1, 40)}f}" for _ in range(3_000)]
    body = "size\n" + "".join(f"{number}\n" for number in numbers)
    for dtype in ("float64", "float32", "float16"):
        assert_same(regressor([Feature("size", NUMBER, dtype=dtype)]), body.encode(), block=10_000)


def test_plain_blocks_are_scored_by_arrays() -> None:
    taken: list[bool] = []

    def score(layout: Layout, runtime: Runtime, block: bytes) -> Block | None:
        scored = score_block(layout, runtime, block)
        taken.append(scored is not None)
        return scored

    body = b"size,note\n" + b"1,a\n" * 99 + b"2,=a\n" + b"3,b\n" * 99
    convert_bytes(partial(csv_file.convert, score=score), regressor(), body, limits=SMALL_BLOCKS)
    assert taken.count(False) == 1
    assert taken.count(True) > 8


def test_number_of_threads_does_not_change_the_output() -> None:
    body = b"size,note\n" + b"1,a\n20,c\n" * 500
    found = [score_both_ways(regressor(), body, threads=threads) for threads in (1, 2, 7)]
    assert found[0] == found[1] == found[2]
