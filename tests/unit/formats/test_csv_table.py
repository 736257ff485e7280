"""A CSV in, the same CSV with predictions out. Touches nothing."""

import csv
from io import StringIO

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from function.errors import InputTooLarge, InvalidInput, MalformedInput
from function.formats.csv_dialect import detect_dialect
from function.formats.csv_table import neutralise, predict_csv_document, read_table
from function.model.cells import parse_number
from function.model.contract import NUMBER, PANDAS_NULL_CELLS, STRING, Feature
from function.model.runtime import Model
from tests.unit.small_models import classifier, regressor

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SIZE = Feature("size", NUMBER, False, 0, 10)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from([*FORMULA_STARTS, '"', ",", "\n", "\r", "\0", "'"]),
    max_size=12,
)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline=""), strict=True))


def write_table(rows: list[list[str]], line_end: str = "\n") -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def is_number(cell: str) -> bool:
    try:
        parse_number(cell)
    except ValueError:
        return False
    return True


def keep_as_it_came(before: str, after: str) -> bool:
    """Whether the cell is the same, or has the quote that keeps a formula from being run."""
    return after == before or (before.startswith(FORMULA_STARTS) and after == f"'{before}")


def test_predictions_are_added_as_columns() -> None:
    assert predict_csv_document(regressor(), b"size,note\n3,a\n4.50,\n") == (
        "size,note,prediction,warnings\n3,a,3.0,\n4.50,,4.5,\n"
    )


def test_classifier_adds_a_column_for_each_class() -> None:
    model = classifier(["no", "=yes"])
    assert model.manifest.outputs.columns == ["prediction", "probability_no", "probability_=yes", "warnings"]
    assert predict_csv_document(model, b"size,note\n1,a\n0,b\n") == (
        "size,note,prediction,probability_no,probability_=yes,warnings\n1,a,'=yes,0.0,1.0,\n0,b,no,1.0,0.0,\n"
    )


def test_labels_that_are_no_texts_are_written_as_json_writes_them(iris: Model) -> None:
    assert iris.manifest.outputs.columns[1:4] == [
        f"probability_{name}" for name in ("setosa", "versicolor", "virginica")
    ]


def test_warnings_are_one_cell() -> None:
    (_, row) = read(predict_csv_document(regressor(), b"size,note\n30,c\n"))
    assert row[3] == "size: above 10, the largest value in training; note: not among the categories in training"


