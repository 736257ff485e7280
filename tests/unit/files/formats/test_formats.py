"""Each format is written with its predictions, one row for each row. Touches nothing."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from function.errors import InputTooLarge, InvalidInput, MalformedInput, RetryLater
from function.files.chunk import read_cells, read_values, score_rows
from function.files.formats import parquet_file
from function.files.job import MAX_COLUMNS, Job, Limits
from function.files.report import Tally
from function.files.s3_reader import ObjectReader
from function.formats.csv_dialect import is_blank
from function.model.cells import parse_cell
from function.model.contract import BOOLEAN, LONGEST_TEXT, NUMBER, STRING, TEXT, Feature
from function.model.prediction import Prediction, predict_each
from function.model.runtime import Model
from tests.unit.files.files import SOURCE, Bucket, make_error, score_csv, score_json_lines, score_parquet
from tests.unit.small_models import classifier, regressor

SIZE = Feature("size", NUMBER, False, 0, 10)
ODD = [
    *("", "3", " 3 ", "x", "NA", "nan", "-inf", "1e999", "1_0", "٣", "30", "true", "True ", "a", "c", "=1+1", "-1.5"),
    *("a\rb", 'q"', "n\nl", ",", "\ufeff", "\0", "+3", "\t9", "'", "\x1c3"),
]
CELLS = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
FEATURES = [
    SIZE,
    Feature("other", NUMBER, True, -1, 5),
    Feature("flag", BOOLEAN, True),
    Feature("on", BOOLEAN),
    Feature("note", STRING, True, categories=("a", "b")),
    Feature("text", STRING),
]


def read_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def write_csv(rows: list[list[str]], line_end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


@pytest.mark.slow
@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=6), st.booleans())
def test_columns_are_scored_as_records_are(rows: list[list[str]], strict: bool) -> None:
    model = regressor(FEATURES, refused=7.0)
    records = [{f.name: parse_cell(f, cell) for f, cell in zip(FEATURES, row, strict=True)} for row in rows]
    if not rows:
        return
    for columns in (
        [read_cells(f, [row[place] for row in rows]) for place, f in enumerate(FEATURES)],
        [read_values(f, [record[f.name] for record in records]) for f in FEATURES],
    ):
        found = score_rows(model, columns, records.__getitem__, {}, strict=strict)
        for place, outcome in enumerate(predict_each(model, records, strict=strict)):
            if isinstance(outcome, Prediction):
                assert found.outputs[place] == outcome.output
                assert found.warnings.get(place, []) == outcome.warnings
                assert place not in found.problems
            else:
                assert found.problems[place] == outcome
                assert found.outputs[place] is None


def is_row(cells: list[str]) -> bool:
    """Tell whether the cells make a row: a single blank cell makes a blank line, which no reader takes for a row."""
    return any(cells) and not is_blank(cells, 3)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=5).filter(is_row), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 9),
)
def test_rows_and_cells_of_a_csv_are_kept(rows: list[list[str]], line_end: str, block: int) -> None:
    answered, tally = score_csv(
        regressor([SIZE, Feature("note", STRING, True)]),
        write_csv([["size", "note", "id"], *rows], line_end),
        block=block,
    )
    header, *found = read_csv(answered)
    assert header == ["size", "note", "id", "prediction", "warnings", "error"]
    assert len(found) == len(rows) == tally.read
    for before, after in zip(rows, found, strict=True):
        assert len(after) == 6
        for cell, shown in zip([*before, "", ""], after[:3], strict=False):
            assert shown in (cell, "'" + cell)
        assert bool(after[3]) != bool(after[5])
        assert len(before) == 3 or after[5].startswith(f"{len(before)} cells")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_a_csv_is_a_formula(start: str) -> None:
    body = write_csv([["size", "note", start + "x"], ["3", start + "y", start + "z"], ["-1.5", "", "-2"]], "\n")
    header, first, second = read_csv(score_csv(regressor(), body)[0])
    assert (header[2], first[1:3]) == (f"'{start}x", [f"'{start}y", f"'{start}z"])
    assert (second[0], second[2]) == ("-1.5", "-2")


def test_byte_order_mark_ends_and_blank_lines_of_a_csv() -> None:
    answered, tally = score_csv(regressor(), b'\xef\xbb\xbf"size",note\r\n\r\n1,"a\r\nb"\r\n\r\nx,a', block=2)
    assert answered.startswith('size,note,prediction,warnings,error\r\n1,"a\r\nb",1.0,')
    assert [(row["row"], row["line"]) for row in tally.first_rejected] == [(2, 6)]


def test_classes_of_a_csv_have_their_columns() -> None:
    answered, _ = score_csv(classifier(["no", "=yes"]), b"size,note\n1,a\nx,a\n0,c\n")
    assert [row[2:5] for row in read_csv(answered)] == [
        ["prediction", "probability_no", "probability_=yes"],
        ["'=yes", "0.0", "1.0"],
        ["", "", ""],
        ["no", "1.0", "0.0"],
    ]


def test_chunks_are_cut_by_rows_and_characters_alone() -> None:
    body = b"size,note\n" + b"".join(b"%d,a\n" % (n % 12) for n in range(100))
    whole = score_csv(regressor(), body, block=1000)
    assert score_csv(regressor(), body, block=3, limits=Limits(rows=7))[0] == whole[0]
    found, tally = score_csv(regressor(), body, block=3, limits=Limits(rows=7, characters=9))
    assert (found, tally.warnings, tally.read) == (whole[0], whole[1].warnings, 100)


@pytest.mark.parametrize(
    ("body", "place"),
    [(b"size\n\xff", "byte 6"), (b"\xef\xbb\xbfsize\n\xc3", "byte 9"), (b"size\n1\xe2\x82x", "byte 7")],
)
@pytest.mark.parametrize("block", [1, 4, 100])
def test_wrong_byte_is_named(body: bytes, place: str, block: int) -> None:
    with pytest.raises(MalformedInput, match=place):
        score_csv(regressor([SIZE]), body, block=block)


def test_only_the_first_rejected_rows_are_kept() -> None:
    _, tally = score_csv(regressor(), b"size,note\n" + b"x,a\n" * 3_000, block=1000)
    assert (tally.rejected, len(tally.first_rejected), tally.first_rejected[-1]["line"]) == (3_000, 1_000, 1_001)


def test_row_of_many_lines_is_capped() -> None:
    limits = Limits(characters=100, row_characters=5_000)
    with pytest.raises(InputTooLarge):
        score_csv(regressor(), b'size,note\n1,"' + b'a\n","b' * 2_000, block=1000, limits=limits)


def test_lines_of_json_are_written_unchanged() -> None:
    body = b'\xef\xbb\xbf {"size": 1.50, "id": [1e999]} \r\n{}\n[1]\n{"size": NaN}\n'
    body += b'{"size": 1, "error": 2}\n\n{"size":1,"size":2}\n'
    found, tally = score_json_lines(regressor([SIZE]), body)
    assert found[0] == b'{"size": 1.50, "id": [1e999], "prediction": 1.5, "warnings": [], "error": null}'
    assert found[1].startswith(b'{"prediction": null, "warnings": [], "error": "size: missing')
    lines = [json.loads(line).get("line") for line in found]
    assert lines == [None, None, 3, 4, 5, 7]
    assert (tally.read, tally.rejected) == (6, 5)


def test_lines_of_files_that_were_joined_may_each_start_with_a_byte_order_mark() -> None:
    line = b'\xef\xbb\xbf{"size": 1}\n'
    found, tally = score_json_lines(regressor([SIZE]), line * 2)
    assert found == [b'{"size": 1, "prediction": 1.0, "warnings": [], "error": null}'] * 2
    assert tally.rejected == 0


def test_classes_of_json_lines_have_probabilities() -> None:
    found, _ = score_json_lines(classifier(["no", "yes"]), b'{"size":1,"note":"a"}\n{"size":"x","note":"a"}')
    assert json.loads(found[0])["probabilities"] == {"no": 0.0, "yes": 1.0}
    assert json.loads(found[1])["probabilities"] is None


def write_parquet(table: pyarrow.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(table, sink, **options)
    return sink.getvalue()


def test_parquet_columns_of_every_kind() -> None:
    table = pyarrow.table(
        {
            "size": pyarrow.array([Decimal("1.5"), None, Decimal(30)], pyarrow.decimal128(5, 1)),
            "other": pyarrow.array([float("nan"), 2.0, 3.0], pyarrow.float32()),
            "flag": pyarrow.array([None, True, False]),
            "on": pyarrow.array([True, False, True]),
            "note": pyarrow.array(["a", "c", None]).dictionary_encode(),
            "text": pyarrow.array(["x", "y", "z"], pyarrow.large_string()),
            "when": pyarrow.array([1, 2, 3], pyarrow.timestamp("s")),
        }
    )
    found, tally = score_parquet(regressor(FEATURES), write_parquet(table))
    answered = parquet.read_table(io.BytesIO(found))
    kept = [name for name in table.schema.names if name != "other"]  # NaN is not equal to itself
    assert answered.select(kept).equals(parquet.read_table(io.BytesIO(write_parquet(table))).select(kept))
    assert answered["prediction"].to_pylist() == [1.5, None, 30.0]
    assert answered["error"].to_pylist() == [None, "size: null; training saw none here: expected a number", None]
    assert (tally.read, tally.rejected, dict(tally.warnings)) == (3, 1, {"size": 1})


@pytest.mark.parametrize(
    "column",
    [
        ["3"],
        [True],
        [b"3"],
        pyarrow.array([2**52], pyarrow.timestamp("ms")),
        pyarrow.array(["3"]).dictionary_encode(),
        pyarrow.array([3], pyarrow.time32("s")),
    ],
)
def test_parquet_value_of_another_type_is_rejected(column: list[object]) -> None:
    found, _ = score_parquet(regressor([SIZE]), write_parquet(pyarrow.table({"size": column})))
    assert parquet.read_table(io.BytesIO(found))["error"].to_pylist()[0].startswith("size: expected a number")


@pytest.mark.parametrize("column", [[[3]], [{"a": 3}]])
def test_nested_parquet_column_for_a_feature_is_refused(column: list[object]) -> None:
    with pytest.raises(InvalidInput, match=r"/size: expected a column of numbers, got one of (list|struct)"):
        score_parquet(regressor([SIZE]), write_parquet(pyarrow.table({"size": column})))


def test_nested_parquet_column_is_left_out_and_reported() -> None:
    table = pyarrow.table({"a.b": ["x"], "list": [[1]], "size": [1.5], "a": [{"b": 1}], "c": [{"d": [{"e": 1}]}]})
    found, tally = score_parquet(regressor([SIZE]), write_parquet(table))
    answered = parquet.read_table(io.BytesIO(found))
    assert answered.schema.names == ["a.b", "size", "prediction", "warnings", "error"]
    assert tally.left_out == ["list", "a", "c"]


def test_parquet_dictionaries_are_written_as_texts() -> None:
    note = pyarrow.array(["a" * 10_000, None, "b"] * 2_000)
    table = pyarrow.table({"size": [1.5] * 6_000, "note": note, "x": note})
    table = table.replace_schema_metadata({"mine": "1"})
    packed = write_parquet(table, compression="zstd")
    found, tally = score_parquet(regressor([SIZE, Feature("note", STRING, True)]), packed)
    assert tally.read == 6_000
    answered = parquet.ParquetFile(io.BytesIO(found))
    assert answered.schema_arrow.field("note").type == pyarrow.string()
    assert answered.schema_arrow.metadata == {b"mine": b"1"}
    rows = next(answered.iter_batches(6))
    assert rows.select(["size", "note", "x"]).to_pylist() == table.slice(0, 6).to_pylist()


@pytest.mark.parametrize(
    ("labels", "kind"),
    [(["no", "yes"], pyarrow.string()), ([0, 1], pyarrow.int64()), ([False, True], pyarrow.bool_())],
)
def test_parquet_labels_keep_their_type(labels: list[Any], kind: Any) -> None:
    table = pyarrow.table({"size": [1.0, None], "note": ["a", "a"]})
    answered = parquet.read_table(io.BytesIO(score_parquet(classifier(labels), write_parquet(table))[0]))
    assert answered.schema.field("prediction").type == kind
    assert answered["prediction"].to_pylist() == [labels[1], None]


def test_parquet_without_rows_or_the_columns() -> None:
    empty = pyarrow.table({"size": pyarrow.array([], pyarrow.float64())})
    found, tally = score_parquet(regressor([SIZE]), write_parquet(empty))
    assert (parquet.read_table(io.BytesIO(found)).num_rows, tally.read) == (0, 0)
    with pytest.raises(InvalidInput):
        score_parquet(regressor([SIZE]), write_parquet(pyarrow.table({"other": [1]})))
    wide = write_parquet(pyarrow.table({f"c{n}": [1] for n in range(MAX_COLUMNS + 1)}))
    with pytest.raises(InputTooLarge):
        score_parquet(regressor([SIZE]), wide)


@pytest.mark.parametrize("answers", [0, 1])
def test_parquet_that_cannot_be_read_now_raises_retry_later(answers: int) -> None:
    # Larger than a file that is read at once.
    table = pyarrow.table({"size": pyarrow.array(range(1_200_000), pyarrow.float64())})
    client: Any = Bucket(write_parquet(table, compression="none", use_dictionary=False))
    reader = ObjectReader(client, SOURCE)
    client.refuses = [make_error(503, "SlowDown")] * 9
    client.get_object = _make_failing_get(client, answers)
    with pytest.raises(RetryLater):
        parquet_file.convert(Job(regressor([SIZE]), False, Tally(), lambda _: None, lambda: None), reader)


@pytest.mark.slow
@pytest.mark.parametrize("error", [RetryLater("full"), InputTooLarge("full")])
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_error_of_writing_parquet_is_raised(error: Exception, calls: int) -> None:
    client: Any = Bucket(write_parquet(pyarrow.table({"size": [float(n) for n in range(50_000)]})))
    reader = ObjectReader(client, SOURCE)
    taken: list[bytes] = []

    def write(data: bytes) -> None:
        if len(taken) == calls:
            raise error
        taken.append(data)

    with pytest.raises(type(error)):
        parquet_file.convert(Job(regressor([SIZE]), False, Tally(), write, lambda: None), reader)


def _make_failing_get(bucket: Bucket, answers: int) -> Callable[..., dict[str, Any]]:
    """Make a `get_object` that refuses after the given number of responses."""
    refusals, bucket.refuses = bucket.refuses, []
    answer = bucket.get_object

    def get_object(**place: Any) -> dict[str, Any]:
        if len(bucket.asked) > answers:
            bucket.refuses = list(refusals)
        return answer(**place)

    return get_object


def test_damaged_parquet_is_refused(houses: Model) -> None:
    table = pyarrow.table({"AreaSqft": [1500.0] * 5_000, "NumBedrooms": [3] * 5_000})
    data = bytearray(write_parquet(table, use_dictionary=False, compression="none"))
    for at in range(4, 400):
        data[at] ^= 0xFF
    with pytest.raises(MalformedInput):
        score_parquet(houses, bytes(data))
    with pytest.raises(MalformedInput):
        score_parquet(houses, bytes(data[:-20]))


def test_features_with_the_names_of_added_columns_are_scored() -> None:
    model = regressor([Feature("prediction", NUMBER), Feature("error", NUMBER), Feature("warnings", TEXT)])
    outputs = model.manifest.outputs
    added = [outputs.prediction, outputs.warnings, outputs.error]
    assert added == ["model_prediction", "model_warnings", "model_error"]
    names = [*model.manifest.contract.names, *added]
    text, _ = score_csv(model, b"prediction,error,warnings\n2.5,1,late\n3,x,\xc3\xa9\n")
    assert read_csv(text)[:2] == [names, ["2.5", "1", "late", "2.5", "", ""]]
    assert read_csv(text)[2][3:] == ["", "", "error: expected a number, got a text"]
    lines, _ = score_json_lines(model, b'{"prediction": 2.5, "error": 1, "warnings": "late"}\n')
    assert json.loads(lines[0]) == {
        "prediction": 2.5,
        "error": 1,
        "warnings": "late",
        "model_prediction": 2.5,
        "model_warnings": [],
        "model_error": None,
    }
    table = pyarrow.table({"prediction": [2.5], "error": [1.0], "warnings": ["late"]})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    answered = parquet.read_table(io.BytesIO(score_parquet(model, sink.getvalue())[0]))
    assert (answered.column_names, answered["model_prediction"].to_pylist()) == (names, [2.5])


@pytest.mark.parametrize("form", ["csv", "quoted csv", "json lines", "parquet"])
def test_text_that_is_too_long_fails_its_row_alone(form: str) -> None:
    model = regressor([SIZE, Feature("text", TEXT)])
    texts = ["a", "b" * (LONGEST_TEXT + 1), "c" * LONGEST_TEXT]
    quote = '"' if form == "quoted csv" else ""
    lines = "".join(f"{quote}{text}{quote},1\n" for text in texts)
    if form == "json lines":
        found, tally = score_json_lines(model, b"\n".join(json.dumps({"text": t, "size": 1}).encode() for t in texts))
        predictions = [json.loads(line)["prediction"] for line in found]
    elif form == "parquet":
        written = io.BytesIO()
        parquet.write_table(pyarrow.table({"text": texts, "size": [1.0] * 3}), written)
        scored, tally = score_parquet(model, written.getvalue())
        predictions = parquet.read_table(io.BytesIO(scored)).column("prediction").to_pylist()
    else:
        text, tally = score_csv(model, f"text,size\n{lines}".encode(), block=10**6)
        predictions = [float(row[2]) if row[2] else None for row in [*csv.reader(io.StringIO(text))][1:]]
    assert predictions == [1.0, None, 1.0]
    assert [problem["code"] for row in tally.first_rejected for problem in row["problems"]] == ["too_large"]