def test_other_columns_and_their_order_come_back() -> None:
    assert predict_csv_document(regressor(), b'id,note,"a ""b""",size\n7,a,"x,y",3\n') == (
        'id,note,"a ""b""",size,prediction,warnings\n7,a,"x,y",3,3.0,\n'
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_come_back(line_end: str) -> None:
    found = predict_csv_document(regressor(), line_end.join(["size,note", "3,a", ""]).encode())
    assert found == line_end.join(["size,note,prediction,warnings", "3,a,3.0,", ""])


def test_header_alone_is_answered_with_a_header() -> None:
    assert predict_csv_document(regressor(), b"size,note\n") == "size,note,prediction,warnings\n"


def test_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert predict_csv_document(regressor(), b"\xef\xbb\xbfsize,note\n3,a\n").startswith("size,note,")


def test_csv_answers_what_json_answers(houses: Model, mixed: Model) -> None:
    for model in (houses, mixed):
        names = list(model.manifest.contract.names)
        rows = [["" if e.record[n] is None else str(e.record[n]) for n in names] for e in model.manifest.examples]
        answered = read(predict_csv_document(model, write_table([names, *rows])))[1:]
        predictions = [float(row[len(names)]) for row in answered]
        assert predictions == pytest.approx([example.output[0] for example in model.manifest.examples])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", MalformedInput),
        (b"\xff", MalformedInput),
        (b'size,note\n"3', MalformedInput),
        (b"size\n3\n", InvalidInput),
        (b"size,note\n3\n", InvalidInput),
        (b"size,note\nx,a\n", InvalidInput),
        (b"size,note\n" + b"3,a\n" * 10_001, InputTooLarge),
    ],
)
def test_what_is_no_such_table_is_refused(body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        predict_csv_document(regressor(), body)


def test_problem_is_found_at_its_row_and_column() -> None:
    with pytest.raises(InvalidInput) as raised:
        predict_csv_document(regressor(), b"note,size\na,3\na,x\na,\n")
    assert [(problem.pointer, problem.code) for problem in raised.value.problems] == [
        ("/1/size", "wrong_type"),
        ("/2/size", "null"),
    ]


def test_strict_refuses_what_would_be_a_warning() -> None:
    with pytest.raises(InvalidInput) as raised:
        predict_csv_document(regressor(), b"size,note\n3,a\n30,c\n", strict=True)
    assert [(problem.pointer, problem.code) for problem in raised.value.problems] == [
        ("/1/size", "out_of_range"),
        ("/1/note", "unseen_category"),
    ]


def test_refusal_holds_no_cell() -> None:
    for body in (
        b"size,note\ncanary,a\n",
        b'size,note\n"canary"x,a\n',
        b"size,note\ncanary\n",
        b'size,note\n3,"canary',
    ):
        with pytest.raises((InvalidInput, MalformedInput)) as raised:
            predict_csv_document(regressor(), body)
        assert "canary" not in str(raised.value) + str(getattr(raised.value, "problems", ""))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("-", "'-"),
        ("-inf", "'-inf"),
        ("-1_0", "'-1_0"),
        ("-1.5", "-1.5"),
        ("+3", "+3"),
        ("-1e-7", "-1e-7"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("", ""),
    ],
)
def test_formula_is_neutralised_and_number_is_not(cell: str, shown: str) -> None:
    assert neutralise(cell) == shown


@given(st.lists(st.tuples(st.integers(0, 10), TEXTS, TEXTS), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
@example([(1, "a\rb", '"'), (2, "\r\n", "=1\r"), (3, "\n", ",")], "\n")
def test_rows_and_cells_come_back(rows: list[tuple[int, str, str]], line_end: str) -> None:
    table = [["size", "note", "id"], *([str(size), note, key] for size, note, key in rows)]
    answered = read(
        predict_csv_document(regressor([SIZE, Feature("note", STRING, True)]), write_table(table, line_end))
    )
    assert len(answered) == len(table)
    for before, after in zip(table[1:], answered[1:], strict=True):
        assert len(after) == len(before) + 2
        assert all(map(keep_as_it_came, before, after[:3]))
        assert after[3] == str(float(before[0]))


@given(
    TEXTS,
    TEXTS.filter(lambda name: name not in ("size", "prediction", "warnings", "")),
    st.sampled_from(FORMULA_STARTS),
)
def test_no_text_of_the_answer_is_a_formula(text: str, name: str, start: str) -> None:
    assume(start + text not in PANDAS_NULL_CELLS)  # "-NaN" is a null
    model = regressor([SIZE, Feature(start + name, STRING, categories=("a",))])
    table = [["size", start + name, name], ["99", start + text, text]]
    for row in read(predict_csv_document(model, write_table(table))):
        assert not [
            cell
            for cell in row
            if cell.startswith(FORMULA_STARTS) and not is_number(cell) and cell not in PANDAS_NULL_CELLS
        ]


def test_text_that_another_thread_begins_to_read_cuts_no_long_cell() -> None:
    """The csv module has one limit for all threads."""
    text = "size,note\n1,a\n"
    read_table(regressor().manifest.contract, text.encode())
    limit = csv.field_size_limit()
    detect_dialect(text, None, "The body")
    assert csv.field_size_limit() == limit > 6 * 1024 * 1024


@given(st.binary(max_size=60))
def test_any_bytes_are_answered_or_refused_by_name(body: bytes) -> None:
    for whole in (body, b"size,note\n" + body):
        try:
            answered = predict_csv_document(regressor(), whole)
        except (MalformedInput, InvalidInput):
            continue
        assert read(answered)[0][-2:] == ["prediction", "warnings"]
